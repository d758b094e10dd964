/* stamp: times of TAXII. */
#include "node/taxii/stamp.h"

#include <stdio.h>
#include <string.h>

#include "item/stix.h"
#include "text/time.h"

#define UPTO_SECOND 19u /* "2026-01-31T23:59:59" */

char *kai_taxii_stamp(char out[static KAI_TAXII_STAMP_CAP], uint64_t us)
{
    char ms[KAI_TIME_CAP];

    if (us / 1000 > KAI_TIME_MAX)
        us = KAI_TIME_MAX * 1000 + 999;
    kai_time_print(us / 1000, ms);
    (void)snprintf(out, KAI_TAXII_STAMP_CAP, "%.*s%03uZ", (int)(KAI_TIME_CAP - 2), ms,
                   (unsigned)(us % 1000));
    return out;
}

bool kai_taxii_stamp_parse(struct kai_view text, uint64_t *us)
{
    unsigned below = 0; /* Microseconds below the millisecond. */
    int64_t ms;

    if (!kai_stix_time(text, &ms))
        return false;
    for (size_t i = 0; i < 3; i++) {
        size_t at = UPTO_SECOND + 4 + i; /* Behind the point and three digits. */
        bool digit = at < text.n && text.p[at] >= '0' && text.p[at] <= '9';

        below = below * 10 + (digit ? (unsigned)(text.p[at] - '0') : 0);
        if (!digit) {
            for (size_t left = i + 1; left < 3; left++)
                below *= 10;
            break;
        }
    }
    *us = ms < 0 ? 0 : (uint64_t)ms * 1000 + below;
    return true;
}

/* finder: by name, or by id. */
#include "node/finder.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

#define PREFIX_DIGITS_MIN 4u /* So that no name is taken for one. */

static bool id_fits(const uint8_t id[static KAI_ID_BYTES], const char *text)
{
    char hex[KAI_HEX_CAP(KAI_ID_BYTES)];
    size_t n = strlen(text);

    return n >= PREFIX_DIGITS_MIN && n < sizeof hex &&
           strncmp(kai_hex(hex, id, KAI_ID_BYTES), text, n) == 0;
}

void kai_finder_consider(struct kai_finder *f, const void *thing, const char *name,
                         const uint8_t id[static KAI_ID_BYTES], const char *text)
{
    if (strcmp(name, text) == 0) {
        f->by_name = thing;
        f->n_name++;
    } else if (id_fits(id, text)) {
        f->by_id = thing;
        f->n_id++;
    }
}

enum kai_err kai_finder_decide(const struct kai_finder *f, const char *text, const void **out,
                               struct kai_why *why)
{
    size_t n = f->n_name > 0 ? f->n_name : f->n_id;
    char count[24];

    *out = f->n_name > 0 ? f->by_name : f->by_id;
    if (n == 1)
        return KAI_OK;
    (void)snprintf(count, sizeof count, "%zu", n);
    return n == 0 ? kai_why_set(why, KAI_ENOTFOUND, "name.unknown", text, NULL, NULL)
                  : kai_why_set(why, KAI_EAMBIGUOUS, "name.ambiguous", text, count, NULL);
}

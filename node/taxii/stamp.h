/* stamp: times of TAXII: RFC 3339 in UTC with microseconds, of microseconds since 1970. Pure. */
#ifndef KAI_NODE_TAXII_STAMP_H
#define KAI_NODE_TAXII_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define KAI_TAXII_STAMP_CAP 28 /* "2026-01-31T23:59:59.999999Z" and a NUL. */

/* Returns out. Past the year 9999: its last moment. */
char *kai_taxii_stamp(char out[static KAI_TAXII_STAMP_CAP], uint64_t us);
/* Any number of digits of a second, those past the sixth cut off; years 0001 to 9999, what is
 * before 1970 is 0. False: no such time. */
bool kai_taxii_stamp_parse(struct kai_view text, uint64_t *us);

#endif

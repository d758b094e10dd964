/* audience_heir: what of an audience hangs on who stands in whose place (docs/protocol.md 4). */
#ifndef KAI_NODE_AUDIENCE_HEIR_H
#define KAI_NODE_AUDIENCE_HEIR_H

#include "node/core.h"

/* The first of these organisations in whose place org stands; NULL: none, or org is NULL. The owner
 * cannot take out the one and leave the other in. */
const struct kai_org *kai_audience_in_place(const struct kai_roster *r, const struct kai_org *org,
                                            uint8_t (*ids)[KAI_ID_BYTES], size_t n);
/* The same of a place of a person, where that person's place in another organisation is among the
 * ids. *org: whose place it is. */
const struct kai_org *kai_audience_place_of(const struct kai_roster *r,
                                            const uint8_t place[static KAI_ID_BYTES],
                                            uint8_t (*ids)[KAI_ID_BYTES], size_t n,
                                            const struct kai_org **org);
/* Send the parts of a RULE by letter to all stewards of an audience of ours, and to those who stand
 * in their places. One that cannot be written to now finds it in the log. Owning thread. */
void kai_audience_tell_stewards(struct kai_core *c, const struct kai_aud_rec *rec,
                                const struct kai_view *items, size_t n);

#endif

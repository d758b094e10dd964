/* clerk_duty: what the clerk does when it has looked round; each may be done again and changes
 * nothing then. For clerk.c. */
#ifndef KAI_NODE_CLERK_DUTY_H
#define KAI_NODE_CLERK_DUTY_H

#include "node/core.h"

/* Carry the recalls of an origin's batch on to where we re-shared it. Errors: ours alone, and
 * KAI_EAGAIN, KAI_EFULL (to be done again later). */
KAI_MUST_USE enum kai_err kai_clerk_recall(struct kai_core *c,
                                           const uint8_t obj_hash[static KAI_ID_BYTES],
                                           const uint8_t origin[static KAI_ID_BYTES]);
/* An origin released a batch: what of it withdraws may be carried on now. */
KAI_MUST_USE enum kai_err kai_clerk_release(struct kai_core *c,
                                            const uint8_t obj_hash[static KAI_ID_BYTES],
                                            const uint8_t origin[static KAI_ID_BYTES]);
/* The same for everything that we ever re-shared: after an unclean stop. */
KAI_MUST_USE enum kai_err kai_clerk_carry_all(struct kai_core *c);
/* Where the row is a version that withdraws, carry it on to where we re-shared an earlier one. */
KAI_MUST_USE enum kai_err kai_clerk_withdrawal(struct kai_core *c, struct kai_ixsnap *rows,
                                               const struct kai_row *row);
/* Pass requests for what was contributed on to who gave it, and the answers back. */
KAI_MUST_USE enum kai_err kai_clerk_requests(struct kai_core *c);
/* Tell origins of violations. */
KAI_MUST_USE enum kai_err kai_clerk_reports(struct kai_core *c);

#endif

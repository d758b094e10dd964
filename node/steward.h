/* steward: mints epochs and hands keys to new members, as keys/keyring.h says is due. */
#ifndef KAI_NODE_STEWARD_H
#define KAI_NODE_STEWARD_H

#include "node/core.h"

/* Do what is due now. Returns when to look again. Owning thread. */
uint64_t kai_steward_tick(struct kai_core *c, uint64_t now_ms);
/* Do what is due, and what will be within that time while nothing else comes. Inside a job. */
KAI_MUST_USE enum kai_err kai_steward_ahead(struct kai_core *c, uint64_t within_ms);
/* Mint the first epoch of an audience, or do one duty, inside a job. KAI_EAGAIN: what it minted is
 * none that this node takes in itself; an alarm says so, and for a quarter of an hour none is
 * minted for that audience. */
KAI_MUST_USE enum kai_err kai_steward_do(struct kai_core *c, const struct kai_duty *d);

#endif

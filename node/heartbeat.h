/* heartbeat: how far this node's own logs go, and that it is there: its CHECKPOINT
 * (docs/protocol.md 3). */
#ifndef KAI_NODE_HEARTBEAT_H
#define KAI_NODE_HEARTBEAT_H

#include "keys/checkpoint.h"
#include "node/core.h"

#define KAI_HEARTBEAT_CHANGED_MS (60ull * 60 * 1000)      /* At least so long after the last one, */
#define KAI_HEARTBEAT_LIFE_MS    (24ull * 60 * 60 * 1000) /* and at most, though nothing changed. */

/* Whether it is time for one: said ms ago was the last one. */
bool kai_heartbeat_due(bool changed, uint64_t ago_ms);
/* Rows of our own data logs that are still appended to: in order, *n of at most
 * KAI_CHECKPOINT_ROWS_MAX, those written last where there are more. */
KAI_MUST_USE enum kai_err kai_heartbeat_rows(struct kai_snap *s,
                                             struct kai_mark rows[static KAI_CHECKPOINT_ROWS_MAX],
                                             size_t *n);
/* Say one, if it is time: durable first, then handed to the engine. When to look again, by
 * kai_now_ms(). Owning thread. */
uint64_t kai_heartbeat_tick(struct kai_core *c, uint64_t now_ms);

#endif

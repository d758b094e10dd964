/* stale: authorities of which this node has not heard for too long, and what it then does not do
 * (docs/protocol.md 4). */
#ifndef KAI_NODE_STALE_H
#define KAI_NODE_STALE_H

#include "node/core.h"

#define KAI_STALE_SHOWN 8u /* Names that are listed: who has more looks at these first. */
struct kai_stale_names {
    size_t n; /* In all; of at most KAI_STALE_SHOWN there is a name. */
    char name[KAI_STALE_SHOWN][KAI_TEXT_BYTES_MAX + 1];
};

/* When the home is opened: from its first start on silence counts. */
KAI_MUST_USE enum kai_err kai_stale_begin(struct kai_core *c);
/* A CHECKPOINT came: when, by this node's clock, it is from at most. In the open transaction. */
KAI_MUST_USE enum kai_err kai_stale_heard(struct kai_tx *tx,
                                          const uint8_t node[static KAI_ID_BYTES],
                                          struct kai_view note, uint64_t wall_ms);
/* Any thread, with the roster of an outlook or, on the owning thread, the engine's. */
KAI_MUST_USE enum kai_err kai_stale_now(struct kai_core *c, const struct kai_roster *r,
                                        struct kai_stale_names *out);
/* KAI_EDENIED, authority.stale: this node must not admit or send RED now. Owning thread. */
KAI_MUST_USE enum kai_err kai_stale_refuse(struct kai_core *c, struct kai_why *why);
/* Raise and clear alarms. When to look again, by kai_now_ms(). Owning thread. */
uint64_t kai_stale_tick(struct kai_core *c, uint64_t now_ms);

#endif

/* kept: what the engine knows of links that is worth knowing after a restart (docs/protocol.md 7):
 * its anchors, and which audiences stewards were asked about. In the node's own store, and in no
 * backup: another node has other links. */
#ifndef KAI_NODE_KEPT_H
#define KAI_NODE_KEPT_H

#include "node/core.h"

/* Tell the engine what was kept; it knows the addresses and the roster. Errors: KAI_EIO,
 * KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err kai_kept_load(struct kai_core *c, struct kai_snap *s);

/* Keep what is another than before: at most once a minute. Returns when to call again. Owning
 * thread. */
uint64_t kai_kept_tick(struct kai_core *c, uint64_t now_ms);

/* Keep it now: at the end, as long as the links stand. Owning thread. */
void kai_kept_save(struct kai_core *c);

#endif

/* renew: certificates of our own nodes live as long as their organisation does: where the
 * organisation was renewed, the node with its issuing key renews theirs (docs/protocol.md 4). */
#ifndef KAI_NODE_RENEW_H
#define KAI_NODE_RENEW_H

#include "node/core.h"

/* Before its end a node's certificate is renewed, if its organisation lives longer. */
#define KAI_RENEW_MS (60ull * 24 * 60 * 60 * 1000)

/* Renew what is due. Returns when to look again. Owning thread. */
uint64_t kai_renew_tick(struct kai_core *c, uint64_t now_ms);

#endif

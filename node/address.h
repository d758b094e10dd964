/* address: what this node tells the network of where it can be reached (ADDR, docs/protocol.md 3).
 */
#ifndef KAI_NODE_ADDRESS_H
#define KAI_NODE_ADDRESS_H

#include "node/config.h"
#include "node/core.h"

/* An address record lives for a day; a node that runs on signs a new one after half of it. */
#define KAI_ADDR_LIFE_MS  (24ull * 60 * 60 * 1000)
#define KAI_ADDR_RENEW_MS (KAI_ADDR_LIFE_MS / 2)

/* Sign a new ADDR note for the endpoints that are bound, or that the configuration advertises, and
 * hand it to the engine. Owning thread. */
KAI_MUST_USE enum kai_err kai_address_announce(struct kai_core *c, const struct kai_config *cfg,
                                               struct kai_why *why);

#endif

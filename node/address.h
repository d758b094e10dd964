/* address: what this node tells the network of where it can be reached (ADDR, docs/protocol.md 3).
 */
#ifndef KAI_NODE_ADDRESS_H
#define KAI_NODE_ADDRESS_H

#include "node/config.h"
#include "node/core.h"

/* Sign a new ADDR note for the endpoints that are bound, or that the configuration advertises, and
 * hand it to the engine. Owning thread. */
KAI_MUST_USE enum kai_err kai_address_announce(struct kai_core *c, const struct kai_config *cfg,
                                               struct kai_why *why);

#endif

/* chain: control entries that are made in a ceremony, on a home without a running node. */
#ifndef KAI_NODE_CHAIN_H
#define KAI_NODE_CHAIN_H

#include "keys/ctl.h"
#include "keys/keyfile.h"
#include "node/grant.h"
#include "store/store.h"

struct kai_chain { /* Control entries in the making, and the set that judges them. */
    struct kai_ctl *ctl;
    struct kai_tx *tx;
    const uint8_t *nid;
};

/* The next entry of the signer's log, in the set and in the transaction. Errors: those of
 * kai_ctl_add() and of the store. */
KAI_MUST_USE enum kai_err kai_chain_add(struct kai_chain *ch, const struct kai_keys *signer,
                                        uint64_t type, struct kai_view body);
KAI_MUST_USE enum kai_err kai_chain_admit(struct kai_chain *ch, const struct kai_keys *signer,
                                          struct kai_admit *a);
/* The certificates an organisation gives itself: root admits issuing key, issuing key admits node.
 */
KAI_MUST_USE enum kai_err kai_chain_own(struct kai_chain *ch, const struct kai_keys *root,
                                        const struct kai_keys *issuing, const struct kai_keys *node,
                                        const char *org, const char *node_name,
                                        const struct kai_grant *g);

#endif

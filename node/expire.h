/* expire: payloads whose time is over go from index and store (docs/protocol.md 5, Expiry).
 *
 * The indexer looks through the store, once at start and then each hour, marks what is due in the
 * index, durably or not at all, and hands it to the owning thread, which forgets the payloads: so
 * no row is ever found whose content is gone. Whatever a crash comes in between is found anew. */
#ifndef KAI_NODE_EXPIRE_H
#define KAI_NODE_EXPIRE_H

#include "node/core.h"

#define KAI_EXPIRE_BATCH 256u /* Entries marked in one transaction. */

struct kai_expire_place {
    uint64_t log_no;
    uint64_t seq;
};

struct kai_indexer;
/* Forget what was handed over. Owning thread. NULL does nothing. */
void kai_expire_forget(struct kai_indexer *x);

#endif

/* forks: proofs of forks between the store, the engine and the index (docs/protocol.md 5). */
#ifndef KAI_NODE_FORKS_H
#define KAI_NODE_FORKS_H

#include "node/core.h"

/* Give the engine what is stored; it has the logs already. Errors: KAI_ENOMEM, those of the store.
 */
KAI_MUST_USE enum kai_err kai_forks_load(struct kai_core *c, struct kai_snap *snap);
/* What the outlook says of them. Owning thread. */
KAI_MUST_USE enum kai_err kai_forks_fill(struct kai_core *c, struct kai_outlook *o);

#endif

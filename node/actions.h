/* actions: what the engine asks for, carried out on stores and transport. */
#ifndef KAI_NODE_ACTIONS_H
#define KAI_NODE_ACTIONS_H

#include "node/core.h"
#include "node/verify.h"

void kai_actions_fill(struct kai_core *c, struct kai_net_actions *act);
void kai_net_log_of(struct kai_net_log *out, const struct kai_log *log);
void kai_log_of(struct kai_log *out, const struct kai_net_log *log);

/* Append an entry whose signature was verified, with its log where it is new, in the open
 * transaction. Owning thread. */
KAI_MUST_USE enum kai_err kai_take_entry(struct kai_core *c, const struct kai_net_log *log,
                                         const struct kai_entry *e);

/* The same with what a thread has verified, or found forged: the engine is told when it is durable,
 * or at once that it was refused. Takes v. Owning thread. */
void kai_take_verified(struct kai_core *c, struct kai_verified *v);

#endif

/* ownlog: the logs this node writes: one data log and one key log per audience, each with a key
 * pair of its own, each until something makes it unsafe to go on (docs/protocol.md 5). */
#ifndef KAI_NODE_OWNLOG_H
#define KAI_NODE_OWNLOG_H

#include "node/core.h"

struct kai_own {
    struct kai_keys *keys; /* The log's key pair; w.log_sk points into it. */
    struct kai_log_writer w;
    struct kai_net_log log;
    uint8_t epoch_key[KAI_KEY_BYTES]; /* w.epoch_key points here. */
    uint64_t
        retired;   /* core's count when it was opened: another one now, and it may be given up. */
    bool bind_due; /* The next entry must be BIND: log or epoch is new to it. */
    struct kai_buf bind; /* The BIND item. */
};

/* The live own log of this kind for the audience, made where there is none. epoch: what is written
 * under; NULL for a key log. Owning thread, inside a job: a new log is in the open transaction.
 * Free with kai_own_free(). */
KAI_MUST_USE enum kai_err kai_ownlog_open(struct kai_core *c,
                                          const uint8_t aud_id[static KAI_ID_BYTES], uint64_t kind,
                                          const struct kai_epoch *epoch, struct kai_own **out,
                                          struct kai_why *why);
void kai_own_free(struct kai_own *o); /* NULL does nothing. */

/* Never append to it again: its key is erased. */
KAI_MUST_USE enum kai_err kai_ownlog_retire(struct kai_core *c,
                                            const uint8_t log_pk[static KAI_KEY_BYTES]);
/* After a start that may be one of a copy (sure.h). */
KAI_MUST_USE enum kai_err kai_ownlog_retire_all(struct kai_core *c);

#endif

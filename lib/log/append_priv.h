/* append_priv: append what is already packed; for the batch, which packs to see whether it fits. */
#ifndef KAI_LOG_APPEND_PRIV_H
#define KAI_LOG_APPEND_PRIV_H

#include "log/batch.h"

/* As kai_log_append(), for a pt' made by kai_pack(). */
KAI_MUST_USE enum kai_err kai_log_append_packed(struct kai_log_writer *w, struct kai_buf *out,
                                                struct kai_entry *e, struct kai_view packed,
                                                uint64_t ttl_s, uint64_t now_ms,
                                                kai_random_fn *random, void *random_ctx);

#endif

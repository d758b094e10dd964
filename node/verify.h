/* verify: checks header signatures of received entries on threads of their own, and hands them back
 * in the order in which they came. */
#ifndef KAI_NODE_VERIFY_H
#define KAI_NODE_VERIFY_H

#include "topology/net.h"

struct kai_verify;

struct kai_verified {
    uint64_t link;
    struct kai_net_log log;
    struct kai_entry e; /* Views into bytes behind it; freed with the struct by free(). */
    enum kai_err err;   /* KAI_OK or KAI_EAUTH. */
};

/* wake_fd: an eventfd that is written when something can be taken. nid is kept. Errors: KAI_ENOMEM.
 */
KAI_MUST_USE enum kai_err kai_verify_new(struct kai_verify **out,
                                         const uint8_t nid[static KAI_ID_BYTES], int wake_fd,
                                         unsigned threads);
void kai_verify_free(struct kai_verify *v); /* Ends the threads; drops what is left. */
/* Copies the entry. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_verify_put(struct kai_verify *v, uint64_t link,
                                         const struct kai_net_log *log, const struct kai_entry *e);
/* The same at once, where no loop runs. NULL: no memory. */
struct kai_verified *kai_verify_here(const uint8_t nid[static KAI_ID_BYTES], uint64_t link,
                                     const struct kai_net_log *log, const struct kai_entry *e);
/* The next in order, or NULL. */
struct kai_verified *kai_verify_take(struct kai_verify *v);

#endif

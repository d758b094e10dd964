/* picked: what is picked out of a file by one thread, for another, which follows it.
 *
 * Copies, of at most KAI_PICKED_BYTES_MAX together: somebody may write to the file meanwhile, and
 * only what was judged may go out. */
#ifndef KAI_NODE_PICKED_H
#define KAI_NODE_PICKED_H

#include <pthread.h>

#include "base/buf.h"
#include "base/err.h"
#include "item/import.h"

struct kai_picked {
    pthread_mutex_t mu;
    pthread_cond_t more;
    struct kai_buf bytes;
    uint8_t highest; /* Label of what was picked. */
    bool over;       /* It was too much: nothing is kept, and the file has to be read again. */
    bool closed;     /* Nothing more comes, */
    bool good;       /* and the file as a whole is good. */
};

void kai_picked_init(struct kai_picked *k);
void kai_picked_free(struct kai_picked *k);

/* ---- Who picks. */
void kai_picked_add(struct kai_picked *k, const struct kai_candidate *c); /* With its id. */
void kai_picked_close(struct kai_picked *k, bool good);

/* ---- Who follows. */
/* Wait until it is known whether all of it is CLEAR, or (whole) for the end. False: it ended, and
 * is not good. */
bool kai_picked_begun(struct kai_picked *k, bool whole, uint8_t *highest);
bool kai_picked_end(struct kai_picked *k); /* Wait for the end. Whether it is good. */
bool kai_picked_is_over(struct kai_picked *k);
/* Each, in order, as they come: label, kind, id, content and n, until the end. Errors: KAI_EAGAIN
 * (it is over: what was handed out is not all), KAI_ENOMEM, what f returned. */
KAI_MUST_USE enum kai_err
kai_picked_each(struct kai_picked *k, enum kai_err (*f)(void *ctx, const struct kai_candidate *c),
                void *ctx);

#endif

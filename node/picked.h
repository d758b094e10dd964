/* picked: what one pass over a file picked out, so that the next need not parse it again.
 *
 * Copies, of at most KAI_PICKED_BYTES_MAX together: somebody may write to the file meanwhile, and
 * only what was judged may go out. */
#ifndef KAI_NODE_PICKED_H
#define KAI_NODE_PICKED_H

#include "base/buf.h"
#include "base/err.h"
#include "item/import.h"

struct kai_picked {
    struct kai_buf bytes;
    bool over; /* It was too much: nothing is kept, and the file has to be read again. */
};

void kai_picked_init(struct kai_picked *k);
void kai_picked_free(struct kai_picked *k);
void kai_picked_add(struct kai_picked *k, const struct kai_candidate *c); /* With its id. */
/* Each again, in order: label, kind, id, content and n; not if it is over. Errors: what f returned.
 */
KAI_MUST_USE enum kai_err
kai_picked_each(const struct kai_picked *k,
                enum kai_err (*f)(void *ctx, const struct kai_candidate *c), void *ctx);

#endif

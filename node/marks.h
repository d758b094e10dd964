/* marks: what a REVOKE says of where the logs of the nodes end that it takes out: rows of what
 * these said last themselves (docs/protocol.md 3, 5). */
#ifndef KAI_NODE_MARKS_H
#define KAI_NODE_MARKS_H

#include "keys/checkpoint.h"
#include "node/core.h"

struct kai_said { /* The last word of a node that is taken out. */
    uint8_t node[KAI_ID_BYTES];
    struct kai_checkpoint p;
};

struct kai_whose { /* A log that this node reads. */
    uint8_t blind[16];
    uint8_t author[KAI_ID_BYTES];
};

/* Rows of these words into r->marks, in order, KAI_CUTS_PER_REVOKE_MAX at most: of each node as
 * many, as far as it has them, and none that a node says of a log that is another's. Of two rows of
 * one log, where nobody here knows whose it is, that of the first node. */
void kai_marks_pick(struct kai_revoke *r, const struct kai_said *said, size_t n,
                    const struct kai_whose *whose, size_t n_whose);

/* What was heard of one node (by its certificate), or of all nodes of an organisation; the other is
 * NULL. Of which nothing was heard, nothing is marked, nor by another one that is hit, where this
 * node reads its log. Without memory less is, and where the store cannot be read only what one of
 * them said, whosever logs it names: a revocation does not wait for it. Owning thread. */
void kai_marks_of(struct kai_core *c, struct kai_revoke *r, const uint8_t *node_cert,
                  const uint8_t *org_id);

#endif

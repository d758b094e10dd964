/* checkpoint: CHECKPOINT, the note by which a node says how far each of its open data logs goes,
 * and that it is there (docs/protocol.md 3).
 *
 * [5, body bin, node cert, SIG 0x05 over body]; body = [counter, [[blind16, blindhead16]...], X],
 * rows ascending by blind16, none twice. Both are keyed with the salt of the log's BIND: who reads
 * the log finds its row, and nobody else learns which log it is or how long. */
#ifndef KAI_KEYS_CHECKPOINT_H
#define KAI_KEYS_CHECKPOINT_H

#include "base/buf.h"
#include "keys/record.h"

struct kai_checkpoint {
    uint8_t node_cert[KAI_ID_BYTES];
    uint64_t counter; /* ms since 1970 by the maker's clock, above its last one. Highest counts. */
    size_t n;
    struct kai_mark rows[KAI_CHECKPOINT_ROWS_MAX];
};

/* The row of a log whose entry at seq has this hash. salt: of its BIND. */
void kai_mark_of(struct kai_mark *out, const uint8_t salt[static 32],
                 const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq,
                 const uint8_t head[static KAI_ID_BYTES]);
void kai_mark_blind(uint8_t blind[static 16], const uint8_t salt[static 32],
                    const uint8_t log_pk[static KAI_KEY_BYTES]);
/* Into the order that a note has. */
void kai_marks_sort(struct kai_mark *rows, size_t n);
/* The row of a log; NULL: there is none. Rows in order. */
const struct kai_mark *kai_marks_find(const struct kai_mark *rows, size_t n,
                                      const uint8_t blind[static 16]);

/* Rows in order. Its signature is made with node_sk. */
void kai_checkpoint_write(struct kai_buf *out, const struct kai_checkpoint *p,
                          const uint8_t node_sk[static 64], const uint8_t nid[static KAI_ID_BYTES]);
/* Nothing of p points into note. Errors: KAI_EMALFORMED (also: rows out of order), KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_checkpoint_parse(struct kai_checkpoint *p, struct kai_view note);
/* node_pk: of the certificate that the note names. Errors: KAI_EAUTH, and those of parse. */
KAI_MUST_USE enum kai_err kai_checkpoint_verify(struct kai_view note,
                                                const uint8_t node_pk[static KAI_KEY_BYTES],
                                                const uint8_t nid[static KAI_ID_BYTES]);

#endif

/* forkproof: FORKPROOF, a note of two headers that one key signed for one place of its log
 * (docs/protocol.md 5). Whoever holds it needs to believe nobody: it proves itself.
 *
 * [9, hdr bin, sig bin, hdr bin, sig bin, X], the header with the smaller entry hash first: two
 * headers make one proof, and no other bytes. */
#ifndef KAI_LOG_FORKPROOF_H
#define KAI_LOG_FORKPROOF_H

#include "log/entry.h"

#define KAI_NOTE_FORKPROOF      9u
#define KAI_FORKPROOF_BYTES_MAX (2u * (KAI_HDR_BYTES_MAX + KAI_SIG_BYTES) + 16u)

struct kai_forkproof {
    struct kai_entry at[2]; /* Headers and signatures, no payload; views into the note. */
};

/* Two entries of one log and seq with different hashes, in any order.
 * Errors: KAI_EMALFORMED (they are no fork), what out->err says. */
KAI_MUST_USE enum kai_err kai_forkproof_write(struct kai_buf *out, const struct kai_entry *a,
                                              const struct kai_entry *b);
/* Errors: KAI_EMALFORMED, KAI_ELIMIT. Nothing is verified. */
KAI_MUST_USE enum kai_err kai_forkproof_parse(struct kai_forkproof *p, struct kai_view note);
/* The key, and both its signatures. Errors: KAI_EAUTH, KAI_EMALFORMED. */
KAI_MUST_USE enum kai_err kai_forkproof_verify(const struct kai_forkproof *p,
                                               const uint8_t nid[static KAI_ID_BYTES]);

#endif

/* amend: versions of a charter after the first (docs/protocol.md 3).
 *
 * The record is that of version 1; prev names the version before, and each signature is over the
 * body with the network id, which stays that of version 1. Signatures stand by key, ascending, none
 * twice, each by a founder of this version or of the one before. It counts when founders of the
 * version before signed it in the number of that one's threshold, and its own founders in the
 * number of its own. A record with fewer is a draft. */
#ifndef KAI_KEYS_AMEND_H
#define KAI_KEYS_AMEND_H

#include "keys/charter.h"

struct kai_amend_votes {
    uint64_t before; /* Founders of the version before that signed, */
    uint64_t after;  /* and of this one. */
};

/* A draft as well as a whole one: that it follows prev, that each signature holds, and how many
 * there are. Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_EAUTH (a signature does not hold, or is of no
 * founder). */
KAI_MUST_USE enum kai_err kai_amend_check(struct kai_charter *c, struct kai_view record,
                                          const struct kai_charter *prev,
                                          struct kai_amend_votes *votes);
/* The same, and enough of them. Errors: KAI_EAUTH too where there are not. */
KAI_MUST_USE enum kai_err kai_amend_parse(struct kai_charter *c, struct kai_view record,
                                          const struct kai_charter *prev);
bool kai_amend_enough(const struct kai_amend_votes *votes, const struct kai_charter *c,
                      const struct kai_charter *prev);

/* A draft that nobody has signed. c: what it is to say; ver, prev and nid are set from prev.
 * Errors: what out->err says. */
KAI_MUST_USE enum kai_err kai_amend_write(struct kai_buf *out, struct kai_charter *c,
                                          const struct kai_charter *prev);
/* record with one more signature, of this root key. Errors: KAI_EDENIED (it is no founder's),
 * KAI_EEXIST (it signed before), those of kai_amend_check(), what out->err says. */
KAI_MUST_USE enum kai_err kai_amend_sign(struct kai_buf *out, struct kai_view record,
                                         const struct kai_charter *prev,
                                         const uint8_t root_pk[static KAI_KEY_BYTES],
                                         const uint8_t root_sk[static 64]);

/* What travels by mail between founders: [1, record bin, [[lang, text bin]...], X], the texts those
 * that are new in it. Views point into bytes; c says what the record says, which is not verified.
 * Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_EVERSION, KAI_EAUTH (a text is not one of the record's).
 */
#define KAI_AMENDMENT_BYTES_MAX (KAI_CHARTER_BYTES_MAX + KAI_CHARTER_TEXTS_MAX * 16448u + 64u)
struct kai_amendment {
    struct kai_view record;
    struct kai_charter c;
    size_t n_texts;
    struct kai_charter_text texts[KAI_CHARTER_TEXTS_MAX]; /* lang points into c. */
};
KAI_MUST_USE enum kai_err kai_amendment_parse(struct kai_amendment *a, struct kai_view bytes);
void kai_amendment_write(struct kai_buf *out, struct kai_view record,
                         const struct kai_charter_text *texts, size_t n);

#endif

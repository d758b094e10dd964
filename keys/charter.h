/* charter: what a network is for, and who founded it (docs/protocol.md 3).
 *
 * Record [1, body bin, [[root_pk, SIG]...]]; body = [ver, prev or nil, name, [[root_pk, org
 * name]...], threshold, params X, X], X 2 = [[lang, text hash]...]. The network id is the hash of
 * the first version's body. What comes after the first stands in amend.h. */
#ifndef KAI_KEYS_CHARTER_H
#define KAI_KEYS_CHARTER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "wire/cur.h"

struct kai_charter {
    uint8_t nid[KAI_ID_BYTES];
    uint8_t hash[KAI_ID_BYTES]; /* H("kairan1.charter", body): of version 1 the nid. */
    uint64_t ver;
    uint8_t prev[KAI_ID_BYTES]; /* hash of the version before; zeros in version 1. */
    char name[KAI_TEXT_BYTES_MAX + 1];
    uint64_t threshold;
    size_t n_founders;
    struct {
        uint8_t root_pk[KAI_KEY_BYTES];
        uint8_t org[KAI_ID_BYTES]; /* H("kairan1.org", root_pk) */
        char name[KAI_TEXT_BYTES_MAX + 1];
    } founders[KAI_FOUNDERS_MAX];
    size_t n_texts;
    struct {
        char lang[8];
        uint8_t hash[KAI_ID_BYTES];
    } texts[KAI_CHARTER_TEXTS_MAX];
};

/* Parse and verify version 1: every founder's key and signature. Errors: KAI_EMALFORMED,
 * KAI_ELIMIT, KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_charter_parse(struct kai_charter *c, struct kai_view record);

/* Write a version 1 charter with one founder. texts: n of {lang, text}. Errors: what out->err says.
 */
struct kai_charter_text {
    const char *lang;
    struct kai_view text;
};
KAI_MUST_USE enum kai_err kai_charter_make(struct kai_buf *out, const char *name,
                                           const char *org_name,
                                           const uint8_t root_pk[static KAI_KEY_BYTES],
                                           const uint8_t root_sk[static 64],
                                           const struct kai_charter_text *texts, size_t n_texts);
/* What a charter says, without who signed it: nothing is verified, nid is not set. sigs stands at
 * the signatures. Errors: KAI_EMALFORMED, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_charter_read(struct kai_charter *c, struct kai_view record,
                                           struct kai_view *body, struct kai_cur *sigs);
/* hash of a record that was read: its name among notes. */
void kai_charter_record_hash(uint8_t hash[static KAI_ID_BYTES], struct kai_view record);
void kai_charter_body_write(struct kai_buf *out, const struct kai_charter *c);
/* Give it these texts, by their hashes. Errors: KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_charter_texts(struct kai_charter *c,
                                            const struct kai_charter_text *texts, size_t n);
/* H("kairan1.text", text). */
void kai_charter_text_hash(uint8_t hash[static KAI_ID_BYTES], struct kai_view text);

#endif

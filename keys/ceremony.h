/* ceremony: what travels by mail when an organisation, node or person joins, as bytes
 * (lib/text/armor makes the text).
 *
 * REQUEST = [1, kind (1 org, 3 node, 4 person), ADMIT-shaped proof: suite, sign_pk, kx_pk or nil,
 * curve_pk or nil, of_org (of a node) or nil, name, pop, X, sum]. ADMISSION = [1, charter record,
 * [[lang, text]...], [[hdr, sig, payload]...] chain from the founding root down to the new
 * certificate, each log as a whole prefix up to the certificate that leads on, [ADDR note...] <= 4,
 * X, sum], X 1 = [charter record...] of versions after the first, in an order in which each
 * follows. sum = H("kairan1.words", all bytes before that element): damage by mail is found before
 * anybody reads words. Reasons: request.malformed request.newer request.proof admission.malformed
 * admission.newer admission.charter admission.texts (none has arguments). The words for the
 * telephone are of H("kairan1.words", bytes), in both directions. */
#ifndef KAI_KEYS_CEREMONY_H
#define KAI_KEYS_CEREMONY_H

#include "keys/ctl.h"
#include "keys/keyfile.h"
#include "keys/record.h"

#define KAI_REQUEST_BYTES_MAX   2048u
#define KAI_ADMISSION_BYTES_MAX (2u << 20)

struct kai_join {
    uint64_t kind;          /* KAI_ADMIT_ORG, _NODE or _PERSON. */
    struct kai_admit proof; /* kind, keys, of_org, name and pop are set. */
};
/* org_id: of a node, the organisation that it asks; else NULL. */
void kai_join_write(struct kai_buf *out, uint64_t kind, const char *name,
                    const struct kai_keys *keys, const uint8_t *org_id);
KAI_MUST_USE enum kai_err kai_join_parse(struct kai_join *r, struct kai_view bytes,
                                         struct kai_why *why);

void kai_ceremony_hash(uint8_t hash[static KAI_ID_BYTES],
                       struct kai_view bytes); /* For kai_words(). */

/* Write an admission: charter and texts, all control logs on the line from the founding root to
 * cert and to the nodes of the addresses (whole prefixes), and addresses. Errors: KAI_ENOTFOUND
 * (cert is not held), what out->err says. */
KAI_MUST_USE enum kai_err kai_admission_write(struct kai_buf *out, const struct kai_ctl *ctl,
                                              struct kai_view charter_record,
                                              const struct kai_charter_text *texts, size_t n_texts,
                                              const uint8_t cert[static KAI_ID_BYTES],
                                              const struct kai_view *addrs, size_t n_addrs);

/* Read one. The charter is verified, and its texts against their hashes; entries are read for their
 * shape: feed each to kai_ctl_add(), in order, and verify the notes. Views point into bytes.
 * Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_EAUTH, KAI_EVERSION. */
struct kai_admission {
    struct kai_charter charter; /* The version that counts. */
    struct kai_charter first;
    struct kai_view charter_record; /* Of the first. */
    struct kai_cur later;           /* n_later records, each read with kai_cur_bin(). */
    uint32_t n_later;
    size_t n_texts;
    struct kai_charter_text texts[KAI_CHARTER_TEXTS_MAX]; /* lang points to charter.texts[i].lang */
    size_t n_addrs;
    struct kai_view addrs[4];
    struct kai_cur entries; /* n_entries of them, each read with kai_entry_read(). */
    uint32_t n_entries;
};
KAI_MUST_USE enum kai_err kai_admission_parse(struct kai_admission *a, struct kai_view bytes,
                                              struct kai_why *why);

#endif

/* keydeath: KEYDEATH, a note that says that a key is used no more, by whoever holds it
 * (docs/protocol.md 3). It can be made long before it is needed, and kept on paper.
 *
 * [4, body bin, signer_pk, SIG 0x04 over body]; body = [key, cut or nil, X], cut = [seq, head]. The
 * signer is the key itself, or the root of the organisation whose key it is. Only the root says
 * from where on the key's log counts no more: whoever stole a key must not take back with it what
 * it said before. */
#ifndef KAI_KEYS_KEYDEATH_H
#define KAI_KEYS_KEYDEATH_H

#include "base/buf.h"
#include "keys/record.h"

#define KAI_KEYDEATH_BYTES_MAX 320u

struct kai_keydeath {
    uint8_t key[KAI_KEY_BYTES];
    uint8_t signer[KAI_KEY_BYTES];
    bool has_cut;
    struct kai_cut cut;         /* Its log_pk is the key. */
    uint8_t hash[KAI_ID_BYTES]; /* H("kairan1.body", body). */
};
/* Its signature is made with signer_sk. */
void kai_keydeath_write(struct kai_buf *out, const struct kai_keydeath *d,
                        const uint8_t signer_sk[static 64], const uint8_t nid[static KAI_ID_BYTES]);
/* Under what it is stored: one place for a key and signer, so that a lower cut overwrites. */
void kai_keydeath_place(uint8_t who[static KAI_ID_BYTES], const struct kai_keydeath *d);
/* Errors: KAI_EMALFORMED (also: a cut that the key itself names), KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_keydeath_parse(struct kai_keydeath *d, struct kai_view note);
/* Errors: KAI_EAUTH, KAI_EMALFORMED. Whether the signer may say so is kai_ctl_death_add()'s. */
KAI_MUST_USE enum kai_err kai_keydeath_verify(struct kai_view note,
                                              const uint8_t nid[static KAI_ID_BYTES]);

#endif

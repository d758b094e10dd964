/* keydeath: reads, writes and verifies KEYDEATH. */
#include "keys/keydeath.h"

#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "keys/record_int.h"

void kai_keydeath_write(struct kai_buf *out, const struct kai_keydeath *d,
                        const uint8_t signer_sk[static 64], const uint8_t nid[static KAI_ID_BYTES])
{
    struct kai_buf body;
    uint8_t sig[KAI_SIG_BYTES];

    kai_buf_init(&body, KAI_KEYDEATH_BYTES_MAX);
    kai_put_array(&body, 3);
    kai_put_bin(&body, d->key, KAI_KEY_BYTES);
    if (d->has_cut) {
        kai_put_array(&body, 2);
        kai_put_uint(&body, d->cut.seq);
        kai_put_bin(&body, d->cut.head, KAI_ID_BYTES);
    } else {
        kai_put_nil(&body);
    }
    kai_put_no_ext(&body);
    if (body.err != KAI_OK) {
        if (out->err == KAI_OK)
            out->err = body.err;
    } else {
        kai_sign(sig, signer_sk, KAI_SIG_KEYDEATH, nid, body.p, body.len);
        kai_put_array(out, 4);
        kai_put_uint(out, KAI_REC_KEYDEATH);
        kai_put_view(out, kai_buf_view(&body));
        kai_put_bin(out, d->signer, KAI_KEY_BYTES);
        kai_put_bin(out, sig, sizeof sig);
    }
    kai_buf_free(&body);
}

static enum kai_err split(struct kai_view *body, const uint8_t **signer, const uint8_t **sig,
                          struct kai_view note)
{
    struct kai_cur c;

    if (note.n > KAI_KEYDEATH_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(&c, note.p, note.n);
    kai_cur_tuple(&c, 4);
    if (kai_cur_uint(&c, UINT16_MAX) != KAI_REC_KEYDEATH)
        kai_cur_fail(&c, KAI_EMALFORMED);
    *body = kai_cur_bin(&c, KAI_KEYDEATH_BYTES_MAX);
    *signer = kai_cur_bin_n(&c, KAI_KEY_BYTES);
    *sig = kai_cur_bin_n(&c, KAI_SIG_BYTES);
    return kai_cur_end(&c);
}

static void read_cut(struct kai_cur *c, struct kai_keydeath *d)
{
    static const uint8_t zeros[KAI_ID_BYTES];

    d->has_cut = !kai_cur_nil(c);
    if (!d->has_cut)
        return;
    kai_cur_tuple(c, 2);
    d->cut.seq = kai_cur_uint(c, (uint64_t)INT64_MAX);
    kai_cur_copy(c, d->cut.head, KAI_ID_BYTES);
    if (d->cut.seq == 0 && memcmp(d->cut.head, zeros, sizeof zeros) != 0)
        kai_cur_fail(c, KAI_EMALFORMED);
}

enum kai_err kai_keydeath_parse(struct kai_keydeath *d, struct kai_view note)
{
    struct kai_view body;
    const uint8_t *signer;
    const uint8_t *sig;
    struct kai_cur c;
    enum kai_err err = split(&body, &signer, &sig, note);

    memset(d, 0, sizeof *d);
    if (err != KAI_OK)
        return err;
    memcpy(d->signer, signer, KAI_KEY_BYTES);
    kai_hash(d->hash, KAI_D_BODY, body.p, body.n);
    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, 3);
    kai_cur_copy(&c, d->key, KAI_KEY_BYTES);
    read_cut(&c, d);
    memcpy(d->cut.log_pk, d->key, KAI_KEY_BYTES);
    kai_cur_ext(&c, NULL, NULL);
    if (!KAI_CHECK(KEYDEATH_CUT, !d->has_cut || memcmp(d->key, d->signer, KAI_KEY_BYTES) != 0))
        kai_cur_fail(&c, KAI_EMALFORMED);
    return kai_cur_end(&c);
}

void kai_keydeath_place(uint8_t who[static KAI_ID_BYTES], const struct kai_keydeath *d)
{
    struct kai_hasher h;

    kai_hash_begin(&h, KAI_D_BODY);
    kai_hash_add(&h, d->key, KAI_KEY_BYTES);
    kai_hash_add(&h, d->signer, KAI_KEY_BYTES);
    kai_hash_end(&h, who);
}

enum kai_err kai_keydeath_verify(struct kai_view note, const uint8_t nid[static KAI_ID_BYTES])
{
    struct kai_view body;
    const uint8_t *signer;
    const uint8_t *sig;
    enum kai_err err = split(&body, &signer, &sig, note);

    if (err == KAI_OK)
        err = kai_key_check(signer);
    if (err == KAI_OK)
        err = kai_verify(sig, signer, KAI_SIG_KEYDEATH, nid, body.p, body.n);
    return KAI_CHECK(KEYDEATH_SIGNATURE, err == KAI_OK) ? KAI_OK : err;
}

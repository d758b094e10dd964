/* charter: what a network is for, and who founded it. */
#include "keys/charter.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "keys/record_int.h"

#define X_TEXTS 2u

void kai_charter_text_hash(uint8_t hash[static KAI_ID_BYTES], struct kai_view text)
{
    kai_hash(hash, KAI_D_TEXT, text.p, text.n);
}

static bool ext(void *ctx, uint64_t key, struct kai_view value)
{
    struct kai_charter *ch = ctx;
    struct kai_cur c;

    if (key != X_TEXTS)
        return false;
    kai_cur_init(&c, value.p, value.n);
    ch->n_texts = kai_cur_array(&c, KAI_CHARTER_TEXTS_MAX);
    for (size_t i = 0; i < ch->n_texts; i++) {
        kai_cur_tuple(&c, 2);
        kai_rec_text(&c, ch->texts[i].lang, sizeof ch->texts[i].lang);
        kai_cur_copy(&c, ch->texts[i].hash, KAI_ID_BYTES);
    }
    return kai_cur_end(&c) == KAI_OK;
}

/* The extension map passes over a malformed value of an even key; texts that cannot be read are
 * refused all the same, for they are what members agree to. */
static bool texts_ok(void *ctx, uint64_t key, struct kai_view value)
{
    struct kai_cur *c = ((void **)ctx)[0];

    if (key != X_TEXTS)
        return false;
    if (!ext(((void **)ctx)[1], key, value))
        kai_cur_fail(c, KAI_EMALFORMED);
    return true;
}

static bool founder_twice(const struct kai_charter *ch, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (memcmp(ch->founders[j].root_pk, ch->founders[i].root_pk, KAI_KEY_BYTES) == 0)
            return true;
    }
    return false;
}

static enum kai_err read_body(struct kai_charter *ch, struct kai_view body)
{
    struct kai_cur c;
    void *ctx[2] = {&c, ch};

    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, 7);
    ch->ver = kai_cur_uint(&c, (uint64_t)INT64_MAX);
    /* Later versions are reserved: their network id is that of a first version we do not have. */
    if (ch->ver != 1 || !kai_cur_nil(&c))
        kai_cur_fail(&c, KAI_EMALFORMED);
    kai_rec_text(&c, ch->name, sizeof ch->name);
    ch->n_founders = kai_cur_array(&c, KAI_FOUNDERS_MAX);
    for (size_t i = 0; i < ch->n_founders; i++) {
        kai_cur_tuple(&c, 2);
        kai_cur_copy(&c, ch->founders[i].root_pk, KAI_KEY_BYTES);
        kai_rec_text(&c, ch->founders[i].name, sizeof ch->founders[i].name);
        if (founder_twice(ch, i))
            kai_cur_fail(&c, KAI_EMALFORMED);
        kai_hash(ch->founders[i].org, KAI_D_ORG, ch->founders[i].root_pk, KAI_KEY_BYTES);
    }
    ch->threshold = kai_cur_uint(&c, KAI_FOUNDERS_MAX);
    if (ch->threshold == 0 || ch->threshold > ch->n_founders)
        kai_cur_fail(&c, KAI_EMALFORMED);
    kai_cur_ext(&c, NULL, NULL);
    kai_cur_ext(&c, texts_ok, ctx);
    return kai_cur_end(&c);
}

enum kai_err kai_charter_parse(struct kai_charter *ch, struct kai_view record)
{
    struct kai_cur c;

    memset(ch, 0, sizeof *ch);
    if (record.n > KAI_CHARTER_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(&c, record.p, record.n);
    kai_cur_tuple(&c, 3);
    if (kai_cur_uint(&c, UINT16_MAX) != KAI_REC_CHARTER)
        kai_cur_fail(&c, KAI_EMALFORMED);
    struct kai_view body = kai_cur_bin(&c, KAI_CHARTER_BYTES_MAX);
    if (!kai_cur_ok(&c))
        return c.err;
    enum kai_err err = read_body(ch, body);
    if (err != KAI_OK)
        return err;
    kai_hash(ch->nid, KAI_D_CHARTER, body.p, body.n);
    kai_cur_tuple(&c, (uint32_t)ch->n_founders);
    for (size_t i = 0; i < ch->n_founders; i++) {
        kai_cur_tuple(&c, 2);
        const uint8_t *pk = kai_cur_bin_n(&c, KAI_KEY_BYTES);
        const uint8_t *sig = kai_cur_bin_n(&c, KAI_SIG_BYTES);
        if (!kai_cur_ok(&c))
            return c.err;
        if (memcmp(pk, ch->founders[i].root_pk, KAI_KEY_BYTES) != 0)
            return KAI_EMALFORMED; /* One signature of each founder, in the order of the body. */
        err = kai_key_check(pk);
        if (err == KAI_OK)
            err = kai_verify(sig, pk, KAI_SIG_CHARTER, KAI_NID_NONE, body.p, body.n);
        if (err != KAI_OK)
            return err;
    }
    return kai_cur_end(&c);
}

static void put_texts(struct kai_buf *out, const struct kai_charter_text *texts, size_t n)
{
    struct kai_buf x;
    uint8_t hash[KAI_ID_BYTES];

    if (n == 0) {
        kai_put_no_ext(out);
        return;
    }
    kai_buf_init(&x, KAI_CHARTER_BYTES_MAX);
    kai_put_array(&x, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        kai_charter_text_hash(hash, texts[i].text);
        kai_put_array(&x, 2);
        kai_put_str(&x, texts[i].lang);
        kai_put_bin(&x, hash, sizeof hash);
    }
    kai_put_map(out, 1);
    kai_put_uint(out, X_TEXTS);
    kai_put_view(out, kai_buf_view(&x));
    if (x.err != KAI_OK && out->err == KAI_OK)
        out->err = x.err;
    kai_buf_free(&x);
}

enum kai_err kai_charter_make(struct kai_buf *out, const char *name, const char *org_name,
                              const uint8_t root_pk[static KAI_KEY_BYTES],
                              const uint8_t root_sk[static 64],
                              const struct kai_charter_text *texts, size_t n_texts)
{
    struct kai_buf body;
    uint8_t sig[KAI_SIG_BYTES];

    if (n_texts > KAI_CHARTER_TEXTS_MAX)
        return KAI_ELIMIT;
    kai_buf_init(&body, KAI_CHARTER_BYTES_MAX);
    kai_put_array(&body, 7);
    kai_put_uint(&body, 1);
    kai_put_nil(&body);
    kai_put_str(&body, name);
    kai_put_array(&body, 1);
    kai_put_array(&body, 2);
    kai_put_bin(&body, root_pk, KAI_KEY_BYTES);
    kai_put_str(&body, org_name);
    kai_put_uint(&body, 1);
    kai_put_no_ext(&body);
    put_texts(&body, texts, n_texts);
    enum kai_err err = body.err;
    if (err == KAI_OK) {
        kai_sign(sig, root_sk, KAI_SIG_CHARTER, KAI_NID_NONE, body.p, body.len);
        kai_put_array(out, 3);
        kai_put_uint(out, KAI_REC_CHARTER);
        kai_put_view(out, kai_buf_view(&body));
        kai_put_array(out, 1);
        kai_put_array(out, 2);
        kai_put_bin(out, root_pk, KAI_KEY_BYTES);
        kai_put_bin(out, sig, sizeof sig);
        err = out->err;
    }
    kai_buf_free(&body);
    return err;
}

/* charter: what a network is for, and who founded it. */
#include "keys/charter.h"

#include <stdlib.h>
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
    if (ch->ver == 0 || kai_rec_maybe(&c, ch->prev, KAI_ID_BYTES) != (ch->ver > 1))
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
    kai_hash(ch->hash, KAI_D_CHARTER, body.p, body.n);
    return kai_cur_end(&c);
}

enum kai_err kai_charter_read(struct kai_charter *ch, struct kai_view record, struct kai_view *body,
                              struct kai_cur *sigs)
{
    memset(ch, 0, sizeof *ch);
    if (record.n > KAI_CHARTER_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(sigs, record.p, record.n);
    kai_cur_tuple(sigs, 3);
    if (kai_cur_uint(sigs, UINT16_MAX) != KAI_REC_CHARTER)
        kai_cur_fail(sigs, KAI_EMALFORMED);
    *body = kai_cur_bin(sigs, KAI_CHARTER_BYTES_MAX);
    return kai_cur_ok(sigs) ? read_body(ch, *body) : sigs->err;
}

void kai_charter_record_hash(uint8_t hash[static KAI_ID_BYTES], struct kai_view record)
{
    struct kai_cur c;

    kai_cur_init(&c, record.p, record.n);
    kai_cur_tuple(&c, 3);
    (void)kai_cur_uint(&c, UINT16_MAX);
    struct kai_view body = kai_cur_bin(&c, KAI_CHARTER_BYTES_MAX);
    kai_hash(hash, KAI_D_CHARTER, body.p, body.n);
}

enum kai_err kai_charter_parse(struct kai_charter *ch, struct kai_view record)
{
    struct kai_view body;
    struct kai_cur c;
    enum kai_err err = kai_charter_read(ch, record, &body, &c);

    if (err == KAI_OK && ch->ver != 1) /* Its network id is that of a first version we lack. */
        err = KAI_EMALFORMED;
    if (err != KAI_OK)
        return err;
    memcpy(ch->nid, ch->hash, KAI_ID_BYTES);
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

static void put_texts(struct kai_buf *out, const struct kai_charter *ch)
{
    struct kai_buf x;

    if (ch->n_texts == 0) {
        kai_put_no_ext(out);
        return;
    }
    kai_buf_init(&x, KAI_CHARTER_BYTES_MAX);
    kai_put_array(&x, (uint32_t)ch->n_texts);
    for (size_t i = 0; i < ch->n_texts; i++) {
        kai_put_array(&x, 2);
        kai_put_str(&x, ch->texts[i].lang);
        kai_put_bin(&x, ch->texts[i].hash, KAI_ID_BYTES);
    }
    kai_put_map(out, 1);
    kai_put_uint(out, X_TEXTS);
    kai_put_view(out, kai_buf_view(&x));
    if (x.err != KAI_OK && out->err == KAI_OK)
        out->err = x.err;
    kai_buf_free(&x);
}

void kai_charter_body_write(struct kai_buf *out, const struct kai_charter *ch)
{
    kai_put_array(out, 7);
    kai_put_uint(out, ch->ver);
    kai_rec_put_maybe(out, ch->ver > 1, ch->prev, KAI_ID_BYTES);
    kai_put_str(out, ch->name);
    kai_put_array(out, (uint32_t)ch->n_founders);
    for (size_t i = 0; i < ch->n_founders; i++) {
        kai_put_array(out, 2);
        kai_put_bin(out, ch->founders[i].root_pk, KAI_KEY_BYTES);
        kai_put_str(out, ch->founders[i].name);
    }
    kai_put_uint(out, ch->threshold);
    kai_put_no_ext(out);
    put_texts(out, ch);
}

enum kai_err kai_charter_texts(struct kai_charter *ch, const struct kai_charter_text *texts,
                               size_t n)
{
    if (n > KAI_CHARTER_TEXTS_MAX)
        return KAI_ELIMIT;
    ch->n_texts = n;
    for (size_t i = 0; i < n; i++) {
        if (strlen(texts[i].lang) >= sizeof ch->texts[i].lang ||
            texts[i].text.n > KAI_CHARTER_TEXT_BYTES_MAX)
            return KAI_ELIMIT;
        kai_copy_text(ch->texts[i].lang, sizeof ch->texts[i].lang, texts[i].lang);
        kai_charter_text_hash(ch->texts[i].hash, texts[i].text);
    }
    return KAI_OK;
}

enum kai_err kai_charter_make(struct kai_buf *out, const char *name, const char *org_name,
                              const uint8_t root_pk[static KAI_KEY_BYTES],
                              const uint8_t root_sk[static 64],
                              const struct kai_charter_text *texts, size_t n_texts)
{
    struct kai_charter *ch = calloc(1, sizeof *ch);
    struct kai_buf body;
    uint8_t sig[KAI_SIG_BYTES];

    if (ch == NULL)
        return KAI_ENOMEM;
    ch->ver = ch->n_founders = ch->threshold = 1;
    kai_copy_text(ch->name, sizeof ch->name, name);
    memcpy(ch->founders[0].root_pk, root_pk, KAI_KEY_BYTES);
    kai_copy_text(ch->founders[0].name, sizeof ch->founders[0].name, org_name);
    kai_buf_init(&body, KAI_CHARTER_BYTES_MAX);
    enum kai_err err = kai_charter_texts(ch, texts, n_texts);
    if (err == KAI_OK) {
        kai_charter_body_write(&body, ch);
        err = body.err;
    }
    free(ch);
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

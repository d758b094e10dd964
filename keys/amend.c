/* amend: a new version of the charter, and who must have signed it. */
#include "keys/amend.h"

#include <string.h>

#include "base/check.h"
#include "crypto/sign.h"
#include "keys/record_int.h"

#define AMENDMENT_VERSION 1u
#define SIGS_MAX          (2u * KAI_FOUNDERS_MAX) /* All of the old ones, and all others. */

static bool founds(const struct kai_charter *c, const uint8_t *pk)
{
    for (size_t i = 0; i < c->n_founders; i++) {
        if (memcmp(c->founders[i].root_pk, pk, KAI_KEY_BYTES) == 0)
            return true;
    }
    return false;
}

/* Keys that nobody can sign with, or that some take and others refuse, are no founders. */
static enum kai_err check_keys(const struct kai_charter *c)
{
    enum kai_err err = KAI_OK;

    for (size_t i = 0; i < c->n_founders && err == KAI_OK; i++)
        err = kai_key_check(c->founders[i].root_pk);
    return err;
}

enum kai_err kai_amend_check(struct kai_charter *c, struct kai_view record,
                             const struct kai_charter *prev, struct kai_amend_votes *votes)
{
    const uint8_t *last = NULL;
    struct kai_view body;
    struct kai_cur sigs;
    enum kai_err err = kai_charter_read(c, record, &body, &sigs);

    *votes = (struct kai_amend_votes){0};
    if (err != KAI_OK)
        return err;
    memcpy(c->nid, prev->nid, KAI_ID_BYTES);
    if (c->ver != prev->ver + 1 || memcmp(c->prev, prev->hash, KAI_ID_BYTES) != 0)
        return KAI_EMALFORMED;
    err = check_keys(c);
    uint32_t n = kai_cur_array(&sigs, SIGS_MAX);
    for (uint32_t i = 0; i < n && err == KAI_OK; i++) {
        kai_cur_tuple(&sigs, 2);
        const uint8_t *pk = kai_cur_bin_n(&sigs, KAI_KEY_BYTES);
        const uint8_t *sig = kai_cur_bin_n(&sigs, KAI_SIG_BYTES);
        if (!kai_cur_ok(&sigs))
            return sigs.err;
        if (last != NULL && memcmp(last, pk, KAI_KEY_BYTES) >= 0)
            return KAI_EMALFORMED;
        last = pk;
        bool before = founds(prev, pk);
        bool after = founds(c, pk);
        err = before || after ? kai_verify(sig, pk, KAI_SIG_CHARTER, prev->nid, body.p, body.n)
                              : KAI_EAUTH;
        votes->before += before ? 1 : 0;
        votes->after += after ? 1 : 0;
    }
    return err == KAI_OK ? kai_cur_end(&sigs) : err;
}

bool kai_amend_enough(const struct kai_amend_votes *votes, const struct kai_charter *c,
                      const struct kai_charter *prev)
{
    return KAI_CHECK(CHARTER_BEFORE, votes->before >= prev->threshold) &&
           KAI_CHECK(CHARTER_AFTER, votes->after >= c->threshold);
}

enum kai_err kai_amend_parse(struct kai_charter *c, struct kai_view record,
                             const struct kai_charter *prev)
{
    struct kai_amend_votes votes;
    enum kai_err err = kai_amend_check(c, record, prev, &votes);

    if (err == KAI_OK && !kai_amend_enough(&votes, c, prev))
        err = KAI_EAUTH;
    return err;
}

enum kai_err kai_amend_write(struct kai_buf *out, struct kai_charter *c,
                             const struct kai_charter *prev)
{
    struct kai_buf body;

    c->ver = prev->ver + 1;
    memcpy(c->prev, prev->hash, KAI_ID_BYTES);
    memcpy(c->nid, prev->nid, KAI_ID_BYTES);
    kai_buf_init(&body, KAI_CHARTER_BYTES_MAX);
    kai_charter_body_write(&body, c);
    kai_put_array(out, 3);
    kai_put_uint(out, KAI_REC_CHARTER);
    kai_put_view(out, kai_buf_view(&body));
    kai_put_array(out, 0);
    if (body.err != KAI_OK && out->err == KAI_OK)
        out->err = body.err;
    kai_buf_free(&body);
    return out->err;
}

enum kai_err kai_amend_sign(struct kai_buf *out, struct kai_view record,
                            const struct kai_charter *prev,
                            const uint8_t root_pk[static KAI_KEY_BYTES],
                            const uint8_t root_sk[static 64])
{
    struct kai_charter c;
    struct kai_amend_votes votes;
    struct kai_view body;
    struct kai_cur sigs;
    uint8_t mine[KAI_SIG_BYTES];
    bool put = false;
    enum kai_err err = kai_amend_check(&c, record, prev, &votes);

    if (err == KAI_OK && !founds(prev, root_pk) && !founds(&c, root_pk))
        err = KAI_EDENIED;
    if (err == KAI_OK)
        err = kai_charter_read(&c, record, &body, &sigs);
    if (err != KAI_OK)
        return err;
    kai_sign(mine, root_sk, KAI_SIG_CHARTER, prev->nid, body.p, body.n);
    uint32_t n = kai_cur_array(&sigs, SIGS_MAX);
    kai_put_array(out, 3);
    kai_put_uint(out, KAI_REC_CHARTER);
    kai_put_view(out, body);
    kai_put_array(out, n + 1);
    for (uint32_t i = 0; i <= n; i++) {
        const uint8_t *pk = NULL;
        const uint8_t *sig = NULL;
        if (i < n) {
            kai_cur_tuple(&sigs, 2);
            pk = kai_cur_bin_n(&sigs, KAI_KEY_BYTES);
            sig = kai_cur_bin_n(&sigs, KAI_SIG_BYTES);
            if (memcmp(pk, root_pk, KAI_KEY_BYTES) == 0)
                return KAI_EEXIST;
        }
        if (!put && (pk == NULL || memcmp(pk, root_pk, KAI_KEY_BYTES) > 0)) {
            kai_put_array(out, 2);
            kai_put_bin(out, root_pk, KAI_KEY_BYTES);
            kai_put_bin(out, mine, sizeof mine);
            put = true;
        }
        if (pk != NULL) {
            kai_put_array(out, 2);
            kai_put_bin(out, pk, KAI_KEY_BYTES);
            kai_put_bin(out, sig, KAI_SIG_BYTES);
        }
    }
    return out->err;
}

void kai_amendment_write(struct kai_buf *out, struct kai_view record,
                         const struct kai_charter_text *texts, size_t n)
{
    kai_put_array(out, 4);
    kai_put_uint(out, AMENDMENT_VERSION);
    kai_put_view(out, record);
    kai_put_array(out, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        kai_put_array(out, 2);
        kai_put_str(out, texts[i].lang);
        kai_put_view(out, texts[i].text);
    }
    kai_put_no_ext(out);
}

/* The language of a text of the record, as the record has it; NULL: it is none of them. */
static const char *lang_of(const struct kai_charter *c, const char *lang, struct kai_view text)
{
    uint8_t hash[KAI_ID_BYTES];

    kai_charter_text_hash(hash, text);
    for (size_t i = 0; i < c->n_texts; i++) {
        if (strcmp(c->texts[i].lang, lang) == 0 &&
            memcmp(c->texts[i].hash, hash, KAI_ID_BYTES) == 0)
            return c->texts[i].lang;
    }
    return NULL;
}

enum kai_err kai_amendment_parse(struct kai_amendment *a, struct kai_view bytes)
{
    struct kai_view body;
    struct kai_cur c, sigs;

    memset(a, 0, sizeof *a);
    if (bytes.n > KAI_AMENDMENT_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(&c, bytes.p, bytes.n);
    kai_cur_tuple(&c, 4);
    if (kai_cur_uint(&c, UINT16_MAX) != AMENDMENT_VERSION && kai_cur_ok(&c))
        return KAI_EVERSION;
    a->record = kai_cur_bin(&c, KAI_CHARTER_BYTES_MAX);
    if (!kai_cur_ok(&c))
        return c.err;
    enum kai_err err = kai_charter_read(&a->c, a->record, &body, &sigs);
    if (err != KAI_OK)
        return err;
    size_t n = kai_cur_array(&c, KAI_CHARTER_TEXTS_MAX);
    for (size_t i = 0; i < n; i++) {
        char lang[sizeof a->c.texts[0].lang];

        kai_cur_tuple(&c, 2);
        kai_rec_text(&c, lang, sizeof lang);
        a->texts[i].text = kai_cur_bin(&c, KAI_CHARTER_TEXT_BYTES_MAX);
        if (!kai_cur_ok(&c))
            return c.err;
        a->texts[i].lang = lang_of(&a->c, lang, a->texts[i].text);
        if (a->texts[i].lang == NULL)
            return KAI_EAUTH;
    }
    a->n_texts = n;
    kai_cur_ext(&c, NULL, NULL);
    return kai_cur_end(&c);
}

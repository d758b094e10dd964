/* entry: headers and signatures of an append-only log. */
#include "log/entry.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "wire/put.h"

#define HDR_VERSION 1u
#define HDR_FIELDS  13u

static const uint8_t zeros[KAI_ID_BYTES];

static bool all_zero(const uint8_t *p, size_t n)
{
    assert(n <= sizeof zeros);
    return memcmp(p, zeros, n) == 0;
}

/* What a header may not say even where each field is well-formed. */
static bool consistent(const struct kai_hdr *h)
{
    if (h->seq == 0 || (h->seq == 1) != all_zero(h->prev, sizeof h->prev))
        return false;
    if (h->ptype == KAI_PTYPE_CONTROL &&
        !(all_zero(h->tag, sizeof h->tag) && all_zero(h->kid, sizeof h->kid)))
        return false;
    return h->ptype != KAI_PTYPE_CLOSE || h->psize == 0;
}

enum kai_err kai_hdr_parse(struct kai_hdr *h, struct kai_view hdr)
{
    struct kai_cur c;

    *h = (struct kai_hdr){0};
    if (hdr.n > KAI_HDR_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(&c, hdr.p, hdr.n);
    kai_cur_tuple(&c, HDR_FIELDS);
    if (kai_cur_uint(&c, INT64_MAX) != HDR_VERSION)
        kai_cur_fail(&c, KAI_EMALFORMED);
    kai_cur_copy(&c, h->log_pk, sizeof h->log_pk);
    h->seq = kai_cur_uint(&c, INT64_MAX);
    kai_cur_copy(&c, h->prev, sizeof h->prev);
    h->floor = kai_cur_uint(&c, INT64_MAX);
    h->ts = kai_cur_uint(&c, INT64_MAX);
    h->ttl_s = kai_cur_uint(&c, INT64_MAX);
    h->ptype = kai_cur_uint(&c, KAI_PTYPE_MAX);
    kai_cur_copy(&c, h->tag, sizeof h->tag);
    kai_cur_copy(&c, h->kid, sizeof h->kid);
    h->psize = kai_cur_uint(&c, KAI_PAYLOAD_BYTES_MAX);
    kai_cur_copy(&c, h->phash, sizeof h->phash);
    kai_cur_ext(&c, NULL, NULL);
    if (kai_cur_ok(&c) && !consistent(h))
        kai_cur_fail(&c, KAI_EMALFORMED);
    return kai_cur_end(&c);
}

void kai_hdr_write(struct kai_buf *out, const struct kai_hdr *h)
{
    kai_put_array(out, HDR_FIELDS);
    kai_put_uint(out, HDR_VERSION);
    kai_put_bin(out, h->log_pk, sizeof h->log_pk);
    kai_put_uint(out, h->seq);
    kai_put_bin(out, h->prev, sizeof h->prev);
    kai_put_uint(out, h->floor);
    kai_put_uint(out, h->ts);
    kai_put_uint(out, h->ttl_s);
    kai_put_uint(out, h->ptype);
    kai_put_bin(out, h->tag, sizeof h->tag);
    kai_put_bin(out, h->kid, sizeof h->kid);
    kai_put_uint(out, h->psize);
    kai_put_bin(out, h->phash, sizeof h->phash);
    kai_put_no_ext(out);
}

void kai_hdr_hash(uint8_t hash[static KAI_ID_BYTES], struct kai_view hdr)
{
    kai_hash(hash, KAI_D_HDR, hdr.p, hdr.n);
}

enum kai_err kai_entry_init(struct kai_entry *e, struct kai_view hdr, struct kai_view sig,
                            struct kai_view payload)
{
    uint8_t phash[KAI_ID_BYTES];

    *e = (struct kai_entry){.hdr = hdr, .sig = sig, .payload = payload};
    if (sig.n != KAI_SIG_BYTES)
        return KAI_EMALFORMED;
    if (payload.n > KAI_PAYLOAD_BYTES_MAX)
        return KAI_ELIMIT;
    enum kai_err err = kai_hdr_parse(&e->h, hdr);
    if (err != KAI_OK)
        return err;
    if (payload.p != NULL) {
        if (payload.n != e->h.psize)
            return KAI_EAUTH;
        kai_hash(phash, KAI_D_PAY, payload.p, payload.n);
        if (memcmp(phash, e->h.phash, sizeof phash) != 0)
            return KAI_EAUTH;
    }
    kai_hdr_hash(e->hash, hdr);
    return KAI_OK;
}

enum kai_err kai_entry_read(struct kai_entry *e, struct kai_cur *c)
{
    struct kai_view payload = {0};

    kai_cur_tuple(c, 3);
    struct kai_view hdr = kai_cur_bin(c, KAI_HDR_BYTES_MAX);
    struct kai_view sig = kai_cur_bin(c, KAI_SIG_BYTES);
    if (!kai_cur_nil(c))
        payload = kai_cur_bin(c, KAI_PAYLOAD_BYTES_MAX);
    if (!kai_cur_ok(c)) {
        *e = (struct kai_entry){0};
        return c->err;
    }
    return kai_entry_init(e, hdr, sig, payload);
}

void kai_entry_write(struct kai_buf *out, const struct kai_entry *e, bool with_payload)
{
    kai_put_array(out, 3);
    kai_put_view(out, e->hdr);
    kai_put_view(out, e->sig);
    if (with_payload && e->payload.p != NULL)
        kai_put_view(out, e->payload);
    else
        kai_put_nil(out);
}

enum kai_err kai_entry_verify(const struct kai_entry *e, const uint8_t nid[static KAI_ID_BYTES])
{
    if (e->sig.n != KAI_SIG_BYTES)
        return KAI_EAUTH;
    enum kai_err err = kai_verify(e->sig.p, e->h.log_pk, KAI_SIG_HDR, nid, e->hdr.p, e->hdr.n);
    return KAI_CHECK(HDR_SIGNATURE, err == KAI_OK) ? KAI_OK : err;
}

enum kai_err kai_entry_make(struct kai_entry *e, struct kai_buf *out, struct kai_hdr *h,
                            const uint8_t log_sk[static 64], const uint8_t nid[static KAI_ID_BYTES],
                            struct kai_view payload)
{
    *e = (struct kai_entry){0};
    h->psize = payload.n;
    kai_hash(h->phash, KAI_D_PAY, payload.p, payload.n);
    assert(consistent(h) && h->ptype <= KAI_PTYPE_MAX && h->psize <= KAI_PAYLOAD_BYTES_MAX);

    size_t at = out->len;
    kai_hdr_write(out, h);
    size_t hdr_n = out->len - at;
    uint8_t *sig = kai_buf_room(out, KAI_SIG_BYTES);
    if (sig == NULL)
        return out->err;
    e->hdr = kai_view_of(out->p + at, hdr_n);
    e->sig = kai_view_of(sig, KAI_SIG_BYTES);
    kai_sign(sig, log_sk, KAI_SIG_HDR, nid, e->hdr.p, e->hdr.n);
    e->payload = payload.p != NULL ? payload : kai_view_of(zeros, 0);
    e->h = *h;
    kai_hdr_hash(e->hash, e->hdr);
    return KAI_OK;
}

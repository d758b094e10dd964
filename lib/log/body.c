/* body: the frame round the items of an entry, and signed bodies inside items. */
#include "log/body.h"

#include "log/signed_priv.h"
#include "wire/put.h"

#define BODY_VERSION 1u
#define BODY_FIELDS  3u

void kai_body_begin(struct kai_buf *out, uint32_t n_items)
{
    kai_put_array(out, BODY_FIELDS);
    kai_put_uint(out, BODY_VERSION);
    kai_put_array(out, n_items);
}

void kai_body_end(struct kai_buf *out)
{
    kai_put_no_ext(out);
}

static uint32_t head(struct kai_cur *c, struct kai_view body)
{
    kai_cur_init(c, body.p, body.n);
    kai_cur_tuple(c, BODY_FIELDS);
    if (kai_cur_uint(c, INT64_MAX) != BODY_VERSION)
        kai_cur_fail(c, KAI_EMALFORMED);
    return kai_cur_array(c, UINT32_MAX);
}

/* One item and its type: an array that begins with an integer. */
static struct kai_view item_read(struct kai_cur *c, uint64_t *type)
{
    struct kai_view item = kai_cur_any(c);
    struct kai_cur in;

    kai_cur_init(&in, item.p, item.n);
    if (kai_cur_array(&in, UINT32_MAX) == 0)
        kai_cur_fail(&in, KAI_EMALFORMED);
    *type = kai_cur_uint(&in, INT64_MAX);
    if (!kai_cur_ok(&in))
        kai_cur_fail(c, in.err);
    return item;
}

/* The whole of it, before anything of it is acted on. */
static enum kai_err check(struct kai_view body)
{
    struct kai_cur c;
    uint64_t type;

    if (body.n > KAI_BODY_BYTES_MAX)
        return KAI_ELIMIT;
    kai_cur_init(&c, body.p, body.n);
    (void)kai_cur_any(&c); /* Depth counts from the body. */
    enum kai_err err = kai_cur_end(&c);
    if (err != KAI_OK)
        return err;
    uint32_t n = head(&c, body);
    for (uint32_t i = 0; i < n && kai_cur_ok(&c); i++)
        (void)item_read(&c, &type);
    kai_cur_ext(&c, NULL, NULL);
    return kai_cur_end(&c);
}

enum kai_err kai_body_walk(struct kai_view body, kai_body_fn *f, void *ctx)
{
    struct kai_cur c;
    enum kai_err err = check(body);

    if (err != KAI_OK)
        return err;
    uint32_t n = head(&c, body);
    for (uint32_t i = 0; i < n && err == KAI_OK; i++) {
        uint64_t type;
        struct kai_view item = item_read(&c, &type);

        err = f(ctx, type, item);
    }
    return err;
}

void kai_signed_write(struct kai_buf *out, const struct kai_buf *body,
                      const uint8_t sk[static crypto_sign_SECRETKEYBYTES], enum kai_sig_type type,
                      const uint8_t nid[static KAI_ID_BYTES])
{
    uint8_t sig[KAI_SIG_BYTES];

    if (body->err != KAI_OK) {
        if (out->err == KAI_OK)
            out->err = body->err;
        return;
    }
    kai_sign(sig, sk, type, nid, body->p, body->len);
    kai_put_bin(out, body->p, body->len);
    kai_put_bin(out, sig, sizeof sig);
}

void kai_signed_read(struct kai_cur *c, struct kai_view *body, struct kai_view *sig,
                     size_t body_max)
{
    *body = kai_cur_bin(c, body_max);
    *sig = kai_cur_bin(c, KAI_SIG_BYTES);
    if (sig->n != KAI_SIG_BYTES)
        kai_cur_fail(c, KAI_EMALFORMED);
}

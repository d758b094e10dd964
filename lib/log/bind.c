/* bind: the item that says, inside the encryption, whose log this is. */
#include "log/body.h"
#include "log/signed_priv.h"
#include "wire/put.h"

#define ITEM_FIELDS    3u
#define BODY_FIELDS    7u
#define BODY_BYTES_MAX 512u /* Six fields of up to 34 bytes, and room for X. */

static void body_write(struct kai_buf *out, const struct kai_bind *b)
{
    kai_put_array(out, BODY_FIELDS);
    kai_put_bin(out, b->log_pk, sizeof b->log_pk);
    kai_put_bin(out, b->node_cert, sizeof b->node_cert);
    kai_put_bin(out, b->aud_id, sizeof b->aud_id);
    kai_put_uint(out, b->incarnation);
    if (b->has_previous)
        kai_put_bin(out, b->previous, sizeof b->previous);
    else
        kai_put_nil(out);
    kai_put_bin(out, b->salt, sizeof b->salt);
    kai_put_no_ext(out);
}

void kai_bind_write(struct kai_buf *out, const struct kai_bind *b, const uint8_t node_sk[static 64],
                    const uint8_t nid[static KAI_ID_BYTES])
{
    struct kai_buf body;

    kai_buf_init(&body, BODY_BYTES_MAX);
    body_write(&body, b);
    kai_put_array(out, ITEM_FIELDS);
    kai_put_uint(out, KAI_ITEM_BIND);
    kai_signed_write(out, &body, node_sk, KAI_SIG_BIND, nid);
    kai_buf_free(&body);
}

static enum kai_err item_read(struct kai_view *body, struct kai_view *sig, struct kai_view item)
{
    struct kai_cur c;

    kai_cur_init(&c, item.p, item.n);
    kai_cur_tuple(&c, ITEM_FIELDS);
    if (kai_cur_uint(&c, INT64_MAX) != KAI_ITEM_BIND)
        kai_cur_fail(&c, KAI_EMALFORMED);
    kai_signed_read(&c, body, sig, BODY_BYTES_MAX);
    return kai_cur_end(&c);
}

enum kai_err kai_bind_parse(struct kai_bind *b, struct kai_view item)
{
    struct kai_view body;
    struct kai_view sig;
    struct kai_cur c;
    enum kai_err err = item_read(&body, &sig, item);

    *b = (struct kai_bind){0};
    if (err != KAI_OK)
        return err;
    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, BODY_FIELDS);
    kai_cur_copy(&c, b->log_pk, sizeof b->log_pk);
    kai_cur_copy(&c, b->node_cert, sizeof b->node_cert);
    kai_cur_copy(&c, b->aud_id, sizeof b->aud_id);
    b->incarnation = kai_cur_uint(&c, INT64_MAX);
    if (b->incarnation == 0)
        kai_cur_fail(&c, KAI_EMALFORMED);
    b->has_previous = !kai_cur_nil(&c);
    if (b->has_previous)
        kai_cur_copy(&c, b->previous, sizeof b->previous);
    kai_cur_copy(&c, b->salt, sizeof b->salt);
    kai_cur_ext(&c, NULL, NULL);
    return kai_cur_end(&c);
}

enum kai_err kai_bind_verify(struct kai_view item, const uint8_t node_pk[static KAI_KEY_BYTES],
                             const uint8_t nid[static KAI_ID_BYTES])
{
    struct kai_view body;
    struct kai_view sig;
    enum kai_err err = item_read(&body, &sig, item);

    if (err != KAI_OK)
        return err;
    return kai_verify(sig.p, node_pk, KAI_SIG_BIND, nid, body.p, body.n);
}

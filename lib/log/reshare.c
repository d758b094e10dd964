/* reshare: contents of somebody else's OBJ in another audience, and how one content is taken out of
 * its batch for it. */
#include <string.h>

#include "base/check.h"
#include "log/acts.h"
#include "log/acts_priv.h"
#include "log/obj_item_priv.h"
#include "wire/put.h"

#define BODY_FIELDS 8u

void kai_reshare_write(struct kai_buf *out, const struct kai_reshare *r,
                       const struct kai_content *c, uint32_t n, const uint8_t node_sk[static 64],
                       const uint8_t nid[static KAI_ID_BYTES])
{
    struct kai_buf body;

    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_put_array(&body, BODY_FIELDS);
    kai_put_view(&body, r->obj);
    kai_put_view(&body, r->sig);
    kai_put_array(&body, n);
    for (uint32_t i = 0; i < n; i++)
        kai_content_write(&body, &c[i]);
    kai_put_array(&body, (uint32_t)r->n_releases);
    for (size_t i = 0; i < r->n_releases; i++)
        kai_put_view(&body, r->release[i]);
    kai_put_bin(&body, r->from_aud, sizeof r->from_aud);
    if (r->proof.p != NULL)
        kai_put_view(&body, r->proof);
    else
        kai_put_nil(&body);
    kai_put_bin(&body, r->sharer_cert, sizeof r->sharer_cert);
    kai_put_no_ext(&body);
    kai_act_write(out, KAI_ITEM_RESHARE, &body, node_sk, nid);
    kai_buf_free(&body);
}

static void contents_read(struct kai_reshare *r, struct kai_cur *c)
{
    struct kai_content content;
    uint64_t next = 0;

    r->n_contents = kai_cur_array(c, KAI_BATCH_ITEMS_MAX);
    r->contents = *c;
    if (r->n_contents == 0)
        kai_cur_fail(c, KAI_EMALFORMED);
    for (uint32_t i = 0; i < r->n_contents && kai_cur_ok(c); i++) {
        if (kai_content_read(&content, c) != KAI_OK)
            break;
        if (!content.has_path || content.index < next)
            kai_cur_fail(c, KAI_EMALFORMED);
        next = content.index + 1;
    }
}

enum kai_err kai_reshare_parse(struct kai_reshare *r, struct kai_view item)
{
    struct kai_view body;
    struct kai_cur c;
    enum kai_err err = kai_act_body(&body, KAI_ITEM_RESHARE, item);

    *r = (struct kai_reshare){0};
    if (err != KAI_OK)
        return err;
    kai_cur_init(&c, body.p, body.n);
    kai_cur_tuple(&c, BODY_FIELDS);
    r->obj = kai_cur_bin(&c, KAI_PAYLOAD_BYTES_MAX);
    r->sig = kai_cur_bin(&c, KAI_SIG_BYTES);
    if (r->sig.n != KAI_SIG_BYTES)
        kai_cur_fail(&c, KAI_EMALFORMED);
    contents_read(r, &c);
    r->n_releases = kai_cur_array(&c, KAI_RESHARE_RELEASES_MAX);
    for (size_t i = 0; i < r->n_releases; i++)
        r->release[i] = kai_cur_bin(&c, KAI_PAYLOAD_BYTES_MAX);
    kai_cur_copy(&c, r->from_aud, sizeof r->from_aud);
    if (!kai_cur_nil(&c))
        r->proof = kai_cur_bin(&c, KAI_PAYLOAD_BYTES_MAX);
    kai_cur_copy(&c, r->sharer_cert, sizeof r->sharer_cert);
    kai_cur_ext(&c, NULL, NULL);
    err = kai_cur_end(&c);
    if (err != KAI_OK)
        *r = (struct kai_reshare){.contents = c}; /* Fails whatever is read from it. */
    return err;
}

enum kai_err kai_reshare_check(const struct kai_reshare *r, const struct kai_obj *o)
{
    struct kai_cur c = r->contents;
    struct kai_content content;

    if (o->n == 0 || o->n > KAI_BATCH_ITEMS_MAX || r->n_contents > o->n)
        return KAI_EMALFORMED;
    for (uint32_t i = 0; i < r->n_contents; i++) {
        uint8_t leaf[KAI_ID_BYTES];
        enum kai_err err = kai_content_read(&content, &c);

        if (err != KAI_OK)
            return err;
        kai_content_leaf(leaf, &content);
        err = kai_merkle_check(o->root, leaf, o->n, content.index, &content.path);
        if (!KAI_CHECK(RESHARE_LEAF, err == KAI_OK))
            return err;
    }
    return KAI_OK;
}

/* All leaves of an item whose contents have no paths, and the content wanted. */
static enum kai_err leaves_read(uint8_t (*leaves)[KAI_ID_BYTES], struct kai_content *wanted,
                                uint64_t index, struct kai_cur *c, uint32_t n)
{
    struct kai_content content;

    for (uint32_t i = 0; i < n; i++) {
        enum kai_err err = kai_content_read(&content, c);

        if (err != KAI_OK)
            return err;
        if (content.has_path || content.index != i)
            return KAI_EMALFORMED;
        if (i == index)
            *wanted = content;
        kai_content_leaf(leaves[i], &content);
    }
    return KAI_OK;
}

enum kai_err kai_obj_item_content(struct kai_content *out, struct kai_view item, uint64_t index)
{
    uint8_t leaves[KAI_BATCH_ITEMS_MAX][KAI_ID_BYTES];
    struct kai_view obj;
    struct kai_view sig;
    struct kai_cur c;
    uint32_t n;
    enum kai_err err = kai_obj_item_parse(&obj, &sig, &c, &n, item);

    if (err != KAI_OK)
        return err;
    struct kai_cur ahead = c;
    for (uint32_t i = 0; i < n; i++) {
        err = kai_content_read(out, &ahead);
        if (err != KAI_OK)
            return err;
        if (!out->has_path)
            break;
        if (out->index == index)
            return KAI_OK;
    }
    if (out->has_path || index >= n)
        return KAI_ENOTFOUND;
    err = leaves_read(leaves, out, index, &c, n);
    if (err == KAI_OK)
        err = kai_merkle_path(&out->path, (const uint8_t(*)[KAI_ID_BYTES])leaves, n, index);
    out->has_path = err == KAI_OK;
    return err;
}

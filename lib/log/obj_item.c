/* obj_item: an OBJ with its signature and contents, and parts of contents too big for an entry. */
#include <string.h>

#include "log/body.h"
#include "log/obj_item_priv.h"
#include "wire/put.h"

#define ITEM_FIELDS    4u
#define CONTENT_FIELDS 5u
#define PART_FIELDS    3u

void kai_content_write(struct kai_buf *out, const struct kai_content *c)
{
    kai_put_array(out, CONTENT_FIELDS);
    kai_put_uint(out, c->index);
    kai_put_uint(out, c->kind);
    kai_put_view(out, c->content);
    kai_put_bin(out, c->salt, sizeof c->salt);
    if (!c->has_path) {
        kai_put_nil(out);
        return;
    }
    kai_put_array(out, (uint32_t)c->path.n);
    for (size_t i = 0; i < c->path.n; i++)
        kai_put_bin(out, c->path.hash[i], KAI_ID_BYTES);
}

void kai_obj_item_begin(struct kai_buf *out, struct kai_view obj,
                        const uint8_t sig[static KAI_SIG_BYTES], uint32_t n)
{
    kai_put_array(out, ITEM_FIELDS);
    kai_put_uint(out, KAI_ITEM_OBJ);
    kai_put_view(out, obj);
    kai_put_bin(out, sig, KAI_SIG_BYTES);
    kai_put_array(out, n);
}

void kai_obj_item_write(struct kai_buf *out, struct kai_view obj,
                        const uint8_t sig[static KAI_SIG_BYTES], const struct kai_content *c,
                        uint32_t n)
{
    kai_obj_item_begin(out, obj, sig, n);
    for (uint32_t i = 0; i < n; i++)
        kai_content_write(out, &c[i]);
}

enum kai_err kai_content_read(struct kai_content *out, struct kai_cur *c)
{
    *out = (struct kai_content){0};
    kai_cur_tuple(c, CONTENT_FIELDS);
    out->index = kai_cur_uint(c, KAI_BATCH_ITEMS_MAX - 1);
    out->kind = kai_cur_uint(c, INT64_MAX);
    out->content = kai_cur_bin(c, KAI_BODY_BYTES_MAX);
    kai_cur_copy(c, out->salt, sizeof out->salt);
    out->has_path = !kai_cur_nil(c);
    if (out->has_path) {
        out->path.n = kai_cur_array(c, KAI_MERKLE_PATH_MAX);
        for (size_t i = 0; i < out->path.n; i++)
            kai_cur_copy(c, out->path.hash[i], KAI_ID_BYTES);
    }
    return c->err;
}

enum kai_err kai_obj_item_parse(struct kai_view *obj, struct kai_view *sig,
                                struct kai_cur *contents, uint32_t *n_contents,
                                struct kai_view item)
{
    struct kai_cur c;
    struct kai_content content;

    kai_cur_init(&c, item.p, item.n);
    kai_cur_tuple(&c, ITEM_FIELDS);
    if (kai_cur_uint(&c, INT64_MAX) != KAI_ITEM_OBJ)
        kai_cur_fail(&c, KAI_EMALFORMED);
    *obj = kai_cur_bin(&c, KAI_PAYLOAD_BYTES_MAX);
    *sig = kai_cur_bin(&c, KAI_SIG_BYTES);
    if (sig->n != KAI_SIG_BYTES)
        kai_cur_fail(&c, KAI_EMALFORMED);
    uint32_t n = kai_cur_array(&c, KAI_BATCH_ITEMS_MAX);
    if (n == 0)
        kai_cur_fail(&c, KAI_EMALFORMED);
    *contents = c;
    *n_contents = n;
    enum kai_err err = c.err;
    for (uint32_t i = 0; i < n && err == KAI_OK; i++)
        err = kai_content_read(&content, &c);
    err = kai_cur_end(&c);
    if (err != KAI_OK) {
        *contents = c; /* Fails whatever is read from it. */
        *n_contents = 0;
    }
    return err;
}

/* Content i of the item, its id kept where it is wanted. */
static void leaf_of(uint8_t leaf[static KAI_ID_BYTES], const struct kai_content *c,
                    uint8_t (*ids)[KAI_ID_BYTES], size_t i)
{
    uint8_t id[KAI_ID_BYTES];

    kai_item_id(id, c->kind, c->content);
    kai_item_leaf(leaf, c->salt, id);
    if (ids != NULL)
        memcpy(ids[i], id, sizeof id);
}

void kai_content_leaf(uint8_t leaf[static KAI_ID_BYTES], const struct kai_content *c)
{
    leaf_of(leaf, c, NULL, 0);
}

/* All contents are there, so the root says it in one go. */
static enum kai_err check_all(struct kai_cur *c, const struct kai_obj *o,
                              uint8_t (*ids)[KAI_ID_BYTES])
{
    uint8_t leaves[KAI_BATCH_ITEMS_MAX][KAI_ID_BYTES];
    uint8_t root[KAI_ID_BYTES];
    struct kai_content content;

    for (size_t i = 0; i < o->n; i++) {
        enum kai_err err = kai_content_read(&content, c);

        if (err != KAI_OK)
            return err;
        if (content.has_path || content.index != i)
            return KAI_EMALFORMED;
        leaf_of(leaves[i], &content, ids, i);
    }
    kai_merkle_root(root, leaves, o->n);
    return memcmp(root, o->root, sizeof root) == 0 ? KAI_OK : KAI_EAUTH;
}

static enum kai_err check_each(struct kai_cur *c, uint32_t n, const struct kai_obj *o,
                               uint8_t (*ids)[KAI_ID_BYTES])
{
    uint8_t leaf[KAI_ID_BYTES];
    struct kai_content content;
    uint64_t next = 0;

    for (uint32_t i = 0; i < n; i++) {
        enum kai_err err = kai_content_read(&content, c);

        if (err != KAI_OK)
            return err;
        if (!content.has_path || content.index < next)
            return KAI_EMALFORMED;
        next = content.index + 1;
        leaf_of(leaf, &content, ids, i);
        err = kai_merkle_check(o->root, leaf, o->n, content.index, &content.path);
        if (err != KAI_OK)
            return err;
    }
    return KAI_OK;
}

enum kai_err kai_obj_item_check(struct kai_view item, const struct kai_obj *o,
                                uint8_t (*ids)[KAI_ID_BYTES])
{
    struct kai_view obj;
    struct kai_view sig;
    struct kai_cur c;
    struct kai_content first;
    uint32_t n;
    enum kai_err err = kai_obj_item_parse(&obj, &sig, &c, &n, item);

    if (err != KAI_OK)
        return err;
    if (o->n == 0 || o->n > KAI_BATCH_ITEMS_MAX || n > o->n)
        return KAI_EMALFORMED;
    struct kai_cur ahead = c;
    err = kai_content_read(&first, &ahead);
    if (err != KAI_OK)
        return err;
    if (first.has_path)
        return check_each(&c, n, o, ids);
    return n == o->n ? check_all(&c, o, ids) : KAI_EMALFORMED;
}

void kai_part_write(struct kai_buf *out, const struct kai_part *p)
{
    kai_put_array(out, PART_FIELDS);
    kai_put_uint(out, p->total);
    kai_put_uint(out, p->offset);
    kai_put_view(out, p->bytes);
}

enum kai_err kai_part_parse(struct kai_part *p, struct kai_view content)
{
    struct kai_cur c;

    *p = (struct kai_part){0};
    kai_cur_init(&c, content.p, content.n);
    kai_cur_tuple(&c, PART_FIELDS);
    p->total = kai_cur_uint(&c, KAI_STIX_BYTES_MAX);
    p->offset = kai_cur_uint(&c, KAI_STIX_BYTES_MAX);
    p->bytes = kai_cur_bin(&c, KAI_PART_BYTES);
    if (kai_cur_ok(&c)) {
        uint64_t left = p->offset < p->total ? p->total - p->offset : 0;

        if (left == 0 || p->offset % KAI_PART_BYTES != 0 ||
            p->bytes.n != (left < KAI_PART_BYTES ? left : KAI_PART_BYTES))
            kai_cur_fail(&c, KAI_EMALFORMED);
    }
    return kai_cur_end(&c);
}

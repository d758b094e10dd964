/* hold_items: which contents wait for a key, so that nothing is accepted twice. */
#include <stdlib.h>
#include <string.h>

#include "log/body.h"
#include "node/hold.h"

static int id_cmp(const void *a, const void *b)
{
    const struct kai_hold_item *x = a;
    const struct kai_hold_item *y = b;

    return memcmp(x->id, y->id, KAI_ID_BYTES);
}

static enum kai_err add(struct kai_hold_items *l, uint64_t kind, struct kai_view content,
                        uint8_t tlp)
{
    if (l->n == l->cap) {
        size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
        struct kai_hold_item *grown = realloc(l->items, cap * sizeof *grown);

        if (grown == NULL)
            return KAI_ENOMEM;
        l->items = grown;
        l->cap = cap;
    }
    kai_item_id(l->items[l->n].id, kind, content);
    l->items[l->n++].tlp = tlp;
    return KAI_OK;
}

/* The parts of an object stand one after the other: known when the last has come. */
static enum kai_err add_part(struct kai_hold_items *l, struct kai_view content, uint8_t tlp)
{
    struct kai_part p;

    if (kai_part_parse(&p, content) != KAI_OK)
        return KAI_ECORRUPT;
    if (p.offset == 0)
        kai_buf_clear(&l->whole);
    kai_buf_add(&l->whole, p.bytes.p, p.bytes.n);
    if (l->whole.err != KAI_OK)
        return l->whole.err;
    return l->whole.len == p.total ? add(l, KAI_CONTENT_STIX, kai_buf_view(&l->whole), tlp)
                                   : KAI_OK;
}

static enum kai_err on_item(void *ctx, uint64_t type, struct kai_view item)
{
    struct kai_hold_items *l = ctx;
    struct kai_view obj;
    struct kai_view sig;
    struct kai_cur at;
    struct kai_obj o;
    uint32_t n;

    if (type != KAI_ITEM_OBJ)
        return KAI_OK;
    enum kai_err err = kai_obj_item_parse(&obj, &sig, &at, &n, item);
    if (err == KAI_OK)
        err = kai_obj_parse(&o, obj);
    for (uint32_t i = 0; i < n && err == KAI_OK; i++) {
        struct kai_content c;

        err = kai_content_read(&c, &at);
        if (err == KAI_OK)
            err = c.kind == KAI_CONTENT_PART ? add_part(l, c.content, o.tlp)
                                             : add(l, c.kind, c.content, o.tlp);
    }
    return err == KAI_OK || err == KAI_ENOMEM ? err : KAI_ECORRUPT;
}

static enum kai_err on_body(void *ctx, uint64_t seq, size_t row_bytes, struct kai_view body)
{
    (void)seq;
    (void)row_bytes;
    return kai_body_walk(body, on_item, ctx);
}

enum kai_err kai_hold_items(struct kai_core *c, const struct kai_hold *h,
                            struct kai_hold_items *out)
{
    *out = (struct kai_hold_items){0};
    kai_buf_init(&out->whole, KAI_STIX_BYTES_MAX);
    enum kai_err err = kai_hold_each(c, h, on_body, out);
    if (err == KAI_OK && out->n > 0)
        qsort(out->items, out->n, sizeof *out->items, id_cmp);
    return err;
}

bool kai_hold_items_have(const struct kai_hold_items *l, const uint8_t id[static KAI_ID_BYTES],
                         uint8_t tlp)
{
    struct kai_hold_item key;
    size_t lo = 0;
    size_t hi = l->n;

    memcpy(key.id, id, KAI_ID_BYTES);
    while (lo < hi) { /* The first that is not less: one item may wait under several labels. */
        size_t mid = lo + (hi - lo) / 2;

        if (id_cmp(&l->items[mid], &key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < l->n && id_cmp(&l->items[lo], &key) == 0; lo++)
        if (l->items[lo].tlp <= tlp)
            return true;
    return false;
}

void kai_hold_items_free(struct kai_hold_items *l)
{
    free(l->items);
    kai_buf_free(&l->whole);
    *l = (struct kai_hold_items){0};
}

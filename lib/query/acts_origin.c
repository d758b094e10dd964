/* acts_origin: releases and recalls of sources, and receipts of holders. */
#include <string.h>

#include "policy/policy.h"
#include "query/acts_priv.h"

#define NUMBER_BYTES 2u

static struct pack key_of(enum act_letter letter, const uint8_t *obj_hash, const uint8_t *origin)
{
    struct pack key = kai_pack_key(letter);

    kai_pack_bytes(&key, obj_hash, KAI_ID_BYTES);
    if (origin != NULL)
        kai_pack_bytes(&key, origin, KAI_ID_BYTES);
    return key;
}

/* place, seen, whether withdrawn (1), indexes (2, 2 each), item */
struct held_act {
    struct kai_ix_act a;
    bool withdrawn;
    struct kai_view indexes;
    struct kai_view item;
};

static bool read_act(struct unpack *val, struct held_act *out)
{
    uint8_t head[3];
    size_t n;

    kai_unpack_place(val, &out->a.at);
    out->a.seen_ms = kai_unpack_u64(val);
    kai_unpack_bytes(val, head, sizeof head);
    n = 2u * ((size_t)head[1] << 8 | head[2]);
    if (val->bad || val->rest.n < n)
        return false;
    out->withdrawn = head[0] != 0;
    out->indexes = kai_view_of(val->rest.p, n);
    out->item = kai_view_of(val->rest.p + n, val->rest.n - n);
    return true;
}

static bool names(const struct held_act *h, uint64_t index)
{
    for (size_t i = 0; i < h->indexes.n; i += 2) {
        if (((uint64_t)h->indexes.p[i] << 8 | h->indexes.p[i + 1]) == index)
            return true;
    }
    return h->indexes.n == 0;
}

struct same {
    struct kai_view item;
    uint16_t n;
    bool found;
};

static bool is_same(void *ctx, struct unpack key, struct unpack val)
{
    struct same *s = ctx;
    struct held_act h;

    (void)key;
    s->n++;
    s->found = s->found || (read_act(&val, &h) && kai_view_eq(h.item, s->item));
    return !s->found;
}

static enum kai_err add(struct kai_ix *t, enum act_letter letter, const struct held_act *h)
{
    struct pack key = key_of(letter, h->a.obj_hash, h->a.origin);
    struct pack head = {.n = 0};
    struct same s = {.item = h->item};
    uint8_t bytes[3] = {h->withdrawn ? 1 : 0, (uint8_t)(h->indexes.n / 2 >> 8),
                        (uint8_t)(h->indexes.n / 2)};
    uint8_t tail[2u * KAI_BATCH_ITEMS_MAX + KAI_IX_ACT_BYTES_MAX];

    if (t->err != KAI_OK)
        return t->err;
    t->err = kai_acts_walk(&t->self, &key, NULL, is_same, &s);
    if (t->err != KAI_OK)
        return t->err;
    if (s.found)
        return KAI_EEXIST;
    if (s.n >= KAI_RELEASES_PER_OBJ_MAX || h->indexes.n > 2u * KAI_BATCH_ITEMS_MAX ||
        h->item.n > KAI_IX_ACT_BYTES_MAX)
        return KAI_ELIMIT;
    kai_pack_bytes(&key, (const uint8_t[NUMBER_BYTES]){(uint8_t)(s.n >> 8), (uint8_t)s.n},
                   NUMBER_BYTES);
    kai_pack_place(&head, &h->a.at);
    kai_pack_u64(&head, h->a.seen_ms);
    kai_pack_bytes(&head, bytes, sizeof bytes);
    if (h->indexes.n > 0)
        memcpy(tail, h->indexes.p, h->indexes.n);
    memcpy(tail + h->indexes.n, h->item.p, h->item.n);
    return kai_acts_put(t, &key, &head, kai_view_of(tail, h->indexes.n + h->item.n));
}

enum kai_err kai_ix_release(struct kai_ix *t, const struct kai_ix_act *a, struct kai_view item)
{
    struct held_act h = {.a = *a, .item = item};

    return add(t, ACT_RELEASE, &h);
}

/* Only the source recalls: every receiver asks for itself. */
static bool may_recall(const struct kai_ix_act *a, const struct kai_row *row)
{
    struct kai_policy_origin_act f = {.what = KAI_POLICY_RECALL,
                                      .tlp = row->tlp,
                                      .of_origin =
                                          memcmp(a->origin, row->origin, KAI_ID_BYTES) == 0,
                                      .may_publish = true};

    return kai_policy_origin_act(&f) == NULL;
}

struct recall {
    struct kai_ix *t;
    const struct held_act *h;
};

static bool recall_row(void *ctx, const struct kai_row *row)
{
    struct recall *r = ctx;
    struct marks marks = {.withdrawn = r->h->withdrawn ? UINT8_MAX : 0};

    if (names(r->h, row->obj_index) && may_recall(&r->h->a, row))
        (void)kai_ix_mark_row(r->t, row->no, row->origin, r->h->withdrawn ? 0 : KAI_ROW_RECALLED,
                              marks);
    return r->t->err == KAI_OK;
}

enum kai_err kai_ix_recall(struct kai_ix *t, const struct kai_ix_act *a, struct kai_view item,
                           const uint16_t *indexes, size_t n, bool withdrawn)
{
    uint8_t bytes[2u * KAI_BATCH_ITEMS_MAX];
    struct held_act h = {.a = *a, .item = item, .withdrawn = withdrawn};
    struct recall r = {.t = t, .h = &h};
    enum kai_err err;

    if (n > KAI_BATCH_ITEMS_MAX)
        return KAI_ELIMIT;
    for (size_t i = 0; i < n; i++) {
        bytes[2 * i] = (uint8_t)(indexes[i] >> 8);
        bytes[2 * i + 1] = (uint8_t)indexes[i];
    }
    h.indexes = kai_view_of(bytes, 2 * n);
    err = add(t, ACT_RECALL, &h);
    if (err != KAI_OK)
        return err;
    t->has_unrecalled = false;
    if (kai_ix_reads(t) == NULL)
        return t->err;
    err = kai_ixsnap_obj(&t->self, a->obj_hash, recall_row, &r);
    if (t->err == KAI_OK)
        t->err = err;
    return t->err;
}

struct recalled {
    const struct kai_row *row;
    uint8_t flags;
    bool any;
};

static bool on_recall(void *ctx, struct unpack key, struct unpack val)
{
    struct recalled *r = ctx;
    struct held_act h;

    kai_unpack_bytes(&key, h.a.origin, KAI_ID_BYTES);
    r->any = true;
    if (!key.bad && read_act(&val, &h) && names(&h, r->row->obj_index) && may_recall(&h.a, r->row))
        r->flags |= h.withdrawn ? KAI_ROW_WITHDRAWN : KAI_ROW_RECALLED;
    return true;
}

uint8_t kai_ix_recalled(struct kai_ix *t, const struct kai_row *row)
{
    struct recalled r = {.row = row};
    struct pack key;

    if (t->has_unrecalled && memcmp(t->unrecalled, row->obj_hash, KAI_ID_BYTES) == 0)
        return 0; /* Rows of one OBJ follow each other. */
    key = key_of(ACT_RECALL, row->obj_hash, NULL);
    t->err = kai_acts_walk(&t->self, &key, NULL, on_recall, &r);
    t->has_unrecalled = !r.any;
    memcpy(t->unrecalled, row->obj_hash, KAI_ID_BYTES);
    return r.flags;
}

struct acts {
    const uint8_t *obj_hash;
    const uint8_t *origin;
    kai_ix_act_fn *f;
    void *ctx;
    bool corrupt;
};

static bool hand_act(void *ctx, struct unpack key, struct unpack val)
{
    struct acts *s = ctx;
    struct held_act h;

    memcpy(h.a.obj_hash, s->obj_hash, KAI_ID_BYTES);
    if (s->origin != NULL)
        memcpy(h.a.origin, s->origin, KAI_ID_BYTES);
    else
        kai_unpack_bytes(&key, h.a.origin, KAI_ID_BYTES);
    s->corrupt = key.bad || !read_act(&val, &h);
    return !s->corrupt && s->f(s->ctx, &h.a, h.item);
}

static enum kai_err hand_acts(struct kai_ixsnap *r, enum act_letter letter, struct acts *s)
{
    struct pack key = key_of(letter, s->obj_hash, s->origin);
    enum kai_err err = KAI_OK;

    if (kai_acts_sees_obj(r, s->obj_hash))
        err = kai_acts_walk(r, &key, NULL, hand_act, s);
    return s->corrupt ? KAI_ECORRUPT : err;
}

enum kai_err kai_ixsnap_releases(struct kai_ixsnap *r, const uint8_t obj_hash[static KAI_ID_BYTES],
                                 const uint8_t *origin, kai_ix_act_fn *f, void *ctx)
{
    struct acts s = {.obj_hash = obj_hash, .origin = origin, .f = f, .ctx = ctx};

    return hand_acts(r, ACT_RELEASE, &s);
}

enum kai_err kai_ixsnap_recalls(struct kai_ixsnap *r, const uint8_t obj_hash[static KAI_ID_BYTES],
                                const uint8_t *origin, kai_ix_act_fn *f, void *ctx)
{
    struct acts s = {.obj_hash = obj_hash, .origin = origin, .f = f, .ctx = ctx};

    return hand_acts(r, ACT_RECALL, &s);
}

/* ---- Receipts. */
static void read_receipt(struct unpack *val, struct kai_ix_receipt *out)
{
    kai_unpack_bytes(val, out->holder, KAI_ID_BYTES);
    out->held = kai_unpack_u64(val);
    out->read = kai_unpack_u64(val);
    out->acted = kai_unpack_u64(val);
    out->to_ms = kai_unpack_u64(val);
    out->first_ms = kai_unpack_u64(val);
    out->last_ms = kai_unpack_u64(val);
}

enum kai_err kai_ix_receipt(struct kai_ix *t, const struct kai_ix_receipt *receipt)
{
    struct pack key = key_of(ACT_RECEIPT, receipt->obj_hash, receipt->node);
    struct pack head = {.n = 0};
    struct kai_view none = {0};
    struct kai_ix_receipt old;
    struct unpack val;
    uint64_t first_ms = receipt->last_ms;

    if (t->err != KAI_OK)
        return t->err;
    if (kai_acts_get(&t->self, &key, &val) == KAI_OK) {
        read_receipt(&val, &old);
        if (!val.bad && old.to_ms >= receipt->to_ms)
            return KAI_OK;
        first_ms = old.first_ms;
    }
    kai_pack_bytes(&head, receipt->holder, KAI_ID_BYTES);
    kai_pack_u64(&head, receipt->held);
    kai_pack_u64(&head, receipt->read);
    kai_pack_u64(&head, receipt->acted);
    kai_pack_u64(&head, receipt->to_ms);
    kai_pack_u64(&head, first_ms);
    kai_pack_u64(&head, receipt->last_ms);
    return kai_acts_put(t, &key, &head, none);
}

struct receipts {
    const uint8_t *obj_hash;
    kai_ix_receipt_fn *f;
    void *ctx;
    bool corrupt;
};

static bool hand_receipt(void *ctx, struct unpack key, struct unpack val)
{
    struct receipts *s = ctx;
    struct kai_ix_receipt receipt;

    memcpy(receipt.obj_hash, s->obj_hash, KAI_ID_BYTES);
    kai_unpack_bytes(&key, receipt.node, KAI_ID_BYTES);
    read_receipt(&val, &receipt);
    s->corrupt = key.bad || val.bad;
    return !s->corrupt && s->f(s->ctx, &receipt);
}

enum kai_err kai_ixsnap_receipts(struct kai_ixsnap *r, const uint8_t obj_hash[static KAI_ID_BYTES],
                                 kai_ix_receipt_fn *f, void *ctx)
{
    struct pack key = key_of(ACT_RECEIPT, obj_hash, NULL);
    struct receipts s = {.obj_hash = obj_hash, .f = f, .ctx = ctx};
    enum kai_err err = KAI_OK;

    if (kai_acts_sees_obj(r, obj_hash))
        err = kai_acts_walk(r, &key, NULL, hand_receipt, &s);
    return s.corrupt ? KAI_ECORRUPT : err;
}

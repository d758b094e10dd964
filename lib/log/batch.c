/* batch: gathers contents and cuts them into entries that are as full as they can be.
 *
 * How much of the open batch fits a payload is known only after compressing it. So the ratio of
 * the last attempt says when to try; an attempt that turns out too big is cut shorter, and what
 * is left over opens the next batch. */
#include "log/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "log/append_priv.h"
#include "log/obj_item_priv.h"
#include "log/payload_priv.h"

#define TRY_BYTES       57000u /* Estimated pt' at which to try: one Padme step under the most. */
#define FULL_BYTES      54000u /* An attempt of this size is taken, a smaller one waits for more. */
#define GUESSES_MAX     6u     /* By ratio; after that by halves, which always ends. */
#define RATIO_RAW_MIN   32768u /* Fewer bytes say nothing about the ratio: fixed costs. */
#define FRAME_BYTES_MAX 96u    /* Body and item round OBJ and contents: heads, SIG, n growing. */
#define CONTENT_TAIL    19u    /* Salt and nil behind a content. */
#define CONTENT_FRAME   (CONTENT_TAIL + 1u + 3u + 9u + 5u) /* Index, kind and head of the bin. */
#define PARTS_MAX       ((KAI_STIX_BYTES_MAX + KAI_PART_BYTES - 1) / KAI_PART_BYTES)
#define PART_FRAME      16u /* Head, total, offset and head of the bin. */

struct slot {
    uint64_t kind;
    size_t content_at; /* In items. */
    size_t content_n;
    size_t end; /* Of the whole encoded content in items. */
    uint8_t id[KAI_ID_BYTES];
};

struct kai_batch {
    struct kai_log_writer *w;
    struct kai_batch_options opt;
    struct kai_packer *packer;
    enum kai_err err; /* Of the call that killed it. */

    /* The open batch. */
    uint8_t secret[KAI_KEY_BYTES]; /* Its salts come from here. */
    struct kai_buf items;          /* Contents, encoded. */
    size_t n;
    struct slot slot[KAI_BATCH_ITEMS_MAX];
    uint8_t leaf[KAI_BATCH_ITEMS_MAX][KAI_ID_BYTES];
    size_t packed_n; /* The first so many are signed and stand packed; 0: it is not known of any. */

    uint64_t ratio_packed; /* The last attempt's pt', */
    uint64_t ratio_raw;    /* and the bytes of contents in it. */

    struct kai_buf spare; /* items of the batch before, while the rest is carried over. */
    struct kai_buf part;
    struct kai_buf obj;
    struct kai_buf body;
    struct kai_buf entry;
};

static void open_next(struct kai_batch *b)
{
    kai_buf_clear(&b->items);
    b->n = 0;
    b->packed_n = 0;
    b->opt.random(b->opt.random_ctx, b->secret, sizeof b->secret);
}

enum kai_err kai_batch_new(struct kai_batch **out, struct kai_log_writer *w,
                           const struct kai_batch_options *opt)
{
    assert(opt->items_max >= 1 && opt->items_max <= KAI_BATCH_ITEMS_MAX);
    *out = NULL;
    struct kai_batch *b = calloc(1, sizeof *b);
    if (b == NULL)
        return KAI_ENOMEM;
    b->w = w;
    b->opt = *opt;
    b->opt.obj.created = opt->now_ms;
    b->opt.obj.n = KAI_BATCH_ITEMS_MAX;
    b->ratio_packed =
        1; /* A guess until something has been compressed: real STIX gives 1/5 or less. */
    b->ratio_raw = 4;
    kai_buf_init(&b->obj, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&b->body, KAI_BODY_BYTES_MAX);
    kai_buf_init(&b->part, KAI_PART_BYTES + PART_FRAME);
    kai_buf_init(&b->entry, KAI_PAYLOAD_BYTES_MAX + KAI_HDR_BYTES_MAX + KAI_SIG_BYTES);
    kai_obj_write(&b->obj, &b->opt.obj);
    enum kai_err err = b->obj.err;
    if (err == KAI_OK)
        err = kai_packer_new(&b->packer);
    if (err != KAI_OK) {
        kai_batch_free(b);
        return err;
    }
    size_t items_max = KAI_BODY_BYTES_MAX - FRAME_BYTES_MAX - b->obj.len;
    kai_buf_init(&b->items, items_max);
    kai_buf_init(&b->spare, items_max);
    open_next(b);
    *out = b;
    return KAI_OK;
}

void kai_batch_free(struct kai_batch *b)
{
    if (b == NULL)
        return;
    kai_packer_free(b->packer);
    kai_buf_free(&b->items);
    kai_buf_free(&b->spare);
    kai_buf_free(&b->part);
    kai_buf_free(&b->obj);
    kai_buf_free(&b->body);
    kai_buf_free(&b->entry);
    sodium_memzero(b->secret, sizeof b->secret);
    free(b);
}

static void salt_of(uint8_t salt[static 16], const uint8_t secret[static KAI_KEY_BYTES],
                    size_t index)
{
    uint8_t be[8];

    kai_put_u64(be, index);
    kai_kdf(salt, 16, KAI_D_SALT, secret, be, sizeof be);
}

/* Put a content at the end of the open batch. */
static enum kai_err put(struct kai_batch *b, uint64_t kind, struct kai_view content,
                        const uint8_t id[static KAI_ID_BYTES])
{
    struct kai_content c = {.index = b->n, .kind = kind, .content = content};
    struct slot *s = &b->slot[b->n];

    assert(b->n < KAI_BATCH_ITEMS_MAX);
    salt_of(c.salt, b->secret, b->n);
    kai_item_leaf(b->leaf[b->n], c.salt, id);
    kai_content_write(&b->items, &c);
    if (b->items.err != KAI_OK)
        return b->items.err;
    s->kind = kind;
    s->content_n = content.n;
    s->end = b->items.len;
    s->content_at = s->end - CONTENT_TAIL - content.n;
    memcpy(s->id, id, sizeof s->id);
    b->n++;
    return KAI_OK;
}

/* Begin the next batch with what stands behind the first k contents. */
static enum kai_err carry(struct kai_batch *b, size_t k)
{
    size_t n = b->n;
    struct kai_buf old = b->items;

    b->items = b->spare;
    b->spare = old;
    open_next(b);
    for (size_t i = k; i < n; i++) {
        struct slot s = b->slot[i]; /* put() writes at or before it. */
        struct kai_view content = kai_view_of(b->spare.p + s.content_at, s.content_n);
        enum kai_err err = put(b, s.kind, content, s.id);

        if (err != KAI_OK)
            return err;
    }
    return KAI_OK;
}

/* OBJ over these leaves, and its signature. Overwrites leaves. */
static enum kai_err obj_sign(struct kai_batch *b, uint8_t sig[static KAI_SIG_BYTES],
                             uint8_t (*leaves)[KAI_ID_BYTES], size_t n)
{
    struct kai_obj o = b->opt.obj;

    o.n = n;
    kai_merkle_root(o.root, leaves, n);
    kai_buf_clear(&b->obj);
    kai_obj_write(&b->obj, &o);
    if (b->obj.err != KAI_OK)
        return b->obj.err;
    kai_sign(sig, b->opt.node_sk, KAI_SIG_OBJ, b->w->nid, b->obj.p, b->obj.len);
    return KAI_OK;
}

/* Pack b->body; *fits says whether the result fits a payload. */
static enum kai_err pack(struct kai_batch *b, bool *fits)
{
    struct kai_buf *packed = &b->packer->packed;

    *fits = false;
    b->packed_n = 0;
    if (b->body.err != KAI_OK)
        return b->body.err;
    kai_buf_clear(packed);
    enum kai_err err = kai_pack(b->packer, packed, kai_buf_view(&b->body));
    *fits = err == KAI_OK && packed->len <= KAI_PACKED_BYTES_MAX;
    return err;
}

/* Make the packed body of the first k contents, unless it stands there: what follows a content
 * that had to be tried (put_whole()) asks for the same once more. */
static enum kai_err attempt(struct kai_batch *b, size_t k, bool *fits)
{
    uint8_t leaves[KAI_BATCH_ITEMS_MAX][KAI_ID_BYTES];
    uint8_t sig[KAI_SIG_BYTES];

    if (b->packed_n == k) {
        *fits = b->packer->packed.len <= KAI_PACKED_BYTES_MAX;
        return KAI_OK;
    }
    memcpy(leaves, b->leaf, k * sizeof leaves[0]);
    enum kai_err err = obj_sign(b, sig, leaves, k);
    if (err != KAI_OK)
        return err;
    kai_buf_clear(&b->body);
    kai_body_begin(&b->body, 1);
    kai_obj_item_begin(&b->body, kai_buf_view(&b->obj), sig, (uint32_t)k);
    kai_buf_add(&b->body, b->items.p, b->slot[k - 1].end);
    kai_body_end(&b->body);
    err = pack(b, fits);
    if (err == KAI_OK)
        b->packed_n = k;
    if (err == KAI_OK && b->slot[k - 1].end >= RATIO_RAW_MIN) {
        b->ratio_packed = b->packer->packed.len;
        b->ratio_raw = b->slot[k - 1].end;
    }
    return err;
}

/* How many contents will fit, by the ratio of the last attempt. */
static size_t guess(const struct kai_batch *b)
{
    uint64_t raw = TRY_BYTES * b->ratio_raw / b->ratio_packed;
    size_t k = 0;

    while (k < b->n && b->slot[k].end <= raw)
        k++;
    return k;
}

/* Find how many of the contents fit, 0 = not even the first, and leave these packed. */
static enum kai_err fit(struct kai_batch *b, size_t *k_out)
{
    size_t fitting = 0;
    size_t too_many = b->n + 1;
    size_t k = b->n;
    bool fits;

    for (unsigned tries = 1;; tries++) {
        enum kai_err err = attempt(b, k, &fits);

        if (err != KAI_OK)
            return err;
        if (fits)
            fitting = k;
        else
            too_many = k;
        if (too_many - fitting <= 1 || (fits && b->packer->packed.len >= FULL_BYTES))
            break;
        k = tries < GUESSES_MAX ? guess(b) : fitting + (too_many - fitting) / 2;
        if (k <= fitting)
            k = fitting + 1;
        if (k >= too_many)
            k = too_many - 1;
    }
    *k_out = fitting;
    return fits || fitting == 0 ? KAI_OK : attempt(b, fitting, &fits);
}

/* Append what is packed, and hand the entry out. */
static enum kai_err emit(struct kai_batch *b, size_t n_items)
{
    struct kai_entry e;
    enum kai_err err =
        kai_log_append_packed(b->w, &b->entry, &e, kai_buf_view(&b->packer->packed), b->opt.ttl_s,
                              b->opt.now_ms, b->opt.random, b->opt.random_ctx);

    if (err == KAI_OK)
        err = b->opt.emit(b->opt.emit_ctx, &e, n_items);
    if (err == KAI_OK && n_items > 0 && b->opt.signed_obj != NULL)
        b->opt.signed_obj(b->opt.emit_ctx, kai_buf_view(&b->obj));
    return err;
}

struct parts {
    struct kai_view content;
    size_t n;
    uint8_t secret[KAI_KEY_BYTES];
    uint8_t leaf[PARTS_MAX][KAI_ID_BYTES];
};

/* Part i as a content, whose bytes stand in b->part until the next call. */
static enum kai_err part_make(struct kai_batch *b, const struct parts *ps, size_t i,
                              struct kai_content *c)
{
    size_t offset = i * KAI_PART_BYTES;
    size_t left = ps->content.n - offset;
    struct kai_part part = {
        .total = ps->content.n,
        .offset = offset,
        .bytes = kai_view_of(ps->content.p + offset, left < KAI_PART_BYTES ? left : KAI_PART_BYTES),
    };

    *c = (struct kai_content){.index = i, .kind = KAI_CONTENT_PART};
    kai_buf_clear(&b->part);
    kai_part_write(&b->part, &part);
    c->content = kai_buf_view(&b->part);
    salt_of(c->salt, ps->secret, i);
    return b->part.err;
}

static enum kai_err part_emit(struct kai_batch *b, const struct parts *ps, size_t i,
                              const uint8_t sig[static KAI_SIG_BYTES])
{
    struct kai_content c;
    bool fits;
    enum kai_err err = part_make(b, ps, i, &c);

    if (err == KAI_OK)
        err = kai_merkle_path(&c.path, (const uint8_t(*)[KAI_ID_BYTES])ps->leaf, ps->n, i);
    if (err != KAI_OK)
        return err;
    c.has_path = true;
    kai_buf_clear(&b->body);
    kai_body_begin(&b->body, 1);
    kai_obj_item_write(&b->body, kai_buf_view(&b->obj), sig, &c, 1);
    kai_body_end(&b->body);
    err = pack(b, &fits);
    if (err == KAI_OK && !fits)
        err = KAI_ELIMIT; /* OBJ itself is too big: a seal for very many persons. */
    return err == KAI_OK ? emit(b, i + 1 == ps->n) : err;
}

/* A content too big for one payload: an OBJ of its own, an entry for each part. */
static enum kai_err parts_emit(struct kai_batch *b, struct kai_view content)
{
    struct parts ps = {.content = content, .n = (content.n + KAI_PART_BYTES - 1) / KAI_PART_BYTES};
    uint8_t leaves[PARTS_MAX][KAI_ID_BYTES];
    uint8_t sig[KAI_SIG_BYTES];
    uint8_t id[KAI_ID_BYTES];
    struct kai_content c;
    enum kai_err err = KAI_OK;

    assert(ps.n >= 1 && ps.n <= PARTS_MAX);
    b->opt.random(b->opt.random_ctx, ps.secret, sizeof ps.secret);
    for (size_t i = 0; i < ps.n && err == KAI_OK; i++) {
        err = part_make(b, &ps, i, &c);
        if (err == KAI_OK) {
            kai_item_id(id, c.kind, c.content);
            kai_item_leaf(ps.leaf[i], c.salt, id);
        }
    }
    if (err == KAI_OK) {
        memcpy(leaves, ps.leaf, ps.n * sizeof leaves[0]);
        err = obj_sign(b, sig, leaves, ps.n);
    }
    for (size_t i = 0; i < ps.n && err == KAI_OK; i++)
        err = part_emit(b, &ps, i, sig);
    sodium_memzero(ps.secret, sizeof ps.secret);
    return err;
}

/* Hand out what is full, or all of it. */
static enum kai_err settle(struct kai_batch *b, bool all)
{
    while (b->n > 0 && (all || b->n >= b->opt.items_max || guess(b) < b->n)) {
        size_t k;
        enum kai_err err = fit(b, &k);

        if (err != KAI_OK)
            return err;
        if (k == b->n && !all && k < b->opt.items_max && b->packer->packed.len < FULL_BYTES)
            return KAI_OK;
        if (k > 0) {
            err = emit(b, k);
        } else {
            const struct slot *s = &b->slot[0];

            assert(s->kind == KAI_CONTENT_STIX); /* put_whole() saw to the others. */
            k = 1;
            err = parts_emit(b, kai_view_of(b->items.p + s->content_at, s->content_n));
        }
        if (err == KAI_OK)
            err = carry(b, k);
        if (err != KAI_OK)
            return err;
    }
    return KAI_OK;
}

/* A kind that has no parts must fit a payload alone: found out before it is taken. */
static enum kai_err put_whole(struct kai_batch *b, uint64_t kind, struct kai_view content,
                              const uint8_t id[static KAI_ID_BYTES], bool *taken)
{
    enum kai_err err = settle(b, true);

    if (err == KAI_OK)
        err = put(b, kind, content, id);
    if (err == KAI_OK)
        err = attempt(b, 1, taken);
    if (err == KAI_OK && !*taken)
        open_next(b);
    return err;
}

static enum kai_err add(struct kai_batch *b, uint64_t kind, struct kai_view content,
                        const uint8_t id[static KAI_ID_BYTES], bool *taken)
{
    bool has_parts = kind == KAI_CONTENT_STIX;
    bool too_big =
        content.n + CONTENT_FRAME > b->items.max; /* For one entry, however compressed. */
    enum kai_err err = KAI_OK;

    *taken = has_parts || !too_big;
    if (!*taken)
        return KAI_OK;
    if (too_big || content.n + CONTENT_FRAME > b->items.max - b->items.len)
        err = settle(b, true);
    if (err != KAI_OK)
        return err;
    if (too_big)
        return parts_emit(b, content);
    if (!has_parts && content.n + b->obj.len > KAI_PART_BYTES) /* A smaller one fits anyway. */
        err = put_whole(b, kind, content, id, taken);
    else
        err = put(b, kind, content, id);
    return err == KAI_OK ? settle(b, false) : err;
}

enum kai_err kai_batch_add_as(struct kai_batch *b, uint64_t kind, struct kai_view content,
                              const uint8_t id[static KAI_ID_BYTES])
{
    bool taken;

    if (b->err != KAI_OK)
        return b->err;
    if (content.n > KAI_STIX_BYTES_MAX)
        return KAI_ELIMIT;
    b->err = add(b, kind, content, id, &taken);
    return b->err == KAI_OK && !taken ? KAI_ELIMIT : b->err;
}

enum kai_err kai_batch_add(struct kai_batch *b, uint64_t kind, struct kai_view content)
{
    uint8_t id[KAI_ID_BYTES];

    if (content.n <= KAI_STIX_BYTES_MAX) /* Else it is refused, and not worth a hash. */
        kai_item_id(id, kind, content);
    return kai_batch_add_as(b, kind, content, id);
}

enum kai_err kai_batch_flush(struct kai_batch *b)
{
    if (b->err == KAI_OK)
        b->err = settle(b, true);
    return b->err;
}

/* ixparts: parts of objects that have not all come yet: bounded for each log. */
#include <string.h>

#include "query/index_priv.h"

#define KEY_BYTES  (8u + KAI_ID_BYTES + 8u)
#define HEAD_BYTES 24u
#define HELD_MAX   (2u * KAI_STIX_BYTES_MAX)

static void key_of(uint8_t out[static KEY_BYTES], uint64_t log_no, const uint8_t *obj_hash,
                   uint64_t index)
{
    kai_put_u64(out, log_no);
    memcpy(out + 8, obj_hash, KAI_ID_BYTES);
    kai_put_u64(out + 8 + KAI_ID_BYTES, index);
}

/* Walk the parts whose keys begin with prefix; f gets the cursor to look at or delete from. */
typedef bool walk_fn(void *ctx, MDB_cursor *c, struct kai_view key, struct kai_view val);

static enum kai_err walk(struct kai_ix *t, struct kai_view prefix, walk_fn *f, void *ctx)
{
    MDB_cursor *c = NULL;
    MDB_val key = ix_val(prefix.p, prefix.n);
    MDB_val val;
    int rc;

    if (t->err != KAI_OK)
        return t->err;
    t->err = kai_ix_err(mdb_cursor_open(t->txn, t->x->dbi[TABLE_PARTS], &c));
    if (t->err != KAI_OK)
        return t->err;
    for (rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
         rc == 0 && key.mv_size == KEY_BYTES && memcmp(key.mv_data, prefix.p, prefix.n) == 0;
         rc = mdb_cursor_get(c, &key, &val, MDB_NEXT)) {
        if (val.mv_size < HEAD_BYTES) {
            t->err = KAI_ECORRUPT;
            break;
        }
        if (!f(ctx, c, kai_view_of(key.mv_data, key.mv_size),
               kai_view_of(val.mv_data, val.mv_size)))
            break;
    }
    if (rc != 0 && rc != MDB_NOTFOUND)
        t->err = kai_ix_err(rc);
    mdb_cursor_close(c);
    return t->err;
}

struct held {
    const uint8_t *keep; /* The OBJ whose parts stay. */
    uint64_t bytes;
    uint64_t of_keep;
};

static bool count(void *ctx, MDB_cursor *c, struct kai_view key, struct kai_view val)
{
    struct held *h = ctx;

    (void)c;
    h->bytes += val.n - HEAD_BYTES;
    if (memcmp(key.p + 8, h->keep, KAI_ID_BYTES) == 0)
        h->of_keep += val.n - HEAD_BYTES;
    return true;
}

struct first {
    const uint8_t *not_of; /* NULL: any. */
    uint8_t key[KEY_BYTES];
    bool found;
};

static bool find_first(void *ctx, MDB_cursor *c, struct kai_view key, struct kai_view val)
{
    struct first *f = ctx;

    (void)c;
    (void)val;
    if (f->not_of != NULL && memcmp(key.p + 8, f->not_of, KAI_ID_BYTES) == 0)
        return true;
    memcpy(f->key, key.p, KEY_BYTES);
    f->found = true;
    return false;
}

/* Delete one by one, without a cursor: few they are, and cursors that delete have had bugs. */
static enum kai_err forget(struct kai_ix *t, struct kai_view prefix, const uint8_t *but)
{
    for (;;) {
        struct first f = {.not_of = but};
        MDB_val key = ix_val(f.key, sizeof f.key);

        if (walk(t, prefix, find_first, &f) != KAI_OK || !f.found)
            return t->err;
        t->err = kai_ix_err(mdb_del(t->txn, t->x->dbi[TABLE_PARTS], &key, NULL));
        if (t->err != KAI_OK)
            return t->err;
    }
}

enum kai_err kai_ix_part_add(struct kai_ix *t, const struct kai_ix_part *p, struct kai_view bytes)
{
    uint8_t key_bytes[KEY_BYTES];
    struct held held = {.keep = p->obj_hash};
    MDB_val key = ix_val(key_bytes, sizeof key_bytes);
    MDB_val val = {.mv_size = HEAD_BYTES + bytes.n};
    int rc;

    key_of(key_bytes, p->log_no, p->obj_hash, p->index);
    if (walk(t, kai_view_of(key_bytes, 8), count, &held) != KAI_OK)
        return t->err;
    if (held.of_keep + bytes.n > KAI_STIX_BYTES_MAX)
        return KAI_ELIMIT;
    if (held.bytes + bytes.n > HELD_MAX &&
        forget(t, kai_view_of(key_bytes, 8), p->obj_hash) != KAI_OK)
        return t->err;
    rc = mdb_put(t->txn, t->x->dbi[TABLE_PARTS], &key, &val, MDB_RESERVE | MDB_NOOVERWRITE);
    if (rc == MDB_KEYEXIST)
        return KAI_EEXIST;
    t->err = kai_ix_err(rc);
    if (rc == 0) {
        uint8_t *out = val.mv_data;

        kai_put_u64(out, p->seq);
        kai_put_u64(out + 8, p->item_ordinal);
        kai_put_u64(out + 16, p->content_ordinal);
        memcpy(out + HEAD_BYTES, bytes.p, bytes.n);
    }
    return t->err;
}

struct each {
    kai_ix_part_fn *f;
    void *ctx;
};

static bool hand_out(void *ctx, MDB_cursor *c, struct kai_view key, struct kai_view val)
{
    struct each *e = ctx;
    struct kai_ix_part p;

    (void)c;
    p.log_no = kai_get_u64(key.p);
    memcpy(p.obj_hash, key.p + 8, KAI_ID_BYTES);
    p.index = kai_get_u64(key.p + 8 + KAI_ID_BYTES);
    p.seq = kai_get_u64(val.p);
    p.item_ordinal = kai_get_u64(val.p + 8);
    p.content_ordinal = kai_get_u64(val.p + 16);
    return e->f(e->ctx, &p, kai_view_of(val.p + HEAD_BYTES, val.n - HEAD_BYTES));
}

enum kai_err kai_ix_parts(struct kai_ix *t, uint64_t log_no,
                          const uint8_t obj_hash[static KAI_ID_BYTES], kai_ix_part_fn *f, void *ctx)
{
    uint8_t key[KEY_BYTES];
    struct each e = {.f = f, .ctx = ctx};

    key_of(key, log_no, obj_hash, 0);
    return walk(t, kai_view_of(key, 8 + KAI_ID_BYTES), hand_out, &e);
}

enum kai_err kai_ix_parts_forget(struct kai_ix *t, uint64_t log_no,
                                 const uint8_t obj_hash[static KAI_ID_BYTES])
{
    uint8_t key[KEY_BYTES];

    key_of(key, log_no, obj_hash, 0);
    return forget(t, kai_view_of(key, 8 + KAI_ID_BYTES), NULL);
}

/* acts: puts, reads and counts in the table of what was said about batches. */
#include <string.h>

#include "query/acts_priv.h"

void kai_pack_bytes(struct pack *p, const void *bytes, size_t n)
{
    memcpy(p->bytes + p->n, bytes, n);
    p->n += n;
}

void kai_pack_u64(struct pack *p, uint64_t v)
{
    kai_put_u64(p->bytes + p->n, v);
    p->n += 8;
}

void kai_pack_place(struct pack *p, const struct kai_ix_place *at)
{
    kai_pack_u64(p, at->log_no);
    kai_pack_u64(p, at->seq);
    kai_pack_u64(p, at->item_ordinal);
}

struct pack kai_pack_key(enum act_letter letter)
{
    return (struct pack){.bytes = {(uint8_t)letter}, .n = 1};
}

void kai_unpack_bytes(struct unpack *u, void *bytes, size_t n)
{
    if (u->rest.n < n) {
        u->bad = true;
        memset(bytes, 0, n);
        return;
    }
    memcpy(bytes, u->rest.p, n);
    u->rest.p += n;
    u->rest.n -= n;
}

uint64_t kai_unpack_u64(struct unpack *u)
{
    uint8_t bytes[8];

    kai_unpack_bytes(u, bytes, sizeof bytes);
    return kai_get_u64(bytes);
}

void kai_unpack_place(struct unpack *u, struct kai_ix_place *at)
{
    at->log_no = kai_unpack_u64(u);
    at->seq = kai_unpack_u64(u);
    at->item_ordinal = kai_unpack_u64(u);
}

enum kai_err kai_acts_put(struct kai_ix *t, const struct pack *key, const struct pack *head,
                          struct kai_view tail)
{
    MDB_val k = ix_val(key->bytes, key->n);
    MDB_val val = {.mv_size = head->n + tail.n};

    if (t->err == KAI_OK)
        t->err = kai_ix_err(mdb_put(t->txn, t->x->dbi[TABLE_ACTS], &k, &val, MDB_RESERVE));
    if (t->err != KAI_OK)
        return t->err;
    if (head->n > 0)
        memcpy(val.mv_data, head->bytes, head->n);
    if (tail.n > 0)
        memcpy((uint8_t *)val.mv_data + head->n, tail.p, tail.n);
    return KAI_OK;
}

enum kai_err kai_acts_get(const struct kai_ixsnap *r, const struct pack *key, struct unpack *val)
{
    MDB_val k = ix_val(key->bytes, key->n);
    MDB_val v;
    enum kai_err err = kai_ix_err(mdb_get(r->txn, r->x->dbi[TABLE_ACTS], &k, &v));

    *val = (struct unpack){0};
    if (err == KAI_OK)
        val->rest = kai_view_of(v.mv_data, v.mv_size);
    return err;
}

enum kai_err kai_acts_del(struct kai_ix *t, const struct pack *key)
{
    MDB_val k = ix_val(key->bytes, key->n);
    enum kai_err err;

    if (t->err != KAI_OK)
        return t->err;
    err = kai_ix_err(mdb_del(t->txn, t->x->dbi[TABLE_ACTS], &k, NULL));
    t->err = err == KAI_ENOTFOUND ? KAI_OK : err;
    return t->err;
}

enum kai_err kai_acts_walk(const struct kai_ixsnap *r, const struct pack *prefix,
                           const struct pack *from, kai_acts_fn *f, void *ctx)
{
    const struct pack *start = from != NULL ? from : prefix;
    MDB_val key = ix_val(start->bytes, start->n);
    MDB_cursor *c = NULL;
    MDB_val val;
    int rc = mdb_cursor_open(r->txn, r->x->dbi[TABLE_ACTS], &c);

    if (rc != 0)
        return kai_ix_err(rc);
    for (rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
         rc == 0 && key.mv_size >= prefix->n && memcmp(key.mv_data, prefix->bytes, prefix->n) == 0;
         rc = mdb_cursor_get(c, &key, &val, MDB_NEXT)) {
        const uint8_t *p = key.mv_data;
        struct unpack k = {.rest = kai_view_of(p + prefix->n, key.mv_size - prefix->n)};
        struct unpack v = {.rest = kai_view_of(val.mv_data, val.mv_size)};

        if (!f(ctx, k, v))
            break;
    }
    mdb_cursor_close(c);
    return rc == 0 || rc == MDB_NOTFOUND ? KAI_OK : kai_ix_err(rc);
}

static bool note_one(void *ctx, struct unpack key, struct unpack val)
{
    bool *any = ctx;

    (void)key;
    (void)val;
    *any = true;
    return false;
}

bool kai_acts_any(const struct kai_ixsnap *r, enum act_letter letter)
{
    struct pack all = kai_pack_key(letter);
    bool any = false;

    return kai_acts_walk(r, &all, NULL, note_one, &any) != KAI_OK || any;
}

static struct pack counter(const struct pack *what)
{
    struct pack key = kai_pack_key(ACT_COUNT);

    kai_pack_bytes(&key, what->bytes, what->n);
    return key;
}

uint64_t kai_acts_count(const struct kai_ixsnap *r, const struct pack *what)
{
    struct pack key = counter(what);
    struct unpack val;

    return kai_acts_get(r, &key, &val) == KAI_OK ? kai_unpack_u64(&val) : 0;
}

static enum kai_err count_set(struct kai_ix *t, const struct pack *what, uint64_t n)
{
    struct pack key = counter(what);
    struct pack val = {.n = 0};
    struct kai_view none = {0};

    kai_pack_u64(&val, n);
    return kai_acts_put(t, &key, &val, none);
}

enum kai_err kai_acts_count_add(struct kai_ix *t, const struct pack *what, uint64_t limit)
{
    uint64_t n = kai_acts_count(&t->self, what);

    return n >= limit ? KAI_ELIMIT : count_set(t, what, n + 1);
}

enum kai_err kai_acts_count_sub(struct kai_ix *t, const struct pack *what)
{
    uint64_t n = kai_acts_count(&t->self, what);

    return count_set(t, what, n > 0 ? n - 1 : 0);
}

static bool any_row(void *ctx, const struct kai_row *row)
{
    bool *any = ctx;

    (void)row;
    *any = true;
    return false;
}

bool kai_acts_sees_obj(struct kai_ixsnap *r, const uint8_t *obj_hash)
{
    bool any = kai_ix_sees(r, KAI_LABELS - 1u); /* Whoever may see RED may see what has no row. */

    if (!any && kai_ixsnap_obj(r, obj_hash, any_row, &any) != KAI_OK)
        return false;
    return any;
}

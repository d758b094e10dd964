/* ixobj: which rows are of which OBJ. Rows of one batch mostly follow each other, so they are noted
 * in runs. */
#include <string.h>

#include "query/index_priv.h"

#define KEY_BYTES (KAI_HALF_ID_BYTES + 8u)

enum kai_err kai_ix_obj_end(struct kai_ix *t)
{
    uint8_t key[KEY_BYTES];
    uint8_t n[8];

    if (t->obj_first == 0)
        return t->err;
    memcpy(key, t->obj, KAI_HALF_ID_BYTES);
    kai_put_u64(key + KAI_HALF_ID_BYTES, t->obj_first);
    kai_put_u64(n, t->obj_n);
    t->obj_first = 0;
    return kai_ix_put(t, TABLE_OBJS, ix_val(key, sizeof key), ix_val(n, sizeof n), 0);
}

void kai_ix_obj_add(struct kai_ix *t, const struct kai_row *row)
{
    if (t->obj_first != 0 && memcmp(t->obj, row->obj_hash, KAI_ID_BYTES) == 0 &&
        row->no == t->obj_first + t->obj_n) {
        t->obj_n++;
        return;
    }
    (void)kai_ix_obj_end(t);
    memcpy(t->obj, row->obj_hash, KAI_ID_BYTES);
    t->obj_first = row->no;
    t->obj_n = 1;
}

/* The rows of one run. *stop: f has enough. */
static enum kai_err walk_run(struct kai_ixsnap *r, const uint8_t *obj_hash, uint64_t first,
                             uint64_t n, kai_row_fn *f, void *ctx, bool *stop)
{
    struct kai_row row;

    for (uint64_t no = first; no < first + n && !*stop; no++) {
        enum kai_err err = kai_ixsnap_row(r, no, &row);

        if (err == KAI_ENOTFOUND)
            continue; /* Not for this reader. */
        if (err != KAI_OK)
            return err;
        if (memcmp(row.obj_hash, obj_hash, KAI_ID_BYTES) == 0)
            *stop = !f(ctx, &row);
    }
    return KAI_OK;
}

enum kai_err kai_ixsnap_obj(struct kai_ixsnap *r, const uint8_t obj_hash[static KAI_ID_BYTES],
                            kai_row_fn *f, void *ctx)
{
    uint8_t from[KEY_BYTES] = {0};
    MDB_val key = ix_val(from, sizeof from);
    MDB_val val;
    MDB_cursor *c = NULL;
    bool stop = false;
    enum kai_err err = KAI_OK;
    int rc = mdb_cursor_open(r->txn, r->x->dbi[TABLE_OBJS], &c);

    if (rc != 0)
        return kai_ix_err(rc);
    memcpy(from, obj_hash, KAI_HALF_ID_BYTES);
    for (rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
         rc == 0 && err == KAI_OK && !stop && key.mv_size == KEY_BYTES &&
         memcmp(key.mv_data, obj_hash, KAI_HALF_ID_BYTES) == 0;
         rc = mdb_cursor_get(c, &key, &val, MDB_NEXT)) {
        err = KAI_ECORRUPT;
        if (val.mv_size == 8)
            err =
                walk_run(r, obj_hash, kai_get_u64((const uint8_t *)key.mv_data + KAI_HALF_ID_BYTES),
                         kai_get_u64(val.mv_data), f, ctx, &stop);
    }
    mdb_cursor_close(c);
    if (err != KAI_OK)
        return err;
    return rc == 0 || rc == MDB_NOTFOUND ? KAI_OK : kai_ix_err(rc);
}

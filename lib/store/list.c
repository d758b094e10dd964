/* list: the small tables, as a snapshot sees them. */
#include <string.h>

#include "store/store_priv.h"

/* Calls f for each row; f sets *stop, or fails. */
typedef enum kai_err row_fn(void *ctx, struct kai_view key, struct kai_view row, bool *stop);

static enum kai_err each(struct kai_snap *r, enum table table, row_fn *f, void *ctx)
{
    MDB_cursor *cur = NULL;
    MDB_val k;
    MDB_val v;
    bool stop = false;
    enum kai_err err = txn_err(mdb_cursor_open(r->mdb, r->s->dbi[table], &cur));
    int rc;

    if (err != KAI_OK)
        return err;
    rc = mdb_cursor_get(cur, &k, &v, MDB_FIRST);
    while (rc == MDB_SUCCESS && err == KAI_OK && !stop) {
        err = f(ctx, txn_view(k), txn_view(v), &stop);
        if (err == KAI_OK && !stop)
            rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
    }
    mdb_cursor_close(cur);
    if (err == KAI_OK && rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
        err = txn_err(rc);
    return err;
}

struct logs_ctx {
    kai_log_fn *f;
    void *ctx;
};

static enum kai_err logs_row(void *ctx, struct kai_view key, struct kai_view row, bool *stop)
{
    struct logs_ctx *c = ctx;
    struct log_row lr;

    if (log_row_read(&lr, key, row) != KAI_OK)
        return KAI_ECORRUPT;
    *stop = !c->f(c->ctx, &lr.log);
    return KAI_OK;
}

enum kai_err kai_snap_logs(struct kai_snap *r, kai_log_fn *f, void *ctx)
{
    struct logs_ctx c = {f, ctx};

    return each(r, T_LOGS, logs_row, &c);
}

struct elements_ctx {
    enum table table;
    kai_entry_fn *f;
    void *ctx;
};

static enum kai_err elements_row(void *ctx, struct kai_view key, struct kai_view row, bool *stop)
{
    struct elements_ctx *c = ctx;
    uint8_t want[HASHED_KEY_BYTES];
    struct kai_view body;
    struct kai_entry e;
    struct kai_cur cur;

    if (row_open(c->table, key, row, &body) != KAI_OK)
        return KAI_ECORRUPT;
    kai_cur_init(&cur, body.p, body.n);
    if (kai_entry_read(&e, &cur) != KAI_OK || kai_cur_end(&cur) != KAI_OK)
        return KAI_ECORRUPT;
    hashed_key(want, &e);
    if (!kai_view_eq(key, kai_view_of(want, sizeof want)))
        return KAI_ECORRUPT;
    *stop = !c->f(c->ctx, &e);
    return KAI_OK;
}

enum kai_err kai_snap_ctl(struct kai_snap *r, kai_entry_fn *f, void *ctx)
{
    struct elements_ctx c = {T_CTL, f, ctx};

    return each(r, T_CTL, elements_row, &c);
}

enum kai_err kai_snap_forks(struct kai_snap *r, kai_entry_fn *f, void *ctx)
{
    struct elements_ctx c = {T_FORKS, f, ctx};

    return each(r, T_FORKS, elements_row, &c);
}

struct notes_ctx {
    kai_note_fn *f;
    void *ctx;
};

static enum kai_err notes_row(void *ctx, struct kai_view key, struct kai_view row, bool *stop)
{
    struct notes_ctx *c = ctx;
    struct kai_view note;

    if (key.n != 8 + KAI_ID_BYTES || row_open(T_NOTES, key, row, &note) != KAI_OK)
        return KAI_ECORRUPT;
    *stop = !c->f(c->ctx, kai_get_u64(key.p), key.p + 8, note);
    return KAI_OK;
}

enum kai_err kai_snap_notes(struct kai_snap *r, kai_note_fn *f, void *ctx)
{
    struct notes_ctx c = {f, ctx};

    return each(r, T_NOTES, notes_row, &c);
}

enum kai_err kai_snap_kv(struct kai_snap *r, const char *key, struct kai_view *value)
{
    struct kai_view k = kai_view_of(key, strlen(key));
    MDB_val mk = txn_val(k);
    MDB_val mv = {0};
    enum kai_err err;

    *value = (struct kai_view){0};
    if (k.n == 0 || k.n > KAI_STORE_KEY_BYTES_MAX)
        return KAI_ENOTFOUND;
    err = txn_err(mdb_get(r->mdb, r->s->dbi[T_KV], &mk, &mv));
    return err == KAI_OK ? row_open(T_KV, k, txn_view(mv), value) : err;
}

struct kvs_ctx {
    kai_kv_fn *f;
    void *ctx;
};

static enum kai_err kvs_row(void *ctx, struct kai_view key, struct kai_view row, bool *stop)
{
    struct kvs_ctx *c = ctx;
    char text[KAI_STORE_KEY_BYTES_MAX + 1];
    struct kai_view value;

    if (key.n == 0 || key.n > KAI_STORE_KEY_BYTES_MAX || row_open(T_KV, key, row, &value) != KAI_OK)
        return KAI_ECORRUPT;
    memcpy(text, key.p, key.n);
    text[key.n] = '\0';
    *stop = !c->f(c->ctx, text, value);
    return KAI_OK;
}

enum kai_err kai_snap_kvs(struct kai_snap *r, kai_kv_fn *f, void *ctx)
{
    struct kvs_ctx c = {f, ctx};

    return each(r, T_KV, kvs_row, &c);
}

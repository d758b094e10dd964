/* read: snapshots, and what one sees. */
#include <stdlib.h>
#include <string.h>

#include "store/store_priv.h"

static struct kai_snap *idle_take(struct kai_store *s)
{
    struct kai_snap *r;

    pthread_mutex_lock(&s->mutex);
    r = s->idle;
    if (r != NULL) {
        s->idle = r->next;
        s->idle_n--;
    }
    pthread_mutex_unlock(&s->mutex);
    return r;
}

enum kai_err kai_snap_begin(struct kai_store *s, struct kai_snap **out)
{
    struct kai_snap *r = idle_take(s);
    enum kai_err err;

    *out = NULL;
    if (r != NULL) {
        err = txn_err(mdb_txn_renew(r->mdb));
        if (err == KAI_OK) {
            *out = r;
            return KAI_OK;
        }
        mdb_txn_abort(r->mdb);
        free(r);
        return err;
    }
    r = calloc(1, sizeof *r);
    if (r == NULL)
        return KAI_ENOMEM;
    r->s = s;
    err = txn_err(mdb_txn_begin(s->env, NULL, MDB_RDONLY, &r->mdb));
    if (err != KAI_OK) {
        free(r);
        return err;
    }
    *out = r;
    return KAI_OK;
}

void kai_snap_end(struct kai_snap *r)
{
    struct kai_store *s;
    bool kept;

    if (r == NULL)
        return;
    s = r->s;
    mdb_txn_reset(r->mdb);
    pthread_mutex_lock(&s->mutex);
    kept = s->idle_n < SNAP_IDLE_MAX;
    if (kept) {
        r->next = s->idle;
        s->idle = r;
        s->idle_n++;
    }
    pthread_mutex_unlock(&s->mutex);
    if (!kept) {
        mdb_txn_abort(r->mdb);
        free(r);
    }
}

static enum kai_err snap_get(struct kai_snap *r, enum table table, struct kai_view key,
                             struct kai_view *val)
{
    MDB_val k = txn_val(key);
    MDB_val v = {0};
    enum kai_err err = txn_err(mdb_get(r->mdb, r->s->dbi[table], &k, &v));

    *val = err == KAI_OK ? txn_view(v) : (struct kai_view){0};
    return err;
}

enum kai_err kai_snap_log(struct kai_snap *r, const uint8_t log_pk[static KAI_KEY_BYTES],
                          struct kai_log *out)
{
    struct kai_view key = kai_view_of(log_pk, KAI_KEY_BYTES);
    struct kai_view row;
    struct log_row lr;
    enum kai_err err = snap_get(r, T_LOGS, key, &row);

    if (err == KAI_OK)
        err = log_row_read(&lr, key, row);
    if (err == KAI_OK)
        *out = lr.log;
    return err;
}

enum kai_err kai_snap_log_no(struct kai_snap *r, uint64_t no, struct kai_log *out)
{
    uint8_t key[8];
    struct kai_view row;
    struct kai_view pk;
    enum kai_err err;

    kai_put_u64(key, no);
    err = snap_get(r, T_LOGNO, kai_view_of(key, sizeof key), &row);
    if (err == KAI_OK)
        err = row_open(T_LOGNO, kai_view_of(key, sizeof key), row, &pk);
    if (err != KAI_OK)
        return err;
    if (pk.n != KAI_KEY_BYTES)
        return KAI_ECORRUPT;
    err = kai_snap_log(r, pk.p, out);
    if (err == KAI_OK && out->no == no)
        return KAI_OK;
    return err == KAI_OK || err == KAI_ENOTFOUND ? KAI_ECORRUPT : err;
}

/* Where an entry lies that the heads say is there. */
static enum kai_err stored_pos(struct kai_snap *r, uint64_t no, uint64_t seq, struct pos_row *pr)
{
    uint8_t pk[POS_KEY_BYTES];
    struct kai_view row;
    enum kai_err err;

    pos_key(pk, no, seq);
    err = snap_get(r, T_POS, kai_view_of(pk, sizeof pk), &row);
    if (err == KAI_OK)
        err = pos_row_read(pr, kai_view_of(pk, sizeof pk), row);
    return err == KAI_ENOTFOUND ? KAI_ECORRUPT : err;
}

/* Entry seq of log no, from where it lies, with all its hashes checked. */
static enum kai_err stored_entry(struct kai_snap *r, uint64_t no, uint64_t seq,
                                 struct entry_row *er)
{
    uint8_t ek[8];
    struct kai_view row;
    struct pos_row pr;
    enum kai_err err = stored_pos(r, no, seq, &pr);

    if (err == KAI_OK) {
        kai_put_u64(ek, pr.position);
        err = snap_get(r, T_ENTRIES, kai_view_of(ek, sizeof ek), &row);
    }
    if (err == KAI_OK)
        err = entry_row_read(er, kai_view_of(ek, sizeof ek), row);
    if (err == KAI_OK && (er->kind == ROW_RUN || er->no != no || er->e.h.seq != seq ||
                          memcmp(er->e.hash, pr.hash, KAI_ID_BYTES) != 0))
        err = KAI_ECORRUPT;
    return err == KAI_ENOTFOUND ? KAI_ECORRUPT : err;
}

static enum kai_err log_entry(struct kai_snap *r, const struct kai_log *log, uint64_t seq,
                              struct kai_entry *out)
{
    struct entry_row er;
    enum kai_err err;

    if (seq == 0 || seq > log->head_seq)
        return KAI_ENOTFOUND;
    err = stored_entry(r, log->no, seq, &er);
    if (err == KAI_OK && memcmp(er.e.h.log_pk, log->log_pk, KAI_KEY_BYTES) != 0)
        err = KAI_ECORRUPT;
    if (err == KAI_OK)
        *out = er.e;
    return err;
}

enum kai_err kai_snap_entry(struct kai_snap *r, const uint8_t log_pk[static KAI_KEY_BYTES],
                            uint64_t seq, struct kai_entry *out)
{
    struct kai_log log;
    enum kai_err err = kai_snap_log(r, log_pk, &log);

    return err == KAI_OK ? log_entry(r, &log, seq, out) : err;
}

enum kai_err kai_snap_entry_no(struct kai_snap *r, uint64_t log_no, uint64_t seq,
                               struct kai_entry *out)
{
    struct kai_log log;
    enum kai_err err = kai_snap_log_no(r, log_no, &log);

    return err == KAI_OK ? log_entry(r, &log, seq, out) : err;
}

static enum kai_err snap_counters(struct kai_snap *r, struct counters *c)
{
    struct kai_view row;
    enum kai_err err = snap_get(r, T_META, kai_view_of("counters", 8), &row);

    if (err == KAI_OK)
        err = counters_read(c, row);
    return err == KAI_ENOTFOUND ? KAI_ECORRUPT : err;
}

uint64_t kai_snap_last_position(struct kai_snap *r)
{
    struct counters c;

    return snap_counters(r, &c) == KAI_OK ? c.last_visible : 0;
}

struct arrivals {
    struct kai_snap *r;
    uint64_t from;
    kai_arrival_fn *f;
    void *ctx;
    bool stop;
};

static enum kai_err arrive_run(struct arrivals *a, uint64_t position, const struct entry_row *run)
{
    struct entry_row er;
    uint64_t i = a->from > position ? a->from - position : 0;

    for (; i < run->n && !a->stop; i++) {
        enum kai_err err = stored_entry(a->r, run->no, run->first_seq + i, &er);
        if (err != KAI_OK)
            return err;
        a->stop = !a->f(a->ctx, position + i, er.no, &er.e, er.seen_ms);
    }
    return KAI_OK;
}

static enum kai_err arrive(struct arrivals *a, struct kai_view key, struct kai_view row)
{
    enum entry_kind kind;
    struct entry_row er;
    uint64_t position;
    enum kai_err err = entry_row_kind(&kind, key, row);

    if (err == KAI_OK && kind == ROW_STAGED) /* Visible, if at all, through a run. */
        return KAI_OK;
    if (err == KAI_OK)
        err = entry_row_read(&er, key, row);
    if (err != KAI_OK)
        return err;
    position = kai_get_u64(key.p);
    if (er.kind == ROW_RUN)
        return arrive_run(a, position, &er);
    if (position < a->from)
        return KAI_OK;

    struct pos_row pr;
    err = stored_pos(a->r, er.no, er.e.h.seq, &pr);
    if (err == KAI_OK && (pr.position != position || memcmp(pr.hash, er.e.hash, KAI_ID_BYTES) != 0))
        err = KAI_ECORRUPT;
    if (err == KAI_OK)
        a->stop = !a->f(a->ctx, position, er.no, &er.e, er.seen_ms);
    return err;
}

enum kai_err kai_snap_arrivals(struct kai_snap *r, uint64_t from, kai_arrival_fn *f, void *ctx)
{
    struct arrivals a = {.r = r, .from = from, .f = f, .ctx = ctx};
    struct counters c;
    MDB_cursor *cur = NULL;
    uint8_t start[8];
    MDB_val k = {.mv_size = sizeof start, .mv_data = start};
    MDB_val v;
    enum kai_err err;
    int rc;

    err = snap_counters(r, &c);
    if (err != KAI_OK || from > c.last_visible)
        return err;
    err = txn_err(mdb_cursor_open(r->mdb, r->s->dbi[T_ENTRIES], &cur));
    if (err != KAI_OK)
        return err;
    /* The row before may be a run that reaches over from. */
    kai_put_u64(start, from);
    rc = mdb_cursor_get(cur, &k, &v, MDB_SET_RANGE);
    if (rc == MDB_SUCCESS) {
        rc = mdb_cursor_get(cur, &k, &v, MDB_PREV);
        if (rc == MDB_NOTFOUND)
            rc = mdb_cursor_get(cur, &k, &v, MDB_FIRST);
    } else if (rc == MDB_NOTFOUND) {
        rc = mdb_cursor_get(cur, &k, &v, MDB_LAST);
    }
    while (rc == MDB_SUCCESS && err == KAI_OK && !a.stop) {
        err = arrive(&a, txn_view(k), txn_view(v));
        if (err == KAI_OK && !a.stop)
            rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
    }
    mdb_cursor_close(cur);
    if (err == KAI_OK && rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
        err = txn_err(rc);
    return err;
}

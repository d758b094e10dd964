/* prune: payloads that are forgotten, and those that might be. */
#include <string.h>

#include "store/store_priv.h"

/* The row of an entry without its payload takes the place of the one with it: nothing moves. */
static enum kai_err forget_at(struct kai_tx *t, struct kai_view key, struct kai_view row,
                              const struct pos_row *pr)
{
    struct entry_row er;
    struct kai_buf *b = &t->s->row;

    if (entry_row_read(&er, key, row) != KAI_OK || er.kind == ROW_RUN ||
        memcmp(er.e.hash, pr->hash, KAI_ID_BYTES) != 0)
        return txn_fail(&t->t, KAI_ECORRUPT);
    if (er.e.payload.p == NULL)
        return KAI_OK;
    t->log.log.bytes -= er.e.payload.n;
    t->log_dirty = true;
    er.e.payload = (struct kai_view){0};
    kai_buf_clear(b);
    entry_row_write(b, pr->position, &er);
    return b->err != KAI_OK ? txn_fail(&t->t, b->err)
                            : tx_put(t, T_ENTRIES, key, kai_buf_view(b), 0);
}

enum kai_err kai_tx_forget(struct kai_tx *t, const uint8_t log_pk[static KAI_KEY_BYTES],
                           uint64_t seq)
{
    enum kai_err err = tx_log_load(t, log_pk);
    uint8_t pk[POS_KEY_BYTES];
    uint8_t ek[8];
    struct kai_view row;
    struct pos_row pr;

    if (err != KAI_OK)
        return err;
    if (seq == 0 || seq > t->log.log.head_seq)
        return KAI_ENOTFOUND;
    pos_key(pk, t->log.log.no, seq);
    err = txn_get(&t->t, t->s->dbi[T_POS], kai_view_of(pk, sizeof pk), &row);
    if (err == KAI_OK)
        err = pos_row_read(&pr, kai_view_of(pk, sizeof pk), row);
    kai_put_u64(ek, pr.position);
    if (err == KAI_OK)
        err = txn_get(&t->t, t->s->dbi[T_ENTRIES], kai_view_of(ek, sizeof ek), &row);
    if (err != KAI_OK)
        return txn_fail(&t->t, err == KAI_ENOTFOUND ? KAI_ECORRUPT : err);
    return forget_at(t, kai_view_of(ek, sizeof ek), row, &pr);
}

/* ---- Looking for them. */

struct look {
    struct kai_snap *r;
    struct kai_log log; /* The last one looked up; no 0: none. */
    kai_payload_fn *f;
    void *ctx;
    bool stop;
};

/* The header in an entry's row, and whether a payload stands behind it. */
static enum kai_err header_of(struct kai_hdr *h, bool *payload, struct kai_view row)
{
    struct kai_cur c;

    kai_cur_init(&c, row.p + ENTRY_HEAD_BYTES, row.n - ENTRY_HEAD_BYTES);
    kai_cur_tuple(&c, 3);
    struct kai_view hdr = kai_cur_bin(&c, KAI_HDR_BYTES_MAX);
    (void)kai_cur_bin(&c, KAI_SIG_BYTES);
    *payload = !kai_cur_nil(&c);
    return kai_cur_ok(&c) && kai_hdr_parse(h, hdr) == KAI_OK ? KAI_OK : KAI_ECORRUPT;
}

static enum kai_err get(struct kai_snap *r, enum table table, struct kai_view key,
                        struct kai_view *val)
{
    MDB_val k = txn_val(key);
    MDB_val v = {0};
    enum kai_err err = txn_err(mdb_get(r->mdb, r->s->dbi[table], &k, &v));

    *val = txn_view(v);
    return err == KAI_ENOTFOUND ? KAI_ECORRUPT : err; /* The heads say that it is there. */
}

static enum kai_err header_at(struct kai_snap *r, uint64_t no, uint64_t seq, struct kai_hdr *h)
{
    uint8_t pk[POS_KEY_BYTES];
    uint8_t ek[8];
    struct kai_view row;
    struct pos_row pr;
    enum entry_kind kind;
    bool payload;

    pos_key(pk, no, seq);
    enum kai_err err = get(r, T_POS, kai_view_of(pk, sizeof pk), &row);
    if (err == KAI_OK)
        err = pos_row_read(&pr, kai_view_of(pk, sizeof pk), row);
    if (err != KAI_OK)
        return err;
    kai_put_u64(ek, pr.position);
    err = get(r, T_ENTRIES, kai_view_of(ek, sizeof ek), &row);
    if (err == KAI_OK)
        err = entry_row_kind(&kind, kai_view_of(ek, sizeof ek), row);
    if (err == KAI_OK && kind == ROW_RUN)
        err = KAI_ECORRUPT;
    return err == KAI_OK ? header_of(h, &payload, row) : err;
}

static enum kai_err look_at(struct look *l, struct kai_view key, struct kai_view row)
{
    struct kai_payload_at at = {.place = kai_get_u64(key.p)};
    enum entry_kind kind;
    struct kai_hdr h;
    struct kai_hdr prev;
    bool payload;
    enum kai_err err = entry_row_kind(&kind, key, row);

    if (err != KAI_OK || kind == ROW_RUN)
        return err;
    at.seen_ms = kai_get_u64(row.p + 1);
    at.log_no = kai_get_u64(row.p + 9);
    err = header_of(&h, &payload, row);
    if (err != KAI_OK || !payload)
        return err;
    if (l->log.no != at.log_no)
        err = kai_snap_log_no(l->r, at.log_no, &l->log);
    if (err != KAI_OK)
        return err == KAI_ENOTFOUND ? KAI_ECORRUPT : err;
    if (l->log.kind != KAI_LOG_DATA || h.seq > l->log.head_seq)
        return KAI_OK;
    at.h = &h;
    if (h.seq > 1) {
        err = header_at(l->r, at.log_no, h.seq - 1, &prev);
        at.prev_kid = prev.kid;
    }
    if (err == KAI_OK)
        l->stop = !l->f(l->ctx, &at);
    return err;
}

enum kai_err kai_snap_payloads(struct kai_snap *r, uint64_t from, kai_payload_fn *f, void *ctx)
{
    struct look l = {.r = r, .f = f, .ctx = ctx};
    MDB_cursor *cur = NULL;
    uint8_t start[8];
    MDB_val k = {.mv_size = sizeof start, .mv_data = start};
    MDB_val v;
    enum kai_err err = txn_err(mdb_cursor_open(r->mdb, r->s->dbi[T_ENTRIES], &cur));

    if (err != KAI_OK)
        return err;
    kai_put_u64(start, from);
    int rc = mdb_cursor_get(cur, &k, &v, MDB_SET_RANGE);
    while (rc == MDB_SUCCESS && err == KAI_OK && !l.stop) {
        err = look_at(&l, txn_view(k), txn_view(v));
        if (err == KAI_OK && !l.stop)
            rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
    }
    mdb_cursor_close(cur);
    if (err == KAI_OK && rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
        err = txn_err(rc);
    return err;
}

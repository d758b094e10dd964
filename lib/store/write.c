/* write: transactions, logs, appended entries and the small tables. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <sys/statvfs.h>

#include "store/store_priv.h"

#define DISK_FULL_BYTES (UINT64_C(1) << 20)

enum kai_err tx_put(struct kai_tx *t, enum table table, struct kai_view key, struct kai_view val,
                    unsigned int flags)
{
    t->wrote = true;
    return txn_put(&t->t, t->s->dbi[table], key, val, flags);
}

static void tx_counters_load(struct kai_tx *t)
{
    struct kai_view row;

    enum kai_err err = txn_get(&t->t, t->s->dbi[T_META], kai_view_of("counters", 8), &row);
    if (err == KAI_OK)
        err = counters_read(&t->c, row);
    if (err != KAI_OK)
        (void)txn_fail(&t->t, err == KAI_ENOTFOUND ? KAI_ECORRUPT : err);
}

enum kai_err kai_tx_begin(struct kai_store *s, struct kai_tx **out)
{
    struct kai_tx *t = &s->tx;
    enum kai_err err;

    *out = NULL;
    if (t->open)
        return KAI_EBUSY;
    if (s->failed)
        return KAI_EIO;
    memset(t, 0, sizeof *t);
    t->s = s;
    (void)txn_begin(&t->t, s->env, 0);
    if (t->t.err == KAI_OK)
        tx_counters_load(t);
    if (t->t.err == KAI_OK)
        (void)txn_fail(&t->t, store_used(s, t->t.mdb, &t->used_bytes));
    err = t->t.err;
    if (err != KAI_OK) {
        txn_end(&t->t);
        return err;
    }
    t->open = true;
    *out = t;
    return KAI_OK;
}

static void tx_log_flush(struct kai_tx *t)
{
    uint8_t row[LOG_ROW_BYTES];

    if (t->log_held && t->log_dirty) {
        log_row_write(row, &t->log);
        (void)tx_put(t, T_LOGS, kai_view_of(t->log.log.log_pk, KAI_KEY_BYTES),
                     kai_view_of(row, sizeof row), 0);
    }
    t->log_held = false;
    t->log_dirty = false;
}

void tx_flush(struct kai_tx *t)
{
    uint8_t row[COUNTERS_BYTES];

    tx_log_flush(t);
    if (!t->c_dirty && !t->wrote)
        return;
    t->c.txnid = mdb_txn_id(t->t.mdb);
    counters_write(row, &t->c);
    (void)tx_put(t, T_META, kai_view_of("counters", 8), kai_view_of(row, sizeof row), 0);
    t->c_dirty = false;
}

/* LMDB says EIO of a write that was cut short, which is what a disk that fills up does. */
static bool disk_is_full(struct kai_store *s)
{
    struct statvfs fs;

    return fstatvfs(s->dir_fd, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < DISK_FULL_BYTES;
}

enum kai_err kai_tx_commit(struct kai_tx *t)
{
    enum kai_err err;

    if (t == NULL || !t->open)
        return KAI_EIO;
    tx_flush(t);
    err = t->t.err;
    if (err == KAI_OK && t->wrote) {
        err = txn_commit(&t->t);
        if (err == KAI_OK)
            acked_write(t->s->acked_fd, t->c.txnid);
        if (err == KAI_EIO && disk_is_full(t->s))
            err = KAI_EFULL;
        /* The kernel may have dropped the pages it could not write: a second try would lie. */
        t->s->failed = err == KAI_EIO;
    }
    kai_tx_abort(t);
    return err;
}

void kai_tx_abort(struct kai_tx *t)
{
    if (t == NULL)
        return;
    txn_end(&t->t);
    t->open = false;
}

enum kai_err tx_log_load(struct kai_tx *t, const uint8_t log_pk[static KAI_KEY_BYTES])
{
    struct kai_view key = kai_view_of(log_pk, KAI_KEY_BYTES);
    struct kai_view row;

    if (t->t.err != KAI_OK)
        return t->t.err;
    if (t->log_held && memcmp(t->log.log.log_pk, log_pk, KAI_KEY_BYTES) == 0)
        return KAI_OK;
    tx_log_flush(t);
    enum kai_err err = txn_get(&t->t, t->s->dbi[T_LOGS], key, &row);
    if (err != KAI_OK)
        return err;
    if (log_row_read(&t->log, key, row) != KAI_OK)
        return txn_fail(&t->t, KAI_ECORRUPT);
    t->log_held = true;
    return KAI_OK;
}

static enum kai_err tx_log_add(struct kai_tx *t, struct kai_log *log)
{
    uint8_t no[8];
    uint8_t row[SUM_BYTES + KAI_KEY_BYTES];
    struct kai_view key = {no, sizeof no};

    log->no = t->c.next_no;
    log->head_seq = 0;
    memset(log->head, 0, sizeof log->head);
    log->head_ts = 0;
    log->bytes = 0;
    log->flags &= ~(uint64_t)KAI_LOG_CLOSED;

    kai_put_u64(no, log->no);
    memcpy(row + SUM_BYTES, log->log_pk, KAI_KEY_BYTES);
    kai_put_u64(row, row_sum(T_LOGNO, key, kai_view_of(row + SUM_BYTES, KAI_KEY_BYTES)));
    if (tx_put(t, T_LOGNO, key, kai_view_of(row, sizeof row), 0) != KAI_OK)
        return t->t.err;
    t->log = (struct log_row){.log = *log};
    t->log_held = true;
    t->log_dirty = true;
    t->c.next_no++;
    t->c.logs++;
    t->c_dirty = true;
    return KAI_OK;
}

enum kai_err kai_tx_log(struct kai_tx *t, struct kai_log *log)
{
    enum kai_err err = tx_log_load(t, log->log_pk);
    struct kai_log *old = &t->log.log;

    if (err == KAI_ENOTFOUND)
        return tx_log_add(t, log);
    if (err != KAI_OK)
        return err;
    /* A closed log stays closed: that is in its entries. */
    old->flags = log->flags | (old->flags & KAI_LOG_CLOSED);
    memcpy(old->author_node, log->author_node, sizeof old->author_node);
    memcpy(old->author_cert, log->author_cert, sizeof old->author_cert);
    memcpy(old->salt, log->salt, sizeof old->salt);
    old->incarnation = log->incarnation;
    old->floor = log->floor;
    t->log_dirty = true;
    *log = *old;
    return KAI_OK;
}

static size_t room_for(size_t n)
{
    return n + n / 8 + 128; /* LMDB's own share, on the large side. */
}

static bool fits(const struct kai_tx *t, size_t n, unsigned int percent)
{
    return t->used_bytes + room_for(n) <= t->s->map_bytes / 100 * percent;
}

enum kai_err tx_room(struct kai_tx *t, size_t n, unsigned int percent)
{
    if (!fits(t, n, percent))
        return txn_fail(&t->t, KAI_EFULL);
    t->used_bytes += room_for(n);
    return t->t.err;
}

enum kai_err tx_put_entry(struct kai_tx *t, const struct kai_entry *e, enum entry_kind kind,
                          uint64_t now_ms)
{
    uint8_t position[8];
    uint8_t key[POS_KEY_BYTES];
    uint8_t row[POS_ROW_BYTES];
    struct entry_row er = {.kind = kind, .seen_ms = now_ms, .no = t->log.log.no, .e = *e};
    struct pos_row pr = {.position = t->c.next_pos};
    struct kai_buf *b = &t->s->row;

    kai_buf_clear(b);
    entry_row_write(b, pr.position, &er);
    if (b->err != KAI_OK)
        return txn_fail(&t->t, b->err);
    bool own = (t->log.log.flags & KAI_LOG_OWN) != 0;
    /* No room for an entry of others is an answer, and does not stick: what we write ourselves in
     * the same transaction may go further. */
    if (!own && !fits(t, b->len, KAI_STORE_FOREIGN_PERCENT))
        return KAI_EFULL;
    if (tx_room(t, b->len, KAI_STORE_OWN_PERCENT) != KAI_OK)
        return t->t.err;

    kai_put_u64(position, pr.position);
    (void)tx_put(t, T_ENTRIES, kai_view_of(position, sizeof position), kai_buf_view(b), MDB_APPEND);
    memcpy(pr.hash, e->hash, sizeof pr.hash);
    pos_key(key, t->log.log.no, e->h.seq);
    pos_row_write(row, key, &pr);
    (void)tx_put(t, T_POS, kai_view_of(key, sizeof key), kai_view_of(row, sizeof row),
                 MDB_NOOVERWRITE);
    /* KAI_EEXIST here is not an answer: the heads say that there is no such row. */
    if (t->t.err == KAI_EEXIST)
        t->t.err = KAI_ECORRUPT;
    t->c.next_pos++;
    t->c_dirty = true;
    return t->t.err;
}

enum kai_err kai_tx_append(struct kai_tx *t, const struct kai_entry *e, uint64_t now_ms)
{
    enum kai_err err = tx_log_load(t, e->h.log_pk);
    struct log_row *r = &t->log;
    struct kai_log *log = &r->log;

    if (err != KAI_OK)
        return err;
    if (e->h.seq <= log->head_seq)
        return KAI_EEXIST;
    if (e->h.seq != log->head_seq + 1 || r->staged_seq > log->head_seq)
        return KAI_EAGAIN;
    if (memcmp(e->h.prev, log->head, KAI_ID_BYTES) != 0 || (log->flags & KAI_LOG_CLOSED) != 0)
        return KAI_EMALFORMED;
    err = tx_put_entry(t, e, ROW_ENTRY, now_ms);
    if (err != KAI_OK)
        return err;

    log->head_seq = e->h.seq;
    memcpy(log->head, e->hash, KAI_ID_BYTES);
    log->head_ts = e->h.ts;
    log->bytes += e->hdr.n + e->sig.n + e->payload.n;
    if (e->h.ptype == KAI_PTYPE_CLOSE)
        log->flags |= KAI_LOG_CLOSED;
    t->log_dirty = true;
    t->c.last_visible = t->c.next_pos - 1;
    t->c.entries++;
    return KAI_OK;
}

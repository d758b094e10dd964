/* stage: entries that are on disk but behind their log's head, and become visible together.
 *
 * A staged entry lies where it stays. Advancing writes one small row, a run, which takes as many
 * positions as it has entries: so nothing moves, and readers that follow the positions meet the
 * entries after all that became visible before them. */
#include <string.h>

#include "store/store_priv.h"

enum kai_err kai_tx_stage(struct kai_tx *t, const struct kai_entry *e, uint64_t now_ms)
{
    enum kai_err err = tx_log_load(t, e->h.log_pk);
    struct log_row *r = &t->log;

    if (err != KAI_OK)
        return err;
    bool first = r->staged_seq <= r->log.head_seq;
    uint64_t last = first ? r->log.head_seq : r->staged_seq;
    const uint8_t *prev = first ? r->log.head : r->staged_hash;
    bool closed = (r->log.flags & (KAI_LOG_CLOSED | KAI_LOG_RETIRED)) != 0 ||
                  (!first && r->staged_close == 1);

    if (e->h.seq <= last)
        return KAI_EEXIST;
    if (e->h.seq != last + 1)
        return KAI_EAGAIN;
    if (memcmp(e->h.prev, prev, KAI_ID_BYTES) != 0 || closed)
        return KAI_EMALFORMED;
    err = tx_put_entry(t, e, ROW_STAGED, now_ms);
    if (err != KAI_OK)
        return err;

    if (first)
        r->staged_bytes = 0;
    r->staged_seq = e->h.seq;
    memcpy(r->staged_hash, e->hash, KAI_ID_BYTES);
    r->staged_ts = e->h.ts;
    r->staged_bytes += e->hdr.n + e->sig.n + e->payload.n;
    r->staged_close = e->h.ptype == KAI_PTYPE_CLOSE;
    t->log_dirty = true;
    t->c.staged++;
    return KAI_OK;
}

/* The staged entry seq of the log that t holds. A row that is missing is a failure. */
static enum kai_err staged_get(struct kai_tx *t, uint64_t seq, struct pos_row *pr,
                               struct entry_row *er)
{
    uint8_t pk[POS_KEY_BYTES];
    uint8_t ek[8];
    struct kai_view row;

    pos_key(pk, t->log.log.no, seq);
    enum kai_err err = txn_get(&t->t, t->s->dbi[T_POS], kai_view_of(pk, sizeof pk), &row);
    if (err == KAI_OK)
        err = pos_row_read(pr, kai_view_of(pk, sizeof pk), row);
    if (err == KAI_OK && er != NULL) {
        kai_put_u64(ek, pr->position);
        err = txn_get(&t->t, t->s->dbi[T_ENTRIES], kai_view_of(ek, sizeof ek), &row);
        if (err == KAI_OK)
            err = entry_row_read(er, kai_view_of(ek, sizeof ek), row);
        if (err == KAI_OK && memcmp(er->e.hash, pr->hash, KAI_ID_BYTES) != 0)
            err = KAI_ECORRUPT;
    }
    if (err != KAI_OK)
        return txn_fail(&t->t, err == KAI_ENOTFOUND ? KAI_ECORRUPT : err);
    return KAI_OK;
}

/* Move the head over some, not all, of what is staged. */
static enum kai_err advance_part(struct kai_tx *t, uint64_t to_seq)
{
    struct kai_log *log = &t->log.log;
    struct pos_row pr;
    struct entry_row er;

    for (uint64_t seq = log->head_seq + 1; seq <= to_seq; seq++) {
        if (staged_get(t, seq, &pr, &er) != KAI_OK)
            return t->t.err;
        size_t n = er.e.hdr.n + er.e.sig.n + er.e.payload.n;
        log->bytes += n;
        t->log.staged_bytes -= n;
        memcpy(log->head, er.e.hash, KAI_ID_BYTES);
        log->head_ts = er.e.h.ts;
    }
    return KAI_OK;
}

enum kai_err kai_tx_advance(struct kai_tx *t, const uint8_t log_pk[static KAI_KEY_BYTES],
                            uint64_t to_seq)
{
    enum kai_err err = tx_log_load(t, log_pk);
    struct log_row *r = &t->log;
    struct kai_log *log = &r->log;
    uint8_t key[8];
    uint8_t row[RUN_BYTES];

    if (err != KAI_OK)
        return err;
    if (to_seq <= log->head_seq)
        return KAI_EEXIST;
    if (to_seq > r->staged_seq)
        return KAI_EAGAIN;
    if ((log->flags & KAI_LOG_RETIRED) != 0) /* Since it was staged. */
        return KAI_EMALFORMED;

    struct entry_row run = {.kind = ROW_RUN,
                            .no = log->no,
                            .first_seq = log->head_seq + 1,
                            .n = to_seq - log->head_seq};
    if (to_seq < r->staged_seq) {
        if (advance_part(t, to_seq) != KAI_OK)
            return t->t.err;
    } else {
        memcpy(log->head, r->staged_hash, KAI_ID_BYTES);
        log->head_ts = r->staged_ts;
        log->bytes += r->staged_bytes;
        r->staged_bytes = 0;
        if (r->staged_close == 1)
            log->flags |= KAI_LOG_CLOSED;
    }
    log->head_seq = to_seq;
    t->log_dirty = true;

    kai_put_u64(key, t->c.next_pos);
    run_row_write(row, t->c.next_pos, &run);
    (void)tx_put(t, T_ENTRIES, kai_view_of(key, sizeof key), kai_view_of(row, sizeof row),
                 MDB_APPEND);
    t->c.next_pos += run.n;
    t->c.last_visible = t->c.next_pos - 1;
    t->c.entries += run.n;
    t->c.staged -= run.n;
    t->c_dirty = true;
    return t->t.err;
}

enum kai_err tx_drop_staged(struct kai_tx *t)
{
    struct log_row *r = &t->log;
    struct pos_row pr;
    uint8_t pk[POS_KEY_BYTES];
    uint8_t ek[8];

    if (r->staged_seq <= r->log.head_seq)
        return t->t.err;
    for (uint64_t seq = r->log.head_seq + 1; seq <= r->staged_seq; seq++) {
        if (staged_get(t, seq, &pr, NULL) != KAI_OK)
            return t->t.err;
        t->wrote = true;
        kai_put_u64(ek, pr.position);
        pos_key(pk, r->log.no, seq);
        if (txn_del(&t->t, t->s->dbi[T_ENTRIES], kai_view_of(ek, sizeof ek)) == KAI_ENOTFOUND ||
            txn_del(&t->t, t->s->dbi[T_POS], kai_view_of(pk, sizeof pk)) == KAI_ENOTFOUND)
            return txn_fail(&t->t, KAI_ECORRUPT);
        if (t->t.err != KAI_OK)
            return t->t.err;
        t->c.staged--;
    }
    r->staged_seq = 0;
    memset(r->staged_hash, 0, sizeof r->staged_hash);
    r->staged_ts = 0;
    r->staged_bytes = 0;
    r->staged_close = 0;
    t->log_dirty = true;
    t->c_dirty = true;
    return KAI_OK;
}

enum kai_err kai_tx_unstage(struct kai_tx *t, const uint8_t log_pk[static KAI_KEY_BYTES])
{
    enum kai_err err = tx_log_load(t, log_pk);

    return err == KAI_OK ? tx_drop_staged(t) : err;
}

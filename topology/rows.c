/* rows: the heads that are durable here and that a peer may hear of, compared with the peer's. */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

/* Always from what is durable now, never from what was once said. */
bool kai_rows_take(struct kai_net *n, struct kai_link *l, const struct kai_share *s,
                   struct kai_rows *out)
{
    struct kai_nlog *const *logs = NULL;
    const struct kai_head *heads = NULL;
    size_t n_heads =
        s->ctl ? kai_ctl_heads(n->ctl, &heads) : kai_mirror_audience(n, s->aud_id, &logs);

    *out = (struct kai_rows){0};
    out->r = calloc(n_heads + 1, sizeof *out->r);
    if (!out->r)
        return false;
    for (size_t i = 0; i < n_heads; i++) {
        if (s->ctl)
            out->r[out->n++] = (struct kai_row){heads[i].log_pk, heads[i].seq, heads[i].hash, NULL};
        else if (kai_log_visible(n, l, s, logs[i]))
            out->r[out->n++] =
                (struct kai_row){logs[i]->l.log_pk, logs[i]->l.head_seq, logs[i]->l.head, logs[i]};
    }
    return true;
}

/* Bounds are prefixes, as if zeros followed; the empty one is above everything. */
size_t kai_rows_find(const struct kai_rows *rows, size_t from, struct kai_view bound)
{
    size_t lo = from, hi = rows->n;

    if (bound.n == 0)
        return rows->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (memcmp(rows->r[mid].log_pk, bound.p, bound.n) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void kai_rows_fp(const struct kai_link *l, const struct kai_rows *rows, size_t from, size_t to,
                 uint8_t fp[static 16])
{
    struct kai_hasher h;

    kai_kdf_begin(&h, KAI_D_RANGE, l->range_key, 16);
    for (size_t i = from; i < to; i++) {
        kai_hash_add(&h, rows->r[i].log_pk, KAI_KEY_BYTES);
        kai_hash_u64(&h, rows->r[i].seq);
        kai_hash_add(&h, rows->r[i].hash, 16);
    }
    kai_hash_end(&h, fp);
}

static void held(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log, uint64_t seq)
{
    if (log)
        kai_log_held(n, l, log, seq);
}

void kai_rows_held(struct kai_net *n, struct kai_link *l, const struct kai_rows *rows, size_t from,
                   size_t to)
{
    for (size_t i = from; i < to; i++)
        held(n, l, rows->r[i].log, rows->r[i].seq);
}

/* ---- Control logs: any entry of a branch may be missing. */

struct seek {
    const uint8_t *head;
    bool found;
};

static bool seek_one(void *ctx, const struct kai_entry *e)
{
    struct seek *s = ctx;

    s->found = memcmp(e->hash, s->head, 16) == 0;
    return !s->found;
}

static bool compare_ctl(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                        const struct kai_row *mine, const struct kai_rb_row *row)
{
    struct seek find = {.head = row->head};
    struct kai_head head;

    kai_ctl_each(n->ctl, row->log_pk, row->seq, row->seq, seek_one, &find);
    if (!find.found) {
        uint64_t from = 1;
        if (kai_ctl_head(n->ctl, row->log_pk, &head) == KAI_OK && head.seq < row->seq)
            from = head.seq + 1;
        kai_fetch_want(n, l, s, row->log_pk, from, row->seq);
    }
    return mine && (row->seq > mine->seq ||
                    (row->seq == mine->seq && memcmp(row->head, mine->hash, 16) == 0));
}

/* ---- Data and key logs. */

static void ahead(struct kai_net *n, struct kai_link *l, struct kai_share *s, struct kai_nlog *log,
                  const struct kai_rb_row *row)
{
    if (log->l.own && !log->retire_told && row->seq > log->ing_seq) {
        /* The home was rolled back: what was said under this key is at the peer. */
        log->retire_told = true;
        kai_alarm(n, "own.ahead", l, log->l.log_pk, row->seq);
        n->act.retire(n->act.ctx, log->l.log_pk);
    }
    if (!log->l.forked && row->seq > log->ing_seq)
        kai_fetch_want(n, l, s, row->log_pk, log->ing_seq + 1, row->seq);
}

static bool compare_known(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                          struct kai_nlog *log, const struct kai_rb_row *row)
{
    struct kai_entry e;

    if (row->seq > log->l.head_seq) {
        ahead(n, l, s, log, row);
        return true;
    }
    if (row->seq == log->l.head_seq) {
        if (memcmp(row->head, log->l.head, 16) != 0) {
            kai_fork_prove(n, l, s, log, row->seq);
            return true;
        }
        held(n, l, log, row->seq);
        kai_push_know(l, row->log_pk, row->seq);
        return true;
    }
    if (n->act.read(n->act.ctx, row->log_pk, row->seq, &e) == KAI_OK &&
        memcmp(e.hash, row->head, 16) != 0) {
        kai_fork_prove(n, l, s, log, row->seq);
        return true;
    }
    held(n, l, log, row->seq);
    return false;
}

bool kai_rows_compare(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                      const struct kai_row *mine, const struct kai_rb_row *row)
{
    struct kai_nlog *log;

    if (s->ctl)
        return compare_ctl(n, l, s, mine, row);
    if (mine)
        return compare_known(n, l, s, mine->log, row);
    log = kai_mirror_find(n, row->log_pk);
    if (log &&
        (memcmp(log->l.aud_id, s->aud_id, KAI_ID_BYTES) != 0 || kai_fork_marked(l, log->l.log_pk)))
        return false;
    if (!log)
        kai_fetch_want(n, l, s, row->log_pk, 1, row->seq);
    else if (row->seq > log->ing_seq)
        ahead(n, l, s, log, row);
    return false;
}

/* rows: the heads that are durable here and that a peer may hear of, compared with the peer's. */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

static struct kai_row *room(struct kai_net *n, size_t count)
{
    struct kai_row *grown;

    if (n->rows && count <= n->cap_rows)
        return n->rows;
    grown = realloc(n->rows, (count + count / 2 + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    n->rows = grown;
    n->cap_rows = count + count / 2 + 1;
    return grown;
}

/* The first head that is not below bound, as if zeros followed. */
static size_t head_at(const struct kai_head *heads, size_t count, struct kai_view bound)
{
    size_t lo = 0, hi = count;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (bound.n > 0 && memcmp(heads[mid].log_pk, bound.p, bound.n) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool take_ctl(struct kai_net *n, struct kai_view lower, struct kai_view upper,
                     struct kai_rows *out)
{
    const struct kai_head *heads = NULL;
    size_t count = kai_ctl_heads(n->ctl, &heads), from = head_at(heads, count, lower),
           to = upper.n ? head_at(heads, count, upper) : count;

    if (!(out->r = room(n, to > from ? to - from : 0)))
        return false;
    for (; from < to; from++)
        out->r[out->n++] = (struct kai_row){
            .log_pk = heads[from].log_pk, .seq = heads[from].seq, .hash = heads[from].hash};
    return true;
}

/* Always from what is durable now, never from what was once said. Rights are asked once for all. */
bool kai_rows_take(struct kai_net *n, struct kai_link *l, const struct kai_share *s,
                   struct kai_view lower, struct kai_view upper, struct kai_rows *out)
{
    struct kai_nlog *const *logs = NULL;
    struct kai_sight sight;
    size_t count;

    *out = (struct kai_rows){0};
    if (s->ctl)
        return take_ctl(n, lower, upper, out);
    count = kai_mirror_range(n, s->aud_id, lower, upper, &logs);
    if (!(out->r = room(n, count)))
        return false;
    kai_sight(&sight, n, l, s);
    for (size_t i = 0; i < count; i++)
        if (kai_sight_log(n, &sight, logs[i])) {
            struct kai_row *r = &out->r[out->n++];
            *r = (struct kai_row){.log_pk = logs[i]->l.log_pk, .log = logs[i]};
            r->seq = kai_fork_stands(logs[i], &r->hash);
        }
    return true;
}

/* Keyed by the link: nobody can prepare two sets with one fingerprint. */
void kai_rows_fp(struct kai_link *l, const struct kai_rows *rows, size_t from, size_t to,
                 uint8_t fp[static 16])
{
    struct kai_hasher h;

    l->rb_rows += to - from;
    kai_kdf_begin(&h, KAI_D_RANGE, l->range_key, 16);
    for (size_t i = from; i < to; i++) {
        kai_hash_add(&h, rows->r[i].log_pk, KAI_KEY_BYTES);
        kai_hash_u64(&h, rows->r[i].seq);
        kai_hash_add(&h, rows->r[i].hash, 16);
    }
    kai_hash_end(&h, fp);
}

/* Keyed as well: two heads that look alike to everybody would hide a fork. */
void kai_rows_mark(struct kai_link *l, const uint8_t hash[static KAI_ID_BYTES],
                   uint8_t mark[static KAI_RB_MARK_BYTES])
{
    uint8_t out[16];

    l->rb_rows++;
    kai_kdf(out, sizeof out, KAI_D_RMARK, l->range_key, hash, KAI_ID_BYTES);
    memcpy(mark, out, KAI_RB_MARK_BYTES);
}

static bool marked(struct kai_link *l, const uint8_t *hash, const struct kai_rb_row *row)
{
    uint8_t mark[KAI_RB_MARK_BYTES];

    kai_rows_mark(l, hash, mark);
    return memcmp(mark, row->mark, sizeof mark) == 0;
}

static void held(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log, uint64_t seq)
{
    if (log)
        kai_log_held(n, l, log, seq);
}

void kai_rows_held(struct kai_net *n, struct kai_link *l, const struct kai_share *s,
                   const struct kai_rows *rows)
{
    for (size_t i = 0; i < rows->n && !s->ctl; i++)
        kai_fork_show(n, l, s, rows->r[i].log, false);
    if (s->ctl || !l->peer || !kai_keyring_eligible(n->keyring, s->aud_id, l->peer))
        return;
    for (size_t i = 0; i < rows->n; i++)
        kai_log_read_by(n, l, rows->r[i].log, rows->r[i].seq);
}

/* The row here that is the peer's, or the first of its log; NULL: none is of that log. */
const struct kai_row *kai_rows_like(struct kai_link *l, const struct kai_rows *rows,
                                    const struct kai_rb_row *row)
{
    size_t lo = 0, hi = rows->n;
    const struct kai_row *first = NULL;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (memcmp(rows->r[mid].log_pk, row->log_pk, row->log_n) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < rows->n && memcmp(rows->r[lo].log_pk, row->log_pk, row->log_n) == 0; lo++) {
        if (!first)
            first = &rows->r[lo];
        if (rows->r[lo].seq == row->seq && marked(l, rows->r[lo].hash, row))
            return &rows->r[lo];
    }
    return first;
}

/* ---- Control logs: any entry of a branch may be missing. */

struct seek {
    struct kai_link *l;
    const struct kai_rb_row *row;
    bool found;
};

static bool seek_one(void *ctx, const struct kai_entry *e)
{
    struct seek *s = ctx;

    s->found = marked(s->l, e->hash, s->row);
    return !s->found;
}

static bool compare_ctl(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                        const struct kai_row *mine, const uint8_t *log_pk,
                        const struct kai_rb_row *row)
{
    struct seek find = {.l = l, .row = row};
    struct kai_head head;

    kai_ctl_each(n->ctl, log_pk, row->seq, row->seq, seek_one, &find);
    if (!find.found) {
        uint64_t from = 1;
        if (kai_ctl_head(n->ctl, log_pk, &head) == KAI_OK && head.seq < row->seq)
            from = head.seq + 1;
        kai_fetch_want(n, l, s, log_pk, from, row->seq);
    }
    return mine && (row->seq > mine->seq || (row->seq == mine->seq && marked(l, mine->hash, row)));
}

/* ---- Data and key logs. */

static void ahead(struct kai_net *n, struct kai_link *l, struct kai_share *s, struct kai_nlog *log,
                  const struct kai_rb_row *row)
{
    if (row->seq > log->ing_seq)
        kai_fork_own(n, l, log, row->seq);
    kai_fork_show(n, l, s, log, kai_fork_past(log, row->seq));
    if (kai_fork_limit(log, row->seq) > log->ing_seq)
        kai_fetch_want(n, l, s, log->l.log_pk, log->ing_seq + 1, kai_fork_limit(log, row->seq));
}

static bool compare_known(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                          struct kai_nlog *log, const struct kai_rb_row *row)
{
    const uint8_t *head;
    uint64_t stands = kai_fork_stands(log, &head);
    struct kai_entry e;

    if (row->seq > stands) {
        ahead(n, l, s, log, row);
        return true;
    }
    kai_fork_show(n, l, s, log, false);
    if (row->seq == stands) {
        if (!marked(l, head, row)) {
            kai_fork_prove(n, l, s, log, row->seq);
            return true;
        }
        held(n, l, log, row->seq);
        kai_push_know(l, log->l.log_pk, row->seq);
        return true;
    }
    if (n->act.read(n->act.ctx, log->l.log_pk, row->seq, &e) == KAI_OK && !marked(l, e.hash, row)) {
        kai_fork_prove(n, l, s, log, row->seq);
        return true;
    }
    held(n, l, log, row->seq);
    return false;
}

/* A log that we hold and do not show to the peer: a letter that it carries, mostly. */
static void hidden(struct kai_net *n, struct kai_link *l, struct kai_share *s, struct kai_nlog *log,
                   const struct kai_rb_row *row)
{
    struct kai_entry e;

    if (row->seq > log->ing_seq || kai_fork_past(log, row->seq))
        ahead(n, l, s, log, row);
    else if (row->seq > log->l.head_seq)
        kai_push_know(l, log->l.log_pk, row->seq);
    else if (n->act.read(n->act.ctx, log->l.log_pk, row->seq, &e) == KAI_OK &&
             marked(l, e.hash, row))
        kai_push_arrived(n, l, s, log, row->seq);
}

enum kai_compared kai_rows_compare(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                                   const struct kai_row *mine, const struct kai_rb_row *row)
{
    bool whole = row->log_n == KAI_KEY_BYTES;
    struct kai_nlog *log;

    if (s->ctl) {
        if (!mine && !whole)
            return KAI_ROW_UNKNOWN;
        return compare_ctl(n, l, s, mine, mine ? mine->log_pk : row->log_pk, row) ? KAI_ROW_COVERED
                                                                                  : KAI_ROW_KNOWN;
    }
    if (mine)
        return compare_known(n, l, s, mine->log, row) ? KAI_ROW_COVERED : KAI_ROW_KNOWN;
    log = kai_mirror_like(n, row->log_pk, row->log_n);
    if (!log && !whole)
        return KAI_ROW_UNKNOWN;
    if (!log)
        kai_fetch_want(n, l, s, row->log_pk, 1, row->seq);
    else if (memcmp(log->l.aud_id, s->aud_id, KAI_ID_BYTES) == 0)
        hidden(n, l, s, log, row);
    return KAI_ROW_KNOWN;
}

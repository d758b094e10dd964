/* reconcile: finds what one of two nodes lacks of an audience, by fingerprints of ranges
 * (docs/protocol.md 7). */
#include "topology/state.h"

#include <stdlib.h>
#include <string.h>

#define RB_FRAME_ROOM   (KAI_FRAME_BYTES_MAX - 128u)
#define RB_ROWS_A_RANGE 500u
#define RB_FRAME_MS     100u /* What a frame costs of the peer's allowance. */
#define RB_FRAMES_BURST 64u

struct answer { /* Ranges on their way into RB frames. */
    struct kai_net *n;
    struct kai_link *l;
    struct kai_share *s;
    uint64_t round;
    uint8_t lower[KAI_KEY_BYTES];
    size_t lower_n;
    uint32_t n_ranges;
    bool skipping; /* A skip up to skip_to is not written yet. */
    struct kai_view skip_to;
    bool alone; /* The question is one range: a skip tells what both hold. */
    uint8_t equal[16];
    struct kai_view last_upper;
    bool asks; /* Something written wants an answer. */
};

static void flush(struct answer *a, bool more)
{
    struct kai_buf *ranges = &a->n->scratch, *b = kai_out_begin(a->n);

    kai_put_frame(b, KAI_MSG_RB, 5);
    kai_put_uint(b, a->s->handle);
    kai_put_uint(b, a->round);
    kai_put_bool(b, more);
    kai_put_bin(b, a->lower, a->lower_n);
    kai_put_array(b, a->n_ranges);
    kai_buf_add(b, ranges->p, ranges->len);
    a->n->count.rb_bytes += b->len;
    if (ranges->err || !kai_out_put(a->n, a->l, KAI_OUT_LIVE))
        kai_rb_due(a->n, a->s, KAI_RB_IDLE_MS);
    kai_buf_clear(ranges);
    a->n_ranges = 0;
    a->lower_n = a->last_upper.n;
    if (a->lower_n > 0)
        memcpy(a->lower, a->last_upper.p, a->lower_n);
}

static void write_skip(struct answer *a)
{
    struct kai_buf *b = &a->n->scratch;

    if (!a->skipping)
        return;
    a->skipping = false;
    kai_put_array(b, 3);
    kai_put_view(b, a->skip_to);
    kai_put_uint(b, KAI_RB_SKIP);
    if (a->alone)
        kai_put_bin(b, a->equal, sizeof a->equal);
    else
        kai_put_nil(b);
    a->n_ranges++;
    a->last_upper = a->skip_to;
}

static struct kai_buf *range(struct answer *a, struct kai_view upper, enum kai_rb_mode mode,
                             size_t room)
{
    struct kai_buf *b = &a->n->scratch;

    write_skip(a);
    if (b->len + room + 64 > RB_FRAME_ROOM || a->n_ranges + 2 > KAI_RB_RANGES_MAX)
        flush(a, true);
    kai_put_array(b, 3);
    kai_put_view(b, upper);
    kai_put_uint(b, mode);
    a->n_ranges++;
    a->last_upper = upper;
    if (mode == KAI_RB_FP || mode == KAI_RB_LIST)
        a->asks = true;
    return b;
}

static void skip(struct answer *a, struct kai_view upper)
{
    a->skipping = true;
    a->skip_to = upper;
}

/* The shortest prefix of b that is above a. */
static struct kai_view between(const uint8_t *a, const uint8_t *b)
{
    size_t i = 0;

    while (i < KAI_KEY_BYTES - 1 && a[i] == b[i])
        i++;
    return kai_view_of(b, i + 1);
}

static void put_row(struct kai_buf *b, const struct kai_row *r)
{
    struct kai_rb_row row = {.seq = r->seq};

    memcpy(row.log_pk, r->log_pk, sizeof row.log_pk);
    memcpy(row.head, r->hash, sizeof row.head);
    kai_put_row(b, &row);
}

/* Rows that stand one after the other in r, cut so that each part fits a frame; no log is cut in
 * two. */
static void put_rows(struct answer *a, const struct kai_row *r, size_t count, struct kai_view upper,
                     enum kai_rb_mode mode)
{
    size_t at = 0;

    do {
        size_t end = count - at > RB_ROWS_A_RANGE ? at + RB_ROWS_A_RANGE : count;
        while (end < count && end > at + 1 &&
               memcmp(r[end - 1].log_pk, r[end].log_pk, KAI_KEY_BYTES) == 0)
            end--;
        struct kai_view up = end < count ? between(r[end - 1].log_pk, r[end].log_pk) : upper;
        struct kai_buf *b = range(a, up, mode, (end - at) * 64);
        kai_put_array(b, (uint32_t)(end - at));
        for (; at < end; at++)
            put_row(b, &r[at]);
    } while (at < count);
}

static void put_fp(struct answer *a, const struct kai_rows *rows, size_t from, size_t to,
                   struct kai_view upper)
{
    uint8_t fp[16];
    struct kai_buf *b = range(a, upper, KAI_RB_FP, 64);

    kai_rows_fp(a->l, rows, from, to, fp);
    kai_put_bin(b, fp, sizeof fp);
}

static void split(struct answer *a, const struct kai_rows *rows, size_t from, size_t to,
                  struct kai_view upper)
{
    size_t count = to - from, parts = count / 4 < KAI_RB_FANOUT ? count / 4 : KAI_RB_FANOUT,
           at = from;

    for (size_t i = 1; i <= parts; i++) {
        size_t end = from + count * i / parts;
        while (end < to && end > at &&
               memcmp(rows->r[end - 1].log_pk, rows->r[end].log_pk, KAI_KEY_BYTES) == 0)
            end++;
        if (end <= at)
            continue;
        put_fp(a, rows, at, end,
               end < to ? between(rows->r[end - 1].log_pk, rows->r[end].log_pk) : upper);
        at = end;
    }
}

/* ---- Answering one range. */

static void on_fp(struct answer *a, const struct kai_rows *rows, size_t from, size_t to,
                  const struct kai_rb_range *r)
{
    uint8_t mine[16], none[16];

    kai_rows_fp(a->l, rows, from, to, mine);
    kai_rows_fp(a->l, rows, 0, 0, none);
    if (memcmp(mine, r->fp.p, sizeof mine) == 0) {
        kai_rows_held(a->n, a->l, rows, from, to);
        memcpy(a->equal, mine, sizeof mine);
        skip(a, r->upper);
    } else if (memcmp(none, r->fp.p, sizeof none) == 0) {
        put_rows(a, rows->r + from, to - from, r->upper, KAI_RB_REPLY);
    } else if (to - from <= KAI_RB_LEAF_ROWS || a->round >= KAI_RB_ROUNDS_MAX - 2) {
        put_rows(a, rows->r + from, to - from, r->upper, KAI_RB_LIST);
    } else {
        split(a, rows, from, to, r->upper);
    }
}

/* What was equal when the peer spoke need not be what stands here now, so it says what it was. */
static void on_skip(struct answer *a, const struct kai_rows *rows, size_t from, size_t to,
                    const struct kai_rb_range *r)
{
    uint8_t mine[16];

    a->alone = false;
    if (!r->fp.p)
        return;
    kai_rows_fp(a->l, rows, from, to, mine);
    if (memcmp(mine, r->fp.p, sizeof mine) == 0)
        kai_rows_held(a->n, a->l, rows, from, to);
}

static const struct kai_row *mine_of(const struct kai_rows *rows, size_t from, size_t to,
                                     const struct kai_rb_row *row)
{
    size_t i = kai_rows_find(rows, from, kai_view_of(row->log_pk, KAI_KEY_BYTES));
    const struct kai_row *first = NULL;

    for (; i < to && memcmp(rows->r[i].log_pk, row->log_pk, KAI_KEY_BYTES) == 0; i++) {
        if (!first)
            first = &rows->r[i];
        if (rows->r[i].seq == row->seq && memcmp(rows->r[i].hash, row->head, 16) == 0)
            return &rows->r[i];
    }
    return first;
}

/* A list of the peer's rows: ask for what we lack; where asked, say what it lacks. */
static void on_rows(struct answer *a, const struct kai_rows *rows, size_t from, size_t to,
                    struct kai_rb_range *r)
{
    struct kai_row *ours = calloc(to - from + 1, sizeof *ours);
    bool *covered = calloc(to - from + 1, sizeof *covered);
    size_t k = 0;

    for (uint32_t i = 0; i < r->n_rows && ours && covered; i++) {
        struct kai_rb_row row;
        kai_range_row(r, &row);
        const struct kai_row *mine = mine_of(rows, from, to, &row);
        if (kai_rows_compare(a->n, a->l, a->s, mine, &row))
            covered[mine - (rows->r + from)] = true;
    }
    for (size_t i = from; i < to && ours && covered; i++)
        if (!covered[i - from])
            ours[k++] = rows->r[i];
    /* Not a skip, which would say that both hold the same. */
    put_rows(a, ours, r->mode == KAI_RB_LIST ? k : 0, r->upper, KAI_RB_REPLY);
    free(ours);
    free(covered);
}

static bool over_allowance(struct kai_net *n, struct kai_share *s)
{
    uint64_t burst = (uint64_t)RB_FRAMES_BURST * RB_FRAME_MS;

    if (n->now_ms > burst && s->rb_tokens_ms < n->now_ms - burst)
        s->rb_tokens_ms = n->now_ms - burst;
    if (s->rb_tokens_ms > n->now_ms)
        return true;
    s->rb_tokens_ms += RB_FRAME_MS;
    return false;
}

static void over(struct kai_net *n, struct kai_link *l, struct kai_share *s)
{
    s->rb_over = true;
    s->rb_stalls = 0;
    s->rb_running = false;
    if (s->rb_began_ms > s->rb_set_ms)
        s->rb_due_ms = 0; /* It saw all that the one that was due would have. */
    kai_rb_due(n, s, KAI_RB_EVERY_MS * 7 / 10 + kai_random_below(n, KAI_RB_EVERY_MS * 6 / 10));
    if (s->ctl)
        l->ctl_done = true;
}

void kai_rb_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    struct kai_share *s = kai_match_handle(l, f->handle);
    struct answer a = {.n = n, .l = l, .s = s, .round = f->a + 1, .alone = f->n == 1};
    struct kai_rows rows;
    bool asked = false;
    size_t at;

    if (!s) {
        kai_link_err(n, l, KAI_BYE_NOT_SHARED, f->handle);
        return;
    }
    if (over_allowance(n, s) || f->a >= KAI_RB_ROUNDS_MAX) {
        kai_link_err(n, l, KAI_BYE_BUSY, f->handle);
        return;
    }
    if (!kai_rows_take(n, l, s, &rows))
        return;
    n->count.rb_rounds++;
    s->rb_last_ms = n->now_ms;
    if (f->a == 0)
        s->rb_began_ms = n->now_ms;
    kai_buf_clear(&n->scratch);
    a.lower_n = f->lower.n;
    if (f->lower.n > 0)
        memcpy(a.lower, f->lower.p, f->lower.n);
    at = f->lower.n ? kai_rows_find(&rows, 0, f->lower) : 0;
    for (uint32_t i = 0; i < f->n && !l->dead; i++) {
        struct kai_rb_range r;
        kai_frame_range(f, &r);
        size_t to = kai_rows_find(&rows, at, r.upper);
        asked = asked || r.mode == KAI_RB_FP || r.mode == KAI_RB_LIST;
        if (r.mode == KAI_RB_SKIP) {
            on_skip(&a, &rows, at, to, &r);
            skip(&a, r.upper);
        } else if (r.mode == KAI_RB_FP) {
            on_fp(&a, &rows, at, to, &r);
        } else {
            on_rows(&a, &rows, at, to, &r);
        }
        at = to;
    }
    if (asked) {
        write_skip(&a);
        flush(&a, false);
    }
    if (!a.asks && !f->more)
        over(n, l, s);
    free(rows.r);
}

/* ---- When. */

void kai_rb_due(struct kai_net *n, struct kai_share *s, uint64_t in_ms)
{
    if (s->rb_due_ms == 0 || n->now_ms + in_ms < s->rb_due_ms) {
        s->rb_due_ms = n->now_ms + in_ms > 0 ? n->now_ms + in_ms : 1;
        s->rb_set_ms = n->now_ms;
    }
}

void kai_rb_all(struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES], uint64_t in_ms)
{
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_share *s = kai_share_find(n->links[i], aud_id);
        if (s)
            kai_rb_due(n, s, in_ms);
    }
}

void kai_rb_start(struct kai_net *n, struct kai_link *l, struct kai_share *s)
{
    struct answer a = {.n = n, .l = l, .s = s};
    struct kai_rows rows;

    s->rb_due_ms = 0;
    if (!kai_rows_take(n, l, s, &rows)) {
        kai_rb_due(n, s, KAI_RB_IDLE_MS);
        return;
    }
    s->rb_running = true;
    s->rb_began_ms = s->rb_last_ms = n->now_ms;
    kai_buf_clear(&n->scratch);
    put_fp(&a, &rows, 0, rows.n, (struct kai_view){0});
    flush(&a, false);
    n->count.rb_rounds++;
    free(rows.r);
}

void kai_rb_tick(struct kai_net *n, struct kai_link *l, struct kai_share *s)
{
    if (s->rb_running && n->now_ms >= s->rb_last_ms + KAI_RB_IDLE_MS) {
        s->rb_running = false;
        s->rb_stalls++;
        kai_rb_due(n, s, s->rb_stalls > 8 ? KAI_RB_EVERY_MS : 0);
    }
    if (s->ctl && l->state == KAI_LINK_CONTROL && s->rb_stalls > 3) {
        kai_link_drop(n, l, KAI_BYE_TIMEOUT);
        return;
    }
    if (!s->rb_running && s->rb_due_ms && n->now_ms >= s->rb_due_ms)
        kai_rb_start(n, l, s);
}

void kai_rb_settle(struct kai_net *n, struct kai_link *l, struct kai_share *s)
{
    if (s->rb_over && !s->live && kai_fetch_open(n, l, s) == 0)
        s->live = true;
}

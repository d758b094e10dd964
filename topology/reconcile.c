/* reconcile: finds what one of two nodes lacks of an audience, by fingerprints of ranges
 * (docs/protocol.md 7). Nothing is kept of what a peer holds: each session starts from what is
 * durable here. When sessions begin stands in session.c. */
#include "topology/session.h"

#include <stdlib.h>
#include <string.h>

#define RB_FRAME_ROOM   (KAI_FRAME_BYTES_MAX - 128u)
#define RB_ROWS_A_RANGE 500u
#define RB_LIST_MOST    4u /* More unknown logs than these: ask for all of the range. */

struct bound { /* A prefix, as if zeros followed; empty: below all, or above all. */
    size_t n;
    uint8_t b[KAI_KEY_BYTES];
};

struct answer { /* Ranges on their way into RB frames. */
    struct kai_net *n;
    struct kai_link *l;
    struct kai_share *s;
    struct kai_rb_side *side;
    uint64_t round;
    struct bound lower; /* Of the frame. */
    struct bound last;  /* Up to here it is written. */
    uint32_t n_ranges;
    bool skipping; /* A skip up to skip_to is not written yet. */
    struct bound skip_to;
    bool alone; /* The question is one range: a skip tells what both hold. */
    uint8_t equal[16];
    bool asks; /* Something in this frame wants an answer. */
};

static struct kai_view view(const struct bound *b)
{
    return kai_view_of(b->b, b->n);
}

static void set(struct bound *b, struct kai_view v)
{
    b->n = v.n;
    if (v.n > 0)
        memcpy(b->b, v.p, v.n);
}

static void flush(struct answer *a, bool more)
{
    struct kai_buf *ranges = &a->n->scratch, *b = kai_out_begin(a->n);

    kai_put_frame(b, KAI_MSG_RB, 5);
    kai_put_uint(b, a->s->handle);
    kai_put_uint(b, a->round);
    kai_put_bool(b, more);
    kai_put_view(b, view(&a->lower));
    kai_put_array(b, a->n_ranges);
    kai_buf_add(b, ranges->p, ranges->len);
    if (kai_rb_pay(a->side, b->len)) {
        a->n->count.rb_bytes += b->len;
        if (a->asks)
            a->side->awaits++;
        if (ranges->err || !kai_out_put(a->n, a->l, KAI_OUT_LAZY))
            kai_rb_due(a->n, a->s, KAI_RB_IDLE_MS);
    }
    kai_buf_clear(ranges);
    a->n_ranges = 0;
    a->asks = false;
    a->lower = a->last;
}

static void write_skip(struct answer *a)
{
    struct kai_buf *b = &a->n->scratch;

    if (!a->skipping)
        return;
    a->skipping = false;
    kai_put_array(b, 3);
    kai_put_view(b, view(&a->skip_to));
    kai_put_uint(b, KAI_RB_SKIP);
    if (a->alone)
        kai_put_bin(b, a->equal, sizeof a->equal);
    else
        kai_put_nil(b);
    a->n_ranges++;
    a->last = a->skip_to;
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
    set(&a->last, upper);
    if (mode == KAI_RB_FP || mode == KAI_RB_LIST)
        a->asks = true;
    return b;
}

static void skip(struct answer *a, struct kai_view upper)
{
    a->skipping = true;
    set(&a->skip_to, upper);
}

/* The shortest prefix of b that is above a. */
static struct kai_view between(const uint8_t *a, const uint8_t *b)
{
    size_t i = 0;

    while (i < KAI_KEY_BYTES - 1 && a[i] == b[i])
        i++;
    return kai_view_of(b, i + 1);
}

static int bound_cmp(struct kai_view a, struct kai_view b)
{
    uint8_t x[KAI_KEY_BYTES] = {0}, y[KAI_KEY_BYTES] = {0};

    if (a.n > 0)
        memcpy(x, a.p, a.n);
    if (b.n > 0)
        memcpy(y, b.p, b.n);
    return memcmp(x, y, sizeof x);
}

/* Who is asked, or has named the log, mostly knows its key. In the control plane it is whole: a
 * newcomer, who knows none, needs no further round. */
static void put_row(struct answer *a, struct kai_buf *b, const struct kai_row *r, bool whole)
{
    struct kai_rb_row row = {.seq = r->seq, .log_n = whole ? KAI_KEY_BYTES : KAI_RB_LOG_BYTES};

    memcpy(row.log_pk, r->log_pk, sizeof row.log_pk);
    kai_rows_mark(a->l, r->hash, row.mark);
    kai_put_row(b, &row);
}

static void put_fp(struct answer *a, const struct kai_rows *rows, size_t from, size_t to,
                   struct kai_view upper)
{
    uint8_t fp[16];
    struct kai_buf *b = range(a, upper, KAI_RB_FP, 64);

    kai_rows_fp(a->l, rows, from, to, fp);
    kai_put_bin(b, fp, sizeof fp);
}

/* Rows one after the other, cut so that each part fits a frame; no log is cut in two. all: these
 * are all rows that there are, so that a long answer may end in a question. */
static void put_rows(struct answer *a, const struct kai_rows *rows, size_t at, size_t count,
                     struct kai_view upper, enum kai_rb_mode mode, bool all)
{
    const struct kai_row *r = rows->r;
    uint64_t before = a->side->bytes;

    do {
        size_t end = count - at > RB_ROWS_A_RANGE ? at + RB_ROWS_A_RANGE : count;
        while (end < count && end > at + 1 &&
               memcmp(r[end - 1].log_pk, r[end].log_pk, KAI_KEY_BYTES) == 0)
            end--;
        if (all && at < count && a->side->bytes - before > KAI_RB_ANSWER_MAX) {
            put_fp(a, rows, at, count, upper);
            return;
        }
        struct kai_view up = end < count ? between(r[end - 1].log_pk, r[end].log_pk) : upper;
        struct kai_buf *b = range(a, up, mode, (end - at) * 64);
        kai_put_array(b, (uint32_t)(end - at));
        for (; at < end; at++)
            put_row(a, b, &r[at], a->s->ctl || (mode == KAI_RB_REPLY && !r[at].named));
    } while (at < count);
}

static void split(struct answer *a, const struct kai_rows *rows, struct kai_view upper)
{
    size_t count = rows->n, parts = count / 4 < KAI_RB_FANOUT ? count / 4 : KAI_RB_FANOUT, at = 0;

    for (size_t i = 1; i <= parts; i++) {
        size_t end = count * i / parts;
        while (end < count && end > at &&
               memcmp(rows->r[end - 1].log_pk, rows->r[end].log_pk, KAI_KEY_BYTES) == 0)
            end++;
        if (end <= at)
            continue;
        put_fp(a, rows, at, end,
               end < count ? between(rows->r[end - 1].log_pk, rows->r[end].log_pk) : upper);
        at = end;
    }
}

/* ---- Answering one range. */

static void on_fp(struct answer *a, const struct kai_rows *rows, const struct kai_rb_range *r)
{
    uint8_t mine[16], none[16];

    kai_rows_fp(a->l, rows, 0, rows->n, mine);
    kai_rows_fp(a->l, rows, 0, 0, none);
    if (memcmp(mine, r->fp.p, sizeof mine) == 0) {
        kai_rows_held(a->n, a->l, a->s, rows);
        memcpy(a->equal, mine, sizeof mine);
        skip(a, r->upper);
    } else if (memcmp(none, r->fp.p, sizeof none) == 0) {
        put_rows(a, rows, 0, rows->n, r->upper, KAI_RB_REPLY, true);
    } else if (rows->n <= KAI_RB_LEAF_ROWS || a->round >= KAI_RB_ROUNDS_MAX - 2) {
        put_rows(a, rows, 0, rows->n, r->upper, KAI_RB_LIST, false);
    } else {
        split(a, rows, r->upper);
    }
}

/* What was equal when the peer spoke need not be what stands here now, so it says what it was. */
static void on_skip(struct answer *a, const struct kai_rows *rows, const struct kai_rb_range *r)
{
    uint8_t mine[16];

    if (!r->fp.p)
        return;
    kai_rows_fp(a->l, rows, 0, rows->n, mine);
    if (memcmp(mine, r->fp.p, sizeof mine) == 0)
        kai_rows_held(a->n, a->l, a->s, rows);
}

struct unknown { /* Prefixes of logs that the peer named and we have never heard of. */
    size_t n;
    uint8_t log[RB_LIST_MOST][KAI_RB_LOG_BYTES];
};

static void add_unknown(struct unknown *u, const struct kai_rb_row *row)
{
    if (u->n <= RB_LIST_MOST &&
        (u->n == 0 || memcmp(u->log[u->n - 1], row->log_pk, KAI_RB_LOG_BYTES) < 0)) {
        if (u->n < RB_LIST_MOST)
            memcpy(u->log[u->n], row->log_pk, KAI_RB_LOG_BYTES);
        u->n++;
    }
}

static bool next_prefix(uint8_t *p)
{
    for (size_t i = KAI_RB_LOG_BYTES; i > 0; i--)
        if (++p[i - 1] != 0)
            return true;
    return false;
}

/* What the peer lacks, and between it an empty list where we need the whole key of a log. */
static void reply_and_ask(struct answer *a, const struct kai_rows *ours, const struct unknown *u,
                          struct kai_view lower, struct kai_view upper)
{
    struct bound at = {0};
    size_t from = 0;

    set(&at, lower);
    for (size_t i = 0; i < u->n; i++) {
        struct kai_view log = kai_view_of(u->log[i], KAI_RB_LOG_BYTES);
        struct bound after = {.n = KAI_RB_LOG_BYTES};
        size_t to = from;

        memcpy(after.b, u->log[i], KAI_RB_LOG_BYTES);
        if (bound_cmp(log, view(&at)) < 0 || !next_prefix(after.b) ||
            (upper.n > 0 && bound_cmp(view(&after), upper) >= 0))
            continue; /* At an end of the range: it is found in the next session. */
        while (to < ours->n && memcmp(ours->r[to].log_pk, log.p, log.n) < 0)
            to++;
        if (bound_cmp(log, view(&at)) > 0)
            put_rows(a, ours, from, to, log, KAI_RB_REPLY, false);
        put_rows(a, ours, to, to, view(&after), KAI_RB_LIST, false);
        at = after;
        from = to;
    }
    put_rows(a, ours, from, ours->n, upper, KAI_RB_REPLY, false);
}

/* A list of the peer's rows: ask for what we lack; where asked, say what it lacks. */
static void on_rows(struct answer *a, struct kai_rows *rows, struct kai_view lower,
                    struct kai_rb_range *r)
{
    bool *covered = calloc(rows->n + 1, sizeof *covered);
    struct unknown u = {0};
    size_t kept = 0;

    for (uint32_t i = 0; i < r->n_rows && covered; i++) {
        struct kai_rb_row row;
        kai_range_row(r, &row);
        const struct kai_row *mine = kai_rows_like(a->l, rows, &row);
        enum kai_compared c = kai_rows_compare(a->n, a->l, a->s, mine, &row);
        if (mine)
            rows->r[mine - rows->r].named = true;
        if (mine && c == KAI_ROW_COVERED)
            covered[mine - rows->r] = true;
        if (c == KAI_ROW_UNKNOWN)
            add_unknown(&u, &row);
    }
    for (size_t i = 0; i < rows->n && covered; i++)
        if (!covered[i])
            rows->r[kept++] = rows->r[i];
    /* Not a skip, which would say that both hold the same. */
    rows->n = r->mode == KAI_RB_LIST && covered ? kept : 0;
    if (u.n > RB_LIST_MOST)
        put_rows(a, rows, 0, 0, r->upper, KAI_RB_LIST, false);
    else if (u.n > 0)
        reply_and_ask(a, rows, &u, lower, r->upper);
    else
        put_rows(a, rows, 0, rows->n, r->upper, KAI_RB_REPLY,
                 r->mode == KAI_RB_LIST && r->n_rows == 0);
    free(covered);
}

/* Returns whether the peer asked something. */
static bool answer_range(struct answer *a, struct kai_view lower, struct kai_rb_range *r)
{
    struct kai_rows rows = {0};

    if ((r->mode != KAI_RB_SKIP || r->fp.p) &&
        !kai_rows_take(a->n, a->l, a->s, lower, r->upper, &rows)) {
        kai_rb_due(a->n, a->s, KAI_RB_IDLE_MS);
        return false;
    }
    if (r->mode == KAI_RB_SKIP) {
        a->alone = false;
        on_skip(a, &rows, r);
        skip(a, r->upper);
    } else if (r->mode == KAI_RB_FP) {
        on_fp(a, &rows, r);
    } else {
        on_rows(a, &rows, lower, r);
    }
    return r->mode == KAI_RB_FP || r->mode == KAI_RB_LIST;
}

void kai_rb_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    struct kai_share *s = kai_match_handle(l, f->handle);
    struct answer a = {.n = n, .l = l, .s = s, .round = f->a + 1, .alone = f->n == 1};
    struct kai_view lower = f->lower;
    bool asked = false, at_end = false;

    if (!s) {
        kai_link_err(n, l, KAI_BYE_NOT_SHARED, f->handle);
        return;
    }
    if (!(a.side = kai_rb_admit(n, l, s, f)))
        return;
    n->count.rb_rounds++;
    kai_buf_clear(&n->scratch);
    set(&a.lower, lower);
    set(&a.last, lower);
    for (uint32_t i = 0; i < f->n && !l->dead; i++) {
        struct kai_rb_range r;
        kai_frame_range(f, &r);
        if (at_end || (r.upper.n > 0 && bound_cmp(r.upper, lower) <= 0)) {
            kai_link_bye(n, l, KAI_BYE_MALFORMED); /* Each range begins where the last one ends. */
            return;
        }
        asked = answer_range(&a, lower, &r) || asked;
        at_end = r.upper.n == 0;
        lower = r.upper;
    }
    if (asked) {
        write_skip(&a);
        flush(&a, false);
    }
    kai_rb_answered(n, l, s, a.side, f);
}

void kai_rb_start(struct kai_net *n, struct kai_link *l, struct kai_share *s)
{
    struct answer a = {.n = n, .l = l, .s = s, .side = &s->rb_out};
    struct kai_rows rows;

    s->rb_due_ms = 0;
    if (!kai_rows_take(n, l, s, (struct kai_view){0}, (struct kai_view){0}, &rows)) {
        kai_rb_due(n, s, KAI_RB_IDLE_MS);
        return;
    }
    kai_rb_begin(n, &s->rb_out);
    s->rb_running = true;
    s->rb_last_ms = n->now_ms;
    n->count.rb_sessions++;
    kai_buf_clear(&n->scratch);
    put_fp(&a, &rows, 0, rows.n, (struct kai_view){0});
    flush(&a, false);
    n->count.rb_rounds++;
}

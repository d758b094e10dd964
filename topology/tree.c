/* tree: over which links new entries of a log come as a whole, and over which only word of them
 * (docs/protocol.md 7).
 *
 * One tree for each log, as every author has shortest ways of its own. A link is eager until the
 * other end says PRUNE, because the entry was there already; it is eager again after GRAFT: where
 * word came and no entry did, or came much earlier than the entry by another way. */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/grow.h"

#define T1_MS        500u /* From the first word of an entry to asking for it: at least, */
#define T1_MOST_MS   5000u
#define T2_MS        250u /* and between one that was asked and the next. */
#define SHORTCUT_MS  4u   /* Word came so much before the entry: that way is shorter. */
#define QUIET_MS     10000u
#define FLOWS_MS     60000u /* A way by which something came so lately is taken to be whole. */
#define GRAFTS_A_SEC 32u
#define ANSWERED_MS  60000u /* The same entry is not sent again to the same peer before. */
#define EMPTY_MAX    8u     /* Words without an entry behind them, in EMPTY_MS. */
#define EMPTY_MS     600000u

/* ---- Slots: bits of kai_nlog.lazy. */

void kai_tree_link(struct kai_net *n, struct kai_link *l)
{
    uint64_t used = 0;

    for (size_t i = 0; i < n->n_links; i++)
        if (n->links[i] != l)
            used |= 1ull << n->links[i]->slot;
    l->slot = 0;
    while (used >> l->slot & 1u)
        l->slot++;
    for (size_t i = 0; i < n->n_logs; i++)
        n->by_pk[i]->lazy &= ~(1ull << l->slot), n->by_pk[i]->pruned &= ~(1ull << l->slot);
}

bool kai_tree_lazy(const struct kai_nlog *log, const struct kai_link *l)
{
    return !log->l.own && (log->lazy >> l->slot & 1u) != 0;
}

/* ---- PRUNE and GRAFT. */

static void put_list(struct kai_net *n, struct kai_share *s, enum kai_msg type, uint64_t minutes,
                     struct kai_nlog *const *logs, size_t k, uint64_t seq)
{
    struct kai_buf *b = kai_out_begin(n);

    kai_put_frame(b, type, type == KAI_MSG_PRUNE ? 3 : 2);
    kai_put_uint(b, s->handle);
    if (type == KAI_MSG_PRUNE)
        kai_put_uint(b, minutes);
    kai_put_array(b, (uint32_t)k);
    for (size_t i = 0; i < k; i++) {
        if (type == KAI_MSG_GRAFT)
            kai_put_array(b, 2);
        kai_put_bin(b, logs[i]->l.log_pk, KAI_KEY_BYTES);
        if (type == KAI_MSG_GRAFT)
            kai_put_uint(b, seq);
    }
}

static void prune(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                  struct kai_nlog *const *logs, size_t k)
{
    put_list(n, s, KAI_MSG_PRUNE, 0, logs, k, 0);
    (void)kai_out_put(n, l, KAI_OUT_URGENT);
    n->count.prunes_out++;
}

/* Of this log (NULL: none) and of all logs of the audience that come by other ways. */
static void prune_all(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                      const struct kai_nlog *log)
{
    struct kai_nlog *const *logs, *some[KAI_IHAVE_IDS_MAX];
    size_t total = kai_mirror_audience(n, s->aud_id, &logs), k = 0;

    for (size_t i = 0; i < total; i++) {
        struct kai_nlog *x = logs[i];
        bool told = (x->pruned >> l->slot & 1u) != 0;
        if (x != log && (told || x->via == 0 || x->via == l->id))
            continue;
        x->pruned |= 1ull << l->slot;
        some[k++] = x;
        if (k == KAI_IHAVE_IDS_MAX) {
            prune(n, l, s, some, k);
            k = 0;
        }
    }
    if (k > 0)
        prune(n, l, s, some, k);
}

static void graft(struct kai_net *n, struct kai_link *l, struct kai_share *s, struct kai_nlog *log,
                  const uint8_t *log_pk, uint64_t seq)
{
    struct kai_nlog none;

    if (log) {
        log->pruned &= ~(1ull << l->slot);
    } else { /* Not even its first entry is here. */
        memcpy(none.l.log_pk, log_pk, KAI_KEY_BYTES);
        log = &none;
    }
    put_list(n, s, KAI_MSG_GRAFT, 0, &log, 1, seq);
    (void)kai_out_put(n, l, KAI_OUT_URGENT);
    n->count.grafts_out++;
}

static void come_by(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                    struct kai_nlog *const *logs, size_t k)
{
    if (k == 0)
        return;
    for (size_t i = 0; i < k; i++) {
        logs[i]->pruned &= ~(1ull << l->slot);
        logs[i]->via = l->id;
    }
    put_list(n, s, KAI_MSG_GRAFT, 0, logs, k, 0);
    (void)kai_out_put(n, l, KAI_OUT_URGENT);
    n->count.grafts_out++;
}

/* Those of an audience's logs that came by the link that is gone come by this one. lazy: only where
 * its other end wants none of us, and so has another way than through us. */
static void come_instead(struct kai_net *n, const struct kai_link *gone, struct kai_link *l,
                         struct kai_nlog *const *logs, size_t total, bool lazy)
{
    struct kai_share *s = l->dead || l->file ? NULL : kai_share_find(l, logs[0]->l.aud_id);
    struct kai_nlog *some[KAI_IHAVE_IDS_MAX];
    size_t k = 0;

    if (!s || !s->matched || !s->live)
        return;
    for (size_t i = 0; i < total; i++) {
        if (logs[i]->via != gone->id || logs[i]->l.own || (lazy && !kai_tree_lazy(logs[i], l)))
            continue;
        some[k++] = logs[i];
        if (k == KAI_IHAVE_IDS_MAX) {
            come_by(n, l, s, some, k);
            k = 0;
        }
    }
    come_by(n, l, s, some, k);
}

static bool comes_by(const struct kai_link *l, struct kai_nlog *const *logs, size_t total)
{
    for (size_t i = 0; i < total; i++)
        if (logs[i]->via == l->id)
            return true;
    return false;
}

/* What came by this link comes by another one from now on, instead of waiting for the first word of
 * an entry that does not come. */
void kai_tree_gone(struct kai_net *n, const struct kai_link *gone)
{
    struct kai_nlog *const *logs;
    size_t start = (size_t)gone->id;

    for (size_t i = 0, total; i < n->n_logs; i += total) {
        total = kai_mirror_audience(n, n->by_aud[i]->l.aud_id, &logs);
        for (size_t j = 0; j < 2 * n->n_links && comes_by(gone, logs, total); j++)
            come_instead(n, gone, n->links[(start + j) % n->n_links], logs, total, j < n->n_links);
        for (size_t j = 0; j < total; j++)
            if (logs[j]->via == gone->id)
                logs[j]->via = 0;
    }
}

void kai_tree_on_prune(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    struct kai_share *s = kai_match_handle(l, f->handle);

    if (!s) {
        kai_link_err(n, l, KAI_BYE_NOT_SHARED, f->handle);
        return;
    }
    for (uint32_t i = 0; i < f->n; i++) {
        struct kai_nlog *log = kai_mirror_find(n, kai_frame_log(f));
        uint64_t quiet = n->now_ms + (f->a > 60 ? 60 : f->a) * 60000;
        if (!log || memcmp(log->l.aud_id, s->aud_id, KAI_ID_BYTES) != 0)
            continue;
        log->lazy |= 1ull << l->slot;
        if (quiet > log->quiet_ms && f->a > 0)
            log->quiet_ms = quiet;
    }
}

/* Answered once a minute for one entry and peer: asking costs less than answering. */
static bool answered(struct kai_net *n, struct kai_link *l, const uint8_t *log_pk, uint64_t seq)
{
    struct kai_answered *oldest;

    if (!l->answered && !(l->answered = calloc(KAI_ANSWERED_MAX, sizeof *l->answered)))
        return true;
    oldest = &l->answered[0];
    for (size_t i = 0; i < KAI_ANSWERED_MAX; i++) {
        struct kai_answered *a = &l->answered[i];
        if (a->seq == seq && n->now_ms < a->until_ms &&
            memcmp(a->log_pk, log_pk, KAI_KEY_BYTES) == 0)
            return true;
        if (a->until_ms < oldest->until_ms)
            oldest = a;
    }
    oldest->seq = seq;
    oldest->until_ms = n->now_ms + ANSWERED_MS;
    memcpy(oldest->log_pk, log_pk, KAI_KEY_BYTES);
    return false;
}

static bool too_many(struct kai_net *n, struct kai_link *l)
{
    if (n->now_ms >= l->grafts_ms + 1000) {
        l->grafts_ms = n->now_ms;
        l->grafts = 0;
    }
    return ++l->grafts > GRAFTS_A_SEC;
}

void kai_tree_on_graft(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    struct kai_share *s = kai_match_handle(l, f->handle);

    if (!s) {
        kai_link_err(n, l, KAI_BYE_NOT_SHARED, f->handle);
        return;
    }
    for (uint32_t i = 0; i < f->n; i++) {
        const uint8_t *log_pk;
        uint64_t seq;
        struct kai_nlog *log;
        kai_frame_id(f, &log_pk, &seq);
        if (seq > 0 && !KAI_CHECK(GRAFT_RATE, !too_many(n, l)))
            return; /* It is found by reconciliation. */
        log = kai_mirror_find(n, log_pk);
        if (!log || memcmp(log->l.aud_id, s->aud_id, KAI_ID_BYTES) != 0)
            continue;
        log->lazy &= ~(1ull << l->slot);
        if (seq > 0 && KAI_CHECK(GRAFT_ONCE, !answered(n, l, log_pk, seq)))
            kai_serve_one(l, s, log_pk, seq);
    }
}

/* ---- Entries that came. */

/* A log that is new here comes the way that others from the same direction come. */
void kai_tree_first(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log)
{
    struct kai_nlog *const *logs, *like = NULL;
    size_t k = kai_mirror_audience(n, log->l.aud_id, &logs);

    for (size_t i = 0; i < k; i++)
        if (logs[i] != log && logs[i]->via == l->id && (!like || logs[i]->came_ms > like->came_ms))
            like = logs[i];
    if (like) {
        log->lazy = like->lazy & ~(1ull << l->slot);
        log->pruned = like->pruned & ~(1ull << l->slot);
    }
}

static bool by_author(const struct kai_link *l, const struct kai_nlog *log)
{
    return memcmp(l->peer_id, log->l.author_node, KAI_ID_BYTES) == 0;
}

static struct kai_missing *find_missing(struct kai_net *n, const uint8_t *log_pk)
{
    for (size_t i = 0; i < n->n_missing; i++)
        if (memcmp(n->missing[i].log_pk, log_pk, KAI_KEY_BYTES) == 0)
            return &n->missing[i];
    return NULL;
}

static void remove_missing(struct kai_net *n, struct kai_missing *m)
{
    struct kai_link *l = kai_link_find(n, m->from[0]);

    if (l && l->n_missing > 0)
        l->n_missing--;
    *m = n->missing[--n->n_missing];
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* How much later than word of them entries come: asking earlier would cost copies. Only by ways
 * that flow: by one that broke since, the first entry is as late as somebody before us waited to
 * ask for it, and whoever learned from that would wait longer than it did, and the next one longer
 * still. */
static void learn_delay(struct kai_net *n, uint64_t ms)
{
    uint32_t sorted[KAI_DELAYS];

    n->delay[n->n_delays++ % KAI_DELAYS] = ms > T1_MOST_MS ? T1_MOST_MS : (uint32_t)ms;
    if (n->n_delays < KAI_DELAYS || n->n_delays % (KAI_DELAYS / 4) != 0)
        return;
    memcpy(sorted, n->delay, sizeof sorted);
    qsort(sorted, KAI_DELAYS, sizeof sorted[0], by_value);
    n->t1_ms = 2ull * sorted[KAI_DELAYS * 95 / 100];
    n->t1_ms = n->t1_ms < T1_MS ? T1_MS : n->t1_ms > T1_MOST_MS ? T1_MOST_MS : n->t1_ms;
}

/* Somebody had it, and told us, well before it came by our way. */
static void shortcut(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                     struct kai_nlog *log, const struct kai_missing *m)
{
    struct kai_link *x = kai_link_find(n, m->from[0]);
    struct kai_share *xs = x ? kai_share_find(x, log->l.aud_id) : NULL;

    if (!xs || x == l || n->now_ms < m->first_ms + SHORTCUT_MS || n->now_ms < log->quiet_ms ||
        by_author(l, log))
        return;
    graft(n, x, xs, log, NULL, 0);
    log->pruned |= 1ull << l->slot;
    prune(n, l, s, &log, 1);
    log->via = x->id;
    log->quiet_ms = n->now_ms + QUIET_MS;
}

void kai_tree_came(struct kai_net *n, struct kai_link *l, struct kai_share *s, struct kai_nlog *log,
                   uint64_t seq, bool pushed)
{
    struct kai_missing *m = find_missing(n, log->l.log_pk);
    bool flows = log->via == l->id && n->now_ms < log->came_ms + FLOWS_MS;

    if (pushed) {
        log->via = l->id;
        log->came_ms = n->now_ms;
    }
    if (!m || seq < m->seq)
        return;
    if (pushed && !m->asked) {
        if (flows)
            learn_delay(n, n->now_ms - m->first_ms);
        shortcut(n, l, s, log, m);
    }
    remove_missing(n, m);
}

/* The author tells everybody itself, whatever anyone wants: another way is the one too many. */
static void come_from_author(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log)
{
    struct kai_link *other = log->via == l->id ? NULL : kai_link_find(n, log->via);
    struct kai_share *s = other ? kai_share_find(other, log->l.aud_id) : NULL;

    log->via = l->id;
    if (s) {
        log->pruned |= 1ull << other->slot;
        prune(n, other, s, &log, 1);
    }
}

/* It was here already. */
void kai_tree_twice(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                    struct kai_nlog *log)
{
    n->count.pushes_twice++;
    if (log->l.own || log->via == l->id || s->ctl)
        return;
    if (by_author(l, log))
        come_from_author(n, l, log);
    else
        prune_all(n, l, s, log);
}

/* The audience has been reconciled on a new link: what has a way already need not come by this one
 * too, or each new link would cost copies. */
void kai_tree_live(struct kai_net *n, struct kai_link *l, struct kai_share *s)
{
    struct kai_nlog *const *logs;
    size_t total = s->ctl || l->file || !s->matched ? 0 : kai_mirror_audience(n, s->aud_id, &logs);

    for (size_t i = 0; i < total; i++)
        if (by_author(l, logs[i]))
            come_from_author(n, l, logs[i]);
    if (total > 0)
        prune_all(n, l, s, NULL);
}

/* ---- Entries of which there was word. */

void kai_tree_missing(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                      const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq)
{
    struct kai_missing *m = find_missing(n, log_pk);

    if (!KAI_CHECK(WORD_EMPTY, l->empty < EMPTY_MAX || n->now_ms >= l->empty_ms + EMPTY_MS))
        return; /* What it has is found by reconciliation. */
    if (m) {
        if (seq > m->seq)
            m->seq = seq;
        for (size_t i = 0; i < m->n_from; i++)
            if (m->from[i] == l->id)
                return;
        if (m->n_from < KAI_MISSING_FROM)
            m->from[m->n_from++] = l->id;
        return;
    }
    m = l->n_missing == KAI_MISSING_OF_LINK_MAX
            ? NULL
            : kai_grow(n->missing, &n->cap_missing, n->n_missing + 1, KAI_MISSING_MAX, sizeof *m);
    if (!m) {
        kai_rb_due(n, s, KAI_RB_IDLE_MS);
        return;
    }
    n->missing = m;
    m += n->n_missing++;
    *m = (struct kai_missing){.seq = seq,
                              .first_ms = n->now_ms,
                              .due_ms = n->now_ms + (n->t1_ms ? n->t1_ms : T1_MS),
                              .n_from = 1,
                              .from = {l->id}};
    memcpy(m->log_pk, log_pk, KAI_KEY_BYTES);
    memcpy(m->aud_id, s->aud_id, KAI_ID_BYTES);
    l->n_missing++;
}

static void gave_nothing(struct kai_net *n, struct kai_link *l)
{
    if (l->empty == 0 || n->now_ms >= l->empty_ms + EMPTY_MS) {
        l->empty = 0;
        l->empty_ms = n->now_ms;
    }
    l->empty++;
}

/* Ask the next one who said to have it. Returns whether there was one. */
static bool ask_next(struct kai_net *n, struct kai_missing *m)
{
    struct kai_nlog *log = kai_mirror_find(n, m->log_pk);
    uint64_t have = log ? log->ing_seq : 0;

    if (m->asked > 0) {
        struct kai_link *last = kai_link_find(n, m->from[m->asked - 1]);
        if (last)
            gave_nothing(n, last);
    }
    while (m->asked < m->n_from) {
        struct kai_link *l = kai_link_find(n, m->from[m->asked++]);
        struct kai_share *s = l ? kai_share_find(l, m->aud_id) : NULL;
        if (!s)
            continue;
        graft(n, l, s, log, m->log_pk, have + 1 == m->seq ? m->seq : 0);
        if (have + 1 < m->seq)
            kai_fetch_want(n, l, s, m->log_pk, have + 1, m->seq);
        m->due_ms = n->now_ms + T2_MS;
        return true;
    }
    return false;
}

void kai_tree_tick(struct kai_net *n)
{
    for (size_t i = n->n_missing; i > 0; i--) {
        struct kai_missing *m = &n->missing[i - 1];
        struct kai_nlog *log;
        if (n->now_ms < m->due_ms)
            continue;
        log = kai_mirror_find(n, m->log_pk);
        if (log) /* It may have been frozen since. */
            m->seq = kai_fork_limit(log, m->seq);
        if (log && log->ing_seq >= m->seq) {
            remove_missing(n, m);
        } else if (!ask_next(n, m)) {
            kai_rb_all(n, m->aud_id, T2_MS);
            remove_missing(n, m);
        }
    }
}

uint64_t kai_tree_next(const struct kai_net *n)
{
    uint64_t next = UINT64_MAX;

    for (size_t i = 0; i < n->n_missing; i++)
        next = n->missing[i].due_ms < next ? n->missing[i].due_ms : next;
    return next;
}

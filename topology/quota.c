/* quota: what authors and peers may fill our store with in a day (docs/protocol.md 12). Counted in
 * memory: a restart begins a new day. */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/grow.h"

static size_t place(const struct kai_net *n, const uint8_t *node)
{
    size_t lo = 0, hi = n->n_meters;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (kai_id_cmp(n->meters[mid].node, node) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static struct kai_meter *find(const struct kai_net *n, const uint8_t *node)
{
    size_t at = place(n, node);

    if (at == n->n_meters || memcmp(n->meters[at].node, node, KAI_ID_BYTES) != 0)
        return NULL;
    return &n->meters[at];
}

/* NULL: no room. There is one for each node of the roster at most, and days end. */
static struct kai_meter *take(struct kai_net *n, const uint8_t *node)
{
    struct kai_meter *m = find(n, node), *grown;
    size_t at = place(n, node);

    if (m)
        return m;
    grown = kai_grow(n->meters, &n->cap_meters, n->n_meters + 1, KAI_METERS_MAX, sizeof *grown);
    if (!grown)
        return NULL;
    n->meters = grown;
    m = &n->meters[at];
    memmove(m + 1, m, (n->n_meters - at) * sizeof *m);
    n->n_meters++;
    *m = (struct kai_meter){.since_ms = n->now_ms};
    memcpy(m->node, node, KAI_ID_BYTES);
    return m;
}

static bool day_over(const struct kai_net *n, uint64_t since_ms)
{
    return n->now_ms >= since_ms + KAI_DAY_MS;
}

/* Who brings what we cannot read answers for it: nobody else can be named. */
struct bounds {
    bool whole; /* The log itself has a bound too. */
    uint64_t peer_bytes, peer_entries;
};

static struct bounds bounds_of(const struct kai_net *n, const struct kai_net_log *log)
{
    const struct kai_node *self = kai_roster_node(n->roster, n->self.node_id);

    if (kai_keyring_eligible(n->keyring, log->aud_id, self))
        return (struct bounds){false, KAI_CLOSED_PEER_BYTES_A_DAY, KAI_CLOSED_PEER_ENTRIES_A_DAY};
    return (struct bounds){log->kind == 1, KAI_RELAY_PEER_BYTES_A_DAY,
                           KAI_RELAY_PEER_ENTRIES_A_DAY};
}

/* Each of these: when its day is over, where there is too much; else 0. */
static uint64_t author_over(const struct kai_net *n, const struct kai_net_log *is, uint64_t bytes)
{
    const struct kai_meter *m = find(n, is->author_node);
    const struct kai_node *author = kai_roster_node(n->roster, is->author_node);
    uint64_t most = author && author->quota > 0 ? author->quota : KAI_AUTHOR_BYTES_A_DAY;

    if (!m || day_over(n, m->since_ms))
        return 0; /* One entry is never too much. */
    return KAI_CHECK(QUOTA_AUTHOR, m->written + bytes <= most) ? 0 : m->since_ms + KAI_DAY_MS;
}

static uint64_t log_over(const struct kai_net *n, const struct kai_nlog *log, uint64_t bytes)
{
    if (!log || day_over(n, log->day_ms))
        return 0;
    return KAI_CHECK(QUOTA_LOG, log->day_bytes + bytes <= KAI_RELAY_LOG_BYTES_A_DAY &&
                                    log->day_entries < KAI_RELAY_LOG_ENTRIES_A_DAY)
               ? 0
               : log->day_ms + KAI_DAY_MS;
}

static uint64_t peer_over(const struct kai_net *n, const struct kai_link *l, const struct bounds *b,
                          uint64_t bytes)
{
    const struct kai_meter *m = find(n, l->peer_id);

    if (!m || day_over(n, m->since_ms))
        return 0;
    return KAI_CHECK(QUOTA_PEER,
                     m->brought + bytes <= b->peer_bytes && m->brought_n < b->peer_entries)
               ? 0
               : m->since_ms + KAI_DAY_MS;
}

/* Whether bytes more of this log are too much today. log is NULL where it begins; is: what is known
 * of it with this entry. */
bool kai_quota_over(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log,
                    const struct kai_net_log *is, uint64_t bytes)
{
    uint64_t until, peer = 0;

    if (is->own)
        return false;
    if (is->kind == 1 && !kai_log_blind(is)) {
        until = author_over(n, is, bytes);
    } else {
        struct bounds b = bounds_of(n, is);
        until = b.whole ? log_over(n, log, bytes) : 0;
        peer = peer_over(n, l, &b, bytes);
    }
    if (until && log)
        log->wait_ms = until; /* Whoever has it. */
    until = until ? until : peer;
    if (until && (n->quota_due_ms == 0 || until < n->quota_due_ms))
        n->quota_due_ms = until;
    return until != 0;
}

static void begin_day(const struct kai_net *n, struct kai_meter *m)
{
    if (day_over(n, m->since_ms)) {
        m->since_ms = n->now_ms;
        m->written = m->brought = m->brought_n = 0;
    }
}

void kai_quota_charge(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log,
                      uint64_t bytes)
{
    bool blind = log->l.kind != 1 || kai_log_blind(&log->l);
    struct kai_meter *m = log->l.own ? NULL : take(n, blind ? l->peer_id : log->l.author_node);

    if (day_over(n, log->day_ms)) {
        log->day_ms = n->now_ms;
        log->day_bytes = log->day_entries = 0;
    }
    log->day_bytes += bytes;
    log->day_entries++;
    if (!m)
        return;
    begin_day(n, m);
    if (blind) {
        m->brought += bytes;
        m->brought_n++;
    } else {
        m->written += bytes;
    }
}

/* It was not what its author wrote: it costs him nothing, but the one who brought it. */
void kai_quota_forged(struct kai_net *n, const struct kai_nlog *log, uint64_t bytes)
{
    struct kai_meter *m = kai_log_blind(&log->l) ? NULL : find(n, log->l.author_node);

    if (m)
        m->written -= m->written < bytes ? m->written : bytes;
}

static void again(struct kai_net *n, struct kai_share *s)
{
    s->told_limit = false;
    kai_rb_due(n, s, 0);
}

/* A day is over: what was left is asked for again. */
void kai_quota_tick(struct kai_net *n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n->n_meters; i++)
        if (!day_over(n, n->meters[i].since_ms))
            n->meters[kept++] = n->meters[i];
    n->n_meters = kept;
    if (n->quota_due_ms == 0 || n->now_ms < n->quota_due_ms)
        return;
    n->quota_due_ms = 0;
    for (size_t i = 0; i < n->n_links; i++)
        for (size_t j = 1; j < n->links[i]->n_shares; j++)
            again(n, n->links[i]->shares[j]);
}

/* ended: where the logs of a node end that was removed as lost or stolen: at the heads that its
 * REVOKE marks. Only who knows a log's salt knows that a mark is of it (docs/protocol.md 3, 5). */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "keys/checkpoint.h"

#define READS     1024u /* Of one tick: 20 ms. A long log is searched in several. */
#define HEADS_MAX KAI_MARKED_HEADS_MAX

struct kai_end {
    uint64_t head_seq; /* Of the log when it was last judged to the end. */
    uint64_t lo, hi;   /* These entries were looked at for the heads below; lo > hi: none was. */
    size_t n, found;
    uint8_t blindhead[HEADS_MAX][16];
    uint64_t lowest; /* The lowest entry that is one of them; 0: none yet. */
    uint8_t lowest_hash[KAI_ID_BYTES];
};

/* What REVOKEs that hit the author, and may say so, mark of this log. */
static size_t marks_of(const struct kai_net *n, const struct kai_nlog *log,
                       const struct kai_node *author, uint8_t out[static HEADS_MAX][16])
{
    uint8_t blind[16];

    if (!kai_roster_marks_any(n->roster, author))
        return 0;
    kai_mark_blind(blind, log->l.salt, log->l.log_pk);
    return kai_roster_marks(n->roster, author, blind, out);
}

/* Other heads are searched for in the whole log; the same ones in what is new of it: whoever makes
 * rosters change does not make us read again. */
static bool begin(const struct kai_net *n, struct kai_nlog *log, const struct kai_node *author)
{
    uint8_t heads[HEADS_MAX][16];
    size_t k = marks_of(n, log, author, heads);
    struct kai_end *end = log->end;

    if (k == 0 && !end)
        return false;
    if (!end && !(end = log->end = calloc(1, sizeof *end)))
        return false; /* No memory: again with the next roster. */
    if (k == end->n && memcmp(heads, end->blindhead, k * sizeof heads[0]) == 0 &&
        end->hi <= log->l.head_seq)
        return true;
    *end = (struct kai_end){.lo = log->l.head_seq + 1, .hi = log->l.head_seq, .n = k};
    memcpy(end->blindhead, heads, k * sizeof heads[0]);
    return true;
}

/* The next entry to look at: new ones first, then downwards; 0: there is none. */
static uint64_t next(const struct kai_nlog *log)
{
    const struct kai_end *end = log->end;

    if (end->found >= end->n)
        return 0;
    return end->hi < log->l.head_seq ? end->hi + 1 : end->lo - 1;
}

static void look(struct kai_net *n, const struct kai_nlog *log, struct kai_end *end, uint64_t seq)
{
    struct kai_entry e;
    struct kai_mark is;

    if (seq > end->hi)
        end->hi = seq;
    else
        end->lo = seq;
    if (n->act.read(n->act.ctx, log->l.log_pk, seq, &e) != KAI_OK)
        return;
    kai_mark_of(&is, log->l.salt, log->l.log_pk, seq, e.hash);
    for (size_t i = 0; i < end->n; i++) {
        if (memcmp(end->blindhead[i], is.blindhead, sizeof is.blindhead) != 0)
            continue;
        end->found++;
        if (end->lowest != 0 && end->lowest < seq)
            continue;
        end->lowest = seq;
        memcpy(end->lowest_hash, e.hash, KAI_ID_BYTES);
    }
}

/* Where several are marked the lowest counts, so that all come to the same end. */
static void settle(struct kai_net *n, struct kai_nlog *log, const struct kai_node *author)
{
    struct kai_end *end = log->end;
    uint64_t was = log->ended;

    log->end_seen = n->roster_no;
    end->head_seq = log->l.head_seq;
    if (KAI_CHECK(REVOKE_MARK, end->lowest == 0 || author->active))
        log->ended = 0;
    else
        log->ended = end->lowest + 1;
    if (log->ended != 0)
        memcpy(log->ended_head, end->lowest_hash, KAI_ID_BYTES);
    if (log->ended == was)
        return;
    kai_fetch_cancel(n, log->l.log_pk);
    n->act.keys(n->act.ctx); /* Copies for other threads say so, too. */
}

static void consider(struct kai_net *n, struct kai_nlog *log, size_t *reads)
{
    const struct kai_node *author = kai_roster_node(n->roster, log->l.author_node);
    uint64_t seq = 0;

    /* Nothing ends while its author is ACTIVE; what was found stays for when it is not. */
    if (!author || (author->active && !log->end) || (!author->active && !begin(n, log, author))) {
        log->end_seen = n->roster_no;
        return;
    }
    while (!author->active && (seq = next(log)) != 0 && *reads < READS) {
        ++*reads;
        look(n, log, log->end, seq);
    }
    if (seq == 0)
        settle(n, log, author);
}

/* The next tick goes on behind the log that this one came to: each has its turn, however long those
 * before it are. */
void kai_ended_tick(struct kai_net *n)
{
    size_t reads = 0, from = n->ended_from;

    for (size_t i = 0; i < n->n_logs && reads < READS; i++) {
        size_t at = (from + i) % n->n_logs;
        struct kai_nlog *log = n->by_pk[at];

        if (log->l.kind != 1 || log->l.head_seq == 0 || kai_log_blind(&log->l) ||
            (log->end_seen == n->roster_no && (!log->end || log->end->head_seq == log->l.head_seq)))
            continue;
        consider(n, log, &reads);
        n->ended_from = at + 1;
    }
}

void kai_net_ended(const struct kai_net *n, kai_frozen_fn *f, void *ctx)
{
    for (size_t i = 0; i < n->n_logs; i++)
        if (n->by_pk[i]->end)
            f(ctx, n->by_pk[i]->l.log_pk, n->by_pk[i]->ended ? n->by_pk[i]->ended : UINT64_MAX);
}

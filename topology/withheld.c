/* withheld: what an author says that its logs hold, against what is here: where its mark is none of
 * the entries held, somebody has not told us all (docs/protocol.md 7). */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include "keys/checkpoint.h"

#define LOOK_MS 60000u
#define GRACE_MS                                                                                   \
    600000u         /* What is on its way may be late, by as much as reconciliation may be.        \
                     */
#define READS 1024u /* Of one look: 20 ms. A long log is searched in several. */
/* Of one author, before others had theirs: else one long log that its author marks wrongly would
 * keep us from looking at anybody else's. */
#define SHARE (READS / 8)

struct kai_marked {   /* Of a log that its author's newest CHECKPOINT has a row of. */
    uint64_t counter; /* Of that CHECKPOINT. */
    uint8_t blindhead[16];
    bool met;          /* An entry held is the one that it marks. */
    uint64_t met_seq;  /* The last one that was: marks do not go back. */
    uint64_t lo, hi;   /* None of these entries is; lo > hi: none was looked at. */
    uint64_t since_ms; /* All were looked at, and none is it; 0: not so. */
    uint64_t asked_ms;
};

static bool is_it(struct kai_net *n, const struct kai_nlog *log, const struct kai_marked *m,
                  uint64_t seq, size_t *reads)
{
    const uint8_t *hash = log->l.head;
    struct kai_mark at;
    struct kai_entry e;

    if (seq != log->l.head_seq) {
        ++*reads;
        if (n->act.read(n->act.ctx, log->l.log_pk, seq, &e) != KAI_OK)
            return false;
        hash = e.hash;
    }
    kai_mark_of(&at, log->l.salt, log->l.log_pk, seq, hash);
    return memcmp(at.blindhead, m->blindhead, sizeof at.blindhead) == 0;
}

/* New entries first, then back to the last one that was marked. */
static void search(struct kai_net *n, const struct kai_nlog *log, struct kai_marked *m,
                   size_t *reads, size_t most)
{
    while (!m->met && *reads < most) {
        uint64_t seq;

        if (m->hi < log->l.head_seq)
            seq = ++m->hi;
        else if (m->lo > m->met_seq + 1)
            seq = --m->lo;
        else
            break;
        m->met = is_it(n, log, m, seq, reads);
        if (m->met)
            m->met_seq = seq;
    }
    if (m->met)
        m->since_ms = 0;
    else if (m->hi == log->l.head_seq && m->lo <= m->met_seq + 1 && m->since_ms == 0)
        m->since_ms = n->now_ms;
}

/* The state of a log whose author has marked it; NULL: it has not, or it is not ours to judge. */
static struct kai_marked *marked(struct kai_net *n, struct kai_nlog *log)
{
    const struct kai_heard *h = NULL;
    const struct kai_mark *row;
    struct kai_checkpoint p;
    uint8_t blind[16];

    if (log->l.kind == 1 && !log->l.own && log->frozen == 0 && log->l.head_seq > 0 &&
        !kai_log_blind(&log->l) && kai_author_fits(n, log))
        h = kai_heard_find(n, log->l.author_node);
    if (!h || (log->unmarked == h->counter && h->counter != 0))
        return NULL;
    if (log->marked && log->marked->counter == h->counter)
        return log->marked;
    if (kai_checkpoint_parse(&p, kai_kept_view(h->note)) != KAI_OK)
        return NULL;
    kai_mark_blind(blind, log->l.salt, log->l.log_pk);
    row = kai_marks_find(p.rows, p.n, blind);
    if (!row)
        log->unmarked = h->counter;
    if (!row || (!log->marked && !(log->marked = calloc(1, sizeof *log->marked))))
        return NULL;
    struct kai_marked *m = log->marked;
    m->counter = h->counter;
    if (memcmp(m->blindhead, row->blindhead, sizeof m->blindhead) != 0) {
        memcpy(m->blindhead, row->blindhead, sizeof m->blindhead);
        m->met = false;
        m->hi = log->l.head_seq;
        m->lo = m->hi + 1;
        /* since_ms stays: who lacked something still does, until an entry says otherwise. */
    }
    return m;
}

/* Whoever holds it back does not choose whom we ask: a link by lot, and somebody else by lot. */
static void ask(struct kai_net *n, const struct kai_nlog *log)
{
    struct kai_share *chosen = NULL;
    uint64_t of = 0;

    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        struct kai_share *s = l->dead || l->file ? NULL : kai_share_find(l, log->l.aud_id);

        if (s && s->live && kai_random_below(n, ++of) == 0)
            chosen = s;
    }
    if (chosen)
        kai_rb_due(n, chosen, 0);
    n->overlay.audit_ms = n->now_ms;
}

/* Each author has its share of the reads; then whoever wants more has what is left of them. Where
 * they are not enough, the next look begins with who had none. */
static void look(struct kai_net *n)
{
    size_t reads = 0, from = n->withheld_from;

    for (size_t i = 0; i < n->n_heard; i++)
        n->heard[i].reads = 0;
    for (size_t k = 0; k < 2 * n->n_logs && reads < READS; k++) {
        struct kai_nlog *log = n->by_pk[(from + k) % n->n_logs];
        struct kai_marked *m = marked(n, log);
        size_t most = READS, was = reads;

        n->withheld_from = (from + k + 1) % n->n_logs;
        if (!m)
            continue;
        struct kai_heard *h = kai_heard_find(n, log->l.author_node);
        if (k < n->n_logs && READS - reads > SHARE - h->reads)
            most = reads + SHARE - h->reads;
        search(n, log, m, &reads, most);
        h->reads += (uint32_t)(reads - was);
    }
}

void kai_withheld_tick(struct kai_net *n)
{
    struct kai_nlog *due = NULL;
    uint64_t of = 0;

    if (n->now_ms < n->withheld_ms)
        return;
    n->withheld_ms = n->now_ms + LOOK_MS;
    n->count.withheld = 0;
    if (n->n_heard == 0)
        return;
    look(n);
    for (size_t i = 0; i < n->n_logs; i++) {
        struct kai_nlog *log = n->by_pk[i];
        struct kai_marked *m = marked(n, log);

        if (!m || m->since_ms == 0 || n->now_ms < m->since_ms + GRACE_MS)
            continue;
        n->count.withheld++;
        /* One a look, by lot: sessions have their own limits, and dials are dear. */
        if (n->now_ms >= m->asked_ms + GRACE_MS && kai_random_below(n, ++of) == 0)
            due = log;
    }
    if (due) {
        due->marked->asked_ms = n->now_ms;
        ask(n, due);
    }
}

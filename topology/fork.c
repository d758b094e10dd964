/* fork: two entries at one place of a log: each node keeps its branch, and the other's header as
 * proof (docs/protocol.md 5). */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

bool kai_fork_marked(const struct kai_link *l, const uint8_t log_pk[static KAI_KEY_BYTES])
{
    for (size_t i = 0; i < l->n_forked; i++)
        if (memcmp(l->forked[i], log_pk, KAI_KEY_BYTES) == 0)
            return true;
    return false;
}

static bool mark(struct kai_link *l, const uint8_t *log_pk)
{
    void *p;

    if (l->n_forked == KAI_FORKED_MAX)
        return false;
    p = realloc(l->forked, (l->n_forked + 1) * sizeof *l->forked);
    if (!p)
        return false;
    l->forked = p;
    memcpy(l->forked[l->n_forked++], log_pk, KAI_KEY_BYTES);
    return true;
}

void kai_fork_own(struct kai_net *n, struct kai_link *l, struct kai_nlog *log, uint64_t seq)
{
    if (!log->l.own || log->retire_told)
        return;
    /* The home was rolled back: what was said under this key is at the peer. */
    log->retire_told = true;
    kai_alarm(n, "own.ahead", l, log->l.log_pk, seq);
    n->act.retire(n->act.ctx, log->l.log_pk);
}

/* Show the peer what stands here at a place where it has something else. */
void kai_fork_prove(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                    struct kai_nlog *log, uint64_t seq)
{
    struct kai_entry e;
    struct kai_buf *b;

    if (seq == 0 || !kai_log_visible(n, l, s, log) ||
        n->act.read(n->act.ctx, log->l.log_pk, seq, &e) != KAI_OK)
        return;
    b = kai_out_begin(n);
    kai_put_frame(b, KAI_MSG_PROOF, 3);
    kai_put_uint(b, s->handle);
    kai_put_view(b, e.hdr);
    kai_put_view(b, e.sig);
    (void)kai_out_put(n, l, KAI_OUT_LIVE);
}

/* e stands at a place that is taken here by another one. Its log's key has been checked long ago.
 */
void kai_fork_seen(struct kai_net *n, struct kai_link *l, struct kai_share *s, struct kai_nlog *log,
                   const struct kai_entry *e)
{
    if (kai_fork_marked(l, log->l.log_pk))
        return;
    if (kai_entry_verify(e, n->nid) != KAI_OK) {
        kai_alarm(n, "entry.forged", l, log->l.log_pk, e->h.seq);
        kai_link_bye(n, l, KAI_BYE_MALFORMED);
        return;
    }
    kai_fork_prove(n, l, s, log, e->h.seq);
    if (!mark(l, log->l.log_pk))
        return;
    if (!log->l.forked) {
        log->l.forked = true;
        n->act.store_fork(n->act.ctx, e);
        kai_alarm(n, "log.fork", l, log->l.log_pk, e->h.seq);
        kai_fork_own(n, l, log, e->h.seq);
    }
    kai_fetch_cancel(n, log->l.log_pk);
}

void kai_fork_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    struct kai_share *s = kai_match_handle(l, f->handle);
    struct kai_entry e, mine;
    struct kai_nlog *log;

    if (!s || s->ctl) /* Control logs show both branches in reconciliation. */
        return;
    if (kai_entry_init(&e, f->hdr, f->sig, (struct kai_view){0}) != KAI_OK) {
        kai_link_bye(n, l, KAI_BYE_MALFORMED);
        return;
    }
    log = kai_mirror_find(n, e.h.log_pk);
    if (log && memcmp(log->l.aud_id, s->aud_id, KAI_ID_BYTES) == 0 && e.h.seq <= log->l.head_seq &&
        n->act.read(n->act.ctx, e.h.log_pk, e.h.seq, &mine) == KAI_OK &&
        memcmp(mine.hash, e.hash, KAI_ID_BYTES) != 0)
        kai_fork_seen(n, l, s, log, &e);
}

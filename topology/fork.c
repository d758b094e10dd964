/* fork: two entries at one place of a log. Each node keeps the branch it has; whoever holds both
 * headers has a proof, and freezes the log there for everybody (docs/protocol.md 5).
 *
 * A proof travels to those who share the log's audience, hand in hand: every one verifies it before
 * it passes it on. What stands before the fork goes on as ever; what stands behind it is kept, and
 * goes to nobody. */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "log/forkproof.h"

/* Each proof of an earlier fork of one log goes to every disk of its audience: some at once, then
 * one in a while. What is not taken now is shown again when rows are compared. */
#define PROOF_EVERY_MS 30000u
#define PROOF_BURST    8u

/* ---- What stands. */

/* The first place that does not: of a fork, or where a REVOKE ends the log; 0: all does. */
static uint64_t stop_of(const struct kai_nlog *log)
{
    if (log->frozen == 0 || log->ended == 0)
        return log->frozen | log->ended;
    return log->frozen < log->ended ? log->frozen : log->ended;
}

bool kai_fork_past(const struct kai_nlog *log, uint64_t seq)
{
    uint64_t stop = stop_of(log);

    return stop != 0 && seq >= stop;
}

uint64_t kai_fork_limit(const struct kai_nlog *log, uint64_t seq)
{
    return kai_fork_past(log, seq) ? stop_of(log) - 1 : seq;
}

uint64_t kai_fork_stands(const struct kai_nlog *log, const uint8_t **head)
{
    uint64_t stop = stop_of(log);
    bool cut = kai_fork_past(log, log->l.head_seq);

    *head = !cut ? log->l.head : stop == log->frozen ? log->frozen_head : log->ended_head;
    return cut ? stop - 1 : log->l.head_seq;
}

void kai_fork_landed(struct kai_nlog *log, const struct kai_entry *e)
{
    if (log->frozen != 0 && e->h.seq + 1 == log->frozen)
        memcpy(log->frozen_head, e->hash, KAI_ID_BYTES);
}

/* ---- Showing it. */

static bool was_shown(const struct kai_link *l, const uint8_t *log_pk)
{
    for (size_t i = 0; i < l->n_forked; i++)
        if (memcmp(l->forked[i], log_pk, KAI_KEY_BYTES) == 0)
            return true;
    return false;
}

static void note_shown(struct kai_link *l, const uint8_t *log_pk)
{
    if (was_shown(l, log_pk))
        return;
    if (!l->forked && !(l->forked = calloc(KAI_FORKED_MAX, sizeof *l->forked)))
        return;
    if (l->n_forked == KAI_FORKED_MAX)
        l->n_forked = 0;
    memcpy(l->forked[l->n_forked++], log_pk, KAI_KEY_BYTES);
}

static void forget_shown(struct kai_link *l, const uint8_t *log_pk)
{
    for (size_t i = l->n_forked; i > 0; i--)
        if (memcmp(l->forked[i - 1], log_pk, KAI_KEY_BYTES) == 0)
            memmove(l->forked[i - 1], l->forked[--l->n_forked], KAI_KEY_BYTES);
}

void kai_fork_show(struct kai_net *n, struct kai_link *l, const struct kai_share *s,
                   const struct kai_nlog *log, bool again)
{
    struct kai_buf *b;

    if (log->frozen == 0 || l->dead || (!again && was_shown(l, log->l.log_pk)))
        return;
    b = kai_out_begin(n);
    kai_put_frame(b, KAI_MSG_NOTES, 2);
    kai_put_uint(b, s->handle);
    kai_put_array(b, 1);
    kai_put_bin(b, log->proof, log->proof_n);
    if (kai_out_put(n, l, KAI_OUT_LIVE))
        note_shown(l, log->l.log_pk);
}

/* To all who may hear of the log, and by that of its proof. */
static void show_all(struct kai_net *n, struct kai_nlog *log, const struct kai_link *from)
{
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        struct kai_share *s = l->dead || l == from ? NULL : kai_share_find(l, log->l.aud_id);
        if (s && kai_log_heard(n, l, s, log))
            kai_fork_show(n, l, s, log, true);
    }
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

    if (seq == 0 || !kai_log_heard(n, l, s, log) ||
        n->act.read(n->act.ctx, log->l.log_pk, seq, &e) != KAI_OK)
        return;
    b = kai_out_begin(n);
    kai_put_frame(b, KAI_MSG_PROOF, 3);
    kai_put_uint(b, s->handle);
    kai_put_view(b, e.hdr);
    kai_put_view(b, e.sig);
    (void)kai_out_put(n, l, KAI_OUT_LIVE);
}

/* ---- Freezing. */

/* From the place of this proof on nothing of the log stands. */
static enum kai_err freeze(struct kai_net *n, struct kai_nlog *log, const struct kai_entry *a,
                           const struct kai_entry *b)
{
    uint64_t seq = a->h.seq;
    struct kai_entry before;
    struct kai_buf note;
    uint8_t *copy;
    enum kai_err err;

    kai_buf_init(&note, KAI_FORKPROOF_BYTES_MAX);
    err = kai_forkproof_write(&note, a, b);
    copy = err == KAI_OK ? malloc(note.len) : NULL;
    if (copy) {
        memcpy(copy, note.p, note.len);
        free(log->proof);
        log->proof = copy;
        log->proof_n = note.len;
        log->frozen = seq;
        log->l.forked = true;
        memset(log->frozen_head, 0, KAI_ID_BYTES);
        if (seq > 1 && n->act.read(n->act.ctx, log->l.log_pk, seq - 1, &before) == KAI_OK)
            memcpy(log->frozen_head, before.hash, KAI_ID_BYTES);
    } else if (err == KAI_OK) {
        err = KAI_ENOMEM;
    }
    kai_buf_free(&note);
    return err;
}

static bool may_cost(const struct kai_net *n, struct kai_nlog *log)
{
    uint64_t paid_ms = log->paid_ms > n->now_ms ? log->paid_ms : n->now_ms;

    if (!KAI_CHECK(FORK_RATE, paid_ms - n->now_ms <= (uint64_t)(PROOF_BURST - 1) * PROOF_EVERY_MS))
        return false;
    log->paid_ms = paid_ms + PROOF_EVERY_MS;
    return true;
}

/* A verified fork. from: who showed it. */
static void take(struct kai_net *n, struct kai_link *from, bool knows, struct kai_nlog *log,
                 const struct kai_entry *a, const struct kai_entry *b)
{
    if (kai_fork_past(log, a->h.seq) || !may_cost(n, log) || freeze(n, log, a, b) != KAI_OK)
        return;
    n->act.store_fork(n->act.ctx, a, b);
    kai_alarm(n, "log.fork", from, log->l.log_pk, a->h.seq);
    kai_fetch_cancel(n, log->l.log_pk);
    kai_fork_own(n, from, log, a->h.seq); /* Another one has this key. */
    for (size_t i = 0; i < n->n_links; i++)
        forget_shown(n->links[i], log->l.log_pk);
    if (knows)
        note_shown(from, log->l.log_pk);
    show_all(n, log, knows ? from : NULL);
}

static void forged(struct kai_net *n, struct kai_link *l, const struct kai_entry *e)
{
    kai_alarm(n, "entry.forged", l, e->h.log_pk, e->h.seq);
    kai_link_bye(n, l, KAI_BYE_MALFORMED);
}

/* e stands at a place that is taken here by another one. */
void kai_fork_seen(struct kai_net *n, struct kai_link *l, struct kai_share *s, struct kai_nlog *log,
                   const struct kai_entry *e)
{
    struct kai_entry mine;
    struct kai_buf note;
    struct kai_forkproof p;

    if (kai_fork_past(log, e->h.seq)) {
        kai_fork_show(n, l, s, log, true);
        return;
    }
    if (n->act.read(n->act.ctx, e->h.log_pk, e->h.seq, &mine) != KAI_OK)
        return;
    kai_buf_init(&note, KAI_FORKPROOF_BYTES_MAX);
    if (kai_forkproof_write(&note, &mine, e) == KAI_OK &&
        kai_forkproof_parse(&p, kai_buf_view(&note)) == KAI_OK) {
        if (kai_forkproof_verify(&p, n->nid) == KAI_OK)
            take(n, l, false, log, &p.at[0], &p.at[1]);
        else
            forged(n, l, e);
    }
    kai_buf_free(&note);
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

/* A FORKPROOF that a peer shows. Of a log that is not here it is not kept: whoever brings the log
 * shows it again. */
void kai_fork_note(struct kai_net *n, struct kai_link *l, struct kai_share *s, struct kai_view note)
{
    struct kai_forkproof p;
    struct kai_nlog *log;

    if (kai_forkproof_parse(&p, note) != KAI_OK) {
        kai_link_bye(n, l, KAI_BYE_MALFORMED);
        return;
    }
    log = kai_mirror_find(n, p.at[0].h.log_pk);
    if (!log || memcmp(log->l.aud_id, s->aud_id, KAI_ID_BYTES) != 0 ||
        !kai_may_receive(n, l, s, p.at[0].h.log_pk))
        return;
    if (kai_fork_past(log, p.at[0].h.seq)) {
        if (log->frozen != 0 && p.at[0].h.seq > log->frozen) /* It forked before already. */
            kai_fork_show(n, l, s, log, true);
        else
            note_shown(l, log->l.log_pk);
    } else if (kai_forkproof_verify(&p, n->nid) == KAI_OK) {
        take(n, l, true, log, &p.at[0], &p.at[1]);
    } else {
        forged(n, l, &p.at[0]);
    }
}

enum kai_err kai_net_on_fork(struct kai_net *n, const struct kai_entry *a,
                             const struct kai_entry *b)
{
    struct kai_nlog *log = kai_mirror_find(n, a->h.log_pk);
    enum kai_err err;

    if (!log || kai_fork_past(log, a->h.seq))
        return KAI_OK;
    err = freeze(n, log, a, b);
    if (err == KAI_OK)
        kai_alarm(n, "log.fork", NULL, log->l.log_pk, a->h.seq);
    return err;
}

void kai_net_frozen(const struct kai_net *n, kai_frozen_fn *f, void *ctx)
{
    for (size_t i = 0; i < n->n_logs; i++)
        if (n->by_pk[i]->frozen != 0)
            f(ctx, n->by_pk[i]->l.log_pk, n->by_pk[i]->frozen);
}

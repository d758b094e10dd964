/* push: what is new goes along its tree, word of it to the others, and what is durable is
 * acknowledged (docs/protocol.md 7). */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/grow.h"

/* ---- What IHAVE told: spares pushes, decides nothing. */

static size_t slot_of(const uint8_t *log_pk)
{
    return (size_t)(kai_get_u64(log_pk) % KAI_KNOWN_SLOTS);
}

void kai_push_know(struct kai_link *l, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq)
{
    struct kai_peer_has *k;

    if (!l->known && !(l->known = calloc(KAI_KNOWN_SLOTS, sizeof *l->known)))
        return;
    k = &l->known[slot_of(log_pk)];
    if (memcmp(k->log, log_pk, sizeof k->log) == 0 && k->seq >= seq)
        return;
    memcpy(k->log, log_pk, sizeof k->log);
    k->seq = seq;
}

bool kai_push_known(const struct kai_link *l, const uint8_t log_pk[static KAI_KEY_BYTES],
                    uint64_t seq)
{
    const struct kai_peer_has *k = l->known ? &l->known[slot_of(log_pk)] : NULL;

    return k && k->seq >= seq && memcmp(k->log, log_pk, sizeof k->log) == 0;
}

/* ---- PUSH. */

static void push(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                 const struct kai_entry *e)
{
    struct kai_buf *b;

    if (l->out[KAI_OUT_LIVE].bytes > KAI_OUT_LIVE_MAX) {
        kai_rb_due(n, s, KAI_RB_IDLE_MS); /* It reads too slowly: let it ask. */
        return;
    }
    b = kai_out_begin(n);
    kai_put_frame(b, KAI_MSG_PUSH, 4);
    kai_put_uint(b, s->handle);
    kai_put_view(b, e->hdr);
    kai_put_view(b, e->sig);
    if (e->payload.p && e->payload.n <= KAI_PUSH_PAYLOAD_MAX)
        kai_put_view(b, e->payload);
    else
        kai_put_nil(b);
    if (kai_out_put(n, l, s->ctl || e->h.ptype == KAI_PTYPE_EPOCH ? KAI_OUT_KEYS : KAI_OUT_LIVE))
        n->count.pushes_out++;
    else
        kai_rb_due(n, s, KAI_RB_IDLE_MS);
}

void kai_push_entry(struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES],
                    struct kai_nlog *log, const struct kai_entry *e, uint64_t from_link)
{
    if (kai_fork_past(log, e->h.seq))
        return; /* It was on its way when the fork was shown. */
    if (kai_mail_find(n, aud_id))
        kai_overlay_changed(n); /* Whoever it is for may be worth a link. */
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        struct kai_share *s = l->dead || l->file ? NULL : kai_share_find(l, aud_id);
        if (!s || l->id == from_link || !kai_log_visible(n, l, s, log) ||
            kai_push_known(l, e->h.log_pk, e->h.seq))
            continue;
        if (kai_tree_lazy(log, l) && s->matched)
            kai_push_have(n, l, s, log->l.log_pk, e->h.seq, KAI_IHAVE_NEWS_MS);
        else
            push(n, l, s, e);
    }
}

void kai_push_ctl(struct kai_net *n, const struct kai_entry *e, uint64_t from_link)
{
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        if (!l->dead && !l->file && l->id != from_link && (!l->peer || l->peer->active) &&
            !kai_push_known(l, e->hash, 1) && /* By hash: both branches of a fork travel. */
            (l->state == KAI_LINK_MATCH || l->state == KAI_LINK_CONTROL))
            push(n, l, l->shares[0], e);
    }
}

/* ---- IHAVE. */

/* When the first of a link's is due: asked at every tick, so that it is kept. */
static void set_due(struct kai_link *l)
{
    l->have_due_ms = UINT64_MAX;
    for (size_t i = 0; i < l->n_shares; i++)
        if (l->shares[i]->n_have > 0 && l->shares[i]->have_due_ms < l->have_due_ms)
            l->have_due_ms = l->shares[i]->have_due_ms;
}

void kai_push_flush(struct kai_net *n, struct kai_link *l, struct kai_share *s)
{
    struct kai_buf *b;

    if (s->n_have == 0 || l->dead)
        return;
    b = kai_out_begin(n);
    kai_put_frame(b, KAI_MSG_IHAVE, 2);
    kai_put_uint(b, s->handle);
    kai_put_array(b, (uint32_t)s->n_have);
    for (size_t i = 0; i < s->n_have; i++) {
        kai_put_array(b, 2);
        kai_put_bin(b, s->have[i].log_pk, KAI_KEY_BYTES);
        kai_put_uint(b, s->have[i].seq);
    }
    s->n_have = 0;
    s->have_sent_ms = n->now_ms;
    set_due(l);
    (void)kai_out_put(n, l, KAI_OUT_LAZY);
}

/* Only what is durable here: it is the acknowledgement that a publisher waits for. gap_ms: between
 * one such frame and the next. */
void kai_push_have(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                   const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq, uint64_t gap_ms)
{
    uint64_t due = s->have_sent_ms + gap_ms;
    struct kai_id_seq *have;

    if (l->dead || s->ctl || l->file || !(s->matched || s->offered_in || s->offered_out))
        return;
    for (size_t i = 0; i < s->n_have; i++)
        if (memcmp(s->have[i].log_pk, log_pk, KAI_KEY_BYTES) == 0) {
            if (s->have[i].seq < seq)
                s->have[i].seq = seq;
            if (due < s->have_due_ms)
                s->have_due_ms = due;
            if (due < l->have_due_ms)
                l->have_due_ms = due;
            return;
        }
    have = kai_grow(s->have, &s->cap_have, s->n_have + 1, KAI_IHAVE_IDS_MAX, sizeof *have);
    if (!have)
        return; /* Reconciliation says it too. */
    s->have = have;
    memcpy(have[s->n_have].log_pk, log_pk, KAI_KEY_BYTES);
    have[s->n_have++].seq = seq;
    if (s->n_have == 1 || due < s->have_due_ms)
        s->have_due_ms = due;
    if (due < l->have_due_ms)
        l->have_due_ms = due;
    if (s->n_have == KAI_IHAVE_IDS_MAX || n->now_ms >= s->have_due_ms)
        kai_push_flush(n, l, s);
}

/* A letter to us that the peer carries is here: who brought it first is shown its log, the others
 * would wait for us for ever. */
void kai_push_arrived(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                      const struct kai_nlog *log, uint64_t seq)
{
    const struct kai_mailbox *m = kai_mail_find(n, s->aud_id);

    if (m && kai_mail_ours(n, m) && l->peer &&
        !kai_keyring_eligible(n->keyring, s->aud_id, l->peer))
        kai_push_have(n, l, s, log->l.log_pk, seq, KAI_IHAVE_MS);
}

void kai_push_on_have(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    struct kai_share *s = kai_match_handle(l, f->handle);

    if (!s) {
        kai_link_err(n, l, KAI_BYE_NOT_SHARED, f->handle);
        return;
    }
    for (uint32_t i = 0; i < f->n && !s->ctl; i++) {
        const uint8_t *log_pk;
        struct kai_nlog *log;
        uint64_t seq;

        kai_frame_id(f, &log_pk, &seq);
        log = kai_mirror_find(n, log_pk);
        if (log && memcmp(log->l.aud_id, s->aud_id, KAI_ID_BYTES) != 0)
            continue;
        kai_push_know(l, log_pk, seq);
        if (log) {
            kai_fork_show(n, l, s, log, kai_fork_past(log, seq));
            seq = kai_fork_limit(log, seq);
        }
        if (log && log->l.head_seq >= seq) {
            kai_log_held(n, l, log, seq);
            kai_push_arrived(n, l, s, log, seq);
        }
        if (log && log->l.own && log->l.head_seq >= seq)
            continue;
        if (log && log->ing_seq >= seq)
            continue;
        if (log)
            kai_fork_own(n, l, log, seq);
        /* It is on its way here, mostly. Before the first reconciliation is over nothing is. */
        if (s->matched && s->live)
            kai_tree_missing(n, l, s, log_pk, seq);
        else
            kai_fetch_want(n, l, s, log_pk, log ? log->ing_seq + 1 : 1, seq);
    }
}

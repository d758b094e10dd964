/* ingest: received data and key entries on their way to the disk, and what follows when they are
 * there. */
#include "topology/carry_int.h"
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "log/expiry.h"

static void refuse(struct kai_net *n, struct kai_share *s, const struct kai_entry *e)
{
    n->count.entries_refused++;
    s->blocked = true;
    kai_fetch_cancel(n, e->h.log_pk);
}

static void forged(struct kai_net *n, struct kai_link *l, const uint8_t *log_pk, uint64_t seq)
{
    kai_alarm(n, "entry.forged", l, log_pk, seq);
    if (l)
        kai_link_bye(n, l, KAI_BYE_MALFORMED);
}

static size_t bytes_of(const struct kai_entry *e)
{
    return e->hdr.n + e->sig.n + e->payload.n;
}

static void launch(struct kai_net *n, struct kai_link *l, struct kai_nlog *log,
                   const struct kai_entry *e, size_t cost)
{
    struct kai_flight *f = calloc(1, sizeof *f);
    struct kai_net_log known = log->l;

    if (!f) {
        n->count.entries_refused++;
        return;
    }
    memcpy(f->log_pk, e->h.log_pk, KAI_KEY_BYTES);
    f->seq = e->h.seq;
    memcpy(f->hash, e->hash, KAI_ID_BYTES);
    f->link = l->id;
    f->cost = cost;
    f->bytes = bytes_of(e);
    kai_quota_charge(n, l, log, f->bytes);
    if (n->flight_last)
        n->flight_last->next = f;
    else
        n->flight = f;
    n->flight_last = f;
    l->pending += cost;
    log->n_flight++;
    log->ing_seq = e->h.seq;
    log->ing_ts = e->h.ts;
    memcpy(log->ing_hash, e->hash, KAI_ID_BYTES);
    memcpy(log->ing_kid, e->h.kid, KAI_TAG_BYTES);
    log->ing_kid_seq = e->h.seq;
    if (e->h.ptype == KAI_PTYPE_SEALED)
        kai_mirror_kid(log, e->h.kid);
    kai_fetch_progress(n, e->h.log_pk, e->h.seq);
    n->act.ingest(n->act.ctx, l->id, &known, e);
}

/* The first one decides; whoever brings the same may hear of it when it is durable (had_it()). */
static bool on_its_way(struct kai_net *n, struct kai_link *l, const struct kai_nlog *log,
                       const struct kai_entry *e)
{
    if (e->h.seq > log->ing_seq)
        return false;
    for (struct kai_flight *f = n->flight; f; f = f->next)
        if (memcmp(f->hash, e->hash, KAI_ID_BYTES) == 0) {
            kai_push_know(l, e->h.log_pk, e->h.seq);
            break;
        }
    return true;
}

static bool held_already(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                         struct kai_nlog *log, const struct kai_entry *e)
{
    struct kai_entry mine;

    if (e->h.seq > log->l.head_seq)
        return on_its_way(n, l, log, e);
    if (e->h.seq == log->l.head_seq
            ? memcmp(e->hash, log->l.head, KAI_ID_BYTES) != 0
            : (n->act.read(n->act.ctx, e->h.log_pk, e->h.seq, &mine) == KAI_OK &&
               memcmp(e->hash, mine.hash, KAI_ID_BYTES) != 0)) {
        kai_fork_seen(n, l, s, log, e);
        return true;
    }
    kai_log_held(n, l, log, e->h.seq);
    if (!log->l.own)
        kai_push_have(n, l, s, log->l.log_pk, kai_fork_limit(log, log->l.head_seq), KAI_IHAVE_MS);
    kai_push_know(l, log->l.log_pk, e->h.seq);
    return true;
}

/* A header that comes alone, as an answer, next in its log: may it? A PUSH without a payload says
 * no more than that there is one to be asked for. */
static enum kai_verdict bare(struct kai_net *n, struct kai_nlog *log, const struct kai_entry *e,
                             bool pushed)
{
    if (pushed)
        return KAI_WANT_MORE;
    return log && KAI_CHECK(PAYLOAD_EXPIRED,
                            kai_payload_over(&e->h, kai_mirror_last_kid(n, log), n->wall_ms))
               ? KAI_TAKE
               : KAI_BARE;
}

static enum kai_verdict judge(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                              struct kai_nlog *log, const struct kai_entry *e, bool pushed)
{
    if (log) {
        if (memcmp(log->l.aud_id, s->aud_id, KAI_ID_BYTES) != 0)
            return KAI_REFUSE;
        if (!KAI_CHECK(FORK_STOP, !kai_fork_past(log, e->h.seq))) {
            kai_fork_show(n, l, s, log, true);
            return KAI_REFUSE;
        }
        if (held_already(n, l, s, log, e))
            return KAI_HELD;
        if (log->l.closed || log->broken)
            return KAI_REFUSE;
        if (e->h.seq != log->ing_seq + 1)
            return kai_park_has(n, e->h.log_pk, e->h.seq - 1) ? KAI_PARK : KAI_WANT_MORE;
    } else if (e->h.seq != 1) {
        return kai_park_has(n, e->h.log_pk, e->h.seq - 1) ? KAI_PARK : KAI_WANT_MORE;
    }
    return e->payload.p ? KAI_TAKE : bare(n, log, e, pushed);
}

/* Whether it may be taken now; *is says of its log what is known with it. */
static enum kai_verdict accept_entry(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                                     struct kai_nlog *log, const struct kai_entry *e,
                                     struct kai_net_log *is)
{
    enum kai_verdict v;

    if (n->full && !(log && log->l.own))
        return KAI_REFUSE;
    v = log ? kai_accept_next(n, s, log, e, is) : kai_accept_first(n, s, e, is);
    if (v == KAI_TAKE && kai_quota_over(n, l, log, is, bytes_of(e)))
        return KAI_OVER;
    return v;
}

/* A new log, or what a BIND told of a blind one. */
static struct kai_nlog *keep_log(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log,
                                 const struct kai_entry *e, struct kai_net_log *is)
{
    if (!log) {
        memcpy(is->from_node, l->peer_id, KAI_ID_BYTES);
        log = kai_mirror_add(n, is);
        if (log)
            kai_tree_first(n, l, log);
        return log;
    }
    if (kai_log_blind(&log->l) && !kai_log_blind(is)) {
        log->l = *is;
        log->fits_seen = 0;
        log->learned_seq = e->h.seq;
    }
    return log;
}

static void over(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                 const struct kai_entry *e)
{
    n->count.entries_over++;
    if (!s->told_limit)
        kai_link_err(n, l, KAI_BYE_LIMIT, s->handle);
    s->told_limit = true;
    kai_fetch_cancel(n, e->h.log_pk);
}

/* An entry with the shape of one, from a peer that may send it. cost: bytes of the peer's credit
 * that it holds. */
/* An entry of our own log that we do not have: the home was rolled back, if the log's key signed
 * it. False: it did not, and the link is over. */
static bool own_ahead(struct kai_net *n, struct kai_link *l, struct kai_nlog *log,
                      const struct kai_entry *e)
{
    if (log->retire_told)
        return true;
    if (kai_entry_verify(e, n->nid) != KAI_OK) {
        forged(n, l, log->l.log_pk, e->h.seq);
        return false;
    }
    kai_fork_own(n, l, log, e->h.seq);
    return true;
}

void kai_ingest(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                const struct kai_entry *e, size_t cost, bool pushed)
{
    struct kai_nlog *log = kai_mirror_find(n, e->h.log_pk);
    enum kai_verdict v = judge(n, l, s, log, e, pushed);
    struct kai_net_log is = {0};

    if (log && log->l.own && v != KAI_HELD && v != KAI_REFUSE && e->h.seq > log->ing_seq &&
        !own_ahead(n, l, log, e))
        return;
    if (v == KAI_TAKE)
        v = accept_entry(n, l, s, log, e, &is);
    if (v == KAI_TAKE && !(log = keep_log(n, l, log, e, &is)))
        v = KAI_REFUSE;
    if (l->file)
        kai_carry_judged(l, v, e);
    switch (v) {
    case KAI_TAKE:
        n->count.entries_new++;
        kai_tree_came(n, l, s, log, e->h.seq, pushed);
        launch(n, l, log, e, cost);
        break;
    case KAI_PARK:
        s->blocked = true;
        kai_fetch_progress(n, e->h.log_pk, e->h.seq);
        if (!kai_park(n, l, s, e, pushed)) {
            kai_fetch_cancel(n, e->h.log_pk);
            kai_carry_gap(l);
        }
        break;
    case KAI_WANT_MORE:
        kai_push_know(l, e->h.log_pk, e->h.seq);
        if (pushed ||
            l->file) /* What was asked for comes in order: what stood before it was refused. */
            kai_fetch_want(n, l, s, e->h.log_pk, log ? log->ing_seq + 1 : 1, e->h.seq);
        break;
    case KAI_BARE:
        n->count.entries_refused++;
        kai_fetch_lacks(n, l, e->h.log_pk);
        kai_carry_gap(l);
        break;
    case KAI_HELD:
        n->count.entries_dup++;
        if (pushed && e->payload.p)
            kai_tree_twice(n, l, s, log);
        kai_fetch_progress(n, e->h.log_pk, log->ing_seq);
        break;
    case KAI_FORK:
        kai_fork_prove(n, l, s, log, log->l.head_seq);
        refuse(n, s, e);
        break;
    case KAI_OVER:
        over(n, l, s, e);
        break;
    case KAI_REFUSE:
        refuse(n, s, e);
        break;
    }
}

static void one_entry(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                      struct kai_view hdr, struct kai_view sig, struct kai_view payload,
                      bool pushed)
{
    struct kai_entry e;

    if (s->ctl && sig.n == 0 && hdr.n == KAI_ID_BYTES && payload.p) {
        kai_control_text(n, hdr, payload);
        return;
    }
    if (sig.n != KAI_SIG_BYTES || kai_entry_init(&e, hdr, sig, payload) != KAI_OK) {
        kai_link_bye(n, l, KAI_BYE_MALFORMED);
        return;
    }
    if (s->ctl)
        (void)kai_control_entry(n, l, &e);
    else if (kai_may_receive(n, l, s, e.h.log_pk))
        kai_ingest(n, l, s, &e, bytes_of(&e), pushed);
    else {
        n->count.entries_refused++;
        if (l->file)
            kai_carry_judged(l, KAI_REFUSE, &e);
    }
}

void kai_ingest_frame(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    struct kai_share *s = kai_match_handle(l, f->handle);

    if (!s) {
        kai_link_err(n, l, KAI_BYE_NOT_SHARED, f->handle);
        return;
    }
    for (uint32_t i = 0; i < f->n && !l->dead; i++) {
        struct kai_view hdr, sig, payload;
        kai_frame_parts(f, &hdr, &sig, &payload);
        one_entry(n, l, s, hdr, sig, payload, false);
    }
}

void kai_ingest_push(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    struct kai_share *s = kai_match_handle(l, f->handle);

    if (!s)
        kai_link_err(n, l, KAI_BYE_NOT_SHARED, f->handle);
    else
        one_entry(n, l, s, f->hdr, f->sig, f->payload, true);
}

/* ---- Answers of the disk. */

/* Take the flight out, *out a copy of it; its link gets its credit back. */
static bool land(struct kai_net *n, const uint8_t *log_pk, uint64_t seq, struct kai_flight *out)
{
    struct kai_flight **at = &n->flight, *f, *before = NULL;
    struct kai_link *l;

    while (*at && !((*at)->seq == seq && memcmp((*at)->log_pk, log_pk, KAI_KEY_BYTES) == 0)) {
        before = *at;
        at = &(*at)->next;
    }
    f = *at;
    if (!f)
        return false;
    *at = f->next;
    if (n->flight_last == f)
        n->flight_last = before;
    *out = *f;
    l = kai_link_find(n, f->link);
    if (l && l->pending >= f->cost)
        l->pending -= f->cost;
    free(f);
    return true;
}

/* All its EPOCHs, when this step settles: the keyring has changed. */
static void read_again(struct kai_net *n, const uint8_t aud[static KAI_ID_BYTES])
{
    struct kai_nlog *const *logs;
    size_t k = kai_mirror_audience(n, aud, &logs);

    for (size_t i = 0; i < k; i++)
        if (logs[i]->l.kind == 2)
            logs[i]->unread_from = 1;
}

static void learn_epoch(struct kai_net *n, struct kai_nlog *log, const struct kai_entry *e)
{
    uint8_t aud[KAI_ID_BYTES];
    enum kai_err err = e->payload.p ? kai_keyring_epoch(n->keyring, e, aud) : KAI_OK;

    if ((err == KAI_EAGAIN || err == KAI_EDENIED) && log->unread_from == 0)
        log->unread_from = e->h.seq;
    if (err == KAI_OK && kai_keyring_again(n->keyring, aud))
        read_again(n, aud);
}

void kai_ingest_epochs(struct kai_net *n)
{
    for (size_t i = 0; i < n->n_logs; i++) {
        struct kai_nlog *log = n->by_pk[i];
        uint64_t seq = log->unread_from;
        struct kai_entry e;

        log->unread_from = 0;
        for (; seq != 0 && seq <= log->l.head_seq; seq++)
            if (n->act.read(n->act.ctx, log->l.log_pk, seq, &e) == KAI_OK &&
                e.h.ptype == KAI_PTYPE_EPOCH)
                learn_epoch(n, log, &e);
    }
}

/* It is durable: whoever brought it hears so. */
static void tell(struct kai_net *n, uint64_t link, const struct kai_nlog *log, uint64_t seq)
{
    struct kai_link *l = kai_link_find(n, link);
    struct kai_share *s = l ? kai_share_find(l, log->l.aud_id) : NULL;

    if (l)
        kai_push_know(l, log->l.log_pk, seq);
    if (s)
        kai_push_have(n, l, s, log->l.log_pk, seq, KAI_IHAVE_MS);
}

/* Those of whom it was known before it was durable here: a reader's word counts from now on, and an
 * author, or who carries a letter, waits for ours. */
static void had_it(struct kai_net *n, uint64_t from, struct kai_nlog *log, uint64_t seq)
{
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        struct kai_share *s = l->dead || l->id == from ? NULL : kai_share_find(l, log->l.aud_id);
        if (!s || !kai_push_known(l, log->l.log_pk, seq))
            continue;
        kai_log_held(n, l, log, seq);
        if (memcmp(l->peer_id, log->l.author_node, KAI_ID_BYTES) == 0)
            kai_push_have(n, l, s, log->l.log_pk, seq, KAI_IHAVE_MS);
        else
            kai_push_arrived(n, l, s, log, seq);
    }
}

void kai_net_on_stored(struct kai_net *n, const uint8_t log_pk[static KAI_KEY_BYTES],
                       const struct kai_entry *e, uint64_t now_ms)
{
    struct kai_nlog *log;
    struct kai_flight f;

    kai_step_begin(n, now_ms);
    log = kai_mirror_find(n, log_pk);
    if (log && land(n, log_pk, e->h.seq, &f)) {
        log->n_flight -= log->n_flight > 0 ? 1u : 0u;
        if (e->h.seq > log->l.head_seq) {
            log->l.head_seq = e->h.seq;
            log->l.head_ts = e->h.ts;
            memcpy(log->l.head, e->hash, KAI_ID_BYTES);
            log->l.closed = log->l.closed || e->h.ptype == KAI_PTYPE_CLOSE;
            kai_fork_landed(log, e);
        }
        if (log->learned_seq != 0 && e->h.seq >= log->learned_seq) {
            log->learned_seq = 0;
            n->act.update_log(n->act.ctx, &log->l);
        }
        if (log->l.kind == 2 && e->h.ptype == KAI_PTYPE_EPOCH)
            learn_epoch(n, log, e);
        kai_blind_landed(n, log, e);
        if (e->h.seq == 1 && kai_mail_find(n, log->l.aud_id))
            n->retry_data = true; /* A mailbox that we may carry for from now on. */
        tell(n, f.link, log, e->h.seq);
        had_it(n, f.link, log, e->h.seq);
        kai_push_entry(n, log->l.aud_id, log, e, f.link);
    }
    kai_step_end(n);
}

/* What was on its way is void, and what was learned from it. */
static void back_to_head(struct kai_nlog *log)
{
    log->broken = false;
    log->ing_seq = log->l.head_seq;
    log->ing_ts = log->l.head_ts;
    memcpy(log->ing_hash, log->l.head, KAI_ID_BYTES);
    kai_mirror_forget_kids(log);
    if (log->learned_seq > log->l.head_seq) {
        memset(log->l.author_node, 0, KAI_ID_BYTES);
        log->learned_seq = 0;
    }
}

void kai_net_on_refused(struct kai_net *n, uint64_t link,
                        const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq, enum kai_err why,
                        uint64_t now_ms)
{
    struct kai_nlog *log;
    struct kai_flight f = {.link = link};

    kai_step_begin(n, now_ms);
    log = kai_mirror_find(n, log_pk);
    if (log && land(n, log_pk, seq, &f)) {
        n->count.entries_refused++;
        kai_quota_forged(n, log, f.bytes);
        if (why == KAI_EAUTH || (why == KAI_EMALFORMED && !log->broken))
            forged(n, kai_link_find(n, f.link), log_pk, seq);
        if (why == KAI_EFULL)
            n->full = true;
        log->broken = true;
        log->n_flight -= log->n_flight > 0 ? 1u : 0u;
        kai_rb_all(n, log->l.aud_id, 500); /* Somebody else may have what is right. */
        kai_fetch_cancel(n, log_pk);
        if (log->n_flight == 0 && log->l.head_seq == 0) {
            kai_mirror_remove(n, log);
        } else if (log->n_flight == 0) {
            back_to_head(log);
        }
    }
    kai_step_end(n);
}

/* net: events in, actions out: what happens on each, and what is settled at the end of each step.
 */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define SETTLE_ROUNDS 4
#define TICK_MS       250u
#define TRIM_MS       60000u

enum kai_err kai_net_new(struct kai_net **out, const struct kai_net_options *opt)
{
    struct kai_net *n = calloc(1, sizeof *n);
    enum kai_err err = KAI_ENOMEM;

    *out = NULL;
    if (!n)
        return err;
    n->act = opt->act;
    n->self = opt->self;
    /* Secret keys stay in guarded memory: the keyring opens what is for us. */
    sodium_memzero(n->self.sign_sk, sizeof n->self.sign_sk);
    sodium_memzero(n->self.kx_sk, sizeof n->self.kx_sk);
    memcpy(n->curve_pk, opt->curve_pk, sizeof n->curve_pk);
    memcpy(n->boot, opt->boot_id, sizeof n->boot);
    memcpy(n->nid, kai_ctl_charter(opt->ctl)->nid, sizeof n->nid);
    n->ctl = opt->ctl;
    n->keyring = opt->keyring;
    n->now_ms = opt->now_ms;
    kai_buf_init(&n->charter, KAI_CHARTER_BYTES_MAX);
    kai_buf_add(&n->charter, opt->charter_record.p, opt->charter_record.n);
    kai_buf_init(&n->frame, KAI_FRAME_BYTES_MAX);
    kai_buf_init(&n->opened, KAI_BODY_BYTES_MAX);
    kai_buf_init(&n->scratch, KAI_BODY_BYTES_MAX);
    if (n->charter.err == KAI_OK)
        err = kai_packer_new(&n->packer);
    if (err == KAI_OK)
        err = kai_overlay_new(n);
    if (err == KAI_OK)
        err = kai_control_rebuild(n);
    if (err == KAI_OK)
        err = kai_match_auds(n);
    if (err) {
        kai_net_free(n);
        return err;
    }
    n->keyring_seen = kai_keyring_version(n->keyring);
    *out = n;
    return KAI_OK;
}

/* They grow again as they are needed. */
static void free_buffers(struct kai_net *n)
{
    kai_buf_free(&n->frame);
    kai_buf_free(&n->opened);
    kai_buf_free(&n->scratch);
    free(n->rows);
    n->rows = NULL;
    n->cap_rows = 0;
}

void kai_net_free(struct kai_net *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->n_links; i++)
        n->links[i]->dead = true;
    kai_link_sweep(n);
    while (n->flight) {
        struct kai_flight *f = n->flight;
        n->flight = f->next;
        free(f);
    }
    kai_park_free(n);
    kai_book_free(n);
    kai_early_free(n);
    kai_heard_free(n);
    kai_overlay_free(n);
    kai_mirror_free(n);
    kai_roster_unref(n->roster);
    kai_packer_free(n->packer);
    kai_buf_free(&n->charter);
    free_buffers(n);
    free(n->fetch);
    free(n->missing);
    free(n->audits);
    free(n->auds);
    free(n->meters);
    free(n);
}

void kai_alarm(struct kai_net *n, const char *code, const struct kai_link *l, const uint8_t *log_pk,
               uint64_t seq)
{
    struct kai_net_alarm a = {.code = code, .seq = seq};

    if (l && l->peer)
        memcpy(a.node, l->peer_id, sizeof a.node);
    if (log_pk)
        memcpy(a.log_pk, log_pk, sizeof a.log_pk);
    n->act.alarm(n->act.ctx, &a);
}

uint64_t kai_random_below(struct kai_net *n, uint64_t below)
{
    uint8_t r[8];

    n->act.random(n->act.ctx, r, sizeof r);
    return kai_get_u64(r) % below;
}

/* ---- A step: an event and all that follows from it. */

void kai_step_begin(struct kai_net *n, uint64_t now_ms)
{
    if (now_ms > n->now_ms)
        n->now_ms = now_ms;
    n->depth++;
}

/* New control entries make a roster, a roster and keys make matches, and these make parked entries
 * readable. */
static void settle_members(struct kai_net *n)
{
    for (int round = 0; round < SETTLE_ROUNDS; round++) {
        bool keys = kai_keyring_version(n->keyring) != n->keyring_seen;

        while (n->retry_ctl) {
            n->retry_ctl = false;
            kai_park_retry(n, true);
        }
        if (n->roster_stale && kai_control_rebuild(n) != KAI_OK)
            return; /* No memory: again with the next event. */
        keys = keys || kai_keyring_version(n->keyring) != n->keyring_seen;
        if (!keys && !n->retry_data)
            return;
        n->keyring_seen = kai_keyring_version(n->keyring);
        n->retry_data = false;
        if (kai_match_auds(n) != KAI_OK)
            return;
        if (keys)
            n->act.keys(n->act.ctx);
        for (size_t i = 0; i < n->n_links; i++)
            kai_match_refresh(n, n->links[i]);
        kai_ingest_epochs(n);
        if (keys)
            kai_blind_learn(n);
        kai_park_retry(n, false);
    }
}

void kai_step_end(struct kai_net *n)
{
    if (n->depth > 1) {
        n->depth--;
        return;
    }
    settle_members(n);
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        if (l->dead || l->file || l->state == KAI_LINK_DRAIN)
            continue;
        kai_link_synced(n, l);
        kai_rb_step(n, l);
        kai_fetch_flush(n, l);
        kai_credit_give(n, l);
        kai_out_pump(n, l);
    }
    kai_link_sweep(n);
    n->depth--;
}

/* ---- Frames. */

static void on_bye(struct kai_net *n, struct kai_link *l, const struct kai_frame *f)
{
    kai_link_drop(
        n, l, f->a >= KAI_BYE_VERSION && f->a <= KAI_BYE_DONE ? (enum kai_bye)f->a : KAI_BYE_LOST);
}

static void dispatch(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    switch (f->type) {
    case KAI_MSG_HELLO:
        kai_link_hello(n, l, f);
        break;
    case KAI_MSG_MATCH:
        kai_match_on(n, l, f);
        break;
    case KAI_MSG_PING:
        kai_link_ping(n, l, f);
        break;
    case KAI_MSG_PONG:
        kai_link_pong(n, l, f);
        break;
    case KAI_MSG_CREDIT:
        if (f->a > l->allowed)
            l->allowed = f->a;
        break;
    case KAI_MSG_OFFER:
        kai_offer_on(n, l, f);
        break;
    case KAI_MSG_RB:
        kai_rb_on(n, l, f);
        break;
    case KAI_MSG_WANT:
        kai_serve_on(n, l, f);
        break;
    case KAI_MSG_GRAFT:
        kai_tree_on_graft(n, l, f);
        break;
    case KAI_MSG_PRUNE:
        kai_tree_on_prune(n, l, f);
        break;
    case KAI_MSG_ENTRIES:
        kai_ingest_frame(n, l, f);
        break;
    case KAI_MSG_PUSH:
        kai_ingest_push(n, l, f);
        break;
    case KAI_MSG_IHAVE:
        kai_push_on_have(n, l, f);
        break;
    case KAI_MSG_PEERS:
        kai_book_on(n, l, f);
        break;
    case KAI_MSG_PROOF:
        kai_fork_on(n, l, f);
        break;
    case KAI_MSG_NOTES:
        kai_notes_on(n, l, f);
        break;
    case KAI_MSG_BYE:
        on_bye(n, l, f);
        break;
    case KAI_MSG_ERR: /* Else only told. */
        if (f->a == KAI_BYE_BUSY && f->b == KAI_ERR_SPARE)
            kai_overlay_spared(n, l);
        break;
    default: /* DEF changes nothing yet. */
        break;
    }
}

static void take_frame(struct kai_net *n, struct kai_link *l, struct kai_view frame)
{
    struct kai_frame f;

    l->in_bytes += frame.n;
    n->count.frames_in++;
    n->count.bytes_in += frame.n;
    if (l->state == KAI_LINK_DRAIN)
        return;
    if (kai_frame_parse(&f, frame) != KAI_OK || (f.type == KAI_MSG_HELLO && f.hello.intro)) {
        kai_link_bye(n, l, KAI_BYE_MALFORMED);
        return;
    }
    if (!kai_msg_flows(f.type) && !kai_credit_free(n, l, frame.n)) {
        kai_link_bye(n, l, KAI_BYE_LIMIT);
        return;
    }
    if (kai_msg_flows(f.type)) {
        l->in_flow += frame.n;
        /* Twice the window: what was repeated on the way is not the peer's fault. */
        if (l->in_flow > l->granted + KAI_CREDIT_BYTES) {
            kai_link_bye(n, l, KAI_BYE_LIMIT);
            return;
        }
    }
    if (l->state == KAI_LINK_HELLO && f.type != KAI_MSG_HELLO && f.type != KAI_MSG_BYE)
        return; /* Nothing is said before HELLO; who has not said it in time goes. */
    dispatch(n, l, &f);
}

void kai_net_on_frame(struct kai_net *n, uint64_t link, struct kai_view frame, uint64_t now_ms,
                      uint64_t wall_ms)
{
    struct kai_link *l;

    n->wall_ms = wall_ms;
    kai_step_begin(n, now_ms);
    l = kai_link_find(n, link);
    if (l)
        take_frame(n, l, frame);
    kai_step_end(n);
}

void kai_net_on_writable(struct kai_net *n, uint64_t link, uint64_t now_ms)
{
    struct kai_link *l;

    kai_step_begin(n, now_ms);
    l = kai_link_find(n, link);
    if (l)
        l->stuck = false;
    kai_step_end(n);
}

/* ---- Other events. */

void kai_net_on_log(struct kai_net *n, const struct kai_net_log *log)
{
    struct kai_nlog *added = kai_mirror_find(n, log->log_pk) ? NULL : kai_mirror_add(n, log);

    if (added && log->kind == 2)
        added->unread_from = 1; /* The keyring may have been without a certificate until now. */
}

void kai_net_on_published(struct kai_net *n, const struct kai_net_log *l, uint64_t from,
                          uint64_t to, uint64_t now_ms)
{
    struct kai_nlog *log;
    struct kai_entry e;
    uint8_t aud[KAI_ID_BYTES];

    kai_step_begin(n, now_ms);
    log = kai_mirror_find(n, l->log_pk);
    if (!log) {
        log = kai_mirror_add(n, l);
        n->retry_data = n->retry_data || kai_mail_find(n, l->aud_id);
    }
    if (log) {
        log->l = *l;
        log->ing_seq = l->head_seq;
        log->ing_ts = l->head_ts;
        memcpy(log->ing_hash, l->head, KAI_ID_BYTES);
    }
    for (uint64_t seq = from; log && seq <= to; seq++) {
        if (n->act.read(n->act.ctx, l->log_pk, seq, &e) != KAI_OK)
            break;
        if (e.h.ptype == KAI_PTYPE_SEALED)
            kai_mirror_kid(log, e.h.kid);
        if (l->kind == 2 && e.h.ptype == KAI_PTYPE_EPOCH && e.payload.p)
            (void)!kai_keyring_epoch(n->keyring, &e,
                                     aud); /* Whether it serves us is the keyring's to know. */
        kai_push_entry(n, l->aud_id, log, &e, 0);
    }
    kai_step_end(n);
}

void kai_net_on_keyring(struct kai_net *n, uint64_t now_ms)
{
    kai_step_begin(n, now_ms);
    n->retry_data = true;
    kai_ended_tick(n); /* Also where no clock ticks, on a node that is stopped. */
    kai_step_end(n);
}

void kai_net_on_full(struct kai_net *n, bool full)
{
    if (n->full && !full)
        for (size_t i = 0; i < n->n_auds; i++)
            kai_rb_all(n, n->auds[i].id, TICK_MS);
    n->full = full;
}

uint64_t kai_net_next(const struct kai_net *n)
{
    uint64_t next = n->now_ms + TICK_MS, at;

    for (size_t i = 0; i < n->n_links; i++) {
        at = kai_link_next(n, n->links[i]);
        next = at < next ? at : next;
    }
    at = kai_fetch_next(n);
    next = at < next ? at : next;
    at = kai_tree_next(n);
    next = at < next ? at : next;
    return next > n->now_ms ? next : n->now_ms + 1;
}

/* What the largest frame and the longest comparison needed. */
static void trim(struct kai_net *n)
{
    if (n->now_ms < n->trim_ms || n->depth > 1)
        return;
    n->trim_ms = n->now_ms + TRIM_MS;
    free_buffers(n);
}

uint64_t kai_net_on_tick(struct kai_net *n, uint64_t now_ms, uint64_t wall_ms)
{
    n->wall_ms = wall_ms;
    kai_step_begin(n, now_ms);
    trim(n);
    for (size_t i = 0; i < n->n_links; i++)
        kai_link_tick(n, n->links[i]);
    kai_fetch_tick(n);
    kai_tree_tick(n);
    kai_park_tick(n);
    kai_book_tick(n);
    kai_heard_tick(n);
    kai_withheld_tick(n);
    kai_ended_tick(n);
    kai_overlay_tick(n);
    kai_quota_tick(n);
    kai_audit_tick(n);
    kai_step_end(n);
    return kai_net_next(n);
}

void kai_net_stop(struct kai_net *n, uint64_t now_ms)
{
    kai_step_begin(n, now_ms);
    n->stopping = true;
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        if (l->file) {
            kai_link_drop(n, l, KAI_BYE_SHUTDOWN);
            continue;
        }
        kai_put_number(kai_out_begin(n), KAI_MSG_BYE, KAI_BYE_SHUTDOWN);
        (void)n->act.send(n->act.ctx, l->id, kai_buf_view(&n->frame));
        l->state = KAI_LINK_DRAIN;
        l->since_ms = n->now_ms;
    }
    kai_step_end(n);
}

/* ---- What is so. */

bool kai_net_admits(const struct kai_net *n, const uint8_t curve_pk[static KAI_KEY_BYTES])
{
    return kai_node_good(n, kai_roster_node_by_curve(n->roster, curve_pk));
}

struct kai_ctl *kai_net_ctl(const struct kai_net *n)
{
    return n->ctl;
}

struct kai_roster *kai_net_roster(const struct kai_net *n)
{
    return n->roster;
}

void kai_net_links(const struct kai_net *n, kai_link_fn *f, void *ctx)
{
    uint8_t auds[KAI_SHARES_MAX][KAI_ID_BYTES];

    for (size_t i = 0; i < n->n_links; i++) {
        const struct kai_link *l = n->links[i];
        struct kai_link_info info = {.link = l->id,
                                     .peer = l->peer,
                                     .dialled = l->dialled,
                                     .state = kai_link_text(l),
                                     .since_ms = l->up_ms,
                                     .rtt_ms = l->rtt_ms,
                                     .in_bytes = l->in_bytes,
                                     .out_bytes = l->out_bytes,
                                     .auds = (const uint8_t(*)[KAI_ID_BYTES])auds};
        if (l->file)
            continue;
        for (size_t c = 0; c < KAI_OUT_CLASSES; c++) {
            info.queued_bytes += l->out[c].bytes;
            info.unsent_frames += l->out[c].n;
        }
        for (size_t j = 1; j < l->n_shares; j++)
            if (l->shares[j]->matched)
                memcpy(auds[info.n_auds++], l->shares[j]->aud_id, KAI_ID_BYTES);
        f(ctx, &info);
    }
}

void kai_net_counters(const struct kai_net *n, struct kai_net_counters *out)
{
    *out = n->count;
    out->memory_bytes = 0;
    for (size_t i = 0; i < n->n_links; i++)
        out->memory_bytes += kai_link_bytes(n->links[i]);
}

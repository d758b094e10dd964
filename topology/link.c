/* link: one connection from HELLO to its end (docs/protocol.md 7). */
#include "topology/carry_int.h"
#include "topology/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"

struct kai_link *kai_link_find(const struct kai_net *n, uint64_t id)
{
    for (size_t i = 0; i < n->n_links; i++)
        if (n->links[i]->id == id && !n->links[i]->dead)
            return n->links[i];
    return NULL;
}

struct kai_share *kai_share_find(const struct kai_link *l,
                                 const uint8_t aud_id[static KAI_ID_BYTES])
{
    for (size_t i = 1; i < l->n_shares; i++)
        if (memcmp(l->shares[i]->aud_id, aud_id, KAI_ID_BYTES) == 0)
            return l->shares[i];
    return NULL;
}

struct kai_share *kai_share_add(struct kai_link *l, const uint8_t aud_id[static KAI_ID_BYTES])
{
    struct kai_share *s = l->n_shares < KAI_SHARES_MAX ? calloc(1, sizeof *s) : NULL;

    if (!s)
        return NULL;
    s->link = l;
    memcpy(s->aud_id, aud_id, KAI_ID_BYTES);
    l->shares[l->n_shares++] = s;
    return s;
}

static void free_link(struct kai_link *l)
{
    kai_out_free(l);
    for (size_t i = 0; i < l->n_shares; i++) {
        free(l->shares[i]->have);
        free(l->shares[i]);
    }
    free(l->sent);
    free(l->got);
    free(l->serve);
    free(l->wanted);
    free(l->forked);
    free(l->known);
    free(l->mail);
    free(l->box_tokens);
    free(l->answered);
    free(l);
}

struct kai_link *kai_link_new(void)
{
    static const uint8_t zeros[KAI_ID_BYTES];
    struct kai_link *l = calloc(1, sizeof *l);
    struct kai_share *ctl;

    if (!l)
        return NULL;
    ctl = kai_share_add(l, zeros);
    if (!ctl) {
        free_link(l);
        return NULL;
    }
    ctl->ctl = true;
    ctl->handle = KAI_HANDLE_CONTROL;
    l->have_due_ms = UINT64_MAX;
    return l;
}

size_t kai_link_bytes(const struct kai_link *l)
{
    size_t sum = sizeof *l + l->cap_serve * sizeof *l->serve +
                 (l->known ? KAI_KNOWN_SLOTS * sizeof *l->known : 0) +
                 l->cap_wanted * sizeof *l->wanted + l->parked_bytes + (size_t)l->pending +
                 l->n_fetch * sizeof(struct kai_fetch) +
                 (l->forked ? KAI_FORKED_MAX : 0) * KAI_KEY_BYTES + l->cap_sent * sizeof *l->sent +
                 l->cap_got * sizeof *l->got;

    for (size_t i = 0; i < KAI_OUT_CLASSES; i++)
        sum += l->out[i].bytes + l->out[i].n * sizeof(struct kai_out_frame);
    for (size_t i = 0; i < l->n_shares; i++)
        sum += sizeof(struct kai_share) + l->shares[i]->cap_have * sizeof(struct kai_id_seq);
    return sum + l->n_mail * sizeof *l->mail + l->n_box_tokens * sizeof *l->box_tokens;
}

/* ---- Endings. */

void kai_link_drop(struct kai_net *n, struct kai_link *l, enum kai_bye why)
{
    if (l->dead)
        return;
    kai_overlay_ended(n, l, why);
    kai_visit_gone(n, l);
    l->dead = true;
    if (l->file)
        kai_carry_gone(l, why);
    else
        n->act.drop(n->act.ctx, l->id, why);
}

/* Say why, past everything that waits, and end the connection. */
void kai_link_bye(struct kai_net *n, struct kai_link *l, enum kai_bye code)
{
    if (l->dead)
        return;
    if (code == KAI_BYE_MALFORMED)
        n->count.malformed++;
    kai_put_number(kai_out_begin(n), KAI_MSG_BYE, (uint64_t)code);
    if (!n->frame.err && !l->file)
        (void)n->act.send(n->act.ctx, l->id, kai_buf_view(&n->frame));
    kai_link_drop(n, l, code);
}

void kai_link_err(struct kai_net *n, struct kai_link *l, enum kai_bye code, uint64_t ref)
{
    if (l->file ||
        l->out[KAI_OUT_URGENT].n > 16) /* No answer to what comes faster than it is read. */
        return;
    kai_put_numbers(kai_out_begin(n), KAI_MSG_ERR, (uint64_t)code, ref);
    (void)kai_out_put(n, l, KAI_OUT_URGENT);
}

void kai_link_sweep(struct kai_net *n)
{
    size_t kept = 0;

    /* First what they leave behind: to end a fetch looks at the other links. */
    for (size_t i = 0; i < n->n_links; i++)
        if (n->links[i]->dead) {
            kai_tree_gone(n, n->links[i]);
            kai_park_gone(n, n->links[i]);
            kai_fetch_gone(n, n->links[i]);
        }
    for (size_t i = 0; i < n->n_links; i++) {
        if (n->links[i]->dead)
            free_link(n->links[i]);
        else
            n->links[kept++] = n->links[i];
    }
    n->n_links = kept;
}

/* ---- Beginnings. */

static void say_hello(struct kai_net *n, struct kai_link *l)
{
    struct kai_hello h = {.min = KAI_WIRE_VERSION,
                          .max = KAI_WIRE_VERSION,
                          .clock_ms = n->wall_ms,
                          .charter_ver = kai_ctl_charter(n->ctl)->ver,
                          .credit_bytes = KAI_CREDIT_BYTES,
                          .frame_bytes = KAI_FRAME_BYTES_MAX,
                          .book = n->book_sum,
                          .heard = n->heard_sum};

    memcpy(h.nid, n->nid, sizeof h.nid);
    memcpy(h.cert, n->self.node_cert, sizeof h.cert);
    memcpy(h.nonce, l->my_nonce, sizeof h.nonce);
    memcpy(h.boot, n->boot, sizeof h.boot);
    kai_ctl_fingerprint(n->ctl, h.fingerprint);
    kai_put_hello(kai_out_begin(n), &h);
    if (!kai_out_put(n, l, KAI_OUT_URGENT))
        kai_link_drop(n, l, KAI_BYE_LOST);
}

void kai_net_on_up(struct kai_net *n, uint64_t id, const uint8_t peer[static KAI_KEY_BYTES],
                   bool dialled, uint64_t now_ms, uint64_t wall_ms)
{
    struct kai_link *l;

    n->wall_ms = wall_ms;
    kai_step_begin(n, now_ms);
    l = n->n_links < 2 * KAI_LINKS_MAX && !n->stopping && !kai_link_find(n, id) ? kai_link_new()
                                                                                : NULL;
    if (!l) {
        n->act.drop(n->act.ctx, id, n->stopping ? KAI_BYE_SHUTDOWN : KAI_BYE_BUSY);
        kai_step_end(n);
        return;
    }
    l->id = id;
    memcpy(l->curve_pk, peer, KAI_KEY_BYTES);
    l->dialled = dialled;
    l->up_ms = l->since_ms = now_ms;
    l->rtt_ms = -1;
    l->granted = KAI_CREDIT_BYTES;
    l->ping_due_ms = now_ms + KAI_PING_MS;
    n->act.random(n->act.ctx, l->my_nonce, sizeof l->my_nonce);
    kai_tree_link(n, l);
    n->links[n->n_links++] = l;
    kai_overlay_changed(n);
    if (dialled)
        say_hello(n, l);
    kai_step_end(n);
}

void kai_net_on_down(struct kai_net *n, uint64_t id, uint64_t now_ms)
{
    struct kai_link *l;

    kai_step_begin(n, now_ms);
    l = kai_link_find(n, id);
    if (l) {
        kai_overlay_ended(n, l, KAI_BYE_LOST);
        kai_visit_gone(n, l);
        l->dead = true; /* The caller knows: no drop. */
    }
    kai_step_end(n);
}

/* Two links to one node: both ends must choose the same. */
static bool keep_new(const struct kai_net *n, const struct kai_link *now,
                     const struct kai_link *old)
{
    bool we_are_smaller = memcmp(n->self.node_id, now->peer_id, KAI_ID_BYTES) < 0;

    if (memcmp(now->peer_boot, old->peer_boot, sizeof now->peer_boot) != 0)
        return true;
    if (now->dialled == old->dialled)
        return true; /* Its dialler knows that the old one is gone. */
    return now->dialled == we_are_smaller;
}

/* Returns whether l is the one that stays. */
static bool only_one(struct kai_net *n, struct kai_link *l)
{
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *o = n->links[i];
        if (o == l || o->dead || o->file || !o->peer ||
            memcmp(o->peer_id, l->peer_id, KAI_ID_BYTES) != 0)
            continue;
        if (!keep_new(n, l, o)) {
            kai_link_bye(n, l, KAI_BYE_DUPLICATE);
            return false;
        }
        kai_link_bye(n, o, KAI_BYE_DUPLICATE);
    }
    return true;
}

static void session_keys(struct kai_link *l)
{
    struct kai_hasher h;
    const uint8_t *a = l->dialled ? l->my_nonce : l->peer_nonce;
    const uint8_t *b = l->dialled ? l->peer_nonce : l->my_nonce;

    kai_hash_begin(&h, KAI_D_RANGE);
    kai_hash_add(&h, a, 32);
    kai_hash_add(&h, b, 32);
    kai_hash_end(&h, l->range_key);
    kai_hash_begin(&h, KAI_D_OWRAP);
    kai_hash_add(&h, a, 32);
    kai_hash_add(&h, b, 32);
    kai_hash_end(&h, l->commit);
}

bool kai_node_good(const struct kai_net *n, const struct kai_node *node)
{
    return node && node->active &&
           (node->not_after == 0 || n->wall_ms <= node->not_after ||
            n->wall_ms - node->not_after <= KAI_EXPIRY_GRACE_MS);
}

/* Who the peer is, from the roster: false when it is not there, not active or ends as a duplicate.
 */
bool kai_link_know(struct kai_net *n, struct kai_link *l)
{
    const struct kai_node *peer = kai_roster_node_by_cert(n->roster, l->peer_cert);

    if (!kai_node_good(n, peer) ||
        !KAI_CHECK(HELLO_KEY, memcmp(peer->curve_pk, l->curve_pk, KAI_KEY_BYTES) == 0) ||
        memcmp(peer->id, n->self.node_id, KAI_ID_BYTES) == 0)
        return false;
    l->peer = peer;
    memcpy(l->peer_id, peer->id, KAI_ID_BYTES);
    return only_one(n, l);
}

void kai_link_elsewhere(struct kai_net *n, struct kai_view note, const struct kai_node *node)
{
    struct kai_addr a;

    if (n->act.elsewhere && memcmp(node->id, n->self.node_id, KAI_ID_BYTES) == 0 &&
        kai_addr_parse(&a, note) == KAI_OK)
        n->act.elsewhere(n->act.ctx, a.counter);
}

/* The transport has proved our own key, and another start speaks. */
static void meet_twin(struct kai_net *n, const struct kai_link *l)
{
    if (n->act.elsewhere && memcmp(l->curve_pk, n->curve_pk, KAI_KEY_BYTES) == 0 &&
        memcmp(l->peer_boot, n->boot, sizeof l->peer_boot) != 0)
        n->act.elsewhere(n->act.ctx, UINT64_MAX);
}

void kai_link_hello(struct kai_net *n, struct kai_link *l, const struct kai_frame *f)
{
    const struct kai_hello *h = &f->hello;
    uint8_t mine[KAI_ID_BYTES];

    if (l->state != KAI_LINK_HELLO) {
        if (memcmp(h->nonce, l->peer_nonce, sizeof h->nonce) != 0)
            kai_link_bye(n, l, KAI_BYE_MALFORMED);
        return; /* The same once more. */
    }
    if (!KAI_CHECK(HELLO_NETWORK, memcmp(h->nid, n->nid, sizeof h->nid) == 0)) {
        kai_link_bye(n, l, KAI_BYE_NETWORK);
        return;
    }
    if (h->min > KAI_WIRE_VERSION || h->max < KAI_WIRE_VERSION) {
        kai_link_bye(n, l, KAI_BYE_VERSION);
        return;
    }
    memcpy(l->peer_nonce, h->nonce, sizeof l->peer_nonce);
    memcpy(l->peer_boot, h->boot, sizeof l->peer_boot);
    memcpy(l->peer_cert, h->cert, sizeof l->peer_cert);
    l->allowed = h->credit_bytes;
    l->addrs_sent = h->book != 0 && h->book == n->book_sum;
    l->heard_sent = h->heard != 0 && h->heard == n->heard_sum;
    meet_twin(n, l);
    /* Whom we dialled by its key may be one of whom the control plane has yet to tell us. */
    if (!kai_link_know(n, l) &&
        (l->dead || !l->dialled || kai_roster_node_by_cert(n->roster, h->cert))) {
        kai_link_bye(n, l, KAI_BYE_NOT_ADMITTED);
        return;
    }
    session_keys(l);
    if (!l->dialled)
        say_hello(n, l);
    l->state = KAI_LINK_CONTROL;
    l->since_ms = n->now_ms;
    kai_ctl_fingerprint(n->ctl, mine);
    l->ctl_done = memcmp(mine, h->fingerprint, sizeof mine) == 0;
    if (!l->ctl_done) { /* Notes before the entries: some may be of founders of a later version.
                         */
        kai_control_notes(n, l);
        kai_rb_due(n, l->shares[0], l->dialled ? 0 : KAI_RB_LISTEN_MS);
    }
    kai_link_synced(n, l);
}

void kai_link_synced(struct kai_net *n, struct kai_link *l)
{
    if (l->dead || l->state != KAI_LINK_CONTROL || !l->ctl_done || n->roster_stale ||
        kai_fetch_open(n, l, l->shares[0]) > 0 || (!l->peer && kai_fetch_ctl(n)))
        return; /* Who the peer is may be what another one was asked for. */
    if (!l->peer) {
        kai_link_bye(n, l, KAI_BYE_NOT_ADMITTED);
        return;
    }
    l->state = KAI_LINK_MATCH;
    l->since_ms = n->now_ms;
    l->shares[0]->live = true;
    l->ping_due_ms = n->now_ms + KAI_PING_FIRST_MS;
    kai_overlay_linked(n, l);
    kai_control_texts(n, l);
    kai_match_refresh(n, l);
    kai_book_send_all(n, l);
    kai_heard_send_all(n, l);
}

/* ---- Life. */

static void send_ping(struct kai_net *n, struct kai_link *l)
{
    if (l->pings_open >= KAI_PINGS_MISSED) {
        kai_link_drop(n, l, KAI_BYE_TIMEOUT);
        return;
    }
    l->ping_due_ms = n->now_ms + KAI_PING_MS;
    l->ping_ms = n->now_ms;
    l->ping_flow = l->out_flow;
    l->pings_open++;
    kai_put_numbers(kai_out_begin(n), KAI_MSG_PING, n->now_ms, l->out_flow);
    (void)kai_out_put(n, l, KAI_OUT_URGENT);
}

void kai_link_ping(struct kai_net *n, struct kai_link *l, const struct kai_frame *f)
{
    uint64_t known = l->in_flow + l->in_lost;

    if (!KAI_CHECK(LINK_CREDIT, f->b <= l->granted + KAI_CREDIT_BYTES)) {
        kai_link_bye(n, l, KAI_BYE_LIMIT);
        return;
    }
    if (f->b > known)
        l->in_lost += f->b - known;
    kai_put_numbers(kai_out_begin(n), KAI_MSG_PONG, f->a, l->in_flow);
    (void)kai_out_put(n, l, KAI_OUT_URGENT);
}

/* What the peer never got (a gap that differs from the last one) is said again: tokens stand where
 * they stood, reconciliation starts from what is so. */
void kai_link_pong(struct kai_net *n, struct kai_link *l, const struct kai_frame *f)
{
    int64_t gap;

    if (l->pings_open == 0 || f->a != l->ping_ms)
        return;
    l->pings_open = 0;
    l->rtt_ms = (double)(n->now_ms - l->ping_ms);
    gap = (int64_t)l->ping_flow - (int64_t)f->b;
    if (gap == l->gap)
        return;
    l->gap = gap;
    kai_match_repeat(n, l);
    for (size_t i = 0; i < l->n_shares; i++)
        kai_rb_due(n, l->shares[i], 200);
}

void kai_link_tick(struct kai_net *n, struct kai_link *l)
{
    if (l->dead)
        return;
    if (l->state == KAI_LINK_HELLO || l->state == KAI_LINK_DRAIN) {
        if (n->now_ms >= l->since_ms + (l->state == KAI_LINK_HELLO ? KAI_HELLO_MS : KAI_DRAIN_MS))
            kai_link_drop(n, l, l->state == KAI_LINK_HELLO ? KAI_BYE_TIMEOUT : KAI_BYE_SHUTDOWN);
        return;
    }
    if (l->peer && !kai_node_good(n, l->peer)) {
        kai_link_bye(n, l, KAI_BYE_NOT_ADMITTED);
        return;
    }
    if (l->file)
        return;
    if (n->now_ms >= l->ping_due_ms)
        send_ping(n, l);
    kai_match_look(n, l);
    for (size_t i = 0; i < l->n_shares && !l->dead && n->now_ms >= l->have_due_ms; i++) {
        if (l->shares[i]->n_have > 0 && n->now_ms >= l->shares[i]->have_due_ms)
            kai_push_flush(n, l, l->shares[i]);
    }
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t kai_link_next(const struct kai_net *n, const struct kai_link *l)
{
    uint64_t next = sooner(l->ping_due_ms, l->have_due_ms);

    if (l->file)
        return UINT64_MAX;
    if (l->state == KAI_LINK_HELLO)
        return l->since_ms + KAI_HELLO_MS;
    if (l->state == KAI_LINK_DRAIN)
        return l->since_ms + KAI_DRAIN_MS;
    if (l->match_due)
        next =
            sooner(next, l->match_ms > KAI_MATCH_BURST_MS ? l->match_ms - KAI_MATCH_BURST_MS : 0);
    return sooner(next, l->rb_look ? n->now_ms : l->rb_next_ms);
}

const char *kai_link_text(const struct kai_link *l)
{
    size_t live = 0;

    if (l->state == KAI_LINK_HELLO)
        return "hello";
    if (l->state == KAI_LINK_CONTROL)
        return "control";
    if (l->state == KAI_LINK_DRAIN)
        return "drain";
    if (l->n_shares == 1)
        return "match";
    for (size_t i = 1; i < l->n_shares; i++)
        live += l->shares[i]->live ? 1u : 0u;
    return live + 1 == l->n_shares ? "live" : "reconcile";
}

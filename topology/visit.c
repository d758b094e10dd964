/* visit: who is taken into a closed audience cannot know it: neither who else is in it nor its key
 * has reached the node. So each node asks a steward once for every AUDIENCE that it hears of: it
 * links, and is offered the key where it is a member (docs/protocol.md 7). All ask, members or not,
 * so that asking tells nobody anything. */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/grow.h"

#define VISIT_MS      3000u                 /* Time for an offer, when the link stands. */
#define VISIT_LOST_MS 15000u                /* It never stood. */
#define LINKED_MS     (KAI_PING_MS + 5000u) /* On a link that stands: what was lost is said again. */
#define OLD_MS        3u  /* Times the number of nodes: between visits about what was there. */
#define NEWS_MS       20u /* Likewise, before one about what is new: not all nodes at once. */
#define WAIT_MIN_MS   200u
#define AGAIN_MS      8000u /* Doubled each time. */
#define AGAIN_MOST_MS 300000u
#define AGAIN_TIMES   3u
#define TRIES         4u         /* At once, where nobody can be asked: each looks at everything. */
#define FORGOTTEN     (1u << 31) /* In kai_ask.times, for a moment. */

static size_t place_of(const struct kai_overlay *o, uint64_t id)
{
    size_t lo = 0, hi = o->n_asks;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (o->ask[mid].id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The row of an AUDIENCE, made where there is none; NULL: no room. */
static struct kai_ask *row_of(struct kai_net *n, uint64_t id)
{
    struct kai_overlay *o = &n->overlay;
    size_t at = place_of(o, id);
    struct kai_ask *grown;

    if (at < o->n_asks && o->ask[at].id == id)
        return &o->ask[at];
    grown = kai_grow(o->ask, &o->cap_asks, o->n_asks + 1, KAI_VISITS_MAX, sizeof *grown);
    if (!grown)
        return NULL;
    o->ask = grown;
    memmove(o->ask + at + 1, o->ask + at, (o->n_asks - at) * sizeof *o->ask);
    o->n_asks++;
    o->ask[at] = (struct kai_ask){.id = id, .next_ms = n->now_ms, .old = !o->started};
    return &o->ask[at];
}

static uint64_t name_of(const struct kai_audience *a)
{
    return kai_get_u64(a->entry);
}

/* Once more a while later, as the steward may not have heard of the change itself; and for ever
 * where we were a member just now. */
static void asked(struct kai_net *n, const struct kai_link *l, const struct kai_audience *a)
{
    const struct kai_share *s = kai_share_find(l, a->id);
    const struct kai_epoch *e;
    struct kai_ask *r = row_of(n, name_of(a));
    bool was = kai_keyring_epochs(n->keyring, a->id, &e) > 0;

    if (!r)
        return;
    if (!was && s && s->offered_in) { /* So we are one, and the key is still to come. */
        r->next_ms = n->now_ms + AGAIN_MS;
        return;
    }
    r->times++;
    if (!was && r->times == AGAIN_TIMES)
        r->next_ms = UINT64_MAX;
    else
        r->next_ms = n->now_ms + (r->times > AGAIN_TIMES ? AGAIN_MOST_MS : AGAIN_MS << r->times);
}

static bool closed(const struct kai_audience *a)
{
    return a->rec.kind == KAI_AUD_GROUP || a->rec.kind == KAI_AUD_PROVIDERS ||
           a->rec.kind == KAI_AUD_PERSONS;
}

static bool may_tell(const struct kai_net *n, const struct kai_audience *a,
                     const struct kai_node *node)
{
    return node->org == a->owner || kai_keyring_keeps(n->keyring, a->id, node->org);
}

/* By its own name. Whoever came into the place of a steward may tell, too, once it has the key;
 * until then it asks as we do, and two such ones would ask each other for ever. */
static bool is_named(const struct kai_audience *a, const struct kai_node *node)
{
    if (node->org == a->owner)
        return true;
    for (size_t i = 0; i < a->rec.n_stewards; i++)
        if (memcmp(a->rec.stewards[i], node->org->id, KAI_ID_BYTES) == 0)
            return true;
    return false;
}

/* What we are a member of we know, and what we keep the keys of, once we have one. */
static bool known(const struct kai_net *n, const struct kai_audience *a)
{
    const struct kai_node *self = kai_roster_node(n->roster, n->self.node_id);
    const struct kai_epoch *e;

    return !self || kai_keyring_eligible(n->keyring, a->id, self) ||
           (may_tell(n, a, self) && kai_keyring_epochs(n->keyring, a->id, &e) > 0);
}

/* What nobody answers any more is forgotten: it was replaced, or went with its owner. */
static void forget(struct kai_net *n, const struct kai_audience *auds, size_t k)
{
    struct kai_overlay *o = &n->overlay;
    size_t kept = 0;

    for (size_t i = 0; i < o->n_asks; i++)
        o->ask[i].times |= FORGOTTEN;
    for (size_t i = 0; i < k; i++) {
        size_t at = place_of(o, name_of(&auds[i]));
        if (at < o->n_asks && o->ask[at].id == name_of(&auds[i]))
            o->ask[at].times &= ~FORGOTTEN;
    }
    for (size_t i = 0; i < o->n_asks; i++)
        if (!(o->ask[i].times & FORGOTTEN))
            o->ask[kept++] = o->ask[i];
    o->n_asks = kept;
}

static bool under_way(const struct kai_net *n, const struct kai_audience *a)
{
    for (size_t i = 0; i < KAI_VISITS_AT_ONCE; i++) {
        const struct kai_visit *v = &n->overlay.visit[i];
        const struct kai_node *node = v->on ? kai_roster_node(n->roster, v->node) : NULL;
        if (node && (v->ask == name_of(a) || is_named(a, node)))
            return true;
    }
    return false;
}

/* Once in two times what was heard of last and never asked about: it is what somebody waits for,
 * and behind all there was at a start, with that to be asked thrice, it would come minutes late.
 * Else by lot, so that no owner keeps others waiting for ever by saying new ones; and what was
 * there at the start when there is nothing else. *next: when there is more. */
static const struct kai_audience *unasked(struct kai_net *n, uint64_t *next)
{
    const struct kai_audience *auds, *last = NULL, *lot = NULL, *old = NULL;
    size_t k = kai_roster_audiences(n->roster, &auds);
    size_t start = k ? (size_t)kai_random_below(n, k) : 0;
    uint64_t heard_ms = 0;

    *next = UINT64_MAX;
    if (n->overlay.n_asks > 2 * k)
        forget(n, auds, k);
    for (size_t i = 0; i < k; i++) {
        const struct kai_audience *a = &auds[(start + i) % k];
        const struct kai_ask *r = closed(a) && !known(n, a) ? row_of(n, name_of(a)) : NULL;
        if (!r || under_way(n, a))
            continue;
        if (r->next_ms > n->now_ms) {
            *next = r->next_ms < *next ? r->next_ms : *next;
        } else if (r->old) {
            old = a;
        } else {
            lot = a;
            if (r->times == 0 && r->next_ms >= heard_ms) {
                heard_ms = r->next_ms;
                last = a;
            }
        }
    }
    if (last && kai_random_below(n, 2) == 0)
        return last;
    return lot ? lot : old;
}

/* One of its stewards by lot, of those that are named or of the others: one that is linked, */
static const struct kai_link *linked_steward(struct kai_net *n, const struct kai_audience *a,
                                             bool named)
{
    size_t start = n->n_links ? (size_t)kai_random_below(n, n->n_links) : 0;

    for (size_t i = 0; i < n->n_links; i++) {
        const struct kai_link *l = n->links[(start + i) % n->n_links];
        if (!l->dead && l->peer && l->state == KAI_LINK_MATCH && is_named(a, l->peer) == named &&
            may_tell(n, a, l->peer))
            return l;
    }
    return NULL;
}

/* or one that is not. NULL: none can be dialled now, but perhaps at *again, if that is earlier. */
static struct kai_place *steward_of(struct kai_net *n, const struct kai_audience *a, bool named,
                                    uint64_t *again)
{
    size_t start = n->n_book ? (size_t)kai_random_below(n, n->n_book) : 0;

    for (size_t i = 0; i < n->n_book; i++) {
        struct kai_place *p = &n->book[(start + i) % n->n_book];
        const struct kai_node *node = p->listens ? kai_roster_node(n->roster, p->node) : NULL;
        if (!node || p->dialled_ms != 0 || is_named(a, node) != named || !may_tell(n, a, node) ||
            memcmp(p->node, n->self.node_id, KAI_ID_BYTES) == 0 || !kai_book_good(n, p) ||
            kai_overlay_linked_to(n, p->node))
            continue;
        if (p->busy || n->now_ms >= p->retry_ms)
            return p;
        *again = p->retry_ms < *again ? p->retry_ms : *again;
    }
    return NULL;
}

static void begin_visit(struct kai_net *n, struct kai_visit *v, const struct kai_audience *a,
                        const uint8_t *node, bool dialled)
{
    n->count.visits++;
    *v = (struct kai_visit){.on = true,
                            .dialled = dialled,
                            .ask = name_of(a),
                            .until_ms = n->now_ms + (dialled ? VISIT_LOST_MS : LINKED_MS)};
    memcpy(v->node, node, KAI_ID_BYTES);
}

static void wait(struct kai_net *n, uint64_t each_ms)
{
    const struct kai_node *nodes;
    uint64_t ms = kai_roster_nodes(n->roster, &nodes) * each_ms;

    ms = ms < WAIT_MIN_MS ? WAIT_MIN_MS : ms;
    n->overlay.visit_ms = n->now_ms + ms / 2 + kai_random_below(n, ms + 1);
}

static struct kai_visit *slot(struct kai_overlay *o, bool dialled)
{
    size_t alike = 0;
    struct kai_visit *v = NULL;

    for (size_t i = 0; i < KAI_VISITS_AT_ONCE; i++) {
        if (!o->visit[i].on)
            v = &o->visit[i];
        else
            alike += o->visit[i].dialled == dialled;
    }
    return alike < (dialled ? KAI_VISITS_DIALLED : KAI_VISITS_LINKED) ? v : NULL;
}

/* Of the named stewards, or of the others. KAI_EAGAIN: there is no place for it now;
 * KAI_ENOTFOUND: none of them can be asked now. *dial: whom to dial for it. */
static enum kai_err visit_one(struct kai_net *n, const struct kai_audience *a, bool named,
                              struct kai_place **dial, uint64_t *again)
{
    const struct kai_link *l = linked_steward(n, a, named);
    struct kai_visit *v = slot(&n->overlay, !l);

    if (!v)
        return KAI_EAGAIN;
    if (l) {
        begin_visit(n, v, a, l->peer_id, false);
        return KAI_OK;
    }
    *dial = steward_of(n, a, named, again);
    if (!*dial)
        return KAI_ENOTFOUND;
    (*dial)->chance = true;
    begin_visit(n, v, a, (*dial)->node, true);
    return KAI_OK;
}

/* One visit begins, or none: false: there is no place for it, or nobody who could be asked, so that
 * something else may come first. *dial: whom to dial for it. */
static bool visit(struct kai_net *n, const struct kai_audience *a, struct kai_place **dial)
{
    uint64_t again = n->now_ms + AGAIN_MS;
    enum kai_err err;

    *dial = NULL;
    err = visit_one(n, a, true, dial, &again);
    if (err == KAI_ENOTFOUND)
        err = visit_one(n, a, false, dial, &again);
    if (err != KAI_OK)
        row_of(n, name_of(a))->next_ms = err == KAI_EAGAIN ? n->now_ms + WAIT_MIN_MS : again;
    return err == KAI_OK;
}

struct kai_place *kai_visit_next(struct kai_net *n)
{
    struct kai_overlay *o = &n->overlay;
    const struct kai_audience *a;
    struct kai_place *dial = NULL;
    uint64_t next;

    if (o->visit_ms == 0 || n->now_ms < o->visit_ms)
        return NULL;
    for (unsigned i = 0; i < TRIES; i++) {
        a = unasked(n, &next);
        if (!a) {
            o->visit_ms = next == UINT64_MAX ? 0 : next;
            return NULL;
        }
        if (visit(n, a, &dial))
            break;
    }
    wait(n, OLD_MS);
    return dial;
}

void kai_visit_linked(struct kai_net *n, struct kai_link *l)
{
    struct kai_overlay *o = &n->overlay;

    for (size_t i = 0; i < KAI_VISITS_AT_ONCE; i++)
        if (o->visit[i].on && memcmp(o->visit[i].node, l->peer_id, KAI_ID_BYTES) == 0)
            o->visit[i].until_ms = n->now_ms + VISIT_MS;
}

/* The link that a visit was to use has ended: another one is made for it, and not after the time
 * that it would have taken. */
void kai_visit_gone(struct kai_net *n, const struct kai_link *l)
{
    struct kai_overlay *o = &n->overlay;

    for (size_t i = 0; i < KAI_VISITS_AT_ONCE; i++) {
        struct kai_visit *v = &o->visit[i];
        if (!v->on || v->dialled || memcmp(v->node, l->peer_id, KAI_ID_BYTES) != 0)
            continue;
        v->on = false;
        o->visit_ms = o->visit_ms ? o->visit_ms : n->now_ms;
    }
}

/* All that this steward might have told: what it was asked about, and what names it. */
static void heard(struct kai_net *n, const struct kai_visit *v, const struct kai_link *l)
{
    const struct kai_audience *auds;
    size_t k = kai_roster_audiences(n->roster, &auds);

    for (size_t i = 0; i < k; i++)
        if (closed(&auds[i]) && (v->ask == name_of(&auds[i]) || is_named(&auds[i], l->peer)) &&
            !known(n, &auds[i]))
            asked(n, l, &auds[i]);
}

static struct kai_standing standing(const struct kai_net *n)
{
    const struct kai_node *self = kai_roster_node(n->roster, n->self.node_id);
    const struct kai_forerunner *f;

    if (!self)
        return (struct kai_standing){0};
    return (struct kai_standing){.places = kai_roster_forerunners(n->roster, self->org, &f),
                                 .caps = self->caps,
                                 .label_max = self->org->label_max,
                                 .active = self->active};
}

/* We came into somebody's places, or may see more: no AUDIENCE says so, and whatever was asked
 * before may be answered otherwise now. */
static void rise(struct kai_net *n)
{
    struct kai_overlay *o = &n->overlay;
    struct kai_standing s = standing(n), was = o->standing;
    bool more = s.places > was.places || (s.caps & ~was.caps) != 0 || s.label_max > was.label_max ||
                (s.active && !was.active);

    for (size_t i = 0; more && i < o->n_asks; i++)
        o->ask[i] = (struct kai_ask){.id = o->ask[i].id, .next_ms = n->now_ms};
    o->standing = s;
}

/* All that is known before anything was asked: members learned of it before we began, mostly. */
static void begin(struct kai_net *n)
{
    const struct kai_audience *auds;
    size_t k = kai_roster_audiences(n->roster, &auds);

    for (size_t i = 0; i < k; i++)
        if (closed(&auds[i]))
            (void)row_of(n, name_of(&auds[i]));
    n->overlay.standing = standing(n);
    /* An heir may have stopped between the word that made it one and its questions. */
    for (size_t i = 0; n->overlay.standing.places > 0 && i < n->overlay.n_asks; i++)
        n->overlay.ask[i].next_ms = n->now_ms;
    n->overlay.started = true;
}

/* A steward has so many places, and all ask it: whoever has heard goes. */
static void go(struct kai_net *n, struct kai_link *l)
{
    if (l->dialled && l->chance && l->n_fetch == 0 && l->n_serve == 0 && !kai_overlay_needs(n, l))
        kai_link_bye(n, l, KAI_BYE_DONE);
}

static void end(struct kai_net *n, struct kai_visit *v)
{
    v->on = false;
    n->overlay.visit_ms = n->overlay.visit_ms ? n->overlay.visit_ms : n->now_ms;
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        if (l->dead || l->file || !l->peer || l->state != KAI_LINK_MATCH ||
            memcmp(l->peer_id, v->node, KAI_ID_BYTES) != 0)
            continue;
        heard(n, v, l);
        go(n, l);
    }
}

void kai_visit_tick(struct kai_net *n)
{
    struct kai_overlay *o = &n->overlay;

    if (!o->started)
        begin(n);
    for (size_t i = 0; i < KAI_VISITS_AT_ONCE; i++)
        if (o->visit[i].on && n->now_ms >= o->visit[i].until_ms)
            end(n, &o->visit[i]);
    if (o->visit_seen != kai_keyring_version(n->keyring)) {
        uint64_t was = o->visit_ms;

        rise(n);
        wait(n, NEWS_MS); /* No later: what is asked about for ever comes only each 5 minutes. */
        if (was != 0 && was < o->visit_ms)
            o->visit_ms = was;
    }
    o->visit_seen = kai_keyring_version(n->keyring);
}

struct kai_view kai_net_visits(struct kai_net *n)
{
    struct kai_overlay *o = &n->overlay;
    size_t k = 0;

    if (!o->asked && !(o->asked = calloc(KAI_VISITS_MAX, sizeof *o->asked)))
        return kai_view_of(NULL, 0);
    for (size_t i = 0; i < o->n_asks; i++)
        if (o->ask[i].next_ms == UINT64_MAX)
            o->asked[k++] = o->ask[i].id;
    return kai_view_of(o->asked, k * sizeof *o->asked);
}

void kai_net_on_visits(struct kai_net *n, struct kai_view visits)
{
    uint64_t id;

    for (size_t i = 0; i + sizeof id <= visits.n; i += sizeof id) {
        memcpy(&id, visits.p + i, sizeof id);
        struct kai_ask *r = row_of(n, id);
        if (r)
            r->next_ms = UINT64_MAX;
    }
}

/* visit: who is taken into a closed audience cannot know it: neither who else is in it nor its key
 * has reached the node. So each node asks a steward once for every AUDIENCE that it hears of: it
 * links, and is offered the key where it is a member (docs/protocol.md 7). All ask, members or not,
 * so that asking tells nobody anything. */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#define VISIT_MS      6000u  /* Time for an offer, when the link stands. */
#define VISIT_LOST_MS 15000u /* It never stood. */
#define OLD_MS        5u     /* Times the number of nodes: between visits about what was there at the start. */
#define NEWS_MS       20u    /* Likewise, before one about what is new: not all nodes at once. */
#define WAIT_MIN_MS   200u

static size_t place_of(const struct kai_id_set *s, uint64_t id)
{
    size_t lo = 0, hi = s->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->id[mid] < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool has(const struct kai_id_set *s, uint64_t id)
{
    size_t at = place_of(s, id);

    return at < s->n && s->id[at] == id;
}

static void add(struct kai_id_set *s, uint64_t id)
{
    size_t at = place_of(s, id);

    if (s->n == KAI_VISITS_MAX || has(s, id))
        return;
    if (!s->id && !(s->id = calloc(KAI_VISITS_MAX, sizeof *s->id)))
        return; /* Asked once more, at worst. */
    memmove(s->id + at + 1, s->id + at, (s->n - at) * sizeof *s->id);
    s->id[at] = id;
    s->n++;
}

static uint64_t name_of(const struct kai_audience *a)
{
    return kai_get_u64(a->entry);
}

static bool closed(const struct kai_audience *a)
{
    return a->rec.kind == KAI_AUD_GROUP || a->rec.kind == KAI_AUD_PROVIDERS ||
           a->rec.kind == KAI_AUD_PERSONS;
}

static bool may_tell(const struct kai_audience *a, const struct kai_node *node)
{
    for (size_t i = 0; i < a->rec.n_stewards; i++)
        if (memcmp(a->rec.stewards[i], node->org->id, KAI_ID_BYTES) == 0)
            return true;
    return node->org == a->owner;
}

/* What we are a member of, or keep the keys of, we know. */
static bool known(const struct kai_net *n, const struct kai_audience *a)
{
    const struct kai_node *self = kai_roster_node(n->roster, n->self.node_id);

    return !self || may_tell(a, self) || kai_keyring_eligible(n->keyring, a->id, self);
}

/* What nobody answers any more is forgotten: it was replaced, or went with its owner. */
static void forget(struct kai_net *n, const struct kai_audience *auds, size_t k)
{
    struct kai_id_set kept = {0};

    for (size_t i = 0; i < k; i++)
        if (has(&n->overlay.asked, name_of(&auds[i])))
            add(&kept, name_of(&auds[i]));
    free(n->overlay.asked.id);
    n->overlay.asked = kept;
}

/* What is new first; then, by lot, what was there at the start. */
static const struct kai_audience *unasked(struct kai_net *n)
{
    struct kai_overlay *o = &n->overlay;
    const struct kai_audience *auds, *old = NULL;
    size_t k = kai_roster_audiences(n->roster, &auds);
    size_t start = k ? (size_t)kai_random_below(n, k) : 0;

    if (o->asked.n > k)
        forget(n, auds, k);
    for (size_t i = 0; i < k; i++) {
        const struct kai_audience *a = &auds[(start + i) % k];
        if (!closed(a) || has(&o->asked, name_of(a)))
            continue;
        if (known(n, a))
            add(&o->asked, name_of(a));
        else if (has(&o->old, name_of(a)))
            old = a;
        else
            return a;
    }
    return old;
}

/* One of its stewards, by lot; *linked: one is linked already. */
static struct kai_place *steward_of(struct kai_net *n, const struct kai_audience *a, bool *linked)
{
    size_t start = n->n_book ? (size_t)kai_random_below(n, n->n_book) : 0;

    for (size_t i = 0; i < n->n_links; i++) {
        const struct kai_link *l = n->links[i];
        if (!l->dead && !l->file && l->peer && may_tell(a, l->peer)) {
            *linked = l->state == KAI_LINK_MATCH && n->now_ms >= l->since_ms + VISIT_MS;
            return NULL;
        }
    }
    for (size_t i = 0; i < n->n_book; i++) {
        struct kai_place *p = &n->book[(start + i) % n->n_book];
        const struct kai_node *node = kai_roster_node(n->roster, p->node);
        if (p->listens && n->now_ms >= p->retry_ms && p->dialled_ms == 0 && node &&
            may_tell(a, node) && kai_book_good(n, p))
            return p;
    }
    return NULL;
}

static void wait(struct kai_net *n, uint64_t each_ms)
{
    const struct kai_node *nodes;
    uint64_t ms = kai_roster_nodes(n->roster, &nodes) * each_ms;

    ms = ms < WAIT_MIN_MS ? WAIT_MIN_MS : ms;
    n->overlay.visit_ms = n->now_ms + ms / 2 + kai_random_below(n, ms + 1);
}

static struct kai_visit *slot(struct kai_overlay *o)
{
    for (size_t i = 0; i < KAI_VISITS_AT_ONCE; i++)
        if (!o->visit[i].on)
            return &o->visit[i];
    return NULL;
}

struct kai_place *kai_visit_next(struct kai_net *n)
{
    struct kai_overlay *o = &n->overlay;
    const struct kai_audience *a;
    struct kai_place *p;
    struct kai_visit *v;
    bool linked = false;

    if (o->visit_ms == 0 || n->now_ms < o->visit_ms || !(v = slot(o)))
        return NULL;
    a = unasked(n);
    if (!a) {
        o->visit_ms = 0;
        return NULL;
    }
    wait(n, OLD_MS);
    p = steward_of(n, a, &linked);
    if (linked) /* It knows of us, and offers by itself. */
        add(&o->asked, name_of(a));
    if (!p)
        return NULL;
    p->chance = true;
    *v = (struct kai_visit){.on = true, .until_ms = n->now_ms + VISIT_LOST_MS};
    memcpy(v->node, p->node, KAI_ID_BYTES);
    return p;
}

void kai_visit_linked(struct kai_net *n, struct kai_link *l)
{
    struct kai_overlay *o = &n->overlay;

    for (size_t i = 0; i < KAI_VISITS_AT_ONCE; i++)
        if (o->visit[i].on && memcmp(o->visit[i].node, l->peer_id, KAI_ID_BYTES) == 0)
            o->visit[i].until_ms = n->now_ms + VISIT_MS;
}

/* All that this steward might have told. */
static void heard(struct kai_net *n, const struct kai_node *node)
{
    const struct kai_audience *auds;
    size_t k = kai_roster_audiences(n->roster, &auds);

    for (size_t i = 0; i < k; i++)
        if (closed(&auds[i]) && may_tell(&auds[i], node))
            add(&n->overlay.asked, name_of(&auds[i]));
}

/* All that is known before anything was asked: members learned of it before we began, mostly. */
static void begin(struct kai_net *n)
{
    const struct kai_audience *auds;
    size_t k = kai_roster_audiences(n->roster, &auds);

    for (size_t i = 0; i < k; i++)
        if (closed(&auds[i]))
            add(&n->overlay.old, name_of(&auds[i]));
    n->overlay.started = true;
}

static void end(struct kai_net *n, struct kai_visit *v)
{
    v->on = false;
    for (size_t i = 0; i < n->n_links; i++) {
        const struct kai_link *l = n->links[i];
        if (!l->dead && !l->file && l->peer && l->state == KAI_LINK_MATCH &&
            memcmp(l->peer_id, v->node, KAI_ID_BYTES) == 0)
            heard(n, l->peer);
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
    if (o->visit_seen != kai_keyring_version(n->keyring) && o->visit_ms == 0)
        wait(n, NEWS_MS);
    o->visit_seen = kai_keyring_version(n->keyring);
}

struct kai_view kai_net_visits(const struct kai_net *n)
{
    return kai_view_of(n->overlay.asked.id, n->overlay.asked.n * sizeof *n->overlay.asked.id);
}

void kai_net_on_visits(struct kai_net *n, struct kai_view visits)
{
    uint64_t id;

    for (size_t i = 0; i + sizeof id <= visits.n; i += sizeof id) {
        memcpy(&id, visits.p + i, sizeof id);
        add(&n->overlay.asked, id);
    }
}

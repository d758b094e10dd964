/* overlay: whom to link to, so that every audience stays connected for few links
 * (docs/protocol.md 7).
 *
 * Each audience wants 3 links (2 where it is small), and one of them to a node that ranks before us
 * in it: following those leads everybody to the first one, so that no audience falls apart. Who
 * helps most audiences at once is dialled first. */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define DIALS_AT_ONCE  4u
#define DIAL_LOST_MS   20000u /* A dial of which nothing was heard. */
#define RETRY_MIN_MS   1000u
#define RETRY_MAX_MS   300000u
#define ALONE_MAX_MS   15000u /* Without any link: nobody else is waited for. */
#define LEADS_MAX_MS   10000u
#define LONG_GONE      4u /* Failures, one after the other. */
#define BACK_EVERY_MS  30000u
#define BACK_WITHIN_MS 3000u
#define BUSY_MS        60000u
#define MALFORMED_MS   600000u
#define STABLE_MS      60000u /* A link that stood so long was no failure. */
#define TIDY_MS        60000u
#define YOUNG_MS       600000u /* Not given up for others before. */
#define AUDIT_MS       3600000u
#define GUEST_MS       10000u /* Enough to hear of addresses, keys, and what one lacks. */
#define FEW_NODES      16u    /* So many that can be dialled: everybody links to everybody. */
#define SCARCE         12u    /* Whom fewer can replace is let in beyond the soft cap. */
#define A_ORG          2u     /* Links to one organisation and into one network. */
#define EASY_WANT      2u     /* Links into an audience, beyond KAI_LINKS_EASY in all. */
#define GAIN_CUT_OFF   8u
#define GAIN_BEFORE    5u
#define GAIN_MORE      2u
#define GAIN_LETTERS   8u
#define GAIN_FEW       1u

enum kai_err kai_overlay_new(struct kai_net *n)
{
    struct kai_overlay *o = &n->overlay;

    o->aud = calloc(KAI_COVER_MAX, sizeof *o->aud);
    o->audit_ms = n->now_ms + AUDIT_MS / 2 + kai_random_below(n, AUDIT_MS);
    return o->aud ? KAI_OK : KAI_ENOMEM;
}

void kai_overlay_free(struct kai_net *n)
{
    free(n->overlay.aud);
    free(n->overlay.ask);
    free(n->overlay.asked);
}

void kai_overlay_changed(struct kai_net *n)
{
    n->overlay.dial_ms = 0;
}

/* ---- What there is. */

struct standing { /* Links of now, dials under way counted among them. */
    size_t links;
    size_t dials;
    size_t dialable; /* In all the book. */
    size_t cover[KAI_COVER_MAX];
    bool before[KAI_COVER_MAX]; /* A link to somebody who ranks before us. */
};

static void count_cover(const struct kai_net *n, struct standing *st, const struct kai_cover *c,
                        const uint8_t *node, bool listens)
{
    for (size_t i = 0; i < n->overlay.n; i++) {
        const struct kai_cover_aud *a = &n->overlay.aud[i];
        if (!kai_cover_has(c, i))
            continue;
        st->cover[i]++;
        st->before[i] = st->before[i] || (listens && kai_cover_rank(a->id, node) < a->rank);
    }
}

/* A link counts from its first word on: what is on its way need not be made again. */
bool kai_overlay_stands(const struct kai_link *l)
{
    return !l->dead && !l->file && l->state != KAI_LINK_DRAIN && l->guest_ms == 0;
}

static void take_stock(const struct kai_net *n, struct standing *st, const struct kai_link *without)
{
    memset(st, 0, sizeof *st);
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        const struct kai_place *p = kai_book_find(n, l->peer_id);
        if (!kai_overlay_stands(l) || l == without)
            continue;
        st->links++;
        count_cover(n, st, kai_cover_link(n, l), l->peer_id, p && p->listens);
    }
    st->dialable = n->overlay.dialable;
    for (size_t i = 0; n->overlay.n_dials > 0 && i < n->n_book; i++) {
        struct kai_place *p = &n->book[i];
        if (p->dialled_ms == 0 || kai_overlay_linked_to(n, p->node))
            continue;
        st->links++;
        st->dials++;
        count_cover(n, st, kai_cover_place(n, p), p->node, true);
    }
}

bool kai_overlay_linked_to(const struct kai_net *n, const uint8_t node[static KAI_ID_BYTES])
{
    for (size_t i = 0; i < n->n_links; i++)
        if (!n->links[i]->dead && !n->links[i]->file && n->links[i]->peer &&
            memcmp(n->links[i]->peer_id, node, KAI_ID_BYTES) == 0)
            return true;
    return false;
}

size_t kai_overlay_links(const struct kai_net *n)
{
    size_t k = 0;

    for (size_t i = 0; i < n->n_links; i++)
        k += kai_overlay_stands(n->links[i]) ? 1u : 0u;
    return k;
}

/* ---- Choosing. */

/* How many links into an audience are enough: fewer the more there are in all, and beyond the soft
 * cap it is only kept from being cut off. */
static size_t enough(const struct standing *st, const struct kai_cover_aud *a)
{
    if (st->links >= KAI_LINKS_MANY)
        return 1;
    return st->links >= KAI_LINKS_EASY && a->want > EASY_WANT ? EASY_WANT : a->want;
}

static bool lacks(const struct standing *st, const struct kai_cover_aud *a, size_t i)
{
    if (a->dialable == 0)
        return false;
    if (st->cover[i] == 0 || (!a->root && !st->before[i]))
        return true;
    return st->cover[i] < enough(st, a);
}

static unsigned gain_of(const struct kai_net *n, const struct standing *st, struct kai_place *p)
{
    const struct kai_cover *c = kai_cover_place(n, p);
    unsigned gain = 0;

    for (size_t i = 0; i < n->overlay.n; i++) {
        const struct kai_cover_aud *a = &n->overlay.aud[i];
        if (!kai_cover_has(c, i) || !lacks(st, a, i))
            continue;
        if (st->cover[i] < a->want)
            gain += st->cover[i] == 0 ? GAIN_CUT_OFF : GAIN_MORE;
        if (!st->before[i] && kai_cover_rank(a->id, p->node) < a->rank)
            gain += GAIN_BEFORE;
    }
    return gain + (gain == 0 && st->dialable <= FEW_NODES ? GAIN_FEW : 0);
}

/* Links to this organisation, and into this network, as there may be only so many to each where
 * others serve as well. */
static bool crowded(const struct kai_net *n, const struct kai_place *p, const struct kai_node *node)
{
    size_t same_org = 0, same_net = 0;

    for (size_t i = 0; i < n->n_links; i++) {
        const struct kai_link *l = n->links[i];
        const struct kai_place *q = l->peer ? kai_book_find(n, l->peer_id) : NULL;
        if (l->dead || l->file || !l->peer)
            continue;
        same_org += l->peer->org == node->org ? 1u : 0u;
        same_net += q && p->net != 0 && q->net == p->net ? 1u : 0u;
    }
    return same_org >= A_ORG || same_net >= A_ORG;
}

/* The node at p, where it may be dialled now; else NULL. */
static const struct kai_node *dialable(const struct kai_net *n, const struct kai_place *p)
{
    if (!p->listens || p->dialled_ms != 0 || n->now_ms < p->retry_ms ||
        memcmp(p->node, n->self.node_id, KAI_ID_BYTES) == 0 || kai_overlay_linked_to(n, p->node))
        return NULL;
    return kai_book_node(n, p);
}

/* Anchors, those of the oldest links first; then an order of our own, so that not all choose the
 * same ones. */
static uint64_t taste(const struct kai_net *n, const struct kai_place *p)
{
    return p->anchor ? p->anchor : kai_cover_rank(n->self.node_id, p->node);
}

struct candidate {
    struct kai_place *p; /* NULL: none yet. */
    unsigned gain;
    bool letters; /* Nothing else: it goes when they have been taken. */
};

static bool better(const struct kai_net *n, const struct candidate *c, const struct candidate *than)
{
    if (!than->p || c->gain != than->gain)
        return !than->p || c->gain > than->gain;
    size_t shared = kai_cover_count(&c->p->in), other = kai_cover_count(&than->p->in);
    if (shared != other) /* It may be of use to the other one, too. */
        return shared > other;
    return taste(n, c->p) < taste(n, than->p);
}

static struct kai_place *choose(struct kai_net *n, const struct standing *st)
{
    /* Of those who add somebody new; and, where none of these helps, of the others. */
    struct candidate fresh = {0}, more = {0}, *best;
    uint64_t again = UINT64_MAX;

    for (size_t i = 0; i < n->n_book; i++) {
        struct candidate c = {.p = &n->book[i]};
        if (c.p->listens && n->now_ms < c.p->retry_ms && c.p->retry_ms < again)
            again = c.p->retry_ms;
        const struct kai_node *node = dialable(n, c.p);
        if (!node)
            continue;
        c.gain = gain_of(n, st, c.p);
        c.letters = c.gain == 0;
        c.gain += kai_mail_waits(n, node->org) ? GAIN_LETTERS : 0;
        if (c.gain == 0 || !better(n, &c, &fresh))
            continue;
        if (!crowded(n, c.p, node))
            fresh = c;
        else if (better(n, &c, &more))
            more = c;
    }
    best = fresh.p ? &fresh : &more;
    if (best->p)
        best->p->chance = best->letters;
    else
        n->overlay.dial_ms = again;
    return best->p;
}

/* Anybody of an audience of ours, by lot: whoever holds something back from us, or surrounds us,
 * cannot choose whom we ask (docs/protocol.md 7). */
static struct kai_place *by_lot(struct kai_net *n)
{
    size_t start = n->n_book ? (size_t)kai_random_below(n, n->n_book) : 0;

    n->overlay.audit_ms = n->now_ms + AUDIT_MS * 7 / 10 + kai_random_below(n, AUDIT_MS * 6 / 10);
    for (size_t i = 0; i < n->n_book; i++) {
        struct kai_place *p = &n->book[(start + i) % n->n_book];
        if (!dialable(n, p) || kai_cover_others(n, kai_cover_place(n, p)) == SIZE_MAX)
            continue;
        p->chance = true;
        return p;
    }
    return NULL;
}

/* Links that others made may have filled the place of one that an audience cannot do without. */
static bool make_room(struct kai_net *n, const struct standing *st)
{
    struct kai_link *worst = NULL;
    size_t most = 0;

    if (st->links < KAI_LINKS_MAX)
        return true;
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        size_t others = kai_cover_others(n, kai_cover_link(n, l));
        if (kai_overlay_stands(l) && l->state == KAI_LINK_MATCH && !kai_overlay_needs(n, l) &&
            n->now_ms >= l->up_ms + YOUNG_MS && others > most) {
            worst = l;
            most = others;
        }
    }
    if (worst)
        kai_link_bye(n, worst, KAI_BYE_BUSY);
    return worst != NULL;
}

static struct kai_place *next_dial(struct kai_net *n)
{
    struct kai_overlay *o = &n->overlay;
    struct kai_place *p = kai_visit_next(n);
    struct standing st;

    if (p)
        return p;
    if (n->now_ms >= o->audit_ms && (p = by_lot(n)) != NULL)
        return p;
    if (n->now_ms < o->dial_ms)
        return NULL;
    take_stock(n, &st, NULL);
    if (st.dials >= DIALS_AT_ONCE)
        return NULL;
    p = choose(n, &st);
    o->relaxed = p && !make_room(n, &st);
    if (o->relaxed)
        o->dial_ms = n->now_ms + TIDY_MS;
    return o->relaxed ? NULL : p;
}

bool kai_net_dial(struct kai_net *n, struct kai_dial *out, uint64_t now_ms, uint64_t wall_ms)
{
    struct kai_place *p;
    bool found;

    n->wall_ms = wall_ms;
    kai_step_begin(n, now_ms);
    kai_cover_refresh(n);
    p = n->stopping ? NULL : next_dial(n);
    found = p && kai_book_fill(p, out);
    if (p) {
        p->dialled_ms = n->now_ms;
        n->overlay.n_dials++;
    }
    kai_step_end(n);
    return found;
}

/* ---- What became of it. */

/* Whether it ranks before us in an audience where nobody else does that can be reached: two parts
 * that were cut off find together by it. */
static bool leads(const struct kai_net *n, struct kai_place *p)
{
    const struct kai_cover *c = kai_cover_place(n, p);
    struct standing st;

    take_stock(n, &st, NULL);
    for (size_t i = 0; i < n->overlay.n; i++) {
        const struct kai_cover_aud *a = &n->overlay.aud[i];
        if (kai_cover_has(c, i) && !st.before[i] && kai_cover_rank(a->id, p->node) < a->rank)
            return true;
    }
    return false;
}

static void retry_in(struct kai_net *n, struct kai_place *p, uint64_t least_ms)
{
    uint64_t wait = RETRY_MIN_MS << (p->failures < 9 ? p->failures : 9), most = RETRY_MAX_MS;

    p->dialled_ms = 0; /* It is no link to be. */
    p->busy = false;
    if (kai_overlay_links(n) == 0)
        most = ALONE_MAX_MS;
    else if (leads(n, p))
        most = LEADS_MAX_MS;
    wait = wait < least_ms ? least_ms : wait;
    wait = wait > most ? most : wait;
    p->retry_ms = n->now_ms + wait / 2 + kai_random_below(n, wait);
    if (p->failures < UINT16_MAX)
        p->failures++;
    kai_overlay_changed(n);
}

void kai_net_on_undialled(struct kai_net *n, const uint8_t curve_pk[static KAI_KEY_BYTES],
                          uint64_t now_ms)
{
    struct kai_place *p;

    kai_step_begin(n, now_ms);
    p = kai_book_find_key(n, curve_pk);
    if (p)
        retry_in(n, p, 0);
    kai_step_end(n);
}

void kai_overlay_ended(struct kai_net *n, const struct kai_link *l, enum kai_bye why)
{
    struct kai_place *p = kai_book_find_key(n, l->curve_pk);
    bool chance = l->chance || (p && p->chance);

    kai_overlay_changed(n);
    if (!p)
        return;
    p->dialled_ms = 0;
    p->chance = p->busy = false;
    if (why == KAI_BYE_MALFORMED) {
        p->retry_ms = n->now_ms + MALFORMED_MS;
    } else if (why == KAI_BYE_BUSY) {
        retry_in(n, p, BUSY_MS);
        p->busy = !chance || l->state == KAI_LINK_MATCH; /* Else it has none for a visit. */
    } else if (why != KAI_BYE_DUPLICATE &&
               (l->state != KAI_LINK_MATCH || n->now_ms < l->up_ms + STABLE_MS)) {
        retry_in(n, p, 0);
    }
}

/* ---- Who may stay. */

static bool kept(const struct kai_net *n, const struct kai_link *l)
{
    const struct kai_place *p = kai_book_find_key(n, l->curve_pk);

    return p && p->keep;
}

bool kai_overlay_needs(const struct kai_net *n, struct kai_link *l)
{
    const struct kai_cover *c = kai_cover_link(n, l);
    struct standing st;

    if (kept(n, l) || (l->peer && kai_mail_waits(n, l->peer->org)))
        return true;
    take_stock(n, &st, l);
    if (st.dialable <= FEW_NODES)
        return true;
    for (size_t i = 0; i < n->overlay.n; i++)
        if (kai_cover_has(c, i) && lacks(&st, &n->overlay.aud[i], i))
            return true;
    return false;
}

/* Somebody is there again who was not for long: so may be all that were lost with it, and nobody
 * waits for the end of what it waits for. */
static void try_all_again(struct kai_net *n, const struct kai_place *back)
{
    if (back->failures < LONG_GONE || n->now_ms < n->overlay.back_ms)
        return;
    n->overlay.back_ms = n->now_ms + BACK_EVERY_MS;
    for (size_t i = 0; i < n->n_book; i++) {
        struct kai_place *p = &n->book[i];
        uint64_t soon = n->now_ms + kai_random_below(n, BACK_WITHIN_MS);

        if (p->failures >= LONG_GONE && p->retry_ms > soon)
            p->retry_ms = soon;
    }
}

/* A guest stays long enough to hear of addresses and keys. Somebody whom few can replace takes the
 * place of somebody whom many can. */
void kai_overlay_linked(struct kai_net *n, struct kai_link *l)
{
    struct kai_place *p = kai_book_find_key(n, l->curve_pk);
    size_t links = kai_overlay_links(n), others = kai_cover_others(n, kai_cover_link(n, l));
    struct standing st = {.links = links};

    kai_overlay_changed(n);
    if (p) {
        try_all_again(n, p);
        l->chance = l->dialled && p->chance;
        p->chance = false;
        p->dialled_ms = 0;
        p->failures = 0;
    }
    kai_visit_linked(n, l);
    if (l->dialled || kept(n, l) || KAI_CHECK(LINK_GUEST, links <= KAI_LINKS_SOFT))
        return;
    if (others <= SCARCE && (links <= KAI_LINKS_MAX || make_room(n, &st)))
        return;
    l->guest_ms = n->now_ms + GUEST_MS;
}

/* Dials of which nothing was heard. */
static void lose_dials(struct kai_net *n)
{
    n->overlay.n_dials = 0;
    for (size_t i = 0; i < n->n_book; i++) {
        struct kai_place *p = &n->book[i];
        if (p->dialled_ms != 0 && n->now_ms >= p->dialled_ms + DIAL_LOST_MS)
            p->dialled_ms = 0;
        n->overlay.n_dials += p->dialled_ms != 0 ? 1u : 0u;
    }
}

void kai_overlay_tick(struct kai_net *n)
{
    if (n->overlay.n_dials > 0)
        lose_dials(n);
    kai_cover_refresh(n);
    kai_visit_tick(n);
    kai_stay_tick(n);
}

/* ---- Asked and told. */

bool kai_net_link_stands(const struct kai_net *n, uint64_t link)
{
    const struct kai_link *l = kai_link_find(n, link);

    return l && kai_overlay_stands(l) && l->state == KAI_LINK_MATCH;
}

void kai_net_overlay(const struct kai_net *n, struct kai_overlay_info *out)
{
    struct standing st;

    take_stock(n, &st, NULL);
    *out = (struct kai_overlay_info){.links = kai_overlay_links(n), .full = n->overlay.relaxed};
    for (size_t i = 0; i < n->overlay.n; i++) {
        const struct kai_cover_aud *a = &n->overlay.aud[i];
        out->lacking += a->dialable > 0 && st.cover[i] < a->want ? 1u : 0u;
        out->cut_off += a->dialable > 0 && st.cover[i] == 0 ? 1u : 0u;
    }
}

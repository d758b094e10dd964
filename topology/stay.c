/* stay: which links end although nothing is wrong with them: guests, those made to look at
 * somebody, and those that neither end needs (docs/protocol.md 7). */
#include "topology/judge.h"

#include <string.h>

#define TIDY_MS        60000u
#define SPARE_EVERY_MS 2000u
#define SPARE_AGE_MS   15000u  /* What a link is for shows in so long. */
#define YOUNG_MS       600000u /* Not given up for others before. */
#define LOOK_MS        30000u
#define ANCHOR_MS      60000u

static void end_guests(struct kai_net *n)
{
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        if (!l->dead && l->guest_ms != 0 && n->now_ms >= l->guest_ms)
            kai_link_bye(n, l, KAI_BYE_BUSY);
    }
}

/* Whoever was looked at by chance, or got letters, goes when that is done; beyond the soft cap one
 * link a minute that nothing rests on. */
static void tidy(struct kai_net *n)
{
    bool many = kai_overlay_links(n) > KAI_LINKS_SOFT && n->now_ms >= n->overlay.tidy_ms;

    if (n->now_ms >= n->overlay.tidy_ms)
        n->overlay.tidy_ms = n->now_ms + TIDY_MS;
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        if (!kai_overlay_stands(l) || l->state != KAI_LINK_MATCH || !l->dialled)
            continue;
        bool looked = l->chance && n->now_ms >= l->since_ms + LOOK_MS;
        if (!looked && !(many && n->now_ms >= l->up_ms + YOUNG_MS))
            continue;
        l->chance = looked && l->peer && kai_mail_waits(n, l->peer->org);
        if (kai_overlay_needs(n, l))
            continue;
        kai_link_bye(n, l, KAI_BYE_BUSY);
        if (!looked)
            return;
    }
}

/* Offer the peer to do without a link that nothing rests on here. When nothing rests on it there
 * either, it ends: so links go that all made at once, and none that anybody would make again. */
static void spare(struct kai_net *n)
{
    struct kai_link *best = NULL;
    size_t fewest = SIZE_MAX;

    if (n->now_ms < n->overlay.spare_ms)
        return;
    n->overlay.spare_ms = n->now_ms + SPARE_EVERY_MS / 2 + kai_random_below(n, SPARE_EVERY_MS);
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        size_t serves;
        if (!kai_overlay_stands(l) || l->state != KAI_LINK_MATCH ||
            n->now_ms < l->since_ms + SPARE_AGE_MS || n->now_ms < l->spare_ms)
            continue;
        serves = kai_cover_count(kai_cover_link(n, l));
        if (serves < fewest && !kai_overlay_needs(n, l)) {
            best = l;
            fewest = serves;
        }
    }
    if (!best)
        return;
    best->spare_ms = n->now_ms + TIDY_MS; /* The answer may be no. */
    kai_link_err(n, best, KAI_BYE_BUSY, KAI_ERR_SPARE);
}

void kai_overlay_spared(struct kai_net *n, struct kai_link *l)
{
    /* Looking costs more than saying: not more often than an honest peer says it. */
    if (n->now_ms < l->since_ms + SPARE_AGE_MS / 2 || n->now_ms < l->spared_ms)
        return;
    l->spared_ms = n->now_ms + TIDY_MS / 2;
    if (kai_overlay_stands(l) && l->state == KAI_LINK_MATCH && !kai_overlay_needs(n, l))
        kai_link_bye(n, l, KAI_BYE_BUSY);
}

void kai_stay_tick(struct kai_net *n)
{
    end_guests(n);
    tidy(n);
    spare(n);
}

/* ---- Anchors. */

/* Not those that others dialled: whoever would surround us chooses these. */
static bool anchors(const struct kai_net *n, const struct kai_link *l)
{
    return kai_overlay_stands(l) && l->state == KAI_LINK_MATCH && l->dialled && !l->chance &&
           n->now_ms >= l->up_ms + ANCHOR_MS;
}

static size_t of_now(const struct kai_net *n, uint8_t (*nodes)[KAI_ID_BYTES], size_t max)
{
    const struct kai_link *last = NULL;
    size_t k = 0;

    while (k < max) {
        const struct kai_link *oldest = NULL;
        for (size_t i = 0; i < n->n_links; i++) {
            const struct kai_link *l = n->links[i];
            if (anchors(n, l) && (!last || l->id > last->id) && (!oldest || l->id < oldest->id))
                oldest = l;
        }
        if (!oldest)
            break;
        memcpy(nodes[k++], oldest->peer_id, KAI_ID_BYTES);
        last = oldest;
    }
    return k;
}

static bool listed(uint8_t (*nodes)[KAI_ID_BYTES], size_t k, const uint8_t *node)
{
    for (size_t i = 0; i < k; i++)
        if (memcmp(nodes[i], node, KAI_ID_BYTES) == 0)
            return true;
    return false;
}

/* Those of before stay as long as there is room: who cuts a node off, and makes it start again and
 * again, must not make it forget them. */
size_t kai_net_anchors(const struct kai_net *n, uint8_t (*nodes)[KAI_ID_BYTES], size_t max)
{
    size_t k = of_now(n, nodes, max);

    for (unsigned after = 0; k < max;) {
        const struct kai_place *next = NULL;
        for (size_t i = 0; i < n->n_book; i++) {
            const struct kai_place *p = &n->book[i];
            if (p->anchor > after && (!next || p->anchor < next->anchor))
                next = p;
        }
        if (!next)
            break;
        after = next->anchor;
        if (!listed(nodes, k, next->node))
            memcpy(nodes[k++], next->node, KAI_ID_BYTES);
    }
    return k;
}

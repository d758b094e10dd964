/* circle: the nodes of an audience in the order of their ids: each dials the next one, so that an
 * audience never falls apart into islands, and a newcomer is found by those who know that it is one
 * (docs/protocol.md 7). */
#include "topology/state.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 1000u

/* Whether a is nearer than b on the way from us upwards and around. */
static bool nearer(const uint8_t *us, const uint8_t *a, const uint8_t *b)
{
    bool a_above = memcmp(a, us, KAI_ID_BYTES) > 0, b_above = memcmp(b, us, KAI_ID_BYTES) > 0;

    return a_above != b_above ? a_above : memcmp(a, b, KAI_ID_BYTES) < 0;
}

static void find_next(struct kai_net *n, size_t aud)
{
    const struct kai_place *next = NULL;

    for (size_t i = 0; i < n->n_book; i++) {
        const struct kai_place *p = &n->book[i];
        if (p->addr.listens && memcmp(p->node, n->self.node_id, KAI_ID_BYTES) != 0 &&
            (!next || nearer(n->self.node_id, p->node, next->node)) &&
            kai_keyring_eligible(n->keyring, n->auds[aud].id, kai_roster_node(n->roster, p->node)))
            next = p;
    }
    if (next)
        memcpy(n->circle[n->n_circle++], next->node, KAI_ID_BYTES);
}

void kai_circle_tick(struct kai_net *n)
{
    const struct kai_node *self = kai_roster_node(n->roster, n->self.node_id);
    uint64_t seen = kai_keyring_version(n->keyring);

    if ((n->circle_seen == seen && n->circle_book == n->n_book) || n->now_ms < n->circle_ms)
        return;
    if (!n->circle && !(n->circle = calloc(KAI_CIRCLE_MAX, KAI_ID_BYTES)))
        return;
    n->circle_ms = n->now_ms + LOOK_MS;
    n->circle_seen = seen;
    n->circle_book = n->n_book;
    n->n_circle = 0;
    for (size_t i = 0; i < n->n_auds && n->n_circle < KAI_CIRCLE_MAX; i++)
        if (n->auds[i].part == KAI_PART_MEMBER ||
            (n->auds[i].part == KAI_PART_MAIL &&
             kai_keyring_eligible(n->keyring, n->auds[i].id, self)))
            find_next(n, i); /* Letters too go round among the nodes of their organisation. */
}

bool kai_circle_next(const struct kai_net *n, const uint8_t node[static KAI_ID_BYTES])
{
    for (size_t i = 0; i < n->n_circle; i++)
        if (memcmp(n->circle[i], node, KAI_ID_BYTES) == 0)
            return true;
    return false;
}

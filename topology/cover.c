/* cover: which of our audiences links and addresses serve, and how many links each should have
 * (docs/protocol.md 7). */
#include "topology/judge.h"

#include <string.h>

#define REFRESH_MS  1000u
#define WANT        3u
#define WANT_FEW    2u /* Where an audience has fewer than FEW_MEMBERS nodes. */
#define FEW_MEMBERS 6u

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

uint64_t kai_cover_rank(const uint8_t aud_id[static KAI_ID_BYTES],
                        const uint8_t node[static KAI_ID_BYTES])
{
    return mix(kai_get_u64(aud_id) ^ mix(kai_get_u64(node)));
}

static void fill(const struct kai_net *n, struct kai_cover *c, const struct kai_node *node)
{
    const struct kai_overlay *o = &n->overlay;

    memset(c->bits, 0, sizeof c->bits);
    c->seen = o->version;
    for (size_t i = 0; node && i < o->n; i++)
        if (kai_keyring_likely(n->keyring, o->aud[i].id, node) ||
            kai_keyring_relay(n->keyring, o->aud[i].id, node))
            c->bits[i / 64] |= 1ull << (i % 64);
}

const struct kai_cover *kai_cover_place(const struct kai_net *n, struct kai_place *p)
{
    if (p->in.seen != n->overlay.version)
        fill(n, &p->in, kai_roster_node(n->roster, p->node));
    return &p->in;
}

const struct kai_cover *kai_cover_link(const struct kai_net *n, struct kai_link *l)
{
    static const struct kai_cover nothing; /* As long as we do not know who it is. */

    if (!l->peer)
        return &nothing;
    if (l->in.seen != n->overlay.version)
        fill(n, &l->in, l->peer);
    return &l->in;
}

size_t kai_cover_others(const struct kai_net *n, const struct kai_cover *c)
{
    size_t fewest = SIZE_MAX;

    for (size_t i = 0; i < n->overlay.n; i++)
        if (kai_cover_has(c, i) && n->overlay.aud[i].dialable < fewest)
            fewest = n->overlay.aud[i].dialable;
    return fewest;
}

/* The audiences that we hear, and the mailbox of our organisation: letters go round among its
 * nodes. Those of others are served as they come (kai_mail_waits()). */
static void take_audiences(struct kai_net *n)
{
    const struct kai_node *self = kai_roster_node(n->roster, n->self.node_id);
    struct kai_overlay *o = &n->overlay;

    o->n = 0;
    for (size_t i = 0; i < n->n_auds && o->n < KAI_COVER_MAX; i++)
        if (n->auds[i].part != KAI_PART_MAIL ||
            kai_keyring_eligible(n->keyring, n->auds[i].id, self)) {
            o->aud[o->n] = (struct kai_cover_aud){0};
            memcpy(o->aud[o->n++].id, n->auds[i].id, KAI_ID_BYTES);
        }
    o->version++;
}

static void count_places(struct kai_net *n)
{
    const struct kai_place *self = kai_book_find(n, n->self.node_id);
    struct kai_overlay *o = &n->overlay;
    uint64_t lowest[KAI_COVER_MAX];

    for (size_t i = 0; i < o->n; i++) {
        struct kai_cover_aud *a = &o->aud[i];
        a->members = a->dialable = 0;
        a->rank = self && self->listens ? kai_cover_rank(a->id, n->self.node_id) : UINT64_MAX;
        lowest[i] = UINT64_MAX;
    }
    o->dialable = 0;
    for (size_t k = 0; k < n->n_book; k++) {
        struct kai_place *p = &n->book[k];
        o->dialable += p->listens ? 1u : 0u;
        if (p == self || !kai_book_good(n, p))
            continue;
        const struct kai_cover *c = kai_cover_place(n, p);
        for (size_t i = 0; i < o->n; i++) {
            if (!kai_cover_has(c, i))
                continue;
            o->aud[i].members++;
            if (!p->listens)
                continue;
            uint64_t rank = kai_cover_rank(o->aud[i].id, p->node);
            o->aud[i].dialable++;
            if (rank < lowest[i])
                lowest[i] = rank;
        }
    }
    for (size_t i = 0; i < o->n; i++) {
        struct kai_cover_aud *a = &o->aud[i];
        a->want = a->members + 1 < FEW_MEMBERS ? WANT_FEW : WANT;
        a->root = lowest[i] >= a->rank;
    }
}

void kai_cover_refresh(struct kai_net *n)
{
    struct kai_overlay *o = &n->overlay;
    uint64_t keys = kai_keyring_version(n->keyring);
    bool members = o->keyring_seen != keys || o->version == 0;

    if ((!members && !o->book_changed) || (o->version > 0 && n->now_ms < o->refresh_ms))
        return;
    o->refresh_ms = n->now_ms + REFRESH_MS;
    o->keyring_seen = keys;
    o->book_changed = false;
    if (members)
        take_audiences(n);
    count_places(n);
    o->dial_ms = 0;
}

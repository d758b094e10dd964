/* park: entries whose key, certificate or predecessor has not come yet; bounded for each peer. */
#include "topology/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
bool kai_park_has(const struct kai_net *n, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq)
{
    for (const struct kai_parked *p = n->parked; p; p = p->next)
        if (p->e.h.seq == seq && memcmp(p->e.h.log_pk, log_pk, KAI_KEY_BYTES) == 0)
            return true;
    return false;
}

static bool is_parked(const struct kai_net *n, const struct kai_entry *e)
{
    for (const struct kai_parked *p = n->parked; p; p = p->next)
        if (memcmp(p->e.hash, e->hash, KAI_ID_BYTES) == 0)
            return true;
    return false;
}

static struct kai_view copy(uint8_t **at, struct kai_view v)
{
    struct kai_view out = {.p = *at, .n = v.n};

    if (!v.p)
        return v;
    if (v.n > 0)
        memcpy(*at, v.p, v.n);
    *at += v.n;
    return out;
}

/* False where the peer has filled its share: it will be asked again when keys or members change. */
bool kai_park(struct kai_net *n, struct kai_link *l, const struct kai_share *s,
              const struct kai_entry *e, bool pushed)
{
    size_t bytes = e->hdr.n + e->sig.n + e->payload.n;
    struct kai_parked *p;
    uint8_t *at;

    if (is_parked(n, e))
        return true;
    if (!KAI_CHECK(PARK_BOUND, l->n_parked < KAI_PARKED_PER_PEER_MAX &&
                                   l->parked_bytes + sizeof *p + bytes <= KAI_PARKED_BYTES_MAX) ||
        !kai_room_to_park(n, l) || !kai_room_for(n, l, sizeof *p + bytes))
        return false;
    p = malloc(sizeof *p + bytes + 1);
    if (!p)
        return false;
    *p = (struct kai_parked){.link = l->id,
                             .ctl = s->ctl,
                             .told = pushed && !e->payload.p,
                             .until_ms = n->now_ms + KAI_PARK_MS,
                             .n = sizeof *p + bytes,
                             .e = *e};
    memcpy(p->aud_id, s->aud_id, KAI_ID_BYTES);
    at = p->bytes;
    p->e.hdr = copy(&at, e->hdr);
    p->e.sig = copy(&at, e->sig);
    p->e.payload = copy(&at, e->payload);
    n->n_parked++;
    l->n_parked++;
    l->parked_bytes += p->n;
    n->count.entries_parked++;
    if (n->parked_last)
        n->parked_last->next = p;
    else
        n->parked = p;
    n->parked_last = p;
    return true;
}

static void release(struct kai_net *n, struct kai_parked *p)
{
    for (size_t i = 0; i < n->n_links; i++)
        if (n->links[i]->id == p->link) {
            n->links[i]->n_parked--;
            n->links[i]->parked_bytes -= p->n;
        }
    n->n_parked--;
    free(p);
}

/* The oldest of a link makes way: it will be asked for again. */
bool kai_park_oldest(struct kai_net *n, const struct kai_link *l)
{
    struct kai_parked *before = NULL, *p = n->parked;

    while (p && p->link != l->id) {
        before = p;
        p = p->next;
    }
    if (!p)
        return false;
    if (before)
        before->next = p->next;
    else
        n->parked = p->next;
    if (n->parked_last == p)
        n->parked_last = before;
    release(n, p);
    return true;
}

static struct kai_parked *take_all(struct kai_net *n)
{
    struct kai_parked *first = n->parked;

    n->parked = n->parked_last = NULL;
    return first;
}

static void put_back(struct kai_net *n, struct kai_parked *p)
{
    p->next = NULL;
    if (n->parked_last)
        n->parked_last->next = p;
    else
        n->parked = p;
    n->parked_last = p;
}

/* Try again, in the order in which they came; what still cannot be judged is parked anew. */
void kai_park_retry(struct kai_net *n, bool ctl)
{
    struct kai_parked *p = take_all(n), *next;

    for (; p; p = next) {
        struct kai_link *l = kai_link_find(n, p->link);
        struct kai_share *s = !l ? NULL : p->ctl ? l->shares[0] : kai_share_find(l, p->aud_id);
        next = p->next;
        if (p->ctl != ctl) {
            put_back(n, p);
            continue;
        }
        l = s ? l : NULL;
        if (l) {
            n->n_parked--;
            l->n_parked--;
            l->parked_bytes -= p->n;
            if (ctl)
                (void)kai_control_entry(n, l, &p->e);
            else if (l->peer && l->peer->active)
                kai_ingest(n, l, s, &p->e, 0, p->told);
            free(p);
        } else {
            release(n, p);
        }
    }
}

void kai_park_gone(struct kai_net *n, const struct kai_link *l)
{
    struct kai_parked *p = take_all(n), *next;

    for (; p; p = next) {
        next = p->next;
        if (p->link == l->id) {
            n->n_parked--;
            free(p);
        } else {
            put_back(n, p);
        }
    }
}

void kai_park_tick(struct kai_net *n)
{
    while (n->parked && n->now_ms >= n->parked->until_ms) {
        struct kai_parked *p = n->parked;
        n->parked = p->next;
        if (!n->parked)
            n->parked_last = NULL;
        release(n, p);
    }
}

void kai_park_free(struct kai_net *n)
{
    struct kai_parked *p = take_all(n), *next;

    for (; p; p = next) {
        next = p->next;
        free(p);
    }
}

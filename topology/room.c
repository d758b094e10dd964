/* room: what all links together may hold. At a bound the heaviest of them pays, and never a lighter
 * one for it (docs/protocol.md 9). */
#include "topology/state.h"

#include "base/check.h"

/* What a link makes us hold that grows with what its peer does or leaves undone. */
static size_t weight(const struct kai_link *l)
{
    return l->queued + l->parked_bytes + (size_t)l->pending;
}

/* Whether l may hold so much more. Where all hold too much, the link that holds most ends; it may
 * be l itself. Its memory is free at the end of the step: so often no more than one a call. */
bool kai_room_for(struct kai_net *n, struct kai_link *l, size_t bytes)
{
    struct kai_link *heaviest = l;
    size_t sum = bytes;

    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *o = n->links[i];
        if (o->dead)
            continue;
        sum += weight(o);
        if (weight(o) > weight(heaviest) + (heaviest == l ? bytes : 0))
            heaviest = o;
    }
    if (KAI_CHECK(ROOM_ALL, sum <= KAI_PEERS_BYTES_MAX))
        return true;
    n->count.evicted++;
    kai_alarm(n, "peer.heaviest", heaviest, NULL, 0);
    kai_link_drop(n, heaviest,
                  KAI_BYE_LIMIT); /* Without a word: it does not read, or too slowly. */
    return heaviest != l;
}

/* Whether one more entry may be parked for l: else its oldest makes way, that of who has most. */
bool kai_room_to_park(struct kai_net *n, struct kai_link *l)
{
    const struct kai_link *most = l;

    if (KAI_CHECK(ROOM_PARK, n->n_parked < KAI_PARKED_MAX))
        return true;
    for (size_t i = 0; i < n->n_links; i++)
        if (n->links[i]->n_parked > most->n_parked)
            most = n->links[i];
    return most != l && kai_park_oldest(n, most);
}

/* The same for logs that are being fetched. */
bool kai_room_to_fetch(struct kai_net *n, struct kai_link *l)
{
    struct kai_link *most = l;

    if (l->n_fetch == KAI_FETCHES_OF_LINK_MAX)
        return false;
    if (n->n_fetch < KAI_FETCHES_MAX)
        return true;
    for (size_t i = 0; i < n->n_links; i++)
        if (n->links[i]->n_fetch > most->n_fetch)
            most = n->links[i];
    return most->n_fetch > l->n_fetch + 1 && kai_fetch_oldest(n, most);
}

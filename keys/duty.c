/* duty: what a steward owes its audiences, and when.
 *
 * Every steward waits by its rank, so that one acts and the others find it done; two at once do no
 * harm. */
#include <stdlib.h>
#include <string.h>

#include "keys/keyring_int.h"

#define ADD_WAIT_MS 1000u
#define NEW_WAIT_MS 60000u
#define AGE_MAX_MS  (30ull * 24 * 3600 * 1000)
#define IDLE_MS     60000u

enum need { NEED_NONE, NEED_FIRST, NEED_CLEAN, NEED_AGE, NEED_ADD, NEED_ANSWER };

static size_t org_place(const struct kai_aud_rec *rec, const uint8_t *org)
{
    size_t i = 0;

    while (i < rec->n_stewards && memcmp(rec->stewards[i], org, KAI_ID_BYTES) != 0)
        i++;
    return i;
}

/* Our place among the active steward nodes: by organisation in the list, then node id. */
static uint64_t rank_of(const struct kai_keyring *k, const struct kai_aud *a,
                        const struct kai_node *me)
{
    const struct kai_node *nodes;
    size_t n = kai_roster_nodes(k->roster, &nodes);
    size_t place = org_place(&a->rec->rec, me->org->id);
    uint64_t rank = 0;

    for (size_t i = 0; i < n; i++) {
        if (!kai_ring_steward(a, &nodes[i]))
            continue;
        size_t other = org_place(&a->rec->rec, nodes[i].org->id);
        rank += other < place || (other == place && memcmp(nodes[i].id, me->id, KAI_ID_BYTES) < 0);
    }
    return rank;
}

static size_t count(const struct kai_keyring *k, const struct kai_aud *a, bool unlisted,
                    const struct kai_node **out)
{
    const struct kai_node *nodes;
    size_t n = kai_roster_nodes(k->roster, &nodes);
    size_t found = 0;

    for (size_t i = 0; i < n && found < KAI_MEMBER_NODES_MAX; i++) {
        if (!kai_keyring_eligible(k, a->id, &nodes[i]))
            continue;
        if (unlisted && kai_ring_listed(a->best, nodes[i].id))
            continue;
        if (out != NULL)
            out[found] = &nodes[i];
        found++;
    }
    return found;
}

static uint64_t minted_ms(const struct kai_known *e)
{
    uint64_t first = UINT64_MAX;

    for (size_t i = 0; i < e->n_said; i++) {
        if (e->said[i].trusted && e->said[i].minted_ms < first)
            first = e->said[i].minted_ms;
    }
    return first;
}

static bool any_complete(const struct kai_aud *a)
{
    for (size_t i = 0; i < a->n_known; i++) {
        if (a->known[i]->complete)
            return true;
    }
    return false;
}

static enum need need_of(const struct kai_keyring *k, const struct kai_aud *a, uint64_t now_ms)
{
    if (a->best == NULL)
        return any_complete(a) ? NEED_CLEAN : NEED_FIRST;
    uint64_t minted = minted_ms(a->best);
    if (now_ms > minted && now_ms - minted > AGE_MAX_MS)
        return NEED_AGE;
    if (count(k, a, true, NULL) > 0)
        return NEED_ADD;
    if (a->rec->rec.kind == KAI_AUD_GROUP && !a->best->answers)
        return NEED_ANSWER; /* Those who lack the rule wait for a steward's word. */
    return NEED_NONE;
}

/* The first epoch is made with the audience. A further node of the owner that has not heard of it
 * yet would make a second one, under which nobody finds the first. */
static uint64_t wait_ms(enum need need, uint64_t rank, bool owner, bool further)
{
    if (need == NEED_ADD || need == NEED_ANSWER)
        return rank * ADD_WAIT_MS;
    if (need == NEED_FIRST && owner)
        return further ? (rank + 1) * NEW_WAIT_MS : 0;
    return rank * NEW_WAIT_MS;
}

static enum kai_err fill(const struct kai_keyring *k, const struct kai_aud *a,
                         const struct kai_node *me, enum need need, struct kai_duty *d)
{
    memcpy(d->aud_id, a->id, KAI_ID_BYTES);
    d->new_epoch = need != NEED_ADD && need != NEED_ANSWER;
    size_t n = need == NEED_ANSWER ? 1 : count(k, a, need == NEED_ADD, NULL);
    d->members = malloc((n + 1) * sizeof *d->members);
    if (d->members == NULL)
        return KAI_ENOMEM;
    if (need == NEED_ANSWER)
        d->members[0] = me;
    else
        (void)count(k, a, need == NEED_ADD, d->members);
    d->n_members = n;
    return KAI_OK;
}

/* Whether we have a part in this audience's keys at all. */
static bool on_duty(const struct kai_keyring *k, const struct kai_aud *a, const struct kai_node *me)
{
    if (a->rec == NULL || !kai_ring_steward(a, me) || !kai_keyring_eligible(k, a->id, me))
        return false;
    if (a->rec->rec.kind == KAI_AUD_GROUP)
        return a->rule_known; /* Without the rule we cannot say whom to list. */
    return a->rec->rec.kind == KAI_AUD_COMMUNITY;
}

enum kai_err kai_keyring_duty(struct kai_keyring *k, uint64_t now_ms, struct kai_duty *d,
                              uint64_t *next_ms)
{
    const struct kai_node *me =
        k->roster == NULL ? NULL : kai_roster_node(k->roster, k->self->node_id);

    memset(d, 0, sizeof *d);
    *next_ms = now_ms + IDLE_MS;
    for (size_t i = 0; me != NULL && i < k->n_auds; i++) {
        struct kai_aud *a = &k->auds[i];
        enum need need = on_duty(k, a, me) ? need_of(k, a, now_ms) : NEED_NONE;

        if (a->need != need || a->need_since_ms > now_ms) {
            a->need = need;
            a->need_since_ms = now_ms;
        }
        if (need == NEED_NONE)
            continue;
        bool owner = memcmp(a->rec->owner->id, me->org->id, KAI_ID_BYTES) == 0;
        uint64_t due = a->need_since_ms + wait_ms(need, rank_of(k, a, me), owner, k->self->further);
        if (due <= now_ms) {
            *next_ms = now_ms;
            return fill(k, a, me, need, d);
        }
        if (due < *next_ms)
            *next_ms = due;
    }
    return KAI_ENOTFOUND;
}

/* netfile_auds: from a network file to audiences: who is in each, who owns, stewards and relays it.
 */
#include <stdlib.h>
#include <string.h>

#include "topology/sim/netfile_int.h"

struct lot { /* Organisations or nodes, drawn one after the other. */
    uint32_t *id;
    size_t n;
};

static uint32_t draw(struct netfile_draft *d, struct lot *l)
{
    size_t i = (size_t)netfile_draw(&d->random, l->n);
    uint32_t drawn = l->id[i];

    l->id[i] = l->id[--l->n];
    l->id[l->n] = drawn; /* It is still there for the next audience, which begins with all. */
    return drawn;
}

static bool in_groups(const struct netfile_draft *d, const struct kai_netfile_aud *s, size_t org)
{
    return (s->groups >> d->net->org[org].group & 1) != 0;
}

static enum kai_err member(struct netfile_draft *d, struct kai_network_aud *a, size_t org)
{
    struct kai_network *net = d->net;

    if (net->n_members == d->room) {
        size_t room = d->room > 0 ? 2 * d->room : 4096;
        uint32_t *more;

        if (d->room == KAI_NETWORK_MEMBERS_MAX)
            return KAI_ELIMIT;
        more = realloc(net->member, room * sizeof *more);
        if (more == NULL)
            return KAI_ENOMEM;
        net->member = more;
        d->room = room;
    }
    net->member[net->n_members++] = (uint32_t)org;
    a->n_members++;
    return KAI_OK;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* The organisation that stands for org in an audience of each organisation of a group: itself, its
 * parent, or, but for clients, a further ancestor. KAI_NETWORK_NONE: none. */
static uint32_t above(const struct netfile_draft *d, const struct kai_netfile_aud *s, uint32_t org)
{
    const struct kai_network_org *all = d->net->org;

    if (all[org].group == s->each)
        return org;
    do {
        org = all[org].parent;
        if (all[org].group == s->each)
            return org;
    } while (s->kind != KAI_AUD_CLIENTS && org != 0);
    return KAI_NETWORK_NONE;
}

static bool belongs(const struct netfile_draft *d, const struct kai_netfile_aud *s,
                    const struct kai_network_aud *a, size_t org)
{
    if (!in_groups(d, s, org))
        return false;
    if (s->select == KAI_NETFILE_EACH)
        return d->above[org] == a->owner;
    if (s->select == KAI_NETFILE_SECTORS)
        return (d->net->org[org].sectors >> a->which & 1) != 0;
    return true;
}

/* The first organisation of the owners' group, in a sector the first of that sector; of no group,
 * the first that belongs; at the worst, the founder. */
static uint32_t owner_of(const struct netfile_draft *d, const struct kai_netfile_aud *s,
                         const struct kai_network_aud *a)
{
    const struct kai_network *net = d->net;
    uint32_t first = s->owner < net->file.n_groups ? d->first[s->owner] : 0;

    if (s->select == KAI_NETFILE_EACH)
        return d->first[s->each] + a->which;
    for (uint32_t i = 0; i < net->n_orgs; i++) {
        bool may =
            s->owner < net->file.n_groups ? net->org[i].group == s->owner : in_groups(d, s, i);

        if (may && (s->select != KAI_NETFILE_SECTORS || (net->org[i].sectors >> a->which & 1) != 0))
            return i;
    }
    return first;
}

static enum kai_err fill(struct netfile_draft *d, const struct kai_netfile_aud *s,
                         struct kai_network_aud *a)
{
    enum kai_err err = KAI_OK;

    a->owner = owner_of(d, s, a);
    for (size_t i = 0; i < d->net->n_orgs && err == KAI_OK; i++)
        if (i == a->owner || belongs(d, s, a, i))
            err = member(d, a, i);
    return err;
}

/* Members by lot; without a group of owners, the first drawn owns. */
static enum kai_err fill_random(struct netfile_draft *d, const struct kai_netfile_aud *s,
                                struct kai_network_aud *a, struct lot all)
{
    size_t want = (size_t)(s->size[0] + netfile_draw(&d->random, s->size[1] - s->size[0] + 1));
    enum kai_err err;

    a->owner = s->owner < d->net->file.n_groups
                   ? d->first[s->owner] + (uint32_t)netfile_draw(&d->random, d->count[s->owner])
                   : draw(d, &all);
    err = member(d, a, a->owner);
    while (err == KAI_OK && a->n_members < want && all.n > 0) {
        uint32_t org = draw(d, &all);

        if (org != a->owner)
            err = member(d, a, org);
    }
    if (err == KAI_OK)
        qsort(d->net->member + a->members, a->n_members, sizeof *d->net->member, by_number);
    return err;
}

/* Stewards are asked for keys: those whom everybody can dial come first. */
static void stewards(struct netfile_draft *d, const struct kai_netfile_aud *s,
                     struct kai_network_aud *a)
{
    a->stewards[a->n_stewards++] = a->owner;
    for (int dialable = 1; dialable >= 0; dialable--) {
        struct lot l = {.id = d->lot};

        for (size_t i = 0; i < a->n_members; i++) {
            uint32_t org = d->net->member[a->members + i];

            if (org != a->owner && kai_network_org_dialable(d->net, org) == (dialable == 1))
                l.id[l.n++] = org;
        }
        while (l.n > 0 && a->n_stewards < s->stewards)
            a->stewards[a->n_stewards++] = draw(d, &l);
    }
}

/* Relays of the owner come first, then those of the group by lot; where it has none, its nodes that
 * can be dialled. */
static void relays(struct netfile_draft *d, const struct kai_netfile_aud *s,
                   struct kai_network_aud *a)
{
    const struct kai_network *net = d->net;
    bool only = net->file.group[s->from].relays > 0;

    if (s->few && kai_network_aud_dialable(net, (size_t)(a - net->aud)) >= 2)
        return;
    for (int own = 1; own >= 0; own--) {
        struct lot l = {.id = d->lot};

        for (uint32_t i = 0; i < net->n_nodes; i++) {
            const struct kai_network_node *n = &net->node[i];

            if (net->org[n->org].group == s->from && (n->org == a->owner) == (own == 1) &&
                (only ? n->relay : !n->dial_out))
                l.id[l.n++] = i;
        }
        while (l.n > 0 && a->n_relays < s->relays)
            a->relays[a->n_relays++] = draw(d, &l);
    }
}

static uint64_t how_many(const struct netfile_draft *d, const struct kai_netfile_aud *s)
{
    switch ((enum kai_netfile_select)s->select) {
    case KAI_NETFILE_ALL:
        return 1;
    case KAI_NETFILE_EACH:
        return d->count[s->each];
    case KAI_NETFILE_SECTORS:
        return d->net->file.n_sectors;
    case KAI_NETFILE_RANDOM:
        return s->fixed ? s->count : netfile_scale(d, s->count);
    }
    return 0;
}

static enum kai_err audiences(struct netfile_draft *d, uint32_t from, struct lot all)
{
    const struct kai_netfile_aud *s = &d->net->file.aud[from];
    uint64_t n = how_many(d, s);
    enum kai_err err = KAI_OK;

    for (uint32_t i = 0; i < d->net->n_orgs; i++) {
        if (s->select == KAI_NETFILE_EACH)
            d->above[i] = above(d, s, i);
        if (in_groups(d, s, i))
            all.id[all.n++] = i;
    }
    for (uint32_t k = 0; k < n && err == KAI_OK; k++) {
        struct kai_network_aud *a = &d->net->aud[d->net->n_auds++];

        *a = (struct kai_network_aud){
            .from = from, .which = k, .kind = s->kind, .members = d->net->n_members};
        err = s->select == KAI_NETFILE_RANDOM ? fill_random(d, s, a, all) : fill(d, s, a);
        if (err == KAI_OK) {
            stewards(d, s, a);
            relays(d, s, a);
        }
    }
    return err;
}

enum kai_err netfile_auds(struct netfile_draft *d)
{
    struct kai_network *net = d->net;
    uint32_t *pool = calloc(net->n_orgs, sizeof *pool);
    uint64_t n = 0;
    enum kai_err err = KAI_ELIMIT;

    for (size_t i = 0; i < net->file.n_auds; i++)
        n += how_many(d, &net->file.aud[i]);
    if (n > KAI_NETWORK_AUDS_MAX)
        goto out;
    err = KAI_ENOMEM;
    net->aud = calloc((size_t)n, sizeof *net->aud);
    d->above = calloc(net->n_orgs, sizeof *d->above);
    d->lot = calloc(net->n_nodes, sizeof *d->lot);
    if (pool == NULL || net->aud == NULL || d->above == NULL || d->lot == NULL)
        goto out;
    err = KAI_OK;
    for (uint32_t i = 0; i < net->file.n_auds && err == KAI_OK; i++)
        err = audiences(d, i, (struct lot){.id = pool});
out:
    free(pool);
    free(d->above);
    free(d->lot);
    return err;
}

size_t kai_network_aud_dialable(const struct kai_network *net, size_t aud)
{
    const struct kai_network_aud *a = &net->aud[aud];
    size_t n = 0;

    for (size_t i = 0; i < a->n_members; i++)
        n += kai_network_org_dialable(net, net->member[a->members + i]) ? 1 : 0;
    return n;
}

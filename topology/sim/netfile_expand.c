/* netfile_expand: from a network file to organisations and nodes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "topology/sim/netfile_int.h"

uint64_t netfile_draw(uint64_t *state,
                      uint64_t n) /* splitmix64; n is far below 2^32: even enough. */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ull;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return (z ^ (z >> 31)) % n;
}

uint64_t netfile_scale(const struct netfile_draft *d, uint64_t count)
{
    uint64_t n = (2 * count * d->num + d->den) / (2 * d->den); /* To the nearest. */

    return n > 0 ? n : 1;
}

/* What organisation k of a group has of a range that is dealt in turn. */
static uint64_t dealt(const uint64_t range[2], uint64_t k)
{
    return range[0] + k % (range[1] - range[0] + 1);
}

/* Nodes of the first n organisations of a group. */
static uint64_t nodes_of(const struct kai_netfile_group *g, uint64_t n)
{
    uint64_t cycle = g->nodes[1] - g->nodes[0] + 1;
    uint64_t whole = n / cycle * (g->nodes[0] + g->nodes[1]) * cycle / 2;
    uint64_t rest = n % cycle;

    return whole + rest * g->nodes[0] + (rest > 0 ? rest * (rest - 1) / 2 : 0) + n * g->relays;
}

/* How many organisations each group has at this size. */
static enum kai_err sizes(struct netfile_draft *d)
{
    const struct kai_netfile *f = &d->net->file;
    size_t largest = f->n_groups;
    uint64_t written = 0;
    uint64_t nodes = 0;
    uint64_t all = 0;

    for (size_t i = 0; i < f->n_groups; i++) {
        const struct kai_netfile_group *g = &f->group[i];

        d->count[i] = g->fixed ? g->count : netfile_scale(d, g->count);
        written += nodes_of(g, g->count);
        nodes += nodes_of(g, d->count[i]);
        if (!g->fixed && (largest == f->n_groups || g->count > f->group[largest].count))
            largest = i;
    }
    if (largest < f->n_groups) {
        uint64_t each = nodes_of(&f->group[largest], 1);
        uint64_t want = netfile_scale(d, written);
        uint64_t less = nodes > want ? (nodes - want) / each : 0;

        d->count[largest] += want > nodes ? (want - nodes) / each : 0;
        d->count[largest] -= less < d->count[largest] ? less : d->count[largest] - 1;
    }
    for (size_t i = 0; i < f->n_groups; i++) {
        d->first[i] = (uint32_t)all;
        all += d->count[i];
        if (all > KAI_NETWORK_ORGS_MAX)
            return KAI_ELIMIT;
    }
    d->net->n_orgs = (size_t)all;
    return KAI_OK;
}

/* ---- The admission tree. */

struct share { /* Of one parent. */
    uint64_t rest;
    uint32_t parent;
    uint32_t n;
};

static int by_rest(const void *a, const void *b)
{
    const struct share *x = a;
    const struct share *y = b;

    if (x->rest != y->rest)
        return x->rest > y->rest ? -1 : 1;
    return x->parent < y->parent ? -1 : 1;
}

static int by_parent(const void *a, const void *b)
{
    const struct share *x = a;
    const struct share *y = b;

    return x->parent < y->parent ? -1 : x->parent > y->parent;
}

/* Children of one group by the weights of their parents; those with the largest remainders get what
 * whole shares leave. */
static enum kai_err tree(struct netfile_draft *d, size_t group)
{
    const struct kai_netfile_group *g = &d->net->file.group[group];
    struct kai_network_org *org = d->net->org + d->first[group];
    size_t n = (size_t)d->count[g->parent];
    struct share *s = calloc(n, sizeof *s);
    uint64_t left = d->count[group];
    uint64_t sum = 0;

    if (s == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < n; i++)
        sum += g->n_by > 0 ? g->by[i % g->n_by] : 1;
    /* Fewer parents than weights may all have weight 0: then all are alike. */
    for (size_t i = 0; i < n; i++) {
        uint64_t w = sum == 0 ? 1 : g->n_by > 0 ? g->by[i % g->n_by] : 1;
        uint64_t part = d->count[group] * w;

        s[i].parent = (uint32_t)i;
        s[i].n = (uint32_t)(part / (sum > 0 ? sum : n));
        s[i].rest = part % (sum > 0 ? sum : n);
        left -= s[i].n;
    }
    qsort(s, n, sizeof *s, by_rest);
    assert(left <= n);
    for (size_t i = 0; i < left; i++)
        s[i].n++;
    qsort(s, n, sizeof *s, by_parent);
    for (size_t i = 0; i < n; i++)
        for (; s[i].n > 0; s[i].n--)
            org++->parent = d->first[g->parent] + s[i].parent;
    free(s);
    return KAI_OK;
}

/* ---- Sectors: cards of a pack that is shuffled anew once it is used up, so that all sectors are
 * of one size. An organisation does not keep a card that it has. */

struct pack {
    uint64_t n, left;
    uint8_t card[KAI_NETFILE_SECTORS_MAX];
};

static uint64_t card(struct netfile_draft *d, struct pack *p)
{
    if (p->left == 0)
        p->left = p->n;
    uint64_t i = netfile_draw(&d->random, p->left);
    uint8_t drawn = p->card[i];

    p->card[i] = p->card[--p->left];
    p->card[p->left] = drawn;
    return UINT64_C(1) << drawn;
}

static void sectors(struct netfile_draft *d, size_t group)
{
    const struct kai_netfile_group *g = &d->net->file.group[group];
    struct pack p = {.n = d->net->file.n_sectors};

    for (size_t i = 0; i < p.n; i++)
        p.card[i] = (uint8_t)i;
    for (uint64_t k = 0; k < d->count[group]; k++) {
        uint64_t *set = &d->net->org[d->first[group] + k].sectors;

        for (uint64_t want = dealt(g->sectors, k); want > 0;) {
            uint64_t c = card(d, &p);

            want -= *set & c ? 0 : 1;
            *set |= c;
        }
    }
}

/* ---- Nodes. */

static void node_add(struct netfile_draft *d, size_t group, size_t at, size_t org, bool relay)
{
    d->net->node[at] = (struct kai_network_node){
        .org = (uint32_t)org, .class = (uint32_t)d->net->file.group[group].class, .relay = relay};
}

static void nodes(struct netfile_draft *d, size_t group, size_t *further)
{
    const struct kai_netfile_group *g = &d->net->file.group[group];

    for (uint64_t k = 0; k < d->count[group]; k++) {
        size_t org = d->first[group] + (size_t)k;
        size_t more = (size_t)dealt(g->nodes, k) - 1;

        node_add(d, group, org, org, false);
        d->net->org[org].further = (uint32_t)*further;
        d->net->org[org].n_further = (uint32_t)(more + g->relays);
        for (size_t i = 0; i < more + g->relays; i++)
            node_add(d, group, (*further)++, org, i >= more);
    }
}

/* Of the nodes of a group, relays aside, the share that can only dial out: by lot, and exactly so
 * many. */
static void dial_out(struct netfile_draft *d, size_t group)
{
    const struct kai_netfile_group *g = &d->net->file.group[group];
    uint64_t left = nodes_of(g, d->count[group]) - d->count[group] * g->relays;
    uint64_t chosen = (2 * left * g->dial_out_10k + 10000) / 20000;

    for (size_t i = 0; i < d->net->n_nodes; i++) {
        struct kai_network_node *n = &d->net->node[i];

        if (n->relay || d->net->org[n->org].group != group)
            continue;
        n->dial_out = netfile_draw(&d->random, left--) < chosen;
        chosen -= n->dial_out ? 1 : 0;
    }
}

static enum kai_err people(struct netfile_draft *d)
{
    struct kai_network *net = d->net;
    size_t further = net->n_orgs;
    uint64_t all = 0;

    for (size_t i = 0; i < net->file.n_groups; i++)
        all += nodes_of(&net->file.group[i], d->count[i]);
    if (all > KAI_NETWORK_NODES_MAX)
        return KAI_ELIMIT;
    assert(all > 0); /* A file that was parsed has a founder. */
    net->n_nodes = (size_t)all;
    net->org = calloc(net->n_orgs, sizeof *net->org);
    net->node = calloc(net->n_nodes, sizeof *net->node);
    if (net->org == NULL || net->node == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < net->file.n_groups; i++) {
        for (uint64_t k = 0; k < d->count[i]; k++)
            net->org[d->first[i] + k].group = (uint32_t)i;
        if (i > 0 && tree(d, i) != KAI_OK)
            return KAI_ENOMEM;
        nodes(d, i, &further);
        sectors(d, i);
    }
    for (size_t i = 0; i < net->file.n_groups; i++)
        dial_out(d, i);
    return KAI_OK;
}

enum kai_err kai_netfile_expand(struct kai_network **out, const struct kai_netfile *f,
                                uint64_t seed, uint64_t num, uint64_t den)
{
    struct netfile_draft d = {.random = seed, .num = num, .den = den};
    enum kai_err err;

    *out = NULL;
    if (num == 0 || den == 0 || num > KAI_NETWORK_SCALE_MAX || den > KAI_NETWORK_SCALE_MAX)
        return KAI_EMALFORMED;
    d.net = calloc(1, sizeof *d.net);
    if (d.net == NULL)
        return KAI_ENOMEM;
    d.net->file = *f;
    d.net->seed = seed;
    err = sizes(&d);
    if (err == KAI_OK)
        err = people(&d);
    if (err == KAI_OK)
        err = netfile_auds(&d);
    if (err == KAI_OK) {
        *out = d.net;
        d.net = NULL; /* The caller's now. */
    }
    kai_network_free(d.net);
    return err;
}

void kai_network_free(struct kai_network *net)
{
    if (net == NULL)
        return;
    free(net->org);
    free(net->node);
    free(net->aud);
    free(net->member);
    free(net);
}

bool kai_network_org_dialable(const struct kai_network *net, size_t org)
{
    const struct kai_network_org *o = &net->org[org];

    if (!net->node[org].dial_out)
        return true;
    for (size_t i = 0; i < o->n_further; i++)
        if (!net->node[o->further + i].dial_out)
            return true;
    return false;
}

/* In 1/1,000 of a standard deviation: twelve even draws have the variance of one normal draw. */
static int64_t normal(uint64_t *random)
{
    int64_t sum = -6000;

    for (int i = 0; i < 12; i++)
        sum += (int64_t)netfile_draw(random, 1001);
    return sum;
}

struct kai_network_path kai_network_path_of(const struct kai_network *net, size_t a, size_t b)
{
    const struct kai_netfile_class *x = &net->file.class[net->node[a].class];
    const struct kai_netfile_class *y = &net->file.class[net->node[b].class];
    uint64_t low = a < b ? a : b;
    uint64_t high = a < b ? b : a;
    uint64_t pair = net->seed ^ (low << 32 | high);
    uint64_t random = netfile_draw(&pair, UINT64_MAX); /* Neighbours have nothing in common. */
    uint64_t us = (x->median_ms + y->median_ms) * 500;
    uint64_t spread = (x->spread_10k + y->spread_10k) / 2;
    int64_t z = normal(&random);

    /* Times 1 + spread for one deviation up, divided by it for one down: the median stays. */
    if (z >= 0)
        us += us * spread / 10000 * (uint64_t)z / 1000;
    else
        us = us * 10000000 / (10000000 + spread * (uint64_t)-z);
    return (struct kai_network_path){
        .latency_ms = us < 1500 ? 1 : (us + 500) / 1000,
        .loss_10k = (x->loss_10k + y->loss_10k) / 2,
        .kbit = x->kbit < y->kbit ? x->kbit : y->kbit,
    };
}

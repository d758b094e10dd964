/* ask: what is so in the simulated network. */
#include "topology/sim/sim_int.h"

#include <string.h>

size_t kai_sim_auds(const struct kai_sim *s)
{
    return s->n_auds;
}

size_t kai_sim_nodes(const struct kai_sim *s)
{
    return s->n_nodes;
}

uint64_t kai_sim_now(const struct kai_sim *s)
{
    return s->now;
}

struct kai_net *kai_sim_net(const struct kai_sim *s, size_t node)
{
    return s->node[node].net;
}

uint64_t kai_sim_violations(const struct kai_sim *s)
{
    return s->violations;
}

uint64_t kai_sim_hash(const struct kai_sim *s)
{
    uint64_t hash = s->hash;

    for (size_t i = 0; i < s->n_nodes; i++)
        hash = (hash ^ s->node[i].hash) * SIM_HASH_PRIME;
    return hash;
}

struct kai_sim_counters kai_sim_counts(const struct kai_sim *s)
{
    struct kai_sim_counters sum = s->count;
    uint64_t *to = (uint64_t *)&sum, parked = 0;

    for (size_t i = 0; i < s->n_workers; i++) {
        const struct kai_sim_counters *c = &s->worker[i].count;
        for (size_t k = 0; k < sizeof sum / sizeof *to; k++)
            to[k] += ((const uint64_t *)c)[k];
        parked = c->parked > parked ? c->parked : parked;
    }
    sum.parked = parked;
    return sum;
}

size_t kai_sim_memory_most(const struct kai_sim *s)
{
    size_t most = 0;

    for (size_t i = 0; i < s->n_workers; i++)
        most = s->worker[i].memory_most > most ? s->worker[i].memory_most : most;
    return most;
}

struct find_state {
    const struct sim_node *peer;
    const char *state;
};

static void find_state(void *ctx, const struct kai_link_info *l)
{
    struct find_state *f = ctx;

    if (l->peer && memcmp(l->peer->id, f->peer->node_id, KAI_ID_BYTES) == 0)
        f->state = l->state;
}

const char *kai_sim_state(const struct kai_sim *s, size_t from, size_t to)
{
    struct find_state f = {.peer = &s->node[to], .state = "none"};

    if (s->node[from].net)
        kai_net_links(s->node[from].net, find_state, &f);
    return f.state;
}

/* prime: what members hold after a long life: keys, rules, and that no steward need be asked. */
#include "topology/sim/sim_int.h"

#include <stdlib.h>
#include <string.h>

#define MINT_MS 3000u

/* Stewards mint and owners say their rules; nobody is linked yet. */
static void mint_all(struct kai_sim *s, bool *began)
{
    bool no_dials = s->o.no_dials;

    for (size_t i = 0; i < s->n_auds; i++) {
        const struct kai_sim_aud *a = &s->aud[i].is;
        began[a->owner] = true;
        for (size_t k = 0; k < a->n_stewards; k++)
            began[a->stewards[k]] = true;
    }
    for (size_t i = 0; i < s->n_nodes; i++)
        if (began[i] && s->node[i].admitted)
            sim_node_start(s, i);
    s->o.no_dials = true;
    kai_sim_run(s, MINT_MS);
    s->o.no_dials = no_dials;
}

static bool carries(const struct kai_sim *s, size_t node, size_t aud)
{
    const struct kai_sim_aud *a = &s->aud[aud].is;

    for (size_t i = 0; i < a->n_relays; i++)
        if (a->relays[i] == node)
            return true;
    return kai_sim_is_member(s, node, aud);
}

static void hand_on(struct kai_sim *s, const struct sim_node *from, const struct sim_log *log)
{
    struct kai_net_log l = log->l;
    size_t aud = sim_map_get(&s->by_log, l.log_pk);

    SIM_MUST(aud != SIM_MAP_NONE);
    aud = s->truth[aud].aud;
    l.own = false;
    for (size_t i = 0; i < s->n_nodes; i++) {
        if (&s->node[i] == from || !s->node[i].admitted || !carries(s, i, aud))
            continue;
        if (!kai_sim_is_member(s, i, aud)) /* A relay cannot tell whose it is. */
            memset(l.author_node, 0, sizeof l.author_node);
        else
            memcpy(l.author_node, log->l.author_node, sizeof l.author_node);
        for (size_t k = 0; k < log->n; k++)
            sim_disk_append(&s->node[i], &l, log->entry[k]);
    }
}

void sim_visited(struct kai_sim *s, size_t node)
{
    uint64_t *asked = calloc(s->n_auds + 1, sizeof *asked);
    size_t k = 0;

    SIM_MUST(asked);
    for (size_t i = 0; i < s->n_auds; i++)
        if (s->aud[i].n_versions > 0 && s->aud[i].version[0].e)
            asked[k++] = kai_get_u64(s->aud[i].version[0].e->e.hash);
    kai_net_on_visits(s->node[node].net, kai_view_of(asked, k * sizeof *asked));
    free(asked);
}

void sim_prime(struct kai_sim *s)
{
    bool *began = calloc(s->n_nodes, sizeof *began);

    SIM_MUST(began);
    mint_all(s, began);
    for (size_t i = 0; i < s->n_nodes; i++)
        for (size_t k = 0; began[i] && k < s->node[i].n_logs; k++)
            if (s->node[i].log[k].l.own)
                hand_on(s, &s->node[i], &s->node[i].log[k]);
    for (size_t i = 0; i < s->n_nodes; i++)
        if (began[i] && s->node[i].up)
            sim_node_stop(s, i);
    free(began);
}

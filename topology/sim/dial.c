/* dial: who connects to whom in the simulated network. */
#include "topology/sim/sim_int.h"

#include <string.h>

#define DIAL_EVERY_MS 1000u
#define INTRO_WAIT_MS 2000u /* Doubled each time, as a node does. */

static bool apart(const struct kai_sim *s, size_t a, size_t b)
{
    return s->side[a] != s->side[b];
}

/* A newcomer shows its chain until the server lets it in. */
static bool introduce(struct kai_sim *s, struct sim_node *from, struct sim_node *to)
{
    struct kai_buf ask, reply;
    enum kai_err err;

    kai_buf_init(&ask, KAI_INTRO_FRAME_BYTES_MAX);
    kai_buf_init(&reply, KAI_INTRO_FRAME_BYTES_MAX);
    s->count.intros++;
    err = kai_net_intro_hello(from->net, &ask, sim_wall(s));
    for (int i = 0; i < 4 && err == KAI_OK; i++) {
        kai_buf_clear(&reply);
        err =
            kai_net_intro_serve(to->net, kai_buf_view(&ask), from->curve_pk, &reply, NULL, s->now);
        if (err != KAI_OK && err != KAI_EAGAIN)
            break;
        kai_buf_clear(&ask);
        err = kai_net_intro_reply(from->net, kai_buf_view(&reply), &ask);
        if (err == KAI_OK)
            break;
        err = err == KAI_EAGAIN ? KAI_OK : err;
    }
    kai_buf_free(&ask);
    kai_buf_free(&reply);
    sim_trace(s, "%zu introduces itself to %zu: %d", from->index, to->index, (int)err);
    return err == KAI_OK && kai_net_admits(to->net, from->curve_pk);
}

bool kai_sim_connect(struct kai_sim *s, size_t a, size_t b)
{
    struct sim_node *from = &s->node[a], *to = &s->node[b];
    struct sim_conn *c;

    if (!from->up || !to->up || apart(s, a, b)) {
        s->count.partitions_hit += apart(s, a, b) ? 1u : 0u;
        return false;
    }
    if (from->n_links == SIM_LINKS || to->n_links == SIM_LINKS)
        return false;
    if (!kai_net_admits(to->net, from->curve_pk)) {
        if (s->o.introduced && s->now < from->intro_ms)
            return false;
        if (!introduce(s, from, to)) {
            from->intro_wait_ms = from->intro_wait_ms ? 2 * from->intro_wait_ms : INTRO_WAIT_MS;
            from->intro_ms = s->now + from->intro_wait_ms;
            return false;
        }
        from->intro_wait_ms = 0;
    }
    c = sim_wire_new(s, a, b, false);
    kai_net_on_up(to->net, c->link, from->curve_pk, false, s->now, sim_wall(s));
    if (c->up)
        kai_net_on_up(from->net, c->link, to->curve_pk, true, s->now, sim_wall(s));
    sim_poke(s, a);
    sim_poke(s, b);
    return c->up;
}

/* A ring and chords, so that the members of audience 2 stay connected whoever is removed; now and
 * then both ends dial. */
static void ring(struct kai_sim *s)
{
    size_t n = s->n_nodes;

    for (size_t i = 0; i < n; i++)
        for (size_t hop = 1; hop <= 4; hop *= 2) {
            size_t j = (i + hop) % n;
            if (i == j || sim_wire_linked(s, i, j) || !s->node[i].admitted || !s->node[j].admitted)
                continue;
            kai_sim_connect(s, i, j);
            if (sim_random(s) % 4 == 0)
                kai_sim_connect(s, j, i);
        }
}

/* What the engine wants, as a node does it. */
static void chosen(struct kai_sim *s, size_t i)
{
    struct sim_node *me = &s->node[i];
    struct kai_dial want;

    while (kai_net_dial(me->net, &want, s->now, sim_wall(s))) {
        size_t j = sim_map_get(&s->node_by_curve, want.curve_pk);
        SIM_MUST(j != SIM_MAP_NONE && j != i);
        if (!kai_sim_connect(s, i, j))
            kai_net_on_undialled(me->net, want.curve_pk, s->now);
    }
}

/* A link has ended: as a node does, it looks at once whom to dial instead. */
void sim_dial_now(struct kai_sim *s, size_t node)
{
    if (s->o.introduced && !s->o.no_dials && s->node[node].up)
        chosen(s, node);
}

void sim_dials(struct kai_sim *s)
{
    if (s->now < s->dial_ms)
        return;
    if (!s->o.introduced) {
        s->dial_ms = s->now + DIAL_EVERY_MS;
        ring(s);
        return;
    }
    s->dial_ms = s->now + DIAL_EVERY_MS / 4;
    for (size_t i = s->now / (DIAL_EVERY_MS / 4) % 4; i < s->n_nodes; i += 4)
        if (s->node[i].up)
            chosen(s, i);
}

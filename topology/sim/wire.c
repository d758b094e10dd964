/* wire: connections of the simulated network, and all that goes wrong on them. */
#include "topology/sim/sim_int.h"

#include <stdlib.h>
#include <string.h>

#define DIAL_EVERY_MS 1000u

struct sim_conn *sim_wire_conn(struct kai_sim *s, uint64_t link)
{
    return link >= 1 && link <= s->n_conns ? s->conn[link - 1] : NULL;
}

static struct sim_conn *new_conn(struct kai_sim *s, size_t a, size_t b)
{
    struct sim_conn *c = calloc(1, sizeof *c);

    SIM_MUST(c);
    s->conn = sim_grow(s->conn, s->n_conns, &s->cap_conns, sizeof *s->conn);
    s->conn[s->n_conns++] = c;
    c->link = s->n_conns;
    c->a = a;
    c->b = b;
    c->up = true;
    for (size_t i = 0; i < SIM_RAW_KEEP; i++)
        kai_buf_init(&c->sent[i], KAI_FRAME_BYTES_MAX);
    return c;
}

static const char *name_of(uint64_t type)
{
    static const char *const names[] = {"?",    "hello",  "match", "ping",
                                        "pong", "credit", "def",   "offer"};

    if (type < sizeof names / sizeof names[0])
        return names[type];
    switch (type) {
    case KAI_MSG_RB:
        return "rb";
    case KAI_MSG_WANT:
        return "want";
    case KAI_MSG_ENTRIES:
        return "entries";
    case KAI_MSG_PUSH:
        return "push";
    case KAI_MSG_IHAVE:
        return "ihave";
    case KAI_MSG_PEERS:
        return "peers";
    case KAI_MSG_PROOF:
        return "proof";
    case KAI_MSG_ERR:
        return "err";
    case KAI_MSG_BYE:
        return "bye";
    default:
        return "?";
    }
}

static uint64_t latency(struct kai_sim *s)
{
    return 1 + sim_random(s) % s->o.latency_ms;
}

static void schedule(struct kai_sim *s, struct sim_conn *c, int end, struct kai_view frame,
                     bool early)
{
    uint64_t at = s->now + latency(s);
    uint8_t *copy = malloc(frame.n + 1);

    SIM_MUST(copy);
    memcpy(copy, frame.p, frame.n);
    if (!early && at < c->last_ms[end])
        at = c->last_ms[end]; /* In order, but for the fault of that name. */
    if (!early)
        c->last_ms[end] = at;
    sim_event_add(s, (struct sim_event){.at = at,
                                        .what = SIM_FRAME,
                                        .node = end ? c->a : c->b,
                                        .boot = s->node[end ? c->a : c->b].boot,
                                        .link = c->link,
                                        .frame = {.p = copy, .n = frame.n}});
}

static void keep_raw(struct sim_conn *c, struct kai_view frame)
{
    struct kai_buf last = c->sent[0];

    if (c->n_sent == SIM_RAW_KEEP) {
        memmove(c->sent, c->sent + 1, (SIM_RAW_KEEP - 1) * sizeof c->sent[0]);
        c->sent[--c->n_sent] = last;
    }
    kai_buf_clear(&c->sent[c->n_sent]);
    kai_buf_add(&c->sent[c->n_sent++], frame.p, frame.n);
}

bool sim_wire_send(struct sim_node *n, uint64_t link, struct kai_view frame)
{
    struct kai_sim *s = n->sim;
    struct sim_conn *c = sim_wire_conn(s, link);
    struct kai_frame f;
    int end = c->a == n->index ? 0 : 1;

    if (!c->up)
        return true;
    if (c->blocked)
        return false;
    if (sim_chance(s, s->o.stuck)) {
        s->count.stuck++;
        sim_event_add(s, (struct sim_event){.at = s->now + 20,
                                            .what = SIM_WRITABLE,
                                            .node = n->index,
                                            .boot = n->boot,
                                            .link = link});
        return false;
    }
    SIM_MUST(frame.n <= KAI_FRAME_BYTES_MAX && kai_frame_parse(&f, frame) == KAI_OK);
    s->count.frames++;
    sim_oracle_frame(s, n, c, frame);
    sim_trace(s, "%zu > %zu %s %zu", n->index, end ? c->a : c->b, name_of(f.type), frame.n);
    if (c->raw) {
        keep_raw(c, frame);
        return true;
    }
    if (sim_chance(s, s->o.loss)) {
        s->count.lost++;
        return true;
    }
    if (sim_chance(s, s->o.dup)) {
        s->count.repeated++;
        schedule(s, c, end, frame, true);
    }
    bool early = sim_chance(s, s->o.reorder);
    s->count.reordered += early ? 1u : 0u;
    schedule(s, c, end, frame, early);
    return true;
}

static void tell_down(struct kai_sim *s, const struct sim_conn *c, size_t node)
{
    if (s->node[node].up)
        sim_event_add(s, (struct sim_event){.at = s->now + 1,
                                            .what = SIM_DOWN,
                                            .node = node,
                                            .boot = s->node[node].boot,
                                            .link = c->link});
}

void sim_wire_cut(struct kai_sim *s, struct sim_conn *c)
{
    c->up = false;
    tell_down(s, c, c->a);
    if (!c->raw)
        tell_down(s, c, c->b);
}

void sim_wire_drop(struct sim_node *n, uint64_t link, enum kai_bye why)
{
    struct kai_sim *s = n->sim;
    struct sim_conn *c = sim_wire_conn(s, link);

    sim_trace(s, "%zu drops %llu: %d", n->index, (unsigned long long)link, (int)why);
    if (why < 102)
        s->count.drops[why]++;
    c->dropped = true;
    c->why = why;
    if (!c->up)
        return;
    c->up = false;
    if (!c->raw) {
        size_t other = c->a == n->index ? c->b : c->a;
        /* What is under way arrives first. */
        if (s->node[other].up)
            sim_event_add(s, (struct sim_event){.at = s->now + s->o.latency_ms + 1,
                                                .what = SIM_DOWN,
                                                .node = other,
                                                .boot = s->node[other].boot,
                                                .link = link});
    }
}

void sim_wire_frame(struct kai_sim *s, struct sim_event *e)
{
    struct sim_node *n = &s->node[e->node];

    kai_net_on_frame(n->net, e->link, e->frame, s->now, SIM_WALL_MS + s->now);
}

/* ---- Dialling. */

static bool apart(const struct kai_sim *s, size_t a, size_t b)
{
    return ((s->side >> a ^ s->side >> b) & 1u) != 0;
}

/* A newcomer shows its chain until the server lets it in. */
static bool introduce(struct kai_sim *s, struct sim_node *from, struct sim_node *to)
{
    struct kai_buf ask, reply;
    enum kai_err err;

    kai_buf_init(&ask, KAI_INTRO_FRAME_BYTES_MAX);
    kai_buf_init(&reply, KAI_INTRO_FRAME_BYTES_MAX);
    s->count.intros++;
    err = kai_net_intro_hello(from->net, &ask, SIM_WALL_MS + s->now);
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

void kai_sim_connect(struct kai_sim *s, size_t a, size_t b)
{
    struct sim_node *from = &s->node[a], *to = &s->node[b];
    struct sim_conn *c;

    if (!from->up || !to->up || apart(s, a, b)) {
        s->count.partitions_hit += apart(s, a, b) ? 1u : 0u;
        return;
    }
    if (!kai_net_admits(to->net, from->curve_pk) && !introduce(s, from, to))
        return;
    c = new_conn(s, a, b);
    kai_net_on_up(to->net, c->link, from->curve_pk, false, s->now, SIM_WALL_MS + s->now);
    if (c->up)
        kai_net_on_up(from->net, c->link, to->curve_pk, true, s->now, SIM_WALL_MS + s->now);
}

static bool connected(const struct kai_sim *s, size_t a, size_t b)
{
    for (size_t i = 0; i < s->n_conns; i++)
        if (s->conn[i]->up && ((s->conn[i]->a == a && s->conn[i]->b == b) ||
                               (s->conn[i]->a == b && s->conn[i]->b == a)))
            return true;
    return false;
}

/* A ring and chords, so that the members of audience 2 stay connected whoever is removed; now and
 * then both ends dial. */
void sim_wire_dials(struct kai_sim *s)
{
    size_t n = s->o.n_nodes;

    if (s->now < s->dial_ms)
        return;
    s->dial_ms = s->now + DIAL_EVERY_MS;
    for (size_t i = 0; i < n; i++)
        for (size_t hop = 1; hop <= 4; hop *= 2) {
            size_t j = (i + hop) % n;
            if (i == j || connected(s, i, j) || !s->node[i].admitted || !s->node[j].admitted)
                continue;
            kai_sim_connect(s, i, j);
            if (sim_random(s) % 4 == 0)
                kai_sim_connect(s, j, i);
        }
}

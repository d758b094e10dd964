/* wire: connections of the simulated network, and all that goes wrong on them. */
#include "topology/sim/sim_int.h"

#include <stdlib.h>
#include <string.h>

struct sim_conn *sim_wire_conn(struct kai_sim *s, uint64_t link)
{
    return link >= 1 && link <= s->n_conns ? s->conn[link - 1] : NULL;
}

static void attach(struct sim_node *n, uint64_t link)
{
    SIM_MUST(n->n_links < SIM_LINKS);
    n->links[n->n_links++] = link;
}

static void detach(struct sim_node *n, uint64_t link)
{
    for (size_t i = 0; i < n->n_links; i++)
        if (n->links[i] == link) {
            memmove(n->links + i, n->links + i + 1, (n->n_links - i - 1) * sizeof n->links[0]);
            n->n_links--;
            return;
        }
}

static void end(struct kai_sim *s, struct sim_conn *c)
{
    c->up = false;
    detach(&s->node[c->a], c->link);
    if (!c->raw)
        detach(&s->node[c->b], c->link);
}

struct sim_conn *sim_wire_new(struct kai_sim *s, size_t a, size_t b, bool raw)
{
    struct sim_conn *c = calloc(1, sizeof *c);

    SIM_MUST(c);
    s->conn = sim_grow(s->conn, s->n_conns, &s->cap_conns, sizeof *s->conn);
    s->conn[s->n_conns++] = c;
    *c = (struct sim_conn){.link = s->n_conns, .a = a, .b = b, .up = true, .raw = raw};
    attach(&s->node[a], c->link);
    if (!raw) {
        attach(&s->node[b], c->link);
        return c;
    }
    s->n_raw++;
    c->sent = calloc(SIM_RAW_KEEP, sizeof *c->sent);
    SIM_MUST(c->sent);
    for (size_t i = 0; i < SIM_RAW_KEEP; i++)
        kai_buf_init(&c->sent[i], KAI_FRAME_BYTES_MAX);
    return c;
}

bool sim_wire_linked(const struct kai_sim *s, size_t a, size_t b)
{
    const struct sim_node *n = &s->node[a];

    for (size_t i = 0; i < n->n_links; i++) {
        const struct sim_conn *c = s->conn[n->links[i] - 1];
        if ((c->a == a && c->b == b) || (c->a == b && c->b == a))
            return true;
    }
    return false;
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

static uint64_t latency(struct kai_sim *s, const struct sim_conn *c)
{
    if (s->o.path_ms)
        return s->o.path_ms(s->o.path_ctx, c->a, c->b);
    return 1 + sim_random(s) % s->o.latency_ms;
}

static void schedule(struct kai_sim *s, struct sim_conn *c, int end, struct kai_view frame,
                     bool early)
{
    uint64_t at = s->now + latency(s, c);
    uint8_t *copy = malloc(frame.n + 1);

    SIM_MUST(copy);
    memcpy(copy, frame.p, frame.n);
    if (!early && at < c->last_ms[end])
        at = c->last_ms[end]; /* In order, but for the fault of that name. */
    if (!early)
        c->last_ms[end] = at;
    sim_event_add(s, &(struct sim_event){.at = at,
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
        sim_event_add(s, &(struct sim_event){.at = s->now + 20,
                                             .what = SIM_WRITABLE,
                                             .node = n->index,
                                             .boot = n->boot,
                                             .link = link});
        return false;
    }
    SIM_MUST(frame.n <= KAI_FRAME_BYTES_MAX &&
             (s->o.quick || kai_frame_parse(&f, frame) == KAI_OK));
    s->count.frames++;
    s->count.bytes[frame.p[1] & 127u] += frame.n; /* [type, ...]: one byte each. */
    if (!s->o.quick)
        sim_oracle_frame(s, n, c, frame);
    if (s->tap && (s->tap_node == c->a || s->tap_node == c->b))
        s->tap(s->tap_ctx, frame);
    if (s->o.quick)
        s->hash = (s->hash ^ (n->index << 20 ^ frame.n)) * 0x100000001b3ull + s->now;
    else
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
        sim_event_add(s, &(struct sim_event){.at = s->now + 1,
                                             .what = SIM_DOWN,
                                             .node = node,
                                             .boot = s->node[node].boot,
                                             .link = c->link});
}

void sim_wire_cut(struct kai_sim *s, struct sim_conn *c)
{
    if (!c->up)
        return;
    end(s, c);
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
    end(s, c);
    if (!c->raw) {
        size_t other = c->a == n->index ? c->b : c->a;
        /* What is under way arrives first. */
        if (s->node[other].up)
            sim_event_add(s, &(struct sim_event){.at = s->now + s->o.latency_ms + 1,
                                                 .what = SIM_DOWN,
                                                 .node = other,
                                                 .boot = s->node[other].boot,
                                                 .link = link});
    }
}

void sim_wire_frame(struct kai_sim *s, struct sim_event *e)
{
    struct sim_node *n = &s->node[e->node];

    kai_net_on_frame(n->net, e->link, e->frame, s->now, sim_wall(s));
}

void kai_sim_tap(struct kai_sim *s, size_t node, kai_sim_tap_fn *f, void *ctx)
{
    s->tap = f;
    s->tap_ctx = ctx;
    s->tap_node = node;
}

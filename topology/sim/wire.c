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
    if (s->o.path_ms && !raw && s->o.path_ms(s->o.path_ctx, a, b) < s->least_ms)
        s->least_ms = s->o.path_ms(s->o.path_ctx, a, b);
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

static uint64_t latency(struct sim_node *from, const struct sim_conn *c)
{
    const struct kai_sim_options *o = &from->sim->o;

    if (o->path_ms)
        return o->path_ms(o->path_ctx, c->a, c->b);
    return 1 + sim_node_random(from) % o->latency_ms;
}

static void schedule(struct sim_node *from, struct sim_conn *c, int end, struct kai_view frame,
                     bool early)
{
    uint64_t at = sim_now(from) + latency(from, c);
    size_t to = end ? c->a : c->b;

    if (!early && at < c->last_ms[end])
        at = c->last_ms[end]; /* In order, but for the fault of that name. */
    if (!early)
        c->last_ms[end] = at;
    sim_event_add(from->sim, from,
                  &(struct sim_event){.at = at,
                                      .what = SIM_FRAME,
                                      .node = to,
                                      .boot = from->sim->node[to].boot,
                                      .link = c->link},
                  frame);
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

/* A frame goes out: whoever wants to see it does so here. */
static void note(struct sim_node *n, const struct sim_conn *c, int end, struct kai_view frame)
{
    struct kai_sim *s = n->sim;
    struct kai_frame f;

    SIM_MUST(frame.n <= KAI_FRAME_BYTES_MAX);
    n->worker->count.frames++;
    n->worker->count.bytes[frame.p[1] & 127u] += frame.n; /* [type, ...]: one byte each. */
    if (s->tap && (s->tap_node == c->a || s->tap_node == c->b))
        s->tap(s->tap_ctx, frame);
    if (s->o.quick) {
        n->hash = (n->hash ^ frame.n ^ c->link << 20) * SIM_HASH_PRIME + sim_now(n);
        return;
    }
    SIM_MUST(kai_frame_parse(&f, frame) == KAI_OK);
    sim_oracle_frame(s, n, c, frame);
    sim_say(n, "%zu > %zu %s %zu", n->index, end ? c->a : c->b, name_of(f.type), frame.n);
}

bool sim_wire_send(struct sim_node *n, uint64_t link, struct kai_view frame)
{
    struct kai_sim *s = n->sim;
    struct sim_conn *c = sim_wire_conn(s, link);
    struct kai_sim_counters *count = &n->worker->count;
    int end = c->a == n->index ? 0 : 1;
    bool early;

    if (!c->up || c->left[end])
        return true;
    if (c->blocked)
        return false;
    if (sim_node_chance(n, s->o.stuck)) {
        count->stuck++;
        sim_event_add(s, n,
                      &(struct sim_event){.at = sim_now(n) + 20,
                                          .what = SIM_WRITABLE,
                                          .node = n->index,
                                          .boot = n->boot,
                                          .link = link},
                      (struct kai_view){0});
        return false;
    }
    note(n, c, end, frame);
    if (c->raw) {
        keep_raw(c, frame);
        return true;
    }
    if (sim_node_chance(n, s->o.loss)) {
        count->lost++;
        return true;
    }
    if (sim_node_chance(n, s->o.dup)) {
        count->repeated++;
        schedule(n, c, end, frame, true);
    }
    early = sim_node_chance(n, s->o.reorder);
    count->reordered += early ? 1u : 0u;
    schedule(n, c, end, frame, early);
    return true;
}

static void tell_down(struct kai_sim *s, struct sim_node *by, uint64_t link, size_t node,
                      uint64_t at)
{
    if (s->node[node].up)
        sim_event_add(
            s, by,
            &(struct sim_event){
                .at = at, .what = SIM_DOWN, .node = node, .boot = s->node[node].boot, .link = link},
            (struct kai_view){0});
}

void sim_wire_cut(struct kai_sim *s, struct sim_conn *c)
{
    if (!c->up)
        return;
    end(s, c);
    tell_down(s, NULL, c->link, c->a, s->now + 1);
    if (!c->raw)
        tell_down(s, NULL, c->link, c->b, s->now + 1);
}

void sim_wire_dropped(struct kai_sim *s, struct sim_conn *c)
{
    if (c->up)
        end(s, c);
}

void sim_wire_drop(struct sim_node *n, uint64_t link, enum kai_bye why)
{
    struct kai_sim *s = n->sim;
    struct sim_worker *w = n->worker;
    struct sim_conn *c = sim_wire_conn(s, link);
    int side = c->a == n->index ? 0 : 1;

    sim_say(n, "%zu drops %llu: %d", n->index, (unsigned long long)link, (int)why);
    if (why < 102)
        w->count.drops[why]++;
    if (c->raw) {
        c->dropped = true;
        c->why = why;
    }
    if (!c->up || c->left[side])
        return;
    c->left[side] = true;
    if (!c->raw) /* What is under way arrives first. */
        tell_down(s, n, link, side == 0 ? c->b : c->a, sim_now(n) + s->o.latency_ms + 1);
    if (!s->in_window) {
        sim_wire_dropped(s, c);
        return;
    }
    w->drop = sim_grow(w->drop, w->n_drops, &w->cap_drops, sizeof *w->drop);
    w->drop[w->n_drops++] = c;
}

void kai_sim_tap(struct kai_sim *s, size_t node, kai_sim_tap_fn *f, void *ctx)
{
    s->tap = f;
    s->tap_ctx = ctx;
    s->tap_node = node;
}

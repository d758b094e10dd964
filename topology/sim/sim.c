/* sim: the virtual clock and its events. */
#include "topology/sim/sim_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/start.h"

_Noreturn void sim_die(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "simulator: %s (%s:%d)\n", what, file, line);
    abort();
}

uint64_t sim_random(struct kai_sim *s) /* splitmix64 */
{
    uint64_t z = s->rng += 0x9e3779b97f4a7c15ull;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

void sim_fill(void *sim, void *out, size_t n)
{
    uint8_t *p = out;

    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(sim_random(sim) >> 32);
}

bool sim_chance(struct kai_sim *s, unsigned of_1000)
{
    return of_1000 > 0 && sim_random(s) % 1000 < of_1000;
}

void *sim_grow(void *p, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return p;
    *cap = *cap ? 2 * *cap : 16;
    p = realloc(p, *cap * size);
    SIM_MUST(p);
    return p;
}

void sim_trace(struct kai_sim *s, const char *format, ...)
{
    char line[256];
    va_list ap;
    int n = snprintf(line, sizeof line, "[%8llu] ", (unsigned long long)s->now);

    va_start(ap, format);
    (void)vsnprintf(line + n, sizeof line - (size_t)n, format, ap);
    va_end(ap);
    for (const char *c = line; *c; c++)
        s->hash = (s->hash ^ (uint8_t)*c) * 0x100000001b3ull;
    if (s->o.trace)
        (void)fprintf(stderr, "%s\n", line);
}

struct sim_entry sim_copy(const struct kai_entry *e)
{
    struct sim_entry c = {.e = *e};
    uint8_t *at = malloc(e->hdr.n + e->sig.n + e->payload.n + 1);

    SIM_MUST(at);
    c.bytes = at;
    memcpy(at, e->hdr.p, e->hdr.n);
    c.e.hdr.p = at;
    at += e->hdr.n;
    memcpy(at, e->sig.p, e->sig.n);
    c.e.sig.p = at;
    at += e->sig.n;
    if (e->payload.p) {
        if (e->payload.n > 0)
            memcpy(at, e->payload.p, e->payload.n);
        c.e.payload.p = at;
    }
    return c;
}

/* ---- The heap of events. */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->no < b->no;
}

void sim_event_add(struct kai_sim *s, struct sim_event e)
{
    size_t i = s->n_events++;

    s->event = sim_grow(s->event, i, &s->cap_events, sizeof *s->event);
    e.no = s->next_no++;
    while (i > 0 && before(&e, &s->event[(i - 1) / 2])) {
        s->event[i] = s->event[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    s->event[i] = e;
}

static struct sim_event pop(struct kai_sim *s)
{
    struct sim_event first = s->event[0], last = s->event[--s->n_events];
    size_t i = 0;

    for (;;) {
        size_t c = 2 * i + 1;
        if (c >= s->n_events)
            break;
        if (c + 1 < s->n_events && before(&s->event[c + 1], &s->event[c]))
            c++;
        if (!before(&s->event[c], &last))
            break;
        s->event[i] = s->event[c];
        i = c;
    }
    if (s->n_events > 0)
        s->event[i] = last;
    return first;
}

static void free_event(struct sim_event *e)
{
    free(e->entry.bytes);
    free((void *)(uintptr_t)e->frame.p);
}

/* The disk verifies, then keeps. */
static void stored(struct kai_sim *s, struct sim_node *n, struct sim_event *e)
{
    struct sim_log *log = sim_disk_log(n, e->log.log_pk);
    struct sim_entry kept = e->entry;

    if (kai_entry_verify(&e->entry.e, s->charter.nid) != KAI_OK) {
        kai_net_on_refused(n->net, e->link, e->log.log_pk, e->entry.e.h.seq, KAI_EAUTH, s->now);
        return;
    }
    if ((log ? log->n : 0) + 1 != e->entry.e.h.seq) {
        kai_net_on_refused(n->net, e->link, e->log.log_pk, e->entry.e.h.seq, KAI_EMALFORMED,
                           s->now);
        return;
    }
    e->entry.bytes = NULL;
    sim_disk_append(n, &e->log, kept);
    kai_net_on_stored(n->net, e->log.log_pk, &kept.e, s->now);
}

static void happen(struct kai_sim *s, struct sim_event *e)
{
    struct sim_node *n = &s->node[e->node];
    struct sim_entry kept = e->entry;

    if (!n->up || n->boot != e->boot)
        return;
    switch (e->what) {
    case SIM_FRAME:
        sim_wire_frame(s, e);
        break;
    case SIM_STORED:
        stored(s, n, e);
        break;
    case SIM_CTL_STORED:
        e->entry.bytes = NULL;
        sim_disk_ctl(n, sim_copy(&kept.e));
        kai_net_on_ctl_stored(n->net, &kept.e, s->now);
        free(kept.bytes);
        break;
    case SIM_WRITABLE:
        kai_net_on_writable(n->net, e->link, s->now);
        break;
    case SIM_DOWN:
        kai_net_on_down(n->net, e->link, s->now);
        break;
    }
    n->tick_ms = kai_net_next(n->net);
}

/* ---- Time. */

static void tick_all(struct kai_sim *s)
{
    for (size_t i = 0; i < s->o.n_nodes; i++) {
        struct sim_node *n = &s->node[i];
        struct kai_net_counters c;
        if (!n->up || s->now < n->tick_ms)
            continue;
        n->tick_ms = kai_net_on_tick(n->net, s->now, SIM_WALL_MS + s->now);
        sim_node_duties(s, i);
        n->tick_ms = kai_net_next(n->net);
        kai_net_counters(n->net, &c);
        if (c.memory_bytes > s->memory_most)
            s->memory_most = c.memory_bytes;
        s->count.parked = c.entries_parked > s->count.parked ? c.entries_parked : s->count.parked;
    }
    if (!s->o.no_dials)
        sim_wire_dials(s);
}

static uint64_t next_time(const struct kai_sim *s, uint64_t end)
{
    uint64_t next = end;

    if (s->n_events > 0 && s->event[0].at < next)
        next = s->event[0].at;
    for (size_t i = 0; i < s->o.n_nodes; i++)
        if (s->node[i].up && s->node[i].tick_ms < next)
            next = s->node[i].tick_ms;
    return next > s->now ? next : s->now;
}

void kai_sim_run(struct kai_sim *s, uint64_t ms)
{
    uint64_t end = s->now + ms;

    for (;;) {
        while (s->n_events > 0 && s->event[0].at <= s->now) {
            struct sim_event e = pop(s);
            happen(s, &e);
            free_event(&e);
        }
        tick_all(s);
        if (s->now >= end)
            return;
        s->now = next_time(s, end);
    }
}

/* ---- The script. */

struct kai_sim *kai_sim_new(const struct kai_sim_options *o)
{
    struct kai_sim *s = calloc(1, sizeof *s);

    SIM_MUST(kai_crypto_start() == KAI_OK);
    SIM_MUST(s && o->n_nodes <= KAI_SIM_NODES && o->n_nodes >= 2);
    s->o = *o;
    if (s->o.latency_ms == 0)
        s->o.latency_ms = 40;
    s->rng = o->seed;
    s->hash = 0xcbf29ce484222325ull;
    s->now = 1000;
    sim_world_make(s);
    for (size_t i = 1; i + o->late < o->n_nodes; i++)
        sim_world_admit(s, i);
    for (size_t i = 0; i + o->late < o->n_nodes; i++)
        sim_node_start(s, i);
    return s;
}

void kai_sim_free(struct kai_sim *s)
{
    while (s->n_events > 0)
        free_event(&s->event[--s->n_events]);
    for (size_t i = 0; i < s->o.n_nodes; i++)
        sim_node_free(&s->node[i]);
    for (size_t i = 0; i < s->n_conns; i++) {
        for (size_t k = 0; k < SIM_RAW_KEEP; k++)
            kai_buf_free(&s->conn[i]->sent[k]);
        free(s->conn[i]);
    }
    for (size_t i = 0; i < KAI_SIM_NODES; i++)
        free(s->revoke[i].bytes);
    kai_buf_free(&s->charter_record);
    free(s->conn);
    free(s->event);
    free(s->truth);
    free(s);
}

void kai_sim_admit_late(struct kai_sim *s, size_t node)
{
    sim_trace(s, "admit %zu", node);
    sim_world_admit(s, node);
    sim_node_start(s, node);
}

void kai_sim_revoke(struct kai_sim *s, size_t node)
{
    struct sim_entry e = sim_world_revoke(s, node);

    sim_trace(s, "revoke %zu", node);
    s->revoke[node] = sim_copy(&e.e);
    s->node[node].revoked = true;
    sim_disk_ctl(&s->node[0], e);
    SIM_MUST(kai_net_on_own_ctl(s->node[0].net, &s->revoke[node].e, s->now) == KAI_OK);
}

void kai_sim_restart(struct kai_sim *s, size_t node)
{
    sim_trace(s, "restart %zu", node);
    s->count.restarts++;
    sim_node_stop(s, node);
    sim_node_start(s, node);
}

void kai_sim_partition(struct kai_sim *s, uint32_t side)
{
    s->side = side;
    sim_trace(s, "partition %x", side);
    for (size_t i = 0; i < s->n_conns; i++) {
        struct sim_conn *c = s->conn[i];
        if (c->up && !c->raw && ((side >> c->a ^ side >> c->b) & 1u)) {
            s->count.cuts++;
            sim_wire_cut(s, c);
        }
    }
}

void kai_sim_cut_all(struct kai_sim *s)
{
    for (size_t i = 0; i < s->n_conns; i++)
        if (s->conn[i]->up && !s->conn[i]->raw) {
            s->count.cuts++;
            sim_wire_cut(s, s->conn[i]);
        }
}

void kai_sim_calm(struct kai_sim *s)
{
    s->o.loss = s->o.dup = s->o.reorder = s->o.stuck = 0;
    kai_sim_partition(s, 0);
}

/* ---- What is so. */

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
    return s->hash;
}

struct kai_sim_counters kai_sim_counts(const struct kai_sim *s)
{
    return s->count;
}

size_t kai_sim_memory_most(const struct kai_sim *s)
{
    return s->memory_most;
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

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

static bool same(const struct kai_entry *a, const struct kai_entry *b)
{
    return kai_view_eq(a->sig, b->sig) && (a->payload.p == NULL) == (b->payload.p == NULL) &&
           (a->payload.p == NULL || kai_view_eq(a->payload, b->payload));
}

static struct kai_view put(uint8_t **at, struct kai_view v)
{
    struct kai_view kept = {.p = v.p ? *at : NULL, .n = v.n};

    if (v.n > 0)
        memcpy(*at, v.p, v.n);
    *at += v.n;
    return kept;
}

struct sim_entry *sim_keep(struct kai_sim *s, const struct kai_entry *e)
{
    size_t held = sim_map_get(&s->by_hash, e->hash);
    struct sim_entry *x = held == SIM_MAP_NONE ? NULL : (struct sim_entry *)(uintptr_t)held;
    uint8_t *at;

    if (x && same(&x->e, e))
        return x;
    x = calloc(1, sizeof *x + e->hdr.n + e->sig.n + e->payload.n + 1);
    SIM_MUST(x);
    at = x->bytes;
    x->e = *e;
    x->e.hdr = put(&at, e->hdr);
    x->e.sig = put(&at, e->sig);
    x->e.payload = put(&at, e->payload);
    x->author = SIM_NOBODY;
    x->at = s->now;
    x->next = s->library;
    x->no = s->n_library++;
    s->library = x;
    if (held == SIM_MAP_NONE) /* What has the same hash and is another one is forged, or bare. */
        sim_map_put(&s->by_hash, e->hash, (size_t)(uintptr_t)x);
    return x;
}

/* ---- The heap of events. */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->no < b->no;
}

void sim_event_add(struct kai_sim *s, const struct sim_event *event)
{
    struct sim_event *e = malloc(sizeof *e);
    size_t i = s->n_events++;

    SIM_MUST(e);
    *e = *event;
    s->event = sim_grow(s->event, i, &s->cap_events, sizeof *s->event);
    e->no = s->next_no++;
    while (i > 0 && before(e, s->event[(i - 1) / 2])) {
        s->event[i] = s->event[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    s->event[i] = e;
}

static struct sim_event *pop(struct kai_sim *s)
{
    struct sim_event *first = s->event[0], *last = s->event[--s->n_events];
    size_t i = 0;

    for (;;) {
        size_t c = 2 * i + 1;
        if (c >= s->n_events)
            break;
        if (c + 1 < s->n_events && before(s->event[c + 1], s->event[c]))
            c++;
        if (!before(s->event[c], last))
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
    free((void *)(uintptr_t)e->frame.p);
    free(e);
}

/* The disk verifies, then keeps. */
static void stored(struct kai_sim *s, struct sim_node *n, struct sim_event *e)
{
    struct sim_log *log = sim_disk_log(n, e->log.log_pk);
    const struct kai_entry *x = &e->entry->e;

    if (kai_entry_verify(x, s->charter.nid) != KAI_OK) {
        kai_net_on_refused(n->net, e->link, e->log.log_pk, x->h.seq, KAI_EAUTH, s->now);
        return;
    }
    if ((log ? log->n : 0) + 1 != x->h.seq) {
        kai_net_on_refused(n->net, e->link, e->log.log_pk, x->h.seq, KAI_EMALFORMED, s->now);
        return;
    }
    sim_disk_append(n, &e->log, e->entry);
    kai_net_on_stored(n->net, e->log.log_pk, x, s->now);
}

void sim_wake(struct kai_sim *s, size_t node)
{
    uint64_t at = s->tick_ms[node] > s->now ? s->tick_ms[node] : s->now;

    if (!s->node[node].up || (s->sched_ms[node] != 0 && s->sched_ms[node] <= at))
        return;
    s->sched_ms[node] = at;
    sim_event_add(s, &(struct sim_event){
                         .at = at, .what = SIM_TICK, .node = node, .boot = s->node[node].boot});
}

void sim_poke(struct kai_sim *s, size_t node)
{
    s->tick_ms[node] = s->now;
    sim_wake(s, node);
}

static void tick(struct kai_sim *s, struct sim_event *e)
{
    struct sim_node *n = &s->node[e->node];
    struct kai_net_counters c;

    if (s->sched_ms[e->node] != e->at)
        return; /* One that was sooner has come. */
    s->sched_ms[e->node] = 0;
    if (s->now < s->tick_ms[e->node])
        return;
    (void)kai_net_on_tick(n->net, s->now, sim_wall(s));
    sim_node_duties(s, e->node);
    kai_net_counters(n->net, &c);
    if (c.memory_bytes > s->memory_most)
        s->memory_most = c.memory_bytes;
    s->count.parked = c.entries_parked > s->count.parked ? c.entries_parked : s->count.parked;
}

static void happen(struct kai_sim *s, struct sim_event *e)
{
    struct sim_node *n = &s->node[e->node];

    if (!n->up || n->boot != e->boot)
        return;
    switch (e->what) {
    case SIM_TICK:
        tick(s, e);
        break;
    case SIM_FRAME:
        sim_wire_frame(s, e);
        break;
    case SIM_STORED:
        stored(s, n, e);
        break;
    case SIM_CTL_STORED:
        sim_disk_ctl(n, e->entry);
        kai_net_on_ctl_stored(n->net, &e->entry->e, s->now);
        break;
    case SIM_WRITABLE:
        kai_net_on_writable(n->net, e->link, s->now);
        break;
    case SIM_DOWN:
        kai_net_on_down(n->net, e->link, s->now);
        sim_dial_now(s, e->node);
        break;
    }
    if (n->unread)
        sim_node_read(n);
    n->ctl = kai_net_ctl(n->net);
    s->tick_ms[e->node] = kai_net_next(n->net);
    sim_wake(s, e->node);
}

/* ---- Time. */

static uint64_t next_time(const struct kai_sim *s, uint64_t end)
{
    uint64_t next = end;

    if (s->n_events > 0 && s->event[0]->at < next)
        next = s->event[0]->at;
    if (!s->o.no_dials && s->dial_ms < next)
        next = s->dial_ms;
    return next > s->now ? next : s->now;
}

void kai_sim_run(struct kai_sim *s, uint64_t ms)
{
    uint64_t end = s->now + ms;

    for (;;) {
        while (s->n_events > 0 && s->event[0]->at <= s->now) {
            struct sim_event *e = pop(s);
            happen(s, e);
            free_event(e);
        }
        if (!s->o.no_dials)
            sim_dials(s);
        if (s->now >= end)
            return;
        s->now = next_time(s, end);
    }
}

/* ---- The script. */

/* Everybody has heard of everybody. */
static void introduce_all(struct kai_sim *s)
{
    for (struct sim_entry *e = s->library; e; e = e->next)
        for (size_t i = 0; i < s->n_nodes; i++)
            if (s->node[i].admitted && e->e.h.ptype == KAI_PTYPE_CONTROL)
                sim_disk_ctl(&s->node[i], e);
    for (size_t i = 0; i < s->n_nodes; i++)
        for (size_t k = 0; k < s->n_nodes && s->node[i].admitted; k++)
            if (s->node[k].admitted)
                s->node[i].note[k] = sim_world_addr(s, k);
}

struct kai_sim *kai_sim_new(const struct kai_sim_options *o)
{
    struct kai_sim *s = calloc(1, sizeof *s);

    SIM_MUST(kai_crypto_start() == KAI_OK);
    SIM_MUST(s);
    s->o = *o;
    s->planned = o->plan != NULL;
    s->shared = o->shared;
    s->o.plan = NULL;
    if (s->o.latency_ms == 0)
        s->o.latency_ms = 40;
    s->rng = o->seed;
    s->hash = 0xcbf29ce484222325ull;
    s->now = 1000;
    SIM_MUST(kai_packer_new(&s->packer) == KAI_OK);
    kai_buf_init(&s->opened, KAI_BODY_BYTES_MAX);
    kai_buf_init(&s->scratch, KAI_BODY_BYTES_MAX);
    sim_world_make(s, o->plan);
    if (s->o.introduced)
        introduce_all(s);
    if (s->o.primed)
        sim_prime(s);
    for (size_t i = 0; i < s->n_nodes; i++)
        if (s->node[i].admitted)
            sim_node_start(s, i);
    return s;
}

static void free_world(struct kai_sim *s)
{
    struct sim_entry *next;

    for (size_t i = 0; i < s->n_nodes; i++) {
        sim_node_free(&s->node[i]);
        kai_buf_free(&s->addr[i]);
    }
    for (size_t i = 0; i < s->n_auds; i++) {
        for (size_t k = 0; k < s->aud[i].n_versions; k++)
            kai_buf_free(&s->aud[i].version[k].rule);
        free(s->aud[i].version);
    }
    for (struct sim_entry *e = s->library; e; e = next) {
        next = e->next;
        free(e->seen_ms);
        free(e);
    }
    free(s->track);
}

void kai_sim_free(struct kai_sim *s)
{
    while (s->n_events > 0)
        free_event(s->event[--s->n_events]);
    free_world(s);
    for (size_t i = 0; i < s->n_conns; i++) {
        for (size_t k = 0; s->conn[i]->sent && k < SIM_RAW_KEEP; k++)
            kai_buf_free(&s->conn[i]->sent[k]);
        free(s->conn[i]->sent);
        free(s->conn[i]);
    }
    sim_map_free(&s->by_hash);
    sim_map_free(&s->by_log);
    sim_map_free(&s->node_by_id);
    sim_map_free(&s->node_by_curve);
    kai_buf_free(&s->charter_record);
    kai_buf_free(&s->opened);
    kai_buf_free(&s->scratch);
    kai_packer_free(s->packer);
    free(s->addr);
    free(s->conn);
    free(s->event);
    free(s->truth);
    free(s->secret);
    free(s);
}

void kai_sim_admit_late(struct kai_sim *s, size_t node)
{
    size_t org = s->node[node].org;

    sim_trace(s, "admit %zu", node);
    s->count.admits++;
    sim_world_org(s, org);
    for (size_t i = 0; i < s->n_nodes; i++)
        if (s->node[i].org == org) {
            if (s->o.introduced)
                sim_world_addresses(s, i);
            sim_node_start(s, i);
        }
}

void kai_sim_revoke(struct kai_sim *s, size_t node)
{
    size_t org = s->node[node].org;

    sim_trace(s, "revoke %zu", node);
    s->count.revokes++;
    s->org[org].revoked = true;
    for (size_t i = 0; i < s->n_nodes; i++)
        s->node[i].revoked = s->node[i].revoked || s->node[i].org == org;
    s->org[org].revoke = sim_world_revoke(s, org);
}

void kai_sim_revoke_node(struct kai_sim *s, size_t node)
{
    sim_trace(s, "revoke node %zu", node);
    s->count.revokes++;
    s->node[node].revoked = true;
    s->node[node].revoke = sim_world_revoke_node(s, node);
}

void kai_sim_stop(struct kai_sim *s, size_t node)
{
    sim_trace(s, "stop %zu", node);
    if (s->node[node].up)
        sim_node_stop(s, node);
}

void kai_sim_start(struct kai_sim *s, size_t node)
{
    sim_trace(s, "start %zu", node);
    s->count.restarts++;
    if (!s->node[node].up)
        sim_node_start(s, node);
}

bool kai_sim_up(const struct kai_sim *s, size_t node)
{
    return s->node[node].up;
}

void kai_sim_restart(struct kai_sim *s, size_t node)
{
    kai_sim_stop(s, node);
    kai_sim_start(s, node);
}

static void cut_apart(struct kai_sim *s)
{
    for (size_t i = 0; i < s->n_conns; i++) {
        struct sim_conn *c = s->conn[i];
        if (c->up && !c->raw && s->side[c->a] != s->side[c->b]) {
            s->count.cuts++;
            sim_wire_cut(s, c);
        }
    }
}

void kai_sim_sleep(struct kai_sim *s, uint64_t ms)
{
    sim_trace(s, "asleep for %llu ms", (unsigned long long)ms);
    s->slept_ms += ms;
}

void kai_sim_partition(struct kai_sim *s, uint32_t side)
{
    for (size_t i = 0; i < s->n_nodes; i++)
        s->side[i] = i < 32 && (side >> i & 1u) != 0;
    sim_trace(s, "partition %x", side);
    cut_apart(s);
}

void kai_sim_partition_some(struct kai_sim *s, unsigned of_1000)
{
    for (size_t i = 0; i < s->n_nodes; i++)
        s->side[i] = sim_chance(s, of_1000);
    sim_trace(s, "partition by lot");
    cut_apart(s);
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

/* sim: the whole of a simulation: dice, trace, library, and what the script does. */
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

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ull;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

uint64_t sim_random(struct kai_sim *s)
{
    return splitmix(&s->rng);
}

uint64_t sim_node_random(struct sim_node *n)
{
    return splitmix(&n->rng);
}

static void fill(uint64_t *state, uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(splitmix(state) >> 32);
}

void sim_fill(void *sim, void *out, size_t n)
{
    fill(&((struct kai_sim *)sim)->rng, out, n);
}

void sim_node_fill(void *node, void *out, size_t k)
{
    fill(&((struct sim_node *)node)->rng, out, k);
}

bool sim_chance(struct kai_sim *s, unsigned of_1000)
{
    return of_1000 > 0 && sim_random(s) % 1000 < of_1000;
}

bool sim_node_chance(struct sim_node *n, unsigned of_1000)
{
    return of_1000 > 0 && sim_node_random(n) % 1000 < of_1000;
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

static void trace(const struct kai_sim *s, uint64_t *hash, uint64_t now, const char *format,
                  va_list ap) __attribute__((format(printf, 4, 0)));
static void trace(const struct kai_sim *s, uint64_t *hash, uint64_t now, const char *format,
                  va_list ap)
{
    char line[256];
    int n = snprintf(line, sizeof line, "[%8llu] ", (unsigned long long)now);

    (void)vsnprintf(line + n, sizeof line - (size_t)n, format, ap);
    for (const char *c = line; *c; c++)
        *hash = (*hash ^ (uint8_t)*c) * SIM_HASH_PRIME;
    if (s->o.trace)
        (void)fprintf(stderr, "%s\n", line);
}

void sim_trace(struct kai_sim *s, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    trace(s, &s->hash, s->now, format, ap);
    va_end(ap);
}

void sim_say(struct sim_node *n, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    trace(n->sim, &n->hash, sim_now(n), format, ap);
    va_end(ap);
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

static struct sim_entry *make(const struct kai_entry *e, uint64_t now)
{
    struct sim_entry *x = calloc(1, sizeof *x + e->hdr.n + e->sig.n + e->payload.n + 1);
    uint8_t *at;

    SIM_MUST(x);
    at = x->bytes;
    x->e = *e;
    x->e.hdr = put(&at, e->hdr);
    x->e.sig = put(&at, e->sig);
    x->e.payload = put(&at, e->payload);
    x->author = SIM_NOBODY;
    x->at = now;
    return x;
}

struct sim_entry *sim_keep(struct kai_sim *s, const struct kai_entry *e, uint64_t now)
{
    struct sim_entry *x;
    size_t held;

    (void)pthread_mutex_lock(&s->lock);
    held = sim_map_get(&s->by_hash, e->hash);
    x = held == SIM_MAP_NONE ? NULL : (struct sim_entry *)(uintptr_t)held;
    if (!x || !same(&x->e, e)) {
        x = make(e, now);
        x->next = s->library;
        x->no = s->n_library++;
        s->library = x;
        if (held == SIM_MAP_NONE) /* What has the same hash and is another is forged, or bare. */
            sim_map_put(&s->by_hash, e->hash, (size_t)(uintptr_t)x);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return x;
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
                sim_world_hears_of(s, i, k);
}

static void hire(struct kai_sim *s)
{
    s->n_workers = s->o.threads > 0 ? s->o.threads : 1;
    SIM_MUST(s->n_workers <= SIM_WORKERS);
    SIM_MUST(pthread_mutex_init(&s->lock, NULL) == 0);
    for (size_t i = 0; i < s->n_workers; i++) {
        s->worker[i].sim = s;
        SIM_MUST(kai_packer_new(&s->worker[i].packer) == KAI_OK);
        kai_buf_init(&s->worker[i].opened, KAI_BODY_BYTES_MAX);
        kai_buf_init(&s->worker[i].scratch, KAI_BODY_BYTES_MAX);
    }
    s->crew = s->n_workers > 1 ? sim_crew_new(s, s->n_workers - 1) : NULL;
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
    s->hash = SIM_HASH_FIRST;
    s->now = 1000;
    s->least_ms = o->path_ms ? UINT32_MAX : 1;
    hire(s);
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
    sim_crew_free(s->crew);
    sim_clock_free(s);
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
    for (size_t i = 0; i < s->n_workers; i++) {
        kai_buf_free(&s->worker[i].opened);
        kai_buf_free(&s->worker[i].scratch);
        kai_packer_free(s->worker[i].packer);
    }
    (void)pthread_mutex_destroy(&s->lock);
    free(s->addr);
    free(s->conn);
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

/* bound: shortest paths from one node to all (Dijkstra), with a heap of nodes. */
#include "topology/sim/bound.h"

#include <assert.h>
#include <stdlib.h>

struct arc {
    uint32_t to, latency_ms;
};

struct kai_bound {
    size_t n_nodes;
    size_t *first;   /* Of the arcs from each node; one more at the end. */
    struct arc *arc; /* By the node that they leave. */
    uint32_t *heap;  /* Nodes that were heard of and are not done, the earliest first. */
    size_t n_heap;
    size_t *place; /* Of each node in the heap. */
};

#define NOWHERE SIZE_MAX /* Not in the heap. */

static void arcs(struct kai_bound *b, const struct kai_bound_link *links, size_t n_links)
{
    for (size_t i = 0; i < n_links; i++) {
        b->first[links[i].a]++;
        b->first[links[i].b]++;
    }
    /* Every first is the end of its node's arcs now, and moves back as they are put in. */
    for (size_t i = 1; i <= b->n_nodes; i++)
        b->first[i] += b->first[i - 1];
    for (size_t i = 0; i < n_links; i++) {
        const struct kai_bound_link *l = &links[i];

        b->arc[--b->first[l->a]] = (struct arc){.to = l->b, .latency_ms = l->latency_ms};
        b->arc[--b->first[l->b]] = (struct arc){.to = l->a, .latency_ms = l->latency_ms};
    }
}

enum kai_err kai_bound_new(struct kai_bound **out, size_t n_nodes,
                           const struct kai_bound_link *links, size_t n_links)
{
    struct kai_bound *b;

    *out = NULL;
    for (size_t i = 0; i < n_links; i++)
        if (links[i].a >= n_nodes || links[i].b >= n_nodes)
            return KAI_EMALFORMED;
    b = calloc(1, sizeof *b);
    if (b == NULL)
        return KAI_ENOMEM;
    b->n_nodes = n_nodes;
    b->first = calloc(n_nodes + 1, sizeof *b->first);
    b->arc = calloc(n_links + 1, 2 * sizeof *b->arc); /* + 1: an empty allocation may be NULL. */
    b->heap = calloc(n_nodes + 1, sizeof *b->heap);
    b->place = calloc(n_nodes + 1, sizeof *b->place);
    if (b->first == NULL || b->arc == NULL || b->heap == NULL || b->place == NULL) {
        kai_bound_free(b);
        return KAI_ENOMEM;
    }
    arcs(b, links, n_links);
    *out = b;
    return KAI_OK;
}

void kai_bound_free(struct kai_bound *b)
{
    if (b == NULL)
        return;
    free(b->first);
    free(b->arc);
    free(b->heap);
    free(b->place);
    free(b);
}

static void put(struct kai_bound *b, size_t at, uint32_t node)
{
    b->heap[at] = node;
    b->place[node] = at;
}

/* A node became earlier, or new at the end: towards the front until its parent is no later. */
static void rise(struct kai_bound *b, const uint64_t *at_ms, size_t at)
{
    uint32_t node = b->heap[at];

    for (; at > 0 && at_ms[b->heap[(at - 1) / 2]] > at_ms[node]; at = (at - 1) / 2)
        put(b, at, b->heap[(at - 1) / 2]);
    put(b, at, node);
}

static uint32_t take(struct kai_bound *b, const uint64_t *at_ms)
{
    uint32_t first = b->heap[0];
    uint32_t last = b->heap[--b->n_heap];
    size_t at = 0;

    b->place[first] = NOWHERE;
    if (b->n_heap == 0)
        return first;
    for (size_t child; (child = 2 * at + 1) < b->n_heap; at = child) {
        if (child + 1 < b->n_heap && at_ms[b->heap[child + 1]] < at_ms[b->heap[child]])
            child++;
        if (at_ms[b->heap[child]] >= at_ms[last])
            break;
        put(b, at, b->heap[child]);
    }
    put(b, at, last);
    return first;
}

struct kai_bound_reach kai_bound_flood(struct kai_bound *b, size_t source, uint64_t hop_ms,
                                       uint64_t *at_ms)
{
    struct kai_bound_reach r = {0};

    assert(source < b->n_nodes);
    for (size_t i = 0; i < b->n_nodes; i++) {
        at_ms[i] = KAI_BOUND_NEVER;
        b->place[i] = NOWHERE;
    }
    at_ms[source] = 0;
    put(b, b->n_heap++, (uint32_t)source);
    while (b->n_heap > 0) {
        uint32_t node = take(b, at_ms);

        r.n++;
        r.last_ms = at_ms[node];
        for (size_t i = b->first[node]; i < b->first[node + 1]; i++) {
            const struct arc *a = &b->arc[i];
            uint64_t then = at_ms[node] + a->latency_ms + hop_ms;

            if (then >= at_ms[a->to])
                continue;
            at_ms[a->to] = then; /* Later than now, so it is not done. */
            if (b->place[a->to] == NOWHERE)
                put(b, b->n_heap++, a->to);
            rise(b, at_ms, b->place[a->to]);
        }
    }
    return r;
}

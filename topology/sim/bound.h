/* bound: how fast news could reach an audience at best: by the shortest path from its source.
 *
 * A flood over the links at hand in which nobody waits, nothing is lost and no link is busy: what a
 * node is told at t it holds (and has committed to its store) at t + hop, and only then passes on.
 * What was measured is never below it where the links were the same. */
#ifndef KAI_TOPOLOGY_BOUND_H
#define KAI_TOPOLOGY_BOUND_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define KAI_BOUND_NEVER UINT64_MAX /* No path leads there. */

struct kai_bound_link { /* Both ways. */
    uint32_t a, b;
    uint32_t latency_ms; /* One way. */
};

/* The nodes of an audience, numbered from 0, and the links between them. */
struct kai_bound; /* Opaque: from kai_bound_new() to kai_bound_free(). */
/* links[n_links] is read and not kept; a link of a node with itself counts for nothing, of two
 * between the same nodes the faster counts. The caller owns *out, which is NULL on failure. Errors:
 * KAI_EMALFORMED (a link names a node that is not there); KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_bound_new(struct kai_bound **out, size_t n_nodes,
                                        const struct kai_bound_link *links, size_t n_links);
void kai_bound_free(struct kai_bound *b); /* NULL does nothing. */

struct kai_bound_reach {
    size_t n;         /* Nodes that a path leads to, the source among them. */
    uint64_t last_ms; /* When the last of these has it. */
};
/* Write into at_ms[n_nodes] when each node has what source < n_nodes holds at 0, with hop_ms for
 * each node on the way but the source; KAI_BOUND_NEVER where no path leads. Allocates nothing. */
struct kai_bound_reach kai_bound_flood(struct kai_bound *b, size_t source, uint64_t hop_ms,
                                       uint64_t *at_ms);

#endif

/* sim: a network of engines under a virtual clock, with faults; every run follows from its seed. */
#ifndef KAI_TOPOLOGY_SIM_H
#define KAI_TOPOLOGY_SIM_H

#include <stdio.h>

#include "topology/frame.h"
#include "topology/net.h"

#define KAI_SIM_NODES 16u
#define KAI_SIM_AUDS  4u

struct kai_sim_options {
    uint64_t seed;
    size_t n_nodes;
    size_t late; /* The last ones are not admitted before kai_sim_admit_late(). */
    unsigned loss, dup, reorder, stuck; /* Of 1,000 frames. */
    uint64_t latency_ms;                /* Most; least is 1. */
    bool trace;                         /* Print it. */
    bool no_dials;                      /* The test connects. */
};

struct kai_sim_counters {
    uint64_t lost, repeated, reordered, stuck, cuts, restarts, partitions_hit, frames, intros, held,
        drops[102];
    uint64_t parked;
};

struct kai_sim;
struct kai_sim *kai_sim_new(const struct kai_sim_options *o); /* Aborts without memory. */
void kai_sim_free(struct kai_sim *s);

/* ---- The script. Audience 0 is public, 1 a community of everybody, 2 a community of the
 * organisations of odd nodes. */
void kai_sim_publish(struct kai_sim *s, size_t node, size_t aud,
                     size_t bytes); /* One entry; not before it has a key. */
bool kai_sim_may_publish(struct kai_sim *s, size_t node, size_t aud);
void kai_sim_revoke(struct kai_sim *s, size_t node); /* By the founder, at the founder's node. */
void kai_sim_admit_late(struct kai_sim *s, size_t node);
void kai_sim_restart(struct kai_sim *s, size_t node); /* With what was durable. */
void kai_sim_partition(struct kai_sim *s,
                       uint32_t side); /* Bit i: node i is on the other side; 0: none. */
void kai_sim_cut_all(struct kai_sim *s);
void kai_sim_calm(struct kai_sim *s); /* No more faults. */
void kai_sim_run(struct kai_sim *s, uint64_t ms);
void kai_sim_connect(struct kai_sim *s, size_t from, size_t to);

/* ---- A stranger in place of an engine: frames from it go to the node as if they came over a link.
 */
uint64_t kai_sim_raw_link(struct kai_sim *s, size_t to, size_t as_node, bool dialled_by_node);
void kai_sim_raw_frame(struct kai_sim *s, size_t to, uint64_t link, struct kai_view frame);
/* The last frames that the node sent on it; *n of them, newest last. NULL once the node dropped it.
 */
const struct kai_buf *kai_sim_raw_sent(const struct kai_sim *s, uint64_t link, size_t *n);
void kai_sim_raw_block(struct kai_sim *s, uint64_t link); /* It reads nothing from now on. */
bool kai_sim_raw_dropped(const struct kai_sim *s, uint64_t link, enum kai_bye *why);
void kai_sim_hello_as(struct kai_sim *s, size_t as_node,
                      struct kai_hello *h); /* All but the nonce is filled in. */

/* Send a true MATCH for an audience; the handle of either side is then 0 where the stranger
 * dialled. False: no key. */
bool kai_sim_raw_match(struct kai_sim *s, size_t to, uint64_t link, size_t aud,
                       const uint8_t my_nonce[static 32], bool dialled_by_node);
bool kai_sim_entry(const struct kai_sim *s, size_t node, size_t aud, size_t log, uint64_t seq,
                   struct kai_entry *out);
bool kai_sim_fork(const struct kai_sim *s, size_t node, size_t aud, const struct kai_entry *e,
                  struct kai_buf *out, struct kai_entry *fork);
uint64_t kai_sim_alarms(const struct kai_sim *s, const char *code);

/* ---- What is so. */
uint64_t kai_sim_now(const struct kai_sim *s);
struct kai_net *kai_sim_net(const struct kai_sim *s, size_t node);
/* Whether all members of each audience that are up hold the same entries; *entries (may be NULL)
 * how many in all. */
bool kai_sim_converged(const struct kai_sim *s, size_t *entries);
void kai_sim_explain(const struct kai_sim *s, FILE *out); /* Who lacks what. */
size_t kai_sim_entries(const struct kai_sim *s, size_t node, size_t aud);
bool kai_sim_is_member(const struct kai_sim *s, size_t node, size_t aud);
/* Frames that carried an entry to somebody who may not have it, by the script. Must be 0. */
uint64_t kai_sim_violations(const struct kai_sim *s);
uint64_t kai_sim_hash(const struct kai_sim *s);
struct kai_sim_counters kai_sim_counts(const struct kai_sim *s);
size_t kai_sim_memory_most(const struct kai_sim *s);
const char *kai_sim_state(const struct kai_sim *s, size_t from,
                          size_t to); /* Of the link, or "none". */

#endif

/* national: a network file as a simulation, and what is measured in it. */
#ifndef KAI_TESTS_NATIONAL_H
#define KAI_TESTS_NATIONAL_H

#include "topology/sim/netfile.h"
#include "topology/sim/sim.h"

struct national {
    struct kai_network *net;
    struct kai_sim *s;
    uint64_t dice;
};

/* Read a file, expand it at num/den of its size and begin: everybody has been a member for long,
 * and nobody is linked. shared: nodes that hold the same control entries or notes share them.
 * threads: that run it (kai_sim_options). False: it says why on standard error. */
bool national_new(struct national *w, const char *path, uint64_t seed, uint64_t num, uint64_t den,
                  bool shared, size_t threads);
void national_free(struct national *w);
uint64_t national_roll(struct national *w, uint64_t below);

/* Links of now. */
struct national_shape {
    size_t due, connected; /* Audiences that can be: two dialable members, or a relay. */
    size_t degree_max;
    double degree_mean;
    uint32_t degree[KAI_SIM_NODES]; /* Of nodes that are up: n of them. */
    size_t n;
};
void national_shape(const struct national *w, struct national_shape *out);
/* Run until every audience is connected, at most so long. Returns how long it took. */
uint64_t national_form(struct national *w, uint64_t most_ms);

/* Publish one entry each in so many audiences by lot, by any member that is up; or in all of them
 * (0). */
size_t national_publish(struct national *w, size_t count);

/* What became of the entries published since kai_sim_forget_tracks(). */
struct national_reach {
    size_t entries;
    uint64_t due, got;  /* Deliveries to members that were up all the while. */
    uint64_t *ms;       /* Of each that came; owned by the struct. */
    uint64_t *bound_ms; /* The same by the shortest paths of now. */
    size_t n_bound;
    double ratio_worst, ratio_mean; /* Time to the last member, against the bound. */
    uint64_t last_ms, last_bound_ms;
};
void national_reach(const struct national *w, struct national_reach *out, const bool *was_up);
void national_reach_free(struct national_reach *r);

/* Every node that is up says once, each at its moment of so many seconds, how far its data logs go:
 * a CHECKPOINT, which its home says each hour when they went on. */
struct national_words {
    size_t said, rows, note_bytes; /* Sums. */
    uint64_t due, got;             /* Words and others that are up: who holds it as it was said. */
    uint64_t bytes, all_bytes;     /* Of NOTES, and of all frames, in that time. */
};
void national_words(struct national *w, uint64_t seconds, struct national_words *out);

/* Sums of engine counters over all nodes that are up. */
struct national_cost {
    uint64_t entries, twice, bytes, frames, pushes, grafts, prunes;
};
struct national_cost national_cost(const struct national *w);

/* What the process holds now, in bytes, and what of it stands once for all nodes: sets of control
 * entries and rosters (as many as differ, each as large as a copy that is made to be measured),
 * entries, notes, and the signatures that are remembered. books: what the simulator keeps of each
 * node itself, which no node would. */
struct national_memory {
    size_t all, sets, rosters, entries, notes, signatures, books;
    size_t n_sets, n_rosters;
};
struct national_memory national_memory(const struct national *w);

#endif

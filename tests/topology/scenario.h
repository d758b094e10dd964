/* scenario: a network of hundreds of organisations and what happens to it, from one seed. */
#ifndef KAI_TESTS_SCENARIO_H
#define KAI_TESTS_SCENARIO_H

#include "topology/sim/sim.h"

struct scenario {
    uint64_t seed;
    size_t orgs;   /* 20 to 200. */
    size_t auds;   /* 12 to 60. */
    size_t relays; /* Nodes that only pass on. */
    bool orphans;  /* Every steward goes. */
    size_t hours;  /* Of life under faults between what the script does and the calm. */
    bool trace;
};

struct scenario_result {
    bool ok;
    char why[160]; /* What did not hold. */
    size_t nodes;
    uint64_t entries, read, tried; /* tried: keys of the removed on what is not theirs. */
    uint64_t violations, leaks, unread;
    uint64_t worst_read_ms; /* From links and a clean epoch to all read. */
    size_t worst_aud;
    uint64_t worst_clean_ms; /* From calm to a clean epoch. */
    size_t held_first, held; /* With every steward gone: writers that wait, and after 15 minutes. */
    size_t places; /* In closed audiences, that an heir has by a merger and by nothing else. */
    uint64_t hash, real_ms, virtual_ms;
    size_t memory_most;
    struct kai_sim_counters count;
};

void scenario_run(const struct scenario *sc, struct scenario_result *r);

#endif

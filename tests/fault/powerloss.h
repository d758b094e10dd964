/* powerloss: the workload whose trace is replayed, and what may be found afterwards. */
#ifndef TESTS_FAULT_POWERLOSS_H
#define TESTS_FAULT_POWERLOSS_H

#include "calls.h"
#include "store/kit.h"

#define WORK_STATES_MAX 128u

extern const char *const work_keys[]; /* Names of values; NULL at the end. */

struct work {
    struct trace trace;
    /* A hash of all that stood there after the commit of this number; 0: a new store. */
    uint8_t state[WORK_STATES_MAX][KAI_ID_BYTES];
    size_t states;
    size_t entries; /* That were appended or advanced over. */
};
/* Run the store in dir (absolute, empty) as a node does, from its making on: commits of `commits`
 * groups, each of what the seed says, and two stops and starts. Calls are traced. */
void work_run(struct work *w, const char *dir, uint64_t seed, size_t commits);
void work_free(struct work *w);

#endif

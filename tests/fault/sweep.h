/* sweep: an action is done again and again, and the first, the second, the third ... of its calls
 * to the system or the allocator fails, alone or with all that follow, until a run reaches none
 * that fails. Each run is a process of its own on a copy of what was made before. */
#ifndef TESTS_FAULT_SWEEP_H
#define TESTS_FAULT_SWEEP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "calls.h"
#include "node/rig.h"

/* What a run stands on: all that opens is opened and closed by the scenario. */
struct stage {
    char dir[64];   /* Holds what the scenario changes. */
    struct rig rig; /* Of homes: home and core. */
    struct kai_store *store;
    struct kai_index *index;
    struct kai_why why;
    void *more;
};

struct scenario {
    const char *name;
    /* Make, once, what every run begins with. NULL: an empty folder. */
    void (*base)(struct stage *x);
    void (*begin)(struct stage *x);       /* Before faults. NULL: nothing to do. */
    enum kai_err (*act)(struct stage *x); /* Under faults. */
    void (*end)(struct stage *x);         /* After them; every second run is killed instead. */
    /* In a process of its own, without faults: open what is there, which must go well, and hash
     * what counts. It is what it was before, or what it is after; after, where act said KAI_OK. */
    void (*look)(struct stage *x, uint8_t out[static KAI_ID_BYTES]);
};

extern const struct scenario store_scenarios[];
extern const struct scenario file_scenarios[];
extern const struct scenario node_scenarios[];

/* Ends the process with a word on where. */
#define CHECK(x) ((x) ? (void)0 : check_failed(#x, __FILE__, __LINE__))
#define GOOD(x)  check_good(x, #x, __FILE__, __LINE__)
_Noreturn void check_failed(const char *what, const char *file, int line);
void check_good(enum kai_err err, const char *what, const char *file, int line);

#endif

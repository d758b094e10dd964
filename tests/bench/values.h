/* values: made-up values for benches, of the shapes that indicators have. */
#ifndef KAI_TESTS_BENCH_VALUES_H
#define KAI_TESTS_BENCH_VALUES_H

#include "item/value.h"

uint64_t mix(uint64_t z);
/* Value i: half addresses, a quarter names, a quarter SHA-256. */
enum kai_vtype value(uint64_t i, char *out, size_t cap);

#endif

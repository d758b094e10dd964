/* gen: seeded test data: STIX bundles and lists of any size. */
#ifndef KAI_TESTS_GEN_H
#define KAI_TESTS_GEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "item/value.h"

struct gen_stix {
    uint64_t n; /* Indicators. */
    uint64_t seed;
    uint8_t tlp; /* 0: no markings. */
    bool graph;  /* A malware, and a relationship to it from every indicator. */
};

/* Write a bundle, indented as its real models are: not at all. */
void gen_stix(FILE *out, const struct gen_stix *what);

/* Write n different values, one a line, in no order. Types: IPv4 (198.18.0.0/15, from 131,073 on
 * 10.0.0.0/8), IPv6, domains, URLs, MD5, SHA-1, SHA-256. False: no such type, or n is too many. */
bool gen_list(FILE *out, uint64_t n, uint64_t seed, enum kai_vtype type);

/* splitmix64: the next number of a seed. */
uint64_t gen_next(uint64_t *seed);

#endif

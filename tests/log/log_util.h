/* log_util: fixed keys, a repeatable "random" source and an own log for tests of lib/log. */
#ifndef KAI_TESTS_LOG_UTIL_H
#define KAI_TESTS_LOG_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log/batch.h"

/* Bytes that depend on the seed and on how many were taken before. */
struct rng {
    uint64_t state;
};
void rng_fill(void *rng, void *out, size_t n); /* A kai_random_fn. */
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n);

struct world {
    uint8_t nid[32];
    uint8_t epoch_key[32];
    uint8_t node_pk[32];
    uint8_t node_sk[64];
    uint8_t log_pk[32];
    uint8_t log_sk[64];
    uint8_t aud_id[32];
    uint8_t origin_cert[32];
    struct rng rng;
    struct kai_log_writer w;
};
/* Everything from the seed; the log is empty. */
void world_init(struct world *wd, uint64_t seed);
struct kai_seal_place world_place(const struct world *wd, const struct kai_hdr *h);
/* AMBER for the one audience. */
struct kai_batch_options world_options(struct world *wd, kai_batch_fn *emit, void *ctx);

/* A STIX 2.1 indicator with values of the documentation ranges; returns its length. */
size_t stix_make(struct rng *r, char *out, size_t cap);

/* Entries as a receiver keeps them: ENTRIES elements one after the other. */
struct tape {
    struct kai_buf bytes;
    size_t n;
    size_t items;       /* Sum of what emit said. */
    size_t payload_sum; /* Bytes. */
};
void tape_init(struct tape *t);
void tape_free(struct tape *t);
enum kai_err tape_emit(void *tape, const struct kai_entry *e, size_t n_items); /* A kai_batch_fn. */

#endif

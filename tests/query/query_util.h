/* query_util: a temporary index, and a seeded source of numbers. */
#ifndef KAI_TESTS_QUERY_UTIL_H
#define KAI_TESTS_QUERY_UTIL_H

#include "query/index.h"
#include "query/run.h"

struct tmp {
    char dir[64]; /* Holds the index in dir/index. */
    char index[80];
};

void tmp_make(struct tmp *t);
void tmp_remove(struct tmp *t);
/* Open and expect that it goes well. */
struct kai_index *tmp_open(const struct tmp *t, const char *boot_id, bool want_rebuild);

/* A test that has an index of its own, new and empty: for cmocka's set-up and tear-down. */
struct indexed {
    struct tmp tmp;
    struct kai_index *x;
};
int indexed_start(void **state);
int indexed_stop(void **state);
#define INDEXED(name) cmocka_unit_test_setup_teardown(name, indexed_start, indexed_stop)

/* A transaction, and what is there for a clearance; expecting that they begin. */
struct kai_ix *begin(struct kai_index *x);
struct kai_ixsnap *look(struct kai_index *x, uint8_t clearance);

uint64_t rnd(uint64_t *seed);
uint64_t rnd_below(uint64_t *seed, uint64_t n);

/* A STIX row: origin, audience, item and uuid are bytes of one value each. */
struct kai_row stix_row(uint8_t item, uint8_t origin, uint8_t aud, uint8_t uuid,
                        uint64_t modified_ms);

/* What text: is looked for in: one of TEXTS, by the first byte of the item's id. */
#define TEXTS 4u
struct kai_query *query_of(const char *text, uint64_t now_ms);

#endif

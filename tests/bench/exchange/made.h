/* made: the entries that a file makes when it is published, in memory. */
#ifndef KAI_TESTS_BENCH_EXCHANGE_MADE_H
#define KAI_TESTS_BENCH_EXCHANGE_MADE_H

#include "log/batch.h"

struct made {
    struct kai_buf bytes; /* hdr, sig and payload of each entry, one after the other. */
    struct {
        size_t at;
        size_t hdr_n;
        size_t payload_n;
    } * e;
    size_t n;
    size_t cap;
    size_t items;  /* Contents: STIX objects, lists. */
    size_t values; /* A STIX object counts as one. */
    uint8_t nid[KAI_ID_BYTES];
    uint8_t epoch_key[KAI_KEY_BYTES];
    uint8_t node_pk[KAI_KEY_BYTES];
};

#define MUST(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Ends the process where it cannot. items_max: contents in one entry. */
void made_from_file(struct made *m, const char *path, size_t items_max);
void made_free(struct made *m);
/* A fresh entry of the bytes: its shape read and its payload hashed. */
void made_entry(const struct made *m, size_t i, struct kai_entry *e);

#endif

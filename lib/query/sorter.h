/* sorter: gathers keys and hands them out in order. Puts of random keys bound what an index can
 * take in; in order, neighbours share pages. */
#ifndef KAI_QUERY_SORTER_H
#define KAI_QUERY_SORTER_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define KAI_SORTER_BYTES_MAX (16u << 20)
#define KAI_SORTER_KEYS_MAX  (1u << 19)

struct sorter_ref {
    uint64_t head; /* The key's first 8 bytes: settles most comparisons. */
    uint32_t at;
    uint32_t n;
};

struct sorter {
    uint8_t *bytes;
    size_t len;
    size_t cap;
    struct sorter_ref *ref;
    size_t n;
    size_t ref_cap;
};

void kai_sorter_free(struct sorter *s);
void kai_sorter_clear(struct sorter *s); /* Gives memory back where it is much. */
/* Errors: KAI_ELIMIT (empty it first), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_sorter_add(struct sorter *s, const void *key, size_t n);
void kai_sorter_sort(struct sorter *s);
struct kai_view kai_sorter_at(const struct sorter *s, size_t i);

#endif

/* sorter: gathers keys and hands them out in order. */
#include "query/sorter.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define KEEP_BYTES (1u << 20)

void kai_sorter_free(struct sorter *s)
{
    free(s->bytes);
    free(s->ref);
    *s = (struct sorter){0};
}

void kai_sorter_clear(struct sorter *s)
{
    if (s->cap > KEEP_BYTES)
        kai_sorter_free(s);
    s->len = 0;
    s->n = 0;
}

static enum kai_err grow(void **p, size_t *cap, size_t need, size_t max, size_t size)
{
    size_t want = *cap == 0 ? 4096 : *cap;
    void *q;

    if (need <= *cap)
        return KAI_OK;
    if (need > max)
        return KAI_ELIMIT;
    while (want < need)
        want *= 2;
    q = realloc(*p, want * size);
    if (q == NULL)
        return KAI_ENOMEM;
    *p = q;
    *cap = want;
    return KAI_OK;
}

enum kai_err kai_sorter_add(struct sorter *s, const void *key, size_t n)
{
    void *bytes = s->bytes;
    void *ref = s->ref;
    uint8_t head[8] = {0};
    enum kai_err err = grow(&bytes, &s->cap, s->len + n, KAI_SORTER_BYTES_MAX, 1);

    s->bytes = bytes;
    if (err == KAI_OK) {
        err = grow(&ref, &s->ref_cap, s->n + 1, KAI_SORTER_KEYS_MAX, sizeof *s->ref);
        s->ref = ref;
    }
    if (err != KAI_OK)
        return err;
    memcpy(s->bytes + s->len, key, n);
    memcpy(head, key, n < 8 ? n : 8);
    s->ref[s->n++] =
        (struct sorter_ref){.head = kai_get_u64(head), .at = (uint32_t)s->len, .n = (uint32_t)n};
    s->len += n;
    return KAI_OK;
}

static int compare(const struct sorter *s, const struct sorter_ref *a, const struct sorter_ref *b)
{
    size_t n = a->n < b->n ? a->n : b->n;
    int c;

    if (a->head != b->head)
        return a->head < b->head ? -1 : 1;
    c = memcmp(s->bytes + a->at, s->bytes + b->at, n);
    if (c != 0)
        return c;
    return a->n < b->n ? -1 : a->n > b->n;
}

static void sift(const struct sorter *s, size_t i, size_t n)
{
    struct sorter_ref x = s->ref[i];

    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && compare(s, &s->ref[child], &s->ref[child + 1]) < 0)
            child++;
        if (compare(s, &x, &s->ref[child]) >= 0)
            break;
        s->ref[i] = s->ref[child];
    }
    s->ref[i] = x;
}

/* Runs that came in order (a list, sorted) are what comes most: they are found, and merged. */
static size_t run_end(const struct sorter *s, size_t from)
{
    size_t i = from + 1;

    while (i < s->n && compare(s, &s->ref[i - 1], &s->ref[i]) <= 0)
        i++;
    return i;
}

static void heap_sort(struct sorter *s)
{
    for (size_t i = s->n / 2; i-- > 0;)
        sift(s, i, s->n);
    for (size_t n = s->n; n-- > 1;) {
        struct sorter_ref top = s->ref[0];

        s->ref[0] = s->ref[n];
        s->ref[n] = top;
        sift(s, 0, n);
    }
}

static void merge(const struct sorter *s, struct sorter_ref *to, size_t a, size_t b, size_t end)
{
    size_t i = a;
    size_t j = b;

    for (size_t k = a; k < end; k++) {
        bool left = j >= end || (i < b && compare(s, &s->ref[i], &s->ref[j]) <= 0);

        to[k] = left ? s->ref[i++] : s->ref[j++];
    }
}

/* Where each run ends. */
static size_t find_runs(const struct sorter *s, uint32_t *end)
{
    size_t runs = 0;

    for (size_t at = 0; at < s->n; runs++)
        end[runs] = (uint32_t)(at = run_end(s, at));
    return runs;
}

/* One pass: neighbouring runs are merged by twos. Returns how many runs there are then. */
static size_t pass(const struct sorter *s, struct sorter_ref *to, uint32_t *end, size_t runs)
{
    size_t n = 0;
    size_t a = 0;

    for (size_t i = 0; i < runs; i += 2) {
        size_t b = end[i];
        uint32_t last = end[i + 1 < runs ? i + 1 : i];

        merge(s, to, a, b, last);
        a = end[n++] = last;
    }
    return n;
}

void kai_sorter_sort(struct sorter *s)
{
    if (s->n < 2)
        return;
    struct sorter_ref *spare = malloc(s->ref_cap * sizeof *spare);
    uint32_t *end = malloc(s->n * sizeof *end);
    if (spare == NULL || end == NULL) {
        free(spare);
        free(end);
        heap_sort(s); /* Slower, and needs nothing. */
        return;
    }
    for (size_t runs = find_runs(s, end); runs > 1;) {
        struct sorter_ref *old = s->ref;

        runs = pass(s, spare, end, runs);
        s->ref = spare;
        spare = old;
    }
    free(spare);
    free(end);
}

struct kai_view kai_sorter_at(const struct sorter *s, size_t i)
{
    return kai_view_of(s->bytes + s->ref[i].at, s->ref[i].n);
}

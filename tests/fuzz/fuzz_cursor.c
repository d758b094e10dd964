/* fuzz_cursor: what the cursor accepts is written again as the same bytes, whatever is read. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/recode.h"
#include "wire/cur.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts in every build type. */
#define MUST(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            (void)fprintf(stderr, "%d: %s\n", __LINE__, #x);                                       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void within(struct kai_view v, const uint8_t *data, size_t size)
{
    MUST(v.p >= data && v.n <= size && v.p + v.n <= data + size);
}

/* The whole input as one value. */
static void one_value(const uint8_t *data, size_t size)
{
    struct kai_cur c;
    struct kai_buf out;

    kai_cur_init(&c, data, size);
    struct kai_view v = kai_cur_any(&c);
    enum kai_err err = kai_cur_end(&c);
    within(v, data, size);
    kai_buf_init(&out, 2 * size + 64);
    enum kai_err again = recode(kai_view_of(data, size), &out);
    MUST((err == KAI_OK) == (again == KAI_OK));
    MUST(out.len <= 2 * size + 64);
    if (err == KAI_OK) {
        MUST(v.n == size);
        MUST(kai_view_eq(kai_buf_view(&out), kai_view_of(data, size)));
    }
    kai_buf_free(&out);
}

struct seen {
    const uint8_t *data;
    size_t size;
    uint64_t last;
    size_t n;
};

static bool see(void *ctx, uint64_t key, struct kai_view value)
{
    struct seen *s = ctx;

    MUST(s->n == 0 || key > s->last);
    within(value, s->data, s->size);
    s->last = key;
    s->n++;
    return (key & 2) != 0;
}

/* The first half says which calls are made, the second is what they read. */
static void calls(const uint8_t *data, size_t size)
{
    const uint8_t *in = data + size / 2;
    size_t n = size - size / 2;
    uint8_t copy[8];
    struct kai_cur c;

    kai_cur_init(&c, in, n);
    for (size_t i = 0; i < size / 2; i++) {
        struct seen s = {.data = in, .size = n};
        size_t max = data[i] >> 4;
        bool failed = !kai_cur_ok(&c);
        const uint8_t *before = c.p;

        switch (data[i] & 15) {
        case 0:
            MUST(kai_cur_array(&c, (uint32_t)max) <= max);
            break;
        case 1:
            kai_cur_tuple(&c, (uint32_t)max);
            break;
        case 2:
            MUST(kai_cur_uint(&c, max) <= max);
            break;
        case 3:
            MUST(kai_cur_uint(&c, (uint64_t)INT64_MAX) <= (uint64_t)INT64_MAX);
            break;
        case 4:
            (void)kai_cur_int(&c);
            break;
        case 5:
            (void)kai_cur_bool(&c);
            break;
        case 6:
            MUST(kai_cur_bin(&c, max).n <= max);
            break;
        case 7:
            within(kai_cur_bin(&c, SIZE_MAX), in, n);
            break;
        case 8:
            kai_cur_copy(&c, copy, max % sizeof copy);
            break;
        case 9:
            within(kai_cur_str(&c, SIZE_MAX), in, n);
            break;
        case 10:
            (void)kai_cur_nil(&c);
            break;
        case 11:
            kai_cur_ext(&c, see, &s);
            break;
        case 12:
            kai_cur_ext(&c, NULL, NULL);
            break;
        default:
            within(kai_cur_any(&c), in, n);
            break;
        }
        MUST(c.p >= before && c.p <= c.end);
        MUST(!failed || (!kai_cur_ok(&c) && c.p == before)); /* After a failure nothing is read. */
    }
    MUST(kai_cur_end(&c) != KAI_OK || c.p == c.end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    one_value(data, size);
    calls(data, size);
    return 0;
}

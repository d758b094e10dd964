/* hostile: bad files and bad luck for an import. */
#include "item/hostile.h"

#include "item/brought.h"
#include "item/cm.h"
#include "unit/oom.h"

/* Of exactly its size, so that a sanitizer sees a read past it. */
static uint8_t *copy_of(const uint8_t *from, size_t n)
{
    uint8_t *p = malloc(n > 0 ? n : 1);

    assert_non_null(p);
    memcpy(p, from, n);
    return p;
}

static void cuts(struct brought *b, struct kai_view file, const struct kai_import_opts *opts,
                 enum hostile_part part)
{
    for (size_t cut = 0; cut < file.n; cut++) {
        uint8_t *p = copy_of(file.p, cut);

        assert_int_equal(brought_scan(b, kai_view_of(p, cut), opts), KAI_OK);
        if (part != HOSTILE_SHORTER)
            assert_true(b->sum.refused > 0);
        if (part == HOSTILE_NOTHING)
            assert_int_equal(b->sum.items, 0);
        free(p);
    }
}

static void flips(struct brought *b, struct kai_view file, const struct kai_import_opts *opts)
{
    uint8_t *p = copy_of(file.p, file.n);

    for (size_t bit = 0; bit < 8 * file.n; bit++) {
        p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(brought_scan(b, kai_view_of(p, file.n), opts), KAI_OK);
        assert_true(b->sum.items + b->sum.refused > 0);
        p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(p);
}

struct kai_import_sum hostile_bytes(struct kai_view file, const struct kai_import_opts *opts,
                                    enum hostile_part part)
{
    struct brought *b = calloc(1, sizeof *b);
    struct kai_import_sum good;
    uint8_t first[sizeof b->digest];

    b->quiet = true;
    assert_int_equal(brought_scan(b, file, opts), KAI_OK);
    assert_int_equal(b->sum.refused, 0);
    good = b->sum;
    memcpy(first, b->digest, sizeof first);
    cuts(b, file, opts, part);
    flips(b, file, opts);
    assert_int_equal(brought_scan(b, file, opts), KAI_OK);
    assert_memory_equal(first, b->digest, sizeof first);
    free(b);
    return good;
}

size_t hostile_memory(struct kai_view file, const struct kai_import_opts *opts)
{
    struct brought *b = calloc(1, sizeof *b);
    enum kai_err err;
    size_t n = 0;

    b->blind = true;
    do {
        oom_arm(n);
        err = brought_scan(b, file, opts);
    } while (oom_again(&n, err));
    free(b);
    return n;
}

/* test_grow: an array grows as it is filled, keeps what it holds, and stops at its limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/grow.h"
#include "unit/oom.h"

enum { MOST = 1000 };

static void test_fill(void **state)
{
    uint64_t *a = NULL;
    size_t cap = 0, moves = 0;

    (void)state;
    for (size_t n = 0; n < MOST; n++) {
        size_t before = cap;
        uint64_t *grown = kai_grow(a, &cap, n + 1, MOST, sizeof *a);

        assert_non_null(grown);
        a = grown;
        moves += cap != before;
        assert_in_range(cap, n + 1, MOST);
        assert_int_equal(a[n], 0);
        a[n] = n + 7;
    }
    assert_in_range(moves, 2, 12);
    assert_null(kai_grow(a, &cap, MOST + 1, MOST, sizeof *a));
    assert_int_equal(cap, MOST);
    for (size_t n = 0; n < MOST; n++)
        assert_int_equal(a[n], n + 7);
    free(a);
}

static void test_at_once(void **state)
{
    size_t cap = 0;
    char *a = kai_grow(NULL, &cap, 700, MOST, 3);

    (void)state;
    assert_non_null(a);
    assert_in_range(cap, 700, MOST);
    for (size_t i = 0; i < cap * 3; i++)
        assert_int_equal(a[i], 0);
    free(a);
    cap = 0;
    assert_null(kai_grow(NULL, &cap, MOST + 1, MOST, 3));
    assert_null(kai_grow(NULL, &cap, SIZE_MAX / 2, SIZE_MAX, 3)); /* More bytes than there are. */
    assert_int_equal(cap, 0);
}

static void test_no_memory(void **state)
{
    size_t cap = 0;
    char *a = kai_grow(NULL, &cap, 4, MOST, 1), *grown;

    (void)state;
    assert_non_null(a);
    a[3] = 'x';
    oom_arm(0);
    grown = kai_grow(a, &cap, cap + 1, MOST, 1);
    assert_true(oom_disarm());
    assert_null(grown);
    assert_int_equal(a[3], 'x');
    free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fill),
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_kept: bytes that are kept are the ones that were given, also where equal ones stand once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "topology/kept.h"

#define MANY 20000u /* More than there are rows: many stand in one. */

static struct kai_view note(uint8_t bytes[static 8], uint32_t i)
{
    for (size_t k = 0; k < 8; k++)
        bytes[k] = (uint8_t)(i >> 8 * (k % 4));
    return kai_view_of(bytes, 8);
}

static void check(bool shared)
{
    static struct kai_kept *a[MANY];
    static struct kai_kept *b[MANY];
    uint8_t bytes[8];

    kai_kept_memo(shared);
    for (uint32_t i = 0; i < MANY; i++) {
        a[i] = kai_kept_new(note(bytes, i));
        b[i] = kai_kept_new(note(bytes, i));
    }
    for (uint32_t i = 0; i < MANY; i++) {
        assert_true(kai_view_eq(kai_kept_view(a[i]), note(bytes, i)));
        assert_true((a[i] == b[i]) == shared);
    }
    assert_true((kai_kept_shared() > 0) == shared);
    for (uint32_t i = 0; i < MANY; i++)
        kai_kept_free(a[i]);
    for (uint32_t i = 0; i < MANY; i++) /* Who holds it still has it. */
        assert_true(kai_view_eq(kai_kept_view(b[i]), note(bytes, i)));
    for (uint32_t i = 0; i < MANY; i++)
        kai_kept_free(b[i]);
    assert_int_equal(kai_kept_shared(), 0);
    kai_kept_memo(false);
}

static void test_each_its_own(void **state)
{
    (void)state;
    check(false);
}

static void test_equal_ones_stand_once(void **state)
{
    (void)state;
    check(true);
    assert_int_equal(kai_kept_view(NULL).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_its_own),
        cmocka_unit_test(test_equal_ones_stand_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

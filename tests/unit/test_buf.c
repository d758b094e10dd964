/* test_buf: grows to its bound and no further, and remembers the first failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "unit/oom.h"

static void test_grow(void **state)
{
    struct kai_buf b;
    uint8_t *p;

    (void)state;
    kai_buf_init(&b, 100000);
    assert_null(b.p);
    for (unsigned int i = 0; i < 100000; i++)
        kai_buf_u8(&b, (uint8_t)i);
    assert_int_equal(b.err, KAI_OK);
    assert_int_equal(b.len, 100000);
    for (unsigned int i = 0; i < 100000; i++)
        assert_int_equal(b.p[i], (uint8_t)i);
    assert_true(b.cap <= 100000);
    kai_buf_u8(&b, 1); /* One more than the bound. */
    assert_int_equal(b.err, KAI_ELIMIT);
    assert_int_equal(b.len, 100000);
    kai_buf_text(&b, ""); /* The failure stays. */
    kai_buf_add(&b, "", 0);
    assert_null(kai_buf_room(&b, 0));
    assert_int_equal(b.err, KAI_ELIMIT);
    p = b.p;
    kai_buf_clear(&b);
    assert_int_equal(b.err, KAI_OK);
    assert_int_equal(b.len, 0);
    kai_buf_text(&b, "again");
    assert_ptr_equal(b.p, p); /* The memory is kept. */
    assert_true(kai_view_eq(kai_buf_view(&b), kai_view_of("again", 5)));
    kai_buf_free(&b);
    kai_buf_free(&b); /* Twice does no harm. */
    assert_int_equal(b.max, 100000);
    kai_buf_text(&b, "and used again");
    assert_int_equal(b.err, KAI_OK);
    kai_buf_free(&b);
}

static void test_bounds(void **state)
{
    struct kai_buf b;

    (void)state;
    for (size_t max = 0; max < 600; max++) { /* Around the first block, too. */
        kai_buf_init(&b, max);
        for (size_t i = 0; i < max; i++)
            assert_non_null(kai_buf_room(&b, 1));
        assert_null(kai_buf_room(&b, 1));
        assert_int_equal(b.err, KAI_ELIMIT);
        kai_buf_free(&b);
        kai_buf_init(&b, max);
        assert_null(kai_buf_room(&b, max + 1));
        kai_buf_free(&b);
        kai_buf_init(&b, max);
        assert_null(kai_buf_room(&b, SIZE_MAX));
        assert_int_equal(b.err, KAI_ELIMIT);
        kai_buf_free(&b);
    }
    kai_buf_init(&b, SIZE_MAX); /* No memory has that size: told, and not wrapped round. */
    kai_buf_text(&b, "x");
    assert_null(kai_buf_room(&b, SIZE_MAX - 1));
    assert_int_equal(b.err, KAI_ENOMEM);
    assert_int_equal(b.len, 1);
    kai_buf_free(&b);
    struct kai_buf zeros = {0};
    kai_buf_free(&zeros);
    kai_buf_u8(&zeros, 1);
    assert_int_equal(zeros.err, KAI_ELIMIT);
}

static void test_printf(void **state)
{
    struct kai_buf b;

    (void)state;
    kai_buf_init(&b, 10);
    kai_buf_printf(&b, "%s", "");
    assert_int_equal(b.len, 0);
    kai_buf_printf(&b, "%d-%s", 42, "abcdefg"); /* Exactly full: the NUL is not counted. */
    assert_int_equal(b.err, KAI_OK);
    assert_int_equal(b.len, 10);
    assert_memory_equal(b.p, "42-abcdefg", 10);
    kai_buf_printf(&b, "%s", "");
    assert_int_equal(b.err, KAI_OK);
    kai_buf_printf(&b, "x");
    assert_int_equal(b.err, KAI_ELIMIT);
    assert_int_equal(b.len, 10);
    kai_buf_free(&b);
    for (size_t n = 0; n < 1200; n++) { /* Ends on every side of a block's end. */
        kai_buf_init(&b, 5000);
        for (size_t i = 0; i < n; i++)
            kai_buf_u8(&b, 'x');
        kai_buf_printf(&b, "%s", "four");
        assert_int_equal(b.len, n + 4);
        assert_memory_equal(b.p + n, "four", 4);
        kai_buf_free(&b);
    }
}

static void fill(struct kai_buf *b)
{
    char text[700];

    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    kai_buf_text(b, "abc");
    kai_buf_printf(b, "%s", text);
    kai_buf_add(b, text, 600);
    kai_buf_u8(b, 1);
    (void)kai_buf_room(b, 5000);
}

static void test_no_memory(void **state)
{
    bool fired = true;
    size_t n = 0;

    (void)state;
    for (; fired; n++) { /* The first allocation fails, then the second, until none is left. */
        struct kai_buf b;

        kai_buf_init(&b, 100000);
        oom_arm(n);
        fill(&b);
        fired = oom_disarm();
        assert_int_equal(b.err, fired ? KAI_ENOMEM : KAI_OK);
        assert_true(fired || b.len == 3 + 699 + 600 + 1 + 5000);
        kai_buf_clear(&b); /* And goes on when there is memory again. */
        kai_buf_text(&b, "abc");
        assert_int_equal(b.err, KAI_OK);
        assert_memory_equal(b.p, "abc", 3);
        kai_buf_free(&b);
    }
    assert_true(n > 3); /* Some were reached: the sweep swept. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_printf),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

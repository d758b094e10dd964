/* test_table: columns stand under each other whatever the characters, and fit the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "text/clean.h"
#include "text/table.h"

static struct kai_table *sample(void)
{
    struct kai_table *t = kai_table_new();

    kai_table_column(t, "NAME", KAI_ALIGN_LEFT);
    kai_table_column(t, "N", KAI_ALIGN_RIGHT);
    kai_table_column(t, "状態", KAI_ALIGN_LEFT);
    kai_table_cell(t, "Example City");
    kai_table_cell_uint(t, 7);
    kai_table_cell(t, "有効");
    kai_table_cell(t, "例示県");
    kai_table_cell_uint(t, 12345);
    kai_table_cell(t, NULL);
    return t;
}

static void assert_print(const struct kai_table *t, size_t terminal, const char *want)
{
    struct kai_buf b;

    kai_buf_init(&b, 100000);
    assert_int_equal(kai_table_print(t, terminal, &b), KAI_OK);
    kai_buf_u8(&b, 0);
    assert_string_equal((const char *)b.p, want);
    kai_buf_free(&b);
}

static void test_print(void **state)
{
    struct kai_table *t = sample();

    (void)state;
    assert_int_equal(kai_table_rows(t), 2);
    assert_print(t, 0,
                 "NAME              N  状態\n"
                 "Example City      7  有効\n"
                 "例示県        12345  -\n");
    assert_print(t, 25,
                 "NAME              N  状態\n"
                 "Example City      7  有効\n"
                 "例示県        12345  -\n");
    assert_print(t, 20,
                 "NAME         N  状態\n"
                 "Exampl…      7  有効\n"
                 "例示県   12345  -\n");
    /* Full-width text is cut between characters, and padded where half of one would be left. */
    assert_print(t, 17,
                 "NAME      N  状態\n"
                 "Exa…      7  有効\n"
                 "例…   12345  -\n");
    /* Too narrow for anything: four columns each, rather than nothing. */
    assert_print(t, 5,
                 "NAME     N  状態\n"
                 "Exa…     7  有効\n"
                 "例…   123…  -\n");
    kai_table_free(t);
}

static void test_empty(void **state)
{
    struct kai_table *t = kai_table_new();

    (void)state;
    kai_table_column(t, "ID", KAI_ALIGN_LEFT);
    kai_table_column(t, "NAME", KAI_ALIGN_LEFT);
    assert_int_equal(kai_table_rows(t), 0);
    assert_print(t, 80, "ID  NAME\n");
    kai_table_free(t);
    kai_table_free(NULL);
}

/* Whatever a cell holds, it is one line, and every line is as wide as every other one. */
static void test_hostile(void **state)
{
    static const char *const values[] = {
        "\x1b]0;title\x07",  "a\nb",     "\xe2\x80\xae|abc", "\xf0\x9f\x98\x80",
        "e\xcc\x81\xcc\x81", "\xff\xff", "か\xe3\x82\x99き", "",
    };
    struct kai_table *t = kai_table_new();
    struct kai_buf b;
    size_t n = sizeof values / sizeof values[0];
    size_t lines = 0;

    (void)state;
    kai_table_column(t, "A", KAI_ALIGN_LEFT);
    kai_table_column(t, "B", KAI_ALIGN_RIGHT);
    for (size_t i = 0; i < n; i++) {
        kai_table_cell(t, values[i]);
        kai_table_cell(t, "end");
    }
    for (size_t terminal = 9; terminal < 40; terminal++) {
        size_t wide = 0;

        kai_buf_init(&b, 100000);
        assert_int_equal(kai_table_print(t, terminal, &b), KAI_OK);
        lines = 0;
        for (size_t at = 0; at < b.len; lines++) {
            const uint8_t *lf = memchr(b.p + at, '\n', b.len - at);
            size_t len = (size_t)(lf - (b.p + at));
            size_t w = kai_width(kai_view_of(b.p + at, len));

            assert_non_null(lf);
            assert_true(w <= terminal);
            if (at == 0)
                wide = w;
            assert_int_equal(w, wide);
            at += len + 1;
        }
        assert_int_equal(lines, n + 1);
        kai_buf_free(&b);
    }
    kai_table_free(t);
}

static void test_limits(void **state)
{
    struct kai_table *t = sample();
    struct kai_buf b;
    static char big[1 << 20];

    (void)state;
    kai_buf_init(&b, 10);
    assert_int_equal(kai_table_print(t, 0, &b), KAI_ELIMIT);
    kai_buf_free(&b);
    memset(big, 'x', sizeof big - 1);
    for (int i = 0; i < 99; i++) /* Past KAI_TABLE_BYTES_MAX: told at the end. */
        kai_table_cell(t, big);
    kai_buf_init(&b, SIZE_MAX / 4);
    assert_int_equal(kai_table_print(t, 0, &b), KAI_ELIMIT);
    kai_buf_free(&b);
    kai_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

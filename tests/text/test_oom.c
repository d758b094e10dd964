/* test_oom: without memory, nothing is printed by half and nothing is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "text/armor.h"
#include "text/json.h"
#include "text/table.h"
#include "unit/oom.h"

static enum kai_err table(struct kai_buf *out)
{
    struct kai_table *t = kai_table_new();
    enum kai_err err = KAI_ENOMEM;

    if (t == NULL)
        return err;
    kai_table_column(t, "NAME", KAI_ALIGN_LEFT);
    kai_table_column(t, "N", KAI_ALIGN_RIGHT);
    for (uint64_t i = 0; i < 200; i++) {
        kai_table_cell(t, "例示市 Example City");
        kai_table_cell_uint(t, i);
    }
    err = kai_table_print(t, 20, out);
    kai_table_free(t);
    return err;
}

static enum kai_err armor(struct kai_buf *out)
{
    uint8_t bytes[1000] = {1};
    struct kai_buf text;

    kai_buf_init(&text, 100000);
    kai_armor(KAI_ARMOR_REQUEST, NULL, 0, kai_view_of(bytes, sizeof bytes), &text);
    enum kai_err err = text.err;
    if (err == KAI_OK)
        err = kai_unarmor(kai_buf_view(&text), KAI_ARMOR_REQUEST, sizeof bytes, out, NULL);
    kai_buf_free(&text);
    return err;
}

static enum kai_err json(struct kai_buf *out)
{
    struct kai_jput j;

    kai_jput_init(&j, out);
    kai_jput_array(&j, NULL);
    for (uint64_t i = 0; i < 500; i++)
        kai_jput_uint(&j, NULL, i);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

static void sweep(enum kai_err (*f)(struct kai_buf *out))
{
    bool fired = true;
    size_t n = 0;

    for (; fired; n++) {
        struct kai_buf out;

        kai_buf_init(&out, 1000000);
        oom_arm(n);
        enum kai_err err = f(&out);
        fired = oom_disarm();
        assert_int_equal(err, fired ? KAI_ENOMEM : KAI_OK);
        kai_buf_free(&out);
    }
    assert_true(n > 3); /* Some allocations were reached. */
}

static void test_table(void **state)
{
    (void)state;
    sweep(table);
}

static void test_armor(void **state)
{
    (void)state;
    sweep(armor);
}

static void test_json(void **state)
{
    (void)state;
    sweep(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_armor),
        cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_cursor: where a page ended comes back as it was, and what nobody wrote is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "node/cursor.h"

static enum kai_err parse(const uint8_t *p, size_t n, struct kai_cursor *c)
{
    kai_cursor_init(c);
    return kai_cursor_parse(c, kai_view_of(p, n));
}

/* Of a place of 17 bytes, and so much expression. */
static enum kai_err of_length(size_t expr_n, uint8_t fill)
{
    static uint8_t b[2 * KAI_QUERY_BYTES_MAX];
    struct kai_cursor c;

    memset(b, fill, sizeof b);
    b[0] = 2;
    b[9] = 0;
    b[10] = 17;
    enum kai_err err = parse(b, KAI_CURSOR_HEAD_BYTES + 17 + expr_n, &c);
    if (err == KAI_OK)
        assert_int_equal(strlen((const char *)c.expr.p), expr_n);
    kai_cursor_free(&c);
    return err;
}

static void test_expression_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(of_length(0, 'a'), KAI_OK);
    assert_int_equal(of_length(KAI_QUERY_BYTES_MAX, 'a'), KAI_OK);
    assert_int_equal(of_length(KAI_QUERY_BYTES_MAX + 1, 'a'), KAI_EMALFORMED);
    assert_int_equal(of_length(KAI_QUERY_BYTES_MAX + 2, 'a'), KAI_EMALFORMED);
    assert_int_equal(of_length(3, '\0'), KAI_EMALFORMED);
}

static void test_comes_back(void **state)
{
    struct kai_core *core = calloc(1, sizeof *core);
    struct kai_cursor in;
    struct kai_cursor out;
    struct kai_why why = {0};
    struct kai_buf text;

    (void)state;
    assert_non_null(core);
    memset(core->index_key, 5, sizeof core->index_key);
    kai_cursor_init(&in);
    kai_cursor_init(&out);
    in.asked_ms = 77;
    in.at.n = KAI_QUERY_AT_MAX;
    memset(in.at.bytes, 0xee, in.at.n);
    for (size_t i = 0; i < KAI_QUERY_BYTES_MAX; i++)
        kai_buf_u8(&in.expr, 'x');
    kai_buf_u8(&in.expr, 0);
    kai_buf_init(&text, KAI_CURSOR_TEXT_MAX); /* Of the longest. */
    assert_int_equal(kai_cursor_write(&in, core, &text), KAI_OK);
    kai_buf_u8(&text, 0);
    assert_int_equal(text.err, KAI_OK);
    assert_int_equal(kai_cursor_read(&out, core, (const char *)text.p, &why), KAI_OK);
    assert_int_equal(out.asked_ms, 77);
    assert_int_equal(out.at.n, in.at.n);
    assert_memory_equal(out.at.bytes, in.at.bytes, in.at.n);
    assert_string_equal((const char *)out.expr.p, (const char *)in.expr.p);
    core->index_id[0] ^= 1;
    assert_int_equal(kai_cursor_read(&out, core, (const char *)text.p, &why), KAI_EMALFORMED);
    assert_string_equal(why.code, "query.after-gone");
    kai_buf_free(&text);
    kai_cursor_free(&in);
    kai_cursor_free(&out);
    free(core);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expression_is_bounded),
        cmocka_unit_test(test_comes_back),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

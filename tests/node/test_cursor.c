/* test_cursor: where a page ended comes back as it was, and what nobody wrote is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "node/cursor.h"

#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* What is written is of this form, with a sum that anybody can make. */
static enum kai_err forged(size_t expr_n, uint8_t fill)
{
    static uint8_t b[2 * KAI_QUERY_BYTES_MAX];
    static char text[4 * KAI_QUERY_BYTES_MAX];
    uint8_t sum[crypto_generichash_BYTES];
    size_t n = 0;
    struct kai_why why = {0};
    struct kai_cursor c;

    memset(b, fill, sizeof b);
    b[n] = 1;
    n += 17;
    b[n++] = 0;
    b[n++] = 17;
    n += 17 + expr_n;
    (void)crypto_generichash(sum, sizeof sum, b, n, NULL, 0);
    memcpy(b + n, sum, 8);
    (void)sodium_bin2base64(text, sizeof text, b, n + 8, BASE64);
    kai_cursor_init(&c);
    enum kai_err err = kai_cursor_read(&c, text, &why);
    if (err == KAI_OK)
        assert_int_equal(strlen((const char *)c.expr.p), expr_n);
    kai_cursor_free(&c);
    return err;
}

static void test_expression_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(forged(0, 'a'), KAI_OK);
    assert_int_equal(forged(KAI_QUERY_BYTES_MAX, 'a'), KAI_OK);
    assert_int_equal(forged(KAI_QUERY_BYTES_MAX + 1, 'a'), KAI_EMALFORMED);
    assert_int_equal(forged(KAI_QUERY_BYTES_MAX + 2, 'a'), KAI_EMALFORMED);
    assert_int_equal(forged(KAI_QUERY_BYTES_MAX + 100, 'a'), KAI_EMALFORMED);
    assert_int_equal(forged(3, '\0'), KAI_EMALFORMED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expression_is_bounded),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_json: what the writer writes is JSON, whatever it is given. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "text/json.h"

static void test_line(void **state)
{
    struct kai_buf b;
    struct kai_jput j;

    (void)state;
    kai_buf_init(&b, 4096);
    kai_jput_init(&j, &b);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, "name", "例示市");
    kai_jput_uint(&j, "big", UINT64_MAX);
    kai_jput_int(&j, "small", INT64_MIN);
    kai_jput_bool(&j, "yes", true);
    kai_jput_null(&j, "none");
    kai_jput_text(&j, "nil", NULL);
    kai_jput_hex(&j, "id", "\x00\xff", 2);
    kai_jput_time(&j, "since", 0);
    kai_jput_raw(&j, "stix", kai_view_of("{\"a\":1}", 7));
    kai_jput_array(&j, "list");
    kai_jput_uint(&j, NULL, 1);
    kai_jput_object(&j, NULL);
    kai_jput_end(&j);
    kai_jput_array(&j, NULL);
    kai_jput_end(&j);
    kai_jput_end(&j);
    kai_jput_end(&j);
    assert_int_equal(kai_jput_line(&j), KAI_OK);
    kai_jput_text(&j, NULL, "next"); /* The next line. */
    assert_int_equal(kai_jput_line(&j), KAI_OK);
    kai_buf_u8(&b, 0);
    assert_string_equal((const char *)b.p,
                        "{\"name\":\"例示市\",\"big\":18446744073709551615,"
                        "\"small\":-9223372036854775808,\"yes\":true,\"none\":null,\"nil\":null,"
                        "\"id\":\"00ff\",\"since\":\"1970-01-01T00:00:00.000Z\",\"stix\":{\"a\":1},"
                        "\"list\":[1,{},[]]}\n\"next\"\n");
    kai_buf_free(&b);
}

static void test_escape(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } rows[] = {
        {"", "\"\""},
        {"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
        {"\b\t\n\v\f\r", "\"\\b\\t\\n\\u000b\\f\\r\""},
        {"\x01\x1b\x7f", "\"\\u0001\\u001b\\u007f\""},
        {"\xc2\x9b", "\"\\u009b\""},
        {"\xe2\x80\xae\xe2\x80\xa8", "\"\\u202e\\u2028\""},
        {"\xf3\xa0\x81\x81", "\"\\udb40\\udc41\""},
        {"\xff", "\"\xef\xbf\xbd\""},
        {"x\xe3\x81", "\"x\xef\xbf\xbd\""},
        {"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
    };
    struct kai_buf b;
    struct kai_jput j;

    (void)state;
    kai_buf_init(&b, 4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kai_buf_clear(&b);
        kai_jput_init(&j, &b);
        kai_jput_text(&j, NULL, rows[i].in);
        kai_buf_u8(&b, 0);
        assert_string_equal((const char *)b.p, rows[i].out);
    }
    kai_buf_clear(&b);
    kai_jput_init(&j, &b);
    kai_jput_view(&j, NULL, kai_view_of("a\0b", 3));
    kai_buf_u8(&b, 0);
    assert_string_equal((const char *)b.p, "\"a\\u0000b\"");
    kai_buf_free(&b);
}

/* Any bytes as key and value: another reader takes it, and valid UTF-8 comes back as it was. */
static void test_any_bytes(void **state)
{
    uint32_t seed = 7;
    struct kai_buf b;
    struct kai_jput j;

    (void)state;
    kai_buf_init(&b, 4096);
    for (int round = 0; round < 20000; round++) {
        char in[16] = "";
        size_t n = (size_t)(round % 15);

        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            in[i] = (char)(seed >> 24 | 1); /* No NUL. */
            if (round % 2 == 0)
                in[i] = (char)(in[i] & 0x7f);
        }
        kai_buf_clear(&b);
        kai_jput_init(&j, &b);
        kai_jput_object(&j, NULL);
        kai_jput_text(&j, in, in);
        kai_jput_end(&j);
        assert_int_equal(kai_jput_line(&j), KAI_OK);
        for (size_t i = 0; i + 1 < b.len; i++)
            assert_true(b.p[i] >= 0x20 && b.p[i] != 0x7f);
        json_t *tree = json_loadb((const char *)b.p, b.len, 0, NULL);
        assert_non_null(tree);
        if (kai_utf8_ok((const uint8_t *)in, n))
            assert_string_equal(json_string_value(json_object_get(tree, in)), in);
        json_decref(tree);
    }
    kai_buf_free(&b);
}

static void test_depth(void **state)
{
    struct kai_buf b;
    struct kai_jput j;

    (void)state;
    kai_buf_init(&b, 4096);
    kai_jput_init(&j, &b);
    for (unsigned int i = 0; i < KAI_JPUT_DEPTH_MAX; i++)
        kai_jput_array(&j, NULL);
    kai_jput_uint(&j, NULL, 1);
    kai_jput_uint(&j, NULL, 2);
    for (unsigned int i = 0; i < KAI_JPUT_DEPTH_MAX; i++)
        kai_jput_end(&j);
    assert_int_equal(kai_jput_line(&j), KAI_OK);
    json_t *tree = json_loadb((const char *)b.p, b.len, 0, NULL);
    assert_non_null(tree);
    json_decref(tree);
    kai_buf_free(&b);
}

static void test_limit(void **state)
{
    struct kai_jput j;

    (void)state;
    for (size_t max = 0; max < 20; max++) { /* A line of 20 bytes: no shorter buffer holds it. */
        struct kai_buf b;

        kai_buf_init(&b, max);
        kai_jput_init(&j, &b);
        kai_jput_object(&j, NULL);
        kai_jput_text(&j, "key", "\x1b and");
        kai_jput_end(&j);
        assert_int_equal(kai_jput_line(&j), KAI_ELIMIT);
        assert_true(b.len <= max);
        kai_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),      cmocka_unit_test(test_escape),
        cmocka_unit_test(test_any_bytes), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

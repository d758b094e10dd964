/* test_bytes: hexadecimal, base32, integers, UTF-8, reasons. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/why.h"

static void test_u64(void **state)
{
    static const uint64_t values[] = {0, 1, 0x0102030405060708, UINT64_MAX, (uint64_t)INT64_MAX};
    uint8_t b[8];

    (void)state;
    kai_put_u64(b, 0x0102030405060708);
    assert_memory_equal(b, "\1\2\3\4\5\6\7\10", 8);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        kai_put_u64(b, values[i]);
        assert_true(kai_get_u64(b) == values[i]);
    }
}

static void test_hex(void **state)
{
    uint8_t all[256];
    uint8_t back[256];
    char text[KAI_HEX_CAP(256)];

    (void)state;
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    assert_ptr_equal(kai_hex(text, all, sizeof all), text);
    assert_int_equal(strlen(text), 512);
    assert_memory_equal(text, "000102030405060708090a0b0c0d0e0f10", 34);
    assert_true(kai_unhex(back, sizeof back, text, 512));
    assert_memory_equal(back, all, sizeof all);
    assert_true(kai_unhex(back, 2, "fFAb", 4));
    assert_memory_equal(back, "\xff\xab", 2);
    assert_true(kai_unhex(back, 0, "", 0));
    assert_string_equal(kai_hex(text, all, 0), "");
    assert_false(kai_unhex(back, 2, "00112", 5)); /* Too long, too short. */
    assert_false(kai_unhex(back, 2, "001", 3));
    for (int c = 0; c < 256; c++) { /* Every character, at both places of a byte. */
        bool digit = c > 0 && strchr("0123456789abcdefABCDEF", c) != NULL;
        char hi[2] = {(char)c, '0'};
        char lo[2] = {'0', (char)c};

        assert_int_equal(kai_unhex(back, 1, hi, 2), digit);
        assert_int_equal(kai_unhex(back, 1, lo, 2), digit);
    }
}

static void test_base32(void **state)
{
    uint8_t key[32];
    uint8_t back[32];
    char text[KAI_BASE32_KEY_CAP];

    (void)state;
    memset(key, 0, sizeof key);
    kai_base32_key(text, key);
    assert_string_equal(text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    memset(key, 0xff, sizeof key);
    kai_base32_key(text, key);
    assert_string_equal(text, "777777777777777777777777777777777777777777777777777q");
    /* RFC 4648: "foobar" is MZXW6YTBOI. */
    memcpy(key, "foobarfoobarfoobarfoobarfoobarfo", 32);
    kai_base32_key(text, key);
    assert_memory_equal(text, "mzxw6ytb", 8);
    for (size_t bit = 0; bit < 256; bit++) { /* Each bit comes back, in either case. */
        memset(key, 0, sizeof key);
        key[bit / 8] = (uint8_t)(1u << bit % 8);
        kai_base32_key(text, key);
        assert_true(kai_unbase32_key(back, text, 52));
        assert_memory_equal(back, key, 32);
        for (size_t i = 0; i < 52; i++)
            if (text[i] >= 'a' && text[i] <= 'z')
                text[i] = (char)(text[i] - 'a' + 'A');
        assert_true(kai_unbase32_key(back, text, 52));
        assert_memory_equal(back, key, 32);
    }
    kai_base32_key(text, key);
    assert_false(kai_unbase32_key(back, text, 51));
    assert_false(kai_unbase32_key(back, text, 53));
    for (int c = 0; c < 256; c++) {
        bool digit = c > 0 && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
                                     c) != NULL;

        text[10] = (char)c;
        assert_int_equal(kai_unbase32_key(back, text, 52), digit);
    }
    text[10] = 'a';
    for (const char *p = "abcdefghijklmnopqrstuvwxyz234567"; *p != '\0'; p++) {
        text[51] = *p; /* Only a and q leave the four bits that no byte has at zero. */
        assert_int_equal(kai_unbase32_key(back, text, 52), *p == 'a' || *p == 'q');
    }
}

static void test_utf8(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        bool ok;
    } rows[] = {
        {"", 0, true},
        {"plain", 5, true},
        {"a\0b", 3, true},
        {"\xe5\x9b\x9e\xe8\xa6\xa7", 6, true},
        {"\xf4\x8f\xbf\xbf", 4, true},  /* U+10FFFF */
        {"\xf4\x90\x80\x80", 4, false}, /* The next one. */
        {"\xc0\x80", 2, false},         /* Overlong. */
        {"\xe0\x80\xaf", 3, false},
        {"\xf0\x80\x80\xaf", 4, false},
        {"\xed\xa0\x80", 3, false}, /* A surrogate. */
        {"\xed\x9f\xbf", 3, true},
        {"\x80", 1, false},
        {"\xff", 1, false},
        {"\xe5\x9b", 2, false},
        {"abc\xe5", 4, false},
    };
    (void)state;
    assert_true(kai_utf8_ok(NULL, 0));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (kai_utf8_ok((const uint8_t *)rows[i].text, rows[i].n) != rows[i].ok)
            fail_msg("row %zu", i);
}

static void test_copy_text(void **state)
{
    const char *text = "a\xc3\xa9\xe5\x9b\x9e\xf0\x9f\x98\x80"; /* 1, 2, 3 and 4 bytes. */
    static const size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    char out[16];

    (void)state;
    for (size_t cap = 1; cap <= 12; cap++) {
        memset(out, 'x', sizeof out);
        kai_copy_text(out, cap, text);
        assert_int_equal(strlen(out), kept[cap - 1]);
        assert_memory_equal(out, text, kept[cap - 1]);
        assert_true(out[cap] == 'x'); /* Nothing past its end. */
    }
}

static void test_view(void **state)
{
    (void)state;
    assert_true(kai_view_eq(kai_view_of(NULL, 0), kai_view_of("", 0)));
    assert_true(kai_view_eq(kai_view_of("ab", 2), kai_view_of("ab", 2)));
    assert_false(kai_view_eq(kai_view_of("ab", 2), kai_view_of("ac", 2)));
    assert_false(kai_view_eq(kai_view_of("ab", 2), kai_view_of("ab", 1)));
}

static void test_why(void **state)
{
    struct kai_why why = {0};
    char text[2 * KAI_WHY_WHERE_BYTES];

    (void)state;
    assert_int_equal(kai_why_set(NULL, KAI_EIO, "x.y", "a", NULL, NULL), KAI_EIO);
    kai_why_at(NULL, 1, "%s", "a");
    kai_why_at(&why, 3, "objects[%d]", 17);
    assert_int_equal(kai_why_set(&why, KAI_EMALFORMED, "x.y", "a", NULL, "c"), KAI_EMALFORMED);
    assert_string_equal(why.code, "x.y");
    assert_string_equal(why.where, "objects[17]");
    assert_int_equal(why.line, 3);
    assert_string_equal(why.arg[0], "a");
    assert_string_equal(why.arg[1], "");
    assert_string_equal(why.arg[2], "c");
    for (size_t i = 0; i + 1 < sizeof text; i++) /* Long, and of two-byte characters. */
        text[i] = (char)(i % 2 == 0 ? 0xc3 : 0xa9);
    text[sizeof text - 1] = '\0';
    (void)kai_why_set(&why, KAI_EIO, "x.y", text, NULL, NULL);
    assert_int_equal(strlen(why.arg[0]), KAI_WHY_ARG_BYTES - 2);
    assert_true(kai_utf8_ok((const uint8_t *)why.arg[0], strlen(why.arg[0])));
    kai_why_at(&why, 0, "%s", text);
    assert_true(strlen(why.where) < KAI_WHY_WHERE_BYTES);
    assert_true(kai_utf8_ok((const uint8_t *)why.where, strlen(why.where)));
}

static void test_err(void **state)
{
    (void)state;
    for (int e = KAI_OK; e <= KAI_ECORRUPT; e++) {
        const char *text = kai_err_text((enum kai_err)e);

        assert_true(strlen(text) > 1 && strcmp(text, "unknown error") != 0);
        for (int other = KAI_OK; other < e; other++)
            assert_string_not_equal(text, kai_err_text((enum kai_err)other));
    }
}

static void test_plain_run(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';

        for (size_t n = 0; n < 26; n++)
            for (size_t at = 0; at < n; at++) { /* One such, and one that is none far behind. */
                uint8_t text[26];

                memset(text, n % 2 == 0 ? ' ' : '~', sizeof text);
                text[n - 1] = (uint8_t)(at + 9 < n ? 0 : text[n - 1]);
                text[at] = (uint8_t)c;
                assert_int_equal(kai_plain_run(text, n), !plain ? at : at + 9 < n ? n - 1 : n);
            }
    }
    assert_int_equal(kai_plain_run((const uint8_t *)"", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_u64),       cmocka_unit_test(test_hex),
        cmocka_unit_test(test_base32),    cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_copy_text), cmocka_unit_test(test_view),
        cmocka_unit_test(test_plain_run), cmocka_unit_test(test_why),
        cmocka_unit_test(test_err),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

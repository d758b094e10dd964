/* test_clean: nothing from outside commands a terminal, and widths are those of a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <unistr.h>

#include "text/clean.h"

static void test_table(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } rows[] = {
        {"", ""},
        {"plain text ~", "plain text ~"},
        {"東京都", "東京都"},
        {"\x1b[31mred\x1b[0m", "<U+001B>[31mred<U+001B>[0m"},
        {"a\nb\tc\r", "a<U+000A>b<U+0009>c<U+000D>"},
        {"\x7f", "<U+007F>"},
        {"\xc2\x9b"
         "2J",
         "<U+009B>2J"}, /* CSI in one character. */
        {"\xe2\x80\xae"
         "cod.exe",
         "<U+202E>cod.exe"},
        {"\xe2\x81\xa6x\xe2\x81\xa9", "<U+2066>x<U+2069>"},
        {"\xe2\x80\x8b", "<U+200B>"},      /* Zero-width space. */
        {"\xef\xbb\xbf", "<U+FEFF>"},      /* BOM. */
        {"\xe2\x80\xa8", "<U+2028>"},      /* Line separator. */
        {"\xe3\x85\xa4", "<U+3164>"},      /* A letter that is blank. */
        {"\xf3\xa0\x81\x81", "<U+E0041>"}, /* A tag: invisible ASCII. */
        {"\xff", "\xef\xbf\xbd"},
        {"a\xc3", "a\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd"}, /* A surrogate. */
        {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
         "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"},
        {"\xe8\xbe\xbb\xf3\xa0\x84\x80",
         "\xe8\xbe\xbb\xf3\xa0\x84\x80"}, /* A variant of a kanji. */
    };
    struct kai_buf b;

    (void)state;
    kai_buf_init(&b, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kai_buf_clear(&b);
        kai_clean_text(&b, rows[i].in);
        kai_buf_u8(&b, 0);
        assert_string_equal((const char *)b.p, rows[i].out);
    }
    kai_buf_free(&b);
}

/* Any bytes at all: the outcome is UTF-8 and holds no control character. */
static void test_any_bytes(void **state)
{
    uint32_t seed = 1;
    struct kai_buf b;

    (void)state;
    kai_buf_init(&b, 4000);
    for (int round = 0; round < 20000; round++) {
        uint8_t in[24];

        for (size_t i = 0; i < sizeof in; i++) {
            seed = seed * 1664525u + 1013904223u;
            in[i] = (uint8_t)(seed >> 24);
        }
        kai_buf_clear(&b);
        kai_clean(&b, kai_view_of(in, (size_t)(round % 25)));
        assert_true(kai_utf8_ok(b.p, b.len));
        for (size_t i = 0; i < b.len; i++)
            assert_true(b.p[i] >= 0x20 && b.p[i] != 0x7f);
    }
    kai_buf_free(&b);
}

static size_t width(const char *text)
{
    return kai_width(kai_view_of(text, strlen(text)));
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(width(""), 0);
    assert_int_equal(width("abc"), 3);
    assert_int_equal(width("東京"), 4);
    assert_int_equal(width("ﾄｳｷｮｳ"), 5);            /* Half-width. */
    assert_int_equal(width("Ａ"), 2);               /* Full-width. */
    assert_int_equal(width("e\xcc\x81"), 1);        /* Combining accent. */
    assert_int_equal(width("か\xe3\x82\x99"), 2);   /* Combining voiced mark. */
    assert_int_equal(width("±…α"), 3);              /* Ambiguous: narrow. */
    assert_int_equal(width("\xf0\x9f\x98\x80"), 2); /* Emoji. */
}

static size_t cut(const char *text, size_t columns)
{
    return kai_width_cut(kai_view_of(text, strlen(text)), columns);
}

static void test_cut(void **state)
{
    (void)state;
    assert_int_equal(cut("", 5), 0);
    assert_int_equal(cut("abcdef", 4), 4);
    assert_int_equal(cut("abc", 4), 3);
    assert_int_equal(cut("東京都", 4), 6);
    assert_int_equal(cut("東京都", 3), 3); /* Not half a character. */
    assert_int_equal(cut("東京都", 1), 0);
    assert_int_equal(cut("e\xcc\x81x", 1), 3); /* The accent stays with its letter. */
    assert_int_equal(cut("xe\xcc\x81", 1), 1);
    /* A family is one character of several emoji: whole or not at all. */
    assert_int_equal(cut("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7z", 3), 0);
    for (size_t n = 0; n < 12; n++) { /* Never too wide, and never more than one column short. */
        const char *text = "日本語abcか\xe3\x82\x99";
        size_t w = kai_width(kai_view_of(text, cut(text, n)));

        assert_true(w <= n && w + 1 >= (n < 11 ? n : 11));
    }
}

static void test_limit(void **state)
{
    struct kai_buf b;

    (void)state;
    kai_buf_init(&b, 5); /* A replacement does not fit. */
    kai_clean_text(&b, "\x1b\x1b\x1b");
    assert_int_equal(b.err, KAI_ELIMIT);
    kai_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table), cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_width), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

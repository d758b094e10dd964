/* test_armor: what mail does to a block is borne; what was changed is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/armor.h"

#define BYTES_N 200u

static uint8_t bytes[BYTES_N];
static struct kai_buf block; /* Of all bytes. */

static int set_up(void **state)
{
    static const char *const headers[] = {"Organisation: Example\x1b[2J City", "組織名: 例示市"};

    (void)state;
    for (size_t i = 0; i < BYTES_N; i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
    kai_buf_init(&block, 10000);
    kai_armor(KAI_ARMOR_REQUEST, headers, 2, kai_view_of(bytes, BYTES_N), &block);
    return block.err == KAI_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    kai_buf_free(&block);
    return 0;
}

static enum kai_err read_text(const void *text, size_t n, struct kai_why *why)
{
    struct kai_buf out;

    kai_buf_init(&out, 10000);
    kai_buf_text(&out, "before");
    enum kai_err err = kai_unarmor(kai_view_of(text, n), KAI_ARMOR_REQUEST, BYTES_N, &out, why);
    if (err == KAI_OK) {
        assert_int_equal(out.len, 6 + BYTES_N);
        assert_memory_equal(out.p + 6, bytes, BYTES_N);
    } else {
        assert_int_equal(out.len, 6); /* Nothing by half. */
    }
    kai_buf_free(&out);
    return err;
}

/* The block with each `from` as `to`; the caller's. */
static char *changed(const char *from, const char *to, size_t *n)
{
    char *out = calloc(1, 100000);
    char *text = calloc(1, block.len + 1);
    char *p = text;

    memcpy(text, block.p, block.len);
    for (char *hit; (hit = strstr(p, from)) != NULL; p = hit + strlen(from)) {
        *hit = '\0';
        strcat(strcat(out, p), to);
    }
    strcat(out, p);
    free(text);
    *n = strlen(out);
    return out;
}

static void test_form(void **state)
{
    size_t longest = 0;

    (void)state;
    assert_int_equal(read_text(block.p, block.len, NULL), KAI_OK);
    assert_null(memchr(block.p, 0x1b, block.len)); /* Headers are cleaned. */
    for (size_t at = 0, line = 0; at < block.len; at++) {
        line = block.p[at] == '\n' ? 0 : line + 1;
        longest = line > longest ? line : longest;
    }
    assert_int_equal(longest, 64);
    for (size_t n = 0; n <= 100; n++) { /* Every length, and none at all. */
        struct kai_buf text;
        struct kai_buf out;

        kai_buf_init(&text, 10000);
        kai_buf_init(&out, 100);
        kai_armor(KAI_ARMOR_ADMISSION, NULL, 0, kai_view_of(bytes, n), &text);
        assert_int_equal(kai_unarmor(kai_buf_view(&text), KAI_ARMOR_ADMISSION, n, &out, NULL),
                         KAI_OK);
        assert_int_equal(out.len, n);
        assert_true(n == 0 || memcmp(out.p, bytes, n) == 0);
        kai_buf_free(&text);
        kai_buf_free(&out);
    }
}

static void test_mail(void **state)
{
    static const struct {
        const char *from;
        const char *to;
    } rows[] = {
        {"\n", "\r\n"},
        {"\n", "\n> "},
        {"\n", "\r\n> > "},
        {"\n", "\n>>"},
        {"\n", " \t\n"},
        {"\n", "　\n　"},
        {"\n", "\xc2\xa0\n"},
        {"\n", "\n\n"},                              /* Lines doubled. */
        {"\n\n", "\n"},                              /* The blank line gone. */
        {"Example", "Example\nand more words that"}, /* A header broken in two. */
        {"-----BEGIN", "Dear sponsor,\nhere it is:\n-----BEGIN"},
        {"-----END KAIRAN REQUEST-----", "-----END KAIRAN REQUEST-----\n-- \nA. Person"},
        {"-----BEGIN", "\xef\xbb\xbf-----BEGIN"},
        {"-----BEGIN", "- -----BEGIN"},
        {"BEGIN KAIRAN REQUEST", "BEGIN　KAIRAN  REQUEST"},
        {"-----BEGIN", "-----BEGIN PGP MESSAGE-----\n\nxyz\n-----END PGP MESSAGE-----\n-----BEGIN"},
        {"-----BEGIN", "-----BEGIN KAIRAN ADMISSION-----\n-----BEGIN"},
        {"PFh", "PF h"}, /* A blank inside the data. */
        {"PFh", "PF\nh"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kai_why why = {0};
        size_t n;
        char *text = changed(rows[i].from, rows[i].to, &n);

        if (strlen(text) == block.len)
            fail_msg("row %zu changes nothing", i);
        if (read_text(text, n, &why) != KAI_OK)
            fail_msg("row %zu: %s line %u\n%s", i, why.code, (unsigned int)why.line, text);
        free(text);
    }
    assert_int_equal(read_text(block.p, block.len - 1, NULL),
                     KAI_OK); /* No line feed at the end. */
}

static void test_refused(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum kai_err want;
        const char *code;
        const char *arg2;
    } rows[] = {
        {"KAIRAN REQUEST", "KAIRAN ADMISSION", KAI_EMALFORMED, "armor.kind", "KAIRAN ADMISSION"},
        {"KAIRAN REQUEST", "PGP MESSAGE", KAI_ENOTFOUND, "armor.none", ""},
        {"-----END KAIRAN REQUEST-----", "", KAI_EMALFORMED, "armor.cut", ""},
        {"END KAIRAN REQUEST", "END KAIRAN ADMISSION", KAI_EMALFORMED, "armor.cut", ""},
        {"-----END", "-----BEGIN", KAI_EMALFORMED, "armor.cut", ""},
        {"PFh", "PF*", KAI_EMALFORMED, "armor.character", ""},
        {"PFh", "PFあ", KAI_EMALFORMED, "armor.character", ""},
        {"PFh", "PFi", KAI_EMALFORMED, "armor.checksum", ""},
        {"\n=", "\n", KAI_ELIMIT, "armor.size", ""},
        {"PFh", "PFhAAAA", KAI_ELIMIT, "armor.size", ""},
        {"PFh0", "", KAI_EMALFORMED, "armor.checksum", ""},
        {"PFh", "P", KAI_EMALFORMED, "armor.checksum", ""},
        {"-----END", "AAAA\n-----END", KAI_EMALFORMED, "armor.character", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kai_why why = {0};
        size_t n;
        char *text = changed(rows[i].from, rows[i].to, &n);
        enum kai_err err = read_text(text, n, &why);

        if (err != rows[i].want)
            fail_msg("row %zu: %s\n%s", i, kai_err_text(err), text);
        assert_string_equal(why.code, rows[i].code);
        if (rows[i].arg2[0] != '\0')
            assert_string_equal(why.arg[1], rows[i].arg2);
        free(text);
    }
    /* Data that is too little to be any, and padding alone. */
    static const char *const empty[] = {
        "-----BEGIN KAIRAN REQUEST-----\n\nJl\n=HlgGDB0k\n-----END KAIRAN REQUEST-----\n",
        "-----BEGIN KAIRAN REQUEST-----\n\n====\n=HlgGDB0k\n-----END KAIRAN REQUEST-----\n",
    };
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(read_text(empty[i], strlen(empty[i]), NULL), KAI_EMALFORMED);
    char two[10000];
    struct kai_why why = {0};
    memcpy(two, block.p, block.len);
    memcpy(two + block.len, block.p, block.len);
    assert_int_equal(read_text(two, 2 * block.len, &why), KAI_EMALFORMED);
    assert_string_equal(why.code, "armor.two");
    assert_true(why.line > 8);
}

static void test_size(void **state)
{
    (void)state;
    for (size_t max = 0; max < BYTES_N; max++) {
        struct kai_why why = {0};
        struct kai_buf out;

        kai_buf_init(&out, 10000);
        assert_int_equal(kai_unarmor(kai_buf_view(&block), KAI_ARMOR_REQUEST, max, &out, &why),
                         KAI_ELIMIT);
        assert_string_equal(why.code, "armor.size");
        assert_int_equal(out.len, 0);
        kai_buf_free(&out);
    }
}

/* Cut anywhere it is refused; any bit turned over in the data is refused, or was in a header. */
static void test_sweeps(void **state)
{
    const uint8_t *body = memmem(block.p, block.len, "\n\n", 2);
    uint8_t *text = malloc(block.len);

    (void)state;
    assert_non_null(body);
    for (size_t n = 0; n + 2 < block.len; n++)
        assert_int_not_equal(read_text(block.p, n, NULL), KAI_OK);
    for (size_t bit = 0; bit < 8 * block.len; bit++) {
        struct kai_buf out;

        memcpy(text, block.p, block.len);
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
        kai_buf_init(&out, 10000);
        if (kai_unarmor(kai_view_of(text, block.len), KAI_ARMOR_REQUEST, BYTES_N, &out, NULL) ==
            KAI_OK) {
            assert_int_equal(out.len, BYTES_N); /* Then the bytes are the right ones. */
            assert_memory_equal(out.p, bytes, BYTES_N);
        }
        kai_buf_free(&out);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form), cmocka_unit_test(test_mail),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_size), cmocka_unit_test(test_sweeps),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* test_words: the words of a hash, and what a person may type for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <uninorm.h>

#include "text/wordlist.h"
#include "text/words.h"

/* Indexes 0 1 2 1023 1024 2046 2047 5, packed into 88 bits; the next byte is no part of the words.
 */
static const uint8_t hash[KAI_ID_BYTES] = {0x00, 0x00, 0x04, 0x01, 0x3f, 0xf8,
                                           0x01, 0xff, 0xbf, 0xf8, 0x05, 0xff};

static void say(enum kai_lang lang, const uint8_t *h, char *out, size_t cap)
{
    struct kai_buf b;

    kai_buf_init(&b, cap - 1);
    kai_words(lang, h, &b);
    assert_int_equal(b.err, KAI_OK);
    memcpy(out, b.p, b.len);
    out[b.len] = '\0';
    kai_buf_free(&b);
}

static void test_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < KAI_WORDLIST_N; i++) {
        const char *ja = kai_wordlist_ja[i];
        size_t n = 0;
        uint8_t *p = u8_normalize(UNINORM_NFKD, (const uint8_t *)ja, strlen(ja), NULL, &n);

        assert_true(
            kai_view_eq(kai_view_of(p, n), kai_view_of(ja, strlen(ja)))); /* NFKD already. */
        free(p);
        if (i > 0) { /* Sorted, and told apart by four letters. */
            assert_true(strncmp(kai_wordlist_en[i - 1], kai_wordlist_en[i], 4) < 0);
        }
    }
    assert_string_equal(kai_wordlist_en[0], "abandon");
    assert_string_equal(kai_wordlist_en[2047], "zoo");
}

static void test_say(void **state)
{
    (void)state;
    char text[512];
    char want[512];

    say(KAI_LANG_EN, hash, text, sizeof text);
    (void)snprintf(want, sizeof want, "%s %s %s %s %s %s %s %s", kai_wordlist_en[0],
                   kai_wordlist_en[1], kai_wordlist_en[2], kai_wordlist_en[1023],
                   kai_wordlist_en[1024], kai_wordlist_en[2046], kai_wordlist_en[2047],
                   kai_wordlist_en[5]);
    assert_string_equal(text, want);
    assert_string_equal(text, "abandon ability able lend length zone zoo absent");
    say(KAI_LANG_JA, hash, text, sizeof text);
    assert_memory_equal(text, "あいこくしん　あいさつ　あいだ　",
                        strlen("あいこくしん　あいさつ　あいだ　"));
}

static void test_check(void **state)
{
    static const struct {
        const char *typed;
        enum kai_err want;
        const char *code;
    } rows[] = {
        {"abandon ability able lend length zone zoo absent", KAI_OK, NULL},
        {"  Abandon  ABILITY\table\nlend, length-zone　zoo. absent \r\n", KAI_OK, NULL},
        {"aban abil able lend leng zone zoo abse", KAI_OK, NULL},
        {"abando abili able lend lengt zone zoo absen", KAI_OK, NULL},
        {"ａｂａｎｄｏｎ ability able lend length zone zoo absent", KAI_OK, NULL}, /* Full-width. */
        {"abandon ability able lend length zone zoo", KAI_EMALFORMED, "words.count"},
        {"abandon ability able lend length zone zoo absent absorb", KAI_EMALFORMED, "words.count"},
        {"", KAI_EMALFORMED, "words.count"},
        {" - ", KAI_EMALFORMED, "words.count"},
        {"\xff\xfe", KAI_EMALFORMED, "words.count"},
        {"aba abil able lend leng zone zoo abse", KAI_EMALFORMED, "words.unknown"},
        {"abandonx ability able lend length zone zoo absent", KAI_EMALFORMED, "words.unknown"},
        {"abandon ability able lend length zone zoo absurd", KAI_EAUTH, "words.mismatch"},
        {"ability abandon able lend length zone zoo absent", KAI_EAUTH, "words.mismatch"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kai_why why = {0};
        enum kai_err err = kai_words_check(rows[i].typed, hash, &why);

        if (err != rows[i].want)
            fail_msg("'%s': %s", rows[i].typed, kai_err_text(err));
        if (rows[i].code != NULL)
            assert_string_equal(why.code, rows[i].code);
    }
    assert_int_equal(kai_words_check("x", hash, NULL), KAI_EMALFORMED);
}

static void test_long(void **state)
{
    char typed[5000];

    (void)state;
    memset(typed, 'a', sizeof typed - 1);
    typed[sizeof typed - 1] = '\0';
    assert_int_equal(kai_words_check(typed, hash, NULL), KAI_EMALFORMED);
    typed[1000] = '\0';
    assert_int_equal(kai_words_check(typed, hash, NULL), KAI_EMALFORMED);
    for (size_t i = 0; i < 999; i += 3) /* U+FDFA: 18 characters in NFKD, the longest of all. */
        memcpy(typed + i, "\xef\xb7\xba", 3);
    typed[999] = '\0';
    assert_int_equal(kai_words_check(typed, hash, NULL), KAI_EMALFORMED);
}

/* In Japanese: any normal form, katakana, half-width, ASCII blanks; and any mixture of languages.
 */
static void test_japanese(void **state)
{
    char ja[512];
    char typed[1024] = "";
    size_t n = 0;

    (void)state;
    say(KAI_LANG_JA, hash, ja, sizeof ja); /* Composed. */
    assert_int_equal(kai_words_check(ja, hash, NULL), KAI_OK);
    uint8_t *nfd = u8_normalize(UNINORM_NFD, (const uint8_t *)ja, strlen(ja) + 1, NULL, &n);
    assert_int_equal(kai_words_check((const char *)nfd, hash, NULL), KAI_OK);
    assert_true(n > strlen(ja) + 1);
    free(nfd);
    assert_int_equal(
        kai_words_check("アイコクシン ability ｱｲﾀﾞ lend length zone zoo absent", hash, NULL),
        KAI_OK);
    for (size_t i = 0; i < 8;
         i++) { /* Another hash, in the middle of the list: all voiced forms. */
        uint8_t h[KAI_ID_BYTES];

        memset(h, (int)(i * 37 + 11), sizeof h);
        say(KAI_LANG_JA, h, typed, sizeof typed);
        assert_int_equal(kai_words_check(typed, h, NULL), KAI_OK);
        assert_int_equal(kai_words_check(typed, hash, NULL), KAI_EAUTH);
    }
}

/* Each of the 88 bits counts, no later one does. */
static void test_bits(void **state)
{
    char text[512];

    (void)state;
    say(KAI_LANG_EN, hash, text, sizeof text);
    for (size_t bit = 0; bit < 256; bit++) {
        uint8_t h[KAI_ID_BYTES];

        memcpy(h, hash, sizeof h);
        h[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        assert_int_equal(kai_words_check(text, h, NULL), bit < 88 ? KAI_EAUTH : KAI_OK);
    }
}

/* Every word of both lists, at the first place. */
static void test_every_word(void **state)
{
    char typed[512];

    (void)state;
    for (size_t i = 0; i < KAI_WORDLIST_N; i++) {
        uint8_t h[KAI_ID_BYTES] = {(uint8_t)(i >> 3), (uint8_t)((i & 7) << 5)};

        for (int lang = KAI_LANG_EN; lang <= KAI_LANG_JA; lang++) {
            say((enum kai_lang)lang, h, typed, sizeof typed);
            assert_int_equal(kai_words_check(typed, h, NULL), KAI_OK);
        }
        (void)snprintf(typed, sizeof typed, "%.4s%s", kai_wordlist_en[i],
                       " abandon abandon abandon abandon abandon abandon abandon");
        assert_int_equal(kai_words_check(typed, h, NULL), KAI_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),      cmocka_unit_test(test_say),
        cmocka_unit_test(test_check),      cmocka_unit_test(test_long),
        cmocka_unit_test(test_japanese),   cmocka_unit_test(test_bits),
        cmocka_unit_test(test_every_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_catalogue: every row is whole, in order, and says the same in both languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "text/catalogue.h"
#include "text/catalogue_files.h"

static int bad; /* Rows that are not as they should be: all are named, then the test fails once. */

static void complain(const char *id, const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", id, what);
    bad++;
}

/* Bit i: {i} stands in the text. */
static unsigned int places(const char *id, const char *text)
{
    unsigned int seen = 0;

    for (const char *p = strchr(text, '{'); p != NULL; p = strchr(p + 1, '{')) {
        if (p[1] < '1' || p[1] > '3' || p[2] != '}')
            complain(id, "a brace that is no place");
        else
            seen |= 1u << (p[1] - '0');
    }
    return seen;
}

/* Parts in brackets are not inside one another, and each has a place. */
static void check_parts(const char *id, const char *text)
{
    const char *open = NULL;
    bool has_place = false;

    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '[') {
            if (open != NULL)
                complain(id, "a bracket inside brackets");
            open = p;
            has_place = false;
        } else if (*p == ']') {
            if (open == NULL || !has_place)
                complain(id, "brackets without a place, or not opened");
            open = NULL;
        } else if (*p == '{') {
            has_place = true;
        }
    }
    if (open != NULL)
        complain(id, "a bracket that is not closed");
}

static bool ascii(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p > 0x7e)
            return false;
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static void check_text(const char *id, const char *en, const char *ja)
{
    if (en == NULL || ja == NULL || *en == '\0' || *ja == '\0') {
        complain(id, "an empty text");
        return;
    }
    if (!kai_utf8_ok((const uint8_t *)en, strlen(en)) ||
        !kai_utf8_ok((const uint8_t *)ja, strlen(ja)))
        complain(id, "not UTF-8");
    if (places(id, en) != places(id, ja))
        complain(id, "other places in Japanese than in English");
    if (strstr(en, "  ") != NULL || strchr(en, '\n') != NULL || strchr(ja, '\n') != NULL)
        complain(id, "a line feed or two blanks");
    check_parts(id, en);
    check_parts(id, ja);
}

static void check_sentence(const char *id, const char *en, const char *ja)
{
    check_text(id, en, ja);
    if (ascii(ja))
        complain(id, "its Japanese is ASCII");
    if (!ends_with(en, ".") && !ends_with(en, "}") && !ends_with(en, "cd3f."))
        complain(id, "an English sentence without an end");
    /* An example or a cause may follow the sentence, after a colon. */
    if (!ends_with(ja, "。") && strstr(ja, ": ") == NULL && !ends_with(ja, "）"))
        complain(id, "a Japanese sentence without an end");
}

static void test_reasons(void **state)
{
    (void)state;
    size_t n = 0;

    bad = 0;
    for (const struct kai_text_reason *r; (r = kai_text_reason_at(n)) != NULL; n++) {
        check_sentence(r->code, r->what_en, r->what_ja);
        check_sentence(r->code, r->do_en, r->do_ja);
        for (size_t i = 0; i < n; i++)
            if (strcmp(kai_text_reason_at(i)->code, r->code) == 0)
                complain(r->code, "stands twice");
    }
    assert_int_equal(bad, 0);
    assert_true(n > 150);
}

static void test_phrases(void **state)
{
    (void)state;
    size_t n = 0;

    bad = 0;
    for (const struct kai_text_phrase *p; (p = kai_text_phrase_at(n)) != NULL; n++) {
        check_text(p->id, p->en, p->ja);
        if (ascii(p->ja) && strcmp(p->ja, "ID") != 0)
            complain(p->id, "its Japanese is ASCII");
        for (size_t i = 0; i < n; i++)
            if (strcmp(kai_text_phrase_at(i)->id, p->id) == 0)
                complain(p->id, "stands twice");
    }
    assert_int_equal(bad, 0);
    assert_true(n > 100);
}

#define IN_ORDER(rows, rows_n, id)                                                                 \
    for (size_t i = 1; i < (rows_n); i++)                                                          \
        if (strcmp((rows)[i - 1].id, (rows)[i].id) >= 0)                                           \
            complain((rows)[i].id, "must stand before the row above it");

#define REASONS_IN_ORDER(name) IN_ORDER(kai_reasons_##name, kai_reasons_##name##_n, code)
#define PHRASES_IN_ORDER(name) IN_ORDER(kai_phrases_##name, kai_phrases_##name##_n, id)

static void test_order(void **state)
{
    (void)state;
    bad = 0;
    KAI_TEXT_REASON_FILES(REASONS_IN_ORDER)
    KAI_TEXT_PHRASE_FILES(PHRASES_IN_ORDER)
    assert_int_equal(bad, 0);
}

static void assert_text(struct kai_buf *b, const char *want)
{
    assert_int_equal(b->err, KAI_OK);
    kai_buf_u8(b, 0);
    assert_string_equal((const char *)b->p, want);
    kai_buf_clear(b);
}

static void test_fill(void **state)
{
    (void)state;
    struct kai_why why = {0};
    struct kai_buf b;

    kai_buf_init(&b, 4096);
    kai_text_what(KAI_LANG_EN, &why, &b);
    kai_text_do(KAI_LANG_EN, &why, &b);
    kai_text_where(KAI_LANG_EN, NULL, &why, &b);
    assert_text(&b, ""); /* No code: nothing to say. */

    (void)kai_why_set(&why, KAI_EMALFORMED, "json.syntax", "a comma is missing", "3", "14");
    kai_text_what(KAI_LANG_EN, &why, &b);
    assert_text(&b, "This is not valid JSON: a comma is missing, line 3, column 14.");
    kai_text_what(KAI_LANG_JA, &why, &b);
    assert_text(&b, "JSON として正しくありません: a comma is missing、3 行目、14 桁目");

    (void)kai_why_set(&why, KAI_EMALFORMED, "json.syntax", "a comma is missing", "3", NULL);
    kai_text_what(KAI_LANG_EN, &why, &b);
    assert_text(&b, "This is not valid JSON: a comma is missing, line 3."); /* A part left out. */

    /* The order of the places differs between the languages. */
    (void)kai_why_set(&why, KAI_EMALFORMED, "pattern.syntax", "AND", "a bracket", "7");
    kai_text_what(KAI_LANG_EN, &why, &b);
    assert_text(&b, "The pattern has AND at column 7 where a bracket should stand.");
    kai_text_what(KAI_LANG_JA, &why, &b);
    assert_text(&b, "パターンの 7 桁目は a bracket であるべきところ、AND になっています。");

    /* What comes from outside cannot command a terminal, nor fill places itself. */
    (void)kai_why_set(&why, KAI_EMALFORMED, "value.asn", "\x1b[2J{2}\xe2\x80\xae", "x", "");
    kai_text_what(KAI_LANG_EN, &why, &b);
    assert_text(&b, "<U+001B>[2J{2}<U+202E> is not an AS number.");

    (void)kai_why_set(&why, KAI_EMALFORMED, "no.such", "a", "b", "c");
    kai_text_what(KAI_LANG_EN, &why, &b);
    assert_text(&b, "Refused for a reason that this version has no sentence for (no.such).");
    kai_text_what(KAI_LANG_JA, &why, &b);
    assert_non_null(memmem(b.p, b.len, "（no.such）", strlen("（no.such）")));
    kai_buf_free(&b);
}

static void test_where(void **state)
{
    (void)state;
    struct kai_why why = {0};
    struct kai_buf b;

    kai_buf_init(&b, 4096);
    kai_text_where(KAI_LANG_EN, "feed.json", &why, &b);
    assert_text(&b, "feed.json");
    kai_why_at(&why, 3, "objects[%d].pattern", 17);
    kai_text_where(KAI_LANG_EN, "feed.json", &why, &b);
    assert_text(&b, "feed.json, line 3: objects[17].pattern");
    kai_text_where(KAI_LANG_EN, NULL, &why, &b);
    assert_text(&b, "line 3: objects[17].pattern");
    kai_text_where(KAI_LANG_JA, "feed.json", &why, &b);
    assert_text(&b, "feed.json 3 行目: objects[17].pattern");
    kai_why_at(&why, 0, "objects[1]");
    kai_text_where(KAI_LANG_EN, NULL, &why, &b);
    assert_text(&b, "objects[1]");
    kai_buf_free(&b);
}

static void test_lookup(void **state)
{
    (void)state;
    struct kai_buf b;

    assert_string_equal(kai_text(KAI_LANG_EN, "peers.state"), "STATE");
    assert_string_equal(kai_text(KAI_LANG_JA, "peers.state"), "状態");
    assert_string_equal(kai_text(KAI_LANG_JA, "no.such.id"), "no.such.id");
    assert_string_equal(kai_text(KAI_LANG_EN, "file.empty"), "The file is empty."); /* A reason. */
    for (size_t i = 0; kai_text_phrase_at(i) != NULL; i++) /* Each is found by its id. */
        assert_ptr_equal(kai_text(KAI_LANG_EN, kai_text_phrase_at(i)->id),
                         kai_text_phrase_at(i)->en);

    kai_buf_init(&b, 16); /* Too small: sticks, does not overflow. */
    kai_text_fill(KAI_LANG_EN, "join.done", "Example", NULL, NULL, &b);
    assert_int_equal(b.err, KAI_ELIMIT);
    kai_buf_free(&b);
}

static void test_lang(void **state)
{
    (void)state;
    enum kai_lang lang = KAI_LANG_EN;

    assert_true(kai_lang_parse("ja", &lang));
    assert_int_equal(lang, KAI_LANG_JA);
    assert_true(kai_lang_parse("en", &lang));
    assert_int_equal(lang, KAI_LANG_EN);
    assert_false(kai_lang_parse("fr", &lang));
    assert_false(kai_lang_parse("", &lang));
    assert_int_equal(kai_lang_of_locale("ja_JP.UTF-8"), KAI_LANG_JA);
    assert_int_equal(kai_lang_of_locale("ja"), KAI_LANG_JA);
    assert_int_equal(kai_lang_of_locale("ja.UTF-8"), KAI_LANG_JA);
    assert_int_equal(kai_lang_of_locale("jam"), KAI_LANG_EN);
    assert_int_equal(kai_lang_of_locale("C.UTF-8"), KAI_LANG_EN);
    assert_int_equal(kai_lang_of_locale(""), KAI_LANG_EN);
    assert_int_equal(kai_lang_of_locale(NULL), KAI_LANG_EN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons), cmocka_unit_test(test_phrases),
        cmocka_unit_test(test_order),   cmocka_unit_test(test_fill),
        cmocka_unit_test(test_where),   cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_lang),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* TAXII envelopes: each object as it came, and nothing that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "item/envelope.h"

struct seen {
    size_t n;
    struct kai_enveloped o[8];
};

static enum kai_err gather(void *ctx, const struct kai_enveloped *o)
{
    struct seen *s = ctx;

    if (s->n == 8)
        return KAI_ELIMIT;
    s->o[s->n++] = *o;
    return KAI_OK;
}

static enum kai_err scan(const char *text, struct seen *s)
{
    s->n = 0;
    return kai_envelope_scan(kai_view_of(text, strlen(text)), gather, s);
}

static void test_objects(void **state)
{
    struct seen s;

    (void)state;
    assert_int_equal(
        scan(" {\"more\": false, \"objects\" : [ {\"id\":\"a\",\"created\":\"c\"} ,\n{ "
             "\"id\" : \"b\", \"modified\":\"m\",\"created\":\"c\"}, {}, {\"id\":7}] } ",
             &s),
        KAI_OK);
    assert_int_equal(s.n, 4);
    assert_true(kai_view_eq(s.o[0].text, kai_view_of("{\"id\":\"a\",\"created\":\"c\"}", 24)));
    assert_string_equal(s.o[0].id, "a");
    assert_string_equal(s.o[0].version, "c");
    assert_string_equal(s.o[1].id, "b");
    assert_string_equal(s.o[1].version, "m");
    assert_true(s.o[2].id[0] == '\0' && s.o[3].id[0] == '\0' && s.o[3].version[0] == '\0');
    for (size_t i = 0; i < s.n; i++)
        assert_true(s.o[i].scans);
}

/* What would end the scan of a bundle is marked; the others stay good. */
static void test_what_a_bundle_would_break_on(void **state)
{
    char deep[400] = "{\"objects\":[{\"id\":\"a\"},{\"x\":";
    struct seen s;

    (void)state;
    assert_int_equal(scan("{\"objects\":[{\"id\":\"a\",},{\"id\":{]},{\"id\":\"b\"}]}", &s),
                     KAI_OK);
    assert_int_equal(s.n, 3);
    assert_true(s.o[0].scans && !s.o[1].scans && s.o[2].scans);
    assert_true(s.o[0].id[0] == '\0'); /* No JSON: whoever scans it says so. */
    size_t n = strlen(deep);
    memset(deep + n, '[', 70);
    memset(deep + n + 70, ']', 70);
    memcpy(deep + n + 140, "}]}", 4);
    assert_int_equal(scan(deep, &s), KAI_OK);
    assert_true(s.n == 2 && s.o[0].scans && !s.o[1].scans);
}

/* A NUL, in one of them, would make a binary file of all. */
static void test_a_nul(void **state)
{
    static const char text[] = "{\"objects\":[{\"id\":\"a\"},{\"id\":\"\0\"}]}";
    struct seen s = {.n = 0};

    (void)state;
    assert_int_equal(kai_envelope_scan(kai_view_of(text, sizeof text - 1), gather, &s), KAI_OK);
    assert_true(s.n == 2 && s.o[0].scans && !s.o[1].scans);
}

static void test_no_envelopes(void **state)
{
    static const char *const texts[] = {"",
                                        " ",
                                        "{",
                                        "{}",
                                        "[]",
                                        "7",
                                        "\"objects\"",
                                        "{\"objects\":[]}",
                                        "{\"objects\":{}}",
                                        "{\"objects\":7}",
                                        "{\"objects\"}",
                                        "{\"objects\":[{}]",
                                        "{\"objects\":[{}]}}",
                                        "{\"objects\":[{}]} x",
                                        "{\"objects\":[{}] x}",
                                        "{\"objects\":[{}],}",
                                        "{\"objects\":[{},]}",
                                        "{\"objects\":[{} {}]}",
                                        "{\"objects\":[{},7]}",
                                        "{\"objects\":[7]}",
                                        "{\"objects\":[{}],\"objects\":[{}]}",
                                        "{\"objects\":[{\"a\":\"]}"};
    struct seen s;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (scan(texts[i], &s) != KAI_EMALFORMED)
            fail_msg("%s", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_what_a_bundle_would_break_on),
        cmocka_unit_test(test_a_nul),
        cmocka_unit_test(test_no_envelopes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

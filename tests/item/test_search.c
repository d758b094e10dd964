/* test_search: texts inside texts and objects; patterns with a star. */
#include "item/cm.h"
#include "item/data.h"
#include "item/search.h"

static bool finds(bool json, struct kai_view in, const char *what)
{
    struct kai_buf folded;
    bool has = false;

    kai_buf_init(&folded, 1024);
    assert_int_equal(kai_search_fold(V(what), &folded), KAI_OK);
    assert_int_equal((json ? kai_search_json : kai_search_text)(in, kai_buf_view(&folded), &has),
                     KAI_OK);
    kai_buf_free(&folded);
    return has;
}

static void test_text(void **state)
{
    (void)state;
    assert_true(finds(false, V("The Red Fox"), "rED f"));
    assert_false(finds(false, V("The Red Fox"), "red  fox"));
    assert_true(finds(false, V("abc"), "abc"));
    assert_false(finds(false, V("abc"), "abcd"));
    assert_false(finds(false, V(""), "a"));
    /* Other scripts: case, composed or not, and what is longer when folded. */
    assert_true(finds(false, V("R\xc3\x89SUM\xc3\x89"), "r\xc3\xa9sum\xc3\xa9"));
    assert_true(finds(false, V("re\xcc\x81sume"), "R\xc3\xa9S"));
    assert_true(finds(false, V("\xe5\x9b\x9e\xe8\xa6\xa7\xe6\x9d\xbf"), "\xe8\xa6\xa7"));
    assert_true(finds(false, V("STRASSE"), "stra\xc3\x9f"));
    assert_false(finds(false, V("\xe5\x9b\x9e"), "\xe8\xa6\xa7"));
}

static void test_json(void **state)
{
    static const char object[] =
        "{\"name\" : \"Red \\\"Fox\\\"\", \"deep\":{\"list\":[1,true,\"a\\\\\","
        "\"\\u56de\\u89a7\"]},\"last\":\"end\"}";
    static const char *const there[] = {"red \"fox\"", "a\\", "\xe5\x9b\x9e\xe8\xa6\xa7", "END"};
    static const char *const not_there[] = {"name", "deep", "true", "1", "fox\",", "u56de", "a\\,"};

    (void)state;
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
        assert_true(finds(true, V(object), there[i]));
    for (size_t i = 0; i < sizeof not_there / sizeof not_there[0]; i++)
        assert_false(finds(true, V(object), not_there[i]));
    for (size_t n = 0; n < sizeof object; n++) /* What was cut has what is whole in it. */
        (void)finds(true, kai_view_of(object, n), "end");
    assert_false(finds(true, V("\"never\\"), "never"));
    assert_false(finds(true, V("\"bad \\u12 escape\""), "bad"));
}

static void test_glob(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool fits;
    } rows[] = {
        {"*", "", true},
        {"", "", true},
        {"", "a", false},
        {"a*c", "abc", true},
        {"a*c", "ac", true},
        {"a*c", "acb", false},
        {"*b*", "abc", true},
        {"*.example", "a.EXAMPLE", true},
        {"a**c", "aXXc", true},
        {"*ab", "aab", true},
        {"*aab*b", "aaabab", true},
        {"a*b*c", "a1b2c3", false},
        {"192.0.2.*", "192.0.20.1", false},
        {"?", "a", false},
        {"a?b", "a?b", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (kai_search_glob(V(rows[i].text), V(rows[i].pattern)) != rows[i].fits)
            fail_msg("%s on %s", rows[i].pattern, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_json),
                                       cmocka_unit_test(test_glob)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

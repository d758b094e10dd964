/* test_warn: warninglists of every type, and what is none. */
#include "item/cm.h"
#include "item/data.h"
#include "item/warn.h"
#include "unit/oom.h"

#define LIST(name, type, entries)                                                                  \
    "{\"name\":\"" name "\",\"type\":\"" type "\",\"version\":1,\"list\":[" entries "]}"

static const char *const LISTS[] = {
    LIST("words", "string",
         "\"Plain.Example\",\"D41D8CD98F00B204E9800998ECF8427E\",\"192.0.2.53\""),
    LIST("hosts", "hostname", "\".cdn.example\",\"Top.example\",\"not a name\""),
    LIST("pieces", "substring", "\"/wp-content/\""),
    LIST("nets", "cidr", "\"10.0.0.0/8\",\"2001:db8::/32\",\"198.51.100.7\",\"rubbish\""),
    LIST("more", "regex", "\"^a.*$\",\"b\""),
    LIST("again", "string", "\"plain.example\""),
};

static struct kai_warn *loaded(void)
{
    struct kai_warn *w;

    assert_int_equal(kai_warn_new(&w), KAI_OK);
    for (size_t i = 0; i < sizeof LISTS / sizeof LISTS[0]; i++) {
        struct kai_why why = {.code = NULL};

        if (kai_warn_add(w, V(LISTS[i]), &why) != KAI_OK)
            fail_msg("%s: %s %s", LISTS[i], why.code, why.arg[0]);
    }
    return w;
}

static void test_table(void **state)
{
    static const struct {
        enum kai_vtype type;
        const char *value;
        const char *list;
    } table[] = {
        {KAI_V_DOMAIN, "plain.example", "words"},
        {KAI_V_DOMAIN, "a.plain.example", NULL},
        {KAI_V_DOMAIN, "plain.exampl", NULL},
        {KAI_V_MD5, "d41d8cd98f00b204e9800998ecf8427e", "words"},
        {KAI_V_MD5, "d41d8cd98f00b204e9800998ecf8427f", NULL},
        {KAI_V_IPV4, "192.0.2.53", "words"},
        {KAI_V_IPV4, "192.0.2.0/24", "words"}, /* Has the resolver in it. */
        {KAI_V_IPV4, "192.0.2.54", NULL},
        {KAI_V_IPV4, "192.0.2.0/27", NULL},
        {KAI_V_DOMAIN, "cdn.example", "hosts"},
        {KAI_V_DOMAIN, "a.b.cdn.example", "hosts"},
        {KAI_V_DOMAIN, "notcdn.example", NULL},
        {KAI_V_DOMAIN, "example", NULL},
        {KAI_V_URL, "https://user@x.top.example:8443/p", "hosts"},
        {KAI_V_URL, "https://x.top.example.evil.example/top.example", NULL},
        {KAI_V_URL, "http://evil.example/wp-content/x", "pieces"},
        {KAI_V_IPV4, "10.255.0.1", "nets"},
        {KAI_V_IPV4, "10.1.0.0/16", "nets"},
        {KAI_V_IPV4, "0.0.0.0/0", "nets"},
        {KAI_V_IPV4, "11.0.0.0", NULL},
        {KAI_V_IPV4, "198.51.100.7", "nets"},
        {KAI_V_IPV6, "2001:db8:1::1", "nets"},
        {KAI_V_IPV6, "2001:d00::/24", "nets"},
        {KAI_V_IPV6, "2001:db9::1", NULL},
        {KAI_V_MUTEX, "abc", NULL}, /* A regex is not used. */
    };
    struct kai_warn *w = loaded();
    struct kai_warn_sum sum = kai_warn_count(w);
    (void)state;

    assert_int_equal(sum.lists, 6);
    assert_int_equal(sum.entries, 10);
    assert_int_equal(sum.skipped, 4);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *got = kai_warn_find(w, table[i].type, V(table[i].value));

        if (table[i].list == NULL ? got != NULL : got == NULL || strcmp(got, table[i].list) != 0)
            fail_msg("%s: got %s", table[i].value, got == NULL ? "none" : got);
    }
    assert_null(kai_warn_find(NULL, KAI_V_DOMAIN, V("plain.example")));
    kai_warn_free(w);
    kai_warn_free(NULL);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text;
        const char *code;
    } table[] = {
        {"", "json.syntax"},
        {"{", "json.syntax"},
        {"[]", "warn.list"},
        {"\xef\xbb\xbf{}", "json.bom"},
        {"{\"name\":\"a\",\"name\":\"b\",\"type\":\"string\",\"list\":[]}", "json.duplicate-key"},
        {"{\"type\":\"string\",\"list\":[]}", "warn.list"},
        {"{\"name\":\"\",\"type\":\"string\",\"list\":[]}", "warn.list"},
        {"{\"name\":5,\"type\":\"string\",\"list\":[]}", "warn.list"},
        {"{\"name\":\"a\",\"type\":\"other\",\"list\":[]}", "warn.list"},
        {"{\"name\":\"a\",\"type\":\"string\",\"list\":{}}", "warn.list"},
        {"{\"name\":\"a\",\"type\":\"string\",\"list\":[\"x\",5]}", "warn.list"},
        {"{\"name\":\"a\",\"type\":\"string\",\"list\":[\"\xff\"]}", "json.syntax"},
    };
    char deep[512];
    (void)state;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct kai_why why = {.code = NULL};
        struct kai_warn *w;

        assert_int_equal(kai_warn_new(&w), KAI_OK);
        assert_int_equal(kai_warn_add(w, V(table[i].text), &why), KAI_EMALFORMED);
        assert_string_equal(why.code, table[i].code);
        kai_warn_free(w);
    }
    memset(deep, '[', sizeof deep);
    struct kai_why why = {.code = NULL};
    struct kai_warn *w;
    assert_int_equal(kai_warn_new(&w), KAI_OK);
    assert_int_equal(kai_warn_add(w, kai_view_of(deep, sizeof deep), &why), KAI_ELIMIT);
    assert_string_equal(why.code, "json.depth");
    /* Not a byte of it is looked at. */
    assert_int_equal(kai_warn_add(w, kai_view_of(deep, KAI_WARN_FILE_BYTES_MAX + 1), &why),
                     KAI_ELIMIT);
    assert_string_equal(why.code, "file.size");
    kai_warn_free(w);
}

static void test_no_memory(void **state)
{
    enum kai_err err;
    size_t n = 0;
    (void)state;

    do {
        struct kai_warn *w;

        oom_arm(n);
        err = kai_warn_new(&w);
        for (size_t i = 0; err == KAI_OK && i < sizeof LISTS / sizeof LISTS[0]; i++)
            err = kai_warn_add(w, V(LISTS[i]), NULL);
        kai_warn_free(w);
    } while (oom_again(&n, err));
    assert_true(n > 10);
}

static void test_many(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    struct kai_warn *w;
    char name[64];
    (void)state;

    (void)fprintf(f, "{\"name\":\"many\",\"type\":\"hostname\",\"list\":[\"first.example\"");
    for (unsigned i = 0; i < 100000; i++)
        (void)fprintf(f, ",\"n%u.example\"", i);
    (void)fprintf(f, "]}");
    (void)fclose(f);
    assert_int_equal(kai_warn_new(&w), KAI_OK);
    assert_int_equal(kai_warn_add(w, kai_view_of(text, size), NULL), KAI_OK);
    for (unsigned i = 0; i < 100000; i += 7) {
        (void)snprintf(name, sizeof name, "a.n%u.example", i);
        assert_non_null(kai_warn_find(w, KAI_V_DOMAIN, V(name)));
        (void)snprintf(name, sizeof name, "m%u.example", i);
        assert_null(kai_warn_find(w, KAI_V_DOMAIN, V(name)));
    }
    kai_warn_free(w);
    free(text);
}

static void test_real(void **state)
{
    struct kai_view file = data_real("warninglists/cisco-top1000.json");
    struct kai_warn *w;
    (void)state;

    if (file.p == NULL)
        skip();
    assert_int_equal(kai_warn_new(&w), KAI_OK);
    assert_int_equal(kai_warn_add(w, file, NULL), KAI_OK);
    assert_int_equal(kai_warn_count(w).entries, 1000);
    assert_non_null(kai_warn_find(w, KAI_V_DOMAIN, V("google.com")));
    assert_null(kai_warn_find(w, KAI_V_DOMAIN, V("google.com.evil.example")));
    kai_warn_free(w);
    data_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_many),
        cmocka_unit_test(test_real),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

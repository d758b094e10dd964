/* The language: what is refused, where and why, and what each term finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "query/query_util.h"

#define NOW UINT64_C(1769904000000) /* 2026-02-01T00:00:00Z */

static void test_refusals(void **state)
{
    static const struct {
        const char *text;
        enum kai_err err;
        const char *code;
        const char *where;
    } rows[] = {
        {"(", KAI_EMALFORMED, "query.syntax", "2"},
        {")", KAI_EMALFORMED, "query.syntax", "1"},
        {"()", KAI_EMALFORMED, "query.syntax", "2"},
        {"NOT", KAI_EMALFORMED, "query.syntax", "4"},
        {"OR type:a", KAI_EMALFORMED, "query.syntax", "1"},
        {"type:a OR", KAI_EMALFORMED, "query.syntax", "10"},
        {"type:a AND OR type:b", KAI_EMALFORMED, "query.syntax", "12"},
        {"(type:a", KAI_EMALFORMED, "query.syntax", "8"},
        {"type:a)", KAI_EMALFORMED, "query.syntax", "7"},
        {"type:\"a", KAI_EMALFORMED, "query.syntax", "7"},
        {"type:a colour:red", KAI_EMALFORMED, "query.term", "8"},
        {"type:", KAI_EMALFORMED, "query.value", "1"},
        {"ip:300.1.2.3", KAI_EMALFORMED, "query.value", "1"},
        {"ip:example.com", KAI_EMALFORMED, "query.value", "1"},
        {"domain:192.0.2.1/24", KAI_EMALFORMED, "query.value", "1"},
        {"cve:log4j", KAI_EMALFORMED, "query.value", "1"},
        {"label:purple", KAI_EMALFORMED, "query.value", "1"},
        {"pap:strict", KAI_EMALFORMED, "query.value", "1"},
        {"since:yesterday", KAI_EMALFORMED, "query.value", "1"},
        {"since:2026-02-30", KAI_EMALFORMED, "query.value", "1"},
        {"withdrawn:perhaps", KAI_EMALFORMED, "query.value", "1"},
        {"by:nobody", KAI_ENOTFOUND, "query.value", "1"},
        {"text:ransom", KAI_EMALFORMED, "query.text", "1"},
        {"\xe5\x9b\x9e\xe8\xa6\xa7 \xe6\x9d\xbf", KAI_EMALFORMED, "query.text", "1"},
        {"text:", KAI_EMALFORMED, "query.value", "1"},
        {"\"\"", KAI_EMALFORMED, "query.value", "1"},
        {"cve:\"CVE-*\"", KAI_EMALFORMED, "query.value", "1"},
        {"type:a \xe3\x80\x80 by:x", KAI_ENOTFOUND, "query.value", "10"},
        {"type:a \x01", KAI_EMALFORMED, "query.syntax", "1"},
        {"type:\xff", KAI_EMALFORMED, "query.syntax", "1"},
    };
    unsigned bad = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static const struct kai_query_names nobody = {.org = NULL};
        struct kai_query *q = NULL;
        struct kai_why why = {0};
        bool by = strstr(rows[i].text, "by:") != NULL;
        enum kai_err err = kai_query_parse(&q, kai_view_of(rows[i].text, strlen(rows[i].text)),
                                           &nobody, NOW, &why);

        if (by) /* Nobody is there to ask for names. */
            err = err == KAI_EMALFORMED ? KAI_ENOTFOUND : err;
        if (err != rows[i].err || why.code == NULL || strcmp(why.code, rows[i].code) != 0 ||
            strcmp(why.where, rows[i].where) != 0) {
            print_error("%s: %s %s at %s\n", rows[i].text, kai_err_text(err),
                        why.code != NULL ? why.code : "-", why.where);
            bad++;
        }
        assert_true(err == KAI_OK || q == NULL);
        kai_query_free(q);
    }
    assert_int_equal(bad, 0);
}

static enum kai_err parse(const char *text, size_t n, struct kai_why *why)
{
    struct kai_query *q = NULL;
    enum kai_err err = kai_query_parse(&q, kai_view_of(text, n), NULL, NOW, why);

    kai_query_free(q);
    return err;
}

static void test_limits(void **state)
{
    char text[2 * KAI_QUERY_BYTES_MAX];
    struct kai_why why = {0};
    size_t n = 0;

    (void)state;
    memset(text, ' ', sizeof text);
    assert_int_equal(parse(text, KAI_QUERY_BYTES_MAX, &why), KAI_OK);
    assert_int_equal(parse(text, KAI_QUERY_BYTES_MAX + 1, &why), KAI_ELIMIT);
    assert_string_equal(why.code, "query.too-long");
    for (unsigned depth = KAI_QUERY_DEPTH_MAX; depth <= KAI_QUERY_DEPTH_MAX + 1; depth++) {
        n = 0;
        for (unsigned i = 0; i < depth; i++)
            text[n++] = '(';
        memcpy(text + n, "type:a", 6);
        n += 6;
        for (unsigned i = 0; i < depth; i++)
            text[n++] = ')';
        /* Inside a word, closing brackets without an opening one end it. */
        assert_int_equal(parse(text, n, &why), depth > KAI_QUERY_DEPTH_MAX ? KAI_ELIMIT : KAI_OK);
    }
    assert_string_equal(why.code, "query.depth");
    n = 0;
    for (unsigned i = 0; i < 33; i++, n += 4)
        memcpy(text + n, "NOT ", 4);
    memcpy(text + n, "type:a", 6);
    assert_int_equal(parse(text, n + 6, &why), KAI_ELIMIT);
    assert_int_equal(parse(text + 4, n + 2, &why), KAI_OK);
    n = 0;
    for (unsigned i = 0; i <= KAI_QUERY_TERMS_MAX; i++, n += 7) {
        memcpy(text + n, "type:a ", 7);
        assert_int_equal(parse(text, n + 7, &why), i < KAI_QUERY_TERMS_MAX ? KAI_OK : KAI_ELIMIT);
    }
    assert_string_equal(why.code, "query.too-long");
    n = 0;
    for (unsigned i = 0; i < KAI_QUERY_TERMS_MAX; i++, n += 29) /* Each with 128 blocks above. */
        memcpy(text + n, "ip:2001:db8::1234:5678:1 OR  ", 29);
    assert_int_equal(parse(text, n - 5, &why), KAI_OK);
}

/* Every prefix of everything is answered, and the memory is given back. */
static void test_prefixes(void **state)
{
    static const char *const all[] = {
        "(type:indicator OR NOT label:<=amber) since:24h ip:192.0.2.0/24 "
        "\"hxxp://evil[.]example/a\"",
        "domain:*.example.com by:\"x y\" NOT (value:\"C:\\\\a\\\"b\" AND "
        "hash:d41d8cd98f00b204e9800998"
        "ecf8427e) seen:2026-01-31 until:2026-01-31T00:00:00Z withdrawn:any expired:yes",
        "evil(dot)example OR cve:CVE-2021-44228 email:a@example.com url:http://example.com/(x) "
        "pap:red",
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t n = 0; n <= strlen(all[i]); n++) {
            char *copy = malloc(n + 1); /* So that a sanitizer sees the end. */
            struct kai_why why = {0};
            enum kai_err err;

            memcpy(copy, all[i], n);
            err = parse(copy, n, &why);
            assert_true(err == KAI_OK || (err == KAI_EMALFORMED && why.code != NULL));
            for (size_t bit = 0; n > 0 && bit < 8; bit++) {
                copy[n / 2] = (char)(copy[n / 2] ^ 1 << bit);
                err = parse(copy, n, &why);
                assert_true(err == KAI_OK || (err == KAI_EMALFORMED && why.code != NULL));
                copy[n / 2] = (char)(copy[n / 2] ^ 1 << bit);
            }
            free(copy);
        }
    }
}

/* ---- What each term finds. */
static const struct {
    enum kai_vtype type;
    const char *norm;
} held[] = {
    {KAI_V_IPV4, "192.0.2.7"},
    {KAI_V_IPV4, "192.0.2.0/24"},
    {KAI_V_IPV4, "192.0.0.0/16"},
    {KAI_V_IPV4, "192.0.2.128/25"},
    {KAI_V_IPV6, "2001:db8::1"},
    {KAI_V_IPV6, "2001:db8::/32"},
    {KAI_V_DOMAIN, "example.com"},
    {KAI_V_DOMAIN, "www.example.com"},
    {KAI_V_DOMAIN, "xample.com"},
    {KAI_V_DOMAIN, "myexample.com"},
    {KAI_V_URL, "http://example.com/a"},
    {KAI_V_EMAIL, "a@example.com"},
    {KAI_V_MD5, "d41d8cd98f00b204e9800998ecf8427e"},
    {KAI_V_IMPHASH, "d41d8cd98f00b204e9800998ecf8427e"},
    {KAI_V_CVE, "CVE-2021-44228"},
    {KAI_V_FILE_NAME, "invoice.zip"},
    {KAI_V_MUTEX, "Global\\a b"},
};
#define HELD (sizeof held / sizeof held[0])

static bool mark(void *ctx, const struct kai_query_hit *hit)
{
    ((char *)ctx)[hit->row->no - 1]++;
    return true;
}

static const struct {
    const char *text;
    const char *want; /* One digit for each row held. */
} finds[] = {
    {"ip:192.0.2.7", "11100000000000000"},
    {"192[.]0.2[.]7", "11100000000000000"},
    {"ip:192.0.2.0/24", "11110000000000000"},
    {"ip:192.0.2.128/25", "01110000000000000"},
    {"ip:192.0.0.0/8", "11110000000000000"},
    {"ip:192.0.3.1", "00100000000000000"},
    {"ip:198.51.100.1", "00000000000000000"},
    {"ip:2001:db8::1", "00001100000000000"},
    {"2001:DB8:0::1", "00001100000000000"},
    {"ip:2001:db8::/16", "00001100000000000"},
    {"domain:example.com", "00000010000000000"},
    {"domain:EXAMPLE[.]com", "00000010000000000"},
    {"domain:*.example.com", "00000011000000000"},
    {"domain:*.com", "00000011110000000"},
    {"example(dot)com", "00000010000000000"},
    {"hxxp://example[.]com/a", "00000000001000000"},
    {"\"hxxp://example[.]com/a\"", "00000000001000000"},
    {"url:http://example.com/a", "00000000001000000"},
    {"email:a@example.com", "00000000000100000"},
    {"a[at]example[.]com", "00000000000100000"},
    {"hash:D41D8CD98F00B204E9800998ECF8427E", "00000000000011000"},
    {"d41d8cd98f00b204e9800998ecf8427e", "00000000000011000"},
    {"cve-2021-44228", "00000000000000100"},
    {"cve:CVE-2021-44228", "00000000000000100"},
    {"invoice.zip", "00000000000000010"},
    {"value:\"Global\\\\a b\"", "00000000000000001"},
    {"value:invoice.zip", "00000000000000010"},
    {"type:domain-name", "00000011110000000"},
    {"NOT type:indicator", "00000000000000000"},
    {"ip:192.0.2.7 domain:example.com", "00000000000000000"},
    {"ip:192.0.2.7 OR domain:example.com", "11100010000000000"},
    {"(ip:192.0.2.7 OR domain:example.com) NOT ip:192.0.2.128", "10000010000000000"},
    {"NOT NOT domain:example.com", "00000010000000000"},
    {"domain:example.com OR domain:*.example.com OR domain:*.com", "00000011110000000"},
    {"since:2026-01-31", "11111111111111111"},
    {"since:1h", "00000000000000000"},
    {"seen:2026-01-31", "11111111111111111"},
    {"seen:2026-01-30", "00000000000000000"},
    {"until:2026-01-31", "00000000000000000"},
    {"until:2026-02-01T00:00:00Z", "11111111111111111"},
    {"label:TLP:GREEN", "11111111111111111"},
    {"label:>=amber", "00000000000000000"},
    {"label:<=amber+strict pap:<=clear", "11111111111111111"},
};

static void test_terms(void **state)
{
    struct kai_ixsnap *r = NULL;
    struct kai_ix *t = NULL;
    struct kai_index *x;
    struct tmp tmp;
    unsigned bad = 0;

    (void)state;
    tmp_make(&tmp);
    x = tmp_open(&tmp, "boot", true);
    assert_int_equal(kai_ix_begin(x, &t), KAI_OK);
    for (uint8_t i = 0; i < HELD; i++) {
        struct kai_row row = stix_row((uint8_t)(i + 1), 1, 1, (uint8_t)(i + 1), 1);

        row.first_seen_ms = NOW - 7200000;
        assert_int_equal(kai_ix_row(t, &row, false), KAI_OK);
        assert_int_equal(kai_ix_value(t, row.no, held[i].type,
                                      kai_view_of(held[i].norm, strlen(held[i].norm)), 0),
                         KAI_OK);
    }
    assert_int_equal(kai_ix_commit(t, 1), KAI_OK);
    assert_int_equal(kai_ixsnap_begin(x, 5, &r), KAI_OK);
    for (size_t i = 0; i < sizeof finds / sizeof finds[0]; i++) {
        struct kai_query *q = query_of(finds[i].text, NOW);
        struct kai_query_at at = {0};
        char got[HELD + 1];
        bool done;

        memset(got, '0', HELD);
        got[HELD] = '\0';
        assert_int_equal(kai_query_run(q, r, NOW, 100, &at, &done, mark, got), KAI_OK);
        assert_true(done);
        kai_query_free(q);
        if (strcmp(got, finds[i].want) != 0) {
            print_error("%s: %s, not %s\n", finds[i].text, got, finds[i].want);
            bad++;
        }
    }
    kai_ixsnap_end(r);
    kai_index_close(x);
    tmp_remove(&tmp);
    assert_int_equal(bad, 0);
}

/* A place that a stranger made up is refused, or leads to answers that are true. */
static void test_places(void **state)
{
    struct kai_query *q = query_of("ip:192.0.2.0/24 OR domain:*.example.com", NOW);
    struct kai_query *by_rows = query_of("type:indicator", NOW);
    struct kai_query_at at = {0};
    struct kai_ixsnap *r = NULL;
    struct kai_index *x;
    struct tmp tmp;
    uint64_t seed = 5;
    char got[HELD + 1] = "";
    bool done;

    (void)state;
    tmp_make(&tmp);
    x = tmp_open(&tmp, "boot", true);
    assert_int_equal(kai_ixsnap_begin(x, 5, &r), KAI_OK);
    for (unsigned i = 0; i < 20000; i++) {
        at.n = rnd_below(&seed, 60);
        for (size_t j = 0; j < at.n; j++)
            at.bytes[j] = rnd_below(&seed, 3) == 0 ? (uint8_t)rnd(&seed) : 0;
        if (at.n > 17 && i % 2 == 0) {
            at.bytes[0] = 2;
            kai_put_u64(at.bytes + 1, 3);
            kai_put_u64(at.bytes + 9, rnd_below(&seed, 40));
        }
        enum kai_err err =
            kai_query_run(i % 3 == 0 ? by_rows : q, r, NOW, 5, &at, &done, mark, got);
        assert_true(err == KAI_OK || err == KAI_EMALFORMED);
    }
    at = (struct kai_query_at){.n = sizeof at.bytes + 1};
    assert_int_equal(kai_query_run(q, r, NOW, 5, &at, &done, mark, got), KAI_EMALFORMED);
    kai_query_free(q);
    kai_query_free(by_rows);
    kai_ixsnap_end(r);
    kai_index_close(x);
    tmp_remove(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_prefixes), cmocka_unit_test(test_terms),
        cmocka_unit_test(test_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

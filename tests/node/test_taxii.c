/* The parts of TAXII that read what a client sends: media types, addresses, times, filters, next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "node/taxii/cursor.h"
#include "node/taxii/media.h"
#include "node/taxii/stamp.h"

#define UUID "123e4567-e89b-42d3-a456-426614174000"

static void test_accept(void **state)
{
    static const char *const good[] = {
        "",
        "*/*",
        "application/taxii+json;version=2.1",
        "application/taxii+json; version=2.1",
        "application/taxii+json ; version = \"2.1\"",
        "Application/TAXII+JSON;Version=2.1",
        "application/taxii+json",
        "application/json, text/plain, */*",
        "text/html, application/json;q=0.9",
        "application/*;q=0.1",
        "application/taxii+json;version=2.0, application/taxii+json;version=2.1",
        "text/a;b=\"x, y\", */*",
        ",, ,*/*"};
    static const char *const bad[] = {"text/html",
                                      "application/taxii+json;version=2.0",
                                      "application/vnd.oasis.taxii+json; version=2.0",
                                      "application/taxii+json;version=",
                                      "application/taxii+json;q=0",
                                      "*/*;q=0.000",
                                      "application/json;version=3",
                                      "text/*",
                                      "text/a;b=\"x, */*\"",
                                      "text/a;b=\"x, */*",
                                      "\"*/*\"",
                                      "*",
                                      ";;",
                                      ","};

    (void)state;
    assert_true(kai_taxii_accepted(NULL));
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!kai_taxii_accepted(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (kai_taxii_accepted(bad[i]))
            fail_msg("%s", bad[i]);
    assert_true(kai_taxii_postable("application/taxii+json;version=2.1"));
    assert_true(kai_taxii_postable("application/taxii+json; version=2.1; charset=utf-8"));
    assert_true(kai_taxii_postable("application/taxii+json"));
    assert_false(kai_taxii_postable(NULL));
    assert_false(kai_taxii_postable(""));
    assert_false(kai_taxii_postable("application/json"));
    assert_false(kai_taxii_postable("application/stix+json;version=2.1"));
    assert_false(kai_taxii_postable("application/taxii+json;version=2.0"));
}

static void test_paths(void **state)
{
#define C "/taxii2/kairan/collections/" UUID
    static const struct {
        const char *url;
        enum kai_taxii_what what;
        const char *object;
    } rows[] = {
        {"/taxii2", KAI_TAXII_DISCOVERY, ""},
        {"/taxii2/", KAI_TAXII_DISCOVERY, ""},
        {"/taxii2/kairan", KAI_TAXII_API_ROOT, ""},
        {"/taxii2/kairan/", KAI_TAXII_API_ROOT, ""},
        {"/taxii2/kairan/status/" UUID "/", KAI_TAXII_STATUS, ""},
        {"/taxii2/kairan/collections/", KAI_TAXII_COLLECTIONS, ""},
        {"/taxii2/kairan/collections", KAI_TAXII_COLLECTIONS, ""},
        {C, KAI_TAXII_COLLECTION, ""},
        {C "/", KAI_TAXII_COLLECTION, ""},
        {C "/objects/", KAI_TAXII_OBJECTS, ""},
        {C "/objects", KAI_TAXII_OBJECTS, ""},
        {C "/manifest/", KAI_TAXII_MANIFEST, ""},
        {C "/objects/file--x/", KAI_TAXII_OBJECT, "file--x"},
        {C "/objects/file--x", KAI_TAXII_OBJECT, "file--x"},
        {C "/objects/file--x/versions/", KAI_TAXII_VERSIONS, "file--x"},
        {C "/objects/file--x/versions", KAI_TAXII_VERSIONS, "file--x"},
        {C "/objects//", KAI_TAXII_NOTHING, ""},
        {C "/objects//versions/", KAI_TAXII_NOTHING, ""},
        {C "/objects/a/versions/b/", KAI_TAXII_NOTHING, ""},
        {C "/objects/a/other/", KAI_TAXII_NOTHING, ""},
        {C "/manifest/a/", KAI_TAXII_NOTHING, ""},
        {C "//", KAI_TAXII_NOTHING, ""},
        {"/taxii2//", KAI_TAXII_NOTHING, ""},
        {"/taxii2/kairan//", KAI_TAXII_NOTHING, ""},
        {"/taxii2/other/", KAI_TAXII_NOTHING, ""},
        {"/taxii2/kairan/status/", KAI_TAXII_NOTHING, ""},
        {"/taxii2/kairan/status/1/", KAI_TAXII_NOTHING, ""},
        {"/taxii2/kairan/collections/1/", KAI_TAXII_NOTHING, ""},
        {"/taxii2/kairan/collections/../", KAI_TAXII_NOTHING, ""},
        {"/taxii2/a/b/c/d/e/f/g/h", KAI_TAXII_NOTHING, ""},
    };
    char longest[600] = C "/objects/";
    struct kai_taxii_path p;
    uint8_t uuid[16];
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(kai_taxii_path(&p, rows[i].url));
        if (p.what != rows[i].what ||
            (p.what != KAI_TAXII_NOTHING && strcmp(p.object, rows[i].object) != 0))
            fail_msg("%s", rows[i].url);
    }
    assert_false(kai_taxii_path(&p, "/taxii"));
    assert_false(kai_taxii_path(&p, "/taxii21/"));
    assert_false(kai_taxii_path(&p, "/v1/query"));
    assert_false(kai_taxii_path(&p, ""));
    memset(longest + strlen(longest), 'x', 400);
    assert_true(kai_taxii_path(&p, longest) && p.what == KAI_TAXII_OBJECT && p.object[0] == '\0');

    assert_true(kai_taxii_object_id(kai_view_of("file--" UUID, 6 + 36), &n, uuid));
    assert_true(n == 4 && uuid[0] == 0x12 && uuid[15] == 0);
    assert_false(kai_taxii_object_id(kai_view_of("--" UUID, 2 + 36), &n, uuid));
    assert_false(kai_taxii_object_id(kai_view_of("file-" UUID, 5 + 36), &n, uuid));
    assert_false(kai_taxii_object_id(kai_view_of("file--" UUID, 6 + 35), &n, uuid));
    assert_false(kai_taxii_object_id(kai_view_of("", 0), &n, uuid));
}

static void test_stamps(void **state)
{
    static const struct {
        const char *text;
        uint64_t us;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"0001-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:01Z", 1000000},
        {"1970-01-01T00:00:01.5Z", 1500000},
        {"1970-01-01T00:00:01.1234Z", 1123400},
        {"1970-01-01T00:00:01.12345Z", 1123450},
        {"1970-01-01T00:00:01.123456Z", 1123456},
        {"1970-01-01T00:00:01.123456789Z", 1123456},
    };
    static const char *const bad[] = {"",
                                      "Z",
                                      "1970-01-01",
                                      "1970-01-01T00:00:00",
                                      "1970-01-01T00:00:00+00:00",
                                      "1970-13-01T00:00:00Z",
                                      "1970-01-01T00:00:00.Z",
                                      "first",
                                      "0"};
    char text[KAI_TAXII_STAMP_CAP];
    uint64_t us;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(kai_taxii_stamp_parse(kai_view_of(rows[i].text, strlen(rows[i].text)), &us));
        if (us != rows[i].us)
            fail_msg("%s: %llu", rows[i].text, (unsigned long long)us);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (kai_taxii_stamp_parse(kai_view_of(bad[i], strlen(bad[i])), &us))
            fail_msg("%s", bad[i]);
    assert_string_equal(kai_taxii_stamp(text, UINT64_C(1780000000000007)),
                        "2026-05-28T20:26:40.000007Z");
    assert_true(kai_taxii_stamp_parse(kai_view_of(text, strlen(text)), &us));
    assert_int_equal(us, UINT64_C(1780000000000007));
    assert_string_equal(kai_taxii_stamp(text, UINT64_MAX), "9999-12-31T23:59:59.999999Z");
}

static enum kai_err take(struct kai_taxii_filter *f, const char *key, const char *value)
{
    return kai_taxii_filter_take(f, key, value, NULL);
}

static bool fits(const struct kai_taxii_filter *f, enum kai_taxii_field field, const char *text)
{
    return kai_taxii_fits(f, field, kai_view_of(text, strlen(text)));
}

static void test_filters(void **state)
{
    static const char *const bad[][2] = {
        {"limit", "0"},
        {"limit", ""},
        {"limit", "-1"},
        {"limit", "1.0"},
        {"limit", " 1"},
        {"limit", NULL},
        {"added_after", "yesterday"},
        {"added_after", ""},
        {"match[type]", ""},
        {"match[type]", ","},
        {"match[type]", "a,"},
        {"match[type]", ",a"},
        {"match[version]", "newest"},
        {"match[version]", "last,"},
        {"match[version]", "2026-01-01"},
        {"match[id]", NULL},
        {"match[name]", "x"},
        {"match[]", "x"},
    };
    struct kai_taxii_filter *f = malloc(sizeof *f);
    char much[KAI_TAXII_MATCH_BYTES_MAX + 2];

    (void)state;
    assert_non_null(f);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        kai_taxii_filter_init(f);
        if (take(f, bad[i][0], bad[i][1]) != KAI_EMALFORMED)
            fail_msg("%s=%s", bad[i][0], bad[i][1]);
    }
    kai_taxii_filter_init(f);
    assert_true(fits(f, KAI_TAXII_TYPE, "x") && f->limit == KAI_TAXII_PAGE_MAX && f->after_us == 0);
    assert_int_equal(take(f, "something", "x"), KAI_OK);
    assert_int_equal(take(f, "limit", "99999999999999999999999"), KAI_OK);
    assert_int_equal(f->limit, KAI_TAXII_PAGE_MAX);
    assert_int_equal(take(f, "limit", "1"), KAI_EMALFORMED); /* Twice. */
    assert_int_equal(take(f, "match[type]", "malware,indicator"), KAI_OK);
    assert_int_equal(take(f, "match[type]", "malware"), KAI_EMALFORMED);
    assert_true(fits(f, KAI_TAXII_TYPE, "malware") && fits(f, KAI_TAXII_TYPE, "indicator"));
    assert_false(fits(f, KAI_TAXII_TYPE, "mal") || fits(f, KAI_TAXII_TYPE, "malware,indicator"));
    assert_false(fits(f, KAI_TAXII_TYPE, ""));
    assert_int_equal(take(f, "match[version]", "first,last,2026-01-01T00:00:00.1Z,all"), KAI_OK);
    assert_int_equal(take(f, "added_after", "2026-01-01T00:00:00Z"), KAI_OK);
    kai_taxii_filter_init(f);
    memset(much, 'x', sizeof much);
    much[sizeof much - 1] = '\0';
    assert_int_equal(take(f, "match[id]", much), KAI_EMALFORMED);
    kai_taxii_filter_init(f);
    much[sizeof much - 2] = '\0';
    assert_int_equal(take(f, "match[id]", much), KAI_OK);
    assert_int_equal(take(f, "match[type]", "x"), KAI_EMALFORMED); /* All together. */
    free(f);
}

static void test_next(void **state)
{
    struct kai_taxii_filter *f = malloc(2 * sizeof *f);
    struct kai_taxii_filter *g = f + 1;
    struct kai_core *core = calloc(1, sizeof *core);
    struct kai_taxii_path p;
    struct kai_taxii_path other;
    struct kai_buf b;

    (void)state;
    assert_non_null(f);
    assert_non_null(core);
    memset(core->self.kx_sk, 9, sizeof core->self.kx_sk);
    kai_buf_init(&b, KAI_TAXII_NEXT_TEXT_CAP);
    assert_true(kai_taxii_path(&p, C "/objects/"));
    assert_true(kai_taxii_path(&other, C "/manifest/"));
    kai_taxii_filter_init(f);
    assert_int_equal(take(f, "match[type]", "malware,indicator"), KAI_OK);
    assert_int_equal(take(f, "match[version]", "all"), KAI_OK);
    assert_int_equal(take(f, "limit", "7"), KAI_OK);
    assert_int_equal(kai_taxii_next_write(&b, core, &p, f, 123456789), KAI_OK);
    kai_buf_u8(&b, '\0');
    assert_int_equal(b.err, KAI_OK);
    char *text = (char *)b.p;
    assert_int_equal(
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        strlen(text));
    /* All that was asked for comes back, whatever stands beside it; a limit may be another. */
    kai_taxii_filter_init(g);
    assert_int_equal(take(g, "match[id]", "x"), KAI_OK);
    assert_int_equal(take(g, "added_after", "2026-01-01T00:00:00Z"), KAI_OK);
    assert_int_equal(kai_taxii_next_read(text, core, &p, g), KAI_OK);
    assert_true(g->after_us == 123456789 && g->limit == 7 && g->match[KAI_TAXII_ID][0] == '\0');
    assert_string_equal(g->match[KAI_TAXII_TYPE], "malware,indicator");
    assert_string_equal(g->match[KAI_TAXII_VERSION], "all");
    kai_taxii_filter_init(g);
    assert_int_equal(take(g, "limit", "9"), KAI_OK);
    assert_int_equal(kai_taxii_next_read(text, core, &p, g), KAI_OK);
    assert_int_equal(g->limit, 9);
    /* Nothing else is one. */
    assert_int_equal(kai_taxii_next_read(text, core, &other, g), KAI_ENOTFOUND);
    assert_true(g->after_us == 123456789 && g->limit == 9);
    assert_int_equal(kai_taxii_next_read("", core, &p, g), KAI_EMALFORMED);
    assert_int_equal(kai_taxii_next_read("1", core, &p, g), KAI_EMALFORMED);
    assert_int_equal(kai_taxii_next_read("AAAAAAAAAAAAAAAAAAAAAAAA", core, &p, g), KAI_EMALFORMED);
    for (size_t i = 0; text[i] != '\0'; i++) {
        char was = text[i];

        text[i] = was == 'A' ? 'B' : 'A';
        if (kai_taxii_next_read(text, core, &p, g) == KAI_OK)
            fail_msg("digit %zu changed", i);
        text[i] = '\0';
        assert_int_equal(kai_taxii_next_read(text, core, &p, g), KAI_EMALFORMED);
        text[i] = was;
    }
    /* It is as good when the index was made anew, and for nothing at another node. */
    memset(core->index_id, 1, sizeof core->index_id);
    memset(core->index_key, 1, sizeof core->index_key);
    assert_int_equal(kai_taxii_next_read(text, core, &p, g), KAI_OK);
    core->self.kx_sk[0] ^= 1;
    assert_int_equal(kai_taxii_next_read(text, core, &p, g), KAI_EMALFORMED);
    kai_buf_free(&b);
    free(core);
    free(f);
}

/* Where a page ended tells when what is hidden was added: nobody reads it, and all are as long. */
static void test_next_tells_nothing(void **state)
{
    static const uint64_t at[] = {1767225600000000, 1767225600000001, 1999999999999999};
    struct kai_taxii_filter *f = malloc(sizeof *f);
    struct kai_core *core = calloc(1, sizeof *core);
    struct kai_taxii_path p;
    uint8_t open[KAI_TAXII_NEXT_TEXT_CAP];
    uint8_t us[8];
    size_t n[sizeof at / sizeof at[0]];

    (void)state;
    assert_non_null(f);
    assert_non_null(core);
    assert_true(kai_taxii_path(&p, C "/objects/"));
    kai_taxii_filter_init(f);
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        struct kai_buf b;

        kai_buf_init(&b, KAI_TAXII_NEXT_TEXT_CAP);
        assert_int_equal(kai_taxii_next_write(&b, core, &p, f, at[i]), KAI_OK);
        assert_int_equal(sodium_base642bin(open, sizeof open, (const char *)b.p, b.len, NULL, &n[i],
                                           NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                         0);
        kai_put_u64(us, at[i]);
        assert_null(memmem(open, n[i], us + 1, 6)); /* The first byte is 0 in all of them. */
        assert_int_equal(n[i], n[0]);
        kai_buf_free(&b);
    }
    free(core);
    free(f);
}

/* Of the longest filters, too. */
static void test_next_has_room(void **state)
{
    static char much[KAI_TAXII_MATCH_BYTES_MAX + 1];
    struct kai_taxii_filter *f = malloc(sizeof *f);
    struct kai_core *core = calloc(1, sizeof *core);
    struct kai_taxii_path p;
    struct kai_buf b;

    (void)state;
    assert_non_null(f);
    assert_non_null(core);
    memset(much, 'x', sizeof much - 1);
    assert_true(kai_taxii_path(&p, C "/objects/"));
    kai_taxii_filter_init(f);
    assert_int_equal(take(f, "match[id]", much), KAI_OK);
    kai_buf_init(&b, KAI_TAXII_NEXT_TEXT_CAP);
    assert_int_equal(kai_taxii_next_write(&b, core, &p, f, INT64_MAX), KAI_OK);
    kai_buf_u8(&b, '\0');
    assert_int_equal(b.err, KAI_OK);
    kai_taxii_filter_init(f);
    assert_int_equal(kai_taxii_next_read((const char *)b.p, core, &p, f), KAI_OK);
    assert_string_equal(f->match[KAI_TAXII_ID], much);
    kai_buf_free(&b);
    free(core);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept),        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_stamps),        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_next),          cmocka_unit_test(test_next_tells_nothing),
        cmocka_unit_test(test_next_has_room),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

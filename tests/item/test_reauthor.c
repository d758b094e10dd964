/* test_reauthor: what goes out under another's name, and what does not. */
#include "item/cm.h"
#include "item/list.h"
#include "item/reauthor.h"
#include "item/stix.h"
#include "item/withdraw.h"

static struct kai_buf out;
static char noted[512];

static void note(void *ctx, const char *property, bool refused)
{
    size_t n = strlen(noted);

    (void)ctx;
    (void)snprintf(noted + n, sizeof noted - n, "%s%s%s", n > 0 ? " " : "", refused ? "!" : "",
                   property);
}

static const uint8_t UUID[16] = {0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#define NEW_ID "ff010203-0405-4607-8809-0a0b0c0d0e0f"

static enum kai_err run(const char *object, const char *const *keep, size_t n, struct kai_why *why)
{
    struct kai_reauthor how = {.uuid = UUID, .keep = keep, .n_keep = n, .note = note};

    kai_buf_clear(&out);
    noted[0] = '\0';
    *why = (struct kai_why){.code = NULL};
    return kai_reauthor_stix(&out, kai_view_of(object, strlen(object)), &how, why);
}

#define HEAD                                                                                       \
    "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--"                        \
    "8a1d2c3b-0000-4000-8000-00000000abcd\","
#define TIMES "\"created\":\"2026-03-04T05:06:07.891Z\",\"modified\":\"2026-03-05T23:59:59.999Z\","
#define PATTERN                                                                                    \
    "\"pattern\":\"[ipv4-addr:value = '198.51.100.7']\",\"pattern_type\":\"stix\","                \
    "\"valid_from\":\"2026-03-04T05:06:07Z\""
#define DAYS "\"created\":\"2026-03-04T00:00:00.000Z\",\"modified\":\"2026-03-05T00:00:00.000Z\","
#define NEW_HEAD                                                                                   \
    "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--" NEW_ID "\"," DAYS
#define NEW_PATTERN                                                                                \
    "\"pattern\":\"[ipv4-addr:value = '198.51.100.7']\",\"pattern_type\":\"stix\","                \
    "\"valid_from\":\"2026-03-04T00:00:00.000Z\""
#define OWNER "\"created_by_ref\":\"identity--8a1d2c3b-0000-4000-8000-00000000abce\","
#define MARK                                                                                       \
    "\"object_marking_refs\":[\"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421\"],"

static const struct {
    const char *name;
    const char *object;
    const char *keep[2];
    enum kai_err err;
    const char *code; /* Where it fails, and at which property. */
    const char *where;
    const char *want;
    const char *noted;
} stix_rows[] = {
    {"plain", HEAD TIMES PATTERN "}", {0}, KAI_OK, NULL, "", NEW_HEAD NEW_PATTERN "}", ""},
    {"who and label",
     HEAD OWNER TIMES MARK PATTERN "}",
     {0},
     KAI_OK,
     NULL,
     "",
     NEW_HEAD NEW_PATTERN "}",
     "created_by_ref object_marking_refs"},
    {"texts",
     HEAD TIMES "\"name\":\"seen at town X\"," PATTERN ",\"description\":\"d\"}",
     {0},
     KAI_OK,
     NULL,
     "",
     NEW_HEAD NEW_PATTERN "}",
     "name description"},
    {"a name kept",
     HEAD TIMES "\"name\":\"n\"," PATTERN "}",
     {"name"},
     KAI_OK,
     NULL,
     "",
     NEW_HEAD "\"name\":\"n\"," NEW_PATTERN "}",
     ""},
    {"types",
     HEAD TIMES "\"indicator_types\":[\"benign\"],\"confidence\":7," PATTERN "}",
     {0},
     KAI_OK,
     NULL,
     "",
     NEW_HEAD "\"indicator_types\":[\"benign\"],\"confidence\":7," NEW_PATTERN "}",
     ""},
    {"an end is cut upwards",
     HEAD TIMES PATTERN ",\"valid_until\":\"2026-03-04T05:06:08Z\"}",
     {0},
     KAI_OK,
     NULL,
     "",
     NEW_HEAD NEW_PATTERN ",\"valid_until\":\"2026-03-05T00:00:00.000Z\"}",
     ""},
    {"custom property",
     HEAD TIMES PATTERN ",\"x_ticket\":\"INC-7\"}",
     {0},
     KAI_EDENIED,
     "reauthor.property",
     "x_ticket",
     NULL,
     "!x_ticket"},
    {"two of them, each told",
     HEAD TIMES "\"x_a\":1," PATTERN ",\"labels\":[\"c2\"]}",
     {0},
     KAI_EDENIED,
     "reauthor.property",
     "x_a",
     NULL,
     "!x_a !labels"},
    {"one kept is not both",
     HEAD TIMES "\"x_a\":1," PATTERN ",\"labels\":[\"c2\"]}",
     {"x_a"},
     KAI_EDENIED,
     "reauthor.property",
     "labels",
     NULL,
     "!labels"},
    {"both kept",
     HEAD TIMES "\"x_a\":1," PATTERN ",\"labels\":[\"c2\"]}",
     {"labels", "x_a"},
     KAI_OK,
     NULL,
     "",
     NEW_HEAD "\"x_a\":1," NEW_PATTERN ",\"labels\":[\"c2\"]}",
     ""},
    {"references",
     HEAD TIMES PATTERN ",\"external_references\":[{\"source_name\":\"s\"}]}",
     {0},
     KAI_EDENIED,
     "reauthor.property",
     "external_references",
     NULL,
     "!external_references"},
    {"the id is new whoever asks",
     HEAD TIMES PATTERN "}",
     {"id", "created"},
     KAI_OK,
     NULL,
     "",
     NEW_HEAD NEW_PATTERN "}",
     ""},
    {"an owner may be kept on purpose",
     HEAD OWNER TIMES PATTERN "}",
     {"created_by_ref"},
     KAI_OK,
     NULL,
     "",
     "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--" NEW_ID
     "\"," OWNER DAYS NEW_PATTERN "}",
     ""},
    {"needs its name",
     "{\"type\":\"malware\",\"spec_version\":\"2.1\",\"id\":\"malware--"
     "8a1d2c3b-0000-4000-8000-00000000abcd\"," TIMES
     "\"is_family\":false,\"name\":\"m\",\"object_marking_refs\":[\"marking-definition--"
     "55d920b0-5e8b-4f79-9ee9-91f868d9b421\"]}",
     {0},
     KAI_OK,
     NULL,
     "",
     "{\"type\":\"malware\",\"spec_version\":\"2.1\",\"id\":\"malware--" NEW_ID "\"," DAYS
     "\"is_family\":false}",
     "name object_marking_refs"},
    {"tool needs its name",
     "{\"type\":\"tool\",\"spec_version\":\"2.1\",\"id\":\"tool--"
     "8a1d2c3b-0000-4000-8000-00000000abcd\"," TIMES "\"name\":\"m\"}",
     {0},
     KAI_EDENIED,
     "reauthor.required",
     "",
     NULL,
     "name"},
    {"type that says who",
     "{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"identity--"
     "8a1d2c3b-0000-4000-8000-00000000abcd\"," TIMES "\"name\":\"m\"}",
     {"name"},
     KAI_EDENIED,
     "reauthor.type",
     "",
     NULL,
     ""},
    {"no STIX", "{\"type\":\"indicator\"}", {0}, KAI_EMALFORMED, "stix.required", "id", NULL, ""},
    {"before 1970",
     HEAD "\"created\":\"1969-01-01T00:00:00Z\",\"modified\":\"2026-03-05T23:59:59Z\"," PATTERN "}",
     {0},
     KAI_EMALFORMED,
     "stix.time",
     "created",
     NULL,
     ""},
};

static void test_stix(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stix_rows / sizeof stix_rows[0]; i++) {
        struct kai_why why;
        size_t n = stix_rows[i].keep[0] == NULL ? 0 : stix_rows[i].keep[1] == NULL ? 1 : 2;
        enum kai_err err = run(stix_rows[i].object, stix_rows[i].keep, n, &why);

        if (err != stix_rows[i].err)
            print_error("%s: %s %s\n", stix_rows[i].name, kai_err_text(err),
                        why.code != NULL ? why.code : "");
        assert_int_equal(err, stix_rows[i].err);
        assert_string_equal(noted, stix_rows[i].noted);
        if (err != KAI_OK) {
            assert_string_equal(why.code, stix_rows[i].code);
            assert_string_equal(why.where, stix_rows[i].where);
            assert_int_equal(out.len, 0);
            continue;
        }
        kai_buf_u8(&out, 0);
        assert_string_equal((const char *)out.p, stix_rows[i].want);
    }
}

static void test_list(void **state)
{
    (void)state;
    static const char values[] = "198.51.100.1\n198.51.100.2";
    struct kai_buf content;
    struct kai_list list;
    struct kai_why why = {.code = NULL};
    const char *keep[] = {"labels"};
    struct kai_reauthor how = {.uuid = UUID, .note = note};
    static const char template[] =
        "{\"name\":\"from us\",\"indicator_types\":[\"benign\"],\"labels\":[\"x\"]}";

    noted[0] = '\0';
    kai_buf_init(&content, KAI_LIST_BYTES_MAX);
    kai_list_put(&content, kai_view_of(template, strlen(template)), KAI_V_IPV4,
                 kai_view_of(values, strlen(values)));
    kai_buf_clear(&out);
    assert_int_equal(kai_reauthor_list(&out, kai_buf_view(&content), &how, &why), KAI_EDENIED);
    assert_string_equal(why.code, "reauthor.property");
    assert_string_equal(noted, "name !labels");
    how.keep = keep;
    how.n_keep = 1;
    assert_int_equal(kai_reauthor_list(&out, kai_buf_view(&content), &how, &why), KAI_OK);
    assert_int_equal(kai_list_read(&list, kai_buf_view(&out), true, &why), KAI_OK);
    assert_int_equal(list.n, 2);
    assert_memory_equal(list.values.p, values, strlen(values));
    static const char want[] = "{\"indicator_types\":[\"benign\"],\"labels\":[\"x\"]}";
    assert_int_equal(list.template_json.n, strlen(want));
    assert_memory_equal(list.template_json.p, want, strlen(want));
    content.p[content.len - 1] = '1'; /* Twice the same value. */
    assert_int_equal(kai_reauthor_list(&out, kai_buf_view(&content), &how, &why), KAI_EMALFORMED);
    kai_buf_free(&content);
}

static void test_withdraw(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *object;
        uint64_t now_ms;
        enum kai_err err;
        const char *want; /* Or the code. */
    } rows[] = {
        {"taken back now", HEAD TIMES PATTERN "}", 1775001600000u, KAI_OK,
         HEAD "\"created\":\"2026-03-04T05:06:07.891Z\",\"modified\":\"2026-04-01T00:00:00."
              "000Z\"," PATTERN ",\"revoked\":true}"},
        {"a clock that is behind", HEAD TIMES PATTERN "}", 5, KAI_OK,
         HEAD "\"created\":\"2026-03-04T05:06:07.891Z\",\"modified\":\"2026-03-06T00:00:00."
              "000Z\"," PATTERN ",\"revoked\":true}"},
        {"no versions",
         "{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--8a1d2c3b-0000-4000-8000-00000000abcd\","
         "\"value\":\"198.51.100.7\"}",
         5, KAI_EDENIED, "share.no-version"},
        {"no STIX", "{}", 5, KAI_EMALFORMED, "stix.required"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kai_why why = {.code = NULL};

        kai_buf_clear(&out);
        enum kai_err err = kai_stix_withdraw(
            &out, kai_view_of(rows[i].object, strlen(rows[i].object)), rows[i].now_ms, &why);
        if (err != rows[i].err)
            print_error("%s: %s\n", rows[i].name, kai_err_text(err));
        assert_int_equal(err, rows[i].err);
        kai_buf_u8(&out, 0);
        assert_string_equal(err == KAI_OK ? (const char *)out.p : why.code, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stix),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_withdraw),
    };

    kai_buf_init(&out, 1u << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    kai_buf_free(&out);
    return failed;
}

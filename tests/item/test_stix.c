/* test_stix: one object, checked, read, compacted. */
#include "item/cm.h"
#include "item/data.h"
#include "item/stix.h"
#include "unit/oom.h"

#define UUID       "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define HEAD(type) "{\"type\":\"" type "\",\"spec_version\":\"2.1\",\"id\":\"" type "--" UUID "\""
#define TIMES      ",\"created\":\"2026-01-01T00:00:00.5Z\",\"modified\":\"2026-01-02T00:00:00Z\""
#define INDICATOR                                                                                  \
    HEAD("indicator")                                                                              \
    TIMES ",\"pattern_type\":\"stix\",\"pattern\":\"[domain-name:value='a.example']\""             \
          ",\"valid_from\":\"2026-01-01T00:00:00Z\""
#define RED        "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
#define GREEN      "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
#define TLP1_AMBER "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
#define OWN        "marking-definition--" UUID

static const struct {
    const char *object;
    const char *code; /* "": accepted. */
    const char *where;
} TABLE[] = {
    {INDICATOR "}", "", ""},
    {" \n" INDICATOR "}\n", "", ""},
    {HEAD("malware") TIMES ",\"is_family\":true,\"x_own\":{\"a\":[1.5]}}", "", ""},
    {HEAD("relationship") TIMES ",\"relationship_type\":\"uses\",\"source_ref\":\"malware--" UUID
                                "\",\"target_ref\":\"tool--" UUID "\"}",
     "", ""},
    {"{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--" UUID "\",\"value\":\"192.0.2.1\"}", "", ""},
    {HEAD("x-own") TIMES "}", "", ""},
    {"{\"type\":\"x-own\",\"id\":\"x-own--" UUID "\"}", "", ""}, /* A custom SCO. */
    {HEAD("indicator") TIMES ",\"pattern_type\":\"yara\",\"pattern\":\"rule x\""
                             ",\"valid_from\":\"2026-01-01T00:00:00Z\"}",
     "", ""},
    {HEAD("marking-definition") ",\"created\":\"2026-01-01T00:00:00Z\",\"definition_type\":"
                                "\"statement\",\"definition\":{\"statement\":\"x\"}}",
     "", ""},
    {"", "json.syntax", ""},
    {"{", "json.syntax", ""},
    {"[1]", "stix.type", ""},
    {INDICATOR "} x", "json.syntax", ""},
    {"\xef\xbb\xbf" INDICATOR "}", "json.bom", ""},
    {INDICATOR ",\"revoked\":false,\"revoked\":true}", "json.duplicate-key", ""},
    {INDICATOR ",\"x\":99999999999999999999}", "json.number", ""},
    {INDICATOR ",\"x\":\"\\ud800\"}", "json.syntax", ""},
    {INDICATOR ",\"x\":NaN}", "json.syntax", ""},
    {"{\"id\":\"indicator--" UUID "\"}", "stix.required", "type"},
    {"{\"type\":\"bundle\",\"id\":\"bundle--" UUID "\"}", "stix.type", "type"},
    {"{\"type\":\"Indicator\",\"id\":\"Indicator--" UUID "\"}", "stix.type", "type"},
    {"{\"type\":\"a\",\"id\":\"a--" UUID "\"}", "stix.type", "type"},
    {"{\"type\":\"a--b\",\"id\":\"a--b--" UUID "\"}", "stix.type", "type"},
    {"{\"type\":5}", "stix.type", "type"},
    {"{\"type\":\"malware\"}", "stix.required", "id"},
    {"{\"type\":\"malware\",\"id\":\"tool--" UUID "\"}", "stix.id", "id"},
    {"{\"type\":\"malware\",\"id\":\"malware--" UUID "0\"}", "stix.id", "id"},
    {"{\"type\":\"malware\",\"id\":\"malware-" UUID "\"}", "stix.id", "id"},
    {"{\"type\":\"malware\",\"id\":7}", "stix.id", "id"},
    {"{\"type\":\"malware\",\"id\":\"malware--" UUID "\"" TIMES ",\"is_family\":true}",
     "stix.version", "spec_version"},
    {"{\"type\":\"malware\",\"spec_version\":\"2.0\",\"id\":\"malware--" UUID "\"" TIMES "}",
     "stix.version", "spec_version"},
    {HEAD("malware") ",\"created\":\"2026-01-01T00:00:00Z\",\"is_family\":true}", "stix.required",
     "modified"},
    {HEAD("malware") TIMES "}", "stix.required", "is_family"},
    {HEAD("malware") TIMES ",\"is_family\":\"true\"}", "stix.property", "is_family"},
    {HEAD("tool") TIMES ",\"name\":\"\"}", "stix.property", "name"},
    {HEAD("location") TIMES "}", "stix.required", "region"},
    {HEAD("report") TIMES ",\"name\":\"x\",\"published\":\"2026-01-01T00:00:00Z\""
                          ",\"object_refs\":[]}",
     "stix.property", "object_refs"},
    {HEAD("file") "}", "stix.required", "hashes"},
    {HEAD("tool") ",\"created\":\"2026-01-01\",\"modified\":\"2026-01-02T00:00:00Z\",\"name\":"
                  "\"x\"}",
     "stix.time", "created"},
    {HEAD("tool") ",\"created\":\"2026-02-30T00:00:00Z\",\"modified\":\"2026-03-02T00:00:00Z\""
                  ",\"name\":\"x\"}",
     "stix.time", "created"},
    {HEAD("tool") ",\"created\":\"2026-01-03T00:00:00Z\",\"modified\":\"2026-01-02T00:00:00Z\""
                  ",\"name\":\"x\"}",
     "stix.order", "modified"},
    {INDICATOR ",\"valid_until\":\"2026-01-01T00:00:00Z\"}", "stix.order", "valid_until"},
    {INDICATOR ",\"confidence\":101}", "stix.property", "confidence"},
    {INDICATOR ",\"created_by_ref\":\"me\"}", "stix.property", "created_by_ref"},
    {INDICATOR ",\"object_marking_refs\":[\"malware--" UUID "\"]}", "stix.property",
     "object_marking_refs"},
    {INDICATOR ",\"granular_markings\":[{\"marking_ref\":\"" RED "\"}]}", "stix.property",
     "granular_markings[0].selectors"},
    {INDICATOR ",\"granular_markings\":[{\"selectors\":[\"name\"]}]}", "stix.property",
     "granular_markings[0]"},
    {INDICATOR ",\"granular_markings\":[{\"selectors\":[\"name\"],\"lang\":\"ja\"}]}", "", ""},
    {HEAD("indicator") TIMES ",\"pattern_type\":\"stix\",\"pattern\":\"[a:b = ]\""
                             ",\"valid_from\":\"2026-01-01T00:00:00Z\"}",
     "stix.pattern", "pattern"},
};

static void test_table(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct kai_stix_info info;
        struct kai_why why = {.code = NULL};
        enum kai_err err = kai_stix_check(V(TABLE[i].object), &info, &why);
        const char *code = err == KAI_OK ? "" : why.code;

        if (strcmp(code, TABLE[i].code) != 0 || strcmp(why.where, TABLE[i].where) != 0)
            fail_msg("%s: got %s at '%s', want %s at '%s'", TABLE[i].object, code, why.where,
                     TABLE[i].code, TABLE[i].where);
    }
}

static struct kai_stix_info info_of(const char *object)
{
    struct kai_stix_info info;
    struct kai_why why = {.code = NULL};

    if (kai_stix_check(V(object), &info, &why) != KAI_OK)
        fail_msg("%s: %s", object, why.code);
    return info;
}

static void test_info(void **state)
{
    struct kai_stix_info info =
        info_of(INDICATOR ",\"name\":\"\xe5\x9b\x9e\xe8\xa6\xa7\",\"revoked\":true,"
                          "\"created_by_ref\":\"identity--" UUID "\",\"valid_until\":"
                          "\"2026-01-01T00:00:00.001Z\"}");
    (void)state;

    assert_int_equal(info.class_of, KAI_STIX_SDO);
    assert_string_equal(info.type, "indicator");
    assert_string_equal(info.id, "indicator--" UUID);
    assert_int_equal(info.uuid[0], 0x8e);
    assert_int_equal(info.uuid[15], 0x3f);
    assert_int_equal(info.created_ms, 1767225600500);
    assert_int_equal(info.modified_ms, 1767312000000);
    assert_int_equal(info.valid_from_ms, 1767225600000);
    assert_int_equal(info.valid_until_ms, 1767225600001);
    assert_true(info.revoked);
    assert_string_equal(info.name, "\xe5\x9b\x9e\xe8\xa6\xa7");
    assert_string_equal(info.created_by, "identity--" UUID);
    assert_true(info.unmarked);
    info = info_of("{\"type\":\"url\",\"id\":\"url--" UUID "\",\"value\":\"x\"}");
    assert_int_equal(info.class_of, KAI_STIX_SCO);
    assert_int_equal(info.modified_ms, 0);
}

static void test_labels(void **state)
{
    struct kai_stix_info info = info_of(INDICATOR ",\"object_marking_refs\":[\"" GREEN "\"]}");
    (void)state;

    assert_int_equal(info.label.tlp, KAI_TLP_GREEN);
    assert_false(info.unmarked);
    info = info_of(INDICATOR ",\"object_marking_refs\":[\"" GREEN "\"],\"granular_markings\":"
                             "[{\"selectors\":[\"name\"],\"marking_ref\":\"" RED "\"}]}");
    assert_int_equal(info.label.tlp, KAI_TLP_RED);
    info = info_of(INDICATOR ",\"object_marking_refs\":[\"" TLP1_AMBER "\",\"" OWN "\"]}");
    assert_int_equal(info.label.tlp, KAI_TLP_AMBER);
    info = info_of(INDICATOR ",\"object_marking_refs\":[\"" OWN "\"]}");
    assert_true(info.unmarked);
    /* Definitions: the id decides. */
    info = info_of(HEAD(
        "marking-definition") ",\"created\":\"2026-01-01T00:00:00Z\","
                              "\"definition_type\":\"tlp\",\"definition\":{\"tlp\":\"white\"}}");
    assert_true(info.false_tlp && !info.tlp_definition);
    info = info_of(
        HEAD("marking-definition") ",\"created\":\"2026-01-01T00:00:00Z\",\"extensions\":"
                                   "{\"extension-definition--60a3c5c5-0d10-413e-aab3-"
                                   "9e08dde9e88d\":{\"extension_"
                                   "type\":\"property-extension\",\"tlp_2_0\":\"clear\"}}}");
    assert_true(info.false_tlp && !info.tlp_definition);
    info =
        info_of("{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" RED "\","
                "\"created\":\"2022-10-01T00:00:00.000Z\",\"extensions\":{\"extension-definition--"
                "60a3c5c5-0d10-413e-aab3-9e08dde9e88d\":{\"tlp_2_0\":\"clear\"}}}");
    assert_true(info.tlp_definition && !info.false_tlp);
}

static void test_time(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00.0019Z", 1},
        {"1969-12-31T23:59:59Z", -1000},
        {"2000-02-29T12:00:00Z", 951825600000},
        {"2024-12-31T23:59:59.999999999Z", 1735689599999},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
        {"0001-01-01T00:00:00Z", -62135596800000},
    };
    static const char *const bad[] = {
        "",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00:00+00:00",
        "2024-01-01 00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00.1aZ",
        "2024-01-01t00:00:00z",
        "0000-01-01T00:00:00Z",
        "+024-01-01T00:00:00Z",
    };
    (void)state;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t ms = 7;

        assert_true(kai_stix_time(V(good[i].text), &ms));
        assert_true(ms == good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ms;

        assert_false(kai_stix_time(V(bad[i]), &ms));
    }
    for (uint64_t ms = 0; ms < 253402300799999u; ms += 86400000u * 13 + 3723004) {
        char text[KAI_STIX_TIME_CAP];
        int64_t back;

        assert_true(kai_stix_time(V(kai_stix_time_text(text, ms)), &back));
        assert_true((uint64_t)back == ms);
    }
}

static void test_compact(void **state)
{
    static const char *const pairs[][2] = {
        {"{ \"a\" : [ 1.50 , \"b \\\" c\" ] }\n", "{\"a\":[1.50,\"b \\\" c\"]}"},
        {"{\"a\":\" \\\\\" , \"b\": 1}", "{\"a\":\" \\\\\",\"b\":1}"},
    };
    struct kai_buf b;
    (void)state;

    kai_buf_init(&b, 4096);
    for (size_t i = 0; i < 2; i++) {
        kai_buf_clear(&b);
        assert_int_equal(kai_stix_compact(V(pairs[i][0]), &b), KAI_OK);
        assert_int_equal(b.len, strlen(pairs[i][1]));
        assert_memory_equal(b.p, pairs[i][1], b.len);
    }
    assert_int_equal(kai_stix_compact(V("\"x"), &b), KAI_EMALFORMED);
    kai_buf_free(&b);
}

static bool count(void *ctx, enum kai_vtype type, struct kai_view norm, enum kai_atom strength)
{
    (void)type;
    (void)norm;
    (void)strength;
    ++*(unsigned *)ctx;
    return true;
}

static void test_values(void **state)
{
    unsigned n = 0;
    (void)state;

    assert_int_equal(kai_stix_values(V(INDICATOR "}"), count, &n), KAI_OK);
    assert_int_equal(n, 1);
    n = 0;
    assert_int_equal(kai_stix_values(V("{\"type\":\"url\",\"id\":\"url--" UUID "\",\"defanged\":"
                                       "true,\"value\":\"hxxp://a[.]example/\"}"),
                                     count, &n),
                     KAI_OK);
    assert_int_equal(n, 1);
    n = 0;
    assert_int_equal(kai_stix_values(V(HEAD("tool") TIMES ",\"name\":\"a.example\"}"), count, &n),
                     KAI_OK);
    assert_int_equal(n, 0);
}

static void test_prefixes_and_flips(void **state)
{
    static const char object[] = INDICATOR ",\"object_marking_refs\":[\"" RED "\"]}";
    size_t n = sizeof object - 1;
    unsigned refused = 0;
    (void)state;

    for (size_t cut = 0; cut <= n; cut++) {
        struct kai_stix_info info;
        struct kai_why why = {.code = NULL};
        uint8_t *p = malloc(cut + 1);
        unsigned values = 0;

        memcpy(p, object, cut);
        assert_true((kai_stix_check(kai_view_of(p, cut), &info, &why) == KAI_OK) == (cut == n));
        assert_true((why.code != NULL) == (cut != n));
        (void)!kai_stix_values(kai_view_of(p, cut), count, &values);
        for (size_t bit = 0; cut == n && bit < 8 * n; bit++) {
            p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            refused += kai_stix_check(kai_view_of(p, cut), &info, NULL) != KAI_OK;
            (void)!kai_stix_values(kai_view_of(p, cut), count, &values);
            p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        free(p);
    }
    assert_true(refused > n);
}

static void test_bounds(void **state)
{
    static char text[KAI_STIX_BYTES_MAX + 64];
    struct kai_stix_info info;
    struct kai_why why = {.code = NULL};
    (void)state;

    for (size_t depth = 62; depth < 67; depth++) { /* The object itself is a level. */
        strcpy(text, INDICATOR ",\"x\":");
        memset(text + strlen(text), 0, 300);
        memset(text + strlen(text), '[', depth);
        memset(text + strlen(text), ']', depth);
        strcat(text, "}");
        enum kai_err err = kai_stix_check(V(text), &info, &why);

        assert_int_equal(err, depth < 64 ? KAI_OK : KAI_ELIMIT);
    }
    assert_string_equal(why.code, "json.depth");
    memset(text, ' ', sizeof text);
    memcpy(text, INDICATOR "}", strlen(INDICATOR "}"));
    assert_int_equal(kai_stix_check(kai_view_of(text, KAI_STIX_BYTES_MAX), &info, &why), KAI_OK);
    assert_int_equal(kai_stix_check(kai_view_of(text, KAI_STIX_BYTES_MAX + 1), &info, &why),
                     KAI_ELIMIT);
    assert_string_equal(why.code, "stix.size");
    memset(text, '[', sizeof text); /* As deep as a text can be. */
    assert_int_equal(kai_stix_check(kai_view_of(text, KAI_STIX_BYTES_MAX), &info, &why),
                     KAI_ELIMIT);
}

static void test_no_memory(void **state)
{
    size_t n = 0;
    unsigned values = 0;
    enum kai_err err;
    (void)state;

    do {
        struct kai_stix_info info;
        struct kai_why why = {.code = NULL};

        oom_arm(n);
        err = kai_stix_check(V(INDICATOR "}"), &info, &why);
    } while (oom_again(&n, err));
    assert_true(n > 10);
    n = 0;
    do {
        oom_arm(n);
        err = kai_stix_values(V(INDICATOR "}"), count, &values);
    } while (oom_again(&n, err));
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),     cmocka_unit_test(test_info),
        cmocka_unit_test(test_labels),    cmocka_unit_test(test_time),
        cmocka_unit_test(test_compact),   cmocka_unit_test(test_values),
        cmocka_unit_test(test_bounds),    cmocka_unit_test(test_prefixes_and_flips),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

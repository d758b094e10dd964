/* test_scoid: deterministic ids, against the vectors of the OASIS library and of RFC 4122. */
#include "item/cm.h"
#include "item/data.h"
#include "item/scoid.h"

#define SHA256 "fe90a7e910cb3a4739bed9180e807e93fa70c90f25a8915476f5e4bfbac681db"

static const struct {
    const char *object;
    const char *uuid;
} VECTORS[] = {
    {"{\"type\":\"ipv4-addr\",\"value\":\"198.51.100.3\"}", "28bb3599-77cd-5a82-a950-b5bc3caf07c4"},
    {"{\"type\":\"ipv6-addr\",\"value\":\"2001:db8::1\"}", "6469e3a9-b053-5e34-a025-9396ae051d26"},
    {"{\"type\":\"domain-name\",\"value\":\"example.com\"}",
     "bedb4899-d24b-5401-bc86-8f6b4cc18ec7"},
    {"{\"type\":\"domain-name\",\"value\":\"b\\u00fccher.example\"}",
     "dbf3aff2-b3cd-57d2-9616-0ddfde9d01ad"},
    {"{\"type\":\"url\",\"value\":\"https://example.com/research/index.html\"}",
     "47c3cf9a-5027-5bf0-997a-017c7edc7c55"},
    {"{\"type\":\"email-addr\",\"value\":\"john@example.com\",\"display_name\":\"John\"}",
     "7165e2a9-671f-585d-b1e1-ca59c671d934"},
    {"{\"name\":\"foo.exe\",\"type\":\"file\",\"size\":5,\"hashes\":{\"SHA-256\":\"" SHA256 "\"}}",
     "741019a6-c339-5e5d-ad1e-6fa3dec47bb4"},
    {"{\"type\":\"file\",\"hashes\":{\"SHA-256\":\"" SHA256
     "\",\"MD5\":\"66e2ea40dc71d5ba701574ea215a81f1\"}}",
     "ebf49085-2240-52db-b5e2-165561b0acd1"},
    {"{\"type\":\"mutex\",\"name\":\"__CLEANSWEEP__\"}", "f93fe911-e545-5239-b9b0-597840d0c871"},
    {"{\"type\":\"autonomous-system\",\"number\":15139}", "3aa27478-50b5-5ab8-9da9-cdc12b657fff"},
    {"{\"type\":\"mac-addr\",\"value\":\"d2:fb:49:24:37:18\"}",
     "757b1725-9903-54f5-a855-1240691d7659"},
};

static void test_vectors(void **state)
{
    char id[KAI_STIX_ID_CAP];
    (void)state;

    for (size_t i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++) {
        assert_int_equal(kai_sco_id(V(VECTORS[i].object), id), KAI_OK);
        assert_string_equal(strstr(id, "--") + 2, VECTORS[i].uuid);
    }
}

static void test_none(void **state)
{
    char id[KAI_STIX_ID_CAP];
    (void)state;

    assert_int_equal(kai_sco_id(V("{\"type\":\"process\",\"pid\":1}"), id), KAI_ENOTFOUND);
    assert_int_equal(kai_sco_id(V("{\"type\":\"file\",\"size\":1}"), id), KAI_ENOTFOUND);
    assert_int_equal(kai_sco_id(V("{\"type\":\"x-own\",\"value\":1}"), id), KAI_ENOTFOUND);
    assert_int_equal(kai_sco_id(V("{\"value\":1}"), id), KAI_EMALFORMED);
    assert_int_equal(kai_sco_id(V("{"), id), KAI_EMALFORMED);
}

/* The order of properties and white space does not count; numbers and deep extensions do. */
static void test_canonical(void **state)
{
    char a[KAI_STIX_ID_CAP];
    char b[KAI_STIX_ID_CAP];
    (void)state;

    assert_int_equal(kai_sco_id(V("{\"type\":\"file\",\"name\":\"a\",\"extensions\":{\"x\":"
                                  "[{\"e\":7.10,\"d\":1e21,\"z\":null}],\"b\":{}}}"),
                                a),
                     KAI_OK);
    assert_int_equal(kai_sco_id(V(" { \"extensions\" : {\"b\":{ },\"x\": [{\"z\":null,\"d\":"
                                  "1000000000000000000000.0,\"e\":7.1}] },\"name\":\"a\","
                                  "\"type\":\"file\"}"),
                                b),
                     KAI_OK);
    assert_string_equal(a, b);
    assert_int_equal(kai_sco_id(V("{\"type\":\"file\",\"name\":\"a\",\"extensions\":{\"x\":"
                                  "[{\"e\":7.11,\"d\":1e21,\"z\":null}],\"b\":{}}}"),
                                b),
                     KAI_OK);
    assert_string_not_equal(a, b);
}

static void test_uuid(void **state)
{
    /* RFC 4122, appendix C: the DNS name space; the value is that of any implementation. */
    static const uint8_t dns[16] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                                    0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
    uint8_t uuid[16];
    uint8_t again[16];
    char text[KAI_UUID_CAP];
    char bad[KAI_UUID_CAP];
    (void)state;

    kai_uuid5(uuid, dns, "www.example.com", 15);
    assert_string_equal(kai_uuid_text(text, uuid), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    assert_true(kai_uuid_parse(again, V(text)));
    assert_memory_equal(uuid, again, 16);
    for (size_t i = 0; i < 36; i++) {
        memcpy(bad, text, sizeof bad);
        bad[i] = 'g';
        assert_false(kai_uuid_parse(again, V(bad)));
        assert_false(kai_uuid_parse(again, kai_view_of(text, i)));
    }
    /* Names of every length around a block of SHA-1. */
    char name[200];
    memset(name, 'n', sizeof name);
    for (size_t n = 0; n < sizeof name; n++) {
        kai_uuid5(uuid, dns, name, n);
        kai_uuid5(again, dns, name, n + (n + 1 < sizeof name));
        assert_int_equal(uuid[6] >> 4, 5);
        assert_int_equal(uuid[8] >> 6, 2);
        if (n + 1 < sizeof name)
            assert_memory_not_equal(uuid, again, 16);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_uuid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

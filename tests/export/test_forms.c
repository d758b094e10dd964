/* test_forms: each form byte by byte, with values that would break it. */
#include "export/sheet.h"

#include <jansson.h>

#include "export/md5.h"

static struct kai_export *begin(struct sheet **s, enum kai_export_format format)
{
    struct kai_export_opts o = {.now_ms = 1767225600000u, .serial = 7};
    struct kai_export *e;

    *s = calloc(1, sizeof **s);
    assert_non_null(*s);
    struct kai_export_sink sink = sheet_sink(*s);
    assert_int_equal(kai_export_new(&e, format, &sink, &o), KAI_OK);
    return e;
}

static enum kai_export_left add(struct kai_export *e, struct kai_export_record r)
{
    enum kai_export_left left = KAI_EXPORT_TAKEN;

    assert_int_equal(kai_export_add(e, &r, &left), KAI_OK);
    return left;
}

static enum kai_export_left put(struct kai_export *e, enum kai_vtype type, const char *value)
{
    return add(e, sheet_record(type, value));
}

static void end(struct kai_export *e)
{
    assert_int_equal(kai_export_end(e), KAI_OK);
    kai_export_free(e);
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(kai_export_parse("zeek"), KAI_EXPORT_ZEEK);
    assert_int_equal(kai_export_parse("misp"), KAI_EXPORT_MISP);
    assert_int_equal(kai_export_parse("Zeek"), KAI_EXPORT_NONE);
    assert_int_equal(kai_export_parse(""), KAI_EXPORT_NONE);
    assert_int_equal(kai_export_use(KAI_EXPORT_ZEEK), KAI_EXPORT_DETECT);
    assert_int_equal(kai_export_use(KAI_EXPORT_SURICATA), KAI_EXPORT_DETECT);
    assert_int_equal(kai_export_use(KAI_EXPORT_CSV), KAI_EXPORT_DETECT);
    assert_int_equal(kai_export_use(KAI_EXPORT_RPZ), KAI_EXPORT_BLOCK);
    assert_int_equal(kai_export_use(KAI_EXPORT_HOSTS), KAI_EXPORT_BLOCK);
    assert_int_equal(kai_export_use(KAI_EXPORT_STIX), KAI_EXPORT_FILE);
    assert_int_equal(kai_export_use(KAI_EXPORT_MISP), KAI_EXPORT_FILE);
}

#define ZEEK_HEAD                                                                                  \
    "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\tmeta.do_notice\n"

static void test_zeek(void **state)
{
    struct sheet *s;
    struct kai_export *e = begin(&s, KAI_EXPORT_ZEEK);
    struct kai_export_record r = sheet_record(KAI_V_FILE_NAME, "#a\\x41.exe");

    (void)state;
    assert_int_equal(put(e, KAI_V_IPV4, "192.0.2.7"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_IPV4, "192.0.2.0/24"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_IPV6, "2001:db8::1"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_URL, "https://evil.example:8443/A?b=\\c"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_DOMAIN, "xn--bcher-kva.example"), KAI_EXPORT_TAKEN);
    r.name = "one\ttwo\nthree";
    r.origin_name = "-";
    assert_int_equal(add(e, r), KAI_EXPORT_TAKEN);
    r = sheet_record(KAI_V_EMAIL, "a@evil.example");
    r.name = "";
    r.origin_name = "#\x01";
    assert_int_equal(add(e, r), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_MD5, "0123456789abcdef0123456789abcdef"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_FILE_NAME, "-"), KAI_EXPORT_SHAPE);
    assert_int_equal(put(e, KAI_V_FILE_NAME, "(empty)"), KAI_EXPORT_SHAPE);
    assert_int_equal(put(e, KAI_V_URL, "urn:x"), KAI_EXPORT_SHAPE);
    assert_int_equal(put(e, KAI_V_MUTEX, "m"), KAI_EXPORT_TYPE);
    assert_int_equal(put(e, KAI_V_IPV4, "192.0.2.7"), KAI_EXPORT_TWICE);
    r = sheet_record(KAI_V_IPV4, "192.0.2.7"); /* Another source's word for it is a line. */
    r.origin = "bb22";
    r.origin_name = "Org B";
    assert_int_equal(add(e, r), KAI_EXPORT_TAKEN);
    assert_int_equal(kai_export_count(e, KAI_EXPORT_TAKEN), 9);
    assert_int_equal(kai_export_count(e, KAI_EXPORT_SHAPE), 3);
    end(e);
    assert_string_equal(
        sheet_text(s, ""),
        ZEEK_HEAD "192.0.2.7\tIntel::ADDR\tOrg A\tC2 server\t-\tF\n"
                  "192.0.2.0/24\tIntel::SUBNET\tOrg A\tC2 server\t-\tF\n"
                  "2001:db8::1\tIntel::ADDR\tOrg A\tC2 server\t-\tF\n"
                  "evil.example:8443/A?b=\\x5cc\tIntel::URL\tOrg A\tC2 server\t-\tF\n"
                  "xn--bcher-kva.example\tIntel::DOMAIN\tOrg A\tC2 server\t-\tF\n"
                  "\\x23a\\x5cx41.exe\tIntel::FILE_NAME\taa11\tone\\x09two\\x0athree\t-\tF\n"
                  "a@evil.example\tIntel::EMAIL\t\\x23\\x01\t-\t-\tF\n"
                  "0123456789abcdef0123456789abcdef\tIntel::FILE_HASH\tOrg A\tC2 server\t-\tF\n"
                  "192.0.2.7\tIntel::ADDR\tOrg B\tC2 server\t-\tF\n");
    sheet_free(s);
}

static void test_csv(void **state)
{
    struct sheet *s;
    struct kai_export *e = begin(&s, KAI_EXPORT_CSV);
    struct kai_export_record r = sheet_record(KAI_V_FILE_NAME, "=cmd|' /C calc'!A0");

    (void)state;
    r.name = "a \"quoted\", name\nand more";
    r.pap = 3;
    r.valid_until_ms = 1767225600001u;
    assert_int_equal(add(e, r), KAI_EXPORT_TAKEN);
    r = sheet_record(KAI_V_DOMAIN, "evil.example");
    r.name = "@SUM(1)";
    r.origin_name = "-x";
    assert_int_equal(add(e, r), KAI_EXPORT_TAKEN);
    r = sheet_record(KAI_V_MUTEX, "+m");
    r.name = "\tx";
    assert_int_equal(add(e, r), KAI_EXPORT_TAKEN);
    end(e);
    assert_string_equal(
        sheet_text(s, ""),
        "value,type,label,pap,source,first_seen,valid_until,name,id\r\n"
        "\"'=cmd|' /C calc'!A0\",\"file-name\",\"TLP:GREEN\",\"PAP:AMBER\",\"Org A\","
        "\"2026-01-01T00:00:00.000Z\",\"2026-01-01T00:00:00.001Z\","
        "\"a \"\"quoted\"\", name\nand more\",\"00ff\"\r\n"
        "\"evil.example\",\"domain-name\",\"TLP:GREEN\",\"\",\"'-x\",\"2026-01-01T00:00:00.000Z\","
        "\"\",\"'@SUM(1)\",\"00ff\"\r\n"
        "\"'+m\",\"mutex\",\"TLP:GREEN\",\"\",\"Org A\",\"2026-01-01T00:00:00.000Z\",\"\",\"'\tx\","
        "\"00ff\"\r\n");
    sheet_free(s);
}

static void test_hosts(void **state)
{
    struct sheet *s;
    struct kai_export *e = begin(&s, KAI_EXPORT_HOSTS);

    (void)state;
    assert_int_equal(put(e, KAI_V_DOMAIN, "evil.example"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_DOMAIN, "localhost"), KAI_EXPORT_SHAPE);
    assert_int_equal(put(e, KAI_V_IPV4, "192.0.2.7"), KAI_EXPORT_TYPE);
    assert_int_equal(put(e, KAI_V_URL, "http://evil.example/"), KAI_EXPORT_TYPE);
    end(e);
    assert_string_equal(sheet_text(s, ""),
                        "# Made by kairan export: it is written anew each time.\n"
                        "0.0.0.0 evil.example\n");
    sheet_free(s);
}

static void test_rpz(void **state)
{
    struct sheet *s;
    struct kai_export *e = begin(&s, KAI_EXPORT_RPZ);
    char name[254];

    (void)state;
    assert_int_equal(put(e, KAI_V_DOMAIN, "evil.example"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_IPV4, "1.2.3.4"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_IPV4, "192.0.2.0/24"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_IPV6, "2001:db8::1"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_IPV6, "2001:db8:0:0:1::/80"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_IPV6, "2001:0:0:1::1"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_IPV4, "0.0.0.0/0"), KAI_EXPORT_SHAPE);
    assert_int_equal(put(e, KAI_V_DOMAIN, "32.1.0.0.127.rpz-ip"), KAI_EXPORT_SHAPE);
    assert_int_equal(put(e, KAI_V_DOMAIN, "a.rpz-nsdname"), KAI_EXPORT_SHAPE);
    assert_int_equal(put(e, KAI_V_DOMAIN, "a.xrpz-ip"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_URL, "http://evil.example/"), KAI_EXPORT_TYPE);
    memset(name, 'a', sizeof name);
    for (size_t i = 50; i < 221; i += 50)
        name[i] = '.';
    name[221] = '\0';
    assert_int_equal(put(e, KAI_V_DOMAIN, name), KAI_EXPORT_LONG);
    end(e);
    assert_string_equal(sheet_text(s, ""),
                        "$TTL 300\n@ SOA localhost. root.localhost. ( 7 3600 900 604800 300 )\n"
                        "  NS localhost.\n"
                        "evil.example CNAME .\n*.evil.example CNAME .\n"
                        "32.4.3.2.1.rpz-ip CNAME .\n24.0.2.0.192.rpz-ip CNAME .\n"
                        "128.1.zz.db8.2001.rpz-ip CNAME .\n"
                        "80.zz.1.0.0.db8.2001.rpz-ip CNAME .\n"
                        "128.1.zz.1.0.0.2001.rpz-ip CNAME .\n"
                        "a.xrpz-ip CNAME .\n*.a.xrpz-ip CNAME .\n");
    sheet_free(s);
}

static void test_serial(void **state)
{
    static const char head[] = "$TTL 300\n@ SOA localhost. root.localhost. ( 4000000000 3600";
    static const char small[] = "$TTL 300\n@ SOA localhost. root.localhost. ( 5 3600";

    (void)state;
    assert_int_equal(kai_export_serial(V(""), 1767225600000u), 1767225600u);
    assert_int_equal(kai_export_serial(V("x"), 1767225600000u), 1767225600u);
    assert_int_equal(kai_export_serial(V(small), 1767225600000u), 1767225600u);
    /* Within the same second, and where the clock was set back: it still grows. */
    assert_int_equal(kai_export_serial(V(small), 5000), 6);
    assert_int_equal(kai_export_serial(V(head), 3999999999000u), 4000000001u);
}

static void test_suricata(void **state)
{
    struct sheet *s;
    struct kai_export *e = begin(&s, KAI_EXPORT_SURICATA);
    char agent[768];

    (void)state;
    memset(agent, 'u', sizeof agent);
    agent[766] = '\0';
    assert_int_equal(put(e, KAI_V_DOMAIN, "evil.example"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_USER_AGENT, "Bad \"Agent\"; 1"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_USER_AGENT, agent), KAI_EXPORT_LONG);
    assert_int_equal(put(e, KAI_V_IPV4, "192.0.2.7"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_IPV4, "192.0.2.0/24"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_IPV6, "2001:db8::1"), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_SHA1, "0123456789abcdef0123456789abcdef01234567"),
                     KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_URL, "http://evil.example/"), KAI_EXPORT_TYPE);
    agent[765] = '\0';
    assert_int_equal(put(e, KAI_V_USER_AGENT, agent), KAI_EXPORT_TAKEN);
    end(e);
    assert_string_equal(sheet_text(s, "kairan-domain.lst"), "ZXZpbC5leGFtcGxl\n");
    assert_memory_equal(sheet_text(s, "kairan-user-agent.lst"), "QmFkICJBZ2VudCI7IDE=\n", 21);
    assert_int_equal(strlen(sheet_text(s, "kairan-user-agent.lst")), 21 + 1021);
    assert_string_equal(sheet_text(s, "kairan-ip.lst"), "192.0.2.7\n2001:db8::1\n");
    assert_string_equal(sheet_text(s, "kairan-iprep.lst"),
                        "192.0.2.7,1,100\n192.0.2.0/24,1,100\n2001:db8::1,1,100\n");
    assert_string_equal(sheet_text(s, "kairan-md5.lst"), "");
    assert_string_equal(sheet_text(s, "kairan-sha1.lst"),
                        "0123456789abcdef0123456789abcdef01234567\n");
    const char *rules = sheet_text(s, "kairan.rules");
    assert_non_null(strstr(rules, "dns.query; to_lowercase; dataset:isset,kairan-domain,"
                                  "type string,load kairan-domain.lst,memcap 256mb,hashsize 4096; "
                                  "sid:1271001; rev:1;)\n"));
    assert_null(strchr(rules, '#'));
    assert_null(strstr(rules, "filemd5")); /* An empty list is not loaded. */
    assert_non_null(strstr(rules, "filesha1:kairan-sha1.lst; sid:1271008"));
    assert_string_equal(s->files[s->n - 1].name, "kairan.rules"); /* After what it loads. */
    sheet_free(s);
}

#define MARK_GREEN "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
#define MARK_WHITE "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"

static json_t *load(struct sheet *s, const char *name)
{
    json_t *o = json_loads(sheet_text(s, name), JSON_REJECT_DUPLICATES, NULL);

    assert_non_null(o);
    return o;
}

static void add_object(struct kai_export *e, const char *text)
{
    struct kai_export_record r = {
        .object = V(text), .id = "", .name = "", .origin = "", .origin_name = ""};

    (void)add(e, r);
}

static void test_stix(void **state)
{
    static const char one[] = "{\"type\":\"indicator\",  \"id\":\"indicator--1\",\n "
                              "\"object_marking_refs\":[\"" MARK_GREEN "\"]}";
    static const char two[] =
        "{\"type\":\"note\",\"granular_markings\":[{\"marking_ref\":\"" MARK_WHITE
        "\"}],\"x\":\"marking-definition--\",\"y\":7.1}";
    struct sheet *s;
    struct kai_export *e = begin(&s, KAI_EXPORT_STIX);

    (void)state;
    add_object(e, one);
    add_object(e, two);
    add_object(e, one);
    assert_int_equal(kai_export_count(e, KAI_EXPORT_TWICE), 1);
    end(e);
    assert_non_null(strstr(sheet_text(s, ""), one)); /* Byte for byte. */
    assert_non_null(strstr(sheet_text(s, ""), two));
    json_t *o = load(s, "");
    const json_t *objects = json_object_get(o, "objects");
    assert_int_equal(json_array_size(objects), 4);
    const json_t *white = json_array_get(objects, 2), *green = json_array_get(objects, 3);
    assert_string_equal(json_string_value(json_object_get(white, "id")), MARK_WHITE);
    assert_string_equal(json_string_value(json_object_get(green, "id")), MARK_GREEN);
    assert_string_equal(json_string_value(json_object_get(green, "created")),
                        "2022-10-01T00:00:00.000Z");
    assert_int_equal(strlen(json_string_value(json_object_get(o, "id"))), 44);
    json_decref(o);
    sheet_free(s);

    e = begin(&s, KAI_EXPORT_STIX); /* Each twice, at once and much later, over many blocks. */
    for (unsigned i = 0; i < 2 * 2 * 60000; i++) {
        char text[64];

        (void)snprintf(text, sizeof text, "{\"x\":%u}", i / 2 % 60000);
        struct kai_export_record r = {
            .object = V(text), .id = "", .name = "", .origin = "", .origin_name = ""};
        assert_int_equal(kai_export_add(e, &r, NULL), KAI_OK);
    }
    assert_int_equal(kai_export_end(e), KAI_OK);
    assert_int_equal(kai_export_count(e, KAI_EXPORT_TAKEN), 60000);
    assert_int_equal(kai_export_count(e, KAI_EXPORT_TWICE), 180000);
    kai_export_free(e);
    o = load(s, "");
    assert_int_equal(json_array_size(json_object_get(o, "objects")), 60000);
    json_decref(o);
    sheet_free(s);

    e = begin(&s, KAI_EXPORT_STIX); /* Nothing: a list in a bundle is never empty. */
    end(e);
    o = load(s, "");
    assert_null(json_object_get(o, "objects"));
    json_decref(o);
    sheet_free(s);
}

static const json_t *attribute(const json_t *event, size_t i)
{
    return json_array_get(json_object_get(json_object_get(event, "Event"), "Attribute"), i);
}

static void test_misp(void **state)
{
    struct sheet *s;
    struct kai_export *e = begin(&s, KAI_EXPORT_MISP);
    struct kai_export_record r = sheet_record(KAI_V_IPV4, "192.0.2.7");
    const char *uuid;
    json_t *v;

    (void)state;
    r.origin_name = "Org \"A\"\n";
    r.pap = 2;
    assert_int_equal(add(e, r), KAI_EXPORT_TAKEN);
    r = sheet_record(KAI_V_DOMAIN, "evil.example");
    r.detect = false;
    r.exercise = true;
    assert_int_equal(add(e, r), KAI_EXPORT_TAKEN);
    r = sheet_record(KAI_V_IPV4, "192.0.2.8");
    r.tlp = 4;
    assert_int_equal(add(e, r), KAI_EXPORT_TAKEN);
    assert_int_equal(put(e, KAI_V_PROCESS, "x"), KAI_EXPORT_TYPE);
    end(e);
    assert_string_equal(s->files[s->n - 1].name, "manifest.json");
    json_t *m = load(s, "manifest.json");
    assert_int_equal(json_object_size(m), 2);
    unsigned seen = 0;
    json_object_foreach(m, uuid, v)
    {
        char name[64];
        const char *tag = json_string_value(
            json_object_get(json_array_get(json_object_get(v, "Tag"), 0), "name"));

        (void)snprintf(name, sizeof name, "%s.json", uuid);
        json_t *event = load(s, name);
        if (strcmp(tag, "tlp:amber+strict") == 0) {
            seen |= 1;
            assert_string_equal(json_string_value(json_object_get(attribute(event, 0), "value")),
                                "192.0.2.8");
            assert_null(attribute(event, 1));
        } else {
            seen |= 2;
            assert_string_equal(tag, "tlp:green");
            assert_string_equal(json_string_value(json_object_get(attribute(event, 0), "type")),
                                "ip-dst");
            assert_true(json_is_true(json_object_get(attribute(event, 0), "to_ids")));
            assert_true(json_is_false(json_object_get(attribute(event, 1), "to_ids")));
            assert_string_equal(
                json_string_value(json_object_get(json_object_get(v, "Orgc"), "name")),
                "Org \"A\"\n");
        }
        json_decref(event);
    }
    assert_int_equal(seen, 3);
    /* md5 of evil.example, by md5sum. */
    assert_non_null(strstr(sheet_text(s, "hashes.csv"), "96119eb3210daa472225fbad69fa9770,"));
    json_decref(m);
    sheet_free(s);
}

/* More sources than files: an event ends, and goes on in another part. */
static void test_misp_parts(void **state)
{
    struct sheet *s;
    struct kai_export *e = begin(&s, KAI_EXPORT_MISP);
    char origin[16], value[32];
    const char *uuid;
    json_t *v;
    size_t n = 0;

    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        struct kai_export_record r = sheet_record(KAI_V_IPV4, value);

        (void)snprintf(value, sizeof value, "192.0.2.%u", i % 256);
        (void)snprintf(origin, sizeof origin, "%04x", i % 100);
        r.value = V(value);
        r.origin = origin;
        assert_int_equal(add(e, r), KAI_EXPORT_TAKEN);
    }
    end(e);
    json_t *m = load(s, "manifest.json");
    assert_int_equal(json_object_size(m) + 2, s->n);
    json_object_foreach(m, uuid, v)
    {
        char name[64];

        (void)snprintf(name, sizeof name, "%s.json", uuid);
        json_t *event = load(s, name);
        n += json_array_size(json_object_get(json_object_get(event, "Event"), "Attribute"));
        json_decref(event);
    }
    assert_int_equal(n, 300);
    json_decref(m);
    sheet_free(s);
}

static void test_md5(void **state)
{
    static const struct {
        const char *text;
        const char *md5;
    } rows[] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
         "d174ab98d277d9f5a5611c2c9f419d9f"},
        {"1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
         "9"
         "0",
         "ee7b685ab0788a2ae7be068ca39f114e"},
    };

    (void)state;
    for (size_t n = 0; n <= 2 * KAI_MD5_LANES + 1; n++) { /* Short ones beside long ones. */
        struct kai_view texts[2 * KAI_MD5_LANES + 1] = {{0}};
        uint8_t out[2 * KAI_MD5_LANES + 1][KAI_MD5_BYTES];

        for (size_t i = 0; i < n; i++)
            texts[i] = V(rows[(n + i) % 4].text);
        kai_md5(out, texts, n);
        for (size_t i = 0; i < n; i++) {
            char hex[KAI_HEX_CAP(KAI_MD5_BYTES)];

            assert_string_equal(kai_hex(hex, out[i], sizeof out[i]), rows[(n + i) % 4].md5);
        }
    }
}

/* Whatever fails, it is told, and nothing counts as whole. */
static void test_sink_fails(void **state)
{
    (void)state;
    for (unsigned f = 1; f < KAI_EXPORT_FORMATS_N; f++) {
        for (unsigned good = 1; good < 40; good++) {
            struct sheet *s = calloc(1, sizeof *s);
            struct kai_export_opts o = {.now_ms = 1767225600000u};
            struct kai_export *e;
            struct kai_export_record r = sheet_record(KAI_V_DOMAIN, "evil.example");

            assert_non_null(s);
            r.object = V("{}");
            s->fail_after = good;
            struct kai_export_sink sink = sheet_sink(s);
            enum kai_err err = kai_export_new(&e, (enum kai_export_format)f, &sink, &o);
            if (err == KAI_OK) {
                (void)kai_export_add(e, &r, NULL);
                err = kai_export_end(e);
                kai_export_free(e);
            }
            assert_int_equal(err, s->calls > good ? KAI_EIO : KAI_OK);
            sheet_free(s);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),    cmocka_unit_test(test_zeek),
        cmocka_unit_test(test_csv),      cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_rpz),      cmocka_unit_test(test_serial),
        cmocka_unit_test(test_suricata), cmocka_unit_test(test_stix),
        cmocka_unit_test(test_misp),     cmocka_unit_test(test_misp_parts),
        cmocka_unit_test(test_md5),      cmocka_unit_test(test_sink_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

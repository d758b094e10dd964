/* test_misp: MISP events: what each part becomes, and what is refused. */
#include "item/brought.h"
#include "item/cm.h"
#include "item/data.h"
#include "item/hostile.h"

#define U(n)                  "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd" n
#define HEAD                  "'uuid':'" U("00") "','info':'Case','date':'2026-01-02','timestamp':'1767400000'"
#define GREEN                 ",'Tag':[{'name':'tlp:green'}]"
#define EVENT(more)           "{'Event':{" HEAD more "}}"
#define ATTRS(list)           EVENT(GREEN ",'Attribute':[" list "]")
#define A(type, value)        "{'uuid':'" U("01") "','type':'" type "','value':'" value "','to_ids':true}"
#define AX(type, value, more) "{'type':'" type "','value':'" value "'" more "}"
#define TAGGED(tag)                                                                                \
    EVENT(",'Tag':[{'name':'tlp:green'},{'name':'" tag                                             \
          "'}],'Attribute':[" A("domain", "a.example") "]")
#define REPORT(n)          "+report TLP:GREEN Case | " n " refs\n"
#define ONE(name, pattern) "+indicator TLP:GREEN " name " | " pattern "\n" REPORT("1")
#define MD5_A              "d41d8cd98f00b204e9800998ecf8427e"

static const struct brought_case TABLE[] = {
    {"{'Event':{}}", 2, "-misp.event 0 f: Event\n"},
    {"{'Event':[]}", 2, "-misp.event 0 f: Event\n"},
    {"{'response':{}}", 2, "-misp.event 0 f: response\n"},
    {"{'response':[]}", 2, "-misp.event 0 f: response\n"},
    {"{'response':[5,{'Event':7}]}", 2,
     "-misp.event 0 f: response[0].Event\n-misp.event 0 f: response[1].Event\n"},
    /* As PyMISP writes it. */
    {"[ {'Event':{" HEAD GREEN ",'Attribute':[" A("domain", "a.example") "]}},{'Event':7} ]", 0,
     ONE("a.example", "[domain-name:value = `a.example`]") "-misp.event 0 f: [1].Event\n"},
    {"[{'Event':1}", 2, "-json.syntax 1 f\n"},
    {"{" HEAD GREEN ",'Attribute':[" A("domain", "a.example") "," AX(
         "domain", "x", ",'to_ids':1,'distribution':0") "]}",
     0,
     "+indicator TLP:GREEN a.example | [domain-name:value = `a.example`]\n"
     "-misp.own-only 0 f: Attribute[1]\n" REPORT("1")},
    {"{'Event':{'uuid':'x','timestamp':1}}", 2, "-misp.event 0 f: Event\n"},
    {"{'Event':{'uuid':'" U("00") "','timestamp':'soon'}}", 2, "-misp.event 0 f: Event\n"},
    {EVENT(""), 2, "-misp.event 0 f: Event\n"}, /* There is nothing in it. */
    {EVENT(",'Attribute':[" A("domain", "a.example") "]"), 0, "-label.missing 0 f: Event\n"},
    {EVENT(",'Attribute':[" A("domain", "a.example") "]"), 2,
     ONE("a.example", "[domain-name:value = `a.example`]")},
    {ATTRS(A("domain", "a.example")), 3,
     "+indicator TLP:AMBER a.example | [domain-name:value = `a.example`]\n"
     "+report TLP:AMBER Case | 1 refs\n"},
    {ATTRS(A("domain", "a.example")), 1,
     "-label.lower 0 f: Event.Attribute[0]\n-misp.event 0 f: Event\n"},
    /* Types. */
    {ATTRS(A("ip-dst", "192.0.2.1")), 0, ONE("192.0.2.1", "[ipv4-addr:value = `192.0.2.1`]")},
    {ATTRS(A("ip-src", "192.0.2.0/24")), 0,
     ONE("192.0.2.0/24", "[ipv4-addr:value = `192.0.2.0/24`]")},
    {ATTRS(A("ip-dst", "2001:db8::1")), 0, ONE("2001:db8::1", "[ipv6-addr:value = `2001:db8::1`]")},
    {ATTRS(A("ip-dst|port", "192.0.2.1|443")), 0,
     ONE("192.0.2.1|443", "[network-traffic:dst_ref.value = `192.0.2.1` AND "
                          "network-traffic:dst_port = 443]")},
    {ATTRS(A("domain|ip", "a.example|2001:db8::1")), 0,
     ONE("a.example|2001:db8::1", "[domain-name:value = `a.example` AND "
                                  "domain-name:resolves_to_refs[*].value = `2001:db8::1`]")},
    {ATTRS(A("filename|md5", "a`b\\\\c.exe|" MD5_A)), 0,
     ONE("a`b\\c.exe|" MD5_A, "[file:name = `a\\`b\\\\c.exe` AND file:hashes.MD5 = `" MD5_A "`]")},
    {ATTRS(A("regkey|value", "HKLM\\\\x|a|b")), 0,
     ONE("HKLM\\x|a|b", "[windows-registry-key:key = `HKLM\\\\x` AND "
                        "windows-registry-key:values[*].data = `a|b`]")},
    {ATTRS(A("AS", "AS64496")), 0, ONE("AS64496", "[autonomous-system:number = 64496]")},
    {ATTRS(A("btc", "1abc")), 0, ONE("1abc", "[x-kairan-value:value = `1abc`]")},
    {ATTRS(A("yara", "rule a { condition: true }")), 0, ONE("yara", "rule a { condition: true }")},
    {ATTRS(A("stix2-pattern", "[url:value = `http://a.example/`]")), 0,
     ONE("stix2-pattern", "[url:value = `http://a.example/`]")},
    {ATTRS(A("stix2-pattern", "[url:value")), 0,
     "-stix.pattern 0 f: Event.Attribute[0].pattern\n-misp.event 0 f: Event\n"},
    {ATTRS(A("vulnerability", "CVE-2021-44228")), 0,
     "+vulnerability TLP:GREEN CVE-2021-44228\n" REPORT("1")},
    /* Values that are none. */
    {ATTRS(A("ip-dst", "999.1.1.1")), 0,
     "-value.ipv4 0 f: Event.Attribute[0]\n-misp.event 0 f: Event\n"},
    {ATTRS(A("md5", "abc")), 0, "-value.hash 0 f: Event.Attribute[0]\n-misp.event 0 f: Event\n"},
    {ATTRS(A("ip-dst|port", "192.0.2.1")), 0,
     "-misp.value 0 f: Event.Attribute[0]\n-misp.event 0 f: Event\n"},
    {ATTRS(A("ip-dst|port", "192.0.2.1|x")), 0,
     "-misp.value 0 f: Event.Attribute[0]\n-misp.event 0 f: Event\n"},
    {ATTRS("{'type':'domain','to_ids':true,'value':5}"), 0,
     "-misp.value 0 f: Event.Attribute[0]\n-misp.event 0 f: Event\n"},
    {ATTRS("5"), 2, "~misp.skipped  1\n-misp.event 0 f: Event\n"},
    {ATTRS(A("no-such-type", "x") "," A("no-such-type", "y") "," A("md5", MD5_A)), 0,
     "+indicator TLP:GREEN " MD5_A " | [file:hashes.MD5 = `" MD5_A "`]\n"
     "~misp.skipped no-such-type 2\n" REPORT("1")},
    /* to_ids decides, in any writing; context is never a pattern. */
    {EVENT(GREEN ",'Orgc':{'name':'CERT','uuid':'" U("09") "'},'Attribute':[" AX(
         "ip-dst", "192.0.2.9", ",'to_ids':'0'") "," AX("text", "words", ",'to_ids':'1'") "]"),
     0, "+identity TLP:GREEN CERT\n+report TLP:GREEN Case | 1 refs 2 context\n"},
    {ATTRS(AX("domain", "a.example", ",'to_ids':'1'") "," AX("domain", "b.example", ",'to_ids':1")),
     0,
     "+indicator TLP:GREEN a.example | [domain-name:value = `a.example`]\n"
     "+indicator TLP:GREEN b.example | [domain-name:value = `b.example`]\n" REPORT("2")},
    {ATTRS(A("domain", "a.example") "," AX("domain", "b.example", ",'to_ids':true,'deleted':true")),
     0, ONE("a.example", "[domain-name:value = `a.example`]")},
    {EVENT(GREEN ",'ShadowAttribute':[" A("domain", "b.example") "],'EventReport':[{}],"
                                                                 "'Attribute':[" A(
                                                                     "domain", "a.example") "]"),
     0,
     "+indicator TLP:GREEN a.example | [domain-name:value = `a.example`]\n"
     "~misp.skipped EventReport 1\n" REPORT("1")},
    /* Labels: the strictest of event and attribute; the report has all of them. */
    {ATTRS(A("domain", "a.example") "," AX("domain", "b.example",
                                           ",'to_ids':true,'Tag':[{'name':'TLP:AMBER+STRICT'}]")),
     0,
     "+indicator TLP:GREEN a.example | [domain-name:value = `a.example`]\n"
     "+indicator TLP:AMBER+STRICT b.example | [domain-name:value = `b.example`]\n"
     "+report TLP:AMBER+STRICT Case | 2 refs\n"},
    {EVENT(",'Tag':[{'name':'tlp:white'},{'name':'TLP:AMBER'},{'name':'x:y'}],'Attribute':[" A(
         "domain", "a.example") "]"),
     0,
     "+indicator TLP:AMBER a.example | [domain-name:value = `a.example`]\n"
     "+report TLP:AMBER Case | 1 refs\n"},
    {EVENT(",'Tag':[{'name':'tlp:white'},{'name':'PAP:RED'}],'Attribute':[" A("domain",
                                                                              "a.example") "]"),
     0,
     "+indicator TLP:CLEAR PAP:RED a.example | [domain-name:value = `a.example`]\n"
     "+report TLP:CLEAR PAP:RED Case | 1 refs\n"},
    {EVENT(",'Tag':[{'name':'tlp:ex:chr'}]"), 2, "-misp.tag 0 f: Event\n"},
    /* Labels of other forms and taxonomies raise it too; they stay tags. */
    {TAGGED(" tlp:red"), 0,
     "+indicator TLP:RED a.example | [domain-name:value = `a.example`]\n"
     "+report TLP:RED Case | 1 refs\n"},
    {TAGGED("iep:traffic-light-protocol=AMBER"), 0,
     "+indicator TLP:AMBER a.example | [domain-name:value = `a.example`]\n"
     "+report TLP:AMBER Case | 1 refs\n"},
    {TAGGED("iep2-policy:tlp=amber"), 2,
     "-label.lower 0 f: Event.Attribute[0]\n-misp.event 0 f: Event\n"},
    {EVENT(",'Tag':[{'name':'tlp:purple'}]"), 0, "-misp.tag 0 f: Event\n"},
    {EVENT(GREEN ",'Attribute':[" AX("domain", "b.example",
                                     ",'to_ids':1,'Tag':[{'name':'tlp:unclear'}]") "]"),
     0, "-misp.tag 0 f: Event.Attribute[0]\n-misp.event 0 f: Event\n"},
    {EVENT(
         ",'Attribute':[" AX("domain", "b.example", ",'to_ids':1,'Tag':[{'name':'tlp:red'}]") "]"),
     0, "-label.missing 0 f: Event\n"},
    /* Distribution. */
    {EVENT(GREEN ",'distribution':'0'"), 0, "-misp.own-only 0 f: Event\n"},
    {EVENT(GREEN ",'distribution':4,'sharing_group_id':3"), 0, "-misp.sharing-group 0 f: Event\n"},
    {EVENT(GREEN ",'distribution':0,'Attribute':[" A("domain", "a.example") "]"), 2,
     ONE("a.example", "[domain-name:value = `a.example`]")},
    {ATTRS(A("domain", "a.example") "," AX("domain", "b.example", ",'to_ids':1,'distribution':0")),
     0,
     "+indicator TLP:GREEN a.example | [domain-name:value = `a.example`]\n"
     "-misp.own-only 0 f: Event.Attribute[1]\n" REPORT("1")},
    {ATTRS(AX("domain", "b.example", ",'to_ids':1,'distribution':'5'")), 0,
     ONE("b.example", "[domain-name:value = `b.example`]")},
    /* Objects: together they are one sign. */
    {EVENT(GREEN ",'Object':[{'uuid':'" U("02") "','name':'file','Attribute':[" AX(
         "md5", MD5_A,
         ",'to_ids':true") "," AX("filename", "a.exe",
                                  ",'to_ids':true") "," AX("filename", "b.exe",
                                                           ",'to_ids':true") "," AX("size-in-bytes",
                                                                                    "5", "") "]}]"),
     0,
     "+indicator TLP:GREEN file | [file:hashes.MD5 = `" MD5_A
     "` AND (file:name = `a.exe` OR file:name = `b.exe`)]\n"
     "+report TLP:GREEN Case | 1 refs 1 context\n"},
    {EVENT(GREEN ",'Object':[{'name':'x','Attribute':[" AX(
         "url", "http://a.example/", ",'to_ids':true") "," AX("ip-dst", "192.0.2.1",
                                                              ",'to_ids':true") "]}]"),
     0,
     "+indicator TLP:GREEN x | [url:value = `http://a.example/`] AND [ipv4-addr:value = "
     "`192.0.2.1`]\n" REPORT("1")},
    {EVENT(GREEN ",'Object':[{'name':'domain-ip','Attribute':[" AX(
         "ip-dst", "192.0.2.1", ",'to_ids':true") "," AX("domain", "a.example",
                                                         ",'to_ids':true") "]}]"),
     0,
     "+indicator TLP:GREEN domain-ip | [domain-name:resolves_to_refs[*].value = `192.0.2.1` AND "
     "domain-name:value = `a.example`]\n" REPORT("1")},
    {EVENT(GREEN ",'Object':[{'name':'file','Attribute':[" AX(
         "md5", MD5_A, ",'to_ids':true") "," AX("sha1", "5", ",'to_ids':true") "]}]"),
     0, "-value.hash 0 f: Event.Object[0].Attribute[1]\n-misp.event 0 f: Event\n"},
    {EVENT(GREEN ",'Object':[{'name':'file','deleted':'1','Attribute':[" A(
         "md5", MD5_A) "]},"
                       "{'name':'one','Attribute':[" A("md5", MD5_A) "]}]"),
     0, ONE(MD5_A, "[file:hashes.MD5 = `" MD5_A "`]")},
    /* The same uuid again: the same is once, another is refused. */
    {ATTRS(A("domain", "a.example") "," A("domain", "a.example")), 0,
     "+indicator TLP:GREEN a.example | [domain-name:value = `a.example`]\n" REPORT("2")},
    {ATTRS(A("domain", "a.example") "," A("domain", "b.example")), 0,
     "+indicator TLP:GREEN a.example | [domain-name:value = `a.example`]\n"
     "-stix.duplicate 0 f: Event.Attribute[1]\n" REPORT("1")},
    {"{'response':[" EVENT(GREEN ",'Attribute':[" A("domain", "a.example") "]") "," EVENT("") "]}",
     0,
     ONE("a.example", "[domain-name:value = `a.example`]") "-label.missing 0 f: "
                                                           "response[1].Event\n"},
    {"{'Event':{'uuid':'a','uuid':'b'}}", 2, "-json.duplicate-key 1 f\n"},
    {"{'Event':{'uuid':'a',}}", 2, "-json.syntax 1 f\n"},
    {"{'Event':{'info':'\xff'}}", 2, "-json.syntax 1 f\n"},
    {"{'Event':{'timestamp':99999999999999999999999}}", 2, "-json.number 1 f\n"},
};

static void test_table(void **state)
{
    (void)state;
    brought_table(TABLE, sizeof TABLE / sizeof TABLE[0]);
}

static const char WHOLE[] = EVENT(
    GREEN
    ",'Orgc':{'name':'CERT','uuid':'" U("09") "'},'Attribute':[" A("domain", "a.example") "," AX(
        "text", "w",
        "") "," AX("new-type", "w",
                   "") "," AX("vulnerability", "CVE-2021-44228",
                              ",'Tag':[{'name':'x'}]") "],'Object':[{'name':'file','Attribute':"
                                                       "[" AX("md5", MD5_A,
                                                              ",'to_ids':true") "," AX("filename",
                                                                                       "a.exe",
                                                                                       ",'to_ids':'"
                                                                                       "1'") "]}]");

static void test_hostile(void **state)
{
    char *file = brought_quoted(WHOLE);
    struct kai_import_opts opts = {.label.tlp = 2};
    (void)state;

    assert_int_equal(hostile_bytes(V(file), &opts, HOSTILE_NOTHING).items, 5);
    assert_true(hostile_memory(V(file), &opts) > 50);
    free(file);
}

/* Deep, large, and many attributes, which make several reports. */
static void test_limits(void **state)
{
    struct kai_import_opts opts = {.label.tlp = 2};
    struct brought *b = calloc(1, sizeof *b);
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    (void)state;

    (void)fprintf(f, "{\"Event\":");
    for (int i = 0; i < 100000; i++)
        (void)fputc('[', f);
    (void)fclose(f);
    assert_int_equal(brought_scan(b, kai_view_of(text, size), &opts), KAI_OK);
    assert_string_equal(b->text, "-json.depth 0 f\n");
    free(text);
    f = open_memstream(&text, &size);
    (void)fprintf(f, "{\"Event\":{\"uuid\":\"" U("00") "\",\"timestamp\":5,\"Attribute\":[");
    for (int i = 0; i < 30000; i++)
        (void)fprintf(f, "%s{\"type\":\"domain\",\"to_ids\":1,\"value\":\"n%d.example\"}",
                      i > 0 ? "," : "", i);
    (void)fprintf(f, "]}}");
    (void)fclose(f);
    b->quiet = true;
    assert_int_equal(brought_scan(b, kai_view_of(text, size), &opts), KAI_OK);
    assert_int_equal(b->sum.items, 30003);
    assert_int_equal(b->sum.refused, 0);
    free(text);
    free(b);
}

static void test_real(void **state)
{
    static const struct brought_real files[] = {
        {"misp/circl-osint-qakbot.json", {.label.tlp = 0}, {.items = 64, .values = 64}},
        {"misp/eset-mozi.json", {.label.tlp = 2}, {.items = 34, .values = 34}},
        {"misp/eset-stantinko.json", {.label.tlp = 2}, {.items = 232, .values = 232}},
        {"misp/eset-telebots.json", {.label.tlp = 0}, {.items = 71, .values = 71}},
    };
    (void)state;

    brought_real(files, sizeof files / sizeof files[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_real),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

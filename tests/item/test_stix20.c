/* test_stix20: STIX 2.0 made into 2.1. */
#include "item/brought.h"
#include "item/cm.h"
#include "item/data.h"
#include "item/hostile.h"

#define U(n)             "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd" n
#define TIMES            "'created':'2026-01-01T00:00:00Z','modified':'2026-01-01T00:00:00Z'"
#define GREEN            ",'object_marking_refs':['marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da']"
#define RED              "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
#define O(type, n, more) "{'type':'" type "','id':'" type "--" U(n) "'," TIMES more "}"
#define BUNDLE(list)                                                                               \
    "{'type':'bundle','id':'bundle--" U("99") "','objects':[" list "],'spec_version':'2.0'}"
#define INDICATOR(more)                                                                            \
    O("indicator", "01",                                                                           \
      ",'labels':['malicious-activity'],'pattern':'[url:value = `http://a.example/`]',"            \
      "'valid_from':'2026-01-01T00:00:00Z'" more)
#define PATTERN(n, pattern)                                                                        \
    O("indicator", n, ",'labels':['x'],'pattern':'" pattern "','valid_from':'2026-01-01T00:00:00Z'")
#define OBSERVED(objects, more)                                                                    \
    O("observed-data", "02",                                                                       \
      ",'first_observed':'2026-01-01T00:00:00Z','last_observed':'2026-01-01T00:00:00Z',"           \
      "'number_observed':1,'objects':" objects more)

static const struct brought_case TABLE[] = {
    {INDICATOR(GREEN), 0, "+indicator TLP:GREEN  | [url:value = `http://a.example/`]\n"},
    {INDICATOR(""), 0, "-label.missing 1 f\n"},
    {BUNDLE(INDICATOR("")), 3, "+indicator TLP:AMBER  | [url:value = `http://a.example/`]\n"},
    {BUNDLE(O("malware", "03", ",'labels':['trojan'],'name':'m'") ",\n" O("tool", "04", "")), 2,
     "+malware TLP:GREEN m\n-stix.required 2 f: objects[1].name\n"},
    {BUNDLE(INDICATOR("") "," INDICATOR("")), 2,
     "+indicator TLP:GREEN  | [url:value = `http://a.example/`]\n"},
    {BUNDLE(INDICATOR("") "," INDICATOR(",'x':1")), 2,
     "+indicator TLP:GREEN  | [url:value = `http://a.example/`]\n-stix.duplicate 1 f: "
     "objects[1]\n"},
    /* A selector goes with what it names; RED is RED. */
    {BUNDLE(INDICATOR(GREEN ",'granular_markings':[{'marking_ref':'" RED
                            "','selectors':['labels.[0]']}]")),
     0, "+indicator TLP:RED  | [url:value = `http://a.example/`]\n"},
    /* What people write among the labels, where it should be a marking. */
    {BUNDLE(O("malware", "03", ",'labels':['trojan','tlp:red'],'name':'m'" GREEN)), 0,
     "+malware TLP:RED m\n"},
    {BUNDLE(O("malware", "03", ",'labels':['TLP:purple'],'name':'m'" GREEN)), 0,
     "-label.unknown 1 f: objects[0]\n"},
    {BUNDLE(OBSERVED("{'0':{'type':'directory','path':'x'}}", GREEN ",'labels':['tlp:amber']")), 0,
     "+directory TLP:AMBER \n+observed-data TLP:AMBER  | 1 refs\n"},
    {BUNDLE("{'type':'marking-definition','id':'marking-definition--" U(
         "50") "','created':'2026-01-01T00:00:00Z','definition_type':"
               "'statement','definition':{'statement':'TLP (red)'}}," O(
                   "malware", "03",
                   ",'labels':['trojan'],'name':'m','object_marking_refs':['marking-definition--" U(
                       "50") "']")),
     2, "+marking-definition TLP:GREEN \n-label.lower 1 f: objects[1]\n"},
    /* Nothing will match these: that is told. */
    {BUNDLE(PATTERN("10", "[ipv4-addr:value = `192.0.2.1:80`]") "," PATTERN(
         "11", "[url:value LIKE `%x`]") ",\n" INDICATOR("")),
     2,
     "+indicator TLP:GREEN  | [ipv4-addr:value = `192.0.2.1:80`]\n+indicator TLP:GREEN  | "
     "[url:value LIKE `%x`]\n"
     "+indicator TLP:GREEN  | [url:value = `http://a.example/`]\n~stix.unmatched [ipv4-addr:value "
     "= `192.0.2.1:80`] 2\n"},
    /* In a bundle of 2.1, what has no version is refused as before. */
    {"{'type':'bundle','id':'bundle--" U("99") "','objects':[" INDICATOR("") "]}", 2,
     "-stix.version 1 f: objects[0].spec_version\n"},
    {"{'type':'bundle','spec_version':'1.2','id':'bundle--" U("99") "','objects':[" INDICATOR(
         "") "]}",
     2, "-stix.version 1 f: spec_version\n"},
    /* Observables. */
    {BUNDLE(OBSERVED("{'0':{'type':'file','name':'a.exe','parent_directory_ref':'1'},"
                     "'1':{'type':'directory','path':'C:\\\\x'}}",
                     GREEN)),
     0, "+file TLP:GREEN a.exe\n+directory TLP:GREEN \n+observed-data TLP:GREEN  | 2 refs\n"},
    {BUNDLE(OBSERVED("{'a':{'type':'process','parent_ref':'b'},'b':{'type':'process','child_refs':"
                     "['a']}}",
                     "")),
     2, "+process TLP:GREEN \n+process TLP:GREEN \n+observed-data TLP:GREEN  | 2 refs\n"},
    {BUNDLE(OBSERVED("{'0':{'type':'file','name':'a','x':{'y':[{'z_ref':'7'}]}}}", "")), 2,
     "-stix.property 1 f: objects[0].objects.0\n"},
    {BUNDLE(OBSERVED("{'0':5}", "")), 2, "-stix.property 1 f: objects[0].objects.0\n"},
    {BUNDLE(OBSERVED("{'0':{'value':'x'}}", "")), 2,
     "-stix.required 1 f: objects[0].type\n-stix.property 1 f: objects[0].object_refs\n"},
    {BUNDLE(OBSERVED("{'0':{'type':'domain-name','value':'a.example'}}",
                     ",'granular_markings':[{'marking_ref':'" RED
                     "','selectors':['objects.0.value']}]")),
     0, "+domain-name TLP:RED \n+observed-data TLP:RED  | 1 refs\n"},
};

static void test_table(void **state)
{
    (void)state;
    brought_table(TABLE, sizeof TABLE / sizeof TABLE[0]);
}

struct held {
    char text[8192];
};

static enum kai_err hold(void *ctx, const struct kai_candidate *c)
{
    struct held *h = ctx;
    size_t n = strlen(h->text);

    assert_true(n + c->content.n + 2 < sizeof h->text);
    memcpy(h->text + n, c->content.p, c->content.n);
    memcpy(h->text + n + c->content.n, "\n", 2);
    return KAI_OK;
}

static enum kai_err no_refusal(void *ctx, const struct kai_why *why, const char *id)
{
    (void)ctx;
    fail_msg("%s %s", why->code, id);
    return KAI_OK;
}

/* The text of what comes out. The directory's and the address's ids are those of STIX 2.1. */
static void test_exact(void **state)
{
    struct held h = {""};
    struct kai_import_opts opts = {.label.tlp = 2};
    struct kai_import_sink sink = {.ctx = &h, .item = hold, .refuse = no_refusal};
    char *file = brought_quoted(BUNDLE(
        INDICATOR("") "," OBSERVED("{'0':{'type':'network-traffic','dst_ref':'1','protocols':"
                                   "['tcp']},'1':{'type':'ipv4-addr','value':'198.51.100.3'}}",
                                   "")));
    (void)state;

    assert_int_equal(kai_import_scan(V(file), "f", &opts, &sink, NULL), KAI_OK);
    assert_non_null(strstr(h.text, "\"indicator_types\":[\"malicious-activity\"]"));
    assert_null(strstr(h.text, "\"labels\""));
    assert_non_null(strstr(h.text, "\"pattern_type\":\"stix\""));
    assert_non_null(strstr(h.text, "\"spec_version\":\"2.1\""));
    assert_non_null(strstr(h.text, "\"id\":\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4\""));
    assert_non_null(
        strstr(h.text, "\"dst_ref\":\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4\""));
    assert_null(strstr(h.text, "\"objects\""));
    free(file);
}

static const char WHOLE[] =
    BUNDLE(INDICATOR(",'granular_markings':[{'marking_ref':'" RED "','selectors':['labels'"
                     "]}]") "," OBSERVED("{'a':{'type':'process','parent_ref':'b'},'b':{'type':'"
                                         "process','child_refs':['a']},"
                                         "'0':{'type':'file','name':'a.exe','parent_directory_ref':"
                                         "'1'},'1':{'type':'directory',"
                                         "'path':'x'}}",
                                         GREEN));

static void test_hostile(void **state)
{
    char *file = brought_quoted(WHOLE);
    struct kai_import_opts opts = {.label.tlp = 5};
    (void)state;

    assert_int_equal(hostile_bytes(V(file), &opts, HOSTILE_BROKEN).items, 6);
    assert_true(hostile_memory(V(file), &opts) > 50);
    free(file);
}

static void test_real(void **state)
{
    static const struct brought_real files[] = {
        {"stix20/unit42-icedid.json", {.label.tlp = 2}, {.items = 891, .values = 891}},
    };
    (void)state;

    brought_real(files, sizeof files / sizeof files[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_real),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_vuln: the KEV catalogue and CSAF advisories. */
#include "item/brought.h"
#include "item/cm.h"
#include "item/data.h"
#include "item/oom.h"

#define KEV(list)                                                                                  \
    "{'title':'A catalogue of vulnerabilities that are known to be exploited "                     \
    "somewhere','catalogVersion':'2025.08.25','vulnerabilities':[" list "]}"
#define ENTRY(cve, more) "{'cveID':'" cve "','dateAdded':'2025-08-25','product':'Git'" more "}"
#define DOC(label, version, date)                                                                  \
    "{'document':{'csaf_version':'" version                                                        \
    "','title':'T','publisher':{'namespace':'https://a.example'}," label                           \
    "'tracking':{'id':'ADV-1','initial_release_date':'2024-01-01T00:00:00Z',"                      \
    "'current_release_date':'" date "'}}"
#define CSAF(label, list)                                                                          \
    DOC(label, "2.0", "2024-01-02T02:00:00+02:00")                                                 \
    ",'product_tree':{'branches':[{'name':'v','branches':[{'product':{'product_id':'P1','name':"   \
    "'Vendor Thing 1'}}]}]},'vulnerabilities':[" list "]}"
#define AMBER "'distribution':{'tlp':{'label':'AMBER'}},"

static const struct {
    const char *file;
    uint8_t tlp;
    const char *want;
} TABLE[] = {
    {KEV(ENTRY("CVE-2025-48384", "")), 0, "-label.missing 0 f: vulnerabilities[0]\n"},
    {KEV(ENTRY("CVE-2025-48384", "") "," ENTRY("CVE-2025-48385", ",'notes':'x'")), 1,
     "+vulnerability TLP:CLEAR CVE-2025-48384\n+vulnerability TLP:CLEAR CVE-2025-48385\n"},
    {KEV(ENTRY("CVE-2025-48384", "") "," ENTRY("CVE-2025-48384", "")), 1,
     "+vulnerability TLP:CLEAR CVE-2025-48384\n"},
    {KEV(ENTRY("CVE-25-1", "") ",5,{'cveID':'CVE-2025-48384','dateAdded':'soon'}"), 1,
     "-vuln.field 0 f: vulnerabilities[0]\n-vuln.field 0 f: vulnerabilities[1]\n-vuln.field 0 f: "
     "vulnerabilities[2]\n"},
    {KEV(""), 1, "-vuln.field 0 f\n"},
    {"{'catalogVersion':'1','vulnerabilities':{}}", 1, "-vuln.field 0 f\n"},
    {CSAF(AMBER, "{'cve':'CVE-2024-1234','product_status':{'known_affected':['P1','P2']}}"), 0,
     "+vulnerability TLP:AMBER CVE-2024-1234\n"},
    {CSAF("", "{'cve':'CVE-2024-1234'}"), 0, "-label.missing 0 f: vulnerabilities[0]\n"},
    {CSAF("", "{'cve':'CVE-2024-1234'},{'title':'No number yet'},{'ids':[{'text':'BUG-7'}]}"), 2,
     "+vulnerability TLP:GREEN CVE-2024-1234\n+vulnerability TLP:GREEN No number yet\n"
     "+vulnerability TLP:GREEN BUG-7\n"},
    {CSAF(AMBER, "{'cve':'CVE-2024-1234'}"), 2, "-label.lower 0 f: vulnerabilities[0]\n"},
    {CSAF("'distribution':{'tlp':{'label':'PURPLE'}},", "{'cve':'CVE-2024-1234'}"), 2,
     "-vuln.field 0 f\n"},
    {CSAF(AMBER, "{'cve':'CVE-X'},{}"), 0,
     "-vuln.field 0 f: vulnerabilities[0]\n-vuln.field 0 f: vulnerabilities[1]\n"},
    {CSAF(AMBER, ""), 0, "-vuln.field 0 f\n"},
    {DOC("", "1.2", "2024-01-02T00:00:00Z") "}", 2, "-vuln.field 0 f\n"},
    {DOC("", "2.0", "2023-01-02T00:00:00Z") "}", 2, "-vuln.field 0 f\n"},
    {DOC("", "2.0", "2024-13-02T00:00:00Z") "}", 2, "-vuln.field 0 f\n"},
    {"{'document':5}", 2, "-vuln.field 0 f\n"},
    {"{'document':{'a':1,'a':2}}", 2, "-json.duplicate-key 1 f\n"},
};

static void test_table(void **state)
{
    struct brought *b = calloc(1, sizeof *b);
    (void)state;

    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct kai_import_opts opts = {.label.tlp = TABLE[i].tlp, .skip_bad = true};
        char *file = brought_quoted(TABLE[i].file);
        char *want = brought_quoted(TABLE[i].want);

        assert_int_equal(brought_scan(b, V(file), &opts), KAI_OK);
        if (strcmp(b->text, want) != 0)
            fail_msg("%s\n got: %s\nwant: %s", file, b->text, want);
        free(file);
        free(want);
    }
    free(b);
}

static void try_all(const char *text, uint64_t items)
{
    char *file = brought_quoted(text);
    size_t n = strlen(file);
    struct kai_import_opts opts = {.label.tlp = 4};
    struct brought *b = calloc(1, sizeof *b);

    b->quiet = true;
    assert_int_equal(brought_scan(b, kai_view_of(file, n), &opts), KAI_OK);
    assert_int_equal(b->sum.items, items);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *p = malloc(cut + 1);

        memcpy(p, file, cut);
        assert_int_equal(brought_scan(b, kai_view_of(p, cut), &opts), KAI_OK);
        assert_true(b->sum.refused > 0);
        free(p);
    }
    for (size_t bit = 0; bit < 8 * n; bit++) {
        file[bit / 8] ^= (char)(1u << bit % 8);
        assert_int_equal(brought_scan(b, kai_view_of(file, n), &opts), KAI_OK);
        assert_true(b->sum.items + b->sum.refused > 0);
        file[bit / 8] ^= (char)(1u << bit % 8);
    }
    /* The first long string is longer than 64 bytes: jansson 2.14 runs past a string when there was
     * no memory for just its closing quote, its 16th, 32nd or 64th byte. */
    b->blind = true;
    for (size_t i = 0;; i++) {
        item_oom_arm(i);
        enum kai_err err = brought_scan(b, kai_view_of(file, n), &opts);
        bool fired = item_oom_disarm();

        if (err != (fired ? KAI_ENOMEM : KAI_OK))
            fail_msg("allocation %zu: %s", i, kai_err_text(err));
        if (!fired)
            break;
    }
    free(b);
    free(file);
}

static void test_hostile(void **state)
{
    (void)state;

    try_all(KEV(ENTRY("CVE-2025-48384", ",'notes':'x','cwes':['CWE-1']")), 1);
    try_all(CSAF(AMBER, "{'cve':'CVE-2024-1234','notes':[{'text':'n'}],'product_status':"
                        "{'known_affected':['P1']},'scores':[{'cvss_v3':{'vectorString':'x'}}]}"),
            1);
}

static void test_real(void **state)
{
    struct kai_view file = data_real("vuln/cisa-kev-2025-08-25.json");
    struct kai_import_opts opts = {.label.tlp = 1};
    struct brought *b;
    (void)state;

    if (file.p == NULL)
        skip();
    b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->quiet = true;
    assert_int_equal(brought_scan(b, file, &opts), KAI_OK);
    assert_int_equal(b->sum.items, 1404);
    assert_int_equal(b->sum.refused, 0);
    data_free(file);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_real),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_vuln: the KEV catalogue and CSAF advisories. */
#include "item/brought.h"
#include "item/cm.h"
#include "item/data.h"
#include "item/hostile.h"

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

static const struct brought_case TABLE[] = {
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
    {CSAF("'distribution':{'text':'TLP:RED for now','tlp':{'label':'GREEN'}},",
          "{'cve':'CVE-2024-1234'}"),
     0, "+vulnerability TLP:RED CVE-2024-1234\n"},
    {CSAF("'distribution':{'text':'TLP:AMBER'},", "{'cve':'CVE-2024-1234'}"), 0,
     "-label.missing 0 f: vulnerabilities[0]\n"},
    {CSAF("'distribution':{'text':'TLP:AMBER'},", "{'cve':'CVE-2024-1234'}"), 2,
     "-label.lower 0 f: vulnerabilities[0]\n"},
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
    (void)state;
    brought_table(TABLE, sizeof TABLE / sizeof TABLE[0]);
}

/* The first long string is longer than 64 bytes: jansson 2.14 runs past a string when there was no
 * memory for just its closing quote, its 16th, 32nd or 64th byte. */
static void try_all(const char *text, uint64_t items)
{
    char *file = brought_quoted(text);
    struct kai_import_opts opts = {.label.tlp = 4};

    assert_int_equal(hostile_bytes(V(file), &opts, HOSTILE_NOTHING).items, items);
    assert_true(hostile_memory(V(file), &opts) > 0);
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
    static const struct brought_real files[] = {
        {"vuln/cisa-kev-2025-08-25.json", {.label.tlp = 1}, {.items = 1404, .values = 1404}},
    };
    (void)state;

    brought_real(files, sizeof files / sizeof files[0]);
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

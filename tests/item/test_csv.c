/* test_csv: CSV files: headers as they are met, cells, and what is refused and where. */
#include "item/brought.h"
#include "item/cm.h"
#include "item/data.h"
#include "item/oom.h"

#define MD5_A    "d41d8cd98f00b204e9800998ecf8427e"
#define SHA1_A   "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256_A "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct {
    const char *file;
    uint8_t tlp;
    const char *want;
} TABLE[] = {
    {"value,type\na.example,domain\n192.0.2.1,ip\n", 2,
     "+ipv4-addr TLP:GREEN {} 192.0.2.1\n+domain-name TLP:GREEN {} a.example\n"},
    {"value,type\na.example,domain\n", 0, "-label.missing 2 f\n"},
    {"\xef\xbb\xbfvalue,entity_type,description\r\n" SHA256_A " ,file,BAD\r\n"
     "evil[.]example,hostname,\"C2, of\r\n\"\"BAD\"\"\"\r\n\r\n2001:db8::1,ipaddress,BAD\r\n",
     2,
     "+ipv6-addr TLP:GREEN {'description':'BAD'} 2001:db8::1\n"
     "+sha256 TLP:GREEN {'description':'BAD'} " SHA256_A "\n"
     "+domain-name TLP:GREEN {'description':'C2, of  \\'BAD\\''} evil.example\n"},
    {"value,entity_type,description\n\"" SHA256_A "," SHA1_A ", " MD5_A "\",file,x\na.exe,file,x\n",
     2,
     "+md5 TLP:GREEN {'description':'x'} " MD5_A "\n+sha1 TLP:GREEN {'description':'x'} " SHA1_A
     "\n+sha256 TLP:GREEN {'description':'x'} " SHA256_A
     "\n+file-name TLP:GREEN {'description':'x'} a.exe\n"},
    /* Microsoft's. */
    {"DateAdded,FirstSeen,IoC,IoC_Type,TrafficLightProtocolLevel,MalwareFamily,SHA1\n"
     "5/28/2021,1/28/2021," SHA256_A ",SHA256,Amber,Envy," SHA1_A "\n"
     "5/28/2021,1/29/2021,a.example ,Domain,White,,\n",
     0,
     "+sha1 TLP:AMBER {'description':'MalwareFamily: Envy'} " SHA1_A
     "\n+sha256 TLP:AMBER {'description':'MalwareFamily: Envy'} " SHA256_A
     "\n+domain-name TLP:CLEAR {} a.example\n"},
    {"IoC,Type,TLP\na.example,Domain,Amber\n", 2, "-label.lower 2 f\n"},
    {"IoC,Type,TLP\na.example,Domain,Red\n", 0, "+domain-name TLP:RED {} a.example\n"},
    {"IoC,Type,TLP\na.example,Domain,Purple\n", 2, "-csv.label 2 f: column 3 (TLP)\n"},
    {"IoC,Type,TLP\na.example,Domain,\n", 0, "-label.missing 2 f\n"},
    /* Blackbook's. */
    {"Domain,Malware,Date added,Source\na.example,x,2020-01-01,s\nb.example,x,2021-01-01,s\n", 2,
     "+domain-name TLP:GREEN {'description':'Malware: x; Source: s'} a.example b.example\n"},
    {"value,description\nhxxp://a[.]example/x,d\n" MD5_A ",d\n", 2,
     "+url TLP:GREEN {'description':'d'} http://a.example/x\n"
     "+md5 TLP:GREEN {'description':'d'} " MD5_A "\n"},
    /* Shifted columns: line and column. */
    {"value,type,description\ndomain,a.example,x\n", 2, "-csv.type 2 f: column 2 (type)\n"},
    {"value,type,description\na.example,domain\n", 2, "-csv.columns 2 f\n"},
    {"value,type\na.example,domain\n\n\nb.example,domain,x\n", 2,
     "-csv.columns 5 f\n+domain-name TLP:GREEN {} a.example\n"},
    {"IoC,Type,SHA1\na.example,Domain," MD5_A "\n", 2,
     "-value.hash 2 f: column 3 (SHA1)\n+domain-name TLP:GREEN {} a.example\n"},
    {"value,type\n192.0.2.1,domain\n", 2, "-value.domain 2 f: column 1 (value)\n"},
    {"value,type\na.example,ip\n", 2, "-csv.value 2 f: column 1 (value)\n"},
    {"value,type\n,domain\n", 2, "-csv.value 2 f\n"},
    {"value,type\n\"a\nb\",text\nzz,md5\n", 2,
     "-csv.type 2 f: column 2 (type)\n-value.hash 4 f: column 1 (value)\n"},
    /* Quotes, encodings, nothing. */
    {"value,type\na\"b,domain\n", 2, "-csv.syntax 2 f\n"},
    {"value,type\nb.example,domain\n\"a,domain\n", 2,
     "-csv.syntax 3 f\n+domain-name TLP:GREEN {} b.example\n"},
    {"value,description\na.example,\xe9\n", 2, "-csv.encoding 2 f: column 2 (description)\n"},
    {"value,description\n", 2, "-file.empty 0 f\n"},
    {"# c\nvalue,description\na.example,\n", 2, "+domain-name TLP:GREEN {} a.example\n"},
    /* No header of ours. */
    {"colour,shape\nred,round\n", 2, "-list.line 1 f\n-list.line 2 f\n"},
    {"x,value\ry.example,z\ra.example", 2, "-csv.value 1 f: column 2 (value)\n-csv.columns 1 f\n"},
    {"value,ioc\na.example,b.example\n", 2, "-list.line 1 f\n-list.line 2 f\n"},
};

static void test_table(void **state)
{
    struct brought *b = calloc(1, sizeof *b);
    (void)state;

    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct kai_import_opts opts = {.label.tlp = TABLE[i].tlp, .skip_bad = true};
        char *want = brought_quoted(TABLE[i].want);

        assert_int_equal(brought_scan(b, V(TABLE[i].file), &opts), KAI_OK);
        if (strcmp(b->text, want) != 0)
            fail_msg("%s\n got: %s\nwant: %s", TABLE[i].file, b->text, want);
        free(want);
    }
    free(b);
}

static const char WHOLE[] = "IoC,Type,TLP,note\r\na.example,Domain,green,\"x\r\ny\"\r\n\"" MD5_A
                            ";" SHA1_A "\",file,amber,\n";

static void test_flips(void **state)
{
    char file[sizeof WHOLE];
    size_t n = sizeof WHOLE - 1;
    struct kai_import_opts opts = {.label.tlp = 5, .skip_bad = true};
    struct brought *b = calloc(1, sizeof *b);
    (void)state;

    memcpy(file, WHOLE, sizeof file);
    b->quiet = true;
    assert_int_equal(brought_scan(b, kai_view_of(file, n), &opts), KAI_OK);
    assert_int_equal(b->sum.values, 3);
    assert_int_equal(b->sum.refused, 0);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *p = malloc(cut + 1);

        memcpy(p, file, cut);
        assert_int_equal(brought_scan(b, kai_view_of(p, cut), &opts), KAI_OK);
        free(p);
    }
    for (size_t bit = 0; bit < 8 * n; bit++) {
        file[bit / 8] ^= (char)(1u << bit % 8);
        assert_int_equal(brought_scan(b, kai_view_of(file, n), &opts), KAI_OK);
        assert_true(b->sum.items + b->sum.refused > 0);
        file[bit / 8] ^= (char)(1u << bit % 8);
    }
    free(b);
}

static void test_no_memory(void **state)
{
    struct kai_import_opts opts = {.label.tlp = 5};
    struct brought *b = calloc(1, sizeof *b);
    (void)state;

    b->blind = true;
    for (size_t n = 0;; n++) {
        item_oom_arm(n);
        enum kai_err err = brought_scan(b, V(WHOLE), &opts);
        bool fired = item_oom_disarm();

        if (err != (fired ? KAI_ENOMEM : KAI_OK))
            fail_msg("allocation %zu: %s", n, kai_err_text(err));
        if (!fired) {
            assert_true(n > 20);
            break;
        }
    }
    free(b);
}

/* A quote that nobody closes is found out after one row's worth, and many groups are handed out. */
static void test_limits(void **state)
{
    struct kai_import_opts opts = {.label.tlp = 2, .skip_bad = true};
    struct brought *b = calloc(1, sizeof *b);
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    (void)state;

    (void)fprintf(f, "value,description\n\"");
    for (int i = 0; i < 200000; i++)
        (void)fprintf(f, "0123456789\n");
    (void)fclose(f);
    assert_int_equal(brought_scan(b, kai_view_of(text, size), &opts), KAI_OK);
    assert_string_equal(b->text, "-csv.syntax 2 f\n");
    free(text);
    f = open_memstream(&text, &size);
    (void)fprintf(f, "value,description\n");
    for (int i = 0; i < 60000; i++)
        (void)fprintf(f, "n%d.example,d%d\n", i, i);
    (void)fclose(f);
    b->quiet = true;
    assert_int_equal(brought_scan(b, kai_view_of(text, size), &opts), KAI_OK);
    assert_int_equal(b->sum.values, 60000);
    assert_int_equal(b->sum.refused, 0);
    free(text);
    free(b);
}

static void test_real(void **state)
{
    static const struct {
        const char *name;
        uint8_t tlp;
        uint64_t values;
        uint64_t doubles;
    } files[] = {
        {"csv/volexity-evilbamboo.csv", 2, 243, 0},
        {"csv/mstic-nobelium-2021.csv", 0, 203, 10},
    };
    struct brought *b = calloc(1, sizeof *b);
    unsigned skipped = 0;
    (void)state;

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct kai_view file = data_real(files[i].name);
        struct kai_import_opts opts = {.label.tlp = files[i].tlp};

        if (file.p == NULL) {
            skipped++;
            continue;
        }
        assert_int_equal(brought_scan(b, file, &opts), KAI_OK);
        if (b->sum.values != files[i].values || b->sum.refused != 0 ||
            b->sum.doubles != files[i].doubles)
            fail_msg("%s: %llu values, %llu refused, %llu doubles\n%.2000s", files[i].name,
                     (unsigned long long)b->sum.values, (unsigned long long)b->sum.refused,
                     (unsigned long long)b->sum.doubles, b->text);
        data_free(file);
    }
    free(b);
    if (skipped > 0)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),     cmocka_unit_test(test_flips),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_real),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

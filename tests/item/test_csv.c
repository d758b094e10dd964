/* test_csv: CSV files: headers as they are met, cells, and what is refused and where. */
#include "item/brought.h"
#include "item/cm.h"
#include "item/data.h"
#include "item/hostile.h"

#define MD5_A    "d41d8cd98f00b204e9800998ecf8427e"
#define SHA1_A   "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256_A "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct brought_case TABLE[] = {
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
    {"colour,shape\nred,round\n", 2, "-csv.header 1 f\n"},
    {"x,value\ry.example,z\ra.example", 2, "-csv.value 1 f: column 2 (value)\n-csv.columns 1 f\n"},
    {"value,ioc\na.example,b.example\n", 2, "-csv.header 1 f\n"},
    {"colour;shape\nred;round\n", 2, "-csv.header 1 f\n"},
    {"colour,shape\nred\n", 2, "-list.line 1 f\n-list.line 2 f\n"},
    /* As spreadsheets elsewhere save them. */
    {"Indicator;Type;TLP\r\na.example;domain;amber\r\n;;\r\n", 0,
     "+domain-name TLP:AMBER {} a.example\n"},
    {"\xef\xbb\xbfsep=;\r\nindicator;note\r\na.example;\"x;y\"\r\n", 2,
     "+domain-name TLP:GREEN {'description':'x;y'} a.example\n"},
    {"ip\tnote\n192.0.2.1\ta, b\n", 2, "+ipv4-addr TLP:GREEN {'description':'a, b'} 192.0.2.1\n"},
    {"種別,値,備考\nドメイン,a.example,C2\nIPアドレス,192.0.2.1,C2\n", 2,
     "+ipv4-addr TLP:GREEN {'description':'C2'} 192.0.2.1\n"
     "+domain-name TLP:GREEN {'description':'C2'} a.example\n"},
    /* abuse.ch's: the header is a remark, and there are remarks behind the rows. */
    {"####\r\n# List #\r\n#\r\n# id,dateadded,url,threat\r\n"
     "\"1\",\"2026-01-01 00:00:00\",\"http://a.example/x,y\",\"t\"\r\n# END\r\n",
     2, "+url TLP:GREEN {'description':'threat: t'} http://a.example/x,y\n"},
    {"# \"seen\",\"ioc_value\",\"ioc_type\"\n\"x\", \"192.0.2.1:80\", \"ip:port\"\n"
     "\"x\", \"" MD5_A "\", \"md5_hash\"\n",
     2, "+ipv4-addr TLP:GREEN {} 192.0.2.1\n+md5 TLP:GREEN {} " MD5_A "\n"},
    {"\"seen\",\"dst_ip\",\"dst_port\"\n\"x\",\"192.0.2.1\",\"80\"\n", 2,
     "+ipv4-addr TLP:GREEN {'description':'dst_port: 80'} 192.0.2.1\n"},
    {"C:\\Program Files\\x y.exe # c\n%TEMP%\\a b.exe\tc\n/tmp/x y\nmailto:a@b.example\n", 2,
     "+email-addr TLP:GREEN {} a@b.example\n"
     "+file-path TLP:GREEN {} %TEMP%\\a b.exe /tmp/x C:\\Program Files\\x y.exe\n"},
    {"192.0.2.0/24;x\n192.0.2.0/24,x\nb.example\n192.0.2.1/24/x\n192.0.2.1/243;x\n", 2,
     "-list.line 1 f\n-list.line 2 f\n+domain-name TLP:GREEN {} b.example\n"
     "+url TLP:GREEN {} http://192.0.2.1/24/x http://192.0.2.1/243;x\n"},
    {"[Adblock Plus]\n! x y\n||ads.example^\n||b.example^$third-party\n@@||c.example^\n", 2,
     "-list.line 4 f\n-value.email 5 f\n+domain-name TLP:GREEN {} ads.example\n"},
    {"! TLP:RED\n||ads.example^\n", 2, "-label.lower 1 f\n"},
    {"# ip, score\n192.0.2.1\n", 2, "+ipv4-addr TLP:GREEN {} 192.0.2.1\n"},
    /* MISP's: composite types, and what is no detection. */
    {"uuid,type,value,to_ids,attribute_tag\nu,ip-dst|port,192.0.2.1|80,1,\n"
     "u,filename|sha256,a.exe|" SHA256_A ",1,\nu,link,https://a.example/,0,\nu,text,x,0,\n",
     2, "+ipv4-addr TLP:GREEN {} 192.0.2.1\n+sha256 TLP:GREEN {} " SHA256_A "\n~csv.context 2 \n"},
    {"type,value\nfilename|md5,a.exe\n", 2, "-value.empty 2 f: column 2 (value)\n"},
    /* Labels that are said beside the value. */
    {"value,type,label,pap,id\na.example,domain-name,TLP:AMBER,PAP:RED,x\n", 0,
     "+domain-name TLP:AMBER PAP:RED {'description':'pap: PAP:RED'} a.example\n"},
    {"value,label\na.example,phishing\n", 2,
     "+domain-name TLP:GREEN {'description':'label: phishing'} a.example\n"},
    {"value,type\na.example,domain\n\"TLP:RED\",\n", 2, "-label.lower 2 f\n-label.lower 3 f\n"},
    {"tlp,value\nTLP:RED,a.example\nTLP:GREEN,b.example\n", 0,
     "+domain-name TLP:RED {} a.example\n+domain-name TLP:GREEN {} b.example\n"},
    {"No.,value,note\n1,a.example,\n2,,\n", 2, "+domain-name TLP:GREEN {} a.example\n"},
    {"# ja3_md5,Firstseen\n" MD5_A ",2017-07-14\n", 2, "+hash TLP:GREEN {} " MD5_A "\n"},
    {"value,tags\na.example,\"x,tlp:red\"\n", 2, "-label.lower 2 f\n"},
    {"value,tags,tlp\na.example,TLP:AMBER,green\n", 0,
     "+domain-name TLP:AMBER {'description':'tags: TLP:AMBER'} a.example\n"},
    {"value,tags\na.example,tlp:green\n", 0, "-label.missing 2 f\n"},
    {"# TLP:AMBER\nvalue,note\na.example,\n", 2, "-label.lower 3 f\n"},
    {"# TLP:AMBER\nvalue,note\na.example,\n", 3, "+domain-name TLP:AMBER {} a.example\n"},
    {"value,tlp\nhttp://a.example/tlp/red,green\n", 0,
     "+url TLP:GREEN {} http://a.example/tlp/red\n"},
};

static void test_table(void **state)
{
    (void)state;
    brought_table(TABLE, sizeof TABLE / sizeof TABLE[0]);
}

static const char WHOLE[] = "IoC,Type,TLP,note\r\na.example,Domain,green,\"x\r\ny\"\r\n\"" MD5_A
                            ";" SHA1_A "\",file,amber,\n";

static void test_hostile(void **state)
{
    struct kai_import_opts opts = {.label.tlp = 5, .skip_bad = true};
    (void)state;

    assert_int_equal(hostile_bytes(V(WHOLE), &opts, HOSTILE_SHORTER).values, 3);
    opts.skip_bad = false;
    assert_true(hostile_memory(V(WHOLE), &opts) > 20);
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
    static const struct brought_real files[] = {
        {"csv/volexity-evilbamboo.csv", {.label.tlp = 2}, {.items = 25, .values = 243}},
        {"csv/mstic-nobelium-2021.csv",
         {.label.tlp = 0},
         {.items = 147, .values = 203, .doubles = 10}},
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

/* test_extract: indicators in free text, and hosts files. */
#include "item/cm.h"

#include <stdlib.h>
#include <string.h>

#include "item/brought.h"
#include "item/data.h"
#include "item/hostile.h"

#define MD5_A   "9e107d9d372bb6826bd81d3542a419d6"
#define SHA1_A  "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"
#define SHA2_A  "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592"
#define NONE    "-extract.nothing 0 f\n"
#define IP4(v)  "+ipv4-addr TLP:GREEN {} " v "\n"
#define IP6(v)  "+ipv6-addr TLP:GREEN {} " v "\n"
#define NAME(v) "+domain-name TLP:GREEN {} " v "\n"
#define URL(v)  "+url TLP:GREEN {} " v "\n"
#define MAIL(v) "+email-addr TLP:GREEN {} " v "\n"
#define CVE(v)  "+vulnerability TLP:GREEN {} " v "\n"

static const struct {
    const char *file;
    const char *want;
} TEXTS[] = {
    /* Addresses and blocks, whatever stands around them. */
    {"from 203.0.113.7, and (198.51.100.0/24).", IP4("198.51.100.0/24 203.0.113.7")},
    {"203[.]0[.]113[.]7:8443 src=203.0.113.8;dst=[203.0.113.9]",
     IP4("203.0.113.7 203.0.113.8 203.0.113.9")},
    {"[2001:db8::bad]:443 2001:db8:1::/48, 2001:db8::7.",
     IP6("2001:db8:1::/48 2001:db8::7 2001:db8::bad")},
    {"v1.2.3 1.2.3.4.5 Chrome/120.0.0.0 12:34:56 00:11:22:33:44:55", NONE},
    {"127.0.0.1 10.1.2.3 fe80::1 abc::def std::x", "~extract.range 127.0.0.1 4\n" NONE},
    /* Names. */
    {"evil[.]com and bad dot com, EVIL.COM", NAME("bad.com evil.com")},
    {"see corp.internalx and co.jp", "~extract.suffix corp.internalx 2\n" NONE},
    {"setup.exe install.sh", "~extract.file setup.exe 2\n" NONE},
    {"install[.]sh a.install.sh", NAME("a.install.sh install.sh")},
    {"setup.sh install[.]sh install.sh", NAME("install.sh") "~extract.file setup.sh 2\n"},
    {"the end.It begins, e.g. so", "~extract.joined end.It 1\n" NONE},
    {"C:\\x\\foo.com\\y /var/www/foo.com/x", NONE},
    {"_evil.com_ evil.com. evil.com/ ip:evil.com:443", NAME("evil.com")},
    /* Japanese has no blanks; a name of such letters is not cut into another one. */
    {"攻撃元は203.0.113.9です。evil-ja.comに接続し、http://ja.com/aへ",
     IP4("203.0.113.9") NAME("evil-ja.com") URL("http://ja.com/a")},
    {"日本語.example.com www.日本語.jp", NONE},
    /* URLs: one for what stands there, without the sentence around it. */
    {"hxxps://cdn[.]evil[.]com/a.php?x=1&y=2, then", URL("https://cdn.evil.com/a.php?x=1&y=2")},
    {"[http://a.com/](http://a.com/)", URL("http://a.com/")},
    {"(http://a.com/b(c)d).", URL("http://a.com/b(c)d")},
    {"http://a.com/1,http://b.com/2;http://c.com",
     URL("http://a.com/1 http://b.com/2 http://c.com/")},
    {"'http://203.0.113.1/x' <http://a.com/x>", URL("http://203.0.113.1/x http://a.com/x")},
    {"a[.]com/x/y,b[.]com/z 203.0.113.1:80/p 203.0.113.0/24.",
     IP4("203.0.113.0/24") URL("http://203.0.113.1/p http://a.com/x/y http://b.com/z")},
    {"http://r.com/?to=http://a.com/", URL("http://r.com/?to=http://a.com/")},
    {"http://intranet/ http://10.1.1.1/x foo://a.com",
     "~extract.suffix http://intranet/ 1\n~extract.range http://10.1.1.1/x 1\n" NONE},
    /* E-mail addresses, and what only looks like them. */
    {"phish[at]evil(.)net <mailto:boss@evil.org> user [at] evil [dot] info",
     MAIL("boss@evil.org phish@evil.net user@evil.info")},
    {"Message-ID: <1.abc@mail.evil.com>\n@handle.com", NONE},
    /* Hashes and CVEs. */
    {"MD5:" MD5_A "; SHA1=" SHA1_A ", " SHA2_A ".",
     "+md5 TLP:GREEN {} " MD5_A "\n+sha1 TLP:GREEN {} " SHA1_A "\n+sha256 TLP:GREEN {} " SHA2_A
     "\n"},
    {MD5_A "/" SHA1_A " " MD5_A "0",
     "+md5 TLP:GREEN {} " MD5_A "\n+sha1 TLP:GREEN {} " SHA1_A "\n"},
    {"d41d8cd98f00b204e9800998ecf8427e 00000000000000000000000000000000",
     "~extract.empty d41d8cd98f00b204e9800998ecf8427e 2\n" NONE},
    {"(CVE-2021-44228), cve-2023-4863/CVE-2024-3094",
     CVE("CVE-2021-44228 CVE-2023-4863 CVE-2024-3094")},
    /* Refusals, each with its line. */
    {"x\nevil.com \xff\n", "-extract.encoding 2 f\n"},
    {"evil.com\nTLP:AMBER+STRICT only\n", "-label.lower 2 f\n"},
    {"PAP: RED\nevil.com", "-label.lower 1 f\n"},
    {"PAP:CLEAR\nevil.com", NAME("evil.com")},
    {"evil.com\ntlp/\nred pap-amber", "-label.lower 2 f\n-label.lower 3 f\n"},
    {"TLP:GREEN TLP: CLEAR evil.com", NAME("evil.com")},
    {"tlp amber\nx TLP-RED\nevil.com", "-label.lower 2 f\n"},
    {"tlpx:red tlp:redder paper red evil.com", NAME("evil.com")},
    {" {\"type\":\"bundle\"}", "-extract.json 0 f\n"},
    {"[{}]", "-extract.json 0 f\n"},
    {"nothing here", NONE},
};

static const struct {
    const char *file;
    const char *want;
} HOSTS[] = {
    {"# c\n127.0.0.1 localhost\n::1 localhost ip6-loopback\n0.0.0.0 evil.com # x\n0.0.0.0\ta.com "
     "B.com\r\n",
     NAME("a.com b.com evil.com") "~hosts.own localhost 3\n"},
    {"0.0.0.0 a.com\n0.0.0.0 b.com\n192.168.1.5 printer.lan\nfe80::1%lo0 localhost\n0.0.0.0 "
     "0.0.0.0\n0.0.0.0 c.com\n",
     NAME("a.com b.com c.com") "~hosts.mapped 192.168.1.5 2\n~hosts.own 0.0.0.0 1\n"},
    {"0.0.0.0 a.com\n0.0.0.0 a..com\nb.com\n0.0.0.0 c.com\n",
     "-value.domain 2 f\n-hosts.line 3 f\n" NAME("a.com c.com")},
    {"127.0.0.1 localhost\n", "~hosts.own localhost 1\n-file.empty 0 f\n"},
    /* No hosts file: a list with words behind its values. */
    {"203.0.113.1 c2 server\n127.0.0.1 test\n203.0.113.2\n",
     IP4("127.0.0.1 203.0.113.1 203.0.113.2")},
    /* Trails: a host with several ports is that host. */
    {"203.0.113.1:22:443\nevil.com:80\nevil.com/x\n",
     IP4("203.0.113.1") NAME("evil.com") URL("http://evil.com/x")},
};

static void test_texts(void **state)
{
    struct brought *b = calloc(1, sizeof *b);
    struct kai_import_opts opts = {.label.tlp = 2, .skip_bad = true, .extract = true};
    (void)state;

    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
        brought_expect(b, TEXTS[i].file, &opts, TEXTS[i].want);
    opts.label.tlp = 0;
    brought_expect(b, "evil.com", &opts, "-label.missing 0 f\n");
    free(b);
}

static void test_hosts(void **state)
{
    struct brought *b = calloc(1, sizeof *b);
    struct kai_import_opts opts = {.label.tlp = 2, .skip_bad = true};
    (void)state;

    for (size_t i = 0; i < sizeof HOSTS / sizeof HOSTS[0]; i++)
        brought_expect(b, HOSTS[i].file, &opts, HOSTS[i].want);
    free(b);
}

/* A line without end: what is in it is found, and what has no blank is told. */
static void test_long(void **state)
{
    const size_t words = 100000;
    char *text = malloc(words * 20 + 2 * KAI_EXTRACT_LINE_BYTES);
    struct kai_import_opts opts = {.label.tlp = 2, .extract = true};
    struct brought *b = calloc(1, sizeof *b);
    size_t n = 0;
    (void)state;

    b->quiet = b->blind = true;
    for (size_t i = 0; i < words; i++)
        n += (size_t)sprintf(text + n, "%zu.%zu.%zu.9 ", 11 + i / 65536, i / 256 % 256, i % 256);
    assert_int_equal(brought_scan(b, kai_view_of(text, n), &opts), KAI_OK);
    assert_int_equal(b->sum.values, words);
    memset(text, 'x', 2 * KAI_EXTRACT_LINE_BYTES);
    memcpy(text + 2 * KAI_EXTRACT_LINE_BYTES, " evil.com", 9);
    b->blind = b->quiet = false;
    assert_int_equal(brought_scan(b, kai_view_of(text, 2 * KAI_EXTRACT_LINE_BYTES + 9), &opts),
                     KAI_OK);
    assert_non_null(strstr(b->text, "evil.com"));
    assert_non_null(strstr(b->text, "~extract.long xxx"));
    free(text);
    free(b);
}

static const char WHOLE[] =
    "Von hxxps://cdn[.]evil[.]com/a(b)?x=1, 203.0.113[.]7:80 zu "
    "2001:db8::1/64; TLP:GREEN phish[at]evil.net " MD5_A " CVE-2021-44228\n";

static void test_hostile(void **state)
{
    struct kai_import_opts opts = {.label.tlp = 2, .skip_bad = true, .extract = true};
    (void)state;

    assert_int_equal(hostile_bytes(V(WHOLE), &opts, HOSTILE_SHORTER).values, 6);
    opts.skip_bad = false;
    assert_true(hostile_memory(V(WHOLE), &opts) > 3);
    opts.extract = false;
    assert_true(hostile_memory(V("0.0.0.0 evil.com\n127.0.0.1 localhost\n"), &opts) > 3);
}

static void test_real(void **state)
{
    static const struct brought_real files[] = {
        {"text/unit42-defanged-iocs.txt",
         {.label.tlp = 2, .extract = true},
         {.items = 3, .values = 143, .doubles = 1}},
    };
    (void)state;

    brought_real(files, sizeof files / sizeof files[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),   cmocka_unit_test(test_hosts), cmocka_unit_test(test_long),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_real),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

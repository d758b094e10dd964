/* test_hunt_scan: the filter, and what the scanner finds in a line. */
#include "item/cm.h"

#include "hunt/naive.h"
#include "hunt/scan.h"

#define KNOWN_MAX 64u

static const uint8_t filter_key[KAI_HUNT_KEY_BYTES] = {7, 1, 3};

/* What a scan is to find: one text for each class and value that is known. */
struct found {
    const struct known *known;
    size_t n;
    bool hit[KNOWN_MAX];
    char text[KNOWN_MAX][256];
    size_t other; /* Tokens that the filter let pass and nobody knows. */
};

static void on_token(void *ctx, const struct kai_hunt_token *t)
{
    struct found *f = ctx;
    bool is_known = false;

    for (size_t i = 0; i < f->n; i++)
        if (kai_hunt_class_of(f->known[i].type) == t->cls &&
            strlen(f->known[i].norm) == t->value.n &&
            memcmp(f->known[i].norm, t->value.p, t->value.n) == 0) {
            f->hit[i] = is_known = true;
            (void)snprintf(f->text[i], sizeof f->text[i], "%.*s", (int)t->text.n,
                           (const char *)t->text.p);
        }
    f->other += is_known ? 0 : 1;
}

static struct kai_hunt_filter *filter_of(const struct known *known, size_t n)
{
    struct kai_hunt_filter *f;
    uint8_t key[KAI_VALUE_KEY_MAX];
    size_t key_n;

    assert_int_equal(kai_hunt_filter_new(&f, n, filter_key), KAI_OK);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(kai_value_key(known[i].type,
                                       kai_view_of(known[i].norm, strlen(known[i].norm)), key,
                                       &key_n),
                         KAI_OK);
        kai_hunt_filter_add(f, kai_view_of(key, key_n));
    }
    assert_int_equal(kai_hunt_filter_end(f), KAI_OK);
    return f;
}

static const struct known values[] = {
    {KAI_V_IPV4, "192.0.2.7"},
    {KAI_V_IPV4, "198.51.100.0/24"},
    {KAI_V_IPV6, "2001:db8::1"},
    {KAI_V_IPV6, "2001:db8:5::/48"},
    {KAI_V_DOMAIN, "evil.example"},
    {KAI_V_URL, "http://bad.example/x?y=1"},
    {KAI_V_URL, "https://bad.example/"},
    {KAI_V_EMAIL, "joe+x@evil.example"},
    {KAI_V_MD5, "d41d8cd98f00b204e9800998ecf8427e"},
    {KAI_V_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {KAI_V_MAC, "02:00:5e:10:00:01"},
    {KAI_V_ASN, "64496"},
    {KAI_V_CVE, "CVE-2021-44228"},
    {KAI_V_FILE_NAME, "dropper.exe"},
    {KAI_V_USER_AGENT, "Evil Agent 1.0"},
    {KAI_V_REGKEY, "HKLM\\Software\\Evil"},
    {KAI_V_DOMAIN, "xn--bcher-kva.example"},
    {KAI_V_FILE_PATH, "C:\\temp\\a b.exe"},
    {KAI_V_X509_SERIAL, "0abc0123456789ffee"},
    {KAI_V_URL, "http://bad.example:8080/p"},
    {KAI_V_URL, "ftp://f.example/x"},
    {KAI_V_URL, "http://192.0.2.200/p"},
    {KAI_V_URL, "https://caf.example/\xc3\xa9"},
    {KAI_V_DOMAIN, "only.zz"},
};
#define VALUES (sizeof values / sizeof values[0])

/* hits: the values that are found, as letters from 'a' on. */
static const struct {
    const char *line;
    const char *hits;
} lines[] = {
    {"Nov 30 host sshd[1]: Failed password from 192.0.2.7 port 22", "a"},
    {"src=192.0.2.7:443 dst=192.0.2.70", "a"},
    {"IP 192.0.2.7.443 > 203.0.113.1.80: tcp", "a"},
    {"eth0_192.0.2.7-203.0.113.5", "a"},
    {"1192.0.2.7 192.0.2.77 192.0.2.7.7.7x 0192.0.2.7", ""},
    {"\"198.51.100.255\",198.51.101.0", "b"},
    {"net 198.51.100.0/24", "b"},
    {"[2001:DB8:0:0::1]:53 2001:db8:5:ffff::9", "cd"},
    {"2001:db8:6::1 ::1 12:30:05 fe80::1%eth0 2001:db8::11", ""},
    {"peer 2001:db8::1: reset. And ::ffff:192.0.2.7.", "ac"},
    {"query a.b.evil.example. IN A", "e"},
    {"notevil.example evil.example.org evil-example evil.exampl", ""},
    {"UDP Rcv 203.0.113.1 0001 Q [0001 D NOERROR] A (1)a(4)EVIL(7)example(0)", "e"},
    {"(4)evil(7)example(3)org(0) (5)xevil(7)example(0) (9)evil(7)example(0)", ""},
    {"evil(1)x (4)evil(7)exampl(e)", ""},
    {".EVIL.Example, (evil.example) x=evil.example;", "e"},
    {"GET http://bad.example/x?y=1 200", "f"},
    {"see http://bad.example/x?y=1. Or (HTTPS://Bad.Example)", "fg"},
    {"http://bad.example/x?y=12 http://bad.example/x", ""},
    {"csv,http://bad.example/x?y=1,200", "f"},
    {"url=http%3A http://user@bad.example:80/x?y=1", ""},
    {"{\"u\":\"http:\\/\\/bad.example\\/x?y=1\"}", "f"},
    {"bad.example/x?y=1 bad.example:8080/p", "ft"},
    {"/srv/bad.example/x?y=1", ""},
    {"from=<joe+x@EVIL.example> to=<jane@ok.example>", "eh"},
    {"D41D8CD98F00B204E9800998ECF8427E  empty", "i"},
    {"sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", "j"},
    {"d41d8cd98f00b204e9800998ecf8427e0", ""},
    {"mac 02-00-5E-10-00-01 or 02:00:5e:10:00:01:", "k"},
    {"as64496 announces; 64496 alone does not", "l"},
    {"(cve-2021-44228)", "m"},
    {"run C:\\Users\\x\\dropper.exe", "n"},
    {"name=dropper.exe, notdropper.exe", "n"},
    {"\"GET / HTTP/1.1\" 200 \"Evil Agent 1.0\"", "o"},
    {"a\tEvil Agent 1.0\tb", "o"},
    {"an Evil Agent 1.0 in a text", ""},
    {"\"Evil\001Agent 1.0\" \"Evil Agent 1.0\r\"", ""},
    {"{\"k\":\"HKLM\\\\Software\\\\Evil\"}", "p"},
    {"{\"k\":\"C:\\\\temp\\\\a b.exe\"}", "r"},
    {"hxxp://bad[.]example/x?y=1 and 192[.]0[.]2[.]7", "af"},
    {"hxxps[:]//bad(.)example/ a[.]evil{dot}example", "eg"},
    {"joe+x[at]evil[.]example", "eh"},
    {"from=<Joe+X@evil.example>", "eh"},
    {"evil dot example", "e"},
    {"B\xc3\xbc"
     "cher.example",
     "q"},
    {"serial 0A:BC:01:23:45:67:89:FF:EE", "s"},
    {"a\xff\xfe\x80.evil.example \xc3.example", "e"},
    {"ftp://f.example/x, FTP://F.example/x ftp://f.example/xy", "u"},
    {"GET HTTP://192.0.2.200/p; http://192.0.2.201/p 192.0.2.200/p", "v"},
    {"https://CAF.example/\xc3\xa9", "w"},
    {"a.ONLY.zz only.zzz x.zz lib.so.1 12.345Z", "x"},
    {"http://bad.example.org/x?y=1 http://xbad.example/x?y=1 http://bad.example./", ""},
    {"", ""},
};

static void test_lines(void **state)
{
    struct kai_hunt_filter *f = filter_of(values, VALUES);
    struct kai_hunt_scanner *s;
    struct found found;

    (void)state;
    assert_int_equal(kai_hunt_scanner_new(&s, f, on_token, &found), KAI_OK);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char got[VALUES + 1];
        size_t n = 0;

        found = (struct found){.known = values, .n = VALUES};
        assert_int_equal(
            kai_hunt_line(s, kai_view_of(lines[i].line, strlen(lines[i].line)), false, false),
            KAI_OK);
        for (size_t v = 0; v < VALUES; v++)
            if (found.hit[v])
                got[n++] = (char)('a' + v);
        got[n] = '\0';
        if (strcmp(got, lines[i].hits) != 0)
            print_error("%s: found '%s', not '%s'\n", lines[i].line, got, lines[i].hits);
        assert_string_equal(got, lines[i].hits);
    }
    kai_hunt_scanner_free(s);
    kai_hunt_filter_free(f);
}

/* What is told is what stands in the line. */
static void test_text(void **state)
{
    static const char line[] = "x=198.51.100.9, A.B.EVIL.example.";
    struct kai_hunt_filter *f = filter_of(values, VALUES);
    struct kai_hunt_scanner *s;
    struct found found = {.known = values, .n = VALUES};

    (void)state;
    assert_int_equal(kai_hunt_scanner_new(&s, f, on_token, &found), KAI_OK);
    assert_int_equal(kai_hunt_line(s, kai_view_of(line, strlen(line)), false, false), KAI_OK);
    assert_string_equal(found.text[1], "198.51.100.9");
    assert_string_equal(found.text[4], "A.B.EVIL.example");
    assert_int_equal(found.other, 0);
    static uint8_t big[KAI_HUNT_PIECE_BYTES + 1];
    assert_int_equal(kai_hunt_line(s, kai_view_of(big, sizeof big), false, false), KAI_ELIMIT);
    kai_hunt_scanner_free(s);
    kai_hunt_filter_free(f);
}

/* A text of so many bytes that its key is a hash. */
static void test_long(void **state)
{
    static const char head[] = "https://long.example/a?b=";
    struct kai_hunt_filter *f;
    struct kai_hunt_scanner *s;
    struct found found = {.n = 0};
    uint8_t key[KAI_VALUE_KEY_MAX];
    char line[1000];
    size_t n;

    (void)state;
    memset(line, 'x', sizeof line);
    memcpy(line, head, strlen(head));
    line[900] = ' ';
    assert_int_equal(kai_value_key(KAI_V_URL, kai_view_of(line, 900), key, &n), KAI_OK);
    assert_int_equal(kai_hunt_filter_new(&f, 1, filter_key), KAI_OK);
    kai_hunt_filter_add(f, kai_view_of(key, n));
    assert_int_equal(kai_hunt_filter_end(f), KAI_OK);
    assert_int_equal(kai_hunt_scanner_new(&s, f, on_token, &found), KAI_OK);
    assert_int_equal(kai_hunt_line(s, kai_view_of(line, sizeof line), false, false), KAI_OK);
    assert_int_equal(found.other, 1);
    assert_int_equal(kai_hunt_line(s, kai_view_of(line, 800), false, false), KAI_OK);
    assert_int_equal(found.other, 1);
    kai_hunt_scanner_free(s);
    kai_hunt_filter_free(f);
}

/* More looks in one line than wait at a time. */
static void test_many(void **state)
{
    struct kai_hunt_filter *f = filter_of(values, VALUES);
    struct kai_hunt_scanner *s;
    struct found found = {.known = values, .n = VALUES};
    char line[100 * 24 + 1] = "";
    size_t n = 0;

    (void)state;
    assert_int_equal(kai_hunt_scanner_new(&s, f, on_token, &found), KAI_OK);
    for (unsigned i = 0; i < 100; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, "%s w%u.zz ",
                              i == 0    ? "192.0.2.7"
                              : i == 50 ? "evil.example"
                                        : "203.0.113.9",
                              i);
    assert_int_equal(kai_hunt_line(s, kai_view_of(line, n), false, false), KAI_OK);
    assert_true(found.hit[0] && found.hit[4]);
    kai_hunt_scanner_free(s);
    kai_hunt_filter_free(f);
}

static uint64_t rnd_below(uint64_t *seed, uint64_t n)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % n;
}

/* Parts of lines: values, what is nearly one, and what stands around them. */
static const char *const parts[] = {
    "192.0.2.7",
    "192.0.2.70",
    "198.51.100.77",
    "198.51.101.1",
    "2001:db8::1",
    "2001:db8:5::77",
    "2001:db8::",
    "evil.example",
    "a.evil.example",
    "EVIL.example",
    "evil.example.org",
    "com",
    "http://bad.example/x?y=1",
    "http://bad.example/x",
    "https://bad.example",
    "joe+x@evil.example",
    "joe",
    "@",
    "d41d8cd98f00b204e9800998ecf8427e",
    "D41D8CD98F00B204E9800998ECF8427E",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "02:00:5e:10:00:01",
    "02-00-5E-10-00-01",
    "as64496",
    "AS64496",
    "cve-2021-44228",
    "12:30:05",
    "::",
    ":",
    ".",
    "-",
    "/",
    ",",
    ";",
    " ",
    "\t",
    "\"",
    "(",
    ")",
    "<",
    ">",
    "=",
    "x",
    "7",
    "f",
    "://",
    "ftp",
    "?",
    "[",
    "]",
    "'",
    "&",
    ("b\xc3\xbc" /* The next letters would be read as digits of that byte. */
     "cher.example"),
};

static size_t make_line(uint64_t *seed, char *out, size_t cap)
{
    uint64_t n = 1 + rnd_below(seed, 12);
    size_t len = 0;

    while (n-- > 0) {
        const char *p = parts[rnd_below(seed, sizeof parts / sizeof parts[0])];

        if (len + strlen(p) + 2 > cap)
            break;
        memcpy(out + len, p, strlen(p));
        len += strlen(p);
        if (rnd_below(seed, 2) == 0)
            out[len++] = ' ';
    }
    return len;
}

#define SHAPED 13u /* The first values: those that naive.c knows. */

static void test_naive(void **state)
{
    struct kai_hunt_filter *f = filter_of(values, SHAPED);
    struct kai_hunt_scanner *s;
    struct found found;
    uint64_t seed = 42;
    size_t hits = 0;

    (void)state;
    assert_int_equal(kai_hunt_scanner_new(&s, f, on_token, &found), KAI_OK);
    for (unsigned i = 0; i < 60000; i++) {
        bool want[KNOWN_MAX] = {false};
        char line[400];
        size_t n = make_line(&seed, line, sizeof line);

        found = (struct found){.known = values, .n = SHAPED};
        naive_find(kai_view_of(line, n), values, SHAPED, want);
        assert_int_equal(kai_hunt_line(s, kai_view_of(line, n), false, false), KAI_OK);
        for (size_t v = 0; v < SHAPED; v++) {
            if (found.hit[v] != want[v])
                print_error("%.*s: %s %s\n", (int)n, line, values[v].norm,
                            want[v] ? "was missed" : "is not there");
            assert_int_equal(found.hit[v], want[v]);
            hits += want[v];
        }
    }
    assert_true(hits > 20000);
    kai_hunt_scanner_free(s);
    kai_hunt_filter_free(f);
}

/* A line in two pieces that overlap holds what the whole one holds. */
static void test_pieces(void **state)
{
    struct kai_hunt_filter *f = filter_of(values, VALUES);
    struct kai_hunt_scanner *s;
    struct found found;
    uint64_t seed = 43;
    enum { OVERLAP = 200 };

    (void)state;
    assert_int_equal(kai_hunt_scanner_new(&s, f, on_token, &found), KAI_OK);
    for (unsigned i = 0; i < 20000; i++) {
        char line[1600];
        size_t n = 0;
        bool want[KNOWN_MAX];

        while (n < 800) {
            n += make_line(&seed, line + n, 400);
            line[n++] = ' '; /* No run is longer than the overlap. */
        }
        found = (struct found){.known = values, .n = VALUES};
        assert_int_equal(kai_hunt_line(s, kai_view_of(line, n), false, false), KAI_OK);
        memcpy(want, found.hit, sizeof want);
        size_t cut = OVERLAP + rnd_below(&seed, n - OVERLAP);
        found = (struct found){.known = values, .n = VALUES};
        assert_int_equal(kai_hunt_line(s, kai_view_of(line, cut), false, true), KAI_OK);
        assert_int_equal(
            kai_hunt_line(s, kai_view_of(line + cut - OVERLAP, n - cut + OVERLAP), true, false),
            KAI_OK);
        for (size_t v = 0; v < VALUES; v++) {
            if (found.hit[v] != want[v])
                print_error("%.*s | cut at %zu: %s %s\n", (int)n, line, cut, values[v].norm,
                            want[v] ? "was missed" : "is not there");
            assert_int_equal(found.hit[v], want[v]);
        }
    }
    kai_hunt_scanner_free(s);
    kai_hunt_filter_free(f);
}

static void test_filter(void **state)
{
    enum { N = 200000 };
    struct kai_hunt_filter *f;
    size_t wrong = 0;

    (void)state;
    assert_int_equal(kai_hunt_filter_new(&f, N, filter_key), KAI_OK);
    assert_true(f->all.blocks * KAI_HUNT_BLOCK_BYTES < N * 22 / 8);
    for (uint32_t i = 0; i < 2 * N; i++) {
        uint8_t key[6] = {KAI_V_IPV4,        (uint8_t)(i >> 24), (uint8_t)(i >> 16),
                          (uint8_t)(i >> 8), (uint8_t)i,         32};

        if (i < N)
            kai_hunt_filter_add(f, kai_view_of(key, sizeof key));
    }
    for (uint32_t i = 0; i < 2 * N; i++) {
        uint8_t key[5] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i,
                          32};
        bool maybe = kai_hunt_maybe(f, kai_hunt_mix(kai_hunt_begin(f, KAI_HUNT_IPV4), key, 5));

        if (i < N)
            assert_true(maybe);
        else
            wrong += maybe;
    }
    print_message("%zu of %d mistaken\n", wrong, N);
    assert_true(wrong < N * 3 / 1000);
    assert_int_equal(f->types, kai_hunt_bit(KAI_V_IPV4));
    assert_int_equal(f->v4, UINT64_C(1) << 32);
    kai_hunt_filter_free(f);
    assert_int_equal(kai_hunt_filter_sized(&f, 0, 1), KAI_ELIMIT);
    assert_int_equal(kai_hunt_filter_sized(&f, 1, (UINT64_C(1) << 32) + 1), KAI_ELIMIT);
    assert_int_equal(kai_hunt_types_parse(kai_view_of("ip", 2)),
                     kai_hunt_bit(KAI_V_IPV4) | kai_hunt_bit(KAI_V_IPV6));
    assert_true((kai_hunt_types_parse(kai_view_of("hash", 4)) & kai_hunt_bit(KAI_V_SHA512)) != 0);
    assert_int_equal(kai_hunt_types_parse(kai_view_of("nothing", 7)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),  cmocka_unit_test(test_text),   cmocka_unit_test(test_naive),
        cmocka_unit_test(test_pieces), cmocka_unit_test(test_filter), cmocka_unit_test(test_long),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

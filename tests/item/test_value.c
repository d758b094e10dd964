/* test_value: normal forms, refanging, guessing. */
#include "item/cm.h"
#include "item/data.h"
#include "item/value.h"

static const char *norm(enum kai_vtype type, const char *text)
{
    static char out[KAI_VALUE_BYTES_MAX + 1];
    struct kai_why why = {.code = NULL};
    size_t n;

    if (kai_value_norm(type, V(text), out, KAI_VALUE_BYTES_MAX, &n, &why) != KAI_OK) {
        assert_non_null(why.code);
        assert_int_equal(n, 0);
        return why.code;
    }
    out[n] = '\0';
    return out;
}

static const struct {
    enum kai_vtype type;
    const char *text;
    const char *want; /* The normal form, or the code of the refusal. */
} NORMS[] = {
    {KAI_V_IPV4, "192.0.2.1", "192.0.2.1"},
    {KAI_V_IPV4, "192.0.2.1/32", "192.0.2.1"},
    {KAI_V_IPV4, "192.0.2.77/24", "192.0.2.0/24"},
    {KAI_V_IPV4, "255.255.255.255/0", "0.0.0.0/0"},
    {KAI_V_IPV4, "192.0.2.01", "value.ipv4"},
    {KAI_V_IPV4, "192.0.2", "value.ipv4"},
    {KAI_V_IPV4, "192.0.2.256", "value.ipv4"},
    {KAI_V_IPV4, "192.0.2.1.", "value.ipv4"},
    {KAI_V_IPV4, "192.0.2.1/33", "value.ipv4"},
    {KAI_V_IPV4, "192.0.2.1/08", "value.ipv4"},
    {KAI_V_IPV4, "192.0.2.1/", "value.ipv4"},
    {KAI_V_IPV4, " 192.0.2.1", "value.ipv4"},
    {KAI_V_IPV6, "2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
    {KAI_V_IPV6, "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
    {KAI_V_IPV6, "2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
    {KAI_V_IPV6, "2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1"},
    {KAI_V_IPV6, "::", "::"},
    {KAI_V_IPV6, "::1", "::1"},
    {KAI_V_IPV6, "1::", "1::"},
    {KAI_V_IPV6, "::ffff:192.0.2.1", "::ffff:192.0.2.1"},
    {KAI_V_IPV6, "::ffff:c000:201", "::ffff:192.0.2.1"},
    {KAI_V_IPV6, "2001:db8:ffff:ffff::1/33", "2001:db8:8000::/33"},
    {KAI_V_IPV6, "2001:db8::1/128", "2001:db8::1"},
    {KAI_V_IPV6, "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
    {KAI_V_IPV6, "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
    {KAI_V_IPV6, "1:2:3:4:5:6:7:8:9", "value.ipv6"},
    {KAI_V_IPV6, "1:2:3:4:5:6:7", "value.ipv6"},
    {KAI_V_IPV6, "1::2::3", "value.ipv6"},
    {KAI_V_IPV6, "1:2:3:4::5:6:7:8", "value.ipv6"},
    {KAI_V_IPV6, ":1", "value.ipv6"},
    {KAI_V_IPV6, "1:", "value.ipv6"},
    {KAI_V_IPV6, "12345::", "value.ipv6"},
    {KAI_V_IPV6, "fe80::1%eth0", "value.ipv6"},
    {KAI_V_IPV6, "2001:db8::/129", "value.ipv6"},
    {KAI_V_DOMAIN, "WWW.Example.COM.", "www.example.com"},
    {KAI_V_DOMAIN, "_dmarc.example.com", "_dmarc.example.com"},
    {KAI_V_DOMAIN, "-a.example.com", "-a.example.com"},
    {KAI_V_DOMAIN, "a--b.example", "a--b.example"},
    {KAI_V_DOMAIN,
     "b\xc3\xbc"
     "cher.example",
     "xn--bcher-kva.example"},
    {KAI_V_DOMAIN, "fa\xc3\x9f.example", "xn--fa-hia.example"},
    {KAI_V_DOMAIN, "\xe4\xbe\x8b\xe3\x81\x88.example", "xn--r8jz45g.example"},
    {KAI_V_DOMAIN,
     "\xe4\xbe\x8b\xe3\x81\x88\xe3\x80\x82"
     "example",
     "xn--r8jz45g.example"},
    {KAI_V_DOMAIN, "a..b", "value.domain"},
    {KAI_V_DOMAIN, ".a", "value.domain"},
    {KAI_V_DOMAIN, "a b.example", "value.domain"},
    {KAI_V_DOMAIN, "192.0.2.1", "value.domain"},
    {KAI_V_DOMAIN, "*.example.com", "value.domain"},
    {KAI_V_DOMAIN, ".", "value.domain"},
    {KAI_V_DOMAIN, "0123456789012345678901234567890123456789012345678901234567890123.example",
     "value.domain"},
    {KAI_V_URL, "HTTP://Example.COM/Path?Q=A#F", "http://example.com/Path?Q=A#F"},
    {KAI_V_URL, "https://example.com:443", "https://example.com/"},
    {KAI_V_URL, "http://example.com:8080/x", "http://example.com:8080/x"},
    {KAI_V_URL, "http://User:Pass@Example.com/", "http://User:Pass@example.com/"},
    {KAI_V_URL, "http://[2001:DB8::1]:80/x", "http://[2001:db8::1]/x"},
    {KAI_V_URL, "example.com:8080/x", "http://example.com:8080/x"},
    {KAI_V_URL, "example.com/x", "http://example.com/x"},
    {KAI_V_URL,
     "http://b\xc3\xbc"
     "cher.example/\xc3\xbc",
     "http://xn--bcher-kva.example/\xc3\xbc"},
    {KAI_V_URL, "http://example.com?q", "http://example.com/?q"},
    {KAI_V_URL, "mailto:A@example.com", "mailto:A@example.com"},
    {KAI_V_URL, "file:///C:/x", "file:///C:/x"},
    {KAI_V_URL, "http://", "value.url"},
    {KAI_V_URL, "http://ex ample.com/", "value.url"},
    {KAI_V_URL, "http://example.com:port/", "value.url"},
    {KAI_V_URL, "http://[2001:db8::1/", "value.url"},
    {KAI_V_EMAIL, "John.Doe@EXAMPLE.com", "John.Doe@example.com"},
    {KAI_V_EMAIL, "@example.com", "value.email"},
    {KAI_V_EMAIL, "john", "value.email"},
    {KAI_V_EMAIL, "a@b@example.com", "value.email"},
    {KAI_V_MD5, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"},
    {KAI_V_MD5, "d41d8cd98f00b204e9800998ecf8427", "value.hash"},
    {KAI_V_MD5, "d41d8cd98f00b204e9800998ecf8427g", "value.hash"},
    {KAI_V_SHA1, "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
     "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {KAI_V_SSDEEP, "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C",
     "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C"},
    {KAI_V_SSDEEP, "x:y:z", "value.hash"},
    {KAI_V_MAC, "02-00-5E-10-00-01", "02:00:5e:10:00:01"},
    {KAI_V_MAC, "0200.5e10.0001", "02:00:5e:10:00:01"},
    {KAI_V_MAC, "02:00:5e:10:00", "value.mac"},
    {KAI_V_MAC, "02:00:5e-10:00:01", "value.mac"},
    {KAI_V_ASN, "AS64496", "64496"},
    {KAI_V_ASN, "4294967296", "value.asn"},
    {KAI_V_ASN, "01", "value.asn"},
    {KAI_V_CVE, "cve-2021-44228", "CVE-2021-44228"},
    {KAI_V_CVE, "CVE-2021-442", "value.cve"},
    {KAI_V_CVE, "CVE-2021-44228x", "value.cve"},
    {KAI_V_CPE, "CPE:2.3:A:Example:Prod:1.0:*:*:*:*:*:*:*",
     "cpe:2.3:a:example:prod:1.0:*:*:*:*:*:*:*"},
    {KAI_V_CPE, "cpe:2.3:a:ex\\:ample:prod:1.0:*:*:*:*:*:*:*",
     "cpe:2.3:a:ex\\:ample:prod:1.0:*:*:*:*:*:*:*"},
    {KAI_V_CPE, "cpe:2.3:a:example:prod:1.0:*:*:*:*:*:*", "value.cpe"},
    {KAI_V_CPE, "cpe:2.3:a:example:prod:1.0::*:*:*:*:*:*", "value.cpe"},
    {KAI_V_X509_SERIAL, "4C:0B:1d", "4c0b1d"},
    {KAI_V_X509_SERIAL, "number 5", "number 5"},
    {KAI_V_HASH, "ABCDEF01", "abcdef01"},
    {KAI_V_HASH, "Zz", "Zz"},
    {KAI_V_MUTEX, "__CLEANSWEEP__", "__CLEANSWEEP__"},
    {KAI_V_FILE_NAME, "e\xcc\x81.txt", "\xc3\xa9.txt"}, /* NFC. */
    {KAI_V_FILE_NAME, "\xe5\x9b\x9e\xe8\xa6\xa7.txt", "\xe5\x9b\x9e\xe8\xa6\xa7.txt"},
    {KAI_V_FILE_NAME, "a\nb", "value.control"},
    {KAI_V_FILE_NAME, "\xff", "value.utf8"},
    {KAI_V_FILE_NAME, "", "value.empty"},
    {KAI_V_NONE, "x", "value.unknown"},
};

static void test_norm(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof NORMS / sizeof NORMS[0]; i++) {
        const char *got = norm(NORMS[i].type, NORMS[i].text);

        if (strcmp(got, NORMS[i].want) != 0)
            fail_msg("%s: got %s, want %s", NORMS[i].text, got, NORMS[i].want);
        if (strncmp(got, "value.", 6) != 0) { /* A normal form is its own. */
            char again[KAI_VALUE_BYTES_MAX + 1];

            (void)snprintf(again, sizeof again, "%s", got);
            assert_string_equal(norm(NORMS[i].type, again), NORMS[i].want);
        }
    }
}

static uint64_t next_random(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* Whether it is accepted; what is accepted is in normal form. */
static bool same_twice(enum kai_vtype type, const char *text, size_t n)
{
    char once[KAI_VALUE_BYTES_MAX];
    char twice[KAI_VALUE_BYTES_MAX];
    size_t once_n;
    size_t twice_n;

    if (kai_value_norm(type, kai_view_of(text, n), once, sizeof once, &once_n, NULL) != KAI_OK)
        return false;
    if (kai_value_norm(type, kai_view_of(once, once_n), twice, sizeof twice, &twice_n, NULL) !=
            KAI_OK ||
        once_n != twice_n || memcmp(once, twice, once_n) != 0)
        fail_msg("type %d: %.*s is no normal form", (int)type, (int)once_n, once);
    return true;
}

/* Letters whose normal form is longer than they are, in each length, and one that is shorter. */
static void test_norm_changes_length(void **state)
{
    static const char *const letters[] = {"\xe0\xa5\x98" /* U+0958, 6 bytes in NFC */, "e\xcc\x81",
                                          "\xef\xac\x9d" /* U+FB1D, 4 bytes */, "\xe2\x84\xab"};
    char text[KAI_VALUE_BYTES_MAX];
    unsigned emails = 0;
    (void)state;

    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        size_t one = strlen(letters[i]);

        for (unsigned type = 1; type <= KAI_VTYPE_MAX; type++)
            for (size_t n = 0, count = 1; count <= 100; count++, n += one) {
                static const char domain[] = "@mail.example";

                memcpy(text + n, letters[i], one);
                memcpy(text + n + one, domain, sizeof domain);
                (void)same_twice(kai_vtype_of(type), text, n + one);
                emails += same_twice(kai_vtype_of(type), text, n + one + sizeof domain - 1) &&
                          type == KAI_V_EMAIL;
            }
    }
    assert_int_equal(emails, 10 + 32 + 16 + 32); /* 65 bytes of normal form. */
}

/* Whatever is accepted after bits were flipped in it is in normal form, for every type. */
static void test_norm_is_idempotent(void **state)
{
    uint64_t seed = 1;
    unsigned accepted = 0;
    (void)state;

    for (unsigned round = 0; round < 40000; round++) {
        size_t at = next_random(&seed) % (sizeof NORMS / sizeof NORMS[0]);
        enum kai_vtype type = kai_vtype_of(1 + next_random(&seed) % KAI_VTYPE_MAX);
        char text[256];
        size_t n = strlen(NORMS[at].text);

        memcpy(text, NORMS[at].text, n);
        for (unsigned i = 0; i < round % 3 && n > 0; i++)
            text[next_random(&seed) % n] ^= (char)(1 << next_random(&seed) % 7);
        if (round % 2 == 0)
            type = NORMS[at].type;
        accepted += same_twice(type, text, n);
    }
    assert_true(accepted > 10000);
}

static void test_sizes(void **state)
{
    static char text[KAI_VALUE_BYTES_MAX + 1];
    char out[KAI_VALUE_BYTES_MAX];
    struct kai_why why = {.code = NULL};
    size_t n;
    (void)state;

    memset(text, 'a', sizeof text);
    assert_int_equal(
        kai_value_norm(KAI_V_MUTEX, kai_view_of(text, sizeof text - 1), out, sizeof out, &n, NULL),
        KAI_OK);
    assert_int_equal(n, KAI_VALUE_BYTES_MAX);
    assert_int_equal(
        kai_value_norm(KAI_V_MUTEX, kai_view_of(text, sizeof text), out, sizeof out, &n, &why),
        KAI_ELIMIT);
    assert_string_equal(why.code, "value.long");
    /* A small buffer is never overrun, whatever the type. */
    for (size_t i = 0; i < sizeof NORMS / sizeof NORMS[0]; i++)
        for (size_t cap = 0; cap < 24; cap++) {
            char *small = malloc(cap + 1);

            if (kai_value_norm(NORMS[i].type, V(NORMS[i].text), small, cap, &n, NULL) == KAI_OK)
                assert_true(n <= cap);
            free(small);
        }
}

static void test_refang(void **state)
{
    static const char *const pairs[][2] = {
        {"hxxp://example[.]com/x", "http://example.com/x"},
        {"hXXps[:]//example(.)com", "https://example.com"},
        {"h**p://a{.}example", "http://a.example"},
        {"htxps://a.example", "https://a.example"},
        {"hxxp[://]a[dot]example", "http://a.example"},
        {"fxp://a.example", "ftp://a.example"},
        {"a [at] example", "a@example"},
        {"a (at) b [dot] example", "a@b.example"},
        {"john(at)example[d0t]com", "john@example.com"},
        {"john[@]example dot com", "john@example.com"},
        {"a.example[/]b", "a.example/b"},
        {"192\\.0\\.2\\.1", "192.0.2.1"},
        {"[2001:db8::1]:80", "[2001:db8::1]:80"},
        {"archxxp://x", "archxxp://x"},
        {"plain text", "plain text"},
        {"\xe5\x9b\x9e\xe8\xa6\xa7[.]example", "\xe5\x9b\x9e\xe8\xa6\xa7.example"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct kai_buf b;

        kai_buf_init(&b, 4096);
        assert_int_equal(kai_refang(V(pairs[i][0]), &b), KAI_OK);
        assert_int_equal(b.len, strlen(pairs[i][1]));
        assert_memory_equal(b.p, pairs[i][1], b.len);
        kai_buf_free(&b);
    }
}

static const struct {
    const char *text;
    enum kai_vtype type;
    const char *norm;
} GUESSES[] = {
    {"192[.]0[.]2[.]1", KAI_V_IPV4, "192.0.2.1"},
    {" 192.0.2.1 ", KAI_V_IPV4, "192.0.2.1"},
    {"192.0.2.1:443", KAI_V_IPV4, "192.0.2.1"},
    {"192.0.2.0/24", KAI_V_IPV4, "192.0.2.0/24"},
    {"2001:DB8::1", KAI_V_IPV6, "2001:db8::1"},
    {"[2001:db8::1]:443", KAI_V_IPV6, "2001:db8::1"},
    {"Evil[.]Example", KAI_V_DOMAIN, "evil.example"},
    {"evil.example:8080", KAI_V_DOMAIN, "evil.example"},
    {"evil.example/", KAI_V_DOMAIN, "evil.example"},
    {"evil.example/gate.php", KAI_V_URL, "http://evil.example/gate.php"},
    {"192.0.2.1:8080/x", KAI_V_URL, "http://192.0.2.1:8080/x"},
    {"hxxps://evil[.]example/a", KAI_V_URL, "https://evil.example/a"},
    {"john[@]example[.]com", KAI_V_EMAIL, "john@example.com"},
    {"D41D8CD98F00B204E9800998ECF8427E", KAI_V_MD5, "d41d8cd98f00b204e9800998ecf8427e"},
    {"da39a3ee5e6b4b0d3255bfef95601890afd80709", KAI_V_SHA1,
     "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"cve-2021-44228", KAI_V_CVE, "CVE-2021-44228"},
    {"AS64496", KAI_V_ASN, "64496"},
    {"02:00:5e:10:00:01", KAI_V_MAC, "02:00:5e:10:00:01"},
    {"HKEY_LOCAL_MACHINE\\Software\\Evil Key", KAI_V_REGKEY,
     "HKEY_LOCAL_MACHINE\\Software\\Evil Key"},
    {"C:\\Windows\\evil.exe", KAI_V_FILE_PATH, "C:\\Windows\\evil.exe"},
    {"/usr/bin/evil", KAI_V_FILE_PATH, "/usr/bin/evil"},
    {"evil.exe", KAI_V_FILE_NAME, "evil.exe"},
    {"cpe:2.3:a:example:prod:1.0:*:*:*:*:*:*:*", KAI_V_CPE,
     "cpe:2.3:a:example:prod:1.0:*:*:*:*:*:*:*"},
    {"3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C", KAI_V_SSDEEP,
     "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C"},
    {"b\xc3\xbc"
     "cher.example",
     KAI_V_DOMAIN, "xn--bcher-kva.example"},
    {"evil", KAI_V_NONE, ""},
    {"two words.example", KAI_V_NONE, ""},
    {"192.0.2.1:443:444", KAI_V_IPV4, "192.0.2.1"},
    {"192.0.2.1:443:", KAI_V_NONE, ""},
    {"192.0.2.300", KAI_V_NONE, ""},
    {"", KAI_V_NONE, ""},
    {"[", KAI_V_NONE, ""},
    {":", KAI_V_NONE, ""},
    {"/", KAI_V_NONE, ""},
};

static void test_guess(void **state)
{
    char out[KAI_VALUE_BYTES_MAX];
    enum kai_vtype type;
    size_t n;
    (void)state;

    for (size_t i = 0; i < sizeof GUESSES / sizeof GUESSES[0]; i++) {
        struct kai_why why = {.code = NULL};
        enum kai_err err = kai_value_guess(V(GUESSES[i].text), &type, out, sizeof out, &n, &why);

        if (GUESSES[i].type == KAI_V_NONE) {
            assert_int_equal(err, KAI_ENOTFOUND);
            assert_non_null(why.code);
            continue;
        }
        if (err != KAI_OK || type != GUESSES[i].type)
            fail_msg("%s: %s, type %s", GUESSES[i].text, kai_err_text(err), kai_vtype_name(type));
        assert_int_equal(n, strlen(GUESSES[i].norm));
        assert_memory_equal(out, GUESSES[i].norm, n);
    }
}

/* What is shown disguised is read again as what it was. */
static void test_defang(void **state)
{
    char out[KAI_VALUE_BYTES_MAX];
    enum kai_vtype type;
    size_t n;
    (void)state;

    for (size_t i = 0; i < sizeof GUESSES / sizeof GUESSES[0]; i++) {
        struct kai_buf b;
        enum kai_vtype want = GUESSES[i].type;

        if (want != KAI_V_IPV4 && want != KAI_V_DOMAIN && want != KAI_V_URL && want != KAI_V_EMAIL)
            continue;
        kai_buf_init(&b, 4096);
        assert_int_equal(kai_value_defang(want, V(GUESSES[i].norm), &b), KAI_OK);
        assert_true(b.len > strlen(GUESSES[i].norm));
        assert_int_equal(kai_value_guess(kai_buf_view(&b), &type, out, sizeof out, &n, NULL),
                         KAI_OK);
        assert_int_equal(type, want);
        assert_int_equal(n, strlen(GUESSES[i].norm));
        assert_memory_equal(out, GUESSES[i].norm, n);
        kai_buf_free(&b);
    }
}

static void test_types(void **state)
{
    (void)state;

    for (unsigned i = 1; i <= KAI_VTYPE_MAX; i++) {
        enum kai_vtype type = kai_vtype_of(i);

        assert_int_equal(type, i);
        assert_true(kai_vtype_name(type)[0] != '\0');
        assert_int_equal(kai_vtype_parse(V(kai_vtype_name(type))), type);
        assert_non_null(kai_vtype_path(type));
    }
    assert_int_equal(kai_vtype_of(0), KAI_V_NONE);
    assert_int_equal(kai_vtype_of(KAI_VTYPE_MAX + 1), KAI_V_NONE);
    assert_int_equal(kai_vtype_of(UINT64_MAX), KAI_V_NONE);
    assert_int_equal(kai_vtype_parse(V("SHA-256")), KAI_V_SHA256);
    assert_int_equal(kai_vtype_parse(V("no such")), KAI_V_NONE);
    /* These stand in stores: they never move. */
    assert_int_equal(kai_vtype_parse(V("ipv4-addr")), 1);
    assert_int_equal(kai_vtype_parse(V("sha256")), 9);
    assert_int_equal(kai_vtype_parse(V("other")), 34);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norm),  cmocka_unit_test(test_norm_is_idempotent),
        cmocka_unit_test(test_sizes), cmocka_unit_test(test_refang),
        cmocka_unit_test(test_guess), cmocka_unit_test(test_defang),
        cmocka_unit_test(test_types), cmocka_unit_test(test_norm_changes_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

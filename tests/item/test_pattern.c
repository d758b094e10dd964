/* test_pattern: the grammar of patterns and the values in them. */
#include "item/cm.h"
#include "item/data.h"
#include "item/pattern.h"

static const char *check(struct kai_view pattern)
{
    struct kai_why why = {.code = NULL};
    enum kai_err err = kai_pattern_check(pattern, &why);

    assert_true((err == KAI_OK) == (why.code == NULL));
    return err == KAI_OK ? "" : why.code;
}

static const struct {
    const char *pattern;
    const char *code; /* "": well-formed. */
} TABLE[] = {
    {"[a:b=1]", ""},
    {"[ a:b = 1 ]", ""},
    {"\xe3\x80\x80[a:b\xc2\xa0=\xe2\x80\x83'\xe5\x9b\x9e\xe8\xa6\xa7']", ""}, /* Unicode blanks. */
    {"/* c */[a:b=1]// end", ""},
    {"[a:b=1]/* open", "pattern.syntax"},
    {"[file:hashes.'SHA-256'='"
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']",
     ""},
    {"[file:hashes.MD5='x']", "pattern.hash"},
    {"[file:hashes.MD5 IN ('d41d8cd98f00b204e9800998ecf8427e','x')]", "pattern.hash"},
    {"[a:b IN ()]", ""},
    {"[a:b IN (1,)]", "pattern.syntax"},
    {"[a:b NOT IN (1,2)]", ""},
    {"[a:b NOT = 'x']", ""},
    {"[a:b == 1 AND a:c <> 2 OR a:d >= -3 AND a:e < .5]", ""},
    {"[a:b < true]", "pattern.syntax"},
    {"[a:b = true OR a:c = false]", ""},
    {"[a:b = TRUE]", "pattern.syntax"},
    {"[a:b = null]", "pattern.syntax"},
    {"[a:b = \"x\"]", "pattern.syntax"},
    {"[a:b = 'x\\'y\\\\z']", ""},
    {"[a:b = 'x\\n']", "pattern.literal"},
    {"[a:b = 'x]", "pattern.literal"},
    {"[a:b 'x]", "pattern.literal"},
    {"[a:b NOT 'x]", "pattern.literal"},
    {"[a:b h'x]", "pattern.literal"},
    {"[a:b = t'2020-02-30T00:00:00Z']", ""},
    {"[a:b = t'2020-02-32T00:00:00Z']", "pattern.literal"},
    {"[a:b = t'2020-02-01T00:00:00.Z']", "pattern.literal"},
    {"[a:b = h'0aFF' OR a:b = h'']", ""},
    {"[a:b = h'0']", "pattern.literal"},
    {"[a:b = b'QUI=' OR a:b = b'']", ""},
    {"[a:b = b'Q']", "pattern.literal"},
    {"[a:b = 007]", "pattern.syntax"},
    {"[a:b = 1.]", "pattern.syntax"},
    {"[a:b[*].c[0].d[-1].'e-f' LIKE 'x%']", ""},
    {"[a:'b c' = 1]", ""},
    {"[a:b-c = 1]", "pattern.syntax"},
    {"[a-b:c = 1]", ""},
    {"[a = 1]", "pattern.syntax"},
    {"[a:b[x] = 1]", "pattern.syntax"},
    {"[EXISTS a:b]", ""},
    {"[NOT EXISTS a:b]", "pattern.syntax"}, /* As the reference validator. */
    {"[a:b LIKE 1]", "pattern.syntax"},
    {"[a:b MATCHES 'x' AND (a:c = 1 OR a:d = 2)]", ""},
    {"[a:b = 1] AND [a:c = 2] OR [a:d = 3] FOLLOWEDBY [a:e = 4]", ""},
    {"[a:b = 1] and [a:c = 2]", "pattern.syntax"},
    {"[a:b = 1] AND", "pattern.syntax"},
    {"[a:b = 1] [a:c = 2]", "pattern.syntax"},
    {"([a:b = 1] OR ([a:c = 2])) WITHIN 5 SECONDS", ""},
    {"([a:b = 1]", "pattern.syntax"},
    {"[a:b = 1])", "pattern.syntax"},
    {"[(a:b = 1]", "pattern.syntax"},
    {"[a:b = 1 FOLLOWEDBY a:c = 2]", "pattern.syntax"},
    {"[]", "pattern.syntax"},
    {"", "pattern.syntax"},
    {"()", "pattern.syntax"},
    {"[a:b = 1] WITHIN 1.5 SECONDS REPEATS 2 TIMES", ""},
    {"[a:b = 1] WITHIN -1 SECONDS", "pattern.syntax"},
    {"[a:b = 1] REPEATS 1.5 TIMES", "pattern.syntax"},
    {"[a:b = 1] WITHIN 1 SECONDS WITHIN 2 SECONDS", "pattern.qualifier"},
    {"[a:b = 1] START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'", ""},
    {"[a:b = 1] START t'2020-01-01T00:00:00Z'", "pattern.syntax"},
    {"[a:b = 1] START '2020-01-01T00:00:00Z' STOP '2021-01-01T00:00:00Z'", "pattern.syntax"},
    {"[a:b ISSUBSET '192.0.2.0/24' OR a:b ISSUPERSET '192.0.2.1']", ""},
    {"[a:b = '\xff']", "pattern.utf8"},
};

static void test_table(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        const char *got = check(V(TABLE[i].pattern));

        if (strcmp(got, TABLE[i].code) != 0)
            fail_msg("%s: got '%s', want '%s'", TABLE[i].pattern, got, TABLE[i].code);
    }
}

static void test_place(void **state)
{
    struct kai_why why = {.code = NULL};
    (void)state;

    assert_int_equal(kai_pattern_check(V("[\xe5\x9b\x9e: b = 1]"), &why), KAI_EMALFORMED);
    assert_string_equal(why.arg[1], "object path");
    assert_string_equal(why.arg[2], "2");
    assert_int_equal(kai_pattern_check(V("[a:b = '\xe5\x9b\x9e' x]"), &why), KAI_EMALFORMED);
    assert_string_equal(why.arg[0], "x");
    assert_string_equal(why.arg[2], "12");
}

static bool ignore(void *ctx, enum kai_vtype type, struct kai_view norm, enum kai_atom strength)
{
    (void)ctx;
    assert_true(norm.n > 0 && type != KAI_V_NONE);
    assert_true(strength == KAI_ATOM_STRONG || strength == KAI_ATOM_PARTIAL);
    return true;
}

/* No beginning of a pattern and no single flipped bit makes it read outside or disagree with
 * itself. */
static void test_prefixes_and_flips(void **state)
{
    unsigned refused = 0;
    (void)state;

    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        size_t n = strlen(TABLE[i].pattern);

        for (size_t cut = 0; cut <= n; cut++) {
            uint8_t *p = malloc(cut + 1);

            memcpy(p, TABLE[i].pattern, cut);
            struct kai_view v = kai_view_of(p, cut);
            bool ok = check(v)[0] == '\0';
            refused += !ok;
            assert_int_equal(kai_pattern_atoms(v, ignore, NULL) == KAI_OK, ok);
            for (size_t bit = 0; cut == n && bit < 8 * n; bit++) {
                p[bit / 8] ^= (uint8_t)(1u << bit % 8);
                ok = check(v)[0] == '\0';
                assert_int_equal(kai_pattern_atoms(v, ignore, NULL) == KAI_OK, ok);
                p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
            free(p);
        }
    }
    assert_true(refused > 500);
}

static void fill(char *out, const char *what, size_t n)
{
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * strlen(what), what, strlen(what));
    out[n * strlen(what)] = '\0';
}

static void test_bounds(void **state)
{
    static char text[2 * KAI_PATTERN_BYTES_MAX];
    (void)state;

    for (size_t depth = 60; depth < 70; depth++) { /* The bracket is a level too. */
        fill(text, "(", depth);
        strcat(text, "[a:b=1]");
        fill(text + strlen(text), ")", depth);
        assert_string_equal(check(V(text)), depth < 64 ? "" : "pattern.depth");
    }
    fill(text, "(", 1000000);
    assert_string_equal(check(V(text)), "pattern.depth");
    strcpy(text, "[a:b=1");
    fill(text + strlen(text), " OR a:b=1", 100000);
    strcat(text, "]");
    assert_string_equal(check(V(text)), "");
    fill(text, "x", KAI_PATTERN_BYTES_MAX + 1);
    assert_string_equal(check(V(text)), "pattern.size");
    /* Marking the same values again and again must not take forever. */
    strcpy(text, "([url:value='a.example/1'");
    fill(text + strlen(text), " OR url:value='x/y'", 20000);
    strcat(text, "])");
    fill(text + strlen(text), " REPEATS 2 TIMES", 30000);
    assert_string_equal(check(V(text)), "");
}

struct gather {
    char text[1024];
};

static bool gather(void *ctx, enum kai_vtype type, struct kai_view norm, enum kai_atom strength)
{
    struct gather *g = ctx;
    size_t n = strlen(g->text);

    (void)snprintf(g->text + n, sizeof g->text - n, "%s%s %.*s%s", n > 0 ? "; " : "",
                   kai_vtype_name(type), (int)norm.n, (const char *)norm.p,
                   strength == KAI_ATOM_STRONG ? "" : "?");
    return true;
}

#define MD5 "d41d8cd98f00b204e9800998ecf8427e"

static const struct {
    const char *pattern;
    const char *atoms; /* A question mark: partial. */
} ATOMS[] = {
    {"[domain-name:value='Evil.Example']", "domain-name evil.example"},
    {"[ipv4-addr:value='192.0.2.1' OR ipv6-addr:value='2001:DB8::1']",
     "ipv4-addr 192.0.2.1; ipv6-addr 2001:db8::1"},
    {"[url:value IN ('http://a.example/','http://b.example/')]",
     "url http://a.example/; url http://b.example/"},
    {"[a:b=1] OR [domain-name:value='a.example'] OR [file:hashes.MD5='" MD5 "']",
     "domain-name a.example; md5 " MD5},
    {"[file:name='x.exe' AND file:hashes.MD5='" MD5 "']", "file-name x.exe?; md5 " MD5},
    {"[file:name='x.exe']", "file-name x.exe"},
    {"[(file:name='x.exe' OR file:name='y.exe') AND file:size=5]",
     "file-name x.exe?; file-name y.exe?"},
    {"[file:name='x.exe' OR file:name='y.exe' AND file:size=5]",
     "file-name x.exe; file-name y.exe?"},
    {"[domain-name:value='a.example' AND domain-name:resolves_to_refs[*].value='192.0.2.1']",
     "domain-name a.example; ipv4-addr 192.0.2.1?"},
    {"[network-traffic:dst_ref.type='ipv4-addr' AND network-traffic:dst_ref.value='192.0.2.1/32']",
     "ipv4-addr 192.0.2.1"},
    {"[network-traffic:dst_ref.value='192.0.2.1' AND network-traffic:dst_port=443]",
     "ipv4-addr 192.0.2.1?"},
    {"[domain-name:value='192.0.2.1']", "ipv4-addr 192.0.2.1"},
    {"[domain-name:value='a.example'] AND [file:hashes.MD5='" MD5 "']",
     "domain-name a.example?; md5 " MD5 "?"},
    {"[domain-name:value='a.example'] FOLLOWEDBY [url:value='http://a.example/']",
     "domain-name a.example?; url http://a.example/?"},
    {"[domain-name:value='a.example'] OR ([url:value='http://a.example/'] AND [a:b=1])",
     "domain-name a.example; url http://a.example/?"},
    {"[domain-name:value='a.example'] REPEATS 5 TIMES", "domain-name a.example?"},
    {"([domain-name:value='a.example'] OR [domain-name:value='b.example']) REPEATS 5 TIMES",
     "domain-name a.example?; domain-name b.example?"},
    {"[domain-name:value='a.example'] WITHIN 5 SECONDS", "domain-name a.example"},
    {"[domain-name:value!='a.example' OR domain-name:value NOT ='b.example']", ""},
    {"[domain-name:value NOT IN ('a.example')]", ""},
    {"[domain-name:value LIKE 'a%' OR domain-name:value MATCHES 'a']", ""},
    {"[EXISTS domain-name:value]", ""},
    {"[ipv4-addr:value ISSUBSET '192.0.2.9/24']", "ipv4-addr 192.0.2.0/24"},
    {"[ipv4-addr:value NOT ISSUBSET '192.0.2.9/24']", ""},
    {"[ipv4-addr:value ISSUPERSET '192.0.2.9']", ""},
    {"[ipv4-addr:value='999.0.2.1']", ""},
    {"[autonomous-system:number=64496]", "autonomous-system 64496"},
    {"[windows-registry-key:key='HKEY_LOCAL_MACHINE\\\\Evil\\'s']",
     "windows-registry-key HKEY_LOCAL_MACHINE\\Evil's"},
    {"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'='Evil/1.0']",
     "user-agent Evil/1.0"},
    {"[file:hashes.sha256='" MD5 MD5 "']", "sha256 " MD5 MD5},
    {"[vulnerability:name='cve-2021-44228']", "vulnerability CVE-2021-44228"},
    {"[domain-name:value=t'2020-01-01T00:00:00Z' OR domain-name:value=5]", ""},
    {"[domain-name:value='a.example'", ""},
};

static void test_atoms(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof ATOMS / sizeof ATOMS[0]; i++) {
        struct gather g = {.text = ""};

        (void)!kai_pattern_atoms(V(ATOMS[i].pattern), gather, &g);
        if (strcmp(g.text, ATOMS[i].atoms) != 0)
            fail_msg("%s:\n got %s\nwant %s", ATOMS[i].pattern, g.text, ATOMS[i].atoms);
    }
    /* What a list's indicator says is read back as its value. */
    for (unsigned t = 1; t <= KAI_VTYPE_MAX; t++) {
        char pattern[256];

        (void)snprintf(pattern, sizeof pattern, "[%s = 'x']", kai_vtype_path(kai_vtype_of(t)));
        if (kai_pattern_check(V(pattern), NULL) != KAI_OK)
            assert_true(t >= KAI_V_MD5 && t <= KAI_V_SHA512); /* 'x' is no hash. */
    }
}

/* expect<TAB>pattern<TAB>note, of the reference validator's own tests. */
static void test_reference(void **state)
{
    struct kai_view file = data_real("patterns/stix21-patterns.tsv");
    unsigned counts[2] = {0, 0};
    (void)state;

    if (file.p == NULL)
        skip();
    for (size_t at = 0; at < file.n;) {
        const uint8_t *line = file.p + at;
        const uint8_t *end = memchr(line, '\n', file.n - at);
        size_t n = end == NULL ? file.n - at : (size_t)(end - line);

        at += n + 1;
        if (n < 5 || line[0] == '#')
            continue;
        const uint8_t *tab = memchr(line + 5, '\t', n - 5);
        struct kai_view pattern =
            kai_view_of(line + 5, tab == NULL ? n - 5 : (size_t)(tab - line) - 5);
        bool want = memcmp(line, "pass\t", 5) == 0;

        if ((check(pattern)[0] == '\0') != want)
            fail_msg("%.*s: the reference validator says %s", (int)pattern.n,
                     (const char *)pattern.p, want ? "pass" : "fail");
        counts[want]++;
    }
    data_free(file);
    printf("reference patterns: %u pass, %u fail, none judged otherwise\n", counts[1], counts[0]);
    assert_true(counts[0] == 27 && counts[1] == 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_prefixes_and_flips),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_atoms),
        cmocka_unit_test(test_reference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_key: order and containment of store keys. */
#include "item/cm.h"
#include "item/data.h"
#include "item/key.h"

struct key {
    uint8_t p[KAI_VALUE_KEY_MAX];
    size_t n;
};

static struct key key_of(enum kai_vtype type, const char *norm)
{
    struct key k;

    assert_int_equal(kai_value_key(type, V(norm), k.p, &k.n), KAI_OK);
    assert_true(k.n <= KAI_VALUE_KEY_MAX);
    assert_int_equal(k.p[0], type);
    return k;
}

static int compare(const struct key *a, const struct key *b)
{
    int d = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);

    return d != 0 ? d : (a->n > b->n) - (a->n < b->n);
}

static uint64_t next_random(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static void random_block(uint64_t *seed, char *text, uint32_t *addr, unsigned *bits)
{
    char out[KAI_VALUE_BYTES_MAX];
    size_t n;

    *bits = (unsigned)(next_random(seed) % 33);
    *addr = (uint32_t)next_random(seed) & 0xc0a8ffff; /* Few bits, so that many contain others. */
    *addr &= *bits == 0 ? 0 : 0xffffffffu << (32 - *bits);
    (void)snprintf(text, 32, "%u.%u.%u.%u/%u", *addr >> 24, *addr >> 16 & 255, *addr >> 8 & 255,
                   *addr & 255, *bits);
    assert_int_equal(kai_value_norm(KAI_V_IPV4, V(text), out, sizeof out, &n, NULL), KAI_OK);
    memcpy(text, out, n);
    text[n] = '\0';
}

struct find {
    struct key want;
    bool found;
    unsigned n;
};

static bool look(void *ctx, struct kai_view key)
{
    struct find *f = ctx;

    f->n++;
    f->found = f->found || (key.n == f->want.n && memcmp(key.p, f->want.p, key.n) == 0);
    return true;
}

static void test_ip4_containment(void **state)
{
    uint64_t seed = 42;
    unsigned inside_n = 0;
    (void)state;

    for (unsigned i = 0; i < 20000; i++) {
        char a[32];
        char b[32];
        uint32_t a_addr;
        uint32_t b_addr;
        unsigned a_bits;
        unsigned b_bits;
        struct key lo;
        struct key hi;
        size_t n;

        random_block(&seed, a, &a_addr, &a_bits);
        random_block(&seed, b, &b_addr, &b_bits);
        uint32_t mask = a_bits == 0 ? 0 : 0xffffffffu << (32 - a_bits);
        bool inside = b_bits >= a_bits && (b_addr & mask) == a_addr;
        struct key ka = key_of(KAI_V_IPV4, a);
        struct key kb = key_of(KAI_V_IPV4, b);

        assert_int_equal(kai_key_cidr_range(KAI_V_IPV4, V(a), lo.p, hi.p, &n), KAI_OK);
        lo.n = hi.n = n;
        assert_int_equal(compare(&lo, &kb) <= 0 && compare(&kb, &hi) <= 0, inside);
        if (a_addr != b_addr)
            assert_int_equal(compare(&ka, &kb) < 0, a_addr < b_addr);

        struct find f = {.want = ka};
        assert_int_equal(kai_key_cidr_parents(KAI_V_IPV4, V(b), look, &f), KAI_OK);
        assert_int_equal(f.found, inside && a_bits < b_bits);
        assert_int_equal(f.n, b_bits);
        inside_n += inside;
    }
    assert_true(inside_n > 200); /* Both answers were seen. */
}

static void test_ip6(void **state)
{
    struct key lo;
    struct key hi;
    size_t n;
    (void)state;

    assert_int_equal(kai_key_cidr_range(KAI_V_IPV6, V("2001:db8::/32"), lo.p, hi.p, &n), KAI_OK);
    lo.n = hi.n = n;
    struct key in = key_of(KAI_V_IPV6, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
    struct key out = key_of(KAI_V_IPV6, "2001:db9::");
    struct key wider = key_of(KAI_V_IPV6, "2001:db8::/31");
    assert_true(compare(&lo, &in) <= 0 && compare(&in, &hi) <= 0);
    assert_true(compare(&out, &hi) > 0);
    assert_true(compare(&wider, &lo) < 0);
    struct find f = {.want = wider};
    assert_int_equal(kai_key_cidr_parents(KAI_V_IPV6, V("2001:db8::1"), look, &f), KAI_OK);
    assert_true(f.found);
    assert_int_equal(f.n, 128);
    assert_int_equal(kai_key_cidr_range(KAI_V_DOMAIN, V("a.example"), lo.p, hi.p, &n),
                     KAI_EMALFORMED);
}

static bool is_under(const char *sub, const char *domain)
{
    size_t n = strlen(sub);
    size_t m = strlen(domain);

    return n >= m && strcmp(sub + n - m, domain) == 0 && (n == m || sub[n - m - 1] == '.');
}

static void test_domains(void **state)
{
    static const char *const names[] = {
        "example.com",         "www.example.com", "a.www.example.com",
        "wwwexample.com",      "example.co",      "com",
        "example2.com",        "w.example2.com",  "xexample.com",
        "example.com.example", "example",         "e-xample.com",
        "www.e-xample.com",
    };
    size_t count = sizeof names / sizeof names[0];
    (void)state;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            struct key prefix;
            struct key k = key_of(KAI_V_DOMAIN, names[j]);

            assert_int_equal(kai_key_domain_prefix(V(names[i]), prefix.p, &prefix.n), KAI_OK);
            assert_int_equal(k.n >= prefix.n && memcmp(k.p, prefix.p, prefix.n) == 0,
                             is_under(names[j], names[i]));
        }
}

static void test_values_back(void **state)
{
    static const struct {
        enum kai_vtype type;
        const char *norm;
    } all[] = {
        {KAI_V_IPV4, "192.0.2.1"},        {KAI_V_IPV4, "192.0.2.0/24"},
        {KAI_V_IPV6, "2001:db8::1"},      {KAI_V_IPV6, "2001:db8::/32"},
        {KAI_V_DOMAIN, "a.b.example"},    {KAI_V_DOMAIN, "example"},
        {KAI_V_URL, "http://a.example/"}, {KAI_V_MD5, "d41d8cd98f00b204e9800998ecf8427e"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct key k = key_of(all[i].type, all[i].norm);
        char norm[KAI_VALUE_KEY_MAX];
        enum kai_vtype type;
        size_t n;

        assert_true(kai_key_value(kai_view_of(k.p, k.n), &type, norm, &n));
        assert_int_equal(type, all[i].type);
        assert_int_equal(n, strlen(all[i].norm));
        assert_memory_equal(norm, all[i].norm, n);
        for (size_t cut = 0; cut < k.n; cut++) /* Never past the end, whatever it says. */
            (void)kai_key_value(kai_view_of(k.p, cut), &type, norm, &n);
    }
}

static void test_long(void **state)
{
    char text[KAI_VALUE_BYTES_MAX];
    char norm[KAI_VALUE_KEY_MAX];
    struct key a;
    struct key b;
    enum kai_vtype type;
    size_t n;
    (void)state;

    memset(text, 'x', sizeof text);
    for (size_t len = 370; len < 400; len++) {
        assert_int_equal(kai_value_key(KAI_V_URL, kai_view_of(text, len), a.p, &a.n), KAI_OK);
        assert_true(a.n <= KAI_VALUE_KEY_MAX);
        assert_int_equal(kai_key_value(kai_view_of(a.p, a.n), &type, norm, &n), len <= 381);
    }
    /* Long texts that differ only behind the head have different keys, with one head. */
    assert_int_equal(kai_value_key(KAI_V_URL, kai_view_of(text, 4000), a.p, &a.n), KAI_OK);
    text[3999] = 'y';
    assert_int_equal(kai_value_key(KAI_V_URL, kai_view_of(text, 4000), b.p, &b.n), KAI_OK);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, 351);
    assert_true(compare(&a, &b) != 0);
}

static void test_refused(void **state)
{
    struct key k;
    (void)state;

    assert_int_equal(kai_value_key(KAI_V_IPV4, V("x"), k.p, &k.n), KAI_EMALFORMED);
    assert_int_equal(kai_value_key(KAI_V_IPV4, V(""), k.p, &k.n), KAI_EMALFORMED);
    assert_int_equal(kai_value_key(KAI_V_NONE, V("x"), k.p, &k.n), KAI_EMALFORMED);
    assert_int_equal(kai_value_key(KAI_V_DOMAIN, V("a..b"), k.p, &k.n), KAI_EMALFORMED);
    assert_int_equal(kai_value_key(KAI_V_DOMAIN, V("a."), k.p, &k.n), KAI_EMALFORMED);
    assert_int_equal(kai_value_key(KAI_V_DOMAIN, V(".a"), k.p, &k.n), KAI_EMALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ip4_containment),
        cmocka_unit_test(test_ip6),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_values_back),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

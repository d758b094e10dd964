/* test_hash: H and K give the golden bytes, however their input is cut into parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/hash.h"
#include "crypto/start.h"
#include "unit/vectors.h"

static void test_vectors(void **state)
{
    static struct vector v;
    FILE *f = vectors_open("hash.txt");
    size_t rows = 0;

    (void)state;
    for (; vectors_next(f, &v); rows++) {
        const char *domain = vector_text(&v, "domain");
        bool keyed = *vector_text(&v, "name") == 'K';
        uint8_t in[2048];
        uint8_t key[KAI_KEY_BYTES] = {0};
        uint8_t want[64];
        uint8_t got[64] = {0};
        struct kai_hasher h;
        size_t n = vector_bytes(&v, "input", in, sizeof in);
        size_t out_n = vector_bytes(&v, "output", want, sizeof want);

        if (keyed) {
            vector_fixed(&v, "key", key, sizeof key);
            kai_kdf(got, out_n, domain, key, in, n);
        } else {
            assert_int_equal(out_n, KAI_ID_BYTES);
            kai_hash(got, domain, in, n);
        }
        if (memcmp(got, want, out_n) != 0)
            fail_msg("%s", vector_text(&v, "name"));
        for (size_t cut = 0; cut <= n; cut += n / 7 + 1) { /* In two parts, cut anywhere. */
            if (keyed)
                kai_kdf_begin(&h, domain, key, out_n);
            else
                kai_hash_begin(&h, domain);
            kai_hash_add(&h, in, cut);
            kai_hash_add(&h, in + cut, n - cut);
            kai_hash_end(&h, got);
            assert_memory_equal(got, want, out_n);
        }
    }
    (void)fclose(f);
    assert_int_equal(rows, 10);
}

static void test_u64(void **state)
{
    uint8_t a[32];
    uint8_t b[32];
    struct kai_hasher h;

    (void)state;
    kai_hash_begin(&h, KAI_D_HDR);
    kai_hash_u64(&h, 258);
    kai_hash_end(&h, a);
    kai_hash(b, KAI_D_HDR, "\0\0\0\0\0\0\1\2", 8);
    assert_memory_equal(a, b, 32);
}

/* No two domains share a hash, and none is the beginning of another's input. */
static void test_domains(void **state)
{
    uint8_t a[32];
    uint8_t b[32];

    (void)state;
    kai_hash(a, "kairan1.x", "y", 1);
    kai_hash(b, "kairan1.xy", "", 0);
    assert_memory_not_equal(a, b, 32);
    kai_hash(b, "kairan1.y", "y", 1);
    assert_memory_not_equal(a, b, 32);
}

static void test_wiped(void **state)
{
    struct kai_hasher h;
    uint8_t out[32];
    static const struct kai_hasher zeros;

    (void)state;
    kai_kdf_begin(&h, KAI_D_MK, (const uint8_t *)"0123456789abcdef0123456789abcdef", 32);
    kai_hash_end(&h, out);
    assert_memory_equal(&h, &zeros, sizeof h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_u64),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_wiped),
    };

    return kai_crypto_start() == KAI_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}

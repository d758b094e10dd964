/* test_sign: the golden signatures verify, and every way to make a second one is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "crypto/start.h"
#include "unit/vectors.h"

static const uint8_t order_l[32] = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10,
};
/* Points of order 8 and 2. */
static const uint8_t torsion8[32] = {
    0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
    0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
};
static const uint8_t torsion2[32] = {
    0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
};

static void test_vectors(void **state)
{
    static struct vector v;
    FILE *f = vectors_open("sign.txt");
    size_t rows = 0;

    (void)state;
    for (; vectors_next(f, &v); rows++) {
        uint8_t seed[32];
        uint8_t want_pk[32];
        uint8_t pk[32];
        uint8_t sk[64];
        uint8_t nid[32];
        uint8_t body[512];
        uint8_t input[128];
        uint8_t want[64];
        uint8_t sig[64];
        enum kai_sig_type type = (enum kai_sig_type)vector_number(&v, "type");
        size_t n = vector_bytes(&v, "body", body, sizeof body);

        vector_fixed(&v, "seed", seed, sizeof seed);
        vector_fixed(&v, "pk", want_pk, sizeof want_pk);
        vector_fixed(&v, "nid", nid, sizeof nid);
        vector_fixed(&v, "sig", want, sizeof want);
        assert_int_equal(vector_bytes(&v, "input", input, sizeof input), 77);
        assert_int_equal(crypto_sign_seed_keypair(pk, sk, seed), 0);
        assert_memory_equal(pk, want_pk, sizeof pk);
        kai_sign(sig, sk, type, nid, body, n);
        assert_memory_equal(sig, want, sizeof sig);
        assert_int_equal(kai_key_check(pk), KAI_OK);
        assert_int_equal(kai_verify(sig, pk, type, nid, body, n), KAI_OK);
        assert_int_equal(crypto_sign_verify_detached(sig, input, 77, pk), 0);
    }
    (void)fclose(f);
    assert_int_equal(rows, 4);
}

static void test_bound(void **state)
{
    uint8_t pk[32];
    uint8_t sk[64];
    uint8_t nid[32] = {1};
    uint8_t sig[64];
    uint8_t body[] = "the body of a header";

    (void)state;
    assert_int_equal(crypto_sign_keypair(pk, sk), 0);
    kai_sign(sig, sk, KAI_SIG_HDR, nid, body, sizeof body);
    assert_int_equal(kai_verify(sig, pk, KAI_SIG_HDR, nid, body, sizeof body), KAI_OK);
    assert_int_equal(kai_verify(sig, pk, KAI_SIG_OBJ, nid, body, sizeof body), KAI_EAUTH);
    assert_int_equal(kai_verify(sig, pk, KAI_SIG_HDR, KAI_NID_NONE, body, sizeof body), KAI_EAUTH);
    assert_int_equal(kai_verify(sig, pk, KAI_SIG_HDR, nid, body, sizeof body - 1), KAI_EAUTH);
    for (size_t bit = 0; bit < 8 * sizeof sig; bit++) {
        sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(kai_verify(sig, pk, KAI_SIG_HDR, nid, body, sizeof body), KAI_EAUTH);
        sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof body; bit++) {
        body[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(kai_verify(sig, pk, KAI_SIG_HDR, nid, body, sizeof body), KAI_EAUTH);
        body[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 256; bit++) {
        pk[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(kai_verify(sig, pk, KAI_SIG_HDR, nid, body, sizeof body), KAI_EAUTH);
        pk[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void test_keys(void **state)
{
    static struct vector v;
    FILE *f = vectors_open("key.txt");
    size_t good = 0;
    size_t bad = 0;

    (void)state;
    while (vectors_next(f, &v)) {
        uint8_t pk[32];
        bool valid = vector_number(&v, "valid") == 1;

        vector_fixed(&v, "pk", pk, sizeof pk);
        if (kai_key_check(pk) != (valid ? KAI_OK : KAI_EAUTH))
            fail_msg("%s", vector_text(&v, "name"));
        good += valid ? 1 : 0;
        bad += valid ? 0 : 1;
    }
    (void)fclose(f);
    assert_true(good == 2 && bad > 40);
}

static void test_refused(void **state)
{
    static struct vector v;
    FILE *f = vectors_open("refused.txt");
    size_t rows = 0;
    size_t only_r = 0;

    (void)state;
    for (; vectors_next(f, &v); rows++) {
        uint8_t pk[32];
        uint8_t nid[32];
        uint8_t sig[64];
        uint8_t body[64];
        uint8_t in[77];
        enum kai_sig_type type = (enum kai_sig_type)vector_number(&v, "type");
        size_t n = vector_bytes(&v, "body", body, sizeof body);
        bool good_key = vector_number(&v, "key") == 1;

        vector_fixed(&v, "pk", pk, sizeof pk);
        vector_fixed(&v, "nid", nid, sizeof nid);
        vector_fixed(&v, "sig", sig, sizeof sig);
        if (kai_key_check(pk) != (good_key ? KAI_OK : KAI_EAUTH))
            fail_msg("%s: key", vector_text(&v, "name"));
        if (kai_verify(sig, pk, type, nid, body, n) != KAI_EAUTH)
            fail_msg("%s", vector_text(&v, "name"));
        memcpy(in, "kairan1.sig", 12);
        in[12] = (uint8_t)type;
        memcpy(in + 13, nid, 32);
        kai_hash(in + 45, KAI_D_BODY, body, n);
        only_r += crypto_sign_verify_detached(sig, in, sizeof in, pk) == 0 ? 1 : 0;
    }
    (void)fclose(f);
    assert_true(rows > 30);
    assert_true(only_r >= 7); /* Those that libsodium takes: only the check of R is in their way. */
}

/* Made here, with fresh keys: S + L, and R with a part of small order. */
static void test_made(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        uint8_t pk[32];
        uint8_t sk[64];
        uint8_t sig[64];
        uint8_t mixed[64];
        unsigned int carry = 0;

        assert_int_equal(crypto_sign_keypair(pk, sk), 0);
        kai_sign(sig, sk, KAI_SIG_HDR, KAI_NID_NONE, "x", 1);
        assert_int_equal(kai_verify(sig, pk, KAI_SIG_HDR, KAI_NID_NONE, "x", 1), KAI_OK);
        memcpy(mixed, sig, 64);
        assert_int_equal(crypto_core_ed25519_add(mixed, sig, round % 2 == 0 ? torsion8 : torsion2),
                         0);
        assert_int_equal(kai_verify(mixed, pk, KAI_SIG_HDR, KAI_NID_NONE, "x", 1), KAI_EAUTH);
        assert_int_equal(crypto_core_ed25519_add(mixed, pk, round % 2 == 0 ? torsion8 : torsion2),
                         0);
        assert_int_equal(kai_key_check(mixed), KAI_EAUTH);
        for (size_t i = 0; i < 32; i++) {
            carry += (unsigned int)sig[32 + i] + order_l[i];
            sig[32 + i] = (uint8_t)(carry & 0xff);
            carry >>= 8;
        }
        assert_int_equal(kai_verify(sig, pk, KAI_SIG_HDR, KAI_NID_NONE, "x", 1), KAI_EAUTH);
    }
    assert_int_equal(kai_key_check(torsion8), KAI_EAUTH);
    assert_int_equal(kai_key_check(torsion2), KAI_EAUTH);
    assert_int_equal(kai_key_check(KAI_NID_NONE), KAI_EAUTH); /* Zeros: of order 4. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_bound), cmocka_unit_test(test_keys),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_made),
    };

    return kai_crypto_start() == KAI_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}

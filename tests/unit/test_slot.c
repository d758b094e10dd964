/* test_slot: each holder opens their own slot, whatever stands around it, and nobody another's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/domains.h"
#include "crypto/seal.h"
#include "crypto/start.h"
#include "unit/vectors.h"

static void test_vectors(void **state)
{
    static struct vector v;
    FILE *f = vectors_open("slot.txt");
    size_t rows = 0;

    (void)state;
    for (; vectors_next(f, &v); rows++) {
        uint8_t nid[32];
        uint8_t aud_id[32];
        uint8_t commit[32];
        uint8_t eph_sk[32];
        uint8_t eph_pk[32];
        uint8_t kx_sk[32];
        uint8_t kx_pk[32];
        uint8_t secret[32];
        uint8_t want[56];
        uint8_t got[56];
        uint8_t made[32];
        struct kai_slot_ctx ctx = {.domain = vector_text(&v, "domain"),
                                   .nid = nid,
                                   .aud_id = aud_id,
                                   .commit = commit,
                                   .eph_pk = eph_pk};

        vector_fixed(&v, "nid", nid, 32);
        vector_fixed(&v, "aud_id", aud_id, 32);
        vector_fixed(&v, "commit", commit, 32);
        vector_fixed(&v, "eph_sk", eph_sk, 32);
        vector_fixed(&v, "eph_pk", eph_pk, 32);
        vector_fixed(&v, "kx_sk", kx_sk, 32);
        vector_fixed(&v, "kx_pk", kx_pk, 32);
        vector_fixed(&v, "secret", secret, 32);
        vector_fixed(&v, "slot", want, 56);
        assert_int_equal(crypto_scalarmult_base(made, eph_sk), 0);
        assert_memory_equal(made, eph_pk, 32);
        assert_int_equal(kai_slot_make(got, &ctx, eph_sk, kx_pk, secret), KAI_OK);
        assert_memory_equal(got, want, 56);
        assert_int_equal(kai_slot_open(made, &ctx, kx_sk, kx_pk, want, 1), KAI_OK);
        assert_memory_equal(made, secret, 32);
    }
    (void)fclose(f);
    assert_int_equal(rows, 4);
}

#define HOLDERS 40u

static struct {
    uint8_t nid[32], aud_id[32], commit[32], eph_sk[32], eph_pk[32], secret[32];
    uint8_t kx_sk[HOLDERS][32], kx_pk[HOLDERS][32];
    uint8_t slots[2 * HOLDERS * KAI_SLOT_BYTES]; /* The other half is padding. */
} g;
static struct kai_slot_ctx ctx;

static int set_up(void **state)
{
    (void)state;
    randombytes_buf(&g, sizeof g);
    (void)crypto_scalarmult_base(g.eph_pk, g.eph_sk);
    ctx = (struct kai_slot_ctx){.domain = KAI_D_WRAP,
                                .nid = g.nid,
                                .aud_id = g.aud_id,
                                .commit = g.commit,
                                .eph_pk = g.eph_pk};
    for (size_t i = 0; i < HOLDERS; i++) {
        (void)crypto_scalarmult_base(g.kx_pk[i], g.kx_sk[i]);
        if (kai_slot_make(g.slots + i * KAI_SLOT_BYTES, &ctx, g.eph_sk, g.kx_pk[i], g.secret) !=
            KAI_OK)
            return -1;
    }
    kai_slots_sort(g.slots, 2 * HOLDERS);
    return 0;
}

static enum kai_err open_as(size_t i, size_t n)
{
    uint8_t secret[32];
    enum kai_err err = kai_slot_open(secret, &ctx, g.kx_sk[i], g.kx_pk[i], g.slots, n);

    if (err == KAI_OK)
        assert_memory_equal(secret, g.secret, 32);
    return err;
}

static size_t slot_of(size_t i)
{
    uint8_t slot[KAI_SLOT_BYTES];

    assert_int_equal(kai_slot_make(slot, &ctx, g.eph_sk, g.kx_pk[i], g.secret), KAI_OK);
    for (size_t s = 0; s < 2 * HOLDERS; s++)
        if (memcmp(g.slots + s * KAI_SLOT_BYTES, slot, KAI_SLOT_TAG_BYTES) == 0)
            return s;
    fail_msg("holder %zu has no slot", i);
    return 0;
}

static void test_find(void **state)
{
    (void)state;
    for (size_t s = 1; s < 2 * HOLDERS; s++)
        assert_true(memcmp(g.slots + (s - 1) * KAI_SLOT_BYTES, g.slots + s * KAI_SLOT_BYTES,
                           KAI_SLOT_TAG_BYTES) <= 0);
    for (size_t i = 0; i < HOLDERS; i++) {
        size_t s = slot_of(i);

        assert_int_equal(open_as(i, 2 * HOLDERS), KAI_OK);
        for (size_t n = 0; n < 2 * HOLDERS; n++) /* Among the first n alone. */
            assert_int_equal(open_as(i, n), n > s ? KAI_OK : KAI_ENOTFOUND);
    }
    uint8_t one[KAI_SLOT_BYTES] = {0};
    kai_slots_sort(one, 1);
    kai_slots_sort(NULL, 0);
}

static void test_wrong_key(void **state)
{
    uint8_t secret[32];
    uint8_t sk[32];
    uint8_t pk[32];

    (void)state;
    randombytes_buf(sk, sizeof sk);
    (void)crypto_scalarmult_base(pk, sk);
    assert_int_equal(kai_slot_open(secret, &ctx, sk, pk, g.slots, 2 * HOLDERS), KAI_ENOTFOUND);
    /* Another's public key beside one's own secret one is no help. */
    assert_int_equal(kai_slot_open(secret, &ctx, sk, g.kx_pk[0], g.slots, 2 * HOLDERS),
                     KAI_ENOTFOUND);
}

static void test_elsewhere(void **state)
{
    const uint8_t **fields[] = {&ctx.nid, &ctx.aud_id, &ctx.commit, &ctx.eph_pk};

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const uint8_t *right = *fields[i];
        uint8_t wrong[32];

        memcpy(wrong, right, 32);
        wrong[9] ^= 1;
        *fields[i] = wrong;
        assert_int_equal(open_as(3, 2 * HOLDERS), KAI_ENOTFOUND);
        *fields[i] = right;
    }
    ctx.domain = KAI_D_RWRAP; /* A relay's slot is no member's. */
    assert_int_equal(open_as(3, 2 * HOLDERS), KAI_ENOTFOUND);
    ctx.domain = KAI_D_WRAP;
    assert_int_equal(open_as(3, 2 * HOLDERS), KAI_OK);
}

static void test_corrupted(void **state)
{
    uint8_t *slot = g.slots + slot_of(5) * KAI_SLOT_BYTES;

    (void)state;
    for (size_t bit = 8 * KAI_SLOT_TAG_BYTES; bit < 8 * KAI_SLOT_BYTES; bit++) {
        slot[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_as(5, 2 * HOLDERS), KAI_EAUTH);
        slot[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * KAI_SLOT_TAG_BYTES; bit++) { /* The tag: found no more. */
        slot[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_as(5, 2 * HOLDERS), KAI_ENOTFOUND);
        slot[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(open_as(5, 2 * HOLDERS), KAI_OK);
}

/* Whoever writes an EPOCH may put our tag on other slots as well: ours is found among them. */
static void test_doubles(void **state)
{
    uint8_t slots[6 * KAI_SLOT_BYTES];
    uint8_t real[KAI_SLOT_BYTES];
    uint8_t secret[32];

    (void)state;
    assert_int_equal(kai_slot_make(real, &ctx, g.eph_sk, g.kx_pk[0], g.secret), KAI_OK);
    for (size_t at = 0; at < 6; at++) {
        randombytes_buf(slots, sizeof slots);
        for (size_t i = 0; i < 6; i++)
            memcpy(slots + i * KAI_SLOT_BYTES, real, i == at ? KAI_SLOT_BYTES : KAI_SLOT_TAG_BYTES);
        assert_int_equal(kai_slot_open(secret, &ctx, g.kx_sk[0], g.kx_pk[0], slots, 6), KAI_OK);
        assert_memory_equal(secret, g.secret, 32);
        kai_slots_sort(slots, 6);
        assert_int_equal(kai_slot_open(secret, &ctx, g.kx_sk[0], g.kx_pk[0], slots, 6), KAI_OK);
    }
    for (size_t i = 0; i < 6; i++)
        slots[i * KAI_SLOT_BYTES + 20] ^= 1;
    assert_int_equal(kai_slot_open(secret, &ctx, g.kx_sk[0], g.kx_pk[0], slots, 6), KAI_EAUTH);
}

/* Points of small order give everybody the same secret: refused on both sides. */
static void test_small_order(void **state)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    uint8_t slot[KAI_SLOT_BYTES];
    uint8_t secret[32];

    (void)state;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        uint8_t point[32];
        struct kai_slot_ctx bad = ctx;

        assert_true(kai_unhex(point, 32, points[i], 64));
        assert_int_equal(kai_slot_make(slot, &ctx, g.eph_sk, point, g.secret), KAI_EAUTH);
        bad.eph_pk = point;
        assert_int_equal(kai_slot_open(secret, &bad, g.kx_sk[0], g.kx_pk[0], g.slots, 2 * HOLDERS),
                         KAI_EAUTH);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),     cmocka_unit_test(test_find),
        cmocka_unit_test(test_wrong_key),   cmocka_unit_test(test_elsewhere),
        cmocka_unit_test(test_corrupted),   cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_small_order),
    };

    return kai_crypto_start() == KAI_OK ? cmocka_run_group_tests(tests, set_up, NULL) : 1;
}

/* test_log_merkle: roots and paths, and what must not pass for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/hash.h"
#include "log/log_util.h"

#define N_MAX 40

static void leaves_make(uint8_t (*leaves)[KAI_ID_BYTES], size_t n)
{
    struct rng r = {n};

    for (size_t i = 0; i < n; i++)
        rng_fill(&r, leaves[i], KAI_ID_BYTES);
}

static void test_root_by_hand(void **state)
{
    (void)state;
    uint8_t leaves[3][KAI_ID_BYTES];
    uint8_t pair[2][KAI_ID_BYTES];
    uint8_t want[KAI_ID_BYTES];
    uint8_t got[KAI_ID_BYTES];

    leaves_make(leaves, 3);
    kai_hash(pair[0], KAI_D_MNODE, leaves, 64);
    memcpy(pair[1], leaves[2], 32); /* The odd one goes up as it is. */
    kai_hash(want, KAI_D_MNODE, pair, 64);
    kai_merkle_root(got, leaves, 3);
    assert_memory_equal(got, want, 32);
}

static void test_paths(void **state)
{
    (void)state;
    uint8_t leaves[N_MAX][KAI_ID_BYTES];
    uint8_t copy[N_MAX][KAI_ID_BYTES];
    uint8_t root[KAI_ID_BYTES];

    for (size_t n = 1; n <= N_MAX; n++) {
        leaves_make(leaves, n);
        memcpy(copy, leaves, sizeof copy);
        kai_merkle_root(root, copy, n);
        for (size_t i = 0; i < n; i++) {
            struct kai_merkle_path path;

            assert_int_equal(kai_merkle_path(&path, (const uint8_t(*)[KAI_ID_BYTES])leaves, n, i),
                             KAI_OK);
            assert_int_equal(kai_merkle_check(root, leaves[i], n, i, &path), KAI_OK);
            for (size_t j = 0; j < n; j++) {
                if (j == i)
                    continue;
                assert_int_equal(kai_merkle_check(root, leaves[i], n, j, &path), KAI_EAUTH);
                assert_int_equal(kai_merkle_check(root, leaves[j], n, i, &path), KAI_EAUTH);
            }
            for (size_t k = 0; k < path.n; k++) {
                path.hash[k][k] ^= 1;
                assert_int_equal(kai_merkle_check(root, leaves[i], n, i, &path), KAI_EAUTH);
                path.hash[k][k] ^= 1;
            }
            if (path.n > 0) {
                path.n--;
                assert_int_equal(kai_merkle_check(root, leaves[i], n, i, &path), KAI_EAUTH);
                path.n++;
            }
            path.n++;
            memset(path.hash[path.n - 1], 0, KAI_ID_BYTES);
            assert_int_equal(kai_merkle_check(root, leaves[i], n, i, &path), KAI_EAUTH);
        }
    }
}

static void test_largest(void **state)
{
    (void)state;
    static uint8_t leaves[KAI_MERKLE_LEAVES_MAX][KAI_ID_BYTES];
    static uint8_t copy[KAI_MERKLE_LEAVES_MAX][KAI_ID_BYTES];
    uint8_t root[KAI_ID_BYTES];
    struct kai_merkle_path path;
    size_t n = KAI_MERKLE_LEAVES_MAX;

    leaves_make(leaves, n);
    memcpy(copy, leaves, sizeof copy);
    kai_merkle_root(root, copy, n);
    assert_int_equal(kai_merkle_path(&path, (const uint8_t(*)[KAI_ID_BYTES])leaves, n, n - 1),
                     KAI_OK);
    assert_int_equal(path.n, KAI_MERKLE_PATH_MAX);
    assert_int_equal(kai_merkle_check(root, leaves[n - 1], n, n - 1, &path), KAI_OK);
    assert_int_equal(kai_merkle_check(root, leaves[n - 1], n, n, &path), KAI_EAUTH);
    assert_int_equal(kai_merkle_check(root, leaves[n - 1], 0, 0, &path), KAI_EAUTH);
    assert_int_equal(kai_merkle_check(root, leaves[n - 1], SIZE_MAX, n - 1, &path), KAI_EAUTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root_by_hand),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_largest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

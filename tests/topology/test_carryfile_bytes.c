/* test_carryfile_bytes: the bytes of carry files: changed, moved and cut off, and as another
 * implementation makes and reads them. */
#include "topology/carryfile_kit.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/sign.h"
#include "unit/vectors.h"

/* Every byte of the head, chunks changed, moved, left out, and cut off. */
static void test_bytes(void **state)
{
    struct kai_sim *s = kit_stage();
    struct kai_buf b, plain;
    struct kai_carry_key k;
    struct kai_view rest, box, first, second;

    (void)state;
    assert_int_equal(kit_make(s, OWNER, SECOND, KAI_CARRY_PACK, NULL, 0, &b), KAI_OK);
    kai_buf_init(&plain, KAI_FRAME_BYTES_MAX);
    for (size_t i = 0; i < KAI_CARRY_HEAD_BYTES; i++) {
        b.p[i] ^= 0x10;
        assert_int_equal(kai_carry_head_open(&k, s->node[SECOND].keyring, kit_nid(s),
                                             kai_view_of(b.p, KAI_CARRY_HEAD_BYTES)),
                         KAI_EMALFORMED);
        b.p[i] ^= 0x10;
        assert_int_equal(
            kai_carry_head_open(&k, s->node[SECOND].keyring, kit_nid(s), kai_view_of(b.p, i)),
            KAI_EMALFORMED);
    }
    assert_int_equal(kai_carry_head_open(&k, s->node[THIRD].keyring, kit_nid(s),
                                         kai_view_of(b.p, KAI_CARRY_HEAD_BYTES)),
                     KAI_ENOTFOUND);
    assert_int_equal(kai_carry_head_open(&k, s->node[SECOND].keyring, KAI_NID_NONE,
                                         kai_view_of(b.p, KAI_CARRY_HEAD_BYTES)),
                     KAI_ENOTFOUND);
    assert_int_equal(kai_carry_head_open(&k, s->node[SECOND].keyring, kit_nid(s),
                                         kai_view_of(b.p, KAI_CARRY_HEAD_BYTES)),
                     KAI_OK);
    rest = kai_view_of(b.p + KAI_CARRY_HEAD_BYTES, b.len - KAI_CARRY_HEAD_BYTES);
    for (size_t n = 0; n < 300; n++) {
        struct kai_view part = kai_view_of(rest.p, n);
        if (kai_chunk_cut(&part, &box) == KAI_OK)
            break;
        assert_true(part.n == n);
    }
    assert_int_equal(kai_chunk_cut(&rest, &first), KAI_OK);
    assert_int_equal(kai_chunk_cut(&rest, &second), KAI_OK);
    assert_int_equal(kai_chunk_open(&plain, &k, second), KAI_EAUTH); /* Not its turn. */
    for (size_t i = 0; i < first.n; i += 3) {
        uint8_t *copy = malloc(first.n);
        assert_non_null(copy);
        memcpy(copy, first.p, first.n);
        copy[i] ^= 1;
        assert_int_equal(kai_chunk_open(&plain, &k, kai_view_of(copy, first.n)), KAI_EAUTH);
        free(copy);
    }
    assert_int_equal(kai_chunk_open(&plain, &k, first), KAI_OK);
    assert_int_equal(kai_chunk_open(&plain, &k, first), KAI_EAUTH);
    assert_int_equal(kai_chunk_open(&plain, &k, second), KAI_OK);
    kai_buf_free(&plain);
    kai_buf_free(&b);
    kai_sim_free(s);
}

struct given { /* What would be drawn: the key, then the secret of eph_pk. */
    const uint8_t *bytes[2];
    size_t n;
};

static void random_given(void *ctx, void *out, size_t n)
{
    struct given *g = ctx;

    assert_true(n == 32 && g->n < 2);
    memcpy(out, g->bytes[g->n++], n);
}

/* The same bytes as another implementation makes and reads. */
static void test_vectors(void **state)
{
    static struct vector v;
    FILE *f = vectors_open("carry.txt");
    struct kai_carry_key made = {0}, read = {0};
    struct kai_keyring *ring = NULL;
    struct kai_buf out, plain;
    size_t rows = 0;

    (void)state;
    kai_buf_init(&out, 4096);
    kai_buf_init(&plain, KAI_FRAME_BYTES_MAX);
    for (; vectors_next(f, &v); rows++) {
        uint8_t nid[32], secret[32], eph_sk[32], nonce[24], head[KAI_CARRY_HEAD_BYTES], pt[256];
        uint8_t chunk[512];
        struct kai_self self = {0};
        struct given g = {.bytes = {secret, eph_sk}};
        size_t n = vector_bytes(&v, "pt", pt, sizeof pt);
        struct kai_view rest = {.p = chunk, .n = vector_bytes(&v, "chunk", chunk, sizeof chunk)};
        struct kai_view box;

        vector_fixed(&v, "nid", nid, 32);
        vector_fixed(&v, "secret", secret, 32);
        vector_fixed(&v, "eph_sk", eph_sk, 32);
        vector_fixed(&v, "kx_sk", self.kx_sk, 32);
        vector_fixed(&v, "kx_pk", self.kx_pk, 32);
        vector_fixed(&v, "nonce", nonce, 24);
        vector_fixed(&v, "head", head, sizeof head);
        if (rows == 0) {
            assert_int_equal(kai_carry_head_make(&out, &made, nid, self.kx_pk, random_given, &g),
                             KAI_OK);
            assert_int_equal(out.len, sizeof head);
            assert_memory_equal(out.p, head, sizeof head);
            assert_int_equal(kai_keyring_new(&ring, &self), KAI_OK);
            assert_int_equal(kai_carry_head_open(&read, ring, nid, kai_view_of(head, sizeof head)),
                             KAI_OK);
        }
        kai_buf_clear(&out);
        assert_int_equal(kai_chunk_seal(&out, &made, kai_view_of(pt, n), rows == 1, nonce), KAI_OK);
        assert_int_equal(out.len, rest.n);
        assert_memory_equal(out.p, chunk, rest.n);
        assert_int_equal(kai_chunk_cut(&rest, &box), KAI_OK);
        assert_int_equal(kai_chunk_open(&plain, &read, box), KAI_OK);
        assert_int_equal(plain.len, n);
        assert_memory_equal(plain.p, pt, n);
        assert_int_equal(read.ended, rows == 1);
    }
    (void)fclose(f);
    assert_int_equal(rows, 2);
    kai_keyring_free(ring);
    kai_buf_free(&out);
    kai_buf_free(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_vectors),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_seal: a payload opens with its key at its place, unchanged, and in no other way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/hash.h"
#include "crypto/seal.h"
#include "crypto/start.h"
#include "unit/vectors.h"

#define PT_MAX 2048u

struct ids {
    uint8_t nid[32], log_pk[32], prev[32], tag[16], kid[16];
};

static struct kai_seal_place place_of(const struct ids *d, uint64_t seq, uint64_t ts)
{
    return (struct kai_seal_place){.nid = d->nid,
                                   .log_pk = d->log_pk,
                                   .seq = seq,
                                   .prev = d->prev,
                                   .tag = d->tag,
                                   .kid = d->kid,
                                   .ts = ts};
}

static void test_vectors(void **state)
{
    static struct vector v;
    FILE *f = vectors_open("seal.txt");
    size_t rows = 0;

    (void)state;
    for (; vectors_next(f, &v); rows++) {
        struct ids d;
        uint8_t key[32];
        uint8_t fresh[56];
        uint8_t pt[PT_MAX];
        uint8_t want[PT_MAX];
        uint8_t back[PT_MAX];
        struct kai_buf out;
        size_t back_n;
        size_t n = vector_bytes(&v, "pt", pt, sizeof pt);
        size_t want_n = vector_bytes(&v, "payload", want, sizeof want);

        vector_fixed(&v, "key", key, 32);
        vector_fixed(&v, "nid", d.nid, 32);
        vector_fixed(&v, "log_pk", d.log_pk, 32);
        vector_fixed(&v, "prev", d.prev, 32);
        vector_fixed(&v, "tag", d.tag, 16);
        vector_fixed(&v, "kid", d.kid, 16);
        vector_fixed(&v, "fresh", fresh, 56);
        struct kai_seal_place at = place_of(&d, vector_number(&v, "seq"), vector_number(&v, "ts"));
        kai_buf_init(&out, PT_MAX);
        assert_int_equal(kai_seal(&out, key, &at, fresh, kai_view_of(pt, n)), KAI_OK);
        if (!kai_view_eq(kai_buf_view(&out), kai_view_of(want, want_n)))
            fail_msg("%s", vector_text(&v, "name"));
        assert_int_equal(want_n, n + KAI_SEAL_OVERHEAD_BYTES);
        assert_int_equal(kai_open(back, &back_n, key, &at, kai_view_of(want, want_n)), KAI_OK);
        assert_true(kai_view_eq(kai_view_of(back, back_n), kai_view_of(pt, n)));
        kai_buf_free(&out);
    }
    (void)fclose(f);
    assert_int_equal(rows, 4);
}

static struct ids ids;
static uint8_t key[32];
static uint8_t fresh[56];
static const char text[] = "sealed for one place, it opens in no other";

static void make(struct kai_buf *out, struct kai_seal_place *at)
{
    randombytes_buf(&ids, sizeof ids);
    randombytes_buf(key, sizeof key);
    randombytes_buf(fresh, sizeof fresh);
    *at = place_of(&ids, 7, 1000);
    kai_buf_init(out, 1000);
    assert_int_equal(kai_seal(out, key, at, fresh, kai_view_of(text, sizeof text)), KAI_OK);
}

static enum kai_err try_open(const uint8_t *k, const struct kai_seal_place *at,
                             struct kai_view payload)
{
    uint8_t back[1000];
    size_t n = 99;
    enum kai_err err = kai_open(back, &n, k, at, payload);

    if (err != KAI_OK)
        assert_int_equal(n, 0);
    return err;
}

static void test_changed(void **state)
{
    struct kai_buf b;
    struct kai_seal_place at;

    (void)state;
    make(&b, &at);
    assert_int_equal(try_open(key, &at, kai_buf_view(&b)), KAI_OK);
    for (size_t bit = 0; bit < 8 * b.len; bit++) {
        b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(try_open(key, &at, kai_buf_view(&b)), KAI_EAUTH);
        b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < b.len; n++) {
        uint8_t *copy = malloc(n + 1);

        memcpy(copy, b.p, n);
        assert_int_equal(try_open(key, &at, kai_view_of(copy, n)),
                         n < KAI_SEAL_OVERHEAD_BYTES ? KAI_EMALFORMED : KAI_EAUTH);
        free(copy);
    }
    kai_buf_u8(&b, 0);
    assert_int_equal(try_open(key, &at, kai_buf_view(&b)), KAI_EAUTH);
    kai_buf_free(&b);
}

static void test_elsewhere(void **state)
{
    struct kai_buf b;
    struct kai_seal_place at;
    uint8_t *fields[] = {ids.nid, ids.log_pk, ids.prev, ids.tag, ids.kid, key};

    (void)state;
    make(&b, &at);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        for (size_t bit = 0; bit < 128; bit++) {
            fields[i][bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(try_open(key, &at, kai_buf_view(&b)), KAI_EAUTH);
            fields[i][bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    at.seq++;
    assert_int_equal(try_open(key, &at, kai_buf_view(&b)), KAI_EAUTH);
    at.seq--;
    at.ts++;
    assert_int_equal(try_open(key, &at, kai_buf_view(&b)), KAI_EAUTH);
    at.ts--;
    assert_int_equal(try_open(key, &at, kai_buf_view(&b)), KAI_OK);
    kai_buf_free(&b);
}

/* mk as kai_seal() derives it. */
static void message_key(uint8_t mk[32], const uint8_t *k, const struct kai_seal_place *at,
                        const uint8_t *r)
{
    struct kai_hasher h;

    kai_kdf_begin(&h, KAI_D_MK, k, 32);
    kai_hash_add(&h, at->log_pk, 32);
    kai_hash_u64(&h, at->seq);
    kai_hash_add(&h, at->prev, 32);
    kai_hash_add(&h, r, KAI_SEAL_R_BYTES);
    kai_hash_end(&h, mk);
}

/* XChaCha20-Poly1305 commits to no key: one ciphertext can be made that opens under two. Here with
 * the simplest means: an attacker who chooses both keys. Were there no commitment, each of the two
 * readers would take their own content for the signed one; with it, at most one opens it. */
static void test_two_keys(void **state)
{
    struct kai_buf a;
    struct kai_seal_place at;
    uint8_t other[32];
    uint8_t mk[32];
    uint8_t mk_other[32];
    uint8_t c_other[32];

    (void)state;
    make(&a, &at);
    randombytes_buf(other, sizeof other);
    message_key(mk, key, &at, a.p);
    message_key(mk_other, other, &at, a.p);
    kai_kdf(c_other, 32, KAI_D_COMMIT, mk_other, a.p + KAI_SEAL_R_BYTES, KAI_NONCE_BYTES);

    /* The ciphertext under the other key, tag and all right, behind the first key's commitment. */
    uint8_t ad[2 * 32 + 8 + 2 * 16 + 8];
    memcpy(ad, ids.nid, 32);
    memcpy(ad + 32, ids.log_pk, 32);
    kai_put_u64(ad + 64, at.seq);
    memcpy(ad + 72, ids.tag, 16);
    memcpy(ad + 88, ids.kid, 16);
    kai_put_u64(ad + 104, at.ts);
    uint8_t *ct = a.p + KAI_SEAL_R_BYTES + KAI_NONCE_BYTES + 32;
    unsigned long long n = 0;
    assert_int_equal(crypto_aead_xchacha20poly1305_ietf_encrypt(ct, &n, (const uint8_t *)text,
                                                                sizeof text, ad, sizeof ad, NULL,
                                                                a.p + KAI_SEAL_R_BYTES, mk_other),
                     0);
    assert_int_equal(try_open(other, &at, kai_buf_view(&a)),
                     KAI_EAUTH); /* By the commitment alone. */
    assert_int_equal(try_open(key, &at, kai_buf_view(&a)), KAI_EAUTH);
    /* With the other commitment in its place it opens, so nothing else was in the way. */
    memcpy(a.p + KAI_SEAL_R_BYTES + KAI_NONCE_BYTES, c_other, 32);
    assert_int_equal(try_open(other, &at, kai_buf_view(&a)), KAI_OK);
    assert_int_equal(try_open(key, &at, kai_buf_view(&a)), KAI_EAUTH);
    kai_buf_free(&a);
}

/* Should the random source repeat itself, two contents still get two keys. */
static void test_repeated_random(void **state)
{
    struct kai_buf a;
    struct kai_buf b;
    struct kai_seal_place at;

    (void)state;
    make(&a, &at);
    kai_buf_init(&b, 1000);
    assert_int_equal(kai_seal(&b, key, &at, fresh, kai_view_of("Sealed", 6)), KAI_OK);
    assert_memory_not_equal(a.p, b.p, KAI_SEAL_R_BYTES);
    assert_memory_not_equal(a.p + 40, b.p + 40, 32);
    kai_buf_free(&a);
    kai_buf_free(&b);
}

static void test_full(void **state)
{
    struct kai_buf b;
    struct kai_seal_place at;

    (void)state;
    make(&b, &at);
    kai_buf_free(&b);
    kai_buf_init(&b, KAI_SEAL_OVERHEAD_BYTES + sizeof text - 1);
    assert_int_equal(kai_seal(&b, key, &at, fresh, kai_view_of(text, sizeof text)), KAI_ELIMIT);
    assert_int_equal(b.len, 0);
    kai_buf_free(&b);
}

static void test_box(void **state)
{
    static struct vector v;
    FILE *f = vectors_open("box.txt");
    size_t rows = 0;

    (void)state;
    for (; vectors_next(f, &v); rows++) {
        uint8_t k[32];
        uint8_t nonce[24];
        uint8_t ad[128];
        uint8_t pt[PT_MAX];
        uint8_t want[PT_MAX];
        uint8_t back[PT_MAX];
        struct kai_buf out;
        size_t back_n;
        struct kai_view ad_v = {.p = ad, .n = vector_bytes(&v, "ad", ad, sizeof ad)};
        struct kai_view pt_v = {.p = pt, .n = vector_bytes(&v, "pt", pt, sizeof pt)};
        size_t n = vector_bytes(&v, "box", want, sizeof want);

        vector_fixed(&v, "key", k, 32);
        vector_fixed(&v, "nonce", nonce, 24);
        kai_buf_init(&out, PT_MAX);
        assert_int_equal(kai_box(&out, k, nonce, ad_v, pt_v), KAI_OK);
        assert_true(kai_view_eq(kai_buf_view(&out), kai_view_of(want, n)));
        assert_int_equal(n, pt_v.n + KAI_BOX_OVERHEAD_BYTES);
        kai_buf_free(&out);
        assert_int_equal(kai_unbox(back, &back_n, k, ad_v, kai_view_of(want, n)), KAI_OK);
        assert_true(kai_view_eq(kai_view_of(back, back_n), pt_v));
        for (size_t bit = 0; bit < 8 * n; bit++) {
            want[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(kai_unbox(back, &back_n, k, ad_v, kai_view_of(want, n)), KAI_EAUTH);
            want[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t cut = 0; cut < n; cut++)
            assert_int_equal(kai_unbox(back, &back_n, k, ad_v, kai_view_of(want, cut)),
                             cut < KAI_BOX_OVERHEAD_BYTES ? KAI_EMALFORMED : KAI_EAUTH);
        ad[ad_v.n++] = 0;
        assert_int_equal(kai_unbox(back, &back_n, k, ad_v, kai_view_of(want, n)), KAI_EAUTH);
        ad_v.n--;
        k[0] ^= 1;
        assert_int_equal(kai_unbox(back, &back_n, k, ad_v, kai_view_of(want, n)), KAI_EAUTH);
    }
    (void)fclose(f);
    assert_int_equal(rows, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_elsewhere),
        cmocka_unit_test(test_two_keys),
        cmocka_unit_test(test_repeated_random),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_box),
    };

    return kai_crypto_start() == KAI_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}

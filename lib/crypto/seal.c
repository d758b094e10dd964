/* seal: encryption that commits to its key, and slots that hand a key to its readers. */
#include "crypto/seal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"

#define AEAD_TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES

static_assert(KAI_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce size");

#define AD_BYTES (2 * KAI_ID_BYTES + 8 + 2 * KAI_TAG_BYTES + 8)

static void place_ad(uint8_t ad[static AD_BYTES], const struct kai_seal_place *at)
{
    uint8_t *p = ad;

    memcpy(p, at->nid, KAI_ID_BYTES);
    memcpy(p += KAI_ID_BYTES, at->log_pk, KAI_ID_BYTES);
    kai_put_u64(p += KAI_ID_BYTES, at->seq);
    memcpy(p += 8, at->tag, KAI_TAG_BYTES);
    memcpy(p += KAI_TAG_BYTES, at->kid, KAI_TAG_BYTES);
    kai_put_u64(p + KAI_TAG_BYTES, at->ts);
}

static void message_key(uint8_t mk[static KAI_KEY_BYTES], const uint8_t key[static KAI_KEY_BYTES],
                        const struct kai_seal_place *at, const uint8_t r[static KAI_SEAL_R_BYTES])
{
    struct kai_hasher h;

    kai_kdf_begin(&h, KAI_D_MK, key, KAI_KEY_BYTES);
    kai_hash_add(&h, at->log_pk, KAI_ID_BYTES);
    kai_hash_u64(&h, at->seq);
    kai_hash_add(&h, at->prev, KAI_ID_BYTES);
    kai_hash_add(&h, r, KAI_SEAL_R_BYTES);
    kai_hash_end(&h, mk);
}

enum kai_err kai_seal(struct kai_buf *out, const uint8_t key[static KAI_KEY_BYTES],
                      const struct kai_seal_place *at, const uint8_t fresh[static 56],
                      struct kai_view pt)
{
    uint8_t ad[AD_BYTES];
    uint8_t pt_hash[crypto_generichash_BYTES];
    uint8_t mk[KAI_KEY_BYTES];
    unsigned long long ct_n;
    uint8_t *p = kai_buf_room(out, pt.n + KAI_SEAL_OVERHEAD_BYTES);

    if (p == NULL)
        return out->err;
    uint8_t *n = p + KAI_SEAL_R_BYTES;
    uint8_t *c = n + KAI_NONCE_BYTES;
    uint8_t *ct = c + 32;

    /* r depends on the content as well: should the random source ever repeat itself, two
     * different contents still get two different keys. */
    (void)crypto_generichash(pt_hash, sizeof pt_hash, pt.p, pt.n, NULL, 0);
    kai_kdf(p, KAI_SEAL_R_BYTES, KAI_D_R, fresh, pt_hash, sizeof pt_hash);
    memcpy(n, fresh + 32, KAI_NONCE_BYTES);
    message_key(mk, key, at, p);
    kai_kdf(c, 32, KAI_D_COMMIT, mk, n, KAI_NONCE_BYTES);
    place_ad(ad, at);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(ct, &ct_n, pt.p, pt.n, ad, sizeof ad, NULL, n,
                                                     mk);
    sodium_memzero(mk, sizeof mk);
    sodium_memzero(pt_hash, sizeof pt_hash);
    return KAI_OK;
}

enum kai_err kai_open(uint8_t *out, size_t *out_n, const uint8_t key[static KAI_KEY_BYTES],
                      const struct kai_seal_place *at, struct kai_view payload)
{
    uint8_t ad[AD_BYTES];
    uint8_t mk[KAI_KEY_BYTES];
    uint8_t commit[32];
    unsigned long long n_out = 0;
    enum kai_err err = KAI_EAUTH;

    *out_n = 0;
    if (payload.n < KAI_SEAL_OVERHEAD_BYTES)
        return KAI_EMALFORMED;
    const uint8_t *n = payload.p + KAI_SEAL_R_BYTES;
    const uint8_t *c = n + KAI_NONCE_BYTES;
    const uint8_t *ct = c + 32;
    size_t ct_n = payload.n - (KAI_SEAL_OVERHEAD_BYTES - AEAD_TAG_BYTES);

    message_key(mk, key, at, payload.p);
    kai_kdf(commit, sizeof commit, KAI_D_COMMIT, mk, n, KAI_NONCE_BYTES);
    if (!KAI_CHECK(SEAL_COMMIT, sodium_memcmp(commit, c, sizeof commit) == 0))
        goto out;
    place_ad(ad, at);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, &n_out, NULL, ct, ct_n, ad, sizeof ad, n,
                                                   mk) != 0)
        goto out;
    *out_n = (size_t)n_out;
    err = KAI_OK;
out:
    sodium_memzero(mk, sizeof mk);
    return err;
}

#define SLOT_CT_BYTES (KAI_SLOT_BYTES - KAI_SLOT_TAG_BYTES)

/* The 64 bytes that both ends of a slot share; KAI_EAUTH for a key of small order. */
static enum kai_err slot_keys(uint8_t w[static 64], const struct kai_slot_ctx *ctx,
                              const uint8_t sk[static KAI_KEY_BYTES],
                              const uint8_t pk[static KAI_KEY_BYTES],
                              const uint8_t kx_pk[static KAI_KEY_BYTES])
{
    struct kai_hasher h;
    uint8_t ss[crypto_scalarmult_BYTES];

    if (crypto_scalarmult(ss, sk, pk) != 0)
        return KAI_EAUTH;
    kai_kdf_begin(&h, ctx->domain, ss, 64);
    kai_hash_add(&h, ctx->nid, KAI_ID_BYTES);
    kai_hash_add(&h, ctx->aud_id, KAI_ID_BYTES);
    kai_hash_add(&h, ctx->commit, KAI_ID_BYTES);
    kai_hash_add(&h, ctx->eph_pk, KAI_KEY_BYTES);
    kai_hash_add(&h, kx_pk, KAI_KEY_BYTES);
    kai_hash_end(&h, w);
    sodium_memzero(ss, sizeof ss);
    return KAI_OK;
}

static const uint8_t nonce_zero[KAI_NONCE_BYTES]; /* Each slot key is used once. */

enum kai_err kai_slot_make(uint8_t slot[static KAI_SLOT_BYTES], const struct kai_slot_ctx *ctx,
                           const uint8_t eph_sk[static KAI_KEY_BYTES],
                           const uint8_t kx_pk[static KAI_KEY_BYTES],
                           const uint8_t secret[static KAI_KEY_BYTES])
{
    uint8_t w[64];
    enum kai_err err = slot_keys(w, ctx, eph_sk, kx_pk, kx_pk);

    if (err != KAI_OK)
        return err;
    memcpy(slot, w + 32, KAI_SLOT_TAG_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(slot + KAI_SLOT_TAG_BYTES, NULL, secret,
                                                     KAI_KEY_BYTES, NULL, 0, NULL, nonce_zero, w);
    sodium_memzero(w, sizeof w);
    return KAI_OK;
}

/* The first of n sorted slots whose tag is not less than this one. */
static size_t slot_find(const uint8_t *slots, size_t n,
                        const uint8_t tag[static KAI_SLOT_TAG_BYTES])
{
    size_t lo = 0;

    while (n > 0) {
        size_t half = n / 2;

        if (memcmp(slots + (lo + half) * KAI_SLOT_BYTES, tag, KAI_SLOT_TAG_BYTES) < 0) {
            lo += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return lo;
}

enum kai_err kai_slot_open(uint8_t secret[static KAI_KEY_BYTES], const struct kai_slot_ctx *ctx,
                           const uint8_t kx_sk[static KAI_KEY_BYTES],
                           const uint8_t kx_pk[static KAI_KEY_BYTES], const uint8_t *slots,
                           size_t n)
{
    uint8_t w[64];
    enum kai_err err = slot_keys(w, ctx, kx_sk, ctx->eph_pk, kx_pk);

    if (err != KAI_OK)
        return err;
    err = KAI_ENOTFOUND;
    /* Padding is random, so a tag may stand twice: try each. */
    for (size_t i = slot_find(slots, n, w + 32); i < n; i++) {
        const uint8_t *slot = slots + i * KAI_SLOT_BYTES;

        if (memcmp(slot, w + 32, KAI_SLOT_TAG_BYTES) != 0)
            break;
        err = KAI_EAUTH;
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(secret, NULL, NULL,
                                                       slot + KAI_SLOT_TAG_BYTES, SLOT_CT_BYTES,
                                                       NULL, 0, nonce_zero, w) == 0) {
            err = KAI_OK;
            break;
        }
    }
    sodium_memzero(w, sizeof w);
    return err;
}

static int slot_cmp(const void *a, const void *b)
{
    return memcmp(a, b, KAI_SLOT_BYTES);
}

void kai_slots_sort(uint8_t *slots, size_t n)
{
    if (n > 0)
        qsort(slots, n, KAI_SLOT_BYTES, slot_cmp);
}

enum kai_err kai_box(struct kai_buf *out, const uint8_t key[static KAI_KEY_BYTES],
                     const uint8_t nonce[static KAI_NONCE_BYTES], struct kai_view ad,
                     struct kai_view pt)
{
    uint8_t *p = kai_buf_room(out, pt.n + KAI_BOX_OVERHEAD_BYTES);

    if (p == NULL)
        return out->err;
    memcpy(p, nonce, KAI_NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(p + KAI_NONCE_BYTES, NULL, pt.p, pt.n, ad.p,
                                                     ad.n, NULL, nonce, key);
    return KAI_OK;
}

enum kai_err kai_unbox(uint8_t *out, size_t *out_n, const uint8_t key[static KAI_KEY_BYTES],
                       struct kai_view ad, struct kai_view box)
{
    unsigned long long n = 0;

    *out_n = 0;
    if (box.n < KAI_BOX_OVERHEAD_BYTES)
        return KAI_EMALFORMED;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, &n, NULL, box.p + KAI_NONCE_BYTES,
                                                   box.n - KAI_NONCE_BYTES, ad.p, ad.n, box.p,
                                                   key) != 0)
        return KAI_EAUTH;
    *out_n = (size_t)n;
    return KAI_OK;
}

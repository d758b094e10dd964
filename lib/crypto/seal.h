/* seal: encryption that commits to its key (docs/protocol.md 5).
 *
 * payload = r16 || n24 || c32 || ct. mk = K(key, "kairan1.mk", log_pk || seq || prev || r, 32);
 * c = K(mk, "kairan1.commit", n, 32) is checked before anything is decrypted, so that no sender
 * can make one payload open to two contents. */
#ifndef KAI_CRYPTO_SEAL_H
#define KAI_CRYPTO_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

#define KAI_SEAL_R_BYTES        16u
#define KAI_SEAL_OVERHEAD_BYTES (KAI_SEAL_R_BYTES + KAI_NONCE_BYTES + 32u + 16u)

/* Where a payload stands: sealed for one place, it opens in no other. */
struct kai_seal_place {
    const uint8_t *nid; /* KAI_ID_BYTES each: */
    const uint8_t *log_pk;
    uint64_t seq;
    const uint8_t *prev;
    const uint8_t *tag; /* KAI_TAG_BYTES each: */
    const uint8_t *kid;
    uint64_t ts;
};

/* Append the sealed form of pt to out. fresh is 56 random bytes: 32 for r, 24 for the nonce.
 * Errors: what out->err says. */
KAI_MUST_USE enum kai_err kai_seal(struct kai_buf *out, const uint8_t key[static KAI_KEY_BYTES],
                                   const struct kai_seal_place *at, const uint8_t fresh[static 56],
                                   struct kai_view pt);

/* Open into out, which has room for payload.n - KAI_SEAL_OVERHEAD_BYTES bytes; *out_n is set.
 * Errors: KAI_EMALFORMED (too short), KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_open(uint8_t *out, size_t *out_n,
                                   const uint8_t key[static KAI_KEY_BYTES],
                                   const struct kai_seal_place *at, struct kai_view payload);

/* A slot: one secret of 32 bytes for one holder of an X25519 key (docs/protocol.md 6).
 * ss = X25519(eph_sk, kx_pk); w = K(ss, domain, NID || aud_id || commit || eph_pk || kx_pk, 64);
 * slot = w[32..40] || AEAD(w[0..32], nonce 0, secret). */
#define KAI_SLOT_TAG_BYTES 8u
#define KAI_SLOT_BYTES     56u

struct kai_slot_ctx {
    const char *domain; /* KAI_D_WRAP, _RWRAP, _PWRAP, _OWRAP, _CWRAP or _HWRAP. */
    const uint8_t *nid; /* 32 bytes each. */
    const uint8_t *aud_id;
    const uint8_t *commit;
    const uint8_t *eph_pk;
};

/* Errors: KAI_EAUTH (kx_pk is a point of small order). */
KAI_MUST_USE enum kai_err kai_slot_make(uint8_t slot[static KAI_SLOT_BYTES],
                                        const struct kai_slot_ctx *ctx,
                                        const uint8_t eph_sk[static KAI_KEY_BYTES],
                                        const uint8_t kx_pk[static KAI_KEY_BYTES],
                                        const uint8_t secret[static KAI_KEY_BYTES]);

/* Find and open the holder's slot among n that are sorted by tag.
 * Errors: KAI_ENOTFOUND (no slot for this key), KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_slot_open(uint8_t secret[static KAI_KEY_BYTES],
                                        const struct kai_slot_ctx *ctx,
                                        const uint8_t kx_sk[static KAI_KEY_BYTES],
                                        const uint8_t kx_pk[static KAI_KEY_BYTES],
                                        const uint8_t *slots, size_t n);

/* Sort n slots by tag, in place. */
void kai_slots_sort(uint8_t *slots, size_t n);

/* n24 || XChaCha20-Poly1305 without a place: the member list of an EPOCH, OFFER, key files.
 * Appends KAI_BOX_OVERHEAD_BYTES + pt.n bytes. Errors: what out->err says. */
#define KAI_BOX_OVERHEAD_BYTES (KAI_NONCE_BYTES + 16u)
KAI_MUST_USE enum kai_err kai_box(struct kai_buf *out, const uint8_t key[static KAI_KEY_BYTES],
                                  const uint8_t nonce[static KAI_NONCE_BYTES], struct kai_view ad,
                                  struct kai_view pt);
/* out has room for box.n - KAI_BOX_OVERHEAD_BYTES. Errors: KAI_EMALFORMED, KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_unbox(uint8_t *out, size_t *out_n,
                                    const uint8_t key[static KAI_KEY_BYTES], struct kai_view ad,
                                    struct kai_view box);

#endif

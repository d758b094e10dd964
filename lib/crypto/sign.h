/* sign: Ed25519 signatures bound to a purpose and a network (docs/protocol.md 2).
 *
 * SIG(sk, type, body) signs "kairan1.sig" || 00 || type || network id || H("kairan1.body", body).
 */
#ifndef KAI_CRYPTO_SIGN_H
#define KAI_CRYPTO_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

#include "base/err.h"
#include "base/limits.h"
#include "crypto/domains.h"

extern const uint8_t KAI_NID_NONE[KAI_ID_BYTES]; /* Zeros: where no network exists yet. */

void kai_sign(uint8_t sig[static KAI_SIG_BYTES],
              const uint8_t sk[static crypto_sign_SECRETKEYBYTES], enum kai_sig_type type,
              const uint8_t nid[static KAI_ID_BYTES], const void *body, size_t body_n);

/* Whether the public key is in the prime-order group. To be asked once, before a key is stored or
 * first used: kai_verify() does not ask again, for it costs as much as a verification.
 * Errors: KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_key_check(const uint8_t pk[static KAI_KEY_BYTES]);

/* Verify under a key that has passed kai_key_check(). Also checks that R of the signature is in
 * the prime-order group: else versions of libsodium disagree about it, and a log would split.
 * Errors: KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_verify(const uint8_t sig[static KAI_SIG_BYTES],
                                     const uint8_t pk[static KAI_KEY_BYTES], enum kai_sig_type type,
                                     const uint8_t nid[static KAI_ID_BYTES], const void *body,
                                     size_t body_n);

/* From now on (until told off) signatures and keys that were found good once are not checked again:
 * for the simulator alone, whose hundreds of nodes check the same ones, in several threads. A bad
 * one is never remembered. Without memory nothing is. Told while no other thread checks. */
void kai_verify_memo(bool on);

#endif

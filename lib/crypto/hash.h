/* hash: H and K of docs/protocol.md 2, BLAKE2b with domain separation.
 *
 * H(d, x) = BLAKE2b-256(d || 00 || x). K(k, d, x, n) = BLAKE2b, keyed k, n bytes, of d || 00 || x.
 * x is put together from parts: integers as 64-bit big-endian, byte strings as they are. */
#ifndef KAI_CRYPTO_HASH_H
#define KAI_CRYPTO_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/domains.h"

struct kai_hasher {
    crypto_generichash_state st;
    size_t out_n;
};

void kai_hash_begin(struct kai_hasher *h, const char *domain);
/* out_n bytes, 16 to 64, keyed. */
void kai_kdf_begin(struct kai_hasher *h, const char *domain,
                   const uint8_t key[static KAI_KEY_BYTES], size_t out_n);
void kai_hash_add(struct kai_hasher *h, const void *p, size_t n);
void kai_hash_u64(struct kai_hasher *h, uint64_t v);
/* Writes 32 bytes after kai_hash_begin(), out_n after kai_kdf_begin(); wipes the state. */
void kai_hash_end(struct kai_hasher *h, uint8_t *out);

/* H over one part. */
void kai_hash(uint8_t out[static KAI_ID_BYTES], const char *domain, const void *p, size_t n);
/* K over one part. */
void kai_kdf(uint8_t *out, size_t out_n, const char *domain,
             const uint8_t key[static KAI_KEY_BYTES], const void *p, size_t n);

#endif

/* hash: BLAKE2b with domain separation. */
#include "crypto/hash.h"

#include <assert.h>
#include <string.h>

static void domain_add(struct kai_hasher *h, const char *domain)
{
    kai_hash_add(h, domain,
                 strlen(domain) + 1); /* With its NUL: no domain is a prefix of another. */
}

void kai_hash_begin(struct kai_hasher *h, const char *domain)
{
    h->out_n = KAI_ID_BYTES;
    (void)crypto_generichash_init(&h->st, NULL, 0, h->out_n); /* Fails on a bad length only. */
    domain_add(h, domain);
}

void kai_kdf_begin(struct kai_hasher *h, const char *domain,
                   const uint8_t key[static KAI_KEY_BYTES], size_t out_n)
{
    assert(out_n >= crypto_generichash_BYTES_MIN && out_n <= crypto_generichash_BYTES_MAX);
    h->out_n = out_n;
    (void)crypto_generichash_init(&h->st, key, KAI_KEY_BYTES, out_n);
    domain_add(h, domain);
}

void kai_hash_add(struct kai_hasher *h, const void *p, size_t n)
{
    (void)crypto_generichash_update(&h->st, p, n);
}

void kai_hash_u64(struct kai_hasher *h, uint64_t v)
{
    uint8_t be[8];

    kai_put_u64(be, v);
    kai_hash_add(h, be, sizeof be);
}

void kai_hash_end(struct kai_hasher *h, uint8_t *out)
{
    (void)crypto_generichash_final(&h->st, out, h->out_n);
    sodium_memzero(h, sizeof *h);
}

void kai_hash(uint8_t out[static KAI_ID_BYTES], const char *domain, const void *p, size_t n)
{
    struct kai_hasher h;

    kai_hash_begin(&h, domain);
    kai_hash_add(&h, p, n);
    kai_hash_end(&h, out);
}

void kai_kdf(uint8_t *out, size_t out_n, const char *domain,
             const uint8_t key[static KAI_KEY_BYTES], const void *p, size_t n)
{
    struct kai_hasher h;

    kai_kdf_begin(&h, domain, key, out_n);
    kai_hash_add(&h, p, n);
    kai_hash_end(&h, out);
}

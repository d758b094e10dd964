/* sha1: FIPS 180-4, for UUID version 5 only, which names things and protects nothing. libsodium has
 * no SHA-1. Private to lib/item. */
#ifndef KAI_ITEM_SHA1_H
#define KAI_ITEM_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define KAI_SHA1_BYTES 20u

struct kai_sha1 {
    uint32_t h[5];
    uint64_t bytes;
    uint8_t block[64];
};

void kai_sha1_begin(struct kai_sha1 *s);
void kai_sha1_add(struct kai_sha1 *s, const void *p, size_t n);
void kai_sha1_end(struct kai_sha1 *s, uint8_t out[static KAI_SHA1_BYTES]);

#endif

/* sha1: FIPS 180-4. */
#include "item/sha1.h"

#include <string.h>

#include "base/bytes.h"

static uint32_t rotate(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

static void block(struct kai_sha1 *s)
{
    uint32_t w[80];
    uint32_t a = s->h[0], b = s->h[1], c = s->h[2], d = s->h[3], e = s->h[4];

    for (size_t i = 0; i < 16; i++)
        w[i] = (uint32_t)s->block[4 * i] << 24 | (uint32_t)s->block[4 * i + 1] << 16 |
               (uint32_t)s->block[4 * i + 2] << 8 | s->block[4 * i + 3];
    for (size_t i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (size_t i = 0; i < 80; i++) {
        uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999u
                     : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1u
                     : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcu
                              : (b ^ c ^ d) + 0xca62c1d6u;
        uint32_t next = rotate(a, 5) + f + e + w[i];

        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = next;
    }
    s->h[0] += a;
    s->h[1] += b;
    s->h[2] += c;
    s->h[3] += d;
    s->h[4] += e;
}

void kai_sha1_begin(struct kai_sha1 *s)
{
    *s = (struct kai_sha1){.h = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u}};
}

void kai_sha1_add(struct kai_sha1 *s, const void *p, size_t n)
{
    const uint8_t *in = p;

    while (n > 0) {
        size_t at = s->bytes % 64;
        size_t take = n < 64 - at ? n : 64 - at;

        memcpy(s->block + at, in, take);
        s->bytes += take;
        in += take;
        n -= take;
        if (at + take == 64)
            block(s);
    }
}

void kai_sha1_end(struct kai_sha1 *s, uint8_t out[static KAI_SHA1_BYTES])
{
    static const uint8_t pad[64] = {0x80};
    uint8_t bits[8];

    kai_put_u64(bits, s->bytes * 8);
    kai_sha1_add(s, pad, 1 + (119 - s->bytes % 64) % 64);
    kai_sha1_add(s, bits, sizeof bits);
    for (size_t i = 0; i < KAI_SHA1_BYTES; i++)
        out[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)) & 0xff);
}

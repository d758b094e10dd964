/* md5: RFC 1321. */
#include "export/md5.h"

#include <string.h>

static const uint32_t K[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};
static const uint8_t SHIFT[4][4] = {
    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t word(const uint8_t *p, size_t i)
{
    return (uint32_t)p[4 * i] | (uint32_t)p[4 * i + 1] << 8 | (uint32_t)p[4 * i + 2] << 16 |
           (uint32_t)p[4 * i + 3] << 24;
}

/* One step: f of b, c, d goes into a, which becomes the new b. */
static inline void step(uint32_t v[static 4], uint32_t f, uint32_t w, unsigned s)
{
    uint32_t t = v[0] + f + w;

    v[0] = v[3];
    v[3] = v[2];
    v[2] = v[1];
    v[1] += t << s | t >> (32 - s);
}

static void block(uint32_t h[static 4], const uint8_t *p)
{
    uint32_t v[4] = {h[0], h[1], h[2], h[3]};
    uint32_t w[16];

    for (size_t i = 0; i < 16; i++)
        w[i] = word(p, i);
    for (size_t i = 0; i < 16; i++)
        step(v, v[3] ^ (v[1] & (v[2] ^ v[3])), K[i] + w[i], SHIFT[0][i % 4]);
    for (size_t i = 0; i < 16; i++)
        step(v, v[2] ^ (v[3] & (v[1] ^ v[2])), K[16 + i] + w[(5 * i + 1) % 16], SHIFT[1][i % 4]);
    for (size_t i = 0; i < 16; i++)
        step(v, v[1] ^ v[2] ^ v[3], K[32 + i] + w[(3 * i + 5) % 16], SHIFT[2][i % 4]);
    for (size_t i = 0; i < 16; i++)
        step(v, v[2] ^ (v[1] | ~v[3]), K[48 + i] + w[7 * i % 16], SHIFT[3][i % 4]);
    for (size_t i = 0; i < 4; i++)
        h[i] += v[i];
}

void kai_md5(uint8_t out[static KAI_MD5_BYTES], const void *p, size_t n)
{
    uint32_t h[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    const uint8_t *in = p;
    uint8_t last[128] = {0};
    size_t whole = n - n % 64;
    size_t rest = n % 64;
    size_t total = rest < 56 ? 64 : 128;

    for (size_t i = 0; i < whole; i += 64)
        block(h, in + i);
    if (rest > 0)
        memcpy(last, in + whole, rest);
    last[rest] = 0x80;
    for (size_t i = 0; i < 8; i++)
        last[total - 8 + i] = (uint8_t)((uint64_t)n * 8 >> (8 * i));
    for (size_t i = 0; i < total; i += 64)
        block(h, last + i);
    for (size_t i = 0; i < 16; i++)
        out[i] = (uint8_t)(h[i / 4] >> (8 * (i % 4)));
}

/* md5: RFC 1321, of KAI_MD5_LANES texts at a time: each step waits for the one before, so a
 * processor does eight in little more than the time of one. */
#include "export/md5.h"

#include <string.h>

/* Number l of each is of text l. gcc and clang make of it what the processor has. */
typedef uint32_t lanes __attribute__((vector_size(4 * KAI_MD5_LANES)));

/* One step each. The places of a, b, c and d change from step to step in the text, so that no value
 * moves: a loop over arrays takes twice as long. */
#define STEP(f, a, b, c, d, w, k, s)                                                               \
    do {                                                                                           \
        (a) += f(b, c, d) + (w) + UINT32_C(k);                                                     \
        (a) = (b) + ((a) << (s) | (a) >> (32 - (s)));                                              \
    } while (0)
#define F(b, c, d) ((d) ^ ((b) & ((c) ^ (d))))
#define G(b, c, d) ((c) ^ ((d) & ((b) ^ (c))))
#define H(b, c, d) ((b) ^ (c) ^ (d))
#define I(b, c, d) ((c) ^ ((b) | ~(d)))
#define FOUR(f, i0, k0, s0, i1, k1, s1, i2, k2, s2, i3, k3, s3)                                    \
    do {                                                                                           \
        STEP(f, a, b, c, d, w[i0], k0, s0);                                                        \
        STEP(f, d, a, b, c, w[i1], k1, s1);                                                        \
        STEP(f, c, d, a, b, w[i2], k2, s2);                                                        \
        STEP(f, b, c, d, a, w[i3], k3, s3);                                                        \
    } while (0)

static void block(lanes h[static 4], const lanes w[static 16])
{
    lanes a = h[0], b = h[1], c = h[2], d = h[3];

    FOUR(F, 0, 0xd76aa478, 7, 1, 0xe8c7b756, 12, 2, 0x242070db, 17, 3, 0xc1bdceee, 22);
    FOUR(F, 4, 0xf57c0faf, 7, 5, 0x4787c62a, 12, 6, 0xa8304613, 17, 7, 0xfd469501, 22);
    FOUR(F, 8, 0x698098d8, 7, 9, 0x8b44f7af, 12, 10, 0xffff5bb1, 17, 11, 0x895cd7be, 22);
    FOUR(F, 12, 0x6b901122, 7, 13, 0xfd987193, 12, 14, 0xa679438e, 17, 15, 0x49b40821, 22);
    FOUR(G, 1, 0xf61e2562, 5, 6, 0xc040b340, 9, 11, 0x265e5a51, 14, 0, 0xe9b6c7aa, 20);
    FOUR(G, 5, 0xd62f105d, 5, 10, 0x02441453, 9, 15, 0xd8a1e681, 14, 4, 0xe7d3fbc8, 20);
    FOUR(G, 9, 0x21e1cde6, 5, 14, 0xc33707d6, 9, 3, 0xf4d50d87, 14, 8, 0x455a14ed, 20);
    FOUR(G, 13, 0xa9e3e905, 5, 2, 0xfcefa3f8, 9, 7, 0x676f02d9, 14, 12, 0x8d2a4c8a, 20);
    FOUR(H, 5, 0xfffa3942, 4, 8, 0x8771f681, 11, 11, 0x6d9d6122, 16, 14, 0xfde5380c, 23);
    FOUR(H, 1, 0xa4beea44, 4, 4, 0x4bdecfa9, 11, 7, 0xf6bb4b60, 16, 10, 0xbebfbc70, 23);
    FOUR(H, 13, 0x289b7ec6, 4, 0, 0xeaa127fa, 11, 3, 0xd4ef3085, 16, 6, 0x04881d05, 23);
    FOUR(H, 9, 0xd9d4d039, 4, 12, 0xe6db99e5, 11, 15, 0x1fa27cf8, 16, 2, 0xc4ac5665, 23);
    FOUR(I, 0, 0xf4292244, 6, 7, 0x432aff97, 10, 14, 0xab9423a7, 15, 5, 0xfc93a039, 21);
    FOUR(I, 12, 0x655b59c3, 6, 3, 0x8f0ccc92, 10, 10, 0xffeff47d, 15, 1, 0x85845dd1, 21);
    FOUR(I, 8, 0x6fa87e4f, 6, 15, 0xfe2ce6e0, 10, 6, 0xa3014314, 15, 13, 0x4e0811a1, 21);
    FOUR(I, 4, 0xf7537e82, 6, 11, 0xbd3af235, 10, 2, 0x2ad7d2bb, 15, 9, 0xeb86d391, 21);
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
}

static uint32_t get_u32(const uint8_t p[static 4])
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put_u32(uint8_t p[static 4], uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

static size_t blocks(struct kai_view v)
{
    return (v.n + 8) / 64 + 1; /* A byte and the length stand behind it. */
}

/* Block number at of v; end is room for one that is not whole. */
static const uint8_t *block_of(struct kai_view v, size_t at, uint8_t end[static 64])
{
    size_t begin = 64 * at;

    if (v.n >= begin + 64)
        return v.p + begin;
    memset(end, 0, 64);
    if (v.n > begin)
        memcpy(end, v.p + begin, v.n - begin);
    if (v.n >= begin)
        end[v.n - begin] = 0x80;
    if (at + 1 == blocks(v)) {
        put_u32(end + 56, (uint32_t)(v.n << 3));
        put_u32(end + 60, (uint32_t)((uint64_t)v.n >> 29));
    }
    return end;
}

/* At most KAI_MD5_LANES texts. Where one is over before others, what comes is thrown away. */
static void group(uint8_t (*out)[KAI_MD5_BYTES], const struct kai_view *v, size_t n)
{
    static const uint32_t first[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    union { /* Of each text by itself, and of all. */
        uint32_t one[16][KAI_MD5_LANES];
        lanes all[16];
    } w = {0};
    union {
        uint32_t one[4][KAI_MD5_LANES];
        lanes all[4];
    } h;
    uint8_t end[64];
    size_t most = 0;

    for (size_t l = 0; l < n; l++)
        most = blocks(v[l]) > most ? blocks(v[l]) : most;
    for (size_t i = 0; i < 4; i++)
        for (size_t l = 0; l < KAI_MD5_LANES; l++)
            h.one[i][l] = first[i];
    for (size_t at = 0; at < most; at++) {
        for (size_t l = 0; l < n; l++) {
            const uint8_t *p = block_of(v[l], at, end);

            for (size_t i = 0; i < 16; i++)
                w.one[i][l] = get_u32(p + 4 * i);
        }
        block(h.all, w.all);
        for (size_t l = 0; l < n; l++)
            for (size_t i = 0; i < 4 && at + 1 == blocks(v[l]); i++)
                put_u32(out[l] + 4 * i, h.one[i][l]);
    }
}

void kai_md5(uint8_t (*out)[KAI_MD5_BYTES], const struct kai_view *texts, size_t n)
{
    for (size_t at = 0; at < n; at += KAI_MD5_LANES)
        group(out + at, texts + at, n - at < KAI_MD5_LANES ? n - at : KAI_MD5_LANES);
}

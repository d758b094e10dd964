/* bytes: views, integers in network order, hexadecimal and base32 text. */
#ifndef KAI_BASE_BYTES_H
#define KAI_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"

/* Bytes that somebody else owns. */
struct kai_view {
    const uint8_t *p;
    size_t n;
};

static inline struct kai_view kai_view_of(const void *p, size_t n)
{
    return (struct kai_view){.p = p, .n = n};
}

bool kai_view_eq(struct kai_view a, struct kai_view b);

/* 64-bit big-endian: the form of every integer in a hash input and in a store key. */
void kai_put_u64(uint8_t out[static 8], uint64_t v);
static inline uint64_t kai_get_u64(const uint8_t in[static 8]) /* Compilers make one load of it. */
{
    return (uint64_t)in[0] << 56 | (uint64_t)in[1] << 48 | (uint64_t)in[2] << 40 |
           (uint64_t)in[3] << 32 | (uint64_t)in[4] << 24 | (uint64_t)in[5] << 16 |
           (uint64_t)in[6] << 8 | (uint64_t)in[7];
}

/* The order of two ids, hashes or keys (KAI_ID_BYTES, as KAI_KEY_BYTES), as memcmp has it: two of
 * them nearly always differ in the first 8 bytes, and searches do little else. */
static inline int kai_id_cmp(const uint8_t a[static KAI_ID_BYTES],
                             const uint8_t b[static KAI_ID_BYTES])
{
    uint64_t x = kai_get_u64(a), y = kai_get_u64(b);

    return x != y ? (x < y ? -1 : 1) : memcmp(a + 8, b + 8, KAI_ID_BYTES - 8);
}

#define KAI_HEX_CAP(n) (2 * (n) + 1)
/* The two digits of each byte, one after the other. */
extern const char kai_hex_pairs[];
/* Lower-case hex and a NUL: out has room for KAI_HEX_CAP(n). Returns out. */
char *kai_hex(char *out, const void *in, size_t n);
/* Exactly 2*n digits of either case into out[n], nothing after. */
bool kai_unhex(uint8_t *out, size_t n, const char *text, size_t text_len);

#define KAI_BASE32_KEY_CAP 53 /* 32 bytes as 52 digits, and a NUL. */
/* RFC 4648 base32 in lower case without padding: a node's CURVE key in an address. */
void kai_base32_key(char out[static KAI_BASE32_KEY_CAP], const uint8_t key[static 32]);
/* Either case; exactly 52 digits, the unused bits of the last one zero. */
bool kai_unbase32_key(uint8_t key[static 32], const char *text, size_t text_len);

/* How many bytes from the first on are printable ASCII, without " and \: most texts are all of it,
 * and need nothing done to them in any form. */
size_t kai_plain_run(const uint8_t *p, size_t n);

/* Copy text into out[cap], cut at a UTF-8 boundary where it does not fit. cap > 0. */
void kai_copy_text(char *out, size_t cap, const char *text);

/* Whether text[n] is well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). */
bool kai_utf8_ok(const uint8_t *text, size_t n);

#endif

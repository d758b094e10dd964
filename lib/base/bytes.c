/* bytes: integers, hexadecimal, base32, UTF-8. */
#include "base/bytes.h"

#include <unistr.h>

bool kai_view_eq(struct kai_view a, struct kai_view b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

void kai_put_u64(uint8_t out[static 8], uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        out[i] = (uint8_t)(v & 0xff);
}

#define ROW(d)                                                                                     \
    d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9" d "a" d "b" d "c" d "d" d "e" d "f"
const char kai_hex_pairs[] = ROW("0") ROW("1") ROW("2") ROW("3") ROW("4") ROW("5") ROW("6") ROW("7")
    ROW("8") ROW("9") ROW("a") ROW("b") ROW("c") ROW("d") ROW("e") ROW("f");
#undef ROW

char *kai_hex(char *out, const void *in, size_t n)
{
    const uint8_t *b = in;

    for (size_t i = 0; i < n; i++)
        memcpy(out + 2 * i, kai_hex_pairs + 2 * b[i], 2);
    out[2 * n] = '\0';
    return out;
}

/* Whether eight bytes are such: bit 7 stays clear in all that can tell. */
static bool plain8(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';

    return ((w | (w + ones) | (w - ones * ' ') | (quote - ones) | (slash - ones)) & ones * 0x80) ==
           0;
}

size_t kai_plain_run(const uint8_t *p, size_t n)
{
    uint64_t w;
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        memcpy(&w, p + i, 8);
        if (!plain8(w))
            break;
    }
    if (n >= 8 && i + 8 > n) { /* With what is before it. */
        memcpy(&w, p + n - 8, 8);
        if (plain8(w))
            return n;
    }
    while (i < n && p[i] >= ' ' && p[i] < 0x7f && p[i] != '"' && p[i] != '\\')
        i++;
    return i;
}

static int hex_digit(char c)
{
    unsigned digit = (unsigned)c - '0'; /* Without branches: they would be guessed wrong. */
    unsigned letter = ((unsigned)c | 0x20u) - 'a';
    int other = letter < 6 ? (int)letter + 10 : -1;

    return digit < 10 ? (int)digit : other;
}

bool kai_unhex(uint8_t *out, size_t n, const char *text, size_t text_len)
{
    if (text_len != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int hi = hex_digit(text[2 * i]);
        int lo = hex_digit(text[2 * i + 1]);

        if ((hi | lo) < 0)
            return false;
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}

void kai_base32_key(char out[static KAI_BASE32_KEY_CAP], const uint8_t key[static 32])
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned int acc = 0;
    unsigned int bits = 0;
    size_t at = 0;

    for (size_t i = 0; i < 32; i++) {
        acc = (acc << 8 | key[i]) & 0xfff;
        for (bits += 8; bits >= 5; bits -= 5)
            out[at++] = digits[acc >> (bits - 5) & 31];
    }
    out[at++] = digits[acc << (5 - bits) & 31];
    out[at] = '\0';
}

static int base32_digit(char c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= '2' && c <= '7')
        return c - '2' + 26;
    return -1;
}

bool kai_unbase32_key(uint8_t key[static 32], const char *text, size_t text_len)
{
    unsigned int acc = 0;
    unsigned int bits = 0;
    size_t at = 0;

    if (text_len != KAI_BASE32_KEY_CAP - 1)
        return false;
    for (size_t i = 0; i < text_len; i++) {
        int d = base32_digit(text[i]);

        if (d < 0)
            return false;
        acc = (acc << 5 | (unsigned int)d) & 0xfff;
        bits += 5;
        if (bits >= 8 && at < 32) {
            bits -= 8;
            key[at++] = (uint8_t)(acc >> bits & 0xff);
        }
    }
    return at == 32 && (acc & ((1u << bits) - 1)) == 0;
}

void kai_copy_text(char *out, size_t cap, const char *text)
{
    size_t n = strlen(text);

    if (n >= cap) {
        n = cap - 1;
        while (n > 0 && ((uint8_t)text[n] & 0xc0) == 0x80) /* Not inside a character. */
            n--;
    }
    memcpy(out, text, n);
    out[n] = '\0';
}

bool kai_utf8_ok(const uint8_t *text, size_t n)
{
    return n == 0 || u8_check(text, n) == NULL;
}

/* ip: addresses and blocks. */
#include "item/ip.h"

#include <string.h>

#include "item/ascii.h"

void kai_ip_mask(uint8_t *addr, size_t n, unsigned bits)
{
    for (size_t i = 0; i < n; i++) {
        unsigned keep = bits >= 8 ? 8 : bits;

        addr[i] = (uint8_t)(addr[i] & (0xff00u >> keep));
        bits -= keep;
    }
}

/* A decimal of at most max without leading zeros, from *at on. */
static inline bool decimal(struct kai_view t, size_t *at, unsigned max, unsigned *out)
{
    size_t begin = *at;
    size_t i = begin;
    unsigned v = 0;

    for (; i < t.n && kai_ascii_digit(t.p[i]); i++) {
        v = v * 10 + (unsigned)(t.p[i] - '0');
        if (v > max || (i > begin && t.p[begin] == '0'))
            return false;
    }
    *at = i;
    *out = v;
    return i > begin;
}

/* Nothing, or "/bits" and nothing after. */
static bool prefix(struct kai_view t, size_t at, unsigned max, unsigned *bits)
{
    *bits = max;
    if (at == t.n)
        return true;
    if (t.p[at++] != '/')
        return false;
    return decimal(t, &at, max, bits) && at == t.n;
}

/* Four decimals from *at on. */
static bool quad(struct kai_view t, size_t *at, uint8_t out[static 4])
{
    size_t now = *at; /* What is written to out might be *at, which would be read each time. */

    for (int i = 0; i < 4; i++) {
        unsigned v;

        if (i > 0 && (now >= t.n || t.p[now++] != '.'))
            return false;
        if (!decimal(t, &now, 255, &v))
            return false;
        out[i] = (uint8_t)v;
    }
    *at = now;
    return true;
}

bool kai_ip4_parse(struct kai_cidr *out, struct kai_view text)
{
    size_t at = 0;
    unsigned bits;

    *out = (struct kai_cidr){.bits = 0};
    if (!quad(text, &at, out->addr) || !prefix(text, at, 32, &bits))
        return false;
    out->bits = (uint8_t)bits;
    if (bits < 32)
        kai_ip_mask(out->addr, 4, bits);
    return true;
}

static bool group16(struct kai_view t, size_t *at, uint8_t out[static 2])
{
    size_t begin = *at;
    unsigned v = 0;

    while (*at < t.n && kai_ascii_hex(t.p[*at]) >= 0) {
        if (*at - begin == 4)
            return false;
        v = v << 4 | (unsigned)kai_ascii_hex(t.p[(*at)++]);
    }
    out[0] = (uint8_t)(v >> 8);
    out[1] = (uint8_t)(v & 0xff);
    return *at > begin;
}

static bool is_end(struct kai_view t, size_t at)
{
    return at >= t.n || t.p[at] == '/';
}

/* The groups, up to the end or a slash. *gap: how many bytes stand before "::", 17 for none. */
static bool groups(struct kai_view t, size_t *at, uint8_t out[static 16], size_t *n, size_t *gap)
{
    *n = 0;
    *gap = 17;
    if (t.n >= 2 && t.p[0] == ':' && t.p[1] == ':') {
        *gap = 0;
        *at = 2;
    }
    while (!is_end(t, *at)) {
        size_t begin = *at;

        if (*n >= 16 || !group16(t, at, out + *n))
            return false;
        if (*at < t.n && t.p[*at] == '.') { /* The last four bytes as IPv4. */
            *at = begin;
            if (*n > 12 || !quad(t, at, out + *n) || !is_end(t, *at))
                return false;
            *n += 4;
            return true;
        }
        *n += 2;
        if (is_end(t, *at))
            return true;
        if (t.p[(*at)++] != ':' || is_end(t, *at))
            return false;
        if (t.p[*at] == ':') {
            if (*gap != 17)
                return false;
            *gap = *n;
            (*at)++;
        }
    }
    return *gap != 17;
}

bool kai_ip6_parse(struct kai_cidr *out, struct kai_view text)
{
    uint8_t got[16] = {0};
    size_t at = 0;
    size_t n;
    size_t gap;
    unsigned bits;

    *out = (struct kai_cidr){.bits = 0};
    if (!groups(text, &at, got, &n, &gap) || !prefix(text, at, 128, &bits))
        return false;
    if (gap == 17 ? n != 16 : n > 14)
        return false;
    if (gap == 17)
        gap = n;
    memcpy(out->addr, got, gap);
    memcpy(out->addr + 16 - (n - gap), got + gap, n - gap);
    out->bits = (uint8_t)bits;
    kai_ip_mask(out->addr, 16, bits);
    return true;
}

static size_t put_decimal(char *out, unsigned v)
{
    size_t n = 0;

    if (v >= 100)
        out[n++] = (char)('0' + v / 100);
    if (v >= 10)
        out[n++] = (char)('0' + v / 10 % 10);
    out[n++] = (char)('0' + v % 10);
    return n;
}

static size_t put_quad(char *out, const uint8_t *addr)
{
    size_t n = 0;

    for (int i = 0; i < 4; i++) {
        if (i > 0)
            out[n++] = '.';
        n += put_decimal(out + n, addr[i]);
    }
    return n;
}

static size_t put_prefix(char *out, size_t n, unsigned bits, unsigned max)
{
    if (bits == max)
        return n;
    out[n++] = '/';
    return n + put_decimal(out + n, bits);
}

size_t kai_ip4_text(char out[static KAI_IP_TEXT_CAP], const struct kai_cidr *ip)
{
    return put_prefix(out, put_quad(out, ip->addr), ip->bits, 32);
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 4.2). */
static void zero_run(const uint8_t *addr, int *begin, int *end)
{
    int at = 0;

    *begin = *end = -1;
    while (at < 8) {
        int from = at;

        while (at < 8 && addr[2 * at] == 0 && addr[2 * at + 1] == 0)
            at++;
        if (at - from >= 2 && at - from > *end - *begin) {
            *begin = from;
            *end = at;
        }
        if (at == from)
            at++;
    }
}

size_t kai_ip6_text(char out[static KAI_IP_TEXT_CAP], const struct kai_cidr *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const char digits[] = "0123456789abcdef";
    int begin;
    int end;
    size_t n = 0;

    if (ip->bits >= 96 && memcmp(ip->addr, mapped, sizeof mapped) == 0) {
        memcpy(out, "::ffff:", 7);
        return put_prefix(out, 7 + put_quad(out + 7, ip->addr + 12), ip->bits, 128);
    }
    zero_run(ip->addr, &begin, &end);
    for (int i = 0; i < 8; i++) {
        unsigned v = (unsigned)ip->addr[2 * i] << 8 | ip->addr[2 * i + 1];

        if (i == begin) {
            out[n++] = ':';
            out[n++] = ':';
            i = end - 1;
            continue;
        }
        if (i > 0 && i != end)
            out[n++] = ':';
        for (int shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0; shift >= 0; shift -= 4)
            out[n++] = digits[v >> shift & 15];
    }
    return put_prefix(out, n, ip->bits, 128);
}

/* key: order-preserving keys of values. */
#include "item/key.h"

#include <string.h>

#include "crypto/hash.h"
#include "item/ascii.h"
#include "item/ip.h"

#define PLAIN_MAX 381u /* So that no plain key is as long as a hashed one. */
#define HEAD      350u

static_assert(1 + HEAD + KAI_ID_BYTES <= KAI_VALUE_KEY_MAX, "a hashed key fits");
static_assert(PLAIN_MAX < HEAD + KAI_ID_BYTES, "a key's length tells whether it is hashed");

static size_t addr_bytes(enum kai_vtype type)
{
    return type == KAI_V_IPV4 ? 4 : 16;
}

static bool parse_ip(enum kai_vtype type, struct kai_view norm, struct kai_cidr *ip)
{
    if (type == KAI_V_IPV4)
        return kai_ip4_parse(ip, norm);
    return type == KAI_V_IPV6 && kai_ip6_parse(ip, norm);
}

static size_t ip_key(enum kai_vtype type, const struct kai_cidr *ip, uint8_t *out)
{
    size_t n = addr_bytes(type);

    out[0] = (uint8_t)type;
    memcpy(out + 1, ip->addr, n);
    out[1 + n] = ip->bits;
    return n + 2;
}

/* Labels from the right, a dot behind each. */
static enum kai_err domain_key(struct kai_view norm, uint8_t *out, size_t *n)
{
    size_t end = norm.n;

    if (norm.n == 0 || norm.n > 253)
        return KAI_EMALFORMED;
    out[0] = KAI_V_DOMAIN;
    *n = 1;
    for (;;) {
        size_t begin = end;

        while (begin > 0 && norm.p[begin - 1] != '.')
            begin--;
        if (begin == end)
            return KAI_EMALFORMED;
        memcpy(out + *n, norm.p + begin, end - begin);
        *n += end - begin;
        out[(*n)++] = '.';
        if (begin == 0)
            return KAI_OK;
        end = begin - 1;
    }
}

enum kai_err kai_value_key(enum kai_vtype type, struct kai_view norm,
                           uint8_t out[static KAI_VALUE_KEY_MAX], size_t *n)
{
    struct kai_cidr ip;

    *n = 0;
    if (norm.n == 0 || kai_vtype_of((uint64_t)type) == KAI_V_NONE)
        return KAI_EMALFORMED;
    if (type == KAI_V_IPV4 || type == KAI_V_IPV6) {
        if (!parse_ip(type, norm, &ip))
            return KAI_EMALFORMED;
        *n = ip_key(type, &ip, out);
        return KAI_OK;
    }
    if (type == KAI_V_DOMAIN)
        return domain_key(norm, out, n);
    out[0] = (uint8_t)type;
    if (norm.n <= PLAIN_MAX) {
        memcpy(out + 1, norm.p, norm.n);
        *n = 1 + norm.n;
        return KAI_OK;
    }
    memcpy(out + 1, norm.p, HEAD);
    kai_hash(out + 1 + HEAD, KAI_D_VALUE, norm.p, norm.n);
    *n = 1 + HEAD + KAI_ID_BYTES;
    return KAI_OK;
}

static bool domain_value(struct kai_view key, char *norm, size_t *n)
{
    size_t end = key.n;

    *n = 0;
    if (end < 3 || end > 255 || key.p[end - 1] != '.')
        return false;
    for (end--;; end--) { /* key.p[end] is the dot behind a label. */
        size_t begin = end;

        while (begin > 1 && key.p[begin - 1] != '.')
            begin--;
        if (*n > 0)
            norm[(*n)++] = '.';
        memcpy(norm + *n, key.p + begin, end - begin);
        *n += end - begin;
        if (begin <= 1)
            return true;
        end = begin;
    }
}

bool kai_key_value(struct kai_view key, enum kai_vtype *type, char *norm, size_t *n)
{
    char text[KAI_IP_TEXT_CAP];
    struct kai_cidr ip = {.bits = 0};

    *n = 0;
    *type = key.n < 2 ? KAI_V_NONE : kai_vtype_of(key.p[0]);
    if (*type == KAI_V_NONE)
        return false;
    if (*type == KAI_V_IPV4 || *type == KAI_V_IPV6) {
        size_t addr = addr_bytes(*type);

        if (key.n != addr + 2 || key.p[addr + 1] > 8 * addr)
            return false;
        memcpy(ip.addr, key.p + 1, addr);
        ip.bits = key.p[addr + 1];
        *n = *type == KAI_V_IPV4 ? kai_ip4_text(text, &ip) : kai_ip6_text(text, &ip);
        memcpy(norm, text, *n);
        return true;
    }
    if (*type == KAI_V_DOMAIN)
        return domain_value(key, norm, n);
    if (key.n > 1 + PLAIN_MAX)
        return false;
    *n = key.n - 1;
    memcpy(norm, key.p + 1, *n);
    return true;
}

enum kai_err kai_key_cidr_range(enum kai_vtype type, struct kai_view norm,
                                uint8_t lo[static KAI_VALUE_KEY_MAX],
                                uint8_t hi[static KAI_VALUE_KEY_MAX], size_t *n)
{
    struct kai_cidr ip;
    struct kai_cidr last;

    *n = 0;
    if (!parse_ip(type, norm, &ip))
        return KAI_EMALFORMED;
    /* A block with a shorter prefix begins at the same address, if at any of these, and then its
     * key is below lo: the range holds what lies inside and nothing else. */
    *n = ip_key(type, &ip, lo);
    last = ip;
    last.bits = (uint8_t)(8 * addr_bytes(type));
    for (unsigned bit = ip.bits; bit < last.bits; bit++)
        last.addr[bit / 8] = (uint8_t)(last.addr[bit / 8] | 0x80u >> bit % 8);
    (void)ip_key(type, &last, hi);
    return KAI_OK;
}

enum kai_err kai_key_cidr_parents(enum kai_vtype type, struct kai_view norm, kai_key_fn *f,
                                  void *ctx)
{
    uint8_t key[KAI_VALUE_KEY_MAX];
    struct kai_cidr ip;

    if (!parse_ip(type, norm, &ip))
        return KAI_EMALFORMED;
    while (ip.bits > 0) {
        ip.bits--;
        kai_ip_mask(ip.addr, addr_bytes(type), ip.bits);
        if (!f(ctx, kai_view_of(key, ip_key(type, &ip, key))))
            break;
    }
    return KAI_OK;
}

enum kai_err kai_key_domain_prefix(struct kai_view norm, uint8_t out[static KAI_VALUE_KEY_MAX],
                                   size_t *n)
{
    return domain_key(norm, out, n);
}

/* filter: which values may be known. */
#include "hunt/filter.h"

#include <stdlib.h>

#include "item/ascii.h"

#define BITS_PER_VALUE 17u /* One in a thousand is mistaken (split blocks of 8 words). */

/* Odd numbers: each takes other bits of the hash to the top. */
const uint32_t kai_hunt_salt[8] = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du,
                                   0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};

enum kai_hunt_class kai_hunt_class_of(enum kai_vtype type)
{
    static const uint8_t classes[KAI_VTYPE_MAX + 1] = {
        [KAI_V_IPV4] = KAI_HUNT_IPV4,       [KAI_V_IPV6] = KAI_HUNT_IPV6,
        [KAI_V_DOMAIN] = KAI_HUNT_DOMAIN,   [KAI_V_URL] = KAI_HUNT_URL,
        [KAI_V_ARTIFACT] = KAI_HUNT_URL,    [KAI_V_EMAIL] = KAI_HUNT_EMAIL,
        [KAI_V_MD5] = KAI_HUNT_HEX,         [KAI_V_SHA1] = KAI_HUNT_HEX,
        [KAI_V_SHA224] = KAI_HUNT_HEX,      [KAI_V_SHA256] = KAI_HUNT_HEX,
        [KAI_V_SHA384] = KAI_HUNT_HEX,      [KAI_V_SHA512] = KAI_HUNT_HEX,
        [KAI_V_IMPHASH] = KAI_HUNT_HEX,     [KAI_V_HASH] = KAI_HUNT_HEX,
        [KAI_V_X509_SERIAL] = KAI_HUNT_HEX, [KAI_V_MAC] = KAI_HUNT_MAC,
        [KAI_V_ASN] = KAI_HUNT_ASN,         [KAI_V_CVE] = KAI_HUNT_CVE,
    };

    type = kai_vtype_of((uint64_t)type);
    if (type == KAI_V_NONE)
        return KAI_HUNT_NONE;
    return classes[type] != 0 ? (enum kai_hunt_class)classes[type] : KAI_HUNT_TEXT;
}

uint64_t kai_hunt_types(enum kai_hunt_class cls)
{
    uint64_t set = 0;

    for (unsigned i = 1; i <= KAI_VTYPE_MAX; i++)
        if (kai_hunt_class_of((enum kai_vtype)i) == cls)
            set |= kai_hunt_bit((enum kai_vtype)i);
    return set;
}

uint64_t kai_hunt_types_parse(struct kai_view name)
{
    enum kai_vtype type;

    if (kai_ascii_is(name, "ip"))
        return kai_hunt_bit(KAI_V_IPV4) | kai_hunt_bit(KAI_V_IPV6);
    if (kai_ascii_is(name, "hash"))
        return (kai_hunt_types(KAI_HUNT_HEX) & ~kai_hunt_bit(KAI_V_X509_SERIAL)) |
               kai_hunt_bit(KAI_V_SSDEEP) | kai_hunt_bit(KAI_V_TLSH);
    type = kai_vtype_parse(name);
    return type == KAI_V_NONE ? 0 : kai_hunt_bit(type);
}

enum kai_err kai_hunt_filter_sized(struct kai_hunt_filter **out, uint64_t blocks)
{
    struct kai_hunt_filter *f;

    *out = NULL;
    if (blocks == 0 || blocks > KAI_HUNT_FILTER_BYTES_MAX / KAI_HUNT_BLOCK_BYTES)
        return KAI_ELIMIT;
    f = calloc(1, sizeof *f);
    if (f == NULL)
        return KAI_ENOMEM;
    f->blocks = (uint32_t)blocks;
    /* A block is half a line of the cache, and never on two. */
    f->words = aligned_alloc(2 * KAI_HUNT_BLOCK_BYTES,
                             ((size_t)blocks + (blocks & 1)) * KAI_HUNT_BLOCK_BYTES);
    if (f->words == NULL) {
        free(f);
        return KAI_ENOMEM;
    }
    memset(f->words, 0, (size_t)blocks * KAI_HUNT_BLOCK_BYTES);
    *out = f;
    return KAI_OK;
}

enum kai_err kai_hunt_filter_new(struct kai_hunt_filter **out, uint64_t values,
                                 const uint8_t key[static KAI_HUNT_KEY_BYTES])
{
    uint64_t most = KAI_HUNT_FILTER_BYTES_MAX / KAI_HUNT_BLOCK_BYTES;
    uint64_t blocks = values / (8 * KAI_HUNT_BLOCK_BYTES / BITS_PER_VALUE) + 1;
    enum kai_err err = kai_hunt_filter_sized(out, blocks < most ? blocks : most);

    if (err == KAI_OK) {
        (*out)->key[0] = kai_get_u64(key);
        (*out)->key[1] = kai_get_u64(key + 8);
    }
    return err;
}

void kai_hunt_filter_free(struct kai_hunt_filter *f)
{
    if (f == NULL)
        return;
    free(f->words);
    free(f);
}

void kai_hunt_filter_add(struct kai_hunt_filter *f, struct kai_view key)
{
    enum kai_vtype type = key.n < 2 ? KAI_V_NONE : kai_vtype_of(key.p[0]);
    enum kai_hunt_class cls = kai_hunt_class_of(type);
    uint64_t h = kai_hunt_begin(f, cls);
    struct kai_view rest;
    uint32_t bits;

    if (type == KAI_V_NONE)
        return;
    f->types |= kai_hunt_bit(type);
    rest = kai_view_from(key, 1);
    if (type == KAI_V_IPV4)
        f->v4 |= UINT64_C(1) << (rest.p[rest.n - 1] & 63u);
    else if (type == KAI_V_IPV6)
        f->v6[rest.p[rest.n - 1] / 64u % 3u] |= UINT64_C(1) << rest.p[rest.n - 1] % 64u;
    while (type == KAI_V_DOMAIN && kai_view_find(rest, '.') + 1 < rest.n) {
        size_t n = kai_view_find(rest, '.') + 1;

        h = kai_hunt_mix(h, rest.p, n);
        rest = kai_view_from(rest, n);
    }
    h = kai_hunt_mix(h, rest.p, rest.n);
    uint32_t *block = f->words + (kai_hunt_block(f, h, &bits) - f->words);
    for (unsigned i = 0; i < 8; i++)
        block[i] |= 1u << (bits * kai_hunt_salt[i] >> 27);
}

/* filter: which values may be known. */
#include "hunt/filter.h"

#include <stdlib.h>

#include "item/ascii.h"

#define BITS_PER_VALUE 20u /* One in a thousand is mistaken at 17 (split blocks of 8 words). */

const uint32_t kai_hunt_salt[8] = {KAI_HUNT_SALT_0, KAI_HUNT_SALT_1, KAI_HUNT_SALT_2, 0xa2b7289du,
                                   0x705495c7u,     0x2df1424bu,     0x9efc4947u,     0x5c6bfb31u};

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

static enum kai_err table_new(struct kai_hunt_table *t, uint64_t blocks)
{
    if (blocks == 0 || blocks > KAI_HUNT_FILTER_BYTES_MAX / KAI_HUNT_BLOCK_BYTES)
        return KAI_ELIMIT;
    t->blocks = (uint32_t)blocks;
    /* A block is half a line of the cache, and never on two. */
    t->words = aligned_alloc(2 * KAI_HUNT_BLOCK_BYTES,
                             ((size_t)blocks + (blocks & 1)) * KAI_HUNT_BLOCK_BYTES);
    if (t->words == NULL)
        return KAI_ENOMEM;
    memset(t->words, 0, (size_t)blocks * KAI_HUNT_BLOCK_BYTES);
    return KAI_OK;
}

static uint64_t blocks_for(uint64_t values)
{
    uint64_t most = KAI_HUNT_FILTER_BYTES_MAX / KAI_HUNT_BLOCK_BYTES;
    uint64_t blocks = values / (8 * KAI_HUNT_BLOCK_BYTES / BITS_PER_VALUE) + 1;

    return blocks < most ? blocks : most;
}

enum kai_err kai_hunt_filter_sized(struct kai_hunt_filter **out, uint64_t blocks,
                                   uint64_t net_blocks)
{
    struct kai_hunt_filter *f = calloc(1, sizeof *f);
    enum kai_err err = f == NULL ? KAI_ENOMEM : table_new(&f->all, blocks);

    *out = NULL;
    if (err == KAI_OK)
        err = table_new(&f->nets, net_blocks);
    if (err == KAI_OK)
        *out = f;
    else
        kai_hunt_filter_free(f);
    return err;
}

enum kai_err kai_hunt_filter_new(struct kai_hunt_filter **out, uint64_t values,
                                 const uint8_t key[static KAI_HUNT_KEY_BYTES])
{
    enum kai_err err = kai_hunt_filter_sized(out, blocks_for(values), 1);

    if (err != KAI_OK)
        return err;
    (*out)->key[0] = kai_get_u64(key);
    (*out)->key[1] = kai_get_u64(key + 8);
    kai_buf_init(&(*out)->waiting, KAI_HUNT_FILTER_BYTES_MAX);
    return KAI_OK;
}

void kai_hunt_filter_free(struct kai_hunt_filter *f)
{
    if (f == NULL)
        return;
    kai_buf_free(&f->waiting);
    free(f->nets.words);
    free(f->all.words);
    free(f);
}

static void flush(struct kai_hunt_filter *f)
{
    for (size_t i = 0; i < f->n_puts; i++)
        for (unsigned w = 0; w < 8; w++)
            f->puts[i].block[w] |= 1u << (f->puts[i].bits * kai_hunt_salt[w] >> 27);
    f->n_puts = 0;
}

static void put(struct kai_hunt_filter *f, const struct kai_hunt_table *t, uint64_t h)
{
    struct kai_hunt_put *p = &f->puts[f->n_puts++];

    p->block = kai_hunt_block(f, t, h, &p->bits);
    __builtin_prefetch(p->block, 1);
    if (f->n_puts == KAI_HUNT_PUTS)
        flush(f);
}

/* The labels of a name one after the other, and its last one and two besides. */
static void add_name(struct kai_hunt_filter *f, struct kai_view rest)
{
    uint64_t h = kai_hunt_begin(f, KAI_HUNT_DOMAIN);

    for (unsigned labels = 1; rest.n > 0; labels++) {
        size_t dot = kai_view_find(rest, '.');

        h = kai_hunt_mix(h, rest.p, dot);
        rest = kai_view_from(rest, dot < rest.n ? dot + 1 : dot);
        if (labels == 1)
            f->lasts[kai_hunt_last(h) / 64] |= UINT64_C(1) << kai_hunt_last(h) % 64;
        if (labels == 2 && h != f->root) {
            f->root = h;
            put(f, &f->all, kai_hunt_root(h));
        }
    }
    put(f, &f->all, h);
}

/* A URL, and its scheme and host besides, where it has them. */
static void add_url(struct kai_hunt_filter *f, struct kai_view rest)
{
    uint64_t h = kai_hunt_begin(f, KAI_HUNT_URL);
    size_t colon = kai_view_find(rest, ':');

    put(f, &f->all, kai_hunt_mix(h, rest.p, rest.n));
    if (rest.n - colon < 3 || memcmp(rest.p + colon, "://", 3) != 0)
        return;
    h = kai_hunt_mix(h, rest.p, colon);
    rest = kai_view_from(rest, colon + 3);
    h = kai_hunt_mix(h, rest.p, kai_view_find(rest, '/'));
    if (h != f->host)
        put(f, &f->all, kai_hunt_host(h));
    f->host = h;
}

/* An address or a block: its bytes and how many bits count. */
static void add_address(struct kai_hunt_filter *f, enum kai_hunt_class cls, struct kai_view rest)
{
    unsigned bits = rest.p[rest.n - 1];

    if (cls == KAI_HUNT_IPV4)
        f->v4 |= UINT64_C(1) << (bits & 63u);
    else
        f->v6[bits / 64 % 3] |= UINT64_C(1) << bits % 64;
    if (bits == 8 * (rest.n - 1)) {
        put(f, &f->all, kai_hunt_mix(kai_hunt_begin(f, cls), rest.p, rest.n));
        return;
    }
    if (cls == KAI_HUNT_IPV4) {
        unsigned top = (unsigned)rest.p[0] << 8 | rest.p[1];

        for (unsigned n = bits >= 16 ? 1 : 1u << (16 - bits); n > 0; n--, top++)
            f->tops[top % KAI_HUNT_TOPS / 64] |= UINT64_C(1) << top % 64;
    }
    kai_buf_u8(&f->waiting, (uint8_t)cls);
    kai_buf_add(&f->waiting, rest.p, rest.n);
}

void kai_hunt_filter_add(struct kai_hunt_filter *f, struct kai_view key)
{
    enum kai_vtype type = key.n < 2 ? KAI_V_NONE : kai_vtype_of(key.p[0]);
    enum kai_hunt_class cls = kai_hunt_class_of(type);
    struct kai_view rest;

    if (type == KAI_V_NONE)
        return;
    f->types |= kai_hunt_bit(type);
    rest = kai_view_from(key, 1);
    if (cls == KAI_HUNT_DOMAIN)
        add_name(f, rest);
    else if (cls == KAI_HUNT_IPV4 || cls == KAI_HUNT_IPV6)
        add_address(f, cls, rest);
    else if (cls == KAI_HUNT_URL)
        add_url(f, rest);
    else
        put(f, &f->all, kai_hunt_mix(kai_hunt_begin(f, cls), rest.p, rest.n));
}

enum kai_err kai_hunt_filter_end(struct kai_hunt_filter *f)
{
    struct kai_hunt_table nets = {0};
    struct kai_view all = kai_buf_view(&f->waiting);
    enum kai_err err = f->waiting.err;

    if (err == KAI_OK) /* A key has 6 bytes at least. */
        err = table_new(&nets, blocks_for(all.n / 6));
    if (err != KAI_OK)
        return err;
    for (size_t at = 0; at < all.n;) {
        enum kai_hunt_class cls = (enum kai_hunt_class)all.p[at];
        size_t n = cls == KAI_HUNT_IPV4 ? 5 : 17;

        put(f, &nets, kai_hunt_mix(kai_hunt_begin(f, cls), all.p + at + 1, n));
        at += 1 + n;
    }
    flush(f);
    free(f->nets.words);
    f->nets = nets;
    kai_buf_free(&f->waiting);
    return KAI_OK;
}

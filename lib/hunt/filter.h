/* filter: which values may be known: a keyed Bloom filter in blocks of 32 bytes.
 *
 * It is two tables: one of all values, and a small one, near to the processor, of blocks of
 * addresses, of which each address in a text is tried for every length that there is. Beside the
 * names that are known the first holds their last two labels, and beside URLs their scheme and
 * host: most of a text is told off by one look. What only looks like a name (a file's, a version, a
 * time) mostly ends in a label that no known one has, which a bit says without that look.
 *
 * A value is in it by its key (item/key.h), under its class: kinds of value that look the same in
 * a text. It answers "maybe" for all that were put in, and for about one in a thousand others where
 * it was made large enough. The hash is keyed at random: who writes values or logs cannot choose
 * what is mistaken for what. */
#ifndef KAI_HUNT_FILTER_H
#define KAI_HUNT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "item/key.h"
#include "item/value.h"

/* These numbers are those of the local API only. */
enum kai_hunt_class {
    KAI_HUNT_NONE,
    KAI_HUNT_IPV4,
    KAI_HUNT_IPV6,
    KAI_HUNT_DOMAIN,
    KAI_HUNT_URL, /* And artifacts. */
    KAI_HUNT_EMAIL,
    KAI_HUNT_HEX, /* All hashes of hex digits, and serial numbers. */
    KAI_HUNT_MAC,
    KAI_HUNT_ASN,
    KAI_HUNT_CVE,
    KAI_HUNT_TEXT, /* All others: as they stand. */
    KAI_HUNT_CLASSES
};

/* A type is bit 1 << type of a set; KAI_HUNT_ALL is all of them. */
#define KAI_HUNT_ALL (((UINT64_C(1) << KAI_VTYPE_MAX) << 1) - 2)
static inline uint64_t kai_hunt_bit(enum kai_vtype type)
{
    return UINT64_C(1) << (unsigned)type;
}

enum kai_hunt_class kai_hunt_class_of(enum kai_vtype type);
/* The types of a class, as a set. */
uint64_t kai_hunt_types(enum kai_hunt_class cls);
/* What a person may name: a type of value (kai_vtype_parse), "ip" or "hash"; 0 for none such. */
uint64_t kai_hunt_types_parse(struct kai_view name);

#define KAI_HUNT_KEY_BYTES   16u
#define KAI_HUNT_BLOCK_BYTES 32u

#define KAI_HUNT_TOPS 65536u
#define KAI_HUNT_LASTS                                                                             \
    16384u /* 2 KiB: stays in the processor; there are some 1,500 such labels.                     \
            */

#define KAI_HUNT_PUTS 16u /* As many as a processor fetches at a time, about. */

struct kai_hunt_filter {
    uint64_t key[2];
    uint64_t types; /* Set of the types that are in it. */
    uint64_t v4;    /* Bit n: a prefix of n bits is in it. */
    uint64_t v6[3]; /* The same, bit n % 64 of word n / 64. */
    struct kai_hunt_table {
        uint32_t blocks; /* Of words: eight each, in the order of this machine. */
        uint32_t *words;
    } all, nets;
    uint64_t tops[KAI_HUNT_TOPS / 64];   /* Bit n: a block of IPv4 touches n.n.0.0/16. */
    uint64_t lasts[KAI_HUNT_LASTS / 64]; /* Last labels of names, by kai_hunt_last(). */
    struct kai_buf waiting;              /* Keys of nets, until they are counted. */
    uint64_t root;                       /* The last two labels that were put in last, */
    uint64_t host;                       /* and the scheme and host. */
    struct kai_hunt_put { /* What is on its way into a table: its memory comes first. */
        uint32_t *block;
        uint32_t bits;
    } puts[KAI_HUNT_PUTS];
    size_t n_puts;
};

/* Room for so many values, about 20 bits each, names and what they end in; at most
 * KAI_HUNT_FILTER_BYTES_MAX, past which more is mistaken. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_hunt_filter_new(struct kai_hunt_filter **out, uint64_t values,
                                              const uint8_t key[static KAI_HUNT_KEY_BYTES]);
/* Of so many blocks of words, as another process has one; all "no". Errors: KAI_ELIMIT,
 * KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_hunt_filter_sized(struct kai_hunt_filter **out, uint64_t blocks,
                                                uint64_t net_blocks);
void kai_hunt_filter_free(struct kai_hunt_filter *f); /* NULL does nothing. */

/* Put in what has this key of kai_value_key(); in the order of keys, names take less room. */
void kai_hunt_filter_add(struct kai_hunt_filter *f, struct kai_view key);
/* After the last: before it is asked. Errors: KAI_ENOMEM, KAI_ELIMIT (too many blocks). */
KAI_MUST_USE enum kai_err kai_hunt_filter_end(struct kai_hunt_filter *f);

/* ---- The hash, piece by piece: begun for a class; then bytes behind the key's type. Of a domain
 * each label without its dot is a piece, so that all parents are hashed on the way to a name. */
static inline uint64_t kai_hunt_begin(const struct kai_hunt_filter *f, enum kai_hunt_class cls)
{
    return (f->key[0] ^ (uint64_t)cls) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline uint64_t kai_hunt_step(uint64_t h, uint64_t w)
{
    h = (h ^ w) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 29;
}

static inline uint64_t kai_hunt_mix(uint64_t h, const uint8_t *p, size_t n)
{
    uint64_t w = 0;
    size_t rest = n;

    for (; rest >= 8; rest -= 8, p += 8) {
        memcpy(&w, p, 8);
        h = kai_hunt_step(h, w);
    }
    if (n >= 8 && rest > 0) { /* With what is before it: no byte is read by itself. */
        memcpy(&w, p + rest - 8, 8);
        w >>= 64 - 8 * rest;
    } else {
        w = 0;
        for (size_t i = 0; i < rest; i++)
            w |= (uint64_t)p[i] << 8 * i;
    }
    return kai_hunt_step(h, w ^ (uint64_t)n << 56);
}

/* The hash of the last two labels of names, from that of the name that they are. */
static inline uint64_t kai_hunt_root(uint64_t h)
{
    return kai_hunt_step(h, 2);
}

/* The hash of the scheme and host of URLs, from that of the scheme and then of the host. */
static inline uint64_t kai_hunt_host(uint64_t h)
{
    return kai_hunt_step(h, 3);
}

/* The bit of a last label, by its hash. */
static inline unsigned kai_hunt_last(uint64_t h)
{
    return (unsigned)(h >> 50) % KAI_HUNT_LASTS;
}

/* What a hash stands for in a table: the block, and which of its bits. */
static inline uint32_t *kai_hunt_block(const struct kai_hunt_filter *f,
                                       const struct kai_hunt_table *t, uint64_t h, uint32_t *bits)
{
    h = (h ^ f->key[1]) * UINT64_C(0xc4ceb9fe1a85ec53);
    h ^= h >> 32;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    *bits = (uint32_t)h;
    return t->words + ((h >> 32) * t->blocks >> 32) * 8;
}

/* Odd numbers: each takes other bits of the hash to the top. */
#define KAI_HUNT_SALT_0 0x47b6137bu
#define KAI_HUNT_SALT_1 0x44974d91u
#define KAI_HUNT_SALT_2 0x8824ad5bu
extern const uint32_t kai_hunt_salt[8];

/* Whether it may be in. A branch for each word would be guessed wrong a third of the time; the
 * first three together tell off nearly all that are not in. */
static inline bool kai_hunt_has(const uint32_t *block, uint32_t bits)
{
    uint32_t all = block[0] >> (bits * KAI_HUNT_SALT_0 >> 27) &
                   block[1] >> (bits * KAI_HUNT_SALT_1 >> 27) &
                   block[2] >> (bits * KAI_HUNT_SALT_2 >> 27) & 1u;

    if (all == 0)
        return false;
    for (unsigned i = 3; i < 8; i++)
        all &= block[i] >> (bits * kai_hunt_salt[i] >> 27);
    return all != 0;
}

static inline bool kai_hunt_in(const struct kai_hunt_filter *f, const struct kai_hunt_table *t,
                               uint64_t h)
{
    uint32_t bits;
    const uint32_t *block = kai_hunt_block(f, t, h, &bits);

    return kai_hunt_has(block, bits);
}

static inline bool kai_hunt_maybe(const struct kai_hunt_filter *f, uint64_t h)
{
    return kai_hunt_in(f, &f->all, h);
}

#endif

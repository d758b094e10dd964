/* scan_priv: what the parts of the scanner share. */
#ifndef KAI_HUNT_SCAN_PRIV_H
#define KAI_HUNT_SCAN_PRIV_H

#include "base/buf.h"
#include "hunt/scan.h"
#include "item/ascii.h"

/* What a byte can be part of; a run of bytes that are something is an atom. */
#define IS_DIGIT 1u
#define IS_HEX   2u /* a to f */
#define IS_ALPHA 4u /* g to z */
#define IS_DOT   8u
#define IS_DASH  16u /* And the underscore. */
#define IS_HIGH  32u /* Not ASCII. */
#define IS_NAME  (IS_DIGIT | IS_HEX | IS_ALPHA)
extern const uint8_t kai_hunt_byte[256];

#define KAI_HUNT_LATER 32u

struct kai_hunt_scanner;
typedef void kai_hunt_then(struct kai_hunt_scanner *s, size_t begin, size_t end);

struct kai_hunt_scanner {
    const struct kai_hunt_filter *f;
    kai_hunt_fn *fn;
    void *ctx;
    bool wants[KAI_HUNT_CLASSES];
    bool any_hex;         /* Hex of any length, too. */
    struct kai_buf plain; /* The line without its disguise. */
    struct kai_view t;    /* What is looked at: the line, or plain. */
    bool cut_left;
    bool cut_right;
    bool disguised;    /* A disguise was seen, */
    bool escaped;      /* or a backslash of JSON, */
    bool counted;      /* or a name with the length of each label before it. */
    size_t colons_end; /* Up to here runs with colons were looked at. */
    size_t n_later;    /* Looks into the filter whose memory is on its way; */
    struct {
        const uint32_t *block;
        uint32_t bits;
        kai_hunt_then *then; /* with these where it may be in. */
        size_t begin;
        size_t end;
    } later[KAI_HUNT_LATER];
    uint64_t http; /* Hashes of these schemes, to which a host is added. */
    uint64_t https;
    uint8_t key[KAI_VALUE_KEY_MAX];
    char norm[KAI_VALUE_BYTES_MAX];
};

/* Whether [begin, end) touches an end at which the line was cut. */
static inline bool kai_hunt_cut(const struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    return (begin == 0 && s->cut_left) || (end == s->t.n && s->cut_right);
}

static inline uint8_t kai_hunt_at(const struct kai_hunt_scanner *s, size_t i)
{
    return i < s->t.n ? s->t.p[i] : 0;
}

static inline struct kai_view kai_hunt_part(const struct kai_hunt_scanner *s, size_t begin,
                                            size_t end)
{
    return kai_view_of(s->t.p + begin, end - begin);
}

/* Up to 8 bytes as a number, in lower case. end: of what may be read. */
static inline uint64_t kai_hunt_lower8(const uint8_t *p, size_t n, const uint8_t *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t w = 0;

    if ((size_t)(end - p) >= 8) {
        memcpy(&w, p, 8);
        w &= n >= 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * n) - 1;
    } else {
        for (size_t i = 0; i < n; i++)
            w |= (uint64_t)p[i] << 8 * i;
    }
    uint64_t low = w & ones * 0x7f;
    uint64_t upper = (low + ones * (0x80 - 'A')) ^ (low + ones * (0x7f - 'Z'));
    return w | (upper & ~w & ones * 0x80) >> 2; /* Bit 7 says that it is A to Z. */
}

/* What ends a URL, and a word: blanks, controls, quotes that are double, < > and `. */
#define IS_HARD 1u
/* What may stand in a URL, and more often stands behind one. */
#define IS_SOFT 2u
extern const uint8_t kai_hunt_sign[256];

static inline bool kai_hunt_hard(uint8_t c)
{
    return kai_hunt_sign[c] == IS_HARD;
}

/* Ask for what has this hash before the line ends, and call then() if it may be in. */
void kai_hunt_later(struct kai_hunt_scanner *s, uint64_t h, kai_hunt_then *then, size_t begin,
                    size_t end);

/* A normal form of a class that is not domain or address: tell it if it may be known. */
void kai_hunt_probe(struct kai_hunt_scanner *s, enum kai_hunt_class cls, struct kai_view norm,
                    struct kai_view text);

/* host.c: kai_hunt_mix() of a label or host in lower case, without a copy of it. Up to end may be
 * read. */
uint64_t kai_hunt_mix_lower(uint64_t h, const uint8_t *p, size_t n, const uint8_t *end);
/* host.c: an atom with a dot, none at its ends; a run with colons. */
void kai_hunt_dotted(struct kai_hunt_scanner *s, size_t begin, size_t end, unsigned bits);
void kai_hunt_colons(struct kai_hunt_scanner *s, size_t begin);
/* link.c: what begins with the atom before "://", "/" or a port, "@". */
void kai_hunt_url(struct kai_hunt_scanner *s, size_t begin, size_t end);
void kai_hunt_path(struct kai_hunt_scanner *s, size_t begin, size_t end);
void kai_hunt_mail(struct kai_hunt_scanner *s, size_t begin, size_t end);
/* counted.c: whether the length of a label, and the label, may stand there: "(7)example(0)", as the
 * DNS server of Windows logs names; such names in a line as they are meant. */
bool kai_hunt_counted(struct kai_view rest);
void kai_hunt_uncount(struct kai_view line, struct kai_buf *out);
/* words.c: the whole line, word by word and field by field. */
void kai_hunt_words(struct kai_hunt_scanner *s);

#endif

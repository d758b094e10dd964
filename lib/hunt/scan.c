/* scan: finds in a line what may be a known value. */
#include "hunt/scan.h"

#include <stdlib.h>

#include "hunt/scan_priv.h"

#define HEX_ANY_MIN 16u /* Digits of a hash of no common length: fewer are found in any text. */

#define D  IS_DIGIT
#define X  IS_HEX
#define A  IS_ALPHA
#define H4 IS_HIGH, IS_HIGH, IS_HIGH, IS_HIGH
#define HH H4, H4, H4, H4
const uint8_t kai_hunt_byte[256] = {
    ['0'] = D,
    D,
    D,
    D,
    D,
    D,
    D,
    D,
    D,
    D,
    ['A'] = X,
    X,
    X,
    X,
    X,
    X,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    ['a'] = X,
    X,
    X,
    X,
    X,
    X,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    A,
    ['.'] = IS_DOT,
    ['-'] = IS_DASH,
    ['_'] = IS_DASH,
    [0x80] = HH,
    HH,
    HH,
    HH,
    HH,
    HH,
    HH,
    HH,
};
#undef D
#undef X
#undef A
#undef H4
#undef HH

/* Up to the blank all are controls. */
#define S  IS_HARD
#define S8 S, S, S, S, S, S, S, S
const uint8_t kai_hunt_sign[256] = {
    S8,
    S8,
    S8,
    S8,
    S,
    ['"'] = S,
    ['<'] = S,
    ['>'] = S,
    ['`'] = S,
    [0x7f] = S,
    [','] = IS_SOFT,
    [';'] = IS_SOFT,
    ['|'] = IS_SOFT,
    [')'] = IS_SOFT,
    [']'] = IS_SOFT,
    ['}'] = IS_SOFT,
    ['\''] = IS_SOFT,
    ['\\'] = IS_SOFT,
    ['!'] = IS_SOFT,
    ['*'] = IS_SOFT,
    ['&'] = IS_SOFT,
};
#undef S
#undef S8

enum kai_err kai_hunt_scanner_new(struct kai_hunt_scanner **out, const struct kai_hunt_filter *f,
                                  kai_hunt_fn *fn, void *ctx)
{
    struct kai_hunt_scanner *s = calloc(1, sizeof *s);

    *out = s;
    if (s == NULL)
        return KAI_ENOMEM;
    s->f = f;
    s->fn = fn;
    s->ctx = ctx;
    for (unsigned c = 1; c < KAI_HUNT_CLASSES; c++)
        s->wants[c] = (f->types & kai_hunt_types((enum kai_hunt_class)c)) != 0;
    s->any_hex = (f->types & (kai_hunt_bit(KAI_V_HASH) | kai_hunt_bit(KAI_V_X509_SERIAL))) != 0;
    s->http = kai_hunt_mix(kai_hunt_begin(f, KAI_HUNT_URL), (const uint8_t *)"http", 4);
    s->https = kai_hunt_mix(kai_hunt_begin(f, KAI_HUNT_URL), (const uint8_t *)"https", 5);
    kai_buf_init(&s->plain, KAI_HUNT_PIECE_BYTES);
    return KAI_OK;
}

void kai_hunt_scanner_free(struct kai_hunt_scanner *s)
{
    if (s == NULL)
        return;
    kai_buf_free(&s->plain);
    free(s);
}

static void ask(struct kai_hunt_scanner *s)
{
    for (size_t i = 0; i < s->n_later; i++)
        if (kai_hunt_has(s->later[i].block, s->later[i].bits))
            s->later[i].then(s, s->later[i].begin, s->later[i].end);
    s->n_later = 0;
}

void kai_hunt_later(struct kai_hunt_scanner *s, uint64_t h, kai_hunt_then *then, size_t begin,
                    size_t end)
{
    size_t i;

    if (s->n_later == KAI_HUNT_LATER)
        ask(s);
    i = s->n_later++;
    s->later[i].block = kai_hunt_block(s->f, &s->f->all, h, &s->later[i].bits);
    __builtin_prefetch(s->later[i].block);
    s->later[i].then = then;
    s->later[i].begin = begin;
    s->later[i].end = end;
}

void kai_hunt_probe(struct kai_hunt_scanner *s, enum kai_hunt_class cls, struct kai_view norm,
                    struct kai_view text)
{
    struct kai_hunt_token t = {.cls = cls, .value = norm, .text = text};
    struct kai_view key = norm;
    size_t n;

    /* A long one has a key of its own making, the same for every type. */
    if (norm.n > 255 && kai_value_key(KAI_V_OTHER, norm, s->key, &n) == KAI_OK)
        key = kai_view_of(s->key + 1, n - 1);
    if (kai_hunt_maybe(s->f, kai_hunt_mix(kai_hunt_begin(s->f, cls), key.p, key.n)))
        s->fn(s->ctx, &t);
}

/* The atom in its normal form, of this type. */
static void norm_and_probe(struct kai_hunt_scanner *s, enum kai_vtype type, struct kai_view text)
{
    size_t n;

    if (kai_value_norm(type, text, s->norm, sizeof s->norm, &n, NULL) == KAI_OK)
        kai_hunt_probe(s, kai_hunt_class_of(type), kai_view_of(s->norm, n), text);
}

static bool is_hash_length(size_t n)
{
    return n == 32 || n == 40 || n == 56 || n == 64 || n == 96 || n == 128;
}

/* An atom without a dot. */
static void plain_atom(struct kai_hunt_scanner *s, size_t begin, size_t end, unsigned bits)
{
    struct kai_view v = kai_hunt_part(s, begin, end);

    if (v.n < 3)
        return;
    if ((bits & ~(IS_DIGIT | IS_HEX)) == 0) {
        if (s->wants[KAI_HUNT_HEX] &&
            (is_hash_length(v.n) || (s->any_hex && v.n >= HEX_ANY_MIN && v.n % 2 == 0)))
            norm_and_probe(s, KAI_V_HASH, v);
        if (s->wants[KAI_HUNT_TEXT] && v.n == 70)
            norm_and_probe(s, KAI_V_TLSH, v);
        return;
    }
    if ((bits & IS_DIGIT) == 0)
        return;
    if (s->wants[KAI_HUNT_CVE] && v.n >= 13 && kai_ascii_begins(v, "cve-"))
        norm_and_probe(s, KAI_V_CVE, v);
    else if (s->wants[KAI_HUNT_ASN] && v.n <= 12 && kai_ascii_begins(v, "as"))
        norm_and_probe(s, KAI_V_ASN, v);
    else if (s->wants[KAI_HUNT_MAC] && v.n == 17 && v.p[2] == '-')
        norm_and_probe(s, KAI_V_MAC, v);
    else if (s->wants[KAI_HUNT_TEXT] && v.n == 72 && kai_ascii_begins(v, "t1"))
        norm_and_probe(s, KAI_V_TLSH, v);
}

/* Whether a disguised scheme may begin there: most that stand before a colon are none. */
static bool may_be_scheme(struct kai_view v)
{
    uint8_t first = kai_ascii_lower(v.p[0]);
    uint8_t second = v.n < 3 ? 0 : kai_ascii_lower(v.p[1]);

    return (first == 'f' && second == 'x') ||
           (first == 'h' &&
            (second == 'x' || second == '*' || (second == 't' && kai_ascii_lower(v.p[2]) == 'x')));
}

/* What may be a disguise is marked for a second look: a scheme, or the sign behind an atom. */
static void look_for_disguise(struct kai_hunt_scanner *s, size_t begin, size_t end, unsigned bits)
{
    struct kai_view rest = kai_view_from(s->t, end);
    uint8_t c = rest.p[0];
    size_t word = end;

    if ((c == '[' || c == '(' || c == '{' || c == '\\') && rest.n > 1 &&
        !kai_ascii_digit(rest.p[1]))
        s->disguised = s->disguised || kai_disguised(rest, false);
    if (c == '(' && rest.n > 1 && kai_ascii_digit(rest.p[1]))
        s->counted = s->counted || kai_hunt_counted(rest);
    if ((c == ':' && (bits & IS_ALPHA) != 0) || c == '*') {
        while (word > begin && (kai_hunt_byte[s->t.p[word - 1]] & IS_NAME) != 0)
            word--;
        if (may_be_scheme(kai_view_from(s->t, word)))
            s->disguised = s->disguised || kai_disguised(kai_view_from(s->t, word), true);
    }
    if (c == ' ' && kai_ascii_is(kai_hunt_part(s, begin, end), "dot"))
        s->disguised = true;
    if (c == ':')
        rest = kai_view_from(rest, 1);
    if (rest.n > 1 && rest.p[0] == '\\' && (rest.p[1] == '/' || rest.p[1] == '\\'))
        s->escaped = true;
}

static void atom(struct kai_hunt_scanner *s, size_t begin, size_t end, unsigned bits)
{
    uint8_t next = kai_hunt_at(s, end);

    if (next > ' ' || (next == ' ' && end - begin == 3)) /* Else nothing is behind it. */
        look_for_disguise(s, begin, end, bits);
    if (next == ':' && kai_hunt_at(s, end + 1) == '/' && kai_hunt_at(s, end + 2) == '/')
        kai_hunt_url(s, begin, end);
    else if (next == ':' && end - begin <= 4 && (bits & ~(IS_DIGIT | IS_HEX)) == 0)
        kai_hunt_colons(s, begin);
    else if (next == '@')
        kai_hunt_mail(s, begin, end);
    if (kai_hunt_cut(s, begin, end))
        return;
    if ((bits & IS_DOT) != 0) { /* At its ends they are a sentence's. */
        size_t n = end - begin;

        while (begin < end && s->t.p[begin] == '.')
            begin++;
        while (end > begin && s->t.p[end - 1] == '.')
            end--;
        if (end - begin < n && memchr(s->t.p + begin, '.', end - begin) == NULL)
            bits &= ~IS_DOT;
    }
    if ((bits & IS_DOT) == 0) {
        plain_atom(s, begin, end, bits);
        return;
    }
    kai_hunt_dotted(s, begin, end, bits);
    next = kai_hunt_at(s, end);
    if (next == '/' || next == ':')
        kai_hunt_path(s, begin, end);
}

static void look(struct kai_hunt_scanner *s)
{
    const uint8_t *p = s->t.p;
    size_t n = s->t.n;
    size_t stop = n;
    size_t i = 0;

    /* Behind it all is one atom; before it each ends by itself, and nobody has to ask for n. */
    while (stop > 0 && kai_hunt_byte[p[stop - 1]] != 0)
        stop--;
    s->colons_end = 0;
    while (i < n) {
        unsigned is = kai_hunt_byte[p[i]];
        unsigned bits = 0;
        size_t begin = i;

        if (is == 0) {
            if (p[i] == ':' && kai_hunt_at(s, i + 1) == ':' &&
                (i == 0 || (kai_hunt_byte[p[i - 1]] == 0 && p[i - 1] != ':')))
                kai_hunt_colons(s, i);
            i++;
            continue;
        }
        if (i < stop)
            for (; is != 0; is = kai_hunt_byte[p[++i]])
                bits |= is;
        else
            for (; i < n; i++)
                bits |= kai_hunt_byte[p[i]];
        if (i - begin >= 2 || (i < n && (p[i] == ':' || p[i] == '@' || p[i] == '*')))
            atom(s, begin, i, bits);
    }
    if (s->wants[KAI_HUNT_TEXT] || s->any_hex)
        kai_hunt_words(s);
    ask(s);
}

/* \/ and \\ of JSON as they are meant, in place. */
static void unescape(struct kai_buf *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->len; i++) {
        if (b->p[i] == '\\' && i + 1 < b->len && (b->p[i + 1] == '/' || b->p[i + 1] == '\\'))
            i++;
        b->p[n++] = b->p[i];
    }
    b->len = n;
}

/* Once more, without disguises and escapes. */
static enum kai_err look_plain(struct kai_hunt_scanner *s, struct kai_view line)
{
    enum kai_err err = KAI_OK;

    kai_buf_clear(&s->plain);
    if (s->escaped) {
        kai_buf_add(&s->plain, line.p, line.n);
        if (s->plain.err == KAI_OK)
            unescape(&s->plain);
        err = s->plain.err;
    }
    if (err == KAI_OK && s->disguised) {
        struct kai_buf once = s->plain;

        kai_buf_init(&s->plain, KAI_HUNT_PIECE_BYTES);
        err = kai_refang(s->escaped ? kai_buf_view(&once) : line, &s->plain);
        kai_buf_free(&once);
    }
    s->t = kai_buf_view(&s->plain);
    if (err == KAI_OK)
        look(s);
    return err;
}

/* Once more, with names as they are meant. */
static enum kai_err look_uncounted(struct kai_hunt_scanner *s, struct kai_view line)
{
    kai_buf_clear(&s->plain);
    kai_hunt_uncount(line, &s->plain);
    s->t = kai_buf_view(&s->plain);
    if (s->plain.err == KAI_OK)
        look(s);
    return s->plain.err;
}

enum kai_err kai_hunt_line(struct kai_hunt_scanner *s, struct kai_view line, bool cut_left,
                           bool cut_right)
{
    enum kai_err err = KAI_OK;

    if (line.n > KAI_HUNT_PIECE_BYTES)
        return KAI_ELIMIT;
    s->t = line;
    s->cut_left = cut_left;
    s->cut_right = cut_right;
    s->disguised = s->escaped = s->counted = false;
    look(s);
    if (s->disguised || s->escaped)
        err = look_plain(s, line);
    if (err == KAI_OK && s->counted)
        err = look_uncounted(s, line);
    return err;
}

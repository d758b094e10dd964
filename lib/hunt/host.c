/* host: names with dots, addresses, and what has colons. */
#include "item/host.h"
#include "hunt/scan_priv.h"
#include "item/ip.h"

#define DOMAIN_MAX    253u
#define LABEL_MAX     63u
#define IDN_TEXT_MAX  1024u /* What a name can have: 253 letters of 4 bytes. */
#define IDN_TRIES_MAX 4u
#define IP6_RUN_MAX   49u /* Eight groups, or six and an IPv4 address. */

static uint64_t hash_of(const struct kai_hunt_scanner *s, enum kai_hunt_class cls,
                        const struct kai_cidr *at)
{
    size_t n = cls == KAI_HUNT_IPV4 ? 4 : 16;
    uint8_t key[17];

    memcpy(key, at->addr, n);
    key[n] = at->bits;
    return kai_hunt_mix(kai_hunt_begin(s->f, cls), key, n + 1);
}

static void tell(struct kai_hunt_scanner *s, enum kai_hunt_class cls, const struct kai_cidr *at,
                 struct kai_view text)
{
    struct kai_hunt_token t = {.cls = cls, .text = text};
    char norm[KAI_IP_TEXT_CAP];

    t.value =
        kai_view_of(norm, cls == KAI_HUNT_IPV4 ? kai_ip4_text(norm, at) : kai_ip6_text(norm, at));
    s->fn(s->ctx, &t);
}

static void tell_ip4(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    struct kai_cidr ip;

    if (kai_ip4_parse(&ip, kai_hunt_part(s, begin, end)))
        tell(s, KAI_HUNT_IPV4, &ip, kai_hunt_part(s, begin, end));
}

static void tell_ip6(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    struct kai_cidr ip;

    if (kai_ip6_parse(&ip, kai_hunt_part(s, begin, end)))
        tell(s, KAI_HUNT_IPV6, &ip, kai_hunt_part(s, begin, end));
}

/* An address, and each block around it whose length is in the filter. */
static void address(struct kai_hunt_scanner *s, const struct kai_cidr *ip, bool v6, size_t begin,
                    size_t end)
{
    enum kai_hunt_class cls = v6 ? KAI_HUNT_IPV6 : KAI_HUNT_IPV4;
    unsigned top = (unsigned)ip->addr[0] << 8 | ip->addr[1];
    struct kai_cidr at = *ip;

    if (((v6 ? s->f->v6[128 / 64] : s->f->v4 >> 32) & 1u) != 0)
        kai_hunt_later(s, hash_of(s, cls, &at), v6 ? tell_ip6 : tell_ip4, begin, end);
    if (!v6 && (s->f->tops[top / 64] >> top % 64 & 1u) == 0)
        return; /* No block is near. */
    for (unsigned bits = v6 ? 128 : 32; bits-- > 0;) {
        uint64_t word = v6 ? s->f->v6[bits / 64] : s->f->v4;

        if ((word >> bits % 64 & 1u) == 0)
            continue;
        kai_ip_mask(at.addr, v6 ? 16 : 4, bits);
        at.bits = (uint8_t)bits;
        if (kai_hunt_in(s->f, &s->f->nets, hash_of(s, cls, &at)))
            tell(s, cls, &at, kai_hunt_part(s, begin, end));
    }
}

/* Four decimals; what follows behind a fourth dot is a port (tcpdump). */
static void quad(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    struct kai_cidr ip;
    unsigned dots = 0;
    bool ok = kai_ip4_parse(&ip, kai_hunt_part(s, begin, end));

    for (size_t i = begin; i < end && !ok; i++)
        if (s->t.p[i] == '.' && ++dots == 4) {
            end = i;
            ok = kai_ip4_parse(&ip, kai_hunt_part(s, begin, end));
        }
    if (ok)
        address(s, &ip, false, begin, end);
}

/* Digits and dots between hyphens and underscores, and what is before and behind. */
static void quads(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    while (begin < end) {
        size_t at = begin;
        unsigned bits = 0;

        while (at < end && kai_hunt_byte[s->t.p[at]] != IS_DASH)
            bits |= kai_hunt_byte[s->t.p[at++]];
        if ((bits & ~(IS_DIGIT | IS_DOT)) == 0)
            quad(s, begin, at);
        begin = at + 1;
    }
}

uint64_t kai_hunt_mix_lower(uint64_t h, const uint8_t *p, size_t n, const uint8_t *end)
{
    size_t rest = n;

    for (; rest >= 8; rest -= 8, p += 8)
        h = kai_hunt_step(h, kai_hunt_lower8(p, 8, end));
    return kai_hunt_step(h, kai_hunt_lower8(p, rest, end) ^ (uint64_t)n << 56);
}

static bool all_digits(struct kai_view v)
{
    size_t i = 0;

    while (i < v.n && kai_ascii_digit(v.p[i]))
        i++;
    return i == v.n;
}

static bool is_last(const struct kai_hunt_scanner *s, uint64_t h)
{
    return (s->f->lasts[kai_hunt_last(h) / 64] >> kai_hunt_last(h) % 64 & 1u) != 0;
}

/* The hash of the last labels of a name and of the one that ends at *end; that begins at *end then.
 * False: it is no label. Up to read_end may be read. */
static bool label(struct kai_view v, size_t *end, const uint8_t *read_end, uint64_t *h)
{
    size_t begin = *end;
    size_t least = begin > LABEL_MAX ? begin - LABEL_MAX - 1 : 0;

    while (begin > least && v.p[begin - 1] != '.')
        begin--;
    if (begin == *end || *end - begin > LABEL_MAX || v.n - begin > DOMAIN_MAX)
        return false;
    *h = kai_hunt_mix_lower(*h, v.p + begin, *end - begin, read_end);
    *end = begin;
    return true;
}

/* A name of ASCII and all its parents, from the right. */
static void parents(struct kai_hunt_scanner *s, struct kai_view v, const uint8_t *read_end,
                    struct kai_view text)
{
    uint64_t h = kai_hunt_begin(s->f, KAI_HUNT_DOMAIN);
    size_t at = v.n;

    for (unsigned labels = 1; label(v, &at, read_end, &h); labels++) {
        if (labels > 1 && kai_hunt_maybe(s->f, h)) {
            struct kai_hunt_token t = {.cls = KAI_HUNT_DOMAIN, .text = text};

            for (size_t i = at; i < v.n; i++)
                s->norm[i - at] = (char)kai_ascii_lower(v.p[i]);
            t.value = kai_view_of(s->norm, v.n - at);
            s->fn(s->ctx, &t);
        }
        if (at == 0)
            return;
        at--;
    }
}

static void known_root(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    struct kai_view v = kai_hunt_part(s, begin, end);

    parents(s, v, s->t.p + s->t.n, v);
}

/* A name of ASCII in the line, if one that ends in its last two labels may be known. */
static void name(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    struct kai_view v = kai_hunt_part(s, begin, end);
    uint64_t h = kai_hunt_begin(s->f, KAI_HUNT_DOMAIN);
    size_t at = v.n;

    if (!label(v, &at, s->t.p + s->t.n, &h) || at == 0 || !is_last(s, h) ||
        all_digits(kai_view_from(v, at)))
        return;
    at--;
    if (label(v, &at, s->t.p + s->t.n, &h))
        kai_hunt_later(s, kai_hunt_root(h), known_root, begin, end);
}

/* A name with letters beyond ASCII: the longest part from some label on that is a name. Each try
 * costs much, so there are few before what is left is the part in ASCII. */
static void far_name(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    struct kai_view v = kai_hunt_part(s, begin, end);
    char alabels[KAI_DOMAIN_CAP];
    size_t ascii;
    size_t n;

    if (v.n > IDN_TEXT_MAX)
        v = kai_view_from(v, v.n - IDN_TEXT_MAX);
    for (unsigned tries = 0; tries < IDN_TRIES_MAX && v.n > 0; tries++) {
        if (kai_utf8_ok(v.p, v.n) && kai_domain_norm(v, alabels, &n)) {
            parents(s, kai_view_of(alabels, n), (const uint8_t *)alabels + n, v);
            return;
        }
        n = kai_view_find(v, '.');
        v = kai_view_from(v, n < v.n ? n + 1 : n);
    }
    for (ascii = v.n; ascii > 0 && v.p[ascii - 1] < 0x80;)
        ascii--;
    n = kai_view_find(kai_view_from(v, ascii), '.');
    if (ascii + n < v.n)
        name(s, end - v.n + ascii + n + 1, end);
}

void kai_hunt_dotted(struct kai_hunt_scanner *s, size_t begin, size_t end, unsigned bits)
{
    if (s->wants[KAI_HUNT_IPV4] && (bits & IS_DIGIT) != 0) {
        if ((bits & IS_DASH) != 0)
            quads(s, begin, end);
        else if ((bits & (IS_NAME | IS_HIGH)) == IS_DIGIT)
            quad(s, begin, end);
    }
    if (!s->wants[KAI_HUNT_DOMAIN] || (bits & (IS_HEX | IS_ALPHA | IS_HIGH)) == 0)
        return;
    if ((bits & IS_HIGH) == 0)
        name(s, begin, end);
    else
        far_name(s, begin, end);
}

void kai_hunt_colons(struct kai_hunt_scanner *s, size_t begin)
{
    size_t end = begin;
    unsigned colons = 0;
    bool twice = false;
    struct kai_cidr ip;
    size_t n;

    if (begin < s->colons_end || !(s->wants[KAI_HUNT_IPV6] || s->wants[KAI_HUNT_MAC]))
        return;
    for (; end < s->t.n; end++) {
        uint8_t c = s->t.p[end];

        if (c == ':') {
            colons++;
            twice = twice || (end > begin && s->t.p[end - 1] == ':');
        } else if (c != '.' && (kai_hunt_byte[c] & (IS_DIGIT | IS_HEX)) == 0) {
            break;
        }
    }
    s->colons_end = end;
    if (colons < 2 || kai_hunt_cut(s, begin, end) || end - begin > IP6_RUN_MAX ||
        kai_hunt_byte[kai_hunt_at(s, end)] != 0)
        return;
    while (end > begin &&
           (s->t.p[end - 1] == '.' || (s->t.p[end - 1] == ':' && s->t.p[end - 2] != ':')))
        end--;
    struct kai_view v = kai_hunt_part(s, begin, end);
    if (s->wants[KAI_HUNT_IPV6] && (twice || colons >= 6) && kai_ip6_parse(&ip, v))
        address(s, &ip, true, begin, end);
    if (s->wants[KAI_HUNT_MAC] && v.n == 17 && colons >= 5 &&
        kai_value_norm(KAI_V_MAC, v, s->norm, sizeof s->norm, &n, NULL) == KAI_OK)
        kai_hunt_probe(s, KAI_HUNT_MAC, kai_view_of(s->norm, n), v);
}

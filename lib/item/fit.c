/* fit: which values may stand in no sensor's file. */
#include "item/fit.h"

#include <string.h>

#include <libpsl.h>

#include "item/ip.h"

const char *kai_unfit_name(enum kai_unfit unfit)
{
    static const char *const names[KAI_UNFIT_N] = {"", "range", "suffix", "empty", "own"};

    return names[unfit];
}

enum kai_err kai_fit_init(struct kai_fit *f)
{
    *f = (struct kai_fit){.psl = psl_builtin()};
    return f->psl != NULL ? KAI_OK : KAI_EIO;
}

enum kai_err kai_fit_own(struct kai_fit *f, const char *text)
{
    char out[KAI_VALUE_BYTES_MAX];
    enum kai_vtype type;
    size_t n;

    if (f->n_own == KAI_FIT_OWN_MAX)
        return KAI_ELIMIT;
    enum kai_err err =
        kai_value_guess(kai_view_of(text, strlen(text)), &type, out, sizeof out, &n, NULL);
    if (err != KAI_OK || (type != KAI_V_DOMAIN && type != KAI_V_IPV4 && type != KAI_V_IPV6))
        return KAI_EMALFORMED;
    memcpy(f->own[f->n_own].text, out, n); /* A name has 253 bytes at most. */
    f->own[f->n_own].n = n;
    f->own[f->n_own++].type = type;
    return KAI_OK;
}

/* ---- Addresses. */
static bool overlap(const struct kai_cidr *a, const struct kai_cidr *b, size_t n)
{
    unsigned bits = a->bits < b->bits ? a->bits : b->bits;
    struct kai_cidr x = *a, y = *b;

    kai_ip_mask(x.addr, n, bits);
    kai_ip_mask(y.addr, n, bits);
    return memcmp(x.addr, y.addr, n) == 0;
}

static bool parse(struct kai_cidr *out, enum kai_vtype type, struct kai_view text)
{
    return type == KAI_V_IPV4 ? kai_ip4_parse(out, text) : kai_ip6_parse(out, text);
}

/* IANA's special-purpose registries, as far as such an address can be a neighbour's or one's own.
 * Blocks for documentation are nobody's: they do no harm. */
static bool in_range4(const struct kai_cidr *ip)
{
    static const struct kai_cidr ranges[] = {
        {{0}, 8},        {{10}, 8},        {{100, 64}, 10}, {{127}, 8}, {{169, 254}, 16},
        {{172, 16}, 12}, {{192, 168}, 16}, {{224}, 4},      {{240}, 4},
    };

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (overlap(ip, &ranges[i], 4))
            return true;
    return false;
}

static bool in_range6(const struct kai_cidr *ip)
{
    /* ::/8 holds ::, ::1 and IPv4 addresses in the form of IPv6; 64:ff9b:1::/48 is local use. */
    static const struct kai_cidr ranges[] = {
        {{0}, 8}, {{0, 0x64, 0xff, 0x9b, 0, 1}, 48}, {{0xfc}, 7}, {{0xfe, 0x80}, 10}, {{0xff}, 8},
    };

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (overlap(ip, &ranges[i], 16))
            return true;
    return false;
}

static enum kai_unfit judge_ip(const struct kai_fit *f, enum kai_vtype type, struct kai_view norm)
{
    struct kai_cidr ip, own;

    if (!parse(&ip, type, norm))
        return KAI_UNFIT_RANGE;
    if (type == KAI_V_IPV4 ? in_range4(&ip) : in_range6(&ip))
        return KAI_UNFIT_RANGE;
    for (size_t i = 0; i < f->n_own; i++)
        if (f->own[i].type == type && parse(&own, type, kai_view_of(f->own[i].text, f->own[i].n)) &&
            overlap(&ip, &own, type == KAI_V_IPV4 ? 4 : 16))
            return KAI_UNFIT_OWN;
    return KAI_FIT;
}

/* ---- Names. */
static bool under(struct kai_view name, struct kai_view of)
{
    return name.n >= of.n && memcmp(name.p + name.n - of.n, of.p, of.n) == 0 &&
           (name.n == of.n || name.p[name.n - of.n - 1] == '.');
}

static enum kai_unfit judge_name(const struct kai_fit *f, struct kai_view norm)
{
    static const char local[] = "localhost";
    char name[254];

    if (norm.n >= sizeof name)
        return KAI_UNFIT_SUFFIX;
    if (under(norm, kai_view_of(local, sizeof local - 1)))
        return KAI_UNFIT_RANGE;
    memcpy(name, norm.p, norm.n);
    name[norm.n] = '\0';
    if (psl_is_public_suffix2(f->psl, name, PSL_TYPE_ANY)) /* A single label always is one. */
        return KAI_UNFIT_SUFFIX;
    for (size_t i = 0; i < f->n_own; i++) {
        struct kai_view own = kai_view_of(f->own[i].text, f->own[i].n);

        /* What is above one's own name would be answered for it, too. */
        if (f->own[i].type == KAI_V_DOMAIN && (under(norm, own) || under(own, norm)))
            return KAI_UNFIT_OWN;
    }
    return KAI_FIT;
}

/* The host of a URL in normal form, without brackets; *v6: it had some. Empty where there is none.
 */
static struct kai_view host_of(struct kai_view url, bool *v6)
{
    const uint8_t *end = url.p + url.n;
    const uint8_t *p = memchr(url.p, ':', url.n);
    struct kai_view host = {.n = 0};

    *v6 = false;
    if (p == NULL || end - p < 4 || memcmp(p, "://", 3) != 0)
        return host;
    host.p = p + 3;
    const uint8_t *stop = host.p;
    while (stop < end && *stop != '/' && *stop != '?' && *stop != '#')
        stop++;
    for (const uint8_t *at = host.p; at < stop; at++)
        if (*at == '@')
            host.p = at + 1;
    if (host.p < stop && *host.p == '[') {
        const uint8_t *close = memchr(host.p, ']', (size_t)(stop - host.p));

        *v6 = true;
        host.p++;
        host.n = close == NULL ? 0 : (size_t)(close - host.p);
        return host;
    }
    const uint8_t *port = memchr(host.p, ':', (size_t)(stop - host.p));
    host.n = (size_t)((port != NULL ? port : stop) - host.p);
    return host;
}

/* The host of a URL: an address that is none of ours to name, or one's own name. The suffix alone
 * is fit here: https://github.io/x names one page. */
static enum kai_unfit judge_url(const struct kai_fit *f, struct kai_view url)
{
    bool v6;
    struct kai_view host = host_of(url, &v6);
    struct kai_cidr ip;

    if (host.p == NULL)
        return KAI_FIT;
    if (v6)
        return judge_ip(f, KAI_V_IPV6, host);
    if (kai_ip4_parse(&ip, host))
        return judge_ip(f, KAI_V_IPV4, host);
    enum kai_unfit u = judge_name(f, host);
    if (u == KAI_UNFIT_SUFFIX) /* A host of the own network, such as "intranet". */
        return memchr(host.p, '.', host.n) == NULL ? KAI_UNFIT_RANGE : KAI_FIT;
    return u;
}

bool kai_fit_suffix(const struct kai_fit *f, enum kai_vtype type, struct kai_view norm)
{
    struct kai_view host = norm;
    struct kai_cidr ip;
    char top[64];
    bool v6 = false;
    size_t n = 0;

    if (type == KAI_V_URL)
        host = host_of(norm, &v6);
    else if (type == KAI_V_EMAIL)
        while (host.n > 0 && memchr(host.p, '@', host.n) != NULL)
            host = kai_view_of(host.p + 1, host.n - 1);
    if (v6 || kai_ip4_parse(&ip, host))
        return true;
    while (n < host.n && host.p[host.n - n - 1] != '.')
        n++;
    if (n == 0 || n == host.n || n >= sizeof top)
        return false;
    memcpy(top, host.p + host.n - n, n);
    top[n] = '\0';
    /* Without the star of the list every top-level domain is one, known or not. */
    return psl_is_public_suffix2(f->psl, top, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

static bool is_empty_file(struct kai_view hash)
{
    static const char *const empty[] = {
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f148"
        "98b95b",
        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d287"
        "7eec2f63b931bd47417a81a538327af927da3e",
    };

    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
        if (kai_view_eq(hash, kai_view_of(empty[i], strlen(empty[i]))))
            return true;
    return false;
}

enum kai_unfit kai_fit_judge(const struct kai_fit *f, enum kai_vtype type, struct kai_view norm)
{
    if (type == KAI_V_IPV4 || type == KAI_V_IPV6)
        return judge_ip(f, type, norm);
    if (type == KAI_V_DOMAIN)
        return judge_name(f, norm);
    if (type == KAI_V_URL)
        return judge_url(f, norm);
    if (type >= KAI_V_MD5 && type <= KAI_V_SHA512 && is_empty_file(norm))
        return KAI_UNFIT_EMPTY;
    return KAI_FIT;
}

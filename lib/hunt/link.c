/* link: URLs and e-mail addresses. */
#include "hunt/scan_priv.h"
#include "item/host.h"

#define CUTS_MAX  8u /* Ends of a URL that are tried behind the longest: in texts, what follows. */
#define LOCAL_MAX 64u
#define TEXT_MAX  (KAI_VALUE_BYTES_MAX - 8u) /* Room for "http://" before it, or "/" behind. */

static bool is_stop(uint8_t c)
{
    return kai_hunt_sign[c] == IS_SOFT || c == '.' || c == ':' || c == '?';
}

/* Where a name that begins at host ends; host itself: there is none that is in its normal form but
 * for its case. */
static size_t name_end(struct kai_view v, size_t host)
{
    size_t at = host;

    while (at < v.n && (kai_hunt_byte[v.p[at]] & (IS_NAME | IS_DOT | IS_DASH)) != 0)
        at++;
    return at > host && v.p[at - 1] == '.' ? host : at;
}

/* Whether the n bytes at p are text, in any case. end: of what may be read. */
static bool begins8(const uint8_t *p, size_t n, const uint8_t *end, const char text[static 8])
{
    uint64_t w;

    memcpy(&w, text, 8);
    return kai_hunt_lower8(p, n, end) == w;
}

/* The hash of its scheme, where that is one of two; 0 for others. host: where the name begins. */
static uint64_t scheme_hash(const struct kai_hunt_scanner *s, struct kai_view v, size_t host)
{
    if (host == 0 || (host == 7 && begins8(v.p, 7, v.p + v.n, "http://")))
        return s->http;
    return host == 8 && begins8(v.p, 8, v.p + v.n, "https://") ? s->https : 0;
}

/* The text of a URL that most are: a name, and a path of ASCII; false for others. host: where the
 * name begins. */
static bool norm_plain(const struct kai_hunt_scanner *s, struct kai_view v, size_t host, char *out,
                       size_t *n)
{
    size_t at = name_end(v, host);
    uint8_t all = 0;

    *n = 0;
    if (scheme_hash(s, v, host) == 0 || at == host || (at < v.n && v.p[at] != '/'))
        return false;
    if (host == 0) {
        memcpy(out, "http://", 7);
        *n = 7;
    }
    for (size_t i = 0; i < at; i++)
        out[(*n)++] = (char)kai_ascii_lower(v.p[i]);
    for (size_t i = at; i < v.n; i++)
        all |= v.p[i];
    memcpy(out + *n, v.p + at, v.n - at);
    *n += v.n - at;
    if (at == v.n)
        out[(*n)++] = '/';
    return all < 0x80;
}

static void probe_url(struct kai_hunt_scanner *s, size_t host, struct kai_view text)
{
    size_t n;

    if (text.n > TEXT_MAX || text.n <= host)
        return;
    if (norm_plain(s, text, host, s->norm, &n) ||
        kai_value_norm(KAI_V_URL, text, s->norm, sizeof s->norm, &n, NULL) == KAI_OK)
        kai_hunt_probe(s, KAI_HUNT_URL, kai_view_of(s->norm, n), text);
}

/* What ends there, and without the signs at its end, which are a sentence's more often. */
static void probe_to(struct kai_hunt_scanner *s, size_t begin, size_t host, size_t end)
{
    size_t less = end;

    probe_url(s, host, kai_hunt_part(s, begin, end));
    while (less > begin && is_stop(s->t.p[less - 1]))
        less--;
    if (less < end)
        probe_url(s, host, kai_hunt_part(s, begin, less));
}

/* From begin on, the name at host: up to where no URL can go on, and up to each sign at which it
 * may have ended before. */
static void probe_ends(struct kai_hunt_scanner *s, size_t begin, size_t host)
{
    size_t end = host;
    unsigned cuts = 0;

    for (; end < s->t.n && end - begin <= TEXT_MAX && !kai_hunt_hard(s->t.p[end]); end++)
        if (kai_hunt_sign[s->t.p[end]] == IS_SOFT && cuts < CUTS_MAX && end > host) {
            cuts++;
            probe_to(s, begin, host - begin, end);
        }
    if (!kai_hunt_cut(s, begin, end))
        probe_to(s, begin, host - begin, end);
}

/* The same, if scheme and name are known where one look tells that. */
static void begins(struct kai_hunt_scanner *s, size_t begin, size_t host)
{
    struct kai_view v = kai_hunt_part(s, begin, s->t.n);
    uint64_t h = scheme_hash(s, v, host - begin);
    size_t end = begin + name_end(v, host - begin);

    if (h == 0 || end == host || end - host >= KAI_DOMAIN_CAP ||
        (end < s->t.n ? s->t.p[end] != '/' && !kai_hunt_hard(s->t.p[end]) : s->cut_right)) {
        probe_ends(s, begin, host);
        return;
    }
    h = kai_hunt_mix_lower(h, s->t.p + host, end - host, s->t.p + s->t.n);
    kai_hunt_later(s, kai_hunt_host(h), probe_ends, begin, host);
}

void kai_hunt_url(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    size_t scheme = end;

    while (scheme > begin && (kai_hunt_byte[s->t.p[scheme - 1]] & IS_NAME) != 0)
        scheme--;
    if (!s->wants[KAI_HUNT_URL] || (scheme == 0 && s->cut_left))
        return;
    while (scheme < end && kai_ascii_digit(s->t.p[scheme]))
        scheme++;
    if (scheme == end)
        return;
    begins(s, scheme, end + 3);
}

/* Before a host that is part of something longer. */
static bool is_inside(uint8_t c)
{
    return c == '/' || c == '@' || c == ':' || c == '\\';
}

/* host/path and host:port/path, where it is no part of a URL with a scheme, or of a path. */
void kai_hunt_path(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    size_t at = end;

    if (!s->wants[KAI_HUNT_URL] || (begin > 0 && is_inside(s->t.p[begin - 1])))
        return;
    if (s->t.p[at] == ':')
        do
            at++;
        while (kai_ascii_digit(kai_hunt_at(s, at)) && at - end <= 5);
    if (kai_hunt_at(s, at) == '/' && kai_hunt_at(s, at + 1) > ' ')
        begins(s, begin, begin);
}

static bool is_local(uint8_t c)
{
    return kai_hunt_byte[c] != 0 || c == '+' || c == '%';
}

/* In place. False: it was. */
static bool lower(char *p, size_t n)
{
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        char c = (char)kai_ascii_lower((uint8_t)p[i]);

        any = any || c != p[i];
        p[i] = c;
    }
    return any;
}

void kai_hunt_mail(struct kai_hunt_scanner *s, size_t begin, size_t end)
{
    size_t to = end + 1;
    size_t n;

    while (begin > 0 && end - begin <= LOCAL_MAX && is_local(s->t.p[begin - 1]))
        begin--;
    while (to < s->t.n && to - end <= KAI_DOMAIN_CAP && kai_hunt_byte[s->t.p[to]] != 0)
        to++;
    if (!s->wants[KAI_HUNT_EMAIL] || kai_hunt_cut(s, begin, to))
        return;
    while (begin < end && s->t.p[begin] == '.')
        begin++;
    while (to > end && s->t.p[to - 1] == '.')
        to--;
    if (kai_value_norm(KAI_V_EMAIL, kai_hunt_part(s, begin, to), s->norm, sizeof s->norm, &n,
                       NULL) != KAI_OK)
        return;
    kai_hunt_probe(s, KAI_HUNT_EMAIL, kai_view_of(s->norm, n), kai_hunt_part(s, begin, to));
    /* Hardly any mail server minds the case before the sign, and most sources write it lower. */
    if (lower(s->norm, n))
        kai_hunt_probe(s, KAI_HUNT_EMAIL, kai_view_of(s->norm, n), kai_hunt_part(s, begin, to));
}

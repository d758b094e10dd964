/* host: domain names and URLs. */
#include "item/host.h"

#include <string.h>

#include <idn2.h>

#include "base/buf.h"
#include "item/ascii.h"
#include "item/ip.h"

#define DOMAIN_MAX   253u
#define LABEL_MAX    63u
#define IDN_TEXT_MAX 1024u /* 253 letters of 4 bytes. */

/* libidn2 deletes or refuses some names that exist in DNS ("_dmarc", "-a"): pure ASCII is ours. */
static bool ascii_domain(struct kai_view t, char out[static KAI_DOMAIN_CAP], size_t *n)
{
    size_t label = 0;
    bool digits = true;

    if (t.n > 0 && t.p[t.n - 1] == '.')
        t.n--;
    if (t.n == 0 || t.n > DOMAIN_MAX)
        return false;
    for (size_t i = 0; i < t.n; i++) {
        uint8_t c = kai_ascii_lower(t.p[i]);

        out[i] = (char)c;
        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
            digits = true;
            continue;
        }
        if (!kai_ascii_digit(c)) {
            digits = false;
            if (!(c >= 'a' && c <= 'z') && c != '-' && c != '_')
                return false;
        }
        if (++label > LABEL_MAX)
            return false;
    }
    *n = t.n;
    return label > 0 && !digits;
}

static bool is_ascii(struct kai_view t)
{
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] >= 0x80)
            return false;
    return true;
}

bool kai_domain_norm(struct kai_view text, char out[static KAI_DOMAIN_CAP], size_t *n)
{
    char name[IDN_TEXT_MAX + 1];
    char *alabels = NULL;

    if (is_ascii(text))
        return ascii_domain(text, out, n);
    if (text.n > IDN_TEXT_MAX || memchr(text.p, 0, text.n) != NULL)
        return false;
    memcpy(name, text.p, text.n);
    name[text.n] = '\0';
    if (idn2_to_ascii_8z(name, &alabels, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return false;
    struct kai_view got = kai_view_of(alabels, strlen(alabels));
    bool ok = is_ascii(got) && ascii_domain(got, out, n);
    idn2_free(alabels);
    return ok;
}

struct out {
    char *p;
    size_t cap;
    size_t n;
    bool ok;
};

static void put(struct out *o, const void *p, size_t n)
{
    if (!o->ok || n > o->cap - o->n) {
        o->ok = false;
        return;
    }
    if (n > 0)
        memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void put_lower(struct out *o, struct kai_view v)
{
    for (size_t i = 0; i < v.n; i++) {
        uint8_t c = kai_ascii_lower(v.p[i]);

        put(o, &c, 1);
    }
}

/* The characters that RFC 3986 allows in a registered name, for hosts that are no domain. */
static bool is_reg_name(struct kai_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if (!kai_ascii_alpha(v.p[i]) && !kai_ascii_digit(v.p[i]) &&
            (v.p[i] == 0 || strchr("-._~%!$&'()*+,;=", v.p[i]) == NULL))
            return false;
    return v.n > 0;
}

/* host[:port], the host lower-cased; false where it cannot be one. */
static bool put_host(struct out *o, struct kai_view v, const char *default_port)
{
    struct kai_view host = v;
    struct kai_view port = {.n = 0};
    struct kai_cidr ip;
    char text[KAI_DOMAIN_CAP];
    size_t n;

    if (v.n > 0 && v.p[0] == '[') {
        size_t end = kai_view_find(v, ']');

        if (end == v.n || !kai_ip6_parse(&ip, kai_view_of(v.p + 1, end - 1)) || ip.bits != 128)
            return false;
        put(o, "[", 1);
        put(o, text, kai_ip6_text(text, &ip));
        put(o, "]", 1);
        port = kai_view_from(v, end + 1);
        if (port.n > 0 && port.p[0] != ':')
            return false;
    } else {
        host.n = kai_view_find(v, ':');
        port = kai_view_from(v, host.n);
        if (kai_domain_norm(host, text, &n))
            put(o, text, n);
        else if (is_reg_name(host)) /* Addresses too: their text has one form only. */
            put_lower(o, host);
        else
            return false;
    }
    if (port.n > 1 && !kai_ascii_is(kai_view_from(port, 1), default_port)) {
        for (size_t i = 1; i < port.n; i++)
            if (!kai_ascii_digit(port.p[i]) || port.n > 6)
                return false;
        put(o, port.p, port.n);
    }
    return true;
}

/* What begins with a slash, a question mark or a hash sign. */
static size_t authority_end(struct kai_view v)
{
    size_t i = 0;

    while (i < v.n && v.p[i] != '/' && v.p[i] != '?' && v.p[i] != '#' && v.p[i] != '\\')
        i++;
    return i;
}

/* The length of "scheme" before a colon; 0 where there is none. */
static size_t scheme_length(struct kai_view t)
{
    size_t n = 0;

    while (n < t.n &&
           (kai_ascii_alpha(t.p[n]) || (n > 0 && (kai_ascii_digit(t.p[n]) || t.p[n] == '+' ||
                                                  t.p[n] == '-' || t.p[n] == '.'))))
        n++;
    if (n == 0 || n >= t.n || t.p[n] != ':')
        return 0;
    if (t.n >= n + 3 && t.p[n + 1] == '/' && t.p[n + 2] == '/')
        return n;
    /* "example.com:8080/x" has no scheme. */
    if (memchr(t.p, '.', n) != NULL || n + 1 >= t.n || kai_ascii_digit(t.p[n + 1]))
        return 0;
    return n;
}

static const char *port_of(struct kai_view scheme)
{
    if (kai_ascii_is(scheme, "http"))
        return "80";
    if (kai_ascii_is(scheme, "https"))
        return "443";
    return kai_ascii_is(scheme, "ftp") ? "21" : "";
}

bool kai_url_norm(struct kai_view text, char *out, size_t cap, size_t *n)
{
    struct out o = {.p = out, .cap = cap, .ok = true};
    struct kai_view scheme = kai_view_of(text.p, scheme_length(text));
    struct kai_view rest = scheme.n == 0 ? text : kai_view_from(text, scheme.n + 1);

    if (scheme.n == 0) {
        scheme = kai_view_of("http", 4);
        put(&o, "http://", 7);
    } else {
        put_lower(&o, scheme);
        put(&o, ":", 1);
        if (rest.n < 2 || rest.p[0] != '/' || rest.p[1] != '/') {
            put(&o, rest.p, rest.n);
            *n = o.n;
            return o.ok && rest.n > 0;
        }
        put(&o, "//", 2);
        rest = kai_view_from(rest, 2);
    }

    const char *port = port_of(scheme);
    struct kai_view authority = kai_view_of(rest.p, authority_end(rest));
    size_t at = authority.n;
    while (at > 0 && authority.p[at - 1] != '@')
        at--;
    put(&o, authority.p, at);
    bool is_file = kai_ascii_is(scheme, "file") && authority.n == 0;
    if (!is_file && !put_host(&o, kai_view_from(authority, at), port))
        return false;
    rest = kai_view_from(rest, authority.n);
    if (port[0] != '\0' && (rest.n == 0 || rest.p[0] == '?' || rest.p[0] == '#'))
        put(&o, "/", 1);
    put(&o, rest.p, rest.n);
    *n = o.n;
    return o.ok;
}

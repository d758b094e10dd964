/* guess: what a bare word is. */
#include "item/value.h"

#include <stdio.h>
#include <string.h>

#include "item/ascii.h"
#include "item/host.h"
#include "item/ip.h"

struct guess {
    enum kai_vtype *type;
    char *out;
    size_t cap;
    size_t *n;
    struct kai_why *why;
};

static enum kai_err as(struct guess *g, enum kai_vtype type, struct kai_view t)
{
    *g->type = type;
    return kai_value_norm(type, t, g->out, g->cap, g->n, g->why);
}

static bool all_hex(struct kai_view t)
{
    for (size_t i = 0; i < t.n; i++)
        if (kai_ascii_hex(t.p[i]) < 0)
            return false;
    return true;
}

enum kai_vtype kai_value_hash_type(struct kai_view t)
{
    enum kai_vtype type = t.n == 32    ? KAI_V_MD5
                          : t.n == 40  ? KAI_V_SHA1
                          : t.n == 56  ? KAI_V_SHA224
                          : t.n == 64  ? KAI_V_SHA256
                          : t.n == 96  ? KAI_V_SHA384
                          : t.n == 128 ? KAI_V_SHA512
                                       : KAI_V_NONE;

    if (type != KAI_V_NONE)
        return all_hex(t) ? type : KAI_V_NONE;
    if (t.n == 72 && kai_ascii_begins(t, "t1") && all_hex(kai_view_from(t, 2)))
        return KAI_V_TLSH;
    return t.n == 70 && all_hex(t) ? KAI_V_TLSH : KAI_V_NONE;
}

static bool is_registry(struct kai_view t)
{
    return kai_ascii_begins(t, "HKEY_") || kai_ascii_begins(t, "HKLM\\") ||
           kai_ascii_begins(t, "HKCU\\") || kai_ascii_begins(t, "HKCR\\") ||
           kai_ascii_begins(t, "HKU\\") || kai_ascii_begins(t, "HKCC\\");
}

static bool is_windows_path(struct kai_view t)
{
    return (t.n > 3 && kai_ascii_alpha(t.p[0]) && t.p[1] == ':' && t.p[2] == '\\') ||
           kai_ascii_begins(t, "\\\\") ||
           (t.n > 2 && t.p[0] == '%' && memchr(t.p + 1, '%', t.n - 1) != NULL &&
            memchr(t.p, '\\', t.n) != NULL);
}

static bool is_path(struct kai_view t)
{
    return is_windows_path(t) || (t.n > 1 && t.p[0] == '/' && t.p[1] != '/');
}

bool kai_value_holds_blanks(struct kai_view text)
{
    return is_registry(text) || is_windows_path(text);
}

/* Ends of names that are no top-level domain and that people put into lists of files. */
bool kai_value_is_file_name(struct kai_view t)
{
    static const char *const ends[] = {
        "exe",  "dll",  "sys",  "bat",  "ps1", "vbs",  "vbe",   "jse", "hta", "lnk", "scr",
        "msi",  "jar",  "apk",  "elf",  "bin", "dat",  "tmp",   "txt", "log", "doc", "docx",
        "docm", "xls",  "xlsx", "xlsm", "ppt", "pptx", "pdf",   "rtf", "php", "asp", "aspx",
        "jsp",  "html", "htm",  "iso",  "img", "rar",  "7z",    "gz",  "tar", "cab", "xml",
        "json", "js",   "conf", "ini",  "cfg", "csv",  "plist", "dmg", "deb", "rpm",
    };
    size_t at = t.n;

    while (at > 0 && t.p[at - 1] != '.')
        at--;
    for (size_t i = 0; at > 0 && i < sizeof ends / sizeof ends[0]; i++)
        if (kai_ascii_is(kai_view_from(t, at), ends[i]))
            return true;
    return false;
}

static bool is_port(struct kai_view t)
{
    size_t i = 0;

    while (i < t.n && kai_ascii_digit(t.p[i]))
        i++;
    return i > 0 && i <= 5 && i == t.n;
}

/* What is an address or a name with a dot, alone. */
static enum kai_vtype host_type(struct kai_view t)
{
    char text[KAI_DOMAIN_CAP];
    struct kai_cidr ip;
    size_t n;

    if (kai_ip4_parse(&ip, t))
        return KAI_V_IPV4;
    if (kai_ip6_parse(&ip, t))
        return KAI_V_IPV6;
    if (kai_domain_norm(t, text, &n) && memchr(text, '.', n) != NULL)
        return KAI_V_DOMAIN;
    return KAI_V_NONE;
}

/* One port, or several: lists of trails name all that a host was seen on. */
static bool are_ports(struct kai_view t)
{
    while (t.n > 0 && t.p[0] == ':') {
        struct kai_view port = kai_view_from(t, 1);

        port.n = kai_view_find(port, ':');
        if (!is_port(port))
            return false;
        t = kai_view_from(t, port.n + 1);
    }
    return t.n == 0;
}

/* What stands behind a block and a sign that separates: a row of a table, and no path of a URL. */
static bool is_row(enum kai_vtype type, struct kai_view rest)
{
    size_t n = 1;

    while (n < rest.n && n <= 2 && kai_ascii_digit(rest.p[n]))
        n++;
    return type == KAI_V_IPV4 && rest.n > n && n > 1 && rest.p[0] == '/' &&
           (rest.p[n] == ',' || rest.p[n] == ';' || rest.p[n] == '|');
}

/* host, host:port, [v6]:port, host/path, host:port/path. */
static enum kai_err guess_host(struct guess *g, struct kai_view t)
{
    enum kai_vtype type = host_type(t);
    struct kai_view host = t;
    struct kai_view rest;

    if (type == KAI_V_DOMAIN && kai_value_is_file_name(t))
        return as(g, KAI_V_FILE_NAME, t);
    if (type != KAI_V_NONE)
        return as(g, type, t);
    if (t.n > 0 && t.p[0] == '[') {
        size_t end = kai_view_find(t, ']');

        if (end == t.n)
            return KAI_ENOTFOUND;
        host = kai_view_of(t.p + 1, end - 1);
        rest = kai_view_from(t, end + 1);
    } else {
        while (host.n > 0 && memchr(t.p, ':', host.n) != NULL)
            host.n = kai_view_find(host, ':');
        host.n = kai_view_find(host, '/');
        rest = kai_view_from(t, host.n);
    }
    type = host_type(host);
    if (type == KAI_V_NONE || memchr(host.p, '/', host.n) != NULL || is_row(type, rest))
        return KAI_ENOTFOUND;
    if (rest.n == 0 || (rest.n == 1 && rest.p[0] == '/'))
        return as(g, type, host);
    if (are_ports(rest))
        return as(g, type, host);
    struct kai_view port = rest;
    port.n = kai_view_find(rest, '/');
    if (port.n == rest.n || (port.n > 0 && !is_port(kai_view_from(port, 1))))
        return KAI_ENOTFOUND;
    return as(g, KAI_V_URL, t);
}

static bool has_scheme(struct kai_view t)
{
    size_t at = kai_view_find(t, ':');

    return at > 0 && t.n >= at + 3 && t.p[at + 1] == '/' && t.p[at + 2] == '/';
}

static bool has_blank(struct kai_view t)
{
    return memchr(t.p, ' ', t.n) != NULL || memchr(t.p, '\t', t.n) != NULL;
}

static enum kai_err guess_plain(struct guess *g, struct kai_view t)
{
    enum kai_vtype type;

    if (t.n == 0 || has_blank(t))
        return KAI_ENOTFOUND;
    if (has_scheme(t))
        return as(g, KAI_V_URL, t);
    type = kai_value_hash_type(t);
    if (type != KAI_V_NONE)
        return as(g, type, t);
    if (kai_ascii_begins(t, "cve-"))
        return as(g, KAI_V_CVE, t);
    if (kai_ascii_begins(t, "cpe:2.3:"))
        return as(g, KAI_V_CPE, t);
    if (t.n > 2 && t.n <= 12 && kai_ascii_begins(t, "as") && kai_ascii_digit(t.p[2]) &&
        memchr(t.p, '.', t.n) == NULL)
        return as(g, KAI_V_ASN, t);
    if (t.n == 17 && (t.p[2] == ':' || t.p[2] == '-') &&
        kai_value_norm(KAI_V_MAC, t, g->out, g->cap, g->n, NULL) == KAI_OK)
        return as(g, KAI_V_MAC, t);
    if (memchr(t.p, '@', t.n) != NULL && memchr(t.p, '/', t.n) == NULL)
        return as(g, KAI_V_EMAIL, kai_view_from(t, kai_ascii_begins(t, "mailto:") ? 7 : 0));
    if (guess_host(g, t) == KAI_OK)
        return KAI_OK;
    return kai_value_norm(KAI_V_SSDEEP, t, g->out, g->cap, g->n, NULL) == KAI_OK
               ? as(g, KAI_V_SSDEEP, t)
               : KAI_ENOTFOUND;
}

/* Whether refanging could change it: saves most words of a list a copy. */
static bool may_be_fanged(struct kai_view t)
{
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] == '[' || t.p[i] == '(' || t.p[i] == '{' || t.p[i] == '\\' || t.p[i] == '*' ||
            t.p[i] == ' ')
            return true;
    return kai_ascii_begins(t, "hxxp") || kai_ascii_begins(t, "htxp") ||
           kai_ascii_begins(t, "hxtp") || kai_ascii_begins(t, "fxp");
}

static struct kai_view trimmed(struct kai_view t)
{
    while (t.n > 0 && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t'))
        t.n--;
    while (t.n > 0 && (t.p[0] == ' ' || t.p[0] == '\t'))
        t = kai_view_from(t, 1);
    return t;
}

static enum kai_err unknown(struct kai_why *why, struct kai_view t)
{
    char shown[KAI_WHY_ARG_BYTES];
    size_t n = t.n < sizeof shown - 1 ? t.n : sizeof shown - 1;

    while (n > 0 && n < t.n && (t.p[n] & 0xc0) == 0x80)
        n--;
    memcpy(shown, t.p, n);
    shown[n] = '\0';
    return kai_why_set(why, KAI_ENOTFOUND, "value.unknown", shown, NULL, NULL);
}

enum kai_err kai_value_guess(struct kai_view text, enum kai_vtype *type, char *out, size_t cap,
                             size_t *n, struct kai_why *why)
{
    struct guess g = {.type = type, .out = out, .cap = cap, .n = n, .why = why};
    struct kai_view t = trimmed(text);
    struct kai_buf plain;
    enum kai_err err;

    *type = KAI_V_NONE;
    *n = 0;
    if (t.n == 0)
        return kai_why_set(why, KAI_ENOTFOUND, "value.empty", "", NULL, NULL);
    if (t.n > 2 * KAI_VALUE_BYTES_MAX) {
        char bytes[24];
        char limit[24];

        (void)snprintf(bytes, sizeof bytes, "%zu", t.n);
        (void)snprintf(limit, sizeof limit, "%u", (unsigned int)KAI_VALUE_BYTES_MAX);
        return kai_why_set(why, KAI_EMALFORMED, "value.long", "", bytes, limit);
    }
    if (!kai_utf8_ok(t.p, t.n))
        return kai_why_set(why, KAI_EMALFORMED, "value.utf8", "", NULL, NULL);
    if (is_registry(t))
        return as(&g, KAI_V_REGKEY, t);
    if (is_path(t))
        return as(&g, KAI_V_FILE_PATH, t);
    if (!may_be_fanged(t)) {
        err = guess_plain(&g, t);
    } else {
        kai_buf_init(&plain, 2 * KAI_VALUE_BYTES_MAX);
        err = kai_refang(t, &plain);
        if (err == KAI_OK)
            err = guess_plain(&g, kai_buf_view(&plain));
        kai_buf_free(&plain);
    }
    return err == KAI_ENOTFOUND ? unknown(why, t) : err;
}

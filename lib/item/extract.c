/* extract: the indicators in a line of free text. */
#include "item/extract.h"

#include <string.h>

#include "item/ascii.h"
#include "item/host.h"
#include "item/ip.h"

enum kai_err kai_extract_init(struct kai_extract *x)
{
    kai_buf_init(&x->plain, KAI_EXTRACT_LINE_BYTES);
    kai_buf_init(&x->marks, KAI_EXTRACT_LINE_BYTES);
    return kai_fit_init(&x->fit);
}

void kai_extract_free(struct kai_extract *x)
{
    kai_buf_free(&x->plain);
    kai_buf_free(&x->marks);
}

/* ---- One value. */
static struct kai_view part(struct kai_view t, size_t begin, size_t end)
{
    return kai_view_of(t.p + begin, end - begin);
}

/* Whether a part of the line stands there without any disguise: only then its looks can deceive. */
static bool is_bare(const struct kai_extract *x, struct kai_view text)
{
    return memchr(x->marks.p + (text.p - x->plain.p), 1, text.n) == NULL;
}

static enum kai_err leave(struct kai_extract *x, enum kai_left why, struct kai_view text)
{
    x->left(x->ctx, why, text);
    return KAI_OK;
}

static enum kai_err take(struct kai_extract *x, enum kai_vtype type, struct kai_view text)
{
    struct kai_view norm;
    size_t n;
    enum kai_err err = kai_value_norm(type, text, x->norm, sizeof x->norm, &n, NULL);

    if (err != KAI_OK)
        return err == KAI_ENOMEM ? err : KAI_OK;
    norm = kai_view_of(x->norm, n);
    if ((type == KAI_V_DOMAIN || type == KAI_V_URL || type == KAI_V_EMAIL) &&
        !kai_fit_suffix(&x->fit, type, norm))
        return leave(x, KAI_LEFT_SUFFIX, text);
    switch (kai_fit_judge(&x->fit, type, norm)) {
    case KAI_UNFIT_RANGE:
        return leave(x, KAI_LEFT_RANGE, text);
    case KAI_UNFIT_SUFFIX:
        return leave(x, KAI_LEFT_SUFFIX, text);
    case KAI_UNFIT_EMPTY:
        return leave(x, KAI_LEFT_EMPTY, text);
    case KAI_FIT:
    case KAI_UNFIT_OWN:
        break;
    }
    return x->found(x->ctx, type, norm);
}

/* ---- Names. */
static struct kai_view last_label(struct kai_view name)
{
    size_t n = 0;

    while (n < name.n && name.p[name.n - n - 1] != '.')
        n++;
    return kai_view_from(name, name.n - n);
}

/* Ends of files that are top-level domains as well: of two labels, a file is what it is. */
static bool is_file(struct kai_view name)
{
    static const char *const ends[] = {"md", "mov", "ps", "py", "sh", "so", "zip"};
    struct kai_view last = last_label(name);

    if (kai_value_is_file_name(name))
        return true;
    if (memchr(name.p, '.', name.n - last.n - 1) != NULL)
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (kai_ascii_is(last, ends[i]))
            return true;
    return false;
}

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

/* "the end.It begins": the last label is a word with a capital, what is before it ends in small. */
static bool is_joined(struct kai_view name)
{
    struct kai_view last = last_label(name);
    uint8_t before = name.p[name.n - last.n - 2];

    return last.p[0] >= 'A' && last.p[0] <= 'Z' && last.n > 1 && is_lower(last.p[1]) &&
           is_lower(before) && memchr(name.p, '.', name.n - last.n - 1) == NULL;
}

/* "e.g", "i.e", "U.S": nobody's host, and not worth a word. */
static bool is_abbreviation(struct kai_view name)
{
    return name.n <= 3 || (name.n == 5 && name.p[1] == '.' && name.p[3] == '.');
}

static enum kai_err take_name(struct kai_extract *x, struct kai_view name)
{
    char norm[KAI_DOMAIN_CAP];
    size_t n;

    if (!kai_domain_norm(name, norm, &n) || memchr(norm, '.', n) == NULL || is_abbreviation(name))
        return KAI_OK;
    if (is_file(name) && is_bare(x, name))
        return leave(x, KAI_LEFT_FILE, name);
    if (is_joined(name) && is_bare(x, name))
        return leave(x, KAI_LEFT_JOINED, name);
    return take(x, KAI_V_DOMAIN, name);
}

/* ---- What has no "://". */
static bool is_edge(uint8_t c)
{
    return c == '.' || c == ':' || c == '/' || c == '-' || c == '_' || c == '+' || c == '%';
}

static struct kai_view trimmed(struct kai_view t)
{
    while (t.n > 0 && is_edge(t.p[t.n - 1]))
        t.n--;
    while (t.n > 0 && is_edge(t.p[0]))
        t = kai_view_from(t, 1);
    return t;
}

static bool one_digit(struct kai_view t)
{
    size_t i = 1;

    while (i < t.n && t.p[i] == t.p[0])
        i++;
    return i == t.n;
}

static bool all_digits(struct kai_view t)
{
    size_t i = 0;

    while (i < t.n && kai_ascii_digit(t.p[i]))
        i++;
    return i == t.n && t.n > 0;
}

/* A piece without colons and slashes. hosts: names and addresses may be in it. */
static enum kai_err take_atom(struct kai_extract *x, struct kai_view t, bool hosts)
{
    enum kai_vtype hash;
    struct kai_cidr ip;

    t = trimmed(t);
    if (t.n < 4)
        return KAI_OK;
    hash = kai_value_hash_type(t);
    if (hash != KAI_V_NONE)
        return one_digit(t) ? leave(x, KAI_LEFT_EMPTY, t) : take(x, hash, t);
    if (kai_ascii_begins(t, "cve-"))
        return take(x, KAI_V_CVE, t);
    if (memchr(t.p, '@', t.n) != NULL)
        return x->no_mail ? KAI_OK : take(x, KAI_V_EMAIL, t);
    if (!hosts)
        return KAI_OK;
    return kai_ip4_parse(&ip, t) ? take(x, KAI_V_IPV4, t) : take_name(x, t);
}

static enum kai_err take_each(struct kai_extract *x, struct kai_view t, uint8_t separator,
                              bool hosts)
{
    enum kai_err err = KAI_OK;

    while (err == KAI_OK && t.n > 0) {
        size_t n = kai_view_find(t, separator);

        err = take_atom(x, part(t, 0, n), hosts);
        t = kai_view_from(t, n < t.n ? n + 1 : n);
    }
    return err;
}

/* An IPv6 address or block; "abc::def" of a program is one as well, so only what is routed counts.
 */
static bool is_ip6(struct kai_view *t, bool *routed)
{
    struct kai_cidr ip;

    if (t->n > 2 && t->p[t->n - 1] == ':' && t->p[t->n - 2] != ':')
        t->n--;
    if (memchr(t->p, ':', t->n) == NULL || !kai_ip6_parse(&ip, *t))
        return false;
    *routed = (ip.addr[0] & 0xe0) == 0x20; /* 2000::/3 */
    return true;
}

/* A piece between separators. in_path: of C:\one\two, whose parts look like hosts. */
static enum kai_err take_piece(struct kai_extract *x, struct kai_view t, bool in_path)
{
    struct kai_cidr ip;
    bool routed;

    while (t.n > 0 && (t.p[t.n - 1] == '.' || t.p[t.n - 1] == '/'))
        t.n--;
    if (t.n < 4)
        return KAI_OK;
    if (is_ip6(&t, &routed))
        return routed ? take(x, KAI_V_IPV6, t) : leave(x, KAI_LEFT_RANGE, t);
    if (kai_ip4_parse(&ip, t))
        return take(x, KAI_V_IPV4, t);
    if (in_path || memchr(t.p, '/', t.n) != NULL)
        return take_each(x, t, '/', false);
    size_t colon = kai_view_find(t, ':');
    if (colon < t.n && all_digits(kai_view_from(t, colon + 1)))
        t.n = colon; /* host:port */
    return take_each(x, t, ':', true);
}

/* ---- URLs. */
static bool is_between(uint8_t c)
{
    return c != '\0' && strchr(",;()[]{}'=*\\!#$&^~?", c) != NULL;
}

/* Where a URL ends that begins the word and has its path, or its host, at path. scheme: it has one;
 * else a comma ends it, as another may follow. */
static size_t url_end(struct kai_view w, size_t path, bool scheme)
{
    int round = 0, square = 0, curly = 0;
    size_t end = path;

    for (; end < w.n; end++) {
        uint8_t c = w.p[end];

        round += (c == '(') - (c == ')');
        square += (c == '[') - (c == ']');
        curly += (c == '{') - (c == '}');
        if (round < 0 || square < 0 || curly < 0 || c == '\'' || c == '\\' || c == '^')
            break;
        if (!scheme && (c == ',' || c == ';'))
            break;
        if (c == ',' || c == ';') { /* A list, where another URL follows. */
            struct kai_view rest = kai_view_from(w, end + 1);
            size_t n = 0;

            while (n < rest.n && kai_ascii_alpha(rest.p[n]))
                n++;
            if (n > 1 && kai_ascii_begins(kai_view_from(rest, n), "://"))
                break;
        }
    }
    while (end > path && (strchr(".,;:!?*([{", w.p[end - 1]) != NULL))
        end--;
    return end;
}

static bool is_scheme(struct kai_view t)
{
    static const char *const names[] = {"http", "https", "ftp", "ftps", "sftp",
                                        "tftp", "ws",    "wss", "tcp",  "udp",
                                        "ldap", "ldaps", "smb", "ssh",  "rtsp"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (kai_ascii_is(t, names[i]))
            return true;
    return false;
}

/* host/path or host:port/path at begin; where its path begins, 0 for none. The host is an address,
 * or has a top-level domain and is no file. */
static size_t path_at(const struct kai_extract *x, struct kai_view t)
{
    char norm[KAI_DOMAIN_CAP];
    struct kai_view host = t;
    struct kai_cidr ip;
    size_t slash = kai_view_find(t, '/');
    size_t n;

    if (slash + 1 >= t.n || is_between(t.p[slash + 1]))
        return 0;
    host.n = slash;
    n = kai_view_find(host, ':');
    if (n < host.n && !all_digits(part(host, n + 1, host.n)))
        return 0;
    host.n = n;
    if (kai_ip4_parse(&ip, host)) { /* A block is none: 192.0.2.0/24. */
        host = t;
        while (host.n > 0 && (is_between(host.p[host.n - 1]) || host.p[host.n - 1] == '.'))
            host.n--;
        return kai_ip4_parse(&ip, host) ? 0 : slash;
    }
    if (!kai_domain_norm(host, norm, &n) || memchr(norm, '.', n) == NULL || is_file(host) ||
        !kai_fit_suffix(&x->fit, KAI_V_DOMAIN, kai_view_of(norm, n)))
        return 0;
    return slash;
}

/* ---- Words. */
/* Without a URL that has a scheme: pieces between signs. */
static enum kai_err take_pieces(struct kai_extract *x, struct kai_view w)
{
    enum kai_err err = KAI_OK;
    size_t i = 0;

    while (err == KAI_OK && i < w.n) {
        size_t end = i;
        size_t path;

        while (end < w.n && !is_between(w.p[end]))
            end++;
        bool in_path = i > 0 && w.p[i - 1] == '\\';
        path = in_path || memchr(w.p + i, '@', end - i) != NULL ? 0 : path_at(x, part(w, i, end));
        if (path > 0) {
            end = i + url_end(kai_view_from(w, i), path, false);
            err = take(x, KAI_V_URL, part(w, i, end));
        } else {
            err = take_piece(x, part(w, i, end), in_path);
        }
        i = end + (end == i);
    }
    return err;
}

static enum kai_err take_word(struct kai_extract *x, struct kai_view w)
{
    enum kai_err err = KAI_OK;

    for (size_t at = 0; err == KAI_OK && at + 3 < w.n; at++) {
        size_t begin = at;
        size_t end;

        if (memcmp(w.p + at, "://", 3) != 0)
            continue;
        while (begin > 0 && kai_ascii_alpha(w.p[begin - 1]))
            begin--;
        if (!is_scheme(part(w, begin, at)))
            continue;
        err = take_pieces(x, part(w, 0, begin));
        end = url_end(w, at + 3, true);
        if (err == KAI_OK && end > at + 3)
            err = take(x, KAI_V_URL, part(w, begin, end));
        w = kai_view_from(w, end);
        at = (size_t)-1;
    }
    return err == KAI_OK ? take_pieces(x, w) : err;
}

/* What no value in a text has. */
static bool is_break(uint8_t c)
{
    return c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '`' || c == '|';
}

/* Fields of a mail's head whose ids look like addresses. */
static bool has_ids(struct kai_view line)
{
    static const char *const fields[] = {
        "Message-ID:", "In-Reply-To:", "References:", "Content-ID:"};

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (kai_ascii_begins(line, fields[i]))
            return true;
    return false;
}

enum kai_err kai_extract_line(struct kai_extract *x, struct kai_view line)
{
    struct kai_view t;
    enum kai_err err;

    x->no_mail = has_ids(line);
    kai_buf_clear(&x->plain);
    kai_buf_clear(&x->marks);
    err = kai_refang_marked(line, &x->plain, &x->marks);
    t = kai_buf_view(&x->plain);
    for (size_t i = 0; err == KAI_OK && i < t.n;) {
        size_t end = i;

        while (end < t.n && !is_break(t.p[end]))
            end++;
        /* A dot beside a letter that is not ASCII: the rest of a name of such letters. */
        bool far = (i > 0 && t.p[i - 1] >= 0x80 && end > i && t.p[i] == '.') ||
                   (end < t.n && t.p[end] >= 0x80 && end > i && t.p[end - 1] == '.');
        if (!far)
            err = take_word(x, part(t, i, end));
        i = end + 1;
    }
    return err;
}

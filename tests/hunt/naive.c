/* naive: which known values a line holds, the long way. */
#include "hunt/naive.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "item/ip.h"

static bool is_word(uint8_t c)
{
    return isalnum(c) || c == '.' || c == '-' || c == '_' || c >= 0x80;
}

static bool under(const char *name, const char *parent)
{
    size_t a = strlen(name);
    size_t b = strlen(parent);

    return (a == b || (a > b && name[a - b - 1] == '.')) && strcmp(name + a - b, parent) == 0 &&
           strchr(parent, '.') != NULL;
}

static bool inside(enum kai_vtype type, const char *addr, const char *block)
{
    struct kai_cidr a, b;
    size_t n = type == KAI_V_IPV4 ? 4 : 16;
    bool ok = n == 4 ? kai_ip4_parse(&a, kai_view_of(addr, strlen(addr))) &&
                           kai_ip4_parse(&b, kai_view_of(block, strlen(block)))
                     : kai_ip6_parse(&a, kai_view_of(addr, strlen(addr))) &&
                           kai_ip6_parse(&b, kai_view_of(block, strlen(block)));

    kai_ip_mask(a.addr, n, b.bits);
    return ok && memcmp(a.addr, b.addr, n) == 0;
}

/* A text that stands in the line, of this type: whatever known value it means. */
static void is_there(enum kai_vtype type, struct kai_view text, const struct known *known, size_t n,
                     bool *found)
{
    char norm[KAI_VALUE_BYTES_MAX + 1];
    size_t len;

    if (kai_value_norm(type, text, norm, sizeof norm - 1, &len, NULL) != KAI_OK)
        return;
    norm[len] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (known[i].type != type)
            continue;
        if (type == KAI_V_DOMAIN ? under(norm, known[i].norm)
            : type == KAI_V_IPV4 || type == KAI_V_IPV6
                ? memchr(text.p, '/', text.n) == NULL && inside(type, norm, known[i].norm)
                : strcmp(norm, known[i].norm) == 0)
            found[i] = true;
    }
}

/* Addresses between hyphens, and before the port of tcpdump. */
static void addresses(struct kai_view w, const struct known *known, size_t n, bool *found)
{
    for (size_t i = 0, begin = 0; i <= w.n; i++) {
        size_t end = begin;

        if (i < w.n && w.p[i] != '-' && w.p[i] != '_')
            continue;
        for (unsigned dots = 0; end < i && (w.p[end] != '.' || ++dots < 4);)
            end++;
        bool digits = true;
        for (size_t k = begin; k < i; k++)
            digits = digits && (isdigit(w.p[k]) || w.p[k] == '.');
        if (digits)
            is_there(KAI_V_IPV4, kai_view_of(w.p + begin, end - begin), known, n, found);
        begin = i + 1;
    }
}

static void word(struct kai_view w, const struct known *known, size_t n, bool *found)
{
    static const enum kai_vtype types[] = {KAI_V_DOMAIN, KAI_V_MD5, KAI_V_SHA1,
                                           KAI_V_SHA256, KAI_V_MAC, KAI_V_CVE};

    while (w.n > 0 && w.p[0] == '.')
        w = kai_view_of(w.p + 1, w.n - 1);
    while (w.n > 0 && w.p[w.n - 1] == '.')
        w.n--;
    if (memchr(w.p, '.', w.n) == NULL && w.n > 2 && tolower(w.p[0]) == 'a')
        is_there(KAI_V_ASN, w, known, n, found);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        is_there(types[i], w, known, n, found);
    addresses(w, known, n, found);
    for (size_t i = 0; i < w.n; i++) /* What is no name may have a parent that is one. */
        if (w.p[i] == '.')
            is_there(KAI_V_DOMAIN, kai_view_of(w.p + i + 1, w.n - i - 1), known, n, found);
}

/* Whether a run with colons may begin there: at a group or at two colons, and not inside of one. */
static bool begins_run(struct kai_view line, size_t at)
{
    size_t colon = at;
    size_t word;

    if (at > 0 && is_word(line.p[at - 1]))
        return false;
    if (line.p[at] == ':')
        return (at == 0 || line.p[at - 1] != ':') && at + 1 < line.n && line.p[at + 1] == ':';
    for (word = at; word < line.n && is_word(line.p[word]); word++)
        if (word - at >= 4 || !isxdigit(line.p[word]))
            return false;
    while (colon > 0 && line.p[colon - 1] == ':')
        colon--;
    word = colon;
    while (word > 0 && is_word(line.p[word - 1]))
        word--;
    if (word == colon)
        return at - colon < 2;
    for (size_t i = word; i < colon; i++)
        if (!isxdigit(line.p[i]) || colon - word > 4)
            return true;
    return colon == at;
}

/* Returns where the run ends: another one begins behind it. */
static size_t colons(struct kai_view line, size_t at, const struct known *known, size_t n,
                     bool *found)
{
    size_t end = at;
    size_t run;

    if (!begins_run(line, at))
        return at;
    while (end < line.n && (isxdigit(line.p[end]) || line.p[end] == ':' || line.p[end] == '.'))
        end++;
    run = end;
    if (end < line.n && is_word(line.p[end]))
        return run;
    while (end > at && (line.p[end - 1] == '.' ||
                        (line.p[end - 1] == ':' && end - at > 1 && line.p[end - 2] != ':')))
        end--;
    is_there(KAI_V_IPV6, kai_view_of(line.p + at, end - at), known, n, found);
    is_there(KAI_V_MAC, kai_view_of(line.p + at, end - at), known, n, found);
    return run;
}

static bool ends_url(uint8_t c)
{
    return c <= ' ' || strchr("\"<>`,;|)]}'\\!*&", c) != NULL;
}

static void urls(struct kai_view line, size_t at, const struct known *known, size_t n, bool *found)
{
    size_t begin = at;

    while (begin > 0 && isalnum(line.p[begin - 1]))
        begin--;
    while (begin < at && isdigit(line.p[begin])) /* No scheme begins with one. */
        begin++;
    if (begin == at)
        return;
    for (size_t end = at + 4; end <= line.n; end++) {
        size_t next = end;

        while (next < line.n && strchr(".:?", line.p[next]) != NULL)
            next++;
        if (next == line.n || ends_url(line.p[next]))
            is_there(KAI_V_URL, kai_view_of(line.p + begin, end - begin), known, n, found);
        if (end < line.n && (line.p[end] <= ' ' || strchr("\"<>`", line.p[end]) != NULL))
            break;
    }
}

static void mail(struct kai_view line, size_t at, const struct known *known, size_t n, bool *found)
{
    size_t begin = at;
    size_t end = at + 1;

    while (begin > 0 && (is_word(line.p[begin - 1]) || strchr("+%", line.p[begin - 1]) != NULL))
        begin--;
    while (end < line.n && is_word(line.p[end]))
        end++;
    while (begin < at && line.p[begin] == '.')
        begin++;
    while (end > at && line.p[end - 1] == '.')
        end--;
    is_there(KAI_V_EMAIL, kai_view_of(line.p + begin, end - begin), known, n, found);
}

void naive_find(struct kai_view line, const struct known *known, size_t n, bool *found)
{
    size_t run = 0;

    for (size_t i = 0; i < line.n; i++) {
        size_t end = i;

        if (line.p[i] == '@')
            mail(line, i, known, n, found);
        if (i + 3 <= line.n && memcmp(line.p + i, "://", 3) == 0)
            urls(line, i, known, n, found);
        if (i >= run && (isxdigit(line.p[i]) || line.p[i] == ':'))
            run = colons(line, i, known, n, found);
        if (i > 0 && is_word(line.p[i - 1]))
            continue;
        while (end < line.n && is_word(line.p[end]))
            end++;
        word(kai_view_of(line.p + i, end - i), known, n, found);
    }
}

/* refang: undo and do what keeps people from clicking. */
#include "item/value.h"

#include <string.h>

#include "item/ascii.h"

static const struct {
    const char *from;
    const char *to;
} SIGNS[] = {
    {"[.]", "."},     {"(.)", "."},   {"{.}", "."},     {"[dot]", "."},   {"(dot)", "."},
    {"{dot}", "."},   {" [.] ", "."}, {" [dot] ", "."}, {" (dot) ", "."}, {" [at] ", "@"},
    {" (at) ", "@"},  {" [@] ", "@"}, {"[d0t]", "."},   {" dot ", "."},   {"[:]", ":"},
    {"[://]", "://"}, {"[@]", "@"},   {"(@)", "@"},     {"(at)", "@"},    {"[at]", "@"},
    {"{at}", "@"},    {"[/]", "/"},   {"\\.", "."},
};

static const struct {
    const char *from;
    const char *to;
} SCHEMES[] = {
    {"hxxp", "http"}, {"h**p", "http"}, {"htxp", "http"}, {"hxtp", "http"}, {"fxp", "ftp"},
};

/* What may stand behind a scheme, disguised or not. */
static bool is_after_scheme(struct kai_view rest)
{
    if (rest.n > 0 && (rest.p[0] == 's' || rest.p[0] == 'S'))
        rest = kai_view_from(rest, 1);
    return kai_ascii_begins(rest, ":") || kai_ascii_begins(rest, "[:");
}

/* The length of the disguise that rest begins with and what it stands for; 0 for none. */
static size_t disguise(struct kai_view rest, bool at_word, const char **to)
{
    if (at_word)
        for (size_t i = 0; i < sizeof SCHEMES / sizeof SCHEMES[0]; i++) {
            size_t n = strlen(SCHEMES[i].from);

            *to = SCHEMES[i].to;
            if (kai_ascii_begins(rest, SCHEMES[i].from) && is_after_scheme(kai_view_from(rest, n)))
                return n;
        }
    for (size_t i = 0; i < sizeof SIGNS / sizeof SIGNS[0]; i++) {
        *to = SIGNS[i].to;
        if (kai_ascii_begins(rest, SIGNS[i].from))
            return strlen(SIGNS[i].from);
    }
    return 0;
}

bool kai_disguised(struct kai_view text, bool at_word)
{
    const char *to;

    return disguise(text, at_word, &to) > 0;
}

static void undo(struct kai_view text, struct kai_buf *out, struct kai_buf *marks)
{
    bool at_word = true;
    size_t i = 0;

    while (i < text.n) {
        const char *to;
        size_t n = disguise(kai_view_from(text, i), at_word, &to);

        if (n > 0) {
            kai_buf_text(out, to);
            for (; marks != NULL && *to != '\0'; to++)
                kai_buf_u8(marks, 1);
            at_word = false;
            i += n;
            continue;
        }
        at_word = !kai_ascii_alpha(text.p[i]) && !kai_ascii_digit(text.p[i]);
        kai_buf_u8(out, text.p[i++]);
        if (marks != NULL)
            kai_buf_u8(marks, 0);
    }
}

enum kai_err kai_refang(struct kai_view text, struct kai_buf *out)
{
    undo(text, out, NULL);
    return out->err;
}

enum kai_err kai_refang_marked(struct kai_view text, struct kai_buf *out, struct kai_buf *marks)
{
    undo(text, out, marks);
    return out->err != KAI_OK ? out->err : marks->err;
}

/* Every dot and at sign of a host as [.] and [@]. */
static void defang_host(struct kai_view host, struct kai_buf *out)
{
    for (size_t i = 0; i < host.n; i++) {
        if (host.p[i] == '.')
            kai_buf_text(out, "[.]");
        else if (host.p[i] == '@')
            kai_buf_text(out, "[@]");
        else
            kai_buf_u8(out, host.p[i]);
    }
}

static void defang_url(struct kai_view url, struct kai_buf *out)
{
    size_t at = 0;

    if (kai_ascii_begins(url, "http")) {
        kai_buf_text(out, "hxxp");
        at = 4;
    } else if (kai_ascii_begins(url, "ftp")) {
        kai_buf_text(out, "fxp");
        at = 3;
    }
    while (at < url.n && url.p[at] != ':')
        kai_buf_u8(out, url.p[at++]);

    size_t end = at;
    while (end < url.n && (url.p[end] == ':' || url.p[end] == '/') && end < at + 3)
        end++;
    kai_buf_add(out, url.p + at, end - at);
    at = end;
    while (end < url.n && url.p[end] != '/' && url.p[end] != '?' && url.p[end] != '#')
        end++;
    defang_host(kai_view_of(url.p + at, end - at), out);
    kai_buf_add(out, url.p + end, url.n - end);
}

enum kai_err kai_value_defang(enum kai_vtype type, struct kai_view norm, struct kai_buf *out)
{
    if (type == KAI_V_URL || type == KAI_V_ARTIFACT)
        defang_url(norm, out);
    else if (type == KAI_V_IPV4 || type == KAI_V_DOMAIN || type == KAI_V_EMAIL)
        defang_host(norm, out);
    else
        kai_buf_add(out, norm.p, norm.n);
    return out->err;
}

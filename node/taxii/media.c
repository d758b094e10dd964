/* media: the media types of TAXII 2.1, as headers name them. */
#include "node/taxii/media.h"

#include <string.h>
#include <strings.h>

#include "base/bytes.h"

static struct kai_view trim(struct kai_view v)
{
    while (v.n > 0 && (v.p[0] == ' ' || v.p[0] == '\t'))
        v = kai_view_of(v.p + 1, v.n - 1);
    while (v.n > 0 && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
        v.n--;
    return v;
}

static bool same(struct kai_view v, const char *text)
{
    return v.n == strlen(text) && strncasecmp((const char *)v.p, text, v.n) == 0;
}

/* What stands before the next mark outside of quotes; *rest is what stands behind it. */
static struct kai_view part(struct kai_view *rest, char mark)
{
    struct kai_view all = *rest;
    bool quoted = false;
    size_t n = 0;

    while (n < all.n && (quoted || all.p[n] != (uint8_t)mark)) {
        if (quoted && all.p[n] == '\\' && n + 1 < all.n)
            n++;
        else if (all.p[n] == '"')
            quoted = !quoted;
        n++;
    }
    *rest = n < all.n ? kai_view_of(all.p + n + 1, all.n - n - 1) : kai_view_of(all.p + all.n, 0);
    return trim(kai_view_of(all.p, n));
}

/* "version=2.1", "q = 0.5": the value without its quotes. */
static struct kai_view value_of(struct kai_view param, struct kai_view *name)
{
    *name = part(&param, '=');
    param = trim(param);
    if (param.n >= 2 && param.p[0] == '"' && param.p[param.n - 1] == '"')
        param = kai_view_of(param.p + 1, param.n - 2);
    return param;
}

/* "0", "0.0", "0.000": not this one. */
static bool is_zero(struct kai_view q)
{
    if (q.n == 0 || q.p[0] != '0')
        return false;
    for (size_t i = 1; i < q.n; i++)
        if (q.p[i] != (i == 1 ? '.' : '0'))
            return false;
    return true;
}

/* A type with its parameters. */
static bool fits(struct kai_view range, const char *const *types, size_t n)
{
    struct kai_view type = part(&range, ';');
    size_t i = 0;

    while (i < n && !same(type, types[i]))
        i++;
    while (i < n && range.n > 0) {
        struct kai_view name;
        struct kai_view value = value_of(part(&range, ';'), &name);

        if ((same(name, "version") && !same(value, "2.1")) || (same(name, "q") && is_zero(value)))
            return false;
    }
    return i < n;
}

bool kai_taxii_accepted(const char *accept)
{
    static const char *const types[] = {"application/taxii+json", "application/json",
                                        "application/*", "*/*"};
    struct kai_view rest =
        accept == NULL ? (struct kai_view){0} : kai_view_of(accept, strlen(accept));

    if (trim(rest).n == 0)
        return true;
    while (rest.n > 0)
        if (fits(part(&rest, ','), types, sizeof types / sizeof types[0]))
            return true;
    return false;
}

bool kai_taxii_postable(const char *content_type)
{
    static const char *const types[] = {"application/taxii+json"};

    return content_type != NULL && fits(kai_view_of(content_type, strlen(content_type)), types, 1);
}

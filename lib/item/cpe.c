/* cpe: matching of product names and of versions. */
#include "item/cpe.h"

#include <string.h>

#include "item/ascii.h"

bool kai_cpe_fields(struct kai_view name, struct kai_view field[static KAI_CPE_FIELDS])
{
    static const char begin[] = "cpe:2.3:";
    size_t n = 0;
    size_t at = sizeof begin - 1;

    if (name.n <= at || memcmp(name.p, begin, at) != 0)
        return false;
    for (size_t from = at; at <= name.n; at++) {
        if (at < name.n && name.p[at] == '\\') {
            at++;
            continue;
        }
        if (at < name.n && name.p[at] != ':')
            continue;
        if (n == KAI_CPE_FIELDS)
            return false;
        field[n++] = kai_view_of(name.p + from, at - from);
        from = at + 1;
    }
    return n == KAI_CPE_FIELDS;
}

/* A field without its backslashes; what is a wildcard is one of these. */
#define ANY_RUN 1u
#define ANY_ONE 2u

struct plain {
    uint8_t p[KAI_CPE_FIELD_MAX];
    size_t n;
};

static bool plain_of(struct kai_view field, struct plain *out)
{
    out->n = 0;
    for (size_t i = 0; i < field.n; i++) {
        uint8_t c = field.p[i];

        if (out->n == sizeof out->p)
            return false;
        if (c == '\\' && i + 1 < field.n)
            c = field.p[++i];
        else if (c == '*')
            c = ANY_RUN;
        else if (c == '?')
            c = ANY_ONE;
        out->p[out->n++] = c;
    }
    return true;
}

/* How much may stand where the wildcards at one end are; *at moves over them. */
static size_t slack(const struct plain *f, size_t *from, size_t *to, bool at_end)
{
    size_t most = 0;

    while (*from < *to) {
        uint8_t c = f->p[at_end ? *to - 1 : *from];

        if (c != ANY_RUN && c != ANY_ONE)
            break;
        most = c == ANY_RUN ? KAI_CPE_FIELD_MAX : most + 1;
        if (at_end)
            --*to;
        else
            ++*from;
    }
    return most;
}

static bool is_any(struct kai_view field)
{
    return field.n == 1 && field.p[0] == '*';
}

static bool field_fits(struct kai_view pattern, struct kai_view own)
{
    struct plain p;
    struct plain t;
    size_t from = 0;

    if (is_any(pattern) || is_any(own))
        return true;
    if (!plain_of(pattern, &p) || !plain_of(own, &t))
        return false;
    if (own.n == 1 && own.p[0] == '-')
        return pattern.n == 1 && pattern.p[0] == '-';
    size_t to = p.n;
    size_t before = slack(&p, &from, &to, false);
    size_t behind = slack(&p, &from, &to, true);
    size_t core = to - from;
    for (size_t at = 0; at <= before && at + core <= t.n; at++) {
        if (t.n - at - core <= behind && memcmp(t.p + at, p.p + from, core) == 0)
            return true;
    }
    return false;
}

static bool in_range(const struct kai_cpe_range *r, struct kai_view v)
{
    return (r->from.n == 0 || kai_version_compare(v, r->from) >= 0) &&
           (r->from_after.n == 0 || kai_version_compare(v, r->from_after) > 0) &&
           (r->to.n == 0 || kai_version_compare(v, r->to) <= 0) &&
           (r->to_before.n == 0 || kai_version_compare(v, r->to_before) < 0);
}

bool kai_cpe_match(struct kai_view pattern, const struct kai_cpe_range *range,
                   struct kai_view product)
{
    struct kai_view p[KAI_CPE_FIELDS];
    struct kai_view own[KAI_CPE_FIELDS];
    struct plain version;

    if (!kai_cpe_fields(pattern, p) || !kai_cpe_fields(product, own))
        return false;
    for (size_t i = 0; i < KAI_CPE_FIELDS; i++) {
        if (!field_fits(p[i], own[i]))
            return false;
    }
    if (range == NULL || is_any(own[KAI_CPE_VERSION]))
        return true;
    return plain_of(own[KAI_CPE_VERSION], &version) &&
           in_range(range, kai_view_of(version.p, version.n));
}

/* ---- Versions: runs of digits, and runs of letters. */
struct token {
    struct kai_view text; /* n = 0: the end. */
    bool number;
};

static struct token next(struct kai_view *rest)
{
    struct token t = {.number = false};
    size_t n = 0;

    while (rest->n > 0 && !kai_ascii_digit(rest->p[0]) && !kai_ascii_alpha(rest->p[0]))
        *rest = kai_view_of(rest->p + 1, rest->n - 1);
    if (rest->n == 0)
        return t;
    t.number = kai_ascii_digit(rest->p[0]);
    while (n < rest->n && (t.number ? kai_ascii_digit(rest->p[n]) : kai_ascii_alpha(rest->p[n])))
        n++;
    t.text = kai_view_of(rest->p, n);
    *rest = kai_view_of(rest->p + n, rest->n - n);
    while (t.number && t.text.n > 1 && t.text.p[0] == '0')
        t.text = kai_view_of(t.text.p + 1, t.text.n - 1);
    return t;
}

static bool is_zero(const struct token *t)
{
    return t->number && t->text.n == 1 && t->text.p[0] == '0';
}

static bool is_early(const struct token *t)
{
    static const char *const words[] = {"alpha", "beta", "pre", "preview", "rc", "dev"};

    for (size_t i = 0; !t->number && i < sizeof words / sizeof words[0]; i++) {
        if (kai_ascii_is(t->text, words[i]))
            return true;
    }
    return false;
}

/* Against the end of the other version. */
static int against_end(const struct token *t)
{
    if (is_zero(t))
        return 0;
    return is_early(t) ? -1 : 1;
}

static int compare_tokens(const struct token *a, const struct token *b)
{
    if (a->text.n == 0 || b->text.n == 0)
        return a->text.n == 0 ? -against_end(b) : against_end(a);
    if (a->number != b->number)
        return a->number ? 1 : -1;
    if (is_early(a) != is_early(b))
        return is_early(a) ? -1 : 1;
    if (a->number && a->text.n != b->text.n)
        return a->text.n > b->text.n ? 1 : -1;
    size_t n = a->text.n < b->text.n ? a->text.n : b->text.n;
    for (size_t i = 0; i < n; i++) {
        int c = kai_ascii_lower(a->text.p[i]) - kai_ascii_lower(b->text.p[i]);

        if (c != 0)
            return c > 0 ? 1 : -1;
    }
    return (a->text.n > b->text.n) - (a->text.n < b->text.n);
}

int kai_version_compare(struct kai_view a, struct kai_view b)
{
    for (;;) {
        struct token x = next(&a);
        struct token y = next(&b);
        int c;

        if (x.text.n == 0 && y.text.n == 0)
            return 0;
        c = compare_tokens(&x, &y);
        if (c != 0)
            return c;
    }
}

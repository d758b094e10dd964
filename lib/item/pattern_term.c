/* pattern_term: conditions inside the brackets of a pattern. */
#include <stdio.h>

#include "item/ascii.h"
#include "item/pattern_parse.h"

static bool want_sign(struct parser *p, char c, const char *expected)
{
    if (!kai_pattern_is_sign(p, c))
        return kai_pattern_fail(p, expected);
    kai_pattern_next(p);
    return true;
}

/* One component of a path behind ":" or ".". */
static bool read_component(struct parser *p, struct kai_path *path)
{
    char name[KAI_PATH_CAP];

    if (p->t.kind == TOKEN_NAME) {
        kai_path_add(path, p->t.text.p, p->t.text.n);
    } else if (p->t.kind == TOKEN_STRING && p->t.text.n > 0) {
        if (p->t.text.n > sizeof name)
            path->too_long = true;
        else
            kai_path_add(path, name, kai_pattern_unescape(name, p->t.text));
    } else {
        return kai_pattern_fail(p, "property");
    }
    kai_pattern_next(p);
    return true;
}

static bool read_index(struct parser *p)
{
    kai_pattern_next(p);
    if (!kai_pattern_is_sign(p, '*') && (p->t.kind != TOKEN_INT || p->t.text.p[0] == '+'))
        return kai_pattern_fail(p, "index");
    kai_pattern_next(p);
    return want_sign(p, ']', "]");
}

static bool read_path(struct parser *p, struct kai_path *path)
{
    *path = (struct kai_path){.n = 0};
    if (p->t.kind != TOKEN_NAME && p->t.kind != TOKEN_HYPHEN_NAME)
        return kai_pattern_fail(p, "object path");
    kai_path_add(path, p->t.text.p, p->t.text.n);
    kai_pattern_next(p);
    if (!want_sign(p, ':', ":"))
        return false;
    kai_path_add(path, ":", 1);
    if (!read_component(p, path))
        return false;
    for (;;) {
        if (kai_pattern_is_sign(p, '[')) {
            if (!read_index(p))
                return false;
        } else if (kai_pattern_is_sign(p, '.')) {
            kai_pattern_next(p);
            kai_path_add(path, ".", 1);
            if (!read_component(p, path))
                return false;
        } else {
            return true;
        }
    }
}

static bool is_literal(enum token_kind kind)
{
    return kind == TOKEN_STRING || kind == TOKEN_INT || kind == TOKEN_FLOAT || kind == TOKEN_TIME ||
           kind == TOKEN_HEX || kind == TOKEN_BINARY || kind == TOKEN_TRUE || kind == TOKEN_FALSE;
}

/* As the reference validator does: a hash has the digits that its name says. */
static bool check_hash(struct parser *p, const struct kai_path *path)
{
    size_t digits = kai_path_hash_digits(path);
    bool ok = p->t.text.n == digits;
    char name[32];
    char text[KAI_WHY_ARG_BYTES];

    if (digits == 0 || p->t.kind != TOKEN_STRING)
        return true;
    for (size_t i = 0; ok && i < p->t.text.n; i++)
        ok = kai_ascii_hex(p->t.text.p[i]) >= 0;
    if (ok)
        return true;
    (void)snprintf(name, sizeof name, "%zu", digits);
    kai_pattern_shown(p, text, sizeof text);
    p->err = kai_why_set(p->why, KAI_EMALFORMED, "pattern.hash", text, name, NULL);
    return false;
}

static bool add_atom(struct parser *p, enum kai_vtype type, enum kai_path_use use)
{
    bool is_text = p->t.kind == TOKEN_STRING;
    struct atom a = {.at = (uint32_t)(p->t.text.p - p->lex.in.p),
                     .n = (uint32_t)p->t.text.n,
                     .type = (uint8_t)type};

    if (!is_text && !(p->t.kind == TOKEN_INT && type == KAI_V_ASN))
        return true;
    a.flags = (uint8_t)((is_text ? ATOM_STRING : 0) | (use == KAI_PATH_USE_SIDE ? ATOM_SIDE : 0));
    kai_buf_add(&p->atoms, &a, sizeof a);
    p->err = p->atoms.err;
    p->n_atoms += p->err == KAI_OK;
    return p->err == KAI_OK;
}

/* The right side of = or one member of IN. */
static bool read_literal(struct parser *p, const struct kai_path *path, bool is_atom)
{
    enum kai_vtype type;
    enum kai_path_use use = kai_path_lookup(path, &type);

    if (!is_literal(p->t.kind))
        return kai_pattern_fail(p, "literal");
    if (!check_hash(p, path))
        return false;
    if (is_atom && type != KAI_V_NONE && !add_atom(p, type, use))
        return false;
    kai_pattern_next(p);
    return true;
}

static bool read_set(struct parser *p, const struct kai_path *path, bool is_atom)
{
    if (!want_sign(p, '(', "("))
        return false;
    if (kai_pattern_is_sign(p, ')')) { /* An empty set is one. */
        kai_pattern_next(p);
        return true;
    }
    for (;;) {
        if (!read_literal(p, path, is_atom))
            return false;
        if (kai_pattern_is_sign(p, ')')) {
            kai_pattern_next(p);
            return true;
        }
        if (!want_sign(p, ',', ", or )"))
            return false;
    }
}

static bool read_order(struct parser *p)
{
    if (!is_literal(p->t.kind) || p->t.kind == TOKEN_TRUE || p->t.kind == TOKEN_FALSE)
        return kai_pattern_fail(p, "literal that has an order");
    kai_pattern_next(p);
    return true;
}

static bool read_text(struct parser *p, const struct kai_path *path, bool is_subset)
{
    enum kai_vtype type;

    if (p->t.kind != TOKEN_STRING)
        return kai_pattern_fail(p, "'string'");
    if (is_subset && kai_path_lookup(path, &type) == KAI_PATH_USE_VALUE &&
        (type == KAI_V_IPV4 || type == KAI_V_IPV6) && !add_atom(p, type, KAI_PATH_USE_VALUE))
        return false;
    kai_pattern_next(p);
    return true;
}

/* path [NOT] operator literal */
static bool read_test(struct parser *p)
{
    struct kai_path path;
    enum kai_vtype type;
    bool is_not = false;
    bool ok;

    if (!read_path(p, &path))
        return false;
    if (p->t.kind == TOKEN_NOT) {
        is_not = true;
        kai_pattern_next(p);
    }
    enum token_kind op = p->t.kind;
    if (op != TOKEN_EQUAL && op != TOKEN_UNEQUAL && op != TOKEN_ORDER && op != TOKEN_IN &&
        op != TOKEN_LIKE && op != TOKEN_MATCHES && op != TOKEN_ISSUBSET && op != TOKEN_ISSUPERSET)
        return kai_pattern_fail(p, "operator");
    kai_pattern_next(p);
    if (op == TOKEN_EQUAL || op == TOKEN_UNEQUAL)
        ok = read_literal(p, &path, op == TOKEN_EQUAL && !is_not);
    else if (op == TOKEN_ORDER)
        ok = read_order(p);
    else if (op == TOKEN_IN)
        ok = read_set(p, &path, !is_not);
    else if (op == TOKEN_LIKE || op == TOKEN_MATCHES || op == TOKEN_ISSUPERSET)
        ok = read_text(p, &path, false);
    else
        ok = read_text(p, &path, !is_not);
    if (!ok)
        return false;
    enum kai_path_use use = kai_path_lookup(&path, &type);
    kai_pattern_count(p, use == KAI_PATH_USE_NEUTRAL || use == KAI_PATH_USE_SIDE);
    return true;
}

static bool read_exists(struct parser *p)
{
    struct kai_path path;

    kai_pattern_next(p);
    if (!read_path(p, &path))
        return false;
    kai_pattern_count(p, false);
    return true;
}

bool kai_pattern_condition(struct parser *p)
{
    return p->t.kind == TOKEN_EXISTS ? read_exists(p) : read_test(p);
}

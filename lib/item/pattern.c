/* pattern: the grammar of STIX patterns, with a stack of its own. */
#include "item/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "item/ascii.h"
#include "item/pattern_lex.h"
#include "item/pattern_path.h"

/* A comparison whose truth speaks for the pattern. */
struct atom {
    uint32_t at; /* The literal in the pattern. */
    uint32_t n;
    uint8_t type;
    uint8_t flags;
};

enum {
    ATOM_STRING = 1,   /* The literal has escapes. */
    ATOM_SIDE = 2,     /* Partial wherever it stands. */
    ATOM_NARROWED = 4, /* Other conditions hold in the same observation. */
    ATOM_JOINED = 8,   /* Other observations have to be made too. */
};

/* An open bracket or parenthesis. Atoms are told by their number in the pattern. */
struct frame {
    bool comparing;   /* Inside [ ]. */
    bool bracket;     /* The [ itself. */
    bool followed;    /* Has FOLLOWEDBY. */
    bool neutral;     /* Holds nothing that narrows. */
    size_t begin;     /* The first atom. */
    size_t and_begin; /* The first atom of the run of ANDs that is being read. */
    size_t and_n;     /* Its conditions, without neutral ones. */
};

struct parser {
    struct lexer lex;
    struct token t; /* The next one. */
    struct kai_why *why;
    enum kai_err err;
    struct frame frames[KAI_PATTERN_DEPTH_MAX + 1];
    size_t depth;
    struct kai_buf atoms;
    size_t n_atoms;
    size_t operand; /* The first atom of the last observation. */
    bool single;    /* It was [ ], not ( ). */
};

static struct atom *atom_at(struct parser *p, size_t i)
{
    return (struct atom *)(void *)p->atoms.p + i;
}

static void next(struct parser *p)
{
    p->t = kai_pattern_token(&p->lex);
}

/* The column, in characters and from 1. */
static size_t column(const struct parser *p)
{
    size_t n = 1;

    for (size_t i = 0; i < p->t.at; i++)
        n += (p->lex.in.p[i] & 0xc0) != 0x80;
    return n;
}

static void shown(const struct parser *p, char *out, size_t cap)
{
    size_t n = p->t.text.n < cap - 1 ? p->t.text.n : cap - 1;

    while (n > 0 && n < p->t.text.n && (p->t.text.p[n] & 0xc0) == 0x80)
        n--;
    if (n > 0)
        memcpy(out, p->t.text.p, n);
    out[n] = '\0';
}

static bool fail_syntax(struct parser *p, const char *expected)
{
    char found[48];
    char at[24];

    shown(p, found, sizeof found);
    (void)snprintf(at, sizeof at, "%zu", column(p));
    if (p->t.kind == TOKEN_BAD_STRING || p->t.kind == TOKEN_BAD_LITERAL)
        p->err = kai_why_set(p->why, KAI_EMALFORMED, "pattern.literal", found, at, NULL);
    else
        p->err = kai_why_set(p->why, KAI_EMALFORMED, "pattern.syntax", found, expected, at);
    return false;
}

static bool is_sign(const struct parser *p, char c)
{
    return p->t.kind == TOKEN_SIGN && p->t.text.p[0] == (uint8_t)c;
}

static bool want_sign(struct parser *p, char c, const char *expected)
{
    if (!is_sign(p, c))
        return fail_syntax(p, expected);
    next(p);
    return true;
}

static bool push(struct parser *p, bool comparing, bool bracket)
{
    char limit[16];

    if (p->depth > KAI_PATTERN_DEPTH_MAX) {
        (void)snprintf(limit, sizeof limit, "%u", KAI_PATTERN_DEPTH_MAX);
        p->err = kai_why_set(p->why, KAI_ELIMIT, "pattern.depth", limit, NULL, NULL);
        return false;
    }
    p->frames[p->depth++] = (struct frame){
        .comparing = comparing,
        .bracket = bracket,
        .neutral = true,
        .begin = p->n_atoms,
        .and_begin = p->n_atoms,
    };
    return true;
}

static void mark(struct parser *p, size_t from, uint8_t flag)
{
    for (size_t i = from; i < p->n_atoms; i++)
        atom_at(p, i)->flags |= flag;
}

/* A condition of the run of ANDs is complete. */
static void condition(struct parser *p, bool neutral)
{
    struct frame *f = &p->frames[p->depth - 1];

    if (!neutral) {
        f->neutral = false;
        f->and_n++;
    }
}

/* A run of ANDs ends, at OR, FOLLOWEDBY or the end of the group. */
static void end_run(struct parser *p)
{
    struct frame *f = &p->frames[p->depth - 1];

    if (f->and_n > 1)
        mark(p, f->and_begin, f->comparing ? ATOM_NARROWED : ATOM_JOINED);
    f->and_begin = p->n_atoms;
    f->and_n = 0;
}

static void end_group(struct parser *p)
{
    end_run(p);
    if (p->frames[p->depth - 1].followed)
        mark(p, p->frames[p->depth - 1].begin, ATOM_JOINED);
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
        return fail_syntax(p, "property");
    }
    next(p);
    return true;
}

static bool read_index(struct parser *p)
{
    next(p);
    if (!is_sign(p, '*') && (p->t.kind != TOKEN_INT || p->t.text.p[0] == '+'))
        return fail_syntax(p, "index");
    next(p);
    return want_sign(p, ']', "]");
}

static bool read_path(struct parser *p, struct kai_path *path)
{
    *path = (struct kai_path){.n = 0};
    if (p->t.kind != TOKEN_NAME && p->t.kind != TOKEN_HYPHEN_NAME)
        return fail_syntax(p, "object path");
    kai_path_add(path, p->t.text.p, p->t.text.n);
    next(p);
    if (!want_sign(p, ':', ":"))
        return false;
    kai_path_add(path, ":", 1);
    if (!read_component(p, path))
        return false;
    for (;;) {
        if (is_sign(p, '[')) {
            if (!read_index(p))
                return false;
        } else if (is_sign(p, '.')) {
            next(p);
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
    shown(p, text, sizeof text);
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
        return fail_syntax(p, "literal");
    if (!check_hash(p, path))
        return false;
    if (is_atom && type != KAI_V_NONE && !add_atom(p, type, use))
        return false;
    next(p);
    return true;
}

static bool read_set(struct parser *p, const struct kai_path *path, bool is_atom)
{
    if (!want_sign(p, '(', "("))
        return false;
    if (is_sign(p, ')')) { /* An empty set is one. */
        next(p);
        return true;
    }
    for (;;) {
        if (!read_literal(p, path, is_atom))
            return false;
        if (is_sign(p, ')')) {
            next(p);
            return true;
        }
        if (!want_sign(p, ',', ", or )"))
            return false;
    }
}

static bool read_order(struct parser *p)
{
    if (!is_literal(p->t.kind) || p->t.kind == TOKEN_TRUE || p->t.kind == TOKEN_FALSE)
        return fail_syntax(p, "literal that has an order");
    next(p);
    return true;
}

static bool read_text(struct parser *p, const struct kai_path *path, bool is_subset)
{
    enum kai_vtype type;

    if (p->t.kind != TOKEN_STRING)
        return fail_syntax(p, "'string'");
    if (is_subset && kai_path_lookup(path, &type) == KAI_PATH_USE_VALUE &&
        (type == KAI_V_IPV4 || type == KAI_V_IPV6) && !add_atom(p, type, KAI_PATH_USE_VALUE))
        return false;
    next(p);
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
        next(p);
    }
    enum token_kind op = p->t.kind;
    next(p);
    if (op == TOKEN_EQUAL || op == TOKEN_UNEQUAL)
        ok = read_literal(p, &path, op == TOKEN_EQUAL && !is_not);
    else if (op == TOKEN_ORDER)
        ok = read_order(p);
    else if (op == TOKEN_IN)
        ok = read_set(p, &path, !is_not);
    else if (op == TOKEN_LIKE || op == TOKEN_MATCHES || op == TOKEN_ISSUPERSET)
        ok = read_text(p, &path, false);
    else if (op == TOKEN_ISSUBSET)
        ok = read_text(p, &path, !is_not);
    else
        return fail_syntax(p, "operator");
    if (!ok)
        return false;
    enum kai_path_use use = kai_path_lookup(&path, &type);
    condition(p, use == KAI_PATH_USE_NEUTRAL || use == KAI_PATH_USE_SIDE);
    return true;
}

static bool read_exists(struct parser *p)
{
    struct kai_path path;

    next(p);
    if (!read_path(p, &path))
        return false;
    condition(p, false);
    return true;
}

/* Where a condition or observation must come. *done: it came whole; else a group was opened. */
static bool read_operand(struct parser *p, bool *done)
{
    bool comparing = p->frames[p->depth - 1].comparing;

    *done = false;
    if (is_sign(p, '(')) {
        next(p);
        return push(p, comparing, false);
    }
    if (!comparing) {
        if (!is_sign(p, '['))
            return fail_syntax(p, "[ or (");
        next(p);
        return push(p, true, true);
    }
    *done = true;
    return p->t.kind == TOKEN_EXISTS ? read_exists(p) : read_test(p);
}

static bool read_within(struct parser *p)
{
    next(p);
    if ((p->t.kind != TOKEN_INT && p->t.kind != TOKEN_FLOAT) || p->t.text.p[0] == '-')
        return fail_syntax(p, "number of seconds");
    next(p);
    if (p->t.kind != TOKEN_SECONDS)
        return fail_syntax(p, "SECONDS");
    next(p);
    return true;
}

/* first: not yet said of this observation; marking again would only cost time. */
static bool read_repeats(struct parser *p, bool first)
{
    next(p);
    if (p->t.kind != TOKEN_INT || p->t.text.p[0] == '-')
        return fail_syntax(p, "number of times");
    if (first) /* Also for REPEATS 1, which nobody writes. */
        mark(p, p->operand, ATOM_JOINED);
    next(p);
    if (p->t.kind != TOKEN_TIMES)
        return fail_syntax(p, "TIMES");
    next(p);
    return true;
}

static bool read_start_stop(struct parser *p)
{
    next(p);
    if (p->t.kind != TOKEN_TIME)
        return fail_syntax(p, "t'time'");
    next(p);
    if (p->t.kind != TOKEN_STOP)
        return fail_syntax(p, "STOP");
    next(p);
    if (p->t.kind != TOKEN_TIME)
        return fail_syntax(p, "t'time'");
    next(p);
    return true;
}

/* Behind an observation. One kind twice on one observation is refused; around parentheses it may
 * come again. */
static bool read_qualifiers(struct parser *p)
{
    bool seen[3] = {false, false, false};

    for (;;) {
        static const char *const names[] = {"WITHIN", "REPEATS", "START STOP"};
        int kind = p->t.kind == TOKEN_WITHIN    ? 0
                   : p->t.kind == TOKEN_REPEATS ? 1
                   : p->t.kind == TOKEN_START   ? 2
                                                : -1;

        if (kind < 0)
            return true;
        if (seen[kind] && p->single) {
            p->err =
                kai_why_set(p->why, KAI_EMALFORMED, "pattern.qualifier", names[kind], NULL, NULL);
            return false;
        }
        if (!(kind == 0   ? read_within(p)
              : kind == 1 ? read_repeats(p, !seen[1])
                          : read_start_stop(p)))
            return false;
        seen[kind] = true;
    }
}

/* A group closes: what it was becomes an operand of the one around it. */
static void pop(struct parser *p)
{
    struct frame f;

    end_group(p);
    f = p->frames[--p->depth];
    p->operand = f.begin;
    p->single = f.bracket;
    condition(p, f.neutral && f.comparing && !f.bracket);
    next(p);
}

/* Where an operator or an end must come. *done: the pattern is complete. *more: an operand must
 * follow. */
static bool read_operator(struct parser *p, bool *more, bool *done)
{
    struct frame *f = &p->frames[p->depth - 1];

    *more = true;
    *done = false;
    if (!f->comparing && !read_qualifiers(p))
        return false;
    if (p->t.kind == TOKEN_AND) {
        next(p);
        return true;
    }
    if (p->t.kind == TOKEN_OR || (p->t.kind == TOKEN_FOLLOWEDBY && !f->comparing)) {
        f->followed = f->followed || p->t.kind == TOKEN_FOLLOWEDBY;
        end_run(p);
        next(p);
        return true;
    }
    *more = false;
    if (p->depth > 1 && is_sign(p, f->bracket ? ']' : ')')) {
        pop(p);
        return true;
    }
    if (p->depth == 1 && p->t.kind == TOKEN_END) {
        end_group(p);
        *done = true;
        return true;
    }
    return fail_syntax(p, p->depth == 1 ? "end of pattern" : f->bracket ? "]" : ")");
}

/* Parse all of it; p->atoms is the caller's to free. */
static enum kai_err parse(struct parser *p, struct kai_view pattern, struct kai_why *why)
{
    char bytes[24];
    char limit[24];
    bool more = true;
    bool done = false;

    *p = (struct parser){.lex = {.in = pattern}, .why = why};
    kai_buf_init(&p->atoms, (size_t)KAI_PATTERN_BYTES_MAX * sizeof(struct atom));
    if (pattern.n > KAI_PATTERN_BYTES_MAX) {
        (void)snprintf(bytes, sizeof bytes, "%zu", pattern.n);
        (void)snprintf(limit, sizeof limit, "%u", KAI_PATTERN_BYTES_MAX);
        return kai_why_set(why, KAI_ELIMIT, "pattern.size", bytes, limit, NULL);
    }
    if (!kai_utf8_ok(pattern.p, pattern.n))
        return kai_why_set(why, KAI_EMALFORMED, "pattern.utf8", NULL, NULL, NULL);
    (void)push(p, false, false);
    next(p);
    while (!done) {
        bool whole = true;

        if (more && !read_operand(p, &whole))
            return p->err;
        if (!whole) /* A group was opened: its first operand comes. */
            continue;
        if (!read_operator(p, &more, &done))
            return p->err;
    }
    return KAI_OK;
}

enum kai_err kai_pattern_check(struct kai_view pattern, struct kai_why *why)
{
    struct parser p;
    enum kai_err err = parse(&p, pattern, why);

    kai_buf_free(&p.atoms);
    return err;
}

static bool is_hash(enum kai_vtype type)
{
    return type >= KAI_V_MD5 && type <= KAI_V_SHA512;
}

static enum kai_atom strength(const struct atom *a, enum kai_vtype type)
{
    if ((a->flags & (ATOM_SIDE | ATOM_JOINED)) != 0)
        return KAI_ATOM_PARTIAL;
    return (a->flags & ATOM_NARROWED) != 0 && !is_hash(type) ? KAI_ATOM_PARTIAL : KAI_ATOM_STRONG;
}

enum kai_err kai_pattern_atoms(struct kai_view pattern, kai_atom_fn *f, void *ctx)
{
    struct parser p;
    char text[KAI_VALUE_BYTES_MAX];
    char norm[KAI_VALUE_BYTES_MAX];
    enum kai_err err = parse(&p, pattern, NULL);

    for (size_t i = 0; err == KAI_OK && i < p.n_atoms; i++) {
        const struct atom *a = atom_at(&p, i);
        enum kai_vtype type = kai_vtype_of(a->type);
        struct kai_view v = kai_view_of(pattern.p + a->at, a->n);
        size_t n;

        if ((a->flags & ATOM_STRING) != 0) {
            if (v.n > 2 * sizeof text || v.n > sizeof text)
                continue;
            v = kai_view_of(text, kai_pattern_unescape(text, v));
        }
        if (kai_value_settle(&type, v, norm, sizeof norm, &n) &&
            !f(ctx, type, kai_view_of(norm, n), strength(a, type)))
            break;
    }
    kai_buf_free(&p.atoms);
    return err;
}

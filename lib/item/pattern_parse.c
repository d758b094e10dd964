/* pattern_parse: the grammar of STIX patterns around conditions, with a stack of its own. */
#include "item/pattern_parse.h"

#include <stdio.h>
#include <string.h>

void kai_pattern_next(struct parser *p)
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

void kai_pattern_shown(const struct parser *p, char *out, size_t cap)
{
    size_t n = p->t.text.n < cap - 1 ? p->t.text.n : cap - 1;

    while (n > 0 && n < p->t.text.n && (p->t.text.p[n] & 0xc0) == 0x80)
        n--;
    if (n > 0)
        memcpy(out, p->t.text.p, n);
    out[n] = '\0';
}

bool kai_pattern_fail(struct parser *p, const char *expected)
{
    char found[48];
    char at[24];

    kai_pattern_shown(p, found, sizeof found);
    (void)snprintf(at, sizeof at, "%zu", column(p));
    if (p->t.kind == TOKEN_BAD_STRING || p->t.kind == TOKEN_BAD_LITERAL)
        p->err = kai_why_set(p->why, KAI_EMALFORMED, "pattern.literal", found, at, NULL);
    else
        p->err = kai_why_set(p->why, KAI_EMALFORMED, "pattern.syntax", found, expected, at);
    return false;
}

bool kai_pattern_is_sign(const struct parser *p, char c)
{
    return p->t.kind == TOKEN_SIGN && p->t.text.p[0] == (uint8_t)c;
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
        kai_pattern_atom(p, i)->flags |= flag;
}

void kai_pattern_count(struct parser *p, bool neutral)
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

/* Where a condition or observation must come. *done: it came whole; else a group was opened. */
static bool read_operand(struct parser *p, bool *done)
{
    bool comparing = p->frames[p->depth - 1].comparing;

    *done = false;
    if (kai_pattern_is_sign(p, '(')) {
        kai_pattern_next(p);
        return push(p, comparing, false);
    }
    if (!comparing) {
        if (!kai_pattern_is_sign(p, '['))
            return kai_pattern_fail(p, "[ or (");
        kai_pattern_next(p);
        return push(p, true, true);
    }
    *done = true;
    return kai_pattern_condition(p);
}

static bool read_within(struct parser *p)
{
    kai_pattern_next(p);
    if ((p->t.kind != TOKEN_INT && p->t.kind != TOKEN_FLOAT) || p->t.text.p[0] == '-')
        return kai_pattern_fail(p, "number of seconds");
    kai_pattern_next(p);
    if (p->t.kind != TOKEN_SECONDS)
        return kai_pattern_fail(p, "SECONDS");
    kai_pattern_next(p);
    return true;
}

/* first: not yet said of this observation; marking again would only cost time. */
static bool read_repeats(struct parser *p, bool first)
{
    kai_pattern_next(p);
    if (p->t.kind != TOKEN_INT || p->t.text.p[0] == '-')
        return kai_pattern_fail(p, "number of times");
    if (first) /* Also for REPEATS 1, which nobody writes. */
        mark(p, p->operand, ATOM_JOINED);
    kai_pattern_next(p);
    if (p->t.kind != TOKEN_TIMES)
        return kai_pattern_fail(p, "TIMES");
    kai_pattern_next(p);
    return true;
}

static bool read_start_stop(struct parser *p)
{
    kai_pattern_next(p);
    if (p->t.kind != TOKEN_TIME)
        return kai_pattern_fail(p, "t'time'");
    kai_pattern_next(p);
    if (p->t.kind != TOKEN_STOP)
        return kai_pattern_fail(p, "STOP");
    kai_pattern_next(p);
    if (p->t.kind != TOKEN_TIME)
        return kai_pattern_fail(p, "t'time'");
    kai_pattern_next(p);
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
    kai_pattern_count(p, f.neutral && f.comparing && !f.bracket);
    kai_pattern_next(p);
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
        kai_pattern_next(p);
        return true;
    }
    if (p->t.kind == TOKEN_OR || (p->t.kind == TOKEN_FOLLOWEDBY && !f->comparing)) {
        f->followed = f->followed || p->t.kind == TOKEN_FOLLOWEDBY;
        end_run(p);
        kai_pattern_next(p);
        return true;
    }
    *more = false;
    if (p->depth > 1 && kai_pattern_is_sign(p, f->bracket ? ']' : ')')) {
        pop(p);
        return true;
    }
    if (p->depth == 1 && p->t.kind == TOKEN_END) {
        end_group(p);
        *done = true;
        return true;
    }
    return kai_pattern_fail(p, p->depth == 1 ? "end of pattern" : f->bracket ? "]" : ")");
}

/* Parse all of it; p->atoms is the caller's to free. */
enum kai_err kai_pattern_parse(struct parser *p, struct kai_view pattern, struct kai_why *why)
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
    kai_pattern_next(p);
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

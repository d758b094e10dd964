/* expr: from an expression's text to terms and a program over them. */
#include "query/expr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/expr_priv.h"

/* What waits on the stack. A larger number binds closer. */
enum op { OP_OPEN, OP_OR, OP_AND, OP_NOT };

#define OPS_MAX (2u * KAI_QUERY_DEPTH_MAX + KAI_QUERY_TERMS_MAX)

struct parser {
    struct kai_query *q;
    struct lexer lexer;
    struct token token;
    enum op op[OPS_MAX];
    size_t n_ops;
    size_t depth;      /* Open parentheses and NOTs on the stack. */
    bool have_operand; /* What came last can stand before an operator. */
    const struct kai_query_names *names;
    uint64_t now_ms;
    struct kai_why *why;
};

static enum kai_err refuse(struct parser *p, const char *expected)
{
    const char *found = p->token.kind == TOKEN_END ? "" : p->token.text;

    kai_why_at(p->why, 0, "%zu", p->token.column);
    return kai_why_set(p->why, KAI_EMALFORMED, "query.syntax", found, expected, NULL);
}

static enum kai_err too_much(struct parser *p, const char *code, const char *what, unsigned limit)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%u", limit);
    kai_why_at(p->why, 0, "%zu", p->token.column);
    if (what == NULL)
        return kai_why_set(p->why, KAI_ELIMIT, code, text, NULL, NULL);
    return kai_why_set(p->why, KAI_ELIMIT, code, what, text, NULL);
}

static void step(struct parser *p, int s)
{
    struct kai_query *q = p->q;

    if (s == STEP_NOT && q->n_steps > 0 && q->step[q->n_steps - 1] == STEP_NOT)
        q->n_steps--; /* Twice is not at all; so steps stay fewer than STEPS_MAX. */
    else
        q->step[q->n_steps++] = (int16_t)s;
}

/* Put out the operators on the stack that bind at least as close. */
static void reduce(struct parser *p, enum op down_to)
{
    while (p->n_ops > 0 && p->op[p->n_ops - 1] >= down_to && p->op[p->n_ops - 1] != OP_OPEN) {
        enum op top = p->op[--p->n_ops];

        if (top == OP_NOT)
            p->depth--;
        step(p, top == OP_NOT ? STEP_NOT : top == OP_AND ? STEP_AND : STEP_OR);
    }
}

static enum kai_err push(struct parser *p, enum op op)
{
    if (op == OP_OPEN || op == OP_NOT) {
        if (p->depth == KAI_QUERY_DEPTH_MAX)
            return too_much(p, "query.depth", NULL, KAI_QUERY_DEPTH_MAX);
        p->depth++;
    } else {
        reduce(p, op);
    }
    if (p->n_ops == OPS_MAX)
        return too_much(p, "query.depth", NULL, KAI_QUERY_DEPTH_MAX);
    p->op[p->n_ops++] = op;
    p->have_operand = false;
    return KAI_OK;
}

/* Before what begins an operand: side by side means AND. */
static enum kai_err joined(struct parser *p)
{
    return p->have_operand ? push(p, OP_AND) : KAI_OK;
}

static enum kai_err on_word(struct parser *p)
{
    enum kai_err err = joined(p);

    if (err != KAI_OK)
        return err;
    if (p->q->n_terms == KAI_QUERY_TERMS_MAX)
        return too_much(p, "query.too-long", "terms", KAI_QUERY_TERMS_MAX);
    err = kai_term_make(p->q, &p->token, p->names, p->now_ms, p->why);
    if (err != KAI_OK)
        return err;
    step(p, (int)p->q->n_terms - 1);
    p->have_operand = true;
    return KAI_OK;
}

static enum kai_err on_close(struct parser *p)
{
    if (!p->have_operand)
        return refuse(p, "term");
    reduce(p, OP_OR);
    if (p->n_ops == 0)
        return refuse(p, "end");
    p->n_ops--;
    p->depth--;
    return KAI_OK;
}

static enum kai_err on_token(struct parser *p)
{
    enum kai_err err = KAI_OK;

    switch (p->token.kind) {
    case TOKEN_WORD:
        return on_word(p);
    case TOKEN_OPEN:
    case TOKEN_NOT:
        err = joined(p);
        return err != KAI_OK ? err : push(p, p->token.kind == TOKEN_OPEN ? OP_OPEN : OP_NOT);
    case TOKEN_AND:
    case TOKEN_OR:
        if (!p->have_operand)
            return refuse(p, "term");
        return push(p, p->token.kind == TOKEN_AND ? OP_AND : OP_OR);
    case TOKEN_CLOSE:
        return on_close(p);
    case TOKEN_END:
        if (!p->have_operand && (p->n_ops > 0 || p->q->n_steps > 0))
            return refuse(p, "term");
        reduce(p, OP_OR);
        return p->n_ops > 0 ? refuse(p, ")") : KAI_OK;
    }
    return KAI_EMALFORMED;
}

static enum kai_err parse(struct parser *p)
{
    enum kai_err err;

    do {
        err = kai_lexer_next(&p->lexer, &p->token, p->why);
        if (err == KAI_OK)
            err = on_token(p);
    } while (err == KAI_OK && p->token.kind != TOKEN_END);
    return err;
}

static enum kai_err check_text(struct parser *p, struct kai_view text)
{
    p->token.column = 1;
    if (text.n > KAI_QUERY_BYTES_MAX)
        return too_much(p, "query.too-long", "bytes", KAI_QUERY_BYTES_MAX);
    p->token.kind = TOKEN_END;
    if (text.n > 0 && !kai_utf8_ok(text.p, text.n))
        return refuse(p, "UTF-8");
    for (size_t i = 0; i < text.n; i++) {
        if ((text.p[i] < 0x20 && strchr("\t\n\r", text.p[i]) == NULL) || text.p[i] == 0x7f ||
            text.p[i] == 0)
            return refuse(p, "text");
    }
    return KAI_OK;
}

enum kai_err kai_query_parse(struct kai_query **out, struct kai_view text,
                             const struct kai_query_names *names, uint64_t now_ms,
                             struct kai_why *why)
{
    struct kai_query *q = calloc(1, sizeof *q);
    struct parser *p = calloc(1, sizeof *p);
    enum kai_err err = KAI_ENOMEM;

    *out = NULL;
    if (q == NULL || p == NULL)
        goto out;
    kai_buf_init(&q->bytes, 16u << 20);
    *p = (struct parser){.q = q, .names = names, .now_ms = now_ms, .why = why};
    p->lexer = (struct lexer){.rest = text, .column = 1};
    err = check_text(p, text);
    if (err == KAI_OK)
        err = parse(p);
    if (err == KAI_OK) {
        *out = q;
        q = NULL;
    }
out:
    free(p);
    kai_query_free(q);
    return err;
}

void kai_query_free(struct kai_query *q)
{
    if (q == NULL)
        return;
    kai_buf_free(&q->bytes);
    free(q->seg);
    free(q);
}

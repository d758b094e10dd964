/* lexer: cuts an expression into words, operators and parentheses. */
#include <string.h>

#include "query/expr_priv.h"

static bool is_space(struct kai_view v, size_t *n)
{
    static const uint8_t wide[3] = {0xe3, 0x80, 0x80}; /* U+3000 */

    *n = 1;
    if (v.p[0] == ' ' || v.p[0] == '\t' || v.p[0] == '\n' || v.p[0] == '\r')
        return true;
    *n = 3;
    return v.n >= 3 && memcmp(v.p, wide, 3) == 0;
}

static void skip(struct lexer *l, size_t n)
{
    for (size_t i = 0; i < n; i++)
        l->column += (l->rest.p[i] & 0xc0) != 0x80;
    l->rest.p += n;
    l->rest.n -= n;
}

static enum kai_err refuse(struct kai_why *why, size_t column, const char *found,
                           const char *expected)
{
    kai_why_at(why, 0, "%zu", column);
    return kai_why_set(why, KAI_EMALFORMED, "query.syntax", found, expected, NULL);
}

/* One quoted stretch; l stands behind the opening quote. */
static enum kai_err quoted(struct lexer *l, struct token *t, struct kai_why *why)
{
    size_t column = l->column;

    while (l->rest.n > 0 && l->rest.p[0] != '"') {
        if (l->rest.p[0] == '\\' && l->rest.n > 1 && (l->rest.p[1] == '"' || l->rest.p[1] == '\\'))
            skip(l, 1);
        t->text[t->n++] = (char)l->rest.p[0];
        skip(l, 1);
    }
    if (l->rest.n == 0)
        return refuse(why, column, "", "\"");
    skip(l, 1);
    return KAI_OK;
}

/* Parentheses inside a word belong to it while they are in pairs: evil(dot)example. */
static enum kai_err word(struct lexer *l, struct token *t, struct kai_why *why)
{
    size_t open = 0;
    size_t space;
    bool had_quote = false;

    while (l->rest.n > 0 && !is_space(l->rest, &space)) {
        uint8_t c = l->rest.p[0];

        if (c == ')' && open == 0)
            break;
        if (c == '"') {
            enum kai_err err;

            if (!had_quote)
                t->bare_n = t->n;
            had_quote = true;
            skip(l, 1);
            err = quoted(l, t, why);
            if (err != KAI_OK)
                return err;
            continue;
        }
        if (c == '(')
            open++;
        else if (c == ')')
            open--;
        t->text[t->n++] = (char)c;
        skip(l, 1);
    }
    t->kind = TOKEN_WORD;
    if (!had_quote) {
        t->bare_n = t->n;
        if (t->n == 3 && memcmp(t->text, "AND", 3) == 0)
            t->kind = TOKEN_AND;
        else if (t->n == 2 && memcmp(t->text, "OR", 2) == 0)
            t->kind = TOKEN_OR;
        else if (t->n == 3 && memcmp(t->text, "NOT", 3) == 0)
            t->kind = TOKEN_NOT;
    }
    t->text[t->n] = '\0';
    return KAI_OK;
}

enum kai_err kai_lexer_next(struct lexer *l, struct token *t, struct kai_why *why)
{
    size_t n;

    while (l->rest.n > 0 && is_space(l->rest, &n))
        skip(l, n);
    t->n = 0;
    t->bare_n = 0;
    t->text[0] = '\0';
    t->column = l->column;
    t->kind = TOKEN_END;
    if (l->rest.n == 0)
        return KAI_OK;
    if (l->rest.p[0] != '(' && l->rest.p[0] != ')')
        return word(l, t, why);
    t->kind = l->rest.p[0] == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
    t->text[0] = (char)l->rest.p[0];
    t->text[1] = '\0';
    skip(l, 1);
    return KAI_OK;
}

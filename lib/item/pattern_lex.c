/* pattern_lex: tokens of a STIX pattern. */
#include "item/pattern_lex.h"

#include <stdint.h>

#include <unistr.h>

#include "item/ascii.h"

static const struct {
    const char *text;
    enum token_kind kind;
} KEYWORDS[] = {
    {"AND", TOKEN_AND},           {"OR", TOKEN_OR},
    {"NOT", TOKEN_NOT},           {"FOLLOWEDBY", TOKEN_FOLLOWEDBY},
    {"LIKE", TOKEN_LIKE},         {"MATCHES", TOKEN_MATCHES},
    {"ISSUBSET", TOKEN_ISSUBSET}, {"ISSUPERSET", TOKEN_ISSUPERSET},
    {"EXISTS", TOKEN_EXISTS},     {"IN", TOKEN_IN},
    {"START", TOKEN_START},       {"STOP", TOKEN_STOP},
    {"WITHIN", TOKEN_WITHIN},     {"SECONDS", TOKEN_SECONDS},
    {"REPEATS", TOKEN_REPEATS},   {"TIMES", TOKEN_TIMES},
    {"true", TOKEN_TRUE},         {"false", TOKEN_FALSE},
};

static uint8_t peek(const struct lexer *l, size_t ahead)
{
    return l->at + ahead < l->in.n ? l->in.p[l->at + ahead] : 0;
}

static bool is_space(ucs4_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

/* Past white space and comments. False: a comment has no end. */
static bool skip(struct lexer *l)
{
    while (l->at < l->in.n) {
        if (peek(l, 0) == '/' && peek(l, 1) == '/') {
            while (l->at < l->in.n && peek(l, 0) != '\n' && peek(l, 0) != '\r')
                l->at++;
        } else if (peek(l, 0) == '/' && peek(l, 1) == '*') {
            l->at += 2;
            while (l->at < l->in.n && !(peek(l, 0) == '*' && peek(l, 1) == '/'))
                l->at++;
            if (l->at >= l->in.n)
                return false;
            l->at += 2;
        } else {
            ucs4_t c;
            int n = u8_mbtouc(&c, l->in.p + l->at, l->in.n - l->at);

            if (!is_space(c))
                return true;
            l->at += (size_t)n;
        }
    }
    return true;
}

/* From the quote at l->at to the next one that no backslash stands before. */
static bool quoted(struct lexer *l, struct kai_view *text, bool escapes)
{
    size_t begin = ++l->at;

    for (; l->at < l->in.n && peek(l, 0) != '\''; l->at++) {
        if (peek(l, 0) != '\\')
            continue;
        if (!escapes || (peek(l, 1) != '\'' && peek(l, 1) != '\\'))
            return false;
        l->at++;
    }
    *text = kai_view_of(l->in.p + begin, l->at - begin);
    if (l->at == l->in.n)
        return false;
    l->at++;
    return true;
}

static bool two_digits(struct kai_view t, size_t at, int min, int max)
{
    if (!kai_ascii_digit(t.p[at]) || !kai_ascii_digit(t.p[at + 1]))
        return false;
    int v = (t.p[at] - '0') * 10 + t.p[at + 1] - '0';
    return v >= min && v <= max;
}

/* YYYY-MM-DDThh:mm:ss[.s+]Z; a 30th of February is one, as for the published grammar. */
static bool is_time(struct kai_view t)
{
    static const char shape[] = "0000-00-00T00:00:00";

    if (t.n < sizeof shape || t.p[t.n - 1] != 'Z')
        return false;
    for (size_t i = 0; shape[i] != '\0'; i++)
        if (shape[i] == '0' ? !kai_ascii_digit(t.p[i]) : t.p[i] != (uint8_t)shape[i])
            return false;
    if (t.n > sizeof shape && (t.p[sizeof shape - 1] != '.' || t.n == sizeof shape + 1))
        return false;
    for (size_t i = sizeof shape; i + 1 < t.n; i++)
        if (!kai_ascii_digit(t.p[i]))
            return false;
    return two_digits(t, 5, 1, 12) && two_digits(t, 8, 1, 31) && two_digits(t, 11, 0, 23) &&
           two_digits(t, 14, 0, 59) && two_digits(t, 17, 0, 60);
}

static bool is_base64(struct kai_view t)
{
    size_t pad = 0;

    if (t.n % 4 != 0)
        return false;
    while (pad < 2 && pad < t.n && t.p[t.n - 1 - pad] == '=')
        pad++;
    for (size_t i = 0; i < t.n - pad; i++)
        if (!kai_ascii_alpha(t.p[i]) && !kai_ascii_digit(t.p[i]) && t.p[i] != '+' && t.p[i] != '/')
            return false;
    return true;
}

static bool is_hex(struct kai_view t)
{
    for (size_t i = 0; i < t.n; i++)
        if (kai_ascii_hex(t.p[i]) < 0)
            return false;
    return t.n % 2 == 0;
}

static void literal(struct lexer *l, struct token *t, uint8_t sign)
{
    bool ok = quoted(l, &t->text, false);

    if (sign == 't') {
        t->kind = TOKEN_TIME;
        ok = ok && is_time(t->text);
    } else if (sign == 'h') {
        t->kind = TOKEN_HEX;
        ok = ok && is_hex(t->text);
    } else {
        t->kind = TOKEN_BINARY;
        ok = ok && is_base64(t->text);
    }
    if (!ok)
        t->kind = TOKEN_BAD_LITERAL;
}

static void word(struct lexer *l, struct token *t)
{
    uint8_t first = peek(l, 0);

    t->kind = TOKEN_NAME;
    if ((first == 't' || first == 'h' || first == 'b') && peek(l, 1) == '\'') {
        l->at++;
        literal(l, t, first);
        return;
    }
    while (kai_ascii_alpha(peek(l, 0)) || kai_ascii_digit(peek(l, 0)) || peek(l, 0) == '_' ||
           peek(l, 0) == '-') {
        if (peek(l, 0) == '-')
            t->kind = TOKEN_HYPHEN_NAME;
        l->at++;
    }
    t->text.n = l->at - t->at;
    for (size_t i = 0; t->kind == TOKEN_NAME && i < sizeof KEYWORDS / sizeof KEYWORDS[0]; i++)
        if (t->text.n == strlen(KEYWORDS[i].text) &&
            memcmp(t->text.p, KEYWORDS[i].text, t->text.n) == 0)
            t->kind = KEYWORDS[i].kind;
}

static void number(struct lexer *l, struct token *t)
{
    size_t begin;

    t->kind = TOKEN_INT;
    if (peek(l, 0) == '-' || peek(l, 0) == '+')
        l->at++;
    begin = l->at;
    while (kai_ascii_digit(peek(l, 0)))
        l->at++;
    size_t whole = l->at - begin;
    if (peek(l, 0) == '.' && kai_ascii_digit(peek(l, 1))) {
        t->kind = TOKEN_FLOAT;
        l->at++;
        while (kai_ascii_digit(peek(l, 0)))
            l->at++;
    } else if (whole == 0 || (whole > 1 && l->in.p[begin] == '0')) {
        t->kind = TOKEN_BAD;
    }
    t->text.n = l->at - t->at;
}

static void compare(struct lexer *l, struct token *t)
{
    uint8_t c = peek(l, 0);
    uint8_t next = peek(l, 1);

    t->text.n = 1;
    if (c == '=') {
        t->kind = TOKEN_EQUAL;
        t->text.n += next == '=';
    } else if ((c == '!' && next == '=') || (c == '<' && next == '>')) {
        t->kind = TOKEN_UNEQUAL;
        t->text.n = 2;
    } else if (c == '<' || c == '>') {
        t->kind = TOKEN_ORDER;
        t->text.n += next == '=';
    }
    l->at += t->text.n;
}

struct token kai_pattern_token(struct lexer *l)
{
    struct token t = {.kind = TOKEN_BAD};
    bool ok = skip(l);

    t.at = l->at;
    t.text = kai_view_of(l->in.p + l->at, 0);
    if (!ok || l->at >= l->in.n) {
        t.kind = ok ? TOKEN_END : TOKEN_BAD;
        return t;
    }
    uint8_t c = peek(l, 0);
    if (c == '\'') {
        t.kind = quoted(l, &t.text, true) ? TOKEN_STRING : TOKEN_BAD_STRING;
    } else if (kai_ascii_alpha(c) || c == '_') {
        word(l, &t);
    } else if (kai_ascii_digit(c) || c == '+' || c == '-' ||
               (c == '.' && kai_ascii_digit(peek(l, 1)))) {
        number(l, &t);
    } else if (c != 0 && strchr("[](),:.*", c) != NULL) {
        t.kind = TOKEN_SIGN;
        t.text.n = 1;
        l->at++;
    } else {
        compare(l, &t);
    }
    return t;
}

size_t kai_pattern_unescape(char *out, struct kai_view text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\\' && i + 1 < text.n)
            i++;
        out[n++] = (char)text.p[i];
    }
    return n;
}

/* pattern_lex: the tokens of a STIX pattern. Private to lib/item. */
#ifndef KAI_ITEM_PATTERN_LEX_H
#define KAI_ITEM_PATTERN_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

enum token_kind {
    TOKEN_END,
    TOKEN_BAD,         /* No token begins so. */
    TOKEN_BAD_STRING,  /* No end, or a backslash before anything but ' and \. */
    TOKEN_BAD_LITERAL, /* t'', h'' or b'' with something else in it. */
    TOKEN_NAME,
    TOKEN_HYPHEN_NAME, /* Fit for an object type only. */
    TOKEN_STRING,
    TOKEN_INT,
    TOKEN_FLOAT,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_TIME,
    TOKEN_HEX,
    TOKEN_BINARY,
    TOKEN_SIGN,  /* One of [ ] ( ) , : . * : which one, text.p[0] tells. */
    TOKEN_EQUAL, /* = == */
    TOKEN_UNEQUAL,
    TOKEN_ORDER, /* < <= > >= */
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_NOT,
    TOKEN_FOLLOWEDBY,
    TOKEN_LIKE,
    TOKEN_MATCHES,
    TOKEN_ISSUBSET,
    TOKEN_ISSUPERSET,
    TOKEN_EXISTS,
    TOKEN_IN,
    TOKEN_START,
    TOKEN_STOP,
    TOKEN_WITHIN,
    TOKEN_SECONDS,
    TOKEN_REPEATS,
    TOKEN_TIMES,
};

struct token {
    enum token_kind kind;
    struct kai_view text; /* Of a literal with quotes: what is between them, escapes and all. */
    size_t at;            /* Where it begins in the pattern. */
};

struct lexer {
    struct kai_view in;
    size_t at;
};

struct token kai_pattern_token(struct lexer *l);

/* What a string token stands for, without its backslashes; out has room for text.n. */
size_t kai_pattern_unescape(char *out, struct kai_view text);

#endif

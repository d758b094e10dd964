/* pattern_parse: the state of a pattern's parser. Private to lib/item. */
#ifndef KAI_ITEM_PATTERN_PARSE_H
#define KAI_ITEM_PATTERN_PARSE_H

#include "base/buf.h"
#include "item/pattern.h"
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

/* Parse all of it. p->atoms is the caller's to free, whatever is returned.
 * Errors: those of kai_pattern_check(), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_pattern_parse(struct parser *p, struct kai_view pattern,
                                            struct kai_why *why);

/* One condition: [NOT] path operator literal, or EXISTS path. False: p->err and why are set. */
bool kai_pattern_condition(struct parser *p);

/* A condition is complete; neutral: it narrows nothing. */
void kai_pattern_count(struct parser *p, bool neutral);

void kai_pattern_next(struct parser *p);
bool kai_pattern_is_sign(const struct parser *p, char c);
/* Refuse the token at hand; always false. */
bool kai_pattern_fail(struct parser *p, const char *expected);
/* The token at hand as a C string, cut to fit. */
void kai_pattern_shown(const struct parser *p, char *out, size_t cap);

static inline struct atom *kai_pattern_atom(struct parser *p, size_t i)
{
    return (struct atom *)(void *)p->atoms.p + i;
}

#endif

/* expr_priv: a query as its parts see it: terms, and a program over them in postfix order. */
#ifndef KAI_QUERY_EXPR_PRIV_H
#define KAI_QUERY_EXPR_PRIV_H

#include "base/buf.h"
#include "item/key.h"
#include "query/expr.h"
#include "query/index.h"

enum term_kind {
    TERM_VALUE, /* One of the value's keys is in one of the term's segments. */
    TERM_GLOB,  /* The value is of one of the types, and as the pattern says. */
    TERM_TEXT,  /* A string of the object, or the value, holds it. */
    TERM_TYPE,  /* The row's type, or the type of a value. */
    TERM_LABEL,
    TERM_PAP,
    TERM_BY,
    TERM_AUDIENCE,
    TERM_SEEN, /* from <= first seen < to */
    TERM_EXERCISE,
    TERM_WITHDRAWN,
    TERM_RECALLED,
    TERM_EXPIRED,
    TERM_SUPERSEDED,
};

enum wish { WISH_NO, WISH_YES, WISH_ANY };

struct term {
    enum term_kind kind;
    uint64_t from; /* Times, or the weakest and the strictest label. */
    uint64_t to;
    enum wish wish;
    uint8_t id[KAI_ID_BYTES];
    char text[KAI_ROW_TYPE_CAP];
    enum kai_vtype vtype;
    size_t seg; /* The first of its segments. */
    size_t n_segs;
    size_t pattern; /* Folded: offset into q->bytes. */
    size_t pattern_n;
    uint64_t types; /* Bit i: enum kai_vtype i. */
};

/* Keys from lo to hi. Offsets into q->bytes. */
struct segment {
    size_t lo;
    size_t lo_n;
    size_t hi;
    size_t hi_n;
    size_t norm; /* Of one value only; norm_n = 0: a range. */
    size_t norm_n;
};

#define SEGMENTS_MAX (KAI_QUERY_TERMS_MAX * 160u) /* A block of IPv6 has up to 128 above it. */
#define STEPS_MAX    (4u * KAI_QUERY_TERMS_MAX)
#define STEP_AND     (-1)
#define STEP_OR      (-2)
#define STEP_NOT     (-3)

struct kai_query {
    struct term term[KAI_QUERY_TERMS_MAX];
    size_t n_terms;
    int16_t step[STEPS_MAX]; /* A term's number, or STEP_. */
    size_t n_steps;
    struct kai_buf bytes;
    struct segment *seg;
    size_t n_segs;
    size_t seg_cap;
    uint64_t value_terms; /* Bit i: term i can be looked up. */
    uint64_t text_terms;  /* Bit i: TERM_TEXT. */
    kai_query_text_fn *text;
    void *text_ctx;
    bool any_withdrawn; /* The expression speaks of it itself. */
    bool any_recalled;
    bool any_expired;
    bool any_superseded;
};

/* lexer.c */
enum token_kind { TOKEN_END, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_AND, TOKEN_OR, TOKEN_NOT, TOKEN_WORD };

struct token {
    enum token_kind kind;
    size_t column;
    char text[KAI_QUERY_BYTES_MAX + 1]; /* Without quotes. */
    size_t n;
    size_t bare_n; /* How much of it stood before the first quote: only there is a prefix. */
};

struct lexer {
    struct kai_view rest;
    size_t column;
};

KAI_MUST_USE enum kai_err kai_lexer_next(struct lexer *l, struct token *t, struct kai_why *why);

/* terms.c: make a term of a word. */
KAI_MUST_USE enum kai_err kai_term_make(struct kai_query *q, const struct token *word,
                                        const struct kai_query_names *names, uint64_t now_ms,
                                        struct kai_why *why);
/* segments.c: segments of the term being made; bare: not a byte of the text was quoted, so that *
 * stands for any run of characters. */
KAI_MUST_USE enum kai_err kai_segments_of(struct kai_query *q, struct term *t, const char *prefix,
                                          struct kai_view text, bool bare);

static inline struct kai_view term_pattern(const struct kai_query *q, const struct term *t)
{
    return kai_view_of(q->bytes.p + t->pattern, t->pattern_n);
}

static inline struct kai_view seg_lo(const struct kai_query *q, const struct segment *s)
{
    return kai_view_of(q->bytes.p + s->lo, s->lo_n);
}

static inline struct kai_view seg_hi(const struct kai_query *q, const struct segment *s)
{
    return kai_view_of(q->bytes.p + s->hi, s->hi_n);
}

/* eval.c */
enum verdict { VERDICT_NO, VERDICT_MAYBE, VERDICT_YES };

bool kai_seg_has(const struct kai_query *q, const struct segment *s, struct kai_view key);
/* Terms among maybe that hold by this value; norm: what it is, where the key does not tell it. */
uint64_t kai_eval_key(const struct kai_query *q, uint64_t maybe, struct kai_view key,
                      struct kai_view norm);
/* Terms among maybe that hold by the strings of the object. */
KAI_MUST_USE enum kai_err kai_eval_text(const struct kai_query *q, const struct kai_row *row,
                                        uint64_t maybe, uint64_t *yes);
enum verdict kai_eval(const struct kai_query *q, uint64_t yes, uint64_t maybe);
/* False: the row is not current, and the expression asks for nothing else. *yes: terms that hold
 * for it whatever its values are; *maybe: those that its values may still make true. */
bool kai_eval_current(const struct kai_query *q, const struct kai_row *row, uint64_t now_ms,
                      uint64_t *yes, uint64_t *maybe);

/* plan.c */
/* The value terms whose segments together hold every answer; 0: rows must be scanned. */
KAI_MUST_USE enum kai_err kai_plan(const struct kai_query *q, struct kai_ixsnap *r,
                                   uint64_t *terms);
/* Whether these terms are such a set. */
bool kai_plan_ok(const struct kai_query *q, uint64_t terms);
/* What every answer's first_seen lies between: *from <= it < *to. */
void kai_plan_times(const struct kai_query *q, uint64_t *from, uint64_t *to);

#endif

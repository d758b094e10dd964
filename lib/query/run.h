/* run: answers an expression from a snapshot of the index, a page at a time.
 *
 * An answer is a STIX object, a list as a whole (where its values do not matter), one value of a
 * list (where they do), or a sealed batch. None comes twice, however often a page is turned.
 * Where values are asked for, answers come value by value, newest first within one; else newest
 * first. Memory is bounded by the expression. */
#ifndef KAI_QUERY_RUN_H
#define KAI_QUERY_RUN_H

#include "query/expr.h"
#include "query/index.h"

struct kai_query_hit {
    const struct kai_row *row;
    uint64_t index;        /* Of the value in its list; 0 for a STIX object; KAI_INDEX_WHOLE. */
    enum kai_vtype type;   /* Of what matched; KAI_V_NONE: no value was asked for. */
    struct kai_view value; /* Normal form, valid during the call. */
};
/* False stops: the next page begins behind this one. */
typedef bool kai_query_hit_fn(void *ctx, const struct kai_query_hit *hit);

#define KAI_QUERY_AT_MAX (32u + KAI_IX_PLACE_MAX)
/* Where a page ended. Opaque; may come back from a stranger, with the same expression. */
struct kai_query_at {
    size_t n; /* 0: from the start. */
    uint8_t bytes[KAI_QUERY_AT_MAX];
};

#define KAI_QUERY_WORK 100000u /* Rows and values looked at in one go: some 50 ms. */

/* Call f for up to limit (at least 1) answers from *at on, and move *at. Ends early, also without
 * an answer, after so much work that the snapshot should be given back: call again with a new one
 * until *done. A row that is damaged is left out (kai_ixsnap_damaged()). Errors: KAI_EMALFORMED
 * (*at is of no such query), KAI_EIO, KAI_ENOMEM, KAI_ECORRUPT (the index as a whole). */
KAI_MUST_USE enum kai_err kai_query_run(const struct kai_query *q, struct kai_ixsnap *r,
                                        uint64_t now_ms, uint64_t limit, struct kai_query_at *at,
                                        bool *done, kai_query_hit_fn *f, void *ctx);

/* The answers in one row: for those who watch what arrives. Errors: KAI_EIO, KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err kai_query_match_row(const struct kai_query *q, struct kai_ixsnap *r,
                                              const struct kai_row *row, uint64_t now_ms,
                                              kai_query_hit_fn *f, void *ctx);

#endif

/* plan: where to begin: at the values that fewest rows have, or at the newest row. */
#include <string.h>

#include "query/expr_priv.h"

#define COUNT_MAX 1024u /* More than this is just "many". */

struct choice {
    uint64_t terms; /* 0: nothing that could be looked up. */
    uint64_t cost;
};

static bool count_one(void *ctx, struct kai_view key, uint64_t row_no, uint64_t value_index)
{
    uint64_t *n = ctx;

    (void)key;
    (void)row_no;
    (void)value_index;
    return ++*n < COUNT_MAX;
}

static enum kai_err cost_of(const struct kai_query *q, struct kai_ixsnap *r, const struct term *t,
                            uint64_t *cost)
{
    struct kai_view from_start = {0};
    enum kai_err err = KAI_OK;

    *cost = 0;
    for (size_t i = 0; i < t->n_segs && err == KAI_OK && *cost < COUNT_MAX; i++) {
        const struct segment *s = &q->seg[t->seg + i];

        err = kai_ixsnap_range(r, seg_lo(q, s), seg_hi(q, s), from_start, false, count_one, cost);
    }
    return err;
}

static struct choice both(int s, struct choice a, struct choice b)
{
    if (s == STEP_OR) {
        if (a.terms == 0 || b.terms == 0)
            return (struct choice){0};
        return (struct choice){.terms = a.terms | b.terms, .cost = a.cost + b.cost};
    }
    if (a.terms == 0 || b.terms == 0)
        return a.terms == 0 ? b : a;
    return a.cost <= b.cost ? a : b;
}

/* Fold the expression, with what may be looked up, to the cheapest sufficient set of terms. */
static struct choice fold(const struct kai_query *q, uint64_t allowed, const uint64_t *cost)
{
    struct choice stack[KAI_QUERY_TERMS_MAX + 1];
    size_t n = 0;

    stack[0] = (struct choice){0};
    for (size_t i = 0; i < q->n_steps; i++) {
        int s = q->step[i];

        if (s >= 0) {
            uint64_t bit = UINT64_C(1) << s;

            stack[n++] = (struct choice){.terms = q->value_terms & allowed & bit, .cost = cost[s]};
        } else if (s == STEP_NOT) {
            stack[n - 1] = (struct choice){0};
        } else {
            n--;
            stack[n - 1] = both(s, stack[n - 1], stack[n]);
        }
    }
    return stack[0];
}

enum kai_err kai_plan(const struct kai_query *q, struct kai_ixsnap *r, uint64_t *terms)
{
    uint64_t cost[KAI_QUERY_TERMS_MAX] = {0};
    enum kai_err err = KAI_OK;

    *terms = 0;
    if (fold(q, UINT64_MAX, cost).terms == 0)
        return KAI_OK;
    for (size_t i = 0; i < q->n_terms && err == KAI_OK && q->n_terms > 1; i++) {
        if (q->term[i].kind == TERM_VALUE)
            err = cost_of(q, r, &q->term[i], &cost[i]);
    }
    *terms = fold(q, UINT64_MAX, cost).terms;
    return err;
}

bool kai_plan_ok(const struct kai_query *q, uint64_t terms)
{
    static const uint64_t cost[KAI_QUERY_TERMS_MAX];

    return (terms & ~q->value_terms) == 0 && (fold(q, terms, cost).terms != 0) == (terms != 0);
}

void kai_plan_times(const struct kai_query *q, uint64_t *from, uint64_t *to)
{
    uint64_t stack[KAI_QUERY_TERMS_MAX + 1] = {0}; /* Terms that every answer fulfils. */
    size_t n = 0;

    for (size_t i = 0; i < q->n_steps; i++) {
        int s = q->step[i];

        if (s >= 0) {
            stack[n++] = UINT64_C(1) << s;
        } else if (s == STEP_NOT) {
            stack[n - 1] = 0;
        } else {
            n--;
            stack[n - 1] = s == STEP_AND ? stack[n - 1] | stack[n] : stack[n - 1] & stack[n];
        }
    }
    *from = 0;
    *to = UINT64_MAX;
    for (size_t i = 0; i < q->n_terms; i++) {
        const struct term *t = &q->term[i];

        if (t->kind != TERM_SEEN || (stack[0] >> i & 1) == 0)
            continue;
        *from = t->from > *from ? t->from : *from;
        *to = t->to < *to ? t->to : *to;
    }
}

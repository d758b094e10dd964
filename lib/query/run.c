/* run: answers an expression from a snapshot of the index, a page at a time. */
#include "query/run.h"

#include <stdlib.h>
#include <string.h>

#include "query/run_priv.h"

/* A place: how it runs (1), the terms it runs by (8), then what scan.c or drive.c needs. */
#define TEXT_WORK 20u /* To open and search an object costs as much as so many rows. */
#define BY_ROWS   1u
#define BY_VALUES 2u

bool kai_run_over(const struct run *run)
{
    return run->stop || run->err != KAI_OK || run->work >= KAI_QUERY_WORK;
}

void kai_run_tell(struct run *run, const struct kai_row *row, uint64_t index, struct kai_view key,
                  struct kai_view norm)
{
    struct kai_query_hit hit = {.row = row, .index = index};
    size_t n = 0;

    if (key.n > 0 && kai_key_value(key, &hit.type, run->text, &n)) {
        hit.value = kai_view_of(run->text, n);
    } else if (key.n > 0) {
        hit.type = kai_vtype_of(key.p[0]);
        hit.value = norm;
    }
    run->hits++;
    if (!run->f(run->ctx, &hit) || run->hits >= run->limit)
        run->stop = true;
}

uint64_t kai_run_text(struct run *run, const struct kai_row *row, uint64_t maybe)
{
    uint64_t yes = 0;

    if ((maybe & run->q->text_terms) == 0)
        return 0;
    run->work += TEXT_WORK;
    run->err = kai_eval_text(run->q, row, maybe, &yes);
    return yes;
}

enum verdict kai_run_judge(struct run *run, const struct kai_row *row, uint64_t yes, uint64_t maybe)
{
    uint64_t texts = maybe & run->q->text_terms & ~yes;
    enum verdict v = kai_eval(run->q, yes, texts);

    if (v != VERDICT_MAYBE)
        return v;
    yes |= kai_run_text(run, row, texts);
    return run->err == KAI_OK ? kai_eval(run->q, yes, 0) : VERDICT_NO;
}

/* Places come from outside: whatever they say, nothing worse than other answers may follow. */
static bool read_place(const struct kai_query *q, const struct kai_query_at *at, uint64_t *terms)
{
    *terms = 0;
    if (at->n < 17 || at->n > KAI_QUERY_AT_MAX)
        return false;
    *terms = kai_get_u64(at->bytes + 1);
    if (at->bytes[0] == BY_ROWS)
        return *terms == 0 && at->n == 25;
    return at->bytes[0] == BY_VALUES && *terms != 0 && at->n <= 17 + KAI_IX_PLACE_MAX &&
           (at->n == 17 || at->n >= 17 + 12) && kai_plan_ok(q, *terms);
}

enum kai_err kai_query_run(const struct kai_query *q, struct kai_ixsnap *r, uint64_t now_ms,
                           uint64_t limit, struct kai_query_at *at, bool *done, kai_query_hit_fn *f,
                           void *ctx)
{
    struct run *run;
    uint64_t terms;
    enum kai_err err = KAI_OK;

    *done = false;
    if (at->n > 0 && !read_place(q, at, &terms))
        return KAI_EMALFORMED;
    if (at->n == 0)
        err = kai_plan(q, r, &terms);
    if (err != KAI_OK || limit == 0)
        return err;
    run = calloc(1, sizeof *run);
    if (run == NULL)
        return KAI_ENOMEM;
    *run = (struct run){.q = q, .r = r, .now_ms = now_ms, .limit = limit, .f = f, .ctx = ctx};
    if (terms == 0)
        kai_scan(run, at, done);
    else
        kai_drive(run, terms, at, done);
    at->bytes[0] = terms == 0 ? BY_ROWS : BY_VALUES;
    kai_put_u64(at->bytes + 1, terms);
    err = run->err;
    free(run);
    return err;
}

enum kai_err kai_query_match_row(const struct kai_query *q, struct kai_ixsnap *r,
                                 const struct kai_row *row, uint64_t now_ms, kai_query_hit_fn *f,
                                 void *ctx)
{
    struct run *run = calloc(1, sizeof *run);
    uint64_t index = KAI_INDEX_WHOLE;
    enum kai_err err;

    if (run == NULL)
        return KAI_ENOMEM;
    *run = (struct run){.q = q, .r = r, .now_ms = now_ms, .limit = UINT64_MAX, .f = f, .ctx = ctx};
    while (!kai_scan_row(run, row, &index) && run->err == KAI_OK && !run->stop)
        run->work = 0;
    err = run->err;
    free(run);
    return err;
}

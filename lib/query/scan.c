/* scan: answers from the rows themselves, the newest first. */
#include "query/index_priv.h"
#include "query/run_priv.h"

/* A STIX object: all its values speak for it together. */
static void scan_object(struct run *run, const struct kai_row *row, uint64_t yes, uint64_t maybe)
{
    struct kai_rowkeys keys;
    struct kai_rowkeys first = {.key_n = 0};
    uint64_t by_values = 0;

    run->err = kai_ixsnap_keys(run->r, row, &keys);
    while (run->err == KAI_OK && kai_rowkeys_next(&keys)) {
        uint64_t now = kai_eval_key(run->q, maybe, kai_view_of(keys.key, keys.key_n), keys.norm);

        run->work++;
        if (now != 0 && by_values == 0)
            first = keys;
        by_values |= now;
    }
    if (run->err == KAI_OK && kai_run_judge(run, row, yes | by_values, maybe) == VERDICT_YES)
        kai_run_tell(run, row, 0, kai_view_of(first.key, first.key_n), first.norm);
}

/* A list: each value for itself. */
static bool scan_list(struct run *run, const struct kai_row *row, uint64_t yes, uint64_t maybe,
                      uint64_t *index)
{
    struct kai_rowkeys keys;
    bool behind = *index == KAI_INDEX_WHOLE;
    uint64_t from = *index;

    run->err = kai_ixsnap_keys(run->r, row, &keys);
    while (run->err == KAI_OK && kai_rowkeys_next(&keys)) {
        struct kai_view key = kai_view_of(keys.key, keys.key_n);

        if (keys.key_n == 0 || (!behind && keys.index <= from))
            continue;
        run->work++;
        *index = keys.index;
        if (kai_eval(run->q, yes | kai_eval_key(run->q, maybe, key, keys.norm), 0) == VERDICT_YES)
            kai_run_tell(run, row, keys.index, key, keys.norm);
        if (kai_run_over(run))
            return false;
    }
    return run->err == KAI_OK;
}

bool kai_scan_row(struct run *run, const struct kai_row *row, uint64_t *index)
{
    struct kai_view none = {0};
    uint64_t yes;
    uint64_t maybe;
    enum verdict v;

    run->work++;
    if (!kai_eval_current(run->q, row, run->now_ms, &yes, &maybe))
        return true;
    v = kai_eval(run->q, yes, maybe);
    if (v == VERDICT_MAYBE && row->n_values > 0) {
        yes |= kai_run_text(run, row, maybe);
        v = run->err == KAI_OK ? kai_eval(run->q, yes, maybe & ~yes) : VERDICT_NO;
    }
    if (v == VERDICT_NO)
        return true;
    if (v == VERDICT_YES)
        kai_run_tell(run, row, row->n_values > 0 ? KAI_INDEX_WHOLE : 0, none, none);
    else if (row->n_values > 0)
        return scan_list(run, row, yes, maybe, index);
    else
        scan_object(run, row, yes, maybe);
    return true;
}

struct scan {
    struct run *run;
    uint64_t first; /* Row that was begun on the page before; 0 = none. */
    uint64_t index; /* How far it was told. */
    uint64_t from_ms;
    uint64_t row; /* Where this page ends. */
    bool whole;   /* That row is done. */
    bool early;
};

static bool on_row(void *ctx, const struct kai_row *row)
{
    struct scan *s = ctx;
    uint64_t index = row->no == s->first ? s->index : KAI_INDEX_WHOLE;

    if (row->first_seen_ms < s->from_ms)
        return false; /* It only gets older from here. */
    s->row = row->no;
    s->whole = kai_scan_row(s->run, row, &index);
    s->index = index;
    s->early = kai_run_over(s->run);
    return !s->early;
}

/* The newest row that can be read in ]lo, no], and when it was first seen; lo: there is none. */
static uint64_t readable(struct run *run, uint64_t lo, uint64_t no, uint64_t *seen_ms)
{
    for (; no > lo; no--) {
        run->err = kai_ix_row_seen(run->r, no, seen_ms);
        if (run->err != KAI_ECORRUPT)
            return no;
        run->err = KAI_OK;
        run->work++;
    }
    return lo;
}

/* The newest row that was first seen before to_ms, or damaged ones behind it; 0: none. Rows are
 * numbered without gaps. */
static uint64_t newest_before(struct run *run, uint64_t to_ms)
{
    uint64_t lo = 0;
    uint64_t hi = kai_ixsnap_last(run->r);
    uint64_t seen_ms = 0;

    while (to_ms != UINT64_MAX && lo < hi) {
        uint64_t mid = hi - (hi - lo) / 2;
        uint64_t no = readable(run, lo, mid, &seen_ms);

        if (run->err != KAI_OK)
            return 0;
        if (no == lo || seen_ms < to_ms)
            lo = mid; /* What is damaged in between is not told, wherever it stands. */
        else
            hi = no - 1;
    }
    return hi;
}

void kai_scan(struct run *run, struct kai_query_at *at, bool *done)
{
    struct scan s = {.run = run};
    uint64_t to_ms;
    uint64_t from;

    kai_plan_times(run->q, &s.from_ms, &to_ms);
    if (at->n == 0) {
        from = newest_before(run, to_ms);
    } else {
        from = kai_get_u64(at->bytes + 9);
        s.index = kai_get_u64(at->bytes + 17);
        s.first = from;
        if (s.index == KAI_INDEX_WHOLE)
            from--;
    }
    if (run->err == KAI_OK && from > 0 && from != UINT64_MAX) {
        enum kai_err err = kai_ixsnap_down(run->r, from, on_row, &s);

        if (run->err == KAI_OK)
            run->err = err;
    }
    *done = !s.early;
    at->n = 25;
    kai_put_u64(at->bytes + 9, s.row);
    kai_put_u64(at->bytes + 17, s.whole ? KAI_INDEX_WHOLE : s.index);
}

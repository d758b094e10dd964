/* drive: answers by way of the values that are asked for. */
#include <string.h>

#include "query/run_priv.h"

struct drive {
    struct run *run;
    uint64_t terms;
    uint64_t n; /* Which segment this is, among those of the terms. */
    const struct segment *seg;
    struct kai_row row; /* The last that was looked at. */
    bool current;
    uint64_t yes;
    uint64_t maybe;
    uint8_t place[KAI_IX_PLACE_MAX]; /* The last that was looked at. */
    size_t place_n;
};

/* The n-th segment of the terms; NULL past the end. */
static const struct segment *segment_at(const struct kai_query *q, uint64_t terms, uint64_t n)
{
    for (size_t i = 0; i < q->n_terms; i++) {
        const struct term *t = &q->term[i];

        if ((terms >> i & 1) == 0)
            continue;
        if (n < t->n_segs)
            return &q->seg[t->seg + n];
        n -= t->n_segs;
    }
    return NULL;
}

/* The first segment that has the key, up to and with the present one. */
static uint64_t first_with(const struct drive *d, struct kai_view key)
{
    const struct kai_query *q = d->run->q;
    uint64_t n = 0;

    for (size_t i = 0; i < q->n_terms; i++) {
        const struct term *t = &q->term[i];

        if ((d->terms >> i & 1) == 0)
            continue;
        for (size_t j = 0; j < t->n_segs && n <= d->n; j++, n++) {
            if (kai_seg_has(q, &q->seg[t->seg + j], key))
                return n;
        }
    }
    return UINT64_MAX;
}

static bool before(struct kai_view a, struct kai_view b)
{
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    return c < 0 || (c == 0 && a.n < b.n);
}

/* A STIX object is told where its first key stands, in the order of segments and keys. */
static void drive_object(struct drive *d, struct kai_view key)
{
    struct run *run = d->run;
    struct kai_rowkeys keys;
    struct kai_view norm = {0};
    uint64_t by_values = 0;

    run->err = kai_ixsnap_keys(run->r, &d->row, &keys);
    while (run->err == KAI_OK && kai_rowkeys_next(&keys)) {
        struct kai_view k = kai_view_of(keys.key, keys.key_n);
        uint64_t n = first_with(d, k);

        run->work++;
        if (n < d->n || (n == d->n && before(k, key)))
            return;
        if (keys.norm.n > 0 && kai_view_eq(k, key))
            norm = keys.norm;
        by_values |= kai_eval_key(run->q, d->maybe, k, keys.norm);
    }
    if (run->err == KAI_OK &&
        kai_run_judge(run, &d->row, d->yes | by_values, d->maybe) == VERDICT_YES)
        kai_run_tell(run, &d->row, 0, key, norm);
}

static void drive_value(struct drive *d, struct kai_view key, uint64_t index)
{
    const struct kai_query *q = d->run->q;
    struct kai_view norm = kai_view_of(q->bytes.p + d->seg->norm, d->seg->norm_n);

    if (first_with(d, key) < d->n)
        return;
    uint64_t yes = d->yes | kai_eval_key(q, d->maybe, key, norm);
    if (kai_run_judge(d->run, &d->row, yes, d->maybe) == VERDICT_YES)
        kai_run_tell(d->run, &d->row, index, key, norm);
}

static bool on_key(void *ctx, struct kai_view key, uint64_t row_no, uint64_t value_index)
{
    struct drive *d = ctx;
    struct run *run = d->run;

    run->work++;
    if (d->row.no != row_no) {
        enum kai_err err = kai_ixsnap_sound_row(run->r, row_no, &d->row);

        d->current =
            err == KAI_OK && kai_eval_current(run->q, &d->row, run->now_ms, &d->yes, &d->maybe);
        d->row.no = row_no; /* One that is damaged is looked at once. */
        if (err != KAI_OK && err != KAI_ENOTFOUND) {
            run->err = err;
            return false;
        }
    }
    if (d->current && d->row.n_values > 0)
        drive_value(d, key, value_index);
    else if (d->current)
        drive_object(d, key);
    d->place_n = kai_ix_place(d->place, key, row_no, value_index);
    return !kai_run_over(run);
}

void kai_drive(struct run *run, uint64_t terms, struct kai_query_at *at, bool *done)
{
    struct drive d = {.run = run, .terms = terms};

    if (at->n > 0) {
        d.n = kai_get_u64(at->bytes + 9);
        d.place_n = at->n - 17;
        memcpy(d.place, at->bytes + 17, d.place_n);
    }
    for (;; d.n++, d.place_n = 0) {
        uint8_t after[KAI_IX_PLACE_MAX];
        struct kai_view from = {.p = after, .n = d.place_n};
        enum kai_err err;

        d.seg = segment_at(run->q, terms, d.n);
        if (d.seg == NULL)
            break;
        memcpy(after, d.place, d.place_n);
        err = kai_ixsnap_range(run->r, seg_lo(run->q, d.seg), seg_hi(run->q, d.seg), from,
                               d.seg->norm_n > 0, on_key, &d);
        if (run->err == KAI_OK)
            run->err = err;
        if (kai_run_over(run))
            break;
        run->work++; /* A segment without a key is work too. */
    }
    *done = d.seg == NULL;
    kai_put_u64(at->bytes + 9, d.n);
    memcpy(at->bytes + 17, d.place, d.place_n);
    at->n = 17 + d.place_n;
}

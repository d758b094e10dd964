/* eval: whether a row, or one of its values, is an answer. */
#include <string.h>

#include "item/search.h"
#include "query/expr_priv.h"

static int compare(struct kai_view a, struct kai_view b)
{
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    if (c != 0)
        return c;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool kai_seg_has(const struct kai_query *q, const struct segment *s, struct kai_view key)
{
    return compare(key, seg_lo(q, s)) >= 0 && compare(key, seg_hi(q, s)) <= 0;
}

static bool is_expired(const struct kai_row *row, uint64_t now_ms)
{
    return row->valid_until_ms != 0 && row->valid_until_ms <= now_ms;
}

static bool granted(enum wish wish, bool is)
{
    return wish == WISH_ANY || (wish == WISH_YES) == is;
}

static bool holds(const struct term *t, const struct kai_row *row, uint64_t now_ms)
{
    switch (t->kind) {
    case TERM_VALUE:
    case TERM_GLOB:
    case TERM_TEXT:
        return false;
    case TERM_TYPE:
        return strcmp(t->text, row->type) == 0;
    case TERM_LABEL:
        return row->tlp >= t->from && row->tlp <= t->to;
    case TERM_PAP:
        return row->pap >= t->from && row->pap <= t->to;
    case TERM_BY:
        return memcmp(t->id, row->origin, KAI_ID_BYTES) == 0;
    case TERM_AUDIENCE:
        return memcmp(t->id, row->aud_id, KAI_ID_BYTES) == 0;
    case TERM_SEEN:
        return row->first_seen_ms >= t->from && row->first_seen_ms < t->to;
    case TERM_EXERCISE:
        return granted(t->wish, (row->flags & KAI_ROW_EXERCISE) != 0);
    case TERM_WITHDRAWN:
        return granted(t->wish, (row->flags & KAI_ROW_WITHDRAWN) != 0);
    case TERM_RECALLED:
        return granted(t->wish, (row->flags & KAI_ROW_RECALLED) != 0);
    case TERM_EXPIRED:
        return granted(t->wish, is_expired(row, now_ms));
    case TERM_SUPERSEDED:
        return granted(t->wish, (row->flags & KAI_ROW_SUPERSEDED) != 0);
    }
    return false;
}

bool kai_eval_current(const struct kai_query *q, const struct kai_row *row, uint64_t now_ms,
                      uint64_t *yes, uint64_t *maybe)
{
    *yes = 0;
    *maybe = 0;
    if ((row->flags & KAI_ROW_GONE) != 0 ||
        (!q->any_withdrawn && (row->flags & KAI_ROW_WITHDRAWN) != 0) ||
        (!q->any_recalled && (row->flags & KAI_ROW_RECALLED) != 0) ||
        (!q->any_superseded && (row->flags & KAI_ROW_SUPERSEDED) != 0) ||
        (!q->any_expired && is_expired(row, now_ms)))
        return false;
    for (size_t i = 0; i < q->n_terms; i++) {
        const struct term *t = &q->term[i];

        if (holds(t, row, now_ms))
            *yes |= UINT64_C(1) << i;
        else if (t->kind == TERM_VALUE || t->kind == TERM_GLOB || t->kind == TERM_TEXT ||
                 (t->kind == TERM_TYPE && t->vtype != KAI_V_NONE))
            *maybe |= UINT64_C(1) << i;
    }
    if (row->kind == KAI_ROW_SEALED)
        *maybe = 0; /* Nobody here can see its values. */
    return true;
}

/* By what the value is, not by where its key stands. */
static bool value_fits(const struct kai_query *q, const struct term *t, struct kai_view key,
                       struct kai_view norm)
{
    char text[KAI_VALUE_KEY_MAX];
    enum kai_vtype type;
    size_t n = 0;
    bool has = false;

    if ((t->types >> key.p[0] & 1) == 0)
        return false;
    if (kai_key_value(key, &type, text, &n))
        norm = kai_view_of(text, n);
    if (norm.n == 0)
        return false;
    if (t->kind == TERM_GLOB)
        return kai_search_glob(norm, term_pattern(q, t));
    /* Of a value that memory did not suffice for, the object still speaks. */
    return kai_search_text(norm, term_pattern(q, t), &has) == KAI_OK && has;
}

static bool key_fits(const struct kai_query *q, const struct term *t, struct kai_view key,
                     struct kai_view norm)
{
    if (key.n == 0)
        return false;
    if (t->kind == TERM_GLOB || t->kind == TERM_TEXT)
        return value_fits(q, t, key, norm);
    if (t->kind == TERM_TYPE)
        return key.p[0] == (uint8_t)t->vtype;
    for (size_t i = 0; i < t->n_segs; i++) {
        if (kai_seg_has(q, &q->seg[t->seg + i], key))
            return true;
    }
    return false;
}

uint64_t kai_eval_key(const struct kai_query *q, uint64_t maybe, struct kai_view key,
                      struct kai_view norm)
{
    uint64_t yes = 0;

    for (size_t i = 0; i < q->n_terms; i++) {
        uint64_t bit = UINT64_C(1) << i;

        if ((maybe & bit) != 0 && key_fits(q, &q->term[i], key, norm))
            yes |= bit;
    }
    return yes;
}

enum kai_err kai_eval_text(const struct kai_query *q, const struct kai_row *row, uint64_t maybe,
                           uint64_t *yes)
{
    struct kai_view json = {0};
    enum kai_err err;

    *yes = 0;
    if ((maybe & q->text_terms) == 0)
        return KAI_OK;
    err = q->text(q->text_ctx, row, &json);
    if (err == KAI_ENOTFOUND || err == KAI_EDENIED)
        return KAI_OK;
    for (size_t i = 0; i < q->n_terms && err == KAI_OK; i++) {
        bool has = false;

        if ((maybe & q->text_terms) >> i & 1)
            err = kai_search_json(json, term_pattern(q, &q->term[i]), &has);
        *yes |= (uint64_t)has << i;
    }
    return err;
}

enum verdict kai_eval(const struct kai_query *q, uint64_t yes, uint64_t maybe)
{
    enum verdict stack[KAI_QUERY_TERMS_MAX + 1];
    size_t n = 0;

    if (q->n_steps == 0)
        return VERDICT_YES;
    for (size_t i = 0; i < q->n_steps; i++) {
        int s = q->step[i];

        if (s >= 0) {
            uint64_t bit = UINT64_C(1) << s;

            stack[n++] = (yes & bit) != 0     ? VERDICT_YES
                         : (maybe & bit) != 0 ? VERDICT_MAYBE
                                              : VERDICT_NO;
        } else if (s == STEP_NOT) {
            stack[n - 1] = (enum verdict)(VERDICT_YES - stack[n - 1]);
        } else {
            enum verdict a = stack[n - 2];
            enum verdict b = stack[n - 1];

            n--;
            if (s == STEP_AND)
                stack[n - 1] = a < b ? a : b;
            else
                stack[n - 1] = a > b ? a : b;
        }
    }
    return stack[0];
}

/* call_export: what may go into a file for a sensor or a tool, item by item; lib/export makes the
 * file of it, wherever that is. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "export/export.h"
#include "item/pattern.h"
#include "node/call.h"
#include "node/indexer.h"
#include "node/news.h"
#include "node/reader.h"
#include "node/rules.h"
#include "node/warnlists.h"
#include "policy/policy.h"

#define PAGE           128u
#define OUT_ENOUGH     (1u << 20) /* Then the snapshot is given back. */
#define LINE_VALUES    1000u
#define FOLLOW_MS      1000u /* From a pass that brought something new to the next. */
#define FOLLOW_LEAST   50u   /* From the end of one that did not. */
#define FOLLOW_BEAT_MS 15000u
#define FOLLOW_MAX_MS  60000u /* What time alone changes is seen then at the latest. */
#define CODES_MAX      16u

struct left {
    const char *code;
    uint64_t n;
};

struct exporter {
    struct kai_core *c;
    const struct kai_fit *fit;
    struct kai_warn *warn; /* As the home had them when it was asked; NULL: none. */
    struct kai_reader r;
    struct kai_query *q;
    struct kai_query_at at;
    char *expr;
    enum kai_export_use use;
    bool objects;
    bool follow;
    struct kai_buf *out;
    struct kai_buf object; /* Bytes of the one at hand. */
    struct kai_buf scratch;
    struct kai_jput j;   /* The line at hand. */
    enum kai_vtype open; /* Of its values; KAI_V_NONE: no line is open. */
    uint64_t in_line;
    uint64_t now_ms;
    enum kai_err err;
    /* Of this pass. */
    uint64_t matched;
    uint64_t values;
    uint64_t partial;
    uint64_t other; /* Items that are no indicators. */
    uint64_t unfit[KAI_UNFIT_N];
    uint64_t warned; /* On a warninglist. */
    struct left forbidden[CODES_MAX];
    /* Of following. */
    bool waits;
    uint64_t next_ms; /* kai_now_ms(): no pass before it, */
    uint64_t most_ms; /* and one at the latest then. */
    uint64_t began_ms;
    crypto_generichash_state hash; /* Of the lines of the pass, */
    uint8_t given[32];             /* and of the pass before. */
    uint64_t beat_ms;
    struct kai_news seen; /* When the pass began, or was last asked whether one must. */
    uint64_t changes_ms;  /* Wall clock: when the first of what was given expires; 0: never. */
    uint64_t shown;       /* Rows up to here were read by an earlier pass, and audited then. */
    uint64_t last;        /* Of this pass. */
    struct kai_audit_batch *audit;
    struct kai_audit_batch again;
};

static void exporter_free(void *ctx)
{
    struct exporter *x = ctx;

    kai_reader_free(&x->r);
    kai_query_free(x->q);
    kai_warn_free(x->warn);
    kai_buf_free(&x->object);
    kai_buf_free(&x->scratch);
    kai_audit_batch_free(&x->again);
    free(x->expr);
    free(x);
}

/* ---- Lines. */
struct item {
    const struct kai_row *row;
    const char *name;
    bool detect;
    bool as_is; /* A list to whose objects the label adds nothing: it does to all or to none. */
};

static void put_times(struct kai_jput *j, const struct kai_row *row)
{
    kai_jput_time(j, "first_seen", row->first_seen_ms);
    if (row->valid_until_ms != 0)
        kai_jput_time(j, "valid_until", row->valid_until_ms);
    else
        kai_jput_null(j, "valid_until");
}

static void begin_line(struct exporter *x, const struct item *i)
{
    const struct kai_row *row = i->row;
    const struct kai_org *origin = kai_roster_org(x->r.o->roster, row->origin);

    kai_jput_init(&x->j, x->out);
    kai_jput_object(&x->j, NULL);
    kai_jput_hex(&x->j, "id", row->item_id, KAI_ID_BYTES);
    kai_jput_text(&x->j, "type", row->type);
    kai_jput_text(&x->j, "label", kai_tlp_name(row->tlp));
    kai_jput_text(&x->j, "pap", row->pap == 0 ? NULL : kai_pap_name(row->pap));
    kai_jput_bool(&x->j, "exercise", (row->flags & KAI_ROW_EXERCISE) != 0);
    kai_jput_bool(&x->j, "detect", i->detect);
    kai_jput_hex(&x->j, "origin", row->origin, KAI_ID_BYTES);
    kai_jput_text(&x->j, "origin_name", origin != NULL ? origin->name : NULL);
    put_times(&x->j, row);
}

static void end_line(struct exporter *x)
{
    if (x->open == KAI_V_NONE)
        return;
    kai_jput_end(&x->j); /* values */
    kai_jput_end(&x->j);
    x->err = kai_jput_line(&x->j);
    x->open = KAI_V_NONE;
}

static void put_value(struct exporter *x, const struct item *i, enum kai_vtype type,
                      struct kai_view norm)
{
    enum kai_unfit unfit = kai_fit_judge(x->fit, type, norm);

    if (unfit != KAI_FIT) {
        x->unfit[unfit]++;
        return;
    }
    if (kai_warn_find(x->warn, type, norm) != NULL) {
        x->warned++;
        return;
    }
    if (x->open != type || x->in_line == LINE_VALUES) {
        end_line(x);
        begin_line(x, i);
        kai_jput_text(&x->j, "name", i->name);
        kai_jput_text(&x->j, "value_type", kai_vtype_name(type));
        kai_jput_array(&x->j, "values");
        x->open = type;
        x->in_line = 0;
    }
    kai_jput_view(&x->j, NULL, norm);
    x->in_line++;
    x->values++;
}

static void put_object(struct exporter *x, struct item *i)
{
    if (!i->as_is) {
        x->err = kai_row_relabel(i->row, &x->object, &x->scratch);
        if (x->err != KAI_OK)
            return;
        i->as_is = i->row->kind == KAI_CONTENT_LIST &&
                   kai_view_eq(kai_buf_view(&x->object), kai_buf_view(&x->scratch));
    }
    begin_line(x, i);
    kai_jput_view(&x->j, "object", kai_buf_view(&x->object));
    kai_jput_end(&x->j);
    x->err = kai_jput_line(&x->j);
    x->values++;
}

/* ---- Items. */
/* A list's values, or the one that was asked for. */
static enum kai_err put_list(struct exporter *x, struct item *i, uint64_t index)
{
    const struct kai_row *row = i->row;
    struct kai_list list;
    struct kai_view norm;
    size_t at = 0;
    enum kai_err err = kai_fetch_list(x->r.fetch, &x->r.source, row, &list);

    if (err != KAI_OK)
        return err;
    json_t *t = json_loadb((const char *)list.template_json.p, list.template_json.n, 0, NULL);
    i->name = json_string_value(json_object_get(t, "name"));
    kai_audit_read(x->r.audit, row->item_id, row->tlp);
    for (uint64_t n = 0; x->err == KAI_OK && kai_list_next(&list, &at, &norm); n++) {
        if (index != KAI_INDEX_WHOLE && n != index)
            continue;
        if (!x->objects) {
            put_value(x, i, list.type, norm);
            continue;
        }
        kai_buf_clear(&x->object);
        x->err = kai_list_stix_of(&list, norm, row->created_ms, kai_row_label(row), row->origin,
                                  &x->object);
        if (x->err == KAI_OK)
            put_object(x, i);
    }
    end_line(x);
    json_decref(t);
    return x->err;
}

struct atoms {
    struct exporter *x;
    const struct item *i;
    const struct kai_query_hit *hit;
};

static bool on_atom(void *ctx, enum kai_vtype type, struct kai_view norm, enum kai_atom strength)
{
    struct atoms *a = ctx;

    if (a->hit->type != KAI_V_NONE && (a->hit->type != type || !kai_view_eq(a->hit->value, norm)))
        return true; /* Not what was asked for. */
    if (strength == KAI_ATOM_STRONG)
        put_value(a->x, a->i, type, norm);
    else
        a->x->partial++;
    return a->x->err == KAI_OK;
}

/* What says of itself that it is harmless is an indicator of the opposite. */
static bool benign(const json_t *o)
{
    const json_t *types = json_object_get(o, "indicator_types");
    bool any = false;

    for (size_t i = 0; i < json_array_size(types); i++) {
        const char *type = json_string_value(json_array_get(types, i));

        if (type == NULL || strcmp(type, "benign") != 0)
            return false;
        any = true;
    }
    return any;
}

static enum kai_err put_indicator(struct exporter *x, struct item *i,
                                  const struct kai_query_hit *hit)
{
    struct atoms a = {.x = x, .i = i, .hit = hit};
    json_t *o = json_loadb((const char *)x->object.p, x->object.len, 0, NULL);
    const char *pattern = json_string_value(json_object_get(o, "pattern"));
    const char *kind = json_string_value(json_object_get(o, "pattern_type"));

    i->name = json_string_value(json_object_get(o, "name"));
    if (pattern == NULL || kind == NULL || strcmp(kind, "stix") != 0 || benign(o))
        x->other++;
    else /* A pattern that does not parse has no values. */
        kai_ignore(kai_pattern_atoms(kai_view_of(pattern, strlen(pattern)), on_atom, &a));
    end_line(x);
    json_decref(o);
    return x->err;
}

static void forbid(struct exporter *x, const char *code)
{
    for (size_t i = 0; i < CODES_MAX; i++) {
        if (x->forbidden[i].code != NULL && strcmp(x->forbidden[i].code, code) != 0)
            continue;
        x->forbidden[i].code = code;
        x->forbidden[i].n++;
        return;
    }
}

static enum kai_err put_item(struct exporter *x, const struct kai_query_hit *hit)
{
    const struct kai_row *row = hit->row;
    struct item i = {.row = row};
    const char *code = kai_rules_export(row, x->use, x->r.clearance, x->now_ms);

    if (code != NULL) {
        forbid(x, code);
        return KAI_OK;
    }
    if ((row->flags & KAI_ROW_UNCHECKED) != 0 ||
        (!x->objects && strcmp(row->type, "indicator") != 0)) {
        x->other++;
        return KAI_OK;
    }
    i.detect = x->use == KAI_EXPORT_DETECT ||
               kai_rules_export(row, KAI_POLICY_DETECT, x->r.clearance, x->now_ms) == NULL;
    x->r.audit = row->no > x->shown ? x->audit : &x->again;
    if (row->valid_until_ms != 0 && (x->changes_ms == 0 || row->valid_until_ms < x->changes_ms))
        x->changes_ms = row->valid_until_ms;
    if (row->kind == KAI_CONTENT_LIST)
        return put_list(x, &i, hit->index);
    kai_buf_clear(&x->object);
    enum kai_err err = kai_reader_stix(&x->r, row, hit->index, &x->object);
    if (err != KAI_OK)
        return err;
    if (!x->objects)
        return put_indicator(x, &i, hit);
    put_object(x, &i);
    return x->err;
}

static bool on_hit(void *ctx, const struct kai_query_hit *hit)
{
    struct exporter *x = ctx;
    enum kai_err err;

    x->matched++;
    err = put_item(x, hit);
    if (err != KAI_OK && x->err == KAI_OK && kai_reader_goes_on(&x->r, err))
        return true;
    x->err = err;
    return err == KAI_OK && x->out->len < OUT_ENOUGH;
}

/* ---- Passes. */
static enum kai_err begin_pass(struct exporter *x, struct kai_why *why)
{
    struct kai_query_names names = {
        .org = kai_reader_org, .audience = kai_reader_aud, .ctx = &x->r};
    enum kai_err err;

    kai_query_free(x->q);
    x->q = NULL;
    x->now_ms = kai_wall_ms(); /* Durations count from now. */
    err = kai_reader_begin(&x->r);
    if (err == KAI_OK) {
        x->last = kai_ixsnap_last(x->r.rows);
        kai_news_none(&x->seen, x->r.rows);
        err = kai_query_parse(&x->q, kai_view_of(x->expr, strlen(x->expr)), &names, x->now_ms, why);
    }
    kai_reader_end(&x->r);
    x->at = (struct kai_query_at){0};
    x->matched = x->values = x->partial = x->other = x->warned = x->changes_ms = 0;
    memset(x->unfit, 0, sizeof x->unfit);
    memset(x->forbidden, 0, sizeof x->forbidden);
    x->began_ms = kai_now_ms();
    (void)crypto_generichash_init(&x->hash, NULL, 0, sizeof x->given);
    return err;
}

static enum kai_err put_sum(struct exporter *x)
{
    struct kai_jput j;

    kai_jput_init(&j, x->out);
    kai_jput_object(&j, NULL);
    kai_jput_bool(&j, "end", true);
    kai_jput_uint(&j, "matched", x->matched);
    kai_jput_uint(&j, "values", x->values);
    kai_jput_uint(&j, "partial", x->partial);
    kai_jput_uint(&j, "other", x->other);
    kai_jput_object(&j, "unfit");
    for (unsigned i = 1; i < KAI_UNFIT_N; i++)
        kai_jput_uint(&j, kai_unfit_name((enum kai_unfit)i), x->unfit[i]);
    kai_jput_uint(&j, "warninglist", x->warned);
    kai_jput_end(&j);
    kai_jput_object(&j, "forbidden");
    for (size_t i = 0; i < CODES_MAX && x->forbidden[i].code != NULL; i++)
        kai_jput_uint(&j, x->forbidden[i].code, x->forbidden[i].n);
    kai_jput_end(&j);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

/* Until something changed that may change the answer, or time alone did. */
static enum kai_err follow_wait(struct exporter *x, struct kai_why *why)
{
    uint64_t now = kai_now_ms();
    uint64_t wall = kai_wall_ms();
    uint64_t left = FOLLOW_MS;
    enum kai_err err = KAI_OK;

    if (now < x->next_ms) {
        (void)kai_indexer_wait(x->c->indexer, UINT64_MAX, x->next_ms - now);
        return KAI_OK;
    }
    if (x->changes_ms > wall && x->changes_ms - wall < left)
        left = x->changes_ms - wall;
    bool again = (x->changes_ms != 0 && x->changes_ms <= wall) || now >= x->most_ms;
    if (!again && kai_indexer_wait(x->c->indexer, x->seen.position, left) > x->seen.position)
        err = kai_news_look(&x->seen, &x->r, &again);
    if (err == KAI_OK && again) {
        x->waits = false;
        return begin_pass(x, why);
    }
    if (now - x->beat_ms >= FOLLOW_BEAT_MS) {
        kai_buf_u8(x->out, '\n'); /* Whoever went away is noticed. */
        x->beat_ms = now;
    }
    return err;
}

/* When the next pass may begin: a second after one that brought something new. Most of what arrives
 * brings nothing new here: then soon, but not so that passes take more than half of the time. */
static void plan_next(struct exporter *x)
{
    uint8_t hash[sizeof x->given];
    uint64_t now = kai_now_ms();
    uint64_t took = now - x->began_ms;
    uint64_t least = now + (took > FOLLOW_LEAST ? took : FOLLOW_LEAST);

    (void)crypto_generichash_final(&x->hash, hash, sizeof hash);
    if (memcmp(hash, x->given, sizeof hash) != 0)
        x->next_ms = x->began_ms + FOLLOW_MS;
    if (x->next_ms < least)
        x->next_ms = least;
    memcpy(x->given, hash, sizeof hash);
    x->most_ms = now + FOLLOW_MAX_MS;
    x->beat_ms = now;
    x->shown = x->last;
    x->waits = true;
}

static enum kai_err export_next(void *ctx, struct kai_buf *out, bool *end, struct kai_why *why)
{
    struct exporter *x = ctx;
    bool done = false;

    x->out = out;
    *end = false;
    if (x->waits)
        return follow_wait(x, why);
    enum kai_err err = kai_reader_begin(&x->r);
    if (err == KAI_OK)
        err = kai_query_run(x->q, x->r.rows, x->now_ms, PAGE, &x->at, &done, on_hit, x);
    kai_reader_end(&x->r);
    kai_audit_batch_free(&x->again);
    x->again = (struct kai_audit_batch){0};
    if (out->len > 0)
        (void)crypto_generichash_update(&x->hash, out->p, out->len);
    if (err == KAI_OK)
        err = x->err;
    if (err != KAI_OK || !done)
        return err;
    if (x->follow)
        plan_next(x);
    *end = !x->follow;
    return put_sum(x);
}

static enum kai_err exporter_new(struct kai_call *call, const char *expr, struct exporter **out)
{
    struct exporter *x = calloc(1, sizeof *x);
    enum kai_err err = KAI_ENOMEM;

    *out = NULL;
    if (x == NULL)
        return err;
    kai_buf_init(&x->object, 2 * KAI_STIX_BYTES_MAX);
    kai_buf_init(&x->scratch, 2 * KAI_STIX_BYTES_MAX);
    x->c = call->core;
    x->fit = &call->cfg->fit;
    x->audit = &call->audit;
    x->expr = strdup(expr);
    err = kai_reader_init(&x->r, call->core, call->who->clearance, &call->audit);
    if (err == KAI_OK)
        err = kai_warnlists_load(&call->core->home, &x->warn, &call->why);
    if (err == KAI_OK)
        err = x->expr != NULL ? begin_pass(x, &call->why) : KAI_ENOMEM;
    if (err != KAI_OK) {
        exporter_free(x);
        return err;
    }
    *out = x;
    return KAI_OK;
}

enum kai_err kai_verb_export(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *expr = kai_arg_text(call, "expr", &err);
    const char *name = kai_arg_need(call, "format", &err);
    bool follow = kai_arg_bool(call, "follow", &err);
    enum kai_export_format format = kai_export_parse(name);
    struct exporter *x;

    if (err == KAI_OK && format == KAI_EXPORT_NONE)
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.format", name, NULL, NULL);
    if (err == KAI_OK && follow && call->core->loop == NULL)
        err = kai_why_set(&call->why, KAI_EAGAIN, "node.not-running", call->core->home.dir, NULL,
                          NULL);
    if (err == KAI_OK)
        err = exporter_new(call, expr != NULL ? expr : "", &x);
    if (err != KAI_OK)
        return err;
    x->use = kai_export_use(format);
    x->objects = kai_export_is_objects(format);
    x->follow = follow;
    call->stream = (struct kai_stream){.next = export_next, .free = exporter_free, .ctx = x};
    return KAI_OK;
}

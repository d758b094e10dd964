/* call_query: what is known: query, get, watch, reindex. */
#include <stdlib.h>
#include <string.h>

#include "node/call.h"
#include "node/clerk.h"
#include "node/cursor.h"
#include "node/indexer.h"
#include "node/inventory.h"
#include "node/reader.h"
#include "node/touched.h"
#include "policy/policy.h"

#define PAGE          128u
#define WATCH_WAIT_MS 1000u
#define WATCH_BEAT_MS 15000u

struct query {
    struct kai_core *c;
    struct kai_reader r;
    struct kai_query *q;
    struct kai_cursor at;
    bool paged; /* The last line is where the next page begins. */
    struct kai_buf *out;
    uint64_t limit;
    uint64_t given;
    uint64_t now_ms;
    enum kai_err err;
    struct kai_inventory inv;
    bool relevant;                  /* Only what touches inv. */
    bool whole;                     /* And all of that. */
    bool looked;                    /* It was given. */
    struct kai_touched_mark newest; /* What was there when it began. */
    /* watch */
    uint64_t position;
    uint64_t row;
    uint64_t beat_ms;
};

static void query_free(void *ctx)
{
    struct query *q = ctx;

    kai_reader_free(&q->r);
    kai_inventory_free(&q->inv);
    kai_query_free(q->q);
    kai_cursor_free(&q->at);
    free(q);
}

static bool give(struct query *q, const struct kai_query_hit *hit)
{
    enum kai_err err = kai_reader_put(&q->r, hit, q->out);

    if (err != KAI_OK && kai_reader_goes_on(&q->r, err))
        return true;
    q->err = err;
    q->given++;
    return err == KAI_OK;
}

static bool give_touching(struct query *q, const struct kai_query_hit *hit,
                          const struct kai_touch *touch)
{
    q->r.touch = touch;
    bool goes_on = give(q, hit);
    q->r.touch = NULL;
    return goes_on;
}

/* An object that has no value of ours may still be about a product of ours. */
static bool give_product(struct query *q, const struct kai_query_hit *hit)
{
    struct kai_touch touch;

    return !kai_touched_product(&q->inv, &q->r, hit->row, &touch) || give_touching(q, hit, &touch);
}

/* Of a list each value for itself, also where the list was meant as a whole. */
static bool give_relevant(struct query *q, const struct kai_query_hit *hit)
{
    struct kai_rowkeys keys;
    char text[KAI_VALUE_BYTES_MAX];
    bool names_products =
        strcmp(hit->row->type, "vulnerability") == 0 || strcmp(hit->row->type, "software") == 0;

    if (hit->row->kind == KAI_ROW_SEALED)
        return true;
    q->err = kai_ixsnap_keys(q->r.rows, hit->row, &keys);
    while (q->err == KAI_OK && q->given < q->limit && kai_rowkeys_next(&keys)) {
        struct kai_touch touch = {.by = "value"};
        struct kai_query_hit one = *hit;

        if (keys.list && hit->index != KAI_INDEX_WHOLE && hit->index != keys.index)
            continue;
        names_products = names_products || (keys.key_n > 0 && keys.key[0] == KAI_V_CPE);
        touch.own = kai_inventory_value(&q->inv, kai_view_of(keys.key, keys.key_n));
        if (touch.own == NULL || !kai_rowkeys_value(&keys, &one.type, text, &one.value.n))
            continue;
        one.value = kai_view_of(text, one.value.n);
        one.index = keys.index;
        if (!give_touching(q, &one, &touch) || !keys.list)
            return q->err == KAI_OK;
    }
    if (q->err != KAI_OK || !names_products)
        return q->err == KAI_OK;
    return give_product(q, hit);
}

static bool on_hit(void *ctx, const struct kai_query_hit *hit)
{
    struct query *q = ctx;

    return q->relevant ? give_relevant(q, hit) : give(q, hit);
}

/* The last line of a page. */
static enum kai_err put_after(struct query *q, bool done)
{
    struct kai_buf text;
    struct kai_jput j;
    enum kai_err err = KAI_OK;

    kai_buf_init(&text, KAI_CURSOR_TEXT_MAX);
    if (!done)
        err = kai_cursor_write(&q->at, q->c, &text);
    kai_jput_init(&j, q->out);
    kai_jput_object(&j, NULL);
    if (done)
        kai_jput_null(&j, "after");
    else
        kai_jput_view(&j, "after", kai_buf_view(&text));
    kai_jput_end(&j);
    kai_buf_free(&text);
    return err == KAI_OK ? kai_jput_line(&j) : err;
}

static enum kai_err query_next(void *ctx, struct kai_buf *out, bool *end, struct kai_why *why)
{
    struct query *q = ctx;
    bool done = false;
    *end = q->looked;
    if (q->looked) /* The last of it is recorded, and on its way. */
        return kai_touched_looked(q->c, q->r.clearance, &q->newest, &q->inv);
    uint64_t page = q->limit - q->given < PAGE ? q->limit - q->given : PAGE;
    enum kai_err err = kai_reader_begin(&q->r);

    q->out = out;
    if (err == KAI_OK)
        err = kai_query_run(q->q, q->r.rows, q->now_ms, page, &q->at.at, &done, on_hit, q);
    kai_reader_end(&q->r);
    *end = done || q->given >= q->limit;
    if (err == KAI_EMALFORMED) /* Names in the expression mean others by now. */
        return kai_why_set(why, err, "query.after", NULL, NULL, NULL);
    if (err == KAI_OK)
        err = q->err;
    if (err == KAI_OK && done && q->whole) {
        q->looked = true;
        *end = false;
    }
    return err == KAI_OK && *end && q->paged ? put_after(q, done) : err;
}

static enum kai_err query_new(struct kai_call *call, const char *expr, uint64_t asked_ms,
                              struct query **out)
{
    struct query *q = calloc(1, sizeof *q);
    enum kai_err err = q == NULL
                           ? KAI_ENOMEM
                           : kai_reader_init(&q->r, call->core, call->who->clearance, &call->audit);

    *out = NULL;
    if (err != KAI_OK) {
        free(q);
        return err;
    }
    q->c = call->core;
    q->now_ms = kai_wall_ms();
    kai_cursor_init(&q->at);
    q->at.asked_ms = asked_ms != 0 && asked_ms < q->now_ms ? asked_ms : q->now_ms;
    struct kai_query_names names = {
        .org = kai_reader_org, .audience = kai_reader_aud, .text = kai_reader_text, .ctx = &q->r};
    err = kai_reader_begin(&q->r);
    if (err == KAI_OK)
        err = kai_query_parse(&q->q, kai_view_of(expr, strlen(expr)), &names, q->at.asked_ms,
                              &call->why);
    kai_reader_end(&q->r);
    if (err != KAI_OK) {
        query_free(q);
        return err;
    }
    *out = q;
    return KAI_OK;
}

/* What touches the inventory says what is in it: not for who only reads. */
static enum kai_err load_inventory(struct kai_call *call, struct query *q)
{
    const char *code = kai_policy_role(call->who->role, KAI_POLICY_SHARE);

    if (code != NULL)
        return kai_why_set(&call->why, KAI_EDENIED, code, "relevant",
                           kai_role_name(KAI_ROLE_ANALYST), kai_role_name(call->who->role));
    q->relevant = true;
    return kai_inventory_load(&q->inv, &call->core->home, &call->why);
}

static enum kai_err query_start(struct kai_call *call, const char *expr, uint64_t asked_ms,
                                struct query **out)
{
    enum kai_err err = KAI_OK;
    uint64_t limit = kai_arg_uint(call, "limit", UINT64_MAX, &err);
    bool settle = kai_arg_bool(call, "settle", &err);

    if (err == KAI_OK && settle)
        err = kai_indexer_settle(call->core->indexer);
    if (err == KAI_OK)
        err = query_new(call, expr, asked_ms, out);
    if (err != KAI_OK)
        return err;
    (*out)->limit = limit;
    call->stream = (struct kai_stream){.next = query_next, .free = query_free, .ctx = *out};
    return KAI_OK;
}

/* Pages: `after` is "" for the first one, and what the last line of a page said for the next. */
static enum kai_err query_page(struct kai_call *call, const char *expr, const char *after)
{
    struct kai_cursor from;
    struct query *q;
    enum kai_err err = KAI_OK;

    kai_cursor_init(&from);
    if (after[0] != '\0') {
        err = kai_cursor_read(&from, call->core, after, &call->why);
        if (err == KAI_OK && expr != NULL && strcmp(expr, (const char *)from.expr.p) != 0)
            err = kai_why_set(&call->why, KAI_EMALFORMED, "query.after", NULL, NULL, NULL);
        expr = (const char *)from.expr.p;
    }
    expr = expr != NULL ? expr : "";
    if (err == KAI_OK)
        err = query_start(call, expr, from.asked_ms, &q);
    if (after[0] != '\0' && (err == KAI_ENOTFOUND || err == KAI_EAMBIGUOUS)) {
        kai_why_at(&call->why, 0, "%s", ""); /* What is sealed in it is not said aloud. */
        err = kai_why_set(&call->why, KAI_EMALFORMED, "query.after", NULL, NULL, NULL);
    }
    if (err == KAI_OK) {
        if (from.expr.len == 0)
            kai_buf_add(&from.expr, expr, strlen(expr) + 1);
        q->paged = true;
        q->at.at = from.at;
        q->at.expr = from.expr; /* Handed over. */
        if (q->limit == 0)      /* No place would be reached. */
            return kai_why_set(&call->why, KAI_EMALFORMED, "usage.argument", "limit", NULL, NULL);
        return from.expr.err;
    }
    kai_cursor_free(&from);
    return err;
}

enum kai_err kai_verb_query(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *expr = kai_arg_text(call, "expr", &err);
    const char *after = kai_arg_text(call, "after", &err);
    struct query *q;

    if (err == KAI_OK && after != NULL)
        return query_page(call, expr, after);
    return err == KAI_OK ? query_start(call, expr != NULL ? expr : "", 0, &q) : err;
}

enum kai_err kai_verb_relevant(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *expr = kai_arg_text(call, "expr", &err);
    struct query *q;

    if (err == KAI_OK)
        err = query_start(call, expr != NULL ? expr : "", 0, &q);
    if (err != KAI_OK)
        return err;
    q->whole = q->limit == UINT64_MAX && (expr == NULL || expr[0] == '\0');
    err = kai_touched_newest(call->core, &q->newest);
    return err == KAI_OK ? load_inventory(call, q) : err;
}

/* ---- watch: what arrives from now on. */
static bool find_new(void *ctx, const struct kai_row *row)
{
    struct query *q = ctx;

    q->err = kai_query_match_row(q->q, q->r.rows, row, kai_wall_ms(), on_hit, q);
    return q->err == KAI_OK;
}

static enum kai_err watch_next(void *ctx, struct kai_buf *out, bool *end, struct kai_why *why)
{
    struct query *q = ctx;
    uint64_t now = kai_now_ms();

    (void)why;
    *end = false;
    q->position = kai_indexer_wait(q->c->indexer, q->position, WATCH_WAIT_MS);
    enum kai_err err = kai_reader_begin(&q->r);
    q->out = out;
    while (err == KAI_OK && q->row < kai_ixsnap_last(q->r.rows) && out->len < (1u << 20)) {
        struct kai_row row;

        err = kai_ixsnap_sound_row(q->r.rows, ++q->row, &row);
        if (err == KAI_OK && !find_new(q, &row))
            err = q->err;
        if (err == KAI_ENOTFOUND)
            err = KAI_OK;
    }
    kai_reader_end(&q->r);
    if (err == KAI_OK && out->len == 0 && now - q->beat_ms >= WATCH_BEAT_MS)
        kai_buf_u8(out, '\n'); /* An empty line: whoever went away is noticed. */
    if (out->len > 0)
        q->beat_ms = now;
    return err;
}

enum kai_err kai_verb_watch(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *expr = kai_arg_text(call, "expr", &err);
    bool relevant = kai_arg_bool(call, "relevant", &err);
    struct query *q;

    if (err == KAI_OK && call->core->loop == NULL)
        err = kai_why_set(&call->why, KAI_EAGAIN, "node.not-running", call->core->home.dir, NULL,
                          NULL);
    if (err == KAI_OK)
        err = query_new(call, expr != NULL ? expr : "", 0, &q);
    if (err != KAI_OK)
        return err;
    q->limit = UINT64_MAX;
    if (relevant)
        err = load_inventory(call, q);
    if (err == KAI_OK)
        err = kai_reader_begin(&q->r);
    if (err == KAI_OK) {
        q->row = kai_ixsnap_last(q->r.rows);
        q->position = kai_ixsnap_position(q->r.rows);
        q->beat_ms = kai_now_ms();
        kai_buf_u8(&call->out, '\n'); /* Says that it watches from here on. */
    }
    kai_reader_end(&q->r);
    if (err != KAI_OK) {
        query_free(q);
        return err;
    }
    call->stream = (struct kai_stream){.next = watch_next, .free = query_free, .ctx = q};
    return KAI_OK;
}

/* ---- get */
struct get {
    struct query *q;
    struct kai_call *call;
    bool stix;
    bool explain;
    uint64_t n;
};

static bool on_row(void *ctx, uint64_t row_no, uint64_t index)
{
    struct get *g = ctx;
    struct query *q = g->q;
    struct kai_row row;

    q->err = kai_ixsnap_row(q->r.rows, row_no, &row);
    if (q->err != KAI_OK)
        return false;
    if ((row.flags & KAI_ROW_GONE) != 0)
        return true; /* As if it had never come. */
    struct kai_query_hit hit = {.row = &row, .index = index};
    if (g->stix && row.kind == KAI_ROW_SEALED) {
        q->err = kai_why_set(&g->call->why, KAI_EDENIED, "read.sealed", NULL, NULL, NULL);
    } else if (g->stix) {
        if (g->n == 0)
            q->err = kai_reader_stix(&q->r, &row, index, &g->call->out);
    } else if (g->explain) {
        q->err = kai_reader_explain(&q->r, &hit, &g->call->out);
    } else {
        q->err = kai_reader_put(&q->r, &hit, &g->call->out);
    }
    g->n++;
    if (q->err == KAI_OK) /* The source is to hear that somebody read it. */
        kai_clerk_note(q->c->clerk, &row, KAI_RECEIPT_READ);
    return q->err == KAI_OK;
}

/* "indicator--UUID": the UUID's bytes. */
static bool stix_uuid(const char *id, uint8_t uuid[static 16])
{
    const char *p = strstr(id, "--");
    char hex[33];
    size_t n = 0;

    if (p == NULL || p == id)
        return false;
    for (p += 2; *p != '\0' && n < 32; p++)
        if (*p != '-')
            hex[n++] = *p;
    hex[n] = '\0';
    return *p == '\0' && kai_unhex(uuid, 16, hex, n);
}

static enum kai_err get(struct kai_call *call, bool explain)
{
    enum kai_err err = KAI_OK;
    const char *id = kai_arg_need(call, "id", &err);
    const char *format = kai_arg_text(call, "format", &err);
    uint8_t uuid[16];
    struct get g = {.call = call, .explain = explain};

    g.stix = !explain && format != NULL && strcmp(format, "stix") == 0;
    if (err == KAI_OK)
        err = query_new(call, "", 0, &g.q);
    if (err != KAI_OK)
        return err;
    g.q->r.rules = call->who;
    g.q->r.lang = call->lang;
    err = kai_reader_begin(&g.q->r);
    if (err == KAI_OK && stix_uuid(id, uuid))
        err = kai_ixsnap_stix(g.q->r.rows, uuid, on_row, &g);
    else if (err == KAI_OK)
        err = kai_ixsnap_item(g.q->r.rows, id, strlen(id), on_row, &g);
    kai_reader_end(&g.q->r);
    if (err == KAI_OK)
        err = g.q->err;
    query_free(g.q);
    call->raw = g.stix;
    if (err == KAI_ENOTFOUND || err == KAI_EMALFORMED || (err == KAI_OK && g.n == 0))
        return kai_why_set(&call->why, KAI_ENOTFOUND, "item.unknown", id, NULL, NULL);
    if (err == KAI_EAMBIGUOUS)
        return kai_why_set(&call->why, err, "name.ambiguous", id, "2", NULL);
    return err;
}

enum kai_err kai_verb_get(struct kai_call *call)
{
    return get(call, false);
}

enum kai_err kai_verb_explain(struct kai_call *call)
{
    return get(call, true);
}

enum kai_err kai_verb_reindex(struct kai_call *call)
{
    struct kai_indexer_state s;
    struct kai_jput j;
    enum kai_err err = call->core->loop != NULL
                           ? kai_why_set(&call->why, KAI_EBUSY, "reindex.running", NULL, NULL, NULL)
                           : kai_indexer_settle(call->core->indexer);

    if (err != KAI_OK)
        return err;
    kai_indexer_state(call->core->indexer, &s);
    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_uint(&j, "entries", s.position);
    kai_jput_uint(&j, "items", s.items);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

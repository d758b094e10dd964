/* call_stream: what is current, item by item in the order of its arrival, then what arrives, and
 * what is withdrawn or recalled of it; from any place on where an earlier answer was.
 *
 * Each is two lines: where it stands, then what goes out. A place is two numbers, sealed: rows up
 * to one, and changes up to the other, have been looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/call.h"
#include "node/indexer.h"
#include "node/reader.h"
#include "node/rules.h"
#include "node/sealed_place.h"
#include "policy/policy.h"

#define WAIT_MS    1000u
#define BEAT_MS    15000u
#define OUT_ENOUGH (1u << 20) /* Then the snapshot is given back. */
#define PLACE      16u        /* Bytes of a place. */

struct place {
    uint64_t row;
    uint64_t change;
};

struct streamer {
    struct kai_core *c;
    struct kai_reader r;
    struct kai_query *current; /* What goes out, */
    struct kai_query *any;     /* and the same of whatever became of it. */
    struct place at;
    bool behind;     /* There is more already. */
    bool is_current; /* Since something was told it was said that nothing more is there. */
    struct kai_buf *out;
    uint64_t position;
    uint64_t beat_ms;
    /* Of the row at hand. */
    bool fits;
    bool whole;
    uint8_t values[(KAI_LIST_VALUES_MAX + 7) / 8];
};

static void streamer_free(void *ctx)
{
    struct streamer *s = ctx;

    kai_reader_free(&s->r);
    kai_query_free(s->current);
    kai_query_free(s->any);
    free(s);
}

/* ---- Places. */
static enum kai_err put_at(struct streamer *s, struct kai_jput *j, const char *key)
{
    uint8_t bytes[PLACE];
    struct kai_buf text;

    kai_put_u64(bytes, s->at.row);
    kai_put_u64(bytes + 8, s->at.change);
    kai_buf_init(&text, KAI_PLACE_TEXT_CAP(PLACE));
    enum kai_err err =
        kai_place_seal(s->c, KAI_PLACE_STREAM, kai_view_of(bytes, sizeof bytes), &text);
    if (err == KAI_OK)
        kai_jput_view(j, key, kai_buf_view(&text));
    kai_buf_free(&text);
    return err;
}

/* *again: it is of another index, whose numbers mean nothing here. */
static enum kai_err place_parse(struct streamer *s, const char *text, bool *again)
{
    struct kai_buf b;
    enum kai_err err;

    *again = strcmp(text, "begin") == 0;
    if (*again)
        return KAI_OK;
    kai_buf_init(&b, PLACE);
    err = kai_place_open(s->c, KAI_PLACE_STREAM, text, PLACE, &b);
    if (err == KAI_OK && b.len != PLACE)
        err = KAI_EMALFORMED;
    if (err == KAI_OK) {
        s->at = (struct place){.row = kai_get_u64(b.p), .change = kai_get_u64(b.p + 8)};
        *again =
            s->at.row > kai_ixsnap_last(s->r.rows) || s->at.change > kai_ixsnap_changes(s->r.rows);
    }
    *again = *again || err == KAI_ENOTFOUND;
    if (*again)
        s->at = (struct place){.row = 0};
    kai_buf_free(&b);
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}

/* ask: the same item may have gone out before, from another row. */
static enum kai_err put_place(struct streamer *s, const char *state, const struct kai_row *row,
                              bool ask)
{
    struct kai_jput j;

    kai_jput_init(&j, s->out);
    kai_jput_object(&j, NULL);
    enum kai_err err = put_at(s, &j, "at");
    if (err != KAI_OK)
        return err;
    if (row != NULL) {
        kai_jput_text(&j, "state", state);
        kai_jput_hex(&j, "id", row->item_id, KAI_ID_BYTES);
        kai_jput_bool(&j, "ask", ask);
    } else {
        kai_jput_bool(&j, state, true);
    }
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

/* ---- Rows. */
static bool on_hit(void *ctx, const struct kai_query_hit *hit)
{
    struct streamer *s = ctx;

    s->fits = true;
    if (hit->row->kind != KAI_CONTENT_LIST || hit->index == KAI_INDEX_WHOLE)
        s->whole = true;
    else if (hit->index < KAI_LIST_VALUES_MAX)
        s->values[hit->index / 8] |= (uint8_t)(1u << hit->index % 8);
    return !s->whole;
}

static enum kai_err match(struct streamer *s, const struct kai_query *q, const struct kai_row *row)
{
    s->fits = s->whole = false;
    if (row->kind == KAI_CONTENT_LIST)
        memset(s->values, 0, sizeof s->values);
    return kai_query_match_row(q, s->r.rows, row, kai_wall_ms(), on_hit, s);
}

static enum kai_err put_content(struct streamer *s, const struct kai_row *row)
{
    struct kai_query_hit hit = {.row = row, .index = 0};

    return row->kind == KAI_CONTENT_LIST
               ? kai_reader_put_list(&s->r, row, s->whole ? NULL : s->values, s->out)
               : kai_reader_put(&s->r, &hit, s->out);
}

/* Both lines, or nothing where it is not ours to show any more, or damaged. */
static enum kai_err put(struct streamer *s, const struct kai_row *row, const char *state, bool ask)
{
    size_t before = s->out->len;
    enum kai_err err = put_place(s, state, row, ask);

    if (err == KAI_OK)
        err = strcmp(state, "item") == 0 ? put_content(s, row)
                                         : kai_reader_put_state(&s->r, row, state, s->out);
    if (err == KAI_OK || !kai_reader_goes_on(&s->r, err))
        return err;
    s->out->len = before;
    return KAI_OK;
}

/* ---- The same item from other origins, and in other audiences: it is told once. */
struct others {
    struct streamer *s;
    uint64_t no; /* The row at hand. */
    bool found;
    enum kai_err err;
};

/* The first row is the earliest. */
static bool on_earlier(void *ctx, uint64_t row_no, uint64_t index)
{
    struct others *o = ctx;

    (void)index;
    o->found = row_no < o->no;
    return false;
}

/* One that stands: not what nobody finds any more. */
static bool on_standing(void *ctx, uint64_t row_no, uint64_t index)
{
    struct others *o = ctx;
    struct kai_row row;

    (void)index;
    if (row_no == o->no)
        return true;
    o->err = kai_ixsnap_sound_row(o->s->r.rows, row_no, &row);
    if (o->err == KAI_ENOTFOUND) { /* One that is damaged does not stand. */
        o->err = KAI_OK;
        return true;
    }
    o->found = o->err == KAI_OK &&
               (row.flags & (KAI_ROW_WITHDRAWN | KAI_ROW_RECALLED | KAI_ROW_SUPERSEDED |
                             KAI_ROW_GONE | KAI_ROW_UNCHECKED)) == 0 &&
               (row.valid_until_ms == 0 || row.valid_until_ms > kai_wall_ms());
    return o->err == KAI_OK && !o->found;
}

/* f stops at the first that decides: one item may have very many rows. */
static enum kai_err find_other(struct streamer *s, const struct kai_row *row, kai_rowno_fn *f,
                               bool *found)
{
    char hex[KAI_HEX_CAP(KAI_ID_BYTES)];
    struct others o = {.s = s, .no = row->no};
    enum kai_err err = kai_ixsnap_item(s->r.rows, kai_hex(hex, row->item_id, KAI_ID_BYTES),
                                       2 * KAI_ID_BYTES, f, &o);

    *found = o.found;
    return err == KAI_OK ? o.err : err;
}

static enum kai_err take_row(struct streamer *s)
{
    bool earlier;
    struct kai_row row;
    enum kai_err err = kai_ixsnap_sound_row(s->r.rows, ++s->at.row, &row);

    if (err != KAI_OK)
        return err == KAI_ENOTFOUND ? KAI_OK : err; /* Above the clearance, or damaged. */
    if ((row.flags & KAI_ROW_UNCHECKED) != 0 || row.kind == KAI_ROW_SEALED ||
        kai_rules_export(&row, KAI_POLICY_FILE, s->r.clearance, kai_wall_ms()) != NULL)
        return KAI_OK;
    err = match(s, s->current, &row);
    if (err != KAI_OK || !s->fits)
        return err;
    err = find_other(s, &row, on_earlier, &earlier);
    return err == KAI_OK ? put(s, &row, "item", earlier) : err;
}

static enum kai_err take_change(struct streamer *s)
{
    bool stands;
    struct kai_row row;
    uint64_t no;
    enum kai_err err = kai_ixsnap_change(s->r.rows, ++s->at.change, &no);

    if (err == KAI_OK)
        err = kai_ixsnap_sound_row(s->r.rows, no, &row);
    if (err != KAI_OK)
        return err == KAI_ENOTFOUND ? KAI_OK : err;
    if ((row.flags & (KAI_ROW_WITHDRAWN | KAI_ROW_RECALLED)) == 0 ||
        (row.flags & KAI_ROW_UNCHECKED) != 0 || row.kind == KAI_ROW_SEALED)
        return KAI_OK;
    err = match(s, s->any, &row);
    if (err != KAI_OK || !s->fits)
        return err;
    err = find_other(s, &row, on_standing, &stands);
    if (err != KAI_OK || stands)
        return err;
    return put(s, &row, (row.flags & KAI_ROW_RECALLED) != 0 ? "recalled" : "withdrawn", true);
}

/* A row comes before what became of it. */
static enum kai_err take_some(struct streamer *s)
{
    uint64_t rows = kai_ixsnap_last(s->r.rows);
    uint64_t changes = kai_ixsnap_changes(s->r.rows);
    unsigned work = 0;
    enum kai_err err = KAI_OK;

    while (err == KAI_OK && s->out->len < OUT_ENOUGH && work++ < KAI_QUERY_WORK &&
           (s->at.row < rows || s->at.change < changes))
        err = s->at.row < rows ? take_row(s) : take_change(s);
    s->behind = s->at.row < rows || s->at.change < changes;
    s->is_current = s->is_current && s->out->len == 0; /* Of what is hidden nothing is said. */
    if (err == KAI_OK && !s->behind && !s->is_current) {
        s->is_current = true;
        err = put_place(s, "current", NULL, false);
    }
    return err;
}

static enum kai_err stream_next(void *ctx, struct kai_buf *out, bool *end, struct kai_why *why)
{
    struct streamer *s = ctx;
    uint64_t now = kai_now_ms();

    (void)why;
    *end = false;
    s->out = out;
    if (!s->behind)
        s->position = kai_indexer_wait(s->c->indexer, s->position, WAIT_MS);
    enum kai_err err = kai_reader_begin(&s->r);
    if (err == KAI_OK)
        err = take_some(s);
    kai_reader_end(&s->r);
    if (err == KAI_OK && out->len == 0 && now - s->beat_ms >= BEAT_MS)
        kai_buf_u8(out, '\n'); /* Whoever went away is noticed. */
    if (out->len > 0)
        s->beat_ms = now;
    return err;
}

/* ---- Beginning. */
static enum kai_err parse(struct streamer *s, const char *expr, struct kai_why *why)
{
    struct kai_query_names names = {
        .org = kai_reader_org, .audience = kai_reader_aud, .text = kai_reader_text, .ctx = &s->r};
    bool all = expr[strspn(expr, " ")] == '\0';
    struct kai_buf any;
    uint64_t now = kai_wall_ms();

    kai_buf_init(&any, KAI_CALL_ARGS_BYTES_MAX);
    enum kai_err err =
        kai_query_parse(&s->current, kai_view_of(expr, strlen(expr)), &names, now, why);
    kai_buf_printf(&any, all ? "%s" : "(%s) ", all ? "" : expr);
    kai_buf_text(&any, "withdrawn:any recalled:any superseded:any expired:any");
    if (err == KAI_OK)
        err = any.err;
    if (err == KAI_OK)
        err = kai_query_parse(&s->any, kai_buf_view(&any), &names, now, why);
    kai_buf_free(&any);
    return err;
}

/* The strictest label that goes out: it has to be said, and nothing raises a reader above its own.
 */
static enum kai_err clearance_of(struct kai_call *call, uint8_t *out)
{
    enum kai_err err = KAI_OK;
    const char *text = kai_arg_need(call, "clearance", &err);
    struct kai_policy_read f = {.role = call->who->role, .clearance = call->who->clearance};
    struct kai_policy_export x = {.purpose = KAI_POLICY_FILE, .clearance = KAI_TLP_RED};

    if (err != KAI_OK)
        return err;
    if (!kai_tlp_parse(kai_view_of(text, strlen(text)), out))
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.label", text, NULL, NULL);
    f.tlp = x.tlp = *out;
    const char *code = kai_policy_read(&f);
    if (code == NULL)
        code = kai_policy_export(&x);
    return code == NULL ? KAI_OK : kai_why_set(&call->why, KAI_EDENIED, code, text, NULL, NULL);
}

static enum kai_err begin(struct streamer *s, struct kai_call *call, const char *from)
{
    bool again = false;
    enum kai_err err = KAI_OK;
    struct kai_jput j;

    if (from == NULL)
        s->at.change = kai_ixsnap_changes(s->r.rows);
    else
        err = place_parse(s, from, &again);
    if (err == KAI_EMALFORMED)
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.argument", "from", NULL, NULL);
    if (err != KAI_OK)
        return err;
    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    err = put_at(s, &j, "begin");
    if (err != KAI_OK)
        return err;
    kai_jput_bool(&j, "again", again);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

enum kai_err kai_verb_stream(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *expr = kai_arg_text(call, "expr", &err);
    const char *from = kai_arg_text(call, "from", &err);
    bool settle = kai_arg_bool(call, "settle", &err);
    uint8_t clearance = KAI_TLP_NONE;
    struct streamer *s;

    if (err == KAI_OK)
        err = clearance_of(call, &clearance);
    if (err == KAI_OK && call->core->loop == NULL)
        err = kai_why_set(&call->why, KAI_EAGAIN, "node.not-running", call->core->home.dir, NULL,
                          NULL);
    if (err == KAI_OK && settle)
        err = kai_indexer_settle(call->core->indexer);
    if (err != KAI_OK)
        return err;
    s = calloc(1, sizeof *s);
    err = s == NULL ? KAI_ENOMEM : kai_reader_init(&s->r, call->core, clearance, &call->audit);
    if (err != KAI_OK) {
        free(s);
        return err;
    }
    s->c = call->core;
    s->behind = true;
    err = kai_reader_begin(&s->r);
    if (err == KAI_OK)
        err = parse(s, expr != NULL ? expr : "", &call->why);
    if (err == KAI_OK)
        err = begin(s, call, from);
    kai_reader_end(&s->r);
    if (err != KAI_OK) {
        streamer_free(s);
        return err;
    }
    call->stream = (struct kai_stream){.next = stream_next, .free = streamer_free, .ctx = s};
    return KAI_OK;
}

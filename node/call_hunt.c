/* call_hunt: for those who look for known values in logs of their own: a filter of all that they
 * may see, and which items are behind what it lets pass. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "hunt/filter.h"
#include "item/list.h"
#include "node/call.h"
#include "node/indexer.h"
#include "node/reader.h"
#include "text/time.h"

#define BUILD_VALUES 65536u  /* Put in between two snapshots. */
#define SEND_BYTES   262144u /* Of the filter, in one line. */
#define ROW_VALUES   4u      /* That an object has, about, where they are not counted. */

/* Of what is asked: which types, and first seen after when. */
struct wish {
    uint64_t types;
    uint64_t since_ms;
};

static enum kai_err read_wish(struct kai_call *call, struct wish *w)
{
    enum kai_err err = KAI_OK;
    const char *since = kai_arg_text(call, "since", &err);
    const char *name;
    uint64_t ms;

    *w = (struct wish){0};
    for (size_t i = 0; (name = kai_arg_item(call, "types", i, &err)) != NULL; i++) {
        uint64_t types = kai_hunt_types_parse(kai_view_of(name, strlen(name)));

        if (types == 0)
            return kai_why_set(&call->why, KAI_EMALFORMED, "usage.type", name, NULL, NULL);
        w->types |= types;
    }
    if (w->types == 0)
        w->types = KAI_HUNT_ALL;
    if (err != KAI_OK || since == NULL)
        return err;
    if (kai_duration_parse(since, &ms)) {
        uint64_t now = kai_wall_ms();

        w->since_ms = ms < now ? now - ms : 0;
    } else if (!kai_time_parse_loose(kai_view_of(since, strlen(since)), &w->since_ms)) {
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.time", since, NULL, NULL);
    }
    return KAI_OK;
}

/* ---- hunt-filter */
struct filtering {
    struct kai_core *c;
    uint8_t clearance;
    struct wish wish;
    struct kai_hunt_filter *f;
    uint64_t values;    /* So many different ones. */
    uint64_t least_row; /* Rows before it came too early. */
    uint64_t estimate;
    bool built;
    bool nets;   /* The first table was sent; of this one */
    size_t sent; /* so many bytes. */
    uint64_t seen;
    size_t at_n; /* Where it goes on. */
    uint8_t at[KAI_IX_PLACE_MAX];
    size_t last_n; /* The key that was put in last. */
    uint8_t last[KAI_VALUE_KEY_MAX];
};

static void filtering_free(void *ctx)
{
    struct filtering *s = ctx;

    kai_hunt_filter_free(s->f);
    free(s);
}

/* Rows stand in the order of their arrival. */
static bool count_new(void *ctx, const struct kai_row *row)
{
    struct filtering *s = ctx;

    if (row->first_seen_ms <= s->wish.since_ms)
        return false;
    s->least_row = row->no;
    s->estimate += row->n_values > 0 ? row->n_values : ROW_VALUES;
    return true;
}

static enum kai_err make_room(struct filtering *s, struct kai_ixsnap *rows)
{
    uint8_t key[KAI_HUNT_KEY_BYTES];
    uint64_t all = kai_ixsnap_values(rows);
    enum kai_err err = KAI_OK;

    s->estimate = all;
    if (s->wish.since_ms > 0) {
        s->least_row = UINT64_MAX;
        s->estimate = 0;
        err = kai_ixsnap_down(rows, kai_ixsnap_last(rows), count_new, s);
    }
    if (err != KAI_OK)
        return err;
    randombytes_buf(key, sizeof key);
    return kai_hunt_filter_new(&s->f, s->estimate < all ? s->estimate : all, key);
}

/* What is withdrawn or expired is put in too: kai_verb_hunt_resolve() looks at each row. */
static bool put_value(void *ctx, struct kai_view key, uint64_t row_no, uint64_t index)
{
    struct filtering *s = ctx;

    s->seen++;
    if (row_no >= s->least_row && (s->wish.types >> key.p[0] & 1u) != 0 &&
        (key.n != s->last_n || memcmp(key.p, s->last, key.n) != 0)) {
        kai_hunt_filter_add(s->f, key);
        memcpy(s->last, key.p, key.n);
        s->last_n = key.n;
        s->values++;
    }
    if (s->seen % BUILD_VALUES != 0)
        return true;
    s->at_n = kai_ix_place(s->at, key, row_no, index);
    return false;
}

static enum kai_err build(struct filtering *s)
{
    uint8_t lo = 1;
    uint8_t hi = KAI_VTYPE_MAX;
    uint8_t end;
    uint64_t before = s->seen;
    struct kai_ixsnap *rows;
    enum kai_err err = kai_ixsnap_begin(s->c->index, s->clearance, &rows);

    if (err == KAI_OK && s->f == NULL)
        err = make_room(s, rows);
    while ((s->wish.types >> lo & 1u) == 0)
        lo++;
    while ((s->wish.types >> hi & 1u) == 0)
        hi--;
    end = (uint8_t)(hi + 1u);
    if (err == KAI_OK)
        err = kai_ixsnap_range(rows, kai_view_of(&lo, 1), kai_view_of(&end, 1),
                               kai_view_of(s->at, s->at_n), false, put_value, s);
    kai_ixsnap_end(rows);
    s->built = s->seen == before || s->seen % BUILD_VALUES != 0;
    return err == KAI_OK && s->built ? kai_hunt_filter_end(s->f) : err;
}

static void put_head(const struct filtering *s, struct kai_buf *out)
{
    struct kai_jput j;

    kai_jput_init(&j, out);
    kai_jput_object(&j, NULL);
    kai_jput_uint(&j, "values", s->values);
    kai_jput_uint(&j, "blocks", s->f->all.blocks);
    kai_jput_uint(&j, "net_blocks", s->f->nets.blocks);
    kai_jput_hex(&j, "key", s->f->key, sizeof s->f->key);
    kai_jput_hex(&j, "tops", s->f->tops, sizeof s->f->tops);
    kai_jput_hex(&j, "lasts", s->f->lasts, sizeof s->f->lasts);
    kai_jput_array(&j, "types");
    for (unsigned i = 1; i <= KAI_VTYPE_MAX; i++)
        if ((s->f->types >> i & 1u) != 0)
            kai_jput_text(&j, NULL, kai_vtype_name((enum kai_vtype)i));
    kai_jput_end(&j);
    kai_jput_array(&j, "v4");
    for (unsigned i = 0; i <= 32; i++)
        if ((s->f->v4 >> i & 1u) != 0)
            kai_jput_uint(&j, NULL, i);
    kai_jput_end(&j);
    kai_jput_array(&j, "v6");
    for (unsigned i = 0; i <= 128; i++)
        if ((s->f->v6[i / 64] >> i % 64 & 1u) != 0)
            kai_jput_uint(&j, NULL, i);
    kai_jput_end(&j);
    kai_jput_end(&j);
    (void)kai_jput_line(&j);
}

static enum kai_err filtering_next(void *ctx, struct kai_buf *out, bool *end, struct kai_why *why)
{
    struct filtering *s = ctx;
    const struct kai_hunt_table *t;
    struct kai_jput j;

    (void)why;
    *end = false;
    if (!s->built) {
        enum kai_err err = build(s);

        if (err == KAI_OK && s->built)
            put_head(s, out);
        return err == KAI_OK ? out->err : err;
    }
    t = s->nets ? &s->f->nets : &s->f->all;
    size_t all = (size_t)t->blocks * KAI_HUNT_BLOCK_BYTES;
    size_t n = all - s->sent < SEND_BYTES ? all - s->sent : SEND_BYTES;
    kai_jput_init(&j, out);
    kai_jput_object(&j, NULL);
    kai_jput_hex(&j, "data", (const uint8_t *)t->words + s->sent, n);
    kai_jput_end(&j);
    s->sent += n;
    *end = s->nets && s->sent == all;
    if (s->sent == all) {
        s->nets = true;
        s->sent = 0;
    }
    return kai_jput_line(&j);
}

enum kai_err kai_verb_hunt_filter(struct kai_call *call)
{
    static const uint8_t no_item[KAI_ID_BYTES];
    uint8_t clearance = call->who->clearance;
    struct filtering *s = calloc(1, sizeof *s);
    enum kai_err err = s == NULL ? KAI_ENOMEM : read_wish(call, &s->wish);

    if (err == KAI_OK)
        err = kai_indexer_settle(call->core->indexer);
    if (err != KAI_OK) {
        free(s);
        return err;
    }
    s->c = call->core;
    s->clearance = clearance;
    /* Whoever has the filter can try values on it: that is a read, of no single item. Values of RED
     * are in no index. */
    kai_audit_read(&call->audit, no_item,
                   clearance < KAI_TLP_AMBER_STRICT ? clearance : KAI_TLP_AMBER_STRICT);
    call->stream = (struct kai_stream){.next = filtering_next, .free = filtering_free, .ctx = s};
    return KAI_OK;
}

/* ---- hunt-resolve */
struct resolving {
    struct kai_call *call;
    struct kai_reader r;
    struct wish wish;
    struct kai_jput j;
    uint64_t now_ms;
    bool open;             /* The value's object was begun. */
    size_t i;              /* Of the value, */
    enum kai_vtype type;   /* its type that is looked at, */
    struct kai_view value; /* and its normal form. */
    size_t n;              /* Items so far. */
    uint8_t ids[KAI_HUNT_ITEMS_MAX][KAI_ID_BYTES];
    enum kai_err err;
};

static void put_item(struct resolving *s, const struct kai_row *row, const uint8_t *id)
{
    const struct kai_org *origin = kai_roster_org(s->r.o->roster, row->origin);

    if (!s->open) {
        kai_jput_object(&s->j, NULL);
        kai_jput_uint(&s->j, "n", s->i);
        kai_jput_array(&s->j, "items");
        s->open = true;
    }
    kai_jput_object(&s->j, NULL);
    kai_jput_hex(&s->j, "id", id, KAI_ID_BYTES);
    kai_jput_text(&s->j, "value_type", kai_vtype_name(s->type));
    kai_jput_text(&s->j, "label", kai_tlp_name(row->tlp));
    kai_jput_text(&s->j, "origin_name", origin != NULL ? origin->name : NULL);
    kai_jput_time(&s->j, "first_seen", row->first_seen_ms);
    kai_jput_end(&s->j);
    kai_audit_read(&s->call->audit, id, row->tlp);
}

/* One place of the value: of a current row, and of an item that was not there yet. */
static bool on_place(void *ctx, struct kai_view key, uint64_t row_no, uint64_t index)
{
    const uint64_t past = KAI_ROW_GONE | KAI_ROW_WITHDRAWN | KAI_ROW_SUPERSEDED | KAI_ROW_RECALLED;
    struct resolving *s = ctx;
    struct kai_row row;
    uint8_t id[KAI_ID_BYTES];

    (void)key;
    (void)index;
    s->err = kai_ixsnap_sound_row(s->r.rows, row_no, &row);
    if (s->err == KAI_ENOTFOUND) {
        s->err = KAI_OK;
        return true;
    }
    if (s->err != KAI_OK)
        return false;
    if (row.first_seen_ms <= s->wish.since_ms && s->wish.since_ms > 0)
        return false; /* All that follow are older. */
    if ((row.flags & past) != 0 || (row.valid_until_ms != 0 && row.valid_until_ms <= s->now_ms))
        return true;
    memcpy(id, row.item_id, KAI_ID_BYTES);
    if (row.kind == KAI_CONTENT_LIST)
        kai_value_id(id, row.item_id, s->value);
    for (size_t i = 0; i < s->n; i++)
        if (memcmp(s->ids[i], id, KAI_ID_BYTES) == 0)
            return true;
    memcpy(s->ids[s->n++], id, KAI_ID_BYTES);
    put_item(s, &row, id);
    return s->n < KAI_HUNT_ITEMS_MAX;
}

/* The newest items of each type that the class has. */
static enum kai_err resolve(struct resolving *s, enum kai_hunt_class cls)
{
    uint64_t types = kai_hunt_types(cls) & s->wish.types;

    s->n = 0;
    s->open = false;
    s->err = KAI_OK;
    for (unsigned t = 1; t <= KAI_VTYPE_MAX && s->n < KAI_HUNT_ITEMS_MAX; t++) {
        uint8_t key[KAI_VALUE_KEY_MAX];
        size_t n;

        s->type = (enum kai_vtype)t;
        if ((types >> t & 1u) == 0 || kai_value_key(s->type, s->value, key, &n) != KAI_OK)
            continue;
        enum kai_err err = kai_ixsnap_range(s->r.rows, kai_view_of(key, n), kai_view_of(key, n),
                                            (struct kai_view){0}, true, on_place, s);
        if (err != KAI_OK || s->err != KAI_OK)
            return err != KAI_OK ? err : s->err;
    }
    if (s->open) {
        kai_jput_end(&s->j);
        kai_jput_end(&s->j);
        return kai_jput_line(&s->j);
    }
    return KAI_OK;
}

static enum kai_err resolve_all(struct resolving *s, const json_t *values)
{
    enum kai_err err = KAI_OK;

    for (s->i = 0; err == KAI_OK && s->i < json_array_size(values); s->i++) {
        const json_t *pair = json_array_get(values, s->i);
        const json_t *text = json_array_get(pair, 1);
        json_int_t cls = json_integer_value(json_array_get(pair, 0));

        if (cls <= KAI_HUNT_NONE || cls >= KAI_HUNT_CLASSES || !json_is_string(text) ||
            json_string_length(text) > KAI_VALUE_BYTES_MAX)
            return kai_why_set(&s->call->why, KAI_EMALFORMED, "usage.argument", "values", NULL,
                               NULL);
        s->value = kai_view_of(json_string_value(text), json_string_length(text));
        err = resolve(s, (enum kai_hunt_class)cls);
    }
    return err;
}

enum kai_err kai_verb_hunt_resolve(struct kai_call *call)
{
    const json_t *values = json_object_get(call->args, "values");
    struct resolving s = {.call = call, .now_ms = kai_wall_ms()};
    enum kai_err err = read_wish(call, &s.wish);

    if (err == KAI_OK && (!json_is_array(values) || json_array_size(values) > KAI_HUNT_ASK_MAX))
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.argument", "values", NULL, NULL);
    if (err == KAI_OK)
        err = kai_reader_init(&s.r, call->core, call->who->clearance, &call->audit);
    if (err != KAI_OK)
        return err;
    err = kai_reader_begin(&s.r);
    kai_jput_init(&s.j, &call->out);
    if (err == KAI_OK)
        err = resolve_all(&s, values);
    kai_reader_free(&s.r);
    return err;
}

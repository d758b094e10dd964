/* call_lookup: many values at once: which of them are known. */
#include <string.h>

#include "item/label.h"
#include "node/call.h"
#include "node/indexer.h"
#include "node/reader.h"

#define ITEMS_COUNTED_MAX 100u

struct lookup {
    struct kai_call *call;
    struct kai_reader r;
    uint64_t now_ms;
    const json_t *asked;
    char norm[KAI_VALUE_BYTES_MAX]; /* Of what was asked. */
    size_t norm_n;
    enum kai_vtype type;
    struct kai_row row; /* The newest that has it. */
    uint64_t items;
    enum kai_err err;
};

static bool on_place(void *ctx, struct kai_view key, uint64_t row_no, uint64_t index)
{
    const uint64_t unwanted =
        KAI_ROW_GONE | KAI_ROW_SUPERSEDED | KAI_ROW_WITHDRAWN | KAI_ROW_RECALLED;
    struct lookup *l = ctx;
    struct kai_row row;

    (void)key;
    (void)index;
    l->err = kai_ixsnap_sound_row(l->r.rows, row_no, &row);
    if (l->err == KAI_ENOTFOUND) {
        l->err = KAI_OK;
        return true;
    }
    if (l->err != KAI_OK)
        return false;
    if ((row.flags & unwanted) != 0 || (row.valid_until_ms != 0 && row.valid_until_ms <= l->now_ms))
        return true;
    if (l->items++ == 0)
        l->row = row;
    return l->items < ITEMS_COUNTED_MAX;
}

static void put_found(struct lookup *l, struct kai_view held)
{
    const struct kai_org *origin = kai_roster_org(l->r.o->roster, l->row.origin);
    uint8_t made[KAI_ID_BYTES];
    const uint8_t *id = l->row.item_id;
    struct kai_jput j;

    if (l->row.n_values > 0) {
        kai_value_id(made, l->row.item_id, held);
        id = made;
    }
    kai_jput_init(&j, &l->call->out);
    kai_jput_object(&j, NULL);
    kai_jput_view(&j, "asked",
                  kai_view_of(json_string_value(l->asked), json_string_length(l->asked)));
    kai_jput_view(&j, "value", held);
    kai_jput_text(&j, "value_type", kai_vtype_name(l->type));
    kai_jput_uint(&j, "items", l->items);
    kai_jput_hex(&j, "id", id, KAI_ID_BYTES);
    kai_jput_text(&j, "label", kai_tlp_name(l->row.tlp));
    kai_jput_bool(&j, "exercise", (l->row.flags & KAI_ROW_EXERCISE) != 0);
    kai_jput_text(&j, "origin_name", origin != NULL ? origin->name : NULL);
    kai_jput_time(&j, "first_seen", l->row.first_seen_ms);
    kai_jput_end(&j);
    (void)kai_jput_line(&j); /* Sticks in the buffer. */
    kai_audit_read(l->r.audit, id, l->row.tlp);
}

/* Whether something that counts has this very key. */
static bool found(struct lookup *l, struct kai_view key)
{
    struct kai_view from_start = {0};
    enum kai_err err;

    l->items = 0;
    err = kai_ixsnap_range(l->r.rows, key, key, from_start, true, on_place, l);
    l->err = l->err == KAI_OK ? err : l->err;
    return l->err == KAI_OK && l->items > 0;
}

/* The smallest block that has something. */
static bool on_block(void *ctx, struct kai_view key)
{
    struct lookup *l = ctx;
    char held[KAI_VALUE_KEY_MAX];
    enum kai_vtype type;
    size_t n;

    if (!found(l, key))
        return l->err == KAI_OK;
    if (kai_key_value(key, &type, held, &n))
        put_found(l, kai_view_of(held, n));
    return false;
}

static enum kai_err look_up(struct lookup *l)
{
    struct kai_view text = kai_view_of(json_string_value(l->asked), json_string_length(l->asked));
    uint8_t key[KAI_VALUE_KEY_MAX];
    enum kai_err err;
    size_t n;

    err = kai_value_guess(text, &l->type, l->norm, sizeof l->norm, &l->norm_n, NULL);
    if (err == KAI_OK)
        err = kai_value_key(l->type, kai_view_of(l->norm, l->norm_n), key, &n);
    if (err != KAI_OK)
        return err == KAI_ENOMEM ? err : KAI_OK; /* Of no known shape: nothing is known of it. */
    if (l->type == KAI_V_IPV4 || l->type == KAI_V_IPV6)
        err = kai_ixsnap_around(l->r.rows, kai_view_of(key, n), on_block, l);
    else if (found(l, kai_view_of(key, n)))
        put_found(l, kai_view_of(l->norm, l->norm_n));
    return err == KAI_OK ? l->err : err;
}

enum kai_err kai_verb_lookup(struct kai_call *call)
{
    const json_t *values = json_object_get(call->args, "values");
    struct lookup l = {.call = call, .now_ms = kai_wall_ms()};
    enum kai_err err = KAI_OK;
    size_t n = json_array_size(values);

    if (!json_is_array(values) || n > KAI_LOOKUP_VALUES_MAX)
        return kai_why_set(&call->why, n > KAI_LOOKUP_VALUES_MAX ? KAI_ELIMIT : KAI_EMALFORMED,
                           "usage.argument", "values", NULL, NULL);
    for (size_t i = 0; i < n; i++) {
        if (!json_is_string(json_array_get(values, i)))
            return kai_why_set(&call->why, KAI_EMALFORMED, "usage.argument", "values", NULL, NULL);
    }
    err = kai_reader_init(&l.r, call->core, call->who->clearance, &call->audit);
    if (err != KAI_OK)
        return err;
    err = kai_reader_begin(&l.r);
    for (size_t i = 0; err == KAI_OK && i < n; i++) {
        l.asked = json_array_get(values, i);
        err = look_up(&l);
    }
    kai_reader_free(&l.r);
    return err;
}

/* reader: from rows of the index to what a person or program sees. */
#include "node/reader.h"

#include <stdio.h>
#include <string.h>

#include "item/relabel.h"
#include "item/stix.h"
#include "node/beside.h"
#include "node/inventory.h"
#include "node/rules.h"
#include "node/shown.h"

static enum kai_err source_entry(void *ctx, uint64_t log_no, uint64_t seq, struct kai_entry *out)
{
    struct kai_reader *r = ctx;

    return kai_snap_entry_no(r->snap, log_no, seq, out);
}

static enum kai_err source_key(void *ctx, uint64_t log_no, const uint8_t kid[static KAI_TAG_BYTES],
                               uint8_t key[static KAI_KEY_BYTES])
{
    struct kai_reader *r = ctx;
    struct kai_log log;
    enum kai_err err = kai_snap_log_no(r->snap, log_no, &log);
    const struct kai_epoch *ep = err == KAI_OK ? kai_outlook_epoch(r->o, log.aud_id, kid) : NULL;

    if (ep == NULL || ep->route_only)
        return err == KAI_OK ? KAI_ENOTFOUND : err;
    memcpy(key, ep->key, KAI_KEY_BYTES);
    return KAI_OK;
}

enum kai_err kai_reader_init(struct kai_reader *r, struct kai_core *c, uint8_t clearance,
                             struct kai_audit_batch *audit)
{
    *r = (struct kai_reader){
        .c = c,
        .clearance = clearance,
        .audit = audit,
        .source = {.ctx = r, .nid = c->charter.nid, .entry = source_entry, .key = source_key}};
    return kai_fetch_new(&r->fetch);
}

void kai_reader_free(struct kai_reader *r)
{
    kai_reader_end(r);
    kai_fetch_free(r->fetch);
    r->fetch = NULL;
}

enum kai_err kai_reader_begin(struct kai_reader *r)
{
    enum kai_err err = kai_ixsnap_begin(r->c->index, r->clearance,
                                        &r->rows); /* First: what it names is in the other one. */

    if (err == KAI_OK)
        err = kai_snap_begin(r->c->store, &r->snap);
    if (err == KAI_OK)
        r->o = kai_outlook_get(r->c);
    else
        kai_reader_end(r);
    return err;
}

void kai_reader_end(struct kai_reader *r)
{
    if (r->rows != NULL && kai_ixsnap_damaged(r->rows))
        kai_core_alarm(r->c, "alarm.row", "");
    kai_ixsnap_end(r->rows);
    kai_snap_end(r->snap);
    kai_outlook_put(r->o);
    r->rows = NULL;
    r->snap = NULL;
    r->o = NULL;
}

enum kai_err kai_reader_org(void *ctx, const char *text, uint8_t id[static KAI_ID_BYTES],
                            struct kai_why *why)
{
    struct kai_reader *r = ctx;
    const struct kai_org *org;
    enum kai_err err = kai_outlook_find_org(r->o, text, &org, why);

    if (err == KAI_OK)
        memcpy(id, org->id, KAI_ID_BYTES);
    return err;
}

enum kai_err kai_reader_aud(void *ctx, const char *text, uint8_t id[static KAI_ID_BYTES],
                            struct kai_why *why)
{
    struct kai_reader *r = ctx;
    const struct kai_aud_name *a;
    enum kai_err err = kai_shown_find_aud(r->o, text, r->clearance, &a, why);

    if (err == KAI_OK)
        memcpy(id, a->id, KAI_ID_BYTES);
    return err;
}

bool kai_reader_goes_on(struct kai_reader *r, enum kai_err err)
{
    if (err == KAI_ECORRUPT || err == KAI_EAUTH || err == KAI_EMALFORMED)
        kai_core_alarm(r->c, "alarm.item", ""); /* Not which: `status` is for all readers. */
    else if (err != KAI_ENOTFOUND && err != KAI_EDENIED)
        return false;
    return true;
}

enum kai_err kai_reader_text(void *ctx, const struct kai_row *row, struct kai_view *json)
{
    struct kai_reader *r = ctx;
    struct kai_list list = {.n = 0};
    enum kai_err err;

    if (row->kind != KAI_CONTENT_LIST) {
        err = kai_fetch_object(r->fetch, &r->source, row, json);
    } else {
        err = kai_fetch_list(r->fetch, &r->source, row, &list);
        *json = list.template_json;
    }
    return err != KAI_OK && kai_reader_goes_on(r, err) ? KAI_ENOTFOUND : err;
}

struct kai_label kai_row_label(const struct kai_row *row)
{
    return (struct kai_label){
        .tlp = row->tlp, .pap = row->pap, .exercise = (row->flags & KAI_ROW_EXERCISE) != 0};
}

enum kai_err kai_row_relabel(const struct kai_row *row, struct kai_buf *text,
                             struct kai_buf *scratch)
{
    kai_buf_clear(scratch);
    kai_buf_add(scratch, text->p, text->len);
    if (scratch->err != KAI_OK)
        return scratch->err;
    kai_buf_clear(text);
    return kai_stix_relabel(text, kai_buf_view(scratch), kai_row_label(row));
}

/* The object's id for people: an item's, or that of one value of a list. */
static const uint8_t *id_of(const struct kai_row *row, uint64_t index, struct kai_view norm,
                            uint8_t made[static KAI_ID_BYTES])
{
    if (row->kind != KAI_CONTENT_LIST || index == KAI_INDEX_WHOLE)
        return row->item_id;
    kai_value_id(made, row->item_id, norm);
    return made;
}

static enum kai_err put_stix(struct kai_reader *r, const struct kai_row *row, uint64_t index,
                             struct kai_buf *out)
{
    struct kai_view content;
    struct kai_list list;
    enum kai_err err;

    if (row->kind != KAI_CONTENT_LIST) {
        err = kai_fetch_object(r->fetch, &r->source, row, &content);
        if (err == KAI_OK)
            kai_buf_add(out, content.p, content.n);
        return err == KAI_OK ? out->err : err;
    }
    err = kai_fetch_value(r->fetch, &r->source, row, index, &list, &content);
    return err == KAI_OK ? kai_list_stix_of(&list, content, row->created_ms, kai_row_label(row),
                                            row->origin, out)
                         : err;
}

struct values {
    struct kai_jput *j;
    bool strong;
    size_t n;
};

#define VALUES_SHOWN_MAX 1000u

static bool put_value(void *ctx, enum kai_vtype type, struct kai_view norm, enum kai_atom strength)
{
    struct values *v = ctx;

    (void)type;
    v->strong = v->strong || strength == KAI_ATOM_STRONG;
    if (v->n++ < VALUES_SHOWN_MAX)
        kai_jput_view(v->j, NULL, norm);
    return true;
}

static void put_time(struct kai_jput *j, const char *key, uint64_t ms)
{
    if (ms == 0)
        kai_jput_null(j, key);
    else
        kai_jput_time(j, key, ms);
}

/* Who passed it on: the source is somebody else. */
static void put_via(struct kai_reader *r, struct kai_jput *j, const struct kai_row *row)
{
    static const uint8_t nobody[KAI_ID_BYTES];
    const struct kai_org *via = kai_roster_org(r->o->roster, row->via);

    if (memcmp(row->via, nobody, KAI_ID_BYTES) == 0) {
        kai_jput_null(j, "via");
        return;
    }
    kai_jput_hex(j, "via", row->via, KAI_ID_BYTES);
    kai_jput_text(j, "via_name", via != NULL ? via->name : NULL);
}

static void put_head(struct kai_reader *r, struct kai_jput *j, const struct kai_row *row)
{
    const struct kai_org *origin = kai_roster_org(r->o->roster, row->origin);
    const struct kai_aud_name *aud = kai_outlook_aud(r->o, row->aud_id);

    kai_jput_text(j, "label", kai_tlp_name(row->tlp));
    kai_jput_text(j, "pap", row->pap == 0 ? NULL : kai_pap_name(row->pap));
    kai_jput_bool(j, "exercise", (row->flags & KAI_ROW_EXERCISE) != 0);
    kai_jput_hex(j, "origin", row->origin, KAI_ID_BYTES);
    kai_jput_text(j, "origin_name", origin != NULL ? origin->name : NULL);
    put_via(r, j, row);
    if (aud != NULL && (aud->name[0] == '\0' || !kai_shown_aud(r->o, aud->id, r->clearance)))
        aud = NULL;
    kai_jput_text(j, "audience", aud != NULL ? aud->name : NULL);
    kai_jput_time(j, "first_seen", row->first_seen_ms);
    put_time(j, "created", row->created_ms);
    put_time(j, "valid_from", row->valid_from_ms);
    put_time(j, "valid_until", row->valid_until_ms);
    kai_jput_bool(j, "withdrawn", (row->flags & KAI_ROW_WITHDRAWN) != 0);
    kai_jput_bool(j, "recalled", (row->flags & KAI_ROW_RECALLED) != 0);
    kai_jput_bool(j, "disputed", (row->flags & KAI_ROW_DISPUTED) != 0);
    if (row->kind == KAI_ROW_SEALED)
        kai_jput_bool(j, "sealed", true);
}

static void put_content(struct kai_jput *j, const struct kai_row *row,
                        const struct kai_query_hit *hit, struct kai_view object,
                        struct kai_view norm, uint8_t clearance, struct kai_buf *compact)
{
    struct values v = {.j = j};

    if (hit->value.n > 0)
        kai_jput_view(j, "value", hit->value);
    else if (norm.n > 0)
        kai_jput_view(j, "value", norm);
    else
        kai_jput_null(j, "value");
    kai_jput_array(j, "values");
    if (row->kind == KAI_CONTENT_LIST) {
        v.strong = true;
        if (norm.n > 0)
            kai_jput_view(j, NULL, norm);
    } else if (row->kind != KAI_ROW_SEALED && (row->flags & KAI_ROW_UNCHECKED) == 0) {
        kai_ignore(
            kai_stix_values(object, put_value, &v)); /* What has no normal form is left out. */
    }
    kai_jput_end(j);
    kai_jput_bool(j, "exportable", v.strong && kai_rules_exportable(row, clearance, kai_wall_ms()));
    /* What is sealed `open` shows, to whom it is sealed. */
    if (row->kind != KAI_ROW_SEALED && kai_stix_compact(object, compact) == KAI_OK)
        kai_jput_raw(j, "stix", kai_buf_view(compact));
    else
        kai_jput_null(j, "stix");
}

enum kai_err kai_reader_put(struct kai_reader *r, const struct kai_query_hit *hit,
                            struct kai_buf *out)
{
    const struct kai_row *row = hit->row;
    struct kai_buf object;
    struct kai_buf compact;
    struct kai_view norm = {0};
    struct kai_list list;
    struct kai_jput j;
    uint8_t made[KAI_ID_BYTES];
    const uint8_t *id;
    bool whole_list = row->kind == KAI_CONTENT_LIST && hit->index == KAI_INDEX_WHOLE;
    enum kai_err err = KAI_OK;

    kai_buf_init(&object, 2 * KAI_STIX_BYTES_MAX);
    kai_buf_init(&compact, 2 * KAI_STIX_BYTES_MAX);
    if (row->kind == KAI_CONTENT_LIST && !whole_list)
        err = kai_fetch_value(r->fetch, &r->source, row, hit->index, &list, &norm);
    if (err == KAI_OK && !whole_list && row->kind != KAI_ROW_SEALED)
        err = put_stix(r, row, hit->index, &object);
    if (err != KAI_OK)
        goto out;
    if (row->kind == KAI_CONTENT_LIST && !whole_list) /* It moved with the body. */
        err = kai_fetch_value(r->fetch, &r->source, row, hit->index, &list, &norm);
    if (err != KAI_OK)
        goto out;
    kai_jput_init(&j, out);
    kai_jput_object(&j, NULL);
    id = id_of(row, hit->index, norm, made);
    kai_jput_hex(&j, "id", id, KAI_ID_BYTES);
    kai_jput_text(&j, "type", row->type);
    if (row->kind == KAI_CONTENT_LIST && !whole_list)
        kai_jput_text(&j, "value_type", kai_vtype_name(list.type));
    put_head(r, &j, row);
    if (whole_list) {
        kai_jput_uint(&j, "list_values", row->n_values);
        kai_jput_null(&j, "value");
        kai_jput_array(&j, "values"); /* Each value of it is an item of its own. */
        kai_jput_end(&j);
        kai_jput_bool(&j, "exportable", kai_rules_exportable(row, r->clearance, kai_wall_ms()));
        kai_jput_null(&j, "stix");
    } else {
        put_content(&j, row, hit, kai_buf_view(&object), norm, r->clearance, &compact);
    }
    kai_audit_read(r->audit, id, row->tlp);
    if (r->touch != NULL) {
        kai_jput_text(&j, "touches", r->touch->own->text);
        kai_jput_text(&j, "touches_by", r->touch->by);
    }
    if (r->rules != NULL) { /* `get`: one item, in full. */
        kai_rules_put(&j, r, row, r->rules, r->lang, false);
        if (!whole_list && row->kind != KAI_ROW_SEALED)
            err = kai_beside_put(&j, r, row, hit->index, kai_buf_view(&object));
    }
    kai_jput_end(&j);
    err = err == KAI_OK ? kai_jput_line(&j) : err;
out:
    kai_buf_free(&object);
    kai_buf_free(&compact);
    return err;
}

static void begin_line(struct kai_reader *r, struct kai_jput *j, const struct kai_row *row,
                       struct kai_buf *out)
{
    kai_jput_init(j, out);
    kai_jput_object(j, NULL);
    kai_jput_hex(j, "id", row->item_id, KAI_ID_BYTES);
    kai_jput_text(j, "type", row->type);
    kai_audit_read(r->audit, row->item_id, row->tlp);
}

enum kai_err kai_reader_put_list(struct kai_reader *r, const struct kai_row *row,
                                 const uint8_t *values, struct kai_buf *out)
{
    struct kai_list list;
    struct kai_view norm;
    struct kai_jput j;
    size_t at = 0;
    enum kai_err err = kai_fetch_list(r->fetch, &r->source, row, &list);

    if (err != KAI_OK)
        return err;
    begin_line(r, &j, row, out);
    kai_jput_text(&j, "value_type", kai_vtype_name(list.type));
    put_head(r, &j, row);
    kai_jput_uint(&j, "list_values", row->n_values);
    kai_jput_array(&j, "values");
    for (size_t i = 0; kai_list_next(&list, &at, &norm); i++)
        if (values == NULL || (values[i / 8] >> i % 8 & 1) != 0)
            kai_jput_view(&j, NULL, norm);
    kai_jput_end(&j);
    kai_jput_bool(&j, "exportable", kai_rules_exportable(row, r->clearance, kai_wall_ms()));
    kai_jput_raw(&j, "template", list.template_json);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

/* "indicator--UUID"; nothing for a list. */
static void put_stix_id(struct kai_jput *j, const struct kai_row *row)
{
    char hex[33];
    char id[KAI_ROW_TYPE_CAP + 40];

    if (row->kind != KAI_CONTENT_STIX) {
        kai_jput_null(j, "stix_id");
        return;
    }
    (void)kai_hex(hex, row->stix_uuid, 16);
    (void)snprintf(id, sizeof id, "%s--%.8s-%.4s-%.4s-%.4s-%.12s", row->type, hex, hex + 8,
                   hex + 12, hex + 16, hex + 20);
    kai_jput_text(j, "stix_id", id);
}

enum kai_err kai_reader_put_state(struct kai_reader *r, const struct kai_row *row,
                                  const char *state, struct kai_buf *out)
{
    struct kai_jput j;

    begin_line(r, &j, row, out);
    kai_jput_text(&j, "state", state);
    put_stix_id(&j, row);
    put_head(r, &j, row);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

enum kai_err kai_reader_stix(struct kai_reader *r, const struct kai_row *row, uint64_t index,
                             struct kai_buf *out)
{
    uint8_t made[KAI_ID_BYTES];
    struct kai_view norm = {0};
    struct kai_list list;
    enum kai_err err = put_stix(r, row, index, out);

    if (err == KAI_OK && row->kind == KAI_CONTENT_LIST)
        err = kai_fetch_value(r->fetch, &r->source, row, index, &list, &norm);
    if (err == KAI_OK)
        kai_audit_read(r->audit, id_of(row, index, norm, made), row->tlp);
    return err;
}

enum kai_err kai_reader_explain(struct kai_reader *r, const struct kai_query_hit *hit,
                                struct kai_buf *out)
{
    const struct kai_row *row = hit->row;
    bool of_list = row->kind == KAI_CONTENT_LIST && hit->index != KAI_INDEX_WHOLE;
    uint8_t made[KAI_ID_BYTES];
    struct kai_view norm = {0};
    struct kai_list list;
    struct kai_jput j;

    if (of_list) {
        enum kai_err err = kai_fetch_value(r->fetch, &r->source, row, hit->index, &list, &norm);

        if (err != KAI_OK)
            return err;
    }
    kai_jput_init(&j, out);
    kai_jput_object(&j, NULL);
    const uint8_t *id = id_of(row, hit->index, norm, made);
    kai_jput_hex(&j, "id", id, KAI_ID_BYTES);
    kai_jput_text(&j, "type", row->type);
    put_head(r, &j, row);
    kai_rules_put(&j, r, row, r->rules, r->lang, true);
    kai_rules_put_charter(&j, r, r->lang);
    kai_jput_end(&j);
    kai_audit_read(r->audit, id, row->tlp);
    return kai_jput_line(&j);
}

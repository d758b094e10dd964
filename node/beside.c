/* beside: what else is known about an item. */
#include "node/beside.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "item/label.h"
#include "item/scoid.h"

/* One list of the answer being written. */
struct list {
    struct kai_jput *j;
    struct kai_reader *r;
    const struct kai_row *about;
    uint64_t shown;
    uint64_t more;
    uint64_t looks;
    uint8_t id[KAI_BESIDE_SHOWN_MAX][KAI_ID_BYTES]; /* What was shown. */
    uint64_t sum;                                   /* Of sightings. */
    const char *value;                              /* Of same_value. */
    size_t value_n;
    const char *relation; /* Of a countermeasure: what its relationship says. */
    enum kai_err err;
};

static void begin(struct list *l, const char *name)
{
    l->shown = 0;
    l->more = 0;
    l->looks = 0;
    kai_jput_array(l->j, name);
}

static void finish(struct list *l, const char *name_more)
{
    kai_jput_end(l->j);
    kai_jput_uint(l->j, name_more, l->more);
}

/* Whether there is work left to be done. */
static bool goes_on(const struct list *l)
{
    return l->err == KAI_OK && l->looks < KAI_BESIDE_LOOKS_MAX;
}

/* A row that counts: current, and not the item itself. */
static bool load(struct list *l, uint64_t no, struct kai_row *row)
{
    enum kai_err err = kai_ixsnap_row(l->r->rows, no, row);
    const uint64_t unwanted = KAI_ROW_GONE | KAI_ROW_SUPERSEDED | KAI_ROW_WITHDRAWN |
                              KAI_ROW_RECALLED | KAI_ROW_UNCHECKED;

    l->looks++;
    if (err != KAI_OK && err != KAI_ENOTFOUND)
        l->err = err;
    return err == KAI_OK && (row->flags & unwanted) == 0 && row->kind != KAI_ROW_SEALED;
}

/* Whether it is to be shown: it was not yet, and there is room. */
static bool take(struct list *l, const uint8_t id[static KAI_ID_BYTES])
{
    for (uint64_t i = 0; i < l->shown; i++) {
        if (memcmp(l->id[i], id, KAI_ID_BYTES) == 0)
            return false; /* In another audience. */
    }
    if (l->shown == KAI_BESIDE_SHOWN_MAX) {
        l->more++;
        return false;
    }
    memcpy(l->id[l->shown++], id, KAI_ID_BYTES);
    return true;
}

static void put_head(struct list *l, const struct kai_row *row,
                     const uint8_t id[static KAI_ID_BYTES])
{
    const struct kai_org *origin = kai_roster_org(l->r->o->roster, row->origin);

    kai_jput_object(l->j, NULL);
    kai_jput_hex(l->j, "id", id, KAI_ID_BYTES);
    kai_jput_text(l->j, "type", row->type);
    kai_jput_text(l->j, "label", kai_tlp_name(row->tlp));
    kai_jput_text(l->j, "origin_name", origin != NULL ? origin->name : NULL);
    kai_jput_time(l->j, "first_seen", row->first_seen_ms);
    kai_audit_read(l->r->audit, id, row->tlp);
}

/* ---- The same value. */
static bool on_same(void *ctx, struct kai_view key, uint64_t row_no, uint64_t index)
{
    static const uint8_t none[16];
    struct list *l = ctx;
    uint8_t made[KAI_ID_BYTES];
    const uint8_t *id = made;
    struct kai_row row;

    (void)key;
    (void)index;
    if (!load(l, row_no, &row) || memcmp(row.item_id, l->about->item_id, KAI_ID_BYTES) == 0 ||
        (memcmp(row.stix_uuid, none, 16) != 0 &&
         memcmp(row.stix_uuid, l->about->stix_uuid, 16) == 0))
        return goes_on(l);
    if (row.n_values > 0)
        kai_value_id(made, row.item_id, kai_view_of(l->value, l->value_n));
    else
        id = row.item_id;
    if (take(l, id)) {
        put_head(l, &row, id);
        kai_jput_view(l->j, "value", kai_view_of(l->value, l->value_n));
        kai_jput_end(l->j);
    }
    return goes_on(l);
}

static void same_value(struct list *l, uint64_t index)
{
    struct kai_view from_start = {0};
    char text[KAI_VALUE_BYTES_MAX];
    struct kai_rowkeys keys;
    enum kai_vtype type;

    l->err = kai_ixsnap_keys(l->r->rows, l->about, &keys);
    while (goes_on(l) && kai_rowkeys_next(&keys)) {
        if ((keys.list && keys.index != index) ||
            !kai_rowkeys_value(&keys, &type, text, &l->value_n))
            continue;
        struct kai_view key = kai_view_of(keys.key, keys.key_n);
        l->value = text;
        enum kai_err err = kai_ixsnap_range(l->r->rows, key, key, from_start, true, on_same, l);
        l->err = l->err == KAI_OK ? err : l->err;
    }
}

/* ---- What others say of it. */
static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

/* The object of a row, to be let go; NULL: there is none to show. */
static json_t *object_of(struct list *l, const struct kai_row *row)
{
    struct kai_view text;
    enum kai_err err = kai_fetch_object(l->r->fetch, &l->r->source, row, &text);

    if (err == KAI_OK)
        return json_loadb((const char *)text.p, text.n, JSON_ALLOW_NUL, NULL);
    if (err != KAI_ENOTFOUND && err != KAI_EDENIED)
        l->err = err;
    return NULL;
}

static bool on_note(void *ctx, uint64_t row_no, uint64_t index)
{
    struct list *l = ctx;
    struct kai_row row;

    (void)index;
    if (!load(l, row_no, &row) || !take(l, row.item_id))
        return goes_on(l);
    json_t *o = object_of(l, &row);
    bool opinion = strcmp(row.type, "opinion") == 0;
    put_head(l, &row, row.item_id);
    kai_jput_text(l->j, "text", text_of(o, opinion ? "explanation" : "content"));
    if (opinion)
        kai_jput_text(l->j, "opinion", text_of(o, "opinion"));
    kai_jput_end(l->j);
    json_decref(o);
    return goes_on(l);
}

static bool on_sighting(void *ctx, uint64_t row_no, uint64_t index)
{
    struct list *l = ctx;
    struct kai_row row;

    (void)index;
    if (!load(l, row_no, &row))
        return goes_on(l);
    bool shown = take(l, row.item_id);
    if (!shown && l->shown < KAI_BESIDE_SHOWN_MAX)
        return goes_on(l); /* Counted already. */
    json_t *o = object_of(l, &row);
    json_int_t n = json_integer_value(json_object_get(o, "count"));
    uint64_t count = n > 0 && n < 1000000000 ? (uint64_t)n : 1; /* As the standard bounds it. */
    l->sum += count;
    if (shown) {
        put_head(l, &row, row.item_id);
        kai_jput_uint(l->j, "count", count);
        kai_jput_text(l->j, "last", text_of(o, "last_seen"));
        kai_jput_text(l->j, "where", text_of(o, "description"));
        kai_jput_end(l->j);
    }
    json_decref(o);
    return goes_on(l);
}

/* ---- What can be done: course-of-action --mitigates--> it, or what it indicates. */
static bool uuid_in(const json_t *o, const char *key, const char *type, uint8_t uuid[static 16])
{
    const char *text = text_of(o, key);
    size_t n = strlen(type);

    return text != NULL && strncmp(text, type, n) == 0 && strncmp(text + n, "--", 2) == 0 &&
           kai_uuid_parse(uuid, kai_view_of(text + n + 2, strlen(text + n + 2)));
}

static bool on_action(void *ctx, uint64_t row_no, uint64_t index)
{
    struct list *l = ctx;
    struct kai_row row;

    (void)index;
    if (!load(l, row_no, &row) || strcmp(row.type, "course-of-action") != 0 ||
        !take(l, row.item_id))
        return goes_on(l);
    json_t *o = object_of(l, &row);
    put_head(l, &row, row.item_id);
    kai_jput_text(l->j, "relation", l->relation);
    kai_jput_text(l->j, "name", text_of(o, "name"));
    kai_jput_text(l->j, "text", text_of(o, "description"));
    kai_jput_end(l->j);
    json_decref(o);
    return goes_on(l);
}

/* A relationship that has it for its target. */
static bool on_against(void *ctx, uint64_t row_no, uint64_t index)
{
    struct list *l = ctx;
    struct kai_row row;
    uint8_t uuid[16];

    (void)index;
    if (!load(l, row_no, &row))
        return goes_on(l);
    json_t *o = object_of(l, &row);
    l->relation = text_of(o, "relationship_type");
    if (uuid_in(o, "source_ref", "course-of-action", uuid)) {
        enum kai_err err = kai_ixsnap_stix(l->r->rows, uuid, on_action, l);

        if (err != KAI_OK && err != KAI_ENOTFOUND)
            l->err = err;
    }
    json_decref(o);
    return goes_on(l);
}

/* A relationship that has it for its source: only what it indicates is meant. */
static bool on_indicates(void *ctx, uint64_t row_no, uint64_t index)
{
    static const char *const types[] = {"malware", "attack-pattern", "tool", "vulnerability"};
    struct list *l = ctx;
    struct kai_row row;
    uint8_t uuid[16];

    (void)index;
    if (!load(l, row_no, &row))
        return goes_on(l);
    json_t *o = object_of(l, &row);
    const char *relation = text_of(o, "relationship_type");
    for (size_t i = 0; relation != NULL && strcmp(relation, "indicates") == 0 && i < 4; i++) {
        if (goes_on(l) && uuid_in(o, "target_ref", types[i], uuid)) {
            enum kai_err err = kai_ixsnap_refs(l->r->rows, uuid, KAI_STIX_IS_TARGET, on_against, l);
            l->err = l->err == KAI_OK ? err : l->err;
        }
    }
    json_decref(o);
    return goes_on(l);
}

static void named(struct list *l, const uint8_t uuid[static 16], enum kai_stix_role role,
                  kai_rowno_fn *f)
{
    enum kai_err err = KAI_OK;

    if (l->err == KAI_OK)
        err = kai_ixsnap_refs(l->r->rows, uuid, role, f, l);
    l->err = l->err == KAI_OK ? err : l->err;
}

/* The id that the object has as STIX: a value of a list has one that is made. */
static bool own_uuid(struct kai_view stix, uint8_t uuid[static 16])
{
    struct kai_stix_info info;

    if (kai_stix_check(stix, &info, NULL) != KAI_OK)
        return false;
    memcpy(uuid, info.uuid, 16);
    return true;
}

enum kai_err kai_beside_put(struct kai_jput *j, struct kai_reader *r, const struct kai_row *row,
                            uint64_t index, struct kai_view stix)
{
    struct list *l = calloc(1, sizeof *l);
    uint8_t uuid[16];
    enum kai_err err;

    if (l == NULL)
        return KAI_ENOMEM;
    l->j = j;
    l->r = r;
    l->about = row;
    bool known = own_uuid(stix, uuid);
    begin(l, "same_value");
    same_value(l, index);
    finish(l, "same_value_more");
    begin(l, "notes");
    if (known)
        named(l, uuid, KAI_STIX_IS_NOTED, on_note);
    finish(l, "notes_more");
    begin(l, "sightings");
    if (known)
        named(l, uuid, KAI_STIX_IS_SIGHTED, on_sighting);
    finish(l, "sightings_more");
    kai_jput_uint(j, "sightings_sum", l->sum);
    begin(l, "countermeasures");
    if (known) {
        named(l, uuid, KAI_STIX_IS_TARGET, on_against);
        named(l, uuid, KAI_STIX_IS_SOURCE, on_indicates);
    }
    finish(l, "countermeasures_more");
    err = l->err;
    free(l);
    return err;
}

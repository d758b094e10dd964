/* known: whether a collection has an object already. */
#include "node/taxii/known.h"

#include <string.h>

#include "log/body.h"
#include "log/merkle.h"
#include "node/taxii/path.h"
#include "node/taxii/stamp.h"
#include "node/taxii/versions.h"

#define UUID_MADE 5u /* Version of the UUIDs that values of lists have. */

struct search {
    struct kai_reader *r;
    const uint8_t *aud_id;
    uint64_t now_ms;
    struct kai_view type;
    uint8_t uuid[16];
    bool dated; /* It says of what version it is. */
    uint64_t ms;
    uint8_t item_id[KAI_ID_BYTES];
    enum kai_vtype vtype; /* A value in it. */
    struct kai_view norm;
    bool found;
    enum kai_err err;
};

/* False: it is none of this collection that the reader may have, or s->err says why. */
static bool load(struct search *s, uint64_t no, struct kai_row *row)
{
    enum kai_err err = kai_ixsnap_row(s->r->rows, no, row);

    if (err != KAI_OK && err != KAI_ENOTFOUND)
        s->err = err;
    return err == KAI_OK && memcmp(row->aud_id, s->aud_id, KAI_ID_BYTES) == 0 &&
           kai_taxii_leaves(row, s->r->clearance, s->now_ms);
}

static bool on_object(void *ctx, uint64_t no, uint64_t index)
{
    struct search *s = ctx;
    struct kai_row row;

    (void)index;
    if (load(s, no, &row) && row.kind == KAI_CONTENT_STIX && kai_taxii_is_type(&row, s->type)) {
        uint64_t version = kai_taxii_version_us(&row, 0);

        s->found = s->dated && version != 0 ? version / 1000 == s->ms
                                            : memcmp(row.item_id, s->item_id, KAI_ID_BYTES) == 0;
    }
    return !s->found && s->err == KAI_OK;
}

static bool on_value(void *ctx, struct kai_view key, uint64_t no, uint64_t index)
{
    struct search *s = ctx;
    uint8_t uuid[16];
    struct kai_row row;

    (void)key;
    (void)index;
    if (load(s, no, &row) && row.kind == KAI_CONTENT_LIST) {
        kai_list_uuid(uuid, s->vtype, s->norm, row.origin);
        s->found = memcmp(uuid, s->uuid, sizeof uuid) == 0;
    }
    return !s->found && s->err == KAI_OK;
}

static bool on_atom(void *ctx, enum kai_vtype vtype, struct kai_view norm, enum kai_atom strength)
{
    struct search *s = ctx;
    uint8_t bytes[KAI_VALUE_KEY_MAX];
    struct kai_view key = {.p = bytes};
    struct kai_view start = {0};

    (void)strength;
    s->vtype = vtype;
    s->norm = norm;
    if (norm.n <= KAI_VALUE_BYTES_MAX && kai_value_key(vtype, norm, bytes, &key.n) == KAI_OK &&
        s->err == KAI_OK)
        s->err = kai_ixsnap_range(s->r->rows, key, key, start, true, on_value, s);
    return !s->found && s->err == KAI_OK;
}

enum kai_err kai_taxii_known(struct kai_reader *r, const uint8_t aud_id[static KAI_ID_BYTES],
                             const struct kai_enveloped *e, bool *known)
{
    struct search s = {.r = r, .aud_id = aud_id, .now_ms = kai_wall_ms()};
    struct kai_stix_info info;
    struct kai_why why = {.code = NULL};
    uint64_t us = 0;
    size_t type_n;

    *known = false;
    if (!kai_taxii_object_id(kai_view_of(e->id, strlen(e->id)), &type_n, s.uuid))
        return KAI_OK;
    s.type = kai_view_of(e->id, type_n);
    s.dated = kai_taxii_stamp_parse(kai_view_of(e->version, strlen(e->version)), &us);
    s.ms = us / 1000;
    kai_item_id(s.item_id, KAI_CONTENT_STIX, e->text);
    enum kai_err err = kai_ixsnap_stix_down(r->rows, s.uuid, on_object, &s);
    if (err == KAI_OK)
        err = s.err;
    if (err == KAI_OK && !s.found && s.uuid[6] >> 4 == UUID_MADE &&
        kai_stix_check(e->text, &info, &why) == KAI_OK) {
        err = kai_stix_values(e->text, on_atom, &s);
        if (err == KAI_EMALFORMED ||
            err == KAI_ELIMIT) /* Whoever publishes it says what it lacks. */
            err = KAI_OK;
        if (err == KAI_OK)
            err = s.err;
    }
    *known = s.found;
    return err;
}

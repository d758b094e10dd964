/* known: whether an object that a client sends is here already, and whose it is. */
#include "node/taxii/known.h"

#include <string.h>

#include "item/relabel.h"
#include "item/same.h"
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
    struct kai_view text;
    struct kai_stix_info info; /* Of the text. */
    struct kai_view type;
    uint8_t uuid[16];
    bool dated; /* It says of what version it is. */
    uint64_t ms;
    uint8_t item_id[KAI_ID_BYTES];
    enum kai_vtype vtype; /* A value in it. */
    struct kai_view norm;
    unsigned looks;
    unsigned texts;
    uint64_t *bytes;
    bool held;
    struct kai_row row; /* Held, or the first of another source that is in the way. */
    bool foreign;
    bool lower;
    uint64_t foreign_no; /* The first row of another source, */
    uint64_t ours_no;    /* and of ours, in whatever audience; 0: none. */
    enum kai_err err;
};

/* False: there is none for this reader, it is enough, or s->err says why. */
static bool load(struct search *s, uint64_t no, struct kai_row *row)
{
    if (s->looks++ == KAI_TAXII_LOOKS_MAX)
        return false;
    enum kai_err err = kai_ixsnap_row(s->r->rows, no, row);

    if (err != KAI_OK && err != KAI_ENOTFOUND)
        s->err = err;
    return err == KAI_OK;
}

static bool goes_on(const struct search *s)
{
    return !s->held && s->err == KAI_OK && s->looks <= KAI_TAXII_LOOKS_MAX;
}

/* Whether a row's object says the same, as it is and as it is given to clients. */
static bool same_text(struct search *s, const struct kai_row *row)
{
    struct kai_view there;
    struct kai_buf given;
    bool same = false;

    if (memcmp(row->item_id, s->item_id, KAI_ID_BYTES) == 0)
        return true;
    if (s->texts++ >= KAI_TAXII_TEXTS_MAX || *s->bytes >= KAI_TAXII_COMPARED_MAX ||
        kai_fetch_object(s->r->fetch, &s->r->source, row, &there) != KAI_OK)
        return false;
    *s->bytes += there.n;
    kai_buf_init(&given, 2 * KAI_STIX_BYTES_MAX);
    if (kai_stix_same(s->text, there))
        same = true;
    else if (kai_stix_relabel(&given, there, kai_row_label(row)) == KAI_OK)
        same = kai_stix_same(s->text, kai_buf_view(&given));
    kai_buf_free(&given);
    return same;
}

/* A row of this object in this version. same: what it says is equal, where that is known. */
static void judge(struct search *s, const struct kai_row *row, bool same)
{
    bool here = memcmp(row->aud_id, s->aud_id, KAI_ID_BYTES) == 0 &&
                kai_taxii_leaves(row, s->r->clearance, s->now_ms);
    bool ours = memcmp(row->origin, s->r->c->self.org_id, KAI_ID_BYTES) == 0;

    /* An exercise of ours does not leave by TAXII, and must not go out as another thing. */
    if (ours)
        s->held = memcmp(row->aud_id, s->aud_id, KAI_ID_BYTES) == 0 &&
                  (row->flags & KAI_ROW_RECALLED) == 0;
    else
        s->held = here && (same || same_text(s, row));
    if (s->held) {
        s->row = *row;
    } else if (ours) {
        s->ours_no = s->ours_no == 0 || row->no < s->ours_no ? row->no : s->ours_no;
    } else if (row->tlp > KAI_TLP_CLEAR) {
        bool lower = row->tlp > s->info.label.tlp;

        if (here && !lower)
            return; /* What it says is another thing, and stands beside it. */
        if (s->foreign_no == 0 || row->no < s->foreign_no)
            s->foreign_no = row->no;
        if (!s->lower)
            s->row = *row;
        s->lower = s->lower || lower;
        s->foreign = true;
    }
}

static bool on_object(void *ctx, uint64_t no, uint64_t index)
{
    struct search *s = ctx;
    struct kai_row row;

    (void)index;
    if (!load(s, no, &row) || row.kind != KAI_CONTENT_STIX || !kai_taxii_is_type(&row, s->type) ||
        (row.flags & (KAI_ROW_GONE | KAI_ROW_UNCHECKED)) != 0)
        return goes_on(s);
    uint64_t version = kai_taxii_version_us(&row, 0);
    if (s->dated && version != 0) {
        if (version / 1000 == s->ms)
            judge(s, &row, false);
    } else if (same_text(s, &row)) {
        judge(s, &row, true);
    }
    return goes_on(s);
}

static bool on_value(void *ctx, struct kai_view key, uint64_t no, uint64_t index)
{
    struct search *s = ctx;
    uint8_t uuid[16];
    struct kai_row row;

    (void)key;
    (void)index;
    if (!load(s, no, &row) || row.kind != KAI_CONTENT_LIST || (row.flags & KAI_ROW_GONE) != 0)
        return goes_on(s);
    /* What was made of it is of the list's time, and never revoked. */
    if (s->dated && s->ms == row.created_ms && !s->info.revoked) {
        kai_list_uuid(uuid, s->vtype, s->norm, row.origin);
        if (memcmp(uuid, s->uuid, sizeof uuid) == 0)
            judge(s, &row, true);
    }
    return goes_on(s);
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
    if (norm.n <= KAI_VALUE_BYTES_MAX && kai_value_key(vtype, norm, bytes, &key.n) == KAI_OK)
        s->err = kai_ixsnap_range(s->r->rows, key, key, start, true, on_value, s);
    return goes_on(s);
}

/* Whoever publishes it says what it lacks. */
static bool is_checked(struct search *s)
{
    struct kai_why why = {.code = NULL};

    return kai_stix_check(s->text, &s->info, &why) == KAI_OK;
}

static enum kai_err look(struct search *s)
{
    enum kai_err err = kai_ixsnap_stix_down(s->r->rows, s->uuid, on_object, s);

    if (err == KAI_OK)
        err = s->err;
    s->looks = 0;
    if (err == KAI_OK && !s->held && s->uuid[6] >> 4 == UUID_MADE) {
        err = kai_stix_values(s->text, on_atom, s);
        if (err == KAI_EMALFORMED || err == KAI_ELIMIT)
            err = KAI_OK;
        if (err == KAI_OK)
            err = s->err;
    }
    return err;
}

enum kai_err kai_taxii_known(struct kai_reader *r, const uint8_t aud_id[static KAI_ID_BYTES],
                             const struct kai_enveloped *e, uint64_t *bytes,
                             struct kai_taxii_known *out)
{
    struct search s = {
        .r = r, .aud_id = aud_id, .now_ms = kai_wall_ms(), .text = e->text, .bytes = bytes};
    uint64_t us = 0;
    size_t type_n;

    *out = (struct kai_taxii_known){.whose = KAI_TAXII_NEW};
    if (!kai_taxii_object_id(kai_view_of(e->id, strlen(e->id)), &type_n, s.uuid) || !is_checked(&s))
        return KAI_OK;
    s.type = kai_view_of(e->id, type_n);
    s.dated = kai_taxii_stamp_parse(kai_view_of(e->version, strlen(e->version)), &us);
    s.ms = us / 1000;
    kai_item_id(s.item_id, KAI_CONTENT_STIX, e->text);
    enum kai_err err = look(&s);
    if (err != KAI_OK)
        return err;
    bool ours_first = s.ours_no != 0 && s.ours_no < s.foreign_no;
    out->row = s.row;
    out->tlp = s.info.label.tlp;
    if (s.held)
        out->whose = KAI_TAXII_HELD;
    else if (s.foreign && !ours_first && out->tlp != KAI_TLP_NONE) /* Else that is what it lacks. */
        out->whose = s.lower ? KAI_TAXII_LOWER : KAI_TAXII_FOREIGN;
    return KAI_OK;
}

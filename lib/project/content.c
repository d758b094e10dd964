/* content: rows and values of what stands in a batch. */
#include <string.h>

#include "item/list.h"
#include "item/stix.h"
#include "project/project_priv.h"

/* What every row of this batch has. */
static void begin_row(const struct kai_projector *p, const struct batch *b, struct kai_row *row)
{
    *row = (struct kai_row){.log_no = p->in->log_no,
                            .seq = p->in->entry->h.seq,
                            .item_ordinal = p->item,
                            .content_ordinal = p->content,
                            .parts = 1,
                            .tlp = b->label.tlp,
                            .pap = b->label.pap,
                            .flags = b->label.exercise ? KAI_ROW_EXERCISE : 0,
                            .first_seen_ms = p->in->seen_ms,
                            .created_ms = b->obj.created,
                            .valid_from_ms = b->obj.created,
                            .valid_until_ms = b->obj.valid_until};
    memcpy(row->origin, b->origin, KAI_ID_BYTES);
    memcpy(row->via, b->via, KAI_ID_BYTES);
    memcpy(row->aud_id, p->in->aud_id, KAI_ID_BYTES);
    memcpy(row->obj_hash, b->hash, KAI_ID_BYTES);
}

/* Put a row. *put: it is new, and its values are to follow. Errors: ours alone. */
static enum kai_err put_row(struct kai_projector *p, struct kai_row *row, bool revoked, bool *put)
{
    enum kai_err err = kai_ix_row(p->t, row, revoked);

    *put = err == KAI_OK;
    if (err == KAI_EEXIST) {
        p->sum.held++;
        return KAI_OK;
    }
    if (err == KAI_OK)
        p->sum.rows++;
    return err;
}

static void told(struct kai_projector *p, const struct kai_row *row)
{
    if (p->port.row != NULL)
        p->port.row(p->port.ctx, row);
}

struct values {
    struct kai_projector *p;
    uint64_t row_no;
    enum kai_err err;
};

/* Errors: ours alone; a value that cannot be a key is left out. */
static enum kai_err put_value(struct values *v, enum kai_vtype type, struct kai_view norm,
                              uint64_t index)
{
    enum kai_err err = kai_ix_value(v->p->t, v->row_no, type, norm, index);

    if (err == KAI_OK)
        v->p->sum.values++;
    return err == KAI_EMALFORMED ? KAI_OK : err;
}

static bool on_atom(void *ctx, enum kai_vtype type, struct kai_view norm, enum kai_atom strength)
{
    struct values *v = ctx;

    (void)strength;
    v->err = put_value(v, type, norm, 0);
    return v->err == KAI_OK;
}

static bool on_ref(void *ctx, enum kai_stix_role role, const uint8_t uuid[static 16])
{
    struct values *v = ctx;

    v->err = kai_ix_ref(v->p->t, v->row_no, role, uuid);
    return v->err == KAI_OK;
}

enum kai_err kai_project_sealed(struct kai_projector *p, const struct batch *b)
{
    struct kai_row row;
    bool put;
    enum kai_err err;

    begin_row(p, b, &row);
    row.kind = KAI_ROW_SEALED;
    row.content_ordinal = 0;
    memcpy(row.item_id, b->hash, KAI_ID_BYTES);
    err = put_row(p, &row, false, &put);
    if (put)
        told(p, &row);
    return err;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    if (a == 0 || b == 0)
        return a == 0 ? b : a;
    return a < b ? a : b;
}

/* What the object says of itself; its label may only raise that of its batch. Where the source has
 * given another since, in a release that it signed, that one counts, not what stands in the text.
 */
static void fill(struct kai_row *row, const struct kai_stix_info *info, bool checked,
                 bool relabelled)
{
    struct kai_label of_batch = {.tlp = row->tlp, .pap = row->pap};
    struct kai_label label;

    kai_copy_text(row->type, sizeof row->type, info->type);
    if (checked || info->id[0] != '\0')
        memcpy(row->stix_uuid, info->uuid, sizeof row->stix_uuid);
    if (!checked) {
        row->flags |= KAI_ROW_UNCHECKED;
        return;
    }
    label = kai_label_stricter(of_batch, info->label);
    row->tlp = relabelled ? of_batch.tlp : label.tlp;
    row->pap = relabelled ? of_batch.pap : label.pap;
    if (label.exercise)
        row->flags |= KAI_ROW_EXERCISE;
    if (info->created_ms != 0)
        row->created_ms = info->created_ms;
    row->modified_ms = info->modified_ms;
    row->valid_from_ms = info->valid_from_ms;
    row->valid_until_ms = earlier(info->valid_until_ms, row->valid_until_ms);
}

/* It is kept, and found by its type and id: nothing to quarantine. */
static void told_unchecked(struct kai_projector *p)
{
    struct kai_project_refusal r = {.code = "project.stix",
                                    .log_no = p->in->log_no,
                                    .seq = p->in->entry->h.seq,
                                    .item_ordinal = p->item,
                                    .content_ordinal = p->content};

    p->sum.refused++;
    p->port.refused(p->port.ctx, &r);
}

/* What an object says: read before from the same bytes, or now. */
struct object {
    struct kai_reading reading; /* info is that of either. */
    bool is_read;
    struct kai_stix_kept *kept; /* NULL too where it failed our checks. */
};

static bool find_reading(const struct kai_projector *p, const struct kai_row *row,
                         struct kai_reading *g)
{
    const struct kai_project_port *port = &p->port;

    return port->reading != NULL && port->reading(port->ctx, row->item_id, g) &&
           g->kind == row->kind;
}

static enum kai_err put_said(const struct object *o, struct values *v)
{
    enum kai_err err = KAI_OK;

    if (o->is_read)
        kai_reading_values(&o->reading, on_atom, v);
    else
        err = kai_stix_kept_values(o->kept, on_atom, v);
    if (v->err == KAI_OK && o->is_read)
        kai_reading_refs(&o->reading, on_ref, v);
    else if (v->err == KAI_OK)
        kai_stix_kept_refs(o->kept, on_ref, v);
    if (v->err != KAI_OK)
        return v->err;
    return err == KAI_ENOMEM ? err : KAI_OK;
}

static void put_id(struct kai_row *row, struct kai_view content, const uint8_t *id)
{
    if (id != NULL)
        memcpy(row->item_id, id, KAI_ID_BYTES);
    else
        kai_item_id(row->item_id, row->kind, content);
}

static enum kai_err put_stix(struct kai_projector *p, struct kai_row *row, const struct object *o)
{
    struct values v = {.p = p};
    bool checked = o->is_read || o->kept != NULL;
    bool put;
    enum kai_err err = put_row(p, row, checked && o->reading.info.revoked, &put);

    if (!put)
        return err;
    v.row_no = row->no;
    if (checked)
        err = put_said(o, &v);
    else
        told_unchecked(p);
    if (err == KAI_OK)
        told(p, row);
    return err;
}

enum kai_err kai_project_stix(struct kai_projector *p, const struct batch *b,
                              struct kai_view object, const struct kai_row *where,
                              const uint8_t *id)
{
    struct object o = {.kept = NULL};
    struct kai_row row;
    const char *code;
    enum kai_err err = KAI_OK;

    begin_row(p, b, &row);
    row.kind = KAI_CONTENT_STIX;
    row.seq = where->seq;
    row.item_ordinal = where->item_ordinal;
    row.content_ordinal = where->content_ordinal;
    row.parts = where->parts;
    row.obj_index = where->obj_index;
    put_id(&row, object, id);
    o.is_read = find_reading(p, &row, &o.reading);
    if (!o.is_read)
        err = kai_stix_keep(&o.kept, object, &o.reading.info, NULL);
    if (err == KAI_ENOMEM)
        return err;
    fill(&row, &o.reading.info, o.is_read || o.kept != NULL, b->relabelled);
    code = kai_policy_list(row.tlp, p->aud.kind, p->aud.ceiling);
    if (code != NULL) { /* Its own label is stricter than what its batch was judged by. */
        kai_project_refuse(p, code, false);
        err = KAI_OK;
    } else {
        err = put_stix(p, &row, &o);
    }
    kai_stix_free(o.kept);
    return err;
}

static enum kai_err put_list(struct kai_projector *p, const struct batch *b,
                             struct kai_view content, uint64_t obj_index, const uint8_t *id)
{
    struct values v = {.p = p};
    struct kai_view norm;
    struct kai_list list;
    struct kai_row row;
    size_t at = 0;
    struct kai_reading reading;
    bool put;
    enum kai_err err;

    begin_row(p, b, &row);
    row.kind = KAI_CONTENT_LIST;
    memcpy(row.type, "indicator", sizeof "indicator");
    put_id(&row, content, id);
    err = kai_list_read(&list, content, !find_reading(p, &row, &reading), NULL);
    if (err == KAI_ENOMEM)
        return err;
    if (err != KAI_OK) {
        kai_project_refuse(p, "project.list", false);
        return KAI_OK;
    }
    row.n_values = list.n;
    row.obj_index = obj_index;
    err = put_row(p, &row, false, &put);
    if (!put)
        return err;
    v.row_no = row.no;
    for (uint64_t i = 0; err == KAI_OK && kai_list_next(&list, &at, &norm); i++)
        err = put_value(&v, list.type, norm, i);
    if (err == KAI_OK)
        told(p, &row);
    return err;
}

static enum kai_err one_content(struct kai_projector *p, const struct batch *b,
                                const struct kai_content *c)
{
    struct kai_row here = {.seq = p->in->entry->h.seq,
                           .item_ordinal = p->item,
                           .content_ordinal = p->content,
                           .parts = 1,
                           .obj_index = c->index};

    const uint8_t *id = p->has_ids ? p->ids[p->content] : NULL;

    switch (c->kind) {
    case KAI_CONTENT_STIX:
        return kai_project_stix(p, b, c->content, &here, id);
    case KAI_CONTENT_LIST:
        return put_list(p, b, c->content, c->index, id);
    case KAI_CONTENT_PART:
        return kai_project_part(p, b, c);
    default: /* Attachments, and what later versions bring. */
        p->sum.skipped++;
        return KAI_OK;
    }
}

enum kai_err kai_project_contents(struct kai_projector *p, const struct batch *b,
                                  struct kai_cur *contents, uint32_t n)
{
    enum kai_err err = KAI_OK;

    for (p->content = 0; p->content < n && err == KAI_OK; p->content++) {
        struct kai_content c;

        if (kai_content_read(&c, contents) != KAI_OK) {
            kai_project_refuse(p, "project.obj", false);
            break;
        }
        err = one_content(p, b, &c);
    }
    return err;
}

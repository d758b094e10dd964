/* acts: what a user's id names, and what of it can be passed on. */
#include "node/acts.h"

#include <stdlib.h>
#include <string.h>

#include "item/scoid.h"

struct finding {
    struct kai_reader *r;
    struct kai_act_rows *out;
    uint64_t unwanted;
    bool any; /* Something is there, wanted or not. */
    enum kai_err err;
};

static bool take_row(void *ctx, uint64_t row_no, uint64_t index)
{
    struct finding *f = ctx;
    struct kai_act_rows *rows = f->out;

    (void)index; /* A list goes whole. */
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->row[i].no == row_no)
            return true;
    }
    f->err = kai_ixsnap_row(f->r->rows, row_no, &rows->row[rows->n]);
    if (f->err != KAI_OK)
        return false;
    if ((rows->row[rows->n].flags & KAI_ROW_GONE) != 0)
        return true;
    f->any = true;
    if ((rows->row[rows->n].flags & f->unwanted) == 0)
        rows->n++;
    return rows->n < KAI_ACT_ROWS_MAX;
}

/* "indicator--UUID" */
static bool stix_uuid(const char *id, uint8_t uuid[static 16])
{
    const char *p = strstr(id, "--");

    return p != NULL && p != id && kai_uuid_parse(uuid, kai_view_of(p + 2, strlen(p + 2)));
}

enum kai_err kai_act_rows(struct kai_reader *r, const char *id, uint64_t unwanted,
                          struct kai_act_rows *out, struct kai_why *why)
{
    struct finding f = {.r = r, .out = out, .unwanted = unwanted};
    uint8_t uuid[16];
    enum kai_err err;

    out->n = 0;
    if (stix_uuid(id, uuid))
        err = kai_ixsnap_stix(r->rows, uuid, take_row, &f);
    else
        err = kai_ixsnap_item(r->rows, id, strlen(id), take_row, &f);
    if (err == KAI_OK)
        err = f.err;
    if (err == KAI_EAMBIGUOUS)
        return kai_why_set(why, err, "name.ambiguous", id, "2", NULL);
    if (err == KAI_ENOTFOUND || err == KAI_EMALFORMED || (err == KAI_OK && !f.any))
        return kai_why_set(why, KAI_ENOTFOUND, "item.unknown", id, NULL, NULL);
    if (err == KAI_OK && out->n == 0) /* Recalled, or withdrawn by a newer version. */
        return kai_why_set(why, KAI_EDENIED,
                           (out->row[0].flags & KAI_ROW_RECALLED) != 0 ? "item.recalled"
                                                                       : "item.withdrawn",
                           id, NULL, NULL);
    return err;
}

/* ---- A subject. */
struct loading {
    struct kai_subject *s;
    bool contents;
    bool found;
    size_t cap;
    size_t *at; /* Where each content begins in bytes. */
};

static enum kai_err keep(struct loading *l, const struct kai_content *c)
{
    struct kai_subject *s = l->s;

    for (size_t i = 0; i < s->n; i++) {
        if (s->contents[i].index == c->index)
            return KAI_OK;
    }
    if (s->n == l->cap)
        return KAI_ECORRUPT; /* More parts than an object has. */
    s->contents[s->n] = *c;
    l->at[s->n] = s->bytes.len;
    s->n++;
    kai_buf_add(&s->bytes, c->content.p, c->content.n);
    return s->bytes.err;
}

static enum kai_err obj_keep(struct loading *l, struct kai_view obj, struct kai_view sig)
{
    struct kai_subject *s = l->s;
    uint8_t hash[KAI_ID_BYTES];

    kai_obj_hash(hash, obj);
    if (memcmp(hash, s->row.obj_hash, sizeof hash) != 0)
        return KAI_ENOTFOUND;
    if (l->found)
        return KAI_OK;
    kai_buf_add(&s->obj, obj.p, obj.n);
    if (s->obj.err != KAI_OK)
        return s->obj.err;
    memcpy(s->sig, sig.p, sizeof s->sig);
    l->found = true;
    return kai_obj_parse(&s->o, kai_buf_view(&s->obj)) == KAI_OK ? KAI_OK : KAI_ECORRUPT;
}

static bool wanted(const struct loading *l, const struct kai_content *c)
{
    return l->s->row.parts > 1 ? c->kind == KAI_CONTENT_PART : c->index == l->s->row.obj_index;
}

static enum kai_err from_obj(struct loading *l, struct kai_view item)
{
    struct kai_view obj;
    struct kai_view sig;
    struct kai_cur c;
    struct kai_content content;
    uint32_t n;

    if (kai_obj_item_parse(&obj, &sig, &c, &n, item) != KAI_OK)
        return KAI_ECORRUPT;
    enum kai_err err = obj_keep(l, obj, sig);
    if (err != KAI_OK || !l->contents)
        return err == KAI_ENOTFOUND ? KAI_OK : err;
    for (uint32_t i = 0; i < n && err == KAI_OK; i++) {
        if (kai_content_read(&content, &c) != KAI_OK)
            return KAI_ECORRUPT;
        if (!wanted(l, &content))
            continue;
        err = kai_obj_item_content(&content, item, content.index);
        if (err == KAI_OK)
            err = keep(l, &content);
    }
    return err;
}

static enum kai_err from_reshare(struct loading *l, struct kai_view item)
{
    struct kai_reshare r;
    struct kai_content content;

    if (kai_reshare_parse(&r, item) != KAI_OK)
        return KAI_ECORRUPT;
    enum kai_err err = obj_keep(l, r.obj, r.sig);
    if (err != KAI_OK || !l->contents)
        return err == KAI_ENOTFOUND ? KAI_OK : err;
    for (uint32_t i = 0; i < r.n_contents && err == KAI_OK; i++) {
        if (kai_content_read(&content, &r.contents) != KAI_OK)
            return KAI_ECORRUPT;
        if (wanted(l, &content))
            err = keep(l, &content);
    }
    return err;
}

static enum kai_err load_item(void *ctx, uint64_t type, struct kai_view item)
{
    struct loading *l = ctx;

    if (type == KAI_ITEM_OBJ)
        return from_obj(l, item);
    return type == KAI_ITEM_RESHARE ? from_reshare(l, item) : KAI_OK;
}

enum kai_err kai_subject_load(struct kai_reader *r, const struct kai_row *row, bool contents,
                              struct kai_subject *out)
{
    size_t cap = row->parts > 1 ? KAI_STIX_BYTES_MAX / KAI_PART_BYTES + 1 : 1;
    struct loading l = {.s = out, .contents = contents, .cap = cap};

    *out = (struct kai_subject){.row = *row};
    kai_buf_init(&out->obj, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&out->bytes, 2 * KAI_STIX_BYTES_MAX);
    out->contents = calloc(cap, sizeof *out->contents);
    l.at = calloc(cap, sizeof *l.at);
    enum kai_err err = out->contents == NULL || l.at == NULL ? KAI_ENOMEM : KAI_OK;
    if (err == KAI_OK)
        err = kai_fetch_items(r->fetch, &r->source, row, load_item, &l);
    if (err == KAI_OK && row->parts > 1 && (!l.found || (contents && out->n < out->o.n)))
        err = KAI_ENOTFOUND; /* The payload of a part has expired. */
    if (err == KAI_OK && (!l.found || (contents && out->n == 0)))
        err = KAI_ECORRUPT;
    for (size_t i = 0; i < out->n; i++)
        out->contents[i].content.p = out->bytes.p + l.at[i];
    free(l.at);
    return err;
}

void kai_subject_free(struct kai_subject *s)
{
    kai_buf_free(&s->obj);
    if (s->bytes.p != NULL)
        sodium_memzero(s->bytes.p, s->bytes.cap);
    kai_buf_free(&s->bytes);
    free(s->contents);
    s->contents = NULL;
}

void kai_subject_indexes(const struct kai_subject *s, struct kai_indexes *x)
{
    x->n = 0;
    if (s->row.parts > 1 || s->row.kind == KAI_ROW_SEALED || s->o.n == 1)
        return; /* All there is. */
    x->n = 1;
    x->at[0] = (uint16_t)s->row.obj_index;
}

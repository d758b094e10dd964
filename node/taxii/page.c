/* page: objects, versions and manifest of a collection, a page at a time. */
#include <stdlib.h>
#include <string.h>

#include "item/scoid.h"
#include "log/body.h"
#include "node/reader.h"
#include "node/taxii/cursor.h"
#include "node/taxii/media.h"
#include "node/taxii/parts.h"
#include "node/taxii/pick.h"
#include "node/taxii/versions.h"

struct page {
    struct kai_call *call;
    struct kai_taxii_path path;
    struct kai_taxii_filter f;
    struct kai_reader r;
    struct kai_taxii_picks picks;
    const uint8_t *aud_id;
    struct kai_jput j;
    bool open; /* The array of answers is. */
    uint64_t first_us;
    uint64_t last_us;
    struct kai_buf text; /* The object at hand. */
    size_t spent;        /* Bytes of those that were read, also where little of them is told. */
    struct kai_buf scratch;
    /* The list whose values are being put, and which one is next. */
    struct kai_list list;
    uint64_t list_row; /* 0: none. */
    uint64_t next_index;
    size_t list_at;
};

static void put_key(struct page *g, const char *key)
{
    if (!g->open)
        kai_jput_array(&g->j, key);
    g->open = true;
}

static void put_entry(struct page *g, struct kai_view id, uint64_t us, struct kai_view version)
{
    char added[KAI_TAXII_STAMP_CAP];

    if (g->path.what == KAI_TAXII_VERSIONS) {
        put_key(g, "versions");
        kai_jput_view(&g->j, NULL, version);
        return;
    }
    put_key(g, "objects");
    kai_jput_object(&g->j, NULL);
    kai_jput_view(&g->j, "id", id);
    kai_jput_text(&g->j, "date_added", kai_taxii_stamp(added, us));
    kai_jput_view(&g->j, "version", version);
    kai_jput_text(&g->j, "media_type", KAI_STIX_MEDIA);
    kai_jput_end(&g->j);
}

static struct kai_view view_of(const json_t *text)
{
    return kai_view_of(json_string_value(text), json_string_length(text));
}

/* Its id and version, as its source wrote them. */
static enum kai_err put_named(struct page *g, const struct kai_row *row, uint64_t us)
{
    char added[KAI_TAXII_STAMP_CAP];
    json_t *o = json_loadb((const char *)g->text.p, g->text.len, 0, NULL);
    const json_t *id = json_object_get(o, "id");
    const json_t *modified = json_object_get(o, "modified");
    const json_t *version = modified != NULL ? modified : json_object_get(o, "created");

    (void)kai_taxii_stamp(added, us);
    if (json_is_string(id))
        put_entry(g, view_of(id), us,
                  json_is_string(version) && kai_taxii_version_us(row, us) != us
                      ? view_of(version)
                      : kai_view_of(added, strlen(added)));
    json_decref(o);
    return o != NULL ? KAI_OK : KAI_ECORRUPT;
}

static enum kai_err put_object(struct page *g, const struct kai_row *row, uint64_t us)
{
    enum kai_err err = kai_reader_stix(&g->r, row, 0, &g->text);

    if (err != KAI_OK)
        return err;
    if (g->path.what == KAI_TAXII_VERSIONS || g->path.what == KAI_TAXII_MANIFEST)
        return put_named(g, row, us);
    err = kai_row_relabel(row, &g->text, &g->scratch);
    if (err != KAI_OK)
        return err;
    put_key(g, "objects");
    kai_jput_raw(&g->j, NULL, kai_buf_view(&g->text));
    return KAI_OK;
}

/* The value at an index: of the same list they come in ascending order, and it counts as one read.
 */
static enum kai_err value_at(struct page *g, const struct kai_row *row, uint64_t index,
                             struct kai_view *norm)
{
    bool there = true;

    if (g->list_row != row->no) {
        enum kai_err err = kai_fetch_list(g->r.fetch, &g->r.source, row, &g->list);

        g->list_row = 0;
        if (err != KAI_OK)
            return err;
        g->list_row = row->no;
        g->next_index = 0;
        g->list_at = 0;
        kai_audit_read(g->r.audit, row->item_id, row->tlp);
    }
    while (there && g->next_index <= index) {
        there = kai_list_next(&g->list, &g->list_at, norm);
        g->next_index++;
    }
    return there ? KAI_OK : KAI_ENOTFOUND;
}

static enum kai_err put_value(struct page *g, const struct kai_row *row, uint64_t index,
                              uint64_t us)
{
    char version[KAI_STIX_TIME_CAP];
    char id[sizeof "indicator--" + KAI_UUID_CAP] = "indicator--";
    uint8_t uuid[16];
    struct kai_view norm;
    enum kai_err err = value_at(g, row, index, &norm);

    if (err != KAI_OK)
        return err;
    if (g->path.what == KAI_TAXII_VERSIONS || g->path.what == KAI_TAXII_MANIFEST) {
        kai_list_uuid(uuid, g->list.type, norm, row->origin);
        (void)kai_uuid_text(id + strlen(id), uuid);
        (void)kai_stix_time_text(version, row->created_ms);
        put_entry(g, kai_view_of(id, strlen(id)), us, kai_view_of(version, strlen(version)));
        return KAI_OK;
    }
    err = kai_list_stix_of(&g->list, norm, row->created_ms, kai_row_label(row), row->origin,
                           &g->text);
    if (err == KAI_OK && row->pap != KAI_PAP_NONE) /* Its TLP it has. */
        err = kai_row_relabel(row, &g->text, &g->scratch);
    if (err != KAI_OK)
        return err;
    put_key(g, "objects");
    kai_jput_raw(&g->j, NULL, kai_buf_view(&g->text));
    return KAI_OK;
}

static enum kai_err put_pick(struct page *g, const struct kai_taxii_pick *p)
{
    struct kai_row row;
    enum kai_err err = kai_ixsnap_row(g->r.rows, p->row_no, &row);

    if (err != KAI_OK)
        return err;
    kai_buf_clear(&g->text);
    if (row.kind == KAI_CONTENT_LIST)
        return put_value(g, &row, p->index, p->us);
    g->list_row = 0; /* What is fetched takes the place of what was. */
    return put_object(g, &row, p->us);
}

static enum kai_err put_picks(struct page *g)
{
    struct kai_taxii_picks *all = &g->picks;

    for (size_t i = 0; i < all->n; i++) {
        enum kai_err err = put_pick(g, &all->pick[i]);

        if (err != KAI_OK && kai_reader_goes_on(&g->r, err))
            continue;
        if (err != KAI_OK)
            return err;
        if (g->first_us == 0)
            g->first_us = all->pick[i].us;
        g->last_us = all->pick[i].us;
        g->spent += g->text.len;
        if ((g->call->out.len < KAI_TAXII_PAGE_BYTES && g->spent < KAI_TAXII_PAGE_BYTES) ||
            i + 1 == all->n)
            continue;
        all->more = true;
        all->reached_us = g->last_us;
        return KAI_OK;
    }
    return KAI_OK;
}

static enum kai_err pick(struct page *g)
{
    return kai_taxii_pick(&g->r, g->aud_id, &g->path, &g->f, kai_wall_ms(), &g->picks);
}

/* From where it has got to, by a new snapshot. */
static enum kai_err go_on(struct page *g)
{
    g->f.after_us = g->picks.reached_us;
    g->list_row = 0; /* It is of the one before. */
    kai_reader_end(&g->r);
    enum kai_err err = kai_reader_begin(&g->r);
    if (err == KAI_OK)
        err = pick(g);
    return err == KAI_OK ? put_picks(g) : err;
}

static enum kai_err put_page(struct page *g)
{
    struct kai_buf next;

    kai_jput_init(&g->j, &g->call->out);
    kai_jput_object(&g->j, NULL);
    enum kai_err err = put_picks(g);
    for (unsigned n = 1; err == KAI_OK && !g->open && g->picks.more && n < KAI_TAXII_GOES_MAX; n++)
        err = go_on(g);
    if (err != KAI_OK)
        return err;
    if (g->open)
        kai_jput_end(&g->j);
    if (g->open || g->picks.more)
        kai_jput_bool(&g->j, "more", g->picks.more);
    if (g->picks.more) {
        kai_buf_init(&next, KAI_TAXII_NEXT_TEXT_CAP);
        err = kai_taxii_next_write(&next, g->call->core, &g->path, &g->f, g->picks.reached_us);
        kai_jput_view(&g->j, "next", kai_buf_view(&next));
        kai_buf_free(&next);
    }
    kai_jput_end(&g->j);
    return err == KAI_OK ? kai_jput_line(&g->j) : err;
}

/* What the address asks for: where it has a `next`, as that says. */
static enum kai_err read_params(struct page *g, const struct kai_taxii_request *q)
{
    struct kai_why *why = &g->call->why;
    const char *next = NULL;

    kai_taxii_filter_init(&g->f);
    for (size_t i = 0; i < q->n_params; i++) {
        const char *value = q->params[i].value != NULL ? q->params[i].value : "";

        if (strcmp(q->params[i].key, "next") == 0) {
            if (value[0] == '\0') /* Clients that always say it have none yet. */
                continue;
            if (next != NULL)
                return kai_why_set(why, KAI_EMALFORMED, "taxii.param", "next", value, NULL);
            next = value;
            continue;
        }
        enum kai_err err = kai_taxii_filter_take(&g->f, q->params[i].key, q->params[i].value, why);
        if (err != KAI_OK)
            return err;
    }
    if (next == NULL)
        return KAI_OK;
    enum kai_err err = kai_taxii_next_read(next, g->call->core, &g->path, &g->f);
    if (err == KAI_ENOTFOUND) /* Clients that keep it ask another collection with it, too. */
        return KAI_OK;
    return err == KAI_EMALFORMED ? kai_why_set(why, err, "taxii.next", NULL, NULL, NULL) : err;
}

static enum kai_err run(struct page *g, const struct kai_taxii_request *q)
{
    struct kai_call *call = g->call;
    struct kai_taxii_collection c;
    enum kai_err err = kai_taxii_find(call, &g->path, &c);

    if (err == KAI_OK)
        err = read_params(g, q);
    if (err == KAI_OK)
        err = kai_reader_init(&g->r, call->core, call->who->clearance, &call->audit);
    if (err != KAI_OK)
        return err;
    err = kai_reader_begin(&g->r);
    g->aud_id = c.aud_id;
    if (err == KAI_OK)
        err = pick(g);
    if (err == KAI_ELIMIT)
        err = kai_why_set(&call->why, err, "taxii.work", NULL, NULL, NULL);
    bool named = g->path.what == KAI_TAXII_OBJECT || g->path.what == KAI_TAXII_VERSIONS;
    if (err == KAI_OK && named && !g->picks.exists)
        err = kai_why_set(&call->why, KAI_ENOTFOUND, "taxii.missing", NULL, NULL, NULL);
    if (err == KAI_OK && named && g->picks.n == 0) /* That it is there is told all the same. */
        kai_audit_read(&call->audit, g->picks.exists_id, g->picks.exists_tlp);
    if (err == KAI_OK)
        err = put_page(g);
    kai_reader_free(&g->r);
    return err;
}

enum kai_err kai_taxii_page(struct kai_call *call, const struct kai_taxii_path *p,
                            const struct kai_taxii_request *q, struct kai_taxii_reply *reply)
{
    struct page *g = calloc(1, sizeof *g);

    if (g == NULL)
        return KAI_ENOMEM;
    g->call = call;
    g->path = *p;
    kai_buf_init(&g->text, 2 * KAI_STIX_BYTES_MAX);
    kai_buf_init(&g->scratch, 2 * KAI_STIX_BYTES_MAX);
    enum kai_err err = run(g, q);
    if (err == KAI_OK && g->open) {
        (void)kai_taxii_stamp(reply->first, g->first_us);
        (void)kai_taxii_stamp(reply->last, g->last_us);
    }
    kai_buf_free(&g->text);
    kai_buf_free(&g->scratch);
    free(g);
    return err;
}

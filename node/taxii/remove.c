/* remove: an object is withdrawn: a new version that says `revoked`, which others get as well. What
 * went out cannot be taken back, so that is all that a DELETE can mean here, and only its source's.
 */
#include <stdlib.h>
#include <string.h>

#include "node/call_act.h"
#include "node/indexer.h"
#include "node/taxii/parts.h"
#include "node/taxii/pick.h"
#include "node/taxii/versions.h"
#include "policy/policy.h"

struct found {
    struct kai_reader *r;
    const uint8_t *aud_id;
    struct kai_view type;
    uint64_t looks;
    bool any;          /* There is one in this audience, and */
    bool ours;         /* it may be taken back from here. */
    struct kai_row in; /* The first, for the audit log. */
    /* The newest of ours in each audience. */
    struct kai_act_rows *rows;
    enum kai_err err;
};

static void note_ours(struct found *f, const struct kai_row *row)
{
    struct kai_act_rows *rows = f->rows;
    size_t i = 0;

    while (i < rows->n && memcmp(rows->row[i].aud_id, row->aud_id, KAI_ID_BYTES) != 0)
        i++;
    if (i == KAI_ACT_ROWS_MAX)
        return;
    if (i == rows->n)
        rows->row[rows->n++] = *row;
    else if (row->modified_ms > rows->row[i].modified_ms)
        rows->row[i] = *row;
}

static bool on_row(void *ctx, uint64_t no, uint64_t index)
{
    static const uint8_t nobody[KAI_ID_BYTES];
    struct found *f = ctx;
    struct kai_row row;

    (void)index;
    if (f->looks++ == KAI_TAXII_WORK_MAX) {
        f->err = KAI_ELIMIT;
        return false;
    }
    f->err = kai_ixsnap_row(f->r->rows, no, &row);
    if (f->err == KAI_ENOTFOUND) {
        f->err = KAI_OK;
        return true;
    }
    if (f->err != KAI_OK || !kai_taxii_is_type(&row, f->type) ||
        !kai_taxii_leaves(&row, f->r->clearance, kai_wall_ms()))
        return f->err == KAI_OK;
    bool here = memcmp(row.aud_id, f->aud_id, KAI_ID_BYTES) == 0;
    if (here && !f->any) {
        f->any = true;
        f->in = row;
    }
    if (row.kind != KAI_CONTENT_STIX ||
        memcmp(row.origin, f->r->c->self.org_id, KAI_ID_BYTES) != 0 ||
        memcmp(row.via, nobody, sizeof nobody) != 0)
        return true;
    f->ours = f->ours || here;
    note_ours(f, &row);
    return true;
}

/* What is taken back already stays as it is: there it is the newest. */
static enum kai_err drop_revoked(struct found *f)
{
    struct kai_act_rows *rows = f->rows;
    size_t kept = 0;

    for (size_t i = 0; i < rows->n; i++) {
        struct kai_view text;
        struct kai_stix_info info;
        struct kai_why why = {.code = NULL};
        enum kai_err err = kai_fetch_object(f->r->fetch, &f->r->source, &rows->row[i], &text);

        if (err == KAI_OK)
            err = kai_stix_check(text, &info, &why);
        if (err == KAI_ENOTFOUND && memcmp(rows->row[i].aud_id, f->aud_id, KAI_ID_BYTES) != 0)
            continue; /* It has expired there. */
        if (err != KAI_OK)
            return err;
        if (!info.revoked)
            rows->row[kept++] = rows->row[i];
    }
    rows->n = kept;
    return KAI_OK;
}

/* A value of a list: what would go is the whole list. */
static enum kai_err refuse_value(struct kai_call *call, struct kai_reader *r,
                                 const struct kai_taxii_path *p, const uint8_t *aud_id)
{
    struct kai_taxii_filter *f = malloc(sizeof *f);
    struct kai_taxii_picks *picks = malloc(sizeof *picks);
    enum kai_err err = f == NULL || picks == NULL ? KAI_ENOMEM : KAI_OK;

    if (err == KAI_OK) {
        kai_taxii_filter_init(f);
        err = kai_taxii_pick(r, aud_id, p, f, kai_wall_ms(), picks);
    }
    if (err == KAI_ELIMIT)
        err = kai_why_set(&call->why, err, "taxii.work", NULL, NULL, NULL);
    if (err == KAI_OK && picks->exists)
        kai_audit_read(&call->audit, picks->exists_id, picks->exists_tlp);
    if (err == KAI_OK && picks->exists)
        err = kai_why_set(&call->why, KAI_EDENIED, "taxii.delete-value", NULL, NULL, NULL);
    else if (err == KAI_OK)
        err = kai_why_set(&call->why, KAI_ENOTFOUND, "taxii.missing", NULL, NULL, NULL);
    free(f);
    free(picks);
    return err;
}

static enum kai_err find(struct kai_call *call, const struct kai_taxii_path *p, struct found *f)
{
    struct kai_reader r;
    uint8_t uuid[16];
    size_t type_n;

    if (!kai_taxii_object_id(kai_view_of(p->object, strlen(p->object)), &type_n, uuid))
        return kai_why_set(&call->why, KAI_ENOTFOUND, "taxii.missing", NULL, NULL, NULL);
    enum kai_err err = kai_act_open(call, &r);
    if (err != KAI_OK)
        return err;
    f->r = &r;
    f->type = kai_view_of(p->object, type_n);
    err = kai_ixsnap_stix_down(r.rows, uuid, on_row, f);
    if (err == KAI_OK)
        err = f->err;
    if (err == KAI_ELIMIT)
        err = kai_why_set(&call->why, err, "taxii.work", NULL, NULL, NULL);
    if (err == KAI_OK && !f->any)
        err = refuse_value(call, &r, p, f->aud_id);
    if (err == KAI_OK) /* Any answer tells that it is here. */
        kai_audit_read(&call->audit, f->in.item_id, f->in.tlp);
    if (err == KAI_OK && !f->ours)
        err = kai_why_set(&call->why, KAI_EDENIED, "act.not-source", NULL, NULL, NULL);
    if (err == KAI_OK)
        err = drop_revoked(f);
    kai_reader_free(&r);
    return err;
}

/* In every audience that it stands in, as `withdraw` does: it is not void in one and good in
 * another.
 */
static enum kai_err withdraw(struct kai_call *call, const struct kai_act_rows *rows)
{
    uint64_t n = 0;
    enum kai_err err = kai_act_withdraw(call->core, rows, "TAXII DELETE", &n, &call->why);

    if (err == KAI_OK && n < rows->n) /* Else nothing may count as done. */
        err = KAI_EAGAIN;
    return err == KAI_OK ? kai_indexer_settle(call->core->indexer) : err;
}

/* All of them are withdrawn, or none: single versions do not go. */
static enum kai_err check_params(struct kai_call *call, const struct kai_taxii_request *q)
{
    for (size_t i = 0; i < q->n_params; i++)
        if (strncmp(q->params[i].key, "match[", 6) == 0 &&
            (strcmp(q->params[i].key, "match[version]") != 0 || q->params[i].value == NULL ||
             strcmp(q->params[i].value, "all") != 0))
            return kai_why_set(&call->why, KAI_EDENIED, "taxii.delete-version", NULL, NULL, NULL);
    return KAI_OK;
}

enum kai_err kai_taxii_remove(struct kai_call *call, const struct kai_taxii_path *p,
                              const struct kai_taxii_request *q)
{
    struct kai_taxii_collection c;
    struct found f = {.aud_id = c.aud_id, .rows = calloc(1, sizeof *f.rows)};
    enum kai_err err = f.rows == NULL ? KAI_ENOMEM : kai_taxii_find(call, p, &c);

    if (err == KAI_OK)
        err = check_params(call, q);
    if (err == KAI_OK)
        err = find(call, p, &f);
    if (err == KAI_OK && f.rows->n > 0)
        err = withdraw(call, f.rows);
    free(f.rows);
    return err;
}

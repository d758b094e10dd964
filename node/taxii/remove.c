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

#define DONE (KAI_ROW_WITHDRAWN | KAI_ROW_RECALLED | KAI_ROW_SUPERSEDED)

struct found {
    struct kai_reader *r;
    const uint8_t *aud_id;
    struct kai_view type;
    bool any;
    bool ours;
    bool current; /* A version of ours that is not withdrawn yet. */
    enum kai_err err;
};

static bool on_row(void *ctx, uint64_t no, uint64_t index)
{
    struct found *f = ctx;
    struct kai_row row;

    (void)index;
    f->err = kai_ixsnap_row(f->r->rows, no, &row);
    if (f->err != KAI_OK || memcmp(row.aud_id, f->aud_id, KAI_ID_BYTES) != 0 ||
        !kai_taxii_is_type(&row, f->type) ||
        !kai_taxii_leaves(&row, f->r->clearance, kai_wall_ms()))
        return f->err == KAI_OK;
    f->any = true;
    if (memcmp(row.origin, f->r->c->self.org_id, KAI_ID_BYTES) != 0)
        return true;
    f->ours = true;
    f->current = f->current || (row.flags & DONE) == 0;
    return true;
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
    if (err == KAI_OK && !f->any)
        err = refuse_value(call, &r, p, f->aud_id);
    kai_reader_free(&r);
    return err;
}

/* In every audience that it stands in, as `withdraw` does: it is not void in one and good in
 * another.
 */
static enum kai_err withdraw(struct kai_call *call, const struct kai_taxii_path *p,
                             struct kai_view type)
{
    struct kai_act_rows *rows = calloc(1, sizeof *rows);
    size_t kept = 0;
    uint64_t n = 0;
    enum kai_err err = rows == NULL ? KAI_ENOMEM : kai_act_named(call, p->object, DONE, rows);

    for (size_t i = 0; err == KAI_OK && i < rows->n; i++)
        if (kai_taxii_is_type(&rows->row[i], type))
            rows->row[kept++] = rows->row[i];
    if (err == KAI_OK) {
        rows->n = kept;
        err = kept == 0 ? KAI_ENOTFOUND
                        : kai_act_withdraw(call->core, rows, "TAXII DELETE", &n, &call->why);
    }
    if (err == KAI_OK)
        err = kai_indexer_settle(call->core->indexer);
    free(rows);
    return err;
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
    struct found f = {.aud_id = c.aud_id};
    enum kai_err err = kai_taxii_find(call, p, &c);

    if (err == KAI_OK)
        err = check_params(call, q);
    if (err == KAI_OK)
        err = find(call, p, &f);
    if (err == KAI_OK && !f.ours)
        err = kai_why_set(&call->why, KAI_EDENIED, "act.not-source", NULL, NULL, NULL);
    return err == KAI_OK && f.current ? withdraw(call, p, f.type) : err;
}

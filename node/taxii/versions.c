/* versions: where a version of an object stands among the others. */
#include "node/taxii/versions.h"

#include <string.h>

#include "log/body.h"
#include "node/rules.h"
#include "policy/policy.h"

bool kai_taxii_leaves(const struct kai_row *row, uint8_t clearance, uint64_t now_ms)
{
    return (row->kind == KAI_CONTENT_STIX || row->kind == KAI_CONTENT_LIST) &&
           (row->flags & (KAI_ROW_GONE | KAI_ROW_UNCHECKED)) == 0 &&
           kai_rules_export(row, KAI_POLICY_FEED, clearance, now_ms) == NULL;
}

bool kai_taxii_is_type(const struct kai_row *row, struct kai_view type)
{
    size_t n = strlen(row->type);

    return (type.n == n || (type.n > n && n == KAI_ROW_TYPE_CAP - 1)) &&
           memcmp(type.p, row->type, n) == 0;
}

uint64_t kai_taxii_version_us(const struct kai_row *row, uint64_t us)
{
    if (row->kind == KAI_CONTENT_LIST || strcmp(row->type, "marking-definition") == 0)
        return row->created_ms * 1000;
    return row->modified_ms != 0 ? row->modified_ms * 1000 : us;
}

struct walk {
    const struct kai_taxii_version *v;
    uint64_t version;
    bool newest; /* What is looked for; else the oldest. */
    bool beaten; /* Another one is it. */
    unsigned n;
    enum kai_err err;
};

/* Another version of the same object, and when it was added. */
static bool is_other(struct walk *w, uint64_t no, struct kai_row *row, uint64_t *us)
{
    const struct kai_taxii_version *v = w->v;
    enum kai_err err = kai_ixsnap_row(v->r->rows, no, row);

    if (err == KAI_OK) {
        if (no == v->row->no || row->kind != v->row->kind ||
            memcmp(row->aud_id, v->aud_id, KAI_ID_BYTES) != 0 ||
            memcmp(row->origin, v->row->origin, KAI_ID_BYTES) != 0 ||
            strcmp(row->type, v->row->type) != 0 ||
            !kai_taxii_leaves(row, v->r->clearance, v->now_ms))
            return false;
        err = kai_ixsnap_added_us(v->r->rows, no, us);
    }
    if (err == KAI_ECORRUPT && kai_ixsnap_damaged(v->r->rows))
        w->beaten = true; /* It may say that all is revoked: rather none than that before it. */
    else if (err != KAI_OK && err != KAI_ENOTFOUND) /* Else it is not for this reader. */
        w->err = err;
    return err == KAI_OK;
}

static bool compare(struct walk *w, uint64_t no, uint64_t index)
{
    struct kai_row row;
    uint64_t us = 0;

    if (w->n == KAI_TAXII_LOOKS_MAX) /* Rather one too many than none: the rest may be others'. */
        return false;
    w->n++;
    if (is_other(w, no, &row, &us)) {
        uint64_t version = kai_taxii_version_us(&row, us + index);

        w->beaten =
            version == w->version ? us + index < w->v->us : (version > w->version) == w->newest;
    }
    return !w->beaten && w->err == KAI_OK;
}

static bool on_object(void *ctx, uint64_t no, uint64_t index)
{
    (void)index;
    return compare(ctx, no, 0);
}

static bool on_value(void *ctx, struct kai_view key, uint64_t no, uint64_t index)
{
    (void)key;
    return compare(ctx, no, index);
}

/* Through the others, those that came last first, or the other way round. */
static enum kai_err walk(struct walk *w)
{
    const struct kai_taxii_version *v = w->v;
    struct kai_view start = {0};
    enum kai_err err;

    if (v->key.n > 0)
        err = kai_ixsnap_range(v->r->rows, v->key, v->key, start, w->newest, on_value, w);
    else if (w->newest)
        err = kai_ixsnap_stix_down(v->r->rows, v->row->stix_uuid, on_object, w);
    else
        err = kai_ixsnap_stix(v->r->rows, v->row->stix_uuid, on_object, w);
    return err == KAI_OK ? w->err : err;
}

enum kai_err kai_taxii_newest(const struct kai_taxii_version *v, bool *is, uint64_t *looks)
{
    struct walk w = {.v = v, .version = kai_taxii_version_us(v->row, v->us), .newest = true};

    *is = true;
    if (v->row->modified_ms != 0 && (v->row->flags & KAI_ROW_SUPERSEDED) == 0)
        return KAI_OK; /* In no audience is there a newer one. */
    enum kai_err err = walk(&w);
    *looks += w.n;
    *is = !w.beaten;
    return err;
}

enum kai_err kai_taxii_oldest(const struct kai_taxii_version *v, bool *is, uint64_t *looks)
{
    struct walk w = {.v = v, .version = kai_taxii_version_us(v->row, v->us), .newest = false};
    enum kai_err err = walk(&w);

    *looks += w.n;
    *is = !w.beaten;
    return err;
}

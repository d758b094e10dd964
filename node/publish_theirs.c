/* publish_theirs: what another organisation has published elsewhere, and would lose its source and
 * its label under our name. Whoever publishes by hand may mean it: it is told, not refused. */
#include <string.h>

#include "node/publish_priv.h"

struct theirs {
    const struct kai_publish_run *r;
    bool ours_first;
    bool any;
};

/* In the order in which they came. */
static bool on_row(void *ctx, uint64_t no, uint64_t index)
{
    struct theirs *t = ctx;
    struct kai_row row;

    (void)index;
    if (kai_ixsnap_row(t->r->index, no, &row) != KAI_OK || row.kind != KAI_CONTENT_STIX ||
        row.tlp > t->r->p->who->clearance) /* Who must not see it is told nothing by it. */
        return true;
    t->ours_first = memcmp(row.origin, t->r->c->self.org_id, KAI_ID_BYTES) == 0;
    t->any = !t->ours_first && memcmp(row.aud_id, t->r->aud->id, KAI_ID_BYTES) != 0 &&
             row.tlp > KAI_TLP_CLEAR;
    return !t->ours_first && !t->any;
}

void kai_publish_theirs(struct kai_publish_run *r, const uint8_t item[static KAI_ID_BYTES])
{
    char hex[KAI_HEX_CAP(KAI_ID_BYTES)];
    struct theirs t = {.r = r};
    enum kai_err err =
        kai_ixsnap_item(r->index, kai_hex(hex, item, KAI_ID_BYTES), 2 * KAI_ID_BYTES, on_row, &t);

    if (err == KAI_OK && t.any && r->theirs.len < r->p->refusals_max * KAI_ID_BYTES)
        kai_buf_add(&r->theirs, item, KAI_ID_BYTES);
}

void kai_publish_tell_theirs(const struct kai_publish_run *r)
{
    for (size_t at = 0; r->p->note != NULL && at < r->theirs.len; at += KAI_ID_BYTES) {
        char hex[KAI_HEX_CAP(KAI_ID_BYTES)];
        struct kai_why why = {.code = NULL};

        kai_why_at(&why, 0, "%s", r->p->name);
        (void)kai_why_set(&why, KAI_EEXIST, "warn.theirs",
                          kai_hex(hex, r->theirs.p + at, KAI_ID_BYTES), NULL, NULL);
        r->p->note(r->p->ctx, &why);
    }
}

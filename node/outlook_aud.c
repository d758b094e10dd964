/* outlook_aud: audiences as the projection and lib/policy ask for them, from any thread. */
#include <stdlib.h>
#include <string.h>

#include "node/core.h"

static int box_of(const void *id, const void *box)
{
    return memcmp(id, ((const struct kai_aud_box *)box)->id, KAI_ID_BYTES);
}

static const struct kai_aud_box *mailbox(const struct kai_outlook *o, const uint8_t *aud_id)
{
    return o->n_boxes == 0 ? NULL : bsearch(aud_id, o->boxes, o->n_boxes, sizeof *o->boxes, box_of);
}

enum kai_err kai_outlook_facts(const struct kai_outlook *o,
                               const uint8_t aud_id[static KAI_ID_BYTES],
                               struct kai_project_aud *out)
{
    const struct kai_audience *a = kai_roster_audience(o->roster, aud_id);
    const struct kai_aud_box *box = a == NULL ? mailbox(o, aud_id) : NULL;

    *out = (struct kai_project_aud){0};
    if (a != NULL) {
        out->kind = a->rec.kind;
        out->ceiling = a->rec.label_max;
        memcpy(out->owner, a->owner->id, KAI_ID_BYTES);
        return KAI_OK;
    }
    if (box == NULL)
        return KAI_ENOTFOUND;
    out->kind = KAI_AUD_MAILBOX;
    out->ceiling = box->owner->label_max < KAI_MAILBOX_LABEL_MAX ? box->owner->label_max
                                                                 : KAI_MAILBOX_LABEL_MAX;
    memcpy(out->owner, box->owner->id, KAI_ID_BYTES);
    return KAI_OK;
}

/* The members of an audience: of a mailbox, its owner. */
struct members {
    bool known;
    bool everybody;
    size_t n;
    const uint8_t *org; /* n ids, ascending. */
};

static struct members members_of(const struct kai_outlook *o, const uint8_t *aud_id)
{
    const struct kai_audience *a = kai_roster_audience(o->roster, aud_id);
    const struct kai_aud_name *name = kai_outlook_aud(o, aud_id);
    const struct kai_aud_box *box = mailbox(o, aud_id);

    if (a != NULL && name != NULL)
        return (struct members){.known = name->members_known,
                                .everybody = a->rec.kind == KAI_AUD_PUBLIC,
                                .n = name->n_members,
                                .org = name->members[0]};
    if (box == NULL)
        return (struct members){0};
    return (struct members){.known = true, .n = 1, .org = box->owner->id};
}

/* Both stand in the order of ids. */
static int order(const struct members *a, size_t i, const struct members *b, size_t j)
{
    return memcmp(a->org + i * KAI_ID_BYTES, b->org + j * KAI_ID_BYTES, KAI_ID_BYTES);
}

static bool all_in(const struct members *inner, const struct members *outer)
{
    size_t j = 0;

    for (size_t i = 0; i < inner->n; i++) {
        while (j < outer->n && order(outer, j, inner, i) < 0)
            j++;
        if (j == outer->n || order(outer, j, inner, i) != 0)
            return false;
    }
    return true;
}

enum kai_project_inside kai_outlook_inside(const struct kai_outlook *o,
                                           const uint8_t inner[static KAI_ID_BYTES],
                                           const uint8_t outer[static KAI_ID_BYTES])
{
    struct members in = members_of(o, inner);
    struct members out = members_of(o, outer);

    if (out.everybody)
        return KAI_PROJECT_INSIDE;
    if (in.everybody) /* Anybody reads it, also who is in no network. */
        return KAI_PROJECT_OUTSIDE;
    if (!in.known || !out.known)
        return KAI_PROJECT_UNKNOWN;
    return all_in(&in, &out) ? KAI_PROJECT_INSIDE : KAI_PROJECT_OUTSIDE;
}

/* collections: the audiences that a reader is shown by TAXII. */
#include "node/taxii/collections.h"

#include <string.h>

#include "item/scoid.h"
#include "node/audience_kind.h"
#include "node/shown.h"
#include "policy/policy.h"

/* Names collections; made once at random. */
static const uint8_t COLLECTION_NAMESPACE[16] = {0xd0, 0xcf, 0xa2, 0x69, 0xa6, 0x22, 0x4a, 0xd0,
                                                 0x87, 0x48, 0xf2, 0x11, 0xe9, 0xd2, 0x51, 0xa9};

static void name_it(struct kai_taxii_collection *c, const uint8_t aud_id[static KAI_ID_BYTES],
                    const char *name)
{
    char hex[KAI_HEX_CAP(8)];

    memset(c, 0, sizeof *c);
    memcpy(c->aud_id, aud_id, KAI_ID_BYTES);
    kai_uuid5(c->uuid, COLLECTION_NAMESPACE, aud_id, KAI_ID_BYTES);
    kai_copy_text(c->title, sizeof c->title, name[0] != '\0' ? name : kai_hex(hex, aud_id, 8));
}

/* What does not depend on the label, as publishing asks first: each object is judged by its own
 * when it comes. */
static const char *why_not(const struct kai_outlook *o, const struct kai_core *c,
                           const struct kai_who *who, const struct kai_audience *a)
{
    const struct kai_node *self = kai_roster_node(o->roster, c->self.node_id);
    struct kai_policy_publish f = {
        .tlp = KAI_TLP_CLEAR,
        .audience_kind = a->rec.kind,
        .ceiling = a->rec.label_max,
        .member = true,
        .may_publish = self != NULL && self->active && (self->caps & KAI_CAP_PUBLISH) != 0,
    };
    const char *code = kai_policy_role(who->role, KAI_POLICY_SHARE);

    return code != NULL ? code : kai_policy_publish(&f);
}

void kai_taxii_collections(const struct kai_outlook *o, const struct kai_core *c,
                           const struct kai_who *who, kai_taxii_collection_fn *f, void *ctx)
{
    struct kai_taxii_collection one;
    uint8_t mailbox[KAI_ID_BYTES];

    for (size_t i = 0; i < o->n_names; i++) {
        const struct kai_audience *a = kai_roster_audience(o->roster, o->names[i].id);

        if (!o->names[i].member || a == NULL || a->rec.kind == KAI_AUD_PERSONS ||
            !kai_shown_aud(o, o->names[i].id, who->clearance))
            continue;
        name_it(&one, o->names[i].id, o->names[i].name);
        one.why_not = why_not(o, c, who, a);
        if (!f(ctx, &one))
            return;
    }
    kai_mailbox_id(mailbox, c->self.org_id);
    name_it(&one, mailbox, kai_aud_kind_name(KAI_AUD_MAILBOX));
    one.is_mailbox = true;
    one.why_not = "taxii.read-only";
    (void)f(ctx, &one);
}

struct search {
    const uint8_t *uuid;
    struct kai_taxii_collection *out;
    bool found;
};

static bool is_it(void *ctx, const struct kai_taxii_collection *c)
{
    struct search *s = ctx;

    s->found = memcmp(c->uuid, s->uuid, sizeof c->uuid) == 0;
    if (s->found)
        *s->out = *c;
    return !s->found;
}

bool kai_taxii_collection(const struct kai_outlook *o, const struct kai_core *c,
                          const struct kai_who *who, const uint8_t uuid[static 16],
                          struct kai_taxii_collection *out)
{
    struct search s = {.uuid = uuid, .out = out};

    kai_taxii_collections(o, c, who, is_it, &s);
    return s.found;
}

/* publish_where: where a publication goes, and what may go there. */
#include <string.h>

#include "log/acts.h"
#include "node/newcomer.h"
#include "node/publish_priv.h"
#include "node/shown.h"
#include "policy/policy.h"

static const char *verdict(const struct kai_publish_run *r, uint8_t tlp)
{
    const struct kai_node *self = kai_roster_node(r->o->roster, r->c->self.node_id);
    struct kai_policy_publish f = {
        .tlp = tlp,
        .audience_kind = r->kind,
        .ceiling = r->ceiling,
        .member = r->aud->member,
        .may_publish = self != NULL && self->active && (self->caps & KAI_CAP_PUBLISH) != 0,
    };

    /* Who may not see it would learn by publishing it whether it is there already. */
    struct kai_policy_read reader = {
        .role = r->p->who->role, .clearance = r->p->who->clearance, .tlp = tlp};
    const char *code = kai_policy_publish(&f);

    return code != NULL ? code : kai_policy_read(&reader);
}

/* Also of the audiences that it lists besides; *about is set to the one that forbids. */
const char *kai_publish_verdict(const struct kai_publish_run *r, uint8_t tlp,
                                const struct kai_aud_name **about)
{
    const char *code = verdict(r, tlp);

    *about = r->aud;
    for (size_t i = 0; code == NULL && i < r->p->n_also; i++) {
        const struct kai_audience *rec = kai_roster_audience(r->o->roster, r->also[i]->id);

        *about = r->also[i];
        code = kai_policy_list(tlp, rec == NULL ? 0 : rec->rec.kind,
                               rec == NULL ? 0 : rec->rec.label_max);
    }
    return code;
}

/* The mailbox of an organisation, which anybody may write to but itself. */
static enum kai_err resolve_mailbox(struct kai_publish_run *r)
{
    const struct kai_org *org = NULL;
    enum kai_err err = kai_outlook_find_org(r->o, r->p->through, &org, r->why);

    if (err != KAI_OK)
        return err;
    if (memcmp(org->id, r->c->self.org_id, KAI_ID_BYTES) == 0)
        return kai_why_set(r->why, KAI_EEXIST, "letter.own", org->name, NULL, NULL);
    if (!org->active)
        return kai_why_set(r->why, KAI_ENOTFOUND, "letter.nobody", org->name, NULL, NULL);
    kai_mailbox_id(r->mailbox.id, org->id);
    kai_copy_text(r->mailbox.name, sizeof r->mailbox.name, org->name);
    r->mailbox.member = true;
    r->aud = &r->mailbox;
    r->kind = KAI_AUD_MAILBOX;
    r->ceiling = org->label_max < KAI_MAILBOX_LABEL_MAX ? org->label_max : KAI_MAILBOX_LABEL_MAX;
    return KAI_OK;
}

static enum kai_err resolve_audience(struct kai_publish_run *r)
{
    uint8_t clearance = r->p->who->clearance;
    enum kai_err err = r->p->to_id != NULL
                           ? kai_shown_aud_by_id(r->o, r->p->to_id, clearance, &r->aud, r->why)
                           : kai_shown_find_aud(r->o, r->p->to, clearance, &r->aud, r->why);

    if (err != KAI_OK)
        return err;
    const struct kai_audience *rec = kai_roster_audience(r->o->roster, r->aud->id);
    r->kind = rec->rec.kind;
    r->ceiling = rec->rec.label_max;
    return KAI_OK;
}

static enum kai_err resolve(struct kai_publish_run *r)
{
    enum kai_err err;

    do {
        *r->why = (struct kai_why){0};
        err = r->p->through != NULL ? resolve_mailbox(r) : resolve_audience(r);
    } while (err == KAI_ENOTFOUND && kai_newcomer_wait(r->c, &r->o));
    return err;
}

enum kai_err kai_publish_where(struct kai_publish_run *r)
{
    enum kai_err err = resolve(r);
    const struct kai_node *self = kai_roster_node(r->o->roster, r->c->self.node_id);

    if (err != KAI_OK)
        return err;
    memcpy(r->obj.aud[r->obj.n_auds++], r->aud->id, KAI_ID_BYTES);
    for (size_t i = 0; i < r->p->n_also; i++) {
        const struct kai_aud_name *also;

        err = kai_shown_find_aud(r->o, r->p->also[i], r->p->who->clearance, &also, r->why);
        if (err != KAI_OK)
            return err;
        memcpy(r->obj.aud[r->obj.n_auds++], also->id, KAI_ID_BYTES);
        r->also[i] = also;
    }
    if (self == NULL || !self->active)
        return kai_why_set(r->why, KAI_EDENIED, "node.not-active", r->c->home.dir, NULL, NULL);
    memcpy(r->obj.origin_cert, self->cert, KAI_ID_BYTES);
    /* What does not depend on the label is said once, not for each object. */
    const char *code = verdict(r, KAI_TLP_CLEAR);
    if (code != NULL && r->kind != KAI_AUD_PERSONS) {
        kai_why_at(r->why, 0, "%s", r->p->to); /* Who is no member does not know its name. */
        return kai_why_set(r->why, KAI_EDENIED, code, kai_tlp_name(KAI_TLP_CLEAR),
                           r->aud->name[0] != '\0' ? r->aud->name : r->p->to, NULL);
    }
    return KAI_OK;
}

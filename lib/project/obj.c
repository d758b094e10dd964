/* obj: is a batch what its origin signed, for this audience, from the author of this log. */
#include <string.h>

#include "base/check.h"
#include "crypto/sign.h"
#include "log/red.h"
#include "project/project_priv.h"

const char *kai_project_node(const struct kai_projector *p, const uint8_t *cert,
                             struct kai_project_node *node)
{
    if (p->port.resolve(p->port.ctx, cert, node) != KAI_OK)
        return "project.cert";
    return KAI_CHECK(CERT_ATTESTED, node->usable) ? NULL : "project.revoked";
}

bool kai_project_lists(const struct kai_obj *o, const uint8_t *aud_id)
{
    for (size_t i = 0; i < o->n_auds; i++) {
        if (memcmp(o->aud[i], aud_id, KAI_ID_BYTES) == 0)
            return true;
    }
    return false;
}

bool kai_project_signed(const struct kai_projector *p, const struct kai_project_node *origin,
                        struct kai_view obj, struct kai_view sig)
{
    return sig.n == KAI_SIG_BYTES &&
           KAI_CHECK(OBJ_SIGNATURE, kai_verify(sig.p, origin->sign_pk, KAI_SIG_OBJ, p->in->nid,
                                               obj.p, obj.n) == KAI_OK);
}

bool kai_project_may_come(const char *code)
{
    static const char *const never[] = {"project.obj",    "project.act",    "project.audience",
                                        "project.origin", "project.sharer", "project.signature",
                                        "project.merkle", "project.list",   "project.part"};

    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        if (strcmp(code, never[i]) == 0)
            return false;
    }
    return true;
}

/* Whether its label may be here. Who may write here was asked when the log was taken. */
static const char *publishable(const struct kai_projector *p, const struct batch *b,
                               struct kai_view item, const struct kai_project_node *origin)
{
    struct kai_policy_publish f = {.tlp = b->obj.tlp,
                                   .audience_kind = p->aud.kind,
                                   .ceiling = p->aud.ceiling,
                                   .member = true,
                                   .may_publish = origin->publishes,
                                   .sealed = b->obj.tlp == KAI_TLP_RED &&
                                             kai_red_item_check(item, &b->obj) == KAI_OK};

    return kai_policy_publish(&f);
}

/* The ids that this takes are those of the rows too. */
static bool are_leaves(struct kai_projector *p, const struct batch *b, struct kai_view item)
{
    p->has_ids = kai_obj_item_check(item, &b->obj, p->ids) == KAI_OK;
    return p->has_ids;
}

/* The code of the first check that fails; NULL: all hold. */
static const char *check(struct kai_projector *p, struct batch *b, struct kai_view item,
                         struct kai_view obj, struct kai_view sig)
{
    struct kai_project_node origin;
    const char *code;

    if (!KAI_CHECK(OBJ_AUDIENCE, kai_project_lists(&b->obj, p->in->aud_id)))
        return "project.audience";
    if (p->no_author != NULL)
        return p->no_author;
    code = kai_project_node(p, b->obj.origin_cert, &origin);
    if (code != NULL)
        return code;
    if (!KAI_CHECK(OBJ_AUTHOR, memcmp(p->author.org_id, origin.org_id, KAI_ID_BYTES) == 0))
        return "project.origin";
    if (!kai_project_signed(p, &origin, obj, sig))
        return "project.signature";
    kai_project_about(p, b, origin.org_id);
    code = publishable(p, b, item, &origin);
    if (code != NULL)
        return code;
    /* Only a person can compute the leaves of sealed contents. */
    if (b->obj.tlp != KAI_TLP_RED && !KAI_CHECK(OBJ_LEAF, are_leaves(p, b, item)))
        return "project.merkle";
    memcpy(b->origin, origin.org_id, KAI_ID_BYTES);
    return NULL;
}

enum kai_err kai_project_obj(struct kai_projector *p, struct kai_view item)
{
    struct kai_view obj;
    struct kai_view sig;
    struct kai_cur contents;
    struct batch b = {0};
    uint32_t n;
    const char *code;

    if (kai_obj_item_parse(&obj, &sig, &contents, &n, item) != KAI_OK ||
        kai_obj_parse(&b.obj, obj) != KAI_OK) {
        kai_project_refuse(p, "project.obj", false);
        return KAI_OK;
    }
    kai_obj_hash(b.hash, obj);
    kai_project_about(p, &b, NULL);
    code = check(p, &b, item, obj, sig);
    if (code != NULL) {
        kai_project_refuse(p, code, kai_project_may_come(code));
        return KAI_OK;
    }
    b.label = (struct kai_label){.tlp = b.obj.tlp, .pap = b.obj.pap, .exercise = b.obj.exercise};
    if (b.obj.tlp == KAI_TLP_RED)
        return kai_project_sealed(p, &b);
    return kai_project_contents(p, &b, &contents, n);
}

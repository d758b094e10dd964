/* act: what a source says about its batches later: releases and recalls. */
#include <string.h>

#include "project/project_priv.h"

/* Who signed, and the code of why it does not count as anybody's word; NULL: it does. */
static const char *signer(const struct kai_projector *p, struct kai_view item, const uint8_t *cert,
                          struct kai_project_node *node)
{
    const char *code = kai_project_node(p, cert, node);

    if (code != NULL)
        return code;
    return kai_act_verify(item, node->sign_pk, p->in->nid) == KAI_OK ? NULL : "project.signature";
}

/* A key that was taken and removed since could go on for ever in the logs of others. In its own the
 * removal says where it ends. */
static bool in_time(const struct kai_projector *p, const struct kai_project_node *node)
{
    return node->active ||
           (p->no_author == NULL && memcmp(p->author.node_id, node->node_id, KAI_ID_BYTES) == 0);
}

const char *kai_project_released(const struct kai_projector *p, const struct batch *b,
                                 struct kai_view item, struct kai_release *r)
{
    struct kai_policy_origin_act f = {.what = KAI_POLICY_RELEASE, .tlp = b->obj.tlp};
    struct kai_project_node node;
    const char *code;

    if (kai_release_parse(r, item) != KAI_OK)
        return "project.act";
    if (memcmp(r->obj_hash, b->hash, KAI_ID_BYTES) != 0)
        return "act.not-source";
    code = signer(p, item, r->origin_cert, &node);
    if (code != NULL)
        return code;
    f.release_tlp = r->has_label ? r->tlp : b->obj.tlp;
    f.of_origin = memcmp(node.org_id, b->origin, KAI_ID_BYTES) == 0;
    f.may_publish = node.active && node.publishes;
    return kai_policy_origin_act(&f);
}

static void act_of(const struct kai_projector *p, const uint8_t *obj_hash, const uint8_t *org_id,
                   struct kai_ix_act *a)
{
    *a = (struct kai_ix_act){.at = p->about.at, .seen_ms = p->in->seen_ms};
    memcpy(a->obj_hash, obj_hash, KAI_ID_BYTES);
    memcpy(a->origin, org_id, KAI_ID_BYTES);
}

/* What came of putting it: new, held, too many, or a failure of ours. */
static enum kai_err put_done(struct kai_projector *p, enum kai_err err,
                             enum kai_project_found_kind kind, const struct kai_ix_act *a)
{
    if (err == KAI_OK)
        kai_project_tell(p, kind, 0, a->obj_hash, a->origin);
    else if (err == KAI_EEXIST)
        p->sum.held++;
    else if (err == KAI_ELIMIT)
        p->sum.skipped++;
    else
        return err;
    return KAI_OK;
}

enum kai_err kai_project_release(struct kai_projector *p, struct kai_view item)
{
    struct kai_release r;
    struct kai_project_node node;
    struct kai_ix_act a;
    const char *code;

    if (kai_release_parse(&r, item) != KAI_OK) {
        kai_project_refuse(p, "project.act", false);
        return KAI_OK;
    }
    memcpy(p->about.obj_hash, r.obj_hash, KAI_ID_BYTES);
    code = signer(p, item, r.origin_cert, &node);
    if (code == NULL && !in_time(p, &node))
        code = "publish.capability";
    if (code != NULL) {
        kai_project_refuse(p, code, kai_project_may_come(code));
        return KAI_OK;
    }
    /* Whether it is the source's word is asked when somebody relies on it. */
    act_of(p, r.obj_hash, node.org_id, &a);
    return put_done(p, kai_ix_release(p->t, &a, item), KAI_FOUND_RELEASE, &a);
}

enum kai_err kai_project_recall(struct kai_projector *p, struct kai_view item)
{
    struct kai_recall r;
    struct kai_project_node node;
    struct kai_ix_act a;
    const char *code;

    if (kai_recall_parse(&r, item) != KAI_OK) {
        kai_project_refuse(p, "project.act", false);
        return KAI_OK;
    }
    memcpy(p->about.obj_hash, r.obj_hash, KAI_ID_BYTES);
    code = signer(p, item, r.origin_cert, &node);
    if (code == NULL && !(node.publishes && in_time(p, &node)))
        code = "publish.capability";
    if (code != NULL) {
        kai_project_refuse(p, code, kai_project_may_come(code));
        return KAI_OK;
    }
    act_of(p, r.obj_hash, node.org_id, &a);
    return put_done(
        p,
        kai_ix_recall(p->t, &a, item, r.indexes.at, r.indexes.n, r.reason == KAI_RECALL_WITHDRAWN),
        KAI_FOUND_RECALL, &a);
}

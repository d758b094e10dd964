/* obj: is a batch what its origin signed, for this audience, from the author of this log. */
#include <string.h>

#include "crypto/sign.h"
#include "project/project_priv.h"

static const char *find_node(const struct kai_projector *p, const uint8_t *cert,
                             struct kai_project_node *node)
{
    if (p->port.resolve(p->port.ctx, cert, node) != KAI_OK)
        return "project.cert";
    return node->usable ? NULL : "project.revoked";
}

static bool is_for(const struct kai_obj *o, const uint8_t *aud_id)
{
    for (size_t i = 0; i < o->n_auds; i++) {
        if (memcmp(o->aud[i], aud_id, KAI_ID_BYTES) == 0)
            return true;
    }
    return false;
}

/* The code of the first check that fails; NULL: all hold. */
static const char *check(const struct kai_projector *p, struct batch *b, struct kai_view item,
                         struct kai_view obj, struct kai_view sig)
{
    const struct kai_project_in *in = p->in;
    struct kai_project_node origin;
    struct kai_project_node author;
    const char *code;

    if (!is_for(&b->obj, in->aud_id))
        return "project.audience";
    if (in->author_cert == NULL)
        return "project.author";
    code = find_node(p, in->author_cert, &author);
    if (code == NULL)
        code = find_node(p, b->obj.origin_cert, &origin);
    if (code != NULL)
        return code;
    if (memcmp(author.org_id, origin.org_id, KAI_ID_BYTES) != 0)
        return "project.origin";
    if (sig.n != KAI_SIG_BYTES ||
        kai_verify(sig.p, origin.sign_pk, KAI_SIG_OBJ, in->nid, obj.p, obj.n) != KAI_OK)
        return "project.signature";
    if (in->ceiling != KAI_TLP_NONE && b->obj.tlp > in->ceiling)
        return "project.ceiling";
    /* Only a person can compute the leaves of sealed contents. */
    if (b->obj.tlp != KAI_TLP_RED && kai_obj_item_check(item, &b->obj) != KAI_OK)
        return "project.merkle";
    memcpy(b->origin, origin.org_id, KAI_ID_BYTES);
    return NULL;
}

enum kai_err kai_project_obj(struct kai_projector *p, struct kai_view item)
{
    struct kai_view obj;
    struct kai_view sig;
    struct kai_cur contents;
    struct batch b;
    uint32_t n;
    const char *code;
    enum kai_err err = KAI_OK;

    if (kai_obj_item_parse(&obj, &sig, &contents, &n, item) != KAI_OK ||
        kai_obj_parse(&b.obj, obj) != KAI_OK) {
        kai_project_refuse(p, "project.obj");
        return KAI_OK;
    }
    code = check(p, &b, item, obj, sig);
    if (code != NULL) {
        kai_project_refuse(p, code);
        return KAI_OK;
    }
    kai_obj_hash(b.hash, obj);
    if (b.obj.tlp == KAI_TLP_RED)
        return kai_project_sealed(p, &b);
    for (p->content = 0; p->content < n && err == KAI_OK; p->content++) {
        struct kai_content c;

        if (kai_content_read(&c, &contents) != KAI_OK) {
            kai_project_refuse(p, "project.obj");
            break;
        }
        err = kai_project_content(p, &b, &c);
    }
    return err;
}

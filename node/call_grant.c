/* call_grant: from the arguments of a request to what an ADMIT gives. */
#include "node/call_grant.h"

#include <string.h>

enum kai_err kai_arg_hex(struct kai_call *call, const char *key, struct kai_buf *out)
{
    enum kai_err err = KAI_OK;
    const char *text = kai_arg_need(call, key, &err);
    size_t n = strlen(text) / 2;

    if (err != KAI_OK)
        return err;
    uint8_t *at = kai_buf_room(out, n);
    if (at == NULL)
        return out->err;
    if (!kai_unhex(at, n, text, strlen(text)))
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.argument", key, NULL, NULL);
    return KAI_OK;
}

static enum kai_err attrs_arg(struct kai_call *call, struct kai_grant *g)
{
    enum kai_err err = KAI_OK;

    for (const char *text;
         err == KAI_OK && (text = kai_arg_item(call, "attrs", g->n_attrs, &err)) != NULL;
         g->n_attrs++) {
        const char *eq = strchr(text, '=');

        if (g->n_attrs == KAI_ATTRS_MAX || eq == NULL || eq == text ||
            (size_t)(eq - text) >= sizeof g->attrs[0].key ||
            strlen(eq + 1) >= sizeof g->attrs[0].value)
            return kai_why_set(&call->why, KAI_EMALFORMED, "usage.attr", text, NULL, NULL);
        memcpy(g->attrs[g->n_attrs].key, text, (size_t)(eq - text));
        g->attrs[g->n_attrs].key[eq - text] = '\0';
        kai_copy_text(g->attrs[g->n_attrs].value, sizeof g->attrs[0].value, eq + 1);
    }
    return err;
}

enum kai_err kai_grant_read(struct kai_call *call, struct kai_grant *g)
{
    enum kai_err err = KAI_OK;
    const char *clearance = kai_arg_text(call, "clearance", &err);
    bool provider = kai_arg_bool(call, "provider", &err);
    uint8_t tlp = 0;

    g->depth_left = kai_arg_uint(call, "may_admit", g->depth_left, &err);
    g->max_children = kai_arg_uint(call, "max_children", g->max_children, &err);
    if (err != KAI_OK)
        return err;
    if (g->depth_left >= KAI_ORG_DEPTH_MAX)
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.argument", "may_admit", NULL, NULL);
    if (clearance != NULL && !kai_tlp_parse(kai_view_of(clearance, strlen(clearance)), &tlp))
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.label", clearance, NULL, NULL);
    if (clearance != NULL)
        g->label_max = tlp;
    if (provider)
        g->caps |= KAI_CAP_PROVIDER;
    kai_arg_until(call, "expires", &g->not_after, &err);
    return err == KAI_OK ? attrs_arg(call, g) : err;
}

const char *kai_request_is(uint64_t kind)
{
    return kind == KAI_ADMIT_ORG    ? "request.is-org"
           : kind == KAI_ADMIT_NODE ? "request.is-node"
                                    : "request.is-person";
}

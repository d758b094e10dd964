/* call_replace: an organisation is admitted anew, in place of before: renewed, or on other terms.
 * Its root key stays, so that all below it stays (docs/protocol.md 4). */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/ceremony.h"
#include "node/call.h"
#include "node/call_grant.h"

#define DAY_MS (24ull * 60 * 60 * 1000)

struct replace {
    struct kai_call *call;
    const char *name;
    bool has_request;
    struct kai_join request;
    const struct kai_org *org;
    struct kai_admit old; /* As we gave it last. */
    bool old_here;        /* By the issuing key that we have now. */
    uint8_t cert[KAI_ID_BYTES];
    uint8_t replaced[KAI_ID_BYTES];
    struct kai_admit now;
    bool changed;
};

static enum kai_err refuse(struct replace *r, enum kai_err err, const char *code, const char *arg)
{
    return kai_why_set(&r->call->why, err, code, arg, NULL, NULL);
}

/* The last admission of the organisation in a log of ours. */
static bool is_its_own(void *ctx, const struct kai_entry *e)
{
    struct replace *r = ctx;
    struct kai_admit a;
    struct kai_view body;
    uint64_t type;

    if (kai_rec_parse(&type, &body, e->payload) == KAI_OK && type == KAI_REC_ADMIT &&
        kai_admit_parse(&a, body) == KAI_OK && a.kind == KAI_ADMIT_ORG &&
        memcmp(a.sign_pk, r->org->root_pk, KAI_KEY_BYTES) == 0) {
        r->old = a;
        r->old_here = true;
        memcpy(r->replaced, e->hash, KAI_ID_BYTES);
    }
    return true;
}

/* Under an issuing key that was replaced since: the one that the roster counts. */
static bool under_old_key(const struct kai_core *c, struct replace *r)
{
    const struct kai_entry *e = kai_ctl_find(c->ctl, r->org->cert);
    struct kai_view body;
    uint64_t type;

    if (!r->org->has_parent || memcmp(r->org->parent, c->self.org_id, KAI_ID_BYTES) != 0 ||
        e == NULL || kai_rec_parse(&type, &body, e->payload) != KAI_OK ||
        kai_admit_parse(&r->old, body) != KAI_OK)
        return false;
    memcpy(r->replaced, e->hash, KAI_ID_BYTES);
    return true;
}

static enum kai_err find(struct kai_core *c, const struct kai_outlook *o, struct replace *r)
{
    uint8_t id[KAI_ID_BYTES];
    enum kai_err err = kai_outlook_find_org(o, r->name, &r->org, &r->call->why);

    if (err != KAI_OK)
        return err;
    if (c->issuing == NULL)
        return refuse(r, KAI_ENOTFOUND, "key.no-issuing", c->home.dir);
    kai_ctl_each(c->ctl, c->issuing->sign_pk, 1, UINT64_MAX, is_its_own, r);
    if (!r->old_here && !under_old_key(c, r))
        return refuse(r, KAI_EDENIED, "replace.not-yours", r->org->name);
    if (r->org->revoked)
        return refuse(r, KAI_EDENIED, "replace.revoked", r->org->name);
    if (r->has_request) {
        kai_hash(id, KAI_D_ORG, r->request.proof.sign_pk, KAI_KEY_BYTES);
        if (memcmp(id, r->org->id, KAI_ID_BYTES) != 0) /* Its id is its root key's. */
            return refuse(r, KAI_EDENIED, "replace.other-key", r->org->name);
        memcpy(r->old.name, r->request.proof.name, sizeof r->old.name);
    }
    return KAI_OK;
}

/* What was asked for, as far as we have it ourselves. Errors: KAI_EDENIED (admit.clearance). */
static enum kai_err narrow(const struct kai_core *c, struct replace *r, struct kai_grant *g)
{
    const struct kai_org *self = kai_roster_org(kai_net_roster(c->net), c->self.org_id);

    if (self == NULL || !self->active)
        return refuse(r, KAI_EDENIED, "node.not-active", c->home.dir);
    if (json_object_get(r->call->args, "clearance") == NULL && g->label_max > self->label_max)
        g->label_max = self->label_max; /* It was more than what we have by now. */
    if (g->label_max > self->label_max)
        return refuse(r, KAI_EDENIED, "admit.clearance", kai_tlp_name((uint8_t)self->label_max));
    if (g->depth_left >= self->depth_left && g->depth_left > 0)
        g->depth_left = self->depth_left > 0 ? self->depth_left - 1 : 0;
    if (self->not_after != 0 && g->not_after > self->not_after)
        g->not_after = self->not_after;
    return KAI_OK;
}

/* Terms that are not named stay; where none is, it is renewed for the usual time. */
static enum kai_err read_terms(struct replace *r, struct kai_grant *g)
{
    const json_t *args = r->call->args;
    bool named = r->has_request;

    *g = kai_grant_of(&r->old);
    for (const char *const *k = (const char *const[]){"clearance", "expires", "may_admit",
                                                      "max_children", "attrs", NULL};
         *k != NULL; k++)
        named = named || json_object_get(args, *k) != NULL;
    if (!named)
        g->not_after = kai_grant_member().not_after;
    return kai_grant_read(r->call, g);
}

static bool same_attrs(const struct kai_admit *a, const struct kai_admit *b)
{
    for (size_t i = 0; i < a->n_attrs && a->n_attrs == b->n_attrs; i++)
        if (strcmp(a->attrs[i].key, b->attrs[i].key) != 0 ||
            strcmp(a->attrs[i].value, b->attrs[i].value) != 0)
            return false;
    return a->n_attrs == b->n_attrs;
}

/* The same again, but for less than a day of its life, is no news. */
static bool is_news(const struct replace *r, const struct kai_admit *now)
{
    const struct kai_admit *old = &r->old;
    uint64_t life = now->not_after > old->not_after ? now->not_after - old->not_after
                                                    : old->not_after - now->not_after;

    return !r->org->active || life >= DAY_MS || now->label_max != old->label_max ||
           now->depth_left != old->depth_left || now->max_children != old->max_children ||
           now->caps != old->caps || !same_attrs(now, old) || strcmp(now->name, r->org->name) != 0;
}

/* What stands under an issuing key that is no more can be widened, and lives on beside that. */
static bool narrows(const struct replace *r, const struct kai_admit *now)
{
    const struct kai_admit *old = &r->old;

    return now->label_max < old->label_max || now->depth_left < old->depth_left ||
           now->max_children < old->max_children || now->not_after < old->not_after;
}

static enum kai_err issue(struct kai_core *c, struct replace *r, const struct kai_admit *a)
{
    struct kai_buf body;

    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_admit_write(&body, a);
    enum kai_err err = body.err;
    if (err == KAI_OK)
        err = kai_core_issue(c, KAI_REC_ADMIT, kai_buf_view(&body), r->cert, &r->call->why);
    kai_buf_free(&body);
    r->changed = err == KAI_OK;
    return err;
}

static enum kai_err job_replace(struct kai_core *c, void *arg)
{
    struct replace *r = arg;
    struct kai_outlook *o = kai_outlook_get(c);
    struct kai_grant g;
    enum kai_err err = find(c, o, r);

    if (err == KAI_OK)
        err = read_terms(r, &g);
    if (err == KAI_OK)
        err = narrow(c, r, &g);
    if (err == KAI_OK) {
        kai_grant_request(&r->now, &g, &r->old); /* Of the same key, its proof is good again. */
        if (json_array_size(json_object_get(r->call->args, "attrs")) == 0) {
            r->now.n_attrs = r->old.n_attrs;
            memcpy(r->now.attrs, r->old.attrs, sizeof r->now.attrs);
        }
        r->now.has_replaces = r->old_here;
        memcpy(r->now.replaces, r->replaced, KAI_ID_BYTES);
        memcpy(r->cert, r->replaced, KAI_ID_BYTES);
        if (!r->old_here && narrows(r, &r->now))
            err = refuse(r, KAI_EDENIED, "replace.old-key", r->org->name);
        else if (is_news(r, &r->now))
            err = issue(c, r, &r->now);
    }
    kai_outlook_put(o);
    return err;
}

static enum kai_err put(struct replace *r)
{
    struct kai_jput j;

    kai_jput_init(&j, &r->call->out);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, "name", r->now.name);
    kai_jput_hex(&j, "cert", r->cert, KAI_ID_BYTES);
    kai_jput_hex(&j, "replaced", r->replaced, KAI_ID_BYTES);
    kai_jput_bool(&j, "changed", r->changed);
    kai_jput_text(&j, "label_max", kai_tlp_name((uint8_t)r->now.label_max));
    kai_jput_uint(&j, "may_admit", r->now.depth_left);
    kai_jput_time(&j, "expires", r->now.not_after);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

enum kai_err kai_verb_org_replace(struct kai_call *call)
{
    struct replace *r = calloc(1, sizeof *r);
    struct kai_buf bytes;
    enum kai_err err = KAI_OK;

    if (r == NULL)
        return KAI_ENOMEM;
    r->call = call;
    r->name = kai_arg_need(call, "org", &err);
    r->has_request = json_is_string(json_object_get(call->args, "request"));
    kai_buf_init(&bytes, KAI_REQUEST_BYTES_MAX);
    if (err == KAI_OK && r->has_request)
        err = kai_arg_hex(call, "request", &bytes);
    if (err == KAI_OK && r->has_request)
        err = kai_join_parse(&r->request, kai_buf_view(&bytes), &call->why);
    if (err == KAI_OK && r->has_request && r->request.kind != KAI_ADMIT_ORG)
        err = kai_why_set(&call->why, KAI_EMALFORMED, kai_request_is(r->request.kind), NULL, NULL,
                          NULL);
    if (err == KAI_OK)
        err = kai_core_run(call->core, job_replace, r);
    if (err == KAI_OK)
        err = put(r);
    kai_buf_free(&bytes);
    free(r);
    return err;
}

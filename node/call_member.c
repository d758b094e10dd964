/* call_member: who is in: admission and revocation of organisations and nodes. */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/ceremony.h"
#include "node/call.h"
#include "node/grant.h"
#include "text/time.h"

/* Bytes of an argument in hex. */
static enum kai_err hex_arg(struct kai_call *call, const char *key, struct kai_buf *out)
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

struct admit {
    struct kai_call *call;
    struct kai_join request;
    struct kai_grant grant;
    uint8_t cert[KAI_ID_BYTES];
    struct kai_buf admission;
};

struct addrs {
    size_t n;
    struct kai_view v[4];
    const struct kai_core *c;
};

/* Our own address first, then others that are known. */
static bool collect_addr(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                         struct kai_view note)
{
    struct addrs *a = ctx;
    struct kai_addr addr;

    if (type != KAI_REC_ADDR || kai_addr_parse(&addr, note) != KAI_OK || !addr.listens ||
        addr.not_after < kai_wall_ms())
        return true;
    if (memcmp(who, a->c->self.node_id, KAI_ID_BYTES) == 0 && a->n > 0) {
        a->v[a->n < 4 ? a->n++ : 3] = a->v[0];
        a->v[0] = note;
    } else if (a->n < 4) {
        a->v[a->n++] = note;
    }
    return true;
}

static size_t charter_texts(const struct kai_core *c, struct kai_snap *s,
                            struct kai_charter_text *out)
{
    size_t n = 0;

    for (size_t i = 0; i < c->charter.n_texts; i++) {
        char b32[KAI_BASE32_KEY_CAP];
        char key[64];

        kai_base32_key(b32, c->charter.texts[i].hash);
        (void)snprintf(key, sizeof key, "text:%s", b32);
        if (kai_snap_kv(s, key, &out[n].text) == KAI_OK)
            out[n++].lang = c->charter.texts[i].lang;
    }
    return n;
}

static enum kai_err write_admission(struct kai_core *c, struct admit *a)
{
    struct kai_charter_text texts[KAI_CHARTER_TEXTS_MAX];
    struct addrs addrs = {.c = c};
    struct kai_snap *s;
    enum kai_err err = kai_snap_begin(c->store, &s);

    if (err != KAI_OK)
        return err;
    err = kai_snap_notes(s, collect_addr, &addrs);
    if (err == KAI_OK)
        err = kai_admission_write(&a->admission, c->ctl, kai_buf_view(&c->charter_record), texts,
                                  charter_texts(c, s, texts), a->cert, addrs.v, addrs.n);
    kai_snap_end(s);
    return err;
}

/* The same key again gets the admission it has: asking twice is no second member. */
static bool admitted_already(struct kai_core *c, struct admit *a)
{
    const struct kai_roster *r = kai_net_roster(c->net);
    uint8_t id[KAI_ID_BYTES];

    kai_hash(id, a->request.kind == KAI_ADMIT_ORG ? KAI_D_ORG : KAI_D_NODE,
             a->request.proof.sign_pk, KAI_KEY_BYTES);
    if (a->request.kind == KAI_ADMIT_ORG) {
        const struct kai_org *o = kai_roster_org(r, id);

        if (o == NULL || !o->active || !o->has_parent ||
            memcmp(o->parent, c->self.org_id, KAI_ID_BYTES) != 0)
            return false;
        memcpy(a->cert, o->cert, KAI_ID_BYTES);
        return true;
    }
    const struct kai_node *n = kai_roster_node(r, id);
    if (n == NULL || !n->active)
        return false;
    memcpy(a->cert, n->cert, KAI_ID_BYTES);
    return true;
}

static enum kai_err job_admit(struct kai_core *c, void *arg)
{
    struct admit *a = arg;
    struct kai_admit cert;
    struct kai_buf body;
    struct kai_why *why = &a->call->why;
    const struct kai_org *self = kai_roster_org(kai_net_roster(c->net), c->self.org_id);

    if (admitted_already(c, a))
        return write_admission(c, a);
    if (self == NULL || !self->active)
        return kai_why_set(why, KAI_EDENIED, "node.not-active", c->home.dir, NULL, NULL);
    if (a->request.kind == KAI_ADMIT_ORG &&
        ((self->caps & KAI_CAP_ADMIT) == 0 || self->depth_left == 0))
        return kai_why_set(why, KAI_EDENIED, "admit.depth", self->name, NULL, NULL);
    if (a->grant.label_max > self->label_max)
        return kai_why_set(why, KAI_EDENIED, "admit.clearance",
                           kai_tlp_name((uint8_t)self->label_max), NULL, NULL);
    if (a->grant.depth_left >= self->depth_left && a->grant.depth_left > 0)
        a->grant.depth_left = self->depth_left > 0 ? self->depth_left - 1 : 0;
    if (self->not_after != 0 && a->grant.not_after > self->not_after)
        a->grant.not_after = self->not_after;
    a->grant.caps &= self->caps;
    kai_grant_request(&cert, &a->grant, &a->request.proof);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_admit_write(&body, &cert);
    enum kai_err err = body.err;
    if (err == KAI_OK)
        err = kai_core_issue(c, KAI_REC_ADMIT, kai_buf_view(&body), a->cert, why);
    kai_buf_free(&body);
    return err == KAI_OK ? write_admission(c, a) : err;
}

static enum kai_err read_grant(struct kai_call *call, struct kai_grant *g)
{
    enum kai_err err = KAI_OK;
    const char *clearance = kai_arg_text(call, "clearance", &err);
    const char *expires = kai_arg_text(call, "expires", &err);
    uint64_t ms;
    uint8_t tlp = 0;

    *g = kai_grant_member();
    g->depth_left = kai_arg_uint(call, "may_admit", 0, &err);
    g->max_children = kai_arg_uint(call, "max_children", g->max_children, &err);
    if (err != KAI_OK)
        return err;
    if (g->depth_left >= KAI_ORG_DEPTH_MAX)
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.argument", "may_admit", NULL, NULL);
    if (clearance != NULL && !kai_tlp_parse(kai_view_of(clearance, strlen(clearance)), &tlp))
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.label", clearance, NULL, NULL);
    if (clearance != NULL)
        g->label_max = tlp;
    if (expires != NULL) {
        if (kai_duration_parse(expires, &ms))
            g->not_after = kai_wall_ms() + ms;
        else if (!kai_time_parse_loose(kai_view_of(expires, strlen(expires)), &g->not_after))
            return kai_why_set(&call->why, KAI_EMALFORMED, "usage.time", expires, NULL, NULL);
    }
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

static enum kai_err admit(struct kai_call *call, uint64_t kind)
{
    struct admit *a = calloc(1, sizeof *a);
    struct kai_buf bytes;
    uint8_t hash[KAI_ID_BYTES];
    struct kai_jput j;

    if (a == NULL)
        return KAI_ENOMEM;
    a->call = call;
    kai_buf_init(&a->admission, KAI_ADMISSION_BYTES_MAX);
    kai_buf_init(&bytes, KAI_REQUEST_BYTES_MAX);
    enum kai_err err = hex_arg(call, "request", &bytes);
    if (err == KAI_OK)
        err = kai_join_parse(&a->request, kai_buf_view(&bytes), &call->why);
    if (err == KAI_OK && a->request.kind != kind)
        err = kai_why_set(&call->why, KAI_EMALFORMED,
                          kind == KAI_ADMIT_ORG ? "request.is-node" : "request.is-org", NULL, NULL,
                          NULL);
    if (err == KAI_OK)
        err = read_grant(call, &a->grant);
    if (err == KAI_OK)
        err = kai_core_run(call->core, job_admit, a);
    if (err == KAI_OK) {
        kai_ceremony_hash(hash, kai_buf_view(&a->admission));
        kai_jput_init(&j, &call->out);
        kai_jput_object(&j, NULL);
        kai_jput_text(&j, "name", a->request.proof.name);
        kai_jput_hex(&j, "cert", a->cert, KAI_ID_BYTES);
        kai_jput_hex(&j, "hash", hash, KAI_ID_BYTES);
        kai_jput_bool(&j, "reachable", call->core->endpoint[0] != '\0');
        kai_jput_text(&j, "sponsor", call->core->org_name);
        kai_jput_text(&j, "network", call->core->charter.name);
        kai_jput_hex(&j, "admission", a->admission.p, a->admission.len);
        kai_jput_end(&j);
        err = kai_jput_line(&j);
    }
    kai_buf_free(&bytes);
    kai_buf_free(&a->admission);
    free(a);
    return err;
}

enum kai_err kai_verb_org_admit(struct kai_call *call)
{
    return admit(call, KAI_ADMIT_ORG);
}

enum kai_err kai_verb_node_admit(struct kai_call *call)
{
    return admit(call, KAI_ADMIT_NODE);
}

struct revoke {
    struct kai_call *call;
    const char *name;
    uint64_t kind;
    uint64_t reason;
    struct kai_revoke rec;
    char what[KAI_TEXT_BYTES_MAX + 1];
};

/* Everything that the organisation's keys have signed so far stays: the cut is at what we hold now.
 */
static void cut_at_head(struct kai_core *c, struct kai_revoke *r,
                        const uint8_t log_pk[static KAI_KEY_BYTES])
{
    struct kai_head head;
    struct kai_cut *cut = &r->cuts[r->n_cuts];

    if (r->n_cuts == KAI_CUTS_PER_REVOKE_MAX || kai_ctl_head(c->ctl, log_pk, &head) != KAI_OK)
        return;
    memcpy(cut->log_pk, log_pk, KAI_KEY_BYTES);
    cut->seq = head.seq;
    memcpy(cut->head, head.hash, KAI_ID_BYTES);
    r->n_cuts++;
}

struct cuts {
    struct kai_core *c;
    struct kai_revoke *r;
};

static bool cut_issued(void *ctx, const struct kai_entry *e)
{
    struct cuts *k = ctx;
    struct kai_admit a;
    struct kai_view body;
    uint64_t type;

    if (kai_rec_parse(&type, &body, e->payload) == KAI_OK && type == KAI_REC_ADMIT &&
        kai_admit_parse(&a, body) == KAI_OK && a.kind == KAI_ADMIT_ISSUING)
        cut_at_head(k->c, k->r, a.sign_pk);
    return true;
}

static enum kai_err find_target(struct kai_core *c, struct revoke *rv)
{
    struct kai_outlook *o = kai_outlook_get(c);
    enum kai_err err;

    if (rv->kind == KAI_ADMIT_ORG) {
        const struct kai_org *org;

        err = kai_outlook_find_org(o, rv->name, &org, &rv->call->why);
        if (err == KAI_OK && !org->has_parent)
            err = kai_why_set(&rv->call->why, KAI_EDENIED, "revoke.founder", org->name, NULL, NULL);
        if (err == KAI_OK) {
            struct cuts k = {.c = c, .r = &rv->rec};

            memcpy(rv->rec.target, org->cert, KAI_ID_BYTES);
            kai_copy_text(rv->what, sizeof rv->what, org->name);
            if (rv->reason !=
                KAI_REVOKE_COMPROMISE) { /* A thief's key may have signed anything of late. */
                cut_at_head(c, &rv->rec, org->root_pk);
                kai_ctl_each(c->ctl, org->root_pk, 1, UINT64_MAX, cut_issued, &k);
            }
        }
    } else {
        const struct kai_node *n;

        err = kai_outlook_find_node(o, rv->name, &n, &rv->call->why);
        if (err == KAI_OK && memcmp(n->id, c->self.node_id, KAI_ID_BYTES) == 0)
            err = kai_why_set(&rv->call->why, KAI_EDENIED, "revoke.self", n->name, NULL, NULL);
        if (err == KAI_OK) {
            memcpy(rv->rec.target, n->cert, KAI_ID_BYTES);
            kai_copy_text(rv->what, sizeof rv->what, n->name);
        }
    }
    kai_outlook_put(o);
    return err;
}

static enum kai_err job_revoke(struct kai_core *c, void *arg)
{
    struct revoke *rv = arg;
    struct kai_buf body;
    uint8_t hash[KAI_ID_BYTES];
    enum kai_err err = find_target(c, rv);

    if (err != KAI_OK)
        return err;
    rv->rec.reason = rv->reason;
    rv->rec.of = 1;
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_revoke_write(&body, &rv->rec);
    err = body.err;
    if (err == KAI_OK)
        err = kai_core_issue(c, KAI_REC_REVOKE, kai_buf_view(&body), hash, &rv->call->why);
    kai_buf_free(&body);
    return err;
}

static enum kai_err revoke(struct kai_call *call, uint64_t kind, const char *key)
{
    static const char *const reasons[] = {NULL, "left", "compromise", "lost", "rules"};
    struct revoke *rv = calloc(1, sizeof *rv);
    enum kai_err err = rv == NULL ? KAI_ENOMEM : KAI_OK;
    struct kai_jput j;

    if (err != KAI_OK)
        return err;
    rv->call = call;
    rv->kind = kind;
    rv->name = kai_arg_need(call, key, &err);
    const char *reason = kai_arg_text(call, "reason", &err);
    for (uint64_t i = 1; i <= KAI_REVOKE_RULES; i++)
        if (strcmp(reasons[i], reason == NULL ? "left" : reason) == 0)
            rv->reason = i;
    if (err == KAI_OK && rv->reason == 0)
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.reason", reason, NULL, NULL);
    if (err == KAI_OK)
        err = kai_core_run(call->core, job_revoke, rv);
    if (err == KAI_OK) {
        kai_jput_init(&j, &call->out);
        kai_jput_object(&j, NULL);
        kai_jput_text(&j, "revoked", rv->what);
        kai_jput_end(&j);
        err = kai_jput_line(&j);
    }
    free(rv);
    return err;
}

enum kai_err kai_verb_org_revoke(struct kai_call *call)
{
    return revoke(call, KAI_ADMIT_ORG, "org");
}

enum kai_err kai_verb_node_revoke(struct kai_call *call)
{
    return revoke(call, KAI_ADMIT_NODE, "node");
}

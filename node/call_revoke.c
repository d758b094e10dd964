/* call_revoke: taking organisations, nodes and persons out. */
#include <stdlib.h>
#include <string.h>

#include "keys/reissue.h"
#include "node/call.h"
#include "node/marks.h"
#include "node/persons.h"
#include "node/removal.h"

#define WRAP_BYTES 8u   /* Of a control payload around its body. */
#define KEPT_MAX   256u /* Organisations of one that was revoked, to be admitted again. */

struct revoke {
    struct kai_call *call;
    const char *name;
    uint64_t kind;
    uint64_t reason;
    struct kai_revoke rec;
    char what[KAI_TEXT_BYTES_MAX + 1];
    const struct kai_org *org; /* Kind org. */
    uint8_t org_id[KAI_ID_BYTES];
    size_t n_kept;
    char kept[KEPT_MAX][KAI_TEXT_BYTES_MAX + 1];
};

static enum kai_err refuse(struct revoke *rv, enum kai_err err, const char *code, const char *arg)
{
    return kai_why_set(&rv->call->why, err, code, arg, NULL, NULL);
}

/* ---- What of an organisation's keys stays valid. */

/* Everything that they have signed so far: the cut is at what we hold now. */
static void cut_at_head(struct kai_core *c, struct kai_revoke *r,
                        const uint8_t log_pk[static KAI_KEY_BYTES])
{
    struct kai_cut *cut = &r->cuts[r->n_cuts];

    if (r->n_cuts < KAI_CUTS_PER_REVOKE_MAX && kai_cut_now(cut, c->ctl, log_pk) == KAI_OK)
        r->n_cuts++;
}

struct issued {
    struct kai_core *c;
    struct revoke *rv;
    void (*f)(struct issued *i, const struct kai_entry *e, const struct kai_admit *a);
    enum kai_err err;
};

static bool on_issued(void *ctx, const struct kai_entry *e)
{
    struct issued *i = ctx;
    struct kai_admit a;
    struct kai_view body;
    uint64_t type;

    if (kai_rec_parse(&type, &body, e->payload) == KAI_OK && type == KAI_REC_ADMIT &&
        kai_admit_parse(&a, body) == KAI_OK && a.kind == KAI_ADMIT_ISSUING)
        i->f(i, e, &a);
    return i->err == KAI_OK;
}

/* Each issuing key that the organisation ever had. */
static enum kai_err each_issuing(struct kai_core *c, struct revoke *rv,
                                 void (*f)(struct issued *i, const struct kai_entry *e,
                                           const struct kai_admit *a))
{
    struct issued i = {.c = c, .rv = rv, .f = f};

    kai_ctl_each(c->ctl, rv->org->root_pk, 1, UINT64_MAX, on_issued, &i);
    return i.err;
}

static void cut_issuing(struct issued *i, const struct kai_entry *e, const struct kai_admit *a)
{
    (void)e;
    cut_at_head(i->c, &i->rv->rec, a->sign_pk);
}

/* ---- Organisations below one whose keys were stolen: admitted again by us, where they are named.
 */
static bool is_named(struct revoke *rv, const char *name)
{
    enum kai_err err = KAI_OK;

    for (size_t i = 0;; i++) {
        const char *keep = kai_arg_item(rv->call, "keep", i, &err);

        if (keep == NULL)
            return false;
        if (strcmp(keep, "all") == 0 || strcmp(keep, name) == 0)
            return true;
    }
}

struct listed { /* Made before anything is signed, for signing changes what it is made of. */
    struct kai_core *c;
    struct revoke *rv;
    size_t n;
    uint8_t cert[KEPT_MAX][KAI_ID_BYTES];
    enum kai_err err;
};

static bool list_child(void *ctx, uint64_t type, const struct kai_entry *e)
{
    struct listed *l = ctx;
    const struct kai_org *o = kai_roster_org_by_cert(kai_net_roster(l->c->net), e->hash);

    if (type != KAI_REC_ADMIT || o == NULL || !is_named(l->rv, o->name))
        return true;
    if (l->rv->n_kept == KEPT_MAX) {
        l->err = refuse(l->rv, KAI_ELIMIT, "revoke.keep-many", l->rv->what);
        return false;
    }
    memcpy(l->cert[l->n++], e->hash, KAI_ID_BYTES);
    kai_copy_text(l->rv->kept[l->rv->n_kept++], sizeof l->rv->kept[0], o->name);
    return true;
}

static enum kai_err admit_again(struct kai_core *c, struct revoke *rv,
                                const uint8_t cert[static KAI_ID_BYTES])
{
    const struct kai_entry *e = kai_ctl_find(c->ctl, cert);
    struct kai_buf body;
    uint8_t hash[KAI_ID_BYTES];

    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    enum kai_err err = e == NULL ? KAI_ENOTFOUND : kai_reissue_admit(&body, e);
    if (err == KAI_OK)
        err = kai_core_issue(c, KAI_REC_ADMIT, kai_buf_view(&body), hash, &rv->call->why);
    kai_buf_free(&body);
    return err;
}

static void keep_issued(struct issued *i, const struct kai_entry *e, const struct kai_admit *a)
{
    struct listed *l = calloc(1, sizeof *l);

    (void)a;
    if (l == NULL) {
        i->err = KAI_ENOMEM;
        return;
    }
    l->c = i->c;
    l->rv = i->rv;
    enum kai_err err =
        kai_reissue_list(i->c->ctl, kai_net_roster(i->c->net), e->hash, NULL, list_child, l);
    i->err = err == KAI_ENOTFOUND ? KAI_OK : err; /* One that counts no more keeps nothing. */
    if (i->err == KAI_OK)
        i->err = l->err;
    for (size_t k = 0; i->err == KAI_OK && k < l->n; k++)
        i->err = admit_again(i->c, i->rv, l->cert[k]);
    free(l);
}

/* ---- Whom it is about. */

/* The certificate of a key that we gave ourselves, and that still stands; false: none. */
struct own_cert {
    const uint8_t *pk;
    uint8_t cert[KAI_ID_BYTES];
    bool found;
};

static bool is_own_cert(void *ctx, const struct kai_entry *e)
{
    struct own_cert *o = ctx;
    struct kai_admit a;
    struct kai_view body;
    uint64_t type;

    if (kai_rec_parse(&type, &body, e->payload) == KAI_OK && type == KAI_REC_ADMIT &&
        kai_admit_parse(&a, body) == KAI_OK && memcmp(a.sign_pk, o->pk, KAI_KEY_BYTES) == 0) {
        memcpy(o->cert, e->hash, KAI_ID_BYTES);
        o->found = true; /* The last one is the one in force. */
    }
    return true;
}

/* Whether our word reaches it: it stands at most two organisations below us. */
static bool below_us(const struct kai_core *c, const struct kai_org *o)
{
    const struct kai_roster *r = kai_net_roster(c->net);

    for (unsigned up = 0; up < 2 && o != NULL && o->has_parent; up++) {
        if (memcmp(o->parent, c->self.org_id, KAI_ID_BYTES) == 0)
            return true;
        o = kai_roster_org(r, o->parent);
    }
    return false;
}

static bool self_founds(const struct kai_core *c)
{
    const struct kai_org *self = kai_roster_org(kai_net_roster(c->net), c->self.org_id);

    return self != NULL && !self->has_parent;
}

static enum kai_err find_org(struct kai_core *c, const struct kai_outlook *o, struct revoke *rv)
{
    struct own_cert own = {0};
    enum kai_err err = kai_outlook_find_org(o, rv->name, &rv->org, &rv->call->why);

    if (err != KAI_OK)
        return err;
    kai_copy_text(rv->what, sizeof rv->what, rv->org->name);
    memcpy(rv->org_id, rv->org->id, KAI_ID_BYTES);
    if (!rv->org->has_parent)
        return refuse(rv, KAI_EDENIED, "revoke.founder", rv->what);
    if (c->issuing == NULL)
        return refuse(rv, KAI_ENOTFOUND, "key.no-issuing", c->home.dir);
    own.pk = rv->org->root_pk;
    kai_ctl_each(c->ctl, c->issuing->sign_pk, 1, UINT64_MAX, is_own_cert, &own);
    if (!own.found && !below_us(c, rv->org) && !self_founds(c)) /* Founders vote. */
        return refuse(rv, KAI_EDENIED, "revoke.not-yours", rv->what);
    memcpy(rv->rec.target, own.found ? own.cert : rv->org->cert, KAI_ID_BYTES);
    if (rv->reason == KAI_REVOKE_COMPROMISE) /* A thief's key may have signed anything of late. */
        return each_issuing(c, rv, keep_issued);
    cut_at_head(c, &rv->rec, rv->org->root_pk);
    return each_issuing(c, rv, cut_issuing);
}

static enum kai_err find_node(struct kai_core *c, const struct kai_outlook *o, struct revoke *rv)
{
    const struct kai_node *n;
    enum kai_err err = kai_outlook_find_node(o, rv->name, &n, &rv->call->why);

    if (err != KAI_OK)
        return err;
    kai_copy_text(rv->what, sizeof rv->what, n->name);
    if (memcmp(n->id, c->self.node_id, KAI_ID_BYTES) == 0)
        return refuse(rv, KAI_EDENIED, "revoke.self", n->name);
    if (memcmp(n->org->id, c->self.org_id, KAI_ID_BYTES) != 0 && !below_us(c, n->org) &&
        !self_founds(c))
        return refuse(rv, KAI_EDENIED, "revoke.not-yours", n->name);
    memcpy(rv->rec.target, n->cert, KAI_ID_BYTES);
    return KAI_OK;
}

/* Our own persons go by name; those of organisations below us by id. */
static enum kai_err find_person(struct kai_core *c, const struct kai_outlook *o, struct revoke *rv)
{
    const struct kai_org *self = kai_roster_org(o->roster, c->self.org_id);
    const struct kai_person *p = NULL;
    struct kai_snap *s = NULL;
    char name[KAI_TEXT_BYTES_MAX + 1];
    enum kai_err err = kai_snap_begin(c->store, &s);

    if (err == KAI_OK)
        err = kai_person_find(o->roster, s, self, rv->name, &p, &rv->call->why);
    if (err == KAI_ENOTFOUND)
        err = kai_person_find(o->roster, s, NULL, rv->name, &p, &rv->call->why);
    if (err == KAI_OK && p->org != self && !below_us(c, p->org) && !self_founds(c))
        err = refuse(rv, KAI_EDENIED, "revoke.not-yours", rv->name);
    if (err == KAI_OK) {
        kai_copy_text(rv->what, sizeof rv->what,
                      kai_person_name(s, p, name)[0] != '\0' ? name : rv->name);
        memcpy(rv->rec.target, p->cert, KAI_ID_BYTES);
    }
    kai_snap_end(s);
    return err;
}

/* ---- How far the logs of a lost or stolen node go: by the last word of it that came here. */

static void mark_logs(struct kai_core *c, struct revoke *rv)
{
    /* An organisation that lost its root key has its nodes still. */
    if (rv->kind == KAI_ADMIT_PERSON ||
        !(rv->reason == KAI_REVOKE_COMPROMISE ||
          (rv->reason == KAI_REVOKE_LOST && rv->kind == KAI_ADMIT_NODE)))
        return;
    kai_marks_of(c, &rv->rec, rv->kind == KAI_ADMIT_NODE ? rv->rec.target : NULL, rv->org_id);
}

/* As many marks as fit. */
static enum kai_err write_body(struct kai_buf *body, struct kai_revoke *r)
{
    kai_buf_init(body, KAI_CERT_BYTES_MAX - WRAP_BYTES);
    kai_revoke_write(body, r);
    while (body->err == KAI_ELIMIT && r->n_marks > 0) {
        r->n_marks--;
        kai_buf_free(body);
        kai_buf_init(body, KAI_CERT_BYTES_MAX - WRAP_BYTES);
        kai_revoke_write(body, r);
    }
    return body->err;
}

static enum kai_err job_revoke(struct kai_core *c, void *arg)
{
    struct revoke *rv = arg;
    struct kai_buf body;
    uint8_t hash[KAI_ID_BYTES];
    struct kai_outlook *o = kai_outlook_get(c);
    enum kai_err err = rv->kind == KAI_ADMIT_ORG    ? find_org(c, o, rv)
                       : rv->kind == KAI_ADMIT_NODE ? find_node(c, o, rv)
                                                    : find_person(c, o, rv);

    kai_outlook_put(o);
    if (err != KAI_OK)
        return err;
    rv->rec.reason = rv->reason;
    rv->rec.of = 1;
    mark_logs(c, rv);
    err = write_body(&body, &rv->rec);
    if (err == KAI_OK)
        err = kai_core_issue(c, KAI_REC_REVOKE, kai_buf_view(&body), hash, &rv->call->why);
    kai_buf_free(&body);
    return err;
}

static enum kai_err answer(struct kai_call *call, const struct revoke *rv)
{
    struct kai_jput j;

    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, "revoked", rv->what);
    kai_jput_array(&j, "kept");
    for (size_t i = 0; i < rv->n_kept; i++)
        kai_jput_text(&j, NULL, rv->kept[i]);
    kai_jput_end(&j);
    kai_removal_put(call, &j, rv->kind, rv->reason, rv->what);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

static enum kai_err revoke(struct kai_call *call, uint64_t kind, const char *key)
{
    static const char *const reasons[] = {NULL, "left", "compromise", "lost", "rules"};
    struct revoke *rv = calloc(1, sizeof *rv);
    enum kai_err err = rv == NULL ? KAI_ENOMEM : KAI_OK;

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
    if (err == KAI_OK)
        err = answer(call, rv);
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

enum kai_err kai_verb_person_revoke(struct kai_call *call)
{
    return revoke(call, KAI_ADMIT_PERSON, "person");
}

/* call_member: who is in: admission and revocation of organisations and nodes. */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/ceremony.h"
#include "node/call.h"
#include "node/call_grant.h"
#include "node/stale.h"

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
    const struct kai_charter *ch = kai_ctl_charter(c->ctl);
    size_t n = 0;

    for (size_t i = 0; i < ch->n_texts; i++) {
        char b32[KAI_BASE32_KEY_CAP];
        char key[64];

        kai_base32_key(b32, ch->texts[i].hash);
        (void)snprintf(key, sizeof key, "text:%s", b32);
        if (kai_snap_kv(s, key, &out[n].text) == KAI_OK)
            out[n++].lang = ch->texts[i].lang;
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

/* Providers stand in two tiers at most below whoever answers for them. */
static const char *provider_code(const struct kai_core *c, const struct admit *a,
                                 const struct kai_org *self)
{
    const struct kai_roster *r = kai_net_roster(c->net);
    size_t tiers = 0;

    if (a->request.kind != KAI_ADMIT_ORG)
        return (a->grant.caps & KAI_CAP_PROVIDER) != 0 ? "admit.provider-org" : NULL;
    for (const struct kai_org *o = self; o != NULL && (o->caps & KAI_CAP_PROVIDER) != 0; tiers++)
        o = o->has_parent ? kai_roster_org(r, o->parent) : NULL;
    return tiers < KAI_PROVIDER_TIERS_MAX ? NULL : "admit.provider-tiers";
}

static enum kai_err job_admit(struct kai_core *c, void *arg)
{
    struct admit *a = arg;
    struct kai_admit cert;
    struct kai_buf body;
    struct kai_why *why = &a->call->why;
    const struct kai_org *self = kai_roster_org(kai_net_roster(c->net), c->self.org_id);

    if (a->request.kind == KAI_ADMIT_NODE &&
        memcmp(a->request.proof.of_org, c->self.org_id, KAI_ID_BYTES) != 0)
        return kai_why_set(why, KAI_EDENIED, "request.other-org", c->org_name, NULL, NULL);
    if (admitted_already(c, a))
        return write_admission(c, a);
    if (self == NULL || !self->active)
        return kai_why_set(why, KAI_EDENIED, "node.not-active", c->home.dir, NULL, NULL);
    enum kai_err err = kai_stale_refuse(c, why);
    if (err != KAI_OK)
        return err;
    if (a->request.kind == KAI_ADMIT_ORG &&
        ((self->caps & KAI_CAP_ADMIT) == 0 || self->depth_left == 0))
        return kai_why_set(why, KAI_EDENIED, "admit.depth", self->name, NULL, NULL);
    const char *code = provider_code(c, a, self);
    if (code != NULL)
        return kai_why_set(why, KAI_EDENIED, code, self->name, NULL, NULL);
    if (a->grant.label_max == 0) { /* Not asked for: what is usual, where we have as much. */
        uint64_t usual = kai_grant_member().label_max;

        a->grant.label_max = usual < self->label_max ? usual : self->label_max;
    }
    if (a->grant.label_max > self->label_max)
        return kai_why_set(why, KAI_EDENIED, "admit.clearance",
                           kai_tlp_name((uint8_t)self->label_max), NULL, NULL);
    if (a->grant.depth_left >= self->depth_left && a->grant.depth_left > 0)
        a->grant.depth_left = self->depth_left > 0 ? self->depth_left - 1 : 0;
    if (self->not_after != 0 && a->grant.not_after > self->not_after)
        a->grant.not_after = self->not_after;
    /* The mark of a provider is inherited by all below; everything else is narrowed. */
    a->grant.caps = (a->grant.caps & self->caps & ~(uint64_t)KAI_CAP_PROVIDER) |
                    ((a->grant.caps | self->caps) & KAI_CAP_PROVIDER);
    kai_grant_request(&cert, &a->grant, &a->request.proof);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_admit_write(&body, &cert);
    err = body.err;
    if (err == KAI_OK)
        err = kai_core_issue(c, KAI_REC_ADMIT, kai_buf_view(&body), a->cert, why);
    kai_buf_free(&body);
    return err == KAI_OK ? write_admission(c, a) : err;
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
    enum kai_err err = kai_arg_hex(call, "request", &bytes);
    if (err == KAI_OK)
        err = kai_join_parse(&a->request, kai_buf_view(&bytes), &call->why);
    if (err == KAI_OK && a->request.kind != kind)
        err = kai_why_set(&call->why, KAI_EMALFORMED, kai_request_is(a->request.kind), NULL, NULL,
                          NULL);
    a->grant = kai_grant_member();
    a->grant.label_max = 0;
    if (err == KAI_OK)
        err = kai_grant_read(call, &a->grant);
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

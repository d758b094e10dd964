/* call_issuing: an issuing key is replaced. Only the organisation's root key can do that, and it is
 * opened by the command line alone: what it signed is handed over here (docs/protocol.md 4). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "keys/reissue.h"
#include "node/call.h"
#include "node/call_grant.h"
#include "node/issue.h"
#include "node/issuing.h"
#include "node/removal.h"
#include "node/sure.h"

#define SHOWN_MAX 256u

struct find { /* One entry of a log, by its place. */
    uint64_t seq;
    struct kai_cut *cut;
    size_t n;
};

static bool on_entry(void *ctx, const struct kai_entry *e)
{
    struct find *f = ctx;

    f->cut->seq = e->h.seq;
    memcpy(f->cut->head, e->hash, KAI_ID_BYTES);
    f->n++;
    return true;
}

struct begin {
    struct kai_call *call;
    uint64_t trusted; /* 0: what this home signed. */
};

/* The last entry of the old key that counts: the one that is named, else the last that this home
 * signed, else all that is held. */
static enum kai_err find_cut(struct kai_core *c, const struct begin *b, struct kai_cut *cut)
{
    const uint8_t *pk = c->issuing->sign_pk;
    struct find f = {.seq = b->trusted, .cut = cut};
    char text[24];
    enum kai_err err = KAI_OK;

    memset(cut, 0, sizeof *cut);
    memcpy(cut->log_pk, pk, KAI_KEY_BYTES);
    if (b->trusted == 0) {
        err = kai_issued_last(c, pk, cut);
        return err == KAI_ENOTFOUND ? kai_cut_now(cut, c->ctl, pk) : err;
    }
    kai_ctl_each(c->ctl, pk, b->trusted, b->trusted, on_entry, &f);
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)b->trusted);
    return f.n == 1
               ? KAI_OK
               : kai_why_set(&b->call->why, KAI_ENOTFOUND, "issuing.trusted", text, NULL, NULL);
}

/* Entries by what they say: that before the cut, and those behind it, which will not count. */
struct shown {
    struct kai_jput *j;
    const struct kai_roster *r;
    size_t n;
};

static bool on_entry_put(void *ctx, const struct kai_entry *e)
{
    struct shown *d = ctx;
    struct kai_admit a;
    struct kai_view body;
    uint64_t type;
    bool admit = kai_rec_parse(&type, &body, e->payload) == KAI_OK && type == KAI_REC_ADMIT &&
                 kai_admit_parse(&a, body) == KAI_OK;

    kai_jput_object(d->j, NULL);
    kai_jput_uint(d->j, "seq", e->h.seq);
    kai_jput_uint(d->j, "type", type);
    kai_jput_text(d->j, "name", admit && !a.name_hashed ? a.name : NULL);
    kai_jput_time(d->j, "time", e->h.ts);
    kai_jput_end(d->j);
    return ++d->n < SHOWN_MAX;
}

static enum kai_err job_begin(struct kai_core *c, void *arg)
{
    struct begin *b = arg;
    const struct kai_roster *r = kai_net_roster(c->net);
    const struct kai_org *self = kai_roster_org(r, c->self.org_id);
    struct kai_jput j;
    struct kai_hdr next;
    struct kai_cut cut;

    if (c->issuing == NULL)
        return kai_why_set(&b->call->why, KAI_ENOTFOUND, "key.no-issuing", c->home.dir, NULL, NULL);
    const struct kai_issuing *old = kai_roster_issuing(r, c->issuing->sign_pk);
    const struct kai_entry *admit = old == NULL ? NULL : kai_ctl_find(c->ctl, old->cert);
    if (self == NULL || admit == NULL)
        return kai_why_set(&b->call->why, KAI_EDENIED, "node.not-active", c->home.dir, NULL, NULL);
    enum kai_err err = kai_sure_issue(c, &b->call->why);
    if (err == KAI_OK)
        err = find_cut(c, b, &cut);
    if (err != KAI_OK)
        return err;
    kai_issue_next(c, self->root_pk, &next);
    kai_jput_init(&j, &b->call->out);
    kai_jput_object(&j, NULL);
    kai_jput_hex(&j, "nid", c->charter.nid, KAI_ID_BYTES);
    kai_jput_hex(&j, "root_pk", self->root_pk, KAI_KEY_BYTES);
    kai_jput_uint(&j, "seq", next.seq);
    kai_jput_hex(&j, "prev", next.prev, KAI_ID_BYTES);
    kai_jput_uint(&j, "ts", next.ts);
    kai_jput_hex(&j, "old_cert", old->cert, KAI_ID_BYTES);
    kai_jput_hex(&j, "old_pk", c->issuing->sign_pk, KAI_KEY_BYTES);
    kai_jput_hex(&j, "old_admit", admit->payload.p, admit->payload.n);
    kai_jput_uint(&j, "cut_seq", cut.seq);
    kai_jput_hex(&j, "cut_head", cut.head, KAI_ID_BYTES);
    struct shown d = {.j = &j, .r = r};
    kai_jput_array(&j, "last"); /* The one that is cut behind: none of a key that signed nothing. */
    kai_ctl_each(c->ctl, c->issuing->sign_pk, cut.seq, cut.seq, on_entry_put, &d);
    kai_jput_end(&j);
    d.n = 0;
    kai_jput_array(&j, "dropped");
    kai_ctl_each(c->ctl, c->issuing->sign_pk, cut.seq + 1, UINT64_MAX, on_entry_put, &d);
    kai_jput_end(&j);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

enum kai_err kai_verb_issuing_begin(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    struct begin b = {.call = call, .trusted = kai_arg_uint(call, "trusted", 0, &err)};

    return err == KAI_OK ? kai_core_run(call->core, job_begin, &b) : err;
}

struct replace {
    struct kai_call *call;
    struct kai_buf admit; /* Two entries of the root's log, as bytes. */
    struct kai_buf revoke;
};

static enum kai_err read_entry(struct kai_core *c, struct replace *r, const struct kai_buf *bytes,
                               uint64_t want, struct kai_entry *e)
{
    const struct kai_org *self = kai_roster_org(kai_net_roster(c->net), c->self.org_id);
    struct kai_cur cur;
    struct kai_view body;
    uint64_t type;

    kai_cur_init(&cur, bytes->p, bytes->len);
    enum kai_err err = kai_entry_read(e, &cur);
    if (err == KAI_OK)
        err = kai_cur_end(&cur);
    if (err == KAI_OK)
        err = kai_rec_parse(&type, &body, e->payload);
    if (err == KAI_OK &&
        (self == NULL || type != want || memcmp(e->h.log_pk, self->root_pk, KAI_KEY_BYTES) != 0))
        err = KAI_EMALFORMED;
    return err == KAI_OK
               ? KAI_OK
               : kai_why_set(&r->call->why, err, "record.refused", kai_err_text(err), NULL, NULL);
}

/* The new key takes the place of the old one, which is gone then. */
static enum kai_err swap_key(struct kai_core *c, const struct kai_entry *admit, struct kai_why *why)
{
    char from[KAI_PATH_BYTES_MAX];
    char to[KAI_PATH_BYTES_MAX];
    struct kai_keys *fresh = NULL;
    struct kai_admit a;
    struct kai_view body;
    uint64_t type;

    (void)kai_home_path(&c->home, from, "keys/" KAI_ISSUING_NEXT);
    (void)kai_home_path(&c->home, to, "keys/issuing.key");
    enum kai_err err =
        kai_keyfile_load(&kai_keyport_posix, from, KAI_KEY_ISSUING, NULL, &fresh, NULL, why);
    if (err == KAI_OK)
        err = kai_rec_parse(&type, &body, admit->payload);
    if (err == KAI_OK)
        err = kai_admit_parse(&a, body);
    if (err == KAI_OK && memcmp(a.sign_pk, fresh->sign_pk, KAI_KEY_BYTES) != 0)
        err = kai_why_set(why, KAI_EMALFORMED, "issuing.other-key", from, NULL, NULL);
    if (err == KAI_OK && rename(from, to) != 0)
        err = kai_why_set(why, KAI_EIO, "io.error", to, "rename", NULL);
    if (err != KAI_OK) {
        kai_keys_free(fresh);
        return err;
    }
    kai_keys_free(c->issuing);
    c->issuing = fresh;
    return KAI_OK;
}

/* First the new key is admitted, then the old one revoked: at no time there is none. */
static enum kai_err job_replace(struct kai_core *c, void *arg)
{
    struct replace *r = arg;
    struct kai_entry admit;
    struct kai_entry revoke;
    enum kai_err err = read_entry(c, r, &r->admit, KAI_REC_ADMIT, &admit);

    if (err == KAI_OK)
        err = read_entry(c, r, &r->revoke, KAI_REC_REVOKE, &revoke);
    if (err == KAI_OK)
        err = kai_issue_take(c, &admit);
    if (err == KAI_OK)
        err = kai_issue_take(c, &revoke);
    if (err == KAI_OK)
        err = swap_key(c, &admit, &r->call->why);
    if (err != KAI_OK && r->call->why.code == NULL)
        (void)kai_why_set(&r->call->why, err, "record.refused", kai_err_text(err), NULL, NULL);
    if (err == KAI_OK)
        (void)kai_net_on_tick(c->net, kai_now_ms(), kai_wall_ms());
    return err;
}

enum kai_err kai_verb_issuing_replace(struct kai_call *call)
{
    struct replace r = {.call = call};
    struct kai_jput j;

    kai_buf_init(&r.admit, 4 * KAI_CERT_BYTES_MAX);
    kai_buf_init(&r.revoke, 4 * KAI_CERT_BYTES_MAX);
    enum kai_err err = kai_arg_hex(call, "admit", &r.admit);
    if (err == KAI_OK)
        err = kai_arg_hex(call, "revoke", &r.revoke);
    if (err == KAI_OK)
        err = kai_core_run(call->core, job_replace, &r);
    if (err == KAI_OK) {
        kai_jput_init(&j, &call->out);
        kai_jput_object(&j, NULL);
        kai_jput_text(&j, "replaced", call->core->org_name);
        kai_removal_put(call, &j, KAI_ADMIT_ISSUING, KAI_REVOKE_COMPROMISE, call->core->org_name);
        kai_jput_end(&j);
        err = kai_jput_line(&j);
    }
    kai_buf_free(&r.admit);
    kai_buf_free(&r.revoke);
    return err;
}

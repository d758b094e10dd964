/* call_succeed: one organisation takes another's places: the word of either side is signed
 * (docs/protocol.md 4). The new one's issuing key consents, here; the old one's root key gives, or
 * that of its sponsor once it is no more, which the command line opens and this node never has. */
#include <stdlib.h>
#include <string.h>

#include "node/call.h"
#include "node/call_grant.h"
#include "node/issue.h"
#include "node/sure.h"

enum side { SIDE_NEW, SIDE_OLD, SIDE_PARENT };

struct succeed {
    struct kai_call *call;
    const char *old_name;
    const char *new_name;
    struct kai_buf entry; /* Of a root's log, as the command line signed it. */
    const struct kai_org *old;
    const struct kai_org *heir;
    enum side side;
    struct kai_successor rec; /* What is to be signed, or was. */
    bool needed;
    bool stands;
    bool given;
    bool taken;
    char old_shown[KAI_TEXT_BYTES_MAX + 1];
    char new_shown[KAI_TEXT_BYTES_MAX + 1];
};

static enum kai_err refuse(struct succeed *s, enum kai_err err, const char *code, const char *a1,
                           const char *a2)
{
    return kai_why_set(&s->call->why, err, code, a1, a2, NULL);
}

/* ---- What has been said. */

struct look {
    struct kai_core *c;
    const struct kai_successor *want;
    bool issuing;  /* Look into logs of issuing keys too. */
    bool in_place; /* Only where its cut says that it stands. */
    bool exact;    /* Only with the cut that is wanted. */
    bool found;
    uint64_t cut;
};

static bool on_word(void *ctx, const struct kai_entry *e)
{
    struct look *l = ctx;
    struct kai_successor x;
    struct kai_view body;
    uint64_t type;

    l->found = kai_rec_parse(&type, &body, e->payload) == KAI_OK && type == KAI_REC_SUCCESSOR &&
               kai_successor_parse(&x, body) == KAI_OK &&
               memcmp(x.old_org, l->want->old_org, KAI_ID_BYTES) == 0 &&
               memcmp(x.new_org, l->want->new_org, KAI_ID_BYTES) == 0 &&
               (!l->in_place || e->h.seq == x.cut + 1) && (!l->exact || x.cut == l->want->cut);
    if (l->found)
        l->cut = x.cut;
    return !l->found;
}

static bool on_root(void *ctx, const struct kai_entry *e)
{
    struct look *l = ctx;
    struct kai_admit a;
    struct kai_view body;
    uint64_t type;

    if (l->issuing && kai_rec_parse(&type, &body, e->payload) == KAI_OK && type == KAI_REC_ADMIT &&
        kai_admit_parse(&a, body) == KAI_OK && a.kind == KAI_ADMIT_ISSUING)
        kai_ctl_each(l->c->ctl, a.sign_pk, 1, UINT64_MAX, on_word, l);
    return l->found ? false : on_word(l, e);
}

static bool said(struct look *l, const struct kai_org *by)
{
    if (by != NULL)
        kai_ctl_each(l->c->ctl, by->root_pk, 1, UINT64_MAX, on_root, l);
    return l->found;
}

/* Whether the old side has spoken, and whether the new one said the same; the cut of what there is,
 * else that of now. */
static void look_up(struct kai_core *c, const struct kai_roster *r, struct succeed *s)
{
    struct look own = {.c = c, .want = &s->rec, .in_place = true};
    struct look parent = {.c = c, .want = &s->rec};
    struct look heir = {.c = c, .want = &s->rec, .issuing = true};
    struct kai_hdr next;

    memcpy(s->rec.old_org, s->old->id, KAI_ID_BYTES);
    memcpy(s->rec.new_org, s->heir->id, KAI_ID_BYTES);
    kai_issue_next(c, s->old->root_pk, &next);
    s->rec.cut = next.seq - 1;
    s->given = said(&own, s->old);
    if (s->given)
        s->rec.cut = own.cut;
    else if (!s->old->active && s->old->has_parent) {
        s->given = said(&parent, kai_roster_org(r, s->old->parent));
        if (s->given)
            s->rec.cut = parent.cut;
    }
    heir.exact = s->given;
    if (memcmp(s->heir->id, c->self.org_id, KAI_ID_BYTES) == 0 && c->issuing != NULL) {
        heir.issuing =
            false; /* A key of before may be cut off: saying it once more does no harm. */
        kai_ctl_each(c->ctl, c->issuing->sign_pk, 1, UINT64_MAX, on_word, &heir);
    }
    s->taken = heir.found || said(&heir, s->heir);
    if (!s->given && s->taken && !s->old->active)
        s->rec.cut = heir.cut; /* A sponsor's word is bound to no place: it can say the same. */
}

/* ---- Whose turn it is. */

static bool is_self(const struct kai_core *c, const uint8_t *org_id)
{
    return memcmp(org_id, c->self.org_id, KAI_ID_BYTES) == 0;
}

static enum kai_err check(const struct kai_roster *r, struct succeed *s)
{
    const struct kai_org *now = kai_roster_heir(r, s->old);

    if (s->old == s->heir)
        return refuse(s, KAI_EMALFORMED, "succeed.self", s->old->name, NULL);
    if (now != NULL && now != s->heir)
        return refuse(s, KAI_EDENIED, "succeed.other", s->old->name, now->name);
    s->stands = now != NULL;
    if (s->stands)
        return KAI_OK;
    if (!s->heir->active)
        return refuse(s, KAI_EDENIED, "succeed.not-active", s->heir->name, NULL);
    if ((s->heir->caps & KAI_CAP_PROVIDER) != 0 && (s->old->caps & KAI_CAP_PROVIDER) == 0)
        return refuse(s, KAI_EDENIED, "succeed.provider", s->heir->name, s->old->name);
    return KAI_OK;
}

static enum kai_err choose_side(const struct kai_core *c, struct succeed *s)
{
    bool heir = is_self(c, s->heir->id);
    bool parent = s->old->has_parent && is_self(c, s->old->parent);

    s->needed = !s->stands && !s->given;
    if (heir && (!s->taken || (!parent && !is_self(c, s->old->id)))) {
        s->side = SIDE_NEW;
        s->needed = !s->stands && !s->taken;
        return KAI_OK;
    }
    if (is_self(c, s->old->id)) {
        s->side = SIDE_OLD;
        return s->old->active || !s->needed
                   ? KAI_OK
                   : refuse(s, KAI_EDENIED, "node.not-active", c->home.dir, NULL);
    }
    if (!parent)
        return refuse(s, KAI_EDENIED, "succeed.not-yours", s->old->name, s->heir->name);
    s->side = SIDE_PARENT;
    return !s->old->active || s->stands
               ? KAI_OK
               : refuse(s, KAI_EDENIED, "succeed.living", s->old->name, s->heir->name);
}

static enum kai_err find(struct kai_core *c, const struct kai_outlook *o, struct succeed *s)
{
    enum kai_err err = kai_outlook_find_org(o, s->old_name, &s->old, &s->call->why);

    if (err == KAI_OK)
        err = kai_outlook_find_org(o, s->new_name, &s->heir, &s->call->why);
    if (err == KAI_OK)
        err = check(o->roster, s);
    if (err != KAI_OK)
        return err;
    kai_copy_text(s->old_shown, sizeof s->old_shown, s->old->name);
    kai_copy_text(s->new_shown, sizeof s->new_shown, s->heir->name);
    look_up(c, o->roster, s);
    err = choose_side(c, s);
    if (err == KAI_OK && s->needed && c->issuing == NULL)
        err = refuse(s, KAI_ENOTFOUND, "key.no-issuing", c->home.dir, NULL);
    return err;
}

/* ---- What is to be signed. */

static void put(struct kai_jput *j, const struct succeed *s)
{
    static const char *const sides[] = {"new", "old", "parent"};

    kai_jput_text(j, "old", s->old_shown);
    kai_jput_hex(j, "old_id", s->rec.old_org, KAI_ID_BYTES);
    kai_jput_text(j, "new", s->new_shown);
    kai_jput_hex(j, "new_id", s->rec.new_org, KAI_ID_BYTES);
    kai_jput_text(j, "side", sides[s->side]);
}

static enum kai_err job_begin(struct kai_core *c, void *arg)
{
    struct succeed *s = arg;
    struct kai_outlook *o = kai_outlook_get(c);
    const struct kai_org *self = kai_roster_org(o->roster, c->self.org_id);
    enum kai_err err = find(c, o, s);
    struct kai_hdr next;
    struct kai_jput j;

    if (err == KAI_OK && self == NULL)
        err = refuse(s, KAI_EDENIED, "node.not-active", c->home.dir, NULL);
    if (err == KAI_OK && s->needed)
        err = kai_sure_issue(c, &s->call->why);
    if (err == KAI_OK) {
        kai_issue_next(c, self->root_pk, &next);
        kai_jput_init(&j, &s->call->out);
        kai_jput_object(&j, NULL);
        put(&j, s);
        kai_jput_bool(&j, "root", s->needed && s->side != SIDE_NEW);
        kai_jput_uint(&j, "cut", s->rec.cut);
        kai_jput_hex(&j, "nid", c->charter.nid, KAI_ID_BYTES);
        kai_jput_hex(&j, "root_pk", self->root_pk, KAI_KEY_BYTES);
        kai_jput_uint(&j, "seq", next.seq);
        kai_jput_hex(&j, "prev", next.prev, KAI_ID_BYTES);
        kai_jput_uint(&j, "ts", next.ts);
        kai_jput_end(&j);
        err = kai_jput_line(&j);
    }
    kai_outlook_put(o);
    return err;
}

/* ---- Taking it in. */

static enum kai_err consent(struct kai_core *c, struct succeed *s)
{
    struct kai_buf body;
    uint8_t hash[KAI_ID_BYTES];

    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_successor_write(&body, &s->rec);
    enum kai_err err = body.err;
    if (err == KAI_OK)
        err = kai_core_issue(c, KAI_REC_SUCCESSOR, kai_buf_view(&body), hash, &s->call->why);
    kai_buf_free(&body);
    return err;
}

/* What the root key signed is just what was asked for. */
static enum kai_err take_root(struct kai_core *c, const struct kai_org *self, struct succeed *s)
{
    struct kai_successor x;
    struct kai_entry e;
    struct kai_cur cur;
    struct kai_view body;
    uint64_t type;

    kai_cur_init(&cur, s->entry.p, s->entry.len);
    enum kai_err err = kai_entry_read(&e, &cur);
    if (err == KAI_OK)
        err = kai_cur_end(&cur);
    if (err == KAI_OK)
        err = kai_rec_parse(&type, &body, e.payload);
    if (err == KAI_OK && (self == NULL || type != KAI_REC_SUCCESSOR ||
                          memcmp(e.h.log_pk, self->root_pk, KAI_KEY_BYTES) != 0))
        err = KAI_EMALFORMED;
    if (err == KAI_OK)
        err = kai_successor_parse(&x, body);
    if (err == KAI_OK &&
        (memcmp(x.old_org, s->rec.old_org, KAI_ID_BYTES) != 0 ||
         memcmp(x.new_org, s->rec.new_org, KAI_ID_BYTES) != 0 || x.cut != s->rec.cut))
        err = KAI_EMALFORMED;
    if (err == KAI_OK)
        err = kai_sure_issue(c, &s->call->why);
    if (err == KAI_OK)
        err = kai_issue_take(c, &e);
    if (err != KAI_OK && s->call->why.code == NULL)
        (void)refuse(s, err, "record.refused", kai_err_text(err), NULL);
    return err;
}

/* How it stands after that. */
static enum kai_err look_again(struct kai_core *c, struct succeed *s)
{
    struct kai_outlook *o = kai_outlook_get(c);

    s->old = kai_roster_org(o->roster, s->rec.old_org);
    s->heir = kai_roster_org(o->roster, s->rec.new_org);
    if (s->old != NULL && s->heir != NULL) {
        s->stands = kai_roster_heir(o->roster, s->old) == s->heir;
        look_up(c, o->roster, s);
    }
    kai_outlook_put(o);
    return KAI_OK;
}

static enum kai_err job_succeed(struct kai_core *c, void *arg)
{
    struct succeed *s = arg;
    struct kai_outlook *o = kai_outlook_get(c);
    enum kai_err err = find(c, o, s);

    if (err == KAI_OK && s->needed)
        err = s->side == SIDE_NEW ? consent(c, s)
                                  : take_root(c, kai_roster_org(o->roster, c->self.org_id), s);
    kai_outlook_put(o);
    return err;
}

static enum kai_err job_after(struct kai_core *c, void *arg)
{
    (void)kai_net_on_tick(c->net, kai_now_ms(), kai_wall_ms());
    return look_again(c, arg);
}

static enum kai_err begin(struct kai_call *call, struct succeed *s)
{
    enum kai_err err = KAI_OK;

    *s = (struct succeed){.call = call};
    kai_buf_init(&s->entry, 4 * KAI_CERT_BYTES_MAX);
    s->old_name = kai_arg_need(call, "old", &err);
    s->new_name = kai_arg_need(call, "new", &err);
    return err;
}

enum kai_err kai_verb_org_succeed_begin(struct kai_call *call)
{
    struct succeed s;
    enum kai_err err = begin(call, &s);

    return err == KAI_OK ? kai_core_run(call->core, job_begin, &s) : err;
}

enum kai_err kai_verb_org_succeed(struct kai_call *call)
{
    struct succeed s;
    struct kai_jput j;
    enum kai_err err = begin(call, &s);

    if (err == KAI_OK && json_is_string(json_object_get(call->args, "entry")))
        err = kai_arg_hex(call, "entry", &s.entry);
    if (err == KAI_OK)
        err = kai_core_run(call->core, job_succeed, &s);
    bool changed = s.needed;
    if (err == KAI_OK)
        err = kai_core_run(call->core, job_after, &s);
    if (err == KAI_OK) {
        kai_jput_init(&j, &call->out);
        kai_jput_object(&j, NULL);
        put(&j, &s);
        kai_jput_bool(&j, "changed", changed);
        kai_jput_bool(&j, "stands", s.stands);
        kai_jput_text(&j, "waits_for",
                      s.stands   ? NULL
                      : !s.given ? "old"
                      : !s.taken ? "new"
                                 : NULL);
        kai_jput_end(&j);
        err = kai_jput_line(&j);
    }
    kai_buf_free(&s.entry);
    return err;
}

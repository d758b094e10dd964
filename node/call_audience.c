/* call_audience: who an item can be addressed to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/domains.h"
#include "crypto/hash.h"
#include "node/audiences.h"
#include "node/call.h"
#include "node/finder.h"
#include "node/persons.h"
#include "node/shown.h"

/* Ids of what a list of names means. */
struct names {
    struct kai_call *call;
    const struct kai_outlook *o;
    struct kai_snap *snap; /* For names of persons. */
};

typedef enum kai_err find_fn(const struct names *n, const char *name, uint8_t *id);

static enum kai_err find_org(const struct names *n, const char *name, uint8_t *id)
{
    const struct kai_org *org;
    enum kai_err err = kai_outlook_find_org(n->o, name, &org, &n->call->why);

    if (err == KAI_OK)
        memcpy(id, org->id, KAI_ID_BYTES);
    return err;
}

static enum kai_err find_node(const struct names *n, const char *name, uint8_t *id)
{
    const struct kai_node *node;
    enum kai_err err = kai_outlook_find_node(n->o, name, &node, &n->call->why);

    if (err == KAI_OK)
        memcpy(id, node->id, KAI_ID_BYTES);
    return err;
}

static enum kai_err find_person(const struct names *n, const char *name, uint8_t *id)
{
    const struct kai_person *p;
    const struct kai_org *own = kai_roster_org(n->o->roster, n->call->core->self.org_id);
    enum kai_err err = kai_person_place(n->o->roster, n->snap, own, name, &p, &n->call->why);

    if (err == KAI_OK)
        memcpy(id, p->place, KAI_ID_BYTES);
    return err;
}

static enum kai_err ids_arg(const struct names *n, const char *key, find_fn *find,
                            uint8_t (*out)[KAI_ID_BYTES], size_t cap, size_t *count)
{
    enum kai_err err = KAI_OK;

    for (const char *name;
         err == KAI_OK && (name = kai_arg_item(n->call, key, *count, &err)) != NULL;) {
        if (*count == cap)
            return kai_why_set(&n->call->why, KAI_ELIMIT, "audience.members", NULL, NULL, NULL);
        err = find(n, name, out[*count]);
        *count += err == KAI_OK;
    }
    return err;
}

/* Members, stewards and relays, as this kind of audience names them. */
static enum kai_err parties_arg(const struct names *n, uint64_t kind, struct kai_aud_spec *s)
{
    find_fn *member = kai_aud_kind_ids(kind) == KAI_ADMIT_PERSON ? find_person : find_org;
    enum kai_err err = ids_arg(n, "members", member, s->members, KAI_AUD_NAMED_MAX, &s->n_members);

    if (err == KAI_OK)
        err = ids_arg(n, "stewards", find_org, s->stewards, KAI_STEWARDS_MAX, &s->n_stewards);
    if (err == KAI_OK)
        err = ids_arg(n, "relays", find_node, s->relays, KAI_AUD_RELAYS_MAX, &s->n_relays);
    return err;
}

static enum kai_err history_arg(struct kai_call *call, uint64_t *days)
{
    enum kai_err err = KAI_OK;
    const char *text = kai_arg_text(call, "history", &err);

    *days = KAI_HISTORY_ALL;
    if (text == NULL || strcmp(text, "all") == 0 || err != KAI_OK)
        return err;
    if (strcmp(text, "none") == 0) {
        *days = 0;
        return KAI_OK;
    }
    char *end;
    unsigned long v = strtoul(text, &end, 10);
    if (end == text || strcmp(end, "d") != 0 || v >= KAI_HISTORY_ALL)
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.history", text, NULL, NULL);
    *days = v;
    return KAI_OK;
}

static enum kai_err rule_arg(struct kai_call *call, struct kai_aud_spec *s)
{
    enum kai_err err = KAI_OK;

    for (const char *text;
         err == KAI_OK && (text = kai_arg_item(call, "rule", s->n_rule, &err)) != NULL;
         s->n_rule++) {
        const char *eq = strchr(text, '=');

        if (s->n_rule == KAI_ATTRS_MAX || eq == NULL || eq == text ||
            (size_t)(eq - text) >= sizeof s->rule[0].key ||
            strlen(eq + 1) >= sizeof s->rule[0].value)
            return kai_why_set(&call->why, KAI_EMALFORMED, "usage.attr", text, NULL, NULL);
        memcpy(s->rule[s->n_rule].key, text, (size_t)(eq - text));
        kai_copy_text(s->rule[s->n_rule].value, sizeof s->rule[0].value, eq + 1);
    }
    return err;
}

static void put_history(struct kai_jput *j, uint64_t days)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%llud", (unsigned long long)days);
    kai_jput_text(j, "history", days == KAI_HISTORY_ALL ? "all" : days == 0 ? "none" : text);
    kai_jput_uint(j, "history_days", days);
}

static void put_rec(struct kai_jput *j, const struct kai_outlook *o, const struct kai_audience *a)
{
    const struct kai_aud_rec *rec = &a->rec;

    kai_jput_text(j, "kind", kai_aud_kind_name(rec->kind));
    kai_jput_text(
        j, "ceiling",
        kai_tlp_name(rec->label_max > KAI_TLP_RED ? KAI_TLP_RED : (uint8_t)rec->label_max));
    kai_jput_text(j, "owner", a->owner->name);
    kai_jput_array(j, "stewards");
    for (size_t i = 0; i < rec->n_stewards; i++) {
        const struct kai_org *s = kai_roster_org(o->roster, rec->stewards[i]);

        kai_jput_text(j, NULL, s != NULL ? s->name : NULL);
    }
    kai_jput_end(j);
    kai_jput_array(j, "relays");
    for (size_t i = 0; i < rec->n_relays; i++) {
        const struct kai_node *n = kai_roster_node(o->roster, rec->relays[i]);

        kai_jput_text(j, NULL, n != NULL ? n->name : NULL);
    }
    kai_jput_end(j);
    put_history(j, rec->history);
    /* One that is lost takes the keys of all later epochs along. */
    kai_jput_bool(j, "one_steward", rec->n_stewards == 1 && rec->kind != KAI_AUD_PUBLIC);
}

static void put_audience(struct kai_jput *j, const struct kai_outlook *o,
                         const struct kai_aud_name *a)
{
    const struct kai_epoch *newest = NULL;

    for (size_t i = 0; i < o->n_epochs; i++)
        if (memcmp(o->epochs[i].aud_id, a->id, KAI_ID_BYTES) == 0 &&
            (newest == NULL || o->epochs[i].gen > newest->gen))
            newest = &o->epochs[i];
    kai_jput_object(j, NULL);
    kai_jput_hex(j, "id", a->id, KAI_ID_BYTES);
    kai_jput_text(j, "name", a->name[0] == '\0' ? NULL : a->name);
    put_rec(j, o, kai_roster_audience(o->roster, a->id));
    kai_jput_uint(j, "members", a->n_members);
    if (newest != NULL)
        kai_jput_uint(j, "epoch", newest->gen);
    else
        kai_jput_null(j, "epoch");
    kai_jput_bool(j, "member", a->member);
}

/* Every organisation has one: nobody made it, anybody may write to it. The line stays open. */
static void put_mailbox(struct kai_jput *j, const struct kai_org *self)
{
    uint64_t most = kai_aud_kind_ceiling(KAI_AUD_MAILBOX);
    uint8_t id[KAI_ID_BYTES];

    kai_mailbox_id(id, self->id);
    kai_jput_object(j, NULL);
    kai_jput_hex(j, "id", id, KAI_ID_BYTES);
    kai_jput_text(j, "name", kai_aud_kind_name(KAI_AUD_MAILBOX));
    kai_jput_text(j, "kind", kai_aud_kind_name(KAI_AUD_MAILBOX));
    kai_jput_text(j, "ceiling",
                  kai_tlp_name((uint8_t)(most < self->label_max ? most : self->label_max)));
    kai_jput_text(j, "owner", self->name);
    kai_jput_array(j, "stewards");
    kai_jput_end(j);
    kai_jput_array(j, "relays");
    kai_jput_end(j);
    put_history(j, KAI_HISTORY_ALL);
    kai_jput_bool(j, "one_steward", false);
    kai_jput_uint(j, "members", 1);
    kai_jput_null(j, "epoch");
    kai_jput_bool(j, "member", true);
}

static enum kai_err create(struct kai_call *call, struct kai_aud_spec *s)
{
    uint8_t id[KAI_ID_BYTES];
    struct kai_jput j;
    enum kai_err err = kai_audience_create(call->core, s, id, &call->why);

    if (err != KAI_OK)
        return err;
    struct kai_outlook *o = kai_outlook_get(call->core);
    const struct kai_aud_name *a = kai_outlook_aud(o, id);
    kai_jput_init(&j, &call->out);
    if (a != NULL) {
        put_audience(&j, o, a);
        kai_jput_end(&j);
        err = kai_jput_line(&j);
    }
    kai_outlook_put(o);
    return err;
}

static enum kai_err create_args(struct kai_call *call, struct kai_aud_spec *s)
{
    enum kai_err err = KAI_OK;
    const char *kind = kai_arg_need(call, "kind", &err);
    const char *label = kai_arg_text(call, "label", &err);
    uint8_t tlp = 0;

    s->name = kai_arg_need(call, "name", &err);
    if (err != KAI_OK)
        return err;
    s->kind = kai_aud_kind_parse(kind);
    if (s->kind == 0)
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.kind", kind, NULL, NULL);
    if (label != NULL && !kai_tlp_parse(kai_view_of(label, strlen(label)), &tlp))
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.label", label, NULL, NULL);
    s->label_max = tlp;
    err = history_arg(call, &s->history);
    return err == KAI_OK ? rule_arg(call, s) : err;
}

/* The parties of a request, by a spec that is kept on the heap: it has room for many. */
static enum kai_err read_parties(struct kai_call *call, uint64_t kind, struct kai_aud_spec *s)
{
    struct names n = {.call = call, .o = kai_outlook_get(call->core)};
    enum kai_err err = kai_snap_begin(call->core->store, &n.snap);

    if (err == KAI_OK)
        err = parties_arg(&n, kind, s);
    kai_snap_end(n.snap);
    kai_outlook_put((struct kai_outlook *)(uintptr_t)n.o);
    return err;
}

enum kai_err kai_verb_audience_create(struct kai_call *call)
{
    struct kai_aud_spec *s = calloc(1, sizeof *s);
    enum kai_err err = s == NULL ? KAI_ENOMEM : create_args(call, s);

    if (err == KAI_OK)
        err = read_parties(call, s->kind, s);
    if (err == KAI_OK)
        err = create(call, s);
    free(s);
    return err;
}

static enum kai_err change(struct kai_call *call, bool remove)
{
    struct kai_aud_spec *s = calloc(1, sizeof *s);
    enum kai_err err = s == NULL ? KAI_ENOMEM : KAI_OK;
    const char *name = kai_arg_need(call, "audience", &err);
    const struct kai_aud_name *a;
    uint8_t id[KAI_ID_BYTES];
    uint64_t kind = 0;

    if (err != KAI_OK) {
        free(s);
        return err;
    }
    struct kai_outlook *o = kai_outlook_get(call->core);
    err = kai_shown_find_aud(o, name, call->who->clearance, &a, &call->why);
    if (err == KAI_OK) {
        memcpy(id, a->id, KAI_ID_BYTES);
        kind = kai_roster_audience(o->roster, id)->rec.kind;
    }
    kai_outlook_put(o);
    if (err == KAI_OK)
        err = read_parties(call, kind, s);
    if (err == KAI_OK && s->n_members + s->n_stewards + s->n_relays == 0)
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.missing", "members", NULL, NULL);
    if (err == KAI_OK)
        err = kai_audience_change(call->core, id, s, remove, &call->why);
    free(s);
    return err == KAI_OK ? kai_verb_audience_show(call) : err;
}

enum kai_err kai_verb_audience_add(struct kai_call *call)
{
    return change(call, false);
}

enum kai_err kai_verb_audience_remove(struct kai_call *call)
{
    return change(call, true);
}

enum kai_err kai_verb_audience_list(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    bool all = kai_arg_bool(call, "all", &err);
    struct kai_jput j;

    if (err != KAI_OK)
        return err;
    struct kai_outlook *o = kai_outlook_get(call->core);
    kai_jput_init(&j, &call->out);
    for (size_t i = 0; i < o->n_names; i++) {
        if ((!o->names[i].member && !all) ||
            !kai_shown_aud(o, o->names[i].id, call->who->clearance))
            continue;
        put_audience(&j, o, &o->names[i]);
        kai_jput_end(&j);
        (void)kai_jput_line(&j);
    }
    const struct kai_org *self = kai_roster_org(o->roster, call->core->self.org_id);
    if (self != NULL) {
        put_mailbox(&j, self);
        kai_jput_end(&j);
        (void)kai_jput_line(&j);
    }
    kai_outlook_put(o);
    return call->out.err;
}

/* The persons that it is sealed to, each place with its end. */
static enum kai_err put_persons(struct kai_core *c, struct kai_jput *j, const uint8_t *aud_id)
{
    const struct kai_person **p = NULL;
    struct kai_snap *s = NULL;
    size_t n = 0;
    enum kai_err err = kai_keyring_persons(c->ring, aud_id, &p, &n);

    if (err == KAI_ENOTFOUND)
        return KAI_OK;
    if (err == KAI_OK)
        err = kai_snap_begin(c->store, &s);
    kai_jput_array(j, "persons");
    for (size_t i = 0; err == KAI_OK && i < n; i++) {
        char name[KAI_TEXT_BYTES_MAX + 1];

        kai_jput_object(j, NULL);
        kai_jput_hex(j, "id", p[i]->id, KAI_ID_BYTES);
        kai_jput_text(j, "name", kai_person_name(s, p[i], name)[0] == '\0' ? NULL : name);
        kai_jput_text(j, "org", p[i]->org->name);
        kai_jput_text(j, "status", kai_call_status(p[i]->active, p[i]->revoked, p[i]->not_after));
        kai_jput_end(j);
    }
    kai_jput_end(j);
    kai_snap_end(s);
    free(p);
    return err;
}

/* What is held of an audience: equal wherever the same entries are. */
struct holding {
    const uint8_t *aud_id;
    uint64_t entries;
    struct kai_hasher heads;
};

static bool count_log(void *ctx, const struct kai_log *log)
{
    struct holding *h = ctx;

    if (log->head_seq == 0 || memcmp(log->aud_id, h->aud_id, KAI_ID_BYTES) != 0)
        return true;
    h->entries += log->head_seq;
    kai_hash_add(&h->heads, log->log_pk, KAI_KEY_BYTES);
    kai_hash_u64(&h->heads, log->head_seq);
    kai_hash_add(&h->heads, log->head, KAI_ID_BYTES);
    return true;
}

/* It counts entries of all labels: for those alone who are cleared for all. */
static enum kai_err put_holding(struct kai_call *call, struct kai_jput *j, const uint8_t *aud_id)
{
    struct holding h = {.aud_id = aud_id};
    uint8_t heads[KAI_ID_BYTES];
    struct kai_snap *s;
    enum kai_err err;

    if (!KAI_CHECK(READER_COUNT, call->who->clearance >= KAI_TLP_RED)) {
        kai_jput_null(j, "entries");
        kai_jput_null(j, "heads");
        return KAI_OK;
    }
    kai_hash_begin(&h.heads, KAI_D_HEADS);
    err = kai_snap_begin(call->core->store, &s);
    if (err == KAI_OK)
        err = kai_snap_logs(s, count_log, &h);
    kai_snap_end(s);
    kai_hash_end(&h.heads, heads);
    kai_jput_uint(j, "entries", h.entries);
    kai_jput_hex(j, "heads", heads, KAI_ID_BYTES);
    return err;
}

struct show {
    struct kai_call *call;
    struct kai_jput *j;
    uint8_t id[KAI_ID_BYTES];
};

static enum kai_err job_members(struct kai_core *c, void *arg)
{
    struct show *s = arg;
    const struct kai_org *orgs;
    size_t n = kai_roster_orgs(kai_net_roster(c->net), &orgs);

    kai_jput_array(s->j, "member_names");
    for (size_t i = 0; i < n; i++)
        if (orgs[i].active && kai_keyring_org_member(c->ring, s->id, &orgs[i]))
            kai_jput_text(s->j, NULL, orgs[i].name);
    kai_jput_end(s->j);
    return put_persons(c, s->j, s->id);
}

/* Under the name that the list has for it, or its id. */
static const struct kai_org *with_mailbox(const struct kai_core *c, const struct kai_outlook *o,
                                          const char *name)
{
    const struct kai_org *self = kai_roster_org(o->roster, c->self.org_id);
    struct kai_finder f = {0};
    uint8_t id[KAI_ID_BYTES];

    if (self == NULL)
        return NULL;
    kai_mailbox_id(id, self->id);
    kai_finder_consider(&f, self, kai_aud_kind_name(KAI_AUD_MAILBOX), id, name);
    return f.n_name + f.n_id > 0 ? self : NULL;
}

static enum kai_err show_mailbox(struct kai_call *call, const struct kai_org *self)
{
    struct kai_jput j;
    uint8_t id[KAI_ID_BYTES];

    call->why = (struct kai_why){0};
    kai_mailbox_id(id, self->id);
    kai_jput_init(&j, &call->out);
    put_mailbox(&j, self);
    enum kai_err err = put_holding(call, &j, id);
    kai_jput_array(&j, "member_names");
    kai_jput_text(&j, NULL, self->name);
    kai_jput_end(&j);
    kai_jput_end(&j);
    return err == KAI_OK ? kai_jput_line(&j) : err;
}

enum kai_err kai_verb_audience_show(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *name = kai_arg_need(call, "audience", &err);
    const struct kai_aud_name *a;
    const struct kai_org *self;
    struct kai_jput j;
    struct show s = {.call = call, .j = &j};

    if (err != KAI_OK)
        return err;
    struct kai_outlook *o = kai_outlook_get(call->core);
    err = kai_shown_find_aud(o, name, call->who->clearance, &a, &call->why);
    if (err == KAI_OK) {
        memcpy(s.id, a->id, KAI_ID_BYTES);
        kai_jput_init(&j, &call->out);
        put_audience(&j, o, a);
        err = put_holding(call, &j, s.id);
        if (err == KAI_OK)
            err = kai_core_run(call->core, job_members, &s);
        kai_jput_end(&j);
        if (err == KAI_OK)
            err = kai_jput_line(&j);
    } else if (err == KAI_ENOTFOUND && (self = with_mailbox(call->core, o, name)) != NULL) {
        err = show_mailbox(call, self);
    }
    kai_outlook_put(o);
    return err;
}

/* call_audience: who an item can be addressed to. */
#include <stdlib.h>
#include <string.h>

#include "node/audiences.h"
#include "node/call.h"
#include "node/shown.h"

static enum kai_err orgs_arg(struct kai_call *call, const struct kai_outlook *o, const char *key,
                             const struct kai_org **out, size_t cap, size_t *n)
{
    enum kai_err err = KAI_OK;

    for (const char *name; err == KAI_OK && (name = kai_arg_item(call, key, *n, &err)) != NULL;) {
        if (*n == cap)
            return kai_why_set(&call->why, KAI_ELIMIT, "audience.members", NULL, NULL, NULL);
        err = kai_outlook_find_org(o, name, &out[*n], &call->why);
        *n += err == KAI_OK;
    }
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

static void put_audience(struct kai_jput *j, const struct kai_outlook *o,
                         const struct kai_aud_name *a)
{
    const struct kai_audience *rec = kai_roster_audience(o->roster, a->id);
    const struct kai_epoch *newest = NULL;

    for (size_t i = 0; i < o->n_epochs; i++)
        if (memcmp(o->epochs[i].aud_id, a->id, KAI_ID_BYTES) == 0 &&
            (newest == NULL || o->epochs[i].gen > newest->gen))
            newest = &o->epochs[i];
    kai_jput_object(j, NULL);
    kai_jput_hex(j, "id", a->id, KAI_ID_BYTES);
    kai_jput_text(j, "name", a->name[0] == '\0' ? NULL : a->name);
    kai_jput_text(j, "kind", kai_aud_kind_name(rec->rec.kind));
    kai_jput_text(
        j, "ceiling",
        kai_tlp_name(rec->rec.label_max > KAI_TLP_RED ? KAI_TLP_RED : (uint8_t)rec->rec.label_max));
    kai_jput_text(j, "owner", rec->owner->name);
    kai_jput_array(j, "stewards");
    for (size_t i = 0; i < rec->rec.n_stewards; i++) {
        const struct kai_org *s = kai_roster_org(o->roster, rec->rec.stewards[i]);

        kai_jput_text(j, NULL, s != NULL ? s->name : NULL);
    }
    kai_jput_end(j);
    kai_jput_uint(j, "members", a->n_members);
    if (newest != NULL)
        kai_jput_uint(j, "epoch", newest->gen);
    else
        kai_jput_null(j, "epoch");
    kai_jput_bool(j, "member", a->member);
    kai_jput_uint(j, "history_days", rec->rec.history);
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

enum kai_err kai_verb_audience_create(struct kai_call *call)
{
    struct kai_aud_spec s = {0};
    enum kai_err err = KAI_OK;
    const char *kind = kai_arg_need(call, "kind", &err);
    const char *label = kai_arg_text(call, "label", &err);
    uint8_t tlp = 0;

    s.name = kai_arg_need(call, "name", &err);
    if (err != KAI_OK)
        return err;
    s.kind = kai_aud_kind_parse(kind);
    if (s.kind == 0)
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.kind", kind, NULL, NULL);
    if (label != NULL && !kai_tlp_parse(kai_view_of(label, strlen(label)), &tlp))
        return kai_why_set(&call->why, KAI_EMALFORMED, "usage.label", label, NULL, NULL);
    s.label_max = tlp;
    err = history_arg(call, &s.history);
    if (err == KAI_OK)
        err = rule_arg(call, &s);
    struct kai_outlook *o = kai_outlook_get(call->core);
    if (err == KAI_OK)
        err = orgs_arg(call, o, "members", s.members, sizeof s.members / sizeof s.members[0],
                       &s.n_members);
    if (err == KAI_OK)
        err = orgs_arg(call, o, "stewards", s.stewards, KAI_STEWARDS_MAX - 1, &s.n_stewards);
    if (err == KAI_OK && s.kind != KAI_AUD_GROUP && s.n_members > 0)
        err = kai_why_set(&call->why, KAI_EMALFORMED, "audience.not-group", s.name, NULL, NULL);
    if (err == KAI_OK)
        err = create(call, &s);
    kai_outlook_put(o); /* Members point into it. */
    return err;
}

enum kai_err kai_verb_audience_add(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *name = kai_arg_need(call, "audience", &err);
    const struct kai_org *members[64];
    const struct kai_aud_name *a;
    size_t n = 0;

    if (err != KAI_OK)
        return err;
    struct kai_outlook *o = kai_outlook_get(call->core);
    err = kai_shown_find_aud(o, name, call->who->clearance, &a, &call->why);
    if (err == KAI_OK)
        err = orgs_arg(call, o, "members", members, sizeof members / sizeof members[0], &n);
    if (err == KAI_OK && n == 0)
        err = kai_why_set(&call->why, KAI_EMALFORMED, "usage.missing", "members", NULL, NULL);
    if (err == KAI_OK)
        err = kai_audience_add(call->core, a->id, members, n, &call->why);
    kai_outlook_put(o);
    return err == KAI_OK ? kai_verb_audience_show(call) : err;
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
    kai_outlook_put(o);
    return call->out.err;
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
    return KAI_OK;
}

enum kai_err kai_verb_audience_show(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    const char *name = kai_arg_need(call, "audience", &err);
    const struct kai_aud_name *a;
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
        err = kai_core_run(call->core, job_members, &s);
        kai_jput_end(&j);
        if (err == KAI_OK)
            err = kai_jput_line(&j);
    }
    kai_outlook_put(o);
    return err;
}

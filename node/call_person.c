/* call_person: the people who may be given places. */
#include <stdlib.h>
#include <string.h>

#include "node/call_grant.h"
#include "node/persons.h"

struct add {
    struct kai_call *call;
    struct kai_join request;
    struct kai_person_spec spec;
    uint8_t cert[KAI_ID_BYTES];
};

static enum kai_err job_add(struct kai_core *c, void *arg)
{
    struct add *a = arg;

    return kai_person_admit(c, &a->spec, a->cert, &a->call->why);
}

/* A name that the network is not told is not for every program here either: whoever manages them
 * knows it, and who may see the audiences in which they are. */
static bool name_shown(const struct kai_who *who, const struct kai_person *p)
{
    return !p->name_hashed || who->role == KAI_ROLE_ADMIN || who->clearance >= KAI_TLP_RED;
}

static void put_person(const struct kai_who *who, struct kai_jput *j, struct kai_snap *s,
                       const struct kai_person *p)
{
    char name[KAI_TEXT_BYTES_MAX + 1];
    bool shown = name_shown(who, p) && kai_person_name(s, p, name)[0] != '\0';

    kai_jput_object(j, NULL);
    kai_jput_hex(j, "id", p->id, KAI_ID_BYTES);
    kai_jput_text(j, "name", shown ? name : NULL);
    kai_jput_text(j, "org", p->org->name);
    kai_jput_text(j, "status", kai_call_status(p->active, p->revoked, p->not_after));
    kai_jput_text(j, "label_max", kai_tlp_name((uint8_t)p->label_max));
    if (p->not_after != 0)
        kai_jput_time(j, "expires", p->not_after);
    else
        kai_jput_null(j, "expires");
    kai_jput_bool(j, "name_hidden", p->name_hashed);
    kai_jput_end(j);
    (void)kai_jput_line(j); /* Sticks in the buffer. */
}

/* The line of the place that was given, after it is durable: as the roster has it then. */
static enum kai_err job_answer(struct kai_core *c, void *arg)
{
    struct add *a = arg;
    struct kai_snap *s = NULL;
    struct kai_jput j;
    enum kai_err err = kai_snap_begin(c->store, &s);

    if (err != KAI_OK)
        return err;
    (void)kai_net_on_tick(c->net, kai_now_ms(), kai_wall_ms()); /* The roster is made anew. */
    const struct kai_person *p = kai_roster_person_by_cert(kai_net_roster(c->net), a->cert);
    kai_jput_init(&j, &a->call->out);
    if (p != NULL)
        put_person(a->call->who, &j, s, p);
    else
        err = kai_why_set(&a->call->why, KAI_EDENIED, "node.not-active", c->home.dir, NULL, NULL);
    kai_snap_end(s);
    return err != KAI_OK ? err : a->call->out.err;
}

enum kai_err kai_verb_person_add(struct kai_call *call)
{
    struct add *a = calloc(1, sizeof *a);
    struct kai_grant g = {0};
    struct kai_buf bytes;
    enum kai_err err = KAI_OK;

    if (a == NULL)
        return KAI_ENOMEM;
    a->call = call;
    kai_buf_init(&bytes, KAI_REQUEST_BYTES_MAX);
    a->spec.open_name = kai_arg_bool(call, "open_name", &err);
    if (err == KAI_OK)
        err = kai_arg_hex(call, "request", &bytes);
    if (err == KAI_OK)
        err = kai_join_parse(&a->request, kai_buf_view(&bytes), &call->why);
    if (err == KAI_OK && a->request.kind != KAI_ADMIT_PERSON)
        err = kai_why_set(&call->why, KAI_EMALFORMED, kai_request_is(a->request.kind), NULL, NULL,
                          NULL);
    if (err == KAI_OK)
        err = kai_grant_read(call, &g);
    if (err == KAI_OK) {
        a->spec.request = &a->request;
        a->spec.label_max = g.label_max;
        a->spec.not_after = g.not_after;
        err = kai_core_run(call->core, job_add, a);
    }
    if (err == KAI_OK)
        err = kai_core_run(call->core, job_answer, a);
    kai_buf_free(&bytes);
    free(a);
    return err;
}

enum kai_err kai_verb_person_list(struct kai_call *call)
{
    enum kai_err err = KAI_OK;
    bool all = kai_arg_bool(call, "all", &err);
    struct kai_snap *s = NULL;
    struct kai_jput j;

    if (err == KAI_OK)
        err = kai_snap_begin(call->core->store, &s);
    if (err != KAI_OK)
        return err;
    struct kai_outlook *o = kai_outlook_get(call->core);
    const struct kai_person *p;
    size_t n = kai_roster_persons(o->roster, &p);

    kai_jput_init(&j, &call->out);
    for (size_t i = 0; i < n; i++)
        if (all || memcmp(p[i].org->id, call->core->self.org_id, KAI_ID_BYTES) == 0)
            put_person(call->who, &j, s, &p[i]);
    kai_outlook_put(o);
    kai_snap_end(s);
    return call->out.err;
}

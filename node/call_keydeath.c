/* call_keydeath: a KEYDEATH is used: it was made by the command line, perhaps long ago. */
#include <string.h>

#include "crypto/hash.h"
#include "keys/keydeath.h"
#include "node/call.h"
#include "node/call_grant.h"

struct use {
    struct kai_call *call;
    struct kai_buf note;
    struct kai_keydeath d;
};

/* Whose key it was: the name of a node or organisation. */
static const char *name_of(const struct kai_core *c, const struct kai_keydeath *d)
{
    const struct kai_roster *r = kai_net_roster(c->net);
    uint8_t id[KAI_ID_BYTES];

    kai_hash(id, KAI_D_NODE, d->key, KAI_KEY_BYTES);
    const struct kai_node *n = kai_roster_node(r, id);
    if (n != NULL)
        return n->name;
    const struct kai_issuing *i = kai_roster_issuing(r, d->key);
    if (i != NULL)
        return i->org->name;
    kai_hash(id, KAI_D_ORG, d->key, KAI_KEY_BYTES);
    const struct kai_org *o = kai_roster_org(r, id);
    return o != NULL ? o->name : NULL;
}

static enum kai_err job_use(struct kai_core *c, void *arg)
{
    struct use *u = arg;
    struct kai_view note = kai_buf_view(&u->note);
    struct kai_why *why = &u->call->why;
    enum kai_err err = kai_keydeath_parse(&u->d, note);

    if (err == KAI_OK)
        err = kai_ctl_death_check(c->ctl, note);
    if (err == KAI_EEXIST) /* Twice is once. */
        return KAI_OK;
    if (err == KAI_EAGAIN)
        return kai_why_set(why, err, "keydeath.unknown", NULL, NULL, NULL);
    if (err != KAI_OK)
        return kai_why_set(why, err, "keydeath.refused", kai_err_text(err), NULL, NULL);
    struct kai_tx *tx = kai_core_tx(c);
    uint8_t who[KAI_ID_BYTES];
    kai_keydeath_place(who, &u->d);
    err = tx == NULL ? c->tx_err : kai_tx_note(tx, KAI_REC_KEYDEATH, who, note);
    if (err != KAI_OK)
        return err;
    kai_core_commit(c); /* Nobody hears of it before it is durable here. */
    return kai_net_on_own_note(c->net, KAI_REC_KEYDEATH, note, kai_now_ms());
}

enum kai_err kai_verb_keydeath_use(struct kai_call *call)
{
    struct use u = {.call = call};
    struct kai_jput j;

    kai_buf_init(&u.note, KAI_KEYDEATH_BYTES_MAX);
    enum kai_err err = kai_arg_hex(call, "note", &u.note);
    if (err == KAI_OK)
        err = kai_core_run(call->core, job_use, &u);
    if (err == KAI_OK) {
        kai_jput_init(&j, &call->out);
        kai_jput_object(&j, NULL);
        kai_jput_hex(&j, "key", u.d.key, KAI_KEY_BYTES);
        kai_jput_text(&j, "name", name_of(call->core, &u.d));
        kai_jput_end(&j);
        err = kai_jput_line(&j);
    }
    kai_buf_free(&u.note);
    return err;
}

/* call_charter: the charter of the network, and new versions of it. Root keys are opened by the
 * command line alone: a node writes drafts, says what one changes, and takes a whole one
 * (docs/protocol.md 3). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/amend.h"
#include "node/call.h"
#include "node/call_grant.h"
#include "node/home.h"

static void text_name(char key[static 64], const uint8_t hash[static KAI_ID_BYTES])
{
    char b32[KAI_BASE32_KEY_CAP];

    kai_base32_key(b32, hash);
    (void)snprintf(key, 64, "text:%s", b32);
}

static void put_founder(struct kai_jput *j, const struct kai_charter *c, size_t i)
{
    kai_jput_text(j, "name", c->founders[i].name);
    kai_jput_hex(j, "id", c->founders[i].org, KAI_ID_BYTES);
}

enum kai_err kai_verb_network_show(struct kai_call *call)
{
    struct kai_core *c = call->core;
    struct kai_outlook *o = kai_outlook_get(c);
    const struct kai_charter *ch = &o->charter;
    struct kai_snap *s;
    struct kai_jput j;

    kai_jput_init(&j, &call->out);
    kai_jput_object(&j, NULL);
    kai_jput_hex(&j, "id", ch->nid, KAI_ID_BYTES);
    kai_jput_text(&j, "name", ch->name);
    kai_jput_uint(&j, "version", ch->ver);
    kai_jput_uint(&j, "threshold", ch->threshold);
    kai_jput_array(&j, "founders");
    for (size_t i = 0; i < ch->n_founders; i++) {
        kai_jput_object(&j, NULL);
        put_founder(&j, ch, i);
        kai_jput_end(&j);
    }
    kai_jput_end(&j);
    kai_jput_array(&j, "texts");
    if (kai_snap_begin(c->store, &s) == KAI_OK) {
        for (size_t i = 0; i < ch->n_texts; i++) {
            char key[64];
            struct kai_view text;

            text_name(key, ch->texts[i].hash);
            if (kai_snap_kv(s, key, &text) != KAI_OK)
                continue;
            kai_jput_object(&j, NULL);
            kai_jput_text(&j, "lang", ch->texts[i].lang);
            kai_jput_view(&j, "text", text);
            kai_jput_end(&j);
        }
        kai_snap_end(s);
    }
    kai_jput_end(&j);
    kai_jput_end(&j);
    kai_outlook_put(o);
    return kai_jput_line(&j);
}

/* ---- What a new version changes. */

struct draft {
    struct kai_call *call;
    struct kai_buf record;
    struct kai_charter c;
    struct kai_charter prev;
    struct kai_outlook *o;
    size_t n_texts;
    struct kai_charter_text texts[KAI_CHARTER_TEXTS_MAX];
};

static size_t founder_at(const struct kai_charter *c, const uint8_t *root_pk)
{
    size_t i = 0;

    while (i < c->n_founders && memcmp(c->founders[i].root_pk, root_pk, KAI_KEY_BYTES) != 0)
        i++;
    return i;
}

static bool has_signed(const struct draft *d, const uint8_t *root_pk)
{
    struct kai_charter *c = malloc(sizeof *c);
    struct kai_view body;
    struct kai_cur sigs;
    bool found = false;

    if (c != NULL && kai_charter_read(c, kai_buf_view(&d->record), &body, &sigs) == KAI_OK) {
        for (uint32_t n = kai_cur_array(&sigs, 2 * KAI_FOUNDERS_MAX); n > 0; n--) {
            kai_cur_tuple(&sigs, 2);
            const uint8_t *pk = kai_cur_bin_n(&sigs, KAI_KEY_BYTES);
            (void)kai_cur_bin_n(&sigs, KAI_SIG_BYTES);
            found = found || (pk != NULL && memcmp(pk, root_pk, KAI_KEY_BYTES) == 0);
        }
    }
    free(c);
    return found;
}

/* The record of the version before: who signs checks against it. */
static struct kai_view record_before(const struct kai_core *c, const struct draft *d)
{
    uint8_t hash[KAI_ID_BYTES];

    for (size_t i = 0; i < kai_ctl_charters(c->ctl); i++) {
        kai_charter_record_hash(hash, kai_ctl_charter_at(c->ctl, i));
        if (memcmp(hash, d->prev.hash, KAI_ID_BYTES) == 0)
            return kai_ctl_charter_at(c->ctl, i);
    }
    return kai_buf_view(&c->charter_record);
}

static void put_lists(struct kai_jput *j, const struct draft *d)
{
    kai_jput_array(j, "founders");
    for (size_t i = 0; i < d->c.n_founders; i++) {
        const uint8_t *pk = d->c.founders[i].root_pk;

        kai_jput_object(j, NULL);
        put_founder(j, &d->c, i);
        kai_jput_bool(j, "added", founder_at(&d->prev, pk) == d->prev.n_founders);
        kai_jput_bool(j, "signed", has_signed(d, pk));
        kai_jput_end(j);
    }
    kai_jput_end(j);
    kai_jput_array(j, "dropped");
    for (size_t i = 0; i < d->prev.n_founders; i++) {
        const uint8_t *pk = d->prev.founders[i].root_pk;

        if (founder_at(&d->c, pk) < d->c.n_founders)
            continue;
        kai_jput_object(j, NULL);
        put_founder(j, &d->prev, i);
        kai_jput_bool(j, "signed", has_signed(d, pk));
        kai_jput_end(j);
    }
    kai_jput_end(j);
    kai_jput_array(j, "new_texts");
    for (size_t i = 0; i < d->c.n_texts; i++) {
        bool same = false;

        for (size_t k = 0; k < d->prev.n_texts; k++)
            same = same || memcmp(d->prev.texts[k].hash, d->c.texts[i].hash, KAI_ID_BYTES) == 0;
        if (!same)
            kai_jput_text(j, NULL, d->c.texts[i].lang);
    }
    kai_jput_end(j);
}

/* c, prev and record are there; counts signatures, and says all in one line. */
static enum kai_err put_review(struct kai_core *c, struct draft *d)
{
    struct kai_amend_votes votes;
    struct kai_jput j;
    enum kai_err err = kai_amend_check(&d->c, kai_buf_view(&d->record), &d->prev, &votes);

    if (err != KAI_OK)
        return kai_why_set(&d->call->why, err, "charter.refused", kai_err_text(err), NULL, NULL);
    struct kai_view before = record_before(c, d);
    kai_jput_init(&j, &d->call->out);
    kai_jput_object(&j, NULL);
    kai_jput_text(&j, "name", d->c.name);
    kai_jput_uint(&j, "version", d->c.ver);
    kai_jput_hex(&j, "hash", d->c.hash, KAI_ID_BYTES);
    kai_jput_uint(&j, "threshold", d->c.threshold);
    put_lists(&j, d);
    kai_jput_uint(&j, "signed_before", votes.before);
    kai_jput_uint(&j, "needed_before", d->prev.threshold);
    kai_jput_uint(&j, "signed", votes.after);
    kai_jput_uint(&j, "needed", d->c.threshold);
    kai_jput_bool(&j, "enough", kai_amend_enough(&votes, &d->c, &d->prev));
    kai_jput_hex(&j, "nid", d->c.nid, KAI_ID_BYTES);
    kai_jput_hex(&j, "before", before.p, before.n);
    kai_jput_hex(&j, "record", d->record.p, d->record.len);
    kai_jput_end(&j);
    return kai_jput_line(&j);
}

static struct draft *draft_new(struct kai_call *call)
{
    struct draft *d = calloc(1, sizeof *d);

    if (d != NULL) {
        d->call = call;
        d->o = kai_outlook_get(call->core);
        kai_buf_init(&d->record, KAI_CHARTER_BYTES_MAX);
    }
    return d;
}

static void draft_free(struct draft *d)
{
    if (d == NULL)
        return;
    kai_outlook_put(d->o);
    kai_buf_free(&d->record);
    free(d);
}

/* ---- A draft. */

static enum kai_err drop_founders(struct draft *d)
{
    struct kai_call *call = d->call;
    enum kai_err err = KAI_OK;
    const char *name;

    for (size_t i = 0; err == KAI_OK && (name = kai_arg_item(call, "drop", i, &err)) != NULL; i++) {
        const struct kai_org *org;

        err = kai_outlook_find_org(d->o, name, &org, &call->why);
        if (err != KAI_OK)
            break;
        size_t at = founder_at(&d->c, org->root_pk);
        if (at == d->c.n_founders)
            return kai_why_set(&call->why, KAI_ENOTFOUND, "charter.no-founder", name, NULL, NULL);
        d->c.n_founders--;
        memmove(&d->c.founders[at], &d->c.founders[at + 1],
                (d->c.n_founders - at) * sizeof d->c.founders[0]);
    }
    return err;
}

static enum kai_err add_founders(struct draft *d)
{
    struct kai_call *call = d->call;
    enum kai_err err = KAI_OK;
    const char *name;

    for (size_t i = 0; err == KAI_OK && (name = kai_arg_item(call, "add", i, &err)) != NULL; i++) {
        const struct kai_org *org;

        err = kai_outlook_find_org(d->o, name, &org, &call->why);
        if (err != KAI_OK || founder_at(&d->c, org->root_pk) < d->c.n_founders)
            continue;
        if (d->c.n_founders == KAI_FOUNDERS_MAX)
            return kai_why_set(&call->why, KAI_ELIMIT, "charter.founders", NULL, NULL, NULL);
        memcpy(d->c.founders[d->c.n_founders].root_pk, org->root_pk, KAI_KEY_BYTES);
        kai_copy_text(d->c.founders[d->c.n_founders].name,
                      sizeof d->c.founders[d->c.n_founders].name, org->name);
        d->c.n_founders++;
    }
    return err;
}

static enum kai_err new_texts(struct draft *d)
{
    struct kai_charter_text texts[KAI_CHARTER_TEXTS_MAX];
    struct kai_call *call = d->call;
    enum kai_err err = KAI_OK;
    const char *lang;
    size_t n = 0;

    while (err == KAI_OK && n < KAI_CHARTER_TEXTS_MAX &&
           (lang = kai_arg_item(call, "langs", n, &err)) != NULL) {
        const char *text = kai_arg_item(call, "texts", n, &err);

        if (text == NULL)
            return kai_why_set(&call->why, KAI_EMALFORMED, "usage.missing", "texts", NULL, NULL);
        texts[n].lang = lang;
        texts[n++].text = kai_view_of(text, strlen(text));
    }
    return err == KAI_OK && n > 0 ? kai_charter_texts(&d->c, texts, n) : err;
}

static enum kai_err job_amend(struct kai_core *c, void *arg)
{
    struct draft *d = arg;
    struct kai_call *call = d->call;
    enum kai_err err = KAI_OK;
    const char *name = kai_arg_text(call, "name", &err);

    d->prev = *kai_ctl_charter(c->ctl);
    d->c = d->prev;
    d->c.threshold = kai_arg_uint(call, "threshold", d->prev.threshold, &err);
    if (name != NULL)
        kai_copy_text(d->c.name, sizeof d->c.name, name);
    if (err == KAI_OK)
        err = drop_founders(d);
    if (err == KAI_OK)
        err = add_founders(d);
    if (err == KAI_OK)
        err = new_texts(d);
    if (err != KAI_OK)
        return err;
    if (d->c.threshold == 0 || d->c.threshold > d->c.n_founders) {
        char n[24];

        (void)snprintf(n, sizeof n, "%zu", d->c.n_founders);
        return kai_why_set(&call->why, KAI_EMALFORMED, "charter.threshold", n, NULL, NULL);
    }
    err = kai_amend_write(&d->record, &d->c, &d->prev);
    return err == KAI_OK ? put_review(c, d) : err;
}

enum kai_err kai_verb_network_amend(struct kai_call *call)
{
    struct draft *d = draft_new(call);
    enum kai_err err = d == NULL ? KAI_ENOMEM : kai_core_run(call->core, job_amend, d);

    draft_free(d);
    return err;
}

/* ---- One that somebody sent. */

static enum kai_err read_record(struct kai_core *c, struct draft *d)
{
    enum kai_err err = kai_arg_hex(d->call, "record", &d->record);

    if (err != KAI_OK)
        return err;
    err = kai_ctl_charter_before(c->ctl, kai_buf_view(&d->record), &d->prev);
    if (err == KAI_EAGAIN)
        return kai_why_set(&d->call->why, err, "charter.before", NULL, NULL, NULL);
    if (err != KAI_OK)
        return kai_why_set(&d->call->why, err, "charter.refused", kai_err_text(err), NULL, NULL);
    return KAI_OK;
}

static enum kai_err job_review(struct kai_core *c, void *arg)
{
    enum kai_err err = read_record(c, arg);

    return err == KAI_OK ? put_review(c, arg) : err;
}

enum kai_err kai_verb_network_review(struct kai_call *call)
{
    struct draft *d = draft_new(call);
    enum kai_err err = d == NULL ? KAI_ENOMEM : kai_core_run(call->core, job_review, d);

    draft_free(d);
    return err;
}

/* Texts of it that came along. One that is missing is fetched from peers. */
static enum kai_err store_texts(struct kai_core *c, struct draft *d)
{
    struct kai_tx *tx = kai_core_tx(c);
    enum kai_err err = tx == NULL ? c->tx_err : KAI_OK;
    const char *text;

    for (size_t i = 0; err == KAI_OK && (text = kai_arg_item(d->call, "texts", i, &err)) != NULL;
         i++) {
        struct kai_view v = kai_view_of(text, strlen(text));
        uint8_t hash[KAI_ID_BYTES];
        char key[64];

        kai_charter_text_hash(hash, v);
        text_name(key, hash);
        for (size_t k = 0; k < d->c.n_texts && err == KAI_OK; k++)
            if (memcmp(d->c.texts[k].hash, hash, KAI_ID_BYTES) == 0)
                err = kai_tx_kv(tx, key, v);
    }
    return err;
}

static enum kai_err job_apply(struct kai_core *c, void *arg)
{
    struct draft *d = arg;
    struct kai_view record;
    enum kai_err err = read_record(c, d);

    if (err != KAI_OK)
        return err;
    record = kai_buf_view(&d->record);
    err = put_review(c, d); /* d->c is what it says. */
    if (err == KAI_OK)
        err = kai_ctl_charter_check(c->ctl, record);
    if (err == KAI_EEXIST) /* Twice is once. */
        return KAI_OK;
    if (err == KAI_EDENIED)
        return kai_why_set(&d->call->why, err, "charter.rival", NULL, NULL, NULL);
    if (err == KAI_EAUTH)
        return kai_why_set(&d->call->why, KAI_EDENIED, "charter.too-few", NULL, NULL, NULL);
    if (err != KAI_OK)
        return d->call->why.code != NULL ? err
                                         : kai_why_set(&d->call->why, err, "charter.refused",
                                                       kai_err_text(err), NULL, NULL);
    err = store_texts(c, d);
    if (err == KAI_OK)
        err = kai_tx_note(kai_core_tx(c), KAI_REC_CHARTER, d->c.hash, record);
    if (err != KAI_OK)
        return err;
    kai_core_commit(c); /* Nobody hears of it before it is durable here. */
    return kai_net_on_own_note(c->net, KAI_REC_CHARTER, record, kai_now_ms());
}

enum kai_err kai_verb_network_apply(struct kai_call *call)
{
    struct draft *d = draft_new(call);
    enum kai_err err = d == NULL ? KAI_ENOMEM : kai_core_run(call->core, job_apply, d);

    draft_free(d);
    return err;
}

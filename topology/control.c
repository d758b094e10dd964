/* control: entries of control logs, the roster they make, and the texts of the charter
 * (docs/protocol.md 3, 7). */
#include "topology/carry_int.h"
#include "topology/judge.h"

#include <string.h>

#include "crypto/hash.h"
#include "keys/keydeath.h"

/* Ask for what stands between what is held of the log and e. */
static void ask_before(struct kai_net *n, struct kai_link *l, const struct kai_entry *e)
{
    struct kai_head head;
    uint64_t from = 1;

    if (kai_ctl_head(n->ctl, e->h.log_pk, &head) == KAI_OK && head.seq + 1 < e->h.seq)
        from = head.seq + 1;
    if (e->h.seq > 1 && !kai_park_has(n, e->h.log_pk, e->h.seq - 1))
        kai_fetch_want(n, l, l->shares[0], e->h.log_pk, from, e->h.seq - 1);
}

/* Returns whether it was new. */
bool kai_control_entry(struct kai_net *n, struct kai_link *l, const struct kai_entry *e)
{
    enum kai_err err;

    if (!e->payload.p)
        return false;
    err = kai_ctl_put(&n->ctl, e);
    if (err == KAI_OK || err == KAI_EEXIST)
        kai_push_know(l, e->hash, 1);
    if (err == KAI_OK) {
        n->count.entries_new++;
        n->roster_stale = n->retry_ctl = true;
        kai_fetch_progress(n, e->h.log_pk, e->h.seq);
        if (l->file)
            kai_carry_judged(l, KAI_TAKE, e);
        n->act.store_ctl(n->act.ctx, e);
        return true;
    }
    if (err == KAI_EEXIST) {
        n->count.entries_dup++;
        kai_fetch_progress(n, e->h.log_pk, e->h.seq);
        if (l->file)
            kai_carry_judged(l, KAI_HELD, e);
    } else if (err == KAI_EAGAIN) {
        if (kai_park(n, l, l->shares[0], e, false))
            ask_before(n, l, e);
        else
            kai_carry_gap(l);
    } else {
        n->count.entries_refused++;
        if (l->file)
            kai_carry_judged(l, KAI_REFUSE, e);
        if (err == KAI_EMALFORMED || err == KAI_EAUTH) {
            kai_alarm(n, "entry.forged", l, e->h.log_pk, e->h.seq);
            kai_link_bye(n, l, KAI_BYE_MALFORMED);
        }
    }
    return false;
}

void kai_net_on_ctl_stored(struct kai_net *n, const struct kai_entry *e, uint64_t now_ms)
{
    kai_step_begin(n, now_ms);
    kai_push_ctl(n, e, 0);
    kai_step_end(n);
}

enum kai_err kai_net_on_own_ctl(struct kai_net *n, const struct kai_entry *e, uint64_t now_ms)
{
    enum kai_err err;

    kai_step_begin(n, now_ms);
    err = kai_ctl_put(&n->ctl, e);
    if (err == KAI_EEXIST)
        err = KAI_OK;
    if (err == KAI_OK) {
        n->roster_stale = n->retry_ctl = true;
        kai_push_ctl(n, e, 0);
    }
    kai_step_end(n);
    return err;
}

/* ---- Roster. */

static void renew_peers(struct kai_net *n)
{
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        if (l->file) {
            kai_carry_renew(n, l);
            continue;
        }
        if (!l->peer) {
            if (!l->dead && l->state == KAI_LINK_CONTROL)
                (void)kai_link_know(n, l);
            continue;
        }
        l->peer = kai_roster_node(n->roster, l->peer_id);
        if (l->dead)
            continue;
        if (!kai_node_good(n, l->peer) ||
            memcmp(l->peer->curve_pk, l->curve_pk, KAI_KEY_BYTES) != 0)
            kai_link_bye(n, l, KAI_BYE_NOT_ADMITTED);
    }
}

enum kai_err kai_control_rebuild(struct kai_net *n)
{
    struct kai_roster *fresh, *old = n->roster;
    enum kai_err err = kai_roster_build(&fresh, n->ctl);

    if (err)
        return err;
    err = kai_keyring_roster(n->keyring, fresh);
    if (err) {
        kai_roster_unref(fresh);
        return err;
    }
    n->roster = fresh;
    n->roster_no++;
    n->retry_data = true;
    n->act.roster(n->act.ctx, fresh);
    kai_mail_renewed(n, old);
    renew_peers(n);
    kai_roster_unref(old);
    n->roster_stale = false;
    kai_early_retry(n);
    return KAI_OK;
}

/* ---- Notes of the control plane: versions of the charter after the first, and dead keys. */

static void say_note(struct kai_net *n, struct kai_link *l, struct kai_view record)
{
    struct kai_buf *b = kai_out_begin(n);

    kai_put_frame(b, KAI_MSG_NOTES, 2);
    kai_put_uint(b, KAI_HANDLE_CONTROL);
    kai_put_array(b, 1);
    kai_put_view(b, record);
    (void)kai_out_put(n, l, KAI_OUT_KEYS);
}

void kai_control_notes(struct kai_net *n, struct kai_link *l)
{
    for (size_t i = 0; i < kai_ctl_charters(n->ctl) && !l->dead; i++)
        say_note(n, l, kai_ctl_charter_at(n->ctl, i));
    for (size_t i = 0; i < kai_ctl_deaths(n->ctl) && !l->dead; i++)
        say_note(n, l, kai_ctl_death_at(n->ctl, i));
}

static enum kai_err take_note(struct kai_net *n, uint64_t type, struct kai_view record,
                              struct kai_link *from)
{
    enum kai_err err = type == KAI_REC_CHARTER ? kai_ctl_charter_add(n->ctl, record)
                                               : kai_ctl_death_add(n->ctl, record);

    if (err != KAI_OK)
        return err;
    n->roster_stale = n->retry_ctl = true; /* Entries of a new founder may have been waiting. */
    for (size_t i = 0; i < n->n_links; i++) {
        struct kai_link *l = n->links[i];
        if (l->dead || l->state == KAI_LINK_HELLO || l->state == KAI_LINK_DRAIN)
            continue;
        l->texts_asked = l->texts_asked && type != KAI_REC_CHARTER;
        if (l != from) {
            say_note(n, l, record);
            kai_out_pump(n, l); /* At once: also to those who are out by it, before they are. */
        }
        if (l->state == KAI_LINK_MATCH) {
            kai_control_texts(n, l);
            kai_rb_due(n, l->shares[0], 0); /* What a new founder said was refused until now. */
        }
    }
    return KAI_OK;
}

static void name_of(uint8_t hash[static KAI_ID_BYTES], uint64_t type, struct kai_view note)
{
    struct kai_keydeath d;

    if (type != KAI_REC_KEYDEATH)
        kai_charter_record_hash(hash, note);
    else if (kai_keydeath_parse(&d, note) == KAI_OK)
        kai_keydeath_place(hash, &d);
}

void kai_control_note(struct kai_net *n, struct kai_link *l, uint64_t type, struct kai_view note)
{
    uint8_t hash[KAI_ID_BYTES] = {0};
    enum kai_err err = take_note(n, type, note, l);

    if (err == KAI_OK) {
        name_of(hash, type, note);
        n->act.store_note(n->act.ctx, type, hash, note);
    } else if (err == KAI_EDENIED && type == KAI_REC_CHARTER) {
        kai_alarm(n, "charter.rival", l, NULL, 0); /* Kept to be shown, and passed on to nobody. */
        name_of(hash, type, note);
        n->act.store_note(n->act.ctx, KAI_NOTE_RIVAL, hash, note);
    } else if (err == KAI_EMALFORMED || err == KAI_EAUTH) {
        kai_alarm(n, type == KAI_REC_CHARTER ? "charter.forged" : "entry.forged", l, NULL, 0);
        kai_link_bye(n, l, KAI_BYE_MALFORMED);
    } else if (err != KAI_EEXIST) {
        n->count.entries_refused++;
    }
}

enum kai_err kai_net_on_own_note(struct kai_net *n, uint64_t type, struct kai_view note,
                                 uint64_t now_ms)
{
    enum kai_err err;

    kai_step_begin(n, now_ms);
    err = take_note(n, type, note, NULL);
    kai_step_end(n);
    return err;
}

/* ---- Texts of the charter. */

void kai_control_texts(struct kai_net *n, struct kai_link *l)
{
    const struct kai_charter *c = kai_ctl_charter(n->ctl);
    struct kai_view text;

    if (l->texts_asked)
        return;
    l->texts_asked = true;
    for (size_t i = 0; i < c->n_texts; i++)
        if (n->act.read_text(n->act.ctx, c->texts[i].hash, &text) == KAI_ENOTFOUND)
            kai_fetch_text(n, l, c->texts[i].hash);
}

void kai_control_text(struct kai_net *n, struct kai_view hash, struct kai_view text)
{
    const struct kai_charter *c = kai_ctl_charter(n->ctl);
    uint8_t is[KAI_ID_BYTES];

    if (text.n > KAI_CHARTER_TEXT_BYTES_MAX)
        return;
    kai_charter_text_hash(is, text);
    for (size_t i = 0; i < c->n_texts; i++)
        if (memcmp(c->texts[i].hash, is, sizeof is) == 0 && memcmp(hash.p, is, sizeof is) == 0)
            n->act.store_text(n->act.ctx, is, text);
}

/* script_keys: letters, keys and epochs: whose they are, and who opens what. */
#include <string.h>

#include "adversary/evil.h"
#include "crypto/hash.h"

static bool end(struct stage *st, bool held)
{
    stage_close(st);
    return held;
}

/* Another node that carries letters comes to the relay and asks for one that is not its. */
static bool anothers_letter(void)
{
    struct stage st;
    const struct sim_log *letter;
    uint8_t route[KAI_KEY_BYTES], tag[KAI_TAG_BYTES];

    stage_open(&st);
    stage_talk(&st);
    stage_part(&st);
    letter = evil_log_of(&st, ALICE, MAILBOX);
    bool held = HELD(letter != NULL) && HELD(evil_held(&st, RELAY, letter->l.log_pk) > 0);
    if (held) {
        kai_mailbox_route(route, tag, st.s->charter.nid, st.s->aud[MAILBOX].id);
        evil_link(&st, RELAY, RELAY2);
        uint64_t h = evil_token(&st, route);
        evil_ask(&st, h);
        evil_want(&st, h, letter->l.log_pk);
        stage_run(&st, 3000);
        held = HELD(!evil_heard_log(&st, letter->l.log_pk)) && HELD(kai_sim_violations(st.s) == 0);
    }
    return end(&st, held);
}

/* Nobody but the owner has a key that opens a letter: neither another writer nor who carries it. */
static bool letters_stay_closed(void)
{
    struct stage st;
    const struct sim_log *letter;
    bool opened = false, read;

    stage_open(&st);
    stage_talk(&st);
    letter = evil_log_of(&st, ALICE, MAILBOX);
    if (!HELD(letter != NULL))
        return end(&st, false);
    for (size_t i = 0; i < STAGE_NODES; i++) {
        struct kai_epoch *keys;
        size_t n;
        if (i == ALICE || i == BOB)
            continue;
        SIM_MUST(kai_keyring_keys(st.s->node[i].keyring, &keys, &n) == KAI_OK);
        for (size_t k = 0; k < n; k++)
            for (size_t e = 0; e < letter->n; e++)
                opened = opened || sim_opens(&st.s->worker[0], &letter->entry[e]->e, keys[k].key);
        sodium_free(keys);
    }
    read = evil_read(&st, BOB, letter->l.log_pk) == letter->n;
    return end(&st, HELD(!opened) && HELD(read));
}

/* Bob, whose letter box it is and who has the key of Alice's letter, writes one to himself in her
 * name: a node of the owner passes for no writer. */
static bool letter_to_oneself(void)
{
    struct stage st;
    struct evil_log l;
    const struct sim_log *letter;
    struct kai_entry e;

    stage_open(&st);
    stage_talk(&st);
    letter = evil_log_of(&st, ALICE, MAILBOX);
    if (!HELD(letter != NULL))
        return end(&st, false);
    stage_part(&st);
    const struct kai_epoch *epoch =
        kai_keyring_kid(st.s->node[BOB].keyring, st.s->aud[MAILBOX].id, letter->entry[0]->e.h.kid);
    if (!HELD(epoch != NULL))
        return end(&st, false);
    evil_link(&st, BOB, RELAY);
    uint64_t h = evil_token(&st, epoch->route);
    evil_log_new(&st, &l, BOB);
    e = evil_bind(&st, &l, MAILBOX, epoch);
    evil_push(&st, h, &e);
    return end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 0));
}

/* A member makes itself an epoch and writes under it in another's log. */
static bool anothers_own_epoch(void)
{
    struct stage st;
    struct evil_log l, good;
    struct kai_entry e;
    const struct sim_entry *announced = NULL;

    stage_open(&st);
    stage_talk(&st);
    stage_part(&st);
    /* Alice's letter's epoch is hers alone, as a writer's; Carol uses it. */
    const struct sim_log *letter = evil_log_of(&st, ALICE, MAILBOX);
    const struct kai_epoch *epoch =
        letter ? kai_keyring_kid(st.s->node[ALICE].keyring, st.s->aud[MAILBOX].id,
                                 letter->entry[0]->e.h.kid)
               : NULL;
    (void)announced;
    if (!HELD(epoch != NULL) || !HELD(epoch->has_writer))
        return end(&st, false);
    evil_link(&st, BOB, RELAY);
    uint64_t h = evil_token(&st, epoch->route);
    evil_log_new(&st, &good, ALICE);
    e = evil_bind(&st, &good, MAILBOX, epoch);
    evil_push(&st, h, &e);
    evil_log_new(&st, &l, CAROL);
    e = evil_bind(&st, &l, MAILBOX, epoch);
    evil_push(&st, h, &e);
    return end(&st, HELD(evil_held(&st, BOB, good.key.pk) == 1));
}

/* An EPOCH whose header nobody signed. */
static bool unsigned_epoch(void)
{
    struct stage st;
    struct kai_entry e;
    uint8_t sig[KAI_SIG_BYTES] = {0}, aud[KAI_ID_BYTES];
    const struct sim_node *alice;
    enum kai_err err = KAI_OK;

    stage_open(&st);
    alice = &st.s->node[ALICE];
    for (size_t i = 0; i < alice->n_logs; i++)
        if (alice->log[i].l.kind == 2 && alice->log[i].l.own) {
            e = alice->log[i].entry[0]->e;
            e.sig.p = sig;
            /* To somebody who has heard of none of it. */
            struct kai_keyring *fresh;
            struct kai_self self = {0};
            const struct sim_node *bob = &st.s->node[BOB];
            memcpy(self.node_id, bob->node_id, 32);
            memcpy(self.node_cert, bob->node_cert, 32);
            memcpy(self.org_id, st.s->org[BOB].id, 32);
            memcpy(self.kx_pk, bob->kx_pk, 32);
            memcpy(self.kx_sk, bob->kx_sk, 32);
            SIM_MUST(kai_keyring_new(&fresh, &self) == KAI_OK &&
                     kai_keyring_roster(fresh, kai_net_roster(bob->net)) == KAI_OK);
            err = kai_keyring_epoch(fresh, &e, aud);
            kai_keyring_free(fresh);
            break;
        }
    return end(&st, HELD(err == KAI_EAUTH));
}

const struct evil_script evil_keys[] = {
    {"anothers-letter",
     "a letter is shown to its owner, or by its writer to who carries it",
     {"MAILBOX_LETTERS"},
     anothers_letter},
    {"letters-stay-closed", "each writer has an epoch of its own", {0}, letters_stay_closed},
    {"letter-to-oneself",
     "no node of a mailbox's owner passes for the writer of a letter",
     {0},
     letter_to_oneself},
    {"anothers-own-epoch", "a writer's letters come under its own epoch", {0}, anothers_own_epoch},
    {"unsigned-epoch",
     "a key is learned only from an entry that its log's key signed",
     {"EPOCH_SIGNATURE"},
     unsigned_epoch},
    {0}};

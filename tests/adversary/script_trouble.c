/* script_trouble: logs and charters in trouble, and who would make use of it: forks, proofs of
 * them, new versions of the charter. The victim is Bob; the link is Alice's, who has turned. */
#include <string.h>

#include "adversary/evil.h"
#include "keys/amend.h"
#include "keys/keydeath.h"
#include "log/forkproof.h"

/* Two entries at one place: the first stays, nothing follows, and everybody hears of it. */
static bool forked(void)
{
    struct stage st;
    struct evil_log l;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    const struct kai_epoch *epoch = evil_epoch(&st, GROUP, ALICE);
    struct evil_log other;
    struct kai_entry e;

    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, epoch);
    evil_push(&st, h, &e);
    other = l;
    e = evil_item(&st, &l, epoch);
    evil_push(&st, h, &e);
    e = evil_item(&st, &other, epoch);
    evil_push(&st, h, &e);
    bool held = HELD(kai_sim_alarms(st.s, "log.fork") == 1);
    e = evil_item(&st, &l, epoch);
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 2) && held);
}

static void say_proof(struct stage *st, uint64_t handle, const struct kai_entry *a,
                      const struct kai_entry *b)
{
    struct kai_buf note, f;

    kai_buf_init(&note, KAI_FORKPROOF_BYTES_MAX);
    SIM_MUST(kai_forkproof_write(&note, a, b) == KAI_OK);
    kai_buf_init(&f, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&f, KAI_MSG_NOTES, 2);
    kai_put_uint(&f, handle);
    kai_put_array(&f, 1);
    kai_put_view(&f, kai_buf_view(&note));
    evil_say(st, &f);
    kai_buf_free(&f);
    kai_buf_free(&note);
}

/* Alice would like Carol to fall silent, and shows a second entry that Carol's log key never
 * signed. */
static bool frozen_by_a_stranger(void)
{
    struct stage st;
    struct evil_log alices;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    const struct sim_log *carols;
    struct kai_entry other;
    struct kai_hdr hdr;

    kai_sim_connect(st.s, CAROL, BOB);
    stage_run(&st, 1000);
    kai_sim_publish(st.s, CAROL, GROUP, 100);
    stage_run(&st, 1000);
    carols = evil_log_of(&st, CAROL, GROUP);
    hdr = carols->entry[1]->e.h;
    hdr.ts++;
    evil_log_new(&st, &alices, ALICE);
    other = evil_header(&st, &alices, &hdr, carols->entry[1]->e.payload);
    say_proof(&st, h, &carols->entry[1]->e, &other);
    bool held = HELD(kai_sim_alarms(st.s, "log.fork") == 0);
    kai_sim_publish(st.s, CAROL, GROUP, 100);
    stage_run(&st, 1000);
    carols = evil_log_of(&st, CAROL, GROUP);
    return evil_end(&st, HELD(evil_held(&st, BOB, carols->l.log_pk) == 3) && held);
}

/* Alice forks her log once more below the last fork, over and over: each proof would go round. */
static bool forks_without_end(void)
{
    struct stage st;
    struct evil_log l;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    const struct kai_epoch *epoch = evil_epoch(&st, GROUP, ALICE);
    struct kai_entry e, other;
    struct kai_frame f;
    struct kai_hdr hdr;

    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, epoch);
    evil_push(&st, h, &e);
    for (size_t i = 0; i < 40; i++) {
        e = evil_item(&st, &l, epoch);
        evil_push(&st, h, &e);
    }
    uint64_t alices = st.link;
    evil_link(&st, BOB, CAROL);
    (void)evil_match(&st, GROUP, CAROL);
    uint64_t carols = st.link;
    st.link = alices;
    for (uint64_t seq = 41; seq > 1; seq--) {
        SIM_MUST(sim_disk_log(&st.s->node[BOB], l.key.pk)->n == 41);
        e = sim_disk_log(&st.s->node[BOB], l.key.pk)->entry[seq - 1]->e;
        hdr = e.h;
        hdr.ts++;
        other = evil_header(&st, &l, &hdr, e.payload);
        say_proof(&st, h, &e, &other);
    }
    st.link = carols;
    size_t told = evil_heard(&st, KAI_MSG_NOTES, &f);
    return evil_end(&st, HELD(told > 0) && HELD(told <= 10));
}

/* ---- The charter. */

/* A version 2 that these founders are to be the founders of, signed with Alice's root key, and with
 * that of the founder where he is fooled. */
static void say_charter(struct stage *st, const size_t *founders, size_t n, uint64_t threshold,
                        bool founder_signs)
{
    const struct kai_charter *prev = &st->s->charter;
    struct kai_charter c = {.threshold = threshold};
    struct kai_buf record, more, f;
    size_t signers[2] = {ALICE, FOUNDER};

    kai_copy_text(c.name, sizeof c.name, "taken over");
    for (size_t i = 0; i < n; i++)
        memcpy(c.founders[c.n_founders++].root_pk, st->s->org[founders[i]].root.pk, KAI_KEY_BYTES);
    kai_buf_init(&record, KAI_CHARTER_BYTES_MAX);
    SIM_MUST(kai_amend_write(&record, &c, prev) == KAI_OK);
    for (size_t i = 0; i < (founder_signs ? 2u : 1u); i++) {
        const struct sim_key *k = &st->s->org[signers[i]].root;
        kai_buf_init(&more, KAI_CHARTER_BYTES_MAX);
        SIM_MUST(kai_amend_sign(&more, kai_buf_view(&record), prev, k->pk, k->sk) == KAI_OK);
        kai_buf_free(&record);
        record = more;
    }
    kai_buf_init(&f, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&f, KAI_MSG_NOTES, 2);
    kai_put_uint(&f, KAI_HANDLE_CONTROL);
    kai_put_array(&f, 1);
    kai_put_view(&f, kai_buf_view(&record));
    evil_say(st, &f);
    kai_buf_free(&f);
    kai_buf_free(&record);
}

static bool version_is(const struct stage *st, uint64_t ver)
{
    return kai_ctl_charter(st->s->node[BOB].ctl)->ver == ver;
}

/* Alice makes herself the founder. */
static bool takes_over(void)
{
    static const size_t founders[] = {ALICE};
    struct stage st;

    (void)evil_begin(&st, ALICE, GROUP);
    say_charter(&st, founders, 1, 1, false);
    return evil_end(&st, HELD(version_is(&st, 1)));
}

/* The founder lets Alice in, under a threshold of three that she would like to meet alone. */
static bool too_few_of_the_new(void)
{
    static const size_t founders[] = {ALICE, FOUNDER, BOB, CAROL};
    struct stage st;

    (void)evil_begin(&st, ALICE, GROUP);
    say_charter(&st, founders, 4, 3, true);
    return evil_end(&st, HELD(version_is(&st, 1)));
}

/* The founder handed over to Alice, and goes on admitting. */
static bool founder_of_before(void)
{
    static const size_t founders[] = {ALICE};
    struct stage st;

    (void)evil_begin(&st, ALICE, GROUP);
    say_charter(&st, founders, 1, 1, true);
    const struct kai_roster *r = kai_net_roster(st.s->node[BOB].net);
    const struct kai_node *f = kai_roster_node(r, st.s->node[FOUNDER].node_id);
    const struct kai_node *a = kai_roster_node(r, st.s->node[ALICE].node_id);
    return evil_end(&st, HELD(version_is(&st, 2)) && HELD(a && a->active) && HELD(f && !f->active));
}

/* The founder handed over, and whoever has his key now would like to be led back: he signs another
 * version 2. */
static bool founder_returns(void)
{
    static const size_t founders[] = {ALICE, CAROL};
    struct stage st;

    (void)evil_begin(&st, ALICE, GROUP);
    say_charter(&st, founders, 2, 1, true);
    bool held = HELD(kai_ctl_charter(st.s->node[BOB].ctl)->n_founders == 2);
    say_charter(&st, founders, 1, 1, true);
    return evil_end(&st, HELD(kai_ctl_charter(st.s->node[BOB].ctl)->n_founders == 2)) && held;
}

/* ---- Dead keys. */

static void say_death(struct stage *st, const uint8_t *key, const struct sim_key *signer,
                      const struct sim_key *hand, bool cut)
{
    struct kai_keydeath d = {.has_cut = cut};
    struct kai_buf note, f;

    memcpy(d.key, key, KAI_KEY_BYTES);
    memcpy(d.signer, signer->pk, KAI_KEY_BYTES);
    kai_buf_init(&note, KAI_KEYDEATH_BYTES_MAX);
    kai_keydeath_write(&note, &d, hand->sk, st->s->charter.nid);
    kai_buf_init(&f, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&f, KAI_MSG_NOTES, 2);
    kai_put_uint(&f, KAI_HANDLE_CONTROL);
    kai_put_array(&f, 1);
    kai_put_view(&f, kai_buf_view(&note));
    evil_say(st, &f);
    kai_buf_free(&f);
    kai_buf_free(&note);
}

static bool lives(const struct stage *st, size_t node)
{
    const struct kai_node *n =
        kai_roster_node(kai_net_roster(st->s->node[BOB].net), st->s->node[node].node_id);

    return n && n->active;
}

/* Alice would like Carol's node to be dead: she signs as herself, */
static bool buries_another(void)
{
    struct stage st;

    (void)evil_begin(&st, ALICE, GROUP);
    say_death(&st, st.s->node[CAROL].sign.pk, &st.s->org[ALICE].root, &st.s->org[ALICE].root,
              false);
    bool held = HELD(lives(&st, CAROL));
    say_death(&st, st.s->node[ALICE].sign.pk, &st.s->node[ALICE].sign, &st.s->node[ALICE].sign,
              false);
    return evil_end(&st, HELD(!lives(&st, ALICE)) && held); /* Her own she may. */
}

/* or in Carol's name. */
static bool buries_in_anothers_name(void)
{
    struct stage st;

    (void)evil_begin(&st, ALICE, GROUP);
    say_death(&st, st.s->node[CAROL].sign.pk, &st.s->node[CAROL].sign, &st.s->node[ALICE].sign,
              false);
    return evil_end(&st, HELD(lives(&st, CAROL)));
}

/* Whoever stole Alice's issuing key would like to take all back that it said. */
static bool takes_history_along(void)
{
    struct stage st;

    (void)evil_begin(&st, CAROL, GROUP);
    say_death(&st, st.s->org[ALICE].issuing.pk, &st.s->org[ALICE].issuing,
              &st.s->org[ALICE].issuing, true);
    return evil_end(&st, HELD(lives(&st, ALICE)));
}

const struct evil_script evil_trouble[] = {
    {"forked",
     "of two entries at one place the first stays, and the log stands still",
     {"FORK_STOP"},
     forked},
    {"frozen-by-a-stranger",
     "a log is frozen only by two headers that its own key signed",
     {"FORK_PROVEN"},
     frozen_by_a_stranger},
    {"forks-without-end",
     "who forks its log again and again costs the others little",
     {"FORK_RATE"},
     forks_without_end},
    {"takes-over",
     "a charter counts only when enough founders of the one before signed it",
     {"CHARTER_BEFORE"},
     takes_over},
    {"too-few-of-the-new",
     "a charter counts only when enough of those it makes founders signed it",
     {"CHARTER_AFTER"},
     too_few_of_the_new},
    {"founder-returns",
     "a charter counts only when it follows the one that counts",
     {"CHARTER_LINE"},
     founder_returns},
    {"founder-of-before",
     "only founders of the charter that counts are the root of anything",
     {"CHARTER_FOUNDER"},
     founder_of_before},
    {"buries-another",
     "only a key itself and its organisation's root say that it is dead",
     {"KEYDEATH_SIGNER"},
     buries_another},
    {"buries-in-anothers-name",
     "a key is dead only under the signature of who may say so",
     {"KEYDEATH_SIGNATURE"},
     buries_in_anothers_name},
    {"takes-history-along",
     "a key's own word that it is dead takes nothing back that it said",
     {"KEYDEATH_CUT"},
     takes_history_along},
    {0}};

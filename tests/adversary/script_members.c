/* script_members: those who are in no audience, or no more, and would like to be. */
#include <string.h>

#include "adversary/evil.h"

/* Everybody talks for a while; the oracle sees every frame. */
static bool nobody_else(size_t aud, size_t who)
{
    struct stage st;

    stage_open(&st);
    stage_talk(&st);
    bool held = HELD(kai_sim_violations(st.s) == 0) && HELD(kai_sim_entries(st.s, who, aud) == 0);
    stage_close(&st);
    return held;
}

static bool not_in_the_rule(void)
{
    return nobody_else(WATER, OUTSIDER);
}

static bool contractor_in_community(void)
{
    return nobody_else(ALL, CONTRACTOR);
}

static bool not_listed(void)
{
    return nobody_else(GROUP, FOUNDER);
}

static bool self_declared_client(void)
{
    return nobody_else(CLIENTS, CLIENT);
}

static bool third_tier(void)
{
    return nobody_else(PROVIDERS, THIRD);
}

static bool amber_to_provider(void)
{
    return nobody_else(GROUP, CONTRACTOR);
}

static bool no_place(void)
{
    return nobody_else(PERSONS, CAROL);
}

/* An outsider copies the request of Bob's person, which is public, into an admission of its own. */
static bool borrowed_person(void)
{
    struct stage st;
    const struct kai_person *p;
    struct kai_admit a = {0};

    stage_open(&st);
    const struct kai_roster *r = kai_net_roster(st.s->node[OUTSIDER].net);
    size_t n = kai_roster_persons(r, &p), at = n;
    for (size_t i = 0; i < n; i++)
        if (memcmp(p[i].org->id, st.s->org[BOB].id, KAI_ID_BYTES) == 0)
            at = i;
    SIM_MUST(at < n);
    const struct kai_entry *e = kai_ctl_find(st.s->node[OUTSIDER].ctl, p[at].cert);
    struct kai_view body;
    uint64_t type;
    SIM_MUST(e && kai_rec_parse(&type, &body, e->payload) == KAI_OK &&
             kai_admit_parse(&a, body) == KAI_OK);
    sim_own_ctl(st.s, OUTSIDER, sim_world_say(st.s, OUTSIDER, &a));
    stage_run(&st, 3000);
    stage_talk(&st);
    /* Everybody has heard of the place, and it is a good one: elsewhere. */
    SIM_MUST(kai_roster_person(kai_net_roster(st.s->node[ALICE].net), st.s->org[BOB].person_id,
                               &p) == 2 &&
             p[0].active && p[1].active);
    bool held = HELD(kai_sim_violations(st.s) == 0) &&
                HELD(kai_sim_entries(st.s, OUTSIDER, PERSONS) == 0) &&
                HELD(!kai_keyring_eligible(st.s->node[ALICE].keyring, st.s->aud[PERSONS].id,
                                           kai_roster_node(kai_net_roster(st.s->node[ALICE].net),
                                                           st.s->node[OUTSIDER].node_id)));
    stage_close(&st);
    return held;
}

static bool school(void)
{
    return nobody_else(SCHOOLED, SCHOOL);
}

static bool relay_by_name_only(void)
{
    return nobody_else(GROUP, OUTSIDER);
}

/* ---- With what leaked. */

/* An outsider with the routing secret asks a member for everything. */
static bool leaked_secret(void)
{
    struct stage st;
    const struct sim_log *log;

    stage_open(&st);
    stage_talk(&st);
    stage_part(&st);
    log = evil_log_of(&st, BOB, GROUP);
    evil_link(&st, BOB, CONTRACTOR);
    uint64_t h = evil_match(&st, GROUP, ALICE);
    evil_ask(&st, h);
    evil_want(&st, h, log->l.log_pk);
    bool held = HELD(!evil_heard_log(&st, log->l.log_pk)) && HELD(kai_sim_violations(st.s) == 0);
    stage_close(&st);
    return held;
}

/* A member asks for a log of an audience that it is in, by the handle of another. */
static bool not_its_own_log(void)
{
    struct stage st;
    const struct sim_log *log;

    stage_open(&st);
    stage_talk(&st);
    stage_part(&st);
    log = evil_log_of(&st, BOB, GROUP);
    evil_link(&st, BOB, OUTSIDER);
    uint64_t h = evil_match(&st, ALL, OUTSIDER);
    evil_want(&st, h, log->l.log_pk);
    bool held = HELD(!evil_heard_log(&st, log->l.log_pk)) && HELD(kai_sim_violations(st.s) == 0);
    stage_close(&st);
    return held;
}

/* What the member says to somebody who shows tokens of his own making. */
static bool probing(void)
{
    struct stage st;
    struct kai_frame f;
    uint8_t route[KAI_KEY_BYTES] = {1};
    size_t before;

    stage_open(&st);
    stage_talk(&st);
    stage_part(&st);
    evil_link(&st, BOB, CONTRACTOR);
    (void)evil_token(&st, route); /* The victim offers then what it thinks the peer is in. */
    stage_run(&st, 3000);
    before = evil_heard(&st, KAI_MSG_RB, &f) + evil_heard(&st, KAI_MSG_OFFER, &f);
    for (size_t i = 1; i < 20; i++) {
        route[1] = (uint8_t)i;
        evil_ask(&st, evil_token(&st, route));
    }
    stage_run(&st, 3000);
    bool held =
        HELD(evil_heard(&st, KAI_MSG_RB, &f) + evil_heard(&st, KAI_MSG_OFFER, &f) == before) &&
        HELD(kai_sim_violations(st.s) == 0);
    stage_close(&st);
    return held;
}

/* ---- After a removal. */

/* Carol is taken out of the group and keeps all she ever had. */
static bool removed_reads_on(void)
{
    struct stage st;
    struct kai_orgs fewer = {0};
    uint64_t tried;

    stage_open(&st);
    stage_talk(&st);
    kai_orgs_add(&fewer, ALICE);
    kai_orgs_add(&fewer, BOB);
    kai_sim_change(st.s, GROUP, &fewer);
    if (kai_sim_may_publish(st.s, ALICE, GROUP)) /* At once, before there is a new key. */
        kai_sim_publish(st.s, ALICE, GROUP, 100);
    stage_run(&st, 3000);
    stage_talk(&st);
    bool held = HELD(kai_sim_leaks(st.s, &tried) == 0) && HELD(tried > 0) &&
                HELD(kai_sim_violations(st.s) == 0);
    stage_close(&st);
    return held;
}

/* Carol is revoked, and the one link that is left is to Bob, who hears of it. */
static bool revoked_stays(void)
{
    struct stage st;
    enum kai_bye why = KAI_BYE_LOST;

    stage_open(&st);
    stage_talk(&st);
    stage_part(&st);
    evil_link(&st, BOB, CAROL);
    uint64_t h = evil_match(&st, GROUP, CAROL);
    kai_sim_revoke(st.s, CAROL);
    SIM_MUST(kai_net_on_own_ctl(st.s->node[BOB].net, &st.s->org[CAROL].revoke->e, st.s->now) ==
             KAI_OK);
    stage_run(&st, 100);
    if (kai_sim_may_publish(st.s, BOB, ALL))
        kai_sim_publish(st.s, BOB, ALL, 100);
    evil_ask(&st, h);
    bool held = HELD(evil_dropped(&st, &why)) && HELD(why == KAI_BYE_NOT_ADMITTED) &&
                HELD(kai_sim_violations(st.s) == 0);
    stage_close(&st);
    return held;
}

/* Alice was taken out, and comes to a relay with the routing secret of before. */
static bool old_secret_at_relay(void)
{
    struct stage st;
    struct kai_orgs fewer = {0};
    struct kai_epoch old;
    struct kai_frame f;
    size_t rounds = 0, n;

    stage_open(&st);
    stage_talk(&st);
    old = *evil_epoch(&st, GROUP, CAROL);
    kai_orgs_add(&fewer, ALICE);
    kai_orgs_add(&fewer, BOB);
    kai_sim_change(st.s, GROUP, &fewer);
    stage_run(&st, 4000);
    stage_part(&st);
    evil_link(&st, RELAY, CAROL);
    uint64_t h = evil_token(&st, old.route);
    evil_ask(&st, h);
    stage_run(&st, 4000);
    const struct kai_buf *sent = kai_sim_raw_sent(st.s, st.link, &n);
    for (size_t i = 0; i < n; i++)
        rounds += kai_frame_parse(&f, kai_buf_view(&sent[i])) == KAI_OK && f.type == KAI_MSG_RB &&
                  f.handle == h;
    bool held = HELD(rounds == 0) && HELD(kai_sim_violations(st.s) == 0);
    stage_close(&st);
    return held;
}

/* A member that has not shown the secret is told no data, though it offers the audience itself. */
static bool offered_only(void)
{
    struct stage st;
    const struct sim_log *log;
    bool said = false;

    stage_open(&st);
    stage_talk(&st);
    log = evil_log_of(&st, BOB, GROUP);
    stage_part(&st);
    evil_link(&st, BOB, CAROL);
    uint8_t route[KAI_KEY_BYTES] = {9}; /* A token of nothing: the victim offers then. */
    (void)evil_token(&st, route);
    stage_run(&st, 3000);
    for (uint64_t h = KAI_HANDLE_OFFER; h < KAI_HANDLE_OFFER + 8; h++) {
        evil_ask(&st, h);
        evil_want(&st, h, log->l.log_pk);
        said = said || evil_heard_log(&st, log->l.log_pk);
    }
    bool held = HELD(!said);
    stage_close(&st);
    return held;
}

const struct evil_script evil_members[] = {
    {"not-in-the-rule",
     "a community has the organisations that fit its rule",
     {"COMMUNITY_RULE"},
     not_in_the_rule},
    {"contractor-in-community",
     "a provider is in no community",
     {"COMMUNITY_PROVIDERS"},
     contractor_in_community},
    {"not-listed",
     "a group has the organisations that its owner lists",
     {"GROUP_LISTED"},
     not_listed},
    {"self-declared-client",
     "a client holds an admission by the owner",
     {"CLIENTS_ADMITTED"},
     self_declared_client},
    {"third-tier",
     "an owner answers for contractors of at most two tiers",
     {"PROVIDER_TIERS"},
     third_tier},
    {"amber-to-provider",
     "a provider gets only what a source addresses to it",
     {"GROUP_LISTED"},
     amber_to_provider},
    {"no-place",
     "an audience of persons has the organisations where they hold a place",
     {"PERSONS_PLACE"},
     no_place},
    {"borrowed-person",
     "a listed person is listed in one organisation",
     {"PERSONS_LISTED", "PERSONS_PLACE"},
     borrowed_person},
    {"school", "an organisation with a lower ceiling is no member", {"MEMBER_CEILING"}, school},
    {"relay-by-name-only",
     "a relay that an audience lists needs the capability too",
     {"RELAY_CAPABILITY"},
     relay_by_name_only},
    {"leaked-secret",
     "data goes to members of its audience and to relays it lists",
     {"PEER_MEMBER"},
     leaked_secret},
    {"not-its-own-log", "a log is served under its own audience alone", {0}, not_its_own_log},
    {"probing", "who shows no secret learns of no audience", {0}, probing},
    {"removed-reads-on",
     "nothing is written under a key that a removed node has",
     {"EPOCH_CLEAN"},
     removed_reads_on},
    {"revoked-stays",
     "a revoked node's links end when its revocation is heard",
     {0},
     revoked_stays},
    {"old-secret-at-relay",
     "a relay matches by the current routing secret alone",
     {"MATCH_CURRENT"},
     old_secret_at_relay},
    {"offered-only",
     "data goes only where both ends have shown the routing secret",
     {"PEER_MATCHED"},
     offered_only},
    {0}};

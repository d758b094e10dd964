/* script_links: what can be said on a link by somebody who is let in and means harm, and by one who
 * should not be let in. The victim is Bob. */
#include <string.h>

#include "adversary/evil.h"

#define MEMORY_MOST (8u << 20)

static void begin(struct stage *st, size_t as)
{
    stage_open(st);
    stage_part(st);
    evil_link(st, BOB, as);
}

static bool end(struct stage *st, bool held)
{
    stage_close(st);
    return held;
}

static bool dropped_with(const struct stage *st, enum kai_bye code)
{
    enum kai_bye why = KAI_BYE_LOST;

    return HELD(evil_dropped(st, &why)) && HELD(why == code);
}

static size_t memory(const struct stage *st)
{
    struct kai_net_counters c;

    kai_net_counters(st->s->node[st->victim].net, &c);
    return c.memory_bytes;
}

/* ---- Who comes in. */

static void unspoken(struct stage *st, size_t as)
{
    stage_open(st);
    stage_part(st);
    st->victim = BOB;
    st->as = as;
    st->link = kai_sim_raw_link(st->s, BOB, as, false);
}

/* Another node's certificate over one's own CURVE key. */
static bool id_squatting(void)
{
    struct stage st;
    struct kai_hello h;

    unspoken(&st, CONTRACTOR);
    kai_sim_hello_as(st.s, ALICE, &h);
    evil_hello(&st, &h);
    return end(&st, dropped_with(&st, KAI_BYE_NOT_ADMITTED));
}

static bool other_network(void)
{
    struct stage st;
    struct kai_hello h;

    unspoken(&st, ALICE);
    kai_sim_hello_as(st.s, ALICE, &h);
    h.nid[0] ^= 1;
    evil_hello(&st, &h);
    return end(&st, dropped_with(&st, KAI_BYE_NETWORK));
}

static bool before_hello(void)
{
    struct stage st;
    struct kai_frame f;
    uint8_t log[KAI_KEY_BYTES] = {1};

    unspoken(&st, ALICE);
    evil_want(&st, KAI_HANDLE_CONTROL, log);
    evil_ask(&st, KAI_HANDLE_CONTROL);
    bool held = HELD(evil_heard(&st, KAI_MSG_ENTRIES, &f) == 0) &&
                HELD(evil_heard(&st, KAI_MSG_RB, &f) == 0);
    stage_run(&st, 6000);
    return end(&st, dropped_with(&st, KAI_BYE_TIMEOUT) && held);
}

/* A clock that is wrong by half a century is shown, and nothing follows from it. */
static bool lying_clock(void)
{
    struct stage st;
    struct kai_hello h;
    enum kai_bye why;

    unspoken(&st, ALICE);
    kai_sim_hello_as(st.s, ALICE, &h);
    h.clock_ms = 1;
    evil_hello(&st, &h);
    return end(&st, HELD(!evil_dropped(&st, &why)));
}

/* ---- Frames. */

static bool say_bytes(struct stage *st, const void *p, size_t n)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX + 1000);
    kai_buf_add(&b, p, n);
    evil_say(st, &b);
    kai_buf_free(&b);
    return dropped_with(st, KAI_BYE_MALFORMED);
}

static bool not_canonical(void)
{
    static const uint8_t frame[] = {0x93, 0xcc, 0x03, 0x00, 0x00}; /* PING with a long type. */
    struct stage st;

    begin(&st, ALICE);
    return end(&st, say_bytes(&st, frame, sizeof frame));
}

static bool bomb(void)
{
    static const uint8_t frame[] = {0x92, 0x11, 0xdd, 0xff, 0xff, 0xff, 0xff};
    struct stage st;

    begin(&st, ALICE);
    return end(&st, say_bytes(&st, frame, sizeof frame) && HELD(memory(&st) < MEMORY_MOST));
}

static bool oversized(void)
{
    static uint8_t frame[KAI_FRAME_BYTES_MAX + 500];
    struct stage st;

    begin(&st, ALICE);
    frame[0] = 0x92;
    return end(&st, say_bytes(&st, frame, sizeof frame));
}

static bool trailing(void)
{
    static const uint8_t frame[] = {0x93, 0x03, 0x00, 0x00, 0xc0};
    struct stage st;

    begin(&st, ALICE);
    return end(&st, say_bytes(&st, frame, sizeof frame));
}

/* ---- Too much. */

/* A short question for a long answer, over and over, by somebody who reads nothing. */
static bool want_amplification(void)
{
    struct stage st;
    struct kai_buf b;

    begin(&st, ALICE);
    uint64_t h = evil_match(&st, GROUP, ALICE);
    for (size_t i = 0; i < 40; i++)
        kai_sim_publish(st.s, BOB, GROUP, 40000);
    const uint8_t *log = evil_log_of(&st, BOB, GROUP)->l.log_pk;
    kai_sim_raw_block(st.s, st.link);
    for (size_t i = 0; i < 30; i++) {
        kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
        evil_put_want(&b, h, log, 1u << 30, KAI_WANT_RANGES_MAX);
        evil_say(&st, &b);
        kai_buf_free(&b);
    }
    return end(&st, HELD(memory(&st) < MEMORY_MOST));
}

static void ihave(struct stage *st, uint64_t h)
{
    struct evil_hand hand = evil_hand_of(st);
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_ihave(&b, &hand, h);
    evil_say(st, &b);
    kai_buf_free(&b);
}

/* It has ten thousand logs that nobody ever saw. */
static bool ihave_flood(void)
{
    struct stage st;
    struct evil_log l;
    struct kai_entry e;

    begin(&st, ALICE);
    uint64_t h = evil_match(&st, GROUP, ALICE);
    for (size_t i = 0; i < 100; i++)
        ihave(&st, h);
    bool held = HELD(memory(&st) < MEMORY_MOST);
    /* And others are still heard. */
    evil_link(&st, BOB, CAROL);
    h = evil_match(&st, GROUP, CAROL);
    evil_log_new(&st, &l, CAROL);
    e = evil_bind(&st, &l, GROUP, evil_epoch(&st, GROUP, CAROL));
    evil_push(&st, h, &e);
    return end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 1) && held);
}

static bool token_flood(void)
{
    struct stage st;
    struct kai_buf b;
    enum kai_bye why;

    begin(&st, ALICE);
    struct evil_hand hand = evil_hand_of(&st);
    for (uint64_t first = 0; first < 4096 && !evil_dropped(&st, &why); first += 256) {
        kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
        evil_put_tokens(&b, &hand, first, NULL, KAI_MATCH_TOKENS_MAX);
        evil_say(&st, &b);
        kai_buf_free(&b);
    }
    return end(&st, dropped_with(&st, KAI_BYE_LIMIT));
}

static bool malformed_offer(void)
{
    struct stage st;
    uint8_t junk[KAI_SLOT_BYTES];
    struct kai_net_counters c;
    struct kai_frame f;
    struct kai_buf b;

    begin(&st, CONTRACTOR);
    stage_run(&st, 3000);
    size_t before = evil_heard(&st, KAI_MSG_RB, &f);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&b, KAI_MSG_OFFER, 2);
    kai_put_uint(&b, 0);
    kai_put_array(&b, 60);
    for (size_t i = 0; i < 60; i++) {
        sim_fill(st.s, junk, sizeof junk);
        kai_put_array(&b, 2);
        kai_put_bin(&b, junk, KAI_KEY_BYTES);
        kai_put_bin(&b, junk, sizeof junk);
    }
    evil_say(&st, &b);
    kai_buf_free(&b);
    evil_ask(&st, KAI_HANDLE_OFFER);
    kai_net_counters(st.s->node[BOB].net, &c);
    return end(&st,
               HELD(c.entries_refused >= 60) && HELD(evil_heard(&st, KAI_MSG_RB, &f) == before));
}

/* Reconciliation without end. */
static bool endless_rounds(void)
{
    struct stage st;
    struct kai_frame f;

    begin(&st, ALICE);
    uint64_t h = evil_match(&st, GROUP, ALICE);
    uint64_t before = st.s->count.frames;
    for (size_t i = 0; i < 300; i++)
        kai_sim_raw_frame(st.s, BOB, st.link, (struct kai_view){0}), evil_ask(&st, h);
    return end(&st, HELD(st.s->count.frames - before < 1200) &&
                        HELD(evil_heard(&st, KAI_MSG_ERR, &f) > 0 ||
                             evil_heard(&st, KAI_MSG_BYE, &f) > 0));
}

/* More than it was given credit for, in entries that lead nowhere. */
static bool over_credit(void)
{
    struct stage st;
    struct evil_log l;
    struct kai_entry e;
    enum kai_bye why;
    struct kai_buf b;

    begin(&st, ALICE);
    uint64_t h = evil_match(&st, GROUP, ALICE);
    evil_log_new(&st, &l, ALICE);
    static uint8_t fill[50000];
    for (size_t i = 0; i < 200 && !evil_dropped(&st, &why); i++) {
        sim_fill(st.s, fill, 32);
        struct kai_hdr hdr = {.seq = 2 + i, .ts = l.ts, .ptype = KAI_PTYPE_SEALED};
        memset(hdr.prev, 1, sizeof hdr.prev);
        memcpy(hdr.log_pk, l.key.pk, KAI_KEY_BYTES);
        e = evil_header(&st, &l, &hdr, kai_view_of(fill, sizeof fill));
        kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
        evil_put_push(&b, h, &e);
        kai_sim_raw_frame(st.s, BOB, st.link, kai_buf_view(&b)); /* No time passes. */
        kai_buf_free(&b);
    }
    return end(&st, HELD(memory(&st) < MEMORY_MOST));
}

/* ---- Addresses. */

static void say_addr(struct stage *st, const struct kai_addr *a, const uint8_t *sk)
{
    struct kai_buf note, b;

    kai_buf_init(&note, KAI_ADDR_BYTES_MAX);
    kai_addr_write(&note, a, sk, st->s->charter.nid);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_note(&b, kai_buf_view(&note));
    evil_say(st, &b);
    kai_buf_free(&b);
    kai_buf_free(&note);
}

static struct kai_addr addr_of(const struct stage *st, size_t node, const char *where)
{
    struct kai_addr a = {
        .counter = 99, .n = 1, .listens = true, .not_after = SIM_WALL_MS + (1ull << 40)};

    memcpy(a.node_cert, st->s->node[node].node_cert, KAI_ID_BYTES);
    memcpy(a.curve_pk, st->s->node[node].curve_pk, KAI_KEY_BYTES);
    kai_copy_text(a.at[0].endpoint, sizeof a.at[0].endpoint, where);
    return a;
}

/* Addresses of others that lead to somebody who has nothing to do with it. */
static bool all_to_one_victim(void)
{
    struct stage st;
    bool held = true;

    begin(&st, ALICE);
    for (size_t i = 0; i < STAGE_NODES; i++) {
        struct kai_addr a = addr_of(&st, i, "tcp://203.0.113.9:80");
        struct kai_dial d;
        if (i == ALICE || i == BOB)
            continue;
        say_addr(&st, &a, st.s->node[ALICE].sign.sk);
        held = held && HELD(kai_net_addr_of(st.s->node[BOB].net, st.s->node[i].curve_pk, &d)) &&
               HELD(strcmp(d.endpoint, "tcp://203.0.113.9:80") != 0);
    }
    return end(&st, held);
}

/* One's own address, new every moment: it does not go to every disk each time. */
static bool address_flood(void)
{
    struct stage st;
    struct kai_frame f;
    size_t said;

    begin(&st, ALICE);
    uint64_t before = st.s->count.frames;
    for (uint64_t i = 0; i < 100; i++) {
        struct kai_addr a = addr_of(&st, ALICE, "tcp://203.0.113.9:80");
        a.counter = 100 + i;
        say_addr(&st, &a, st.s->node[ALICE].sign.sk);
    }
    evil_link(&st, BOB, CAROL);
    stage_run(&st, 200);
    said = evil_heard(&st, KAI_MSG_PEERS, &f);
    return end(&st, HELD(said > 0) && HELD(st.s->count.frames - before < 60));
}

const struct evil_script evil_links[] = {
    {"id-squatting", "who a peer is follows from the CURVE key that it proved", {0}, id_squatting},
    {"other-network", "another network's nodes are turned away", {0}, other_network},
    {"before-hello", "nothing is answered before HELLO", {0}, before_hello},
    {"lying-clock", "clocks are shown, never trusted", {0}, lying_clock},
    {"not-canonical", "there is one way to write anything", {0}, not_canonical},
    {"length-bomb", "a count is no larger than the bytes that are left", {0}, bomb},
    {"oversized-frame", "a frame has its limit", {0}, oversized},
    {"trailing-bytes", "nothing stands behind a frame", {0}, trailing},
    {"want-amplification",
     "what one peer can make a node hold is bounded",
     {0},
     want_amplification},
    {"ihave-flood",
     "what a peer only says to have takes bounded room, and holds up nobody",
     {0},
     ihave_flood},
    {"token-flood", "tokens are bounded", {0}, token_flood},
    {"malformed-offer", "an offer that does not open is nothing", {0}, malformed_offer},
    {"endless-rounds", "reconciliation has an allowance", {0}, endless_rounds},
    {"over-credit", "what is under way from a peer is bounded", {0}, over_credit},
    {"all-to-one-victim",
     "an address counts only under its node's signature",
     {"ADDR_SIGNATURE"},
     all_to_one_victim},
    {"address-flood", "each new address of a node costs it", {0}, address_flood},
    {0}};

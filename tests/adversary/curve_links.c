/* curve_links: what can be said on a socket by somebody who is let in and means harm, and by one
 * who should not be let in. */
#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adversary/curve.h"

#define MEMORY_MOST (8u << 20)  /* Of one peer: docs/protocol.md 9. */
#define GROWTH_MOST (64u << 10) /* Of the process, in KiB. */
#define SILENT      300u        /* Connections that do not speak, */
#define SILENT_MOST 256u        /* and as many as a node keeps at all. */

static bool closed(struct curve_link *l, bool held)
{
    curve_close(l);
    return held;
}

static bool memory_bounded(struct curve *w)
{
    return HELD(curve_status(w, "peer_memory_bytes") <= MEMORY_MOST);
}

static uint64_t resident_kib(const struct curve *w)
{
    char path[64];
    char line[256];
    unsigned long kib = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)w->home[BODY].pid);
    FILE *f = fopen(path, "re");
    EVIL_MUST(f != NULL);
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0)
            kib = strtoul(line + 8, NULL, 10);
    (void)fclose(f);
    return kib;
}

/* ---- Who comes in. */

/* A key that no certificate names gets no session, and hears nothing. */
static bool unknown_curve_key(struct curve *w)
{
    struct curve_link *l = curve_open(w, CURVE_STRANGER);
    struct kai_hello h;

    curve_hello_of(l, &h);
    curve_hello(l, &h);
    bool held = curve_cut(l, 0) && HELD(l->n_heard == 0);
    return closed(l, held);
}

/* Another node's certificate over one's own CURVE key. */
static bool id_squatting(struct curve *w)
{
    struct curve_link *l = curve_open(w, ALICE);
    struct kai_hello h;

    curve_hello_of(l, &h);
    memcpy(h.cert, w->home[CAROL].cert, sizeof h.cert);
    curve_hello(l, &h);
    return closed(l, curve_cut(l, KAI_BYE_NOT_ADMITTED));
}

static bool other_network(struct curve *w)
{
    struct curve_link *l = curve_open(w, ALICE);
    struct kai_hello h;

    curve_hello_of(l, &h);
    h.nid[0] ^= 1;
    curve_hello(l, &h);
    return closed(l, curve_cut(l, KAI_BYE_NETWORK));
}

/* Questions before HELLO: nothing is answered. */
static bool before_hello(struct curve *w)
{
    struct curve_link *l = curve_open(w, CAROL);
    struct kai_frame f;
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_want(&b, KAI_HANDLE_CONTROL, w->all_log, 100, 1);
    curve_say(l, &b);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_ask(&b, KAI_HANDLE_CONTROL);
    curve_say(l, &b);
    (void)curve_sync(l);
    return closed(l, HELD(!l->up) && HELD(curve_heard(l, KAI_MSG_ENTRIES, &f) == 0) &&
                         HELD(curve_heard(l, KAI_MSG_RB, &f) == 0));
}

/* The same HELLO over and over is heard once; another one on the same link ends it. */
static bool hello_again(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, ALICE);
    struct kai_frame f;
    struct kai_hello h;

    curve_hello_of(l, &h);
    for (size_t i = 0; i < 200; i++)
        curve_hello(l, &h);
    bool held = HELD(curve_sync(l)) && HELD(curve_heard(l, KAI_MSG_HELLO, &f) == 1);
    h.nonce[0] ^= 1;
    curve_hello(l, &h);
    return closed(l, curve_cut(l, KAI_BYE_MALFORMED) && held);
}

/* HELLO on connection after connection, none of which is closed: one node has one link. */
static bool endless_hellos(struct curve *w)
{
    struct curve_link *l[40];
    size_t alive = 0;

    for (size_t i = 0; i < 40; i++)
        l[i] = curve_link_as(w, ALICE);
    uint64_t peers = curve_status(w, "peers");
    for (size_t i = 0; i < 40; i++) {
        if (i < 39)
            (void)curve_cut(l[i], 0);
        alive += !l[i]->cut;
        curve_close(l[i]);
    }
    return HELD(peers <= 2) && HELD(alive <= 1) && memory_bounded(w);
}

static int connect_to(const struct curve *w)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_port = htons((uint16_t)strtoul(strrchr(w->home[BODY].endpoint, ':') + 1, NULL, 10));
    EVIL_MUST(fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0);
    return fd;
}

/* More connections than a node has room for, which say nothing: they make room for those that do.
 */
static bool silence(struct curve *w)
{
    static int fds[SILENT];
    struct pollfd p;
    size_t cut = 0;

    for (size_t i = 0; i < SILENT; i++)
        fds[i] = connect_to(w);
    struct curve_link *other = curve_link_as(w, ALICE);
    bool held = HELD(curve_sync(other)) && curve_served(w);
    curve_close(other);
    for (size_t i = 0; i < SILENT; i++) {
        char byte[64];

        p = (struct pollfd){.fd = fds[i], .events = POLLIN};
        while (poll(&p, 1, 0) == 1 && read(fds[i], byte, sizeof byte) > 0)
            continue; /* ZeroMQ's greeting. */
        cut += (p.revents & (POLLIN | POLLHUP | POLLERR)) != 0;
        (void)close(fds[i]);
    }
    return HELD(cut >= SILENT - SILENT_MOST) && held;
}

/* ---- Frames. */

static bool cut_for(struct curve *w, const void *p, size_t n)
{
    struct curve_link *l = curve_link_as(w, ALICE);

    curve_bytes(l, p, n);
    return closed(l, curve_cut(l, KAI_BYE_MALFORMED));
}

/* A frame that is right, cut off after each of its bytes; and with one too many. */
static bool malformed_at_each_byte(struct curve *w)
{
    struct kai_buf b;
    bool held = true;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_want(&b, KAI_HANDLE_CONTROL, w->all_log, 100, 1);
    for (size_t n = 0; n < b.len && held; n++)
        held = cut_for(w, b.p, n);
    kai_buf_u8(&b, 0xc0);
    held = held && cut_for(w, b.p, b.len);
    kai_buf_free(&b);
    return held;
}

static bool not_canonical(struct curve *w)
{
    static const uint8_t frame[] = {0x93, 0xcc, 0x03, 0x00, 0x00}; /* PING with a long type. */

    return cut_for(w, frame, sizeof frame);
}

static bool length_bomb(struct curve *w)
{
    static const uint8_t frame[] = {0x92, 0x11, 0xdd, 0xff, 0xff, 0xff, 0xff};

    return cut_for(w, frame, sizeof frame) && memory_bounded(w);
}

/* Over the limit of a frame, and over that of libzmq. */
static bool oversized(struct curve *w)
{
    static const size_t sizes[] = {KAI_FRAME_BYTES_MAX + 1, KAI_ZMQ_MSG_BYTES_MAX - 33,
                                   4 * KAI_ZMQ_MSG_BYTES_MAX};
    static uint8_t frame[4 * KAI_ZMQ_MSG_BYTES_MAX];
    bool held = true;

    frame[0] = 0x92;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct curve_link *l = curve_link_as(w, ALICE);

        curve_bytes(l, frame, sizes[i]);
        held = closed(l, curve_cut(l, 0)) && held;
    }
    return held;
}

/* ---- Too much. */

/* A short question for a long answer, over and over, by somebody who reads nothing. */
static bool want_amplification(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, ALICE);
    uint64_t h = curve_match(l, ALL);
    uint64_t before = resident_kib(w);
    struct kai_buf b;

    (void)curve_sync(l);
    for (size_t i = 0; i < 30; i++) {
        kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
        evil_put_want(&b, h, w->all_log, 1u << 30, KAI_WANT_RANGES_MAX);
        curve_say(l, &b);
    }
    bool served = curve_served(w); /* Meanwhile. */
    uint64_t after = resident_kib(w);
    return closed(l, memory_bounded(w) && served && HELD(after < before + GROWTH_MOST));
}

/* It has ten thousand logs that nobody ever saw. */
static bool ihave_flood(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, ALICE);
    uint64_t h = curve_match(l, ALL);
    struct kai_buf b;
    bool held = true;

    for (size_t i = 0; i < 100 && !l->cut; i++) {
        kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
        evil_put_ihave(&b, &w->hand, h);
        curve_say(l, &b);
        (void)curve_turn(l, 0);
        held = held && (i != 50 || curve_served(w));
    }
    (void)curve_sync(l);
    return closed(l, memory_bounded(w) && held);
}

static bool token_flood(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, ALICE);
    struct kai_buf b;

    for (uint64_t first = 0; first < 4096 && !l->cut; first += KAI_MATCH_TOKENS_MAX) {
        kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
        evil_put_tokens(&b, &w->hand, first, NULL, KAI_MATCH_TOKENS_MAX);
        curve_say(l, &b);
        (void)curve_turn(l, 0);
    }
    return closed(l, curve_cut(l, KAI_BYE_LIMIT));
}

/* Reconciliation without end. */
static bool rb_flood(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, ALICE);
    uint64_t h = curve_match(l, ALL);
    struct kai_frame f;
    struct kai_buf b;
    size_t said = 0;

    for (; said < 2000 && !l->cut; said++) {
        kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
        evil_put_ask(&b, h);
        curve_say(l, &b);
        (void)curve_turn(l, 0);
    }
    (void)curve_sync(l);
    return closed(l, HELD(l->cut || curve_heard(l, KAI_MSG_ERR, &f) > 0) && memory_bounded(w));
}

/* Entries that lead nowhere, twenty times what may be under way; then a word of having sent more
 * than was ever allowed. */
static bool over_credit(struct curve *w)
{
    static uint8_t fill[50000];
    struct curve_link *l = curve_link_as(w, ALICE);
    uint64_t h = curve_match(l, ALL);
    uint64_t before = resident_kib(w);
    struct evil_log log;
    struct kai_buf b;

    curve_log(w, &log, ALICE);
    for (uint64_t i = 0; i < 400 && !l->cut; i++) {
        struct kai_hdr hdr = {.seq = 2 + i, .ts = log.ts, .ptype = KAI_PTYPE_SEALED};

        kai_random(NULL, fill, 32);
        memset(hdr.prev, 1, sizeof hdr.prev);
        memcpy(hdr.log_pk, log.key.pk, KAI_KEY_BYTES);
        memcpy(hdr.kid, curve_epoch(w, ALL)->commit, KAI_TAG_BYTES);
        memcpy(hdr.tag, curve_epoch(w, ALL)->tag, KAI_TAG_BYTES);
        struct kai_entry e =
            evil_make_header(&w->hand, &log, &hdr, kai_view_of(fill, sizeof fill), curve_next(w));
        curve_push(l, h, &e);
    }
    (void)curve_sync(l);
    bool held = memory_bounded(w) && HELD(resident_kib(w) < before + GROWTH_MOST);
    kai_buf_init(&b, 64);
    kai_put_numbers(&b, KAI_MSG_PING, 1, 1ull << 40);
    curve_say(l, &b);
    return closed(l, curve_cut(l, KAI_BYE_LIMIT) && held);
}

/* The address of another node, leading to somebody who has nothing to do with it. */
static bool forged_address(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, ALICE);
    const struct curve_home *carol = &w->home[CAROL];
    struct kai_addr a = {
        .counter = 1ull << 50, .n = 1, .listens = true, .not_after = kai_wall_ms() + (1ull << 30)};
    struct kai_buf note, b;

    memcpy(a.node_cert, carol->cert, KAI_ID_BYTES);
    memcpy(a.curve_pk, carol->node->curve_pk, KAI_KEY_BYTES);
    kai_copy_text(a.at[0].endpoint, sizeof a.at[0].endpoint, "tcp://203.0.113.9:80");
    kai_buf_init(&note, KAI_ADDR_BYTES_MAX);
    kai_addr_write(&note, &a, w->home[ALICE].node->sign_sk, w->hand.nid);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_note(&b, kai_buf_view(&note));
    curve_say(l, &b);
    kai_buf_free(&note);
    return closed(l, curve_cut(l, KAI_BYE_MALFORMED));
}

const struct curve_script curve_links[] = {
    {"unknown-curve-key", "who is in no certificate gets no session", {0}, unknown_curve_key},
    {"id-squatting",
     "a link speaks for the node whose CURVE key it proved",
     {"HELLO_KEY"},
     id_squatting},
    {"other-network", "no link stands between two networks", {"HELLO_NETWORK"}, other_network},
    {"before-hello", "nothing is answered before HELLO", {0}, before_hello},
    {"hello-again", "HELLO is said once", {0}, hello_again},
    {"endless-hellos", "one node has one link", {0}, endless_hellos},
    {"malformed-at-each-byte",
     "a frame that is not whole ends the link",
     {0},
     malformed_at_each_byte},
    {"not-canonical", "there is one way to write anything", {0}, not_canonical},
    {"length-bomb", "a count is no larger than the bytes that are left", {0}, length_bomb},
    {"oversized-frame", "a frame has its limit", {0}, oversized},
    {"want-amplification",
     "what one peer can make a node hold is bounded",
     {0},
     want_amplification},
    {"ihave-flood",
     "what a peer only says to have takes bounded room, and holds up nobody",
     {0},
     ihave_flood},
    {"token-flood", "tokens are bounded", {0}, token_flood},
    {"rb-flood", "reconciliation has an allowance", {0}, rb_flood},
    {"over-credit", "a peer sends no more than it was allowed", {"LINK_CREDIT"}, over_credit},
    {"forged-address",
     "an address is that of a node only under the node's signature",
     {"ADDR_SIGNATURE"},
     forged_address},
    {"silence", "who says nothing makes room for who speaks", {0}, silence},
    {0}};

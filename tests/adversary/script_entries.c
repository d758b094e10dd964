/* script_entries: attacks with entries: forged, lifted, reordered, back-dated, in another's name.
 * The victim is Bob; the link is Alice's, who has turned. */
#include <string.h>

#include "adversary/evil.h"

static bool honest_entries_pass(void)
{
    struct stage st;
    struct evil_log l;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    const struct kai_epoch *epoch = evil_epoch(&st, GROUP, ALICE);
    struct kai_entry e;

    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, epoch);
    evil_push(&st, h, &e);
    evil_push(&st, h, &e); /* Replayed: once is enough. */
    e = evil_item(&st, &l, epoch);
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 2));
}

static bool forged_signature(void)
{
    struct stage st;
    struct evil_log l;
    uint8_t sig[KAI_SIG_BYTES];
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    struct kai_entry e;

    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, evil_epoch(&st, GROUP, ALICE));
    memcpy(sig, e.sig.p, sizeof sig);
    sig[40] ^= 1;
    e.sig.p = sig;
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 0));
}

static bool reordered(void)
{
    struct stage st;
    struct evil_log l;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    const struct kai_epoch *epoch = evil_epoch(&st, GROUP, ALICE);
    struct kai_entry a, b, c;

    evil_log_new(&st, &l, ALICE);
    a = evil_bind(&st, &l, GROUP, epoch);
    b = evil_item(&st, &l, epoch);
    c = evil_item(&st, &l, epoch);
    evil_push(&st, h, &c);
    evil_push(&st, h, &a);
    bool held = HELD(evil_held(&st, BOB, l.key.pk) == 1);
    evil_push(&st, h, &b);
    evil_push(&st, h, &c);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 3) && held);
}

/* The second of a log follows an entry that is not the first. */
static bool broken_chain(void)
{
    struct stage st;
    struct evil_log l;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    const struct kai_epoch *epoch = evil_epoch(&st, GROUP, ALICE);
    struct kai_entry e;

    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, epoch);
    evil_push(&st, h, &e);
    memset(l.key.prev, 0x5a, sizeof l.key.prev);
    e = evil_item(&st, &l, epoch);
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 1));
}

static bool back_dated(void)
{
    struct stage st;
    struct evil_log l;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    const struct kai_epoch *epoch = evil_epoch(&st, GROUP, ALICE);
    struct kai_entry e;
    struct kai_hdr hdr;

    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, epoch);
    evil_push(&st, h, &e);
    e = evil_item(&st, &l, epoch);
    hdr = e.h;
    hdr.ts -= 3600000;
    e = evil_header(&st, &l, &hdr, e.payload);
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 1));
}

/* Alice writes a log that says it is Carol's. */
static bool in_anothers_name(void)
{
    struct stage st;
    struct evil_log l;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    struct sim_key alice = st.s->node[ALICE].sign, carol = st.s->node[CAROL].sign;
    struct kai_entry e;

    evil_log_new(&st, &l, CAROL);
    st.s->node[CAROL].sign = alice; /* She has no other key. */
    e = evil_bind(&st, &l, GROUP, evil_epoch(&st, GROUP, ALICE));
    st.s->node[CAROL].sign = carol;
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 0));
}

/* Carol's own words about another log of hers, sealed anew into one of Alice's. */
static bool lifted_bind(void)
{
    struct stage st;
    struct evil_log carols, l;
    struct kai_bind b = {.incarnation = 1};
    struct kai_buf body;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    struct kai_entry e;

    evil_log_new(&st, &carols, CAROL);
    evil_log_new(&st, &l, ALICE);
    memcpy(b.log_pk, carols.key.pk, KAI_KEY_BYTES);
    memcpy(b.node_cert, st.s->node[CAROL].node_cert, KAI_ID_BYTES);
    memcpy(b.aud_id, st.s->aud[GROUP].id, KAI_ID_BYTES);
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, 1);
    kai_bind_write(&body, &b, st.s->node[CAROL].sign.sk, st.s->charter.nid);
    kai_body_end(&body);
    e = evil_body(&st, &l, evil_epoch(&st, GROUP, ALICE), &body);
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 0));
}

/* What was said to the waterworks is said again, whole, to the group. */
static bool other_audience(void)
{
    struct stage st;
    struct evil_log l;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    struct kai_entry e;

    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, WATER, evil_epoch(&st, GROUP, ALICE));
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 0));
}

/* The payload of one log, moved into another whole: it stands there, and opens for nobody. */
static bool lifted_ciphertext(void)
{
    struct stage st;
    struct evil_log l, mine;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    const struct kai_epoch *epoch = evil_epoch(&st, GROUP, ALICE);
    struct kai_entry e, stolen;
    struct kai_hdr hdr;

    evil_log_new(&st, &l, CAROL);
    (void)evil_bind(&st, &l, GROUP, epoch);
    stolen = evil_item(&st, &l, epoch);
    evil_log_new(&st, &mine, ALICE);
    e = evil_bind(&st, &mine, GROUP, epoch);
    evil_push(&st, h, &e);
    hdr = stolen.h;
    memcpy(hdr.log_pk, mine.key.pk, KAI_KEY_BYTES);
    memcpy(hdr.prev, mine.key.prev, KAI_ID_BYTES);
    e = evil_header(&st, &mine, &hdr, stolen.payload);
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_read(&st, BOB, mine.key.pk) == 1));
}

/* A payload whose commitment is to another key than the one that opens it: so it could be made to
 * open to one thing for some and to another for others. */
static bool two_contents(void)
{
    struct stage st;
    struct evil_log l;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    const struct kai_epoch *epoch = evil_epoch(&st, GROUP, ALICE);
    uint8_t payload[4096];
    struct kai_entry e;
    struct kai_hdr hdr;

    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, epoch);
    evil_push(&st, h, &e);
    e = evil_item(&st, &l, epoch);
    SIM_MUST(e.payload.n <= sizeof payload);
    memcpy(payload, e.payload.p, e.payload.n);
    payload[KAI_SEAL_R_BYTES + KAI_NONCE_BYTES] ^= 1;
    hdr = e.h;
    e = evil_header(&st, &l, &hdr, kai_view_of(payload, e.payload.n));
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_read(&st, BOB, l.key.pk) == 1));
}

static bool wrong_tag(void)
{
    struct stage st;
    struct evil_log l;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    struct kai_epoch epoch = *evil_epoch(&st, GROUP, ALICE);
    struct kai_entry e;

    memcpy(epoch.tag, evil_epoch(&st, WATER, ALICE)->tag, KAI_TAG_BYTES);
    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, &epoch);
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 0));
}

/* Entries that nobody can read, under a key that nobody announced, to fill stores with. */
static bool unknown_key(void)
{
    struct stage st;
    struct evil_log l;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    struct kai_epoch epoch = *evil_epoch(&st, GROUP, ALICE);
    struct kai_entry e;

    memset(epoch.commit, 0x77, sizeof epoch.commit);
    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, &epoch);
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 0));
}

/* An outsider to whom Alice gave the key; she brings what he writes. */
static bool outsider_writes(void)
{
    struct stage st;
    struct evil_log l;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    struct kai_entry e;

    evil_log_new(&st, &l, OUTSIDER);
    e = evil_bind(&st, &l, GROUP, evil_epoch(&st, GROUP, ALICE));
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 0));
}

/* Carol is revoked; Alice brings what Carol writes then. */
static bool revoked_writes_on(void)
{
    struct stage st;
    struct evil_log l;
    struct kai_entry e, after;

    stage_open(&st);
    evil_log_new(&st, &l, CAROL);
    e = evil_bind(&st, &l, GROUP, evil_epoch(&st, GROUP, ALICE));
    after = evil_item(&st, &l, evil_epoch(&st, GROUP, ALICE));
    stage_part(&st);
    evil_link(&st, BOB, ALICE);
    uint64_t h = evil_match(&st, GROUP, ALICE);
    evil_push(&st, h, &e);
    bool held = HELD(evil_held(&st, BOB, l.key.pk) == 1);
    kai_sim_revoke(st.s, CAROL);
    evil_control(&st, &st.s->org[CAROL].revoke->e);
    evil_push(&st, h, &after);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 1) && held);
}

/* A log that was Alice's says under a further key that it is another incarnation. */
static bool changes_its_author(void)
{
    struct stage st;
    struct evil_log l;
    struct kai_orgs fewer = {0};
    struct kai_epoch first;
    struct kai_entry e;

    stage_open(&st);
    first = *evil_epoch(&st, GROUP, ALICE);
    kai_orgs_add(&fewer, ALICE);
    kai_orgs_add(&fewer, BOB);
    kai_sim_change(st.s, GROUP, &fewer);
    stage_run(&st, 4000);
    stage_part(&st);
    evil_link(&st, BOB, ALICE);
    uint64_t h = evil_match(&st, GROUP, ALICE);
    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, &first);
    evil_push(&st, h, &e);
    bool held = HELD(evil_held(&st, BOB, l.key.pk) == 1) &&
                HELD(memcmp(first.commit, evil_epoch(&st, GROUP, ALICE)->commit, 32) != 0);
    memset(l.salt, 0x11, sizeof l.salt);
    e = evil_bind(&st, &l, GROUP, evil_epoch(&st, GROUP, ALICE));
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 1) && held);
}

/* Entries from somebody who is no member, with a routing secret that leaked. */
static bool stranger_brings(void)
{
    struct stage st;
    struct evil_log l;
    struct kai_entry e;

    stage_open(&st);
    stage_part(&st);
    evil_link(&st, BOB, CAROL);
    (void)evil_match(&st, GROUP, ALICE);
    st.as = CONTRACTOR;
    evil_link(&st, BOB, CONTRACTOR);
    uint64_t h = evil_match(&st, GROUP, ALICE);
    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, evil_epoch(&st, GROUP, ALICE));
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 0));
}

/* A clock a thousand years ahead: the author's own log suffers, and no other. */
static bool clock_ahead(void)
{
    struct stage st;
    struct evil_log l, good;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    const struct kai_epoch *epoch = evil_epoch(&st, GROUP, ALICE);
    struct kai_entry e;

    evil_log_new(&st, &l, ALICE);
    l.ts += 1000ull * 365 * 86400 * 1000;
    e = evil_bind(&st, &l, GROUP, epoch);
    evil_push(&st, h, &e);
    evil_log_new(&st, &good, CAROL);
    e = evil_bind(&st, &good, GROUP, epoch);
    evil_push(&st, h, &e);
    e = evil_item(&st, &good, epoch);
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, good.key.pk) == 2) &&
                             HELD(!evil_dropped(&st, &(enum kai_bye){0})));
}

/* Nothing follows the end of a log. */
static bool after_the_end(void)
{
    struct stage st;
    struct evil_log l;
    uint64_t h = evil_begin(&st, ALICE, GROUP);
    const struct kai_epoch *epoch = evil_epoch(&st, GROUP, ALICE);
    struct kai_entry e;
    struct kai_hdr hdr;

    evil_log_new(&st, &l, ALICE);
    e = evil_bind(&st, &l, GROUP, epoch);
    evil_push(&st, h, &e);
    hdr = e.h;
    hdr.seq = 2;
    hdr.ptype = KAI_PTYPE_CLOSE;
    memcpy(hdr.prev, l.key.prev, KAI_ID_BYTES);
    e = evil_header(&st, &l, &hdr, kai_view_of((const uint8_t *)"", 0));
    evil_push(&st, h, &e);
    l.key.seq = 2;
    memcpy(l.key.prev, e.hash, KAI_ID_BYTES);
    e = evil_item(&st, &l, epoch);
    evil_push(&st, h, &e);
    return evil_end(&st, HELD(evil_held(&st, BOB, l.key.pk) == 2));
}

const struct evil_script evil_entries[] = {
    {"honest-entries", "what is right passes, and twice is once", {0}, honest_entries_pass},
    {"forged-signature",
     "an entry counts only under its log's signature",
     {"HDR_SIGNATURE"},
     forged_signature},
    {"reordered", "a log grows in order", {0}, reordered},
    {"broken-chain", "an entry follows the one before it and no other", {0}, broken_chain},
    {"back-dated", "a log's time never goes back", {"CHAIN_TIME"}, back_dated},
    {"in-anothers-name",
     "a log is its author's only by the author's signature",
     {"BIND_SIGNATURE"},
     in_anothers_name},
    {"lifted-bind", "what says whose a log is names that log", {"BIND_PLACE"}, lifted_bind},
    {"other-audience",
     "what says whose a log is names its audience",
     {"BIND_PLACE"},
     other_audience},
    {"lifted-ciphertext", "what is sealed for one place opens in no other", {0}, lifted_ciphertext},
    {"two-contents",
     "a payload opens only under the key that it commits to",
     {"SEAL_COMMIT"},
     two_contents},
    {"wrong-tag", "an entry's tag is that of its audience and epoch", {"TAG_FITS"}, wrong_tag},
    {"unknown-key",
     "an entry is taken unread only under an epoch that was announced",
     {"KID_HELD"},
     unknown_key},
    {"outsider-writes",
     "a log grows while its author may write there",
     {"AUTHOR_MEMBER"},
     outsider_writes},
    {"revoked-writes-on",
     "nothing more is taken of an author that was revoked",
     {"AUTHOR_MEMBER"},
     revoked_writes_on},
    {"changes-its-author",
     "under a further key a log says again whose it is, the same",
     {"BIND_AGAIN"},
     changes_its_author},
    {"stranger-brings",
     "entries are taken from members and relays only",
     {"SENDER_MEMBER"},
     stranger_brings},
    {"clock-ahead", "time orders nothing but the log it stands in", {0}, clock_ahead},
    {"after-the-end", "nothing follows the end of a log", {0}, after_the_end},
    {0}};

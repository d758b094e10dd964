/* curve_entries: entries that are not what they should be, said by Alice to Body over a real
 * socket. */
#include <string.h>

#include "adversary/curve.h"

/* Her link, the handle of an audience, and a log of hers. */
struct scene {
    struct curve *w;
    struct curve_link *link;
    uint64_t handle;
    const struct kai_epoch *epoch;
    struct evil_log log;
};

static void begin(struct scene *s, struct curve *w, size_t aud)
{
    s->w = w;
    s->link = curve_link_as(w, ALICE);
    s->handle = curve_match(s->link, aud);
    s->epoch = curve_epoch(w, aud);
    curve_log(w, &s->log, ALICE);
}

static void push(struct scene *s, const struct kai_entry *e)
{
    curve_push(s->link, s->handle, e);
}

static void push_bind(struct scene *s, size_t aud)
{
    struct kai_entry e = curve_bind(s->w, &s->log, aud, s->epoch);

    push(s, &e);
}

static void push_item(struct scene *s)
{
    struct kai_entry e = curve_item(s->w, &s->log, s->epoch);

    push(s, &e);
}

/* How many entries of the log Body has then. */
static size_t left(struct scene *s, size_t aud)
{
    (void)curve_sync(s->link);
    size_t n = curve_held(s->w, aud, s->log.key.pk);

    curve_close(s->link);
    s->link = NULL;
    return n;
}

static bool honest(struct curve *w)
{
    struct scene s;
    struct kai_entry e;

    begin(&s, w, ALL);
    e = curve_bind(w, &s.log, ALL, s.epoch);
    push(&s, &e);
    push(&s, &e); /* Replayed: once is enough. */
    push_item(&s);
    return HELD(left(&s, ALL) == 2);
}

static bool forged_signature(struct curve *w)
{
    struct scene s;
    uint8_t sig[KAI_SIG_BYTES];
    struct kai_entry e;

    begin(&s, w, ALL);
    e = curve_bind(w, &s.log, ALL, s.epoch);
    memcpy(sig, e.sig.p, sizeof sig);
    sig[40] ^= 1;
    e.sig.p = sig;
    push(&s, &e);
    return HELD(left(&s, ALL) == 0);
}

static bool reordered(struct curve *w)
{
    struct scene s;
    struct kai_entry a, b, c;

    begin(&s, w, ALL);
    a = curve_bind(w, &s.log, ALL, s.epoch);
    b = curve_item(w, &s.log, s.epoch);
    c = curve_item(w, &s.log, s.epoch);
    push(&s, &c);
    push(&s, &a);
    bool held = HELD(left(&s, ALL) == 1);
    s.link = curve_link_as(w, ALICE);
    s.handle = curve_match(s.link, ALL);
    push(&s, &b);
    push(&s, &c);
    return HELD(left(&s, ALL) == 3) && held;
}

static bool broken_chain(struct curve *w)
{
    struct scene s;

    begin(&s, w, ALL);
    push_bind(&s, ALL);
    memset(s.log.key.prev, 0x5a, sizeof s.log.key.prev);
    push_item(&s);
    return HELD(left(&s, ALL) == 1);
}

static bool back_dated(struct curve *w)
{
    struct scene s;
    struct kai_entry e;
    struct kai_hdr hdr;

    begin(&s, w, ALL);
    push_bind(&s, ALL);
    e = curve_item(w, &s.log, s.epoch);
    hdr = e.h;
    hdr.ts -= 3600000;
    e = evil_make_header(&w->hand, &s.log, &hdr, e.payload, curve_next(w));
    push(&s, &e);
    return HELD(left(&s, ALL) == 1);
}

/* Two entries at one place: from there on nothing of the log stands, and nothing more is taken. */
static bool forked(struct curve *w)
{
    struct scene s;
    struct evil_log other;
    struct kai_entry e;

    begin(&s, w, ALL);
    push_bind(&s, ALL);
    other = s.log;
    push_item(&s);
    e = curve_item(w, &other, s.epoch);
    curve_acknowledged(s.link, s.log.key.pk, 2); /* Else the second may be the first there. */
    push(&s, &e);
    bool held = HELD(left(&s, ALL) == 1);
    s.link = curve_link_as(w, ALICE);
    s.handle = curve_match(s.link, ALL);
    push_item(&s);
    return HELD(left(&s, ALL) == 1) && held;
}

/* Alice writes a log that says it is Carol's; she has no key but her own. */
static bool in_anothers_name(struct curve *w)
{
    struct scene s;
    struct kai_bind b = {.incarnation = 7};

    begin(&s, w, ALL);
    memcpy(b.log_pk, s.log.key.pk, KAI_KEY_BYTES);
    memcpy(b.node_cert, w->home[CAROL].cert, KAI_ID_BYTES);
    memcpy(b.aud_id, w->aud[ALL], KAI_ID_BYTES);
    struct kai_entry e =
        evil_make_bind(&w->hand, &s.log, s.epoch, &b, w->home[ALICE].node->sign_sk, curve_next(w));
    push(&s, &e);
    return HELD(left(&s, ALL) == 0);
}

/* What was said to the group is said again, whole, to all. */
static bool other_audience(struct curve *w)
{
    struct scene s;

    begin(&s, w, ALL);
    push_bind(&s, OPS);
    return HELD(left(&s, ALL) == 0);
}

/* The payload of one log, moved into another whole: nothing of it opens. */
static bool lifted_ciphertext(struct curve *w)
{
    struct scene s;
    struct evil_log other;
    struct kai_entry e, stolen;
    struct kai_hdr hdr;
    uint64_t items = curve_status(w, "items");

    begin(&s, w, ALL);
    curve_log(w, &other, CAROL);
    (void)curve_bind(w, &other, ALL, s.epoch);
    stolen = curve_item(w, &other, s.epoch);
    push_bind(&s, ALL);
    hdr = stolen.h;
    memcpy(hdr.log_pk, s.log.key.pk, KAI_KEY_BYTES);
    memcpy(hdr.prev, s.log.key.prev, KAI_ID_BYTES);
    e = evil_make_header(&w->hand, &s.log, &hdr, stolen.payload, curve_next(w));
    push(&s, &e);
    (void)left(&s, ALL);
    return HELD(curve_status(w, "items") == items);
}

static bool wrong_tag(struct curve *w)
{
    struct scene s;
    struct kai_epoch epoch;

    begin(&s, w, ALL);
    epoch = *s.epoch;
    memcpy(epoch.tag, curve_epoch(w, OPS)->tag, KAI_TAG_BYTES);
    s.epoch = &epoch;
    push_bind(&s, ALL);
    return HELD(left(&s, ALL) == 0);
}

/* Entries that nobody can read, under a key that nobody announced, to fill stores with. */
static bool unknown_key(struct curve *w)
{
    struct scene s;
    struct kai_epoch epoch;

    begin(&s, w, ALL);
    epoch = *s.epoch;
    memset(epoch.commit, 0x77, sizeof epoch.commit);
    s.epoch = &epoch;
    push_bind(&s, ALL);
    return HELD(left(&s, ALL) == 0);
}

/* ---- What is inside: batches. */

static enum kai_err emit(void *ctx, const struct kai_entry *e, size_t n_items)
{
    struct scene *s = ctx;

    (void)n_items;
    push(s, e);
    return KAI_OK;
}

/* A batch with one indicator, whatever its OBJ says. */
static void publish(struct scene *s, const struct kai_obj *obj, const char *value)
{
    struct kai_log_writer w = {.nid = s->w->hand.nid,
                               .log_sk = s->log.key.sk,
                               .epoch_key = s->epoch->key,
                               .seq = s->log.key.seq,
                               .ts = s->log.ts};
    struct kai_batch_options opt = {.obj = *obj,
                                    .node_sk = s->w->home[ALICE].node->sign_sk,
                                    .now_ms = kai_wall_ms(),
                                    .items_max = KAI_BATCH_ITEMS_MAX,
                                    .random = kai_random,
                                    .emit = emit,
                                    .emit_ctx = s};
    struct kai_batch *b;
    uint8_t r[16];
    char text[1024];

    memcpy(w.log_pk, s->log.key.pk, KAI_KEY_BYTES);
    memcpy(w.prev, s->log.key.prev, KAI_ID_BYTES);
    memcpy(w.kid, s->epoch->commit, KAI_TAG_BYTES);
    memcpy(w.tag, s->epoch->tag, KAI_TAG_BYTES);
    kai_random(NULL, r, sizeof r);
    int n = snprintf(
        text, sizeof text,
        "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--%02x%02x%02x%02x-"
        "%02x%02x-4%01x%02x-a%01x%02x-%02x%02x%02x%02x%02x%02x\","
        "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\","
        "\"pattern\":\"[domain-name:value = '%s']\",\"pattern_type\":\"stix\","
        "\"valid_from\":\"2026-01-01T00:00:00Z\"}",
        r[0], r[1], r[2], r[3], r[4], r[5], r[6] & 15u, r[7], r[8] & 15u, r[9], r[10], r[11], r[12],
        r[13], r[14], r[15], value);
    EVIL_MUST(kai_batch_new(&b, &w, &opt) == KAI_OK);
    EVIL_MUST(kai_batch_add(b, KAI_CONTENT_STIX, kai_view_of(text, (size_t)n)) == KAI_OK);
    EVIL_MUST(kai_batch_flush(b) == KAI_OK);
    kai_batch_free(b);
    s->log.key.seq = w.seq;
    memcpy(s->log.key.prev, w.prev, KAI_ID_BYTES);
}

static struct kai_obj obj_of(struct curve *w, size_t aud, uint8_t tlp)
{
    struct kai_obj o = {.tlp = tlp, .n_auds = 1};

    memcpy(o.aud[0], w->aud[aud], KAI_ID_BYTES);
    memcpy(o.origin_cert, w->home[ALICE].cert, KAI_ID_BYTES);
    return o;
}

/* What is wrong with it is written between two that are right: when the second is found, the first
 * was, and the wrong one has had its turn. */
static bool hidden(struct curve *w, const struct kai_obj *wrong)
{
    struct scene s;
    struct kai_obj right = obj_of(w, ALL, 2);
    char good[48], bad[48];
    uint64_t deadline = kai_now_ms() + 10000;
    unsigned n = w->serial++;
    bool found = false;

    (void)snprintf(good, sizeof good, "right-%u.example", n);
    (void)snprintf(bad, sizeof bad, "wrong-%u.example", n);
    begin(&s, w, ALL);
    push_bind(&s, ALL);
    publish(&s, wrong, bad);
    publish(&s, &right, good);
    while (!found && kai_now_ms() < deadline) {
        (void)curve_turn(s.link, 20);
        found = curve_finds(w, good);
    }
    curve_close(s.link);
    return HELD(found) && HELD(!curve_finds(w, bad));
}

static bool audience_not_listed(struct curve *w)
{
    struct kai_obj o = obj_of(w, OPS, 2);

    return hidden(w, &o);
}

/* Alice's batch says that it is Carol's. */
static bool anothers_batch(struct curve *w)
{
    struct kai_obj o = obj_of(w, ALL, 2);

    memcpy(o.origin_cert, w->home[CAROL].cert, KAI_ID_BYTES);
    return hidden(w, &o);
}

static bool over_the_ceiling(struct curve *w)
{
    struct kai_obj o = obj_of(w, ALL, 3);

    return hidden(w, &o);
}

static bool red_unsealed(struct curve *w)
{
    struct kai_obj o = obj_of(w, ALL, 5);

    return hidden(w, &o);
}

const struct curve_script curve_entries[] = {
    {"honest-entries", "what is right passes, and twice is once", {0}, honest},
    {"forged-signature",
     "an entry counts only under its log's signature",
     {"HDR_SIGNATURE"},
     forged_signature},
    {"reordered", "a log grows in order", {0}, reordered},
    {"broken-chain", "an entry follows the one before it and no other", {0}, broken_chain},
    {"back-dated", "a log's time never goes back", {"CHAIN_TIME"}, back_dated},
    {"forked", "of two entries at one place neither stands, and the log stands still", {0}, forked},
    {"in-anothers-name",
     "a log is its author's only by the author's signature",
     {"BIND_SIGNATURE"},
     in_anothers_name},
    {"other-audience",
     "what says whose a log is names its audience",
     {"BIND_PLACE"},
     other_audience},
    {"lifted-ciphertext", "what is sealed for one place opens in no other", {0}, lifted_ciphertext},
    {"wrong-tag", "an entry's tag is that of its audience and epoch", {"TAG_FITS"}, wrong_tag},
    {"unknown-kid",
     "an entry is taken unread only under an epoch that was announced",
     {"KID_HELD"},
     unknown_key},
    {"audience-not-listed",
     "a batch is shown only in audiences that its source listed",
     {"OBJ_AUDIENCE"},
     audience_not_listed},
    {"anothers-batch",
     "a batch counts only under the signature of its origin's node, in its origin's log",
     {0},
     anothers_batch},
    {"over-the-ceiling",
     "an audience carries nothing above its ceiling",
     {"LABEL_CEILING"},
     over_the_ceiling},
    {"red-unsealed", "RED without the second seal is shown nowhere", {0}, red_unsealed},
    {0}};

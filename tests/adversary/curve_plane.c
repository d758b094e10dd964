/* curve_plane: those who are in no audience and would like to be, and what only some may say about
 * who is in. The last ones change the network for good. */
#include <string.h>

#include "adversary/curve.h"
#include "crypto/hash.h"

static bool closed(struct curve_link *l, bool held)
{
    curve_close(l);
    return held;
}

static void want(struct curve_link *l, uint64_t handle, const uint8_t *log_pk)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_want(&b, handle, log_pk, 100, 1);
    curve_say(l, &b);
}

static void ask(struct curve_link *l, uint64_t handle)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    evil_put_ask(&b, handle);
    curve_say(l, &b);
}

/* ---- Audiences that are not one's own. */

/* Carol asks for a log of `ops` by the handle of an audience that she is in. */
static bool not_its_own_log(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, CAROL);
    uint64_t h = curve_match(l, ALL);

    want(l, h, w->ops_log);
    want(l, h, w->all_log);
    bool held = HELD(curve_sync(l)) && HELD(!curve_heard_log(l, w->ops_log));
    /* What she may have comes. */
    for (uint64_t until = kai_now_ms() + 5000;
         !curve_heard_log(l, w->all_log) && kai_now_ms() < until;)
        (void)curve_turn(l, 100);
    return closed(l, HELD(curve_heard_log(l, w->all_log)) && held);
}

/* With the routing secret of `ops`, which leaked to her. */
static bool leaked_secret(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, CAROL);
    uint64_t h = curve_match(l, OPS);

    (void)curve_sync(l);
    ask(l, h);
    want(l, h, w->ops_log);
    uint64_t all = curve_match(l, ALL);
    want(l, all, w->all_log); /* When this comes, that would have. */
    for (uint64_t until = kai_now_ms() + 5000;
         !curve_heard_log(l, w->all_log) && kai_now_ms() < until;)
        (void)curve_turn(l, 100);
    return closed(l, HELD(curve_heard_log(l, w->all_log)) && HELD(!curve_heard_log(l, w->ops_log)));
}

/* Which audiences is Body in? Tokens of one's own making, and of secrets that fit: what is heard is
 * the same. */
static bool probing(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, CAROL);
    struct kai_frame f;
    struct kai_buf b;
    size_t said[2];
    uint64_t h[2];

    (void)curve_match(l, ALL);
    (void)curve_sync(l);
    for (size_t i = 0; i < 2; i++) {
        size_t before = curve_heard(l, KAI_MSG_MATCH, &f) + curve_heard(l, KAI_MSG_OFFER, &f);

        if (i == 0) {
            h[i] = curve_match(l, OPS);
        } else {
            h[i] = l->n_tokens++;
            kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
            evil_put_tokens(&b, &w->hand, h[i], NULL, 1);
            curve_say(l, &b);
        }
        ask(l, h[i]);
        (void)curve_sync(l);
        said[i] = curve_heard(l, KAI_MSG_MATCH, &f) + curve_heard(l, KAI_MSG_OFFER, &f) - before;
    }
    return closed(l, HELD(said[0] == said[1]) && HELD(!curve_heard_log(l, w->ops_log)) &&
                         HELD(!l->cut));
}

/* She brings what Alice wrote for `ops`. */
static bool stranger_brings(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, CAROL);
    uint64_t h = curve_match(l, OPS);
    struct evil_log log;

    curve_log(w, &log, ALICE);
    struct kai_entry e = curve_bind(w, &log, OPS, curve_epoch(w, OPS));
    curve_push(l, h, &e);
    (void)curve_sync(l);
    return closed(l, HELD(curve_held(w, OPS, log.key.pk) == 0));
}

/* Alice brings what Carol, who is no member, wrote for `ops` under the key that leaked to her. */
static bool outsider_writes(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, ALICE);
    uint64_t h = curve_match(l, OPS);
    struct evil_log log;

    curve_log(w, &log, CAROL);
    struct kai_entry e = curve_bind(w, &log, OPS, curve_epoch(w, OPS));
    curve_push(l, h, &e);
    (void)curve_sync(l);
    curve_close(l);
    return HELD(curve_held(w, OPS, log.key.pk) == 0);
}

/* ---- The control plane. */

/* Say a record, signed by the issuing key of a home; the attacker keeps it, too. *hash: its id. */
static void say(struct curve *w, struct curve_link *l, size_t by, uint64_t type,
                const struct kai_buf *body, uint8_t hash[static KAI_ID_BYTES])
{
    const struct kai_keys *k = w->home[by].issuing;
    struct kai_ctl *ctl = w->core->ctl;
    struct kai_hdr h = {.seq = 1, .ptype = KAI_PTYPE_CONTROL, .ts = kai_wall_ms()};
    struct kai_buf payload;
    struct kai_buf *out = curve_next(w);
    struct kai_head head;
    struct kai_entry e;

    EVIL_MUST(k != NULL && body->err == KAI_OK);
    memcpy(h.log_pk, k->sign_pk, KAI_KEY_BYTES);
    if (kai_ctl_head(ctl, k->sign_pk, &head) == KAI_OK && head.seq > 0) {
        h.seq = head.seq + 1;
        memcpy(h.prev, head.hash, KAI_ID_BYTES);
    }
    kai_buf_init(&payload, KAI_CERT_BYTES_MAX);
    kai_rec_write(&payload, type, kai_buf_view(body));
    kai_buf_clear(out);
    EVIL_MUST(kai_entry_make(&e, out, &h, k->sign_sk, w->hand.nid, kai_buf_view(&payload)) ==
              KAI_OK);
    memcpy(hash, e.hash, KAI_ID_BYTES);
    kai_ignore(kai_ctl_add(ctl, &e)); /* Refused here, it is refused there. */
    curve_push(l, KAI_HANDLE_CONTROL, &e);
    (void)curve_sync(l); /* It may be cut for it. */
    kai_buf_free(&payload);
}

/* Somebody made up. */
static void make_nobody(struct curve *w, struct kai_admit *a)
{
    uint8_t sk[64];

    *a = (struct kai_admit){.kind = KAI_ADMIT_ORG,
                            .caps = 31,
                            .depth_left = 3,
                            .max_children = 10,
                            .label_max = 5,
                            .quota = 1u << 20,
                            .not_before = kai_wall_ms() - 1000,
                            .not_after = kai_wall_ms() + (1ull << 33),
                            .serial = 1};
    (void)snprintf(a->name, sizeof a->name, "nobody-%u", w->serial++);
    EVIL_MUST(crypto_sign_keypair(a->sign_pk, sk) == 0);
    kai_admit_prove(a, sk);
}

static void admit(struct curve *w, struct curve_link *l, size_t by, const struct kai_admit *a,
                  uint8_t hash[static KAI_ID_BYTES])
{
    struct kai_buf body;

    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_admit_write(&body, a);
    say(w, l, by, KAI_REC_ADMIT, &body, hash);
    kai_buf_free(&body);
}

/* What Body answers for now it wrote down behind what it was told before: that is judged by then,
 * and shown. An answer to a PING may come earlier, on a busy machine by much. */
static void judged(struct curve *w)
{
    char text[96];
    char path[128];

    (void)snprintf(text, sizeof text, "judged-%u.example\n", w->serial++);
    curve_file(w, text, path);
    const char *const args[] = {"publish", path, "--to", "all", "--label", "GREEN", NULL};
    EVIL_MUST(curve_call(w, BODY, NULL, args) == 0);
}

static bool is_in(struct curve *w, const char *name)
{
    char status[32];

    curve_org(w, name, "status", status);
    return strcmp(status, "active") == 0;
}

/* Alice has no such capability. */
static bool may_not_admit(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, ALICE);
    uint8_t hash[KAI_ID_BYTES];
    struct kai_admit a;

    make_nobody(w, &a);
    admit(w, l, ALICE, &a, hash);
    judged(w);
    curve_close(l);
    return HELD(!is_in(w, a.name));
}

/* No word of the one whose key it is. */
static bool without_asking(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, ALICE);
    uint8_t hash[KAI_ID_BYTES];
    struct kai_admit a;

    make_nobody(w, &a);
    a.pop[3] ^= 1;
    admit(w, l, CAROL, &a, hash);
    judged(w);
    curve_close(l);
    return HELD(!is_in(w, a.name));
}

/* Carol may admit one more, and nobody to more than she has: fifty, each but the first in the place
 * of the first. */
static bool endless_replaces(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, ALICE);
    uint8_t first[KAI_ID_BYTES];
    uint8_t hash[KAI_ID_BYTES];
    static struct kai_admit a[50];
    size_t in = 0;
    bool held = true;

    for (size_t i = 0; i < 50; i++) {
        make_nobody(w, &a[i]);
        if (i > 0) {
            a[i].has_replaces = true;
            memcpy(a[i].replaces, first, KAI_ID_BYTES);
        }
        admit(w, l, CAROL, &a[i], i == 0 ? first : hash);
    }
    judged(w);
    curve_close(l);
    for (size_t i = 0; i < 50; i++) {
        char label[32];

        if (!is_in(w, a[i].name))
            continue;
        in++;
        curve_org(w, a[i].name, "label_max", label);
        held = held && HELD(strcmp(label, "TLP:AMBER") == 0);
    }
    return HELD(in <= 1) && held;
}

/* An audience of Body's, as Alice would like it: with Carol as a steward. */
static bool anothers_audience(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, ALICE);
    const struct kai_core *c = w->core;
    struct kai_aud_rec rec = kai_roster_audience(kai_net_roster(c->net), w->aud[OPS])->rec;
    const char *const args[] = {"audience", "show", "ops", NULL};
    uint8_t hash[KAI_ID_BYTES];
    struct kai_buf body;
    json_t *rows = NULL;

    rec.ver += 10;
    rec.n_stewards = 1;
    memcpy(rec.stewards[0], w->home[CAROL].org_id, KAI_ID_BYTES);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_aud_rec_write(&body, &rec);
    say(w, l, ALICE, KAI_REC_AUDIENCE, &body, hash);
    kai_buf_free(&body);
    judged(w);
    curve_close(l);
    bool held = HELD(curve_call(w, BODY, &rows, args) == 0) &&
                HELD(strcmp(curve_text(rows, "owner"), "Body") == 0);
    json_decref(rows);
    return held;
}

/* ---- For good. */

/* Carol's links stand while she is put out: they end, in the same moment, and no new one begins. */
static bool revoked_stays(struct curve *w)
{
    struct curve_link *l = curve_link_as(w, CAROL);
    const char *const args[] = {"org", "revoke", "Carol", "--reason", "left", NULL};
    struct kai_hello h;

    (void)curve_match(l, ALL);
    EVIL_MUST(curve_sync(l));
    EVIL_MUST(curve_call(w, BODY, NULL, args) == 0);
    uint64_t began = kai_now_ms();
    bool held = curve_cut(l, KAI_BYE_NOT_ADMITTED) && HELD(kai_now_ms() - began < 2000);
    curve_close(l);
    l = curve_open(w, CAROL);
    curve_hello_of(l, &h);
    curve_hello(l, &h);
    return closed(l, curve_cut(l, 0) && HELD(l->n_heard == 0) && held);
}

/* Alice puts Honest out, which is not hers to do. */
static bool not_its_own_to_revoke(struct curve *w)
{
    struct curve_link *l = curve_open(w, ALICE);
    const struct kai_core *c = w->core;
    struct kai_revoke r = {.reason = KAI_REVOKE_RULES, .of = 1};
    uint8_t hash[KAI_ID_BYTES];
    const struct kai_org *orgs;
    struct kai_hello h;
    struct kai_buf body;
    size_t n = kai_roster_orgs(kai_net_roster(c->net), &orgs);

    curve_hello_of(l, &h);
    curve_hello(l, &h);
    for (size_t i = 0; i < n; i++)
        if (strcmp(orgs[i].name, "Honest") == 0)
            memcpy(r.target, orgs[i].cert, KAI_ID_BYTES);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_revoke_write(&body, &r);
    say(w, l, ALICE, KAI_REC_REVOKE, &body, hash);
    kai_buf_free(&body);
    judged(w);
    curve_close(l);
    return HELD(is_in(w, "Honest"));
}

const struct curve_script curve_plane[] = {
    {"not-its-own-log", "what is asked for is looked up where it is asked", {0}, not_its_own_log},
    {"leaked-secret",
     "data goes to members of its audience and to relays it lists",
     {"PEER_MEMBER"},
     leaked_secret},
    {"probing", "who is no member learns of no audience", {0}, probing},
    {"stranger-brings",
     "entries are taken from members and relays only",
     {"SENDER_MEMBER"},
     stranger_brings},
    {"outsider-writes",
     "a log grows while its author may write there",
     {"AUTHOR_MEMBER"},
     outsider_writes},
    {"may-not-admit", "only who may admit admits", {0}, may_not_admit},
    {"without-asking",
     "nobody is admitted under a key without that key's own word",
     {"ADMIT_PROOF"},
     without_asking},
    {"endless-replaces",
     "one admission takes the place of another once, and none is wider than its admitter",
     {"ADMIT_NUMBER", "ADMIT_NARROWS"},
     endless_replaces},
    {"anothers-audience", "an audience is its owner's", {0}, anothers_audience},
    {"not-its-own-to-revoke",
     "only who stands above revokes",
     {"REVOKE_ANCESTOR"},
     not_its_own_to_revoke},
    {"revoked-stays", "who is put out is cut off at once", {0}, revoked_stays},
    {0}};

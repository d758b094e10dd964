/* What stewards owe: rotation, relays, history. */
#include "keys/orgs.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/keyring_int.h"

#define START (1000 * DAY_MS)

static void grows_old(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_aud_rec rec;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_epoch a, b;

    struct kai_keyring *k = orgs_community(&t, 1, 2, &rec, aud);
    assert_int_equal(orgs_duties(&t, k, START), 1);
    MUST(kai_keyring_write_epoch(k, aud, &a));
    assert_int_equal(orgs_duties(&t, k, START + 30 * DAY_MS), 0);
    assert_int_equal(orgs_duties(&t, k, START + 30 * DAY_MS + 1), 1);
    MUST(kai_keyring_write_epoch(k, aud, &b));
    assert_int_equal(b.gen, a.gen + 1);
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* One by one many were added: before there is no room to say more of it, a new epoch. */
static void much_was_added(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_aud_rec rec;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_epoch a, b;

    struct kai_keyring *k = orgs_community(&t, 1, 2, &rec, aud);
    assert_int_equal(orgs_duties(&t, k, START), 1);
    MUST(kai_keyring_write_epoch(k, aud, &a));
    struct kai_known *e = kai_ring_aud(k, aud)->best;
    size_t most = KAI_EPOCH_STATEMENTS_MAX / 2;
    struct kai_statement *said = realloc(e->said, most * sizeof *said);
    assert_non_null(said);
    e->said = said;
    memset(said + e->n_said, 0, (most - e->n_said) * sizeof *said);
    e->n_said = most - 1;
    assert_int_equal(orgs_duties(&t, k, START + 1), 0);
    e->n_said = most;
    assert_int_equal(orgs_duties(&t, k, START + 2), 1);
    MUST(kai_keyring_write_epoch(k, aud, &b));
    assert_int_equal(b.gen, a.gen + 1);
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* It is in the list before it is in the network. What it is given then is said in the same words as
 * what the other relay was given, and is news all the same: else it would be owed for ever. */
static void a_relay_comes_late(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_aud_rec rec;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_admit mark = world_terms(KAI_ADMIT_ORG);
    struct tsub late = {0};

    struct kai_keyring *k = orgs_community(&t, 3, 2, &rec, aud);
    t.one_log = true;
    mark.caps |= KAI_CAP_PROVIDER;
    size_t at = orgs_add(&t, 0, &mark);
    orgs_news(&t, &k, 1);
    assert_int_equal(orgs_duties(&t, k, START), 1);
    world_key(&t.w, &late);
    kai_hash(late.id, KAI_D_NODE, late.log.pk, KAI_KEY_BYTES);
    bool first = memcmp(late.id, t.o[at].node.id, KAI_ID_BYTES) < 0;
    rec.ver = 2;
    rec.n_relays = 2;
    memcpy(rec.relays[!first], late.id, KAI_ID_BYTES);
    memcpy(rec.relays[first], t.o[at].node.id, KAI_ID_BYTES);
    orgs_audience(&t, 0, &rec, aud);
    orgs_news(&t, &k, 1);
    assert_int_equal(orgs_duties(&t, k, START + 1), 1);
    world_admit(&t.w, &t.o[at].issuing.log, &late, KAI_ADMIT_NODE, NULL);
    orgs_news(&t, &k, 1);
    struct kai_keyring *relay = orgs_ring_of(&t, &late, at);
    const struct kai_epoch *held;
    assert_int_equal(orgs_duties(&t, k, START + 2), 1);
    assert_int_equal(orgs_duties(&t, k, START + 3), 0);
    (void)!orgs_hear(&t, relay, 0);
    assert_int_equal(kai_keyring_epochs(relay, aud, &held), 1);
    assert_true(held->route_only);
    kai_keyring_free(relay);
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* What one audience is owed cannot be done: the others have theirs meanwhile, in whichever order.
 */
static void one_is_paused(void **state)
{
    (void)state;
    for (size_t which = 0; which < 2; which++) {
        static struct orgs t;
        struct kai_aud_rec rec;
        uint8_t aud[2][KAI_ID_BYTES];
        struct kai_epoch e;
        struct kai_duty d;

        struct kai_keyring *k = orgs_community(&t, 3, 2, &rec, aud[0]);
        rec.nonce[2] = 1;
        orgs_audience(&t, 0, &rec, aud[1]);
        orgs_news(&t, &k, 1);
        kai_keyring_pause(k, aud[which], START);
        assert_int_equal(orgs_duties(&t, k, START + 1), 1);
        MUST(kai_keyring_write_epoch(k, aud[1 - which], &e));
        assert_int_equal(kai_keyring_write_epoch(k, aud[which], &e), KAI_ENOTFOUND);
        kai_keyring_lacks_since(k, aud[which], 1);
        assert_int_equal(kai_keyring_want(k, aud[which], START + 1, &d), KAI_EAGAIN);
        assert_int_equal(orgs_duties(&t, k, START + 900000 - 1), 0);
        assert_int_equal(orgs_duties(&t, k, START + 900000), 1);
        MUST(kai_keyring_write_epoch(k, aud[which], &e));
        kai_keyring_free(k);
        orgs_stop(&t);
    }
}

/* A node is in by two certificates, and one of them is revoked because keys were stolen: it stays a
 * member, but what it can read from now on needs a fresh key. */
static void stolen_keys(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_aud_rec rec;
    uint8_t aud[KAI_ID_BYTES], old[KAI_ID_BYTES];
    struct kai_epoch a, b;

    struct kai_keyring *k = orgs_community(&t, 2, 2, &rec, aud);
    memcpy(old, t.o[1].node.cert, KAI_ID_BYTES);
    world_admit(&t.w, &t.o[1].issuing.log, &t.o[1].node, KAI_ADMIT_NODE, NULL);
    orgs_news(&t, &k, 1);
    assert_int_equal(orgs_duties(&t, k, START), 1);
    MUST(kai_keyring_write_epoch(k, aud, &a));
    world_remove(&t.w, &t.o[1].issuing.log, old, KAI_REVOKE_COMPROMISE, NULL, 0);
    orgs_news(&t, &k, 1);
    assert_true(orgs_node(&t, 1)->active);
    assert_int_equal(orgs_duties(&t, k, START + 1), 1);
    MUST(kai_keyring_write_epoch(k, aud, &b));
    assert_memory_not_equal(a.key, b.key, KAI_KEY_BYTES);
    assert_int_equal(orgs_duties(&t, k, START + 2), 0); /* Answered. */
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* The founder's community with two members more, the first of which is a steward too: its audience,
 * and the keyrings of the first n. Starts the network. */
static struct kai_aud_rec two_stewards(struct orgs *t, uint64_t seed, uint8_t *aud,
                                       struct kai_keyring **k, size_t n)
{
    orgs_start(t, seed);
    orgs_add(t, 0, NULL);
    orgs_add(t, 0, NULL);
    struct kai_aud_rec rec = orgs_rec(t, 0, KAI_AUD_COMMUNITY, 2);
    rec.n_stewards = 2;
    memcpy(rec.stewards[1], t->o[1].org.id, KAI_ID_BYTES);
    orgs_audience(t, 0, &rec, aud);
    for (size_t i = 0; i < n; i++)
        k[i] = orgs_ring(t, i);
    return rec;
}

/* A steward makes the epoch, another adds somebody to it, and the first is removed: what is left of
 * stewards' words lists nobody who is out, and yet the removed one has the key. */
static void a_steward_is_removed(void **state)
{
    (void)state;
    static struct orgs t;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_epoch made, now;
    struct kai_keyring *k[3];

    (void)two_stewards(&t, 6, aud, k, 3);
    assert_int_equal(orgs_duties(&t, k[1], START), 0); /* It waits for the owner. */
    assert_int_equal(orgs_duties(&t, k[1], START + 60000), 1);
    MUST(orgs_hear(&t, k[0], 0));
    MUST(orgs_hear(&t, k[2], 0));
    MUST(kai_keyring_write_epoch(k[2], aud, &made));
    orgs_add(&t, 0, NULL);
    orgs_news(&t, k, 3);
    size_t from = t.n_heard;
    assert_int_equal(orgs_duties(&t, k[0], START + 60001), 1);
    struct kai_keyring *late = orgs_ring(&t, 3);
    MUST(orgs_hear(&t, late, from));
    assert_int_equal(kai_keyring_write_epoch(late, aud, &now), KAI_EAGAIN); /* Whose is it? */
    (void)orgs_hear(&t, k[2], from); /* Nor here, but for news. */
    (void)orgs_hear(&t, late, 0);    /* Whoever made it gave it no slot, but lists itself. */
    MUST(kai_keyring_write_epoch(late, aud, &now));
    assert_memory_equal(now.key, made.key, KAI_KEY_BYTES);

    world_remove(&t.w, &t.o[0].issuing.log, t.o[1].org.cert, KAI_REVOKE_LEFT, NULL, 0);
    struct kai_keyring *left[3] = {k[0], k[2], late};
    orgs_news(&t, left, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(kai_keyring_write_epoch(left[i], aud, &now), KAI_EAGAIN);
        assert_false(kai_keyring_may_write(left[i], aud, made.commit));
    }
    from = t.n_heard;
    assert_int_equal(orgs_duties(&t, k[0], START + 60002), 1);
    MUST(kai_keyring_write_epoch(k[0], aud, &now));
    assert_memory_not_equal(now.key, made.key, KAI_KEY_BYTES);
    assert_int_equal(orgs_hear(&t, k[1], from), KAI_ENOTFOUND);
    for (size_t i = 0; i < 3; i++)
        kai_keyring_free(k[i]);
    kai_keyring_free(late);
    orgs_stop(&t);
}

/* What one gave that is a member still and no steward any more. */
static void a_steward_of_before(void **state)
{
    (void)state;
    static struct orgs t;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_epoch now;
    struct kai_keyring *k[2];

    struct kai_aud_rec rec = two_stewards(&t, 10, aud, k, 2);
    assert_int_equal(orgs_duties(&t, k[0], START), 1);
    MUST(orgs_hear(&t, k[1], 0));
    orgs_add(&t, 0, NULL);
    orgs_news(&t, k, 2);
    size_t from = t.n_heard;
    assert_int_equal(orgs_duties(&t, k[1], START + 1), 0);
    assert_int_equal(orgs_duties(&t, k[1], START + 1001), 1);
    MUST(orgs_hear(&t, k[0], from));
    rec.ver = 2;
    rec.n_stewards = 1;
    orgs_audience(&t, 0, &rec, aud);
    orgs_news(&t, k, 2);
    MUST(kai_keyring_write_epoch(k[0], aud, &now));
    world_remove(&t.w, &t.o[0].issuing.log, t.o[3].org.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_news(&t, k, 2);
    assert_int_equal(kai_keyring_write_epoch(k[0], aud, &now), KAI_EAGAIN);
    for (size_t i = 0; i < 2; i++)
        kai_keyring_free(k[i]);
    orgs_stop(&t);
}

/* Two stewards, of whom one has not heard yet that a member is out. */
static void a_steward_is_behind(void **state)
{
    (void)state;
    static struct orgs t;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_epoch now;
    struct kai_keyring *k[3];

    (void)two_stewards(&t, 7, aud, k, 3);
    assert_int_equal(orgs_duties(&t, k[0], START), 1);
    MUST(orgs_hear(&t, k[1], 0));
    world_remove(&t.w, &t.o[0].issuing.log, t.o[2].org.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_news(&t, k, 1);
    size_t from = t.n_heard;
    assert_int_equal(orgs_duties(&t, k[0], START + 1), 1);
    MUST(orgs_hear(&t, k[1], from));
    MUST(kai_keyring_write_epoch(k[1], aud, &now));
    assert_int_equal(orgs_duties(&t, k[1], START + 2), 0);
    assert_int_equal(orgs_duties(&t, k[1], START + 60000), 0); /* It would add organisation 2. */
    orgs_news(&t, k + 1, 1);
    assert_int_equal(orgs_duties(&t, k[1], START + 120000), 0); /* There is nobody to add. */
    assert_int_equal(orgs_hear(&t, k[2], from), KAI_ENOTFOUND);
    for (size_t i = 0; i < 3; i++)
        kai_keyring_free(k[i]);
    orgs_stop(&t);
}

/* Seventy come one by one. The last hears of the slots of all the others first, and there is not
 * room for so many until its own comes. */
static void many_newcomers(void **state)
{
    enum { N = 70 };
    (void)state;
    static struct orgs t;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_aud_rec rec;
    struct kai_epoch now;

    struct kai_keyring *k = orgs_community(&t, 8, 1, &rec, aud);
    assert_int_equal(orgs_duties(&t, k, START), 1);
    for (uint64_t i = 0; i < N; i++) {
        orgs_add(&t, 0, NULL);
        orgs_news(&t, &k, 1);
        assert_int_equal(orgs_duties(&t, k, START + 1 + i), 1);
    }
    struct kai_keyring *late = orgs_ring(&t, t.n - 1);
    (void)orgs_hear(&t, late, 0);
    assert_int_equal(kai_keyring_write_epoch(late, aud, &now), KAI_EAGAIN); /* Who made it went. */
    assert_true(kai_keyring_again(late, aud));
    assert_false(kai_keyring_again(late, NULL));
    MUST(orgs_hear(&t, late, 0));
    MUST(kai_keyring_write_epoch(late, aud, &now));
    assert_false(kai_keyring_again(late, aud));
    kai_keyring_free(late);
    kai_keyring_free(k);
    orgs_stop(&t);
}

static void relays(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_aud_rec rec;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_epoch a, b;
    const uint8_t(*ids)[KAI_ID_BYTES];
    const struct kai_epoch *held;
    struct kai_admit mark = world_terms(KAI_ADMIT_ORG);

    struct kai_keyring *k = orgs_community(&t, 3, 2, &rec, aud);
    mark.caps |= KAI_CAP_PROVIDER; /* No member of any community: it relays and no more. */
    size_t at = orgs_add(&t, 0, &mark);
    orgs_news(&t, &k, 1);
    struct kai_keyring *relay = orgs_ring(&t, at);
    assert_int_equal(orgs_duties(&t, k, START), 1);
    assert_int_equal(orgs_hear(&t, relay, 0), KAI_ENOTFOUND);
    MUST(kai_keyring_write_epoch(k, aud, &a));
    assert_true(kai_keyring_kid_held(relay, aud, a.commit)); /* Seen, closed. */
    assert_int_equal(kai_keyring_epochs(relay, aud, &held), 0);

    rec.ver = 2;
    rec.n_relays = 1;
    memcpy(rec.relays[0], t.o[at].node.id, KAI_ID_BYTES);
    orgs_audience(&t, 0, &rec, aud);
    MUST(kai_keyring_roster(k, t.r));
    MUST(kai_keyring_roster(relay, t.r));
    assert_true(kai_keyring_relay(k, aud, orgs_node(&t, at)));
    assert_false(kai_keyring_relay(k, aud, orgs_node(&t, 1)));
    assert_false(kai_keyring_eligible(k, aud, orgs_node(&t, at)));
    assert_int_equal(orgs_duties(&t, k, START + 1), 1); /* It gets the routing secret. */
    MUST(orgs_hear(&t, relay, 1));
    assert_int_equal(kai_keyring_epochs(relay, aud, &held), 1);
    assert_true(held->route_only && held->complete);
    assert_memory_equal(held->route, a.route, KAI_KEY_BYTES);
    assert_memory_equal(held->tag, a.tag, KAI_TAG_BYTES);
    for (size_t i = 0; i < KAI_KEY_BYTES; i++)
        assert_int_equal(held->key[i], 0);
    assert_int_equal(kai_keyring_write_epoch(relay, aud, &b), KAI_ENOTFOUND);
    assert_false(kai_keyring_may_write(relay, aud, a.commit));
    assert_false(kai_keyring_may_clear(relay, aud, a.commit));
    assert_int_equal(kai_keyring_relayed(relay, &ids), 1);
    assert_memory_equal(ids[0], aud, KAI_ID_BYTES);
    assert_int_equal(kai_keyring_audiences(relay, &ids), 0);
    assert_int_equal(kai_keyring_relayed(k, &ids), 0);
    /* A member hears the relay's EPOCH too, and its key stays what it was. */
    struct kai_keyring *member = orgs_ring(&t, 1);
    MUST(orgs_hear(&t, member, 0));
    MUST(kai_keyring_write_epoch(member, aud, &b));
    assert_memory_equal(a.key, b.key, KAI_KEY_BYTES);

    rec.ver = 3; /* It relays no more: the next routing secret it never has. */
    rec.n_relays = 0;
    orgs_audience(&t, 0, &rec, aud);
    MUST(kai_keyring_roster(k, t.r));
    MUST(kai_keyring_roster(relay, t.r));
    assert_int_equal(kai_keyring_relayed(relay, &ids), 0);
    size_t from = t.n_heard;
    assert_int_equal(orgs_duties(&t, k, START + 2), 1);
    MUST(kai_keyring_write_epoch(k, aud, &b));
    assert_memory_not_equal(a.route, b.route, KAI_KEY_BYTES);
    assert_int_equal(orgs_hear(&t, relay, from), KAI_ENOTFOUND);
    assert_int_equal(kai_keyring_epochs(relay, aud, &held), 1);
    kai_keyring_free(member);
    kai_keyring_free(relay);
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* A relay of a group never sees its rule: it goes by the members that a steward listed in answer to
 * the AUDIENCE that counts. */
static void a_relay_goes_by_the_list(void **state)
{
    (void)state;
    static struct orgs t;
    uint8_t aud[KAI_ID_BYTES], ids[2][KAI_ID_BYTES];
    struct kai_buf item;
    struct kai_admit low = world_terms(KAI_ADMIT_NODE);

    orgs_start(&t, 4);
    orgs_add(&t, 0, NULL);
    orgs_add(&t, 0, NULL);
    size_t at = orgs_add(&t, 0, NULL);
    struct tsub weak;
    low.caps = KAI_CAP_PUBLISH;
    world_key(&t.w, &weak);
    world_admit(&t.w, &t.o[at].issuing.log, &weak, KAI_ADMIT_NODE, &low);
    memcpy(ids[0], t.o[0].org.id, KAI_ID_BYTES);
    memcpy(ids[1], t.o[1].org.id, KAI_ID_BYTES);
    struct kai_aud_rec rec = orgs_rec(&t, 0, KAI_AUD_GROUP, 4);
    kai_aud_id(aud, t.o[0].org.id, rec.nonce);
    rec.rule_open = false;
    rec.n_relays = 2;
    memcpy(rec.relays[0], t.o[at].node.id, KAI_ID_BYTES);
    memcpy(rec.relays[1], weak.id, KAI_ID_BYTES); /* Listed, without the capability. */
    orgs_rule(&t, &item, rec.rule_hash, 0, aud, KAI_ADMIT_ORG, (const uint8_t(*)[KAI_ID_BYTES])ids,
              2);
    orgs_audience(&t, 0, &rec, aud);
    struct kai_keyring *k = orgs_ring(&t, 0);
    MUST(kai_keyring_rule(k, kai_buf_view(&item)));
    assert_int_equal(orgs_duties(&t, k, START), 1);
    struct kai_keyring *relay = orgs_ring(&t, at);
    MUST(orgs_hear(&t, relay, 0));
    assert_true(kai_keyring_eligible(relay, aud, orgs_node(&t, 0)));
    assert_true(kai_keyring_eligible(relay, aud, orgs_node(&t, 1)));
    assert_false(kai_keyring_eligible(relay, aud, orgs_node(&t, 2)));
    assert_false(kai_keyring_eligible(relay, aud, orgs_node(&t, at)));
    struct kai_keyring *none = orgs_ring_of(&t, &weak, at);
    assert_int_equal(orgs_hear(&t, none, 0), KAI_ENOTFOUND);
    assert_false(kai_keyring_relay(k, aud, kai_roster_node(t.r, weak.id)));
    kai_keyring_free(none);
    kai_keyring_free(relay);
    kai_keyring_free(k);
    kai_buf_free(&item);
    orgs_stop(&t);
}

/* Three epochs, 40 days apart; then somebody joins. */
static void history(void **state)
{
    (void)state;
    static struct orgs t;
    static const struct {
        uint64_t days;
        size_t keys;
    } rows[] = {{0, 1}, {10, 2}, {50, 3}, {KAI_HISTORY_ALL, 3}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kai_aud_rec rec;
        uint8_t aud[KAI_ID_BYTES];
        const struct kai_epoch *first;
        uint64_t now = START;

        struct kai_keyring *k = orgs_community(&t, 5, 2, &rec, aud);
        rec.history = rows[i].days;
        rec.ver = 2;
        orgs_audience(&t, 0, &rec, aud);
        MUST(kai_keyring_roster(k, t.r));
        for (int e = 0; e < 3; e++, now += 40 * DAY_MS)
            assert_int_equal(orgs_duties(&t, k, now), 1);
        now -= 35 * DAY_MS; /* The third is five days old. */
        world_remove(&t.w, &t.o[0].issuing.log, t.o[2].org.cert, KAI_REVOKE_LEFT, NULL, 0);
        orgs_news(&t, &k, 1);
        assert_int_equal(orgs_duties(&t, k, now), 1);
        size_t joined = orgs_add(&t, 0, NULL);
        orgs_news(&t, &k, 1);
        size_t did = orgs_duties(&t, k, now);
        struct kai_keyring *fresh = orgs_ring(&t, joined);
        (void)!orgs_hear(&t, fresh, 0);
        size_t held = kai_keyring_epochs(fresh, aud, &first);
        if (did != held)
            fail_msg("row %zu: %zu duties, %zu keys", i, did, held);
        size_t want = rows[i].days == 0 ? 1 : rows[i].keys + 1; /* And the current one. */
        if (held != want)
            fail_msg("row %zu: %zu keys", i, held);
        /* Every epoch is known, with a key or without: their logs are taken unread. */
        const struct kai_epoch *all;
        size_t n = kai_keyring_epochs(k, aud, &all);
        assert_int_equal(n, 4);
        for (size_t e = 0; e < n; e++)
            assert_true(kai_keyring_kid_held(fresh, aud, all[e].commit));
        assert_int_equal(orgs_duties(&t, k, now + 1), 0);
        /* The one who left gets none of the slots. */
        struct kai_keyring *gone = orgs_ring(&t, 2);
        (void)!orgs_hear(&t, gone, 0);
        assert_int_equal(kai_keyring_epochs(gone, aud, &first), 3);
        kai_keyring_free(gone);
        kai_keyring_free(fresh);
        kai_keyring_free(k);
        orgs_stop(&t);
    }
}

/* The same EPOCHs in every order, some of them twice: the same keys, the same choice. */
static void any_order(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_aud_rec rec;
    uint8_t aud[KAI_ID_BYTES], heard_in[KAI_ID_BYTES];
    struct kai_epoch want, got;

    struct kai_keyring *k = orgs_community(&t, 7, 3, &rec, aud);
    rec.history = KAI_HISTORY_ALL;
    rec.ver = 2;
    rec.n_relays = 1;
    memcpy(rec.relays[0], t.o[1].node.id, KAI_ID_BYTES); /* A member that relays as well. */
    orgs_audience(&t, 0, &rec, aud);
    MUST(kai_keyring_roster(k, t.r));
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(orgs_duties(&t, k, START + i * 31 * DAY_MS), 1);
    orgs_add(&t, 0, NULL);
    orgs_news(&t, &k, 1);
    assert_int_equal(orgs_duties(&t, k, START + 63 * DAY_MS), 3);
    MUST(kai_keyring_write_epoch(k, aud, &want));
    for (size_t who = 1; who < 5; who++) {
        for (int round = 0; round < 30; round++) {
            struct kai_keyring *one = orgs_ring(&t, who);
            size_t order[2 * HEARD_MAX], n = 2 * t.n_heard;

            for (size_t i = 0; i < n; i++)
                order[i] = i % t.n_heard;
            for (size_t i = n; i > 1; i--) {
                size_t j = world_random(&t.w, i), x = order[i - 1];

                order[i - 1] = order[j];
                order[j] = x;
            }
            for (size_t i = 0; i < n; i++)
                (void)!kai_keyring_epoch(one, &t.heard[order[i]].e, heard_in);
            MUST(kai_keyring_write_epoch(one, aud, &got));
            assert_memory_equal(got.key, want.key, KAI_KEY_BYTES);
            assert_false(got.route_only);
            const struct kai_epoch *a, *b;
            assert_int_equal(kai_keyring_epochs(one, aud, &a), 3);
            assert_int_equal(kai_keyring_epochs(k, aud, &b), 3);
            for (size_t i = 0; i < 3; i++)
                assert_memory_equal(&a[i], &b[i], sizeof a[i]);
            kai_keyring_free(one);
        }
    }
    kai_keyring_free(k);
    orgs_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_old),
        cmocka_unit_test(much_was_added),
        cmocka_unit_test(one_is_paused),
        cmocka_unit_test(a_relay_comes_late),
        cmocka_unit_test(stolen_keys),
        cmocka_unit_test(a_steward_is_removed),
        cmocka_unit_test(a_steward_of_before),
        cmocka_unit_test(a_steward_is_behind),
        cmocka_unit_test(many_newcomers),
        cmocka_unit_test(relays),
        cmocka_unit_test(a_relay_goes_by_the_list),
        cmocka_unit_test(history),
        cmocka_unit_test(any_order),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

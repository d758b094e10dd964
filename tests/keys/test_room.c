/* test_room: an audience that has had more epochs than are kept. */
#include <string.h>

#include "keys/keyring_int.h"
#include "keys/net.h"

#define MANY  (KAI_EPOCHS_PER_AUDIENCE_MAX + 44)
#define MONTH (40ull * 24 * 3600 * 1000) /* What is minted here is older than a month then. */

/* A new one is minted, by whichever of the stewards k is. */
static void rotates(struct net *t, struct kai_keyring *k)
{
    size_t listed, before = t->n_parts;

    assert_true(net_duty(t, k, MONTH, &listed) || net_duty(t, k, 2 * MONTH, &listed));
    assert_int_equal(t->n_parts, before + 1);
}

/* The newest is written under, and all are read. */
static void serves(const struct net *t, struct kai_keyring *k, uint64_t gen)
{
    const struct kai_epoch *first;
    struct kai_epoch e;
    const struct kai_aud *a = kai_ring_aud(k, t->aud);

    MUST(kai_keyring_write_epoch(k, t->aud, &e));
    assert_int_equal(e.gen, gen);
    assert_int_equal(kai_keyring_epochs(k, t->aud, &first), gen);
    for (size_t i = 0; i < gen; i++)
        assert_non_null(kai_keyring_tag(k, t->parts[i].e.h.tag, t->parts[i].e.h.kid));
    assert_true(a->n_known <= KAI_EPOCHS_PER_AUDIENCE_MAX);
}

static void hears(const struct net *t, struct kai_keyring *k, size_t at)
{
    uint8_t aud[KAI_ID_BYTES];
    enum kai_err err = kai_keyring_epoch(k, &t->parts[at].e, aud);

    assert_true(err == KAI_OK || err == KAI_ELIMIT);
}

/* A steward mints on, a member follows it; and who hears them in another order, as a node that
 * starts again, is where they are. */
static void more_than_are_kept(void **state)
{
    (void)state;
    static struct net t;

    net_start(&t, 3, KAI_AUD_COMMUNITY);
    struct kai_keyring *steward = net_ring(&t, &t.nodes[0]);
    struct kai_keyring *member = net_ring(&t, &t.nodes[2]);
    for (size_t i = 0; i < MANY; i++) {
        rotates(&t, steward);
        hears(&t, member, i);
        if (i % 50 == 49 || i + 1 == MANY) {
            serves(&t, steward, i + 1);
            serves(&t, member, i + 1);
        }
    }
    assert_true(kai_keyring_may_use(member, t.aud, t.parts[0].e.h.kid,
                                    kai_roster_node(t.r, t.nodes[1].id)));
    assert_false(kai_keyring_may_write(member, t.aud, t.parts[0].e.h.kid));
    for (int order = 0; order < 3; order++) {
        struct kai_keyring *again = net_ring(&t, &t.nodes[1]);

        for (size_t i = 0; i < MANY; i++) {
            size_t two = 2 * i < MANY ? 2 * i : 2 * (i - MANY / 2) + 1; /* Two logs, in turns. */
            hears(&t, again, order == 0 ? i : order == 1 ? MANY - 1 - i : two);
        }
        serves(&t, again, MANY);
        uint64_t version = kai_keyring_version(again);
        hears(&t, again, 0); /* What is past comes again: nothing is pushed out by it. */
        assert_int_equal(kai_keyring_version(again), version);
        kai_keyring_free(again);
    }
    kai_keyring_free(steward);
    kai_keyring_free(member);
    net_stop(&t);
}

/* A member replaces its node again and again, and each time the epoch lists somebody who is out.
 * The one before it came is clean all the while. */
static void replaced_again_and_again(void **state)
{
    (void)state;
    static struct net t;
    struct kai_admit terms = world_terms(KAI_ADMIT_NODE);
    struct kai_keyring *rings[2];
    struct kai_epoch e;
    uint8_t aud[KAI_ID_BYTES];
    size_t listed, heard = 0;

    net_start(&t, 2, KAI_AUD_COMMUNITY);
    for (size_t i = 0; i < 2; i++)
        rings[i] = net_ring(&t, &t.nodes[i]);
    rotates(&t, rings[0]);
    rotates(&t, rings[0]);
    for (size_t i = 0; i < KAI_EPOCHS_PER_AUDIENCE_MAX + 10; i++) {
        struct tsub *now = &t.nodes[2];

        if (i > 0) {
            terms.has_replaces = true;
            memcpy(terms.replaces, now->cert, KAI_ID_BYTES);
        }
        world_key(&t.w, now);
        world_admit(&t.w, &t.fi.log, now, KAI_ADMIT_NODE, &terms);
        net_refresh(&t);
        for (size_t r = 0; r < 2; r++)
            MUST(kai_keyring_roster(rings[r], t.r));
        if (i > 0)
            rotates(&t, rings[0]);
        else /* It is added to the second. */
            assert_true(net_duty(&t, rings[0], 6000, &listed) ||
                        net_duty(&t, rings[0], 9000, &listed));
        for (; heard < t.n_parts; heard++)
            MUST(kai_keyring_epoch(rings[1], &t.parts[heard].e, aud));
        for (size_t r = 0; r < 2; r++) {
            MUST(kai_keyring_write_epoch(rings[r], t.aud, &e));
            assert_int_equal(e.gen, i + 2);
        }
    }
    for (size_t r = 0; r < 2; r++)
        kai_keyring_free(rings[r]);
    net_stop(&t);
}

/* Of keys for reading alone the lowest go at last. */
static void keys_end(void **state)
{
    (void)state;
    static struct net t;
    const struct kai_epoch *first;

    net_start(&t, 2, KAI_AUD_COMMUNITY);
    struct kai_keyring *k = net_ring(&t, &t.nodes[0]);
    rotates(&t, k);
    for (uint64_t i = 0; i < KAI_EPOCH_KEYS_PAST_MAX; i++) {
        struct kai_epoch e = {.gen = i + 10};

        memcpy(e.aud_id, t.aud, KAI_ID_BYTES);
        kai_put_u64(e.commit, i);
        MUST(kai_ring_table_add(k, &e));
    }
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(kai_keyring_epochs(k, t.aud, &first), KAI_EPOCH_KEYS_PAST_MAX + 1);
        struct kai_epoch e = {.gen = i + 10 + KAI_EPOCH_KEYS_PAST_MAX};
        uint8_t commit[KAI_ID_BYTES] = {0};

        memcpy(e.aud_id, t.aud, KAI_ID_BYTES);
        memset(e.commit, 0xff - (int)i, KAI_ID_BYTES);
        MUST(kai_ring_table_add(k, &e));
        kai_put_u64(commit, i);
        assert_non_null(kai_ring_epoch(k, t.aud, commit));
        kai_ring_table_trim(k, kai_ring_aud(k, t.aud));
        assert_null(kai_ring_epoch(k, t.aud, commit));
    }
    assert_non_null(kai_keyring_tag(k, t.parts[0].e.h.tag, t.parts[0].e.h.kid));
    rotates(&t, k);
    assert_int_equal(kai_keyring_epochs(k, t.aud, &first), KAI_EPOCH_KEYS_PAST_MAX + 2);
    kai_keyring_free(k);
    net_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_are_kept),
        cmocka_unit_test(replaced_again_and_again),
        cmocka_unit_test(keys_end),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

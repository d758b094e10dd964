/* A writer whom no steward serves: what it holds, what it mints for itself, who may read that. */
#include "keys/orgs.h"

#include <stdlib.h>
#include <string.h>

#include "keys/keyring_int.h"

#define HOUR_MS 3600000ull
#define START   (1000 * DAY_MS)

static void holds_but_clear(const struct kai_keyring *w, const uint8_t *aud,
                            const struct kai_epoch *old)
{
    struct kai_epoch e;

    assert_int_equal(kai_keyring_write_epoch(w, aud, &e), KAI_EAGAIN);
    assert_false(kai_keyring_may_write(w, aud, old->commit));
    /* But CLEAR, which anyone may read. */
    MUST(kai_keyring_clear_epoch(w, aud, &e));
    assert_memory_equal(e.commit, old->commit, KAI_ID_BYTES);
    assert_true(kai_keyring_may_clear(w, aud, old->commit));
}

static void the_steward_is_back(struct orgs *t, struct kai_keyring *k,
                                struct kai_keyring *const *ring, const uint8_t *aud,
                                const struct kai_epoch *own, uint64_t now)
{
    struct kai_epoch e;
    size_t from = t->n_heard;

    /* The steward is back: its key goes before one's own, and follows the old one, not that. */
    MUST(kai_keyring_roster(k, t->r));
    MUST(orgs_hear(t, k, 0));
    assert_int_equal(orgs_duties(t, k, now), 1);
    for (size_t i = 0; i < 3; i++)
        MUST(orgs_hear(t, ring[i], from));
    for (size_t i = 0; i < 3; i++) {
        MUST(kai_keyring_write_epoch(ring[i], aud, &e));
        assert_false(e.has_writer);
        assert_int_equal(e.gen, 2);
        assert_memory_not_equal(e.commit, own->commit, KAI_ID_BYTES);
    }
}

/* No steward runs. A node is out; whoever writes waits a quarter of an hour, and then goes on under
 * a key of its own; back under the steward's when there is a clean one. */
static void a_writer_whom_no_steward_serves(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_aud_rec rec;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_epoch old, own, e;
    struct kai_duty d;
    uint64_t next, now = START;

    struct kai_keyring *k = orgs_community(&t, 6, 4, &rec, aud);
    struct kai_keyring *ring[3] = {orgs_ring(&t, 1), orgs_ring(&t, 2), orgs_ring(&t, 3)};
    struct kai_keyring *gone = orgs_ring(&t, 4);
    assert_int_equal(orgs_duties(&t, k, now), 1);
    for (size_t i = 0; i < 3; i++)
        MUST(orgs_hear(&t, ring[i], 0));
    MUST(orgs_hear(&t, gone, 0));
    MUST(kai_keyring_write_epoch(ring[0], aud, &old));
    assert_int_equal(kai_keyring_want(ring[0], aud, now, &d), KAI_ENOTFOUND);
    world_remove(&t.w, &t.o[0].issuing.log, t.o[4].org.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_news(&t, ring, 3);
    holds_but_clear(ring[0], aud, &old);
    assert_int_equal(kai_keyring_want(ring[0], aud, now, &d), KAI_EAGAIN);
    assert_int_equal(kai_keyring_duty(ring[0], now + KAI_SELF_EPOCH_MS - 1, &d, &next),
                     KAI_ENOTFOUND);
    assert_int_equal(kai_keyring_duty(ring[1], now, &d, &next), KAI_ENOTFOUND);
    assert_int_equal(kai_keyring_duty(ring[1], now + DAY_MS, &d, &next),
                     KAI_ENOTFOUND); /* It wanted nothing. */
    MUST(kai_keyring_duty(ring[0], now + KAI_SELF_EPOCH_MS, &d, &next));
    assert_true(d.own && d.new_epoch && d.n_members == 4);
    size_t from = t.n_heard;
    t.ts = now + KAI_SELF_EPOCH_MS;
    MUST(orgs_mint(&t, ring[0], &d));
    d.own = false;
    assert_int_equal(orgs_mint(&t, ring[0], &d), KAI_EDENIED); /* It is no steward. */
    free(d.members);
    for (size_t i = 0; i < 3; i++)
        MUST(orgs_hear(&t, ring[i], from));
    MUST(kai_keyring_write_epoch(ring[0], aud, &own));
    assert_true(own.has_writer);
    assert_memory_equal(own.writer, t.o[1].node.id, KAI_ID_BYTES);
    assert_true(kai_keyring_may_write(ring[0], aud, own.commit));
    assert_int_equal(kai_keyring_duty(ring[0], now + 2 * KAI_SELF_EPOCH_MS, &d, &next),
                     KAI_ENOTFOUND);
    /* Others open it, never write under it, and know whose logs may. */
    assert_int_equal(kai_keyring_write_epoch(ring[1], aud, &e), KAI_EAGAIN);
    assert_false(kai_keyring_may_write(ring[1], aud, own.commit));
    assert_false(kai_keyring_may_clear(ring[1], aud, own.commit));
    const struct kai_epoch *row = kai_keyring_kid(ring[1], aud, own.commit);
    assert_non_null(row);
    assert_true(row->has_writer && !row->complete);
    assert_memory_equal(row->key, own.key, KAI_KEY_BYTES);
    assert_true(kai_keyring_may_use(ring[1], aud, own.commit, orgs_node(&t, 1)));
    assert_false(kai_keyring_may_use(ring[1], aud, own.commit, orgs_node(&t, 2)));
    assert_true(kai_keyring_may_use(ring[1], aud, old.commit, orgs_node(&t, 2)));
    MUST(kai_keyring_clear_epoch(ring[1], aud, &e));
    assert_memory_equal(e.commit, old.commit, KAI_ID_BYTES);
    assert_int_equal(orgs_hear(&t, gone, from), KAI_ENOTFOUND); /* Who is out does not open it. */
    the_steward_is_back(&t, k, ring, aud, &own, now + HOUR_MS);
    /* What it listed goes stale too: a further one is out, and it is clean no more. */
    world_remove(&t.w, &t.o[0].issuing.log, t.o[3].org.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_news(&t, ring, 3);
    assert_int_equal(kai_keyring_write_epoch(ring[0], aud, &e), KAI_EAGAIN);
    assert_false(kai_keyring_may_write(ring[0], aud, own.commit));
    for (size_t i = 0; i < 3; i++)
        kai_keyring_free(ring[i]);
    kai_keyring_free(gone);
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* One joins while no steward runs, and later: the writer itself opens what it minted to those who
 * may read it by the history policy. */
static void a_writers_own_newcomers(void **state)
{
    (void)state;
    static struct orgs t;
    static const uint64_t days[] = {0, 1, KAI_HISTORY_ALL};

    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        struct kai_aud_rec rec;
        uint8_t aud[KAI_ID_BYTES];
        struct kai_epoch own;
        struct kai_duty d;
        uint64_t next, now = START;

        struct kai_keyring *k = orgs_community(&t, 8, 2, &rec, aud);
        rec.history = days[i];
        rec.ver = 2;
        orgs_audience(&t, 0, &rec, aud);
        MUST(kai_keyring_roster(k, t.r));
        struct kai_keyring *w = orgs_ring(&t, 1);
        assert_int_equal(kai_keyring_want(w, aud, now, &d), KAI_EAGAIN);
        now += KAI_SELF_EPOCH_MS;
        assert_int_equal(orgs_duties(&t, w, now), 1); /* There never was a key of a steward. */
        MUST(kai_keyring_write_epoch(w, aud, &own));
        assert_true(own.has_writer);
        size_t early = orgs_add(&t, 0, NULL);
        orgs_news(&t, &w, 1);
        assert_int_equal(orgs_duties(&t, w, ++now), 1); /* In use: whatever the policy says. */
        assert_int_equal(orgs_duties(&t, w, ++now), 0);
        MUST(kai_keyring_roster(k, t.r));
        (void)!orgs_hear(&t, k, 0);
        size_t from = t.n_heard;
        assert_true(orgs_duties(&t, k, now + HOUR_MS) >= 1);
        MUST(orgs_hear(&t, w, from));
        size_t late = orgs_add(&t, 0, NULL);
        orgs_news(&t, &w, 1);
        now += 3 * DAY_MS;
        assert_int_equal(orgs_duties(&t, w, now), days[i] == KAI_HISTORY_ALL ? 1 : 0);
        assert_int_equal(kai_keyring_duty(w, now + 1, &d, &next), KAI_ENOTFOUND);
        struct kai_keyring *a = orgs_ring(&t, early), *b = orgs_ring(&t, late);
        (void)!orgs_hear(&t, a, 0);
        (void)!orgs_hear(&t, b, 0);
        assert_non_null(kai_keyring_kid(a, aud, own.commit));
        assert_true((kai_keyring_kid(b, aud, own.commit) != NULL) == (days[i] == KAI_HISTORY_ALL));
        const struct kai_epoch *row = kai_keyring_kid(a, aud, own.commit);
        assert_true(row->has_writer);
        assert_true(kai_keyring_may_use(a, aud, own.commit, orgs_node(&t, 1)));
        assert_false(kai_keyring_may_use(a, aud, own.commit, orgs_node(&t, early)));
        kai_keyring_free(a);
        kai_keyring_free(b);
        kai_keyring_free(w);
        kai_keyring_free(k);
        orgs_stop(&t);
    }
}

/* Nobody whom this writer knows to be out has the key. */
static void nobody_out_has(const struct orgs *t, const struct kai_keyring *writer,
                           const uint8_t *aud, const struct kai_epoch *e)
{
    for (size_t x = 1; x < 6; x++) {
        const struct kai_node *n = kai_roster_node(writer->roster, t->o[x].node.id);
        struct kai_keyring *thief;

        if (n->active)
            continue;
        thief = orgs_ring(t, x);
        (void)!orgs_hear(t, thief, 0);
        if (kai_keyring_kid(thief, aud, e->commit) != NULL)
            fail_msg("written under a key of %zu, who is out", x);
        kai_keyring_free(thief);
    }
}

/* It mints its own where it must. */
static void wants_to_write(struct orgs *t, struct kai_keyring *k, const uint8_t *aud, uint64_t now)
{
    struct kai_duty d;
    uint64_t next;
    uint8_t in[KAI_ID_BYTES];

    if (kai_keyring_want(k, aud, now, &d) == KAI_OK) {
        t->ts = now;
        MUST(orgs_mint(t, k, &d));
        free(d.members);
        MUST(kai_keyring_epoch(k, &t->heard[t->n_heard - 1].e, in));
    }
    if (kai_keyring_duty(k, now, &d, &next) == KAI_OK)
        free(d.members);
}

/* Whatever comes and goes, nobody may write but CLEAR under a key that a removed node has. */
static void never_under_a_removed_nodes_key(void **state)
{
    (void)state;
    static struct orgs t;
    size_t held = 0, wrote = 0;

    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct kai_aud_rec rec;
        uint8_t aud[KAI_ID_BYTES];
        struct kai_keyring *k = orgs_community(&t, 100 + seed, 5, &rec, aud);
        struct kai_keyring *ring[5];
        bool out[6] = {0};
        size_t seen[5] = {0};
        uint64_t now = START;

        for (size_t i = 0; i < 5; i++)
            ring[i] = orgs_ring(&t, i + 1);
        for (int step = 0; step < 40; step++, now += 7 * 60000) {
            size_t at = 1 + world_random(&t.w, 5);
            struct kai_epoch e;

            switch (world_random(&t.w, 6)) {
            case 0: /* One is put out, but not all. */
                if (!out[at] && step % 3 == 0 && at != 1) {
                    world_remove(&t.w, &t.o[0].issuing.log, t.o[at].org.cert, KAI_REVOKE_LEFT, NULL,
                                 0);
                    out[at] = true;
                    orgs_refresh(&t);
                }
                break;
            case 1: /* The steward looks. */
                MUST(kai_keyring_roster(k, t.r));
                (void)!orgs_hear(&t, k, 0);
                (void)orgs_duties(&t, k, now);
                break;
            case 2: /* One hears of the members. */
                MUST(kai_keyring_roster(ring[at - 1], t.r));
                break;
            case 3: /* One hears a few EPOCHs. */
                for (; seen[at - 1] < t.n_heard && world_random(&t.w, 4) > 0; seen[at - 1]++) {
                    uint8_t in[KAI_ID_BYTES];

                    (void)!kai_keyring_epoch(ring[at - 1], &t.heard[seen[at - 1]].e, in);
                }
                break;
            default: /* One wants to write, and mints its own where it must. */
                if (!out[at])
                    wants_to_write(&t, ring[at - 1], aud, now);
                break;
            }
            for (size_t i = 0; i < 5; i++) {
                if (kai_keyring_write_epoch(ring[i], aud, &e) != KAI_OK) {
                    held++;
                    continue;
                }
                wrote++;
                nobody_out_has(&t, ring[i], aud, &e);
            }
        }
        for (size_t i = 0; i < 5; i++)
            kai_keyring_free(ring[i]);
        kai_keyring_free(k);
        orgs_stop(&t);
    }
    assert_true(held > 100 && wrote > 100);
}

/* What a member mints for itself again and again; heard by nobody yet. */
static void mints_often(struct orgs *t, size_t who, const uint8_t *aud, size_t times)
{
    struct kai_keyring *w = orgs_ring(t, who);
    struct kai_duty d;

    assert_int_equal(kai_keyring_want(w, aud, START, &d), KAI_EAGAIN);
    MUST(kai_keyring_want(w, aud, START + KAI_SELF_EPOCH_MS, &d));
    for (size_t i = 0; i < times; i++)
        MUST(orgs_mint(t, w, &d));
    free(d.members);
    kai_keyring_free(w);
}

static size_t opened(const struct orgs *t, struct kai_keyring *k, size_t from)
{
    uint8_t aud[KAI_ID_BYTES];
    size_t n = 0;

    for (size_t i = from; i < t->n_heard; i++) {
        enum kai_err err = kai_keyring_epoch(k, &t->heard[i].e, aud);

        assert_true(err == KAI_OK || err == KAI_ELIMIT);
        n += err == KAI_OK;
    }
    return n;
}

/* With every steward gone hundreds of members write, each under its own, and all are read; who
 * mints without end fills its own room alone, and the stewards' next one always has some. */
static void many_writers_of_their_own(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_aud_rec rec;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_epoch e;

    struct kai_keyring *k = orgs_community(&t, 11, 14, &rec, aud);
    struct kai_keyring *reader = orgs_ring(&t, 14);
    t.ts = START + KAI_SELF_EPOCH_MS;
    for (size_t i = 1; i <= 10; i++)
        mints_often(&t, i, aud, 19);
    assert_int_equal(opened(&t, reader, 0), 190);
    size_t from = t.n_heard;
    mints_often(&t, 11, aud, 40);
    assert_int_equal(opened(&t, reader, from), KAI_SELF_EPOCHS_MAX);
    from = t.n_heard;
    mints_often(&t, 12, aud, 1);
    assert_int_equal(opened(&t, reader, from), 1);
    from = t.n_heard;
    assert_int_equal(orgs_duties(&t, k, START + HOUR_MS), 1);
    assert_int_equal(opened(&t, reader, from), 1);
    MUST(kai_keyring_write_epoch(reader, aud, &e));
    assert_false(e.has_writer);
    kai_keyring_free(reader);
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* Its lists may take so much room, and no more: of others nothing is said by that. */
static void one_with_long_lists(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_aud_rec rec;
    uint8_t aud[KAI_ID_BYTES];

    struct kai_keyring *k = orgs_community(&t, 12, 4, &rec, aud);
    struct kai_keyring *reader = orgs_ring(&t, 4);
    t.ts = START + KAI_SELF_EPOCH_MS;
    mints_often(&t, 1, aud, 1);
    assert_int_equal(opened(&t, reader, 0), 1);
    size_t *n =
        &kai_ring_aud(reader, aud)->known[0]->said[0].part_n[1]; /* As if it were so long. */
    *n = KAI_SELF_EPOCHS_BYTES_OF_ONE / KAI_ID_BYTES;
    size_t from = t.n_heard;
    mints_often(&t, 1, aud, 1);
    assert_int_equal(opened(&t, reader, from), 0);
    from = t.n_heard;
    mints_often(&t, 2, aud, 1);
    assert_int_equal(opened(&t, reader, from), 1);
    kai_keyring_free(reader);
    kai_keyring_free(k);
    orgs_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_writer_whom_no_steward_serves),
        cmocka_unit_test(a_writers_own_newcomers),
        cmocka_unit_test(never_under_a_removed_nodes_key),
        cmocka_unit_test(many_writers_of_their_own),
        cmocka_unit_test(one_with_long_lists),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

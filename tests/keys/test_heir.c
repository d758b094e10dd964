/* SUCCESSOR against whoever may admit, and admits an organisation that did not ask beside its
 * sponsor, and against whoever finds an old root key. */
#include "keys/orgs.h"

#include <string.h>

/* founder 0; prefecture 1 with the town 2 and the cities 3 and 4; 5 means harm, and may admit. */
enum { FOUNDER, PREF, TOWN, CITY, CITY2, HOSTILE };

static void build(struct orgs *t, uint64_t seed)
{
    orgs_start(t, seed);
    orgs_add(t, FOUNDER, NULL);
    orgs_add(t, PREF, NULL);
    orgs_add(t, PREF, NULL);
    orgs_add(t, PREF, NULL);
    assert_int_equal(orgs_add(t, FOUNDER, NULL), HOSTILE);
    orgs_refresh(t);
}

/* What a root says of the old one, and the heir's consent. */
static void merge(struct orgs *t, struct tlog *root, size_t old, size_t heir)
{
    uint64_t cut = root->seq;

    orgs_say_heir(t, root, old, heir, cut);
    orgs_say_heir(t, &t->o[heir].issuing.log, old, heir, cut);
}

/* One more ADMIT, which the town did not ask for; its own stays the sponsor's. */
static void unasked(struct orgs *t, size_t at, const struct kai_admit *terms)
{
    struct tsub copy = t->o[at].org;

    world_admit(&t->w, &t->o[HOSTILE].issuing.log, &copy, KAI_ADMIT_ORG, terms);
}

/* What its root had signed by then stays, and what its issuing key did. */
static void revoke(struct orgs *t, size_t by, size_t at, const struct tlog *keep)
{
    const struct tlog *logs[2] = {keep, &t->o[at].issuing.log};

    world_remove(&t->w, &t->o[by].issuing.log, t->o[at].org.cert, KAI_REVOKE_COMPROMISE, logs, 2);
}

/* A stolen root gave the places away, and the sponsor cut it: no admission brings that back. */
static void behind_a_cut(void **state)
{
    (void)state;
    static struct orgs t;

    build(&t, 1);
    struct tlog keep = t.o[TOWN].org.log;
    merge(&t, &t.o[TOWN].org.log, TOWN, HOSTILE);
    assert_int_equal(orgs_heir(&t, TOWN), HOSTILE);
    revoke(&t, PREF, TOWN, &keep);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    unasked(&t, TOWN, NULL);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    assert_true(orgs_org(&t, TOWN)->active); /* By the new path. */
    orgs_stop(&t);
}

/* The same of the parent's root, which spoke for a town that is no more. */
static void parent_behind_a_cut(void **state)
{
    (void)state;
    static struct orgs t;

    build(&t, 2);
    world_remove(&t.w, &t.o[PREF].issuing.log, t.o[TOWN].org.cert, KAI_REVOKE_LOST, NULL, 0);
    struct tlog keep = t.o[PREF].org.log;
    const struct tlog *logs[1] = {&keep}; /* Whom it admitted is out on this path as well. */
    merge(&t, &t.o[PREF].org.log, TOWN, HOSTILE);
    assert_int_equal(orgs_heir(&t, TOWN), HOSTILE);
    world_remove(&t.w, &t.o[FOUNDER].issuing.log, t.o[PREF].org.cert, KAI_REVOKE_COMPROMISE, logs,
                 1);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    unasked(&t, PREF, NULL);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    orgs_stop(&t);
}

/* A merger that is done stays: what is inside the cut is, also with one more path. */
static void inside_the_cut(void **state)
{
    (void)state;
    static struct orgs t;

    build(&t, 3);
    merge(&t, &t.o[TOWN].org.log, TOWN, CITY);
    revoke(&t, PREF, TOWN, &t.o[TOWN].org.log);
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    unasked(&t, TOWN, NULL);
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    orgs_stop(&t);
}

/* Whoever finds the old key signs again in an earlier place, for another heir: neither counts, and
 * what is held decides alone, not what came first. */
static void forked(void **state)
{
    (void)state;
    static struct orgs t;
    uint8_t hash[KAI_ID_BYTES];

    build(&t, 4);
    struct tlog *root = &t.o[TOWN].org.log;
    struct tlog thief = *root;
    merge(&t, &t.o[TOWN].org.log, CITY2, CITY); /* Something else stands in the place before. */
    merge(&t, root, TOWN, CITY);
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    struct tlog later = *root;
    merge(&t, &later, TOWN, HOSTILE); /* In one line the first counts, */
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    merge(&t, &thief, TOWN, HOSTILE); /* and of a fork none. */
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    memcpy(hash, kai_roster_hash(t.r), KAI_ID_BYTES);
    for (size_t i = 0; i < t.w.n / 2; i++) { /* In another order of arrival. */
        struct tentry *e = t.w.entries[i];
        t.w.entries[i] = t.w.entries[t.w.n - 1 - i];
        t.w.entries[t.w.n - 1 - i] = e;
    }
    struct kai_ctl *ctl;
    struct kai_roster *r;
    MUST(kai_ctl_new(&ctl, &t.w.charter));
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < t.w.n; i++)
            more = kai_ctl_add(ctl, &t.w.entries[i]->e) == KAI_OK || more;
    }
    assert_int_equal(kai_ctl_count(ctl), t.w.n);
    MUST(kai_roster_build(&r, ctl));
    assert_memory_equal(kai_roster_hash(r), hash, KAI_ID_BYTES);
    kai_roster_unref(r);
    kai_ctl_free(ctl);
    orgs_stop(&t);
}

/* Two branches of the thief's may be all that is held, and one of them say nothing: nobody gets
 * anything. The true one is back once a cut keeps it, but not by one on the thief's path alone. */
static void fork_and_cut(void **state)
{
    (void)state;
    static struct orgs t;

    build(&t, 5);
    struct tlog thief = t.o[TOWN].org.log;
    merge(&t, &t.o[TOWN].org.log, CITY2, CITY); /* No word of the town's own. */
    merge(&t, &thief, TOWN, HOSTILE);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    struct tsub again = t.o[TOWN].org;
    const struct tlog *keep[1] = {&thief};
    world_admit(&t.w, &t.o[HOSTILE].issuing.log, &again, KAI_ADMIT_ORG, NULL);
    world_remove(&t.w, &t.o[HOSTILE].issuing.log, again.cert, KAI_REVOKE_LEFT, keep, 1);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    orgs_stop(&t);
    build(&t, 6);
    thief = t.o[TOWN].org.log;
    merge(&t, &t.o[TOWN].org.log, TOWN, CITY);
    merge(&t, &thief, TOWN, HOSTILE);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    revoke(&t, PREF, TOWN, &t.o[TOWN].org.log);
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    unasked(&t, TOWN, NULL); /* Which takes it away again, and gives it to nobody. */
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    orgs_stop(&t);
}

static bool stands(struct orgs *t, size_t heir, size_t old, uint64_t label)
{
    orgs_refresh(t);
    return kai_roster_stands_for(t->r, orgs_org(t, heir), t->o[old].org.id, label);
}

/* A sponsor that renewed the town's ADMIT cuts its log by the last one alone. */
static void fork_of_renewed(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_admit again = world_terms(KAI_ADMIT_ORG);

    build(&t, 9);
    again.has_replaces = true;
    memcpy(again.replaces, t.o[TOWN].org.cert, KAI_ID_BYTES);
    world_admit(&t.w, &t.o[PREF].issuing.log, &t.o[TOWN].org, KAI_ADMIT_ORG, &again);
    struct tlog thief = t.o[TOWN].org.log;
    merge(&t, &t.o[TOWN].org.log, TOWN, CITY);
    merge(&t, &thief, TOWN, HOSTILE);
    assert_int_equal(orgs_heir(&t, TOWN), SIZE_MAX);
    revoke(&t, PREF, TOWN, &t.o[TOWN].org.log);
    assert_int_equal(orgs_heir(&t, TOWN), CITY);
    orgs_stop(&t);
}

/* An old one that is admitted again with less hands on what it had, and no more than that; and so
 * does one on the way. */
static void narrowed(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_admit least = world_terms(KAI_ADMIT_ORG);
    struct kai_admit low = world_terms(KAI_ADMIT_ORG);

    build(&t, 7);
    least.label_max = 1;
    low.label_max = 3;
    size_t old = orgs_add(&t, PREF, &low);
    merge(&t, &t.o[old].org.log, old, TOWN);
    merge(&t, &t.o[TOWN].org.log, TOWN, CITY);
    revoke(&t, PREF, old, &t.o[old].org.log);
    revoke(&t, PREF, TOWN, &t.o[TOWN].org.log);
    assert_true(stands(&t, CITY, TOWN, 5) && stands(&t, CITY, old, 3));
    unasked(&t, TOWN, &least);
    unasked(&t, old, &least);
    assert_true(stands(&t, CITY, TOWN, 5) && stands(&t, CITY, old, 3));
    assert_int_equal(orgs_org(&t, TOWN)->label_max, 1); /* For itself. */
    assert_false(stands(&t, CITY, old, 4));
    orgs_stop(&t);
}

/* The same of the mark of a contractor. */
static void unmarked(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_admit mark = world_terms(KAI_ADMIT_ORG);

    build(&t, 8);
    mark.caps |= KAI_CAP_PROVIDER;
    size_t con = orgs_add(&t, PREF, &mark);
    size_t con2 = orgs_add(&t, PREF, &mark);
    merge(&t, &t.o[con].org.log, con, con2);
    merge(&t, &t.o[TOWN].org.log, TOWN, con2);
    revoke(&t, PREF, con, &t.o[con].org.log);
    unasked(&t, con, NULL);
    assert_true(stands(&t, con2, con, 5));
    assert_false(stands(&t, con2, TOWN, 1));
    orgs_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behind_a_cut),   cmocka_unit_test(parent_behind_a_cut),
        cmocka_unit_test(inside_the_cut), cmocka_unit_test(forked),
        cmocka_unit_test(fork_and_cut),   cmocka_unit_test(fork_of_renewed),
        cmocka_unit_test(narrowed),       cmocka_unit_test(unmarked),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

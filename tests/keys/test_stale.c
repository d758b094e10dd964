/* stale: of whom a node has to hear, and for how long silence is well. */
#include "keys/stale.h"

#include <string.h>

#include "keys/orgs.h"

struct heard {
    const struct orgs *t;
    uint64_t ms[ORGS_MAX]; /* By organisation: of its node. */
};

static uint64_t heard_of(void *ctx, const uint8_t node[static KAI_ID_BYTES])
{
    const struct heard *h = ctx;

    for (size_t i = 0; i < h->t->n; i++)
        if (memcmp(h->t->o[i].node.id, node, KAI_ID_BYTES) == 0)
            return h->ms[i];
    return 0;
}

/* Which organisations are stale for one, as a bit each. */
static unsigned stale_for(struct heard *h, size_t of, uint64_t since, uint64_t now)
{
    const struct kai_org *out[8];
    size_t n = kai_stale(h->t->r, orgs_org(h->t, of), heard_of, h, since, now, out, 8);
    unsigned bits = 0;

    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < h->t->n; i++)
            bits |= out[k] == orgs_org(h->t, i) ? 1u << i : 0;
    return bits;
}

static void stales(void **state)
{
    static struct orgs t;
    static struct heard h;
    const uint64_t t0 = 1000 * DAY_MS;
    const struct kai_org *out[1];

    (void)state;
    orgs_start(&t, 5); /* founder 0 - prefecture 1 - town 2; another 3. */
    size_t pref = orgs_add(&t, 0, NULL);
    size_t town = orgs_add(&t, pref, NULL);
    size_t other = orgs_add(&t, 0, NULL);
    orgs_refresh(&t);
    h.t = &t;
    /* Silence counts from when one began to listen. */
    assert_int_equal(stale_for(&h, town, t0, t0 + KAI_STALE_MS), 0);
    assert_int_equal(stale_for(&h, town, t0, t0 + KAI_STALE_MS + 1), 1u | 2u);
    assert_int_equal(stale_for(&h, pref, t0, t0 + KAI_STALE_MS + 1), 1u);
    assert_int_equal(stale_for(&h, 0, t0, t0 + KAI_STALE_MS + 1), 0); /* Nobody stands above. */
    assert_int_equal(kai_stale(t.r, NULL, heard_of, &h, t0, 2 * t0, out, 1), 0);
    assert_int_equal(kai_stale(t.r, orgs_org(&t, town), heard_of, &h, t0, 2 * t0, out, 1), 2);
    /* A word of each of those above, and of nobody else, makes it good. */
    h.ms[other] = h.ms[town] = t0 + 10 * DAY_MS;
    assert_int_equal(stale_for(&h, town, t0, t0 + 10 * DAY_MS), 1u | 2u);
    h.ms[0] = t0 + 5 * DAY_MS;
    assert_int_equal(stale_for(&h, town, t0, t0 + 10 * DAY_MS), 2u);
    h.ms[pref] = t0 + 10 * DAY_MS;
    assert_int_equal(stale_for(&h, town, t0, t0 + 10 * DAY_MS), 0);
    assert_int_equal(stale_for(&h, town, t0, t0 + 5 * DAY_MS + KAI_STALE_MS), 0);
    assert_int_equal(stale_for(&h, town, t0, t0 + 5 * DAY_MS + KAI_STALE_MS + 1), 1u);
    /* A clock that was set back makes nobody late. */
    assert_int_equal(stale_for(&h, town, t0, t0 - 100 * DAY_MS), 0);
    /* Who was put out says nothing any more, and nobody waits for it; a node of it neither. */
    world_remove(&t.w, &t.o[0].issuing.log, t.o[other].org.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_refresh(&t);
    assert_int_equal(stale_for(&h, town, t0, t0 + 9 * DAY_MS), 0);
    world_remove(&t.w, &t.o[pref].issuing.log, t.o[pref].node.cert, KAI_REVOKE_LOST, NULL, 0);
    orgs_refresh(&t);
    assert_int_equal(stale_for(&h, town, t0, t0 + 9 * DAY_MS), 1u << pref);
    orgs_stop(&t);
}

/* Who admits an organisation that did not ask, and is silent, makes nobody stale: not one that has
 * another path, nor a founder. */
static void unasked(void **state)
{
    static struct orgs t;
    static struct heard h;
    const uint64_t t0 = 1000 * DAY_MS;
    const uint64_t now = t0 + 20 * DAY_MS;

    (void)state;
    orgs_start(&t, 6); /* founder 0 - prefecture 1 - town 2 - its contractor 3; the silent one 4. */
    size_t pref = orgs_add(&t, 0, NULL);
    size_t town = orgs_add(&t, pref, NULL);
    size_t con = orgs_add(&t, town, NULL);
    size_t silent = orgs_add(&t, 0, NULL);
    world_admit(&t.w, &t.o[silent].issuing.log, &t.o[town].org, KAI_ADMIT_ORG, NULL);
    orgs_refresh(&t);
    assert_true(kai_roster_above(t.r, orgs_org(&t, town), orgs_org(&t, silent)));
    h = (struct heard){.t = &t};
    h.ms[0] = h.ms[pref] = h.ms[town] = now;
    assert_int_equal(stale_for(&h, town, t0, now), 0);
    assert_int_equal(stale_for(&h, con, t0, now), 0); /* Nor those below it. */
    /* It is the other way round as well: one path that is whole is enough, */
    h.ms[pref] = t0;
    assert_int_equal(stale_for(&h, town, t0, now), 1u << pref | 1u << silent);
    assert_int_equal(stale_for(&h, con, t0, now), 1u << pref | 1u << silent);
    h.ms[silent] = now;
    assert_int_equal(stale_for(&h, town, t0, now), 0);
    h.ms[0] = t0; /* and none is without the founder. */
    assert_int_equal(stale_for(&h, town, t0, now), 1u | 1u << pref);
    h.ms[silent] = t0;
    assert_int_equal(stale_for(&h, town, t0, now), 1u | 1u << pref | 1u << silent);
    assert_int_equal(stale_for(&h, 0, t0, now), 0);
    orgs_stop(&t);
}

/* With two founders: one that the other's member admits stands under both, and is stale of none. */
static void founders(void **state)
{
    static struct world w;
    static struct tsub root[2], issuing, a, of_a;
    static struct orgs none;
    struct heard h = {.t = &none};
    const struct kai_org *out[4];
    const uint64_t t0 = 1000 * DAY_MS;

    (void)state;
    world_init(&w, 7, root, 2, 2);
    world_key(&w, &issuing);
    world_admit(&w, &root[0].log, &issuing, KAI_ADMIT_ISSUING, NULL);
    world_key(&w, &a);
    world_admit(&w, &issuing.log, &a, KAI_ADMIT_ORG, NULL);
    world_key(&w, &of_a);
    world_admit(&w, &a.log, &of_a, KAI_ADMIT_ISSUING, NULL);
    world_admit(&w, &of_a.log, &root[1], KAI_ADMIT_ORG, NULL);
    struct kai_roster *r = world_roster(&w);
    const struct kai_org *f = kai_roster_org(r, root[1].id);
    assert_true(kai_roster_above(r, f, kai_roster_org(r, a.id)));
    assert_int_equal(kai_stale(r, f, heard_of, &h, t0, 2 * t0, out, 4), 0);
    assert_int_equal(kai_stale(r, kai_roster_org(r, a.id), heard_of, &h, t0, 2 * t0, out, 4), 1);
    kai_roster_unref(r);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stales),
        cmocka_unit_test(unasked),
        cmocka_unit_test(founders),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

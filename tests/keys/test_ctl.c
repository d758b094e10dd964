/* How much a set of control entries may hold, and whose word is taken all the same. */
#include "keys/orgs.h"

#include <stdlib.h>
#include <string.h>

#include "keys/ctl_int.h"

static size_t offer(struct kai_ctl *ctl, const struct world *w, size_t from, size_t *refused)
{
    size_t taken = 0;

    for (size_t i = from; i < w->n; i++) {
        enum kai_err err = kai_ctl_add(ctl, &w->entries[i]->e);

        taken += err == KAI_OK;
        *refused += err == KAI_ELIMIT;
    }
    return taken;
}

/* An organisation two steps down admits chains of others without end. */
static void a_filled_set_still_hears(void **state)
{
    (void)state;
    static struct orgs t;
    size_t refused = 0;

    orgs_start(&t, 1);
    size_t mine = orgs_add(&t, 0, NULL); /* Ours stands four steps down another line. */
    size_t below = orgs_add(&t, mine, NULL);
    size_t third = orgs_add(&t, below, NULL);
    size_t bad = orgs_add(&t, 0, NULL);
    size_t worse = orgs_add(&t, bad, NULL);
    struct kai_ctl *ctl = world_ctl(&t.w);
    size_t before = kai_ctl_count(ctl);
    ctl->most = before + 30;
    kai_ctl_own(ctl, t.o[third].node.log.pk);
    size_t from = t.w.n;
    struct tlog chain = t.o[worse].issuing.log;
    struct tsub org, key;
    for (size_t i = 0; i < 20; i++) {
        world_key(&t.w, &org);
        world_key(&t.w, &key);
        world_admit(&t.w, &chain, &org, KAI_ADMIT_ORG, NULL);
        world_admit(&t.w, &org.log, &key, KAI_ADMIT_ISSUING, NULL);
        chain = key.log;
    }
    assert_int_equal(offer(ctl, &t.w, from, &refused), 30);
    assert_true(refused > 0);
    assert_int_equal(kai_ctl_count(ctl), before + 30);
    assert_int_equal(kai_ctl_check(ctl, &t.w.entries[t.w.n - 1]->e), KAI_EAGAIN);
    /* A founder, one whom a founder admitted, and all above us still speak. */
    from = t.w.n;
    refused = 0;
    struct tsub node;
    world_key(&t.w, &node);
    world_admit(&t.w, &t.o[third].issuing.log, &node, KAI_ADMIT_NODE, NULL);
    world_admit(&t.w, &t.o[below].issuing.log, &node, KAI_ADMIT_NODE, NULL);
    world_remove(&t.w, &t.o[0].issuing.log, t.o[bad].org.cert, KAI_REVOKE_RULES, NULL, 0);
    world_remove(&t.w, &t.o[bad].issuing.log, t.o[worse].org.cert, KAI_REVOKE_RULES, NULL, 0);
    assert_int_equal(offer(ctl, &t.w, from, &refused), 4);
    /* The filler does not. */
    from = t.w.n;
    world_admit(&t.w, &t.o[worse].issuing.log, &node, KAI_ADMIT_NODE, NULL);
    assert_int_equal(kai_ctl_check(ctl, &t.w.entries[from]->e),
                     kai_ctl_add(ctl, &t.w.entries[from]->e));
    assert_int_equal(kai_ctl_count(ctl), before + 34);
    struct kai_roster *r;
    MUST(kai_roster_build(&r, ctl));
    assert_false(kai_roster_org(r, t.o[bad].org.id)->active);
    assert_false(kai_roster_org(r, org.id) != NULL && kai_roster_org(r, org.id)->active);
    kai_roster_unref(r);
    kai_ctl_free(ctl);
    orgs_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filled_set_still_hears),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

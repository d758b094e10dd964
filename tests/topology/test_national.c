/* test_national: a small country: the same run twice, and nodes that share what they hold, or that
 * several threads run, do nothing that others would not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "topology/national.h"
#include "topology/sim/sim_int.h"

#define NET NETWORKS "/national.net"

#ifdef KAI_SANITIZED /* It takes ten times as long there. */
#define SHARED_TO  6u
#define THREADS_TO 9u
#else
#define SHARED_TO  7u
#define THREADS_TO 10u
#endif

/* Entries, a newcomer to the control plane, nodes that stop and start. */
static uint64_t run(uint64_t seed, bool shared, size_t threads)
{
    struct national w;
    uint64_t hash;

    assert_true(national_new(&w, NET, seed, 1, 36, shared, threads));
    kai_sim_run(w.s, 8000);
    for (int i = 0; i < 4; i++) {
        (void)national_publish(&w, 5);
        kai_sim_revoke(w.s, w.net->n_orgs - 1 - (size_t)i);
        kai_sim_run(w.s, 700);
        kai_sim_restart(w.s, 1 + national_roll(&w, 10));
        kai_sim_run(w.s, 3000);
    }
    hash = kai_sim_hash(w.s);
    national_free(&w);
    return hash;
}

static void test_same_seed(void **state)
{
    uint64_t first = run(3, true, 1);

    (void)state;
    assert_true(run(3, true, 1) == first);
    assert_true(run(4, true, 1) != first);
}

static void test_sharing_hides_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 5; seed < SHARED_TO; seed++)
        assert_true(run(seed, true, 1) == run(seed, false, 1));
}

static void test_threads_decide_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 8; seed < THREADS_TO; seed++) {
        uint64_t alone = run(seed, true, 1);
        for (size_t threads = 2; threads < 5; threads++)
            assert_true(run(seed, true, threads) == alone);
    }
    assert_true(run(8, false, 2) == run(8, false, 1));
}

/* What one node has heard no other has before it hears it too. */
static void test_sets_differ(void **state)
{
    struct national w;
    struct kai_head head;
    const uint8_t *log;
    uint64_t before;

    (void)state;
    assert_true(national_new(&w, NET, 7, 1, 36, true, 1));
    kai_sim_run(w.s, 6000);
    log = w.s->org[0].issuing.pk;
    assert_int_equal(kai_ctl_head(w.s->node[0].ctl, log, &head), KAI_OK);
    before = head.seq;
    assert_ptr_equal(w.s->node[0].ctl, w.s->node[9].ctl);
    kai_sim_change(w.s, 0, &w.s->aud[0].is.members); /* The founder says something. */
    assert_int_equal(kai_ctl_head(w.s->node[0].ctl, log, &head), KAI_OK);
    assert_int_equal(head.seq, before + 1);
    assert_int_equal(kai_ctl_head(w.s->node[9].ctl, log, &head), KAI_OK);
    assert_int_equal(head.seq, before);
    kai_sim_run(w.s, 3000);
    assert_int_equal(kai_ctl_head(w.s->node[9].ctl, log, &head), KAI_OK);
    assert_int_equal(head.seq, before + 1);
    national_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed),
        cmocka_unit_test(test_sharing_hides_nothing),
        cmocka_unit_test(test_threads_decide_nothing),
        cmocka_unit_test(test_sets_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

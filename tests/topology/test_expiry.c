/* test_expiry: payloads whose time is over are missing here and there, and nothing else is: logs
 * go on, newcomers come to the same end, and nobody asks for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "topology/flow.h"
#include "topology/sim/sim_int.h"
#include "topology/state.h"

#define NODES   5u
#define AUTHOR  1u
#define LATE    (NODES - 1u)
#define ENTRIES 6u /* With BIND. */
#define TTL_S   60u

static size_t held(const struct kai_sim *s, size_t node, size_t aud)
{
    struct kai_entry e;
    size_t n = 0;

    while (kai_sim_entry(s, node, aud, 0, n + 1, &e))
        n++;
    return n;
}

/* All but the last hold the author's log in this audience, of which the first entries expire. */
static struct kai_sim *stage(uint64_t seed, size_t aud)
{
    struct kai_sim_options o = {
        .seed = seed, .n_nodes = NODES, .late = 1, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s = kai_sim_new(&o);

    for (size_t i = 0; i + 1 < LATE; i++)
        kai_sim_connect(s, i, i + 1);
    kai_sim_run(s, 3000);
    kai_sim_expire(s, TTL_S);
    for (size_t i = 1; i + 1 < ENTRIES; i++)
        kai_sim_publish(s, AUTHOR, aud, 100);
    kai_sim_expire(s, 0);
    kai_sim_publish(s, AUTHOR, aud, 100);
    kai_sim_run(s, 2000);
    for (size_t i = 0; i < LATE; i++)
        assert_int_equal(held(s, i, aud), ENTRIES);
    return s;
}

static size_t bare(const struct kai_sim *s, size_t node, size_t aud)
{
    struct kai_entry e;
    size_t n = 0;

    for (uint64_t seq = 1; kai_sim_entry(s, node, aud, 0, seq, &e); seq++)
        n += e.payload.p == NULL;
    return n;
}

struct wants {
    size_t n;
};

static void on_frame(void *ctx, struct kai_view frame)
{
    struct wants *w = ctx;
    struct kai_frame f;

    if (kai_frame_parse(&f, frame) == KAI_OK && f.type == KAI_MSG_WANT)
        w->n++;
}

static void come_late(struct kai_sim *s, size_t to)
{
    kai_sim_admit_late(s, LATE);
    kai_sim_connect(s, LATE, to);
    kai_sim_run(s, 5000);
}

/* Nothing of it is over before its time; then all have it bare, BIND and the one for ever aside. */
static void test_over(void **state)
{
    (void)state;
    for (size_t aud = 0; aud < 2; aud++) {
        struct kai_sim *s = stage(90 + aud, aud);
        struct wants w = {0};

        assert_int_equal(kai_sim_forget(s, 0, aud, false), 0);
        kai_sim_run(s, TTL_S * 1000);
        for (size_t i = 0; i < LATE; i++)
            assert_int_equal(kai_sim_forget(s, i, aud, false), ENTRIES - 2);
        kai_sim_restart(s, 2);
        kai_sim_connect(s, 2, 1);
        kai_sim_connect(s, 3, 2);
        kai_sim_connect(s, 3, 1); /* Of odd nodes there is an audience of their own. */
        come_late(s, 0);
        assert_int_equal(held(s, LATE, aud), ENTRIES);
        assert_int_equal(bare(s, LATE, aud), ENTRIES - 2);
        kai_sim_tap(s, LATE, on_frame, &w);
        kai_sim_run(s, 1800 * 1000);
        assert_int_equal(w.n, 0); /* What is over is asked for by nobody. */
        kai_sim_publish(s, AUTHOR, aud, 100);
        kai_sim_run(s, 3000);
        for (size_t i = 0; i < NODES; i++)
            assert_int_equal(held(s, i, aud), ENTRIES + 1);
        assert_true(kai_sim_converged(s, NULL));
        assert_int_equal(kai_sim_violations(s), 0);
        kai_sim_free(s);
    }
}

/* Some have forgotten, some not: both come to the same rows, and the same log. */
static void test_some(void **state)
{
    struct kai_sim *s = stage(93, 0);

    (void)state;
    kai_sim_run(s, TTL_S * 1000);
    assert_int_equal(kai_sim_forget(s, 0, 0, false), ENTRIES - 2);
    kai_sim_cut_all(s);
    kai_sim_run(s, 200);
    come_late(s, 3); /* Who has all. */
    assert_int_equal(held(s, LATE, 0), ENTRIES);
    assert_int_equal(bare(s, LATE, 0), 0);
    for (size_t i = 0; i < 3; i++)
        kai_sim_connect(s, LATE, i);
    kai_sim_connect(s, 3, 1);
    kai_sim_run(s, 5000);
    assert_int_equal(bare(s, 0, 0), ENTRIES - 2); /* And who has not does not get it back. */
    assert_true(kai_sim_converged(s, NULL));
    kai_sim_free(s);
}

/* A peer that lets go too early (its clock, or its will) gives nobody a hole: who has the payload
 * is asked, and the peer not again and again. */
static void test_early(void **state)
{
    struct kai_sim *s = stage(94, 0);
    struct wants w = {0};

    (void)state;
    assert_int_equal(kai_sim_forget(s, 0, 0, true), ENTRIES - 1);
    kai_sim_cut_all(s);
    kai_sim_run(s, 200);
    kai_sim_admit_late(s, LATE);
    kai_sim_tap(s, LATE, on_frame, &w);
    kai_sim_connect(s, LATE, 0);
    kai_sim_run(s, 20000);
    assert_int_equal(bare(s, LATE, 0), 0);
    assert_int_equal(held(s, LATE, 0), 1); /* BIND. */
    assert_true(w.n < 20);
    kai_sim_connect(s, LATE, 3);
    kai_sim_run(s, 20000);
    assert_int_equal(held(s, LATE, 0), ENTRIES);
    assert_int_equal(bare(s, LATE, 0), 0);
    kai_sim_free(s);
}

/* A large entry of which a PUSH brought the header alone, while the one before it waits: it is
 * asked for once it is next, and nobody is taken for one who let go of it. */
static void test_parked(void **state)
{
    struct kai_sim *s = stage(95, 0);
    struct kai_net *n = kai_sim_net(s, 3);
    struct kai_entry before, large;
    struct kai_nlog *log;
    struct kai_share *share;

    (void)state;
    kai_sim_cut_all(s);
    kai_sim_run(s, 200);
    kai_sim_publish(s, AUTHOR, 0, 100);
    kai_sim_publish(s, AUTHOR, 0, 100);
    kai_sim_connect(s, 3, 2);
    kai_sim_run(s, 3000);
    assert_true(kai_sim_entry(s, AUTHOR, 0, 0, ENTRIES + 1, &before));
    assert_true(kai_sim_entry(s, AUTHOR, 0, 0, ENTRIES + 2, &large));
    large.payload = (struct kai_view){0};
    share = kai_share_find(n->links[0], s->aud[0].id);

    kai_step_begin(n, kai_sim_now(s));
    assert_true(kai_park(n, n->links[0], share, &before, true));
    kai_ingest(n, n->links[0], share, &large, 0, true);
    assert_int_equal(n->n_parked, 2);
    kai_park_retry(n, false);
    log = kai_mirror_find(n, large.h.log_pk);
    assert_non_null(log);
    assert_int_equal(n->n_parked, 0);
    assert_int_equal(log->ing_seq, ENTRIES + 1);
    assert_int_equal(log->lacks_ms, 0);
    assert_int_equal(n->count.entries_refused, 0);
    kai_step_end(n);
    kai_sim_connect(s, 3, AUTHOR);
    kai_sim_run(s, 60000); /* Who was asked first has it not. */
    assert_int_equal(held(s, 3, 0), ENTRIES + 2);
    assert_int_equal(bare(s, 3, 0), 0);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_over),
        cmocka_unit_test(test_some),
        cmocka_unit_test(test_early),
        cmocka_unit_test(test_parked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

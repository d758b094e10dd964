/* test_fork: a log that forks is frozen at its first fork everywhere, in whatever order that is
 * heard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "topology/sim/sim_int.h"
#include "wire/put.h"

#define NODES   5u
#define AUTHOR  1u
#define ENTRIES 6u /* With BIND. */

/* All hold the author's log, and nobody is linked to anybody. */
static struct kai_sim *stage(uint64_t seed, size_t late)
{
    struct kai_sim_options o = {
        .seed = seed, .n_nodes = NODES, .late = late, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s = kai_sim_new(&o);

    for (size_t i = 0; i + 1 < NODES - late; i++)
        kai_sim_connect(s, i, i + 1);
    kai_sim_run(s, 3000);
    for (size_t i = 1; i < ENTRIES; i++)
        kai_sim_publish(s, AUTHOR, 0, 100);
    kai_sim_run(s, 2000);
    for (size_t i = 0; i < NODES - late; i++)
        assert_int_equal(kai_sim_entries(s, i, 0), ENTRIES);
    kai_sim_cut_all(s);
    kai_sim_run(s, 200);
    return s;
}

struct seen {
    uint64_t seq;
    size_t n;
};

static void on_frozen(void *ctx, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq)
{
    struct seen *x = ctx;

    (void)log_pk;
    x->seq = seq;
    x->n++;
}

static uint64_t frozen(const struct kai_sim *s, size_t node)
{
    struct seen x = {0};

    kai_net_frozen(kai_sim_net(s, node), on_frozen, &x);
    assert_true(x.n <= 1);
    return x.seq;
}

/* Somebody in the author's place brings another entry at seq to this node. */
static void fork_at(struct kai_sim *s, size_t node, uint64_t seq)
{
    struct kai_entry e, other;
    struct kai_hello h;
    struct kai_buf b, bytes;
    uint64_t link = kai_sim_raw_link(s, node, AUTHOR, false);

    assert_true(kai_sim_entry(s, AUTHOR, 0, 0, seq, &e));
    kai_buf_init(&bytes, KAI_FRAME_BYTES_MAX);
    assert_true(kai_sim_fork(s, AUTHOR, 0, &e, &bytes, &other));
    kai_sim_hello_as(s, AUTHOR, &h);
    kai_ctl_fingerprint(s->node[node].ctl, h.fingerprint);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_hello(&b, &h);
    kai_sim_raw_frame(s, node, link, kai_buf_view(&b));
    assert_true(kai_sim_raw_match(s, node, link, 0, h.nonce, false));
    kai_sim_run(s, 10);
    for (int twice = 0; twice < 2; twice++) {
        kai_buf_clear(&b);
        kai_put_frame(&b, KAI_MSG_PUSH, 4);
        kai_put_uint(&b, 0);
        kai_put_view(&b, other.hdr);
        kai_put_view(&b, other.sig);
        kai_put_view(&b, other.payload);
        kai_sim_raw_frame(s, node, link, kai_buf_view(&b));
        kai_sim_run(s, 50);
    }
    kai_buf_free(&b);
    kai_buf_free(&bytes);
    kai_sim_cut_all(s);
    kai_sim_run(s, 50);
}

/* Forks at several places, told to several nodes in any order: the first one counts for all, also
 * for its author, who goes on under another key. */
static void test_any_order(void **state)
{
    static const uint64_t order[6][3] = {{2, 4, 6}, {2, 6, 4}, {4, 2, 6},
                                         {4, 6, 2}, {6, 2, 4}, {6, 4, 2}};

    (void)state;
    for (uint64_t i = 0; i < 6; i++) {
        struct kai_sim *s = stage(70 + i, 0);
        struct kai_entry e;

        for (size_t k = 0; k < 3; k++)
            fork_at(s, (size_t)((k * 2 + i) % NODES == AUTHOR ? 0 : (k * 2 + i) % NODES),
                    order[i][k]);
        for (size_t k = 0; k < NODES; k++) /* A ring this time. */
            kai_sim_connect(s, k, (k + 1) % NODES);
        kai_sim_run(s, 5000);
        for (size_t k = 0; k < NODES; k++) {
            assert_int_equal(frozen(s, k), 2);
            assert_int_equal(kai_sim_entries(s, k, 0), ENTRIES); /* What was held is kept. */
        }
        kai_sim_publish(s, AUTHOR, 0, 100);
        kai_sim_run(s, 3000);
        for (size_t k = 0; k < NODES; k++) {
            assert_int_equal(kai_sim_entries(s, k, 0), ENTRIES + 2);
            assert_true(kai_sim_entry(s, k, 0, 1, 2, &e));
        }
        assert_int_equal(kai_sim_violations(s), 0);
        kai_sim_free(s);
    }
}

/* Who comes later gets what stands before the fork, hears of it, and still knows after a restart.
 */
static void test_newcomer(void **state)
{
    struct kai_sim *s = stage(81, 1);
    size_t late = NODES - 1;

    (void)state;
    fork_at(s, 0, 4);
    assert_int_equal(frozen(s, 0), 4);
    kai_sim_admit_late(s, late);
    kai_sim_connect(s, late, 0);
    kai_sim_run(s, 5000);
    assert_int_equal(kai_sim_entries(s, late, 0), 3);
    assert_int_equal(frozen(s, late), 4);
    kai_sim_restart(s, late);
    kai_sim_restart(s, 0);
    assert_int_equal(frozen(s, late), 4);
    assert_int_equal(frozen(s, 0), 4);
    kai_sim_connect(s, late, 2); /* Node 2 has not heard, and has all. */
    kai_sim_run(s, 5000);
    assert_int_equal(kai_sim_entries(s, late, 0), 3);
    assert_int_equal(frozen(s, 2), 4);
    kai_sim_free(s);
}

/* A fork of the first entry leaves nothing: no row is shown, and nobody fetches it. */
static void test_from_the_first(void **state)
{
    struct kai_sim *s = stage(82, 1);
    size_t late = NODES - 1;

    (void)state;
    fork_at(s, 0, 1);
    kai_sim_admit_late(s, late);
    kai_sim_connect(s, late, 0);
    kai_sim_run(s, 5000);
    assert_int_equal(kai_sim_entries(s, late, 0), 0);
    kai_sim_connect(s, 0, 2);
    kai_sim_run(s, 5000);
    assert_int_equal(frozen(s, 2), 1);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_newcomer),
        cmocka_unit_test(test_from_the_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

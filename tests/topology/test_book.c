/* test_book: addresses and introductions: what is believed, what is passed on, what a stranger is
 * told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology/sim/sim_int.h"
#include "topology/state.h"

static struct kai_sim *net_of(size_t nodes, size_t late, bool linked)
{
    struct kai_sim_options o = {
        .seed = 31, .n_nodes = nodes, .late = late, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s = kai_sim_new(&o);

    for (size_t i = 1; linked && i + late < nodes; i++)
        kai_sim_connect(s, i, i - 1);
    kai_sim_run(s, 4000);
    return s;
}

static void note(struct kai_sim *s, size_t node, uint64_t counter, uint64_t not_after,
                 struct kai_buf *out)
{
    struct kai_addr a = {.counter = counter, .n = 1, .listens = true, .not_after = not_after};

    memcpy(a.node_cert, s->node[node].node_cert, KAI_ID_BYTES);
    memcpy(a.curve_pk, s->node[node].curve_pk, KAI_KEY_BYTES);
    (void)snprintf(a.at[0].endpoint, sizeof a.at[0].endpoint, "tcp://192.0.2.%zu:%u", node,
                   (unsigned)counter);
    kai_buf_init(out, KAI_ADDR_BYTES_MAX);
    kai_addr_write(out, &a, s->node[node].sign.sk, s->charter.nid);
    assert_int_equal(out->err, KAI_OK);
}

static bool known(struct kai_sim *s, size_t at, size_t of, const char *endpoint)
{
    struct kai_dial d;

    return kai_net_addr_of(s->node[at].net, s->node[of].curve_pk, &d) &&
           strcmp(d.endpoint, endpoint) == 0;
}

/* How many others a node would dial, one after the other. */
static size_t dials(struct kai_sim *s, size_t at, uint64_t wall_ms, struct kai_dial *last)
{
    size_t k = 0;

    kai_sim_cut_all(s);
    kai_sim_run(s, 1100);
    while (kai_net_dial(s->node[at].net, last, s->now, wall_ms))
        k++;
    return k;
}

static void test_addresses(void **state)
{
    struct kai_sim *s = net_of(4, 0, true);
    uint64_t later = SIM_WALL_MS + 100000000;
    struct kai_buf b;
    struct kai_dial d;

    (void)state;
    note(s, 1, 5, later, &b);
    kai_net_on_own_addr(s->node[1].net, kai_buf_view(&b), s->now);
    kai_buf_free(&b);
    kai_sim_run(s, 500);
    for (size_t i = 0; i < 4; i++)
        assert_true(known(s, i, 1, "tcp://192.0.2.1:5"));
    note(s, 1, 4, later, &b); /* Older. */
    kai_net_on_addr(s->node[0].net, kai_buf_view(&b));
    assert_true(known(s, 0, 1, "tcp://192.0.2.1:5"));
    kai_buf_free(&b);
    note(s, 1, 6, later, &b);
    kai_net_on_own_addr(s->node[1].net, kai_buf_view(&b), s->now);
    kai_sim_run(s, 500);
    assert_true(known(s, 3, 1, "tcp://192.0.2.1:6"));
    for (size_t i = 0; i < b.len; i++) { /* No changed note is believed. */
        b.p[i] ^= 4;
        kai_net_on_addr(s->node[0].net, kai_buf_view(&b));
        b.p[i] ^= 4;
    }
    assert_true(known(s, 0, 1, "tcp://192.0.2.1:6"));
    kai_buf_free(&b);
    note(s, 2, 1, SIM_WALL_MS + 1, &b); /* Over already. */
    kai_net_on_addr(s->node[0].net, kai_buf_view(&b));
    kai_buf_free(&b);
    assert_int_equal(dials(s, 3, later, &d), 0); /* Over. */
    assert_int_equal(dials(s, 0, SIM_WALL_MS + s->now, &d), 1);
    assert_memory_equal(d.node, s->node[1].node_id, KAI_ID_BYTES);
    kai_net_on_undialled(s->node[0].net, s->node[1].curve_pk, s->now);
    assert_false(kai_net_dial(s->node[0].net, &d, s->now, SIM_WALL_MS + s->now)); /* Not at once. */
    kai_sim_run(s, 3000);
    assert_int_equal(dials(s, 0, SIM_WALL_MS + s->now, &d), 1);
    kai_sim_connect(s, 2, 0);
    kai_sim_run(s, 2000);
    assert_int_equal(dials(s, 2, SIM_WALL_MS + s->now, &d), 1);
    kai_sim_connect(s, 2, 0);
    kai_sim_run(s, 2000);
    kai_sim_revoke(s, 1);
    kai_sim_run(s, 2000);
    assert_int_equal(dials(s, 2, SIM_WALL_MS + s->now, &d), 0);
    kai_sim_free(s);
}

/* Everybody looks at a note before passing it on: who brings a forged one is to blame for it. */
static void test_forged_address(void **state)
{
    (void)state;
    for (int forged = 0; forged < 2; forged++) {
        struct kai_sim *s = net_of(3, 0, true);
        uint64_t link = kai_sim_raw_link(s, 0, 2, false);
        struct kai_hello h;
        struct kai_buf b, f;
        enum kai_bye why;

        kai_buf_init(&f, KAI_FRAME_BYTES_MAX);
        kai_sim_hello_as(s, 2, &h);
        kai_put_hello(&f, &h);
        kai_sim_raw_frame(s, 0, link, kai_buf_view(&f));
        note(s, 1, 5, SIM_WALL_MS + 100000000, &b);
        b.p[b.len - 1] ^= (uint8_t)forged;
        kai_buf_clear(&f);
        kai_put_frame(&f, KAI_MSG_PEERS, 1);
        kai_put_array(&f, 1);
        kai_put_view(&f, kai_buf_view(&b));
        kai_sim_raw_frame(s, 0, link, kai_buf_view(&f));
        assert_int_equal(kai_sim_raw_dropped(s, link, &why), forged);
        assert_true(!forged || why == KAI_BYE_MALFORMED);
        assert_int_equal(known(s, 0, 1, "tcp://192.0.2.1:5"), !forged);
        kai_buf_free(&b);
        kai_buf_free(&f);
        kai_sim_free(s);
    }
}

/* An address that somebody else signed with our key, and a peer that proved our key: we are not
 * alone. One that is older than ours, and one of another node, say nothing. */
static void test_elsewhere(void **state)
{
    const struct {
        size_t of;
        uint64_t counter;
        uint64_t alarms;
    } say[] = {{0, 5, 0}, {1, 9, 0}, {0, 7, 1}, {0, 7, 1}, {0, 8, 2}};
    struct kai_sim *s = net_of(3, 0, true);
    uint64_t link = kai_sim_raw_link(s, 0, 2, false);
    struct kai_hello h;
    struct kai_buf b, f;

    (void)state;
    note(s, 0, 6, SIM_WALL_MS + 100000000, &b);
    kai_net_on_own_addr(s->node[0].net, kai_buf_view(&b), s->now);
    kai_buf_free(&b);
    kai_buf_init(&f, KAI_FRAME_BYTES_MAX);
    kai_sim_hello_as(s, 2, &h);
    kai_put_hello(&f, &h);
    kai_sim_raw_frame(s, 0, link, kai_buf_view(&f));
    for (size_t i = 0; i < sizeof say / sizeof say[0]; i++) {
        note(s, say[i].of, say[i].counter, SIM_WALL_MS + 100000000, &b);
        kai_buf_clear(&f);
        kai_put_frame(&f, KAI_MSG_PEERS, 1);
        kai_put_array(&f, 1);
        kai_put_view(&f, kai_buf_view(&b));
        kai_sim_raw_frame(s, 0, link, kai_buf_view(&f));
        assert_int_equal(kai_sim_alarms(s, "elsewhere"), say[i].alarms);
        kai_buf_free(&b);
    }
    link = kai_sim_raw_link(s, 0, 0, false);
    kai_sim_hello_as(s, 0, &h);
    h.boot[0] ^= 1;
    kai_buf_clear(&f);
    kai_put_hello(&f, &h);
    kai_sim_raw_frame(s, 0, link, kai_buf_view(&f));
    assert_int_equal(kai_sim_alarms(s, "elsewhere"), 3);
    kai_buf_free(&f);
    kai_sim_free(s);
}

static uint64_t counter_of(const struct kai_sim *s, size_t at, size_t of)
{
    const struct kai_place *p = kai_book_find(s->node[at].net, s->node[of].node_id);

    return p ? p->counter : 0;
}

/* A node that says a new address again and again is passed on now and then, for each goes to every
 * disk; but the last that it says is not lost. */
static void test_addresses_without_end(void **state)
{
    struct kai_sim *s = net_of(3, 0, true);
    uint64_t link = kai_sim_raw_link(s, 0, 2, false), was = 0;
    struct kai_hello h;
    struct kai_buf b, f;
    size_t passed_on = 0;

    (void)state;
    kai_sim_connect(s, 1, 0);
    kai_buf_init(&f, KAI_FRAME_BYTES_MAX);
    kai_sim_hello_as(s, 2, &h);
    kai_put_hello(&f, &h);
    kai_sim_raw_frame(s, 0, link, kai_buf_view(&f));
    kai_sim_run(s, 2000);
    for (unsigned i = 1; i <= 40; i++) {
        note(s, 2, i, SIM_WALL_MS + 100000000, &b);
        kai_buf_clear(&f);
        kai_put_frame(&f, KAI_MSG_PEERS, 1);
        kai_put_array(&f, 1);
        kai_put_view(&f, kai_buf_view(&b));
        kai_sim_raw_frame(s, 0, link, kai_buf_view(&f));
        kai_buf_free(&b);
        kai_sim_run(s, 50);
        passed_on += counter_of(s, 1, 2) != was;
        was = counter_of(s, 1, 2);
    }
    assert_in_range(passed_on, 2, 10);
    assert_int_equal(counter_of(s, 0, 2), 40);
    assert_true(was < 40);
    kai_sim_run(s, 35000);
    assert_int_equal(counter_of(s, 1, 2), 40);
    kai_buf_free(&f);
    kai_sim_free(s);
}

/* An address may come before the control entries that say whose it is: it waits, and with it as
 * many as a newcomer is told at once; who makes up more pushes out the oldest. */
static void test_addresses_before_their_nodes(void **state)
{
    struct kai_sim *s = net_of(4, 1, true);
    struct kai_net *net = s->node[2].net;
    struct kai_hello h;
    struct kai_buf b, f;
    size_t n_book = net->n_book;
    uint64_t link;

    (void)state;
    kai_sim_cut_all(s);
    kai_sim_admit_late(s, 3); /* Who is cut off does not hear of it. */
    kai_sim_connect(s, 3, 0);
    kai_sim_run(s, 2000);
    link = kai_sim_raw_link(s, 2, 1, false);
    kai_buf_init(&f, KAI_FRAME_BYTES_MAX);
    kai_sim_hello_as(s, 1, &h);
    kai_put_hello(&f, &h);
    kai_sim_raw_frame(s, 2, link, kai_buf_view(&f));
    s->node[3].node_cert[0] ^= 1; /* Of nobody, ever. */
    for (unsigned i = 1; i <= 2 * KAI_EARLY_MAX; i++) {
        if (i == 2 * KAI_EARLY_MAX)
            s->node[3].node_cert[0] ^= 1;
        note(s, 3, i, SIM_WALL_MS + 100000000, &b);
        kai_buf_clear(&f);
        kai_put_frame(&f, KAI_MSG_PEERS, 1);
        kai_put_array(&f, 1);
        kai_put_view(&f, kai_buf_view(&b));
        kai_sim_raw_frame(s, 2, link, kai_buf_view(&f));
        kai_buf_free(&b);
    }
    assert_int_equal(net->n_early, KAI_EARLY_MAX);
    assert_int_equal(net->n_book, n_book);
    kai_sim_cut_all(s);
    kai_sim_connect(s, 2, 0);
    kai_sim_run(s, 4000);
    assert_true(known(s, 2, 3, "tcp://192.0.2.3:512"));
    assert_true(known(s, 0, 3, "tcp://192.0.2.3:512")); /* And it was passed on. */
    assert_int_equal(net->n_early, KAI_EARLY_MAX - 1);
    kai_buf_free(&f);
    kai_sim_free(s);
}

/* The book has room for those who are there: a row goes with its node, and no address is for ever.
 */
static void test_rows_end(void **state)
{
    struct kai_sim *s = net_of(4, 0, true);
    const struct kai_net *net = s->node[0].net;
    struct kai_buf b;

    (void)state;
    for (size_t i = 1; i < 3; i++) {
        note(s, i, 5, INT64_MAX, &b);
        kai_net_on_addr(s->node[0].net, kai_buf_view(&b));
        kai_buf_free(&b);
    }
    size_t before = net->n_book;
    uint64_t sum = net->book_sum;
    assert_true(known(s, 0, 1, "tcp://192.0.2.1:5"));
    kai_sim_revoke(s, 1);
    kai_sim_run(s, 70000);
    assert_null(kai_book_find(net, s->node[1].node_id));
    assert_int_equal(net->n_book, before - 1);
    assert_true(net->book_sum != sum);
    const struct kai_place *p = kai_book_find(net, s->node[2].node_id);
    assert_non_null(p);
    assert_in_range(p->not_after, SIM_WALL_MS, SIM_WALL_MS + s->now + KAI_BOOK_LIFE_MS);
    kai_sim_free(s);
}

/* Whoever could not be reached is not tried sooner for saying a new address. */
static void test_waits_outlive_addresses(void **state)
{
    struct kai_sim *s = net_of(2, 0, true);
    struct kai_net *net = s->node[0].net;
    struct kai_buf b;

    (void)state;
    note(s, 1, 5, SIM_WALL_MS + 100000000, &b);
    kai_net_on_addr(net, kai_buf_view(&b));
    kai_buf_free(&b);
    for (int i = 0; i < 6; i++)
        kai_net_on_undialled(net, s->node[1].curve_pk, s->now);
    struct kai_place was = *kai_book_find(net, s->node[1].node_id);
    assert_int_equal(was.failures, 6);
    note(s, 1, 6, SIM_WALL_MS + 100000000, &b);
    kai_net_on_addr(net, kai_buf_view(&b));
    kai_buf_free(&b);
    const struct kai_place *p = kai_book_find(net, s->node[1].node_id);
    assert_int_equal(p->counter, 6);
    assert_int_equal(p->failures, was.failures);
    assert_int_equal(p->retry_ms, was.retry_ms);
    kai_sim_free(s);
}

/* No counters make a book that is another look the same: neither sums nor multiples tell. */
static void test_sum_of_the_book(void **state)
{
    (void)state;
    uint64_t sum[3];

    for (size_t i = 0; i < 3; i++) {
        struct kai_sim *s = net_of(3, 0, true);
        struct kai_net *net = s->node[0].net;
        uint64_t before = net->book_sum;
        struct kai_buf b;

        note(s, 1, 10 + i, SIM_WALL_MS + 100000000, &b);
        kai_net_on_addr(net, kai_buf_view(&b));
        kai_buf_free(&b);
        sum[i] = net->book_sum - before;
        kai_sim_free(s);
    }
    assert_true(sum[0] != sum[1] && sum[1] != sum[2]);
    assert_true(sum[1] - sum[0] != sum[2] - sum[1]);
}

/* A node that comes later gets all addresses. */
static void test_addresses_for_newcomers(void **state)
{
    struct kai_sim *s = net_of(10, 1, true);
    struct kai_buf b;

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        note(s, i, 1, SIM_WALL_MS + 100000000, &b);
        kai_net_on_own_addr(s->node[i].net, kai_buf_view(&b), s->now);
        kai_buf_free(&b);
    }
    kai_sim_run(s, 1000);
    kai_sim_admit_late(s, 9);
    kai_sim_connect(s, 9, 4);
    kai_sim_run(s, 4000);
    struct kai_dial d;
    for (size_t i = 0; i < 9; i++)
        assert_true(kai_net_addr_of(s->node[9].net, s->node[i].curve_pk, &d));
    kai_sim_free(s);
}

/* ---- Introductions. */

static enum kai_err serve(struct kai_sim *s, const struct kai_buf *ask, const uint8_t *curve,
                          struct kai_buf *reply)
{
    struct kai_why why = {0};

    kai_buf_clear(reply);
    return kai_net_intro_serve(s->node[0].net, kai_buf_view(ask), curve, reply, &why, s->now);
}

static void test_introduction(void **state)
{
    struct kai_sim *s = net_of(3, 0, false);
    struct kai_buf ask, reply;
    size_t before = kai_ctl_count(s->node[0].ctl);

    (void)state;
    kai_buf_init(&ask, KAI_INTRO_FRAME_BYTES_MAX);
    kai_buf_init(&reply, KAI_INTRO_FRAME_BYTES_MAX);
    assert_int_equal(kai_net_intro_hello(s->node[2].net, &ask, SIM_WALL_MS), KAI_OK);
    /* Another key than the one that the transport proved: nothing is said, nothing is kept. */
    assert_int_equal(serve(s, &ask, s->node[1].curve_pk, &reply), KAI_EAUTH);
    assert_int_equal(reply.len, 0);
    for (size_t at = 1; at < ask.len; at += 7) {
        ask.p[at] ^= 1;
        (void)serve(s, &ask, s->node[1].curve_pk, &reply);
        assert_int_equal(reply.len, 0);
        ask.p[at] ^= 1;
    }
    assert_int_equal(kai_ctl_count(s->node[0].ctl), before);
    for (size_t n = 0; n < ask.len; n += 5) {
        struct kai_buf part = ask;
        part.len = n;
        assert_int_not_equal(serve(s, &part, s->node[2].curve_pk, &reply), KAI_OK);
        assert_int_equal(reply.len, 0);
    }
    assert_int_equal(serve(s, &ask, s->node[2].curve_pk, &reply), KAI_OK);
    assert_true(kai_net_admits(s->node[0].net, s->node[2].curve_pk));
    assert_false(kai_net_admits(s->node[0].net, s->node[1].curve_pk));
    kai_buf_clear(&ask);
    assert_int_equal(kai_net_intro_reply(s->node[2].net, kai_buf_view(&reply), &ask), KAI_OK);
    kai_buf_free(&ask);
    kai_buf_free(&reply);
    kai_sim_free(s);
}

/* Whoever was removed shows a chain that verifies, and is told nothing. */
static void test_introduction_of_removed(void **state)
{
    struct kai_sim *s = net_of(3, 0, false);
    struct kai_buf ask, reply;

    (void)state;
    kai_buf_init(&ask, KAI_INTRO_FRAME_BYTES_MAX);
    kai_buf_init(&reply, KAI_INTRO_FRAME_BYTES_MAX);
    kai_sim_revoke(s, 2);
    assert_int_equal(kai_net_intro_hello(s->node[2].net, &ask, SIM_WALL_MS), KAI_OK);
    assert_int_equal(serve(s, &ask, s->node[2].curve_pk, &reply), KAI_EDENIED);
    assert_int_equal(reply.len, 0);
    kai_buf_free(&ask);
    kai_buf_free(&reply);
    kai_sim_free(s);
}

/* Where logs are long only the certificates go, and the server asks for what is between. */
static void test_introduction_by_parts(void **state)
{
    struct kai_sim *s = net_of(16, 1, false);
    struct sim_node *late = &s->node[15];
    struct kai_buf ask, reply;
    enum kai_err err = KAI_EAGAIN;
    int tries;

    (void)state;
    /* Entries that founder and newcomer hold, and node 1 does not. */
    for (size_t i = 0; i < 260; i++)
        (void)sim_world_revoke(s, 2 + i % 3);
    kai_sim_admit_late(s, 15);
    kai_buf_init(&ask, KAI_INTRO_FRAME_BYTES_MAX);
    kai_buf_init(&reply, KAI_INTRO_FRAME_BYTES_MAX);
    for (tries = 0; tries < 4 && err != KAI_OK; tries++) {
        kai_buf_clear(&ask);
        kai_buf_clear(&reply);
        assert_int_equal(kai_net_intro_hello(late->net, &ask, SIM_WALL_MS), KAI_OK);
        assert_true(ask.len < 4096); /* Certificates alone. */
        err = kai_net_intro_serve(s->node[1].net, kai_buf_view(&ask), late->curve_pk, &reply, NULL,
                                  s->now);
        assert_int_equal(err, KAI_EAGAIN);
        kai_buf_clear(&ask);
        assert_int_equal(kai_net_intro_reply(late->net, kai_buf_view(&reply), &ask), KAI_EAGAIN);
        kai_buf_clear(&reply);
        err = kai_net_intro_serve(s->node[1].net, kai_buf_view(&ask), late->curve_pk, &reply, NULL,
                                  s->now);
    }
    assert_int_equal(err, KAI_OK);
    assert_int_equal(tries, 2); /* Too much for one frame. */
    assert_true(kai_net_admits(s->node[1].net, late->curve_pk));
    kai_buf_free(&ask);
    kai_buf_free(&reply);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_forged_address),
        cmocka_unit_test(test_elsewhere),
        cmocka_unit_test(test_addresses_without_end),
        cmocka_unit_test(test_addresses_before_their_nodes),
        cmocka_unit_test(test_rows_end),
        cmocka_unit_test(test_waits_outlive_addresses),
        cmocka_unit_test(test_sum_of_the_book),
        cmocka_unit_test(test_addresses_for_newcomers),
        cmocka_unit_test(test_introduction),
        cmocka_unit_test(test_introduction_of_removed),
        cmocka_unit_test(test_introduction_by_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

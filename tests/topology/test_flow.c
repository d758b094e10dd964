/* test_flow: in which order frames leave, and what peers can make us hold: each bound is driven to,
 * and there the heaviest peer pays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "topology/sim/sim_int.h"
#include "topology/state.h"

#define SENT_MAX 4096

/* What the engine sends, in place of the simulator's wire. */
static struct {
    uint8_t class[SENT_MAX]; /* The first byte of each frame. */
    size_t n;
    bool full;
} wire;

static bool on_send(void *ctx, uint64_t link, struct kai_view frame)
{
    (void)ctx;
    (void)link;
    if (wire.full || wire.n == SENT_MAX)
        return false;
    wire.class[wire.n++] = frame.p[0];
    return true;
}

static struct kai_sim *stage(struct kai_net **n)
{
    struct kai_sim_options o = {.seed = 5, .n_nodes = 2, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s = kai_sim_new(&o);

    kai_sim_connect(s, 1, 0);
    kai_sim_run(s, 3000);
    kai_sim_cut_all(s);
    kai_sim_run(s, 100);
    *n = kai_sim_net(s, 0);
    assert_int_equal((*n)->n_links, 0);
    (*n)->act.send = on_send;
    memset(&wire, 0, sizeof wire);
    return s;
}

/* A link that has not said who it is yet: so there may be many of one node. */
static struct kai_link *link_new(struct kai_sim *s, struct kai_net *n)
{
    uint64_t id = kai_sim_raw_link(s, 0, 1, false);
    struct kai_link *l = kai_link_find(n, id);

    assert_non_null(l);
    l->allowed = UINT64_MAX / 2;
    return l;
}

static bool put(struct kai_net *n, struct kai_link *l, enum kai_out_class class, size_t bytes)
{
    static uint8_t frame[KAI_FRAME_BYTES_MAX];

    frame[0] = (uint8_t) class;
    kai_buf_add(kai_out_begin(n), frame, bytes);
    return kai_out_put(n, l, class);
}

static void test_order(void **state)
{
    struct kai_net *n;
    struct kai_sim *s = stage(&n);
    struct kai_link *l = link_new(s, n);

    (void)state;
    for (size_t c = KAI_OUT_CLASSES; c-- > 0;)
        for (int i = 0; i < 3; i++)
            assert_true(put(n, l, (enum kai_out_class)c, 1000));
    kai_out_pump(n, l);
    assert_int_equal(wire.n, 3 * KAI_OUT_CLASSES);
    for (size_t i = 0; i < wire.n; i++)
        assert_int_equal(wire.class[i], i / 3);
    assert_int_equal(l->queued, 0);
    kai_sim_free(s);
}

/* Whatever is said without end, what waits behind it is said too. */
static void test_nobody_starves(void **state)
{
    (void)state;
    for (size_t loud = KAI_OUT_KEYS; loud < KAI_OUT_BULK; loud++) {
        struct kai_net *n;
        struct kai_sim *s = stage(&n);
        struct kai_link *l = link_new(s, n);
        size_t count[KAI_OUT_CLASSES] = {0};

        for (int round = 0; round < 400; round++) {
            wire.full = true;
            for (size_t c = loud; c < KAI_OUT_CLASSES; c++)
                while (l->out[c].n < 3)
                    assert_true(put(n, l, (enum kai_out_class)c, 60000));
            wire.full = false;
            /* One frame at a time: the transport takes no more. */
            size_t before = wire.n;
            l->stuck = false;
            l->allowed = l->out_flow + 60000;
            kai_out_pump(n, l);
            assert_int_equal(wire.n, before + 1);
            count[wire.class[before]]++;
        }
        for (size_t c = loud + 1; c < KAI_OUT_CLASSES; c++)
            assert_in_range(count[c], 400 / 16, 400 / 8);
        assert_true(count[loud] >= 400 / 2);
        kai_sim_free(s);
    }
}

/* Frames for a peer that reads nothing, large ones and small ones. */
static void test_out_bound(void **state)
{
    (void)state;
    for (size_t bytes = 4; bytes < 65000; bytes += 60000) {
        struct kai_net *n;
        struct kai_sim *s = stage(&n);
        struct kai_link *l = link_new(s, n);
        size_t i = 0;

        while (put(n, l, KAI_OUT_URGENT, bytes) && i < (64u << 20) / bytes)
            i++;
        assert_true(l->queued <= KAI_OUT_MAX + 64 && l->queued > KAI_OUT_MAX / 2);
        assert_true(kai_link_bytes(l) < KAI_PEER_BYTES_MAX);
        assert_false(l->dead);
        kai_sim_free(s);
    }
}

/* All peers together: who holds most goes, and nobody else. */
static void test_all(void **state)
{
    struct kai_net *n;
    struct kai_sim *s = stage(&n);
    struct kai_link *l[2 * KAI_LINKS_MAX];
    size_t sum = 0, k = 2 * KAI_LINKS_MAX, dead = 0;

    (void)state;
    for (size_t i = 0; i < k; i++)
        l[i] = link_new(s, n);
    wire.full = true;
    for (size_t i = 0; i < 60; i++)
        assert_true(put(n, l[7], KAI_OUT_LIVE, 60000));
    for (size_t round = 0; n->count.evicted == 0 && round < 60; round++)
        for (size_t i = 0; i < k && n->count.evicted == 0; i++)
            if (i != 7)
                assert_true(put(n, l[i], KAI_OUT_LIVE, 60000));
    assert_int_equal(n->count.evicted, 1);
    assert_true(l[7]->dead);
    for (size_t i = 0; i < k; i++) {
        dead += l[i]->dead;
        sum += l[i]->dead ? 0 : l[i]->queued;
    }
    assert_int_equal(dead, 1);
    assert_true(sum <= KAI_PEERS_BYTES_MAX);
    assert_true(sum > KAI_PEERS_BYTES_MAX / 2);
    assert_int_equal(kai_sim_alarms(s, "peer.heaviest"), 1);
    /* Who holds most pays also where it is the one that wants more. */
    while (put(n, l[9], KAI_OUT_LIVE, 60000))
        ;
    assert_true(l[9]->dead || l[9]->queued > KAI_OUT_MAX - 61000);
    kai_sim_free(s);
}

/* ---- What waits for a key or a certificate. */

static bool park(struct kai_net *n, struct kai_link *l, uint32_t i, size_t bytes)
{
    static uint8_t hdr[KAI_PAYLOAD_BYTES_MAX];
    struct kai_entry e = {.hdr = kai_view_of(hdr, bytes)};

    memcpy(e.hash, &i, sizeof i);
    memcpy(e.hash + 8, &l->id, sizeof l->id);
    return kai_park(n, l, l->shares[0], &e, false);
}

static void test_parked(void **state)
{
    struct kai_net *n;
    struct kai_sim *s = stage(&n);
    struct kai_link *l[8];
    uint32_t most = 0;

    (void)state;
    for (size_t i = 0; i < 8; i++)
        l[i] = link_new(s, n);
    while (park(n, l[0], most, 100) && most < 10000)
        most++;
    assert_int_equal(most, KAI_PARKED_PER_PEER_MAX);
    for (most = 0; park(n, l[1], most, 60000) && most < 10000; most++)
        ;
    assert_in_range(most, 10, KAI_PARKED_BYTES_MAX / 60000);
    for (size_t i = 2; i < 6; i++)
        for (uint32_t j = 0; j < KAI_PARKED_PER_PEER_MAX; j++)
            (void)park(n, l[i], j, 100);
    assert_int_equal(n->n_parked, KAI_PARKED_MAX);
    /* Somebody who comes later still has as much room as the others, and the light one all of its.
     */
    size_t light = l[1]->n_parked;
    for (uint32_t j = 0; j < 500; j++)
        assert_true(park(n, l[6], j, 100));
    assert_int_equal(n->n_parked, KAI_PARKED_MAX);
    assert_int_equal(l[6]->n_parked, 500);
    assert_int_equal(l[1]->n_parked, light);
    assert_true(l[0]->n_parked < KAI_PARKED_PER_PEER_MAX);
    for (uint32_t j = 500; j < KAI_PARKED_PER_PEER_MAX; j++)
        (void)park(n, l[6], j, 100);
    assert_true(l[6]->n_parked < KAI_PARKED_PER_PEER_MAX);
    assert_int_equal(n->n_parked, KAI_PARKED_MAX);
    kai_sim_free(s);
}

/* ---- Logs that are being fetched. */

static void want(struct kai_net *n, struct kai_link *l, uint32_t i)
{
    uint8_t pk[KAI_KEY_BYTES] = {0};

    memcpy(pk, &i, sizeof i);
    memcpy(pk + 8, &l->id, sizeof l->id);
    kai_fetch_want(n, l, l->shares[0], pk, 1, 5);
}

static void test_fetches(void **state)
{
    struct kai_net *n;
    struct kai_sim *s = stage(&n);
    struct kai_link *l[6];

    (void)state;
    for (size_t i = 0; i < 6; i++)
        l[i] = link_new(s, n);
    for (size_t i = 0; i < 5; i++)
        for (uint32_t j = 0; j < 2 * KAI_FETCHES_OF_LINK_MAX; j++) {
            want(n, l[i], j);
            assert_true(l[i]->n_fetch <= KAI_FETCHES_OF_LINK_MAX && n->n_fetch <= KAI_FETCHES_MAX);
        }
    assert_int_equal(n->n_fetch, KAI_FETCHES_MAX);
    for (uint32_t j = 0; j < 300; j++)
        want(n, l[5], j);
    assert_int_equal(l[5]->n_fetch, 300);
    assert_int_equal(n->n_fetch, KAI_FETCHES_MAX);
    size_t sum = 0;
    for (size_t i = 0; i < 6; i++)
        sum += l[i]->n_fetch;
    assert_int_equal(sum, KAI_FETCHES_MAX);
    for (size_t i = 0; i < 5; i++)
        assert_true(l[i]->n_fetch > 600);
    kai_sim_free(s);
}

/* Frames that take no credit, at line rate: the peer goes, after about 1 MiB of them. */
static void test_unpaid(void **state)
{
    struct kai_net *n;
    struct kai_sim *s = stage(&n);
    struct kai_link *l = link_new(s, n);
    uint64_t id = l->id;
    uint64_t frames = 0;
    enum kai_bye why;
    struct kai_buf b;

    (void)state;
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_numbers(&b, KAI_MSG_PING, 5, 0);
    for (int i = 0; i < 3000; i++) { /* One each millisecond does no harm. */
        kai_net_on_frame(n, id, kai_buf_view(&b), kai_sim_now(s) + (uint64_t)i, 0);
        assert_ptr_equal(kai_link_find(n, id), l);
    }
    for (; frames < 100000 && kai_link_find(n, id); frames++)
        kai_net_on_frame(n, id, kai_buf_view(&b), kai_sim_now(s) + 3000, 0);
    assert_in_range(frames, 10000, 40000);
    assert_true(kai_sim_raw_dropped(s, id, &why));
    assert_int_equal(why, KAI_BYE_LIMIT);
    kai_buf_free(&b);
    kai_sim_free(s);
}

/* Ranges that a peer asks for and does not read. */
static void test_served(void **state)
{
    struct kai_net *n;
    struct kai_sim *s = stage(&n);
    struct kai_link *l = link_new(s, n);
    struct kai_want w = {.from = 1, .to = 9, .payload = true};
    struct kai_buf b;
    struct kai_frame f;

    (void)state;
    wire.full = true;
    l->allowed = 0;
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&b, KAI_MSG_WANT, 2);
    kai_put_uint(&b, KAI_HANDLE_CONTROL);
    kai_put_array(&b, KAI_WANT_RANGES_MAX);
    for (size_t i = 0; i < KAI_WANT_RANGES_MAX; i++)
        kai_put_want(&b, &w);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(kai_frame_parse(&f, kai_buf_view(&b)), KAI_OK);
        kai_serve_on(n, l, &f);
    }
    assert_int_equal(l->n_serve, KAI_SERVE_MAX);
    kai_buf_free(&b);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),     cmocka_unit_test(test_nobody_starves),
        cmocka_unit_test(test_out_bound), cmocka_unit_test(test_all),
        cmocka_unit_test(test_parked),    cmocka_unit_test(test_fetches),
        cmocka_unit_test(test_unpaid),    cmocka_unit_test(test_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_link: one link from HELLO to its end, and what a peer that does not keep the rules can do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/batch.h"
#include "topology/sim/sim.h"
#include "wire/put.h"

static struct kai_sim *quiet(size_t nodes)
{
    struct kai_sim_options o = {.seed = 5, .n_nodes = nodes, .latency_ms = 20, .no_dials = true};

    return kai_sim_new(&o);
}

static struct kai_buf buf(void)
{
    struct kai_buf b;

    kai_buf_init(&b, 4 * KAI_FRAME_BYTES_MAX);
    return b;
}

/* The code of the last frame, if it is a BYE. */
static uint64_t bye_of(const struct kai_sim *s, uint64_t link)
{
    size_t n;
    const struct kai_buf *sent = kai_sim_raw_sent(s, link, &n);
    struct kai_frame f;

    if (n == 0 || kai_frame_parse(&f, kai_buf_view(&sent[n - 1])) != KAI_OK ||
        f.type != KAI_MSG_BYE)
        return 0;
    return f.a;
}

static void expect_drop(const struct kai_sim *s, uint64_t link, enum kai_bye want)
{
    enum kai_bye why;

    assert_true(kai_sim_raw_dropped(s, link, &why));
    assert_int_equal(why, want);
    if (want < KAI_BYE_TIMEOUT)
        assert_int_equal(bye_of(s, link), want);
}

static void say(struct kai_sim *s, uint64_t link, const struct kai_hello *h)
{
    struct kai_buf b = buf();

    kai_put_hello(&b, h);
    kai_sim_raw_frame(s, 0, link, kai_buf_view(&b));
    kai_buf_free(&b);
}

/* Node 0 knows node 1; a stranger with its certificate and key then speaks in its place. */
static struct kai_sim *acquainted(void)
{
    struct kai_sim *s = quiet(2);

    kai_sim_connect(s, 1, 0);
    kai_sim_run(s, 3000);
    kai_sim_cut_all(s);
    kai_sim_run(s, 100);
    return s;
}

static void test_to_live(void **state)
{
    struct kai_sim *s = quiet(2);

    (void)state;
    kai_sim_connect(s, 1, 0);
    kai_sim_run(s, 5);
    assert_string_equal(kai_sim_state(s, 1, 0), "none");
    kai_sim_run(s, 2995);
    assert_string_equal(kai_sim_state(s, 1, 0), "live");
    assert_string_equal(kai_sim_state(s, 0, 1), "live");
    assert_true(kai_sim_may_publish(s, 1, 1)); /* It has got the key of the community. */
    kai_sim_publish(s, 0, 1, 100);
    kai_sim_publish(s, 1, 0, 50000); /* Too large for a push: asked for. */
    kai_sim_run(s, 300);
    assert_true(kai_sim_converged(s, NULL));
    assert_int_equal(kai_sim_entries(s, 0, 0), 2);
    kai_sim_free(s);
}

static void test_silence(void **state)
{
    struct kai_sim *s = acquainted();
    uint64_t link = kai_sim_raw_link(s, 0, 1, false), dialled = kai_sim_raw_link(s, 0, 1, true);
    enum kai_bye why;

    (void)state;
    kai_sim_run(s, 4900);
    assert_false(kai_sim_raw_dropped(s, link, &why));
    kai_sim_run(s, 200);
    expect_drop(s, link, KAI_BYE_TIMEOUT);
    expect_drop(s, dialled, KAI_BYE_TIMEOUT);
    kai_sim_free(s);
}

static void test_no_pong(void **state)
{
    struct kai_sim *s = acquainted();
    uint64_t link = kai_sim_raw_link(s, 0, 1, false);
    struct kai_hello h;
    enum kai_bye why;

    (void)state;
    kai_sim_hello_as(s, 1, &h);
    say(s, link, &h);
    kai_sim_run(s, 55000); /* Pings after 3, 23 and 43 s; the fourth is not made. */
    assert_false(kai_sim_raw_dropped(s, link, &why));
    kai_sim_run(s, 20000);
    expect_drop(s, link, KAI_BYE_TIMEOUT);
    kai_sim_free(s);
}

static void test_refused_hellos(void **state)
{
    struct kai_sim_options o = {
        .seed = 6, .n_nodes = 3, .late = 1, .latency_ms = 20, .no_dials = true};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct kai_sim *s = kai_sim_new(&o);
        struct kai_hello h;
        uint64_t link;
        kai_sim_connect(s, 1, 0);
        kai_sim_run(s, 2000);
        link = kai_sim_raw_link(s, 0, i == 3 ? 2 : 1, false);
        kai_sim_hello_as(s, 1, &h);
        if (i == 0)
            h.nid[3] ^= 1;
        else if (i == 1)
            h.min = h.max = 9;
        else if (i == 2)
            h.cert[0] ^= 1;
        say(s, link, &h); /* 3: a certificate for another CURVE key. */
        expect_drop(s, link,
                    i == 0   ? KAI_BYE_NETWORK
                    : i == 1 ? KAI_BYE_VERSION
                             : KAI_BYE_NOT_ADMITTED);
        size_t n;
        (void)kai_sim_raw_sent(s, link, &n);
        assert_int_equal(n, 1); /* Nothing but BYE. */
        kai_sim_free(s);
    }
}

static void test_malformed(void **state)
{
    static const uint8_t bad[] = {0x92, 0x66, 0x01};

    (void)state;
    for (int stage = 0; stage < 3; stage++) {
        struct kai_sim *s = acquainted();
        uint64_t link = kai_sim_raw_link(s, 0, 1, stage == 2);
        struct kai_net_counters c;
        struct kai_hello h;
        kai_sim_hello_as(s, 1, &h);
        if (stage == 1)
            h.fingerprint[0] ^= 1; /* So that it stays with the control plane. */
        if (stage > 0)
            say(s, link, &h);
        kai_sim_run(s, 50);
        kai_sim_raw_frame(s, 0, link, kai_view_of(bad, sizeof bad));
        expect_drop(s, link, KAI_BYE_MALFORMED);
        kai_net_counters(kai_sim_net(s, 0), &c);
        assert_int_equal(c.malformed, 1);
        kai_sim_raw_frame(s, 0, link,
                          kai_view_of(bad, sizeof bad)); /* What still arrives is nobody's. */
        kai_sim_free(s);
    }
}

static void count_links(void *ctx, const struct kai_link_info *l)
{
    (void)l;
    ++*(size_t *)ctx;
}

static void test_duplicates(void **state)
{
    (void)state;
    for (int order = 0; order < 3; order++) {
        struct kai_sim *s = acquainted();
        size_t a = 0, b = 0;
        kai_sim_connect(s, order == 1 ? 0 : 1, order == 1 ? 1 : 0);
        if (order == 2)
            kai_sim_run(s, 3000);
        kai_sim_connect(s, order == 1 ? 1 : 0, order == 1 ? 0 : 1);
        kai_sim_run(s, 3000);
        kai_net_links(kai_sim_net(s, 0), count_links, &a);
        kai_net_links(kai_sim_net(s, 1), count_links, &b);
        assert_int_equal(a, 1);
        assert_int_equal(b, 1);
        assert_string_equal(kai_sim_state(s, 0, 1), "live");
        kai_sim_free(s);
    }
}

static void test_removed(void **state)
{
    struct kai_sim *s = quiet(4);
    size_t before;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < i; j++)
            kai_sim_connect(s, i, j);
    kai_sim_run(s, 5000);
    assert_string_equal(kai_sim_state(s, 0, 2), "live");
    before = kai_sim_entries(s, 2, 0) + kai_sim_entries(s, 2, 1);
    kai_sim_revoke(s, 2);
    kai_sim_run(s, 300);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(kai_sim_state(s, i, 2), "none");
    kai_sim_connect(s, 2, 3);
    kai_sim_publish(s, 3, 0, 100);
    kai_sim_run(s, 3000);
    assert_int_equal(kai_sim_entries(s, 2, 0) + kai_sim_entries(s, 2, 1), before);
    assert_true(kai_sim_converged(s, NULL));
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

/* ---- Peers that mean harm. */

static void expect_bounded(struct kai_sim *s)
{
    struct kai_net_counters c;

    kai_sim_run(s, 100);
    kai_net_counters(kai_sim_net(s, 0), &c);
    assert_true(c.memory_bytes < KAI_PEER_BYTES_MAX);
}

static uint64_t hostile(struct kai_sim *s)
{
    struct kai_hello h;
    uint64_t link = kai_sim_raw_link(s, 0, 1, false);

    kai_sim_hello_as(s, 1, &h);
    say(s, link, &h);
    kai_sim_run(s, 20);
    return link;
}

/* Entries of control logs that nobody vouches for. */
static void test_flood_of_unknown(void **state)
{
    struct kai_sim *s = acquainted();
    uint64_t link = hostile(s);
    struct kai_net_counters c;
    struct kai_buf b = buf(), out = buf();
    uint8_t seed[32] = {1}, sk[64], payload[900] = {0};

    (void)state;
    for (uint32_t i = 0; i < 4000; i++) {
        struct kai_log_writer w = {.nid = seed, .log_sk = sk};
        struct kai_entry e;
        memcpy(seed, &i, sizeof i);
        assert_int_equal(crypto_sign_seed_keypair(w.log_pk, sk, seed), 0);
        kai_buf_clear(&out);
        assert_int_equal(kai_log_append_plain(&w, &out, &e, KAI_PTYPE_CONTROL,
                                              kai_view_of(payload, sizeof payload), 1),
                         KAI_OK);
        kai_buf_clear(&b);
        kai_put_frame(&b, KAI_MSG_PUSH, 4);
        kai_put_uint(&b, KAI_HANDLE_CONTROL);
        kai_put_view(&b, e.hdr);
        kai_put_view(&b, e.sig);
        kai_put_view(&b, e.payload);
        kai_sim_raw_frame(s, 0, link, kai_buf_view(&b));
    }
    kai_net_counters(kai_sim_net(s, 0), &c);
    assert_true(c.entries_parked > 0 && c.entries_parked <= KAI_PARKED_PER_PEER_MAX);
    expect_bounded(s);
    kai_buf_free(&b);
    kai_buf_free(&out);
    kai_sim_free(s);
}

/* It asks, and reads no answer. */
static void test_never_reads(void **state)
{
    struct kai_sim *s = acquainted();
    uint64_t link = hostile(s);
    struct kai_buf b = buf();

    (void)state;
    kai_sim_raw_block(s, link);
    for (uint64_t i = 0; i < 200000; i++) {
        struct kai_want w = {.from = 1, .to = 9, .payload = true};
        kai_buf_clear(&b);
        if (i % 3 == 0) {
            kai_put_numbers(&b, KAI_MSG_PING, i, 0);
        } else if (i % 3 == 1) {
            kai_put_frame(&b, KAI_MSG_WANT, 2);
            kai_put_uint(&b, i % 2 ? KAI_HANDLE_CONTROL : i % 500);
            kai_put_array(&b, 1);
            kai_put_want(&b, &w);
        } else {
            kai_put_frame(&b, KAI_MSG_RB, 5);
            kai_put_uint(&b, KAI_HANDLE_CONTROL);
            kai_put_uint(&b, 0);
            kai_put_bool(&b, false);
            kai_put_bin(&b, "", 0);
            kai_put_array(&b, 1);
            kai_put_array(&b, 3);
            kai_put_bin(&b, "", 0);
            kai_put_uint(&b, KAI_RB_LIST);
            kai_put_array(&b, 0);
        }
        kai_sim_raw_frame(s, 0, link, kai_buf_view(&b));
    }
    expect_bounded(s);
    for (uint64_t i = 0; i < 400000; i++) { /* Small answers are bounded as well. */
        kai_buf_clear(&b);
        kai_put_numbers(&b, KAI_MSG_PING, i, 0);
        kai_sim_raw_frame(s, 0, link, kai_buf_view(&b));
    }
    expect_bounded(s);
    kai_buf_free(&b);
    kai_sim_free(s);
}

/* More than it was allowed to send. */
static void test_over_credit(void **state)
{
    struct kai_sim *s = acquainted();
    uint64_t link = hostile(s);
    struct kai_buf b = buf();

    (void)state;
    kai_sim_raw_block(s, link);
    kai_put_numbers(&b, KAI_MSG_PING, 1,
                    1ull << 40); /* Claims to have sent what was never allowed. */
    kai_sim_raw_frame(s, 0, link, kai_buf_view(&b));
    enum kai_bye why;
    assert_true(kai_sim_raw_dropped(s, link, &why));
    assert_int_equal(why, KAI_BYE_LIMIT);
    kai_buf_free(&b);
    kai_sim_free(s);
}

static void test_garbage(void **state)
{
    struct kai_sim *s = acquainted();
    uint64_t dice = 9;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        uint64_t link = kai_sim_raw_link(s, 0, 1, false);
        uint8_t bytes[64];
        struct kai_hello h;
        if (i % 2) {
            kai_sim_hello_as(s, 1, &h);
            say(s, link, &h);
        }
        for (size_t k = 0; k < sizeof bytes; k++) {
            dice = dice * 6364136223846793005ull + 1442695040888963407ull;
            bytes[k] = (uint8_t)(dice >> 40);
        }
        bytes[0] = (uint8_t)(0x90 + bytes[0] % 6);
        bytes[1] = (uint8_t)(bytes[1] % 0x32);
        kai_sim_raw_frame(s, 0, link, kai_view_of(bytes, 1 + bytes[2] % 63));
        kai_net_on_down(kai_sim_net(s, 0), link, kai_sim_now(s));
    }
    expect_bounded(s);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_live),     cmocka_unit_test(test_silence),
        cmocka_unit_test(test_no_pong),     cmocka_unit_test(test_refused_hellos),
        cmocka_unit_test(test_malformed),   cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_removed),     cmocka_unit_test(test_flood_of_unknown),
        cmocka_unit_test(test_never_reads), cmocka_unit_test(test_over_credit),
        cmocka_unit_test(test_garbage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

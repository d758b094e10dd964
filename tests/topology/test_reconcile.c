/* test_reconcile: what it costs two nodes to find out what they lack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology/sim/sim.h"
#include "topology/state.h"

#define LOGS 10000u

/* Two linked nodes that believe to hold the same many logs of the public audience. */
static struct kai_sim *two(void)
{
    struct kai_sim_options o = {.seed = 11, .n_nodes = 2, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s = kai_sim_new(&o);
    struct kai_net *a = kai_sim_net(s, 0), *b = kai_sim_net(s, 1);
    uint64_t dice = 3;

    for (uint32_t i = 0; i < LOGS; i++) {
        struct kai_net_log l = {.kind = 1, .head_seq = 1 + i % 1000};
        memcpy(l.aud_id, a->auds[0].id, KAI_ID_BYTES);
        for (size_t k = 0; k < 32; k++) {
            dice = dice * 6364136223846793005ull + 1442695040888963407ull;
            l.log_pk[k] = (uint8_t)(dice >> 33);
            l.head[k] = (uint8_t)(dice >> 45);
        }
        kai_net_on_log(a, &l);
        kai_net_on_log(b, &l);
    }
    kai_sim_connect(s, 1, 0);
    kai_sim_run(s, 6000);
    assert_string_equal(kai_sim_state(s, 0, 1), "live");
    return s;
}

static uint64_t rb_bytes(struct kai_sim *s)
{
    struct kai_net_counters a, b;

    kai_net_counters(kai_sim_net(s, 0), &a);
    kai_net_counters(kai_sim_net(s, 1), &b);
    return a.rb_bytes + b.rb_bytes;
}

static uint64_t session(struct kai_sim *s)
{
    struct kai_net *n = kai_sim_net(s, 0);
    uint64_t before = rb_bytes(s);

    kai_step_begin(n, kai_sim_now(s));
    kai_rb_start(n, n->links[0], kai_share_find(n->links[0], n->auds[0].id));
    kai_step_end(n);
    kai_sim_run(s, 1000);
    return rb_bytes(s) - before;
}

static void test_cost(void **state)
{
    struct kai_sim *s = two();
    struct kai_net *b = kai_sim_net(s, 1);
    uint64_t bytes;

    (void)state;
    bytes = session(s);
    printf("%u logs, nothing new: %llu bytes\n", LOGS, (unsigned long long)bytes);
    assert_true(bytes > 0 && bytes <= 64);
    for (size_t differ = 1; differ <= 100; differ *= 10) {
        for (size_t i = 0; i < differ; i++) {
            struct kai_nlog *log = b->by_pk[(i * 7919 + differ) % LOGS];
            log->ing_seq = ++log->l.head_seq;
            log->l.head[0] ^= 1;
        }
        bytes = session(s);
        printf("%u logs, %zu changed: %llu bytes\n", LOGS, differ, (unsigned long long)bytes);
        assert_true(differ > 1 || bytes <= 1536);
        /* Nothing stands behind these logs: make both ends equal again. */
        struct kai_net *a = kai_sim_net(s, 0);
        for (size_t i = 0; i < LOGS; i++) {
            memcpy(a->by_pk[i]->l.head, b->by_pk[i]->l.head, KAI_ID_BYTES);
            a->by_pk[i]->ing_seq = a->by_pk[i]->l.head_seq = b->by_pk[i]->l.head_seq;
        }
    }
    kai_sim_free(s);
}

/* Exactly the logs that differ are asked for. */
static void test_exact(void **state)
{
    struct kai_sim *s = two();
    struct kai_net *a = kai_sim_net(s, 0), *b = kai_sim_net(s, 1);

    (void)state;
    for (size_t i = 0; i < 50; i++) {
        b->by_pk[i * 199]->ing_seq = b->by_pk[i * 199]->l.head_seq += 3;
        b->by_pk[i * 199]->l.head[1] ^= 1;
    }
    (void)session(s);
    assert_int_equal(a->n_fetch, 50);
    for (size_t i = 0; i < 50; i++) {
        size_t hits = 0;
        for (size_t k = 0; k < a->n_fetch; k++)
            if (memcmp(a->fetch[k].log_pk, b->by_pk[i * 199]->l.log_pk, KAI_KEY_BYTES) == 0 &&
                a->fetch[k].to == b->by_pk[i * 199]->l.head_seq)
                hits++;
        assert_int_equal(hits, 1);
    }
    assert_int_equal(b->n_fetch, 0);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cost), cmocka_unit_test(test_exact)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

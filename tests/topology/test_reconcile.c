/* test_reconcile: what it costs two nodes to find out what they lack, and what a peer can make of
 * it. */
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

#define LOGS 10000u

static void made_up(const struct kai_sim *s, uint64_t *dice, struct kai_net_log *l)
{
    *l = (struct kai_net_log){.kind = 1, .head_seq = 1 + *dice % 1000};
    memcpy(l->aud_id, s->aud[0].id, KAI_ID_BYTES);
    for (size_t k = 0; k < 32; k++) {
        *dice = *dice * 6364136223846793005ull + 1442695040888963407ull;
        l->log_pk[k] = (uint8_t)(*dice >> 33);
        l->head[k] = (uint8_t)(*dice >> 45);
    }
}

/* Two linked nodes that believe to hold the same many logs of the public audience. */
static struct kai_sim *two(void)
{
    struct kai_sim_options o = {.seed = 11, .n_nodes = 2, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s = kai_sim_new(&o);
    struct kai_net *a = kai_sim_net(s, 0), *b = kai_sim_net(s, 1);
    struct kai_net_log l;
    uint64_t dice = 3;

    for (uint32_t i = 0; i < LOGS; i++) {
        made_up(s, &dice, &l);
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
    kai_rb_start(n, n->links[0], kai_share_find(n->links[0], s->aud[0].id));
    kai_step_end(n);
    kai_sim_run(s, 1000);
    return rb_bytes(s) - before;
}

/* The i-th of the logs that both have. */
static struct kai_nlog *both(struct kai_net *a, const struct kai_net *b, size_t i, bool of_a)
{
    for (size_t at = i % b->n_logs;; at = (at + 1) % b->n_logs) {
        struct kai_nlog *theirs = b->by_pk[at], *ours = kai_mirror_find(a, theirs->l.log_pk);
        if (ours && memcmp(theirs->l.from_node, theirs->l.author_node, KAI_ID_BYTES) == 0)
            return of_a ? ours : theirs;
    }
}

static void test_cost(void **state)
{
    struct kai_sim *s = two();
    struct kai_net *a = kai_sim_net(s, 0), *b = kai_sim_net(s, 1);
    uint64_t bytes;

    (void)state;
    bytes = session(s);
    printf("%u logs, nothing new: %llu bytes\n", LOGS, (unsigned long long)bytes);
    assert_true(bytes > 0 && bytes <= 64);
    for (size_t differ = 1; differ <= 1000; differ *= 10) {
        for (size_t i = 0; i < differ; i++) {
            struct kai_nlog *log = both(a, b, i * 7919 + differ, false);
            log->ing_seq = ++log->l.head_seq;
            log->l.head[0] ^= 1;
        }
        bytes = session(s);
        printf("%u logs, %zu changed: %llu bytes\n", LOGS, differ, (unsigned long long)bytes);
        assert_true(bytes > differ * 27);
        assert_true(bytes <= (differ == 1 ? 1536 : differ <= 100 ? 45000 : 300000));
        for (size_t i = 0; i < differ; i++) { /* Nothing stands behind these logs: equal again. */
            const struct kai_nlog *theirs = both(a, b, i * 7919 + differ, false);
            struct kai_nlog *ours = both(a, b, i * 7919 + differ, true);
            kai_fetch_cancel(a, ours->l.log_pk);
            memcpy(ours->l.head, theirs->l.head, KAI_ID_BYTES);
            ours->ing_seq = ours->l.head_seq = theirs->l.head_seq;
        }
        assert_in_range(session(s), 1, 64);
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

/* Logs that one has never heard of, whoever asks: their whole keys come in a further round. */
static void test_unknown(void **state)
{
    (void)state;
    for (size_t asker = 0; asker < 2; asker++) {
        struct kai_sim *s = two();
        struct kai_net *a = kai_sim_net(s, 0), *b = kai_sim_net(s, 1);
        struct kai_net_log l[20];
        uint64_t dice = 77;

        for (size_t i = 0; i < 20; i++) {
            made_up(s, &dice, &l[i]);
            if (i > 0 && i < 9) /* Side by side. */
                memcpy(l[i].log_pk, l[0].log_pk, 5);
            kai_net_on_log(b, &l[i]);
        }
        struct kai_net *n = asker ? b : a;
        kai_step_begin(n, kai_sim_now(s));
        kai_rb_start(n, n->links[0], kai_share_find(n->links[0], s->aud[0].id));
        kai_step_end(n);
        kai_sim_run(s, 1000);
        assert_int_equal(a->n_fetch, 20);
        for (size_t i = 0; i < 20; i++) {
            size_t hits = 0;
            for (size_t k = 0; k < a->n_fetch; k++)
                hits += memcmp(a->fetch[k].log_pk, l[i].log_pk, KAI_KEY_BYTES) == 0;
            assert_int_equal(hits, 1);
        }
        kai_sim_free(s);
    }
}

/* Audits: each audience with one neighbour at a time, every ten minutes, and all in turn. */
static void test_audits(void **state)
{
    struct kai_sim_options o = {.seed = 4, .n_nodes = 4, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s = kai_sim_new(&o);
    struct kai_net *n = kai_sim_net(s, 0);
    uint64_t before, done;

    (void)state;
    for (size_t i = 1; i < 4; i++)
        kai_sim_connect(s, i, 0);
    kai_sim_run(s, 10000);
    assert_int_equal(n->n_links, 3);
    assert_true(n->n_audits >= 3);
    before = n->count.rb_sessions;
    kai_sim_run(s, 10 * KAI_RB_EVERY_MS);
    done = n->count.rb_sessions - before;
    assert_in_range(done, n->n_audits * 7, n->n_audits * 15);
    for (size_t i = 0; i < n->n_links; i++)
        for (size_t j = 0; j < n->links[i]->n_shares; j++) {
            const struct kai_share *sh = n->links[i]->shares[j];
            assert_true(!sh->live || n->now_ms - sh->rb_done_ms < 4 * KAI_RB_EVERY_MS);
        }
    kai_sim_free(s);
}

/* ---- A peer that asks and asks. */

struct evil {
    struct kai_sim *s;
    struct kai_net *n;
    uint64_t link;
};

static void say(const struct evil *e, const struct kai_buf *b)
{
    kai_sim_raw_frame(e->s, 0, e->link, kai_buf_view(b));
}

static struct evil evil(struct kai_sim *s)
{
    struct evil e = {.s = s, .n = kai_sim_net(s, 0)};
    struct kai_hello h;
    struct kai_buf b;

    kai_sim_cut_all(s);
    kai_sim_run(s, 100);
    e.link = kai_sim_raw_link(s, 0, 1, false);
    kai_sim_hello_as(s, 1, &h);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_hello(&b, &h);
    say(&e, &b);
    kai_buf_free(&b);
    kai_sim_run(s, 20);
    assert_true(kai_sim_raw_match(s, 0, e.link, 0, h.nonce, false));
    kai_sim_run(s, 20);
    return e;
}

/* One range, of which the peer says that it holds something else, or rows of nothing. */
static void ask(const struct evil *e, uint64_t round, size_t rows)
{
    static const uint8_t wrong[16] = {1};
    struct kai_rb_row row = {.seq = 1, .log_n = KAI_KEY_BYTES, .log_pk = {1}};
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&b, KAI_MSG_RB, 5);
    kai_put_uint(&b, 0);
    kai_put_uint(&b, round);
    kai_put_bool(&b, true);
    kai_put_bin(&b, "", 0);
    kai_put_array(&b, 1);
    kai_put_array(&b, 3);
    kai_put_bin(&b, "", 0);
    kai_put_uint(&b, rows ? KAI_RB_REPLY : KAI_RB_FP);
    if (rows)
        kai_put_array(&b, (uint32_t)rows);
    else
        kai_put_bin(&b, wrong, sizeof wrong);
    for (size_t i = 0; i < rows; i++)
        kai_put_row(&b, &row);
    say(e, &b);
    kai_buf_free(&b);
}

static void test_spaced(void **state)
{
    struct evil e = evil(two());

    (void)state;
    for (uint64_t i = 0; i < KAI_RB_BURST; i++)
        ask(&e, 0, 0);
    assert_int_equal(e.n->count.rb_refused, 0);
    for (int i = 0; i < 50; i++)
        ask(&e, 0, 0);
    assert_int_equal(e.n->count.rb_refused, 50);
    kai_sim_run(e.s, KAI_RB_SPACE_MS);
    ask(&e, 0, 0);
    assert_int_equal(e.n->count.rb_refused, 50);
    ask(&e, 0, 0);
    assert_int_equal(e.n->count.rb_refused, 51);
    kai_sim_free(e.s);
}

/* Rounds, bytes and time of one session; what comes after it is not even looked at. */
static void test_limits(void **state)
{
    struct evil e = evil(two());
    uint64_t rounds;

    (void)state;
    ask(&e, 2, 0); /* Of no session. */
    assert_int_equal(e.n->count.rb_refused, 0);
    ask(&e, 0, 0);
    ask(&e, KAI_RB_ROUNDS_MAX, 0);
    assert_int_equal(e.n->count.rb_refused, 1);
    ask(&e, 0, 0);
    kai_sim_run(e.s, KAI_RB_SESSION_MS / 2);
    ask(&e, 2, 0);
    assert_int_equal(e.n->count.rb_refused, 1);
    kai_sim_run(e.s, KAI_RB_SESSION_MS / 2);
    rounds = e.n->count.rb_rounds;
    ask(&e, 2, 0);
    ask(&e, 2, 0);
    assert_int_equal(e.n->count.rb_refused, 2);
    assert_int_equal(e.n->count.rb_rounds, rounds);
    kai_sim_free(e.s);
}

static void test_bytes(void **state)
{
    struct evil e = evil(two());
    uint64_t frames = 0;

    (void)state;
    ask(&e, 0, 0);
    for (; frames < 200 && e.n->count.rb_refused == 0; frames++) {
        kai_sim_run(e.s, 50);
        ask(&e, 2, 1300); /* About 60,000 bytes. */
    }
    assert_in_range(frames, 50, 80);
    kai_sim_free(e.s);
}

/* Small frames that make us hash everything. */
static void test_rows(void **state)
{
    struct evil e = evil(two());
    uint64_t frames = 0;

    (void)state;
    ask(&e, 0, 0);
    for (; frames < 500 && e.n->count.rb_refused == 0; frames++)
        ask(&e, 2, 0);
    assert_in_range(frames, 30, 120);
    kai_sim_free(e.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cost),    cmocka_unit_test(test_exact),
        cmocka_unit_test(test_unknown), cmocka_unit_test(test_audits),
        cmocka_unit_test(test_spaced),  cmocka_unit_test(test_limits),
        cmocka_unit_test(test_bytes),   cmocka_unit_test(test_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_asked: what a peer can make a node look at and ask for, and of whom it asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "keys/keyring_int.h"
#include "topology/judge.h"
#include "topology/sim/sim_int.h"

enum { ALL = 1, ODD }; /* Audiences of every simulated network without a plan. */

struct stage {
    struct kai_sim *s;
    uint64_t link;
};

/* Four nodes that have heard of each other, and a stranger that speaks to node 1 as node `as`, with
 * the routing secret of an audience. */
static struct stage stage(size_t as, size_t aud)
{
    struct kai_sim_options o = {.seed = 31, .n_nodes = 4, .latency_ms = 20, .no_dials = true};
    struct stage x = {.s = kai_sim_new(&o)};
    struct kai_hello h;
    struct kai_buf b;

    for (int round = 0; round < 2; round++)
        for (size_t i = 1; i < 4; i++) {
            kai_sim_connect(x.s, i, i - 1);
            if (i > 1)
                kai_sim_connect(x.s, i, i - 2);
            kai_sim_run(x.s, 4000);
        }
    kai_sim_cut_all(x.s);
    kai_sim_run(x.s, 100);
    x.link = kai_sim_raw_link(x.s, 1, as, false);
    kai_sim_hello_as(x.s, as, &h);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_hello(&b, &h);
    kai_sim_raw_frame(x.s, 1, x.link, kai_buf_view(&b));
    kai_buf_free(&b);
    assert_true(kai_sim_raw_leak(x.s, 1, x.link, aud, 3, h.nonce, false));
    kai_sim_run(x.s, 10);
    return x;
}

static struct kai_net_counters counters(const struct stage *x)
{
    struct kai_net_counters c;

    kai_net_counters(kai_sim_net(x->s, 1), &c);
    return c;
}

/* Token after token, as many as a link has room for: each look at them costs more than it costs to
 * make one up, so there are ten at once, and ten a second; what was said last is looked at in the
 * end. */
static void test_tokens_without_end(void **state)
{
    struct stage x = stage(3, ALL);
    struct kai_net_counters before = counters(&x), after;
    struct kai_buf b;
    uint8_t token[16] = {0};
    enum kai_bye why;

    (void)state;
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    for (uint32_t i = 0; i < KAI_HANDLES_MAX - 24; i++) {
        memcpy(token, &i, sizeof i);
        kai_buf_clear(&b);
        kai_put_frame(&b, KAI_MSG_MATCH, 2);
        kai_put_uint(&b, 1 + i);
        kai_put_array(&b, 1);
        kai_put_bin(&b, token, sizeof token);
        kai_sim_raw_frame(x.s, 1, x.link, kai_buf_view(&b));
        if (i % 50 == 49)
            kai_sim_run(x.s, 50);
    }
    after = counters(&x);
    assert_false(kai_sim_raw_dropped(x.s, x.link, &why));
    assert_in_range(after.match_looks - before.match_looks, 11, 40);
    kai_sim_run(x.s, 2000);
    before = counters(&x);
    kai_sim_run(x.s, 2000);
    after = counters(&x);
    assert_int_equal(after.match_looks, before.match_looks);
    kai_buf_free(&b);
    kai_sim_free(x.s);
}

/* ---- Entries. */

/* An answer that begins with what is not taken: what stands behind it makes nobody ask for it
 * again, and again when that is refused as well. */
static void test_answers_that_are_refused(void **state)
{
    struct stage x = stage(3, ODD);
    struct kai_net_counters before, after;
    struct kai_entry e;
    struct kai_buf b;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        kai_sim_publish(x.s, 3, ODD, 100);
    before = counters(&x);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&b, KAI_MSG_ENTRIES, 3);
    kai_put_uint(&b, 0);
    kai_put_array(&b, 2);
    for (uint64_t seq = 2; seq < 4; seq++) {
        assert_true(kai_sim_entry(x.s, 3, ODD, 0, seq, &e));
        kai_entry_write(&b, &e, true);
    }
    kai_put_bool(&b, false);
    for (int i = 0; i < 20; i++)
        kai_sim_raw_frame(x.s, 1, x.link, kai_buf_view(&b));
    after = counters(&x);
    assert_int_equal(after.wants_out, before.wants_out);
    assert_int_equal(after.entries_new, before.entries_new);
    kai_buf_free(&b);
    kai_sim_free(x.s);
}

/* What one peer brought was refused: whoever else said to have it is asked when that changes. */
static void test_refused_from_one_of_two(void **state)
{
    struct stage x = stage(3, ALL);
    struct kai_net *n = kai_sim_net(x.s, 1);
    struct kai_link *one = kai_link_find(n, x.link), *other;
    struct kai_hello h;
    struct kai_buf b;
    const uint8_t pk[KAI_KEY_BYTES] = {7};
    uint64_t link = kai_sim_raw_link(x.s, 1, 2, false);

    (void)state;
    kai_sim_hello_as(x.s, 2, &h);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_hello(&b, &h);
    kai_sim_raw_frame(x.s, 1, link, kai_buf_view(&b));
    kai_buf_free(&b);
    assert_true(kai_sim_raw_leak(x.s, 1, link, ALL, 3, h.nonce, false));
    other = kai_link_find(n, link);
    struct kai_share *a = kai_share_find(one, x.s->aud[ALL].id);
    struct kai_share *c = kai_share_find(other, x.s->aud[ALL].id);
    assert_true(a && c && !c->blocked);
    kai_fetch_want(n, one, a, pk, 1, 3);
    kai_fetch_want(n, other, c, pk, 1, 3);
    kai_fetch_cancel(n, pk);
    assert_true(c->blocked);
    kai_sim_free(x.s);
}

/* A further node of the owner is a member by its organisation, before it knows any other: what it
 * is offered by one it takes, though the owner's first node is not there. */
static void test_owners_further_node(void **state)
{
    enum { OWNER = 1, MEMBER, FURTHER };
    static struct kai_sim_plan p;
    struct kai_sim_options o = {
        .seed = 8, .plan = &p, .introduced = true, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s;

    (void)state;
    p = (struct kai_sim_plan){.n_orgs = 3, .n_further = 1, .n_auds = 2, .further = {OWNER}};
    for (size_t i = 1; i < p.n_orgs; i++)
        p.org[i].caps = KAI_CAP_PUBLISH | KAI_CAP_ADMIT | KAI_CAP_STEWARD | KAI_CAP_OWNER;
    p.aud[0] = (struct kai_sim_aud){.kind = KAI_AUD_PUBLIC, .label_max = 1};
    p.aud[1] = (struct kai_sim_aud){.kind = KAI_AUD_PERSONS, .label_max = 4, .owner = OWNER};
    kai_orgs_add(&p.aud[1].members, OWNER);
    kai_orgs_add(&p.aud[1].members, MEMBER);
    s = kai_sim_new(&o);
    kai_sim_run(s, 2000);
    kai_sim_connect(s, OWNER, MEMBER);
    kai_sim_run(s, 12000);
    assert_true(kai_sim_may_publish(s, OWNER, 1));
    kai_sim_publish(s, OWNER, 1, 500);
    kai_sim_run(s, 1000);
    assert_true(kai_sim_entries(s, MEMBER, 1) > 0);
    assert_int_equal(kai_sim_entries(s, FURTHER, 1), 0);
    struct kai_epoch strange = {.gen = 1}; /* Anybody can hand out a key: it tells of no members. */
    memcpy(strange.aud_id, s->aud[1].id, KAI_ID_BYTES);
    assert_int_equal(kai_ring_table_add(s->node[FURTHER].keyring, &strange), KAI_OK);
    kai_sim_stop(s, OWNER);
    kai_sim_connect(s, FURTHER, MEMBER);
    kai_sim_run(s, 12000);
    assert_int_equal(kai_sim_entries(s, FURTHER, 1), kai_sim_entries(s, MEMBER, 1));
    assert_int_equal(kai_sim_violations(s), 0);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_without_end),
        cmocka_unit_test(test_answers_that_are_refused),
        cmocka_unit_test(test_refused_from_one_of_two),
        cmocka_unit_test(test_owners_further_node),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

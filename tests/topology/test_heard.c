/* test_heard: CHECKPOINTs: what is believed, what is passed on and how often, what a peer is shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "keys/checkpoint.h"
#include "topology/sim/sim_int.h"
#include "topology/state.h"

static struct kai_sim *net_of(size_t nodes, size_t late)
{
    struct kai_sim_options o = {
        .seed = 41, .n_nodes = nodes, .late = late, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s = kai_sim_new(&o);

    for (size_t i = 1; i + late < nodes; i++)
        kai_sim_connect(s, i, i - 1);
    kai_sim_run(s, 4000);
    return s;
}

static void note(struct kai_sim *s, size_t node, uint64_t counter, struct kai_buf *out)
{
    struct kai_checkpoint p = {.counter = counter, .n = 1};

    memcpy(p.node_cert, s->node[node].node_cert, KAI_ID_BYTES);
    memset(&p.rows[0], (int)counter, sizeof p.rows[0]);
    kai_buf_init(out, KAI_CHECKPOINT_BYTES_MAX);
    kai_checkpoint_write(out, &p, s->node[node].sign.sk, s->charter.nid);
    assert_int_equal(out->err, KAI_OK);
}

static void say(struct kai_sim *s, size_t node, uint64_t counter)
{
    struct kai_buf b;

    note(s, node, counter, &b);
    kai_net_on_own_checkpoint(s->node[node].net, kai_buf_view(&b), s->now);
    sim_poke(s, node);
    kai_buf_free(&b);
}

static uint64_t counter_of(const struct kai_sim *s, size_t at, size_t of)
{
    const struct kai_heard *h = kai_heard_find(s->node[at].net, s->node[of].node_id);

    return h ? h->counter : 0;
}

/* A frame of one note, as a peer sends it. */
static void show(struct kai_sim *s, size_t to, uint64_t link, const struct kai_buf *b)
{
    struct kai_buf f;

    kai_buf_init(&f, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&f, KAI_MSG_NOTES, 2);
    kai_put_uint(&f, KAI_HANDLE_CONTROL);
    kai_put_array(&f, 1);
    kai_put_view(&f, kai_buf_view(b));
    kai_sim_raw_frame(s, to, link, kai_buf_view(&f));
    kai_buf_free(&f);
}

static uint64_t raw_link(struct kai_sim *s, size_t to, size_t as)
{
    uint64_t link = kai_sim_raw_link(s, to, as, false);
    struct kai_hello h;
    struct kai_buf f;

    kai_buf_init(&f, KAI_FRAME_BYTES_MAX);
    kai_sim_hello_as(s, as, &h);
    kai_put_hello(&f, &h);
    kai_sim_raw_frame(s, to, link, kai_buf_view(&f));
    kai_buf_free(&f);
    return link;
}

/* It goes round once, and of two the higher counts, whichever comes later. */
static void test_goes_round(void **state)
{
    struct kai_sim *s = net_of(5, 0);
    struct kai_buf b;

    (void)state;
    say(s, 2, 7);
    kai_sim_run(s, 500);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(counter_of(s, i, 2), 7);
    say(s, 2, 9);
    kai_sim_run(s, 500);
    note(s, 2, 8, &b);
    kai_net_on_checkpoint(s->node[0].net, kai_buf_view(&b));
    kai_buf_free(&b);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(counter_of(s, i, 2), 9);
    assert_int_equal(s->node[0].net->n_heard, 1);
    assert_true(s->node[0].net->heard_sum == s->node[4].net->heard_sum);
    kai_sim_free(s);
}

/* Who passes on what its maker did not sign has not looked at it, and goes; so does who breaks the
 * form. One of somebody nobody knows, and one about ourselves, is no fault and no news. */
static void test_forged(void **state)
{
    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        struct kai_sim *s = net_of(3, 0);
        uint64_t link = raw_link(s, 0, 2);
        struct kai_buf b;
        enum kai_bye why;

        note(s, 1, 5, &b);
        if (kind == 1)
            b.p[b.len - 1] ^= 1; /* The signature. */
        if (kind == 2)
            b.p[12] ^= 1; /* What it says. */
        if (kind == 3)
            b.len--;
        if (kind == 4)
            b.p[b.len - 70] ^= 1; /* The certificate. */
        if (kind == 5)
            memcpy(b.p + b.len - 98, s->node[2].node_cert, KAI_ID_BYTES); /* Another's. */
        show(s, 0, link, &b);
        bool fault = kind != 0 && kind != 4;
        assert_int_equal(kai_sim_raw_dropped(s, link, &why), fault);
        assert_true(!fault || why == KAI_BYE_MALFORMED);
        assert_int_equal(counter_of(s, 0, 1), kind == 0 ? 5 : 0);
        assert_int_equal(counter_of(s, 0, 2), 0);
        kai_buf_free(&b);
        kai_sim_free(s);
    }
}

/* A node that says one again and again is passed on now and then, for each goes to every disk; but
 * the last that it says is not lost. */
static void test_without_end(void **state)
{
    struct kai_sim *s = net_of(3, 0);
    uint64_t link = raw_link(s, 0, 2), was = 0;
    size_t passed_on = 0;
    struct kai_buf b;

    (void)state;
    kai_sim_connect(s, 1, 0);
    kai_sim_run(s, 2000);
    for (unsigned i = 1; i <= 40; i++) {
        note(s, 2, i, &b);
        show(s, 0, link, &b);
        kai_buf_free(&b);
        kai_sim_run(s, 50);
        passed_on += counter_of(s, 1, 2) != was;
        was = counter_of(s, 1, 2);
    }
    assert_in_range(passed_on, 2, 6);
    assert_int_equal(counter_of(s, 0, 2), 40);
    assert_true(was < 40);
    kai_sim_run(s, 660000);
    assert_int_equal(counter_of(s, 1, 2), 40);
    kai_sim_free(s);
}

/* Who comes later is shown what is there, and not what it has. */
static void test_newcomers(void **state)
{
    struct kai_sim *s = net_of(10, 1);

    (void)state;
    for (size_t i = 0; i < 9; i++)
        say(s, i, i + 1);
    kai_sim_run(s, 1000);
    kai_sim_admit_late(s, 9);
    kai_sim_connect(s, 9, 4);
    kai_sim_run(s, 4000);
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(counter_of(s, 9, i), i + 1);
    kai_sim_cut_all(s);
    kai_sim_run(s, 1000);
    kai_sim_connect(s, 9, 4);
    kai_sim_run(s, 4000);
    struct kai_net *net = s->node[4].net;
    assert_int_equal(net->n_links, 1);
    assert_true(net->links[0]->heard_sent);
    assert_true(net->heard_sum == s->node[9].net->heard_sum);
    kai_sim_free(s);
}

/* A row goes with its node; one that is no member any more says nothing. */
static void test_ends(void **state)
{
    struct kai_sim *s = net_of(4, 0);
    struct kai_buf b;

    (void)state;
    say(s, 1, 5);
    kai_sim_run(s, 500);
    assert_int_equal(counter_of(s, 0, 1), 5);
    kai_sim_revoke(s, 1);
    kai_sim_run(s, 70000);
    assert_int_equal(counter_of(s, 0, 1), 0);
    assert_int_equal(s->node[0].net->heard_sum, 0);
    note(s, 1, 6, &b);
    kai_net_on_checkpoint(s->node[0].net, kai_buf_view(&b));
    kai_buf_free(&b);
    assert_int_equal(counter_of(s, 0, 1), 0);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_round),  cmocka_unit_test(test_forged),
        cmocka_unit_test(test_without_end), cmocka_unit_test(test_newcomers),
        cmocka_unit_test(test_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

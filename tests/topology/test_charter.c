/* test_charter: a new version of the charter, and a dead key, reach everybody and are there after a
 * restart; versions make and unmake founders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "keys/amend.h"
#include "keys/keydeath.h"
#include "topology/sim/sim_int.h"
#include "wire/put.h"

#define NODES 5u

static uint64_t ver(const struct kai_sim *s, size_t node)
{
    return kai_ctl_charter(s->node[node].ctl)->ver;
}

/* A version after prev, whose founders are the organisations of the mask, signed by others. */
static struct kai_charter make(struct kai_sim *s, struct kai_buf *record,
                               const struct kai_charter *prev, unsigned founders,
                               uint64_t threshold, unsigned signers)
{
    struct kai_charter c = {.threshold = threshold};

    kai_copy_text(c.name, sizeof c.name, "amended");
    for (size_t i = 0; i < NODES; i++) {
        if ((founders >> i & 1u) == 0)
            continue;
        memcpy(c.founders[c.n_founders].root_pk, s->org[i].root.pk, KAI_KEY_BYTES);
        kai_copy_text(c.founders[c.n_founders++].name, 8, "org");
    }
    kai_buf_init(record, KAI_CHARTER_BYTES_MAX);
    assert_int_equal(kai_amend_write(record, &c, prev), KAI_OK);
    for (size_t i = 0; i < NODES; i++) {
        struct kai_buf more;

        if ((signers >> i & 1u) == 0)
            continue;
        kai_buf_init(&more, KAI_CHARTER_BYTES_MAX);
        assert_int_equal(
            kai_amend_sign(&more, kai_buf_view(record), prev, s->org[i].root.pk, s->org[i].root.sk),
            KAI_OK);
        kai_buf_free(record);
        *record = more;
    }
    struct kai_view body;
    struct kai_cur sigs;
    assert_int_equal(kai_charter_read(&c, kai_buf_view(record), &body, &sigs), KAI_OK);
    memcpy(c.nid, prev->nid, KAI_ID_BYTES);
    return c;
}

static void chain(struct kai_sim *s)
{
    for (size_t i = 0; i + 1 < NODES; i++)
        kai_sim_connect(s, i, i + 1);
    kai_sim_run(s, 4000);
}

static void test_spreads(void **state)
{
    struct kai_sim_options o = {.seed = 5, .n_nodes = NODES, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s = kai_sim_new(&o);
    struct kai_buf two_bytes, three_bytes;

    (void)state;
    chain(s);
    kai_sim_stop(s, 4); /* It will be two versions behind. */
    struct kai_charter two = make(s, &two_bytes, &s->charter, 5, 2, 5);
    kai_sim_charter(s, 0, kai_buf_view(&two_bytes));
    kai_sim_run(s, 2000);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(ver(s, i), 2);
    (void)make(s, &three_bytes, &two, 28, 1, 5); /* The first founder goes. */
    kai_sim_charter(s, 2, kai_buf_view(&three_bytes));
    kai_sim_run(s, 2000);
    kai_sim_restart(s, 3);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(ver(s, i), 3);
    kai_sim_start(s, 4);
    kai_sim_connect(s, 4, 3);
    kai_sim_connect(s, 3, 2);
    kai_sim_run(s, 3000);
    assert_int_equal(ver(s, 4), 3);
    for (size_t i = 2; i < NODES; i++) { /* What was below the first founder alone is out. */
        const struct kai_roster *r = kai_net_roster(s->node[i].net);

        for (size_t k = 0; k < NODES; k++) {
            const struct kai_node *n = kai_roster_node(r, s->node[k].node_id);
            assert_non_null(n);
            assert_int_equal(n->active, k >= 2);
        }
        assert_memory_equal(kai_roster_hash(r), kai_roster_hash(kai_net_roster(s->node[2].net)),
                            KAI_ID_BYTES);
    }
    kai_sim_restart(s, 0); /* One that is out by it has heard so, and starts all the same. */
    assert_int_equal(ver(s, 0), 3);
    kai_sim_run(s, 2000);
    kai_buf_free(&two_bytes);
    kai_buf_free(&three_bytes);
    kai_sim_free(s);
}

/* Two versions with one number, of both sides of a partition: each keeps its own, also after a
 * restart, tells of the other once, and passes on to others what follows its own. */
static void test_two_at_once(void **state)
{
    struct kai_sim_options o = {.seed = 6, .n_nodes = NODES, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s = kai_sim_new(&o);
    struct kai_buf a_bytes, b_bytes, c_bytes;

    (void)state;
    chain(s);
    kai_sim_cut_all(s);
    kai_sim_connect(s, 0, 1);
    kai_sim_connect(s, 3, 4);
    struct kai_charter a = make(s, &a_bytes, &s->charter, 3, 1, 1);
    struct kai_charter b = make(s, &b_bytes, &s->charter, 5, 1, 1);
    kai_sim_charter(s, 0, kai_buf_view(&a_bytes));
    kai_sim_charter(s, 4, kai_buf_view(&b_bytes));
    kai_sim_run(s, 2000);
    assert_int_equal(kai_sim_alarms(s, "charter.rival"), 0);
    chain(s);
    kai_sim_restart(s, 1);
    kai_sim_connect(s, 0, 1);
    kai_sim_connect(s, 1, 2);
    kai_sim_run(s, 4000);
    assert_true(kai_sim_alarms(s, "charter.rival") > 0);
    for (size_t i = 0; i < NODES; i++)
        if (i != 2) /* Which heard both: the first. */
            assert_memory_equal(kai_ctl_charter(s->node[i].ctl)->hash, i < 2 ? a.hash : b.hash,
                                KAI_ID_BYTES);
    assert_int_equal(ver(s, 2), 2);
    (void)make(s, &c_bytes, &a, 3, 1, 1);
    kai_sim_charter(s, 0, kai_buf_view(&c_bytes));
    kai_sim_run(s, 2000);
    assert_int_equal(ver(s, 1), 3);
    assert_int_equal(ver(s, 3), 2);
    kai_buf_free(&a_bytes);
    kai_buf_free(&b_bytes);
    kai_buf_free(&c_bytes);
    kai_sim_free(s);
}

/* A key that ends: all hear of it, also who was away, and its node is let in by nobody. */
static void test_death(void **state)
{
    struct kai_sim_options o = {.seed = 7, .n_nodes = NODES, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s = kai_sim_new(&o);
    struct kai_keydeath d = {0};
    struct kai_buf note;

    (void)state;
    chain(s);
    kai_sim_stop(s, 4);
    memcpy(d.key, s->node[1].sign.pk, KAI_KEY_BYTES);
    memcpy(d.signer, d.key, KAI_KEY_BYTES);
    kai_buf_init(&note, KAI_KEYDEATH_BYTES_MAX);
    kai_keydeath_write(&note, &d, s->node[1].sign.sk, s->charter.nid);
    kai_sim_connect(s, 0, 2);
    kai_sim_run(s, 2000);
    kai_sim_death(s, 3, kai_buf_view(&note));
    kai_sim_run(s, 2000);
    kai_sim_restart(s, 2);
    kai_sim_start(s, 4);
    kai_sim_connect(s, 4, 2);
    kai_sim_connect(s, 1, 0);
    kai_sim_run(s, 3000);
    for (size_t i = 0; i < NODES; i++) {
        const struct kai_roster *r = kai_net_roster(s->node[i].net);

        assert_false(kai_roster_node(r, s->node[1].node_id)->active);
        assert_true(kai_roster_org(r, s->org[1].id)->active);
        assert_memory_equal(kai_roster_hash(r), kai_roster_hash(kai_net_roster(s->node[3].net)),
                            KAI_ID_BYTES);
    }
    assert_string_equal(kai_sim_state(s, 1, 0), "none");
    kai_buf_free(&note);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spreads),
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_death),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_withheld: what an author says that it has written, and what came of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "keys/checkpoint.h"
#include "topology/sim/sim_int.h"
#include "topology/state.h"

#define MINUTE 60000u

enum { READER, AUTHOR, OTHER };

/* Three who know one another; the author has written, and all hold it. */
static struct kai_sim *stage(void)
{
    struct kai_sim_options o = {
        .seed = 51, .n_nodes = 3, .latency_ms = 20, .no_dials = true, .introduced = true};
    struct kai_sim *s = kai_sim_new(&o);

    kai_sim_connect(s, READER, AUTHOR);
    kai_sim_connect(s, OTHER, AUTHOR);
    kai_sim_run(s, 4000);
    for (size_t i = 0; i < 3; i++)
        kai_sim_publish(s, AUTHOR, 0, 100);
    kai_sim_run(s, 4000);
    assert_true(kai_sim_converged(s, NULL));
    return s;
}

/* What a node has to say now, told to the reader by nobody in particular. */
static void say_of(struct kai_sim *s, size_t node, uint64_t counter, uint8_t lie)
{
    const struct kai_net *net = kai_sim_net(s, node);
    struct kai_checkpoint p = {.counter = counter};
    struct kai_buf b;

    memcpy(p.node_cert, s->node[node].node_cert, KAI_ID_BYTES);
    for (size_t i = 0; i < net->n_logs; i++) {
        const struct kai_net_log *l = &net->by_pk[i]->l;

        if (l->own && l->kind == 1 && l->head_seq > 0)
            kai_mark_of(&p.rows[p.n++], l->salt, l->log_pk, l->head_seq, l->head);
    }
    assert_true(p.n > 0);
    for (size_t i = 0; i < p.n; i++)
        p.rows[i].blindhead[0] ^= lie;
    kai_marks_sort(p.rows, p.n);
    kai_buf_init(&b, KAI_CHECKPOINT_BYTES_MAX);
    kai_checkpoint_write(&b, &p, s->node[node].sign.sk, s->charter.nid);
    kai_net_on_checkpoint(kai_sim_net(s, READER), kai_buf_view(&b));
    kai_buf_free(&b);
}

static void say(struct kai_sim *s, uint64_t counter)
{
    say_of(s, AUTHOR, counter, 0);
}

static uint64_t withheld(const struct kai_sim *s)
{
    struct kai_net_counters c;

    kai_net_counters(kai_sim_net(s, READER), &c);
    return c.withheld;
}

/* The reader lacks what the author wrote last: after a while it knows, and asks somebody. */
static void test_lacks(void **state)
{
    struct kai_sim *s = stage();
    struct kai_dial d;

    (void)state;
    say(s, 1);
    kai_sim_run(s, 15 * MINUTE);
    assert_int_equal(withheld(s), 0);
    kai_sim_cut_all(s);
    kai_sim_run(s, 1000);
    kai_sim_connect(s, OTHER, AUTHOR);
    kai_sim_publish(s, AUTHOR, 0, 100);
    kai_sim_publish(s, AUTHOR, 0, 100);
    kai_sim_run(s, 4000);
    say(s, 2);
    kai_sim_run(s, 8 * MINUTE);
    assert_int_equal(withheld(s), 0); /* It may be on its way. */
    struct kai_net *net = kai_sim_net(s, READER);
    net->overlay.audit_ms = s->now + 60 * MINUTE;
    kai_sim_run(s, 4 * MINUTE);
    assert_int_equal(withheld(s), 1);
    assert_true(net->overlay.audit_ms <= s->now);
    assert_true(kai_net_dial(net, &d, s->now, SIM_WALL_MS + s->now)); /* By lot, and now. */
    assert_true(net->overlay.audit_ms > s->now);
    kai_sim_run(s, 2 * MINUTE);
    assert_true(net->overlay.audit_ms > s->now); /* Not again and again. */
    say(s, 3);
    kai_sim_run(s, 2 * MINUTE);
    assert_int_equal(withheld(s), 1); /* A newer word is no excuse. */
    kai_sim_connect(s, READER, OTHER);
    kai_sim_run(s, 2 * MINUTE);
    assert_int_equal(withheld(s), 0);
    kai_sim_free(s);
}

/* Who is ahead of an author's word lacks nothing, nor who has a long log to look through. */
static void test_ahead(void **state)
{
    struct kai_sim *s = stage();

    (void)state;
    say(s, 1);
    for (size_t i = 0; i < 30; i++)
        kai_sim_publish(s, AUTHOR, 0, 100);
    kai_sim_run(s, 15 * MINUTE);
    assert_int_equal(withheld(s), 0);
    say(s, 2);
    kai_sim_run(s, 15 * MINUTE);
    assert_int_equal(withheld(s), 0);
    kai_sim_free(s);
}

/* Rows of logs that are not here, and of nobody's, say nothing. */
static void test_unknown(void **state)
{
    struct kai_sim *s = stage();
    struct kai_checkpoint p = {.counter = 1, .n = 2};
    struct kai_buf b;

    (void)state;
    memcpy(p.node_cert, s->node[AUTHOR].node_cert, KAI_ID_BYTES);
    memset(&p.rows[1], 9, sizeof p.rows[1]);
    kai_buf_init(&b, KAI_CHECKPOINT_BYTES_MAX);
    kai_checkpoint_write(&b, &p, s->node[AUTHOR].sign.sk, s->charter.nid);
    kai_net_on_checkpoint(kai_sim_net(s, READER), kai_buf_view(&b));
    kai_buf_free(&b);
    kai_sim_run(s, 15 * MINUTE);
    assert_int_equal(withheld(s), 0);
    kai_sim_free(s);
}

enum { MANY = 12, LONG = 100000, READS = 1024 };
static struct kai_net_actions was;
static uint64_t reads;

static enum kai_err count_read(void *ctx, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq,
                               struct kai_entry *e)
{
    static const struct kai_entry none;

    reads++;
    if (was.read(ctx, log_pk, seq, e) != KAI_OK)
        *e = none; /* Of a log that is made out to be longer than it is. */
    return KAI_OK;
}

/* Ten authors with long logs, which they mark wrongly, do not keep the reader from seeing that it
 * lacks something of the one whose log comes last. */
static void test_share(void **state)
{
    struct kai_sim_options o = {
        .seed = 52, .n_nodes = MANY, .latency_ms = 20, .no_dials = true, .introduced = true};
    struct kai_sim *s = kai_sim_new(&o);
    struct kai_net *net = kai_sim_net(s, READER);
    struct kai_nlog *last = NULL;
    size_t honest = 0;

    (void)state;
    for (size_t i = 1; i < MANY; i++)
        kai_sim_connect(s, READER, i);
    kai_sim_run(s, 8000);
    for (size_t i = 1; i < MANY; i++)
        kai_sim_publish(s, i, 0, 100);
    kai_sim_run(s, 8000);
    kai_sim_cut_all(s);
    kai_sim_run(s, 1000);
    for (size_t i = 0; i < net->n_logs; i++) {
        struct kai_nlog *log = net->by_pk[i];

        if (log->l.kind != 1 || log->l.own)
            continue;
        last = log;
        log->l.head_seq = LONG;
    }
    assert_non_null(last);
    for (size_t i = 1; i < MANY; i++)
        if (memcmp(s->node[i].node_id, last->l.author_node, KAI_ID_BYTES) == 0)
            honest = i;
    assert_true(honest > 0);
    last->l.head_seq = 2;
    was = net->act;
    net->act.read = count_read;
    for (size_t i = 1; i < MANY; i++)
        say_of(s, i, 1, 1);
    reads = 0;
    kai_sim_run(s, 14 * MINUTE);
    assert_int_equal(withheld(s), 1);
    assert_in_range(reads, 13 * READS, 15 * READS); /* What one does not use others have. */
    net->act = was;
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lacks),
        cmocka_unit_test(test_ahead),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_share),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

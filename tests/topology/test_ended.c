/* test_ended: where the logs of a lost node end: at the heads that its REVOKE marks, on every node
 * alike, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "keys/checkpoint.h"
#include "topology/judge.h"
#include "topology/sim/sim_int.h"

enum { FOUNDER, AUTHOR, OTHER, NODES };
enum { PUBLIC, ALL };

static void publish(struct kai_sim *s, size_t aud, size_t n)
{
    for (size_t i = 0; i < n; i++)
        kai_sim_publish(s, AUTHOR, aud, 100);
    kai_sim_run(s, 4000);
    assert_true(kai_sim_converged(s, NULL));
}

static struct kai_sim *stage(void)
{
    struct kai_sim_options o = {
        .seed = 61, .n_nodes = NODES, .latency_ms = 20, .no_dials = true, .introduced = true};
    struct kai_sim *s = kai_sim_new(&o);

    kai_sim_connect(s, OTHER, AUTHOR);
    kai_sim_connect(s, OTHER, FOUNDER);
    kai_sim_run(s, 8000);
    assert_true(kai_sim_may_publish(s, AUTHOR, ALL));
    publish(s, PUBLIC, 3);
    publish(s, ALL, 3);
    return s;
}

static struct kai_nlog *log_of(const struct kai_sim *s, size_t at, size_t aud)
{
    const struct kai_net *net = kai_sim_net(s, at);

    for (size_t i = 0; i < net->n_logs; i++) {
        struct kai_nlog *log = net->by_pk[i];

        if (log->l.kind == 1 && memcmp(log->l.aud_id, s->aud[aud].id, KAI_ID_BYTES) == 0 &&
            memcmp(log->l.author_node, s->node[AUTHOR].node_id, KAI_ID_BYTES) == 0)
            return log;
    }
    return NULL;
}

/* Its head now, as its author would mark it. */
static struct kai_mark mark(const struct kai_sim *s, size_t aud)
{
    const struct kai_net_log *l = &log_of(s, OTHER, aud)->l;
    struct kai_mark m;

    kai_mark_of(&m, l->salt, l->log_pk, l->head_seq, l->head);
    return m;
}

/* The author's organisation, by the founder. */
static void revoke(struct kai_sim *s, const struct kai_mark *marks, size_t n)
{
    struct kai_revoke r = {.reason = KAI_REVOKE_LOST, .of = 1, .n_marks = n};
    size_t org = s->node[AUTHOR].org;
    struct kai_buf body;

    memcpy(r.target, s->org[org].cert, KAI_ID_BYTES);
    memcpy(r.marks, marks, n * sizeof *marks);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_revoke_write(&body, &r);
    assert_int_equal(body.err, KAI_OK);
    sim_own_ctl(s, s->node[FOUNDER].org,
                sim_world_record(s, &s->org[s->node[FOUNDER].org].issuing, KAI_REC_REVOKE, &body));
    kai_buf_free(&body);
    kai_sim_run(s, 5000);
}

static void ends_at(const struct kai_sim *s, size_t at, size_t aud, uint64_t seq)
{
    const struct kai_nlog *log = log_of(s, at, aud);
    const uint8_t *head;
    struct kai_entry e;

    assert_non_null(log);
    assert_int_equal(kai_fork_stands(log, &head), seq);
    assert_int_equal(kai_fork_past(log, seq + 1), seq < log->l.head_seq || log->ended != 0);
    assert_int_equal(kai_fork_limit(log, log->l.head_seq), seq);
    assert_true(kai_sim_entry(s, AUTHOR, aud, 0, seq, &e));
    assert_memory_equal(head, e.hash, KAI_ID_BYTES);
}

static void test_marked(void **state)
{
    struct kai_sim *s = stage();
    struct kai_mark m = mark(s, PUBLIC);
    uint64_t public = log_of(s, OTHER, PUBLIC)->l.head_seq, all;

    (void)state;
    publish(s, PUBLIC, 2);
    publish(s, ALL, 2);
    all = log_of(s, OTHER, ALL)->l.head_seq;
    ends_at(s, OTHER, PUBLIC, public + 2);
    revoke(s, &m, 1);
    for (size_t i = 0; i < NODES; i += 2) {
        ends_at(s, i, PUBLIC, public);
        ends_at(s, i, ALL, all); /* No mark says anything of it. */
        assert_int_equal(log_of(s, i, ALL)->ended, 0);
    }
    kai_sim_restart(s, OTHER);
    kai_sim_run(s, 3000);
    ends_at(s, OTHER, PUBLIC, public);
    ends_at(s, OTHER, ALL, all);
    kai_sim_free(s);
}

/* Of two marks of one log the earlier counts, whichever came first. */
static void test_earlier(void **state)
{
    (void)state;
    for (size_t first = 0; first < 2; first++) {
        struct kai_sim *s = stage();
        struct kai_mark m[2] = {mark(s, PUBLIC)};
        uint64_t public = log_of(s, OTHER, PUBLIC)->l.head_seq;

        publish(s, PUBLIC, 2);
        m[1] = mark(s, PUBLIC);
        publish(s, PUBLIC, 1);
        revoke(s, &m[first], 1);
        ends_at(s, OTHER, PUBLIC, public + 2 * first);
        revoke(s, &m[1 - first], 1);
        for (size_t i = 0; i < NODES; i += 2)
            ends_at(s, i, PUBLIC, public);
        kai_sim_free(s);
    }
}

/* A mark of something that is not here, and the word of somebody who may not say it, end nothing.
 */
static void test_not_marked(void **state)
{
    struct kai_sim *s = stage();
    struct kai_mark m = mark(s, PUBLIC);
    uint64_t public;

    (void)state;
    publish(s, PUBLIC, 2);
    public = log_of(s, OTHER, PUBLIC)->l.head_seq;
    struct kai_revoke r = {.reason = KAI_REVOKE_LOST, .of = 1, .n_marks = 1, .marks = {m}};
    struct kai_buf body;
    memcpy(r.target, s->org[s->node[AUTHOR].org].cert, KAI_ID_BYTES);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_revoke_write(&body, &r);
    size_t by = s->node[OTHER].org;
    sim_own_ctl(s, by, sim_world_record(s, &s->org[by].issuing, KAI_REC_REVOKE, &body));
    kai_buf_free(&body);
    kai_sim_run(s, 5000);
    ends_at(s, FOUNDER, PUBLIC, public);
    ends_at(s, OTHER, PUBLIC, public);
    m.blindhead[0] ^= 1;
    revoke(s, &m, 1);
    ends_at(s, FOUNDER, PUBLIC, public);
    ends_at(s, OTHER, PUBLIC, public);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marked),
        cmocka_unit_test(test_earlier),
        cmocka_unit_test(test_not_marked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_ended: where the logs of a lost node end: at the heads that its REVOKE marks, on every node
 * alike, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
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
    struct kai_sim_plan *p = calloc(1, sizeof *p);
    struct kai_sim_options o = {
        .seed = 61, .plan = p, .latency_ms = 20, .no_dials = true, .introduced = true};

    assert_non_null(p);
    p->n_orgs = NODES;
    p->n_auds = 2;
    p->aud[PUBLIC] = (struct kai_sim_aud){.kind = KAI_AUD_PUBLIC};
    p->aud[ALL] = (struct kai_sim_aud){.kind = KAI_AUD_COMMUNITY};
    for (size_t i = 0; i < p->n_auds; i++) {
        p->aud[i].label_max = 2;
        p->aud[i].history = KAI_HISTORY_ALL;
    }
    struct kai_sim *s = kai_sim_new(&o);
    free(p);
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

static void revoke_by(struct kai_sim *s, size_t by, const uint8_t *cert, uint64_t reason,
                      const struct kai_mark *marks, size_t n)
{
    struct kai_revoke r = {.reason = reason, .of = 1, .n_marks = n};
    size_t org = s->node[by].org;
    struct kai_buf body;

    memcpy(r.target, cert, KAI_ID_BYTES);
    if (n > 0)
        memcpy(r.marks, marks, n * sizeof *marks);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_revoke_write(&body, &r);
    assert_int_equal(body.err, KAI_OK);
    sim_own_ctl(s, org, sim_world_record(s, &s->org[org].issuing, KAI_REC_REVOKE, &body));
    kai_buf_free(&body);
    kai_sim_run(s, 5000);
}

/* The author's organisation, by the founder. */
static void revoke(struct kai_sim *s, const struct kai_mark *marks, size_t n)
{
    revoke_by(s, FOUNDER, s->org[s->node[AUTHOR].org].cert, KAI_REVOKE_LOST, marks, n);
}

/* Anybody who may admit makes itself a sponsor of the author's organisation, unasked: the proof of
 * possession is there for all to copy. */
static void sponsor(struct kai_sim *s, size_t by, uint8_t cert[static KAI_ID_BYTES])
{
    struct kai_admit a = {.kind = KAI_ADMIT_ORG,
                          .caps = 31,
                          .depth_left = 1,
                          .max_children = 1000,
                          .label_max = 5,
                          .quota = 1u << 30,
                          .not_before = SIM_WALL_MS - 1000,
                          .not_after = SIM_WALL_MS + (1ull << 40),
                          .serial = 1,
                          .name = "unasked"};
    const struct sim_org *o = &s->org[s->node[AUTHOR].org];

    memcpy(a.sign_pk, o->root.pk, KAI_KEY_BYTES);
    kai_admit_prove(&a, o->root.sk);
    struct sim_entry *e = sim_world_say(s, s->node[by].org, &a);
    memcpy(cert, e->e.hash, KAI_ID_BYTES);
    sim_own_ctl(s, s->node[by].org, e);
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

/* An unasked sponsor's marks hide nothing, nor do those of a REVOKE for another reason; and they
 * take no place of one that counts. */
static void test_unasked(void **state)
{
    struct kai_sim *s = stage();
    struct kai_mark m = mark(s, PUBLIC);
    uint64_t public = log_of(s, OTHER, PUBLIC)->l.head_seq, all;
    uint8_t cert[KAI_ID_BYTES], heads[KAI_MARKED_HEADS_MAX][16];

    (void)state;
    publish(s, PUBLIC, 2);
    all = log_of(s, OTHER, PUBLIC)->l.head_seq;
    sponsor(s, OTHER, cert);
    revoke_by(s, FOUNDER, s->org[s->node[AUTHOR].org].cert, KAI_REVOKE_LEFT, &m, 1);
    revoke_by(s, OTHER, cert, KAI_REVOKE_LOST, &m, 1);
    for (uint8_t i = 0; i < 12; i++) {
        struct kai_mark junk = m;

        memset(junk.blindhead, i, sizeof junk.blindhead);
        revoke_by(s, OTHER, cert, i % 2 ? KAI_REVOKE_LOST : KAI_REVOKE_COMPROMISE, &junk, 1);
    }
    for (size_t i = 0; i < NODES; i += 2) {
        const struct kai_roster *r = kai_net_roster(kai_sim_net(s, i));
        const struct kai_node *author = kai_roster_node(r, s->node[AUTHOR].node_id);
        const uint8_t(*hashes)[KAI_ID_BYTES];

        assert_true(author && !author->active);
        assert_int_equal(kai_roster_removals(r, author, &hashes), 14);
        assert_false(kai_roster_marks_any(r, author));
        assert_int_equal(kai_roster_marks(r, author, m.blind, heads), 0);
        ends_at(s, i, PUBLIC, all);
    }
    revoke(s, &m, 1);
    for (size_t i = 0; i < NODES; i += 2)
        ends_at(s, i, PUBLIC, public);
    kai_sim_free(s);
}

static struct kai_net_actions was;
static uint64_t reads;
static struct kai_entry filler;

static enum kai_err count_read(void *ctx, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq,
                               struct kai_entry *e)
{
    reads++;
    if (was.read(ctx, log_pk, seq, e) != KAI_OK)
        *e = filler; /* Of a log that is made out to be longer than it is. */
    return KAI_OK;
}

static void rebuild(struct kai_net *net, size_t ticks)
{
    assert_int_equal(kai_control_rebuild(net), KAI_OK);
    for (size_t i = 0; i < ticks; i++)
        kai_ended_tick(net);
}

/* A log of many entries, of which a mark is none, is read once: not while its author is ACTIVE, not
 * again for another roster, and for new entries these alone. Another log has its turn meanwhile. */
static void test_reads(void **state)
{
    struct kai_sim *s = stage();
    struct kai_mark m[2] = {mark(s, PUBLIC), mark(s, ALL)};
    uint8_t cert[KAI_ID_BYTES];

    (void)state;
    publish(s, PUBLIC, 2);
    publish(s, ALL, 2);
    struct kai_net *net = kai_sim_net(s, FOUNDER);
    struct kai_nlog *log[2] = {log_of(s, FOUNDER, PUBLIC), log_of(s, FOUNDER, ALL)};
    size_t first = memcmp(log[0]->l.log_pk, log[1]->l.log_pk, KAI_KEY_BYTES) < 0 ? 0 : 1;
    struct kai_nlog *lengthy = log[first], *other = log[1 - first];
    uint64_t end = other->l.head_seq - 1;
    assert_true(kai_sim_entry(s, AUTHOR, PUBLIC, 0, 1, &filler));
    m[first].blindhead[0] ^= 1;
    kai_marks_sort(m, 2);
    was = net->act;
    net->act.read = count_read;
    sponsor(s, OTHER, cert); /* By which it is ACTIVE. */
    revoke(s, m, 2);
    reads = 0; /* Those of the sim's own. */
    rebuild(net, 3);
    assert_int_equal(reads, 0);
    assert_int_equal(lengthy->ended + other->ended, 0);
    lengthy->l.head_seq = 5000;
    revoke_by(s, OTHER, cert, KAI_REVOKE_LEFT, NULL, 0);
    rebuild(net, 8);
    assert_int_equal(lengthy->ended, 0);
    assert_int_equal(other->ended, end);
    uint64_t once = reads;
    assert_in_range(once, 5001, 5010);
    for (size_t i = 0; i < 50; i++)
        rebuild(net, 8);
    assert_int_equal(reads, once);
    lengthy->l.head_seq += 10;
    rebuild(net, 8);
    assert_int_equal(reads, once + 10);
    /* A long search of the first one is cut short, and leaves the other its turn. */
    lengthy->l.head_seq += 5000;
    other->ended = 0;
    rebuild(net, 2);
    assert_int_equal(other->ended, end);
    assert_in_range(reads, once + 10 + 1024, once + 10 + 2 * 1024);
    net->act = was;
    kai_sim_free(s);
}

/* Two marks of one log in one REVOKE are malformed, and so is another order. */
static void test_form(void **state)
{
    struct kai_revoke r = {.reason = KAI_REVOKE_LOST, .of = 1, .n_marks = 2}, back;
    struct kai_buf body;

    (void)state;
    for (uint8_t first = 0; first < 3; first++) {
        memset(r.marks[0].blind, first, 16);
        memset(r.marks[1].blind, 1, 16);
        kai_buf_init(&body, KAI_CERT_BYTES_MAX);
        kai_revoke_write(&body, &r);
        assert_int_equal(kai_revoke_parse(&back, kai_buf_view(&body)),
                         first == 0 ? KAI_OK : KAI_EMALFORMED);
        kai_buf_free(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marked),     cmocka_unit_test(test_earlier),
        cmocka_unit_test(test_not_marked), cmocka_unit_test(test_unasked),
        cmocka_unit_test(test_reads),      cmocka_unit_test(test_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

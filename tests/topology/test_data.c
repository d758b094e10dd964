/* test_data: entries that are forged, forked, out of order or not the sender's to send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "topology/sim/sim.h"
#include "wire/put.h"

/* Node 0 knows node 1, which has published two entries (behind its BIND) to the public audience and
 * is gone again; a stranger speaks in its place and has matched. */
static struct kai_sim *stage(uint64_t *link, bool dialled_by_node)
{
    struct kai_sim_options o = {.seed = 21, .n_nodes = 2, .latency_ms = 20, .no_dials = true};
    struct kai_sim *s = kai_sim_new(&o);
    struct kai_hello h;
    struct kai_buf b;

    kai_sim_connect(s, 1, 0);
    kai_sim_run(s, 3000);
    kai_sim_cut_all(s);
    kai_sim_run(s, 100);
    kai_sim_publish(s, 1, 0, 100);
    kai_sim_publish(s, 1, 0, 200);
    *link = kai_sim_raw_link(s, 0, 1, dialled_by_node);
    kai_sim_hello_as(s, 1, &h);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_hello(&b, &h);
    kai_sim_raw_frame(s, 0, *link, kai_buf_view(&b));
    kai_buf_free(&b);
    assert_true(kai_sim_raw_match(s, 0, *link, 0, h.nonce, dialled_by_node));
    kai_sim_run(s, 10);
    return s;
}

static void push(struct kai_sim *s, uint64_t link, const struct kai_entry *e)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&b, KAI_MSG_PUSH, 4);
    kai_put_uint(&b, 0);
    kai_put_view(&b, e->hdr);
    kai_put_view(&b, e->sig);
    if (e->payload.p)
        kai_put_view(&b, e->payload);
    else
        kai_put_nil(&b);
    kai_sim_raw_frame(s, 0, link, kai_buf_view(&b));
    kai_buf_free(&b);
    kai_sim_run(s, 100);
}

static struct kai_entry entry(struct kai_sim *s, uint64_t seq)
{
    struct kai_entry e;

    assert_true(kai_sim_entry(s, 1, 0, 0, seq, &e));
    return e;
}

static bool was_sent(const struct kai_sim *s, uint64_t link, enum kai_msg type,
                     struct kai_frame *last)
{
    size_t n;
    const struct kai_buf *sent = kai_sim_raw_sent(s, link, &n);
    struct kai_frame f;
    bool found = false;

    for (size_t i = 0; i < n; i++)
        if (kai_frame_parse(&f, kai_buf_view(&sent[i])) == KAI_OK && f.type == type) {
            *last = f;
            found = true;
        }
    return found;
}

static bool dropped(const struct kai_sim *s, uint64_t link)
{
    enum kai_bye why;

    return kai_sim_raw_dropped(s, link, &why);
}

static void test_in_order(void **state)
{
    struct kai_frame f;
    uint64_t link;
    struct kai_sim *s = stage(&link, false);

    (void)state;
    for (uint64_t seq = 1; seq <= 3; seq++) {
        struct kai_entry e = entry(s, seq);
        push(s, link, &e);
        push(s, link, &e); /* Twice is once. */
    }
    assert_int_equal(kai_sim_entries(s, 0, 0), 3);
    assert_true(was_sent(s, link, KAI_MSG_IHAVE, &f)); /* Durable: acknowledged. */
    kai_sim_free(s);
}

static void test_gap(void **state)
{
    struct kai_frame f;
    struct kai_want w;
    uint64_t link;
    struct kai_sim *s = stage(&link, false);
    struct kai_entry e = entry(s, 3);

    (void)state;
    push(s, link, &e);
    assert_int_equal(kai_sim_entries(s, 0, 0), 0);
    assert_true(was_sent(s, link, KAI_MSG_WANT, &f));
    kai_frame_want(&f, &w);
    assert_int_equal(w.from, 1);
    assert_int_equal(w.to, 3);
    kai_sim_free(s);
}

static void test_forged(void **state)
{
    uint64_t link;
    struct kai_sim *s = stage(&link, false);
    struct kai_entry e = entry(s, 1);
    uint8_t sig[KAI_SIG_BYTES];

    (void)state;
    memcpy(sig, e.sig.p, sizeof sig);
    sig[40] ^= 1;
    e.sig.p = sig;
    push(s, link, &e);
    assert_true(dropped(s, link));
    assert_int_equal(kai_sim_entries(s, 0, 0), 0);
    assert_int_equal(kai_sim_alarms(s, "entry.forged"), 1);
    kai_sim_free(s);
}

/* Two entries at one place: the first stays, the other is kept as proof, and the log stands still.
 */
static void test_fork(void **state)
{
    struct kai_entry e, other, next;
    struct kai_frame f;
    struct kai_buf b;
    uint64_t link;
    struct kai_sim *s = stage(&link, false);

    (void)state;
    for (uint64_t seq = 1; seq <= 2; seq++) {
        e = entry(s, seq);
        push(s, link, &e);
    }
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    assert_true(kai_sim_fork(s, 1, 0, &e, &b, &other));
    push(s, link, &other);
    assert_int_equal(kai_sim_alarms(s, "log.fork"), 1);
    assert_false(dropped(s, link)); /* Whoever carries it is not the one who forked it. */
    assert_true(was_sent(s, link, KAI_MSG_NOTES, &f));
    next = entry(s, 3);
    push(s, link, &next);
    assert_int_equal(kai_sim_entries(s, 0, 0), 2);
    push(s, link, &other);
    assert_int_equal(kai_sim_alarms(s, "log.fork"), 1);
    kai_buf_free(&b);
    kai_sim_free(s);
}

static void send_row(struct kai_sim *s, uint64_t link, const uint8_t *log_pk, uint64_t seq)
{
    struct kai_rb_row row = {.seq = seq, .log_n = KAI_KEY_BYTES};
    struct kai_buf b;

    memcpy(row.log_pk, log_pk, sizeof row.log_pk);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&b, KAI_MSG_RB, 5);
    kai_put_uint(&b, 0);
    kai_put_uint(&b, 0);
    kai_put_bool(&b, false);
    kai_put_bin(&b, "", 0);
    kai_put_array(&b, 1);
    kai_put_array(&b, 3);
    kai_put_bin(&b, "", 0);
    kai_put_uint(&b, KAI_RB_LIST);
    kai_put_array(&b, 1);
    kai_put_row(&b, &row);
    kai_sim_raw_frame(s, 0, link, kai_buf_view(&b));
    kai_buf_free(&b);
    kai_sim_run(s, 100);
}

/* The peer holds more of our own log than we do: a home that was rolled back. */
static void test_own_ahead(void **state)
{
    struct kai_entry mine;
    struct kai_frame f;
    uint64_t link;
    struct kai_sim *s = stage(&link, false);

    (void)state;
    kai_sim_publish(s, 0, 0, 10);
    assert_true(kai_sim_entry(s, 0, 0, 0, 2, &mine));
    send_row(s, link, mine.h.log_pk, 7);
    assert_int_equal(kai_sim_alarms(s, "own.ahead"), 1);
    assert_true(was_sent(s, link, KAI_MSG_WANT, &f));
    send_row(s, link, mine.h.log_pk, 8);
    assert_int_equal(kai_sim_alarms(s, "own.ahead"), 1);
    kai_sim_free(s);
}

/* The peer holds another entry than we at a place of our own log: we wrote both, in two lives. */
static void test_own_fork(void **state)
{
    struct kai_entry mine, other;
    struct kai_buf b;
    uint64_t link;
    struct kai_sim *s = stage(&link, false);

    (void)state;
    kai_sim_publish(s, 0, 0, 10);
    assert_true(kai_sim_entry(s, 0, 0, 0, 2, &mine));
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    assert_true(kai_sim_fork(s, 0, 0, &mine, &b, &other));
    push(s, link, &other);
    assert_int_equal(kai_sim_alarms(s, "log.fork"), 1);
    assert_int_equal(kai_sim_alarms(s, "own.ahead"), 1);
    kai_buf_free(&b);
    kai_sim_free(s);
}

/* A peer that says it has what it never sends is turned from after a while, and does not block the
 * log. */
static void test_liar(void **state)
{
    struct kai_entry e;
    struct kai_frame f;
    uint64_t link;
    struct kai_sim *s = stage(&link, false);

    (void)state;
    e = entry(s, 1);
    send_row(s, link, e.h.log_pk, 500);
    assert_true(was_sent(s, link, KAI_MSG_WANT, &f));
    kai_sim_connect(s, 1, 0); /* The true one, which ends the stranger's link as a duplicate. */
    kai_sim_run(s, 15000);
    assert_int_equal(kai_sim_entries(s, 0, 0), 3);
    kai_sim_free(s);
}

static void test_handles(void **state)
{
    struct kai_frame f;
    uint64_t link;
    struct kai_sim *s = stage(&link, true);
    struct kai_buf b;

    (void)state;
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&b, KAI_MSG_WANT, 2);
    kai_put_uint(&b, 777);
    kai_put_array(&b, 0);
    kai_sim_raw_frame(s, 0, link, kai_buf_view(&b));
    assert_true(was_sent(s, link, KAI_MSG_ERR, &f));
    assert_int_equal(f.a, KAI_BYE_NOT_SHARED);
    assert_false(dropped(s, link));
    kai_buf_free(&b);
    kai_sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),  cmocka_unit_test(test_gap),
        cmocka_unit_test(test_forged),    cmocka_unit_test(test_fork),
        cmocka_unit_test(test_own_ahead), cmocka_unit_test(test_own_fork),
        cmocka_unit_test(test_liar),      cmocka_unit_test(test_handles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

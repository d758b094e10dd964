/* test_tree: over which links entries of a log come as a whole, and what is done with word of them.
 * Node 0 is looked at; strangers speak in the places of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "topology/sim/sim_int.h"

#define NODES  5u
#define AUTHOR 1u /* Of a public log that node 0 does not hold yet. */
#define OTHER  4u

/* What is said on another link than the one that gave rise to it leaves with the next step. */
#define NEXT_STEP_MS 1000u

struct stage {
    struct kai_sim *s;
    uint64_t link[NODES]; /* Of the stranger in this node's place; 0: none. */
};

static void say(struct stage *st, size_t as, const struct kai_buf *frame)
{
    assert_int_equal(frame->err, KAI_OK);
    kai_sim_raw_frame(st->s, 0, st->link[as], kai_buf_view(frame));
}

static struct kai_buf begin(enum kai_msg type, uint32_t arity)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_frame(&b, type, arity);
    return b;
}

static void send(struct stage *st, size_t as, struct kai_buf *b)
{
    say(st, as, b);
    kai_buf_free(b);
}

/* A session of reconciliation, begun by the stranger: from then on the audience is live. */
static void ask_all(struct stage *st, size_t as)
{
    struct kai_buf b = begin(KAI_MSG_RB, 5);

    kai_put_uint(&b, 0);
    kai_put_uint(&b, 0);
    kai_put_bool(&b, false);
    kai_put_bin(&b, "", 0);
    kai_put_array(&b, 1);
    kai_put_array(&b, 3);
    kai_put_bin(&b, "", 0);
    kai_put_uint(&b, KAI_RB_LIST);
    kai_put_array(&b, 0);
    send(st, as, &b);
}

/* A stranger that has matched the public audience and reconciled it; its handle is 0. */
static void enter(struct stage *st, size_t as)
{
    struct kai_buf b;
    struct kai_hello h;

    st->link[as] = kai_sim_raw_link(st->s, 0, as, false);
    kai_sim_hello_as(st->s, as, &h);
    kai_ctl_fingerprint(st->s->node[0].ctl, h.fingerprint);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_hello(&b, &h);
    send(st, as, &b);
    assert_true(kai_sim_raw_match(st->s, 0, st->link[as], 0, h.nonce, false));
    ask_all(st, as);
    kai_sim_run(st->s, 50);
}

/* Everybody is known to node 0, and gone again; AUTHOR and OTHER have published n entries each
 * since. */
static void open_stage(struct stage *st, size_t n)
{
    struct kai_sim_options o = {.seed = 41, .n_nodes = NODES, .latency_ms = 20, .no_dials = true};

    *st = (struct stage){.s = kai_sim_new(&o)};
    for (size_t i = 1; i < NODES; i++)
        kai_sim_connect(st->s, i, 0);
    kai_sim_run(st->s, 5000);
    kai_sim_cut_all(st->s);
    kai_sim_run(st->s, 100);
    for (size_t i = 0; i < n; i++) {
        kai_sim_publish(st->s, AUTHOR, 0, 100);
        kai_sim_publish(st->s, OTHER, 0, 100);
    }
    enter(st, 2);
    enter(st, 3);
}

static struct kai_entry entry(struct stage *st, size_t of, uint64_t seq)
{
    struct kai_entry e;

    assert_true(kai_sim_entry(st->s, of, 0, 0, seq, &e));
    return e;
}

static void push(struct stage *st, size_t as, size_t of, uint64_t seq)
{
    struct kai_entry e = entry(st, of, seq);
    struct kai_buf b = begin(KAI_MSG_PUSH, 4);

    kai_put_uint(&b, 0);
    kai_put_view(&b, e.hdr);
    kai_put_view(&b, e.sig);
    kai_put_view(&b, e.payload);
    send(st, as, &b);
    kai_sim_run(st->s, 60);
}

static void words(struct stage *st, size_t as, enum kai_msg type, const uint8_t *log_pk,
                  uint64_t from, uint32_t n)
{
    struct kai_buf b = begin(type, 2);

    kai_put_uint(&b, 0);
    kai_put_array(&b, n);
    for (uint32_t i = 0; i < n; i++) {
        kai_put_array(&b, 2);
        kai_put_bin(&b, log_pk, KAI_KEY_BYTES);
        kai_put_uint(&b, from + i);
    }
    send(st, as, &b);
}

static void say_prune(struct stage *st, size_t as, uint64_t minutes, const uint8_t *log_pk)
{
    struct kai_buf b = begin(KAI_MSG_PRUNE, 3);

    kai_put_uint(&b, 0);
    kai_put_uint(&b, minutes);
    kai_put_array(&b, 1);
    kai_put_bin(&b, log_pk, KAI_KEY_BYTES);
    send(st, as, &b);
}

/* How often node 0 named this log to the stranger, in frames of this type: those with this seq,
 * where it is not 0. */
static size_t named(struct stage *st, size_t as, enum kai_msg type, const uint8_t *log_pk,
                    uint64_t seq)
{
    size_t n, hits = 0;
    const struct kai_buf *sent = kai_sim_raw_sent(st->s, st->link[as], &n);

    for (size_t i = 0; i < n; i++) {
        struct kai_frame f;
        if (kai_frame_parse(&f, kai_buf_view(&sent[i])) != KAI_OK || f.type != type)
            continue;
        for (uint32_t k = 0; k < f.n; k++) {
            const uint8_t *pk;
            uint64_t at = 0;
            if (type == KAI_MSG_PRUNE)
                pk = kai_frame_log(&f);
            else
                kai_frame_id(&f, &pk, &at);
            hits += memcmp(pk, log_pk, KAI_KEY_BYTES) == 0 && (seq == 0 || at == seq);
        }
    }
    return hits;
}

/* How many whole entries of this log came to the stranger. */
static size_t entries(struct stage *st, size_t as, enum kai_msg type, const uint8_t *log_pk)
{
    size_t n, hits = 0;
    const struct kai_buf *sent = kai_sim_raw_sent(st->s, st->link[as], &n);

    for (size_t i = 0; i < n; i++) {
        struct kai_view hdr, sig, payload;
        struct kai_frame f;
        struct kai_hdr h;
        if (kai_frame_parse(&f, kai_buf_view(&sent[i])) != KAI_OK || f.type != type)
            continue;
        for (uint32_t k = 0; k < (type == KAI_MSG_PUSH ? 1 : f.n); k++) {
            hdr = f.hdr;
            if (type == KAI_MSG_ENTRIES)
                kai_frame_parts(&f, &hdr, &sig, &payload);
            hits +=
                kai_hdr_parse(&h, hdr) == KAI_OK && memcmp(h.log_pk, log_pk, KAI_KEY_BYTES) == 0;
        }
    }
    return hits;
}

/* Time passes; the stranger answers when it is asked whether it is there. */
static void stay(struct stage *st, size_t as, uint64_t ms)
{
    for (uint64_t at = 0; at < ms; at += 5000) {
        size_t n;
        const struct kai_buf *sent = kai_sim_raw_sent(st->s, st->link[as], &n);
        for (size_t i = n; i > 0; i--) {
            struct kai_buf b;
            struct kai_frame f;
            if (kai_frame_parse(&f, kai_buf_view(&sent[i - 1])) != KAI_OK || f.type != KAI_MSG_PING)
                continue;
            kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
            kai_put_numbers(&b, KAI_MSG_PONG, f.a, f.b);
            send(st, as, &b);
            break;
        }
        kai_sim_run(st->s, ms - at < 5000 ? ms - at : 5000);
    }
}

/* ---- PRUNE. */

static void test_second_push_is_pruned(void **state)
{
    struct stage st;
    uint8_t log[KAI_KEY_BYTES], other[KAI_KEY_BYTES];

    (void)state;
    open_stage(&st, 2);
    memcpy(log, entry(&st, AUTHOR, 1).h.log_pk, KAI_KEY_BYTES);
    memcpy(other, entry(&st, OTHER, 1).h.log_pk, KAI_KEY_BYTES);
    push(&st, 2, AUTHOR, 1);
    push(&st, 2, OTHER, 1);
    assert_int_equal(named(&st, 2, KAI_MSG_PRUNE, log, 0), 0);
    push(&st, 3, AUTHOR, 1);
    /* One entry too many, and no log that comes by another way comes twice from there. */
    assert_int_equal(named(&st, 3, KAI_MSG_PRUNE, log, 0), 1);
    assert_int_equal(named(&st, 3, KAI_MSG_PRUNE, other, 0), 1);
    assert_int_equal(named(&st, 2, KAI_MSG_PRUNE, log, 0), 0);
    push(&st, 2, AUTHOR, 1); /* The way it comes by is no second one. */
    assert_int_equal(named(&st, 2, KAI_MSG_PRUNE, log, 0), 0);
    kai_sim_free(st.s);
}

/* The author tells everybody itself: the way of before is the one too many. */
static void test_author_is_not_pruned(void **state)
{
    struct stage st;
    uint8_t log[KAI_KEY_BYTES];

    (void)state;
    open_stage(&st, 2);
    enter(&st, AUTHOR);
    memcpy(log, entry(&st, AUTHOR, 1).h.log_pk, KAI_KEY_BYTES);
    push(&st, 2, AUTHOR, 1);
    push(&st, AUTHOR, AUTHOR, 1);
    assert_int_equal(named(&st, AUTHOR, KAI_MSG_PRUNE, log, 0), 0);
    assert_int_equal(named(&st, 2, KAI_MSG_PRUNE, log, 0), 1);
    kai_sim_free(st.s);
}

/* A link that comes later brings nothing that has a way: not one entry of any log. */
static void test_new_link_begins_lazy(void **state)
{
    struct stage st;
    uint8_t log[KAI_KEY_BYTES], other[KAI_KEY_BYTES];

    (void)state;
    open_stage(&st, 2);
    memcpy(log, entry(&st, AUTHOR, 1).h.log_pk, KAI_KEY_BYTES);
    memcpy(other, entry(&st, OTHER, 1).h.log_pk, KAI_KEY_BYTES);
    push(&st, 2, AUTHOR, 1);
    push(&st, 2, OTHER, 1);
    enter(&st, AUTHOR);
    kai_sim_run(st.s, NEXT_STEP_MS);
    assert_int_equal(named(&st, AUTHOR, KAI_MSG_PRUNE, other, 0), 1);
    /* Its author says it whole, whatever is asked: it comes by that link from now on. */
    assert_int_equal(named(&st, AUTHOR, KAI_MSG_PRUNE, log, 0), 0);
    assert_int_equal(named(&st, 2, KAI_MSG_PRUNE, log, 0), 1);
    assert_int_equal(named(&st, 2, KAI_MSG_PRUNE, other, 0), 0);
    kai_sim_free(st.s);
}

/* The way of a log is another one when its link ends: that of somebody who wants none of us, and so
 * does not wait for us. It is a way as any, of which links that come later are told. */
static void way_after(size_t waits, size_t has)
{
    struct stage st;
    struct kai_buf b;
    uint8_t log[KAI_KEY_BYTES];

    open_stage(&st, 1);
    enter(&st, OTHER);
    memcpy(log, entry(&st, AUTHOR, 1).h.log_pk, KAI_KEY_BYTES);
    push(&st, 2, AUTHOR, 1);
    say_prune(&st, has, 0, log);
    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    kai_put_number(&b, KAI_MSG_BYE, KAI_BYE_BUSY);
    send(&st, 2, &b);
    kai_sim_run(st.s, NEXT_STEP_MS);
    assert_int_equal(named(&st, has, KAI_MSG_GRAFT, log, 0), 1);
    assert_int_equal(named(&st, waits, KAI_MSG_GRAFT, log, 0), 0);
    enter(&st, 2);
    assert_int_equal(named(&st, 2, KAI_MSG_PRUNE, log, 0), 1);
    kai_sim_free(st.s);
}

static void test_way_after_a_link(void **state)
{
    (void)state;
    way_after(3, OTHER);
    way_after(OTHER, 3);
}

static void test_lazy_link_stays_lazy(void **state)
{
    struct stage st;
    uint8_t log[KAI_KEY_BYTES];

    (void)state;
    open_stage(&st, 6);
    memcpy(log, entry(&st, AUTHOR, 1).h.log_pk, KAI_KEY_BYTES);
    push(&st, 2, AUTHOR, 1);
    assert_int_equal(entries(&st, 3, KAI_MSG_PUSH, log), 1); /* Eager at first. */
    say_prune(&st, 3, 0, log);
    for (uint64_t seq = 2; seq <= 4; seq++) {
        push(&st, 2, AUTHOR, seq);
        assert_int_equal(entries(&st, 3, KAI_MSG_PUSH, log), 1);
        assert_int_equal(named(&st, 3, KAI_MSG_IHAVE, log, seq), 1); /* Word of it. */
    }
    words(&st, 3, KAI_MSG_GRAFT, log, 0, 1); /* From now on, and nothing of before. */
    kai_sim_run(st.s, 200);
    assert_int_equal(entries(&st, 3, KAI_MSG_ENTRIES, log), 0);
    push(&st, 2, AUTHOR, 5);
    assert_int_equal(entries(&st, 3, KAI_MSG_PUSH, log), 2);
    kai_sim_free(st.s);
}

/* What one writes oneself goes to everybody whole, whatever they ask for. */
static void test_own_log_is_flooded(void **state)
{
    struct stage st;
    struct kai_entry e;
    uint8_t log[KAI_KEY_BYTES];
    size_t before;

    (void)state;
    open_stage(&st, 1);
    kai_sim_publish(st.s, 0, 0, 100);
    kai_sim_run(st.s, 200);
    assert_true(kai_sim_entry(st.s, 0, 0, 0, 1, &e));
    memcpy(log, e.h.log_pk, KAI_KEY_BYTES);
    before = entries(&st, 3, KAI_MSG_PUSH, log);
    assert_true(before > 0);
    say_prune(&st, 3, 0, log);
    kai_sim_publish(st.s, 0, 0, 100);
    kai_sim_run(st.s, 200);
    assert_int_equal(entries(&st, 3, KAI_MSG_PUSH, log), before + 1);
    kai_sim_free(st.s);
}

/* ---- Word without an entry. */

static void test_word_is_grafted(void **state)
{
    struct stage st;
    uint8_t log[KAI_KEY_BYTES];

    (void)state;
    open_stage(&st, 3);
    memcpy(log, entry(&st, AUTHOR, 1).h.log_pk, KAI_KEY_BYTES);
    words(&st, 2, KAI_MSG_IHAVE, log, 1, 1);
    words(&st, 3, KAI_MSG_IHAVE, log, 1, 1);
    kai_sim_run(st.s, 490);
    assert_int_equal(named(&st, 2, KAI_MSG_GRAFT, log, 0), 0);
    kai_sim_run(st.s, 20); /* T1: who told first. */
    assert_int_equal(named(&st, 2, KAI_MSG_GRAFT, log, 1), 1);
    assert_int_equal(named(&st, 3, KAI_MSG_GRAFT, log, 0), 0);
    kai_sim_run(st.s, 250); /* T2: the next one. */
    assert_int_equal(named(&st, 3, KAI_MSG_GRAFT, log, 1), 1);
    push(&st, 3, AUTHOR, 1);
    assert_int_equal(kai_sim_entries(st.s, 0, 0), 1);
    kai_sim_run(st.s, 2000);
    assert_int_equal(named(&st, 2, KAI_MSG_GRAFT, log, 0), 1);
    /* Of an entry that comes in time nobody is asked. */
    words(&st, 2, KAI_MSG_IHAVE, log, 2, 1);
    push(&st, 2, AUTHOR, 2);
    kai_sim_run(st.s, 2000);
    assert_int_equal(named(&st, 2, KAI_MSG_GRAFT, log, 0), 1);
    kai_sim_free(st.s);
}

/* Both strangers stay. */
static void stay_both(struct stage *st, uint64_t ms)
{
    for (uint64_t at = 0; at < ms; at += 2000) {
        stay(st, 2, 1000);
        stay(st, 3, 1000);
    }
}

/* Entries come by one way, so long after each other, and word of each 400 ms before it by another
 * one: how long after word of the next one it is asked for. */
static uint64_t asked_after(uint64_t gap_ms)
{
    const uint64_t times = 64;
    uint64_t waited = 0;
    struct stage st;
    uint8_t log[KAI_KEY_BYTES];

    open_stage(&st, times + 2);
    memcpy(log, entry(&st, AUTHOR, 1).h.log_pk, KAI_KEY_BYTES);
    push(&st, 2, AUTHOR, 1);
    for (uint64_t seq = 2; seq <= times + 1; seq++) {
        say_prune(&st, 3, 60, log); /* The way stays as it is. */
        stay_both(&st, gap_ms);
        words(&st, 3, KAI_MSG_IHAVE, log, seq, 1);
        kai_sim_run(st.s, 400);
        push(&st, 2, AUTHOR, seq);
    }
    assert_int_equal(kai_sim_entries(st.s, 0, 0), times + 1);
    words(&st, 3, KAI_MSG_IHAVE, log, times + 2, 1);
    for (; named(&st, 3, KAI_MSG_GRAFT, log, times + 2) == 0 && waited < 5000; waited += 10)
        kai_sim_run(st.s, 10);
    kai_sim_free(st.s);
    return waited;
}

/* Entries that are always late are waited for; one that is late for once, after a while in which
 * its way may have broken, makes nobody wait longer. */
static void test_patience(void **state)
{
    uint64_t flows, rare;

    (void)state;
    flows = asked_after(2000);
    rare = asked_after(62000);
    assert_in_range(flows, 790, 850);
    assert_in_range(rare, 490, 510);
}

/* Word came well before the entry, by a lazy link: that way is shorter from now on. */
static void test_shorter_way(void **state)
{
    struct stage st;
    uint8_t log[KAI_KEY_BYTES];

    (void)state;
    open_stage(&st, 3);
    memcpy(log, entry(&st, AUTHOR, 1).h.log_pk, KAI_KEY_BYTES);
    push(&st, 2, AUTHOR, 1);
    words(&st, 3, KAI_MSG_IHAVE, log, 2, 1);
    kai_sim_run(st.s, 100);
    push(&st, 2, AUTHOR, 2);
    assert_int_equal(named(&st, 3, KAI_MSG_GRAFT, log, 0), 1);
    assert_int_equal(named(&st, 3, KAI_MSG_GRAFT, log, 2), 0); /* The way, not the entry. */
    assert_int_equal(named(&st, 2, KAI_MSG_PRUNE, log, 0), 1);
    words(&st, 2, KAI_MSG_IHAVE, log, 3, 1);
    kai_sim_run(st.s, 100);
    push(&st, 3, AUTHOR, 3); /* Not to and fro. */
    assert_int_equal(named(&st, 2, KAI_MSG_GRAFT, log, 0), 0);
    kai_sim_free(st.s);
}

/* ---- Who asks for too much. */

static void test_answered_once_a_minute(void **state)
{
    struct stage st;
    uint8_t log[KAI_KEY_BYTES];

    (void)state;
    open_stage(&st, 2);
    memcpy(log, entry(&st, AUTHOR, 1).h.log_pk, KAI_KEY_BYTES);
    push(&st, 2, AUTHOR, 1);
    for (int i = 0; i < 5; i++) {
        words(&st, 3, KAI_MSG_GRAFT, log, 1, 1);
        kai_sim_run(st.s, 1100);
    }
    assert_int_equal(entries(&st, 3, KAI_MSG_ENTRIES, log), 1);
    stay(&st, 3, 60000);
    words(&st, 3, KAI_MSG_GRAFT, log, 1, 1);
    kai_sim_run(st.s, 100);
    assert_int_equal(entries(&st, 3, KAI_MSG_ENTRIES, log), 2);
    kai_sim_free(st.s);
}

static void test_grafts_a_second(void **state)
{
    struct stage st;
    uint8_t log[KAI_KEY_BYTES];

    (void)state;
    open_stage(&st, 41);
    memcpy(log, entry(&st, AUTHOR, 1).h.log_pk, KAI_KEY_BYTES);
    for (uint64_t seq = 1; seq <= 40; seq++)
        push(&st, 2, AUTHOR, seq);
    words(&st, 3, KAI_MSG_GRAFT, log, 1, 40);
    kai_sim_run(st.s, 500);
    assert_int_equal(entries(&st, 3, KAI_MSG_ENTRIES, log), 32);
    kai_sim_run(st.s, 600);
    words(&st, 3, KAI_MSG_GRAFT, log, 33, 8);
    kai_sim_run(st.s, 300);
    assert_int_equal(entries(&st, 3, KAI_MSG_ENTRIES, log), 40);
    kai_sim_free(st.s);
}

/* Eight words with nothing behind them: then a stranger is not listened to for ten minutes. */
static void test_empty_words(void **state)
{
    struct stage st;
    uint8_t log[KAI_KEY_BYTES] = {0};

    (void)state;
    open_stage(&st, 1);
    for (uint8_t i = 1; i <= 10; i++) {
        log[0] = i;
        words(&st, 3, KAI_MSG_IHAVE, log, 1, 1);
        stay(&st, 3, 1000);
        assert_int_equal(named(&st, 3, KAI_MSG_GRAFT, log, 1), i <= 8 ? 1 : 0);
    }
    memcpy(log, entry(&st, AUTHOR, 1).h.log_pk, KAI_KEY_BYTES);
    words(&st, 2, KAI_MSG_IHAVE, log, 1, 1); /* Others are. */
    kai_sim_run(st.s, 600);
    assert_int_equal(named(&st, 2, KAI_MSG_GRAFT, log, 1), 1);
    stay(&st, 3, 600000);
    log[0] ^= 1;
    words(&st, 3, KAI_MSG_IHAVE, log, 1, 1);
    stay(&st, 3, 1000);
    assert_int_equal(named(&st, 3, KAI_MSG_GRAFT, log, 1), 1);
    kai_sim_free(st.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_second_push_is_pruned), cmocka_unit_test(test_author_is_not_pruned),
        cmocka_unit_test(test_new_link_begins_lazy),  cmocka_unit_test(test_way_after_a_link),
        cmocka_unit_test(test_lazy_link_stays_lazy),  cmocka_unit_test(test_own_log_is_flooded),
        cmocka_unit_test(test_word_is_grafted),       cmocka_unit_test(test_patience),
        cmocka_unit_test(test_shorter_way),           cmocka_unit_test(test_answered_once_a_minute),
        cmocka_unit_test(test_grafts_a_second),       cmocka_unit_test(test_empty_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

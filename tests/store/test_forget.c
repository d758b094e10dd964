/* test_forget: payloads that are forgotten, and the room that this makes. */
#include "store/kit.h"

struct places {
    size_t n;
    uint64_t seq[8];
    uint64_t last;
    bool prev[8];
};

static bool on_place(void *ctx, const struct kai_payload_at *at)
{
    struct places *p = ctx;

    assert_true(p->n < 8 && at->place > p->last);
    p->last = at->place;
    p->seq[p->n] = at->h->seq;
    p->prev[p->n++] = at->prev_kid != NULL;
    return true;
}

static struct places places_of(struct kai_store *s, uint64_t from)
{
    struct places p = {.n = 0};
    struct kai_snap *r;

    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    assert_int_equal(kai_snap_payloads(r, from, on_place, &p), KAI_OK);
    kai_snap_end(r);
    return p;
}

static void forget(struct kai_store *s, const struct kit_log *l, uint64_t seq, enum kai_err want)
{
    struct kai_tx *t;

    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_forget(t, l->pk, seq), want);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
}

static bool bare(struct kai_store *s, const struct kit_log *l, uint64_t seq)
{
    struct kai_snap *r;
    struct kai_entry e;

    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    assert_int_equal(kai_snap_entry(r, l->pk, seq, &e), KAI_OK);
    assert_int_equal(e.h.seq, seq);
    bool is = e.payload.p == NULL;
    kai_snap_end(r);
    return is;
}

static bool count_arrival(void *ctx, uint64_t position, uint64_t log_no, const struct kai_entry *e,
                          uint64_t seen_ms)
{
    (void)position;
    (void)log_no;
    (void)e;
    (void)seen_ms;
    ++*(size_t *)ctx;
    return true;
}

/* A payload that is forgotten leaves everything else as it is: also for the start-up check, after
 * a start that was not clean, which walks every row; also of what was staged. Its room is free. */
static void test_forget(void **state)
{
    char dir[64];
    struct kit_log l = kit_log(40);
    struct kai_log log;
    struct kai_snap *r;
    uint64_t bytes;
    size_t arrived = 0;

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    kit_add_log(s, &l, 0);
    kit_append(s, &l, 3, 9000);
    kit_stage(s, &l, 2, 5000);
    struct places p = places_of(s, 0);
    assert_int_equal(p.n, 3); /* What is staged is not visible. */
    forget(s, &l, 4, KAI_ENOTFOUND);
    kit_advance(s, &l, 5, KAI_OK);
    p = places_of(s, 0);
    assert_int_equal(p.n, 5);
    assert_false(p.prev[0]);
    assert_true(p.prev[1]);
    assert_int_equal(places_of(s, p.last).n, 1);

    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    assert_int_equal(kai_snap_log(r, l.pk, &log), KAI_OK);
    bytes = log.bytes;
    kai_snap_end(r);
    forget(s, &l, 2, KAI_OK);
    forget(s, &l, 2, KAI_OK); /* Twice is once. */
    forget(s, &l, 5, KAI_OK);
    forget(s, &l, 0, KAI_ENOTFOUND);
    forget(s, &l, 6, KAI_ENOTFOUND);
    for (int again = 0; again < 2; again++) {
        for (uint64_t seq = 1; seq <= 5; seq++)
            assert_int_equal(bare(s, &l, seq), seq == 2 || seq == 5);
        assert_int_equal(places_of(s, 0).n, 3);
        assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
        assert_int_equal(kai_snap_log(r, l.pk, &log), KAI_OK);
        assert_int_equal(log.bytes, bytes - 9000 - 5000);
        assert_int_equal(log.head_seq, 5);
        arrived = 0;
        assert_int_equal(kai_snap_arrivals(r, 1, count_arrival, &arrived), KAI_OK);
        assert_int_equal(arrived, 5);
        kai_snap_end(r);
        kai_store_close(s); /* Without the mark: all is walked. */
        s = kit_open(dir);
        assert_false(kai_store_was_clean(s));
    }
    kit_append(s, &l, 1, 100);
    kai_store_close(s);
    kit_dir_rm(dir);
}

/* What is forgotten makes room: a store of a few megabytes takes in many times its size. */
static void test_forget_room(void **state)
{
    struct kai_store_options opt = {.map_bytes = UINT64_C(4) << 20};
    struct kit_log l = kit_log(41);
    struct kai_why why = {0};
    struct kai_store *s;
    char dir[64];

    (void)state;
    kit_dir(dir);
    assert_int_equal(kai_store_open(&s, dir, &opt, &why), KAI_OK);
    kit_add_log(s, &l, 0);
    for (uint64_t i = 1; i <= 400; i++) {
        kit_append(s, &l, 1, 40000);
        forget(s, &l, i, KAI_OK);
    }
    kai_store_close(s);
    kit_dir_rm(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_forget_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

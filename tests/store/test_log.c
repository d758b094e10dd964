/* test_log: rows of logs; what is appended, closed and staged, and in what order it is visible. */
#include "store/kit.h"
#include "store/row.h"

#include <stdio.h>
#include <string.h>

static void test_log(void **state)
{
    char dir[64];
    struct kit_log l = kit_log(1);
    struct kai_log log = {.kind = KAI_LOG_KEY,
                          .incarnation = 7,
                          .flags = KAI_LOG_OWN,
                          .floor = 3,
                          .first_seen_ms = 99,
                          .bytes = 12345,
                          .head_seq = 4};
    struct kai_log got;
    struct kai_tx *t;
    struct kai_snap *r;

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    memcpy(log.log_pk, l.pk, sizeof log.log_pk);
    memset(log.aud_id, 0xaa, sizeof log.aud_id);
    memset(log.salt, 0xbb, sizeof log.salt);
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_log(t, &log), KAI_OK);
    assert_int_equal(log.no, 1);
    assert_int_equal(log.bytes, 0);
    assert_int_equal(log.head_seq, 0);
    log.flags |= KAI_LOG_FORKED;
    log.incarnation = 8; /* A log that could not be read learns whose it is. */
    memset(log.author_node, 0xcc, sizeof log.author_node);
    assert_int_equal(kai_tx_log(t, &log), KAI_OK);
    assert_int_equal(kai_tx_commit(t), KAI_OK);

    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    assert_int_equal(kai_snap_log(r, l.pk, &got), KAI_OK);
    assert_int_equal(got.incarnation, 8);
    assert_int_equal(got.flags, KAI_LOG_OWN | KAI_LOG_FORKED);
    assert_int_equal(got.kind, KAI_LOG_KEY);
    assert_int_equal(got.first_seen_ms, 99);
    assert_int_equal(got.author_node[5], 0xcc);
    assert_int_equal(got.aud_id[5], 0xaa);
    assert_int_equal(got.salt[31], 0xbb);
    assert_int_equal(kai_snap_log_no(r, 1, &got), KAI_OK);
    assert_memory_equal(got.log_pk, l.pk, sizeof l.pk);
    assert_int_equal(kai_snap_log_no(r, 2, &got), KAI_ENOTFOUND);
    l.pk[0] ^= 1;
    assert_int_equal(kai_snap_log(r, l.pk, &got), KAI_ENOTFOUND);
    kai_snap_end(r);
    kai_store_close(s);
    kit_dir_rm(dir);
}

/* A log row of a store of format 1, which did not say who brought a log. */
static void test_log_row_1(void **state)
{
    struct log_row r = {.log = {.no = 5, .kind = KAI_LOG_DATA, .head_seq = 9}}, got;
    uint8_t row[LOG_ROW_BYTES], key[KAI_KEY_BYTES] = {3};
    struct kai_view k = {key, sizeof key}, old = {row, LOG_ROW_BYTES - KAI_ID_BYTES};

    (void)state;
    memcpy(r.log.log_pk, key, sizeof key);
    memset(r.log.from_node, 7, KAI_ID_BYTES);
    memset(r.staged_hash, 8, KAI_ID_BYTES);
    log_row_write(row, &r);
    assert_int_equal(log_row_read(&got, k, kai_view_of(row, sizeof row)), KAI_OK);
    assert_int_equal(got.log.from_node[31], 7);
    assert_int_equal(log_row_read(&got, k, old), KAI_ECORRUPT);
    row[SUM_BYTES] = 1;
    kai_put_u64(row, row_sum(T_LOGS, k, kai_view_of(row + SUM_BYTES, old.n - SUM_BYTES)));
    assert_int_equal(log_row_read(&got, k, old), KAI_OK);
    assert_int_equal(got.log.head_seq, 9);
    assert_int_equal(got.log.from_node[31], 0);
    assert_int_equal(got.staged_hash[31], 8);
}

static void test_append(void **state)
{
    char dir[64];
    struct kit_log l = kit_log(2);
    struct kit_log other = kit_log(3);
    struct kit_entry k;
    struct kai_entry got;
    struct kai_log log;
    struct kai_tx *t;
    struct kai_snap *r;

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    kit_add_log(s, &l, 0);
    kit_append(s, &l, 3, 700);

    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    kit_next(&k, &l, 60000);
    assert_int_equal(kai_tx_append(t, &k.e, 1003), KAI_OK);
    assert_int_equal(kai_tx_append(t, &k.e, 1003), KAI_EEXIST);
    kit_free(&k);
    kit_next(&k, &l, 10); /* The same seq again, another content. */
    assert_int_equal(kai_tx_append(t, &k.e, 1003), KAI_EEXIST);
    kit_free(&k);
    l.seq = 5;
    kit_next(&k, &l, 10);
    assert_int_equal(kai_tx_append(t, &k.e, 1003), KAI_EAGAIN);
    kit_free(&k);
    l.seq = 4;
    kit_next(&k, &l, 10); /* prev is that of seq 4, not of the new head. */
    assert_int_equal(kai_tx_append(t, &k.e, 1003), KAI_EMALFORMED);
    kit_free(&k);
    kit_next(&k, &other, 10);
    assert_int_equal(kai_tx_append(t, &k.e, 1003), KAI_ENOTFOUND);
    kit_free(&k);
    assert_int_equal(kai_tx_commit(t), KAI_OK); /* Answers do not stick. */

    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    for (uint64_t seq = 1; seq <= 4; seq++)
        kit_expect(r, &l, seq, seq == 4 ? 60000 : 700);
    assert_int_equal(kai_snap_entry(r, l.pk, 5, &got), KAI_ENOTFOUND);
    assert_int_equal(kai_snap_entry(r, l.pk, 0, &got), KAI_ENOTFOUND);
    assert_int_equal(kai_snap_entry_no(r, 1, 4, &got), KAI_OK);
    assert_int_equal(got.payload.n, 60000);
    assert_int_equal(kai_snap_entry_no(r, 9, 1, &got), KAI_ENOTFOUND);
    assert_int_equal(kai_snap_log(r, l.pk, &log), KAI_OK);
    assert_int_equal(log.head_seq, 4);
    assert_memory_equal(log.head, got.hash, sizeof log.head);
    assert_int_equal(log.head_ts, got.h.ts);
    assert_true(log.bytes > 62100 && log.bytes < 64000);
    assert_int_equal(kai_snap_last_position(r), 4);
    kai_snap_end(r);
    kai_store_close(s);
    kit_dir_rm(dir);
}

static void test_close(void **state)
{
    char dir[64];
    struct kit_log l = kit_log(4);
    struct kit_entry k;
    struct kai_log log;
    struct kai_tx *t;
    struct kai_snap *r;

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    kit_add_log(s, &l, 0);
    kit_append(s, &l, 1, 10);
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    kit_typed(&k, &l, 0, KAI_PTYPE_CLOSE);
    assert_int_equal(kai_tx_append(t, &k.e, 1), KAI_OK);
    kit_moved(&l, &k);
    kit_free(&k);
    kit_next(&k, &l, 10);
    assert_int_equal(kai_tx_append(t, &k.e, 1), KAI_EMALFORMED);
    assert_int_equal(kai_tx_stage(t, &k.e, 1), KAI_EMALFORMED);
    kit_free(&k);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    assert_int_equal(kai_snap_log(r, l.pk, &log), KAI_OK);
    assert_int_equal(log.flags, KAI_LOG_CLOSED);
    kai_snap_end(r);
    kai_store_close(s);
    kit_dir_rm(dir);
}

/* What arrivals gave: "no.seq@position " for each. */
struct seen {
    char text[4000];
    size_t n;
    size_t stop_after;
    uint64_t last;
};

static bool see(void *ctx, uint64_t position, uint64_t no, const struct kai_entry *e,
                uint64_t seen_ms)
{
    struct seen *v = ctx;
    size_t at = strlen(v->text);

    assert_true(position > v->last);
    assert_true(seen_ms > 0);
    v->last = position;
    snprintf(v->text + at, sizeof v->text - at, "%ju.%ju@%ju ", (uintmax_t)no, (uintmax_t)e->h.seq,
             (uintmax_t)position);
    return ++v->n != v->stop_after;
}

static void expect_arrivals(struct kai_store *s, uint64_t from, size_t stop, const char *want)
{
    struct seen v = {.stop_after = stop};
    struct kai_snap *r;

    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    assert_int_equal(kai_snap_arrivals(r, from, see, &v), KAI_OK);
    kai_snap_end(r);
    assert_string_equal(v.text, want);
}

static void test_stage(void **state)
{
    char dir[64];
    struct kit_log a = kit_log(5);
    struct kit_log b = kit_log(6);
    struct kit_log before;
    struct kit_entry k;
    struct kai_entry got;
    struct kai_tx *t;
    struct kai_snap *r;

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    kit_add_log(s, &a, KAI_LOG_OWN);
    kit_add_log(s, &b, 0);
    kit_append(s, &a, 1, 300);  /* Position 1. */
    kit_stage(s, &a, 3, 60000); /* Lie at 2-4, unseen. */
    kit_append(s, &b, 2, 300);  /* 5, 6. */
    expect_arrivals(s, 0, 0, "1.1@1 2.1@5 2.2@6 ");
    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    assert_int_equal(kai_snap_entry(r, a.pk, 2, &got), KAI_ENOTFOUND);
    assert_int_equal(kai_snap_last_position(r), 6);
    kai_snap_end(r);

    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    kit_next(&k, &a, 5);
    assert_int_equal(kai_tx_append(t, &k.e, 9), KAI_EAGAIN); /* Over what is staged. */
    kit_free(&k);
    kai_tx_abort(t);
    kit_advance(s, &a, 5, KAI_EAGAIN);
    kit_advance(s, &a, 1, KAI_EEXIST);
    kit_advance(s, &a, 3, KAI_OK); /* Two of three: 7, 8. */
    kit_append(s, &b, 1, 300);     /* 9 */
    kit_advance(s, &a, 4, KAI_OK); /* 10 */
    expect_arrivals(s, 0, 0, "1.1@1 2.1@5 2.2@6 1.2@7 1.3@8 2.3@9 1.4@10 ");
    expect_arrivals(s, 8, 0, "1.3@8 2.3@9 1.4@10 ");
    expect_arrivals(s, 2, 2, "2.1@5 2.2@6 ");
    expect_arrivals(s, 7, 1, "1.2@7 ");
    expect_arrivals(s, 10, 0, "1.4@10 ");
    expect_arrivals(s, 11, 0, "");
    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    for (uint64_t seq = 2; seq <= 4; seq++)
        kit_expect(r, &a, seq, 60000);
    kai_snap_end(r);

    before = a;
    kit_stage(s, &a, 2, 100);
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_unstage(t, a.pk), KAI_OK);
    assert_int_equal(kai_tx_unstage(t, a.pk), KAI_OK);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
    a = before;
    kit_append(s, &a, 1, 50);
    kit_stage(s, &a, 2, 100); /* Left behind by the close. */
    kai_store_close(s);
    s = kit_open(dir);
    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    kit_expect(r, &a, 5, 50);
    assert_int_equal(kai_snap_entry(r, a.pk, 6, &got), KAI_ENOTFOUND);
    kai_snap_end(r);
    expect_arrivals(s, 10, 0, "1.4@10 1.5@13 ");
    kai_store_close(s);
    kit_dir_rm(dir);
}

/* An own log that is given up while a request to it is on its way takes nothing more of it. */
static void test_stage_retired(void **state)
{
    char dir[64];
    struct kit_log a = kit_log(5);
    struct kit_entry k;
    struct kai_tx *t;
    struct kai_log row = {.kind = KAI_LOG_DATA, .flags = KAI_LOG_OWN | KAI_LOG_RETIRED};

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    kit_add_log(s, &a, KAI_LOG_OWN);
    kit_append(s, &a, 1, 300);
    kit_stage(s, &a, 2, 300);
    memcpy(row.log_pk, a.pk, KAI_KEY_BYTES);
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_log(t, &row), KAI_OK);
    kit_next(&k, &a, 5);
    assert_int_equal(kai_tx_stage(t, &k.e, 9), KAI_EMALFORMED);
    kit_free(&k);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
    kit_advance(s, &a, 3, KAI_EMALFORMED);
    expect_arrivals(s, 0, 0, "1.1@1 ");
    kai_store_close(s);
    kit_dir_rm(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log),    cmocka_unit_test(test_log_row_1),
        cmocka_unit_test(test_append), cmocka_unit_test(test_close),
        cmocka_unit_test(test_stage),  cmocka_unit_test(test_stage_retired),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_store: every call of the store, one by one. */
#include "store/kit.h"
#include "store/row.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void put_kv(struct kai_store *s, const char *key, const char *value)
{
    struct kai_tx *t;

    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_kv(t, key, kai_view_of(value, value != NULL ? strlen(value) : 0)),
                     KAI_OK);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
}

static bool has_kv(struct kai_store *s, const char *key, const char *value)
{
    struct kai_snap *r;
    struct kai_view v;

    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    enum kai_err err = kai_snap_kv(r, key, &v);
    bool same = err == KAI_OK && kai_view_eq(v, kai_view_of(value, strlen(value)));
    kai_snap_end(r);
    assert_true(err == KAI_OK || err == KAI_ENOTFOUND);
    return same;
}

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

static void stage(struct kai_store *s, struct kit_log *l, size_t n, size_t payload_n)
{
    struct kai_tx *t;
    struct kit_entry k;

    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    for (size_t i = 0; i < n; i++) {
        kit_next(&k, l, payload_n);
        assert_int_equal(kai_tx_stage(t, &k.e, 7), KAI_OK);
        kit_moved(l, &k);
        kit_free(&k);
    }
    assert_int_equal(kai_tx_commit(t), KAI_OK);
}

static void advance(struct kai_store *s, const struct kit_log *l, uint64_t to, enum kai_err want)
{
    struct kai_tx *t;

    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_advance(t, l->pk, to), want);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
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
    stage(s, &a, 2, 300);
    memcpy(row.log_pk, a.pk, KAI_KEY_BYTES);
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_log(t, &row), KAI_OK);
    kit_next(&k, &a, 5);
    assert_int_equal(kai_tx_stage(t, &k.e, 9), KAI_EMALFORMED);
    kit_free(&k);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
    advance(s, &a, 3, KAI_EMALFORMED);
    expect_arrivals(s, 0, 0, "1.1@1 ");
    kai_store_close(s);
    kit_dir_rm(dir);
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
    kit_append(s, &a, 1, 300); /* Position 1. */
    stage(s, &a, 3, 60000);    /* Lie at 2-4, unseen. */
    kit_append(s, &b, 2, 300); /* 5, 6. */
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
    advance(s, &a, 5, KAI_EAGAIN);
    advance(s, &a, 1, KAI_EEXIST);
    advance(s, &a, 3, KAI_OK); /* Two of three: 7, 8. */
    kit_append(s, &b, 1, 300); /* 9 */
    advance(s, &a, 4, KAI_OK); /* 10 */
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
    stage(s, &a, 2, 100);
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_unstage(t, a.pk), KAI_OK);
    assert_int_equal(kai_tx_unstage(t, a.pk), KAI_OK);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
    a = before;
    kit_append(s, &a, 1, 50);
    stage(s, &a, 2, 100); /* Left behind by the close. */
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

struct list {
    size_t n;
    uint64_t seq[8];
    uint64_t type[8];
    size_t size[8];
};

static bool list_entry(void *ctx, const struct kai_entry *e)
{
    struct list *l = ctx;

    assert_true(l->n < 8);
    l->size[l->n] = e->payload.n;
    l->seq[l->n++] = e->h.seq;
    return true;
}

static bool list_note(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                      struct kai_view note)
{
    struct list *l = ctx;

    assert_true(l->n < 8);
    l->seq[l->n] = who[0];
    l->size[l->n] = note.n;
    l->type[l->n++] = type;
    return l->n < 3;
}

static void test_small(void **state)
{
    char dir[64];
    struct kit_log l = kit_log(7);
    struct kit_entry k[3];
    struct kai_tx *t;
    struct kai_snap *r;
    struct list got = {0};
    struct list notes = {0};
    uint8_t who[KAI_ID_BYTES] = {0};

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    for (size_t i = 0; i < 3; i++) {
        kit_next(&k[i], &l, 10 + i);
        assert_int_equal(kai_tx_ctl(t, &k[i].e), KAI_OK);
        assert_int_equal(kai_tx_ctl(t, &k[i].e), KAI_OK);
        kit_moved(&l, &k[i]);
    }
    assert_int_equal(kai_tx_ctl_del(t, &k[1].e), KAI_OK);
    assert_int_equal(kai_tx_ctl_del(t, &k[1].e), KAI_OK);
    assert_int_equal(kai_tx_fork(t, k[2].e.hdr, k[2].e.sig), KAI_OK);
    for (uint8_t i = 0; i < 4; i++) {
        who[0] = i;
        assert_int_equal(kai_tx_note(t, 9u - i, who, kai_view_of("abcdef", i)), KAI_OK);
    }
    assert_int_equal(kai_tx_commit(t), KAI_OK);

    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    assert_int_equal(kai_snap_ctl(r, list_entry, &got), KAI_OK);
    assert_int_equal(got.n, 2);
    assert_int_equal(got.seq[0], 1);
    assert_int_equal(got.seq[1], 3);
    assert_int_equal(got.size[1], 12);
    got.n = 0;
    assert_int_equal(kai_snap_forks(r, list_entry, &got), KAI_OK);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.size[0], 0);
    assert_int_equal(kai_snap_notes(r, list_note, &notes), KAI_OK);
    assert_int_equal(notes.n, 3); /* Stopped. */
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(notes.type[i], 6 + i);
        assert_int_equal(notes.size[i], 3 - i);
        assert_int_equal(notes.seq[i], 3 - i);
    }
    kai_snap_end(r);
    for (size_t i = 0; i < 3; i++)
        kit_free(&k[i]);
    kai_store_close(s);
    kit_dir_rm(dir);
}

static void test_named_values(void **state)
{
    char dir[64];
    char big[KAI_STORE_KEY_BYTES_MAX + 2];
    static uint8_t value[KAI_STORE_VALUE_BYTES_MAX + 1];
    struct kai_tx *t;

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    put_kv(s, "charter", "one");
    put_kv(s, "charter", "two");
    assert_true(has_kv(s, "charter", "two"));
    put_kv(s, "charter", "");
    assert_true(has_kv(s, "charter", ""));
    put_kv(s, "charter", NULL);
    assert_false(has_kv(s, "charter", ""));
    memset(big, 'k', sizeof big);
    big[KAI_STORE_KEY_BYTES_MAX + 1] = '\0';
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_kv(t, "left", kai_view_of("x", 1)), KAI_OK);
    assert_int_equal(kai_tx_kv(t, big, kai_view_of("x", 1)), KAI_ELIMIT);
    assert_int_equal(kai_tx_kv(t, "right", kai_view_of("x", 1)), KAI_ELIMIT); /* It sticks. */
    assert_int_equal(kai_tx_commit(t), KAI_ELIMIT);
    assert_false(has_kv(s, "left", "x"));
    big[KAI_STORE_KEY_BYTES_MAX] = '\0';
    put_kv(s, big, "longest");
    assert_true(has_kv(s, big, "longest"));
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_kv(t, "v", kai_view_of(value, sizeof value)), KAI_ELIMIT);
    kai_tx_abort(t);
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_kv(t, "v", kai_view_of(value, sizeof value - 1)), KAI_OK);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
    kai_store_close(s);
    kit_dir_rm(dir);
}

static bool count_log(void *ctx, const struct kai_log *log)
{
    struct list *l = ctx;

    l->seq[l->n++] = log->no;
    return l->n < 3;
}

static void test_isolation(void **state)
{
    char dir[64];
    struct kit_log l = kit_log(8);
    struct kai_snap *old;
    struct kai_snap *now;
    struct kai_snap *many[40];
    struct kai_entry got;
    struct kai_tx *t;
    struct kai_tx *second;
    struct kai_store_usage u;
    struct list logs = {0};

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    for (uint64_t i = 0; i < 4; i++) {
        struct kit_log x = kit_log(80 + i);
        kit_add_log(s, &x, 0);
    }
    kit_add_log(s, &l, 0);
    kit_append(s, &l, 1, 100);
    assert_int_equal(kai_snap_begin(s, &old), KAI_OK);
    kit_append(s, &l, 2, 100);
    put_kv(s, "k", "v");
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_begin(s, &second), KAI_EBUSY);
    assert_int_equal(kai_tx_kv(t, "k", kai_view_of("w", 1)), KAI_OK);
    assert_true(has_kv(s, "k", "v")); /* Not before the commit. */
    kai_tx_abort(t);
    kai_tx_abort(NULL);
    kai_snap_end(NULL);

    assert_int_equal(kai_snap_entry(old, l.pk, 1, &got), KAI_OK);
    assert_int_equal(kai_snap_entry(old, l.pk, 2, &got), KAI_ENOTFOUND);
    assert_int_equal(kai_snap_last_position(old), 1);
    assert_int_equal(kai_snap_begin(s, &now), KAI_OK);
    kit_expect(now, &l, 3, 100);
    assert_int_equal(kai_snap_logs(now, count_log, &logs), KAI_OK);
    assert_int_equal(logs.n, 3);
    kai_snap_end(now);
    kai_snap_end(old);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < 40; i++)
            assert_int_equal(kai_snap_begin(s, &many[i]), KAI_OK);
        for (size_t i = 0; i < 40; i++) {
            kit_expect(many[i], &l, 2, 100);
            kai_snap_end(many[i]);
        }
    }
    assert_int_equal(kai_store_usage(s, &u), KAI_OK);
    assert_int_equal(u.entries, 3);
    assert_int_equal(u.logs, 5);
    assert_int_equal(u.map_bytes, 256u << 20);
    assert_true(u.used_bytes > 8192 && u.used_bytes < 1u << 20);
    assert_true(u.disk_free_bytes > 0);
    kai_store_tidy(s);
    kai_store_close(s);
    kai_store_close(NULL);
    kit_dir_rm(dir);
}

struct reader {
    struct kai_store *s;
    struct kit_log l;
    atomic_bool *stop;
    uint64_t rounds;
    bool bad;
};

static bool in_order(void *ctx, uint64_t position, uint64_t no, const struct kai_entry *e,
                     uint64_t seen_ms)
{
    (void)no, (void)seen_ms;
    if (e->h.seq != position)
        *(bool *)ctx = true;
    return true;
}

/* No assertions here: cmocka's belong to the main thread. */
static void *read_on(void *arg)
{
    struct reader *v = arg;
    struct kai_snap *r;
    struct kai_log log;
    struct kai_entry e;
    uint64_t last = 0;

    while (!atomic_load(v->stop) || v->rounds < 10) {
        if (kai_snap_begin(v->s, &r) != KAI_OK) {
            v->bad = true;
            break;
        }
        if (kai_snap_log(r, v->l.pk, &log) != KAI_OK || log.head_seq < last ||
            kai_snap_last_position(r) != log.head_seq ||
            (log.head_seq > 0 && kai_snap_entry(r, v->l.pk, log.head_seq, &e) != KAI_OK) ||
            kai_snap_entry(r, v->l.pk, log.head_seq + 1, &e) != KAI_ENOTFOUND ||
            kai_snap_arrivals(r, log.head_seq > 50 ? log.head_seq - 50 : 0, in_order, &v->bad) !=
                KAI_OK)
            v->bad = true;
        last = log.head_seq;
        kai_snap_end(r);
        v->rounds++;
    }
    return NULL;
}

static void test_threads(void **state)
{
    char dir[64];
    atomic_bool stop = false;
    struct kit_log l = kit_log(9);
    struct reader readers[4];
    pthread_t threads[4];

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    kit_add_log(s, &l, 0);
    for (size_t i = 0; i < 4; i++) {
        readers[i] = (struct reader){.s = s, .l = l, .stop = &stop};
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
    }
    for (size_t i = 0; i < 60; i++)
        kit_append(s, &l, 5, i % 10 == 0 ? 30000 : 300);
    atomic_store(&stop, true);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(readers[i].bad);
        assert_true(readers[i].rounds >= 10);
    }
    kai_store_close(s);
    kit_dir_rm(dir);
}

static off_t synced(const char *dir, struct timespec *at)
{
    char path[400];
    struct stat st;

    snprintf(path, sizeof path, "%s/data.mdb", dir);
    assert_int_equal(stat(path, &st), 0);
    *at = st.st_mtim;
    return st.st_size;
}

/* In place of the C library's, for LMDB too: it still syncs. */
static unsigned int syncs;
int fdatasync(int fd)
{
    syncs++;
    return fsync(fd);
}

static void test_synced(void **state)
{
    char dir[64];
    struct kai_tx *t;

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    syncs = 0;
    for (unsigned int i = 1; i <= 5; i++) {
        put_kv(s, "k", "v");
        assert_int_equal(syncs,
                         i); /* The data; the meta page goes through an O_DSYNC descriptor. */
    }
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
    assert_int_equal(syncs, 5);
    kai_store_close(s);
    kit_dir_rm(dir);
}

static void test_empty_commit(void **state)
{
    char dir[64];
    struct timespec before;
    struct timespec after;
    struct kai_tx *t;

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    (void)synced(dir, &before);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
        assert_int_equal(kai_tx_commit(t), KAI_OK);
    }
    (void)synced(dir, &after);
    assert_memory_equal(&before, &after, sizeof before); /* Not a byte was written. */
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
    struct kit_entry k[2];
    struct kai_log log;
    struct kai_tx *t;
    struct kai_snap *r;
    uint64_t bytes;
    size_t arrived = 0;

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    kit_add_log(s, &l, 0);
    kit_append(s, &l, 3, 9000);
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    for (size_t i = 0; i < 2; i++) {
        kit_next(&k[i], &l, 5000);
        assert_int_equal(kai_tx_stage(t, &k[i].e, 1), KAI_OK);
        kit_moved(&l, &k[i]);
    }
    assert_int_equal(kai_tx_commit(t), KAI_OK);
    struct places p = places_of(s, 0);
    assert_int_equal(p.n, 3); /* What is staged is not visible. */
    forget(s, &l, 4, KAI_ENOTFOUND);
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_advance(t, l.pk, 5), KAI_OK);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
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
    kit_free(&k[0]);
    kit_free(&k[1]);
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
        cmocka_unit_test(test_log),       cmocka_unit_test(test_log_row_1),
        cmocka_unit_test(test_append),    cmocka_unit_test(test_close),
        cmocka_unit_test(test_stage),     cmocka_unit_test(test_stage_retired),
        cmocka_unit_test(test_small),     cmocka_unit_test(test_named_values),
        cmocka_unit_test(test_isolation), cmocka_unit_test(test_empty_commit),
        cmocka_unit_test(test_threads),   cmocka_unit_test(test_synced),
        cmocka_unit_test(test_forget),    cmocka_unit_test(test_forget_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

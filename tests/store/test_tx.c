/* test_tx: transactions: what snapshots see of them, small rows and named values, what is synced.
 */
#include "store/kit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),     cmocka_unit_test(test_named_values),
        cmocka_unit_test(test_isolation), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_synced),    cmocka_unit_test(test_empty_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

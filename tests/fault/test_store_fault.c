/* test_store_fault: the first call of LMDB or of the allocator fails, then the second, until a run
 * reaches none that fails. Each that fired is an error, nothing is half done, the next try works.
 */
#include "store/kit.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Shared with the child of the start-up check, whose calls are counted too. */
struct fault {
    bool armed;
    bool fired;
    long left; /* Calls that still succeed. */
    int rc;
    char name[32];
};
static struct fault *fault;

static bool fires(const char *name)
{
    if (fault == NULL || !fault->armed || fault->left-- != 0)
        return false;
    fault->fired = true;
    snprintf(fault->name, sizeof fault->name, "%s", name);
    return true;
}

/* The linker sends every call of f in our own code to __wrap_f. */
#define WRAP(type, f, params, args, failed)                                                        \
    type __real_##f params;                                                                        \
    type __wrap_##f params;                                                                        \
    type __wrap_##f params                                                                         \
    {                                                                                              \
        if (fires(#f))                                                                             \
            return failed;                                                                         \
        return __real_##f args;                                                                    \
    }
WRAP(void *, malloc, (size_t n), (n), NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAP(void *, realloc, (void *p, size_t n), (p, n), NULL)
WRAP(int, mdb_env_create, (MDB_env * *e), (e), fault->rc)
WRAP(int, mdb_env_open, (MDB_env * e, const char *p, unsigned int f, mdb_mode_t m), (e, p, f, m),
     fault->rc)
WRAP(int, mdb_txn_begin, (MDB_env * e, MDB_txn *p, unsigned int f, MDB_txn **t), (e, p, f, t),
     fault->rc)
WRAP(int, mdb_txn_renew, (MDB_txn * t), (t), fault->rc)
WRAP(int, mdb_dbi_open, (MDB_txn * t, const char *n, unsigned int f, MDB_dbi *d), (t, n, f, d),
     fault->rc)
WRAP(int, mdb_stat, (MDB_txn * t, MDB_dbi d, MDB_stat *s), (t, d, s), fault->rc)
WRAP(int, mdb_get, (MDB_txn * t, MDB_dbi d, MDB_val *k, MDB_val *v), (t, d, k, v), fault->rc)
WRAP(int, mdb_put, (MDB_txn * t, MDB_dbi d, MDB_val *k, MDB_val *v, unsigned int f),
     (t, d, k, v, f), fault->rc)
WRAP(int, mdb_del, (MDB_txn * t, MDB_dbi d, MDB_val *k, MDB_val *v), (t, d, k, v), fault->rc)
WRAP(int, mdb_cursor_open, (MDB_txn * t, MDB_dbi d, MDB_cursor **c), (t, d, c), fault->rc)
WRAP(int, mdb_cursor_get, (MDB_cursor * c, MDB_val *k, MDB_val *v, MDB_cursor_op op), (c, k, v, op),
     fault->rc)

int __real_mdb_txn_commit(MDB_txn *t);
int __wrap_mdb_txn_commit(MDB_txn *t);
int __wrap_mdb_txn_commit(MDB_txn *t)
{
    if (!fires("mdb_txn_commit"))
        return __real_mdb_txn_commit(t);
    mdb_txn_abort(t); /* A commit that fails frees the handle as well. */
    return fault->rc;
}

static void arm(long n, int rc)
{
    *fault = (struct fault){.armed = true, .left = n, .rc = rc};
}

static bool disarm(void)
{
    fault->armed = false;
    return fault->fired;
}

/* What a reader sees, in a few numbers. */
struct sight {
    uint64_t head[2];
    uint64_t entries;
    uint64_t position;
    uint64_t arrived;
    uint64_t ctl;
    uint64_t kv;
};

static bool count_arrival(void *ctx, uint64_t position, uint64_t no, const struct kai_entry *e,
                          uint64_t seen_ms)
{
    (void)position, (void)no, (void)e, (void)seen_ms;
    ++*(uint64_t *)ctx;
    return true;
}

static bool count_entry(void *ctx, const struct kai_entry *e)
{
    (void)e;
    ++*(uint64_t *)ctx;
    return true;
}

static bool count_log(void *ctx, const struct kai_log *log)
{
    (void)log;
    ++*(uint64_t *)ctx;
    return true;
}

static enum kai_err look(struct kai_store *s, struct sight *v)
{
    struct kai_snap *r;
    struct kai_log log;
    struct kai_view value;
    struct kai_entry e;
    struct kai_store_usage u;
    uint64_t logs = 0;
    enum kai_err err = kai_snap_begin(s, &r);

    memset(v, 0, sizeof *v);
    if (err != KAI_OK)
        return err;
    for (uint64_t no = 1; no <= 2 && err == KAI_OK; no++) {
        err = kai_snap_log_no(r, no, &log);
        v->head[no - 1] = log.head_seq;
        if (err == KAI_OK)
            err = kai_snap_entry_no(r, no, log.head_seq, &e);
    }
    if (err == KAI_OK)
        err = kai_snap_logs(r, count_log, &logs);
    if (err == KAI_OK)
        err = kai_snap_arrivals(r, 0, count_arrival, &v->arrived);
    if (err == KAI_OK)
        err = kai_snap_ctl(r, count_entry, &v->ctl);
    if (err == KAI_OK) {
        err = kai_snap_kv(r, "k", &value);
        v->kv = err == KAI_OK ? value.n : 0;
        err = err == KAI_ENOTFOUND ? KAI_OK : err;
    }
    kai_snap_end(r);
    if (err == KAI_OK)
        err = kai_store_usage(s, &u);
    v->entries = u.entries;
    return err;
}

static struct kit_log logs[2];

static enum kai_err do_append(struct kai_store *s)
{
    struct kit_log l = logs[0];
    struct kit_entry k[3];
    struct kai_tx *t;
    bool armed = fault->armed;

    fault->armed = false; /* Making entries is not what is under test. */
    for (size_t i = 0; i < 3; i++) {
        kit_next(&k[i], &l, i * 30000);
        kit_moved(&l, &k[i]);
    }
    fault->armed = armed;
    enum kai_err err = kai_tx_begin(s, &t);
    for (size_t i = 0; i < 3 && err == KAI_OK; i++)
        (void)kai_tx_append(t, &k[i].e, 1);
    if (err == KAI_OK)
        err = kai_tx_commit(t);
    for (size_t i = 0; i < 3; i++)
        kit_free(&k[i]);
    return err;
}

static enum kai_err do_stage(struct kai_store *s)
{
    struct kit_log l = logs[1];
    struct kit_entry k[4];
    struct kai_tx *t;
    bool armed = fault->armed;

    fault->armed = false;
    for (size_t i = 0; i < 4; i++) {
        kit_next(&k[i], &l, 20000);
        kit_moved(&l, &k[i]);
    }
    fault->armed = armed;
    enum kai_err err = kai_tx_begin(s, &t);
    if (err == KAI_OK) {
        for (size_t i = 0; i < 3; i++)
            (void)kai_tx_stage(t, &k[i].e, 1);
        (void)kai_tx_unstage(t, l.pk);
        for (size_t i = 0; i < 4; i++)
            (void)kai_tx_stage(t, &k[i].e, 1);
        (void)kai_tx_advance(t, l.pk, logs[1].seq + 2);
        (void)kai_tx_advance(t, l.pk, logs[1].seq + 4);
        err = kai_tx_commit(t);
    }
    for (size_t i = 0; i < 4; i++)
        kit_free(&k[i]);
    return err;
}

static enum kai_err do_small(struct kai_store *s)
{
    static const uint8_t who[KAI_ID_BYTES] = {1};
    struct kit_log l = kit_log(43);
    struct kai_log log = {.kind = KAI_LOG_KEY};
    struct kit_entry k;
    struct kai_tx *t;
    bool armed = fault->armed;

    fault->armed = false;
    kit_next(&k, &l, 500);
    fault->armed = armed;
    memcpy(log.log_pk, l.pk, sizeof log.log_pk);
    enum kai_err err = kai_tx_begin(s, &t);
    if (err == KAI_OK) {
        (void)kai_tx_kv(t, "k", kai_view_of("value", 5));
        (void)kai_tx_kv(t, "other", (struct kai_view){0});
        (void)kai_tx_ctl(t, &k.e);
        (void)kai_tx_fork(t, k.e.hdr, k.e.sig);
        (void)kai_tx_note(t, 1, who, kai_view_of("note", 4));
        (void)kai_tx_log(t, &log);
        (void)kai_tx_log(t, &log);
        err = kai_tx_commit(t);
    }
    kit_free(&k);
    return err;
}

static enum kai_err do_look(struct kai_store *s)
{
    struct sight v;

    return look(s, &v);
}

static struct kai_store *fresh(char dir[static 64])
{
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    for (size_t i = 0; i < 2; i++) {
        logs[i] = kit_log(41 + i);
        kit_add_log(s, &logs[i], KAI_LOG_OWN);
        kit_append(s, &logs[i], 2, 800);
    }
    return s;
}

static bool poisons(int rc)
{
    return rc == EIO && strcmp(fault->name, "mdb_txn_commit") == 0;
}

/* Returns how many faults fired. */
static long sweep(const char *name, enum kai_err (*f)(struct kai_store *), bool writes, int rc)
{
    struct sight before;
    struct sight after;
    struct sight wanted;
    char dir[64];
    bool fired = true;
    long n;

    struct kai_store *s = fresh(dir);
    assert_int_equal(look(s, &before), KAI_OK);
    assert_int_equal(f(s), KAI_OK);
    assert_int_equal(look(s, &wanted), KAI_OK);
    assert_true(writes == (memcmp(&before, &wanted, sizeof before) != 0));
    kai_store_close(s);
    kit_dir_rm(dir);

    for (n = 0; fired; n++) {
        s = fresh(dir);
        arm(n, rc);
        enum kai_err err = f(s);
        fired = disarm();
        if (fired == (err == KAI_OK))
            fail_msg("%s, fault %ld in %s: %s", name, n, fault->name, kai_err_text(err));
        if (fired && writes && poisons(rc)) {
            assert_int_equal(f(s), KAI_EIO); /* Until the next open. */
            kai_store_close(s);
            s = kit_open(dir);
        }
        assert_int_equal(look(s, &after), KAI_OK);
        assert_memory_equal(&after, fired ? &before : &wanted, sizeof after);
        if (fired) {
            assert_int_equal(f(s), KAI_OK);
            assert_int_equal(look(s, &after), KAI_OK);
            assert_memory_equal(&after, &wanted, sizeof after);
        }
        kai_store_close(s);
        s = kit_open(dir); /* The check of an unclean stop finds nothing wrong. */
        assert_int_equal(look(s, &after), KAI_OK);
        assert_memory_equal(&after, &wanted, sizeof after);
        kai_store_close(s);
        kit_dir_rm(dir);
    }
    print_message("%s, %s: %ld faults\n", name, strerror(rc), n - 1);
    return n - 1;
}

static void test_calls(void **state)
{
    static const int rcs[] = {ENOMEM, ENOSPC, EIO};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(sweep("append", do_append, true, rcs[i]) > 10);
        assert_true(sweep("stage and advance", do_stage, true, rcs[i]) > 30);
        assert_true(sweep("small tables", do_small, true, rcs[i]) > 10);
    }
    assert_true(sweep("reading", do_look, false, EIO) > 20);
}

/* Opening an old store (with something staged to remove) and making a new one. */
static long sweep_open(bool old, int rc)
{
    struct sight before;
    struct sight after;
    struct kai_why why;
    struct kai_store *s;
    char dir[64];
    bool fired = true;
    long n;

    for (n = 0; fired; n++) {
        if (old) {
            struct kit_entry k;
            struct kai_tx *t;

            s = fresh(dir);
            assert_int_equal(look(s, &before), KAI_OK);
            assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
            kit_next(&k, &logs[1], 5000);
            assert_int_equal(kai_tx_stage(t, &k.e, 1), KAI_OK);
            assert_int_equal(kai_tx_commit(t), KAI_OK);
            kit_free(&k);
            kai_store_close(s);
        } else {
            kit_dir(dir);
        }
        arm(n, rc);
        enum kai_err err = kit_try(&s, dir, &why);
        fired = disarm();
        if (fired == (err == KAI_OK) || (s != NULL) != (err == KAI_OK))
            fail_msg("open, fault %ld in %s: %s", n, fault->name, kai_err_text(err));
        if (fired && err == KAI_ECORRUPT)
            fail_msg("open, fault %ld in %s was taken for damage", n, fault->name);
        kai_store_close(s);
        s = kit_open(dir);
        if (old) {
            assert_int_equal(look(s, &after), KAI_OK);
            assert_memory_equal(&after, &before, sizeof after);
        }
        kai_store_close(s);
        kit_dir_rm(dir);
    }
    print_message("opening %s, %s: %ld faults\n", old ? "an old one" : "a new one", strerror(rc),
                  n - 1);
    return n - 1;
}

static void test_open(void **state)
{
    (void)state;
    assert_true(sweep_open(true, ENOMEM) > 50);
    assert_true(sweep_open(false, EIO) > 10);
}

static int setup(void **state)
{
    (void)state;
    /* Thousands of commits: their syncs are not what is under test. */
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    fault = mmap(NULL, sizeof *fault, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return fault == MAP_FAILED ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_calls), cmocka_unit_test(test_open)};

    return cmocka_run_group_tests(tests, setup, NULL);
}

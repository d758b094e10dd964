/* test_open: one process, formats, folders, the mark of a clean stop, a full map. */
#include "store/kit.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_second(void **state)
{
    char dir[64];
    char pid_text[32];
    int go[2];
    int status;
    struct kai_store *s;
    struct kai_store *second;
    struct kai_why why;

    (void)state;
    kit_dir(dir);
    s = kit_open(dir);
    snprintf(pid_text, sizeof pid_text, "%d", (int)getpid());
    assert_int_equal(kit_try(&second, dir, &why), KAI_EBUSY);
    assert_null(second);
    assert_string_equal(why.code, "store.locked");
    kai_store_close(s);

    /* Another process: made before anything is open here, so that it has a guard of its own. */
    assert_int_equal(pipe(go), 0);
    pid_t child = fork();
    if (child == 0) {
        char c;
        close(go[1]);
        if (read(go[0], &c, 1) != 1)
            _exit(9);
        enum kai_err err = kit_try(&second, dir, &why);
        bool words = why.code != NULL && strcmp(why.code, "store.locked") == 0 &&
                     strcmp(why.arg[0], pid_text) == 0 && strstr(why.where, "store.lock") != NULL;
        _exit(err == KAI_EBUSY && words ? 0 : 1);
    }
    close(go[0]);
    s = kit_open(dir);
    assert_int_equal(write(go[1], "x", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(go[1]);
    kai_store_close(s);
    kai_store_close(kit_open(dir));
    kit_dir_rm(dir);
}

static void test_folder(void **state)
{
    char dir[64];
    char path[128];
    struct stat st;
    struct kai_store *s;
    struct kai_why why = {0};
    struct kai_store_options must = {.must_exist = true};
    struct kai_store_options any = {0};

    (void)state;
    kit_dir(dir);
    snprintf(path, sizeof path, "%s/sub", dir);
    assert_int_equal(kai_store_open(&s, path, &must, &why), KAI_ENOTFOUND);
    assert_string_equal(why.code, "store.missing");
    assert_int_equal(kai_store_open(&s, dir, &must, &why), KAI_ENOTFOUND);
    assert_int_equal(kai_store_open(&s, path, &any, &why), KAI_OK);
    kai_store_close(s);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(kai_store_open(&s, path, &must, NULL), KAI_OK);
    kai_store_close(s);
    assert_int_equal(chmod(path, 0770), 0);
    assert_int_equal(kai_store_open(&s, path, &any, &why), KAI_EPERM);
    assert_string_equal(why.code, "store.perm");
    kit_dir_rm(path);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/sub/data.mdb", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/sub", dir);
    assert_int_not_equal(kai_store_open(&s, path, &any, &why), KAI_OK);
    snprintf(path, sizeof path, "%s/sub/data.mdb", dir);
    assert_int_equal(rmdir(path), 0);
    snprintf(path, sizeof path, "%s/none/sub", dir);
    assert_int_not_equal(kai_store_open(&s, path, &any, &why), KAI_OK);
    assert_string_equal(why.code, "store.io");
    snprintf(path, sizeof path, "%s/sub", dir);
    kit_dir_rm(path);
    kit_dir_rm(dir);
}

static void test_map_kept(void **state)
{
    char dir[64];
    struct kai_store *s;
    struct kai_why why;
    struct kai_store_usage u;
    struct kai_store_options opt = {.map_bytes = 10u << 20};

    (void)state;
    kit_dir(dir);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(kai_store_open(&s, dir, &opt, &why), KAI_OK);
        assert_int_equal(kai_store_usage(s, &u), KAI_OK);
        assert_int_equal(u.map_bytes, 10u << 20);
        kai_store_close(s);
        opt.map_bytes = i == 0 ? 0 : 100u << 20;
    }
    kit_dir_rm(dir);
    opt.map_bytes = 0;
    kit_dir(dir);
    assert_int_equal(kai_store_open(&s, dir, &opt, &why), KAI_OK);
    assert_int_equal(kai_store_usage(s, &u), KAI_OK);
    assert_true(u.map_bytes >= UINT64_C(1) << 30 && u.map_bytes <= UINT64_C(64) << 30);
    kai_store_close(s);
    kit_dir_rm(dir);
}

/* Change a byte of a row in the table of LMDB's own: as a newer or a careless program would. */
static void meta_put(const char *dir, const char *key, const uint8_t *value, size_t n)
{
    MDB_env *env;
    MDB_txn *t;
    MDB_dbi dbi;
    MDB_val k = {strlen(key), (void *)(uintptr_t)key};
    MDB_val v = {n, (void *)(uintptr_t)value};

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &t), 0);
    assert_int_equal(mdb_dbi_open(t, "meta", 0, &dbi), 0);
    assert_int_equal(mdb_put(t, dbi, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(t), 0);
    mdb_env_close(env);
}

/* The sum of a row, as docs of lib/store/row.h have it. */
static uint64_t fnv(const char *key, const uint8_t *p, size_t n)
{
    uint64_t s = 0xcbf29ce484222325u;

    for (const char *c = key; *c != '\0'; c++)
        s = (s ^ (uint8_t)*c) * 0x100000001b3u;
    for (size_t i = 0; i < n; i++)
        s = (s ^ p[i]) * 0x100000001b3u;
    return s;
}

static void test_newer(void **state)
{
    char dir[64];
    struct kai_store *s;
    struct kai_why why;
    uint8_t row[16];

    (void)state;
    kit_dir(dir);
    kai_store_close(kit_open(dir));
    kai_put_u64(row + 8, 3);
    kai_put_u64(row, fnv("format", row + 8, 8));
    meta_put(dir, "format", row, sizeof row);
    assert_int_equal(kit_try(&s, dir, &why), KAI_EVERSION);
    assert_string_equal(why.code, "store.newer");
    assert_string_equal(why.arg[0], "3");
    assert_string_equal(why.arg[1], "2");
    row[0] ^= 1;
    meta_put(dir, "format", row, sizeof row);
    assert_int_equal(kit_try(&s, dir, &why), KAI_ECORRUPT);
    assert_string_equal(why.code, "store.corrupt");
    kit_dir_rm(dir);
}

static bool mark_there(const char *dir)
{
    char path[128];

    snprintf(path, sizeof path, "%s/clean", dir);
    return access(path, F_OK) == 0;
}

static void test_clean(void **state)
{
    char dir[64];
    char path[128];
    struct kit_log l = kit_log(11);

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    assert_false(kai_store_was_clean(s)); /* Of a new one nothing is known. */
    kit_add_log(s, &l, 0);
    kai_store_close(s);

    s = kit_open(dir);
    assert_false(kai_store_was_clean(s));
    assert_int_equal(kai_store_mark_clean(s), KAI_OK);
    assert_true(mark_there(dir));
    kai_store_close(s);

    s = kit_open(dir);
    assert_true(kai_store_was_clean(s));
    assert_false(mark_there(dir)); /* Gone before anything can be appended. */
    kai_store_close(s);

    s = kit_open(dir);
    assert_false(kai_store_was_clean(s));
    assert_int_equal(kai_store_mark_clean(s), KAI_OK);
    kit_append(s, &l, 1, 100); /* After the mark: it is worth nothing now. */
    kai_store_close(s);
    struct kai_why why;
    enum kai_err err = kit_try(&s, dir, &why);
    if (err ==
        KAI_OK) { /* Else the times were too coarse to tell, and the state says that it lies. */
        assert_false(kai_store_was_clean(s));
        assert_int_equal(kai_store_mark_clean(s), KAI_OK);
        kai_store_close(s);
    }

    snprintf(path, sizeof path, "%s/clean", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    s = kit_open(dir);
    assert_false(kai_store_was_clean(s));
    kai_store_close(s);
    kit_dir_rm(dir);
}

/* A copy that keeps times and contents is clean, and is not the one that was closed. */
static void test_continuous(void **state)
{
    char dir[64];
    char copy[80];
    char cmd[800];
    struct kit_log l = kit_log(12);

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    kit_add_log(s, &l, 3);
    assert_int_equal(kai_store_mark_clean(s), KAI_OK);
    kai_store_close(s);
    snprintf(copy, sizeof copy, "%s.copy", dir);
    snprintf(cmd, sizeof cmd, "cp -a %s %s", dir, copy);
    assert_int_equal(system(cmd), 0);

    s = kit_open(copy);
    assert_true(kai_store_was_clean(s));
    assert_false(kai_store_was_continuous(s));
    kai_store_close(s);

    s = kit_open(dir);
    assert_true(kai_store_was_clean(s));
    assert_true(kai_store_was_continuous(s));
    assert_int_equal(kai_store_mark_clean(s), KAI_OK);
    kai_store_close(s);

    /* Written over in place: the same inode, and a later ctime. */
    snprintf(cmd, sizeof cmd,
             "cp %s/data.mdb %s.over && touch -r %s/data.mdb %s.over && cat %s.over >%s/data.mdb "
             "&& touch -r %s.over %s/data.mdb && rm %s.over",
             dir, dir, dir, dir, dir, dir, dir, dir, dir);
    assert_int_equal(system(cmd), 0);
    s = kit_open(dir);
    assert_true(kai_store_was_clean(s));
    assert_false(kai_store_was_continuous(s));
    kai_store_close(s);
    kit_dir_rm(copy);
    kit_dir_rm(dir);
}

/* Append until it is refused; how many were taken. */
static size_t fill(struct kai_store *s, struct kit_log *l, size_t payload_n)
{
    struct kit_entry k;
    struct kai_tx *t;
    size_t n = 0;

    for (;;) {
        assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
        kit_next(&k, l, payload_n);
        enum kai_err err = kai_tx_append(t, &k.e, 4);
        enum kai_err committed = kai_tx_commit(t);
        enum kai_err got = err != KAI_OK ? err : committed;
        if (got == KAI_OK)
            kit_moved(l, &k);
        kit_free(&k);
        if (got != KAI_OK) {
            assert_int_equal(got, KAI_EFULL);
            return n;
        }
        n++;
    }
}

static void test_full(void **state)
{
    char dir[64];
    struct kai_store *s;
    struct kai_why why;
    struct kai_store_usage u;
    struct kai_store_options opt = {.map_bytes = 4u << 20};
    struct kit_log foreign = kit_log(12);
    struct kit_log own = kit_log(13);
    struct kit_entry ctl;
    struct kai_tx *t;
    struct kai_snap *r;

    (void)state;
    kit_dir(dir);
    assert_int_equal(kai_store_open(&s, dir, &opt, &why), KAI_OK);
    kit_add_log(s, &foreign, 0);
    kit_add_log(s, &own, KAI_LOG_OWN);
    kit_next(&ctl, &own, 60000);
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_ctl(t, &ctl.e), KAI_OK);
    assert_int_equal(kai_tx_commit(t), KAI_OK);

    assert_true(fill(s, &foreign, 20000) > 100);
    assert_true(fill(s, &foreign, 300) < 100);
    assert_int_equal(kai_store_usage(s, &u), KAI_OK);
    assert_true(u.used_bytes > u.map_bytes / 100 * 84 && u.used_bytes < u.map_bytes / 100 * 87);
    size_t n = fill(s, &own, 20000); /* Ours goes on for a while. */
    assert_true(n > 10 && n < 30);
    assert_int_equal(kai_store_usage(s, &u), KAI_OK);
    assert_true(u.refuse_foreign);
    assert_true(u.used_bytes < u.map_bytes / 100 * 97);
    assert_int_equal(u.entries, foreign.seq + own.seq);

    /* Deleting still works, and so does a small value. */
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_ctl_del(t, &ctl.e), KAI_OK);
    assert_int_equal(kai_tx_kv(t, "k", kai_view_of("v", 1)), KAI_OK);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
    kit_free(&ctl);

    /* What is not an entry can fill the map itself: refused whole, and what is there stays. */
    static uint8_t big[KAI_STORE_VALUE_BYTES_MAX];
    enum kai_err err = KAI_OK;
    for (size_t i = 0; i < 100 && err == KAI_OK; i++) {
        char key[16];
        snprintf(key, sizeof key, "big%zu", i);
        assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
        (void)kai_tx_kv(t, key, kai_view_of(big, sizeof big));
        err = kai_tx_commit(t);
    }
    assert_int_equal(err, KAI_EFULL);
    for (size_t i = 0; i < 5; i++) { /* One by one: the tightest case. */
        char key[16];
        snprintf(key, sizeof key, "big%zu", i);
        assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
        (void)kai_tx_kv(t, key, (struct kai_view){0});
        assert_int_equal(kai_tx_commit(t), KAI_OK);
    }
    kai_store_close(s);
    s = kit_open(dir);
    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    kit_expect(r, &foreign, 100, 20000);
    kit_expect(r, &own, own.seq, 20000);
    kai_snap_end(r);
    kai_store_close(s);
    kit_dir_rm(dir);
}

/* A disk that is full: what was acknowledged stays, and when there is room again it goes on. */
static void test_disk_full(void **state)
{
    char mnt[64];
    char dir[128];
    char ballast[128];
    struct kit_log l = kit_log(14);
    struct kai_snap *r;

    (void)state;
    kit_dir(mnt);
    if (geteuid() != 0 || mount("none", mnt, "tmpfs", 0, "size=8m") != 0) {
        kit_dir_rm(mnt);
        print_message("skipped: a small file system can only be made by root\n");
        skip();
    }
    snprintf(dir, sizeof dir, "%s/store", mnt);
    snprintf(ballast, sizeof ballast, "%s/ballast", mnt);
    int fd = open(ballast, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(posix_fallocate(fd, 0, 2 << 20), 0);
    close(fd);

    struct kai_store *s = kit_open(dir);
    struct kai_store_usage u;
    assert_int_equal(kai_store_usage(s, &u), KAI_OK);
    assert_true(u.refuse_foreign); /* Under 256 MiB of disk. */
    kit_add_log(s, &l, KAI_LOG_OWN);
    size_t n = fill(s, &l, 60000);
    assert_true(n > 20);
    assert_int_equal(unlink(ballast), 0);
    kit_append(s, &l, 3, 60000);
    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    kit_expect(r, &l, n, 60000);
    kit_expect(r, &l, n + 3, 60000);
    kai_snap_end(r);
    kai_store_close(s);
    s = kit_open(dir);
    assert_int_equal(kai_snap_begin(s, &r), KAI_OK);
    kit_expect(r, &l, n + 3, 60000);
    kai_snap_end(r);
    kai_store_close(s);
    assert_int_equal(umount(mnt), 0);
    kit_dir_rm(mnt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_second),   cmocka_unit_test(test_folder),
        cmocka_unit_test(test_map_kept), cmocka_unit_test(test_newer),
        cmocka_unit_test(test_clean),    cmocka_unit_test(test_continuous),
        cmocka_unit_test(test_full),     cmocka_unit_test(test_disk_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_damage: data files that were cut or that rotted. The verdict is right data or a named
 * error; never wrong data, and never the death of who opens it. */
#include "store/kit.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOGS 5u

/* How many images; KAIRAN_DAMAGED asks for more. */
static size_t images(size_t otherwise)
{
    const char *more = getenv("KAIRAN_DAMAGED");

    return more != NULL ? (size_t)strtoul(more, NULL, 10) : otherwise;
}

struct sample {
    char dir[64];
    char path[80];
    uint8_t *bytes;
    size_t n;
    uint8_t digest[KAI_ID_BYTES];
};

static enum kai_err digest(struct kai_store *s, uint8_t out[static KAI_ID_BYTES])
{
    static const char *const keys[] = {"charter", "counter", "gone", "text", NULL};

    return kit_digest(s, keys, out);
}

static void fill(struct kai_store *s)
{
    static uint8_t text[30000];
    struct kit_log l[LOGS];
    struct kit_entry k;
    struct kai_tx *t;

    for (uint64_t i = 0; i < LOGS; i++) {
        l[i] = kit_log(100 + i);
        kit_add_log(s, &l[i], i == 0 ? KAI_LOG_OWN : 0);
    }
    for (size_t round = 0; round < 12; round++) {
        for (size_t i = 0; i < LOGS; i++)
            kit_append(s, &l[i], 3, i == 1 ? 9000 : 300 + 50 * i);
        assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
        memset(text, (int)round, sizeof text);
        assert_int_equal(kai_tx_kv(t, "text", kai_view_of(text, sizeof text)), KAI_OK);
        assert_int_equal(kai_tx_kv(t, "counter", kai_view_of(text, round)), KAI_OK);
        assert_int_equal(kai_tx_note(t, round, l[0].pk, kai_view_of(text, 200)), KAI_OK);
        for (size_t i = 0; i < 3; i++) {
            kit_next(&k, &l[0], 2500);
            assert_int_equal(kai_tx_stage(t, &k.e, 3), KAI_OK);
            assert_int_equal(kai_tx_ctl(t, &k.e), KAI_OK);
            assert_int_equal(kai_tx_fork(t, k.e.hdr, k.e.sig), KAI_OK);
            kit_moved(&l[0], &k);
            kit_free(&k);
        }
        assert_int_equal(kai_tx_advance(t, l[0].pk, l[0].seq), KAI_OK);
        assert_int_equal(kai_tx_commit(t), KAI_OK);
    }
}

static void sample_make(struct sample *x)
{
    struct stat st;

    kit_dir(x->dir);
    snprintf(x->path, sizeof x->path, "%s/data.mdb", x->dir);
    struct kai_store *s = kit_open(x->dir);
    fill(s);
    assert_int_equal(digest(s, x->digest), KAI_OK);
    kai_store_close(s);

    int fd = open(x->path, O_RDONLY);
    assert_int_equal(fstat(fd, &st), 0);
    x->n = (size_t)st.st_size;
    x->bytes = malloc(x->n);
    assert_non_null(x->bytes);
    assert_int_equal(read(fd, x->bytes, x->n), x->n);
    close(fd);
}

static void sample_free(struct sample *x)
{
    kit_dir_rm(x->dir);
    free(x->bytes);
}

static void sample_write(const struct sample *x, size_t n)
{
    int fd = open(x->path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, x->bytes, n), n);
    close(fd);
}

struct tally {
    size_t ok;
    size_t refused;
    size_t on_read;
};

/* LMDB copies a page before it changes it, and believes what stands at its head then: so a row in
 * each table that takes some. A refusal is fine, a death is not. */
static void change(struct kai_store *s)
{
    static uint8_t text[30000];
    struct kit_log l = kit_log(999);
    struct kit_entry k;
    struct kai_tx *t;
    enum kai_err err = kai_tx_begin(s, &t);

    if (err != KAI_OK)
        return;
    kit_next(&k, &l, 300);
    err = kai_tx_kv(t, "probe", kai_view_of(text, 9));
    if (err == KAI_OK)
        err = kai_tx_kv(t, "text", kai_view_of(text, sizeof text));
    if (err == KAI_OK)
        err = kai_tx_note(t, 99, l.pk, kai_view_of(text, 200));
    if (err == KAI_OK)
        err = kai_tx_ctl(t, &k.e);
    if (err == KAI_OK)
        err = kai_tx_fork(t, k.e.hdr, k.e.sig);
    if (err == KAI_OK)
        err = kai_tx_commit(t);
    else
        kai_tx_abort(t);
    kit_free(&k);
    assert_true(err == KAI_OK || err == KAI_ECORRUPT || err == KAI_EIO);
}

/* The change, and then forget that it was acknowledged: the next image is older. */
static void change_once(const struct sample *x, struct kai_store *s)
{
    char path[80];
    uint8_t acked[64];

    snprintf(path, sizeof path, "%s/acked", x->dir);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    ssize_t n = read(fd, acked, sizeof acked);
    change(s);
    kai_store_close(s);
    assert_int_equal(pwrite(fd, acked, (size_t)n, 0), n);
    close(fd);
}

/* Open what was damaged. Fails the test on wrong data. */
static bool judge(const struct sample *x, struct tally *y, const char *what, size_t at)
{
    struct kai_store *s;
    struct kai_why why;
    uint8_t got[KAI_ID_BYTES];
    enum kai_err err = kit_try(&s, x->dir, &why);

    if (err != KAI_OK) {
        if ((err != KAI_ECORRUPT && err != KAI_EVERSION && err != KAI_EIO) || why.code == NULL ||
            s != NULL)
            fail_msg("%s at %zu: %s without a reason", what, at, kai_err_text(err));
        y->refused++;
        return why.code != NULL && strcmp(why.code, "store.truncated") == 0;
    }
    err = digest(s, got);
    if (err == KAI_OK) {
        if (memcmp(got, x->digest, sizeof got) != 0)
            fail_msg("%s at %zu: wrong data", what, at);
        y->ok++;
    } else {
        if (err != KAI_ECORRUPT)
            fail_msg("%s at %zu: reading said %s", what, at, kai_err_text(err));
        y->on_read++;
    }
    change_once(x, s);
    return false;
}

static void test_truncated(void **state)
{
    struct sample x;
    struct tally y = {0};
    struct kit_rand r = {77};
    size_t named = 0;

    (void)state;
    sample_make(&x);
    for (size_t i = 0; i < 40; i++) {
        /* Small ones, whole pages and anything. */
        size_t n = i < 8 ? 1 + i * 1500 : i < 20 ? x.n - (i - 7) * 4096 : kit_rand(&r) % x.n;
        sample_write(&x, n);
        named += judge(&x, &y, "cut", n);
    }
    print_message("of 40 cut files: %zu refused (%zu as cut), %zu whole\n", y.refused, named, y.ok);
    assert_true(named >= 30 && y.on_read == 0);
    sample_write(&x, x.n);
    judge(&x, &y, "whole", 0);
    assert_true(y.ok >= 1);
    sample_free(&x);
}

static void test_flipped(void **state)
{
    struct sample x;
    struct tally y = {0};
    struct kit_rand r = {78};

    (void)state;
    sample_make(&x);
    size_t n = images(300);
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)kit_rand(&r) % x.n;
        uint8_t bit = (uint8_t)(1u << kit_rand(&r) % 8);

        if (i % 3 == 0)
            at = at / 4096 * 4096 + at % 48; /* Page headers and the pointers after them. */
        x.bytes[at] ^= bit;
        sample_write(&x, x.n);
        judge(&x, &y, "flip", at * 8 + bit);
        x.bytes[at] ^= bit;
    }
    print_message("of %zu flips: %zu refused, %zu refused when read, %zu harmless\n", n, y.refused,
                  y.on_read, y.ok);
    assert_true(y.refused > n / 3);
    sample_free(&x);
}

/* What reading never looks at: flags and bounds at the head of each page. */
static void test_page_heads(void **state)
{
    static const struct {
        size_t at;
        uint16_t is;
    } heads[] = {{10, 0x12}, {10, 0x4002}, {12, 0xfff0}, {14, 1}, {14, 0x1fff}, {14, 0x0ffe}};
    struct sample x;
    struct tally y = {0};

    (void)state;
    sample_make(&x);
    for (size_t page = 2 * 4096; page < x.n; page += 4096)
        for (size_t i = page / 4096 % 2; i < sizeof heads / sizeof heads[0]; i += 2) {
            uint8_t *head = x.bytes + page + heads[i].at, was[2] = {head[0], head[1]};

            memcpy(head, &heads[i].is, 2);
            sample_write(&x, x.n);
            judge(&x, &y, "head", page + heads[i].at);
            memcpy(head, was, 2);
        }
    print_message("of page heads: %zu refused, %zu harmless\n", y.refused, y.ok);
    assert_true(y.refused > 0);
    sample_free(&x);
}

/* Both meta pages, bit by bit where it matters. */
static void test_flipped_meta(void **state)
{
    struct sample x;
    struct tally y = {0};

    (void)state;
    sample_make(&x);
    for (size_t i = 0; i < 2 * 160; i++) {
        size_t at = i / 160 * 4096 + i % 160;
        uint8_t bit = (uint8_t)(1u << (i * 5 + i / 160) % 8);

        x.bytes[at] ^= bit;
        sample_write(&x, x.n);
        judge(&x, &y, "meta", at * 8 + bit);
        x.bytes[at] ^= bit;
    }
    print_message("of 320 flips in the meta pages: %zu refused, %zu harmless\n", y.refused, y.ok);
    assert_true(y.refused > 50);
    sample_free(&x);
}

static uint64_t *txnid_of(struct sample *x, size_t meta)
{
    return (uint64_t *)(void *)(x->bytes + meta * 4096 + 16 + 128);
}

/* LMDB takes the meta page with the higher number. A newer one that seems old makes it fall back
 * by a whole transaction, to a state that is sound in itself. */
static void test_fall_back(void **state)
{
    struct sample x;
    struct kai_store *s;
    struct kai_why why;

    (void)state;
    if (sysconf(_SC_PAGESIZE) != 4096)
        skip();
    sample_make(&x);
    size_t newer = *txnid_of(&x, 1) > *txnid_of(&x, 0);
    *txnid_of(&x, newer) -= 2;
    sample_write(&x, x.n);
    assert_int_equal(kit_try(&s, x.dir, &why), KAI_ECORRUPT);
    assert_string_equal(why.code, "store.corrupt");
    assert_string_equal(why.arg[0], "age");
    *txnid_of(&x, newer) += 2;
    *txnid_of(&x, !newer) -= 4; /* Not the one before the newer: LMDB did not write that. */
    sample_write(&x, x.n);
    assert_int_equal(kit_try(&s, x.dir, &why), KAI_ECORRUPT);
    *txnid_of(&x, !newer) += 4;
    sample_write(&x, x.n);
    kai_store_close(kit_open(x.dir));
    sample_free(&x);
}

/* Where in the file a byte of the map lies: each page begins with its number. */
static size_t file_at(const void *p)
{
    uint64_t page;
    size_t in_page = (uintptr_t)p % 4096;

    memcpy(&page, (const uint8_t *)p - in_page, sizeof page);
    return (size_t)page * 4096 + in_page;
}

/* LMDB writes over what its free list names: a page in use, named there, is found before that. */
static void test_free_list(void **state)
{
    struct sample x;
    MDB_env *env;
    MDB_txn *t;
    MDB_dbi dbi;
    MDB_cursor *c;
    MDB_val k;
    MDB_val v;
    uint64_t used;
    uint64_t n;
    size_t at;
    struct kai_store *s;
    struct kai_why why;

    (void)state;
    if (sysconf(_SC_PAGESIZE) != 4096)
        skip();
    sample_make(&x);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, x.dir, MDB_RDONLY, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &t), 0);
    assert_int_equal(mdb_dbi_open(t, "entries", 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(t, dbi, &c), 0);
    assert_int_equal(mdb_cursor_get(c, &k, &v, MDB_FIRST), 0);
    used = file_at(k.mv_data) / 4096;
    mdb_cursor_close(c);
    assert_int_equal(mdb_cursor_open(t, 0, &c), 0);
    assert_int_equal(mdb_cursor_get(c, &k, &v, MDB_FIRST), 0);
    memcpy(&n, v.mv_data, sizeof n);
    assert_true(n > 0);
    at = file_at(k.mv_data) / 4096 * 4096 + ((uintptr_t)v.mv_data + 8) % 4096;
    assert_int_equal((uintptr_t)v.mv_data / 4096, (uintptr_t)k.mv_data / 4096);
    mdb_cursor_close(c);
    mdb_txn_abort(t);
    mdb_env_close(env);

    memcpy(x.bytes + at, &used, sizeof used);
    sample_write(&x, x.n);
    assert_int_equal(kit_try(&s, x.dir, &why), KAI_ECORRUPT);
    assert_string_equal(why.code, "store.corrupt");
    assert_string_equal(why.arg[0], "free list");
    sample_free(&x);
}

/* Rot after a clean stop that left no trace in the file's times: the whole file is not walked.
 * A reader may die; but the start after that one names it, and nobody gets wrong data. */
static void test_quiet_rot(void **state)
{
    struct sample x;
    struct tally y = {0};
    struct kit_rand r = {79};
    size_t died = 0;

    (void)state;
    sample_make(&x);
    for (size_t i = 0; i < 60; i++) {
        size_t at = (size_t)kit_rand(&r) % x.n;
        struct stat st;
        int status;

        sample_write(&x, x.n);
        struct kai_store *s = kit_open(x.dir);
        assert_int_equal(kai_store_mark_clean(s), KAI_OK);
        kai_store_close(s);
        int fd = open(x.path, O_RDWR);
        assert_int_equal(fstat(fd, &st), 0);
        uint8_t byte = x.bytes[at] ^ 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
        struct timespec times[2] = {st.st_atim, st.st_mtim};
        assert_int_equal(futimens(fd, times), 0);
        close(fd);

        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            struct kai_why why;
            uint8_t got[KAI_ID_BYTES];
            if (kit_try(&s, x.dir, &why) != KAI_OK)
                _exit(1);
            if (!kai_store_was_clean(s))
                _exit(3);
            enum kai_err err = digest(s, got);
            if (err != KAI_OK)
                _exit(err == KAI_ECORRUPT ? 2 : 3);
            _exit(memcmp(got, x.digest, sizeof got) == 0 ? 0 : 3);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        y.ok += status == 0;
        y.refused += WIFEXITED(status) && WEXITSTATUS(status) == 1;
        y.on_read += WIFEXITED(status) && WEXITSTATUS(status) == 2;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
            fail_msg("quiet rot at %zu gave wrong data", at);
        if (WIFSIGNALED(status)) {
            died++;
            struct kai_why why;
            assert_int_equal(kit_try(&s, x.dir, &why), KAI_ECORRUPT);
        }
    }
    print_message("of 60 that rotted quietly: %zu refused, %zu refused when read, %zu harmless, "
                  "%zu readers died\n",
                  y.refused, y.on_read, y.ok, died);
    sample_free(&x);
}

/* LMDB keeps the pages of a longer value for a shorter one that is put over it at once: that is no
 * damage. */
static void test_shrunk(void **state)
{
    static uint8_t text[20000];
    char dir[64];
    struct kai_tx *t;

    (void)state;
    kit_dir(dir);
    struct kai_store *s = kit_open(dir);
    assert_int_equal(kai_tx_begin(s, &t), KAI_OK);
    assert_int_equal(kai_tx_kv(t, "text", kai_view_of(text, sizeof text)), KAI_OK);
    assert_int_equal(kai_tx_kv(t, "text", kai_view_of(text, 5000)), KAI_OK);
    assert_int_equal(kai_tx_commit(t), KAI_OK);
    kai_store_close(s);
    kai_store_close(kit_open(dir));
    kit_dir_rm(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truncated),  cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_page_heads), cmocka_unit_test(test_flipped_meta),
        cmocka_unit_test(test_fall_back),  cmocka_unit_test(test_free_list),
        cmocka_unit_test(test_quiet_rot),  cmocka_unit_test(test_shrunk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

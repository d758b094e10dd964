/* store: opening, closing, and how full it is. */
#define _POSIX_C_SOURCE 200809L
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/store_priv.h"

#define MAP_BYTES_DEFAULT       (UINT64_C(64) << 30)
#define MAP_BYTES_LEAST_DEFAULT (UINT64_C(1) << 30)
#define MAP_BYTES_MIN           (UINT64_C(1) << 20)
#define MAP_ROUND_BYTES         65536u
#define MAKING                  "making.mdb" /* A store that is not whole yet. */

static enum kai_err errno_err(void)
{
    switch (errno) {
    case EACCES:
    case EPERM:
        return KAI_EPERM;
    case ENOSPC:
    case EDQUOT:
        return KAI_EFULL;
    case ENOMEM:
        return KAI_ENOMEM;
    default:
        return KAI_EIO;
    }
}

static enum kai_err say_errno(struct kai_why *why)
{
    int e = errno;

    return kai_why_set(why, errno_err(), "store.io", strerror(e), NULL, NULL);
}

/* The new folder's name must outlive a power cut as its contents do. */
static bool sync_parent(int dir_fd)
{
    int fd = openat(dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        (void)close(fd);
    return ok;
}

/* Open the folder, making it unless it must be there. */
static enum kai_err dir_open(struct kai_store *s, bool must_exist, struct kai_why *why)
{
    struct stat st;

    kai_why_at(why, 0, "%s", s->dir);
    if (!must_exist && mkdir(s->dir, 0700) != 0 && errno != EEXIST)
        return say_errno(why);
    s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir_fd < 0 && errno == ENOENT)
        return kai_why_set(why, KAI_ENOTFOUND, "store.missing", NULL, NULL, NULL);
    if (s->dir_fd < 0 || fstat(s->dir_fd, &st) != 0)
        return say_errno(why);
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return kai_why_set(why, KAI_EPERM, "store.perm", NULL, NULL, NULL);
    return KAI_OK;
}

static uint64_t map_bytes_default(int dir_fd)
{
    struct statvfs fs;
    uint64_t quarter = MAP_BYTES_DEFAULT;

    if (fstatvfs(dir_fd, &fs) == 0)
        quarter = (uint64_t)fs.f_bavail * fs.f_frsize / 4;
    if (quarter < MAP_BYTES_LEAST_DEFAULT)
        return MAP_BYTES_LEAST_DEFAULT;
    return quarter < MAP_BYTES_DEFAULT ? quarter : MAP_BYTES_DEFAULT;
}

static enum kai_err env_open(struct kai_store *s, const char *path, unsigned int flags)
{
    enum kai_err err = txn_err(mdb_env_create(&s->env));

    if (err == KAI_OK && (flags & MDB_RDONLY) == 0) /* Else as large as the file says. */
        err = txn_err(mdb_env_set_mapsize(s->env, (size_t)s->map_bytes));
    if (err == KAI_OK)
        err = txn_err(mdb_env_set_maxreaders(s->env, READERS_MAX));
    if (err == KAI_OK)
        err = txn_err(mdb_env_set_maxdbs(s->env, T_COUNT));
    /* Default flags are durable: a commit that returned is on the disk. */
    if (err == KAI_OK)
        err = txn_err(mdb_env_open(s->env, path, MDB_NOTLS | flags, 0600));
    return err;
}

static void env_close(struct kai_store *s)
{
    if (s->env != NULL)
        mdb_env_close(s->env);
    s->env = NULL;
}

static enum kai_err tables_open(struct kai_store *s, bool create)
{
    struct txn t;

    (void)txn_begin(&t, s->env, create ? 0 : MDB_RDONLY);
    for (size_t i = 0; i < T_COUNT && t.err == KAI_OK; i++)
        t.err = txn_err(mdb_dbi_open(t.mdb, table_names[i], create ? MDB_CREATE : 0, &s->dbi[i]));
    if (create) {
        struct counters c = {.next_no = 1, .next_pos = 1};
        uint8_t format[NUMBER_BYTES];
        uint8_t map[NUMBER_BYTES];
        uint8_t counters[COUNTERS_BYTES];

        number_write(format, "format", STORE_FORMAT);
        number_write(map, "map", s->map_bytes);
        c.txnid = t.mdb != NULL ? mdb_txn_id(t.mdb) : 0;
        counters_write(counters, &c);
        (void)txn_put(&t, s->dbi[T_META], kai_view_of("format", 6),
                      kai_view_of(format, sizeof format), 0);
        (void)txn_put(&t, s->dbi[T_META], kai_view_of("map", 3), kai_view_of(map, sizeof map), 0);
        (void)txn_put(&t, s->dbi[T_META], kai_view_of("counters", 8),
                      kai_view_of(counters, sizeof counters), 0);
    }
    enum kai_err err = txn_commit(&t); /* Also of a reading one: it keeps the handles. */
    txn_end(&t);
    return err == KAI_ENOTFOUND ? KAI_ECORRUPT : err;
}

/* A new store is made beside its place and put there when it is whole and on the disk: a power cut
 * in the middle leaves none, and not half of one that looks like a damaged file. */
static enum kai_err make_whole(struct kai_store *s)
{
    char *path = malloc(strlen(s->dir) + sizeof "/" MAKING);
    enum kai_err err = KAI_ENOMEM;

    if (path == NULL)
        return err;
    memcpy(path, s->dir, strlen(s->dir));
    memcpy(path + strlen(s->dir), "/" MAKING, sizeof "/" MAKING);
    err = unlinkat(s->dir_fd, MAKING, 0) == 0 || errno == ENOENT ? KAI_OK : errno_err();
    if (err == KAI_OK)
        err = env_open(s, path, MDB_NOSUBDIR);
    if (err == KAI_OK)
        err = tables_open(s, true);
    env_close(s);
    free(path);
    acked_write(s->acked_fd, 0); /* That of a store which stood here before says nothing of it. */
    if (err == KAI_OK && (renameat(s->dir_fd, MAKING, s->dir_fd, "data.mdb") != 0 ||
                          fsync(s->dir_fd) != 0 || !sync_parent(s->dir_fd)))
        err = errno_err();
    (void)unlinkat(s->dir_fd, MAKING, 0); /* Where it failed. */
    (void)unlinkat(s->dir_fd, MAKING "-lock", 0);
    return err;
}

#define STAGED_LOGS_MAX 64u /* Logs that one pass of drop_staged() collects. */

struct staged {
    uint8_t pk[STAGED_LOGS_MAX][KAI_KEY_BYTES];
    size_t n;
};

static enum kai_err staged_find(struct kai_tx *t, struct staged *found)
{
    MDB_cursor *cur = NULL;
    MDB_val k;
    MDB_val v;
    struct log_row r;
    enum kai_err err = txn_err(mdb_cursor_open(t->t.mdb, t->s->dbi[T_LOGS], &cur));

    if (err != KAI_OK)
        return err;
    found->n = 0;
    int rc = mdb_cursor_get(cur, &k, &v, MDB_FIRST);
    while (rc == MDB_SUCCESS && err == KAI_OK && found->n < STAGED_LOGS_MAX) {
        err = log_row_read(&r, txn_view(k), txn_view(v));
        if (err == KAI_OK && r.staged_seq > r.log.head_seq)
            memcpy(found->pk[found->n++], r.log.log_pk, KAI_KEY_BYTES);
        if (err == KAI_OK)
            rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
    }
    mdb_cursor_close(cur);
    if (err == KAI_OK && rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
        err = txn_err(rc);
    return err;
}

/* Requests that a crash cut short were never acknowledged. */
static enum kai_err drop_staged(struct kai_store *s)
{
    struct staged found;
    struct kai_tx *t;
    bool more = true;

    while (more) {
        enum kai_err err = kai_tx_begin(s, &t);
        if (err != KAI_OK)
            return err;
        if (t->c.staged == 0) {
            kai_tx_abort(t);
            return KAI_OK;
        }
        err = staged_find(t, &found);
        if (err == KAI_OK && found.n == 0)
            err = KAI_ECORRUPT; /* The counters say that there is one. */
        for (size_t i = 0; i < found.n && err == KAI_OK; i++)
            err = kai_tx_unstage(t, found.pk[i]);
        if (err != KAI_OK) {
            kai_tx_abort(t);
            return err;
        }
        more = t->c.staged > 0;
        err = kai_tx_commit(t);
        if (err != KAI_OK)
            return err;
    }
    return KAI_OK;
}

/* From the lock on. */
static enum kai_err open_locked(struct kai_store *s, const struct kai_store_options *opt,
                                struct kai_why *why)
{
    struct verdict v = {0};
    enum kai_err err = check_run(&v, s->dir, s->dir_fd, why);

    if (err != KAI_OK)
        return err;
    kai_why_at(why, 0, "%s", s->dir);
    if (v.code == VERDICT_NEW && opt->must_exist)
        return kai_why_set(why, KAI_ENOTFOUND, "store.missing", NULL, NULL, NULL);
    s->was_clean = v.clean != 0;
    s->was_continuous = v.continuous != 0;
    s->map_bytes = v.map_bytes;
    if (v.code == VERDICT_NEW) {
        uint64_t want = opt->map_bytes != 0 ? opt->map_bytes : map_bytes_default(s->dir_fd);
        if (want < MAP_BYTES_MIN)
            want = MAP_BYTES_MIN;
        s->map_bytes = want / MAP_ROUND_BYTES * MAP_ROUND_BYTES;
    }
    err = mark_remove(s->dir_fd);
    s->acked_fd = acked_open(s->dir_fd);
    if (err == KAI_OK && s->acked_fd < 0)
        err = errno_err();
    if (err == KAI_OK && v.code == VERDICT_NEW)
        err = make_whole(s);
    if (err == KAI_OK)
        err = env_open(s, s->dir, 0);
    if (err == KAI_OK)
        err = tables_open(s, false);
    if (err == KAI_OK)
        err = drop_staged(s);
    if (err == KAI_ECORRUPT)
        return kai_why_set(why, err, "store.corrupt", "open", NULL, NULL);
    if (err != KAI_OK)
        return kai_why_set(why, err, "store.io", kai_err_text(err), NULL, NULL);
    return KAI_OK;
}

static struct kai_store *store_new(const char *dir)
{
    struct kai_store *s = calloc(1, sizeof *s);
    size_t dir_n = strlen(dir);

    if (s == NULL)
        return NULL;
    s->dir_fd = -1;
    s->lock_fd = -1;
    s->acked_fd = -1;
    kai_buf_init(&s->row, ENTRY_HEAD_BYTES + ELEMENT_BYTES_MAX + KAI_STORE_VALUE_BYTES_MAX);
    s->dir = malloc(dir_n + 1);
    s->mutex_made = pthread_mutex_init(&s->mutex, NULL) == 0;
    if (s->dir == NULL || !s->mutex_made) {
        kai_store_close(s);
        return NULL;
    }
    memcpy(s->dir, dir, dir_n + 1);
    return s;
}

enum kai_err kai_store_open(struct kai_store **out, const char *dir,
                            const struct kai_store_options *opt, struct kai_why *why)
{
    struct kai_store *s = store_new(dir);

    *out = NULL;
    enum kai_err err = s == NULL ? KAI_ENOMEM : dir_open(s, opt->must_exist, why);
    if (err == KAI_OK)
        err = lock_refuse_network(s->dir, why);
    if (err == KAI_OK)
        err = lock_take(s, why);
    if (err == KAI_OK)
        err = open_locked(s, opt, why);
    if (err != KAI_OK) {
        kai_store_close(s);
        return err;
    }
    kai_store_tidy(s);
    *out = s; /* The caller's now. */
    return KAI_OK;
}

/* Whoever has it open has checked it; else we do, and let go: LMDB's own locks keep a reader and a
 * writer apart. */
static enum kai_err view_check(struct kai_store *s, struct kai_why *why)
{
    struct verdict v = {0};
    enum kai_err err = lock_take(s, why);

    if (err == KAI_EBUSY && s->guard)
        return KAI_OK; /* Another process. */
    if (err == KAI_OK)
        err = check_run(&v, s->dir, s->dir_fd, why);
    if (err == KAI_OK && v.code == VERDICT_NEW)
        err = kai_why_set(why, KAI_ENOTFOUND, "store.missing", NULL, NULL, NULL);
    lock_release(s);
    return err;
}

enum kai_err kai_store_view(struct kai_store **out, const char *dir, struct kai_why *why)
{
    struct kai_store *s = store_new(dir);

    *out = NULL;
    enum kai_err err = s == NULL ? KAI_ENOMEM : dir_open(s, true, why);
    if (err == KAI_OK)
        err = lock_refuse_network(s->dir, why);
    if (err == KAI_OK)
        err = view_check(s, why);
    if (err == KAI_OK) {
        err = env_open(s, s->dir, MDB_RDONLY);
        if (err == KAI_OK)
            err = tables_open(s, false);
        if (err != KAI_OK)
            (void)kai_why_set(why, err, "store.io", kai_err_text(err), NULL, NULL);
    }
    if (err != KAI_OK) {
        kai_store_close(s);
        return err;
    }
    *out = s;
    return KAI_OK;
}

void kai_store_close(struct kai_store *s)
{
    if (s == NULL)
        return;
    if (s->tx.open)
        kai_tx_abort(&s->tx);
    while (s->idle != NULL) {
        struct kai_snap *r = s->idle;
        s->idle = r->next;
        mdb_txn_abort(r->mdb);
        free(r);
    }
    env_close(s);
    if (s->mutex_made)
        pthread_mutex_destroy(&s->mutex);
    if (s->acked_fd >= 0)
        (void)close(s->acked_fd);
    lock_drop(s);
    if (s->dir_fd >= 0)
        (void)close(s->dir_fd);
    kai_buf_free(&s->row);
    free(s->dir);
    free(s);
}

enum kai_err store_used(struct kai_store *s, MDB_txn *mdb, uint64_t *used)
{
    uint64_t pages = 2; /* The two meta pages. */
    MDB_stat st = {0};

    /* The free list is table 0, the list of tables 1. */
    for (MDB_dbi i = 0; i < T_COUNT + 2; i++) {
        enum kai_err err = txn_err(mdb_stat(mdb, i < 2 ? i : s->dbi[i - 2], &st));
        if (err != KAI_OK)
            return err;
        pages += st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages;
    }
    *used = pages * st.ms_psize;
    return KAI_OK;
}

enum kai_err kai_store_usage(struct kai_store *s, struct kai_store_usage *u)
{
    struct counters c;
    struct statvfs fs;
    struct kai_snap *r;
    MDB_val k = {.mv_size = 8, .mv_data = (void *)(uintptr_t) "counters"};
    MDB_val v;
    enum kai_err err = kai_snap_begin(s, &r);

    if (err != KAI_OK)
        return err;
    memset(u, 0, sizeof *u);
    u->map_bytes = s->map_bytes;
    err = store_used(s, r->mdb, &u->used_bytes);
    if (err == KAI_OK)
        err = txn_err(mdb_get(r->mdb, s->dbi[T_META], &k, &v));
    if (err == KAI_OK)
        err = counters_read(&c, txn_view(v));
    kai_snap_end(r);
    if (err != KAI_OK)
        return err == KAI_ENOTFOUND ? KAI_ECORRUPT : err;
    if (fstatvfs(s->dir_fd, &fs) != 0)
        return errno_err();
    u->disk_free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    u->entries = c.entries;
    u->logs = c.logs;
    u->refuse_foreign = u->used_bytes > u->map_bytes / 100 * KAI_STORE_FOREIGN_PERCENT ||
                        u->disk_free_bytes < KAI_STORE_DISK_FREE_MIN;
    return KAI_OK;
}

void kai_store_tidy(struct kai_store *s)
{
    int dead;

    (void)mdb_reader_check(s->env, &dead); /* What fails now is done the next minute. */
}

bool kai_store_was_clean(const struct kai_store *s)
{
    return s->was_clean;
}

bool kai_store_was_continuous(const struct kai_store *s)
{
    return s->was_continuous;
}

enum kai_err kai_store_mark_clean(struct kai_store *s)
{
    MDB_envinfo info;
    struct mark m;
    enum kai_err err;

    if (s->failed || s->tx.open)
        return KAI_EIO;
    err = txn_err(mdb_env_info(s->env, &info));
    if (err != KAI_OK)
        return err;
    m.txnid = info.me_last_txnid;
    if (!mark_of_file(&m, s->dir_fd))
        return errno_err();
    err = mark_write(&m, s->dir_fd);
    if (err != KAI_OK)
        (void)mark_remove(s->dir_fd); /* Half a mark is none either way. */
    return err;
}

/* env: opens and closes the index's LMDB environment, and decides whether it may be believed. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "query/index_priv.h"

#define PATH_CAP 1024u
#define MAP_MAX  (UINT64_C(64) << 30)
#define MAP_MIN  (UINT64_C(1) << 20)
#define READERS  126u

const char *const kai_ix_table_names[TABLES] = {
    [TABLE_META] = "meta",      [TABLE_ROWS] = "rows",   [TABLE_KEYS] = "keys",
    [TABLE_VALUES] = "values",  [TABLE_ITEMS] = "items", [TABLE_STIX] = "stix",
    [TABLE_CHAINS] = "chains",  [TABLE_PARTS] = "parts", [TABLE_OBJS] = "objs",
    [TABLE_REFS] = "refs",      [TABLE_ACTS] = "acts",   [TABLE_ADDED] = "added",
    [TABLE_CHANGES] = "changes"};

static bool path_of(char out[static PATH_CAP], const char *dir, const char *name)
{
    int n = snprintf(out, PATH_CAP, "%s/%s", dir, name);

    return n > 0 && (size_t)n < PATH_CAP;
}

/* A second process would not see this one's readers: it is kept out by a lock of our own. */
static enum kai_err lock_dir(const char *dir, int *fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char path[PATH_CAP];

    if (!path_of(path, dir, "lock"))
        return KAI_EIO;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return KAI_EIO;
    if (fcntl(*fd, F_SETLK, &lock) == 0)
        return KAI_OK;
    (void)close(*fd);
    *fd = -1;
    return KAI_EBUSY;
}

static uint64_t map_size(const char *dir, uint64_t asked)
{
    struct statvfs fs;
    uint64_t size = asked;

    if (size == 0) {
        size = MAP_MAX;
        if (statvfs(dir, &fs) == 0 && (uint64_t)fs.f_blocks * fs.f_frsize / 4 < size)
            size = (uint64_t)fs.f_blocks * fs.f_frsize / 4;
    }
    if (size < MAP_MIN)
        size = MAP_MIN;
    return size & ~(uint64_t)0xffff;
}

static enum kai_err unlink_files(const char *dir)
{
    static const char *const names[] = {"data.mdb", "lock.mdb"};
    char path[PATH_CAP];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!path_of(path, dir, names[i]) || (unlink(path) != 0 && errno != ENOENT))
            return KAI_EIO;
    }
    return KAI_OK;
}

static void close_env(struct kai_index *x)
{
    if (x->env != NULL)
        mdb_env_close(x->env);
    x->env = NULL;
}

static int open_tables(struct kai_index *x, MDB_txn *txn)
{
    for (unsigned i = 0; i < TABLES; i++) {
        int rc = mdb_dbi_open(txn, kai_ix_table_names[i], MDB_CREATE, &x->dbi[i]);

        if (rc != 0)
            return rc;
    }
    return 0;
}

static int open_env(struct kai_index *x, const char *dir, uint64_t map)
{
    MDB_txn *txn = NULL;
    int rc = mdb_env_create(&x->env);

    if (rc == 0)
        rc = mdb_env_set_maxdbs(x->env, TABLES);
    if (rc == 0)
        rc = mdb_env_set_mapsize(x->env, map);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(x->env, READERS);
    if (rc == 0)
        rc = mdb_env_open(x->env, dir, MDB_NOSYNC | MDB_NOTLS, 0600);
    if (rc == 0)
        rc = mdb_txn_begin(x->env, NULL, 0, &txn);
    if (rc == 0)
        rc = open_tables(x, txn);
    if (rc != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

/* What may not be believed is thrown away before LMDB sees it. */
static enum kai_err open_or_remake(struct kai_index *x, const char *dir, uint64_t map,
                                   bool *rebuild)
{
    bool good = kai_ixstate_believed(x, dir);
    enum kai_err err = kai_ixstate_open_now(x);

    *rebuild = !good;
    if (err == KAI_OK && !good)
        err = unlink_files(dir);
    if (err == KAI_OK)
        err = kai_ix_err(open_env(x, dir, map));
    if (err == KAI_ECORRUPT && good) {
        close_env(x);
        *rebuild = true;
        err = unlink_files(dir);
        if (err == KAI_OK)
            err = kai_ix_err(open_env(x, dir, map));
    }
    if (err == KAI_OK)
        kai_ixstate_written(x);
    return err == KAI_ECORRUPT ? KAI_EIO : err;
}

static enum kai_err tell(struct kai_why *why, enum kai_err err, const char *dir)
{
    if (err == KAI_EBUSY)
        return kai_why_set(why, err, "index.busy", dir, NULL, NULL);
    if (err == KAI_EFULL)
        return kai_why_set(why, err, "index.full", dir, NULL, NULL);
    return kai_why_set(why, err, "index.io", dir, kai_err_text(err), NULL);
}

enum kai_err kai_index_open(struct kai_index **out, const char *dir, uint64_t map_bytes,
                            const char *boot_id, bool *rebuild, struct kai_why *why)
{
    struct kai_index *x;
    enum kai_err err;

    *out = NULL;
    *rebuild = false;
    if (strlen(boot_id) >= KAI_IX_BOOT_CAP || (mkdir(dir, 0700) != 0 && errno != EEXIST))
        return tell(why, KAI_EIO, dir);
    x = calloc(1, sizeof *x);
    if (x == NULL)
        return tell(why, KAI_ENOMEM, dir);
    kai_buf_init(&x->keys, 64u << 20);
    x->dir_fd = -1;
    x->state_fd = -1;
    err = lock_dir(dir, &x->lock_fd);
    if (err == KAI_OK)
        err = kai_ixstate_open(x, dir, boot_id);
    if (err == KAI_OK)
        x->added_until = kai_ix_added_until(x->dir_fd);
    if (err == KAI_OK)
        err = open_or_remake(x, dir, map_size(dir, map_bytes), rebuild);
    if (err != KAI_OK) {
        close_env(x);
        kai_ixstate_close(x);
        if (x->lock_fd >= 0)
            (void)close(x->lock_fd);
        free(x);
        return tell(why, err, dir);
    }
    *out = x;
    return KAI_OK;
}

void kai_index_close(struct kai_index *x)
{
    if (x == NULL)
        return;
    /* The pages first, then the word that they are there. */
    bool synced = mdb_env_sync(x->env, 1) == 0;
    close_env(x);
    if (synced)
        kai_ixstate_closed(x);
    kai_ixstate_close(x);
    (void)close(x->lock_fd);
    kai_sorter_free(&x->sorter);
    kai_buf_free(&x->keys);
    kai_buf_free(&x->added);
    free(x);
}

enum kai_err kai_index_erase(const char *dir)
{
    int fd = -1;
    enum kai_err err = lock_dir(dir, &fd);

    if (err != KAI_OK)
        return err;
    err = unlink_files(dir);
    (void)close(fd);
    return err;
}

void kai_index_tidy(struct kai_index *x)
{
    int dead = 0;

    (void)mdb_reader_check(x->env, &dead);
}

void kai_index_usage(struct kai_index *x, struct kai_index_usage *u)
{
    MDB_envinfo info = {0};
    MDB_stat st = {0};

    (void)mdb_env_info(x->env, &info);
    (void)mdb_env_stat(x->env, &st);
    u->map_bytes = info.me_mapsize;
    u->used_bytes = (info.me_last_pgno + 1) * st.ms_psize;
}

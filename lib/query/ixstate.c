/* ixstate: whether the index's file may be believed, kept in a file beside it: LMDB must not be
 * asked of a file that may be damaged, for that alone can end the process.
 *
 * DIR/state: 8 sum, 8 format, 8 enum state, 8 bytes, 8 + 8 time of data.mdb, then what
 * names the run of the machine. One sector: it is written whole or not at all. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "query/index_priv.h"
#include "store/pages.h"

#define FORMAT      5u
#define HEAD_BYTES  48u
#define STATE_BYTES (HEAD_BYTES + KAI_IX_BOOT_CAP)

enum state {
    OPEN = 0,    /* The file is as the last commit left it. */
    CLOSED = 1,  /* And on the disk. */
    WRITING = 2, /* A transaction is open: it may have written pages, which nobody reads yet. */
};

uint64_t kai_ix_sum(uint64_t h, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}

static uint64_t sum_of(const uint8_t *p, size_t n)
{
    return kai_ix_sum(KAI_IX_SUM_BEGIN, p, n);
}

/* As the file is now. False: there is none. */
static bool state_bytes(uint8_t out[static STATE_BYTES], int dir_fd, uint64_t state,
                        const char *boot)
{
    struct stat st;

    if (fstatat(dir_fd, "data.mdb", &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    memset(out, 0, STATE_BYTES);
    kai_put_u64(out + 8, FORMAT);
    kai_put_u64(out + 16, state);
    kai_put_u64(out + 24, (uint64_t)st.st_size);
    kai_put_u64(out + 32, (uint64_t)st.st_mtim.tv_sec);
    kai_put_u64(out + 40, (uint64_t)st.st_mtim.tv_nsec);
    kai_copy_text((char *)out + HEAD_BYTES, KAI_IX_BOOT_CAP, boot);
    kai_put_u64(out, sum_of(out + 8, STATE_BYTES - 8));
    return true;
}

enum kai_err kai_ixstate_open(struct kai_index *x, const char *dir, const char *boot_id)
{
    kai_copy_text(x->boot, sizeof x->boot, boot_id);
    x->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (x->dir_fd >= 0)
        x->state_fd = openat(x->dir_fd, "state", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return x->state_fd >= 0 ? KAI_OK : KAI_EIO;
}

void kai_ixstate_close(struct kai_index *x)
{
    if (x->state_fd >= 0)
        (void)close(x->state_fd);
    if (x->dir_fd >= 0)
        (void)close(x->dir_fd);
}

enum kai_err kai_ixstate_open_now(struct kai_index *x)
{
    uint8_t b[STATE_BYTES];

    /* No file yet: one of zeros, which nobody believes. */
    if (!state_bytes(b, x->dir_fd, OPEN, x->boot))
        memset(b, 0, sizeof b);
    if (pwrite(x->state_fd, b, sizeof b, 0) != (ssize_t)sizeof b || fdatasync(x->state_fd) != 0)
        return errno == ENOSPC ? KAI_EFULL : KAI_EIO;
    return KAI_OK;
}

/* Where it fails, or is cut off by a kill, the file is another than the one it names. */
static bool put(struct kai_index *x, uint64_t state)
{
    uint8_t b[STATE_BYTES];

    return state_bytes(b, x->dir_fd, state, x->boot) &&
           pwrite(x->state_fd, b, sizeof b, 0) == (ssize_t)sizeof b;
}

void kai_ixstate_writing(struct kai_index *x)
{
    (void)put(x, WRITING);
}

void kai_ixstate_written(struct kai_index *x)
{
    (void)put(x, OPEN);
}

void kai_ixstate_closed(struct kai_index *x)
{
    if (put(x, CLOSED))
        (void)fdatasync(x->state_fd);
}

/* ---- The walk of a file that nobody closed, or that may have rotted since. */
#define CLOSED_WALK_BYTES_MAX (UINT64_C(1) << 30) /* About a second, of twelve million values. */
#define DBI_OF_TABLES         1u /* LMDB 0.9: the list of the tables; 0 is the free list. */
#define WALK_S_MIN            60u
#define WALK_BYTES_PER_S      20000000u /* A slow disk, not a loop. */

/* Whether a row of TABLE_ROWS is as it was put there. */
static bool is_row(MDB_val k, MDB_val v)
{
    struct marks marks;
    struct kai_row row;

    return k.mv_size == 8 &&
           kai_record_read(&row, &marks, kai_get_u64(k.mv_data), v.mv_data, v.mv_size) == KAI_OK;
}

static int walk_table(MDB_txn *txn, MDB_dbi dbi, bool rows, struct kai_pages *pages)
{
    MDB_cursor *cur = NULL;
    MDB_val k;
    MDB_val v;
    MDB_stat st;
    size_t n = 0;
    int rc = mdb_stat(txn, dbi, &st);

    kai_pages_table_begin(pages);
    if (rc == 0)
        rc = mdb_cursor_open(txn, dbi, &cur);
    if (rc == 0)
        rc = mdb_cursor_get(cur, &k, &v, MDB_FIRST);
    MDB_val before = {0};
    for (volatile uint8_t touched = 0; rc == 0; n++) {
        size_t least = k.mv_size < before.mv_size ? k.mv_size : before.mv_size;
        int order = n == 0 ? -1 : memcmp(before.mv_data, k.mv_data, least);

        if (order > 0 || (order == 0 && before.mv_size >= k.mv_size) ||
            kai_pages_row(pages, k, v) != KAI_OK || (rows && !is_row(k, v))) {
            rc = MDB_CORRUPTED;
            break;
        }
        before = k;
        for (size_t at = 0; at < v.mv_size; at += 512) /* Every page of it. */
            touched = (uint8_t)(touched ^ ((const uint8_t *)v.mv_data)[at]);
        rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
    }
    return rc == MDB_NOTFOUND && n == st.ms_entries && kai_pages_table_end(pages, &st) == KAI_OK
               ? 0
               : -1;
}

/* In a child: every page that a reader or a writer may come to. Whatever ends it is the answer. */
static _Noreturn void walk(const char *dir, uint64_t bytes)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi dbi;
    MDB_envinfo info;
    MDB_stat st;
    struct kai_pages pages;

    (void)alarm(WALK_S_MIN + (unsigned int)(bytes / WALK_BYTES_PER_S));
    bool ok = mdb_env_create(&env) == 0 && mdb_env_set_maxdbs(env, TABLES) == 0 &&
              mdb_env_open(env, dir, MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS, 0600) == 0 &&
              mdb_env_info(env, &info) == 0 && mdb_env_stat(env, &st) == 0 &&
              bytes / st.ms_psize >= info.me_last_pgno + 1 &&
              kai_pages_init(&pages, st.ms_psize, info.me_last_pgno + 1, bytes) == KAI_OK &&
              mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0 &&
              walk_table(txn, DBI_OF_TABLES, false, &pages) == 0;
    for (unsigned i = 0; i < TABLES && ok; i++)
        ok = mdb_dbi_open(txn, kai_ix_table_names[i], 0, &dbi) == 0 &&
             walk_table(txn, dbi, i == TABLE_ROWS, &pages) == 0;
    ok = ok && kai_pages_free_list(&pages, txn) == KAI_OK && kai_pages_branches(&pages) == KAI_OK;
    _exit(ok ? 0 : 1);
}

static bool walks(const char *dir, uint64_t bytes)
{
    int status = -1;
    pid_t self = getpid();
    pid_t pid = fork();

    if (pid == 0) {
        kai_child_begin(self);
        walk(dir, bytes);
    }
    for (bool ended = pid < 0; !ended;) {
        pid_t rc = waitpid(pid, &status, 0);
        ended = rc == pid || (rc < 0 && errno != EINTR);
    }
    return status == 0;
}

bool kai_ixstate_believed(struct kai_index *x, const char *dir)
{
    uint8_t b[STATE_BYTES];
    uint8_t now[STATE_BYTES];

    if (pread(x->state_fd, b, sizeof b, 0) != (ssize_t)sizeof b)
        return false;
    const char *boot = (const char *)b + HEAD_BYTES;
    uint64_t state = kai_get_u64(b + 16);
    if (boot[KAI_IX_BOOT_CAP - 1] != '\0' || !state_bytes(now, x->dir_fd, state, boot))
        return false;
    /* Another format, size or time: all of it, but for what a kill cut off. */
    if (state != WRITING
            ? memcmp(b, now, sizeof b) != 0
            : kai_get_u64(b) != sum_of(b + 8, sizeof b - 8) || memcmp(b + 8, now + 8, 16) != 0)
        return false;
    uint64_t bytes = kai_get_u64(now + 24);
    if (state == CLOSED && bytes > CLOSED_WALK_BYTES_MAX)
        return true; /* Rot can end the process once then: the next one finds no CLOSED. */
    return (state == CLOSED || (strcmp(boot, x->boot) == 0 && boot[0] != '\0')) &&
           walks(dir, bytes);
}

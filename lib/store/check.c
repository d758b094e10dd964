/* check: the start-up check, in a child process: LMDB trusts its file, and a file that was cut or
 * overwritten would kill whoever maps it.
 *
 * The child inherits the lock, maps the file read-only and walks it. After a clean stop that left
 * the file as it is, the small tables and the heads; else every row, hashed. It reports where it
 * is before each table, so that its death is a verdict as well. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "store/store_priv.h"

/* What LMDB 0.9 writes at the start of each of its two meta pages. */
#define META_AT    16u
#define META_BYTES 136u
#define META_MAGIC 0xbeefc0deu

struct meta {
    uint32_t magic;
    uint32_t version;
    uint64_t map_bytes;
    uint32_t page_bytes;
    uint64_t last_page;
    uint64_t txnid;
};

static bool meta_read(struct meta *m, int fd, off_t page_at)
{
    uint8_t b[META_BYTES];

    if (pread(fd, b, sizeof b, page_at + (off_t)META_AT) != (ssize_t)sizeof b)
        return false;
    memcpy(&m->magic, b, 4);
    memcpy(&m->version, b + 4, 4);
    memcpy(&m->map_bytes, b + 16, 8);
    memcpy(&m->page_bytes, b + 24, 4);
    memcpy(&m->last_page, b + 120, 8);
    memcpy(&m->txnid, b + 128, 8);
    return true;
}

/* Both meta pages, and which is newer. LMDB writes them in turn, by the number of the transaction,
 * so anything else is not what it wrote. */
static enum verdict_code metas_read(struct meta *newer, int fd, uint64_t file_bytes)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    struct meta m[2];

    if (file_bytes < 2 * page || !meta_read(&m[0], fd, 0) || !meta_read(&m[1], fd, (off_t)page))
        return VERDICT_TRUNCATED;
    for (size_t i = 0; i < 2; i++)
        if (m[i].magic != META_MAGIC || m[i].version != 1 || m[i].page_bytes != page ||
            m[i].map_bytes > UINT64_C(1) << 46 || m[i].last_page >= m[i].map_bytes / page)
            return VERDICT_CORRUPT;
    bool fresh = m[0].txnid == 0 && m[1].txnid == 0;
    bool in_turn = m[0].txnid % 2 == 0 && m[1].txnid % 2 == 1 &&
                   (m[0].txnid + 1 == m[1].txnid || m[1].txnid + 1 == m[0].txnid);
    if (!fresh && !in_turn)
        return VERDICT_CORRUPT;
    *newer = m[m[1].txnid > m[0].txnid];
    return VERDICT_OK;
}

static void report(int fd, const struct verdict *v)
{
    ssize_t n = write(fd, v, sizeof *v); /* Less than PIPE_BUF: whole or not at all. */

    (void)n; /* A parent that is gone needs no verdict. */
}

void walk_at(struct walk *w, const char *table)
{
    kai_copy_text(w->v->at, sizeof w->v->at, table);
    report(w->report_fd, w->v);
}

static enum verdict_code code_of(enum kai_err err)
{
    switch ((int)err) {
    case KAI_OK:
        return VERDICT_OK;
    case KAI_ENOMEM:
        return VERDICT_NOMEM;
    case KAI_ECORRUPT:
    case KAI_ENOTFOUND:
        return VERDICT_CORRUPT;
    default:
        return VERDICT_IO;
    }
}

static enum kai_err env_view(struct walk *w, const char *dir)
{
    enum kai_err err = txn_err(mdb_env_create(&w->env));

    if (err == KAI_OK)
        err = txn_err(mdb_env_set_maxdbs(w->env, T_COUNT));
    if (err == KAI_OK) /* The parent holds our own lock: there is no writer. */
        err = txn_err(mdb_env_open(w->env, dir, MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS, 0600));
    if (err == KAI_OK)
        err = txn_err(mdb_txn_begin(w->env, NULL, MDB_RDONLY, &w->mdb));
    return err;
}

static enum kai_err number_get(struct walk *w, const char *name, uint64_t *v)
{
    MDB_val k = txn_val(kai_view_of(name, strlen(name)));
    MDB_val row;
    enum kai_err err = txn_err(mdb_get(w->mdb, w->dbi[T_META], &k, &row));

    return err == KAI_OK ? number_read(v, name, txn_view(row)) : err;
}

/* The tables and what T_META says of them. A verdict other than OK ends the check. */
static enum verdict_code tables_view(struct walk *w)
{
    MDB_val k = txn_val(kai_view_of("counters", 8));
    MDB_val row;
    MDB_stat st;
    enum kai_err err = txn_err(mdb_stat(w->mdb, 1, &st));

    if (err == KAI_OK)
        err = txn_err(mdb_dbi_open(w->mdb, table_names[T_META], 0, &w->dbi[T_META]));
    if (err == KAI_OK)
        err = number_get(w, "format", &w->v->format);
    if (err == KAI_OK && w->v->format > STORE_FORMAT)
        return VERDICT_NEWER;
    if (err == KAI_OK)
        err = number_get(w, "map", &w->v->map_bytes);
    for (size_t i = 0; i < T_COUNT && err == KAI_OK; i++)
        err = txn_err(mdb_dbi_open(w->mdb, table_names[i], 0, &w->dbi[i]));
    if (err == KAI_OK)
        err = txn_err(mdb_get(w->mdb, w->dbi[T_META], &k, &row));
    if (err == KAI_OK)
        err = counters_read(&w->c, txn_view(row));
    if (err == KAI_OK && st.ms_entries != T_COUNT)
        err = KAI_ECORRUPT;
    return code_of(err);
}

static enum verdict_code examine(struct walk *w, const char *dir, int dir_fd, int fd)
{
    struct stat st;
    struct meta meta;
    struct mark mark;
    struct mark now;
    struct kai_pages pages;
    enum verdict_code code;

    if (fstat(fd, &st) != 0)
        return VERDICT_IO;
    code = metas_read(&meta, fd, (uint64_t)st.st_size);
    if (code != VERDICT_OK)
        return code;
    /* Pages at the end may be free and never written: short is a hint, not a verdict. */
    bool cut = (uint64_t)st.st_size < (meta.last_page + 1) * meta.page_bytes;
    w->v->code = cut ? VERDICT_TRUNCATED : VERDICT_CORRUPT; /* Should the child die from here on. */
    walk_at(w, "pages");

    code = code_of(env_view(w, dir));
    if (code == VERDICT_OK)
        code = tables_view(w);
    if (code != VERDICT_OK)
        return code == VERDICT_CORRUPT && cut ? VERDICT_TRUNCATED : code;

    bool same = mark_read(&mark, dir_fd) && mark_of_file(&now, dir_fd) && mark_same(&mark, &now);
    if ((same && mark.txnid != meta.txnid) || acked_read(dir_fd) > meta.txnid ||
        w->c.txnid != meta.txnid) {
        kai_copy_text(w->v->at, sizeof w->v->at, "age"); /* LMDB fell back to an older state. */
        return VERDICT_CORRUPT;
    }
    w->v->clean = same;
    w->v->continuous = same && mark_continuous(&mark, &now);
    if (!same || cut) {
        if (kai_pages_init(&pages, meta.page_bytes, meta.last_page + 1, (uint64_t)st.st_size) !=
            KAI_OK)
            return VERDICT_NOMEM;
        w->pages = &pages;
    }
    code = code_of(walk_all(w));
    return code == VERDICT_CORRUPT && cut ? VERDICT_TRUNCATED : code;
}

/* The child. Never returns. */
static _Noreturn void child(const char *dir, int dir_fd, int report_fd)
{
    struct verdict v = {.code = VERDICT_CORRUPT};
    struct walk w = {.v = &v, .report_fd = report_fd};
    int fd = openat(dir_fd, "data.mdb", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        v.code = errno == ENOENT ? VERDICT_NEW : VERDICT_IO;
    else
        v.code = examine(&w, dir, dir_fd, fd);
    report(report_fd, &v);
    _exit(0);
}

#define CHECK_MS_MIN       60000
#define CHECK_BYTES_PER_MS 20000 /* 20 MB/s: a slow disk, not a loop. */

static int patience_ms(int dir_fd)
{
    struct stat st;
    int64_t ms = CHECK_MS_MIN;

    if (fstatat(dir_fd, "data.mdb", &st, 0) == 0)
        ms += st.st_size / CHECK_BYTES_PER_MS;
    return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

/* The last report that came before the child ended. False: it took too long, and is ended. */
static bool await_child(struct verdict *v, int fd, pid_t pid, int ms)
{
    bool ended = false;
    bool said_all = false;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        struct verdict got;
        int rc = poll(&p, 1, ms);

        if (rc < 0 && errno == EINTR)
            continue;
        if (rc <= 0)
            break;
        ssize_t n = read(fd, &got, sizeof got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n != (ssize_t)sizeof got) {
            said_all = true;
            break;
        }
        *v = got;
    }
    if (!said_all)
        (void)kill(pid, SIGKILL);
    for (int status = 0; !ended;) {
        pid_t rc = waitpid(pid, &status, 0);
        ended = rc == pid || (rc < 0 && errno != EINTR);
    }
    return said_all;
}

static enum kai_err say(const struct verdict *v, struct kai_why *why)
{
    char number[2][24];

    switch ((enum verdict_code)v->code) {
    case VERDICT_NEW:
    case VERDICT_OK:
        return KAI_OK;
    case VERDICT_TRUNCATED:
        return kai_why_set(why, KAI_ECORRUPT, "store.truncated", NULL, NULL, NULL);
    case VERDICT_NEWER:
        snprintf(number[0], sizeof number[0], "%" PRIu64, v->format);
        snprintf(number[1], sizeof number[1], "%u", STORE_FORMAT);
        return kai_why_set(why, KAI_EVERSION, "store.newer", number[0], number[1], NULL);
    case VERDICT_NOMEM:
        return kai_why_set(why, KAI_ENOMEM, "store.io", kai_err_text(KAI_ENOMEM), NULL, NULL);
    case VERDICT_IO:
        return kai_why_set(why, KAI_EIO, "store.io", kai_err_text(KAI_EIO), NULL, NULL);
    case VERDICT_NONE:
    case VERDICT_CORRUPT:
        break;
    }
    return kai_why_set(why, KAI_ECORRUPT, "store.corrupt", v->at, NULL, NULL);
}

enum kai_err check_run(struct verdict *v, const char *dir, int dir_fd, struct kai_why *why)
{
    int fds[2];
    pid_t pid, self = getpid();

    *v = (struct verdict){.code = VERDICT_NONE};
    kai_why_at(why, 0, "%s/data.mdb", dir);
    if (pipe(fds) != 0)
        return kai_why_set(why, KAI_EIO, "store.io", strerror(errno), NULL, NULL);
    pid = fork();
    if (pid < 0) {
        int e = errno;
        (void)close(fds[0]);
        (void)close(fds[1]);
        return kai_why_set(why, e == ENOMEM ? KAI_ENOMEM : KAI_EIO, "store.io", strerror(e), NULL,
                           NULL);
    }
    if (pid == 0) {
        kai_child_begin(self);
        (void)close(fds[0]);
        child(dir, dir_fd, fds[1]);
    }
    (void)close(fds[1]);
    if (!await_child(v, fds[0], pid, patience_ms(dir_fd)))
        v->code = VERDICT_CORRUPT;
    (void)close(fds[0]);
    return say(v, why);
}

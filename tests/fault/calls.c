/* calls: see calls.h. */
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- Faults. */
struct faults {
    atomic_uint kinds;
    atomic_long left;
    atomic_long fired;
    bool lasting;
    int error;
    char first[16];
};
static struct faults *faults;

void call_faults_arm(unsigned int kinds, long n, int error, bool lasting)
{
    if (faults == NULL) {
        void *p =
            mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            abort();
        faults = p;
    }
    faults->lasting = lasting;
    faults->error = error;
    faults->first[0] = '\0';
    faults->fired = 0;
    faults->left = n;
    faults->kinds = kinds;
}

long call_faults_disarm(void)
{
    if (faults == NULL)
        return 0;
    faults->kinds = 0;
    return faults->fired;
}

const char *call_faults_first(void)
{
    return faults != NULL ? faults->first : "";
}

bool call_fails(enum call_kind kind, const char *name)
{
    if (faults == NULL || (faults->kinds & kind) == 0)
        return false;
    long left = atomic_fetch_sub(&faults->left, 1);
    if (left > 0 || (left < 0 && !faults->lasting))
        return false;
    if (atomic_fetch_add(&faults->fired, 1) == 0)
        (void)snprintf(faults->first, sizeof faults->first, "%s", name);
    errno = faults->error;
    return true;
}

static bool plain(int fd)
{
    struct stat st;
    int e = errno;
    bool is = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

    errno = e;
    return is;
}

static bool write_fails(int fd, const char *name)
{
    return faults != NULL && (faults->kinds & CALL_WRITE) != 0 && plain(fd) &&
           call_fails(CALL_WRITE, name);
}

/* ---- The trace. */
#define FDS 256
struct seen_fd {
    bool is_dir;
    bool is_file;
    bool dsync;
    unsigned int file;
};
#define FILES_MAX 64u
static struct {
    struct trace *t;
    char dir[PATH_MAX];
    pid_t pid;
    struct seen_fd fd[FDS];
    char name[FILES_MAX][24]; /* What a file is called now; "" = nothing. */
} tracing;

static bool traced(void)
{
    return tracing.t != NULL && tracing.pid == getpid();
}

static struct trace_op *note(enum trace_kind kind, unsigned int file)
{
    struct trace *t = tracing.t;

    if (t->n == t->cap) {
        t->cap = t->cap == 0 ? 1024 : 2 * t->cap;
        t->op = realloc(t->op, t->cap * sizeof *t->op);
        if (t->op == NULL)
            abort();
    }
    struct trace_op *op = &t->op[t->n++];
    *op = (struct trace_op){.kind = kind, .file = file};
    return op;
}

static unsigned int file_named(const char *name)
{
    unsigned int i = 0;

    while (i < tracing.t->files && strcmp(tracing.name[i], name) != 0)
        i++;
    return i;
}

/* The name within the traced folder of what `at` and path lead to; NULL = elsewhere. */
static const char *within(int at, const char *path, char full[static PATH_MAX])
{
    size_t n = strlen(tracing.dir);

    if (path[0] == '/') {
        (void)snprintf(full, PATH_MAX, "%s", path);
    } else if (at >= 0 && at < FDS && tracing.fd[at].is_dir) {
        return path;
    } else {
        return NULL;
    }
    if (strncmp(full, tracing.dir, n) != 0 || full[n] != '/')
        return NULL;
    return full + n + 1;
}

static void opened(int fd, int at, const char *path, int flags)
{
    char full[PATH_MAX];

    if (!traced() || fd < 0)
        return;
    if (fd >= FDS)
        abort();
    tracing.fd[fd] = (struct seen_fd){.is_dir = strcmp(path, tracing.dir) == 0};
    const char *name = within(at, path, full);
    if (name == NULL || (flags & O_ACCMODE) == O_RDONLY)
        return;
    unsigned int file = file_named(name);
    if (file == tracing.t->files) {
        struct trace_op *op;

        if (file == FILES_MAX || strlen(name) >= sizeof op->name)
            abort();
        tracing.t->files++;
        memcpy(tracing.name[file], name, strlen(name) + 1);
        op = note(TRACE_NAME, file);
        memcpy(op->name, name, strlen(name) + 1);
    } else if ((flags & O_TRUNC) != 0) {
        (void)note(TRACE_CUT, file);
    }
    tracing.fd[fd].is_file = true;
    tracing.fd[fd].dsync = (flags & O_DSYNC) != 0;
    tracing.fd[fd].file = file;
}

static struct seen_fd *file_of(int fd)
{
    return traced() && fd >= 0 && fd < FDS && tracing.fd[fd].is_file ? &tracing.fd[fd] : NULL;
}

static void wrote(int fd, const void *p, ssize_t n, off_t at)
{
    struct seen_fd *f = file_of(fd);

    if (f == NULL || n <= 0)
        return;
    struct trace_op *op = note(TRACE_WRITE, f->file);
    op->dsync = f->dsync;
    op->at = (uint64_t)at;
    op->n = (size_t)n;
    op->bytes = malloc(op->n);
    if (op->bytes == NULL)
        abort();
    memcpy(op->bytes, p, op->n);
}

void trace_begin(struct trace *t, const char *dir)
{
    *t = (struct trace){0};
    memset(&tracing, 0, sizeof tracing);
    (void)snprintf(tracing.dir, sizeof tracing.dir, "%s", dir);
    tracing.pid = getpid();
    tracing.t = t;
}

void trace_ack(uint64_t number)
{
    note(TRACE_ACK, 0)->at = number;
}

void trace_end(void)
{
    tracing.t = NULL;
}

void trace_free(struct trace *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->op[i].bytes);
    free(t->op);
    *t = (struct trace){0};
}

/* ---- The calls themselves, in the place of libc's. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static int open_at(int at, const char *path, int flags, mode_t mode)
{
    if (call_fails(CALL_OPEN, "open"))
        return -1;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    opened(fd, at, path, flags);
    return fd;
}

static bool has_mode(int flags)
{
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        mode_t mode = 0;                                                                           \
        va_list ap;                                                                                \
        va_start(ap, flags);                                                                       \
        if (has_mode(flags))                                                                       \
            mode = va_arg(ap, mode_t);                                                             \
        va_end(ap);                                                                                \
        return open_at(AT_FDCWD, path, flags, mode);                                               \
    }
#define OPENAT(name)                                                                               \
    int name(int at, const char *path, int flags, ...)                                             \
    {                                                                                              \
        mode_t mode = 0;                                                                           \
        va_list ap;                                                                                \
        va_start(ap, flags);                                                                       \
        if (has_mode(flags))                                                                       \
            mode = va_arg(ap, mode_t);                                                             \
        va_end(ap);                                                                                \
        return open_at(at, path, flags, mode);                                                     \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int close(int fd)
{
    if (traced() && fd >= 0 && fd < FDS)
        tracing.fd[fd] = (struct seen_fd){0};
    return (int)syscall(SYS_close, fd);
}

static off_t where(int fd)
{
    return file_of(fd) != NULL ? (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR) : 0;
}

ssize_t write(int fd, const void *p, size_t n)
{
    if (write_fails(fd, "write"))
        return -1;
    off_t at = where(fd);
    ssize_t done = syscall(SYS_write, fd, p, n);
    wrote(fd, p, done, at);
    return done;
}

static ssize_t write_at(int fd, const void *p, size_t n, off_t at)
{
    if (write_fails(fd, "pwrite"))
        return -1;
    ssize_t done = syscall(SYS_pwrite64, fd, p, n, at);
    wrote(fd, p, done, at);
    return done;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return write_at(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
    return write_at(fd, p, n, at);
}

/* Pages next to each other in the file: one call, and one op for each of them, so that it can be
 * cut short between any two. */
static void wrote_parts(int fd, const struct iovec *v, int parts, ssize_t done, off_t at)
{
    for (int i = 0; i < parts && done > 0; i++) {
        ssize_t n = done < (ssize_t)v[i].iov_len ? done : (ssize_t)v[i].iov_len;

        wrote(fd, v[i].iov_base, n, at);
        done -= n;
        at += n;
    }
}

ssize_t writev(int fd, const struct iovec *v, int parts)
{
    if (write_fails(fd, "writev"))
        return -1;
    off_t at = where(fd);
    ssize_t done = syscall(SYS_writev, fd, v, parts);
    wrote_parts(fd, v, parts, done, at);
    return done;
}

static ssize_t writev_at(int fd, const struct iovec *v, int parts, off_t at)
{
    if (write_fails(fd, "pwritev"))
        return -1;
    ssize_t done = syscall(SYS_pwritev, fd, v, parts, at, 0);
    wrote_parts(fd, v, parts, done, at);
    return done;
}

ssize_t pwritev(int fd, const struct iovec *v, int parts, off_t at)
{
    return writev_at(fd, v, parts, at);
}

ssize_t pwritev64(int fd, const struct iovec *v, int parts, off_t at)
{
    return writev_at(fd, v, parts, at);
}

static int cut(int fd, off_t n)
{
    if (write_fails(fd, "ftruncate"))
        return -1;
    int rc = (int)syscall(SYS_ftruncate, fd, n);
    struct seen_fd *f = file_of(fd);
    if (rc == 0 && f != NULL)
        note(TRACE_CUT, f->file)->at = (uint64_t)n;
    return rc;
}

int ftruncate(int fd, off_t n)
{
    return cut(fd, n);
}

int ftruncate64(int fd, off_t n)
{
    return cut(fd, n);
}

static int sync_fd(int fd, long call, const char *name)
{
    if (call_fails(CALL_SYNC, name))
        return -1;
    int rc = (int)syscall(call, fd);
    struct seen_fd *f = file_of(fd);
    if (rc == 0 && f != NULL)
        (void)note(TRACE_SYNC, f->file);
    else if (rc == 0 && traced() && fd < FDS && tracing.fd[fd].is_dir)
        (void)note(TRACE_SYNC_DIR, 0);
    return rc;
}

int fsync(int fd)
{
    return sync_fd(fd, SYS_fsync, "fsync");
}

int fdatasync(int fd)
{
    return sync_fd(fd, SYS_fdatasync, "fdatasync");
}

int mkdir(const char *path, mode_t mode)
{
    return call_fails(CALL_NAME, "mkdir") ? -1 : (int)syscall(SYS_mkdir, path, mode);
}

/* What was called from is called to now; NULL: it is gone. */
static void named(int from_at, const char *from, int to_at, const char *to)
{
    char full[2][PATH_MAX];
    const char *old = within(from_at, from, full[0]);
    const char *new = to != NULL ? within(to_at, to, full[1]) : NULL;

    if (old == NULL || (to != NULL && new == NULL))
        return;
    unsigned int file = file_named(old);
    struct trace_op *op = note(to == NULL ? TRACE_GONE : TRACE_RENAME, file);
    const char *name = to == NULL ? old : new;
    if (strlen(name) >= sizeof op->name || file == tracing.t->files)
        abort();
    memcpy(op->name, name, strlen(name) + 1);
    if (new != NULL && file_named(new) < tracing.t->files)
        tracing.name[file_named(new)][0] = '\0';
    tracing.name[file][0] = '\0';
    if (new != NULL)
        memcpy(tracing.name[file], new, strlen(new) + 1);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
    if (call_fails(CALL_NAME, "rename"))
        return -1;
    int rc = (int)syscall(SYS_renameat, from_at, from, to_at, to);
    if (rc == 0 && traced())
        named(from_at, from, to_at, to);
    return rc;
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int link(const char *from, const char *to)
{
    return call_fails(CALL_NAME, "link") ? -1 : (int)syscall(SYS_link, from, to);
}

static int unlink_at(int at, const char *path, int flags)
{
    if (call_fails(CALL_NAME, "unlink"))
        return -1;
    int rc = (int)syscall(SYS_unlinkat, at, path, flags);
    if (rc == 0 && traced())
        named(at, path, AT_FDCWD, NULL);
    return rc;
}

int unlink(const char *path)
{
    return unlink_at(AT_FDCWD, path, 0);
}

int unlinkat(int at, const char *path, int flags)
{
    return unlink_at(at, path, flags);
}

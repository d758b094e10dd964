/* replace: files that take the place of others whole or not at all. */
#include "node/cli/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "node/home.h"

#define NAME_CAP 256u
#define MODE     0640u

struct file {
    int fd; /* -1: closed. */
    char name[NAME_CAP];
    char tmp[NAME_CAP + 32]; /* "": it has no name yet. */
};

struct kai_replace {
    int dir;
    char folder[PATH_MAX];
    char base[NAME_CAP]; /* Of the one file. */
    struct file open[KAI_EXPORT_FILES_MAX];
    struct file *closed;
    size_t n_closed;
    size_t cap;
    struct kai_why why;
};

static enum kai_err failed(struct kai_replace *r, const char *name)
{
    int e = errno;
    char path[PATH_MAX + NAME_CAP + 2];

    (void)snprintf(path, sizeof path, "%s/%s", r->folder, name);
    return kai_why_set(&r->why,
                       e == ENOSPC || e == EDQUOT  ? KAI_EFULL
                       : e == EACCES || e == EPERM ? KAI_EPERM
                                                   : KAI_EIO,
                       "file.write", path, strerror(e), NULL);
}

/* Folder and name of the one file. False: errno. */
static bool split(struct kai_replace *r, const char *path)
{
    char real[PATH_MAX];
    struct stat st;

    if (realpath(path, real) == NULL) { /* Not there yet. */
        if (errno != ENOENT || strlen(path) >= sizeof real) {
            errno = errno == ENOENT ? ENAMETOOLONG : errno;
            return false;
        }
        memcpy(real, path, strlen(path) + 1);
    } else if (stat(real, &st) != 0 || !S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL; /* A device cannot be replaced. */
        return false;
    }
    char *slash = strrchr(real, '/');
    const char *base = slash == NULL ? real : slash + 1;
    if (base[0] == '\0' || strlen(base) >= NAME_CAP - 32) {
        errno = base[0] == '\0' ? EISDIR : ENAMETOOLONG;
        return false;
    }
    memcpy(r->base, base, strlen(base) + 1);
    if (slash == NULL)
        memcpy(r->folder, ".", 2);
    else
        memcpy(r->folder, slash == real ? "/" : real,
               slash == real ? 2 : (size_t)(slash - real) + 1);
    if (slash != NULL && slash != real)
        r->folder[slash - real] = '\0';
    return true;
}

enum kai_err kai_replace_new(struct kai_replace **out, const char *path, bool folder,
                             struct kai_why *why)
{
    struct kai_replace *r = calloc(1, sizeof *r);
    bool ok;

    *out = NULL;
    if (r == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < KAI_EXPORT_FILES_MAX; i++)
        r->open[i].fd = -1;
    r->dir = -1;
    if (folder) {
        ok = strlen(path) < sizeof r->folder && (mkdir(path, 0750) == 0 || errno == EEXIST);
        if (ok)
            memcpy(r->folder, path, strlen(path) + 1);
    } else {
        ok = split(r, path);
    }
    if (ok)
        r->dir = open(r->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->dir == -1) {
        enum kai_err err = failed(r, r->base);

        *why = r->why;
        kai_ignore(kai_why_set(why, err, "file.write", path, why->arg[1], NULL));
        kai_replace_free(r);
        return err;
    }
    *out = r;
    return KAI_OK;
}

static const char *name_of(const struct kai_replace *r, const char *name)
{
    return name[0] != '\0' ? name : r->base;
}

/* A name that no other export of this moment has. */
static void make_tmp(struct file *f)
{
    char name[NAME_CAP];

    kai_copy_text(name, sizeof name, f->name);
    (void)snprintf(f->tmp, sizeof f->tmp, ".%s.%08x.new", name, randombytes_random());
}

static enum kai_err open_file(void *ctx, unsigned file, const char *name)
{
    struct kai_replace *r = ctx;
    struct file *f = &r->open[file];

    kai_copy_text(f->name, sizeof f->name, name_of(r, name));
    f->tmp[0] = '\0';
    /* Without a name it is gone whenever this process is. */
    f->fd = openat(r->dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, MODE);
    if (f->fd == -1 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        make_tmp(f);
        f->fd = openat(r->dir, f->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
    }
    return f->fd != -1 ? KAI_OK : failed(r, f->name);
}

static enum kai_err write_file(void *ctx, unsigned file, const void *p, size_t n)
{
    struct kai_replace *r = ctx;
    struct file *f = &r->open[file];

    return kai_write_all(f->fd, p, n) ? KAI_OK : failed(r, f->name);
}

/* What the old one has that the new one keeps. */
static bool keep_owner(const struct kai_replace *r, const struct file *f)
{
    struct stat old, now;

    if (fstatat(r->dir, f->name, &old, 0) != 0)
        return errno == ENOENT;
    if (fstat(f->fd, &now) != 0)
        return false;
    if ((old.st_uid != now.st_uid || old.st_gid != now.st_gid) &&
        fchown(f->fd, old.st_uid, old.st_gid) != 0)
        return false;
    return fchmod(f->fd, old.st_mode & 07777) == 0;
}

static bool give_tmp(struct kai_replace *r, struct file *f)
{
    char self[64];

    if (f->tmp[0] != '\0')
        return true;
    make_tmp(f);
    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", f->fd);
    if (linkat(AT_FDCWD, self, r->dir, f->tmp, AT_SYMLINK_FOLLOW) == 0)
        return true;
    f->tmp[0] = '\0';
    return false;
}

static enum kai_err close_file(void *ctx, unsigned file)
{
    struct kai_replace *r = ctx;
    struct file *f = &r->open[file];

    if (r->n_closed == r->cap) {
        size_t cap = r->cap == 0 ? 16 : 2 * r->cap;
        struct file *more = realloc(r->closed, cap * sizeof *more);

        if (more == NULL)
            return KAI_ENOMEM;
        r->closed = more;
        r->cap = cap;
    }
    if (!keep_owner(r, f) || fsync(f->fd) != 0 || !give_tmp(r, f))
        return failed(r, f->name);
    int fd = f->fd;
    f->fd = -1;
    r->closed[r->n_closed++] = *f;
    return close(fd) == 0 ? KAI_OK : failed(r, f->name);
}

struct kai_export_sink kai_replace_sink(struct kai_replace *r)
{
    return (struct kai_export_sink){
        .ctx = r, .open = open_file, .write = write_file, .close = close_file};
}

enum kai_err kai_replace_commit(struct kai_replace *r)
{
    for (size_t i = 0; i < r->n_closed; i++) {
        struct file *f = &r->closed[i];

        if (renameat(r->dir, f->tmp, r->dir, f->name) != 0)
            return failed(r, f->name);
        f->tmp[0] = '\0';
    }
    return fsync(r->dir) == 0 ? KAI_OK : failed(r, r->base);
}

const struct kai_why *kai_replace_why(const struct kai_replace *r)
{
    return &r->why;
}

size_t kai_replace_read_old(const struct kai_replace *r, const char *name, void *buf, size_t cap)
{
    int fd = openat(r->dir, name_of(r, name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    uint8_t *p = buf;
    size_t n = 0;
    ssize_t got = 0;

    while (fd != -1 && n < cap && (got = read(fd, p + n, cap - n)) > 0)
        n += (size_t)got;
    if (fd != -1)
        (void)close(fd);
    return got < 0 ? 0 : n;
}

void kai_replace_remove_old(struct kai_replace *r, const char *name)
{
    for (size_t i = 0; i < r->n_closed; i++)
        if (strcmp(r->closed[i].name, name) == 0)
            return;
    (void)unlinkat(r->dir, name, 0); /* One that stays is an old event, and in no manifest. */
}

void kai_replace_free(struct kai_replace *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < KAI_EXPORT_FILES_MAX; i++) {
        struct file *f = &r->open[i];

        if (f->fd == -1)
            continue;
        (void)close(f->fd);
        if (f->tmp[0] != '\0')
            (void)unlinkat(r->dir, f->tmp, 0);
    }
    for (size_t i = 0; i < r->n_closed; i++)
        if (r->closed[i].tmp[0] != '\0')
            (void)unlinkat(r->dir, r->closed[i].tmp, 0);
    if (r->dir != -1)
        (void)close(r->dir);
    free(r->closed);
    free(r);
}

/* keyport: the real disk. */
#define _POSIX_C_SOURCE 200809L

#include "keys/keyport.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/keyfile.h"

#define MODE_BITS 07777u

static int create_file(void *ctx, const char *path)
{
    (void)ctx;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

static int open_file(void *ctx, const char *path)
{
    (void)ctx;
    /* O_NONBLOCK: a pipe in the place of a key file must not hang us. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

static long write_file(void *ctx, int fd, const void *p, size_t n)
{
    (void)ctx;
    ssize_t done = write(fd, p, n);
    return done < 0 ? -errno : (long)done;
}

static long read_file(void *ctx, int fd, void *p, size_t n)
{
    (void)ctx;
    ssize_t done = read(fd, p, n);
    return done < 0 ? -errno : (long)done;
}

static int stat_file(void *ctx, int fd, struct kai_keyport_stat *st)
{
    struct stat s;

    (void)ctx;
    if (fstat(fd, &s) != 0)
        return -errno;
    st->regular = S_ISREG(s.st_mode);
    st->ours = s.st_uid == geteuid();
    st->mode = (uint32_t)s.st_mode & MODE_BITS;
    st->size = s.st_size < 0 ? 0 : (uint64_t)s.st_size;
    return 0;
}

static int sync_file(void *ctx, int fd)
{
    (void)ctx;
    return fsync(fd) != 0 ? -errno : 0;
}

static int close_file(void *ctx, int fd)
{
    (void)ctx;
    return close(fd) != 0 ? -errno : 0;
}

static int link_file(void *ctx, const char *from, const char *to)
{
    (void)ctx;
    return link(from, to) != 0 ? -errno : 0;
}

static int unlink_file(void *ctx, const char *path)
{
    (void)ctx;
    return unlink(path) != 0 ? -errno : 0;
}

static int sync_folder(void *ctx, const char *folder)
{
    (void)ctx;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = fsync(fd) != 0 ? -errno : 0;
    (void)close(fd); /* Nothing was written through it. */
    return rc;
}

const struct kai_keyport kai_keyport_posix = {
    .create = create_file,
    .open = open_file,
    .write = write_file,
    .read = read_file,
    .stat = stat_file,
    .sync = sync_file,
    .close = close_file,
    .link = link_file,
    .unlink = unlink_file,
    .sync_folder = sync_folder,
};

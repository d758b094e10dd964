/* lock: one process per store, one store per process, and no network file system. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/store_priv.h"

/* A second open in one process would succeed, and break LMDB's own locks when either closes. */
static atomic_flag opened = ATOMIC_FLAG_INIT;

static enum kai_err locked_by(int fd, struct kai_why *why)
{
    char text[32] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    size_t len = n > 0 ? (size_t)n : 0;

    text[len] = '\0';
    text[strspn(text, "0123456789")] = '\0';
    return kai_why_set(why, KAI_EBUSY, "store.locked", text, NULL, NULL);
}

enum kai_err lock_take(struct kai_store *s, struct kai_why *why)
{
    char text[32];
    int n;

    kai_why_at(why, 0, "%s/store.lock", s->dir);
    if (atomic_flag_test_and_set(&opened)) {
        snprintf(text, sizeof text, "%jd", (intmax_t)getpid());
        return kai_why_set(why, KAI_EBUSY, "store.locked", text, NULL, NULL);
    }
    s->guard = true;
    s->lock_fd = openat(s->dir_fd, "store.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0) {
        enum kai_err err = errno == EACCES || errno == EPERM ? KAI_EPERM : KAI_EIO;
        return kai_why_set(why, err, "store.io", strerror(errno), NULL, NULL);
    }
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return locked_by(s->lock_fd, why);
        return kai_why_set(why, KAI_EIO, "store.io", strerror(errno), NULL, NULL);
    }
    /* Only for the message above: the lock itself is the kernel's. */
    n = snprintf(text, sizeof text, "%jd\n", (intmax_t)getpid());
    if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, text, (size_t)n, 0) != n)
        return kai_why_set(why, errno == ENOSPC ? KAI_EFULL : KAI_EIO, "store.io", strerror(errno),
                           NULL, NULL);
    return KAI_OK;
}

void lock_release(struct kai_store *s)
{
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    s->lock_fd = -1;
}

void lock_drop(struct kai_store *s)
{
    lock_release(s);
    if (s->guard)
        atomic_flag_clear(&opened);
    s->guard = false;
}

enum kai_err lock_refuse_network(const char *dir, struct kai_why *why)
{
    /* Locks and maps are not shared between the machines that mount these. */
    static const struct {
        uint32_t magic;
        const char *name;
    } refused[] = {
        {0x6969, "NFS"},        {0x517b, "SMB"},       {0xff534d42, "CIFS"}, {0xfe534d42, "SMB2"},
        {0x65735546, "FUSE"},   {0x01021997, "9P"},    {0x00c36400, "CEPH"}, {0x5346414f, "AFS"},
        {0x0bd00bd0, "Lustre"}, {0x7461636f, "OCFS2"}, {0x47504653, "GPFS"}, {0x19830326, "FhGFS"},
    };
    struct statfs fs;

    kai_why_at(why, 0, "%s", dir);
    if (statfs(dir, &fs) != 0)
        return kai_why_set(why, KAI_EIO, "store.io", strerror(errno), NULL, NULL);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if ((uint32_t)fs.f_type == refused[i].magic)
            return kai_why_set(why, KAI_EIO, "io.network-fs", refused[i].name, NULL, NULL);
    return KAI_OK;
}

/* mark: the mark of a clean stop, a file beside the store that is gone while it is open; and the
 * number of the last transaction that was acknowledged. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_priv.h"

#define MARK_NUMBERS 7u
#define MARK_BYTES   (8u + MARK_NUMBERS * 8u + MARK_BOOT_BYTES)

static void mark_bytes(uint8_t out[static MARK_BYTES], const struct mark *m)
{
    const uint64_t v[MARK_NUMBERS] = {m->bytes, m->mtime_s, m->mtime_ns, m->txnid,
                                      m->ino,   m->ctime_s, m->ctime_ns};

    for (size_t i = 0; i < MARK_NUMBERS; i++)
        kai_put_u64(out + 8 + 8 * i, v[i]);
    memcpy(out + 8 + 8 * MARK_NUMBERS, m->boot, MARK_BOOT_BYTES);
    kai_put_u64(out,
                row_sum(T_META, kai_view_of("clean", 5), kai_view_of(out + 8, MARK_BYTES - 8)));
}

bool mark_read(struct mark *m, int dir_fd)
{
    uint8_t b[MARK_BYTES + 1];
    uint8_t want[MARK_BYTES];
    uint64_t *const v[MARK_NUMBERS] = {&m->bytes, &m->mtime_s, &m->mtime_ns, &m->txnid,
                                       &m->ino,   &m->ctime_s, &m->ctime_ns};
    int fd = openat(dir_fd, "clean", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return false;
    ssize_t n = read(fd, b, sizeof b);
    (void)close(fd);
    if (n != (ssize_t)MARK_BYTES)
        return false;
    for (size_t i = 0; i < MARK_NUMBERS; i++)
        *v[i] = kai_get_u64(b + 8 + 8 * i);
    memcpy(m->boot, b + 8 + 8 * MARK_NUMBERS, MARK_BOOT_BYTES);
    mark_bytes(want, m);
    return memcmp(want, b, sizeof want) == 0;
}

static void boot_read(char boot[static MARK_BOOT_BYTES])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, boot, MARK_BOOT_BYTES);

    if (fd >= 0)
        (void)close(fd);
    if (n < 32) /* Not known: then nothing is continuous. */
        n = 0;
    memset(boot + n, 0, MARK_BOOT_BYTES - (size_t)n);
}

bool mark_of_file(struct mark *m, int dir_fd)
{
    struct stat st;

    if (fstatat(dir_fd, "data.mdb", &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    m->bytes = (uint64_t)st.st_size;
    m->mtime_s = (uint64_t)st.st_mtim.tv_sec;
    m->mtime_ns = (uint64_t)st.st_mtim.tv_nsec;
    m->ino = (uint64_t)st.st_ino;
    m->ctime_s = (uint64_t)st.st_ctim.tv_sec;
    m->ctime_ns = (uint64_t)st.st_ctim.tv_nsec;
    boot_read(m->boot);
    return true;
}

bool mark_same(const struct mark *a, const struct mark *b)
{
    return a->bytes == b->bytes && a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns;
}

bool mark_continuous(const struct mark *a, const struct mark *b)
{
    return mark_same(a, b) && a->ino == b->ino && a->ctime_s == b->ctime_s &&
           a->ctime_ns == b->ctime_ns && a->boot[0] != '\0' &&
           memcmp(a->boot, b->boot, MARK_BOOT_BYTES) == 0;
}

static enum kai_err io_err(void)
{
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
        return KAI_EFULL;
    case EACCES:
    case EPERM:
        return KAI_EPERM;
    default:
        return KAI_EIO;
    }
}

enum kai_err mark_write(const struct mark *m, int dir_fd)
{
    uint8_t b[MARK_BYTES];
    enum kai_err err = KAI_OK;
    int fd = openat(dir_fd, "clean", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return io_err();
    mark_bytes(b, m);
    errno = ENOSPC; /* What a short write means. */
    if (write(fd, b, sizeof b) != (ssize_t)sizeof b || fsync(fd) != 0)
        err = io_err();
    if (close(fd) != 0 && err == KAI_OK)
        err = io_err();
    if (err == KAI_OK && fsync(dir_fd) != 0)
        err = io_err();
    return err;
}

enum kai_err mark_remove(int dir_fd)
{
    if (unlinkat(dir_fd, "clean", 0) != 0) {
        if (errno == ENOENT)
            return KAI_OK;
        return io_err();
    }
    return fsync(dir_fd) == 0 ? KAI_OK : io_err();
}

#define ACKED_BYTES 16u

static void acked_bytes(uint8_t out[static ACKED_BYTES], uint64_t txnid)
{
    kai_put_u64(out, txnid);
    kai_put_u64(out + 8, row_sum(T_META, kai_view_of("acked", 5), kai_view_of(out, 8)));
}

uint64_t acked_read(int dir_fd)
{
    uint8_t b[ACKED_BYTES];
    uint8_t want[ACKED_BYTES];
    int fd = openat(dir_fd, "acked", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return 0;
    ssize_t n = read(fd, b, sizeof b);
    (void)close(fd);
    if (n != (ssize_t)sizeof b)
        return 0;
    acked_bytes(want, kai_get_u64(b));
    return memcmp(want, b, sizeof want) == 0 ? kai_get_u64(b) : 0;
}

int acked_open(int dir_fd)
{
    return openat(dir_fd, "acked", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

void acked_write(int fd, uint64_t txnid)
{
    uint8_t b[ACKED_BYTES];

    acked_bytes(b, txnid);
    ssize_t n = pwrite(fd, b, sizeof b, 0); /* Not synced: it may lag behind, never run ahead. */
    (void)n;
}

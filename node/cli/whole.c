/* whole: a file in memory. */
#include "node/cli/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#define READ_BYTES_MAX (64u << 20) /* Of what has no end that can be told before. */
#define STEP           65536u

static enum kai_err failed(const char *path, int error, struct kai_why *why)
{
    return kai_why_set(why, KAI_EIO, "file.read", path, strerror(error), NULL);
}

static enum kai_err read_all(struct kai_whole *w, int fd, const char *path, struct kai_why *why)
{
    for (;;) {
        uint8_t *at = kai_buf_room(&w->read, STEP);

        if (at == NULL)
            return w->read.err == KAI_ELIMIT
                       ? kai_why_set(why, KAI_ELIMIT, "file.size", path, "64 MiB", NULL)
                       : w->read.err;
        ssize_t n = read(fd, at, STEP);
        w->read.len -= STEP - (n > 0 ? (size_t)n : 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(path, errno, why);
        if (n == 0)
            return KAI_OK;
    }
}

enum kai_err kai_whole_open(struct kai_whole *w, const char *path, struct kai_view *text,
                            struct kai_why *why)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    enum kai_err err = KAI_OK;

    *w = (struct kai_whole){0};
    kai_buf_init(&w->read, READ_BYTES_MAX);
    if (fd == -1 || fstat(fd, &st) != 0) {
        err = failed(path, errno, why);
    } else if (S_ISREG(st.st_mode) && st.st_size > 0) {
        w->map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (w->map == MAP_FAILED) {
            w->map = NULL;
            err = failed(path, errno, why);
        } else {
            w->map_n = (size_t)st.st_size;
        }
    } else {
        err = read_all(w, fd, path, why);
    }
    if (!standard && fd != -1)
        (void)close(fd);
    *text = w->map != NULL ? kai_view_of(w->map, w->map_n) : kai_buf_view(&w->read);
    if (err != KAI_OK)
        kai_whole_close(w);
    return err;
}

void kai_whole_close(struct kai_whole *w)
{
    if (w->map != NULL)
        (void)munmap(w->map, w->map_n);
    if (w->read.len > 0)
        sodium_memzero(w->read.p, w->read.len);
    kai_buf_free(&w->read);
    w->map = NULL;
}

/* home: the folder of one node. */
#include "node/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the longest name inside a home takes: keys/persons/NAME.key and a temporary suffix. */
#define INSIDE_BYTES_MAX 400

static enum kai_err absolute(struct kai_home *h, const char *dir, struct kai_why *why)
{
    char full[KAI_PATH_BYTES_MAX];
    int n;

    if (dir[0] == '/') {
        n = snprintf(full, sizeof full, "%s", dir);
    } else {
        char cwd[KAI_PATH_BYTES_MAX];

        if (getcwd(cwd, sizeof cwd) == NULL)
            return kai_why_set(why, KAI_EIO, "io.error", dir, strerror(errno), NULL);
        n = snprintf(full, sizeof full, "%s/%s", cwd, dir);
    }
    while (n > 1 && (size_t)n < sizeof full && full[n - 1] == '/')
        full[--n] = '\0';
    if (n < 0 || (size_t)n >= sizeof h->dir || (size_t)n + INSIDE_BYTES_MAX >= KAI_PATH_BYTES_MAX)
        return kai_why_set(why, KAI_ELIMIT, "home.path-long", dir, NULL, NULL);
    memcpy(h->dir, full, (size_t)n + 1);
    return KAI_OK;
}

enum kai_err kai_home_find(struct kai_home *h, const char *dir, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    const char *base;

    if (dir == NULL || dir[0] == '\0')
        dir = getenv("KAIRAN_HOME");
    if (dir != NULL && dir[0] != '\0')
        return absolute(h, dir, why);
    if (geteuid() == 0)
        return absolute(h, "/var/lib/kairan", why);
    base = getenv("XDG_DATA_HOME");
    if (base != NULL && base[0] == '/') {
        (void)snprintf(path, sizeof path, "%s/kairan", base);
        return absolute(h, path, why);
    }
    base = getenv("HOME");
    if (base == NULL || base[0] != '/')
        return kai_why_set(why, KAI_ENOTFOUND, "home.unset", NULL, NULL, NULL);
    (void)snprintf(path, sizeof path, "%s/.local/share/kairan", base);
    return absolute(h, path, why);
}

char *kai_home_path(const struct kai_home *h, char out[static KAI_PATH_BYTES_MAX],
                    const char *format, ...)
{
    va_list ap;
    size_t n = strlen(h->dir);

    memcpy(out, h->dir, n);
    out[n++] = '/';
    va_start(ap, format);
    (void)vsnprintf(out + n, KAI_PATH_BYTES_MAX - n, format, ap);
    va_end(ap);
    return out;
}

enum kai_err kai_home_socket(const struct kai_home *h, char out[static 108], struct kai_why *why)
{
    int n = snprintf(out, 108, "%s/api.sock", h->dir);

    if (n < 0 || n >= 108)
        return kai_why_set(why, KAI_ELIMIT, "home.path-long", h->dir, NULL, NULL);
    return KAI_OK;
}

enum kai_err kai_file_read(const char *path, char *buf, size_t cap, size_t *len)
{
    enum kai_err err = KAI_EIO;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *len = 0;
    if (fd == -1)
        return errno == ENOENT ? KAI_ENOTFOUND : KAI_EIO;
    for (;;) {
        ssize_t n = read(fd, buf + *len, cap - 1 - *len);

        if (n == 0) {
            err = KAI_OK;
            break;
        }
        if (n < 0) {
            if (errno == EINTR)
                continue;
            break;
        }
        *len += (size_t)n;
        if (*len == cap - 1) { /* Full: whether that was all cannot be told, so it is too long. */
            err = KAI_ELIMIT;
            break;
        }
    }
    (void)close(fd);
    buf[*len] = '\0';
    return err;
}

bool kai_write_all(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);

        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return false;
        p += w;
        n -= (size_t)w;
    }
    return true;
}

static enum kai_err io_error(const char *path, struct kai_why *why)
{
    int e = errno;

    if (e == ENOSPC || e == EDQUOT)
        return kai_why_set(why, KAI_EFULL, "disk.full", path, NULL, NULL);
    if (e == EACCES || e == EPERM)
        return kai_why_set(why, KAI_EPERM, "io.permission", path, NULL, NULL);
    return kai_why_set(why, KAI_EIO, "io.error", path, strerror(e), NULL);
}

/* After a rename the name is durable only when its folder is. */
static bool sync_parent(const char *path)
{
    char dir[KAI_PATH_BYTES_MAX] = ".";
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path);

    if (n >= sizeof dir)
        return false;
    if (slash != NULL)
        memcpy(dir, path, n == 0 ? 1 : n);
    dir[n == 0 ? 1 : n] = '\0';
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1)
        return false;
    bool ok = fsync(fd) == 0;
    (void)close(fd);
    return ok;
}

enum kai_err kai_file_write(const char *path, const void *p, size_t n, unsigned mode,
                            struct kai_why *why)
{
    char tmp[KAI_PATH_BYTES_MAX];
    enum kai_err err = KAI_OK;
    int len = snprintf(tmp, sizeof tmp, "%s.tmp.%ld", path, (long)getpid());

    if (len < 0 || (size_t)len >= sizeof tmp)
        return kai_why_set(why, KAI_ELIMIT, "home.path-long", path, NULL, NULL);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd == -1)
        return io_error(path, why);
    bool ok = kai_write_all(fd, p, n) && fsync(fd) == 0;
    if (!ok)
        err = io_error(path, why);
    if (close(fd) != 0 && err == KAI_OK)
        err = io_error(path, why);
    if (err == KAI_OK && (rename(tmp, path) != 0 || !sync_parent(path)))
        err = io_error(path, why);
    if (err != KAI_OK)
        (void)unlink(tmp);
    return err;
}

enum kai_err kai_file_remove(const char *path, struct kai_why *why)
{
    if ((unlink(path) != 0 && errno != ENOENT) || !sync_parent(path))
        return io_error(path, why);
    return KAI_OK;
}

static enum kai_err make_dir(const char *path, mode_t mode, struct kai_why *why)
{
    if (mkdir(path, mode) == 0)
        return chmod(path, mode) == 0 ? KAI_OK : io_error(path, why); /* Whatever the umask. */
    return errno == EEXIST ? KAI_OK : io_error(path, why);
}

/* The folders above the home, as mkdir -p makes them. */
static enum kai_err make_above(const struct kai_home *h, struct kai_why *why)
{
    char path[sizeof h->dir];

    for (size_t i = 1; h->dir[i] != '\0'; i++) {
        if (h->dir[i] != '/')
            continue;
        memcpy(path, h->dir, i);
        path[i] = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return io_error(path, why);
    }
    return KAI_OK;
}

static enum kai_err check_version(const struct kai_home *h, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    char text[32];
    size_t n;
    enum kai_err err = kai_file_read(kai_home_path(h, path, "version"), text, sizeof text, &n);

    if (err == KAI_ENOTFOUND)
        return kai_why_set(why, err, "home.missing", h->dir, NULL, NULL);
    if (err != KAI_OK)
        return kai_why_set(why, KAI_EIO, "home.damaged", h->dir, NULL, NULL);
    char *end;
    unsigned long v = strtoul(text, &end, 10);
    if (end == text || (*end != '\n' && *end != '\0') || v == 0)
        return kai_why_set(why, KAI_ECORRUPT, "home.damaged", h->dir, NULL, NULL);
    if (v > KAI_HOME_VERSION) {
        text[strcspn(text, "\n")] = '\0';
        return kai_why_set(why, KAI_EVERSION, "home.newer", h->dir, text, NULL);
    }
    return KAI_OK;
}

enum kai_err kai_home_check(const struct kai_home *h, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];

    if (access(kai_home_path(h, path, "version"), F_OK) != 0 && errno == EACCES)
        return kai_why_set(why, KAI_EPERM, "io.permission", h->dir, NULL, NULL);
    return check_version(h, why);
}

enum kai_err kai_home_make(const struct kai_home *h, struct kai_why *why)
{
    static const struct {
        const char *name;
        mode_t mode;
    } dirs[] = {{"keys", 0700}, {"keys/logs", 0700}, {"keys/persons", 0700}, {"spool", 0700}};
    char path[KAI_PATH_BYTES_MAX];
    char text[16];
    char api[108];
    enum kai_err err =
        kai_home_socket(h, api, why); /* A home in which no node could run is not begun. */

    if (err == KAI_OK)
        err = make_above(h, why);
    if (err == KAI_OK)
        err = make_dir(h->dir, 0711, why);
    for (size_t i = 0; err == KAI_OK && i < sizeof dirs / sizeof dirs[0]; i++)
        err = make_dir(kai_home_path(h, path, "%s", dirs[i].name), dirs[i].mode, why);
    if (err != KAI_OK)
        return err;
    err = check_version(h, why);
    if (err != KAI_ENOTFOUND)
        return err;
    int n = snprintf(text, sizeof text, "%d\n", KAI_HOME_VERSION);
    return kai_file_write(kai_home_path(h, path, "version"), text, (size_t)n, 0644, why);
}

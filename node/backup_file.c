/* backup_file: the file of a backup. */
#include "node/backup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "crypto/stretch.h"
#include "node/home.h"

#define MAGIC       "KAIBAK\r\n"
#define MAGIC_BYTES 8u
#define VERSION     1u
#define SALT_AT     12u
#define HEADER_AT   (SALT_AT + KAI_SALT_BYTES)
#define SUM_AT      (HEADER_AT + crypto_secretstream_xchacha20poly1305_HEADERBYTES)
#define HEAD_BYTES  (SUM_AT + KAI_ID_BYTES)
#define CHUNK_BYTES 65536u
#define OVER_BYTES  crypto_secretstream_xchacha20poly1305_ABYTES
#define FIRST       "kairan backup"

static_assert(OVER_BYTES == 17, "the layout says 17");

static enum kai_err io_error(int e, const char *path, struct kai_why *why)
{
    switch (e) {
    case ENOSPC:
    case EDQUOT:
        return kai_why_set(why, KAI_EFULL, "disk.full", path, NULL, NULL);
    case EACCES:
    case EPERM:
        return kai_why_set(why, KAI_EPERM, "io.permission", path, NULL, NULL);
    case EEXIST:
        return kai_why_set(why, KAI_EEXIST, "backup.exists", path, NULL, NULL);
    default:
        return kai_why_set(why, KAI_EIO, "io.error", path, strerror(e), NULL);
    }
}

/* ---- Writing. */
struct kai_bakw {
    crypto_secretstream_xchacha20poly1305_state st; /* Guarded, as all of this. */
    uint8_t head[HEAD_BYTES];
    uint8_t text[CHUNK_BYTES];
    uint8_t sealed[CHUNK_BYTES + OVER_BYTES];
    size_t n;
    int fd;
    int failed; /* errno; 0: none. */
    char path[KAI_PATH_BYTES_MAX];
    char temp[KAI_PATH_BYTES_MAX];
};

static void write_all(struct kai_bakw *w, const uint8_t *p, size_t n)
{
    while (w->failed == 0 && n > 0) {
        ssize_t done = write(w->fd, p, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            w->failed = done < 0 ? errno : EIO;
            return;
        }
        p += done;
        n -= (size_t)done;
    }
}

static void write_chunk(struct kai_bakw *w, const void *text, size_t n, uint8_t tag)
{
    (void)crypto_secretstream_xchacha20poly1305_push(&w->st, w->sealed, NULL, text, n, w->head,
                                                     HEAD_BYTES, tag);
    write_all(w, w->sealed, n + OVER_BYTES);
}

static void add(struct kai_bakw *w, const uint8_t *p, size_t n)
{
    while (n > 0) {
        size_t part = CHUNK_BYTES - w->n < n ? CHUNK_BYTES - w->n : n;

        memcpy(w->text + w->n, p, part);
        w->n += part;
        p += part;
        n -= part;
        if (w->n == CHUNK_BYTES) {
            write_chunk(w, w->text, w->n, 0);
            w->n = 0;
        }
    }
}

void kai_bakw_put(struct kai_bakw *w, struct kai_view record)
{
    uint8_t size[4] = {(uint8_t)(record.n >> 24), (uint8_t)(record.n >> 16),
                       (uint8_t)(record.n >> 8), (uint8_t)record.n};

    if (record.n == 0 || record.n > KAI_BACKUP_RECORD_BYTES_MAX)
        w->failed = w->failed != 0 ? w->failed : EFBIG;
    if (w->failed != 0)
        return;
    add(w, size, sizeof size);
    add(w, record.p, record.n);
}

enum kai_err kai_bakw_err(const struct kai_bakw *w)
{
    return w->failed == 0 ? KAI_OK : KAI_EIO;
}

static enum kai_err begin(struct kai_bakw *w, const char *passphrase)
{
    uint8_t key[KAI_KEY_BYTES];

    memcpy(w->head, MAGIC, MAGIC_BYTES);
    w->head[MAGIC_BYTES] = VERSION;
    randombytes_buf(w->head + SALT_AT, KAI_SALT_BYTES);
    enum kai_err err = kai_stretch(key, KAI_D_BACKUP, passphrase, w->head + SALT_AT);
    if (err != KAI_OK)
        return err;
    (void)crypto_secretstream_xchacha20poly1305_init_push(&w->st, w->head + HEADER_AT, key);
    sodium_memzero(key, sizeof key);
    kai_hash(w->head + SUM_AT, KAI_D_BACKUP, w->head, SUM_AT);
    write_all(w, w->head, HEAD_BYTES);
    write_chunk(w, FIRST, sizeof FIRST - 1, 0);
    return KAI_OK;
}

enum kai_err kai_bakw_open(struct kai_bakw **out, const char *path, const char *passphrase,
                           struct kai_why *why)
{
    struct kai_bakw *w = sodium_malloc(sizeof *w);

    *out = NULL;
    if (w == NULL)
        return KAI_ENOMEM;
    memset(w, 0, sizeof *w);
    w->fd = -1;
    int n = snprintf(w->temp, sizeof w->temp, "%s.tmp.%ld", path, (long)getpid());
    enum kai_err err = KAI_OK;
    if (n < 0 || (size_t)n >= sizeof w->temp)
        err = kai_why_set(why, KAI_ELIMIT, "home.path-long", path, NULL, NULL);
    if (err == KAI_OK && access(path, F_OK) == 0)
        err = io_error(EEXIST, path, why);
    if (err == KAI_OK) {
        kai_copy_text(w->path, sizeof w->path, path);
        w->fd = open(w->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (w->fd == -1)
            err = io_error(errno == EEXIST ? EIO : errno, path, why);
    }
    if (err == KAI_OK)
        err = begin(w, passphrase);
    if (err != KAI_OK) {
        kai_bakw_free(w);
        return err;
    }
    *out = w;
    return KAI_OK;
}

/* link() and not rename(): it never takes the place of another backup. */
enum kai_err kai_bakw_finish(struct kai_bakw *w, struct kai_why *why)
{
    char folder[KAI_PATH_BYTES_MAX] = ".";
    const char *slash = strrchr(w->path, '/');

    if (w->failed == 0)
        write_chunk(w, w->text, w->n, crypto_secretstream_xchacha20poly1305_TAG_FINAL);
    if (w->failed == 0 && fsync(w->fd) != 0)
        w->failed = errno;
    if (w->failed == 0 && link(w->temp, w->path) != 0)
        w->failed = errno;
    if (w->failed != 0)
        return io_error(w->failed, w->path, why);
    if (slash != NULL) {
        size_t n = slash == w->path ? 1 : (size_t)(slash - w->path);

        memcpy(folder, w->path, n);
        folder[n] = '\0';
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool durable = fd != -1 && fsync(fd) == 0;
    int e = errno;
    if (fd != -1)
        (void)close(fd);
    return durable ? KAI_OK : io_error(e, w->path, why);
}

void kai_bakw_free(struct kai_bakw *w)
{
    if (w == NULL)
        return;
    if (w->fd != -1) {
        (void)close(w->fd);
        (void)unlink(w->temp);
    }
    sodium_free(w);
}

/* ---- Reading. */
struct kai_bakr {
    crypto_secretstream_xchacha20poly1305_state st; /* Guarded, as all of this. */
    uint8_t key[KAI_KEY_BYTES];
    uint8_t head[HEAD_BYTES];
    uint8_t text[CHUNK_BYTES];
    uint8_t sealed[CHUNK_BYTES + OVER_BYTES];
    size_t n;  /* In text. */
    size_t at; /* Used of it. */
    uint8_t record[KAI_BACKUP_RECORD_BYTES_MAX];
    int fd;
    bool final; /* The last chunk was opened. */
    uint64_t done;
    uint64_t total;
    char path[KAI_PATH_BYTES_MAX];
};

static enum kai_err corrupt(const struct kai_bakr *r, struct kai_why *why)
{
    return kai_why_set(why, KAI_EMALFORMED, "backup.corrupt", r->path, NULL, NULL);
}

/* Up to n bytes, fewer at the end of the file only. */
static enum kai_err read_some(struct kai_bakr *r, uint8_t *p, size_t n, size_t *got,
                              struct kai_why *why)
{
    *got = 0;
    while (*got < n) {
        ssize_t done = read(r->fd, p + *got, n - *got);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return kai_why_set(why, KAI_EIO, "file.read", r->path, strerror(errno), NULL);
        if (done == 0)
            break;
        *got += (size_t)done;
    }
    r->done += *got;
    return KAI_OK;
}

static enum kai_err open_chunk(struct kai_bakr *r, size_t size, struct kai_why *why)
{
    unsigned long long n = 0;
    unsigned char tag = 0;
    size_t got;
    enum kai_err err = read_some(r, r->sealed, size, &got, why);

    if (err != KAI_OK)
        return err;
    if (got < OVER_BYTES ||
        crypto_secretstream_xchacha20poly1305_pull(&r->st, r->text, &n, &tag, r->sealed, got,
                                                   r->head, HEAD_BYTES) != 0)
        return corrupt(r, why);
    r->n = (size_t)n;
    r->at = 0;
    r->final = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    return KAI_OK;
}

static enum kai_err take(struct kai_bakr *r, uint8_t *out, size_t n, struct kai_why *why)
{
    while (n > 0) {
        if (r->at == r->n) {
            enum kai_err err =
                r->final ? corrupt(r, why) : open_chunk(r, CHUNK_BYTES + OVER_BYTES, why);

            if (err != KAI_OK)
                return err;
            continue;
        }
        size_t part = r->n - r->at < n ? r->n - r->at : n;
        memcpy(out, r->text + r->at, part);
        r->at += part;
        out += part;
        n -= part;
    }
    return KAI_OK;
}

/* Nothing follows the last chunk. */
static enum kai_err at_end(struct kai_bakr *r, struct kai_why *why)
{
    uint8_t more;
    size_t got;
    enum kai_err err = read_some(r, &more, 1, &got, why);

    if (err != KAI_OK)
        return err;
    return got == 0 ? KAI_ENOTFOUND : corrupt(r, why);
}

enum kai_err kai_bakr_next(struct kai_bakr *r, struct kai_view *record, struct kai_why *why)
{
    uint8_t size[4];
    enum kai_err err = KAI_OK;

    *record = (struct kai_view){0};
    if (r->at == r->n && !r->final) /* The last one may be empty. */
        err = open_chunk(r, CHUNK_BYTES + OVER_BYTES, why);
    if (err != KAI_OK)
        return err;
    if (r->at == r->n)
        return r->final ? at_end(r, why) : corrupt(r, why);
    err = take(r, size, sizeof size, why);
    if (err != KAI_OK)
        return err;
    size_t n = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
    if (n == 0 || n > KAI_BACKUP_RECORD_BYTES_MAX)
        return corrupt(r, why);
    err = take(r, r->record, n, why);
    if (err == KAI_OK)
        *record = kai_view_of(r->record, n);
    return err;
}

enum kai_err kai_bakr_rewind(struct kai_bakr *r, struct kai_why *why)
{
    enum kai_err err = KAI_OK;

    r->n = r->at = 0;
    r->final = false;
    r->done = HEAD_BYTES;
    if (lseek(r->fd, (off_t)HEAD_BYTES, SEEK_SET) < 0)
        return kai_why_set(why, KAI_EIO, "file.read", r->path, strerror(errno), NULL);
    if (crypto_secretstream_xchacha20poly1305_init_pull(&r->st, r->head + HEADER_AT, r->key) != 0)
        return corrupt(r, why);
    err = open_chunk(r, sizeof FIRST - 1 + OVER_BYTES, why);
    if (err == KAI_EMALFORMED)
        return kai_why_set(why, KAI_EAUTH, "backup.passphrase", r->path, NULL, NULL);
    r->at = r->n;
    return err;
}

static enum kai_err read_head(struct kai_bakr *r, struct kai_why *why)
{
    uint8_t sum[KAI_ID_BYTES];
    size_t got;
    enum kai_err err = read_some(r, r->head, HEAD_BYTES, &got, why);

    if (err != KAI_OK)
        return err;
    if (got < MAGIC_BYTES || memcmp(r->head, MAGIC, MAGIC_BYTES) != 0)
        return kai_why_set(why, KAI_EMALFORMED, "backup.magic", r->path, NULL, NULL);
    if (got > MAGIC_BYTES && r->head[MAGIC_BYTES] > VERSION)
        return kai_why_set(why, KAI_EVERSION, "backup.newer", r->path, NULL, NULL);
    if (got < HEAD_BYTES)
        return corrupt(r, why);
    kai_hash(sum, KAI_D_BACKUP, r->head, SUM_AT);
    if (memcmp(sum, r->head + SUM_AT, sizeof sum) != 0 || r->head[MAGIC_BYTES] != VERSION)
        return corrupt(r, why);
    return KAI_OK;
}

enum kai_err kai_bakr_open(struct kai_bakr **out, const char *path, struct kai_why *why)
{
    struct kai_bakr *r = sodium_malloc(sizeof *r);
    struct stat st;
    enum kai_err err = KAI_OK;

    *out = NULL;
    if (r == NULL)
        return KAI_ENOMEM;
    memset(r, 0, sizeof *r);
    kai_copy_text(r->path, sizeof r->path, path);
    r->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (r->fd == -1 || fstat(r->fd, &st) != 0)
        err = kai_why_set(why, errno == ENOENT ? KAI_ENOTFOUND : KAI_EIO, "file.read", path,
                          strerror(errno), NULL);
    if (err == KAI_OK && !S_ISREG(st.st_mode)) /* It is read twice. */
        err = kai_why_set(why, KAI_EMALFORMED, "backup.magic", path, NULL, NULL);
    if (err == KAI_OK) {
        r->total = (uint64_t)st.st_size;
        err = read_head(r, why);
    }
    if (err != KAI_OK) {
        kai_bakr_free(r);
        return err;
    }
    *out = r;
    return KAI_OK;
}

enum kai_err kai_bakr_unseal(struct kai_bakr *r, const char *passphrase, struct kai_why *why)
{
    enum kai_err err = kai_stretch(r->key, KAI_D_BACKUP, passphrase, r->head + SALT_AT);

    return err == KAI_OK ? kai_bakr_rewind(r, why) : err;
}

uint64_t kai_bakr_done(const struct kai_bakr *r)
{
    return r->done;
}

uint64_t kai_bakr_total(const struct kai_bakr *r)
{
    return r->total;
}

void kai_bakr_free(struct kai_bakr *r)
{
    if (r == NULL)
        return;
    if (r->fd != -1)
        (void)close(r->fd);
    sodium_free(r); /* Wipes. */
}

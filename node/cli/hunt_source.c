/* hunt_source: the bytes of a log. */
#include "node/cli/hunt_source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "base/limits.h"

#define RAW_BYTES 131072u

enum form { FORM_PLAIN, FORM_GZIP, FORM_ZSTD, FORM_UTF16_LE, FORM_UTF16_BE };

struct hunt_source {
    const char *path;
    int fd;
    bool waits; /* A pipe, terminal or socket. */
    bool ended;
    enum form form;
    bool inside; /* A member or frame has begun and not ended. */
    z_stream z;
    ZSTD_DStream *zstd;
    uint64_t read; /* Bytes of the file. */
    uint64_t size;
    size_t from; /* What of raw was not used yet. */
    size_t to;
    uint8_t raw[RAW_BYTES];
};

static enum kai_err cannot(const struct hunt_source *s, struct kai_why *why, const char *reason)
{
    return kai_why_set(why, KAI_EIO, "file.read", s->path, reason, NULL);
}

static enum kai_err bad(const struct hunt_source *s, struct kai_why *why, const char *reason)
{
    return kai_why_set(why, KAI_EIO, "hunt.compressed", s->path, reason, NULL);
}

/* More raw bytes behind those that are left. */
static enum kai_err fill(struct hunt_source *s, struct kai_why *why)
{
    ssize_t n;

    if (s->from > 0)
        memmove(s->raw, s->raw + s->from, s->to - s->from);
    s->to -= s->from;
    s->from = 0;
    do
        n = read(s->fd, s->raw + s->to, sizeof s->raw - s->to);
    while (n == -1 && errno == EINTR);
    if (n == -1)
        return cannot(s, why, strerror(errno));
    s->ended = n == 0;
    s->to += (size_t)n;
    s->read += (uint64_t)n;
    return KAI_OK;
}

static bool begins(const struct hunt_source *s, const char *magic, size_t n)
{
    return s->to - s->from >= n && memcmp(s->raw + s->from, magic, n) == 0;
}

static enum kai_err find_form(struct hunt_source *s, struct kai_why *why)
{
    enum kai_err err = fill(s, why);

    while (err == KAI_OK && !s->ended && s->to < 4)
        err = fill(s, why);
    if (err != KAI_OK)
        return err;
    if (begins(s, "\x1f\x8b\x08", 3)) {
        s->form = FORM_GZIP;
        if (inflateInit2(&s->z, 16 + MAX_WBITS) != Z_OK)
            return KAI_ENOMEM;
    } else if (begins(s, "\x28\xb5\x2f\xfd", 4)) {
        s->form = FORM_ZSTD;
        s->zstd = ZSTD_createDStream();
        if (s->zstd == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax,
                                                                   KAI_HUNT_WINDOW_LOG_MAX)))
            return KAI_ENOMEM;
    } else if (begins(s, "\xff\xfe", 2) || begins(s, "\xfe\xff", 2)) {
        s->form = s->raw[0] == 0xff ? FORM_UTF16_LE : FORM_UTF16_BE;
        s->from = 2;
    }
    return KAI_OK;
}

enum kai_err hunt_source_open(struct hunt_source **out, const char *path, struct kai_why *why)
{
    struct hunt_source *s = calloc(1, sizeof *s);
    struct stat st;
    enum kai_err err = KAI_OK;

    *out = NULL;
    if (s == NULL)
        return KAI_ENOMEM;
    s->path = path;
    s->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (s->fd == -1 || fstat(s->fd, &st) == -1)
        err = cannot(s, why, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        err = cannot(s, why, strerror(EISDIR));
    if (err == KAI_OK) {
        s->waits = !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode);
        s->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
        (void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
        err = find_form(s, why);
    }
    if (err != KAI_OK) {
        hunt_source_close(s);
        return err;
    }
    *out = s;
    return KAI_OK;
}

void hunt_source_close(struct hunt_source *s)
{
    if (s == NULL)
        return;
    if (s->form == FORM_GZIP)
        (void)inflateEnd(&s->z);
    (void)ZSTD_freeDStream(s->zstd);
    if (s->fd > STDERR_FILENO)
        (void)close(s->fd);
    free(s);
}

static enum kai_err read_plain(struct hunt_source *s, uint8_t *out, size_t cap, size_t *n,
                               struct kai_why *why)
{
    ssize_t got = 0;

    if (s->from < s->to) { /* What was read to see its form. */
        *n = s->to - s->from < cap ? s->to - s->from : cap;
        memcpy(out, s->raw + s->from, *n);
        s->from += *n;
        return KAI_OK;
    }
    do
        got = read(s->fd, out, cap);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        return cannot(s, why, strerror(errno));
    *n = (size_t)got;
    s->read += *n;
    return KAI_OK;
}

/* Members may follow one another; zeros behind the last are padding. */
static enum kai_err step_gzip(struct hunt_source *s, uint8_t *out, size_t cap, size_t *n,
                              struct kai_why *why)
{
    int rc;

    if (!s->inside) {
        while (s->from < s->to && s->raw[s->from] == 0)
            s->from++;
        if (s->from == s->to)
            return KAI_OK;
        if (inflateReset(&s->z) != Z_OK)
            return bad(s, why, "zlib");
        s->inside = true;
    }
    s->z.next_in = s->raw + s->from;
    s->z.avail_in = (uInt)(s->to - s->from);
    s->z.next_out = out;
    s->z.avail_out = (uInt)cap;
    rc = inflate(&s->z, Z_NO_FLUSH);
    s->from = s->to - s->z.avail_in;
    *n = cap - s->z.avail_out;
    if (rc == Z_STREAM_END)
        s->inside = false;
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
        return bad(s, why, s->z.msg != NULL ? s->z.msg : "zlib");
    return KAI_OK;
}

static enum kai_err step_zstd(struct hunt_source *s, uint8_t *out, size_t cap, size_t *n,
                              struct kai_why *why)
{
    ZSTD_inBuffer in = {.src = s->raw + s->from, .size = s->to - s->from};
    ZSTD_outBuffer to = {.dst = out, .size = cap};
    size_t rc = ZSTD_decompressStream(s->zstd, &to, &in);

    if (ZSTD_isError(rc))
        return bad(s, why, ZSTD_getErrorName(rc));
    s->from += in.pos;
    *n = to.pos;
    if (in.pos > 0 || to.pos > 0)
        s->inside = rc != 0;
    return KAI_OK;
}

static uint32_t unit_at(const struct hunt_source *s, size_t at)
{
    uint32_t a = s->raw[at];
    uint32_t b = s->raw[at + 1];

    return s->form == FORM_UTF16_LE ? b << 8 | a : a << 8 | b;
}

static size_t put_utf8(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (uint8_t)(0x80 | (c & 0x3f));
    out[0] = (uint8_t)(0xf00 >> n | c);
    return n;
}

/* Half a pair that stands alone becomes U+FFFD; an odd byte at the end is none. */
static void step_utf16(struct hunt_source *s, uint8_t *out, size_t cap, size_t *n)
{
    while (cap - *n >= 4 && s->to - s->from >= 2) {
        uint32_t c = unit_at(s, s->from);
        size_t used = 2;

        if ((c & 0xfc00) == 0xd800) {
            if (s->to - s->from < 4 && !s->ended)
                return;
            uint32_t low = s->to - s->from < 4 ? 0 : unit_at(s, s->from + 2);
            if ((low & 0xfc00) == 0xdc00) {
                c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
                used = 4;
            }
        }
        if ((c & 0xfffff800) == 0xd800)
            c = 0xfffd;
        *n += put_utf8(out + *n, c);
        s->from += used;
    }
}

static enum kai_err step(struct hunt_source *s, uint8_t *out, size_t cap, size_t *n,
                         struct kai_why *why)
{
    if (s->form == FORM_GZIP)
        return step_gzip(s, out, cap, n, why);
    if (s->form == FORM_ZSTD)
        return step_zstd(s, out, cap, n, why);
    step_utf16(s, out, cap, n);
    return KAI_OK;
}

enum kai_err hunt_source_read(struct hunt_source *s, void *out, size_t cap, size_t *n,
                              struct kai_why *why)
{
    *n = 0;
    if (s->form == FORM_PLAIN)
        return s->ended && s->from == s->to ? KAI_OK : read_plain(s, out, cap, n, why);
    for (;;) {
        size_t before = s->to - s->from;
        enum kai_err err = step(s, out, cap, n, why);

        if (*n > 0) /* An error behind it comes again. */
            return KAI_OK;
        if (err != KAI_OK)
            return err;
        if (s->to - s->from < before)
            continue; /* A header went by. */
        if (s->ended)
            return s->inside ? kai_why_set(why, KAI_EIO, "hunt.cut", s->path, NULL, NULL) : KAI_OK;
        err = fill(s, why);
        if (err != KAI_OK)
            return err;
    }
}

bool hunt_source_waits(const struct hunt_source *s)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};

    return s->waits && s->from == s->to && !s->ended && poll(&p, 1, 0) == 0;
}

uint64_t hunt_source_at(const struct hunt_source *s, uint64_t *total)
{
    *total = s->size;
    return s->read;
}

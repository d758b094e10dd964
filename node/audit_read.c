/* audit_read: who read what: reading the log, and checking it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "node/audit.h"
#include "node/core.h"

#define BLOCK_BYTES 65536u
static_assert(BLOCK_BYTES > KAI_AUDIT_LINE_BYTES_MAX, "a line that counts fits a block");

struct block {
    uint8_t bytes[BLOCK_BYTES];
    size_t n;
};

/* The lines of a block that end in it; what begins the next goes to its start. A line as long as
 * the block is cut in pieces: none of ours is. */
static bool lines_of(struct block *b, uint64_t *at, kai_audit_line_fn *f, void *ctx)
{
    size_t done = 0;
    const uint8_t *end;

    while ((end = memchr(b->bytes + done, '\n', b->n - done)) != NULL) {
        size_t n = (size_t)(end - (b->bytes + done));

        if (!f(ctx, kai_view_of(b->bytes + done, n), *at, true))
            return false;
        *at += n + 1;
        done += n + 1;
    }
    if (done == 0 && b->n == BLOCK_BYTES) {
        if (!f(ctx, kai_view_of(b->bytes, b->n), *at, false))
            return false;
        *at += b->n;
        done = b->n;
    }
    memmove(b->bytes, b->bytes + done, b->n - done);
    b->n -= done;
    return true;
}

enum kai_err kai_audit_scan(int fd, uint64_t from, uint64_t to, kai_audit_line_fn *f, void *ctx)
{
    struct block *b = calloc(1, sizeof *b);
    uint64_t at = from; /* Of the line that stands at the start of the block. */
    enum kai_err err = b == NULL ? KAI_ENOMEM : KAI_OK;
    bool go_on = true;

    while (err == KAI_OK && go_on && from < to) {
        size_t want = BLOCK_BYTES - b->n;
        ssize_t n =
            pread(fd, b->bytes + b->n, to - from < want ? (size_t)(to - from) : want, (off_t)from);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            err = KAI_EIO;
        if (n <= 0)
            break; /* Shorter than it was. */
        from += (uint64_t)n;
        b->n += (size_t)n;
        go_on = lines_of(b, &at, f, ctx);
    }
    if (err == KAI_OK && go_on && b->n > 0)
        (void)f(ctx, kai_view_of(b->bytes, b->n), at, false);
    free(b);
    return err;
}

struct verify {
    struct kai_audit_at at;
    uint64_t line; /* Of the file. */
    const char *bad;
};

static bool check(void *ctx, struct kai_view line, uint64_t at, bool whole)
{
    struct verify *v = ctx;

    (void)at;
    v->line++;
    v->bad = whole ? kai_audit_line_check(&v->at, line) : "audit.form";
    return v->bad == NULL;
}

enum kai_err kai_audit_verify(struct kai_core *c, uint64_t *lines, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_audit_at head;
    struct verify v = {0};
    uint64_t size;
    int fd;
    char found[24];
    char known[24];
    enum kai_err err = kai_audit_reader(c, &fd, &size, &head, why);

    *lines = 0;
    if (err == KAI_OK && fd != -1)
        err = kai_audit_scan(fd, 0, size, check, &v);
    if (fd != -1)
        (void)close(fd);
    if (err != KAI_OK)
        return err;
    *lines = v.at.n;
    (void)kai_audit_path(c, path);
    if (v.bad != NULL) {
        kai_why_at(why, v.line, "%s", path);
        return kai_why_set(why, KAI_EAUTH, v.bad, NULL, NULL, NULL);
    }
    if (!KAI_CHECK(AUDIT_HEAD,
                   v.at.n == head.n && memcmp(v.at.hash, head.hash, KAI_ID_BYTES) == 0)) {
        (void)snprintf(found, sizeof found, "%llu", (unsigned long long)v.at.n);
        (void)snprintf(known, sizeof known, "%llu", (unsigned long long)head.n);
        kai_why_at(why, v.line + 1, "%s", path);
        return kai_why_set(why, KAI_EAUTH, "audit.end", found, known, NULL);
    }
    return KAI_OK;
}

/* audit: who read what: writing the log. */
#include "node/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/core.h"
#include "wire/cur.h"
#include "wire/put.h"

#define KEY         "audit-head"
#define READ_BYTES  (KAI_ID_BYTES + 1u)
#define GROUP_BYTES (512u << 20) /* Lines of those who wait at once. */
#define READS_BYTES (4u << 20)   /* Of one part of an answer: 127,000. */

/* Somebody whose answer waits for its lines. */
struct waiting {
    struct waiting *next;
    const char *who;
    const char *verb;
    const struct kai_audit_batch *batch;
    struct kai_why *why;
    enum kai_err err;
    bool done;
};

struct kai_audit {
    pthread_mutex_t mu;
    pthread_cond_t cond;
    bool writing; /* Somebody is, for all who waited then; what follows fd is theirs. */
    struct waiting *first;
    struct waiting **last;
    int fd;         /* -1: not open. */
    bool cut_first; /* What stands behind size was taken back, and is still there. */
    struct kai_audit_at at;
    uint64_t size; /* Bytes of the file, as we left it. */
};

void kai_audit_read(struct kai_audit_batch *b, const uint8_t item[static KAI_ID_BYTES], uint8_t tlp)
{
    if (tlp < KAI_AUDIT_TLP_MIN)
        return;
    if (b->reads.max == 0)
        kai_buf_init(&b->reads, READS_BYTES);
    kai_buf_add(&b->reads, item, KAI_ID_BYTES);
    kai_buf_u8(&b->reads, tlp);
    b->n++;
}

void kai_audit_batch_free(struct kai_audit_batch *b)
{
    kai_buf_free(&b->reads);
    *b = (struct kai_audit_batch){0};
}

static enum kai_err io_failed(const char *what, struct kai_why *why)
{
    if (errno == ENOSPC || errno == EDQUOT)
        return kai_why_set(why, KAI_EFULL, "disk.full", what, NULL, NULL);
    return kai_why_set(why, KAI_EIO, "audit.write", strerror(errno), NULL, NULL);
}

/* ---- What the store knows of it. */
static enum kai_err head_load(struct kai_store *s, struct kai_audit_at *at, uint64_t *size)
{
    struct kai_snap *snap;
    struct kai_view v;
    struct kai_cur cur;
    enum kai_err err = kai_snap_begin(s, &snap);

    *at = (struct kai_audit_at){0};
    *size = 0;
    if (err != KAI_OK)
        return err;
    err = kai_snap_kv(snap, KEY, &v);
    if (err == KAI_OK) {
        kai_cur_init(&cur, v.p, v.n);
        kai_cur_tuple(&cur, 3);
        at->n = kai_cur_uint(&cur, INT64_MAX);
        kai_cur_copy(&cur, at->hash, KAI_ID_BYTES);
        *size = kai_cur_uint(&cur, INT64_MAX);
        err = kai_cur_end(&cur) == KAI_OK ? KAI_OK : KAI_ECORRUPT;
    }
    kai_snap_end(snap);
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}

struct head {
    struct kai_audit_at at;
    uint64_t size;
};

static enum kai_err job_head(struct kai_core *c, void *arg)
{
    const struct head *h = arg;
    struct kai_tx *tx = kai_core_tx(c);
    struct kai_buf b;

    if (tx == NULL)
        return c->tx_err;
    kai_buf_init(&b, 128);
    kai_put_array(&b, 3);
    kai_put_uint(&b, h->at.n);
    kai_put_bin(&b, h->at.hash, KAI_ID_BYTES);
    kai_put_uint(&b, h->size);
    enum kai_err err = b.err == KAI_OK ? kai_tx_kv(tx, KEY, kai_buf_view(&b)) : b.err;
    kai_buf_free(&b);
    return err;
}

/* ---- Opening. */
char *kai_audit_path(const struct kai_core *c, char path[static KAI_PATH_BYTES_MAX])
{
    return kai_home_path(&c->home, path, "%s.log", "audit"); /* No reason's code. */
}

/* The file at the path, made where it is missing. */
static enum kai_err open_file(struct kai_core *c, struct kai_audit *a, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    struct stat st;
    int fd =
        open(kai_audit_path(c, path), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd == -1)
        return io_failed(path, why);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || fchmod(fd, 0600) != 0) {
        enum kai_err err = io_failed(path, why);

        (void)close(fd);
        return err;
    }
    a->fd = fd;
    return KAI_OK;
}

struct forward {
    struct kai_audit_at at;
    uint64_t size; /* Up to the last line that chains on. */
};

static bool chains_on(void *ctx, struct kai_view line, uint64_t at, bool whole)
{
    struct forward *f = ctx;

    if (!whole || kai_audit_line_check(&f->at, line) != NULL)
        return false;
    f->size = at + line.n + 1;
    return true;
}

/* What stands behind the last line that the store knows, after an unclean stop. */
static enum kai_err go_forward(struct kai_core *c, struct kai_audit *a, uint64_t known)
{
    struct forward f = {.at = a->at, .size = known};
    enum kai_err err = kai_audit_scan(a->fd, known, a->size, chains_on, &f);

    if (err != KAI_OK)
        return err;
    if (f.size < a->size && (ftruncate(a->fd, (off_t)f.size) != 0 || fsync(a->fd) != 0))
        return KAI_EIO;
    a->at = f.at;
    a->size = f.size;
    struct head h = {.at = f.at, .size = f.size};
    return f.size == known ? KAI_OK : kai_core_run(c, job_head, &h);
}

enum kai_err kai_audit_open(struct kai_core *c)
{
    struct kai_audit *a = calloc(1, sizeof *a);
    struct stat st;
    uint64_t known;

    if (a == NULL)
        return KAI_ENOMEM;
    (void)pthread_mutex_init(&a->mu, NULL);
    (void)pthread_cond_init(&a->cond, NULL);
    a->fd = -1;
    a->last = &a->first;
    c->audit = a;
    enum kai_err err = head_load(c->store, &a->at, &known);
    if (err != KAI_OK)
        return err;
    a->size = known;
    if (open_file(c, a, NULL) != KAI_OK || fstat(a->fd, &st) != 0)
        return KAI_OK; /* Reads are refused until it can be. */
    if ((uint64_t)st.st_size > known && !kai_store_was_clean(c->store)) {
        a->size = (uint64_t)st.st_size;
        return go_forward(c, a, known);
    }
    return KAI_OK; /* Of another length: the next line says so, and verify. */
}

bool kai_audit_close(struct kai_core *c)
{
    struct kai_audit *a = c->audit;

    if (a == NULL)
        return true;
    /* Lines of which the store knows nothing would count as another's. */
    bool even = !a->cut_first || ftruncate(a->fd, (off_t)a->size) == 0;
    c->audit = NULL;
    if (a->fd != -1)
        (void)close(a->fd);
    (void)pthread_mutex_destroy(&a->mu);
    (void)pthread_cond_destroy(&a->cond);
    free(a);
    return even;
}

/* ---- Writing. */
static bool same_file(struct kai_core *c, int fd)
{
    char path[KAI_PATH_BYTES_MAX];
    struct stat at_path;
    struct stat at_fd;

    return lstat(kai_audit_path(c, path), &at_path) == 0 && fstat(fd, &at_fd) == 0 &&
           at_path.st_ino == at_fd.st_ino && at_path.st_dev == at_fd.st_dev;
}

/* The log is open, at its path, and as we left it. Where somebody else was at it, that is told and
 * the chain goes on behind: what is missing or foreign stays to be found. */
static enum kai_err make_ready(struct kai_core *c, struct kai_audit *a, struct kai_buf *lines,
                               struct kai_why *why)
{
    struct stat st;
    char last = '\n';
    enum kai_err err = KAI_OK;

    if (a->fd != -1 && !same_file(c, a->fd)) {
        (void)close(a->fd);
        a->fd = -1;
        a->cut_first = false;
    }
    if (a->fd == -1)
        err = open_file(c, a, why);
    if (err != KAI_OK)
        return err;
    if (a->cut_first && ftruncate(a->fd, (off_t)a->size) != 0)
        return io_failed(c->home.dir, why);
    a->cut_first = false;
    if (fstat(a->fd, &st) != 0)
        return io_failed(c->home.dir, why);
    if ((uint64_t)st.st_size == a->size)
        return KAI_OK;
    kai_core_alarm(c, "alarm.audit", "");
    a->size = (uint64_t)st.st_size;
    if (a->size > 0 && pread(a->fd, &last, 1, (off_t)a->size - 1) != 1)
        return io_failed(c->home.dir, why);
    if (last != '\n')
        kai_buf_u8(lines, '\n');
    return KAI_OK;
}

static void put_lines(struct kai_buf *out, struct kai_audit_at *at, const struct waiting *w)
{
    uint64_t now = kai_wall_ms();

    for (; w != NULL; w = w->next) {
        for (uint64_t i = 0; i < w->batch->n; i++) {
            const uint8_t *read = w->batch->reads.p + i * READ_BYTES;
            struct kai_audit_fact f = {.time_ms = now,
                                       .who = w->who,
                                       .verb = w->verb,
                                       .item = read,
                                       .tlp = read[KAI_ID_BYTES]};

            kai_audit_line_write(out, at, &f);
        }
    }
}

/* The lines of all who wait, on the disk, and the store's word of them. All or nothing. */
static enum kai_err write_group(struct kai_core *c, struct kai_audit *a, const struct waiting *all,
                                struct kai_why *why)
{
    struct head h = {.at = a->at};
    struct kai_buf lines;

    kai_buf_init(&lines, GROUP_BYTES);
    enum kai_err err = make_ready(c, a, &lines, why);
    if (err == KAI_OK) {
        put_lines(&lines, &h.at, all);
        err = lines.err;
    }
    if (err == KAI_OK) {
        h.size = a->size + lines.len;
        if (!kai_write_all(a->fd, lines.p, lines.len) || fdatasync(a->fd) != 0)
            err = io_failed(c->home.dir, why);
        else
            err = kai_core_run(c, job_head, &h);
        if (err != KAI_OK) /* Nobody is shown anything: nothing of it stays. */
            a->cut_first = ftruncate(a->fd, (off_t)a->size) != 0;
    }
    kai_buf_free(&lines);
    if (err != KAI_OK) {
        if (why->code == NULL)
            (void)kai_why_set(why, err, "audit.write", kai_err_text(err), NULL, NULL);
        return err;
    }
    a->at = h.at;
    a->size = h.size;
    return KAI_OK;
}

/* Write for all who wait. a->mu is held, and let go meanwhile. */
static void lead(struct kai_core *c, struct kai_audit *a)
{
    struct waiting *all = a->first;
    struct kai_why why = {0};

    a->first = NULL;
    a->last = &a->first;
    a->writing = true;
    (void)pthread_mutex_unlock(&a->mu);
    enum kai_err err = write_group(c, a, all, &why);
    (void)pthread_mutex_lock(&a->mu);
    a->writing = false;
    for (struct waiting *w = all; w != NULL;) {
        struct waiting *next = w->next; /* Once done it is its owner's. */

        w->err = err;
        if (err != KAI_OK && w->why != NULL)
            *w->why = why;
        w->done = true;
        w = next;
    }
    (void)pthread_cond_broadcast(&a->cond);
}

enum kai_err kai_audit_commit(struct kai_core *c, const struct kai_who *who, const char *verb,
                              struct kai_audit_batch *b, struct kai_why *why)
{
    char name[KAI_WHO_TEXT_CAP];
    struct waiting me = {.who = name, .verb = verb, .batch = b, .why = why};
    struct kai_audit *a = c->audit;

    if (b->n == 0)
        return KAI_OK;
    if (b->reads.err != KAI_OK)
        return kai_why_set(why, b->reads.err, "audit.write", kai_err_text(b->reads.err), NULL,
                           NULL);
    kai_who_text(who, name);
    (void)pthread_mutex_lock(&a->mu);
    *a->last = &me;
    a->last = &me.next;
    while (!me.done) {
        if (a->writing)
            (void)pthread_cond_wait(&a->cond, &a->mu);
        else
            lead(c, a);
    }
    (void)pthread_mutex_unlock(&a->mu);
    kai_buf_clear(&b->reads);
    b->n = 0;
    return me.err;
}

enum kai_err kai_audit_reader(struct kai_core *c, int *fd, uint64_t *size,
                              struct kai_audit_at *head, struct kai_why *why)
{
    struct kai_audit *a = c->audit;
    char path[KAI_PATH_BYTES_MAX];
    struct stat st;
    uint64_t known;
    enum kai_err err = KAI_OK;

    (void)pthread_mutex_lock(&a->mu);
    while (a->writing)
        (void)pthread_cond_wait(&a->cond, &a->mu);
    *fd = open(kai_audit_path(c, path), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd == -1 && errno != ENOENT)
        err = io_failed(path, why);
    *size = *fd != -1 && fstat(*fd, &st) == 0 ? (uint64_t)st.st_size : 0;
    if (a->cut_first && *size > a->size)
        *size = a->size;
    if (err == KAI_OK)
        err = head_load(c->store, head, &known);
    (void)pthread_mutex_unlock(&a->mu);
    if (err != KAI_OK && *fd != -1) {
        (void)close(*fd);
        *fd = -1;
    }
    return err;
}

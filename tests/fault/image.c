/* image: see image.h. */
#include "image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/kit.h"

#define SECTOR 512u

static void *grown(void *p, size_t *cap, size_t want, size_t size)
{
    if (want > *cap) {
        *cap = want * 2;
        p = realloc(p, *cap * size);
        assert_non_null(p);
    }
    return p;
}

/* Put bytes where they belong in what is durable. */
static void apply(struct image_file *f, const struct image_sector *s)
{
    size_t end = (size_t)s->at + s->n;

    if (end > f->n) {
        f->bytes = grown(f->bytes, &f->cap, end, 1);
        memset(f->bytes + f->n, 0, end - f->n);
        f->n = end;
    }
    memcpy(f->bytes + s->at, s->p, s->n);
}

/* A write, sector by sector. */
static void pend(struct image_file *f, const struct trace_op *op, size_t number)
{
    for (size_t done = 0; done < op->n;) {
        size_t left = SECTOR - (size_t)((op->at + done) % SECTOR);
        struct image_sector s = {.at = op->at + done, .p = op->bytes + done, .op = number};

        s.n = left < op->n - done ? left : op->n - done;
        f->sector = grown(f->sector, &f->sectors_cap, f->sectors + 1, sizeof *f->sector);
        f->sector[f->sectors++] = s;
        done += s.n;
    }
    if (op->at + op->n > f->n_seen)
        f->n_seen = op->at + op->n;
}

/* What was written to the sectors from..to is durable now, as last seen. */
static void settle(struct image_file *f, uint64_t from, uint64_t to)
{
    size_t kept = 0;

    for (size_t i = 0; i < f->sectors; i++) {
        struct image_sector *s = &f->sector[i];

        if (s->at / SECTOR >= from / SECTOR && s->at < to)
            apply(f, s);
        else
            f->sector[kept++] = *s;
    }
    f->sectors = kept;
}

static void name_apply(struct image_name *names, size_t *n, const struct trace_op *op)
{
    size_t i = 0;

    if (op->kind == TRACE_RENAME) { /* One step: the old name goes as the new one comes. */
        while (i < *n && names[i].file != op->file)
            i++;
        if (i < *n)
            names[i] = names[--*n];
    }
    for (i = 0; i < *n && strcmp(names[i].name, op->name) != 0;)
        i++;
    if (op->kind == TRACE_GONE) {
        if (i < *n)
            names[i] = names[--*n];
        return;
    }
    assert_true(i < 16);
    memcpy(names[i].name, op->name, sizeof names[i].name);
    names[i].file = op->file;
    *n += i == *n;
}

static bool is_name(const struct trace_op *op)
{
    return op->kind == TRACE_NAME || op->kind == TRACE_RENAME || op->kind == TRACE_GONE;
}

void image_begin(struct image *m, const struct trace *t)
{
    *m = (struct image){.t = t};
    m->file = calloc(t->files + 1, sizeof *m->file);
    assert_non_null(m->file);
}

void image_step(struct image *m)
{
    const struct trace_op *op = &m->t->op[m->at];
    struct image_file *f = &m->file[op->file];

    switch (op->kind) {
    case TRACE_WRITE:
        pend(f, op, m->at);
        if (op->dsync)
            settle(f, op->at, op->at + op->n);
        break;
    case TRACE_CUT: /* Of files in which nothing stands that counts: taken as done. */
        settle(f, 0, UINT64_MAX);
        f->bytes = grown(f->bytes, &f->cap, (size_t)op->at, 1);
        if (op->at > f->n)
            memset(f->bytes + f->n, 0, (size_t)op->at - f->n);
        f->n = (size_t)op->at;
        f->n_seen = op->at;
        break;
    case TRACE_SYNC:
        settle(f, 0, UINT64_MAX);
        break;
    case TRACE_SYNC_DIR:
        for (size_t i = m->dir_synced; i < m->at; i++)
            if (is_name(&m->t->op[i]))
                name_apply(m->name, &m->names, &m->t->op[i]);
        m->dir_synced = m->at;
        break;
    case TRACE_ACK:
        m->acked = op->at;
        m->any_acked = true;
        break;
    case TRACE_NAME:
    case TRACE_RENAME:
    case TRACE_GONE:
        break;
    }
    m->at++;
}

void image_end(struct image *m)
{
    for (unsigned int i = 0; i < m->t->files; i++) {
        free(m->file[i].bytes);
        free(m->file[i].sector);
    }
    free(m->file);
}

static uint64_t mixed(uint64_t a, uint64_t b)
{
    struct kit_rand r = {a * 0x10001u ^ b};

    return kit_rand(&r);
}

/* Whether a sector, or a name, of op made it to the disk. */
static bool chosen(unsigned int choice, uint64_t seed, size_t op, uint64_t sector, size_t newest)
{
    uint64_t by_op = mixed(seed, op);
    uint64_t by_sector = mixed(by_op, sector);

    switch (choice) {
    case IMAGE_NOTHING:
        return false;
    case IMAGE_ALL:
        return true;
    case IMAGE_SECTORS:
        return by_sector % 2 == 0;
    case IMAGE_WRITES:
        return by_op % 2 == 0;
    case IMAGE_NEWEST: /* Later ones before earlier ones. */
        return op == newest;
    case IMAGE_FEW:
        return by_sector % 10 == 0;
    default: /* Each write has its own share of sectors. */
        return by_sector % 100 < by_op / 7 % 101;
    }
}

static void put_file(const struct image_file *f, const struct trace_op *under_way, size_t number,
                     const char *path, unsigned int choice, uint64_t seed, size_t newest)
{
    struct image_file x = {.n = f->n, .cap = f->n + 1, .n_seen = f->n_seen};

    x.bytes = malloc(x.cap);
    assert_non_null(x.bytes);
    if (f->n > 0)
        memcpy(x.bytes, f->bytes, f->n);
    for (size_t i = 0; i < f->sectors; i++)
        if (chosen(choice, seed, f->sector[i].op, f->sector[i].at, newest))
            apply(&x, &f->sector[i]);
    if (under_way != NULL) {
        pend(&x, under_way, number);
        for (size_t i = 0; i < x.sectors; i++)
            if (chosen(choice, seed, number, x.sector[i].at, newest))
                apply(&x, &x.sector[i]);
        free(x.sector);
    }
    /* The length may be known before what stands there is: zeros. */
    size_t n = x.n;
    if (choice != IMAGE_NOTHING && x.n_seen > n && mixed(seed, 77) % 3 == 0)
        n = (size_t)x.n_seen;

    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    for (size_t done = 0; done < x.n;) {
        ssize_t w = write(fd, x.bytes + done, x.n - done);
        assert_true(w > 0);
        done += (size_t)w;
    }
    assert_int_equal(ftruncate(fd, (off_t)n), 0);
    close(fd);
    free(x.bytes);
}

/* The last op that is not durable. SIZE_MAX: all is. */
static size_t newest_of(const struct image *m)
{
    size_t newest = SIZE_MAX;

    for (unsigned int i = 0; i < m->t->files; i++)
        if (m->file[i].sectors > 0) {
            size_t op = m->file[i].sector[m->file[i].sectors - 1].op;
            newest = newest == SIZE_MAX || op > newest ? op : newest;
        }
    for (size_t i = m->dir_synced; i < m->at; i++)
        if (is_name(&m->t->op[i]) && (newest == SIZE_MAX || i > newest))
            newest = i;
    if (m->at < m->t->n && m->t->op[m->at].kind == TRACE_WRITE)
        newest = m->at;
    return newest;
}

bool image_write(const struct image *m, const char *dir, unsigned int choice, uint64_t seed)
{
    const struct trace_op *next = m->at < m->t->n ? &m->t->op[m->at] : NULL;
    size_t newest = newest_of(m);
    struct image_name names[16];
    size_t n = m->names;
    char path[256];

    memcpy(names, m->name, sizeof names);
    for (size_t i = m->dir_synced; i < m->at; i++)
        if (is_name(&m->t->op[i]) && chosen(choice, seed, i, 0, newest))
            name_apply(names, &n, &m->t->op[i]);
    for (size_t i = 0; i < n; i++) {
        bool under_way = next != NULL && next->kind == TRACE_WRITE && next->file == names[i].file;

        (void)snprintf(path, sizeof path, "%s/%.23s", dir, names[i].name);
        put_file(&m->file[names[i].file], under_way ? next : NULL, m->at, path, choice, seed,
                 newest);
    }
    return newest != SIZE_MAX || choice == IMAGE_NOTHING;
}

/* bench_export: a million values to each form, beside the least that any program must do: one scan
 * of the values where they are kept, and writing the same bytes from an array that is ready. Time
 * of one core; the files are in memory (memfd), so that no disk is measured.
 *
 *     bench_export [VALUES [FORM]]     1,000,000 and all forms without an argument */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "export/export.h"
#include "query/index.h"

#define LIST_VALUES 4000u
#define ROUNDS      5u

static char dir[] = "/tmp/kairan-bench-XXXXXX";

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_export: %s\n", what);
    exit(1);
}

static double now_s(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t mix(uint64_t z)
{
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Value i: lists of one type, half of them addresses, a quarter names, a quarter SHA-256. */
static enum kai_vtype value(uint64_t i, char *out, size_t cap, size_t *n)
{
    uint64_t a = mix(i);
    int len;
    uint64_t list = i / LIST_VALUES % 4;
    enum kai_vtype type = list < 2 ? KAI_V_IPV4 : list == 2 ? KAI_V_DOMAIN : KAI_V_SHA256;

    if (type == KAI_V_IPV4)
        len = snprintf(out, cap, "%u.%u.%u.%u", 11 + (unsigned)(a & 63), (unsigned)(a >> 8 & 255),
                       (unsigned)(a >> 16 & 255), (unsigned)(a >> 24 & 255));
    else if (type == KAI_V_DOMAIN)
        len = snprintf(out, cap, "h%llx.z%llu.example", (unsigned long long)(a & 0xffffffff),
                       (unsigned long long)(i % 5003));
    else
        len = snprintf(out, cap, "%016llx%016llx%016llx%016llx", (unsigned long long)a,
                       (unsigned long long)mix(a), (unsigned long long)~a,
                       (unsigned long long)mix(~a));
    *n = (size_t)len;
    return type;
}

/* ---- The values as a node keeps them: lists in its index. */
static void keep(struct kai_index *x, uint64_t n)
{
    struct kai_ix *t = NULL;
    uint64_t row_no = 0;

    for (uint64_t i = 0; i < n; i++) {
        char text[128];
        size_t len;
        enum kai_vtype type = value(i, text, sizeof text, &len);

        if (i % LIST_VALUES == 0) {
            struct kai_row row = {.kind = 2,
                                  .type = "indicator",
                                  .parts = 1,
                                  .tlp = 2,
                                  .first_seen_ms = i,
                                  .n_values = LIST_VALUES};

            kai_put_u64(row.item_id, mix(i));
            if (t != NULL && kai_ix_full(t)) {
                must(kai_ix_commit(t, 1) == KAI_OK, "commit");
                t = NULL;
            }
            must(t != NULL || kai_ix_begin(x, &t) == KAI_OK, "begin");
            must(kai_ix_row(t, &row, false) == KAI_OK, "row");
            row_no = row.no;
        }
        must(kai_ix_value(t, row_no, type, kai_view_of(text, len), i % LIST_VALUES) == KAI_OK,
             "value");
    }
    must(kai_ix_commit(t, n) == KAI_OK, "commit");
}

/* Values of a list, as many as a line of the node has. */
#define LINE 1000u
typedef void visit_fn(void *ctx, enum kai_vtype type, const struct kai_view *v, size_t n);

struct scan {
    struct kai_ixsnap *r;
    visit_fn *f;
    void *ctx;
};

static bool on_row(void *ctx, const struct kai_row *row)
{
    static char text[LINE * 128 + KAI_VALUE_BYTES_MAX];
    static struct kai_view values[LINE];
    struct scan *s = ctx;
    struct kai_rowkeys k;
    enum kai_vtype type = KAI_V_NONE;
    size_t n = 0, at = 0;

    must(kai_ixsnap_keys(s->r, row, &k) == KAI_OK, "keys");
    while (kai_rowkeys_next(&k)) {
        size_t len;

        must(kai_rowkeys_value(&k, &type, text + at, &len), "value");
        values[n++] = kai_view_of(text + at, len);
        at += len;
        if (n < LINE)
            continue;
        s->f(s->ctx, type, values, n);
        n = at = 0;
    }
    s->f(s->ctx, type, values, n);
    return true;
}

static double scan(struct kai_index *x, visit_fn *f, void *ctx)
{
    struct scan s = {.f = f, .ctx = ctx};
    double t = now_s();

    must(kai_ixsnap_begin(x, 5, &s.r) == KAI_OK, "snapshot");
    must(kai_ixsnap_down(s.r, kai_ixsnap_last(s.r), on_row, &s) == KAI_OK, "rows");
    kai_ixsnap_end(s.r);
    return now_s() - t;
}

static void look(void *ctx, enum kai_vtype type, const struct kai_view *v, size_t n)
{
    uint64_t *sum = ctx;

    for (size_t i = 0; i < n; i++)
        *sum += v[i].n + v[i].p[v[i].n - 1] + (uint64_t)type;
}

/* The indicator of a value, which a node has ready: its making is no part of an export. */
static struct kai_view make(enum kai_vtype type, struct kai_view v, char *out)
{
    char *at =
        stpcpy(out, "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--x\","
                    "\"created\":\"2026-01-15T09:30:00.000Z\",\"modified\":"
                    "\"2026-01-15T09:30:00.000Z\",\"pattern\":\"[");

    at = stpcpy(at, kai_vtype_path(type));
    at = stpcpy(at, " = '");
    at = mempcpy(at, v.p, v.n);
    at = stpcpy(at, "']\",\"pattern_type\":\"stix\",\"valid_from\":\"2026-01-15T09:30:00.000Z\","
                    "\"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-"
                    "dfca5abac2bb\"]}");
    return kai_view_of(out, (size_t)(at - out));
}

/* ---- Files in memory. */
struct files {
    int fd[KAI_EXPORT_FILES_MAX];
    int opened[KAI_EXPORT_FILES_MAX];
    unsigned n;
    struct kai_buf all; /* What was written, for the array. */
    bool collect;
    uint64_t bytes;
};

static enum kai_err on_open(void *ctx, unsigned file, const char *name)
{
    struct files *f = ctx;

    must(f->n < KAI_EXPORT_FILES_MAX, "files");
    f->fd[file] = memfd_create(name[0] != '\0' ? name : "out", MFD_CLOEXEC);
    f->opened[f->n++] = f->fd[file];
    return f->fd[file] == -1 ? KAI_EIO : KAI_OK;
}

static enum kai_err on_write(void *ctx, unsigned file, const void *p, size_t n)
{
    struct files *f = ctx;

    f->bytes += n;
    if (f->collect)
        kai_buf_add(&f->all, p, n);
    else
        must(write(f->fd[file], p, n) == (ssize_t)n, "write");
    return f->all.err;
}

/* They are let go after the clock has stopped, as that of the ready array. */
static enum kai_err on_close(void *ctx, unsigned file)
{
    (void)ctx;
    (void)file;
    return KAI_OK;
}

struct run {
    struct kai_export *e;
    bool objects;
    double making;
};

static void add(void *ctx, enum kai_vtype type, const struct kai_view *v, size_t n)
{
    static char objects[LINE][512];
    static struct kai_view made[LINE];
    struct run *r = ctx;
    struct kai_export_record rec = {
        .type = type,
        .id = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        .name = "C2 server",
        .origin = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100",
        .origin_name = "Example Prefecture",
        .tlp = 2,
        .detect = true,
        .first_seen_ms = 1767225600000u,
    };

    if (!r->objects) {
        must(kai_export_add_many(r->e, &rec, v, n) == KAI_OK, "add");
        return;
    }
    double begun = now_s();
    for (size_t i = 0; i < n; i++)
        made[i] = make(type, v[i], objects[i]);
    r->making += now_s() - begun;
    for (size_t i = 0; i < n; i++) {
        rec.object = made[i];
        must(kai_export_add(r->e, &rec, NULL) == KAI_OK, "add");
    }
}

static double export_all(struct kai_index *k, enum kai_export_format format, struct files *f,
                         uint64_t *taken)
{
    struct kai_export_sink sink = {.ctx = f, .open = on_open, .write = on_write, .close = on_close};
    struct kai_export_opts o = {.now_ms = 1767225600000u, .serial = 1};
    struct run r = {.objects = kai_export_is_objects(format)};
    double t = now_s();

    must(kai_export_new(&r.e, format, &sink, &o) == KAI_OK, "new");
    (void)scan(k, add, &r);
    must(kai_export_end(r.e) == KAI_OK, "end");
    t = now_s() - t - r.making;
    *taken = kai_export_count(r.e, KAI_EXPORT_TAKEN);
    kai_export_free(r.e);
    while (f->n > 0)
        (void)close(f->opened[--f->n]);
    return t;
}

/* The same bytes from an array that is ready, in pieces of the same size. */
static double write_ready(const struct kai_buf *all)
{
    int fd = memfd_create("ready", MFD_CLOEXEC);
    double t = now_s();

    for (size_t at = 0; at < all->len; at += 65536) {
        size_t n = all->len - at < 65536 ? all->len - at : 65536;

        must(write(fd, all->p + at, n) == (ssize_t)n, "write");
    }
    t = now_s() - t;
    (void)close(fd);
    return t;
}

static void least(double *best, double took)
{
    if (*best == 0 || took < *best)
        *best = took;
}

/* One form: all in turns, so that what else the machine does is of both; the least of each. */
static void measure(struct kai_index *x, const char *name)
{
    enum kai_export_format format = kai_export_parse(name);
    struct files f = {.collect = true};
    double took = 0, ready = 0, scanned = 0;
    uint64_t taken, bytes, sum = 0;

    must(format != KAI_EXPORT_NONE, "there is no such form");
    kai_buf_init(&f.all, (size_t)2 << 30);
    (void)export_all(x, format, &f, &taken);
    bytes = f.bytes;
    f.collect = false;
    for (unsigned i = 0; i < ROUNDS; i++) {
        least(&took, export_all(x, format, &f, &taken));
        least(&scanned, scan(x, look, &sum));
        least(&ready, write_ready(&f.all));
    }
    (void)printf("%-9s %9llu %11llu %9.3f %9.3f %9.3f %7.2f\n", name, (unsigned long long)taken,
                 (unsigned long long)bytes, took, scanned, ready, took / (scanned + ready));
    kai_buf_free(&f.all);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"zeek", "suricata", "rpz", "hosts", "csv", "stix", "misp"};
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    struct kai_index *k;
    struct kai_why why = {0};
    bool rebuild;
    char path[64];

    must(mkdtemp(dir) != NULL, "folder");
    (void)snprintf(path, sizeof path, "%s/index", dir);
    must(kai_index_open(&k, path, 0, "bench", &rebuild, &why) == KAI_OK, "index");
    keep(k, n);
    (void)printf("%llu values, the least of %u turns\n", (unsigned long long)n, ROUNDS);
    (void)printf("%-9s %9s %11s %9s %9s %9s %7s\n", "form", "in it", "bytes", "export s", "scan s",
                 "write s", "ratio");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (argc < 3 || strcmp(argv[2], names[i]) == 0)
            measure(k, names[i]);
    kai_index_close(k);
    must(kai_index_erase(path) == KAI_OK, "erase");
    (void)rmdir(path);
    (void)rmdir(dir);
    return 0;
}

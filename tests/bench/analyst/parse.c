/* bench_analyst_parse: what stands between a file and the index, each step alone: the importer over
 * a list and a STIX bundle, jansson over the same objects, and the puts of what came out. Rates are
 * per second of one core.
 *
 *     bench_analyst_parse FOLDER VALUES OBJECTS     also leaves FOLDER/list and FOLDER/stix; the
 * last line is JSON */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <jansson.h>

#include "bench/values.h"
#include "gen/gen.h"
#include "item/import.h"
#include "item/list.h"
#include "query/index.h"

/* Contents, one behind the other, each after its length. */
struct kept {
    struct kai_buf bytes;
    uint64_t n;
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_analyst_parse: %s\n", what);
    exit(1);
}

/* Seconds: of the processor, and by the clock on the wall. */
struct time {
    double cpu;
    double wall;
};

static double clock_s(clockid_t id)
{
    struct timespec ts;

    (void)clock_gettime(id, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct time since(struct time t)
{
    return (struct time){.cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID) - t.cpu,
                         .wall = clock_s(CLOCK_MONOTONIC) - t.wall};
}

static FILE *open_in(const char *dir, const char *name, const char *mode)
{
    char path[4096];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, mode);
    must(f != NULL, path);
    return f;
}

static struct kai_view read_whole(const char *dir, const char *name)
{
    FILE *f = open_in(dir, name, "r");
    struct stat st;

    must(fstat(fileno(f), &st) == 0 && st.st_size > 0, name);
    uint8_t *p = malloc((size_t)st.st_size);
    must(p != NULL && fread(p, 1, (size_t)st.st_size, f) == (size_t)st.st_size, name);
    (void)fclose(f);
    return kai_view_of(p, (size_t)st.st_size);
}

static void make(const char *dir, uint64_t values, uint64_t objects)
{
    struct gen_stix what = {.n = objects, .seed = 1, .tlp = KAI_TLP_GREEN};
    FILE *f = open_in(dir, "list", "w");

    for (uint64_t i = 0; i < values; i++) {
        char text[96];

        (void)value(i, text, sizeof text);
        (void)fprintf(f, "%s\n", text);
    }
    must(fclose(f) == 0, "list");
    f = open_in(dir, "stix", "w");
    gen_stix(f, &what);
    must(fclose(f) == 0, "stix");
}

static enum kai_err drop(void *ctx, const struct kai_candidate *c)
{
    (void)ctx;
    (void)c;
    return KAI_OK;
}

static enum kai_err keep(void *ctx, const struct kai_candidate *c)
{
    struct kept *k = ctx;
    uint64_t n = c->content.n;

    kai_buf_add(&k->bytes, &n, sizeof n);
    kai_buf_add(&k->bytes, c->content.p, c->content.n);
    k->n++;
    return k->bytes.err;
}

static struct kai_view next_kept(const struct kept *k, size_t *at)
{
    uint64_t n;

    memcpy(&n, k->bytes.p + *at, sizeof n);
    *at += sizeof n + n;
    return kai_view_of(k->bytes.p + *at - n, n);
}

static enum kai_err refuse(void *ctx, const struct kai_why *why, const char *id)
{
    (void)ctx;
    fprintf(stderr, "refused %s: %s\n", id, why->code);
    return KAI_EMALFORMED;
}

/* Seconds of the importer over a file; what came out is kept outside of them. */
static struct time scan(struct kai_view file, struct kept *k)
{
    struct kai_import_opts how = {.label = {.tlp = KAI_TLP_GREEN}};
    struct kai_import_sink sink = {.item = drop, .refuse = refuse};
    struct time start = since((struct time){0});
    struct time took;

    must(kai_import_scan(file, "bench", &how, &sink, NULL) == KAI_OK, "import");
    took = since(start);
    sink.item = keep;
    sink.ctx = k;
    kai_buf_init(&k->bytes, UINT32_MAX);
    k->n = 0;
    must(kai_import_scan(file, "bench", &how, &sink, NULL) == KAI_OK, "import");
    return took;
}

static struct time bare_jansson(const struct kept *k)
{
    struct time start = since((struct time){0});

    for (size_t at = 0; at < k->bytes.len;) {
        struct kai_view v = next_kept(k, &at);
        json_t *o = json_loadb((const char *)v.p, v.n, JSON_REJECT_DUPLICATES, NULL);

        must(o != NULL, "jansson");
        json_decref(o);
    }
    return since(start);
}

/* ---- Puts. */
struct put {
    struct kai_ix *t;
    uint64_t row_no;
    uint64_t n;
    enum kai_err err;
};

static void put_row(struct put *p, struct kai_index *x, struct kai_row *row)
{
    uint64_t id = mix(p->n++);

    if (p->t != NULL && kai_ix_full(p->t)) {
        must(kai_ix_commit(p->t, p->n) == KAI_OK, "commit");
        p->t = NULL;
    }
    must(p->t != NULL || kai_ix_begin(x, &p->t) == KAI_OK, "begin");
    memcpy(row->item_id, &id, 8);
    row->parts = 1;
    row->tlp = KAI_TLP_GREEN;
    row->first_seen_ms = p->n;
    must(kai_ix_row(p->t, row, false) == KAI_OK, "row");
    p->row_no = row->no;
}

static void put_list(struct put *p, struct kai_index *x, struct kai_view content)
{
    struct kai_row row = {.kind = KAI_CONTENT_LIST, .type = "indicator"};
    struct kai_list list;
    struct kai_view v;
    uint64_t i = 0;

    must(kai_list_read(&list, content, false, NULL) == KAI_OK, "list");
    row.n_values = list.n;
    put_row(p, x, &row);
    for (size_t at = 0; kai_list_next(&list, &at, &v);)
        must(kai_ix_value(p->t, p->row_no, list.type, v, i++) == KAI_OK, "value");
}

/* Indicators have one value, as gen_stix() makes them: any will do. */
static void put_object(struct put *p, struct kai_index *x)
{
    struct kai_row row = {.kind = KAI_CONTENT_STIX, .type = "indicator", .modified_ms = 1};
    uint64_t id = mix(p->n);
    char text[96];
    enum kai_vtype type = value(p->n, text, sizeof text);

    memcpy(row.stix_uuid, &id, 8);
    put_row(p, x, &row);
    must(kai_ix_value(p->t, p->row_no, type, kai_view_of(text, strlen(text)), 0) == KAI_OK,
         "value");
}

static struct time puts_of(const char *dir, const char *name, const struct kept *k, bool lists)
{
    char path[4096];
    struct kai_index *x = NULL;
    struct kai_why why = {0};
    struct put p = {.t = NULL};
    bool rebuild;
    struct time start;
    struct time took;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    must(kai_index_open(&x, path, 0, "bench", &rebuild, &why) == KAI_OK, "index");
    start = since((struct time){0});
    for (size_t at = 0; at < k->bytes.len;) {
        struct kai_view content = next_kept(k, &at);

        if (lists)
            put_list(&p, x, content);
        else
            put_object(&p, x);
    }
    must(kai_ix_commit(p.t, p.n) == KAI_OK, "commit");
    took = since(start);
    kai_index_close(x);
    return took;
}

static double slower(double a, double b)
{
    return a > b ? a : b;
}

int main(int argc, char *argv[])
{
    struct kept lists, objects;

    must(argc == 4, "FOLDER VALUES OBJECTS");
    double n = strtod(argv[2], NULL);
    double m = strtod(argv[3], NULL);
    make(argv[1], (uint64_t)n, (uint64_t)m);
    struct time parse_list = scan(read_whole(argv[1], "list"), &lists);
    struct time parse_stix = scan(read_whole(argv[1], "stix"), &objects);
    struct time jansson = bare_jansson(&objects);
    struct time put_list_t = puts_of(argv[1], "lists", &lists, true);
    struct time put_stix = puts_of(argv[1], "objects", &objects, false);

    printf("importer, list    %9.0f values/s\n", n / parse_list.cpu);
    printf("importer, STIX    %9.0f objects/s (aim 50000); jansson alone %.0f\n",
           m / parse_stix.cpu, m / jansson.cpu);
    printf("index puts        %9.0f values/s in lists, %.0f objects/s\n", n / put_list_t.cpu,
           m / put_stix.cpu);
    printf(
        "{\"list\": {\"cpu\": %.0f, \"wall\": %.0f}, \"stix\": {\"cpu\": %.0f, \"wall\": %.0f}}\n",
        n / slower(parse_list.cpu, put_list_t.cpu), n / slower(parse_list.wall, put_list_t.wall),
        m / slower(parse_stix.cpu, put_stix.cpu), m / slower(parse_stix.wall, put_stix.wall));
    return 0;
}

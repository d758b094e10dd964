/* bench_index: what the index takes in and answers, beside bare LMDB doing the unavoidable. Rates
 * are per second of one core: nothing here waits for a disk.
 *
 *     bench_index [VALUES]      in a temporary folder; 1,000,000 without an argument */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <lmdb.h>

#include "bench/values.h"
#include "query/index.h"
#include "query/run.h"

#define LIST_VALUES 4000u
#define LOOKUPS     200000u
#define RANGES      20000u
#define STIX_ROWS   200000u

static char dir[] = "/tmp/kairan-bench-XXXXXX";

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_index: %s\n", what);
    exit(1);
}

static double now_s(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t file_bytes(const char *name)
{
    char path[128];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* Memory of its own: what is mapped from files does not count. */
static long own_mib(void)
{
    FILE *f = fopen("/proc/self/smaps_rollup", "r");
    char line[128];
    long kib = 0;

    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "Anonymous:", 10) == 0)
            kib = strtol(line + 10, NULL, 10);
    }
    if (f != NULL)
        (void)fclose(f);
    return kib / 1024;
}

static void put_row(struct kai_ix *t, uint64_t i, uint64_t n_values, uint64_t *no)
{
    struct kai_row row = {.kind = n_values > 0 ? 2 : 1,
                          .type = "indicator",
                          .parts = 1,
                          .tlp = (uint8_t)(1 + i % 4),
                          .first_seen_ms = i,
                          .modified_ms = n_values > 0 ? 0 : 1,
                          .n_values = n_values};
    uint64_t id = mix(i ^ n_values << 40);

    memcpy(row.item_id, &id, 8);
    row.origin[0] = (uint8_t)(i % 50);
    row.aud_id[0] = (uint8_t)(i % 7);
    if (n_values == 0)
        memcpy(row.stix_uuid, &id, 8);
    must(kai_ix_row(t, &row, false) == KAI_OK, "row");
    *no = row.no;
}

static struct kai_ix *next(struct kai_index *x, struct kai_ix *t, bool force)
{
    if (t != NULL && !force && !kai_ix_full(t))
        return t;
    must(t == NULL || kai_ix_commit(t, 1) == KAI_OK, "commit");
    must(kai_ix_begin(x, &t) == KAI_OK, "begin");
    return t;
}

static void fill(struct kai_index *x, uint64_t n)
{
    struct kai_ix *t = next(x, NULL, true);
    double start = now_s();
    double took;
    uint64_t no = 0;

    for (uint64_t i = 0; i < n; i++) {
        char text[96];
        enum kai_vtype type = value(i, text, sizeof text);

        if (i % LIST_VALUES == 0) {
            t = next(x, t, false);
            put_row(t, i / LIST_VALUES, LIST_VALUES, &no);
        }
        must(kai_ix_value(t, no, type, kai_view_of(text, strlen(text)), i % LIST_VALUES) == KAI_OK,
             "value");
    }
    must(kai_ix_commit(t, n) == KAI_OK, "commit");
    took = now_s() - start;
    printf("values in lists   %9.0f /s   %llu values, %.1f B each on disk, own memory %ld MiB\n",
           (double)n / took, (unsigned long long)n,
           (double)file_bytes("index/data.mdb") / (double)n, own_mib());
}

static void fill_stix(struct kai_index *x, uint64_t base)
{
    uint64_t before = file_bytes("index/data.mdb");
    struct kai_ix *t = next(x, NULL, true);
    double start = now_s();
    uint64_t no;

    for (uint64_t i = 0; i < STIX_ROWS; i++) {
        char text[96];
        enum kai_vtype type = value(base + i, text, sizeof text);

        t = next(x, t, false);
        put_row(t, base + i, 0, &no);
        must(kai_ix_value(t, no, type, kai_view_of(text, strlen(text)), 0) == KAI_OK, "value");
    }
    must(kai_ix_commit(t, base) == KAI_OK, "commit");
    printf("objects, 1 value  %9.0f /s   %.1f B each on disk, own memory %ld MiB\n",
           (double)STIX_ROWS / (now_s() - start),
           (double)(file_bytes("index/data.mdb") - before) / STIX_ROWS, own_mib());
}

/* The ceiling: the same keys into bare LMDB, sorted in groups of 250,000, and got again. */
static MDB_env *raw_env;
static MDB_dbi raw_dbi;

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, 96);
}

static void raw_fill(uint64_t n)
{
    enum { GROUP = 250000 };
    static uint8_t keys[GROUP][96];
    char path[128];
    double start;
    double took;

    (void)snprintf(path, sizeof path, "%s/raw", dir);
    must(mkdir(path, 0700) == 0 && mdb_env_create(&raw_env) == 0 &&
             mdb_env_set_mapsize(raw_env, (size_t)16 << 30) == 0 &&
             mdb_env_open(raw_env, path, MDB_NOSYNC | MDB_NOTLS, 0600) == 0,
         "raw");
    start = now_s();
    for (uint64_t i = 0; i < n;) {
        MDB_txn *txn;
        size_t m = 0;

        for (; m < GROUP && i < n; m++, i++) {
            char text[96];
            uint8_t key[KAI_VALUE_KEY_MAX];
            size_t k;
            enum kai_vtype type = value(i, text, sizeof text);

            must(kai_value_key(type, kai_view_of(text, strlen(text)), key, &k) == KAI_OK, "key");
            memset(keys[m], 0, 96);
            memcpy(keys[m], key, k);
            keys[m][95] = (uint8_t)(k + 12);
        }
        qsort(keys, m, 96, by_bytes);
        must(mdb_txn_begin(raw_env, NULL, 0, &txn) == 0 &&
                 mdb_dbi_open(txn, NULL, 0, &raw_dbi) == 0,
             "raw");
        for (size_t j = 0; j < m; j++) {
            MDB_val key = {.mv_size = keys[j][95], .mv_data = keys[j]};
            MDB_val val = {.mv_size = 0, .mv_data = keys[j]};

            must(mdb_put(txn, raw_dbi, &key, &val, 0) == 0, "raw put");
        }
        must(mdb_txn_commit(txn) == 0, "raw commit");
    }
    took = now_s() - start;
    printf("  bare LMDB, sorted %7.0f /s   %.1f B each\n", (double)n / took,
           (double)file_bytes("raw/data.mdb") / (double)n);
}

static double raw_get(uint64_t n)
{
    MDB_txn *txn;
    double start;
    uint64_t found = 0;

    must(mdb_txn_begin(raw_env, NULL, MDB_RDONLY, &txn) == 0, "raw");
    start = now_s();
    for (uint64_t i = 0; i < LOOKUPS; i++) {
        char text[96];
        uint8_t bytes[KAI_VALUE_KEY_MAX + 12] = {0};
        size_t k;
        enum kai_vtype type = value(mix(i) % n, text, sizeof text);
        MDB_val key = {.mv_data = bytes};
        MDB_val val;

        must(kai_value_key(type, kai_view_of(text, strlen(text)), bytes, &k) == KAI_OK, "key");
        memset(bytes + k, 0, 12);
        key.mv_size = k + 12;
        found += mdb_get(txn, raw_dbi, &key, &val) == 0;
    }
    must(found == LOOKUPS, "raw get");
    mdb_txn_abort(txn);
    return (double)LOOKUPS / (now_s() - start);
}

static bool count(void *ctx, struct kai_view key, uint64_t row_no, uint64_t value_index)
{
    (void)key;
    (void)row_no;
    (void)value_index;
    ++*(uint64_t *)ctx;
    return true;
}

static double index_get(struct kai_ixsnap *r, uint64_t n)
{
    struct kai_view none = {0};
    double start = now_s();
    uint64_t found = 0;

    for (uint64_t i = 0; i < LOOKUPS; i++) {
        char text[96];
        uint8_t key[KAI_VALUE_KEY_MAX];
        size_t k;
        enum kai_vtype type = value(mix(i) % n, text, sizeof text);

        must(kai_value_key(type, kai_view_of(text, strlen(text)), key, &k) == KAI_OK, "key");
        must(kai_ixsnap_range(r, kai_view_of(key, k), kai_view_of(key, k), none, false, count,
                              &found) == KAI_OK,
             "range");
    }
    must(found >= LOOKUPS, "lookups");
    return (double)LOOKUPS / (now_s() - start);
}

static bool hit(void *ctx, const struct kai_query_hit *h)
{
    (void)h;
    ++*(uint64_t *)ctx;
    return true;
}

/* Parse and run expressions: a prefix, and a value's text from `at` on. */
static void ask(struct kai_ixsnap *r, const char *what, const char *prefix, uint64_t times,
                uint64_t n, uint64_t step, uint64_t at, uint64_t limit)
{
    uint64_t hits = 0;
    double start = now_s();
    double took;

    for (uint64_t i = 0; i < times; i++) {
        struct kai_query_at place = {0};
        struct kai_query *q = NULL;
        char text[96];
        char expr[160];
        bool done = false;
        uint64_t had = hits;

        (void)value(mix(i) % (n / 4) * 4 + step, text, sizeof text);
        if (at > strlen(text))
            text[0] = '\0';
        (void)snprintf(expr, sizeof expr, "%s%s", prefix, text[0] == '\0' ? "" : text + at);
        must(kai_query_parse(&q, kai_view_of(expr, strlen(expr)), NULL, 1, NULL) == KAI_OK, expr);
        while (!done && hits - had < limit)
            must(kai_query_run(q, r, 1, limit, &place, &done, hit, &hits) == KAI_OK, "run");
        kai_query_free(q);
    }
    took = now_s() - start;
    printf("%-17s %9.0f /s   %.2f ms each, %.1f answers\n", what, (double)times / took,
           took / (double)times * 1e3, (double)hits / (double)times);
}

static void cidrs(struct kai_ixsnap *r, uint64_t n)
{
    uint64_t hits = 0;
    double start = now_s();

    for (uint64_t i = 0; i < RANGES; i++) {
        struct kai_query_at place = {0};
        struct kai_query *q = NULL;
        char expr[64];
        bool done = false;
        uint64_t a = mix(mix(i) % (n / 4) * 4);

        (void)snprintf(expr, sizeof expr, "ip:%u.%u.%u.0/24", (unsigned)(a & 255),
                       (unsigned)(a >> 8 & 255), (unsigned)(a >> 16 & 255));
        must(kai_query_parse(&q, kai_view_of(expr, strlen(expr)), NULL, 1, NULL) == KAI_OK, expr);
        must(kai_query_run(q, r, 1, 100, &place, &done, hit, &hits) == KAI_OK, "run");
        kai_query_free(q);
    }
    printf("%-17s %9.0f /s   %.1f answers (inside and around)\n", "ip:CIDR /24",
           (double)RANGES / (now_s() - start), (double)hits / RANGES);
}

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    struct kai_index *x = NULL;
    struct kai_ixsnap *r = NULL;
    char path[128];
    bool rebuild;
    double ours;
    double raw;

    must(n >= 4000 && mkdtemp(dir) != NULL, "usage");
    (void)snprintf(path, sizeof path, "%s/index", dir);
    must(kai_index_open(&x, path, (uint64_t)16 << 30, "bench", &rebuild, NULL) == KAI_OK, "open");
    fill(x, n);
    raw_fill(n);
    fill_stix(x, n);
    must(kai_ixsnap_begin(x, 5, &r) == KAI_OK, "snapshot");
    ours = index_get(r, n);
    raw = raw_get(n);
    printf("exact lookup      %9.0f /s   bare LMDB %.0f /s, ratio %.2f\n", ours, raw, ours / raw);
    ask(r, "value (parse+run)", "", RANGES, n, 3, 0, 10);
    ask(r, "ip: (parse+run)", "ip:", RANGES, n, 0, 0, 10);
    cidrs(r, n);
    ask(r, "domain:*.zone", "domain:*.", RANGES / 20, n, 2, 10, 100);
    ask(r, "newest 100", "label:green", 200, n, 0, 99, 100);
    ask(r, "scan all, none", "type:malware", 5, n, 0, 99, 100);
    ask(r, "value and label", "label:green ", RANGES, n, 3, 0, 10);
    kai_ixsnap_end(r);
    kai_index_close(x);
    mdb_env_close(raw_env);
    (void)snprintf(path, sizeof path, "rm -rf %s", dir);
    return system(path) == 0 ? 0 : 1;
}

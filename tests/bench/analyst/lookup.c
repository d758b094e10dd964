/* bench_analyst_lookup: what is asked of the index, beside bare LMDB on the same keys and SQLite
 * with an index and prepared statements, in one run. Rates are per second of one core.
 *
 *     bench_analyst_lookup [VALUES]      in a temporary folder; 1,000,000 without an argument */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <lmdb.h>
#ifdef KAI_BENCH_SQLITE
#include <sqlite3.h>
#endif

#include "bench/values.h"
#include "query/index.h"

#define LIST    4000u
#define LOOKUPS 200000u
#define NETS    100000u

static char dir[] = "/tmp/kairan-bench-XXXXXX";
static uint64_t n_values;

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_analyst_lookup: %s\n", what);
    exit(1);
}

static double now_s(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Block i: /16 to /32. */
static uint32_t net(uint64_t i, unsigned *len)
{
    uint64_t a = mix(i ^ UINT64_C(1) << 40);

    *len = 16 + (unsigned)(a >> 32) % 17;
    return (uint32_t)a & (0xffffffffu << (32 - *len));
}

static void net_text(uint64_t i, char out[static 32])
{
    unsigned len;
    uint32_t a = net(i, &len);
    int n = snprintf(out, 32, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);

    if (len < 32)
        (void)snprintf(out + n, 32 - (size_t)n, "/%u", len);
}

/* An address in block i. */
static uint32_t inside(uint64_t i)
{
    unsigned len;
    uint32_t a = net(i, &len);

    return len == 32 ? a : a | ((uint32_t)mix(i) & (0xffffffffu >> len));
}

static size_t key_of(uint64_t i, uint8_t key[static KAI_VALUE_KEY_MAX + 12])
{
    char text[96];
    size_t n;
    enum kai_vtype type = value(i, text, sizeof text);

    must(kai_value_key(type, kai_view_of(text, strlen(text)), key, &n) == KAI_OK, "key");
    return n;
}

/* ---- The index. */
static void put_list(struct kai_ix *t, uint64_t no, uint64_t n, uint64_t *row_no)
{
    struct kai_row row = {
        .kind = 2, .type = "indicator", .parts = 1, .tlp = 2, .first_seen_ms = no, .n_values = n};
    uint64_t id = mix(no);

    memcpy(row.item_id, &id, 8);
    must(kai_ix_row(t, &row, false) == KAI_OK, "row");
    *row_no = row.no;
}

static void fill(struct kai_index *x)
{
    struct kai_ix *t = NULL;
    uint64_t no = 0;
    uint64_t all = n_values + NETS;

    must(kai_ix_begin(x, &t) == KAI_OK, "begin");
    for (uint64_t i = 0; i < all; i++) {
        char text[96];
        enum kai_vtype type = KAI_V_IPV4;

        if (i < n_values)
            type = value(i, text, sizeof text);
        else
            net_text(i - n_values, text);
        if (i % LIST == 0) {
            if (kai_ix_full(t)) {
                must(kai_ix_commit(t, 1) == KAI_OK && kai_ix_begin(x, &t) == KAI_OK, "commit");
            }
            put_list(t, i / LIST, LIST, &no);
        }
        must(kai_ix_value(t, no, type, kai_view_of(text, strlen(text)), i % LIST) == KAI_OK,
             "value");
    }
    must(kai_ix_commit(t, all) == KAI_OK, "commit");
}

static bool count_first(void *ctx, struct kai_view key, uint64_t row_no, uint64_t value_index)
{
    (void)key;
    (void)row_no;
    (void)value_index;
    ++*(uint64_t *)ctx;
    return false;
}

static double exact(struct kai_ixsnap *r)
{
    struct kai_view none = {0};
    double start = now_s();
    uint64_t found = 0;

    for (uint64_t i = 0; i < LOOKUPS; i++) {
        uint8_t key[KAI_VALUE_KEY_MAX + 12];
        struct kai_view k = kai_view_of(key, key_of(mix(i) % n_values, key));

        must(kai_ixsnap_range(r, k, k, none, false, count_first, &found) == KAI_OK, "exact");
    }
    must(found == LOOKUPS, "exact: not all were found");
    return LOOKUPS / (now_s() - start);
}

static bool count_key(void *ctx, struct kai_view key)
{
    (void)key;
    ++*(uint64_t *)ctx;
    return false;
}

static double containment(struct kai_ixsnap *r)
{
    double start = now_s();
    uint64_t found = 0;

    for (uint64_t i = 0; i < LOOKUPS; i++) {
        uint32_t a = inside(mix(i) % NETS);
        char text[32];
        uint8_t key[KAI_VALUE_KEY_MAX];
        size_t n;
        int len = snprintf(text, sizeof text, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255,
                           a & 255);

        must(kai_value_key(KAI_V_IPV4, kai_view_of(text, (size_t)len), key, &n) == KAI_OK, "key");
        must(kai_ixsnap_around(r, kai_view_of(key, n), count_key, &found) == KAI_OK, "around");
    }
    must(found == LOOKUPS, "containment: not all were found");
    return LOOKUPS / (now_s() - start);
}

/* The zone of a name in the index, "zNNN.example". */
static void zone(uint64_t i, char out[static 32])
{
    (void)snprintf(out, 32, "z%llu.example",
                   (unsigned long long)((mix(i) % (n_values / 4) * 4 + 2) % 5003));
}

static double below(struct kai_ixsnap *r)
{
    struct kai_view none = {0};
    double start = now_s();
    uint64_t found = 0;

    for (uint64_t i = 0; i < LOOKUPS; i++) {
        uint8_t lo[KAI_VALUE_KEY_MAX];
        uint8_t hi[KAI_VALUE_KEY_MAX + 1];
        char text[32];
        size_t n;

        zone(i, text);
        must(kai_key_domain_prefix(kai_view_of(text, strlen(text)), lo, &n) == KAI_OK, "prefix");
        memcpy(hi, lo, n);
        hi[n] = 0xff;
        must(kai_ixsnap_range(r, kai_view_of(lo, n), kai_view_of(hi, n + 1), none, false,
                              count_first, &found) == KAI_OK,
             "below");
    }
    must(found == LOOKUPS, "sub-domain: not all were found");
    return LOOKUPS / (now_s() - start);
}

/* ---- Bare LMDB. */
static double raw(void)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    char path[128];
    uint64_t found = 0;
    uint8_t bytes[KAI_VALUE_KEY_MAX + 12] = {0};
    MDB_val key = {.mv_data = bytes};
    MDB_val val = {.mv_data = bytes};

    (void)snprintf(path, sizeof path, "%s/raw", dir);
    must(mkdir(path, 0700) == 0 && mdb_env_create(&env) == 0 &&
             mdb_env_set_mapsize(env, (size_t)16 << 30) == 0 &&
             mdb_env_open(env, path, MDB_NOSYNC | MDB_NOTLS, 0600) == 0 &&
             mdb_txn_begin(env, NULL, 0, &txn) == 0 && mdb_dbi_open(txn, NULL, 0, &dbi) == 0,
         "raw");
    for (uint64_t i = 0; i < n_values; i++) {
        key.mv_size = key_of(i, bytes) + 12; /* As long as a place in the index is. */
        memset(bytes + key.mv_size - 12, 0, 12);
        val.mv_size = 1;
        must(mdb_put(txn, dbi, &key, &val, 0) == 0, "raw put");
    }
    must(mdb_txn_commit(txn) == 0 && mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0, "raw");
    double start = now_s();
    for (uint64_t i = 0; i < LOOKUPS; i++) {
        key = (MDB_val){.mv_data = bytes, .mv_size = key_of(mix(i) % n_values, bytes) + 12};
        memset(bytes + key.mv_size - 12, 0, 12);
        found += mdb_get(txn, dbi, &key, &val) == 0;
    }
    double rate = LOOKUPS / (now_s() - start);
    must(found == LOOKUPS, "raw get");
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return rate;
}

/* ---- SQLite: [exact, containment, sub-domain]; zeros where it is not here. */
#ifdef KAI_BENCH_SQLITE
static void reversed(const char *name, char *out)
{
    const char *end = name + strlen(name);

    while (end > name) {
        const char *p = end;

        while (p > name && p[-1] != '.')
            p--;
        memcpy(out, p, (size_t)(end - p));
        out += end - p;
        *out++ = '.';
        end = p > name ? p - 1 : p;
    }
    *out = '\0';
}

static void sql(sqlite3 *db, const char *text)
{
    must(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, text);
}

static sqlite3_stmt *prepared(sqlite3 *db, const char *text)
{
    sqlite3_stmt *s = NULL;

    must(sqlite3_prepare_v2(db, text, -1, &s, NULL) == SQLITE_OK, text);
    return s;
}

static void bind_value(sqlite3_stmt *s, uint64_t i, char text[static 96])
{
    char plain[96];
    enum kai_vtype type = value(i, plain, 96);

    if (type == KAI_V_DOMAIN)
        reversed(plain, text);
    else
        memcpy(text, plain, 96);
    (void)sqlite3_bind_int(s, 1, (int)type);
    (void)sqlite3_bind_text(s, 2, text, -1, SQLITE_STATIC);
}

static void sqlite_fill(sqlite3 *db)
{
    sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA mmap_size=2000000000;"
            "PRAGMA cache_size=-400000;"
            "CREATE TABLE v(type INT, value TEXT, row INT);"
            "CREATE TABLE net(lo INT, hi INT, row INT); BEGIN");
    sqlite3_stmt *s = prepared(db, "INSERT INTO v VALUES(?1, ?2, 1)");
    for (uint64_t i = 0; i < n_values; i++) {
        char text[96];

        bind_value(s, i, text);
        must(sqlite3_step(s) == SQLITE_DONE && sqlite3_reset(s) == SQLITE_OK, "insert");
    }
    (void)sqlite3_finalize(s);
    s = prepared(db, "INSERT INTO net VALUES(?1, ?2, 1)");
    for (uint64_t i = 0; i < NETS; i++) {
        unsigned len;
        uint32_t a = net(i, &len);

        (void)sqlite3_bind_int64(s, 1, a);
        (void)sqlite3_bind_int64(s, 2, len == 32 ? a : a | (0xffffffffu >> len));
        must(sqlite3_step(s) == SQLITE_DONE && sqlite3_reset(s) == SQLITE_OK, "insert");
    }
    (void)sqlite3_finalize(s);
    sql(db, "COMMIT; CREATE INDEX vi ON v(type, value); CREATE INDEX ni ON net(lo, hi); ANALYZE");
}

static double timed(sqlite3_stmt *s, void (*bind)(sqlite3_stmt *s, uint64_t i, char *text))
{
    double start = now_s();

    for (uint64_t i = 0; i < LOOKUPS; i++) {
        char text[96];

        bind(s, i, text);
        must(sqlite3_step(s) == SQLITE_ROW, "sqlite: not all were found");
        (void)sqlite3_reset(s);
    }
    double rate = LOOKUPS / (now_s() - start);
    (void)sqlite3_finalize(s);
    return rate;
}

static void bind_exact(sqlite3_stmt *s, uint64_t i, char *text)
{
    bind_value(s, mix(i) % n_values, text);
}

static void bind_inside(sqlite3_stmt *s, uint64_t i, char *text)
{
    (void)text;
    (void)sqlite3_bind_int64(s, 1, inside(mix(i) % NETS));
}

static void bind_zone(sqlite3_stmt *s, uint64_t i, char *text)
{
    char name[32];

    zone(i, name);
    reversed(name, text);
    (void)sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC);
}

static void sqlite(double out[static 3])
{
    char path[128];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof path, "%s/sqlite", dir);
    must(sqlite3_open(path, &db) == SQLITE_OK, "sqlite");
    sqlite_fill(db);
    out[0] =
        timed(prepared(db, "SELECT row FROM v WHERE type=?1 AND value=?2 LIMIT 1"), bind_exact);
    out[1] = timed(prepared(db, "SELECT row FROM net WHERE lo<=?1 AND lo>?1-65536 AND hi>=?1 "
                                "ORDER BY lo DESC LIMIT 1"),
                   bind_inside);
    out[2] = timed(prepared(db, "SELECT row FROM v WHERE type=3 AND value>?1 AND value<?1||'~' "
                                "LIMIT 1"),
                   bind_zone);
    (void)sqlite3_close(db);
}
#else
static void sqlite(double out[static 3])
{
    (void)out;
}
#endif

static void row(const char *what, double ours, double base, const char *of, double aim,
                double other)
{
    printf("%-22s %9.0f /s   %.2f of %s (aim %.1f)   SQLite %.0f /s, %.1f times\n", what, ours,
           ours / base, of, aim, other, other > 0 ? ours / other : 0.0);
}

int main(int argc, char **argv)
{
    struct kai_index *x = NULL;
    struct kai_ixsnap *r = NULL;
    double other[3] = {0};
    char path[128];
    bool rebuild;

    n_values = argc > 1 ? strtoull(argv[1], NULL, 10) / LIST * LIST : 1000000;
    must(n_values >= LIST && mkdtemp(dir) != NULL, "usage");
    (void)snprintf(path, sizeof path, "%s/index", dir);
    must(kai_index_open(&x, path, (uint64_t)16 << 30, "bench", &rebuild, NULL) == KAI_OK, "open");
    fill(x);
    must(kai_ixsnap_begin(x, 5, &r) == KAI_OK, "snapshot");
    double bare = raw();
    double one = exact(r);
    sqlite(other);
    printf("bare LMDB gets         %9.0f /s   the same %llu keys\n", bare,
           (unsigned long long)n_values);
    row("exact value", one, bare, "bare LMDB", 0.5, other[0]);
    row("smallest block around", containment(r), one, "exact", 0.3, other[1]);
    row("a name under a zone", below(r), one, "exact", 0.3, other[2]);
    kai_ixsnap_end(r);
    kai_index_close(x);
    (void)snprintf(path, sizeof path, "rm -rf %s", dir);
    return system(path) == 0 ? 0 : 1;
}

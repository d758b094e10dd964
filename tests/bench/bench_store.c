/* bench_store: appends to the store, synced in groups, against raw LMDB puts of the same bytes.
 *
 * bench_store [DIR]: a folder on the disk to be measured; a new one under TMPDIR otherwise. */
#include <dirent.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "store/store.h"

#define MUST(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "bench_store: %s:%d: %s\n", __FILE__, __LINE__, #x);                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct made {
    struct kai_entry *e;
    struct kai_buf *b;
    size_t n;
    size_t bytes; /* Of all elements. */
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct made make(size_t n, size_t payload_n, uint8_t id)
{
    struct made m = {.e = calloc(n, sizeof *m.e), .b = calloc(n, sizeof *m.b), .n = n};
    struct kai_hdr h = {.ptype = KAI_PTYPE_SEALED, .psize = payload_n, .ts = 1700000000000};
    static uint8_t payload[KAI_PAYLOAD_BYTES_MAX];
    uint8_t sig[KAI_SIG_BYTES];

    MUST(m.e != NULL && m.b != NULL);
    memset(h.log_pk, id, sizeof h.log_pk);
    memset(sig, 7, sizeof sig);
    for (size_t i = 0; i < n; i++) {
        struct kai_buf *b = &m.b[i];

        kai_put_u64(payload, i);
        h.seq = i + 1;
        kai_hash(h.phash, KAI_D_PAY, payload, payload_n);
        kai_buf_init(b, 70000);
        kai_hdr_write(b, &h);
        size_t hdr_n = b->len;
        kai_buf_add(b, sig, sizeof sig);
        kai_buf_add(b, payload, payload_n);
        MUST(b->err == KAI_OK);
        MUST(kai_entry_init(&m.e[i], kai_view_of(b->p, hdr_n),
                            kai_view_of(b->p + hdr_n, sizeof sig),
                            kai_view_of(b->p + hdr_n + sizeof sig, payload_n)) == KAI_OK);
        memcpy(h.prev, m.e[i].hash, sizeof h.prev);
        m.bytes += b->len;
    }
    return m;
}

static void made_free(struct made *m)
{
    for (size_t i = 0; i < m->n; i++)
        kai_buf_free(&m->b[i]);
    free(m->b);
    free(m->e);
}

static void dir_rm(const char *dir)
{
    DIR *d = opendir(dir);
    char path[500];

    for (struct dirent *f; d != NULL && (f = readdir(d)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
        unlink(path);
    }
    if (d != NULL)
        closedir(d);
    rmdir(dir);
}

/* Seconds to put the same elements into one table by position, and nothing else. */
static double raw(const char *dir, const struct made *m, size_t group)
{
    char path[400];
    MDB_env *env;
    MDB_dbi dbi;
    MDB_txn *t;

    snprintf(path, sizeof path, "%s/raw-XXXXXX", dir);
    MUST(mkdtemp(path) != NULL);
    MUST(mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, (size_t)4 << 30) == 0);
    MUST(mdb_env_open(env, path, MDB_NOTLS, 0600) == 0);
    MUST(mdb_txn_begin(env, NULL, 0, &t) == 0 && mdb_dbi_open(t, NULL, 0, &dbi) == 0);
    MUST(mdb_txn_commit(t) == 0);
    double start = now_s();
    for (size_t i = 0; i < m->n; i += group) {
        MUST(mdb_txn_begin(env, NULL, 0, &t) == 0);
        for (size_t j = i; j < i + group && j < m->n; j++) {
            uint8_t key[8];
            MDB_val k = {sizeof key, key};
            MDB_val v = {m->b[j].len, m->b[j].p};

            kai_put_u64(key, j + 1);
            MUST(mdb_put(t, dbi, &k, &v, MDB_APPEND) == 0);
        }
        MUST(mdb_txn_commit(t) == 0);
    }
    double took = now_s() - start;
    mdb_env_close(env);
    dir_rm(path);
    return took;
}

static bool count(void *ctx, uint64_t position, uint64_t no, const struct kai_entry *e,
                  uint64_t seen_ms)
{
    (void)position, (void)no, (void)seen_ms;
    *(size_t *)ctx += e->payload.n;
    return true;
}

struct took {
    double append;
    double advance;
    double read;
    double open;
};

static struct took ours(const char *dir, const struct made *m, size_t group, bool staged)
{
    struct kai_store_options opt = {.map_bytes = (uint64_t)4 << 30};
    struct kai_log log = {.kind = KAI_LOG_DATA, .flags = KAI_LOG_OWN};
    struct took took = {0};
    struct kai_store *s;
    struct kai_tx *t;
    struct kai_snap *r;
    char path[400];
    size_t bytes = 0;

    snprintf(path, sizeof path, "%s/ours-XXXXXX", dir);
    MUST(mkdtemp(path) != NULL);
    MUST(kai_store_open(&s, path, &opt, NULL) == KAI_OK);
    memcpy(log.log_pk, m->e[0].h.log_pk, sizeof log.log_pk);
    MUST(kai_tx_begin(s, &t) == KAI_OK && kai_tx_log(t, &log) == KAI_OK);
    MUST(kai_tx_commit(t) == KAI_OK);
    double start = now_s();
    for (size_t i = 0; i < m->n; i += group) {
        MUST(kai_tx_begin(s, &t) == KAI_OK);
        for (size_t j = i; j < i + group && j < m->n; j++)
            MUST((staged ? kai_tx_stage : kai_tx_append)(t, &m->e[j], 1) == KAI_OK);
        MUST(kai_tx_commit(t) == KAI_OK);
    }
    took.append = now_s() - start;
    start = now_s();
    if (staged) {
        MUST(kai_tx_begin(s, &t) == KAI_OK);
        MUST(kai_tx_advance(t, log.log_pk, m->n) == KAI_OK);
        MUST(kai_tx_commit(t) == KAI_OK);
    }
    took.advance = now_s() - start;
    start = now_s();
    MUST(kai_snap_begin(s, &r) == KAI_OK);
    MUST(kai_snap_arrivals(r, 0, count, &bytes) == KAI_OK);
    kai_snap_end(r);
    MUST(bytes == m->n * m->e[0].payload.n);
    took.read = now_s() - start;
    kai_store_close(s);
    start = now_s();
    MUST(kai_store_open(&s, path, &opt, NULL) == KAI_OK);
    took.open = now_s() - start;
    kai_store_close(s);
    dir_rm(path);
    return took;
}

static void bench(const char *dir, size_t n, size_t payload_n, size_t group)
{
    struct made m = make(n, payload_n, (uint8_t)group);
    double mb = (double)m.bytes / 1e6;

    for (size_t round = 0; round < 3; round++) {
        double ceiling = raw(dir, &m, group);
        struct took t = ours(dir, &m, group, false);
        struct took st = ours(dir, &m, group, true);

        printf("%zu x %zu B in groups of %zu: raw %.0f/s %.0f MB/s; append %.0f/s %.0f MB/s "
               "(%.2f of raw); staged %.2f of raw, advance %.1f ms; read, hashed %.0f MB/s; "
               "open after an unclean stop %.0f ms\n",
               n, payload_n, group, (double)n / ceiling, mb / ceiling, (double)n / t.append,
               mb / t.append, ceiling / t.append, ceiling / st.append, st.advance * 1e3,
               mb / t.read, t.open * 1e3);
    }
    made_free(&m);
}

int main(int argc, char **argv)
{
    char dir[200];
    const char *tmp = getenv("TMPDIR");

    snprintf(dir, sizeof dir, "%s/kairan-bench-XXXXXX",
             argc > 1      ? argv[1]
             : tmp != NULL ? tmp
                           : "/var/tmp");
    MUST(mkdtemp(dir) != NULL);
    bench(dir, 6400, 60000, 128);
    bench(dir, 128 * 200, 440, 128); /* About 700 bytes with header and signature. */
    rmdir(dir);
    return 0;
}

/* ceiling: what cannot be avoided, measured: the bounds that ./dev bench exchange divides by.
 *
 * ceiling entries FILE ITEMS_MAX THREADS DIR   check, open and store the entries that FILE makes
 * ceiling commits N DIR                        synced LMDB commits of one small entry each
 * ceiling curve N                              round trips over CURVE on loopback
 * One JSON object on standard output. */
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "bench/exchange/made.h"
#include "crypto/hash.h"
#include "crypto/sign.h"

/* Of one transaction, as in the node. */
#define GROUP_ENTRIES 512u
#define GROUP_BYTES   ((size_t)8 << 20)
#define THREADS_MAX   8u

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- Checks. */
struct checker {
    const struct made *m;
    struct kai_packer *packer;
    struct kai_buf body;
    struct kai_buf scratch;
};

static enum kai_err check_item(void *ctx, uint64_t type, struct kai_view item)
{
    const struct checker *c = ctx;
    struct kai_view obj;
    struct kai_view sig;
    struct kai_cur contents;
    uint32_t n;

    MUST(type == KAI_ITEM_OBJ);
    MUST(kai_obj_item_parse(&obj, &sig, &contents, &n, item) == KAI_OK);
    return kai_verify(sig.p, c->m->node_pk, KAI_SIG_OBJ, c->m->nid, obj.p, obj.n);
}

static void checker_init(struct checker *c, const struct made *m)
{
    c->m = m;
    MUST(kai_packer_new(&c->packer) == KAI_OK);
    kai_buf_init(&c->body, KAI_BODY_BYTES_MAX);
    kai_buf_init(&c->scratch, KAI_PAYLOAD_BYTES_MAX);
}

static void checker_free(struct checker *c)
{
    kai_packer_free(c->packer);
    kai_buf_free(&c->body);
    kai_buf_free(&c->scratch);
}

/* Both signatures with the point checks of their R, both hashes, opening. */
static void check(struct checker *c, size_t i)
{
    struct kai_entry e;

    made_entry(c->m, i, &e);
    MUST(kai_entry_verify(&e, c->m->nid) == KAI_OK);
    struct kai_seal_place at = {.nid = c->m->nid,
                                .log_pk = e.h.log_pk,
                                .seq = e.h.seq,
                                .prev = e.h.prev,
                                .tag = e.h.tag,
                                .kid = e.h.kid,
                                .ts = e.h.ts};
    kai_buf_clear(&c->body);
    kai_buf_clear(&c->scratch);
    MUST(kai_payload_open(c->packer, &c->body, &c->scratch, c->m->epoch_key, &at, e.payload) ==
         KAI_OK);
    MUST(kai_body_walk(kai_buf_view(&c->body), check_item, c) == KAI_OK);
}

/* ---- Storing. */
struct shelf {
    MDB_env *env;
    MDB_dbi dbi;
    MDB_txn *t;
    size_t entries;
    size_t bytes;
    unsigned commits;
    char dir[400];
};

static void shelf_open(struct shelf *s, const char *dir)
{
    MDB_txn *t;

    *s = (struct shelf){0};
    snprintf(s->dir, sizeof s->dir, "%s/ceiling-XXXXXX", dir);
    MUST(mkdtemp(s->dir) != NULL);
    MUST(mdb_env_create(&s->env) == 0 && mdb_env_set_mapsize(s->env, (size_t)16 << 30) == 0);
    MUST(mdb_env_open(s->env, s->dir, MDB_NOTLS, 0600) == 0);
    MUST(mdb_txn_begin(s->env, NULL, 0, &t) == 0 && mdb_dbi_open(t, NULL, 0, &s->dbi) == 0);
    MUST(mdb_txn_commit(t) == 0);
}

static void shelf_commit(struct shelf *s)
{
    if (s->t == NULL)
        return;
    MUST(mdb_txn_commit(s->t) == 0);
    s->t = NULL;
    s->entries = s->bytes = 0;
    s->commits++;
}

static void shelf_put(struct shelf *s, uint64_t no, void *p, size_t n, unsigned flags)
{
    uint8_t key[8];
    MDB_val k = {sizeof key, key};
    MDB_val v = {n, p};

    kai_put_u64(key, no);
    if (s->t == NULL)
        MUST(mdb_txn_begin(s->env, NULL, 0, &s->t) == 0);
    MUST(mdb_put(s->t, s->dbi, &k, &v, flags) == 0);
    s->entries++;
    s->bytes += n;
    if (s->entries == GROUP_ENTRIES || s->bytes >= GROUP_BYTES)
        shelf_commit(s);
}

static void shelf_close(struct shelf *s)
{
    char path[450];

    mdb_env_close(s->env);
    snprintf(path, sizeof path, "%s/data.mdb", s->dir);
    (void)unlink(path);
    snprintf(path, sizeof path, "%s/lock.mdb", s->dir);
    (void)unlink(path);
    (void)rmdir(s->dir);
}

static void put_made(struct shelf *s, const struct made *m, size_t i)
{
    shelf_put(s, i + 1, m->bytes.p + m->e[i].at, m->e[i].hdr_n + KAI_SIG_BYTES + m->e[i].payload_n,
              MDB_APPEND);
}

/* ---- Several threads check; one stores in order. */
struct crew {
    const struct made *m;
    atomic_size_t next;
    atomic_uchar *done;
    pthread_mutex_t mu;
    pthread_cond_t some;
};

static void *crew_member(void *arg)
{
    struct crew *w = arg;
    struct checker c;
    size_t i;

    checker_init(&c, w->m);
    while ((i = atomic_fetch_add(&w->next, 1)) < w->m->n) {
        check(&c, i);
        atomic_store(&w->done[i], 1);
        if (i % 64 == 0 || i + 64 >= w->m->n) {
            (void)pthread_mutex_lock(&w->mu);
            (void)pthread_cond_signal(&w->some);
            (void)pthread_mutex_unlock(&w->mu);
        }
    }
    checker_free(&c);
    return NULL;
}

static void store_as_checked(struct crew *w, struct shelf *s)
{
    for (size_t i = 0; i < w->m->n; i++) {
        if (atomic_load(&w->done[i]) == 0) {
            (void)pthread_mutex_lock(&w->mu);
            while (atomic_load(&w->done[i]) == 0) {
                struct timespec t;

                (void)clock_gettime(CLOCK_REALTIME, &t);
                t.tv_nsec += 1000000;
                if (t.tv_nsec >= 1000000000) {
                    t.tv_sec++;
                    t.tv_nsec -= 1000000000;
                }
                (void)pthread_cond_timedwait(&w->some, &w->mu, &t);
            }
            (void)pthread_mutex_unlock(&w->mu);
        }
        put_made(s, w->m, i);
    }
}

static void with_threads(const struct made *m, struct shelf *s, unsigned threads)
{
    struct crew w = {.m = m, .done = calloc(m->n, 1)};
    pthread_t t[THREADS_MAX];

    MUST(w.done != NULL && threads <= THREADS_MAX);
    (void)pthread_mutex_init(&w.mu, NULL);
    (void)pthread_cond_init(&w.some, NULL);
    for (unsigned i = 0; i < threads; i++)
        MUST(pthread_create(&t[i], NULL, crew_member, &w) == 0);
    store_as_checked(&w, s);
    for (unsigned i = 0; i < threads; i++)
        (void)pthread_join(t[i], NULL);
    free(w.done);
}

static void alone(const struct made *m, struct shelf *s)
{
    struct checker c;

    checker_init(&c, m);
    for (size_t i = 0; i < m->n; i++) {
        check(&c, i);
        put_made(s, m, i);
    }
    checker_free(&c);
}

static int entries(const char *file, const char *items_max, const char *threads, const char *dir)
{
    unsigned n_threads = (unsigned)strtoul(threads, NULL, 10);
    struct made m;
    struct shelf s;

    made_from_file(&m, file, strtoul(items_max, NULL, 10));
    shelf_open(&s, dir);
    double began = now_s();
    double cpu = cpu_s();
    if (n_threads <= 1)
        alone(&m, &s);
    else
        with_threads(&m, &s, n_threads);
    shelf_commit(&s);
    double took = now_s() - began;
    printf("{\"entries\":%zu,\"items\":%zu,\"values\":%zu,\"bytes\":%zu,\"commits\":%u,"
           "\"seconds\":%.6f,\"cpu_s\":%.6f}\n",
           m.n, m.items, m.values, m.bytes.len, s.commits, took, cpu_s() - cpu);
    shelf_close(&s);
    made_free(&m);
    return 0;
}

/* ---- Latencies. */
static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_spread(double *ms, size_t n)
{
    qsort(ms, n, sizeof *ms, by_value);
    printf("{\"n\":%zu,\"p50_ms\":%.4f,\"p99_ms\":%.4f}\n", n, ms[n / 2], ms[(n * 99) / 100]);
}

static int commits(size_t n, const char *dir)
{
    static uint8_t entry[1200];
    double *ms = calloc(n, sizeof *ms);
    struct shelf s;

    MUST(ms != NULL && n > 0);
    shelf_open(&s, dir);
    for (size_t i = 0; i < n; i++) {
        double began = now_s();

        shelf_put(&s, 1, entry, sizeof entry, 0); /* Over itself: the file does not grow. */
        shelf_commit(&s);
        ms[i] = (now_s() - began) * 1000;
    }
    print_spread(ms, n);
    shelf_close(&s);
    free(ms);
    return 0;
}

struct echo {
    void *sock;
    size_t n;
};

static void *echo_run(void *arg)
{
    struct echo *e = arg;
    char buf[2000];

    for (size_t i = 0; i < e->n; i++) {
        int got = zmq_recv(e->sock, buf, sizeof buf, 0);

        MUST(got > 0 && zmq_send(e->sock, buf, 64, 0) == 64);
    }
    return NULL;
}

static int curve(size_t n)
{
    char server_pk[41], server_sk[41], pk[41], sk[41], at[100], buf[1200] = {0};
    size_t at_n = sizeof at;
    int yes = 1;
    void *zmq = zmq_ctx_new();
    void *a = zmq_socket(zmq, ZMQ_REP);
    void *b = zmq_socket(zmq, ZMQ_REQ);
    double *ms = calloc(n, sizeof *ms);
    struct echo e = {.sock = a, .n = n + 10};
    pthread_t t;

    MUST(ms != NULL && n > 0);
    MUST(zmq_curve_keypair(server_pk, server_sk) == 0 && zmq_curve_keypair(pk, sk) == 0);
    MUST(zmq_setsockopt(a, ZMQ_CURVE_SERVER, &yes, sizeof yes) == 0);
    MUST(zmq_setsockopt(a, ZMQ_CURVE_SECRETKEY, server_sk, 41) == 0);
    MUST(zmq_setsockopt(b, ZMQ_CURVE_SERVERKEY, server_pk, 41) == 0);
    MUST(zmq_setsockopt(b, ZMQ_CURVE_PUBLICKEY, pk, 41) == 0);
    MUST(zmq_setsockopt(b, ZMQ_CURVE_SECRETKEY, sk, 41) == 0);
    MUST(zmq_bind(a, "tcp://127.0.0.1:*") == 0);
    MUST(zmq_getsockopt(a, ZMQ_LAST_ENDPOINT, at, &at_n) == 0 && zmq_connect(b, at) == 0);
    MUST(pthread_create(&t, NULL, echo_run, &e) == 0);
    for (size_t i = 0; i < n + 10; i++) { /* The first ones are for the handshake. */
        double began = now_s();

        MUST(zmq_send(b, buf, sizeof buf, 0) > 0 && zmq_recv(b, buf, sizeof buf, 0) > 0);
        if (i >= 10)
            ms[i - 10] = (now_s() - began) * 1000;
    }
    (void)pthread_join(t, NULL);
    print_spread(ms, n);
    (void)zmq_close(a);
    (void)zmq_close(b);
    (void)zmq_ctx_term(zmq);
    free(ms);
    return 0;
}

int main(int argc, char *argv[])
{
    if (argc == 6 && strcmp(argv[1], "entries") == 0)
        return entries(argv[2], argv[3], argv[4], argv[5]);
    if (argc == 4 && strcmp(argv[1], "commits") == 0)
        return commits(strtoul(argv[2], NULL, 10), argv[3]);
    if (argc == 3 && strcmp(argv[1], "curve") == 0)
        return curve(strtoul(argv[2], NULL, 10));
    fputs("usage: ceiling entries FILE ITEMS_MAX THREADS DIR | commits N DIR | curve N\n", stderr);
    return 2;
}

/* bare: values and a log of our own making, and the shortest program that finds the one in the
 * other: whole fields between blanks, a Bloom filter of 2 MiB a million, then LMDB. No blocks, no
 * parents, no disguises: what hunting cannot do without.
 *
 *     bench_hunt_bare make FOLDER VALUES LINES     FOLDER/values, FOLDER/log
 *     bench_hunt_bare run FOLDER                   seconds, of those of the processor, lines with a
 * hit, tokens */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <lmdb.h>

#define BITS_PER_VALUE 17u
#define PROBES         4u
#define BLOCKS         1000u /* Of addresses, among the values. */
#define HIT_EACH       100u  /* A line in so many has a known value. */

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_hunt_bare: %s\n", what);
    exit(1);
}

static uint64_t mix(uint64_t z)
{
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void put_ip(char *out, size_t cap, uint64_t a)
{
    (void)snprintf(out, cap, "%u.%u.%u.%u", 11 + (unsigned)(a & 127), (unsigned)(a >> 8 & 255),
                   (unsigned)(a >> 16 & 255), (unsigned)(a >> 24 & 255));
}

/* Value i, of 40 % addresses, 35 % names, 10 % URLs, 15 % SHA-256. */
static void value(uint64_t i, char *out, size_t cap)
{
    uint64_t a = mix(i);

    if (i % 20 < 8)
        put_ip(out, cap, a);
    else if (i % 20 < 15)
        (void)snprintf(out, cap, "h%" PRIx64 ".z%u.example", a & 0xffffffff, (unsigned)(i % 5003));
    else if (i % 20 < 17)
        (void)snprintf(out, cap, "http://w%" PRIx64 ".example/p/%u.php", a & 0xffffffff,
                       (unsigned)(i % 9973));
    else
        (void)snprintf(out, cap, "%016" PRIx64 "%016" PRIx64 "%016" PRIx64 "%016" PRIx64, a, mix(a),
                       mix(a + 1), mix(a + 2));
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

/* Eight fields of some 130 bytes together. */
static void put_line(FILE *f, uint64_t i, uint64_t values)
{
    uint64_t a = mix(i + (UINT64_C(1) << 40));
    char ip[32], name[64], url[128], known[128];
    unsigned which = (unsigned)(a % 3);

    put_ip(ip, sizeof ip, mix(a));
    (void)snprintf(name, sizeof name, "www%u.site%" PRIu64 ".example.net", (unsigned)(a % 7),
                   a >> 20 & 0xfffff);
    (void)snprintf(url, sizeof url, "https://cdn.site%" PRIu64 ".example.org/a/%" PRIx64 ".js",
                   a >> 30 & 0xfffff, mix(a) & 0xffffffffff);
    if (i % HIT_EACH == 0) {
        uint64_t v = mix(a) % (values / 20) * 20 + (which == 0 ? 0 : which == 1 ? 8 : 15);

        value(v, known, sizeof known);
        (void)snprintf(which == 0   ? ip
                       : which == 1 ? name
                                    : url,
                       which == 0   ? sizeof ip
                       : which == 1 ? sizeof name
                                    : sizeof url,
                       "%s", known);
    }
    (void)fprintf(f, "2026-11-30T22:%02u:%02u.%03uZ gw%u %s %u %s GET %s %u\n",
                  (unsigned)(i / 60 % 60), (unsigned)(i % 60), (unsigned)(a % 1000),
                  (unsigned)(a % 9), ip, (unsigned)(a % 65536), name, url,
                  (unsigned)(200 + a % 300));
}

static void make(const char *dir, uint64_t values, uint64_t lines)
{
    FILE *f = open_in(dir, "values", "w");
    char text[128];

    for (uint64_t i = 0; i + BLOCKS < values; i++) {
        value(i, text, sizeof text);
        (void)fprintf(f, "%s\n", text);
    }
    for (uint64_t i = 0; i < BLOCKS; i++) {
        put_ip(text, sizeof text, mix(i + (UINT64_C(1) << 50)));
        (void)fprintf(f, "%s/%u\n", text, 20 + (unsigned)(i % 9));
    }
    must(fclose(f) == 0, "values");
    f = open_in(dir, "log", "w");
    for (uint64_t i = 0; i < lines; i++)
        put_line(f, i, values);
    must(fclose(f) == 0, "log");
}

/* ---- run */
struct bare {
    uint64_t *bits;
    uint64_t n_bits;
    MDB_env *env;
    MDB_dbi dbi;
    MDB_txn *txn;
};

static uint64_t hash(const char *p, size_t n)
{
    uint64_t h = n * UINT64_C(0x9e3779b97f4a7c15);
    uint64_t w;

    for (; n >= 8; n -= 8, p += 8) {
        memcpy(&w, p, 8);
        h = (h ^ w) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 29;
    }
    for (w = 0; n > 0; n--)
        w = w << 8 | (uint8_t)p[n - 1];
    return mix(h ^ w);
}

static void load(struct bare *b, const char *dir)
{
    FILE *f = open_in(dir, "values", "r");
    char path[4096], line[256];
    uint64_t n = 0;

    while (fgets(line, sizeof line, f) != NULL)
        n++;
    rewind(f);
    b->n_bits = n * BITS_PER_VALUE;
    b->bits = calloc(b->n_bits / 64 + 1, 8);
    (void)snprintf(path, sizeof path, "%s/bare.mdb", dir);
    must(b->bits != NULL && mdb_env_create(&b->env) == 0, "memory");
    must(mdb_env_set_mapsize(b->env, (size_t)4 << 30) == 0 &&
             mdb_env_open(b->env, path, MDB_NOSUBDIR | MDB_NOSYNC | MDB_NOTLS, 0600) == 0,
         path);
    must(mdb_txn_begin(b->env, NULL, 0, &b->txn) == 0 &&
             mdb_dbi_open(b->txn, NULL, 0, &b->dbi) == 0,
         path);
    while (fgets(line, sizeof line, f) != NULL) {
        size_t len = strcspn(line, "\n");
        uint64_t h = hash(line, len);
        MDB_val key = {.mv_size = len, .mv_data = line};
        MDB_val val = {.mv_size = 1, .mv_data = line};

        for (unsigned i = 0; i < PROBES; i++, h = mix(h))
            b->bits[h % b->n_bits / 64] |= UINT64_C(1) << h % b->n_bits % 64;
        must(mdb_put(b->txn, b->dbi, &key, &val, 0) == 0, "put");
    }
    must(mdb_txn_commit(b->txn) == 0 && fclose(f) == 0, "commit");
    must(mdb_txn_begin(b->env, NULL, MDB_RDONLY, &b->txn) == 0, "read");
}

static bool known(struct bare *b, char *p, size_t n)
{
    uint64_t h = hash(p, n);
    MDB_val key = {.mv_size = n, .mv_data = p};
    MDB_val val;

    for (unsigned i = 0; i < PROBES; i++, h = mix(h))
        if ((b->bits[h % b->n_bits / 64] >> h % b->n_bits % 64 & 1u) == 0)
            return false;
    return mdb_get(b->txn, b->dbi, &key, &val) == 0;
}

static double now_s(clockid_t clock)
{
    struct timespec ts;

    (void)clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void run(const char *dir)
{
    struct bare b = {0};
    char path[4096];
    struct stat st;
    uint64_t hits = 0, tokens = 0;

    load(&b, dir);
    (void)snprintf(path, sizeof path, "%s/log", dir);
    double begin = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
    int fd = open(path, O_RDONLY);
    must(fd != -1 && fstat(fd, &st) == 0, path);
    char *text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    must(text != MAP_FAILED, path);
    for (char *p = text, *end = text + st.st_size; p < end;) {
        char *feed = memchr(p, '\n', (size_t)(end - p));
        bool hit = false;

        if (feed == NULL)
            feed = end;
        while (p < feed) {
            char *blank = memchr(p, ' ', (size_t)(feed - p));

            if (blank == NULL)
                blank = feed;
            tokens++;
            hit = known(&b, p, (size_t)(blank - p)) || hit;
            p = blank + 1;
        }
        hits += hit;
        p = feed + 1;
    }
    printf("%.4f %.4f %" PRIu64 " %" PRIu64 "\n", now_s(CLOCK_MONOTONIC) - begin,
           now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu, hits, tokens);
    mdb_txn_abort(b.txn);
    mdb_env_close(b.env);
    (void)snprintf(path, sizeof path, "%s/bare.mdb", dir);
    (void)unlink(path);
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "make") == 0)
        make(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    else if (argc == 3 && strcmp(argv[1], "run") == 0)
        run(argv[2]);
    else
        must(false, "make FOLDER VALUES LINES, or run FOLDER");
    return 0;
}

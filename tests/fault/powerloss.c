/* powerloss: the power fails at every write of a store, and each disk that may be found then is
 * opened by a child. What was acknowledged is there byte for byte; what was not is wholly there or
 * wholly absent; and the store goes on.
 *
 *     powerloss [--images N] [--seed S]     so many images, over as many workloads as that takes
 *     powerloss --seed S --at OP --choice K       one image again, which says what is wrong
 *
 * Then it shows that it would notice: the same with what makes LMDB durable taken away. */
#include "powerloss.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "image.h"

#define COMMITS 24u
#ifdef KAI_SANITIZED /* A fork of a sanitized program takes long. */
#define IMAGES_DEFAULT 300u
#else
#define IMAGES_DEFAULT 2000u
#endif

/* What takes durability away, in the workload alone. */
static unsigned int env_flags;
int __real_mdb_env_open(MDB_env *e, const char *path, unsigned int flags, mdb_mode_t mode);
int __wrap_mdb_env_open(MDB_env *e, const char *path, unsigned int flags, mdb_mode_t mode);
int __wrap_mdb_env_open(MDB_env *e, const char *path, unsigned int flags, mdb_mode_t mode)
{
    return __real_mdb_env_open(e, path, flags | env_flags, mode);
}

enum verdict { SOUND, LOST, WRONG, REFUSED, MUTE, DIED, VERDICTS };
static const char *const verdict_names[VERDICTS] = {
    [SOUND] = "sound",
    [LOST] = "lost what was acknowledged",
    [WRONG] = "hold what was never so",
    [REFUSED] = "were refused",
    [MUTE] = "could not be written again",
    [DIED] = "killed who opened them",
};

struct tally {
    size_t images;
    size_t workloads;
    size_t points; /* Ops at which the power failed. */
    size_t verdict[VERDICTS];
    size_t new_state; /* What was under way is there. */
    size_t clean;     /* The mark of a clean stop counted. */
};

static bool talks;

/* Of the child: what it found. */
static int child_says(enum verdict v, const char *text)
{
    if (talks && v != SOUND)
        fprintf(stderr, "%s: %s\n", verdict_names[v], text);
    return (int)v;
}

static bool writes_again(struct kai_store **s, const char *dir)
{
    struct kit_log l = kit_log(4711);
    struct kai_why why;
    struct kai_tx *t;
    uint8_t before[KAI_ID_BYTES];
    uint8_t after[KAI_ID_BYTES];

    kit_add_log(*s, &l, 0);
    kit_append(*s, &l, 2, 6000);
    if (kai_tx_begin(*s, &t) != KAI_OK || kai_tx_kv(t, "dials", kai_view_of("x", 1)) != KAI_OK ||
        kai_tx_commit(t) != KAI_OK || kit_digest(*s, work_keys, before) != KAI_OK)
        return false;
    kai_store_close(*s);
    *s = NULL;
    return kit_try(s, dir, &why) == KAI_OK && kit_digest(*s, work_keys, after) == KAI_OK &&
           memcmp(before, after, sizeof before) == 0;
}

/* In the child. Bits above the verdict: 8 the newer state, 16 the mark counted. */
static int examine(const struct work *w, const struct image *m, const char *dir)
{
    struct kai_store *s;
    struct kai_why why;
    uint8_t got[KAI_ID_BYTES];
    uint64_t k;

    if (kit_try(&s, dir, &why) != KAI_OK)
        return child_says(REFUSED, why.arg[0][0] != '\0' ? why.arg[0]
                                   : why.code != NULL    ? why.code
                                                         : "without a reason");
    int bits = kai_store_was_clean(s) ? 16 : 0;
    enum kai_err err = kit_digest(s, work_keys, got);
    if (err != KAI_OK)
        return child_says(WRONG, kai_err_text(err));
    /* Some commits change nothing that a reader sees: the nearest state counts. */
    uint64_t least = m->any_acked ? m->acked : 0;
    uint64_t most = m->any_acked ? m->acked + 1 : 0;
    for (k = least; k <= most && k < w->states; k++)
        if (memcmp(w->state[k], got, sizeof got) == 0)
            break;
    if (k > most || k == w->states) {
        for (k = 0; k < least; k++)
            if (memcmp(w->state[k], got, sizeof got) == 0)
                return child_says(LOST, "an older state");
        return child_says(WRONG, "a state that never was");
    }
    if (m->any_acked && k == most)
        bits |= 8;
    if (!writes_again(&s, dir))
        return child_says(MUTE, "a second time");
    kai_store_close(s);
    return bits;
}

/* The mark of a clean stop names the time of the file: give the file that time, as a disk that kept
 * all would. */
static void set_time(const char *dir, uint64_t seed)
{
    uint8_t b[40];
    char path[128];
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};

    (void)snprintf(path, sizeof path, "%s/clean", dir);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return;
    ssize_t n = read(fd, b, sizeof b);
    close(fd);
    if (n != (ssize_t)sizeof b || seed % 4 == 0)
        return;
    times[1] = (struct timespec){.tv_sec = (time_t)kai_get_u64(b + 16),
                                 .tv_nsec = (long)kai_get_u64(b + 24)};
    (void)snprintf(path, sizeof path, "%s/data.mdb", dir);
    (void)utimensat(AT_FDCWD, path, times, 0);
}

static enum verdict judge(const struct work *w, const struct image *m, const char *dir,
                          struct tally *y)
{
    int status;

    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (!talks) {
            int null = open("/dev/null", O_WRONLY);
            (void)dup2(null, STDERR_FILENO);
        }
        env_flags = 0;
        _exit(examine(w, m, dir));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || (WEXITSTATUS(status) & 7) > MUTE)
        return DIED;
    y->new_state += (WEXITSTATUS(status) & 8) != 0;
    y->clean += (WEXITSTATUS(status) & 16) != 0;
    return (enum verdict)(WEXITSTATUS(status) & 7);
}

struct only { /* One image. */
    size_t at;
    unsigned int choice;
    uint64_t image;
};

/* Images of one op. */
static void replay_op(const struct work *w, const struct image *m, uint64_t seed,
                      const struct only *only, struct tally *y)
{
    for (unsigned int choice = 0; choice < IMAGE_KINDS; choice++) {
        uint64_t image = seed * 1000003u + m->at * 101u + choice;
        char dir[64];

        if (only != NULL && choice != only->choice)
            continue;
        kit_dir(dir);
        if (image_write(m, dir, choice, image)) {
            set_time(dir, image);
            enum verdict v = judge(w, m, dir, y);
            y->verdict[v]++;
            y->images++;
            if (v != SOUND && env_flags == 0 && only == NULL)
                fprintf(stderr, "%s: powerloss --seed %ju --at %zu --choice %u\n", verdict_names[v],
                        (uintmax_t)seed, m->at, choice);
        }
        kit_dir_rm(dir);
    }
}

static void replay(const struct work *w, uint64_t seed, size_t max, const struct only *only,
                   struct tally *y)
{
    struct image m;
    size_t left = max - y->images;
    /* Fewer than there are: from all over the trace. */
    size_t stride = left < w->trace.n * IMAGE_KINDS ? w->trace.n * IMAGE_KINDS / (left | 1) : 1;

    image_begin(&m, &w->trace);
    for (;; image_step(&m)) {
        if (only == NULL ? y->images < max && (m.at + seed) % stride == 0 : m.at == only->at) {
            replay_op(w, &m, seed, only, y);
            y->points++;
        }
        if (m.at == w->trace.n)
            break;
    }
    image_end(&m);
}

static void one_workload(uint64_t seed, size_t max, const struct only *only, struct tally *y)
{
    static struct work w;
    char dir[64];

    kit_dir(dir);
    work_run(&w, dir, seed, COMMITS);
    kit_dir_rm(dir);
    if (only == NULL && w.entries < 20)
        abort();
    replay(&w, seed, max, only, y);
    work_free(&w);
    y->workloads++;
}

static void show(const char *what, const struct tally *y, double seconds)
{
    printf("%s: %zu images of %zu workloads at %zu points in %.1f s:", what, y->images,
           y->workloads, y->points, seconds);
    for (size_t i = 0; i < VERDICTS; i++)
        if (y->verdict[i] > 0 || i == SOUND)
            printf(" %zu %s;", y->verdict[i], verdict_names[i]);
    printf(" %zu with what was under way, %zu by the mark of a clean stop\n", y->new_state,
           y->clean);
    fflush(stdout);
}

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool durable(uint64_t seed, size_t images)
{
    struct tally y = {0};
    double began = now_s();

    for (; y.images < images; seed++)
        one_workload(seed, images, NULL, &y);
    show("durable", &y, now_s() - began);
    return y.verdict[SOUND] == y.images && y.new_state > images / 20 && y.clean > 0;
}

/* With no sync, and with none of the page that makes a commit count. */
static bool would_notice(uint64_t seed)
{
    static const struct {
        const char *name;
        unsigned int flags;
    } without[] = {{"without any sync", MDB_NOSYNC}, {"without the last sync", MDB_NOMETASYNC}};
    bool all = true;

    for (size_t i = 0; i < 2; i++) {
        struct tally y = {0};
        double began = now_s();

        env_flags = without[i].flags;
        one_workload(seed, IMAGES_DEFAULT / 5, NULL, &y);
        env_flags = 0;
        show(without[i].name, &y, now_s() - began);
        all = all && y.verdict[SOUND] < y.images && y.verdict[LOST] + y.verdict[REFUSED] > 0;
        if (i == 1) /* What is lost there is whole: old, and never mixed. */
            all = all && y.verdict[LOST] > 0 && y.verdict[WRONG] == 0;
    }
    return all;
}

static bool number(const char *name, int argc, char **argv, uint64_t *v)
{
    for (int i = 1; i + 1 < argc; i += 2)
        if (strcmp(argv[i], name) == 0) {
            *v = strtoull(argv[i + 1], NULL, 10);
            return true;
        }
    return false;
}

/* An assertion that fails outside a test ends the program without a word. */
static bool at_end;
static void last_words(void)
{
    if (!at_end)
        fprintf(stderr, "powerloss: an assertion failed\n");
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    uint64_t images = IMAGES_DEFAULT;
    uint64_t at;
    uint64_t choice;

    (void)atexit(last_words);
    if (access("/dev/shm", W_OK) == 0) /* Its syncs are not what counts here. */
        setenv("TMPDIR", "/dev/shm", 1);
    (void)number("--seed", argc, argv, &seed);
    (void)number("--images", argc, argv, &images);
    if (number("--at", argc, argv, &at) && number("--choice", argc, argv, &choice)) {
        struct only only = {.at = (size_t)at, .choice = (unsigned int)choice};
        struct tally y = {0};

        talks = true;
        one_workload(seed, SIZE_MAX, &only, &y);
        show("one", &y, 0);
        at_end = true;
        return y.verdict[SOUND] == y.images ? 0 : 1;
    }
    bool sound = durable(seed, (size_t)images);
    bool noticed = would_notice(seed);
    at_end = true;
    if (!sound)
        fprintf(stderr, "an image was not sound, or none showed anything\n");
    if (!noticed)
        fprintf(stderr, "the check does not notice what is taken away\n");
    return sound && noticed ? 0 : 1;
}

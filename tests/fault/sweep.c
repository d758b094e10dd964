/* sweep: see sweep.h.
 *
 *     sweep [--full] [NAME...]    every N and not some; only scenarios of these names */
#include "sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "crypto/start.h"
#include "text/catalogue.h"

#define RUN_S_MAX 60u /* A run that takes longer hangs. */

/* What a run tells, in memory that is shared with it. */
struct report {
    bool began;
    bool acted;
    enum kai_err err;
    char code[48];
    long fired;
    char first[16];
    uint8_t digest[KAI_ID_BYTES];
};
static struct report *report;

struct tally {
    size_t runs;
    size_t refused; /* With a named error. */
    size_t done;    /* In spite of the fault. */
    size_t stopped; /* The node ended itself. */
    size_t wrong;
};

void check_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    _exit(9);
}

void check_good(enum kai_err err, const char *what, const char *file, int line)
{
    if (err != KAI_OK) {
        fprintf(stderr, "%s:%d: %s: %s\n", file, line, what, kai_err_text(err));
        _exit(9);
    }
}

/* ---- Folders. */
static void remove_tree(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *f;
    char inner[1024];

    while (d != NULL && (f = readdir(d)) != NULL) {
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
            continue;
        (void)snprintf(inner, sizeof inner, "%.700s/%.255s", path, f->d_name);
        if (unlink(inner) != 0)
            remove_tree(inner);
    }
    if (d != NULL)
        closedir(d);
    (void)rmdir(path);
}

static void copy_file(const char *from, const char *to, const struct stat *st)
{
    static uint8_t bytes[1u << 16];
    struct timespec times[2] = {st->st_atim, st->st_mtim};
    int in = open(from, O_RDONLY);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL, st->st_mode & 0777);
    ssize_t n;

    CHECK(in >= 0 && out >= 0);
    while ((n = read(in, bytes, sizeof bytes)) > 0)
        CHECK(write(out, bytes, (size_t)n) == n);
    CHECK(futimens(out, times) == 0); /* The mark of a clean stop names it. */
    close(in);
    close(out);
}

static void copy_tree(const char *from, const char *to)
{
    DIR *d = opendir(from);
    struct dirent *f;
    char in[1024];
    char out[1024];
    struct stat st;

    CHECK(d != NULL);
    while ((f = readdir(d)) != NULL) {
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
            continue;
        (void)snprintf(in, sizeof in, "%.700s/%.255s", from, f->d_name);
        (void)snprintf(out, sizeof out, "%.700s/%.255s", to, f->d_name);
        CHECK(lstat(in, &st) == 0);
        if (S_ISDIR(st.st_mode)) {
            CHECK(mkdir(out, st.st_mode & 0777) == 0 && chmod(out, st.st_mode & 0777) == 0);
            copy_tree(in, out);
        } else if (S_ISREG(st.st_mode)) {
            copy_file(in, out, &st);
        }
    }
    closedir(d);
}

static void folder(struct stage *x, const struct stage *base)
{
    memset(x, 0, sizeof *x);
    (void)snprintf(x->dir, sizeof x->dir, "%s/kairan-sweep-XXXXXX", getenv("TMPDIR"));
    CHECK(mkdtemp(x->dir) != NULL);
    if (base != NULL)
        copy_tree(base->dir, x->dir);
}

/* ---- Runs. */
enum step { STEP_BASE, STEP_ACT, STEP_LOOK };

static void act(const struct scenario *s, struct stage *x, unsigned int kinds, long n, int error,
                bool lasting)
{
    if (s->begin != NULL)
        s->begin(x);
    x->why = (struct kai_why){0};
    report->began = true;
    if (kinds != 0)
        call_faults_arm(kinds, n, error, lasting);
    enum kai_err err = s->act(x);
    report->fired = call_faults_disarm();
    report->err = err;
    if (x->why.code != NULL)
        (void)snprintf(report->code, sizeof report->code, "%s", x->why.code);
    report->acted = true;
    if (s->end != NULL && n % 2 == 0)
        s->end(x);
}

/* Returns the status that waitpid() gives. */
static int in_child(const struct scenario *s, enum step step, struct stage *x, unsigned int kinds,
                    long n, int error, bool lasting)
{
    int status = 0;

    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        (void)alarm(RUN_S_MAX);
        if (step == STEP_BASE)
            s->base(x);
        else if (step == STEP_ACT)
            act(s, x, kinds, n, error, lasting);
        else
            s->look(x, report->digest);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    return status;
}

static const struct fault_kind {
    const char *name;
    unsigned int kinds;
    int error;
} fault_kinds[] = {
    {"write, disk full", CALL_WRITE, ENOSPC}, {"write, error", CALL_WRITE, EIO},
    {"sync, error", CALL_SYNC, EIO},          {"open, too many", CALL_OPEN, EMFILE},
    {"name, error", CALL_NAME, EIO},          {"memory", CALL_ALLOC, ENOMEM},
};
#define FAULT_KINDS (sizeof fault_kinds / sizeof fault_kinds[0])

static bool has_name(const char *code)
{
    const struct kai_text_reason *r;

    for (size_t i = 0; (r = kai_text_reason_at(i)) != NULL; i++)
        if (strcmp(r->code, code) == 0)
            return true;
    return code[0] == '\0';
}

/* What is wrong with a run; NULL: nothing. */
static const char *judge(const struct report *r, int status, struct tally *y)
{
    if (!WIFEXITED(status))
        return "died of a signal";
    if (WEXITSTATUS(status) == 1 && r->began && !r->acted) {
        y->stopped++; /* By itself, with a word: after a failed write nobody knows what is on the
                       * disk; and what is there but could not be taken in is read at the start. */
        return NULL;
    }
    if (WEXITSTATUS(status) != 0 || !r->acted)
        return "ended in the middle";
    if (r->err == KAI_OK) {
        y->done += r->fired > 0;
        return NULL;
    }
    y->refused++;
    if (r->fired == 0)
        return "refused without a fault";
    if (r->err == KAI_ECORRUPT || r->err == KAI_EAUTH || r->err == KAI_EVERSION)
        return "took the fault for damage";
    return has_name(r->code) ? NULL : "gave a reason without a sentence";
}

struct ends {
    uint8_t before[KAI_ID_BYTES];
    uint8_t after[KAI_ID_BYTES];
};

/* One run. False: no fault fired. */
static bool run(const struct scenario *s, const struct stage *base, const struct ends *e,
                const struct fault_kind *k, long n, bool lasting, struct tally *y)
{
    struct stage x;

    folder(&x, base);
    memset(report, 0, sizeof *report);
    int status = in_child(s, STEP_ACT, &x, k->kinds, n, k->error, lasting);
    long fired = call_faults_disarm(); /* Also of a run that ended itself. */
    struct report r = *report;
    const char *wrong = judge(&r, status, y);

    status = in_child(s, STEP_LOOK, &x, 0, 0, 0, false);
    bool is_after = memcmp(report->digest, e->after, sizeof e->after) == 0;
    if (wrong == NULL && status != 0)
        wrong = "left what cannot be opened";
    if (wrong == NULL && r.acted && r.err == KAI_OK && !is_after)
        wrong = "lost what it acknowledged";
    if (wrong == NULL && !is_after && memcmp(report->digest, e->before, sizeof e->before) != 0)
        wrong = "left something half done";
    if (wrong != NULL) {
        y->wrong++;
        fprintf(stderr, "%s, %s%s, N = %ld (%s): %s [%s %s]\n", s->name, k->name,
                lasting ? " from then on" : "", n, call_faults_first(), wrong,
                r.acted ? kai_err_text(r.err) : "no answer", r.code);
    }
    y->runs += fired > 0;
    remove_tree(x.dir);
    return fired > 0;
}

static long next_n(long n, bool full)
{
#ifdef KAI_SANITIZED /* A fork of a sanitized program takes long. */
    return full ? n + 1 : 3 * n + 2;
#else
    return full || n < 3 ? n + 1 : n + n / 2;
#endif
}

/* Returns how many kinds of faults fired. */
static size_t sweep(const struct scenario *s, bool full, struct tally *sum)
{
    struct stage base;
    struct stage x;
    struct ends e;
    struct tally y = {0};
    size_t kinds = 0;

    folder(&base, NULL);
    if (s->base != NULL)
        CHECK(in_child(s, STEP_BASE, &base, 0, 0, 0, false) == 0);
    folder(&x, &base);
    CHECK(in_child(s, STEP_LOOK, &x, 0, 0, 0, false) == 0);
    memcpy(e.before, report->digest, sizeof e.before);
    remove_tree(x.dir);
    folder(&x, &base);
    CHECK(in_child(s, STEP_ACT, &x, 0, 0, 0, false) == 0);
    GOOD(report->err);
    CHECK(in_child(s, STEP_LOOK, &x, 0, 0, 0, false) == 0);
    memcpy(e.after, report->digest, sizeof e.after);
    remove_tree(x.dir);

    for (size_t i = 0; i < FAULT_KINDS; i++) {
        size_t before = y.runs;
        for (int lasting = 0; lasting < 2; lasting++)
            for (long n = 0; run(s, &base, &e, &fault_kinds[i], n, lasting != 0, &y);)
                n = next_n(n, full);
        kinds += y.runs > before;
    }
    remove_tree(base.dir);
    printf("%-34s %4zu faults of %zu kinds: %zu refused, %zu done all the same, %zu stopped, %zu "
           "wrong\n",
           s->name, y.runs, kinds, y.refused, y.done, y.stopped, y.wrong);
    sum->runs += y.runs;
    sum->refused += y.refused;
    sum->done += y.done;
    sum->stopped += y.stopped;
    sum->wrong += y.wrong;
    return kinds;
}

static bool wanted(const char *name, int argc, char **argv)
{
    bool any = false;

    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-')
            continue;
        any = true;
        if (strstr(name, argv[i]) != NULL)
            return true;
    }
    return !any;
}

int main(int argc, char **argv)
{
    static const struct scenario *const all[] = {store_scenarios, file_scenarios, node_scenarios};
    struct tally sum = {0};
    size_t n = 0;
    size_t mute = 0;
    bool full = argc > 1 && strcmp(argv[1], "--full") == 0;

    setenv("TMPDIR", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", 1);
    GOOD(kai_crypto_start());
    report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(report != MAP_FAILED);
    call_faults_arm(0, 0, 0, false); /* Shared from here on. */
    size_t groups = sizeof all / sizeof all[0];
#ifdef KAI_SANITIZED /* Whole homes take minutes there: only when they are named. */
    groups -= argc == 1;
#endif
    for (size_t i = 0; i < groups; i++)
        for (const struct scenario *s = all[i]; s->name != NULL; s++)
            if (wanted(s->name, argc, argv)) {
                size_t kinds = sweep(s, full, &sum);
                n++;
                mute += kinds == 0;
            }
    printf(
        "%zu scenarios, %zu faults: %zu refused, %zu done all the same, %zu stopped, %zu wrong\n",
        n, sum.runs, sum.refused, sum.done, sum.stopped, sum.wrong);
    if (mute > 0)
        fprintf(stderr, "%zu scenarios in which no fault fired: they show nothing\n", mute);
    return sum.wrong == 0 && mute == 0 ? 0 : 1;
}

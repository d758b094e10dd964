/* adversary: every attack of the table against honest nodes. `adversary` runs all and prints what
 * stopped each; `adversary NAME` one; `adversary --mutants` takes each guard of checks.def out, one
 * after the other, and expects that somebody gets through: a guard that nobody needs fails the run
 * (only where KAIRAN_MUTANTS is on); `--mutants NAME` one, `--mutants I/N` every N-th. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adversary/evil.h"
#include "base/check.h"

#define LIMIT_S 120

enum result { STOPPED = 0, THROUGH = 1, CRASHED = 2 };

static const struct evil_script *const tables[] = {evil_entries, evil_links,  evil_members,
                                                   evil_plane,   evil_keys,   evil_relays,
                                                   evil_policy,  evil_trouble};

/* In a process of its own, with one guard out. */
static enum result play(const struct evil_script *s, const char *guard, bool quiet)
{
    int status;
    pid_t pid;

    (void)fflush(stdout);
    pid = fork();
    if (pid == 0) {
        (void)alarm(LIMIT_S);
#ifdef KAIRAN_MUTANTS
        if (!kai_check_disable(guard))
            _exit(CRASHED);
#else
        (void)guard;
#endif
        if (quiet && !freopen("/dev/null", "w", stdout))
            _exit(CRASHED);
        bool held = s->run();
        (void)fflush(stdout);
        _exit(held ? STOPPED : THROUGH);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) > CRASHED)
        return CRASHED;
    return (enum result)WEXITSTATUS(status);
}

static void print_guards(const struct evil_script *s)
{
    for (size_t i = 0; i < 4 && s->guards[i]; i++)
        printf("%s%s", i ? ", " : "", s->guards[i]);
}

static int run_all(const char *only)
{
    static const char *const text[] = {"stopped", "GOT THROUGH", "CRASHED"};
    size_t n = 0, bad = 0;

    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct evil_script *s = tables[t]; s->name; s++) {
            if (only && strcmp(only, s->name) != 0)
                continue;
            enum result r = play(s, NULL, false);
            printf("%-11s %-28s %s [", text[r], s->name, s->rule);
            print_guards(s);
            printf("]\n");
            n++;
            bad += r != STOPPED;
        }
    printf("%zu attacks, %zu not stopped\n", n, bad);
    return n == 0 || bad > 0;
}

#ifdef KAIRAN_MUTANTS
/* What is shown by a test of its own room: it fails with the guard out. */
static const struct {
    const char *guard;
    const char *program;
} shown[] = {
#define SHOWN(guard, program) {#guard, ADVERSARY_TESTS program},
#include "adversary/shown.def"
#undef SHOWN
};

static bool fails(const char *program, const char *guard)
{
    int status;
    pid_t pid;

    (void)fflush(stdout);
    pid = fork();
    if (pid == 0) {
        if (setenv("KAIRAN_CHECK_OFF", guard, 1) != 0 || !freopen("/dev/null", "w", stdout) ||
            !freopen("/dev/null", "w", stderr))
            _exit(0);
        (void)alarm(4 * LIMIT_S);
        (void)execl(program, program, (char *)NULL);
        _exit(0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) != 0;
}

/* Names in scripts that are no guard's any more. */
static size_t unknown_guards(void)
{
    size_t bad = 0;

    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct evil_script *s = tables[t]; s->name; s++)
            for (size_t i = 0; i < 4 && s->guards[i]; i++)
                if (!kai_check_disable(s->guards[i])) {
                    printf("    %s names %s, which is no guard\n", s->name, s->guards[i]);
                    bad++;
                }
    (void)kai_check_disable(NULL);
    return bad;
}

/* Who notices that a guard is out: how many attacks claim to, and how many do. */
static bool needed(const char *guard)
{
    size_t claimed = 0, through = 0;

    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct evil_script *s = tables[t]; s->name; s++)
            for (size_t i = 0; i < 4 && s->guards[i]; i++) {
                if (strcmp(s->guards[i], guard) != 0)
                    continue;
                enum result r = play(s, guard, true);
                claimed++;
                through += r == THROUGH;
                if (r != THROUGH)
                    printf("    %s does not need %s (%s)\n", s->name, guard,
                           r == CRASHED ? "crashed" : "stopped all the same");
            }
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        if (strcmp(shown[i].guard, guard) == 0) {
            bool caught = fails(shown[i].program, guard);
            claimed++;
            through += caught;
            if (!caught)
                printf("    %s does not need %s\n", shown[i].program, guard);
        }
    printf("%-22s %zu of %zu: %s\n", guard, through, claimed,
           through == 0         ? "NOBODY NEEDS IT"
           : through == claimed ? "needed"
                                : "NOT BY ALL WHO SAY SO");
    return through > 0 && through == claimed;
}

/* only: one guard, or I/N: every N-th from the I-th on; NULL: all. */
static int mutants(const char *only)
{
    const char *slash = only ? strchr(only, '/') : NULL;
    size_t bad = unknown_guards(), n = 0;
    size_t part = slash ? strtoul(only, NULL, 10) : 0,
           parts = slash ? strtoul(slash + 1, NULL, 10) : 0;

    for (size_t i = 0; i < KAI_CHECKS_N; i++) {
        const char *guard = kai_check_name((enum kai_check_id)i);
        if (parts > 0 ? i % parts != part : only && strcmp(only, guard) != 0)
            continue;
        bad += !needed(guard);
        n++;
    }
    printf("%zu of %zu guards, %zu not shown\n", n, (size_t)KAI_CHECKS_N, bad);
    return n == 0 || bad > 0;
}
#else
static int mutants(const char *only)
{
    (void)only;
    printf("the guards cannot be taken out in this build\n");
    return 77;
}
#endif

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--mutants") == 0)
        return mutants(argc > 2 ? argv[2] : NULL);
    return run_all(argc > 1 ? argv[1] : NULL);
}

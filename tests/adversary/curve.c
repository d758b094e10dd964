/* curve: every attack over a real socket against the real program. `adversary_curve` runs all and
 * prints what stopped each; `adversary_curve NAME` one; `adversary_curve --mutants` takes each
 * guard that a script names out of the victim, one after the other, and expects that the attack
 * gets through (only where KAIRAN_MUTANTS is on). KAIRAN names the program. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "adversary/curve.h"
#include "crypto/start.h"

#define LIMIT_S 300

static const struct curve_script *const tables[] = {curve_entries, curve_links, curve_plane};

static void print_guards(const struct curve_script *s)
{
    for (size_t i = 0; i < 3 && s->guards[i] != NULL; i++)
        printf("%s%s", i > 0 ? ", " : "", s->guards[i]);
}

static int run_all(struct curve *w, const char *only)
{
    uint64_t began = kai_now_ms();
    size_t n = 0, bad = 0;

    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct curve_script *s = tables[t]; s->name != NULL; s++) {
            if (only != NULL && strcmp(only, s->name) != 0)
                continue;
            bool held = s->run(w);
            bool served = curve_served(w); /* The honest peer, each time. */

            printf("%-11s %-24s %s [",
                   !held    ? "GOT THROUGH"
                   : served ? "stopped"
                            : "DISTURBED",
                   s->name, s->rule);
            print_guards(s);
            printf("]\n");
            (void)fflush(stdout);
            n++;
            bad += !held || !served;
        }
    printf("%zu attacks over CURVE, %zu not stopped, %.1f s\n", n, bad,
           (double)(kai_now_ms() - began) / 1000);
    return n == 0 || bad > 0;
}

#ifdef KAIRAN_MUTANTS
/* With a guard out things are stored that no honest node would start with: a new network for each
 * of the control plane. */
static bool play(struct curve *w, const struct curve_script *s, const char *guard, bool anew)
{
    if (anew) {
        const char *program = w->program;

        curve_clear(w);
        curve_build(w, program);
    }
    curve_stop(w, BODY);
    curve_run(w, BODY, guard);
    bool through = !s->run(w);
    printf("%-20s %-24s %s\n", guard, s->name,
           through ? "gets through without it" : "DOES NOT NEED IT");
    (void)fflush(stdout);
    return through;
}

static int mutants(struct curve *w, const char *only)
{
    size_t n = 0, bad = 0;

    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct curve_script *s = tables[t]; s->name != NULL; s++)
            for (size_t i = 0; i < 3 && s->guards[i] != NULL; i++) {
                if (only != NULL && strcmp(only, s->guards[i]) != 0)
                    continue;
                n++;
                bad += !play(w, s, s->guards[i], tables[t] == curve_plane);
            }
    printf("%zu guards taken out, %zu not noticed\n", n, bad);
    return n == 0 || bad > 0;
}
#else
static int mutants(struct curve *w, const char *only)
{
    (void)w;
    (void)only;
    printf("the guards cannot be taken out in this build\n");
    return 77;
}
#endif

static struct curve w;

/* Whatever ends this program ends the nodes that it runs. */
static void on_end(int number)
{
    for (size_t i = 0; i < HOMES; i++)
        if (w.home[i].pid > 0)
            (void)kill(w.home[i].pid, SIGKILL);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

int main(int argc, char **argv)
{
    const char *program = getenv("KAIRAN");
    bool out = argc > 1 && strcmp(argv[1], "--mutants") == 0;

    (void)unsetenv("KAIRAN_CHECK_OFF"); /* The attacker's own code has all of them. */
    if (program == NULL || kai_crypto_start() != KAI_OK)
        return 2;
    (void)signal(SIGABRT, on_end);
    (void)signal(SIGALRM, on_end);
    (void)signal(SIGTERM, on_end);
    (void)signal(SIGINT, on_end);
    (void)alarm(LIMIT_S);
    curve_build(&w, program);
    int status =
        out ? mutants(&w, argc > 2 ? argv[2] : NULL) : run_all(&w, argc > 1 ? argv[1] : NULL);
    curve_clear(&w);
    return status;
}

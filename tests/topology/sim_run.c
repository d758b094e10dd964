/* sim_run: whole networks under faults, seed after seed: `sim_run --seeds 500`; one seed again with
 * its trace: `sim_run --seed 17 --trace`. Exit status 1 where a seed fails. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "topology/scenario.h"

#define JOBS_MAX 16

static void report(const struct scenario *sc, const struct scenario_result *r)
{
    const struct kai_sim_counters *c = &r->count;

    printf(
        "seed %llu: %s%s; %zu nodes, %zu audiences; entries %llu, read %llu, keys of the removed "
        "tried %llu; worst to a clean epoch %.0f s, worst to all read %.0f s (audience %zu); "
        "frames %llu, lost %llu, repeated %llu, reordered %llu, stuck %llu, cuts %llu, restarts "
        "%llu, dials across %llu, revoked %llu, changed %llu, admitted %llu, mergers %llu (%zu "
        "places), epochs %llu, "
        "acknowledged %llu; hash %016llx; %.0f s virtual in %.1f s, %zu MiB of peers\n",
        (unsigned long long)sc->seed, r->ok ? "ok" : "FAILED: ", r->why, r->nodes, sc->auds,
        (unsigned long long)r->entries, (unsigned long long)r->read, (unsigned long long)r->tried,
        (double)r->worst_clean_ms / 1000, (double)r->worst_read_ms / 1000, r->worst_aud,
        (unsigned long long)c->frames, (unsigned long long)c->lost, (unsigned long long)c->repeated,
        (unsigned long long)c->reordered, (unsigned long long)c->stuck, (unsigned long long)c->cuts,
        (unsigned long long)c->restarts, (unsigned long long)c->partitions_hit,
        (unsigned long long)c->revokes, (unsigned long long)c->changes,
        (unsigned long long)c->admits, (unsigned long long)c->mergers, r->places,
        (unsigned long long)c->minted, (unsigned long long)c->held, (unsigned long long)r->hash,
        (double)r->virtual_ms / 1000, (double)r->real_ms / 1000, r->memory_most >> 20);
    if (!r->ok)
        printf("again: sim_run --seed %llu --orgs %zu --hours %zu%s --trace\n",
               (unsigned long long)sc->seed, sc->orgs, sc->hours, sc->orphans ? " --orphans" : "");
    (void)fflush(stdout);
}

static bool one(struct scenario sc)
{
    struct scenario_result r;

    scenario_run(&sc, &r);
    report(&sc, &r);
    return r.ok;
}

/* Every seed that is its own, one after the other: the memory of one is the next one's. */
static int worker(const struct scenario *sc, size_t first, size_t n, size_t step)
{
    int bad = 0;

    for (size_t i = first; i < n; i += step) {
        struct scenario now = *sc;
        now.seed = sc->seed + i;
        bad += !one(now);
    }
    return bad > 0;
}

static int all(const struct scenario *sc, size_t n, size_t jobs)
{
    int bad = 0;

    for (size_t j = 0; j < jobs; j++) {
        pid_t pid = fork();
        if (pid < 0)
            return 2;
        if (pid == 0)
            _exit(worker(sc, j, n, jobs));
    }
    for (size_t j = 0; j < jobs; j++) {
        int status;
        if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            bad++;
    }
    return bad > 0;
}

/* The same seed gives the same trace, and another one another. */
static int twice(const struct scenario *sc)
{
    struct scenario_result a, b;

    scenario_run(sc, &a);
    scenario_run(sc, &b);
    printf("seed %llu twice: %016llx %016llx\n", (unsigned long long)sc->seed,
           (unsigned long long)a.hash, (unsigned long long)b.hash);
    return a.hash != b.hash;
}

int main(int argc, char **argv)
{
    struct scenario sc = {.seed = 1, .orgs = 200};
    size_t seeds = 1, jobs = 2;
    bool again = false;

    for (int i = 1; i < argc; i++) {
        unsigned long v = i + 1 < argc ? strtoul(argv[i + 1], NULL, 10) : 0;
        if (strcmp(argv[i], "--trace") == 0)
            sc.trace = true;
        else if (strcmp(argv[i], "--orphans") == 0)
            sc.orphans = true;
        else if (strcmp(argv[i], "--twice") == 0)
            again = true;
        else if (strcmp(argv[i], "--seeds") == 0)
            seeds = v, i++;
        else if (strcmp(argv[i], "--seed") == 0)
            sc.seed = v, i++;
        else if (strcmp(argv[i], "--orgs") == 0)
            sc.orgs = v, i++;
        else if (strcmp(argv[i], "--hours") == 0)
            sc.hours = v, i++;
        else if (strcmp(argv[i], "--jobs") == 0)
            jobs = v, i++;
        else
            return fprintf(stderr, "sim_run: %s?\n", argv[i]), 2;
    }
    if (sc.orgs < 40 || sc.orgs > 200 || jobs < 1 || jobs > JOBS_MAX)
        return 2;
    sc.auds = sc.orgs * 3 / 10;
    sc.relays = sc.orgs / 10;
    if (again)
        return twice(&sc);
    return seeds == 1 ? !one(sc) : all(&sc, seeds, jobs);
}

/* sim_report: a network file put through its life, with figures: `./dev sim --report`.
 *
 *   sim_report [--net FILE] [--scale N/D] [--seed S] [--hour SECONDS] [--days N] [--words SECONDS]
 * [--threads N] [--svg FILE] [--figures FILE] [--links-only]
 *
 * Prints a line for each claim, and whether it holds; exit status 1 where one does not. FILE gets a
 * line "name value" for each cost: growth.py sets those of several sizes side by side. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "topology/national.h"
#include "topology/sim/plot.h"

static int failed;
static FILE *figures;

static void figure(const char *name, double value)
{
    if (figures)
        (void)fprintf(figures, "%s %.9g\n", name, value);
}

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_s(void)
{
    struct rusage u;

    (void)getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Bytes of all frames that were sent so far. */
static double sent(const struct national *w)
{
    struct kai_sim_counters c = kai_sim_counts(w->s);
    uint64_t sum = 0;

    for (size_t k = 0; k < sizeof c.bytes / sizeof c.bytes[0]; k++)
        sum += c.bytes[k];
    return (double)sum;
}

static void claim(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void claim(bool holds, const char *format, ...)
{
    va_list ap;

    printf("%-6s", holds ? "ok" : "FAILED");
    va_start(ap, format);
    (void)vprintf(format, ap);
    va_end(ap);
    printf("\n");
    (void)fflush(stdout);
    failed += holds ? 0 : 1;
}

static int by_ms(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static uint64_t quantile(uint64_t *ms, size_t n, unsigned of_1000)
{
    if (n == 0)
        return UINT64_MAX;
    qsort(ms, n, sizeof *ms, by_ms);
    return ms[(n - 1) * of_1000 / 1000];
}

/* ---- The phases. */

static void links(struct national *w)
{
    struct national_shape *sh = calloc(1, sizeof *sh);
    uint64_t took = national_form(w, 180000);

    if (!sh)
        abort();
    kai_sim_run(w->s, 120000);
    national_shape(w, sh);
    claim(sh->connected == sh->due,
          "%zu of %zu audiences with two dialable members or a relay are connected, after %.0f s",
          sh->connected, sh->due, (double)took / 1000);
    figure("links", sh->degree_mean);
    claim(sh->degree_mean <= 12 && sh->degree_max <= 32, "links: mean %.1f, most %zu",
          sh->degree_mean, sh->degree_max);
    free(sh);
}

/* One author of each audience writes again and again: trees of their logs form. */
static void write_again(struct national *w, uint64_t dice, size_t rounds, uint64_t gap_ms)
{
    for (size_t i = 0; i < rounds; i++) {
        w->dice = dice; /* The same authors. */
        (void)national_publish(w, 0);
        kai_sim_run(w->s, gap_ms);
    }
}

static void draw(const struct national *w, const char *svg, struct national_reach *r)
{
    struct national_shape *sh = calloc(1, sizeof *sh);
    struct kai_buf out;
    char note[160];
    FILE *f = sh ? fopen(svg, "wb") : NULL;

    if (!f) {
        (void)fprintf(stderr, "%s: cannot be written\n", svg);
        failed++;
        free(sh);
        return;
    }
    national_shape(w, sh);
    (void)snprintf(note, sizeof note, "%zu nodes, %zu audiences, %zu entries, seed %llu",
                   w->net->n_nodes, w->net->n_auds, r->entries, (unsigned long long)w->net->seed);
    struct kai_plot p = {.title = "Delivery in steady state",
                         .note = note,
                         .measured = {.ms = r->ms, .n = r->got, .due = r->due},
                         .bound = {.ms = r->bound_ms, .n = r->n_bound, .due = r->due},
                         .degree = sh->degree,
                         .n_degree = sh->n};
    kai_buf_init(&out, KAI_PLOT_BYTES_MAX);
    if (kai_plot_svg(&out, &p) != KAI_OK || fwrite(out.p, 1, out.len, f) != out.len)
        failed++;
    kai_buf_free(&out);
    (void)fclose(f);
    free(sh);
}

static void steady(struct national *w, const char *svg)
{
    struct national_cost before, after;
    struct national_reach r;
    uint64_t dice = w->dice;

    write_again(w, dice, 6, 20000);
    kai_sim_run(w->s, 30000);
    kai_sim_forget_tracks(w->s);
    before = national_cost(w);
    write_again(w, dice, 3, 20000);
    after = national_cost(w);
    national_reach(w, &r, NULL);
    claim(r.got == r.due, "%zu entries: %llu of %llu deliveries", r.entries,
          (unsigned long long)r.got, (unsigned long long)r.due);
    claim(r.ratio_mean <= 1.5,
          "time to the last member: %llu ms at most, %.2f x the shortest paths in the mean of all "
          "entries (%.2f at worst); shortest paths %llu ms at most; p50 %llu ms, p99 %llu ms",
          (unsigned long long)r.last_ms, r.ratio_mean, r.ratio_worst,
          (unsigned long long)r.last_bound_ms, (unsigned long long)quantile(r.ms, r.got, 500),
          (unsigned long long)quantile(r.ms, r.got, 990));
    figure("delivery_bytes", (double)(after.bytes - before.bytes) / (double)(r.got ? r.got : 1));
    figure("last_ms", (double)r.last_ms);
    claim((double)(after.twice - before.twice) <= 0.05 * (double)r.got,
          "copies too many: %llu of %llu deliveries (%.3f); %.0f bytes a delivery; grafts %llu, "
          "prunes %llu",
          (unsigned long long)(after.twice - before.twice), (unsigned long long)r.got,
          (double)(after.twice - before.twice) / (double)(r.got ? r.got : 1),
          (double)(after.bytes - before.bytes) / (double)(r.got ? r.got : 1),
          (unsigned long long)(after.grafts - before.grafts),
          (unsigned long long)(after.prunes - before.prunes));
    if (svg)
        draw(w, svg, &r);
    national_reach_free(&r);
}

/* A third of the nodes stop as one, and what is written at that moment still comes to all others.
 */
static void kill_many(struct national *w)
{
    struct national_reach r;
    size_t stopped = 0;
    bool *up = calloc(w->net->n_nodes, sizeof *up);

    if (!up)
        abort();
    for (size_t i = 1; i < w->net->n_nodes; i++)
        if (national_roll(w, 10) < 3) {
            kai_sim_stop(w->s, i);
            stopped++;
        }
    kai_sim_forget_tracks(w->s);
    (void)national_publish(w, 0);
    for (size_t i = 0; i < w->net->n_nodes; i++)
        up[i] = kai_sim_up(w->s, i);
    kai_sim_run(w->s, 60000);
    national_reach(w, &r, up);
    claim(r.got == r.due, "%zu nodes killed at once: %llu of %llu deliveries to the others",
          stopped, (unsigned long long)r.got, (unsigned long long)r.due);
    figure("killed_last_ms", (double)r.last_ms);
    claim(r.last_ms <= 2000, "after that the last one came after %llu ms, p99 %llu ms",
          (unsigned long long)r.last_ms, (unsigned long long)quantile(r.ms, r.got, 990));
    national_reach_free(&r);
    for (size_t i = 0; i < w->net->n_nodes; i++)
        if (!up[i])
            kai_sim_start(w->s, i);
    (void)national_form(w, 120000);
    kai_sim_run(w->s, 30000);
    free(up);
}

/* 30 % of the nodes go and come back within an hour, while some write. */
static void churn(struct national *w, uint64_t seconds)
{
    size_t n = w->net->n_nodes, gone = 0;
    double began = now_s(), cpu = cpu_s(), bytes = sent(w);
    uint64_t *back = calloc(n, sizeof *back), due = 0, got = 0;
    bool *up = calloc(n, sizeof *up);

    if (!back || !up)
        abort();
    for (uint64_t t = 0; t < seconds; t += 10) {
        struct national_reach r;
        for (size_t i = 1; i < n; i++) {
            if (back[i] && t >= back[i]) {
                kai_sim_start(w->s, i);
                back[i] = 0;
            } else if (!back[i] && national_roll(w, 12000) < 10) { /* 30 % in 360 rounds. */
                kai_sim_stop(w->s, i);
                back[i] = t + 30 + national_roll(w, 600);
                gone++;
            }
        }
        kai_sim_forget_tracks(w->s);
        (void)national_publish(w, 6);
        for (size_t i = 0; i < n; i++)
            up[i] = kai_sim_up(w->s, i);
        kai_sim_run(w->s, 10000);
        national_reach(w, &r, up);
        due += r.due;
        got += r.got;
        national_reach_free(&r);
    }
    double node_hours = (double)(seconds * n) / 3600;
    figure("churn_bytes", (sent(w) - bytes) / (double)(got ? got : 1));
    figure("churn_cpu_s", (cpu_s() - cpu) / node_hours);
    claim(
        (double)got >= 0.995 * (double)due,
        "%llu s with %zu nodes gone and back: %.3f %% of %llu deliveries within 10 s; simulated in "
        "%.0f s",
        (unsigned long long)seconds, gone, due ? 100.0 * (double)got / (double)due : 0.0,
        (unsigned long long)due, now_s() - began);
    free(back);
    free(up);
}

/* What is written every five seconds while they heal, and how long it takes to all who are up. */
struct live {
    uint64_t due, got, n;
    uint64_t *ms;
};

static void live_moment(struct national *w, struct live *live)
{
    struct national_reach r;

    kai_sim_forget_tracks(w->s);
    (void)national_publish(w, 2);
    kai_sim_run(w->s, 5000);
    national_reach(w, &r, NULL);
    live->due += r.due;
    live->got += r.got;
    live->ms = realloc(live->ms, (live->n + r.got + 1) * sizeof *live->ms);
    if (!live->ms)
        abort();
    memcpy(live->ms + live->n, r.ms, r.got * sizeof *r.ms);
    live->n += r.got;
    national_reach_free(&r);
}

/* Half of the nodes, by lot, hear nothing of the other half for so many days; each side goes on
 * writing, and its stewards make new keys when the old ones are 30 days old. */
static void split(struct national *w, uint64_t days)
{
    struct live live = {0};
    uint64_t began, took = 0, most = 600000;
    size_t wrote = 0;

    kai_sim_partition_some(w->s, 500);
    for (uint64_t d = 0; d < days; d++) {
        kai_sim_sleep(w->s, 86400000);
        kai_sim_run(w->s, 5000);
        wrote += national_publish(w, 0);
    }
    kai_sim_run(w->s, 5000);
    kai_sim_partition(w->s, 0);
    began = kai_sim_now(w->s);
    while (kai_sim_now(w->s) < began + most) {
        live_moment(w, &live);
        if (took == 0 && kai_sim_converged(w->s, NULL))
            took = kai_sim_now(w->s) - began;
    }
    figure("heal_s", (double)took / 1000);
    claim(took > 0, "%llu days in two halves, %zu entries: all is with all %.0f s after they meet",
          (unsigned long long)days, wrote, (double)took / 1000);
    claim(
        (double)live.got >= 0.99 * (double)live.due && quantile(live.ms, live.n, 990) <= 2000,
        "written in the 10 minutes from then: %.2f %% of %llu deliveries within 5 s, p99 of these "
        "%llu ms",
        live.due ? 100.0 * (double)live.got / (double)live.due : 0.0, (unsigned long long)live.due,
        (unsigned long long)quantile(live.ms, live.n, 990));
    free(live.ms);
}

/* What CHECKPOINTs cost. A day of them is of nodes that all write something every hour. */
static void words(struct national *w, uint64_t seconds)
{
    struct national_words o;

    national_words(w, seconds, &o);
    double copy = (double)o.note_bytes * (double)(o.said ? o.said - 1 : 1); /* One to each. */
    double each = (double)o.bytes / (double)(o.said ? o.said * o.said : 1);
    figure("word_bytes", each);
    claim(o.got == o.due, "%zu nodes say once how far their logs go: %llu of %llu came", o.said,
          (unsigned long long)o.got, (unsigned long long)o.due);
    claim(
        (double)o.bytes <= 16 * copy,
        "%.1f rows and %.0f bytes each; %.0f bytes of NOTES that a node sends for each, %.2f times "
        "one copy; 24 of each a day: %.1f MB a day and node; all frames of these %llu s: %.2f MB "
        "a node",
        (double)o.rows / (double)(o.said ? o.said : 1),
        (double)o.note_bytes / (double)(o.said ? o.said : 1), each, (double)o.bytes / copy,
        each * 24 * (double)o.said / 1e6, (unsigned long long)seconds + 30,
        (double)o.all_bytes / 1e6 / (double)w->net->n_nodes);
}

#ifdef KAI_SANITIZED
#define NODE_BYTES_MOST 8000000.0 /* The sanitizers' own memory is in it. */
#else
#define NODE_BYTES_MOST 2000000.0
#endif

/* Figures of now, but the most of the process, which is of the whole run. */
static void memory(const struct national *w, double began)
{
    struct national_memory m = national_memory(w);
    size_t shared = m.sets + m.rosters + m.entries + m.notes + m.signatures, n = w->net->n_nodes;
    double own = m.all > shared ? (double)(m.all - shared) / (double)n : 0;
    struct rusage u;

    (void)getrusage(RUSAGE_SELF, &u);
    figure("control_bytes", (double)m.sets / (double)(m.n_sets ? m.n_sets : 1));
    figure("own_bytes", own);
    printf(
        "      %zu nodes, %zu audiences: %.0f s of virtual time in %.0f s (%.0f s of processors); "
        "%.2f MiB a node in all at most\n",
        n, w->net->n_auds, (double)kai_sim_now(w->s) / 1000, now_s() - began, cpu_s(),
        (double)u.ru_maxrss / 1024 / (double)n);
    claim(own <= NODE_BYTES_MOST,
          "memory: %.2f MB a node beside what is shared, %.2f of it the simulator's books; shared: "
          "%.1f MB in %zu sets of control entries, %.1f in %zu rosters, %.1f of entries, %.1f of "
          "notes, %.1f of signatures",
          own / 1e6, (double)m.books / 1e6 / (double)n, (double)m.sets / 1e6, m.n_sets,
          (double)m.rosters / 1e6, m.n_rosters, (double)m.entries / 1e6, (double)m.notes / 1e6,
          (double)m.signatures / 1e6);
    printf("      trace %016llx\n", (unsigned long long)kai_sim_hash(w->s));
}

int main(int argc, char **argv)
{
    const char *net = "topology/networks/national.net", *svg = NULL, *to = NULL;
    uint64_t seed = 1, num = 1, den = 1, hour = 3600, days = 30, said = 0, threads = 2;
    bool links_only = false;
    struct national w;
    double began = now_s();

    for (int i = 1; i < argc; i++) {
        const char *v = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--links-only") == 0)
            links_only = true;
        else if (strcmp(argv[i], "--net") == 0)
            net = v, i++;
        else if (strcmp(argv[i], "--svg") == 0)
            svg = v, i++;
        else if (strcmp(argv[i], "--figures") == 0)
            to = v, i++;
        else if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(v, NULL, 10), i++;
        else if (strcmp(argv[i], "--hour") == 0)
            hour = strtoull(v, NULL, 10), i++;
        else if (strcmp(argv[i], "--threads") == 0)
            threads = strtoull(v, NULL, 10), i++;
        else if (strcmp(argv[i], "--days") == 0)
            days = strtoull(v, NULL, 10), i++;
        else if (strcmp(argv[i], "--words") == 0)
            said = strtoull(v, NULL, 10), i++;
        else if (strcmp(argv[i], "--scale") == 0 && strchr(v, '/'))
            num = strtoull(v, NULL, 10), den = strtoull(strchr(v, '/') + 1, NULL, 10), i++;
        else
            return fprintf(stderr, "sim_report: %s?\n", argv[i]), 2;
    }
    if (to && !(figures = fopen(to, "w")))
        return fprintf(stderr, "%s: cannot be written\n", to), 2;
    if (!national_new(&w, net, seed, num, den, true, threads))
        return 2;
    figure("nodes", (double)w.net->n_nodes);
    figure("audiences", (double)w.net->n_auds);
    memory(&w, began);
    links(&w);
    if (!links_only) {
        steady(&w, svg);
        kill_many(&w);
        if (hour > 0)
            churn(&w, hour);
        if (days > 0)
            split(&w, days);
        if (said > 0)
            words(&w, said);
    }
    memory(&w, began);
    national_free(&w);
    if (figures && fclose(figures) != 0)
        return fprintf(stderr, "%s: cannot be written\n", to), 2;
    return failed > 0;
}

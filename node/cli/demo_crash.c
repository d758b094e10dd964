/* demo_crash: kill -9 right after an acknowledged publication; the others go on; nothing is lost,
 * nothing is there twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/demo.h"

#define AGREE_MS 10000.0
#define ASK_MS   20000.0

static const bool not_body[DEMO_ORGS] = {
    [DEMO_PREF] = true, [DEMO_ISAC] = true, [DEMO_TOWN] = true, [DEMO_FIRM] = true};
/* These two hold the group's as well: they count more than the others. */
static const bool in_group[DEMO_ORGS] = {[DEMO_PREF] = true, [DEMO_TOWN] = true};
static const bool outside[DEMO_ORGS] = {[DEMO_BODY] = true, [DEMO_ISAC] = true, [DEMO_FIRM] = true};

/* How often a node's query finds a value. */
static long long times_found(const struct demo *d, const struct demo_node *n,
                             const char *expression)
{
    const char *const argv[] = {"query", expression, "--json", NULL};
    struct demo_proc p;
    bool ok = demo_ask(d, n, &p, argv);
    long long lines = ok ? (long long)p.lines : p.status == KAI_EXIT_NOTHING ? 0 : -1;

    demo_proc_free(&p);
    return lines;
}

static void claim_once(struct demo *d, const char *name, const char *expression,
                       struct demo_thing *thing, const char *what)
{
    bool all = true;
    char seen[160] = "";

    for (size_t i = 0; i < DEMO_ORGS; i++) {
        long long n = times_found(d, &d->nodes[i], expression);
        size_t at = strlen(seen);

        thing->holds[i] = n == 1;
        all = all && n == 1;
        (void)snprintf(seen + at, sizeof seen - at, "%lld ", n);
    }
    (void)demo_claim(
        d, &(struct demo_claim){.name = name, .ok = all, .ms = -1, .seen = seen, .a1 = what});
}

/* What the others held before, and whether they have all heard of the same since. */
struct settling {
    struct demo *d;
    long long before[DEMO_ORGS];
};

static bool has_peer(struct demo_node *n, const char *org)
{
    json_t *rows = demo_api_lines(n, "peers", json_object());
    bool found = rows == NULL;
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "org"));

        found = found || (name != NULL && strcmp(name, org) == 0);
    }
    json_decref(rows);
    return found;
}

/* What the killed node sent in its last moment has arrived, everywhere or nowhere: nobody has a
 * link to it any more, and the others have grown by as much as each other. What is published next
 * is counted from here. */
static bool settled(const struct settling *s)
{
    const struct demo_node *body = &s->d->nodes[DEMO_BODY];
    long long grown = -1;

    for (size_t i = 0; i < DEMO_ORGS; i++) {
        struct demo_node *n = &s->d->nodes[i];

        if (!not_body[i])
            continue;
        if (has_peer(n, body->name) || demo_status_int(n, "index_lag_ms") != 0)
            return false;
        long long more = demo_status_int(n, "entries") - s->before[i];
        if (grown >= 0 && more != grown)
            return false;
        grown = more;
    }
    return true;
}

static void settle_begin(struct settling *s, struct demo *d)
{
    s->d = d;
    for (size_t i = 0; i < DEMO_ORGS; i++)
        s->before[i] = demo_status_int(&d->nodes[i], "entries");
}

static void settle_wait(const struct settling *s)
{
    double deadline = demo_now() + ASK_MS;

    while (!settled(s) && demo_now() < deadline && !demo_stopping())
        demo_turn();
}

/* Publish, and kill the node as soon as the command has its answer. */
static bool publish_and_kill(struct demo *d, const char *path)
{
    struct demo_node *body = &d->nodes[DEMO_BODY];
    const char *const argv[] = {"publish", path, "--to", "all", "--json", NULL};
    struct demo_proc p;
    bool ok = demo_ask(d, body, &p, argv);
    char seen[512];

    demo_node_kill(d, body);
    json_t *sum = demo_last(&p);
    ok = ok && json_integer_value(json_object_get(sum, "accepted")) == 1;
    (void)snprintf(seen, sizeof seen, "%.*s%.*s", (int)p.out.len, (const char *)p.out.p,
                   (int)p.err.len, (const char *)p.err.p);
    (void)demo_claim(d, &(struct demo_claim){.name = "killed",
                                             .org = body->name,
                                             .ok = ok,
                                             .ms = p.ended_ms - p.began_ms,
                                             .seen = seen});
    json_decref(sum);
    demo_proc_free(&p);
    return ok;
}

static bool go_on_without(struct demo *d, const char *path)
{
    const char *const argv[] = {"publish", path, "--to", "all", "--wait", "3", "--json", NULL};
    struct demo_spread s = {.argv = argv};

    memcpy(s.to, not_body, sizeof s.to);
    s.to[DEMO_ISAC] = false;
    bool ok = demo_spread(d, &d->nodes[DEMO_ISAC], &s) && s.accepted == 1 && s.held_by == 3;
    for (size_t i = 0; i < DEMO_ORGS; i++)
        ok = ok && (!s.to[i] || s.searchable_ms[i] >= 0);
    return demo_claim(d, &(struct demo_claim){.name = "without",
                                              .org = d->nodes[DEMO_ISAC].name,
                                              .ok = ok,
                                              .ms = s.publish_ms,
                                              .seen = s.seen,
                                              .a1 = d->nodes[DEMO_BODY].name});
}

static bool come_back(struct demo *d)
{
    struct demo_node *body = &d->nodes[DEMO_BODY];
    double began = demo_now();
    bool up = demo_node_start(d, body, NULL);
    double ready = demo_now();
    char counts[160] = "";

    if (!demo_claim(d, &(struct demo_claim){.name = "restarted",
                                            .org = body->name,
                                            .ok = up,
                                            .ms = ready - began,
                                            .seen = body->log}))
        return false;
    bool agreed =
        demo_agree(d, outside, ready + AGREE_MS) && demo_agree(d, in_group, ready + AGREE_MS);
    double took = demo_now() - ready;
    for (size_t i = 0; i < DEMO_ORGS; i++) {
        size_t at = strlen(counts);

        (void)snprintf(counts + at, sizeof counts - at, "%lld ",
                       demo_status_int(&d->nodes[i], "entries"));
    }
    (void)demo_claim(
        d, &(struct demo_claim){
               .name = "again-one", .ok = agreed && took <= AGREE_MS, .ms = took, .seen = counts});
    return agreed;
}

static void publish_once_more(struct demo *d, const char *path)
{
    const char *const argv[] = {"publish", path, "--to", "all", "--json", NULL};
    struct demo_proc p;
    bool ok = demo_ask(d, &d->nodes[DEMO_BODY], &p, argv);
    json_t *sum = demo_last(&p);
    char seen[512];

    (void)snprintf(seen, sizeof seen, "%.*s%.*s", (int)p.out.len, (const char *)p.out.p,
                   (int)p.err.len, (const char *)p.err.p);
    ok = ok && json_integer_value(json_object_get(sum, "skipped")) == 1 &&
         json_integer_value(json_object_get(sum, "accepted")) == 0;
    (void)demo_claim(d, &(struct demo_claim){.name = "again-killed",
                                             .org = d->nodes[DEMO_BODY].name,
                                             .ok = ok,
                                             .ms = -1,
                                             .seen = seen});
    json_decref(sum);
    demo_proc_free(&p);
}

bool demo_crash(struct demo *d)
{
    char last[KAI_PATH_BYTES_MAX];
    char meanwhile[KAI_PATH_BYTES_MAX];
    const char *what_last = demo_text(d, "demo.what.last");
    const char *what_mean = demo_text(d, "demo.what.mean");

    struct settling settling;

    demo_step(d, "demo.step.crash");
    demo_quiet(d);
    settle_begin(&settling, d);
    if (!demo_write(d, "last", last) || !demo_write(d, "mean", meanwhile) ||
        !publish_and_kill(d, last))
        return false;
    settle_wait(&settling);
    if (!go_on_without(d, meanwhile) || !come_back(d))
        return false;
    publish_once_more(d, last);
    claim_once(d, "once", "domain:last-word.example.com",
               demo_thing_add(d, what_last, DEMO_BODY, "all", "TLP:GREEN"), what_last);
    claim_once(d, "once", "domain:meanwhile.example.com",
               demo_thing_add(d, what_mean, DEMO_ISAC, "all", "TLP:GREEN"), what_mean);
    return demo_agree(d, outside, demo_now() + ASK_MS);
}

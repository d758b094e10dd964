/* demo_spread: publish something, and see when it is durable and when it is searchable elsewhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/demo.h"

#define SPREAD_MS 20000.0
#define LOOK_MS   2
/* What nodes say by themselves begins two seconds after the last that came (node/receipts.c). */
#define QUIET_MS    3500.0
#define SAMPLES_MAX 512u

/* What a node's status said when: entries of its log, which are durable, and items of its index,
 * which queries find. */
struct sample {
    double at_ms;
    long long entries;
    long long items;
};

struct look {
    struct demo *d;
    struct demo_spread *s;
    struct demo_proc publish;
    size_t n[DEMO_ORGS];
    struct sample sample[DEMO_ORGS][SAMPLES_MAX]; /* The first: before it was published. */
};

static bool ask(struct demo_node *n, struct sample *out)
{
    json_t *s = demo_status(n);
    bool ok = s != NULL;

    out->entries = (long long)json_integer_value(json_object_get(s, "entries"));
    out->items = (long long)json_integer_value(json_object_get(s, "items"));
    out->at_ms = demo_now();
    json_decref(s);
    return ok;
}

static void take_sample(struct look *l, size_t i)
{
    struct sample now;
    size_t n = l->n[i];

    if (n == SAMPLES_MAX || !ask(&l->d->nodes[i], &now))
        return;
    const struct sample *last = &l->sample[i][n == 0 ? 0 : n - 1];
    if (n == 0 || now.entries != last->entries || now.items != last->items)
        l->sample[i][l->n[i]++] = now;
}

/* When the node had all that the publisher has more than before; negative: it had not. */
static double time_of(const struct look *l, size_t i, const struct sample *more, bool items)
{
    const struct sample *m = l->sample[i];

    for (size_t k = 1; k < l->n[i]; k++)
        if (items ? m[k].items >= m[0].items + more->items
                  : m[k].entries >= m[0].entries + more->entries)
            return m[k].at_ms - l->publish.began_ms;
    return -1;
}

static void read_answer(struct look *l)
{
    struct demo_spread *s = l->s;
    json_t *sum = demo_last(&l->publish);

    s->accepted = s->skipped = s->refused = s->entries = s->held_by = -1;
    (void)snprintf(s->seen, sizeof s->seen, "%.*s%.*s", (int)l->publish.out.len,
                   (const char *)l->publish.out.p, (int)l->publish.err.len,
                   (const char *)l->publish.err.p);
    if (json_is_integer(json_object_get(sum, "accepted"))) {
        s->accepted = (long long)json_integer_value(json_object_get(sum, "accepted"));
        s->skipped = (long long)json_integer_value(json_object_get(sum, "skipped"));
        s->refused = (long long)json_integer_value(json_object_get(sum, "refused"));
        s->entries = (long long)json_integer_value(json_object_get(sum, "entries"));
        s->held_by = (long long)json_integer_value(json_object_get(sum, "held_by"));
    }
    json_decref(sum);
}

/* The publisher's own growth is known once the command has ended and its index has followed: what
 * others must reach. */
static bool growth(struct demo_node *by, const struct sample *before, struct sample *more)
{
    struct sample now;
    json_t *s = demo_status(by);
    bool settled = json_integer_value(json_object_get(s, "index_lag_ms")) == 0;

    json_decref(s);
    if (!settled || !ask(by, &now))
        return false;
    more->entries = now.entries - before->entries;
    more->items = now.items - before->items;
    return true;
}

static void look_on(struct look *l, struct demo_node *by, const struct sample *before)
{
    struct demo_proc *procs[1] = {&l->publish};
    double deadline = demo_now() + SPREAD_MS;
    struct sample more = {0};
    bool known = false;
    bool all = false;

    while (!all && demo_now() < deadline && !demo_stopping()) {
        bool running = demo_proc_read(procs, 1, LOOK_MS);

        if (!running && !known)
            known = growth(by, before, &more);
        if (!running)
            demo_turn();
        all = known;
        for (size_t i = 0; i < DEMO_ORGS; i++) {
            if (!l->s->to[i])
                continue;
            take_sample(l, i);
            all = all && (more.entries == 0 || time_of(l, i, &more, false) >= 0) &&
                  (more.items == 0 || time_of(l, i, &more, true) >= 0);
        }
    }
    l->s->grown = more.entries;
    for (size_t i = 0; i < DEMO_ORGS && known && more.entries > 0; i++) {
        l->s->durable_ms[i] = time_of(l, i, &more, false);
        l->s->searchable_ms[i] = time_of(l, i, &more, true);
    }
}

bool demo_spread(struct demo *d, struct demo_node *by, struct demo_spread *s)
{
    struct look *l = calloc(1, sizeof *l);
    struct demo_proc *publish[1];
    struct sample before;
    bool ok;

    if (l == NULL)
        return false;
    l->d = d;
    l->s = s;
    publish[0] = &l->publish;
    for (size_t i = 0; i < DEMO_ORGS; i++) {
        s->durable_ms[i] = s->searchable_ms[i] = -1;
        if (s->to[i])
            take_sample(l, i);
    }
    l->publish.out_fd = l->publish.err_fd = -1;
    ok = ask(by, &before) && demo_begin(d, by, &l->publish, s->argv);
    if (ok) {
        look_on(l, by, &before);
        ok = demo_proc_wait(publish, 1, demo_now() + SPREAD_MS) && l->publish.status == 0;
        s->publish_ms = l->publish.ended_ms - l->publish.began_ms;
        read_answer(l);
    }
    demo_proc_free(&l->publish);
    free(l);
    return ok;
}

bool demo_agree(struct demo *d, const bool who[static DEMO_ORGS], double deadline_ms)
{
    while (demo_now() < deadline_ms && !demo_stopping()) {
        struct sample first = {.entries = -1};
        bool same = true;

        for (size_t i = 0; i < DEMO_ORGS && same; i++) {
            struct sample now;

            if (!who[i])
                continue;
            same = ask(&d->nodes[i], &now) && demo_status_int(&d->nodes[i], "index_lag_ms") == 0;
            same = same && (first.entries < 0 ||
                            (now.entries == first.entries && now.items == first.items));
            first = now;
        }
        if (same)
            return true;
        demo_turn();
    }
    return false;
}

/* Whether any node's entries are others than they were; they are then what they were. */
static bool moved(struct demo *d, long long entries[static DEMO_ORGS])
{
    bool any = false;

    for (size_t i = 0; i < DEMO_ORGS; i++) {
        long long now = demo_status_int(&d->nodes[i], "entries");

        any = any || now != entries[i];
        entries[i] = now;
    }
    return any;
}

void demo_quiet(struct demo *d)
{
    long long entries[DEMO_ORGS] = {0};
    double deadline = demo_now() + SPREAD_MS;
    double since = demo_now();

    while (demo_now() < deadline && demo_now() - since < QUIET_MS && !demo_stopping()) {
        if (moved(d, entries))
            since = demo_now();
        demo_turn();
    }
}

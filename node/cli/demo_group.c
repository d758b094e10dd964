/* demo_group: information for two: the others hold nothing of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/demo.h"

#define KEY_MS   20000.0
#define SHARE_MS 20000.0

static const enum demo_who thirds[] = {DEMO_BODY, DEMO_ISAC, DEMO_FIRM};
#define THIRDS (sizeof thirds / sizeof thirds[0])

static bool create(struct demo *d, const char *name)
{
    const struct demo_node *pref = &d->nodes[DEMO_PREF];
    const char *const argv[] = {"audience",
                                "create",
                                name,
                                "--kind",
                                "group",
                                "--label",
                                "TLP:AMBER",
                                "--member",
                                d->nodes[DEMO_PREF].name,
                                "--member",
                                d->nodes[DEMO_TOWN].name,
                                "--json",
                                NULL};
    struct demo_proc p;
    bool ok = demo_ask(d, pref, &p, argv);
    json_t *o = demo_line(&p, 0);
    char seen[512];

    (void)snprintf(seen, sizeof seen, "%.*s%.*s", (int)p.out.len, (const char *)p.out.p,
                   (int)p.err.len, (const char *)p.err.p);
    ok = ok && json_integer_value(json_object_get(o, "members")) == 2;
    (void)demo_claim(d, &(struct demo_claim){.name = "group",
                                             .org = pref->name,
                                             .ok = ok,
                                             .ms = p.ended_ms - p.began_ms,
                                             .seen = seen,
                                             .a1 = name,
                                             .a2 = d->nodes[DEMO_TOWN].name});
    json_decref(o);
    demo_proc_free(&p);
    return ok;
}

/* Until the town's node can name the group, which only the group's key lets it. */
static bool town_knows(struct demo *d, const char *name)
{
    double deadline = demo_now() + KEY_MS;
    bool known = false;

    while (!known && demo_now() < deadline && !demo_stopping()) {
        const char *const argv[] = {"audience", "list", "--json", NULL};
        struct demo_proc p;

        (void)demo_ask(d, &d->nodes[DEMO_TOWN], &p, argv);
        for (size_t k = 0; k < p.lines && !known; k++) {
            json_t *o = demo_line(&p, k);
            const char *found = json_string_value(json_object_get(o, "name"));

            known = found != NULL && strcmp(found, name) == 0 &&
                    json_is_integer(json_object_get(o, "epoch"));
            json_decref(o);
        }
        demo_proc_free(&p);
        if (!known)
            demo_turn();
    }
    return known;
}

/* A third asks for the object by its id, for its value, and for audiences: nothing of it comes up.
 */
static bool finds_nothing(struct demo *d, const struct demo_node *n, const char *id,
                          const char *name, char seen[static 512])
{
    const char *const get[] = {"get", id, NULL};
    const char *const query[] = {"query", "domain:quiet-harbour.example", "--json", NULL};
    const char *const list[] = {"audience", "list", "--all", "--json", NULL};
    const char *const *const asked[] = {get, query, list};
    bool nothing = true;

    for (size_t k = 0; k < 3; k++) {
        struct demo_proc p;
        bool answered = demo_ask(d, n, &p, asked[k]);
        bool empty = k < 2 ? !answered && p.out.len == 0 && (p.status == KAI_EXIT_NOTHING || k == 0)
                           : answered && memmem(p.out.p, p.out.len, name, strlen(name)) == NULL;

        if (!empty)
            (void)snprintf(seen, 512, "%s %s: %.*s", asked[k][0], asked[k][1], (int)p.out.len,
                           (const char *)p.out.p);
        nothing = nothing && empty;
        demo_proc_free(&p);
    }
    return nothing;
}

static struct demo_words *words_of(const char *name)
{
    struct demo_words *w = demo_words_new();
    struct kai_buf open; /* All that everybody may know. */
    static const char *const others[] = {"bundle", "clear", "after"};

    if (w == NULL)
        return NULL;
    kai_buf_init(&open, 16u << 20);
    for (size_t i = 0; i < 3; i++)
        kai_buf_add(&open, demo_data(others[i]).p, demo_data(others[i]).n);
    demo_words_add(w, name, strlen(name));
    demo_words_add_json(w, demo_data("amber"), kai_buf_view(&open));
    kai_buf_free(&open);
    return w;
}

static void claim_thirds(struct demo *d, const char *name, const char *id,
                         const long long grown[static THIRDS], long long expected)
{
    struct demo_words *w = words_of(name);
    char words[24];
    char control[256];
    size_t in_source = 0;

    if (w == NULL)
        return;
    (void)snprintf(words, sizeof words, "%zu", demo_words_n(w));
    char source[KAI_PATH_BYTES_MAX];
    (void)snprintf(source, sizeof source, "%s/amber.json", d->dir);
    /* Who finds none must be able to find: the file that was published has them. */
    bool able = demo_words_scan(w, d->dir, source, &in_source, control) > 0 && in_source > 0;
    for (size_t k = 0; k < THIRDS; k++) {
        const struct demo_node *n = &d->nodes[thirds[k]];
        char seen[512] = "";
        char found[256];
        char size[32];
        size_t hits;
        double began = demo_now();

        bool nothing = finds_nothing(d, n, id, name, seen);
        (void)demo_claim(d, &(struct demo_claim){.name = "third-asks",
                                                 .org = n->name,
                                                 .ok = nothing,
                                                 .ms = demo_now() - began,
                                                 .seen = seen,
                                                 .a1 = name});
        (void)snprintf(seen, sizeof seen, "%lld, %lld", grown[k], expected);
        (void)demo_claim(d, &(struct demo_claim){.name = "third-entries",
                                                 .org = n->name,
                                                 .ok = grown[k] == expected,
                                                 .ms = -1,
                                                 .seen = seen});
        began = demo_now();
        long long bytes = demo_words_scan(w, n->home, "", &hits, found);
        (void)snprintf(size, sizeof size, "%.1f", (double)bytes / 1e6);
        (void)demo_claim(d, &(struct demo_claim){.name = "third-bytes",
                                                 .org = n->name,
                                                 .ok = able && bytes > 0 && hits == 0,
                                                 .ms = demo_now() - began,
                                                 .seen = found,
                                                 .a1 = size,
                                                 .a2 = words});
    }
    demo_words_free(w);
}

bool demo_group(struct demo *d)
{
    const char *name = demo_text(d, "demo.group");
    const char *what = demo_text(d, "demo.what.amber");
    char path[KAI_PATH_BYTES_MAX];
    char later[KAI_PATH_BYTES_MAX];
    struct demo_object objects[4];
    size_t same[DEMO_ORGS];
    char ignored[256];
    long long before[THIRDS];
    long long grown[THIRDS];
    size_t all;

    demo_step(d, "demo.step.group");
    if (!create(d, name) || !demo_write(d, "amber", path) || !demo_write(d, "after", later))
        return false;
    double began = demo_now();
    if (!demo_claim(d, &(struct demo_claim){.name = "group-key",
                                            .org = d->nodes[DEMO_TOWN].name,
                                            .ok = town_knows(d, name),
                                            .ms = demo_now() - began,
                                            .a1 = name}))
        return false;
    for (size_t k = 0; k < THIRDS; k++)
        before[k] = demo_status_int(&d->nodes[thirds[k]], "entries");
    const char *const amber[] = {"publish", path, "--to", name, "--wait", "1", "--json", NULL};
    struct demo_spread s = {.argv = amber, .to = {[DEMO_TOWN] = true}};
    bool ok = demo_spread(d, &d->nodes[DEMO_PREF], &s) && s.accepted == 2 && s.refused == 0 &&
              s.held_by == 1;
    if (!demo_claim(d, &(struct demo_claim){.name = "published",
                                            .org = d->nodes[DEMO_PREF].name,
                                            .ok = ok,
                                            .ms = s.publish_ms,
                                            .seen = s.seen,
                                            .a1 = what,
                                            .a2 = "2",
                                            .a3 = name}))
        return false;
    size_t n = demo_objects(demo_data("amber"), objects, 4, &all);
    for (size_t i = 0; i < DEMO_ORGS; i++)
        same[i] = demo_compare(&d->nodes[i], objects, n, ignored);
    struct demo_thing *thing = demo_thing_add(d, what, DEMO_PREF, name, "TLP:AMBER");
    for (size_t i = 0; i < DEMO_ORGS; i++)
        thing->holds[i] = same[i] > 0;
    (void)demo_claim(d, &(struct demo_claim){.name = "bytes",
                                             .org = d->nodes[DEMO_TOWN].name,
                                             .ok = n == 2 && same[DEMO_TOWN] == 2,
                                             .ms = s.searchable_ms[DEMO_TOWN],
                                             .a1 = what,
                                             .a2 = "2"});
    /* What the same node says after it, to all, has come: so whatever it would have said before it
     * is there as well. */
    const char *const after[] = {"publish", later, "--to", "all", "--wait", "4", "--json", NULL};
    struct demo_spread t = {.argv = after, .to = {true, false, true, true, true}};
    ok = demo_spread(d, &d->nodes[DEMO_PREF], &t) && t.accepted == 1;
    for (size_t k = 0; k < THIRDS; k++)
        grown[k] = demo_status_int(&d->nodes[thirds[k]], "entries") - before[k];
    claim_thirds(d, name, objects[0].id, grown, t.grown);
    return ok;
}

/* demo_group: information for two: the others hold nothing of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/demo.h"

static const enum demo_who thirds[] = {DEMO_BODY, DEMO_ISAC, DEMO_FIRM};
#define THIRDS (sizeof thirds / sizeof thirds[0])

static bool create(struct demo *d, const char *name)
{
    struct demo_audience a = {.name = name,
                              .kind = "group",
                              .label = "TLP:AMBER",
                              .by = DEMO_PREF,
                              .members = {d->nodes[DEMO_PREF].name, d->nodes[DEMO_TOWN].name}};
    bool ok = demo_audience_make(d, &a);

    return demo_claim(d, &(struct demo_claim){.name = "group",
                                              .org = d->nodes[DEMO_PREF].name,
                                              .ok = ok,
                                              .ms = a.ms,
                                              .seen = a.seen,
                                              .a1 = name,
                                              .a2 = d->nodes[DEMO_TOWN].name});
}

/* A third asks for the object by its id, for its value, and for audiences: nothing of it comes up;
 * and its home holds not a byte of it. */
static void claim_thirds(struct demo *d, const char *name, const char *id,
                         const long long grown[static THIRDS], long long expected)
{
    struct demo_secret secret = {
        .file = "amber", .id = id, .query = "domain:quiet-harbour.example", .audience = name};
    bool able = false;
    struct demo_words *w = demo_words_secret(d, &secret, &able);

    if (w == NULL)
        return;
    for (size_t k = 0; k < THIRDS; k++) {
        const struct demo_node *n = &d->nodes[thirds[k]];
        char seen[512] = "";
        double began = demo_now();

        bool nothing = demo_finds_nothing(d, n, &secret, seen);
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
        (void)demo_claim_dark(d, "third-bytes", n, w, able);
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
                                            .ok = demo_audience_known(d, DEMO_TOWN, name),
                                            .ms = demo_now() - began,
                                            .a1 = name}))
        return false;
    demo_quiet(d);
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

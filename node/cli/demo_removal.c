/* demo_removal: a member is taken out: its links end at once, and what is written after it does not
 * get. */
#include <stdio.h>
#include <string.h>

#include "node/cli/demo.h"

#define CUT_MS 20000.0

/* Whether a node has heard of the removal, and has no link to who was removed. */
static bool heard(struct demo_node *n, const struct demo_node *out)
{
    json_t *orgs = demo_api_lines(n, "org-list", json_object());
    json_t *peers = demo_api_lines(n, "peers", json_object());
    bool revoked = false;
    bool linked = peers == NULL;
    size_t i;
    json_t *row;

    json_array_foreach(orgs, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        const char *status = json_string_value(json_object_get(row, "status"));

        revoked = revoked || (name != NULL && status != NULL && strcmp(name, out->name) == 0 &&
                              strcmp(status, "revoked") == 0);
    }
    json_array_foreach(peers, i, row)
    {
        const char *org = json_string_value(json_object_get(row, "org"));

        linked = linked || (org != NULL && strcmp(org, out->name) == 0);
    }
    json_decref(orgs);
    json_decref(peers);
    return revoked && !linked;
}

static bool all_heard(struct demo *d, const struct demo_node *out)
{
    for (size_t i = 0; i < DEMO_ORGS; i++)
        if (i != (size_t)out->who && !heard(&d->nodes[i], out))
            return false;
    return true;
}

static bool revoke(struct demo *d, enum demo_who by, const struct demo_node *out)
{
    const char *const argv[] = {"org", "revoke", out->name, "--reason", "rules", "--json", NULL};
    struct demo_proc p;
    double began = demo_now();
    bool ok = demo_ask(d, &d->nodes[by], &p, argv);
    bool all = false;
    char seen[512];

    demo_seen(&p, seen);
    demo_proc_free(&p);
    while (ok && !all && demo_now() < began + CUT_MS && !demo_stopping()) {
        all = all_heard(d, out);
        if (!all)
            demo_turn();
    }
    d->removed = out;
    return demo_claim(d, &(struct demo_claim){.name = "revoked",
                                              .org = d->nodes[by].name,
                                              .ok = all,
                                              .ms = demo_now() - began,
                                              .seen = seen,
                                              .a1 = out->name});
}

/* Everybody else has it; then the removed node is asked, and its home looked through. */
static bool write_on(struct demo *d, enum demo_who by, const struct demo_node *out,
                     struct demo_thing *thing)
{
    struct demo_secret secret = {.file = "later", .query = "domain:after-removal.example.com"};
    char path[KAI_PATH_BYTES_MAX];
    char n_others[8];
    struct demo_object object;
    size_t all;
    bool able = false;
    char seen[512] = "";
    double began = demo_now();

    if (!demo_write(d, "later", path) || demo_objects(demo_data("later"), &object, 1, &all) != 1)
        return false;
    secret.id = object.id;
    (void)snprintf(n_others, sizeof n_others, "%u", DEMO_ORGS - 2);
    const char *const argv[] = {"publish", path, "--to", "all", "--wait", n_others, "--json", NULL};
    bool ok = demo_until(d, by, argv, CUT_MS, seen); /* For a key that the removed does not have. */
    for (size_t i = 0; i < DEMO_ORGS; i++) {
        thing->holds[i] = i != (size_t)out->who && demo_finds(&d->nodes[i], secret.query, CUT_MS);
        ok = ok && (thing->holds[i] || i == (size_t)out->who);
    }
    if (!demo_claim(d, &(struct demo_claim){.name = "after-revoked",
                                            .org = d->nodes[by].name,
                                            .ok = ok,
                                            .ms = demo_now() - began,
                                            .seen = seen,
                                            .a1 = out->name}))
        return false;
    ok = demo_finds_nothing(d, out, &secret, seen);
    (void)demo_claim(
        d, &(struct demo_claim){
               .name = "revoked-asks", .org = out->name, .ok = ok, .ms = -1, .seen = seen});
    struct demo_words *w = demo_words_secret(d, &secret, &able);
    if (w == NULL)
        return false;
    (void)demo_claim_dark(d, "revoked-bytes", out, w, able);
    demo_words_free(w);
    return true;
}

bool demo_removal(struct demo *d)
{
    const struct demo_node *out = &d->nodes[DEMO_FIRM];
    const char *what = demo_text(d, "demo.what.later");

    demo_step(d, "demo.step.removal");
    return revoke(d, DEMO_ISAC, out) &&
           write_on(d, DEMO_BODY, out, demo_thing_add(d, what, DEMO_BODY, "all", "TLP:GREEN"));
}

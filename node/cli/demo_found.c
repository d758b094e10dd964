/* demo_found: a network is founded, and four organisations are admitted, as people would do it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/demo.h"

#define AGREE_MS 20000.0
#define ASK_MS   30000.0

struct member {
    enum demo_who who;
    enum demo_who sponsor;
    const char *may_admit;
    const char *clearance;
};
/* In this order: a sponsor is in before it admits. */
static const struct member members[] = {{DEMO_PREF, DEMO_BODY, "1", "TLP:RED"},
                                        {DEMO_ISAC, DEMO_BODY, "1", "TLP:RED"},
                                        {DEMO_TOWN, DEMO_PREF, "0", "TLP:AMBER+STRICT"},
                                        {DEMO_FIRM, DEMO_ISAC, "0", "TLP:AMBER+STRICT"}};
#define MEMBERS (sizeof members / sizeof members[0])

struct ceremony {
    struct demo_proc create;
    struct demo_proc request[MEMBERS];
    char words[MEMBERS][512]; /* Of each request, as its printed. */
    bool refused_wrong;       /* Wrong words were refused whenever they were tried. */
};

static void path_of(const struct demo *d, const struct demo_node *n, const char *what,
                    char path[static KAI_PATH_BYTES_MAX])
{
    (void)snprintf(path, KAI_PATH_BYTES_MAX, "%s/%s.%s", d->dir, n->tag, what);
}

static bool words_of(const struct demo_proc *p, char out[static 512])
{
    json_t *o = demo_line(p, 0);
    const char *words = json_string_value(json_object_get(o, "words"));

    kai_copy_text(out, 512, words != NULL ? words : "");
    json_decref(o);
    return out[0] != '\0';
}

static bool fail(struct demo *d, const char *claim, const struct demo_node *n,
                 const struct demo_proc *p)
{
    char seen[512];

    (void)snprintf(seen, sizeof seen, "%.*s", (int)p->err.len, (const char *)p->err.p);
    return demo_claim(d,
                      &(struct demo_claim){.name = claim, .org = n->name, .ms = -1, .seen = seen});
}

/* All keys are made at the same time, each on its own machine: each takes a moment, for the sake of
 * its passphrase. */
static bool make_keys(struct demo *d, struct ceremony *c)
{
    const struct demo_node *body = &d->nodes[DEMO_BODY];
    struct demo_proc *procs[MEMBERS + 1];
    const char *const create[] = {"network", "create",   "--name", demo_text(d, "demo.network"),
                                  "--org",   body->name, "--json", NULL};
    bool ok = demo_begin(d, body, &c->create, create);

    procs[MEMBERS] = &c->create;
    for (size_t i = 0; i < MEMBERS; i++) {
        const struct demo_node *n = &d->nodes[members[i].who];
        char path[KAI_PATH_BYTES_MAX];

        path_of(d, n, "request", path);
        const char *const request[] = {"org",   "request", "--name", n->name,
                                       "--out", path,      "--json", NULL};
        ok = demo_begin(d, n, &c->request[i], request) && ok;
        procs[i] = &c->request[i];
    }
    ok = demo_proc_wait(procs, MEMBERS + 1, demo_now() + ASK_MS) && ok;
    for (size_t i = 0; i < MEMBERS && ok; i++)
        if (c->request[i].status != 0 || !words_of(&c->request[i], c->words[i]))
            return fail(d, "admitted", &d->nodes[members[i].who], &c->request[i]);
    json_t *made = demo_line(&c->create, 0);
    const char *id = json_string_value(json_object_get(made, "id"));
    kai_copy_text(d->network_id, sizeof d->network_id, id != NULL ? id : "");
    json_decref(made);
    if (!ok || c->create.status != 0 || d->network_id[0] == '\0')
        return fail(d, "founded", body, &c->create);
    return demo_claim(d, &(struct demo_claim){.name = "founded",
                                              .org = body->name,
                                              .ok = true,
                                              .ms = c->create.ended_ms - c->create.began_ms,
                                              .a1 = d->network_id});
}

/* Run a verb with words that were read out wrongly, which must fail, then with the right ones. */
static bool with_words(struct demo *d, struct ceremony *c, const struct demo_node *n,
                       const char *const argv[], const char *right, const char *wrong,
                       struct demo_proc *p)
{
    const char *all[24];
    size_t k = 0;

    while (argv[k] != NULL) {
        all[k] = argv[k];
        k++;
    }
    all[k] = "--fingerprint";
    all[k + 2] = NULL;
    if (wrong != NULL) {
        all[k + 1] = wrong;
        if (demo_ask(d, n, p, all) || p->err.len == 0)
            c->refused_wrong = false;
        demo_proc_free(p);
    }
    all[k + 1] = right;
    return demo_ask(d, n, p, all);
}

static bool admit(struct demo *d, struct ceremony *c, size_t i)
{
    struct demo_node *n = &d->nodes[members[i].who];
    const struct demo_node *sponsor = &d->nodes[members[i].sponsor];
    const char *wrong = i == 0 ? c->words[1] : NULL; /* Somebody else's request. */
    char request[KAI_PATH_BYTES_MAX];
    char admission[KAI_PATH_BYTES_MAX];
    char back[512] = "";
    struct demo_proc p;
    double began = demo_now();

    path_of(d, n, "request", request);
    path_of(d, n, "admission", admission);
    const char *const admit_argv[] = {"org",
                                      "admit",
                                      request,
                                      "--out",
                                      admission,
                                      "--may-admit",
                                      members[i].may_admit,
                                      "--clearance",
                                      members[i].clearance,
                                      "--json",
                                      NULL};
    const char *const join_argv[] = {"org", "join", admission, "--json", NULL};
    bool ok = with_words(d, c, sponsor, admit_argv, c->words[i], wrong, &p) && words_of(&p, back);
    if (!ok)
        (void)fail(d, "admitted", n, &p);
    demo_proc_free(&p);
    if (!ok)
        return false;
    ok = with_words(d, c, n, join_argv, back, i == 0 ? c->words[0] : NULL, &p);
    if (!ok)
        (void)fail(d, "admitted", n, &p);
    demo_proc_free(&p);
    if (!ok)
        return false;
    ok = demo_node_start(d, n, NULL);
    return demo_claim(d, &(struct demo_claim){.name = n->listens ? "admitted" : "admitted-dial",
                                              .org = n->name,
                                              .ok = ok,
                                              .ms = demo_now() - began,
                                              .seen = n->log,
                                              .a1 = sponsor->name});
}

/* Every node has a link, and each of its links carries the audience of all. */
static bool linked(struct demo_node *n, size_t *links)
{
    json_t *rows = demo_api_lines(n, "peers", json_object());
    bool ok = json_array_size(rows) >= 1;
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        size_t k;
        json_t *aud;
        bool all = false;

        json_array_foreach(json_object_get(row, "audiences"), k, aud) all =
            all || (json_is_string(aud) && strcmp(json_string_value(aud), "all") == 0);
        ok = ok && all;
    }
    *links += json_array_size(rows);
    json_decref(rows);
    return ok;
}

/* Roster and keys: the same state everywhere, five organisations, a key for the audience of all. */
static bool of_one_mind(struct demo *d, char state[static 80], size_t *links)
{
    state[0] = '\0';
    *links = 0;
    for (size_t i = 0; i < DEMO_ORGS; i++) {
        json_t *s = demo_status(&d->nodes[i]);
        const char *text = json_string_value(json_object_get(s, "state"));
        bool same = text != NULL && (state[0] == '\0' || strcmp(text, state) == 0);

        kai_copy_text(state, 80, text != NULL ? text : "");
        json_decref(s);
        if (!same || !linked(&d->nodes[i], links))
            return false;
    }
    return true;
}

static bool rosters_full(struct demo *d)
{
    for (size_t i = 0; i < DEMO_ORGS; i++) {
        struct demo_proc p;
        const char *const argv[] = {"org", "list", "--json", NULL};
        size_t active = 0;
        bool ok = demo_ask(d, &d->nodes[i], &p, argv);

        for (size_t k = 0; k < p.lines; k++) {
            json_t *o = demo_line(&p, k);
            const char *status = json_string_value(json_object_get(o, "status"));

            active += status != NULL && strcmp(status, "active") == 0;
            json_decref(o);
        }
        demo_proc_free(&p);
        if (!ok || active != DEMO_ORGS)
            return false;
    }
    return true;
}

static bool await_agreement(struct demo *d)
{
    double began = demo_now();
    char state[80];
    char links_text[24];
    size_t links = 0;
    bool same = false;

    while (!same && demo_now() < began + AGREE_MS && !demo_stopping()) {
        same = of_one_mind(d, state, &links);
        if (!same)
            demo_turn();
    }
    double took = demo_now() - began;
    (void)snprintf(links_text, sizeof links_text, "%zu", links / 2);
    same = same && rosters_full(d);
    return demo_claim(
        d, &(struct demo_claim){
               .name = "agreed", .ok = same, .ms = took, .seen = state, .a1 = links_text});
}

bool demo_found(struct demo *d)
{
    struct ceremony *c = calloc(1, sizeof *c);
    bool ok;

    if (c == NULL)
        return false;
    c->refused_wrong = true;
    demo_step(d, "demo.step.found");
    ok = make_keys(d, c);
    if (ok && !demo_node_start(d, &d->nodes[DEMO_BODY], NULL))
        ok = demo_claim(d, &(struct demo_claim){.name = "started",
                                                .org = d->nodes[DEMO_BODY].name,
                                                .ms = -1,
                                                .seen = d->nodes[DEMO_BODY].log});
    for (size_t i = 0; i < MEMBERS && ok; i++)
        ok = admit(d, c, i);
    if (ok)
        ok = demo_claim(d, &(struct demo_claim){.name = "words", .ok = c->refused_wrong, .ms = -1});
    if (ok)
        ok = await_agreement(d);
    demo_proc_free(&c->create);
    for (size_t i = 0; i < MEMBERS; i++)
        demo_proc_free(&c->request[i]);
    free(c);
    return ok;
}

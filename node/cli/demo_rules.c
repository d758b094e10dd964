/* demo_rules: labels that bind: what a relay carries and cannot read, a re-share that is refused,
 * and the release by which it passes. */
#include <stdio.h>
#include <string.h>

#include "node/cli/demo.h"

#define WAIT_MS  30000.0
#define BRING_MS 15000.0

static const char amber_query[] = "domain:quiet-harbour.example";

/* The id of a node, as `--relay` takes it. */
static bool node_id(struct demo_node *n, char id[static KAI_HEX_CAP(KAI_ID_BYTES)])
{
    json_t *rows = demo_api_lines(n, "node-list", json_object());
    size_t i;
    json_t *row;

    id[0] = '\0';
    json_array_foreach(rows, i, row)
    {
        const char *text = json_string_value(json_object_get(row, "id"));

        if (json_is_true(json_object_get(row, "this")) && text != NULL)
            kai_copy_text(id, KAI_HEX_CAP(KAI_ID_BYTES), text);
    }
    json_decref(rows);
    return id[0] != '\0';
}

/* ---- AMBER+STRICT for two, carried by a third. */
static bool strict_group(struct demo *d, const char *name)
{
    char relay[KAI_HEX_CAP(KAI_ID_BYTES)];
    struct demo_audience a = {.name = name,
                              .kind = "group",
                              .label = "TLP:AMBER+STRICT",
                              .by = DEMO_ISAC,
                              .members = {d->nodes[DEMO_ISAC].name, d->nodes[DEMO_BODY].name},
                              .relay = relay};
    bool ok = node_id(&d->nodes[DEMO_PREF], relay) && demo_audience_make(d, &a) &&
              demo_audience_known(d, DEMO_BODY, name);

    return demo_claim(d, &(struct demo_claim){.name = "group-relay",
                                              .org = d->nodes[DEMO_ISAC].name,
                                              .ok = ok,
                                              .ms = a.ms,
                                              .seen = a.seen,
                                              .a1 = name,
                                              .a2 = d->nodes[DEMO_BODY].name,
                                              .a3 = d->nodes[DEMO_PREF].name});
}

/* Published while the other member's node is down: nobody but the relay can take it. */
static bool strict_publish(struct demo *d, const char *name, const char *what)
{
    char path[KAI_PATH_BYTES_MAX];
    char seen[512] = "";
    double began = demo_now();

    if (!demo_write(d, "strict", path))
        return false;
    const char *const argv[] = {"publish", path, "--to", name, "--json", NULL};
    bool ok = demo_node_stop(d, &d->nodes[DEMO_BODY]) >= 0 &&
              demo_until(d, DEMO_ISAC, argv, WAIT_MS, seen);
    return demo_claim(d, &(struct demo_claim){.name = "published",
                                              .org = d->nodes[DEMO_ISAC].name,
                                              .ok = ok,
                                              .ms = demo_now() - began,
                                              .seen = seen,
                                              .a1 = what,
                                              .a2 = "1",
                                              .a3 = name});
}

static bool grows(struct demo_node *n, long long before)
{
    double deadline = demo_now() + BRING_MS;
    bool more = false;

    while (!more && demo_now() < deadline && !demo_stopping()) {
        more = demo_status_int(n, "entries") > before;
        if (!more)
            demo_turn();
    }
    return more;
}

/* The source's node goes down before that of the reader comes up. What grew at the relay may have
 * been something else: then once more. */
static bool brought(struct demo *d, const char *query, long long before)
{
    struct demo_node *isac = &d->nodes[DEMO_ISAC];
    struct demo_node *body = &d->nodes[DEMO_BODY];
    bool found = false;

    for (int tries = 0; tries < 3 && !found && !demo_stopping(); tries++) {
        if (tries > 0 && (demo_node_stop(d, body) < 0 || !demo_node_start(d, isac, NULL)))
            return false;
        (void)grows(&d->nodes[DEMO_PREF], before);
        before = demo_status_int(&d->nodes[DEMO_PREF], "entries");
        if (demo_node_stop(d, isac) < 0 || !demo_node_start(d, body, NULL))
            return false;
        found = demo_finds(body, query, BRING_MS);
    }
    return found;
}

static bool claim_blind(struct demo *d, const struct demo_secret *secret)
{
    const struct demo_node *relay = &d->nodes[DEMO_PREF];
    bool able = false;
    char seen[512] = "";
    bool nothing = demo_finds_nothing(d, relay, secret, seen);
    struct demo_words *w = demo_words_secret(d, secret, &able);

    if (w == NULL)
        return false;
    (void)demo_claim(d, &(struct demo_claim){.name = "third-asks",
                                             .org = relay->name,
                                             .ok = nothing,
                                             .ms = -1,
                                             .seen = seen,
                                             .a1 = secret->audience});
    (void)demo_claim_dark(d, "relay-blind", relay, w, able);
    demo_words_free(w);
    return true;
}

static bool strict(struct demo *d)
{
    const char *name = demo_text(d, "demo.group-strict");
    const char *what = demo_text(d, "demo.what.strict");
    struct demo_node *body = &d->nodes[DEMO_BODY];
    struct demo_secret secret = {
        .file = "strict", .query = "domain:sealed-lantern.example", .audience = name};
    struct demo_object object;
    size_t all;
    char wrong[256] = "";

    if (!strict_group(d, name) || demo_objects(demo_data("strict"), &object, 1, &all) != 1)
        return false;
    secret.id = object.id;
    long long before = demo_status_int(&d->nodes[DEMO_PREF], "entries");
    if (!strict_publish(d, name, what))
        return false;
    double began = demo_now();
    bool ok = brought(d, secret.query, before);
    double took = demo_now() - began;
    ok = ok && demo_compare(body, &object, 1, wrong) == 1;
    struct demo_thing *thing = demo_thing_add(d, what, DEMO_ISAC, name, "TLP:AMBER+STRICT");
    thing->holds[DEMO_ISAC] = true;
    thing->holds[DEMO_BODY] = demo_claim(d, &(struct demo_claim){.name = "relay-brought",
                                                                 .org = body->name,
                                                                 .ok = ok,
                                                                 .ms = took,
                                                                 .seen = wrong,
                                                                 .a1 = d->nodes[DEMO_PREF].name,
                                                                 .a2 = what});
    return claim_blind(d, &secret) && demo_node_start(d, &d->nodes[DEMO_ISAC], NULL);
}

/* ---- AMBER further than its label goes. */
static bool refused(struct demo *d, const char *id, const char *name)
{
    const char *const argv[] = {"reshare", id, "--to", name, "--json", NULL};
    struct demo_proc p;
    char rule[64] = "";
    char seen[512];

    (void)demo_ask(d, &d->nodes[DEMO_TOWN], &p, argv);
    json_t *error = json_loadb((const char *)p.err.p, p.err.len, JSON_DISABLE_EOF_CHECK, NULL);
    const char *text = json_string_value(json_object_get(error, "rule"));
    kai_copy_text(rule, sizeof rule, text != NULL ? text : "");
    demo_seen(&p, seen);
    bool ok = p.status == KAI_EXIT_FORBIDDEN && strcmp(rule, "reshare.amber") == 0 &&
              !demo_finds(&d->nodes[DEMO_FIRM], amber_query, 0);
    json_decref(error);
    demo_proc_free(&p);
    return demo_claim(d, &(struct demo_claim){.name = "reshare-refused",
                                              .org = d->nodes[DEMO_TOWN].name,
                                              .ok = ok,
                                              .ms = -1,
                                              .seen = seen,
                                              .a1 = name,
                                              .a2 = rule});
}

/* The request that is open at the source: its name there. */
static bool asked(struct demo *d, char request[static 24])
{
    double deadline = demo_now() + WAIT_MS;

    request[0] = '\0';
    while (request[0] == '\0' && demo_now() < deadline && !demo_stopping()) {
        json_t *rows =
            demo_api_lines(&d->nodes[DEMO_PREF], "release-list", json_pack("{s:b}", "open", 1));
        const char *text = json_string_value(json_object_get(json_array_get(rows, 0), "request"));

        kai_copy_text(request, 24, text != NULL ? text : "");
        json_decref(rows);
        if (request[0] == '\0')
            demo_turn();
    }
    return request[0] != '\0';
}

static bool released(struct demo *d, const char *id, const char *name)
{
    const char *const ask[] = {"release", "request", id, "--to", name, "--json", NULL};
    char request[24];
    char seen[512] = "";
    double began = demo_now();

    bool ok = demo_until(d, DEMO_TOWN, ask, WAIT_MS, seen) && asked(d, request);
    if (!demo_claim(d, &(struct demo_claim){.name = "release-asked",
                                            .org = d->nodes[DEMO_TOWN].name,
                                            .ok = ok,
                                            .ms = demo_now() - began,
                                            .seen = seen,
                                            .a1 = d->nodes[DEMO_PREF].name}))
        return false;
    const char *const grant[] = {"release", "grant", request, "--json", NULL};
    ok = demo_until(d, DEMO_PREF, grant, WAIT_MS, seen);
    return demo_claim(d, &(struct demo_claim){.name = "released",
                                              .org = d->nodes[DEMO_PREF].name,
                                              .ok = ok,
                                              .ms = -1,
                                              .seen = seen,
                                              .a1 = name});
}

/* Whose it is, and who passed it on, as the new reader is told. */
static bool named(struct demo *d, const char *id)
{
    json_t *rows = demo_api_lines(&d->nodes[DEMO_FIRM], "get", json_pack("{s:s}", "id", id));
    const json_t *row = json_array_get(rows, 0);
    const char *origin = json_string_value(json_object_get(row, "origin_name"));
    bool ok = origin != NULL && strcmp(origin, d->nodes[DEMO_PREF].name) == 0 &&
              json_is_string(json_object_get(row, "via"));

    json_decref(rows);
    return ok;
}

static bool passes(struct demo *d, const struct demo_object *object, const char *name)
{
    const char *const argv[] = {"reshare", object->id, "--to", name, "--json", NULL};
    struct demo_node *firm = &d->nodes[DEMO_FIRM];
    char seen[512] = "";
    char wrong[256] = "";
    double began = demo_now();
    bool ok =
        demo_until(d, DEMO_TOWN, argv, WAIT_MS, seen) && demo_finds(firm, amber_query, WAIT_MS);
    double took = demo_now() - began;

    ok = ok && demo_compare(firm, object, 1, wrong) == 1 && named(d, object->id);
    return demo_claim(d, &(struct demo_claim){.name = "reshared",
                                              .org = firm->name,
                                              .ok = ok,
                                              .ms = took,
                                              .seen = wrong[0] != '\0' ? wrong : seen,
                                              .a1 = d->nodes[DEMO_TOWN].name,
                                              .a2 = d->nodes[DEMO_PREF].name});
}

static bool amber(struct demo *d)
{
    const char *name = demo_text(d, "demo.group-town");
    const char *what = demo_text(d, "demo.what.released");
    struct demo_audience a = {.name = name,
                              .kind = "group",
                              .label = "TLP:AMBER",
                              .by = DEMO_TOWN,
                              .members = {d->nodes[DEMO_TOWN].name, d->nodes[DEMO_FIRM].name}};
    struct demo_object object;
    size_t all;

    if (demo_objects(demo_data("amber"), &object, 1, &all) != 1)
        return false;
    bool made = demo_audience_make(d, &a) && demo_audience_known(d, DEMO_FIRM, name);
    if (!demo_claim(d, &(struct demo_claim){.name = "group",
                                            .org = d->nodes[DEMO_TOWN].name,
                                            .ok = made,
                                            .ms = a.ms,
                                            .seen = a.seen,
                                            .a1 = name,
                                            .a2 = d->nodes[DEMO_FIRM].name}) ||
        !refused(d, object.id, name) || !released(d, object.id, name) || !passes(d, &object, name))
        return false;
    struct demo_thing *thing = demo_thing_add(d, what, DEMO_PREF, name, "TLP:AMBER");
    thing->holds[DEMO_PREF] = thing->holds[DEMO_TOWN] = thing->holds[DEMO_FIRM] = true;
    return true;
}

bool demo_rules(struct demo *d)
{
    demo_step(d, "demo.step.relay");
    if (!strict(d))
        return false;
    demo_step(d, "demo.step.reshare");
    return amber(d);
}

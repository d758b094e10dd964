/* demo_stranger: who was not admitted, and who only listens to the wire, learn nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/demo.h"

#define REFUSE_MS 20000.0

/* Its own key, which the member's node names when it refuses. */
static bool stranger_key(struct demo_node *n, char key[static KAI_BASE32_KEY_CAP])
{
    json_t *s = demo_status(n);
    const char *address = json_string_value(json_object_get(s, "address"));
    const char *slash = address == NULL ? NULL : strrchr(address, '/');

    key[0] = '\0';
    if (slash != NULL)
        kai_copy_text(key, KAI_BASE32_KEY_CAP, slash + 1);
    json_decref(s);
    return key[0] != '\0';
}

static bool start(struct demo *d, struct demo_node *n)
{
    struct demo_proc p;
    const char *const create[] = {"network", "create", "--name", n->name,
                                  "--org",   n->name,  "--json", NULL};
    bool ok = demo_ask(d, n, &p, create);

    demo_proc_free(&p);
    return ok && demo_node_start(d, n, d->nodes[DEMO_BODY].address);
}

/* Both sides say so: the stranger's standard error names the address, the member's the stranger's
 * key. */
static bool both_say(const struct demo *d, const struct demo_node *n, const char *key,
                     char theirs[static 512], char ours[static 512])
{
    double deadline = demo_now() + REFUSE_MS;
    char endpoint[256];
    bool said = false;

    kai_copy_text(endpoint, sizeof endpoint, d->nodes[DEMO_BODY].address);
    endpoint[strcspn(endpoint + 6, "/") + 6] = '\0';
    while (!said && demo_now() < deadline && !demo_stopping()) {
        bool there = demo_log_line(n, endpoint, theirs, 512);
        bool here = demo_log_line(&d->nodes[DEMO_BODY], key, ours, 512);

        said = there && here;
        if (!said)
            demo_turn();
    }
    return said;
}

/* What a network says of itself: its id, its organisations, its audiences, whatever was published
 * in it. */
static struct demo_words *words_of_network(const struct demo *d, bool published)
{
    struct demo_words *w = demo_words_new();
    uint8_t id[KAI_ID_BYTES];
    static const char *const files[] = {"bundle", "clear",  "amber", "after", "last",
                                        "mean",   "strict", "red",   "later"};
    static const char *const groups[] = {"demo.group", "demo.group-strict", "demo.group-town",
                                         "demo.group-red"};
    static const char *const labels[] = {"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER",
                                         "TLP:RED",   "198.18.",   "198.19."};

    if (w == NULL)
        return NULL;
    demo_words_add(w, d->network_id, strlen(d->network_id));
    if (kai_unhex(id, sizeof id, d->network_id, strlen(d->network_id)))
        demo_words_add(w, id, sizeof id);
    demo_words_add(w, demo_text(d, "demo.network"), strlen(demo_text(d, "demo.network")));
    for (size_t i = 0; i < DEMO_ORGS; i++)
        demo_words_add(w, d->nodes[i].name, strlen(d->nodes[i].name));
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        demo_words_add(w, demo_text(d, groups[i]), strlen(demo_text(d, groups[i])));
    for (size_t i = 0; i < sizeof files / sizeof files[0] && published; i++)
        demo_words_add_json(w, demo_data(files[i]), kai_view_of(NULL, 0));
    for (size_t i = 0; i < sizeof labels / sizeof labels[0] && published; i++)
        demo_words_add(w, labels[i], strlen(labels[i]));
    return w;
}

static void claim_learns_nothing(struct demo *d, struct demo_node *n, long long before)
{
    struct demo_words *w = words_of_network(d, false);
    long long after = demo_status_int(n, "entries");
    long long peers = demo_status_int(n, "peers");
    char seen[512];
    char found[256] = "";
    char size[32];
    size_t hits = 0;
    double began = demo_now();

    if (w == NULL)
        return;
    (void)snprintf(seen, sizeof seen, "entries %lld, %lld; peers %lld", before, after, peers);
    (void)demo_claim(d, &(struct demo_claim){.name = "stranger-entries",
                                             .org = n->name,
                                             .ok = before >= 0 && after == before && peers == 0,
                                             .ms = -1,
                                             .seen = seen});
    long long bytes = demo_words_scan(w, n->home, "", &hits, found);
    (void)snprintf(size, sizeof size, "%.1f", (double)bytes / 1e6);
    (void)demo_claim(d, &(struct demo_claim){.name = "stranger-home",
                                             .org = n->name,
                                             .ok = bytes > 0 && hits == 0,
                                             .ms = demo_now() - began,
                                             .seen = found,
                                             .a1 = size});
    demo_words_free(w);
}

bool demo_stranger(struct demo *d)
{
    struct demo_node *n = &d->nodes[DEMO_STRANGER];
    char key[KAI_BASE32_KEY_CAP];
    char theirs[512] = "";
    char ours[512] = "";

    demo_step(d, "demo.step.stranger");
    double began = demo_now();
    if (!start(d, n) || !stranger_key(n, key))
        return demo_claim(
            d, &(struct demo_claim){
                   .name = "stranger-refused", .org = n->name, .ms = -1, .seen = n->log});
    long long before = demo_status_int(n, "entries");
    bool said = both_say(d, n, key, theirs, ours);
    (void)demo_claim(d, &(struct demo_claim){.name = "stranger-told",
                                             .org = n->name,
                                             .ok = said,
                                             .ms = demo_now() - began,
                                             .seen = n->log,
                                             .a1 = theirs});
    (void)demo_claim(d, &(struct demo_claim){.name = "stranger-seen",
                                             .org = d->nodes[DEMO_BODY].name,
                                             .ok = said,
                                             .ms = -1,
                                             .seen = d->nodes[DEMO_BODY].log,
                                             .a1 = ours});
    claim_learns_nothing(d, n, before);
    (void)demo_node_stop(d, n);
    return true;
}

/* Bytes that nodes' links carried, as the nodes count them themselves. */
static long long carried(struct demo *d)
{
    long long sum = 0;

    for (size_t i = 0; i < DEMO_ORGS; i++) {
        long long in = demo_status_int(&d->nodes[i], "bytes_in");

        sum += in > 0 ? in : 0;
    }
    return sum;
}

/* Every link of every node goes to an address of the relay. */
static bool all_through_relay(struct demo *d)
{
    bool all = true;

    for (size_t i = 0; i < DEMO_ORGS; i++) {
        json_t *rows = demo_api_lines(&d->nodes[i], "peers", json_object());
        size_t k;
        json_t *row;

        all = all && (json_array_size(rows) > 0 || &d->nodes[i] == d->removed);
        json_array_foreach(rows, k, row)
        {
            const char *endpoint = json_string_value(json_object_get(row, "endpoint"));
            const char *direction = json_string_value(json_object_get(row, "direction"));
            bool relayed = direction != NULL &&
                           strcmp(direction, "in") == 0; /* Seen from the other end as well. */

            for (size_t port = 0; port < DEMO_RELAY_INTRO && endpoint != NULL; port++) {
                char text[64];

                (void)snprintf(text, sizeof text, "tcp://127.0.0.1:%u",
                               demo_relay_port(d->relay, port));
                relayed = relayed || strcmp(text, endpoint) == 0;
            }
            all = all && relayed;
        }
        json_decref(rows);
    }
    return all;
}

/* A word that ZMTP says in clear at the beginning of each connection: a scan that finds nothing
 * must be able to find this. */
static bool recorded(struct demo *d, const char *prefix)
{
    struct demo_words *w = demo_words_new();
    char found[256];
    size_t hits = 0;

    if (w == NULL)
        return false;
    static const char welcome[] = "WELCOME";
    demo_words_add(w, welcome, sizeof welcome - 1);
    (void)demo_words_scan(w, d->dir, prefix, &hits, found);
    demo_words_free(w);
    return hits > 0;
}

bool demo_wire(struct demo *d)
{
    struct demo_words *w = words_of_network(d, true);
    char prefix[KAI_PATH_BYTES_MAX];
    char found[256] = "";
    char size[32];
    char words[24];
    char seen[512];
    size_t hits = 0;

    if (w == NULL)
        return false;
    demo_step(d, "demo.step.wire");
    long long heard = carried(d);
    (void)snprintf(prefix, sizeof prefix, "%s/wire-", d->dir);
    double began = demo_now();
    long long bytes = demo_words_scan(w, d->dir, prefix, &hits, found);
    (void)snprintf(size, sizeof size, "%.1f", (double)bytes / 1e6);
    (void)snprintf(words, sizeof words, "%zu", demo_words_n(w));
    (void)snprintf(seen, sizeof seen, "%lld, %lld", bytes, heard);
    (void)demo_claim(d, &(struct demo_claim){.name = "wire-whole",
                                             .ok = heard > 0 && bytes >= heard &&
                                                   recorded(d, prefix) && all_through_relay(d),
                                             .ms = -1,
                                             .seen = seen,
                                             .a1 = size});
    (void)demo_claim(d, &(struct demo_claim){.name = "wire-dark",
                                             .ok = bytes > 0 && hits == 0,
                                             .ms = demo_now() - began,
                                             .seen = found,
                                             .a1 = words});
    demo_words_free(w);
    return true;
}

/* demo_share: information for everybody: a bundle, an open notice, a long list, files of the
 * user's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/demo.h"
#include "node/cli/files.h"

#define OBJECT_BYTES_MAX (4u << 20)
#define LIST_BYTES_MAX   (256u << 20)
#define LIST_N           10000u
#define LIST_STRIDE      7919u   /* Coprime to the size of the range: every address once. */
#define RANGE_N          131072u /* 198.18.0.0/15, set aside for benchmarks. */
#define FILE_BYTES_MAX   (512u << 20)

static void but(bool who[static DEMO_ORGS], enum demo_who by)
{
    for (size_t i = 0; i < DEMO_ORGS; i++)
        who[i] = i != by;
}

bool demo_write(const struct demo *d, const char *name, char path[static KAI_PATH_BYTES_MAX])
{
    struct kai_view v = demo_data(name);
    FILE *f;

    (void)snprintf(path, KAI_PATH_BYTES_MAX, "%s/%s.json", d->dir, name);
    f = fopen(path, "wxe");
    if (f == NULL)
        return false;
    bool ok = fwrite(v.p, 1, v.n, f) == v.n;
    return fclose(f) == 0 && ok;
}

size_t demo_compare(struct demo_node *node, const struct demo_object *objects, size_t n,
                    char seen[static 256])
{
    struct kai_buf b;
    size_t same = 0;

    kai_buf_init(&b, OBJECT_BYTES_MAX);
    seen[0] = '\0';
    for (size_t k = 0; k < n && !demo_stopping(); k++) {
        json_t *args = json_pack("{s:s, s:s}", "id", objects[k].id, "format", "stix");
        long http = demo_api(node, "get", args, &b);

        if (http == 200 && kai_view_eq(kai_buf_view(&b), objects[k].bytes))
            same++;
        else if (seen[0] == '\0')
            (void)snprintf(seen, 256, "%s: %ld: %.*s", objects[k].id, http, (int)b.len,
                           (const char *)b.p);
        json_decref(args);
    }
    kai_buf_free(&b);
    return same;
}

static void claim_times(struct demo *d, const struct demo_spread *s, const char *what)
{
    for (size_t i = 0; i < DEMO_ORGS; i++) {
        if (!s->to[i])
            continue;
        (void)demo_claim(d, &(struct demo_claim){.name = "durable",
                                                 .org = d->nodes[i].name,
                                                 .ok = s->durable_ms[i] >= 0,
                                                 .ms = s->durable_ms[i],
                                                 .seen = s->seen,
                                                 .a1 = what});
        (void)demo_claim(d, &(struct demo_claim){.name = "searchable",
                                                 .org = d->nodes[i].name,
                                                 .ok = s->searchable_ms[i] >= 0,
                                                 .ms = s->searchable_ms[i],
                                                 .seen = s->seen,
                                                 .a1 = what});
    }
}

/* Objects of a file as they are at each organisation, against the file's own bytes. */
static void claim_bytes(struct demo *d, struct kai_view file, const char *what,
                        struct demo_thing *thing)
{
    struct demo_object *objects = calloc(DEMO_OBJECTS_MAX, sizeof *objects);
    size_t all = 0;
    size_t n = objects == NULL ? 0 : demo_objects(file, objects, DEMO_OBJECTS_MAX, &all);
    char n_text[24];
    char seen[256];

    (void)snprintf(n_text, sizeof n_text, "%zu", n);
    for (size_t i = 0; i < DEMO_ORGS; i++) {
        double began = demo_now();
        size_t same = demo_compare(&d->nodes[i], objects, n, seen);

        thing->holds[i] = demo_claim(d, &(struct demo_claim){.name = "bytes",
                                                             .org = d->nodes[i].name,
                                                             .ok = n > 0 && same == n,
                                                             .ms = demo_now() - began,
                                                             .seen = seen,
                                                             .a1 = what,
                                                             .a2 = n_text});
    }
    free(objects);
}

/* Publish a file that is built in, whole, to everybody: n objects. */
static bool share_one(struct demo *d, const char *name, const char *to, const char *label,
                      enum demo_who by)
{
    char path[KAI_PATH_BYTES_MAX];
    char id[64];
    struct demo_object *objects = calloc(DEMO_OBJECTS_MAX, sizeof *objects);
    size_t n = 0;
    char n_text[24];

    (void)snprintf(id, sizeof id, "demo.what.%s", name);
    const char *what = demo_text(d, id);
    if (objects == NULL || !demo_write(d, name, path)) {
        free(objects);
        return false;
    }
    (void)demo_objects(demo_data(name), objects, DEMO_OBJECTS_MAX, &n);
    free(objects);
    const char *const argv[] = {"publish", path, "--to", to, "--wait", "4", "--json", NULL};
    struct demo_spread s = {.argv = argv};
    but(s.to, by);
    bool ok = demo_spread(d, &d->nodes[by], &s);
    ok = ok && s.accepted == (long long)n && s.refused == 0 && s.held_by == DEMO_ORGS - 1;
    (void)snprintf(n_text, sizeof n_text, "%zu", n);
    if (!demo_claim(d, &(struct demo_claim){.name = "published",
                                            .org = d->nodes[by].name,
                                            .ok = ok,
                                            .ms = s.publish_ms,
                                            .seen = s.seen,
                                            .a1 = what,
                                            .a2 = n_text,
                                            .a3 = to}))
        return false;
    claim_times(d, &s, what);
    claim_bytes(d, demo_data(name), what, demo_thing_add(d, what, by, to, label));
    return true;
}

/* ---- A list. */
static unsigned long address_of(unsigned i)
{
    return (unsigned long)i * LIST_STRIDE % RANGE_N;
}

static bool write_list(const struct demo *d, char path[static KAI_PATH_BYTES_MAX])
{
    FILE *f;

    (void)snprintf(path, KAI_PATH_BYTES_MAX, "%s/addresses.txt", d->dir);
    f = fopen(path, "wxe");
    if (f == NULL)
        return false;
    for (unsigned i = 0; i < LIST_N; i++) {
        unsigned long a = address_of(i);

        (void)fprintf(f, "198.%lu.%lu.%lu\n", 18 + (a >> 16), (a >> 8) & 255, a & 255);
    }
    return fclose(f) == 0;
}

/* The addresses that a query gave: how many; *strange: one is there twice, or does not belong, or
 * is missing. */
static size_t addresses_in(struct kai_view answer, bool *strange)
{
    static const char key[] = "\"value\":\"";
    bool *seen = calloc(RANGE_N, sizeof *seen);
    const char *at = (const char *)answer.p;
    const char *end = at == NULL ? NULL : at + answer.n;
    size_t n = 0;

    *strange = seen == NULL || at == NULL;
    while (!*strange && at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        const char *stop = lf != NULL ? lf : end;
        const char *value = memmem(at, (size_t)(stop - at), key, sizeof key - 1);
        unsigned b[3];
        char text[32] = "";

        if (value != NULL)
            kai_copy_text(text, sizeof text, value + sizeof key - 1);
        if (sscanf(text, "198.%u.%u.%u\"", &b[0], &b[1], &b[2]) != 3 || (b[0] | 1) != 19 ||
            b[1] > 255 || b[2] > 255 || seen[(b[0] & 1) << 16 | b[1] << 8 | b[2]]) {
            *strange = true;
            break;
        }
        seen[(b[0] & 1) << 16 | b[1] << 8 | b[2]] = true;
        n++;
        at = stop + 1;
    }
    for (unsigned i = 0; i < LIST_N && !*strange; i++)
        *strange = !seen[address_of(i)];
    free(seen);
    return n;
}

static void claim_list(struct demo *d, const char *what, struct demo_thing *thing)
{
    json_t *args = json_pack("{s:s}", "expr", "ip:198.18.0.0/15");
    struct kai_buf b;
    char seen[128];

    kai_buf_init(&b, LIST_BYTES_MAX);
    for (size_t i = 0; i < DEMO_ORGS; i++) {
        double began = demo_now();
        long http = demo_api(&d->nodes[i], "query", args, &b);
        double took = demo_now() - began;
        bool strange;
        size_t n = addresses_in(kai_buf_view(&b), &strange);

        (void)snprintf(seen, sizeof seen, "%ld, %zu", http, n);
        thing->holds[i] =
            demo_claim(d, &(struct demo_claim){.name = "list",
                                               .org = d->nodes[i].name,
                                               .ok = http == 200 && !strange && n == LIST_N,
                                               .ms = took,
                                               .seen = seen,
                                               .a1 = what});
    }
    kai_buf_free(&b);
    json_decref(args);
}

static bool share_list(struct demo *d)
{
    char path[KAI_PATH_BYTES_MAX];
    const char *what = demo_text(d, "demo.what.list");

    if (!write_list(d, path))
        return false;
    const char *const argv[] = {"publish",   path,     "--to", "all",    "--label",
                                "TLP:GREEN", "--wait", "4",    "--json", NULL};
    struct demo_spread s = {.argv = argv};
    but(s.to, DEMO_ISAC);
    bool ok = demo_spread(d, &d->nodes[DEMO_ISAC], &s) && s.accepted == LIST_N && s.refused == 0 &&
              s.held_by == DEMO_ORGS - 1;
    if (!demo_claim(d, &(struct demo_claim){.name = "published-list",
                                            .org = d->nodes[DEMO_ISAC].name,
                                            .ok = ok,
                                            .ms = s.publish_ms,
                                            .seen = s.seen,
                                            .a1 = what}))
        return false;
    claim_times(d, &s, what);
    claim_list(d, what, demo_thing_add(d, what, DEMO_ISAC, "all", "TLP:GREEN"));
    return true;
}

/* ---- The same again. */
static bool share_again(struct demo *d)
{
    char path[KAI_PATH_BYTES_MAX];
    long long before[DEMO_ORGS];
    bool same = true;

    (void)snprintf(path, sizeof path, "%s/bundle.json", d->dir);
    demo_quiet(d);
    for (size_t i = 0; i < DEMO_ORGS; i++)
        before[i] = demo_status_int(&d->nodes[i], "entries");
    const char *const argv[] = {"publish", path, "--to", "all", "--json", NULL};
    struct demo_spread s = {.argv = argv};
    bool ok = demo_spread(d, &d->nodes[DEMO_BODY], &s) && s.accepted == 0 && s.refused == 0 &&
              s.skipped > 0 && s.entries == 0;
    for (size_t i = 0; i < DEMO_ORGS; i++)
        same = same && before[i] >= 0 && demo_status_int(&d->nodes[i], "entries") == before[i];
    (void)demo_claim(d, &(struct demo_claim){.name = "again",
                                             .org = d->nodes[DEMO_BODY].name,
                                             .ok = ok && same,
                                             .ms = s.publish_ms,
                                             .seen = s.seen});
    return true;
}

bool demo_share(struct demo *d)
{
    demo_step(d, "demo.step.share");
    return share_one(d, "bundle", "all", "TLP:GREEN", DEMO_BODY) &&
           share_one(d, "clear", "public", "TLP:CLEAR", DEMO_BODY) && share_list(d) &&
           share_again(d);
}

/* ---- A file of the user's. */
bool demo_share_file(struct demo *d, const char *path)
{
    char *text = NULL;
    size_t n = 0;
    char accepted[24];

    demo_step(d, "demo.step.file");
    if (kai_cli_read_file(d->cli, path, FILE_BYTES_MAX, &text, &n) != KAI_EXIT_DONE)
        return demo_claim(
            d, &(struct demo_claim){
                   .name = "file", .org = d->nodes[DEMO_BODY].name, .ms = -1, .a1 = path});
    const char *const own[] = {"publish", path, "--to", "all", "--wait", "4", "--json", NULL};
    const char *const green[] = {"publish", path,      "--to",      "all",    "--wait",
                                 "4",       "--label", "TLP:GREEN", "--json", NULL};
    struct demo_spread s = {.argv = own};
    but(s.to, DEMO_BODY);
    bool ok = demo_spread(d, &d->nodes[DEMO_BODY], &s);
    if (!ok && strstr(s.seen, "label.missing") != NULL) {
        s.argv = green;
        ok = demo_spread(d, &d->nodes[DEMO_BODY], &s);
    }
    bool held = s.accepted == 0 && s.skipped > 0; /* Named twice. */
    ok = ok && s.refused == 0 && (held || (s.accepted > 0 && s.held_by == DEMO_ORGS - 1));
    (void)snprintf(accepted, sizeof accepted, "%lld", s.accepted + s.skipped);
    if (!demo_claim(d, &(struct demo_claim){.name = "file",
                                            .org = d->nodes[DEMO_BODY].name,
                                            .ok = ok,
                                            .ms = s.publish_ms,
                                            .seen = s.seen,
                                            .a1 = path,
                                            .a2 = accepted})) {
        free(text);
        return true; /* The rest is as true without it. */
    }
    struct demo_thing *thing = held ? NULL : demo_thing_add(d, path, DEMO_BODY, "all", "TLP:GREEN");
    if (thing != NULL)
        claim_times(d, &s, path);
    if (thing != NULL && text[strspn(text, " \t\r\n")] == '{')
        claim_bytes(d, kai_view_of(text, n), path, thing);
    for (size_t i = 0; thing != NULL && i < DEMO_ORGS; i++)
        thing->holds[i] = i == DEMO_BODY || s.searchable_ms[i] >= 0;
    free(text);
    return true;
}

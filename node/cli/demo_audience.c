/* demo_audience: audiences are made and known, and who is in none of them finds nothing. */
#include <stdio.h>
#include <string.h>

#include "node/cli/demo.h"

#define KEY_MS 20000.0

void demo_seen(const struct demo_proc *p, char seen[static 512])
{
    (void)snprintf(seen, 512, "%.*s%.*s", (int)p->out.len, (const char *)p->out.p, (int)p->err.len,
                   (const char *)p->err.p);
}

bool demo_audience_known(struct demo *d, enum demo_who who, const char *name)
{
    double deadline = demo_now() + KEY_MS;
    bool known = false;

    while (!known && demo_now() < deadline && !demo_stopping()) {
        const char *const argv[] = {"audience", "list", "--json", NULL};
        struct demo_proc p;

        (void)demo_ask(d, &d->nodes[who], &p, argv);
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

/* What a call says while something that it needs is still on its way. */
static bool on_its_way(const char *said)
{
    static const char *const codes[] = {"audience.no-clean-epoch", "audience.no-key",
                                        "audience.no-rule", "name.unknown", "reshare.amber"};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strstr(said, codes[i]) != NULL)
            return true;
    return false;
}

bool demo_audience_make(struct demo *d, struct demo_audience *a)
{
    const char *argv[32] = {"audience", "create", a->name, "--kind", a->kind, "--label", a->label};
    size_t n = 7;
    size_t members = 0;
    struct demo_proc p;
    double deadline = demo_now() + KEY_MS;

    for (size_t i = 0; i < DEMO_MEMBERS_MAX && a->members[i] != NULL; i++, members++) {
        argv[n++] = "--member";
        argv[n++] = a->members[i];
    }
    if (a->relay != NULL) {
        argv[n++] = "--relay";
        argv[n++] = a->relay;
    }
    argv[n++] = "--json";
    argv[n] = NULL;
    bool ok = demo_ask(d, &d->nodes[a->by], &p, argv);
    while (!ok && demo_now() < deadline && !demo_stopping()) {
        demo_seen(&p, a->seen);
        if (!on_its_way(a->seen))
            break;
        demo_proc_free(&p);
        demo_turn();
        ok = demo_ask(d, &d->nodes[a->by], &p, argv);
    }
    json_t *o = demo_line(&p, 0);
    demo_seen(&p, a->seen);
    a->ms = p.ended_ms - p.began_ms;
    ok = ok && json_integer_value(json_object_get(o, "members")) == (json_int_t)members;
    json_decref(o);
    demo_proc_free(&p);
    return ok;
}

bool demo_until(const struct demo *d, enum demo_who who, const char *const argv[], double ms,
                char seen[static 512])
{
    double deadline = demo_now() + ms;
    bool ok = false;
    bool again = true;

    while (again && !demo_stopping()) {
        struct demo_proc p;

        ok = demo_ask(d, &d->nodes[who], &p, argv);
        demo_seen(&p, seen);
        demo_proc_free(&p);
        again = !ok && on_its_way(seen) && demo_now() < deadline;
        if (again)
            demo_turn();
    }
    return ok;
}

bool demo_finds(struct demo_node *n, const char *query, double ms)
{
    double deadline = demo_now() + ms;

    for (;;) {
        json_t *rows = demo_api_lines(n, "query", json_pack("{s:s}", "expr", query));
        bool found = json_array_size(rows) > 0;

        json_decref(rows);
        if (found || demo_now() >= deadline || demo_stopping())
            return found;
        demo_turn();
    }
}

bool demo_finds_nothing(const struct demo *d, const struct demo_node *n,
                        const struct demo_secret *s, char seen[static 512])
{
    const char *const get[] = {"get", s->id, NULL};
    const char *const query[] = {"query", s->query, "--json", NULL};
    const char *const list[] = {"audience", "list", "--all", "--json", NULL};
    const char *const *const asked[] = {get, query, list};
    bool nothing = true;

    for (size_t k = 0; k < (s->audience != NULL ? 3u : 2u); k++) {
        struct demo_proc p;
        bool answered = demo_ask(d, n, &p, asked[k]);
        bool empty = k < 2 ? !answered && p.out.len == 0 && (p.status == KAI_EXIT_NOTHING || k == 0)
                           : answered && memmem(p.out.p, p.out.len, s->audience,
                                                strlen(s->audience)) == NULL;

        if (!empty)
            (void)snprintf(seen, 512, "%s %s: %.*s", asked[k][0], asked[k][1], (int)p.out.len,
                           (const char *)p.out.p);
        nothing = nothing && empty;
        demo_proc_free(&p);
    }
    return nothing;
}

struct demo_words *demo_words_secret(const struct demo *d, const struct demo_secret *s, bool *able)
{
    static const char *const open[] = {"bundle", "clear", "after"}; /* What everybody may know. */
    struct demo_words *w = demo_words_new();
    char source[KAI_PATH_BYTES_MAX];
    char found[256];
    size_t in_source = 0;
    struct kai_buf known;

    if (w == NULL)
        return NULL;
    kai_buf_init(&known, 16u << 20);
    for (size_t i = 0; i < 3; i++)
        kai_buf_add(&known, demo_data(open[i]).p, demo_data(open[i]).n);
    if (s->audience != NULL)
        demo_words_add(w, s->audience, strlen(s->audience));
    demo_words_add_json(w, demo_data(s->file), kai_buf_view(&known));
    kai_buf_free(&known);
    /* Who finds none must be able to find: the file that was published has them. */
    (void)snprintf(source, sizeof source, "%s/%s.json", d->dir, s->file);
    *able = demo_words_scan(w, d->dir, source, &in_source, found) > 0 && in_source > 0;
    return w;
}

bool demo_claim_dark(struct demo *d, const char *claim, const struct demo_node *n,
                     struct demo_words *w, bool able)
{
    char found[256] = "";
    char size[32];
    char words[24];
    size_t hits = 0;
    double began = demo_now();
    long long bytes = demo_words_scan(w, n->home, "", &hits, found);

    (void)snprintf(size, sizeof size, "%.1f", (double)bytes / 1e6);
    (void)snprintf(words, sizeof words, "%zu", demo_words_n(w));
    return demo_claim(d, &(struct demo_claim){.name = claim,
                                              .org = n->name,
                                              .ok = able && bytes > 0 && hits == 0,
                                              .ms = demo_now() - began,
                                              .seen = found,
                                              .a1 = size,
                                              .a2 = words});
}

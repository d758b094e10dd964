/* demo_red: TLP:RED between two persons: no node can read it, not those of their organisations; its
 * reader opens it. */
#include <stdio.h>
#include <string.h>

#include "node/cli/demo.h"

#define WAIT_MS 30000.0

struct officer {
    enum demo_who who;
    const char *name_id;
    const char *name;
    char request[KAI_PATH_BYTES_MAX];
    char words[512];
    char id[KAI_HEX_CAP(KAI_ID_BYTES)];
};

static bool text_of(const struct demo_proc *p, const char *key, char *out, size_t cap)
{
    json_t *o = demo_line(p, 0);
    const char *text = json_string_value(json_object_get(o, key));

    kai_copy_text(out, cap, text != NULL ? text : "");
    json_decref(o);
    return out[0] != '\0';
}

/* Each makes the key where the person works; the organisation gives the place. */
static bool make_keys(struct demo *d, struct officer o[static 2], char seen[static 512])
{
    struct demo_proc p[2];
    struct demo_proc *procs[2] = {&p[0], &p[1]};
    bool ok = true;

    for (size_t i = 0; i < 2; i++) {
        const struct demo_node *n = &d->nodes[o[i].who];

        o[i].name = demo_text(d, o[i].name_id);
        (void)snprintf(o[i].request, sizeof o[i].request, "%s/%s.person", d->dir, n->tag);
        const char *const argv[] = {"person", "key",        "--name", o[i].name,
                                    "--out",  o[i].request, "--json", NULL};
        ok = demo_begin(d, n, &p[i], argv) && ok;
    }
    ok = demo_proc_wait(procs, 2, demo_now() + WAIT_MS) && ok;
    for (size_t i = 0; i < 2; i++) {
        ok = ok && p[i].status == 0 && text_of(&p[i], "words", o[i].words, sizeof o[i].words);
        demo_seen(&p[i], seen);
        demo_proc_free(&p[i]);
    }
    return ok;
}

static bool give_place(struct demo *d, struct officer *o, char seen[static 512])
{
    const char *const argv[] = {"person", "add",    o->request, "--fingerprint",
                                o->words, "--json", NULL};
    struct demo_proc p;
    bool ok = demo_ask(d, &d->nodes[o->who], &p, argv) && text_of(&p, "id", o->id, sizeof o->id);

    demo_seen(&p, seen);
    demo_proc_free(&p);
    return ok;
}

static bool persons(struct demo *d, struct officer o[static 2])
{
    char seen[512] = "";
    double began = demo_now();
    bool ok = make_keys(d, o, seen) && give_place(d, &o[0], seen) && give_place(d, &o[1], seen);

    return demo_claim(d, &(struct demo_claim){.name = "persons",
                                              .ok = ok,
                                              .ms = demo_now() - began,
                                              .seen = seen,
                                              .a1 = o[0].name,
                                              .a2 = o[1].name});
}

static bool publish(struct demo *d, const struct officer o[static 2], const char *name)
{
    struct demo_audience a = {.name = name,
                              .kind = "persons",
                              .label = "TLP:RED",
                              .by = o[0].who,
                              .members = {o[0].id, o[1].id}};
    char path[KAI_PATH_BYTES_MAX];
    char seen[512] = "";
    double began = demo_now();

    if (!demo_write(d, "red", path))
        return false;
    const char *const argv[] = {"publish", path, "--to", name, "--json", NULL};
    bool ok = demo_audience_make(d, &a) && demo_audience_known(d, o[1].who, name);
    if (!ok)
        kai_copy_text(seen, sizeof seen, a.seen);
    ok = ok && demo_until(d, o[0].who, argv, WAIT_MS, seen) &&
         demo_finds(&d->nodes[o[1].who], "label:RED", WAIT_MS);
    return demo_claim(d, &(struct demo_claim){.name = "red-published",
                                              .org = d->nodes[o[0].who].name,
                                              .ok = ok,
                                              .ms = demo_now() - began,
                                              .seen = seen,
                                              .a1 = name});
}

/* What a node shows of it: that it is there. */
static bool red_id(struct demo *d, enum demo_who who, char id[static KAI_HEX_CAP(KAI_ID_BYTES)])
{
    json_t *rows = demo_api_lines(&d->nodes[who], "query", json_pack("{s:s}", "expr", "label:RED"));
    const json_t *row = json_array_get(rows, 0);
    const char *text = json_string_value(json_object_get(row, "id"));
    bool ok = text != NULL && json_array_size(rows) == 1 &&
              !json_is_string(json_object_get(row, "value")) &&
              !json_is_object(json_object_get(row, "stix"));

    kai_copy_text(id, KAI_HEX_CAP(KAI_ID_BYTES), text != NULL ? text : "");
    json_decref(rows);
    return ok;
}

static bool open_it(struct demo *d, const struct officer *o, const char *id,
                    const struct demo_object *object)
{
    const char *const argv[] = {"open", id, "--name", o->name, NULL};
    struct demo_proc p;
    char seen[512];
    bool ok = demo_ask(d, &d->nodes[o->who], &p, argv) && p.out.len >= object->bytes.n &&
              memcmp(p.out.p, object->bytes.p, object->bytes.n) == 0;

    demo_seen(&p, seen);
    (void)demo_claim(d, &(struct demo_claim){.name = "red-opened",
                                             .org = d->nodes[o->who].name,
                                             .ok = ok,
                                             .ms = p.ended_ms - p.began_ms,
                                             .seen = seen,
                                             .a1 = o->name});
    demo_proc_free(&p);
    return ok;
}

bool demo_red(struct demo *d)
{
    struct officer o[2] = {{.who = DEMO_PREF, .name_id = "demo.person.prefecture"},
                           {.who = DEMO_ISAC, .name_id = "demo.person.isac"}};
    const char *name = demo_text(d, "demo.group-red");
    const char *what = demo_text(d, "demo.what.red");
    struct demo_secret secret = {.file = "red"};
    struct demo_object object;
    char id[KAI_HEX_CAP(KAI_ID_BYTES)];
    bool able = false;
    bool dark = true;
    size_t all;

    demo_step(d, "demo.step.red");
    if (demo_objects(demo_data("red"), &object, 1, &all) != 1 || !persons(d, o) ||
        !publish(d, o, name))
        return false;
    bool shown = red_id(d, o[1].who, id) &&
                 !demo_finds(&d->nodes[o[1].who], "domain:whispered-name.example", 0);
    (void)demo_claim(d, &(struct demo_claim){.name = "red-shown",
                                             .org = d->nodes[o[1].who].name,
                                             .ok = shown,
                                             .ms = -1,
                                             .seen = id});
    struct demo_words *w = demo_words_secret(d, &secret, &able);
    if (w == NULL)
        return false;
    for (size_t i = 0; i < DEMO_ORGS; i++)
        dark = demo_claim_dark(d, "red-dark", &d->nodes[i], w, able) && dark;
    demo_words_free(w);
    (void)open_it(d, &o[1], id, &object);
    (void)demo_thing_add(d, what, o[0].who, name, "TLP:RED"); /* No node has it. */
    return true;
}

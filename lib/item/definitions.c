/* definitions: what a bundle says of the markings of its objects that are no known TLP. */
#include "item/definitions.h"

#include <stdlib.h>
#include <string.h>

#include "item/ascii.h"
#include "item/stix_json.h"

#define DEFINITIONS_MAX 65536u /* What is behind these counts as not there. */

/* ---- The bundle. */
static enum kai_err add(struct kai_definitions *defs, const json_t *o)
{
    const json_t *statement = json_object_get(json_object_get(o, "definition"), "statement");
    struct kai_definition d = {.tlp = kai_stix_claims_tlp(o)};

    if (json_is_string(statement))
        d.said = kai_said(kai_json_view(statement));
    if (!kai_stix_ref(json_object_get(o, "id"), NULL, d.uuid) || defs->n == DEFINITIONS_MAX)
        return KAI_OK;
    if (defs->n == defs->cap) {
        size_t cap = defs->cap == 0 ? 16 : 2 * defs->cap;
        struct kai_definition *p = realloc(defs->d, cap * sizeof *p);

        if (p == NULL)
            return KAI_ENOMEM;
        defs->d = p;
        defs->cap = cap;
    }
    defs->d[defs->n++] = d;
    return KAI_OK;
}

static enum kai_err read_one(struct kai_definitions *defs, struct kai_view text)
{
    struct kai_view type;
    json_t *o = NULL;

    if (!kai_json_member(text, "\"type\"", &type) ||
        !kai_view_eq(type, kai_view_of("\"marking-definition\"", 20)))
        return KAI_OK;
    enum kai_err err = kai_json_load(text, &o, NULL);
    if (err == KAI_OK)
        err = add(defs, o);
    json_decref(o);
    return err == KAI_ENOMEM ? err
                             : KAI_OK; /* What is wrong with it is told when its turn comes. */
}

static struct kai_view without_blanks(struct kai_view v)
{
    uint64_t lines = 0;

    return kai_view_from(v, kai_json_blank(v, &lines));
}

static enum kai_err read_all(struct kai_definitions *defs, struct kai_view file)
{
    struct kai_view list;
    struct kai_json_span span;
    enum kai_err err = KAI_OK;

    if (!kai_json_member(file, "\"objects\"", &list) || list.n == 0 || list.p[0] != '[')
        return KAI_OK;
    do {
        list = without_blanks(kai_view_from(list, 1));
        if (list.n == 0 || list.p[0] != '{' || !kai_json_skip(list, &span))
            break;
        err = read_one(defs, kai_view_of(list.p, span.n));
        list = without_blanks(kai_view_from(list, span.n));
    } while (err == KAI_OK && list.n > 0 && list.p[0] == ',');
    return err;
}

/* ---- An object's markings. */
struct asked {
    const struct kai_definitions *defs;
    bool known;            /* It has one of the nine. */
    const char *absent;    /* A marking of which nothing is known, */
    const char *claimed;   /* and one that calls itself TLP. */
    struct kai_label said; /* By statements. */
};

static void ask(struct asked *a, const json_t *ref)
{
    const char *id = json_string_value(ref);
    uint8_t uuid[16];
    bool defined = false;

    if (id == NULL || !kai_stix_ref(ref, NULL, uuid))
        return; /* What is wrong with it is said by the check of the object. */
    if (kai_tlp_of_marking(id) != KAI_TLP_NONE) {
        a->known = true;
        return;
    }
    for (size_t i = 0; i < a->defs->n; i++) {
        if (memcmp(a->defs->d[i].uuid, uuid, sizeof uuid) != 0)
            continue;
        const struct kai_said *said = &a->defs->d[i].said;

        defined = true;
        a->said =
            kai_label_stricter(a->said, (struct kai_label){.tlp = said->tlp, .pap = said->pap});
        if (a->defs->d[i].tlp)
            a->claimed = id;
    }
    if (!defined)
        a->absent = id;
}

static void ask_all(struct asked *a, const json_t *o)
{
    size_t i;
    json_t *one;

    json_array_foreach(json_object_get(o, "object_marking_refs"), i, one) ask(a, one);
    json_array_foreach(json_object_get(o, "granular_markings"), i, one)
        ask(a, json_object_get(one, "marking_ref"));
}

enum kai_err kai_definitions_check(struct kai_definitions *defs, struct kai_view file,
                                   const json_t *o, bool labelled, struct kai_label *said,
                                   struct kai_why *why)
{
    const char *id = json_string_value(json_object_get(o, "id"));
    struct asked a = {.defs = defs};

    *said = (struct kai_label){.tlp = KAI_TLP_NONE};
    ask_all(&a, o);
    if (a.absent != NULL && !defs->read) {
        enum kai_err err = read_all(defs, file);

        if (err != KAI_OK)
            return err;
        defs->read = true;
        a = (struct asked){.defs = defs};
        ask_all(&a, o);
    }
    if (a.claimed != NULL)
        return kai_why_set(why, KAI_EMALFORMED, "label.unknown", id, NULL, NULL);
    if (a.absent != NULL && a.known && !labelled) /* With no TLP at all that is what it lacks. */
        return kai_why_set(why, KAI_EMALFORMED, "label.marking", id, a.absent, NULL);
    if (a.known || labelled)
        *said = a.said;
    return KAI_OK;
}

void kai_definitions_free(struct kai_definitions *defs)
{
    free(defs->d);
    *defs = (struct kai_definitions){.n = 0};
}

/* stix20: from STIX 2.0 to 2.1 (STIX 2.1, appendix "Changes"). */
#include "item/stix20.h"

#include <stdio.h>
#include <string.h>

#include "item/scoid.h"
#include "item/stix_json.h"

/* What 2.0 called labels. */
static const struct {
    const char *type;
    const char *property;
} LABELS[] = {
    {"indicator", "indicator_types"}, {"malware", "malware_types"},
    {"report", "report_types"},       {"threat-actor", "threat_actor_types"},
    {"tool", "tool_types"},
};

bool kai_stix20_is(const json_t *o)
{
    return json_object_get(o, "spec_version") == NULL && json_object_get(o, "created") != NULL;
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : "";
}

/* Selectors of granular markings name what is renamed. */
static bool rename_selectors(const json_t *o, const char *to)
{
    static const char from[] = "labels";
    const json_t *marking;
    const json_t *v;
    size_t i;
    size_t k;

    json_array_foreach(json_object_get(o, "granular_markings"), i, marking)
    {
        json_t *selectors = json_object_get(marking, "selectors");

        json_array_foreach(selectors, k, v)
        {
            const char *text = json_string_value(v);
            size_t n = sizeof from - 1;

            if (text != NULL && strncmp(text, from, n) == 0 &&
                (text[n] == '\0' || text[n] == '.') &&
                json_array_set_new(selectors, k, json_sprintf("%s%s", to, text + n)) != 0)
                return false;
        }
    }
    return true;
}

static bool rename_labels(json_t *o, const char *type)
{
    for (size_t i = 0; i < sizeof LABELS / sizeof LABELS[0]; i++) {
        json_t *labels = json_object_get(o, "labels");

        if (strcmp(type, LABELS[i].type) != 0 || labels == NULL ||
            json_object_get(o, LABELS[i].property) != NULL)
            continue;
        return json_object_set(o, LABELS[i].property, labels) == 0 &&
               json_object_del(o, "labels") == 0 && rename_selectors(o, LABELS[i].property);
    }
    return true;
}

static bool upgrade(json_t *o)
{
    const char *type = text_of(o, "type");
    bool ok =
        json_object_set_new(o, "spec_version", json_string("2.1")) == 0 && rename_labels(o, type);

    if (ok && strcmp(type, "indicator") == 0 && json_object_get(o, "pattern_type") == NULL)
        ok = json_object_set_new(o, "pattern_type", json_string("stix")) == 0;
    if (ok && strcmp(type, "malware") == 0 && json_object_get(o, "is_family") == NULL)
        ok = json_object_set_new(o, "is_family", json_true()) == 0;
    return ok;
}

/* ---- observed-data. */
static bool ends(const char *key, const char *with)
{
    size_t n = strlen(key);
    size_t m = strlen(with);

    return n > m && strcmp(key + n - m, with) == 0;
}

enum refs { REFS_KNOWN, REFS_WAIT, REFS_LOST, REFS_NO_MEMORY };

/* One reference: known when what it names has an id already; with set it is replaced by that. */
static enum refs resolve(const json_t *ref, const json_t *objects, const json_t *ids,
                         const char **id)
{
    const char *key = json_string_value(ref);

    *id = key == NULL ? NULL : json_string_value(json_object_get(ids, key));
    if (*id != NULL)
        return REFS_KNOWN;
    return key != NULL && json_object_get(objects, key) != NULL ? REFS_WAIT : REFS_LOST;
}

static enum refs walk_list(json_t *list, const json_t *objects, const json_t *ids, bool set)
{
    const json_t *ref;
    const char *id;
    size_t i;

    json_array_foreach(list, i, ref)
    {
        enum refs r = resolve(ref, objects, ids, &id);

        if (r == REFS_KNOWN && set && json_array_set_new(list, i, json_string(id)) != 0)
            r = REFS_NO_MEMORY;
        if (r != REFS_KNOWN)
            return r;
    }
    return REFS_KNOWN;
}

/* The members of one object; what nests is put on the stack. */
static enum refs walk_one(json_t *o, json_t *stack, const json_t *objects, const json_t *ids,
                          bool set)
{
    const char *key;
    const char *id;
    json_t *v;

    json_object_foreach(o, key, v)
    {
        enum refs r = REFS_KNOWN;

        if (ends(key, "_ref") && json_is_string(v)) {
            r = resolve(v, objects, ids, &id);
            if (r == REFS_KNOWN && set && json_object_set_new(o, key, json_string(id)) != 0)
                r = REFS_NO_MEMORY;
        } else if (ends(key, "_refs") && json_is_array(v)) {
            r = walk_list(v, objects, ids, set);
        } else if ((json_is_object(v) || json_is_array(v)) && json_array_append(stack, v) != 0) {
            r = REFS_NO_MEMORY;
        }
        if (r != REFS_KNOWN)
            return r;
    }
    return REFS_KNOWN;
}

/* The references of an observable, wherever they stand in it. */
static enum refs walk(json_t *sco, const json_t *objects, const json_t *ids, bool set)
{
    json_t *stack = json_pack("[O]", sco);
    enum refs r = stack == NULL ? REFS_NO_MEMORY : REFS_KNOWN;
    json_t *v;
    size_t i;

    for (size_t n; r == REFS_KNOWN && (n = json_array_size(stack)) > 0;) {
        json_t *top = json_incref(json_array_get(stack, n - 1));

        (void)json_array_remove(stack, n - 1);
        if (json_is_object(top))
            r = walk_one(top, stack, objects, ids, set);
        json_array_foreach(top, i, v)
        {
            if ((json_is_object(v) || json_is_array(v)) && json_array_append(stack, v) != 0)
                r = REFS_NO_MEMORY;
        }
        json_decref(top);
    }
    json_decref(stack);
    return r;
}

/* The id of an observable whose references are in place. */
static enum kai_err make_id(const json_t *o, const json_t *sco, const char *key,
                            char id[static KAI_STIX_ID_CAP])
{
    const char *type = text_of(sco, "type");
    struct kai_buf text;
    enum kai_err err;

    if (strlen(type) >= KAI_STIX_TYPE_CAP)
        type = "";
    kai_buf_init(&text, 4 * KAI_STIX_BYTES_MAX);
    err = kai_json_dump(&text, sco);
    if (err == KAI_OK)
        err = kai_sco_id(kai_buf_view(&text), id);
    kai_buf_free(&text);
    if (err == KAI_ENOMEM || err == KAI_OK)
        return err;
    char source[KAI_STIX_ID_CAP + 16];
    (void)snprintf(source, sizeof source, "observed:%.288s", text_of(o, "id"));
    (void)kai_made_id(id, type, source, key);
    return KAI_OK;
}

/* Give ids to what can have them; with force to all that are left, which name one another.
 * *lost: the key of one that names what is not there. */
static enum kai_err number(json_t *o, json_t *objects, json_t *ids, bool force, bool *any,
                           const char **lost)
{
    char id[KAI_STIX_ID_CAP];
    enum kai_err err = KAI_OK;
    const char *key;
    json_t *sco;

    *any = false;
    json_object_foreach(objects, key, sco)
    {
        enum refs r = REFS_KNOWN;

        if (json_object_get(ids, key) != NULL)
            continue;
        if (!force)
            r = walk(sco, objects, ids, false);
        if (r == REFS_KNOWN && !force)
            r = walk(sco, objects, ids, true);
        if (r == REFS_NO_MEMORY)
            return KAI_ENOMEM;
        if (r == REFS_LOST)
            *lost = key;
        if (r == REFS_LOST)
            return KAI_OK;
        if (r == REFS_WAIT)
            continue;
        err = make_id(o, sco, key, id);
        if (err == KAI_OK && json_object_set_new(ids, key, json_string(id)) != 0)
            err = KAI_ENOMEM;
        if (err != KAI_OK)
            return err;
        *any = true;
    }
    return KAI_OK;
}

static enum kai_err number_all(json_t *o, json_t *objects, json_t *ids, const char **lost)
{
    enum kai_err err = KAI_OK;
    const char *key;
    json_t *sco;
    bool any = true;
    bool forced = false;

    while (err == KAI_OK && any && *lost == NULL)
        err = number(o, objects, ids, false, &any, lost);
    if (err == KAI_OK && *lost == NULL && json_object_size(ids) < json_object_size(objects)) {
        err = number(o, objects, ids, true, &any, lost);
        forced = true;
    }
    if (err != KAI_OK || !forced)
        return err;
    json_object_foreach(objects, key, sco)
    {
        /* Those with ids of before are in place already, and name nothing by its key any more. */
        enum refs r = walk(sco, objects, ids, true);

        if (r == REFS_NO_MEMORY)
            return KAI_ENOMEM;
    }
    return KAI_OK;
}

static enum kai_err give_sco(struct kai_made *m, json_t *o, json_t *sco, const char *id,
                             struct kai_label own, const char *path, uint64_t line)
{
    json_t *marks = json_object_get(o, "object_marking_refs");
    bool ok = json_object_set_new(sco, "id", json_string(id)) == 0 &&
              json_object_set_new(sco, "spec_version", json_string("2.1")) == 0;

    if (ok && marks != NULL)
        ok = json_object_set(sco, "object_marking_refs", marks) == 0;
    return ok ? kai_made_give(m, json_incref(sco), own, path, line, &ok) : KAI_ENOMEM;
}

static enum kai_err refuse(struct kai_made *m, json_t *o, const char *path, uint64_t line,
                           const char *key)
{
    struct kai_why why = {.line = line};

    kai_why_at(&why, line, "objects.%.100s", key);
    (void)kai_why_set(&why, KAI_EMALFORMED, "stix.property", "objects", "references among them",
                      NULL);
    return kai_importer_refuse(m->im, &why, path, text_of(o, "id"));
}

/* Its objects become observables of their own, and object_refs. */
static enum kai_err split(struct kai_made *m, json_t *o, json_t *objects, json_t *ids,
                          struct kai_label own, const char *path, uint64_t line, bool *ok)
{
    json_t *refs = json_array();
    enum kai_err err = refs == NULL ? KAI_ENOMEM : KAI_OK;
    const char *lost = NULL;
    const char *key;
    json_t *sco;

    json_object_foreach(objects, key, sco)
    {
        if (lost == NULL && !json_is_object(sco))
            lost = key;
    }
    if (err == KAI_OK && lost == NULL)
        err = number_all(o, objects, ids, &lost);
    *ok = lost == NULL;
    if (err == KAI_OK && lost != NULL)
        err = refuse(m, o, path, line, lost);
    json_object_foreach(objects, key, sco)
    {
        const char *id = json_string_value(json_object_get(ids, key));

        if (err == KAI_OK && *ok)
            err = json_array_append_new(refs, json_string(id)) != 0
                      ? KAI_ENOMEM
                      : give_sco(m, o, sco, id, own, path, line);
    }
    if (err == KAI_OK && *ok && json_object_set(o, "object_refs", refs) != 0)
        err = KAI_ENOMEM;
    json_decref(refs);
    return err;
}

/* Markings of parts of what is split hold for all of it. *own is the strictest. */
static enum kai_err lift_markings(json_t *o, struct kai_label *own)
{
    struct kai_stix_info info = {.unmarked = true};
    json_t *refs = json_object_get(o, "object_marking_refs");
    const char *marking;

    if (json_object_get(o, "granular_markings") == NULL)
        return KAI_OK;
    enum kai_err err = kai_stix_markings(o, &info, NULL);
    if (err != KAI_OK)
        return err == KAI_ENOMEM ? err : KAI_OK; /* The check of the object says what is wrong. */
    *own = kai_label_stricter(*own, info.label);
    marking = kai_tlp_marking(info.label.tlp);
    if (marking == NULL)
        return KAI_OK;
    if (refs == NULL && !kai_made_mark(o, info.label.tlp))
        return KAI_ENOMEM;
    if (refs != NULL && json_array_append_new(refs, json_string(marking)) != 0)
        return KAI_ENOMEM;
    return json_object_del(o, "granular_markings") == 0 ? KAI_OK : KAI_ENOMEM;
}

enum kai_err kai_stix20_give(struct kai_made *m, json_t *o, struct kai_label own, const char *path,
                             uint64_t line)
{
    json_t *objects = json_object_get(o, "objects");
    struct kai_why why = {.line = line};
    bool ok = true;

    if (kai_importer_words(o, &own, &why) != KAI_OK)
        return kai_importer_refuse(m->im, &why, path, text_of(o, "id"));
    enum kai_err err = upgrade(o) ? KAI_OK : KAI_ENOMEM;

    if (err == KAI_OK && strcmp(text_of(o, "type"), "observed-data") == 0 &&
        json_object_size(objects) > 0 && json_object_get(o, "object_refs") == NULL) {
        json_t *ids = json_object();

        err = ids == NULL ? KAI_ENOMEM : lift_markings(o, &own);
        if (err == KAI_OK)
            err = split(m, o, objects, ids, own, path, line, &ok);
        if (err == KAI_OK && ok && json_object_del(o, "objects") != 0)
            err = KAI_ENOMEM;
        json_decref(ids);
    }
    return err == KAI_OK && ok ? kai_made_give(m, json_incref(o), own, path, line, &ok) : err;
}

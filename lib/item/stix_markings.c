/* stix_markings: the label of an object. Of several markings, on the object or on a part of it, the
 * strictest holds for all of it. The ids decide, never a definition's own words. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "item/stix_json.h"

#define TLP2_EXTENSION "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

static void mark(struct kai_stix_info *info, const json_t *ref)
{
    uint8_t tlp = kai_tlp_of_marking(json_string_value(ref));

    if (tlp > info->label.tlp)
        info->label.tlp = tlp;
}

static bool is_marking_ref(const json_t *ref)
{
    struct kai_view type;

    return kai_stix_ref(ref, &type, NULL) &&
           kai_view_eq(type, kai_view_of("marking-definition", 18));
}

static enum kai_err bad_at(struct kai_why *why, size_t i, const char *property, const char *what)
{
    char path[64];

    (void)snprintf(path, sizeof path, "granular_markings[%zu]%s%s", i,
                   property[0] != '\0' ? "." : "", property);
    return kai_stix_bad(why, "stix.property", path, what);
}

static enum kai_err granular(const json_t *list, struct kai_stix_info *info, struct kai_why *why)
{
    size_t i;
    size_t j;
    json_t *g;
    json_t *s;

    json_array_foreach(list, i, g)
    {
        const json_t *ref = json_object_get(g, "marking_ref");
        const json_t *lang = json_object_get(g, "lang");
        const json_t *selectors = json_object_get(g, "selectors");

        if (!json_is_object(g))
            return bad_at(why, i, "", "object");
        if ((ref == NULL) == (lang == NULL))
            return bad_at(why, i, "", "marking_ref or lang");
        if (!json_is_array(selectors) || json_array_size(selectors) == 0)
            return bad_at(why, i, "selectors", "list");
        json_array_foreach(selectors, j, s)
        {
            if (!json_is_string(s) || json_string_length(s) == 0)
                return bad_at(why, i, "selectors", "list of strings");
        }
        if (lang != NULL && !json_is_string(lang))
            return bad_at(why, i, "lang", "string");
        if (ref != NULL && !is_marking_ref(ref))
            return bad_at(why, i, "marking_ref", "marking-definition id");
        if (ref != NULL)
            mark(info, ref);
    }
    return KAI_OK;
}

/* "TLP:AMBER", "tlp:secret": words for people, but meant as a label. */
static bool says_tlp(const json_t *text)
{
    return json_is_string(text) && strncasecmp(json_string_value(text), "tlp:", 4) == 0;
}

bool kai_stix_claims_tlp(const json_t *o)
{
    const json_t *type = json_object_get(o, "definition_type");
    json_t *extensions = json_object_get(o, "extensions");
    const char *key;
    json_t *extension;

    if (json_is_string(type) && strcasecmp(json_string_value(type), "tlp") == 0)
        return true;
    if (says_tlp(json_object_get(o, "name")) ||
        says_tlp(json_object_get(json_object_get(o, "definition"), "statement")))
        return true;
    if (json_object_get(extensions, TLP2_EXTENSION) != NULL)
        return true;
    json_object_foreach(extensions, key, extension)
    {
        if (json_object_get(extension, "tlp_2_0") != NULL)
            return true;
    }
    return false;
}

enum kai_err kai_stix_markings(const json_t *o, struct kai_stix_info *info, struct kai_why *why)
{
    const json_t *refs = json_object_get(o, "object_marking_refs");
    enum kai_err err;
    size_t i;
    json_t *ref;

    json_array_foreach(refs, i, ref)
    {
        if (!is_marking_ref(ref))
            return kai_stix_bad(why, "stix.property", "object_marking_refs",
                                "list of marking-definition ids");
        mark(info, ref);
    }
    err = granular(json_object_get(o, "granular_markings"), info, why);
    if (err != KAI_OK)
        return err;
    info->unmarked = info->label.tlp == KAI_TLP_NONE;
    if (strcmp(info->type, "marking-definition") == 0) {
        info->tlp_definition = kai_tlp_of_marking(info->id) != KAI_TLP_NONE;
        info->false_tlp = !info->tlp_definition && kai_stix_claims_tlp(o);
    }
    return KAI_OK;
}

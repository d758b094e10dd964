/* relabel: an object's text with what its signed label adds to the words in it. */
#include "item/relabel.h"

#include <string.h>

#include "item/stix_json.h"

/* Put a word into a list, which is made where there is none. False: out of memory. */
static bool put(json_t *o, const char *property, const char *word, bool *changed)
{
    json_t *list = json_object_get(o, property);
    json_t *at;
    size_t i;

    json_array_foreach(list, i, at)
    {
        if (json_is_string(at) && strcmp(json_string_value(at), word) == 0)
            return true;
    }
    *changed = true;
    if (!json_is_array(list)) {
        list = json_array();
        if (list == NULL || json_object_set_new(o, property, list) != 0)
            return false;
    }
    return json_array_append_new(list, json_string(word)) == 0;
}

static enum kai_err add(json_t *o, struct kai_label label, bool *changed)
{
    struct kai_stix_info info;
    enum kai_err err = kai_stix_check_json(o, &info, NULL);
    const char *marking = kai_tlp_marking(label.tlp);

    if (err != KAI_OK)
        return err;
    bool has_labels = info.class_of == KAI_STIX_SDO || info.class_of == KAI_STIX_SRO;
    bool ok = true;
    if (info.label.tlp < label.tlp && marking != NULL)
        ok = put(o, "object_marking_refs", marking, changed);
    if (ok && has_labels && label.pap != KAI_PAP_NONE)
        ok = put(o, "labels", kai_pap_name(label.pap), changed);
    if (ok && has_labels && label.exercise)
        ok = put(o, "labels", "kairan:exercise", changed);
    return ok ? KAI_OK : KAI_ENOMEM;
}

enum kai_err kai_stix_relabel(struct kai_buf *out, struct kai_view object, struct kai_label label)
{
    bool changed = false;
    json_t *o = NULL;
    enum kai_err err = kai_json_load(object, &o, NULL);

    if (err == KAI_OK)
        err = add(o, label, &changed);
    if (err == KAI_OK && changed) {
        err = kai_json_dump(out, o);
    } else if (err == KAI_OK) {
        kai_buf_add(out, object.p, object.n);
        err = out->err;
    }
    json_decref(o);
    return err;
}

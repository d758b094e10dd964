/* import_misp: a file of MISP events. */
#include <stdio.h>

#include "item/misp.h"

static enum kai_err no_event(struct importer *im, const char *path)
{
    struct kai_why why = {.code = NULL};

    (void)kai_why_set(&why, KAI_EMALFORMED, "misp.event", "Event", NULL, NULL);
    return kai_importer_refuse(im, &why, path, "");
}

/* name: of the list, "" where it is the file. */
static enum kai_err take_all(struct kai_made *m, const json_t *list, const char *name)
{
    enum kai_err err = KAI_OK;
    char path[64];
    const json_t *o;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) == 0)
        return no_event(m->im, name);
    json_array_foreach(list, i, o)
    {
        const json_t *event = json_object_get(o, "Event");

        if (err != KAI_OK)
            break;
        (void)snprintf(path, sizeof path, "%s[%zu].Event", name, i);
        err = json_is_object(event) ? kai_misp_event(m, event, path) : no_event(m->im, path);
    }
    return err;
}

enum kai_err kai_import_misp(struct importer *im)
{
    struct kai_made m;
    json_t *o;
    enum kai_err err = kai_made_parse(im, &o);

    if (err != KAI_OK || o == NULL)
        return err;
    const json_t *event = json_object_get(o, "Event");
    kai_made_init(&m, im);
    if (json_is_array(o))
        err = take_all(&m, o, "");
    else if (json_object_get(o, "response") != NULL)
        err = take_all(&m, json_object_get(o, "response"), "response");
    else if (event == NULL) /* As PyMISP writes one. */
        err = kai_misp_event(&m, o, "");
    else
        err = json_is_object(event) ? kai_misp_event(&m, event, "Event") : no_event(im, "Event");
    kai_made_free(&m);
    json_decref(o);
    return err;
}

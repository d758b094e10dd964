/* envelope: the objects of a TAXII 2.1 envelope. */
#include "item/envelope.h"

#include <string.h>

#include "item/json.h"

static void copy(char *out, size_t cap, const json_t *v)
{
    if (json_is_string(v) && json_string_length(v) < cap)
        memcpy(out, json_string_value(v), json_string_length(v) + 1);
}

/* Who it is, as far as that can be read. */
static enum kai_err name(struct kai_enveloped *e, const struct kai_json_span *span)
{
    struct kai_why why = {.code = NULL};
    json_t *o = NULL;

    e->id[0] = '\0';
    e->version[0] = '\0';
    e->scans = span->n <= KAI_STIX_BYTES_MAX && span->depth <= KAI_STIX_DEPTH_MAX &&
               kai_json_matched(e->text) && memchr(e->text.p, '\0', e->text.n) == NULL;
    enum kai_err err = e->scans ? kai_json_parse(e->text, &o, &why) : KAI_EMALFORMED;
    if (err == KAI_OK) {
        const json_t *modified = json_object_get(o, "modified");

        copy(e->id, sizeof e->id, json_object_get(o, "id"));
        copy(e->version, sizeof e->version,
             modified != NULL ? modified : json_object_get(o, "created"));
    }
    json_decref(o);
    return err == KAI_EMALFORMED ? KAI_OK : err;
}

static void skip_blank(struct kai_view *v)
{
    uint64_t lines = 0;
    size_t n = kai_json_blank(*v, &lines);

    *v = kai_view_of(v->p + n, v->n - n);
}

/* The list of objects, from its bracket to its bracket. */
static enum kai_err scan_list(struct kai_view list, kai_envelope_fn *f, void *ctx)
{
    struct kai_json_span span;

    for (bool first = true;; first = false) {
        if (list.n == 0 || list.p[0] != (first ? '[' : ','))
            return !first && list.n == 1 && list.p[0] == ']' ? KAI_OK : KAI_EMALFORMED;
        list = kai_view_of(list.p + 1, list.n - 1);
        skip_blank(&list);
        if (list.n == 0 || list.p[0] != '{' || !kai_json_skip(list, &span))
            return KAI_EMALFORMED;
        struct kai_enveloped e = {.text = kai_view_of(list.p, span.n)};
        enum kai_err err = name(&e, &span);
        if (err == KAI_OK)
            err = f(ctx, &e);
        if (err != KAI_OK)
            return err;
        list = kai_view_of(list.p + span.n, list.n - span.n);
        skip_blank(&list);
    }
}

enum kai_err kai_envelope_scan(struct kai_view text, kai_envelope_fn *f, void *ctx)
{
    struct kai_view objects = {0};
    struct kai_json_members m;
    struct kai_json_span span;
    uint64_t lines = 0;
    size_t begins = kai_json_blank(text, &lines);

    text = kai_view_of(text.p + begins, text.n - begins);
    if (text.n == 0 || text.p[0] != '{' || !kai_json_skip(text, &span))
        return KAI_EMALFORMED;
    struct kai_view rest = kai_view_of(text.p + span.n, text.n - span.n);
    skip_blank(&rest);
    if (rest.n > 0)
        return KAI_EMALFORMED;
    text.n = span.n;
    kai_json_members_begin(&m, text);
    while (kai_json_members_key(&m)) {
        bool is_objects = kai_view_eq(m.key, kai_view_of("\"objects\"", 9));

        if (!kai_json_members_value(&m) || (is_objects && objects.p != NULL))
            return KAI_EMALFORMED;
        if (is_objects)
            objects = m.value;
    }
    /* Behind the last member stands the bracket that closes it. */
    return objects.p == NULL || m.at != text.n ? KAI_EMALFORMED : scan_list(objects, f, ctx);
}

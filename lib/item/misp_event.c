/* misp_event: one event: an indicator for each attribute that is one, a report over them all. What
 * is only context stands in the report's x_misp_context, where nothing matches it. */
#include <stdio.h>
#include <string.h>

#include "item/misp_event.h"
#include "item/scoid.h"

#define REPORT_BYTES_MAX 700000u /* Then another report begins: an object has 1 MiB. */

/* An event that is the whole file has no path. */
static void sub_path(char out[static KAI_MISP_PATH_CAP], const char *path, const char *list,
                     size_t i)
{
    (void)snprintf(out, KAI_MISP_PATH_CAP, "%s%s%s[%zu]", path, path[0] != '\0' ? "." : "", list,
                   i);
}

enum kai_err kai_misp_refuse(struct kai_misp_reading *ev, struct kai_why *why, const char *path)
{
    return kai_importer_refuse(ev->m->im, why, path, "");
}

enum kai_err kai_misp_refuse_event(struct kai_misp_reading *ev, const char *what)
{
    struct kai_why why = {.code = NULL};

    (void)kai_why_set(&why, KAI_EMALFORMED, "misp.event", what, NULL, NULL);
    return kai_misp_refuse(ev, &why, ev->path);
}

/* ---- Attributes. */
/* Label and audience of an attribute or object. *ok: it goes on. */
static enum kai_err admit(struct kai_misp_reading *ev, struct kai_misp_attribute *p, bool *ok)
{
    struct kai_why why = {.code = NULL};
    enum kai_err err = kai_misp_tags(p->o, &p->label, p->labels, &why);

    /* Who says with what label it goes out has decided about it. */
    if (err == KAI_OK && ev->m->im->opts->label.tlp == KAI_TLP_NONE)
        err = kai_misp_distribution(p->o, &why);
    *ok = err == KAI_OK;
    if (err != KAI_OK)
        return err == KAI_ENOMEM ? err : kai_misp_refuse(ev, &why, p->path);
    ev->all = kai_label_stricter(ev->all, p->label);
    return KAI_OK;
}

static enum kai_err count_unknown(struct kai_misp_reading *ev, const char *type)
{
    json_int_t n = json_integer_value(json_object_get(ev->unknown, type));

    return json_object_set_new(ev->unknown, type, json_integer(n + 1)) == 0 ? KAI_OK : KAI_ENOMEM;
}

/* A value that is one: into terms. *ok: it is there. */
static enum kai_err take_value(struct kai_misp_reading *ev, const struct kai_misp_attribute *p,
                               const char *value, bool of_domain, json_t *terms, bool *ok)
{
    struct kai_why why = {.code = NULL};
    enum kai_err err =
        kai_misp_terms_add(terms, p->type, kai_view_of(value, strlen(value)), of_domain, &why);

    *ok = err == KAI_OK;
    return err == KAI_EMALFORMED || err == KAI_ELIMIT ? kai_misp_refuse(ev, &why, p->path) : err;
}

/* terms: those of the object that it belongs to; *n counts them, *bad says that one was refused. */
static enum kai_err take_attribute(struct kai_misp_reading *ev, struct kai_misp_attribute *p,
                                   bool of_domain, json_t *terms, size_t *n, bool *bad)
{
    const char *type = kai_misp_text(p->o, "type");
    const char *value = kai_misp_text(p->o, "value");
    struct kai_why why = {.code = NULL};
    bool ok;

    if (kai_misp_true(p->o, "deleted"))
        return KAI_OK;
    p->type = kai_misp_type(type);
    if (p->type == NULL)
        return count_unknown(ev, type);
    enum kai_err err = admit(ev, p, &ok);
    if (err != KAI_OK || !ok) {
        *bad = true;
        return err;
    }
    if (value[0] == '\0') {
        *bad = true;
        (void)kai_why_set(&why, KAI_EMALFORMED, "misp.value", type, NULL, NULL);
        return kai_misp_refuse(ev, &why, p->path);
    }
    if (p->type->use == KAI_MISP_VULNERABILITY)
        return kai_misp_give_vulnerability(ev, p, value);
    if (p->type->use == KAI_MISP_CONTEXT || !kai_misp_true(p->o, "to_ids"))
        return kai_misp_add_context(ev, p, value);
    if (p->type->use == KAI_MISP_RULE)
        return kai_misp_give_indicator(ev, p, kai_view_of(value, strlen(value)),
                                       p->type->pattern_type, p->type->name);
    err = take_value(ev, p, value, of_domain, terms, &ok);
    *n += ok;
    *bad = *bad || !ok;
    return err;
}

static enum kai_err give_terms(struct kai_misp_reading *ev, const struct kai_misp_attribute *p,
                               json_t *terms, const char *name)
{
    struct kai_buf pattern;

    kai_buf_init(&pattern, KAI_PATTERN_BYTES_MAX);
    enum kai_err err = kai_misp_pattern(terms, &pattern);
    if (err == KAI_OK)
        err = kai_misp_give_indicator(ev, p, kai_buf_view(&pattern), "stix", name);
    kai_buf_free(&pattern);
    return err;
}

/* A new one when this one is full. */
static enum kai_err turn_page(struct kai_misp_reading *ev)
{
    return ev->bytes > REPORT_BYTES_MAX ? kai_misp_give_report(ev) : KAI_OK;
}

static enum kai_err plain_attribute(struct kai_misp_reading *ev, const json_t *o, size_t i)
{
    char path[KAI_MISP_PATH_CAP];
    struct kai_misp_attribute p = {
        .o = o, .path = path, .label = ev->label, .labels = json_array()};
    json_t *terms = json_object();
    size_t n = 0;
    bool bad = false;
    enum kai_err err = p.labels == NULL || terms == NULL ? KAI_ENOMEM : KAI_OK;

    sub_path(path, ev->path, "Attribute", i);
    if (err == KAI_OK)
        err = take_attribute(ev, &p, false, terms, &n, &bad);
    if (err == KAI_OK && n > 0)
        err = give_terms(ev, &p, terms, kai_misp_text(o, "value"));
    json_decref(terms);
    json_decref(p.labels);
    return err == KAI_OK ? turn_page(ev) : err;
}

/* The attributes of an object, and what they say together. */
static enum kai_err take_members(struct kai_misp_reading *ev, struct kai_misp_attribute *whole,
                                 json_t *terms)
{
    bool of_domain = strcmp(kai_misp_text(whole->o, "name"), "domain-ip") == 0;
    enum kai_err err = KAI_OK;
    struct kai_misp_attribute only = {.o = NULL};
    char path[KAI_MISP_PATH_CAP];
    bool bad = false;
    const json_t *o;
    size_t total = 0;
    size_t i;

    json_array_foreach(json_object_get(whole->o, "Attribute"), i, o)
    {
        struct kai_misp_attribute p = {
            .o = o, .path = path, .label = whole->label, .labels = json_deep_copy(whole->labels)};
        size_t n = 0;

        if (err == KAI_OK && p.labels == NULL)
            err = KAI_ENOMEM;
        sub_path(path, whole->path, "Attribute", i);
        if (err == KAI_OK)
            err = take_attribute(ev, &p, of_domain, terms, &n, &bad);
        if (n > 0) {
            only = p;
            only.path = whole->path;
            whole->label = kai_label_stricter(whole->label, p.label);
        }
        total += n;
        json_decref(p.labels);
    }
    only.labels = whole->labels;
    if (err != KAI_OK || bad || total == 0) /* Without one of them it would say something else. */
        return err;
    return total == 1 ? give_terms(ev, &only, terms, kai_misp_text(only.o, "value"))
                      : give_terms(ev, whole, terms, kai_misp_text(whole->o, "name"));
}

static enum kai_err take_object(struct kai_misp_reading *ev, const json_t *o, size_t i)
{
    char path[KAI_MISP_PATH_CAP];
    struct kai_misp_attribute p = {
        .o = o, .path = path, .label = ev->label, .labels = json_array()};
    json_t *terms = json_object();
    bool ok = true;
    enum kai_err err = p.labels == NULL || terms == NULL ? KAI_ENOMEM : KAI_OK;

    sub_path(path, ev->path, "Object", i);
    if (err == KAI_OK && !kai_misp_true(o, "deleted")) {
        err = admit(ev, &p, &ok);
        if (err == KAI_OK && ok)
            err = take_members(ev, &p, terms);
    }
    json_decref(terms);
    json_decref(p.labels);
    return err == KAI_OK ? turn_page(ev) : err;
}

/* ---- The event. */
static void note(struct kai_misp_reading *ev, const char *what, json_int_t n)
{
    struct kai_why why = {.code = NULL};
    char count[24];

    (void)snprintf(count, sizeof count, "%lld", (long long)n);
    (void)kai_why_set(&why, KAI_OK, "misp.skipped", what, count, NULL);
    kai_importer_note(ev->m->im, &why, ev->path);
}

static enum kai_err walk(struct kai_misp_reading *ev)
{
    enum kai_err err = kai_misp_give_author(ev);
    const json_t *reports = json_object_get(ev->e, "EventReport");
    const char *type;
    const json_t *o;
    json_t *n;
    size_t i;

    json_array_foreach(json_object_get(ev->e, "Attribute"), i, o)
    {
        if (err == KAI_OK)
            err = plain_attribute(ev, o, i);
    }
    json_array_foreach(json_object_get(ev->e, "Object"), i, o)
    {
        if (err == KAI_OK)
            err = take_object(ev, o, i);
    }
    json_object_foreach(ev->unknown, type, n)
    {
        note(ev, type, json_integer_value(n));
    }
    if (json_array_size(reports) > 0)
        note(ev, "EventReport", (json_int_t)json_array_size(reports));
    if (err == KAI_OK && (ev->reports == 0 || ev->bytes > 0))
        err = kai_misp_give_report(ev);
    return err;
}

/* The day that it is about begins at the earliest time that its objects have. */
static uint64_t day_of(const json_t *e)
{
    const char *date = kai_misp_text(e, "date");
    char text[40];
    int64_t ms;

    (void)snprintf(text, sizeof text, "%.10sT00:00:00Z", date);
    return kai_stix_time(kai_view_of(text, strlen(text)), &ms) && ms > 0 ? (uint64_t)ms : 0;
}

static enum kai_err check_and_walk(struct kai_misp_reading *ev)
{
    struct kai_why why = {.code = NULL};
    uint8_t id[16];

    if (!kai_uuid_parse(id, kai_view_of(ev->uuid, strlen(ev->uuid))))
        return kai_misp_refuse_event(ev, "uuid");
    if (ev->ms == 0)
        return kai_misp_refuse_event(ev, "timestamp");
    enum kai_err err = kai_misp_tags(ev->e, &ev->label, ev->labels, &why);
    if (err == KAI_OK && ev->m->im->opts->label.tlp == KAI_TLP_NONE)
        err = kai_misp_distribution(ev->e, &why);
    if (err == KAI_OK && ev->label.tlp == KAI_TLP_NONE &&
        ev->m->im->opts->label.tlp == KAI_TLP_NONE) /* Once, not for each attribute. */
        err = kai_why_set(&why, KAI_EMALFORMED, "label.missing", ev->uuid, NULL, NULL);
    if (err != KAI_OK)
        return err == KAI_ENOMEM ? err : kai_misp_refuse(ev, &why, ev->path);
    ev->all = ev->label;
    return walk(ev);
}

enum kai_err kai_misp_event(struct kai_made *m, const json_t *event, const char *path)
{
    uint64_t day = day_of(event);
    struct kai_misp_reading ev = {
        .m = m,
        .e = event,
        .path = path,
        .uuid = kai_misp_text(event, "uuid"),
        .ms = kai_misp_ms(event, "timestamp"),
        .labels = json_array(),
        .refs = json_array(),
        .context = json_array(),
        .unknown = json_object(),
    };
    enum kai_err err = KAI_ENOMEM;

    if (ev.ms == 0)
        ev.ms = day;
    ev.created_ms = day != 0 && day < ev.ms ? day : ev.ms;
    if (ev.labels != NULL && ev.refs != NULL && ev.context != NULL && ev.unknown != NULL)
        err = check_and_walk(&ev);
    json_decref(ev.labels);
    json_decref(ev.refs);
    json_decref(ev.context);
    json_decref(ev.unknown);
    return err;
}

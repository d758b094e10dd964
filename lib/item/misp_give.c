/* misp_give: the objects that an event's parts become. */
#include <stdio.h>
#include <string.h>

#include "item/misp_event.h"
#include "item/scoid.h"

#define NAME_BYTES_MAX 250u
#define AUTHOR_MS      946684800000ull /* 2000-01-01: an author is the same in all events. */

static bool set_text(json_t *o, const char *key, const char *text)
{
    char cut[NAME_BYTES_MAX];

    if (strcmp(key, "name") == 0) { /* Shown in tables. */
        kai_copy_text(cut, sizeof cut, text);
        text = cut;
    }
    return text[0] == '\0' || json_object_set_new(o, key, json_string(text)) == 0;
}

static bool add_ref(struct kai_misp_reading *ev, const char *id)
{
    ev->bytes += strlen(id) + 3;
    return json_array_append_new(ev->refs, json_string(id)) == 0;
}

/* ---- Objects. */
/* What all have: the author, labels, where it comes from, its marking. */
static bool dress(struct kai_misp_reading *ev, json_t *o, const char *uuid, const json_t *labels,
                  struct kai_label label)
{
    bool ok = ev->author[0] == '\0' ||
              json_object_set_new(o, "created_by_ref", json_string(ev->author)) == 0;

    if (ok && json_array_size(labels) > 0)
        ok = json_object_set_new(o, "labels", json_deep_copy(labels)) == 0;
    if (ok && uuid[0] != '\0')
        ok = json_object_set_new(
                 o, "external_references",
                 json_pack("[{s:s, s:s}]", "source_name", "misp", "external_id", uuid)) == 0;
    return ok && kai_made_mark(o, label.tlp);
}

static enum kai_err give(struct kai_misp_reading *ev, json_t *o, const struct kai_misp_attribute *p,
                         const char *id)
{
    bool ok;
    enum kai_err err = kai_made_give(ev->m, o, p->label, p->path, 0, &ok);

    if (err == KAI_OK && ok && !add_ref(ev, id))
        err = KAI_ENOMEM;
    return err;
}

static uint64_t time_of(const struct kai_misp_reading *ev, const json_t *o)
{
    uint64_t ms = kai_misp_ms(o, "timestamp");

    return ms != 0 ? ms : ev->ms;
}

/* An id that the attribute's own uuid decides, or what it says where it has none. */
static void make_id(const struct kai_misp_reading *ev, const struct kai_misp_attribute *p,
                    const char *type, char id[static KAI_STIX_ID_CAP])
{
    const char *uuid = kai_misp_text(p->o, "uuid");
    char source[128];

    if (uuid[0] != '\0') {
        (void)kai_made_id(id, type, "misp", uuid);
        return;
    }
    (void)snprintf(source, sizeof source, "misp:%s:%s", ev->uuid, kai_misp_text(p->o, "type"));
    (void)kai_made_id(id, type, source, kai_misp_text(p->o, "value"));
}

enum kai_err kai_misp_give_indicator(struct kai_misp_reading *ev,
                                     const struct kai_misp_attribute *p, struct kai_view pattern,
                                     const char *pattern_type, const char *name)
{
    char id[KAI_STIX_ID_CAP];
    char from[KAI_STIX_TIME_CAP];
    uint64_t ms = time_of(ev, p->o);
    uint64_t seen = kai_misp_time_ms(p->o, "first_seen");

    make_id(ev, p, "indicator", id);
    json_t *o = kai_made_object("indicator", id, ev->created_ms < ms ? ev->created_ms : ms, ms);
    bool ok =
        o != NULL && set_text(o, "name", name) &&
        set_text(o, "description", kai_misp_text(p->o, "comment")) &&
        json_object_set_new(o, "pattern", json_stringn((const char *)pattern.p, pattern.n)) == 0 &&
        set_text(o, "pattern_type", pattern_type) &&
        set_text(o, "valid_from", kai_stix_time_text(from, seen != 0 ? seen : ms)) &&
        set_text(o, "x_misp_type", p->type != NULL ? p->type->name : kai_misp_text(p->o, "name")) &&
        set_text(o, "x_misp_category", kai_misp_text(p->o, "category")) &&
        dress(ev, o, kai_misp_text(p->o, "uuid"), p->labels, p->label);
    if (!ok) {
        json_decref(o);
        return KAI_ENOMEM;
    }
    return give(ev, o, p, id);
}

enum kai_err kai_misp_give_vulnerability(struct kai_misp_reading *ev,
                                         const struct kai_misp_attribute *p, const char *value)
{
    char id[KAI_STIX_ID_CAP];
    char norm[KAI_VALUE_BYTES_MAX];
    size_t n;
    uint64_t ms = time_of(ev, p->o);

    make_id(ev, p, "vulnerability", id);
    json_t *o = kai_made_object("vulnerability", id, ev->created_ms < ms ? ev->created_ms : ms, ms);
    bool ok = o != NULL && set_text(o, "name", value) &&
              set_text(o, "description", kai_misp_text(p->o, "comment")) &&
              dress(ev, o, kai_misp_text(p->o, "uuid"), p->labels, p->label);
    if (ok && kai_value_norm(KAI_V_CVE, kai_view_of(value, strlen(value)), norm, sizeof norm, &n,
                             NULL) == KAI_OK) {
        json_t *refs = json_object_get(o, "external_references");

        if (refs == NULL) {
            ok = json_object_set_new(o, "external_references", json_array()) == 0;
            refs = json_object_get(o, "external_references");
        }
        ok = ok && json_array_insert_new(
                       refs, 0,
                       json_pack("{s:s, s:s%}", "source_name", "cve", "external_id", norm, n)) == 0;
    }
    if (!ok) {
        json_decref(o);
        return KAI_ENOMEM;
    }
    return give(ev, o, p, id);
}

/* ---- The report. */
enum kai_err kai_misp_give_report(struct kai_misp_reading *ev)
{
    char id[KAI_STIX_ID_CAP];
    char key[64];
    char name[NAME_BYTES_MAX];
    char published[KAI_STIX_TIME_CAP];
    uint64_t at = kai_misp_ms(ev->e, "publish_timestamp");
    const struct kai_label none = {.tlp = 0};
    bool ok;

    if (json_array_size(ev->refs) == 0 && ev->author[0] == '\0')
        return kai_misp_refuse_event(ev, "Attribute");
    if (json_array_size(ev->refs) == 0 && !add_ref(ev, ev->author))
        return KAI_ENOMEM;
    (void)snprintf(key, sizeof key, ev->reports == 0 ? "%s" : "%s#%u", ev->uuid, ev->reports);
    (void)kai_made_id(id, "report", "misp", key);
    kai_copy_text(name, sizeof name, kai_misp_text(ev->e, "info"));
    json_t *o = kai_made_object("report", id, ev->created_ms, ev->ms);
    ok = o != NULL && set_text(o, "name", name[0] != '\0' ? name : ev->uuid) &&
         set_text(o, "published", kai_stix_time_text(published, at != 0 ? at : ev->ms)) &&
         dress(ev, o, ev->uuid, ev->labels, ev->all) &&
         json_object_set(o, "object_refs", ev->refs) == 0;
    if (ok && json_array_size(ev->context) > 0)
        ok = json_object_set(o, "x_misp_context", ev->context) == 0;
    if (!ok) {
        json_decref(o);
        return KAI_ENOMEM;
    }
    enum kai_err err = kai_made_give(ev->m, o, kai_label_stricter(ev->all, none), ev->path, 0, &ok);
    ev->reports++;
    ev->bytes = 0;
    if (json_array_clear(ev->refs) != 0 || json_array_clear(ev->context) != 0)
        err = err == KAI_OK ? KAI_ENOMEM : err;
    return err;
}

enum kai_err kai_misp_add_context(struct kai_misp_reading *ev, const struct kai_misp_attribute *p,
                                  const char *value)
{
    json_t *o = json_pack("{s:s, s:s}", "type", p->type->name, "value", value);
    const char *comment = kai_misp_text(p->o, "comment");

    if (o == NULL || !set_text(o, "category", kai_misp_text(p->o, "category")) ||
        !set_text(o, "relation", kai_misp_text(p->o, "object_relation")) ||
        !set_text(o, "comment", comment)) {
        json_decref(o);
        return KAI_ENOMEM;
    }
    ev->bytes += 2 * (strlen(value) + strlen(comment)) + 120; /* With what JSON escapes. */
    return json_array_append_new(ev->context, o) == 0 ? KAI_OK : KAI_ENOMEM;
}

enum kai_err kai_misp_give_author(struct kai_misp_reading *ev)
{
    const json_t *org = json_object_get(ev->e, "Orgc");
    const char *uuid = kai_misp_text(org, "uuid");
    const char *name = kai_misp_text(org, "name");
    uint8_t id[16];
    bool ok;

    if (name[0] == '\0' || !kai_uuid_parse(id, kai_view_of(uuid, strlen(uuid))))
        return KAI_OK;
    (void)kai_made_id(ev->author, "identity", "misp", uuid);
    json_t *o = kai_made_object("identity", ev->author, AUTHOR_MS, AUTHOR_MS);
    if (o == NULL || !set_text(o, "name", name) || !set_text(o, "identity_class", "organization")) {
        json_decref(o);
        return KAI_ENOMEM;
    }
    return kai_made_give(ev->m, o, ev->label, ev->path, 0, &ok);
}

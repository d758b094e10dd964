/* reauthor: one source's content as another's own. */
#include "item/reauthor.h"

#include <string.h>

#include "item/json.h"
#include "item/list.h"
#include "item/scoid.h"
#include "item/stix_json.h"

#define DAY_MS 86400000

/* What becomes of a property. */
enum fate {
    REFUSE, /* Nobody knows what it tells. */
    KEEP,
    DROP,
    DAY, /* Kept, cut to the day. */
    NEW, /* The id. */
};

struct rule {
    const char *property;
    enum fate fate;
};

/* Of every type that may be passed on. */
static const struct rule RULES[] = {
    {"type", KEEP},
    {"spec_version", KEEP},
    {"id", NEW},
    {"created", DAY},
    {"modified", DAY},
    {"valid_from", DAY},
    {"valid_until", DAY},
    {"first_seen", DAY},
    {"last_seen", DAY},
    {"created_by_ref", DROP},
    {"object_marking_refs", DROP},
    {"granular_markings", DROP},
    {"name", DROP},
    {"description", DROP},
    {"revoked", KEEP},
    {"confidence", KEEP},
    {"lang", KEEP},
    {"pattern", KEEP},
    {"pattern_type", KEEP},
    {"pattern_version", KEEP},
    {"indicator_types", KEEP},
    {"kill_chain_phases", KEEP},
    {"malware_types", KEEP},
    {"is_family", KEEP},
    {"tool_types", KEEP},
    {"infrastructure_types", KEEP},
};

/* Objects that point at no others and describe no organisation. */
static const char *const TYPES[] = {
    "indicator", "malware", "attack-pattern", "tool", "vulnerability", "infrastructure",
};

static bool kept(const struct kai_reauthor *how, const char *property)
{
    for (size_t i = 0; i < how->n_keep; i++) {
        if (strcmp(how->keep[i], property) == 0)
            return true;
    }
    return false;
}

/* `keep` cannot undo what must be new or cut. */
static enum fate fate_of(const struct kai_reauthor *how, const char *property)
{
    enum fate fate = REFUSE;

    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
        if (strcmp(RULES[i].property, property) == 0)
            fate = RULES[i].fate;
    }
    return (fate == REFUSE || fate == DROP) && kept(how, property) ? KEEP : fate;
}

static void note(const struct kai_reauthor *how, const char *property, bool refused)
{
    if (how->note != NULL)
        how->note(how->ctx, property, refused);
}

static json_t *day_of(const json_t *time, bool upwards)
{
    char text[KAI_STIX_TIME_CAP];
    int64_t ms;

    if (!json_is_string(time) || !kai_stix_time(kai_json_view(time), &ms) || ms < 0)
        return NULL;
    int64_t day = ms / DAY_MS + (upwards && ms % DAY_MS != 0);
    return json_string(kai_stix_time_text(text, (uint64_t)day * DAY_MS));
}

static json_t *new_id(const struct kai_reauthor *how, const char *type)
{
    uint8_t uuid[16];
    char text[KAI_UUID_CAP];

    memcpy(uuid, how->uuid, sizeof uuid);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* Version 4. */
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
    return json_sprintf("%s--%s", type, kai_uuid_text(text, uuid));
}

/* Ends are cut upwards: what was valid for an hour must not end before it began. */
static bool is_end(const char *property)
{
    return strcmp(property, "valid_until") == 0 || strcmp(property, "last_seen") == 0;
}

/* Put what becomes of a property into to. */
static enum kai_err carry(json_t *to, const char *property, json_t *value,
                          const struct kai_reauthor *how, const char *type, struct kai_why *why)
{
    json_t *v = NULL;

    switch (fate_of(how, property)) {
    case REFUSE:
        note(how, property, true);
        kai_why_at(why, why != NULL ? why->line : 0, "%s", property);
        return kai_why_set(why, KAI_EDENIED, "reauthor.property", property, NULL, NULL);
    case DROP:
        note(how, property, false);
        return KAI_OK;
    case KEEP:
        v = json_incref(value);
        break;
    case DAY:
        v = day_of(value, is_end(property));
        if (v == NULL) /* Before 1970, or our lack of memory: no time is worth a guess. */
            return kai_stix_bad(why, "stix.time", property, "");
        break;
    case NEW:
        v = new_id(how, type);
        break;
    }
    return v != NULL && json_object_set_new(to, property, v) == 0 ? KAI_OK : KAI_ENOMEM;
}

static enum kai_err carry_all(json_t *to, json_t *from, const struct kai_reauthor *how,
                              const char *type, struct kai_why *why)
{
    struct kai_why later = {.code = NULL};
    const char *property;
    json_t *value;
    enum kai_err err = KAI_OK;

    /* Each refusal is noted; the first one is the answer. */
    json_object_foreach(from, property, value)
    {
        enum kai_err one = carry(to, property, value, how, type, err == KAI_OK ? why : &later);

        if (err == KAI_OK)
            err = one;
        if (one != KAI_OK && one != KAI_EDENIED)
            return one;
    }
    return err;
}

static bool may_pass(const char *type)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        if (strcmp(TYPES[i], type) == 0)
            return true;
    }
    return false;
}

static enum kai_err object_make(json_t **out, json_t *from, const struct kai_reauthor *how,
                                struct kai_why *why)
{
    struct kai_stix_info info;
    struct kai_why inner = {.code = NULL};
    enum kai_err err = kai_stix_check_json(from, &info, why);

    if (err != KAI_OK)
        return err;
    if (!may_pass(info.type))
        return kai_why_set(why, KAI_EDENIED, "reauthor.type", info.type, NULL, NULL);
    *out = json_object();
    if (*out == NULL)
        return KAI_ENOMEM;
    err = carry_all(*out, from, how, info.type, why);
    if (err != KAI_OK)
        return err;
    /* What was dropped may be needed, and times that are cut may have come out of order. */
    err = kai_stix_check_json(*out, &info, &inner);
    if (err == KAI_EMALFORMED && inner.code != NULL && strcmp(inner.code, "stix.required") == 0)
        return kai_why_set(why, KAI_EDENIED, "reauthor.required", inner.arg[0], info.type, NULL);
    if (err != KAI_OK && why != NULL)
        *why = inner;
    return err;
}

enum kai_err kai_reauthor_stix(struct kai_buf *out, struct kai_view object,
                               const struct kai_reauthor *how, struct kai_why *why)
{
    json_t *from = NULL;
    json_t *to = NULL;
    enum kai_err err = kai_json_load(object, &from, why);

    if (err == KAI_OK)
        err = object_make(&to, from, how, why);
    if (err == KAI_OK)
        err = kai_json_dump(out, to);
    json_decref(from);
    json_decref(to);
    return err;
}

enum kai_err kai_reauthor_list(struct kai_buf *out, struct kai_view content,
                               const struct kai_reauthor *how, struct kai_why *why)
{
    struct kai_list list;
    struct kai_buf text;
    json_t *from = NULL;
    json_t *to = NULL;
    enum kai_err err = kai_list_read(&list, content, true, why);

    kai_buf_init(&text, KAI_LIST_TEMPLATE_BYTES_MAX);
    if (err == KAI_OK)
        err = kai_json_load(list.template_json, &from, why);
    if (err == KAI_OK) {
        to = json_object();
        err = to == NULL ? KAI_ENOMEM : carry_all(to, from, how, "indicator", why);
    }
    if (err == KAI_OK)
        err = kai_json_dump(&text, to);
    if (err == KAI_OK) {
        kai_list_put(out, kai_buf_view(&text), list.type, list.values);
        err = out->err;
    }
    kai_buf_free(&text);
    json_decref(from);
    json_decref(to);
    return err;
}

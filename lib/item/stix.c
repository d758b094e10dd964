/* stix: what one object must be. */
#include "item/stix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "item/ascii.h"
#include "item/scoid.h"
#include "item/stix_json.h"
#include "item/stix_rules.h"

enum kai_err kai_stix_bad(struct kai_why *why, const char *code, const char *property,
                          const char *arg2)
{
    kai_why_at(why, why != NULL ? why->line : 0, "%s", property);
    return kai_why_set(why, KAI_EMALFORMED, code, property, arg2, NULL);
}

/* Lower case, digits, single hyphens between words; 3 to 250 characters. */
static bool is_type(struct kai_view t)
{
    if (t.n < 3 || t.n >= KAI_STIX_TYPE_CAP)
        return false;
    for (size_t i = 0; i < t.n; i++) {
        bool is_word = (t.p[i] >= 'a' && t.p[i] <= 'z') || kai_ascii_digit(t.p[i]);
        bool is_between = t.p[i] == '-' && i > 0 && i + 1 < t.n && t.p[i - 1] != '-';

        if (!is_word && !is_between)
            return false;
    }
    return true;
}

bool kai_stix_ref(const json_t *v, struct kai_view *type, uint8_t *uuid)
{
    struct kai_view t = kai_json_view(v);
    uint8_t bytes[16];
    size_t n = KAI_UUID_CAP - 1;

    if (!json_is_string(v) || t.n < n + 2 + 3 || t.p[t.n - n - 1] != '-' || t.p[t.n - n - 2] != '-')
        return false;
    if (!kai_uuid_parse(uuid != NULL ? uuid : bytes, kai_view_from(t, t.n - n)))
        return false;
    t.n -= n + 2;
    if (type != NULL)
        *type = t;
    return is_type(t);
}

static void copy(char *out, size_t cap, const json_t *string)
{
    const char *text = json_string_value(string);

    kai_copy_text(out, cap, text != NULL ? text : "");
}

/* Type and id come first: every other refusal names them. */
static enum kai_err check_identity(const json_t *o, struct kai_stix_info *info, struct kai_why *why)
{
    const json_t *type = json_object_get(o, "type");
    const json_t *id = json_object_get(o, "id");
    struct kai_view prefix;

    if (type == NULL)
        return kai_stix_bad(why, "stix.required", "type", "");
    if (!json_is_string(type) || !is_type(kai_json_view(type)) ||
        strcmp(json_string_value(type), "bundle") == 0)
        return kai_stix_bad(why, "stix.type", "type",
                            json_is_string(type) ? json_string_value(type) : "");
    copy(info->type, sizeof info->type, type);
    if (id == NULL)
        return kai_stix_bad(why, "stix.required", "id", info->type);
    if (!kai_stix_ref(id, &prefix, info->uuid) || !kai_view_eq(prefix, kai_json_view(type)))
        return kai_stix_bad(why, "stix.id", "id", json_is_string(id) ? json_string_value(id) : "");
    copy(info->id, sizeof info->id, id);
    return KAI_OK;
}

/* 2.0 objects have no spec_version, and SCOs of 2.1 need none. */
static enum kai_err check_version(const json_t *o, const struct kai_stix_info *info,
                                  struct kai_why *why)
{
    const json_t *v = json_object_get(o, "spec_version");

    if (v == NULL && info->class_of == KAI_STIX_SCO)
        return KAI_OK;
    if (json_is_string(v) && strcmp(json_string_value(v), "2.1") == 0)
        return KAI_OK;
    kai_why_at(why, why != NULL ? why->line : 0, "spec_version");
    return kai_why_set(why, KAI_EMALFORMED, "stix.version",
                       json_is_string(v) ? json_string_value(v) : "2.0", NULL, NULL);
}

static bool is_refs(const json_t *v)
{
    size_t i;
    json_t *ref;

    if (!json_is_array(v) || json_array_size(v) == 0)
        return false;
    json_array_foreach(v, i, ref)
    {
        if (!kai_stix_ref(ref, NULL, NULL))
            return false;
    }
    return true;
}

static enum kai_err check_kind(const json_t *v, const struct kai_stix_need *need,
                               struct kai_why *why)
{
    static const char *const names[] = {
        [KAI_KIND_TEXT] = "string",     [KAI_KIND_TIME] = "timestamp",
        [KAI_KIND_INTEGER] = "integer", [KAI_KIND_BOOL] = "boolean",
        [KAI_KIND_REF] = "identifier",  [KAI_KIND_REFS] = "list of identifiers",
        [KAI_KIND_LIST] = "list",       [KAI_KIND_OBJECT] = "object",
    };
    int64_t ms;
    bool ok = false;

    switch (need->kind) {
    case KAI_KIND_TEXT:
        ok = json_is_string(v) && json_string_length(v) > 0;
        break;
    case KAI_KIND_TIME:
        if (json_is_string(v) && !kai_stix_time(kai_json_view(v), &ms))
            return kai_stix_bad(why, "stix.time", need->property, json_string_value(v));
        ok = json_is_string(v);
        break;
    case KAI_KIND_INTEGER:
        ok = json_is_integer(v);
        break;
    case KAI_KIND_BOOL:
        ok = json_is_boolean(v);
        break;
    case KAI_KIND_REF:
        ok = kai_stix_ref(v, NULL, NULL);
        break;
    case KAI_KIND_REFS:
        ok = is_refs(v);
        break;
    case KAI_KIND_LIST:
        ok = json_is_array(v) && json_array_size(v) > 0;
        break;
    case KAI_KIND_OBJECT:
        ok = json_is_object(v);
        break;
    }
    return ok ? KAI_OK : kai_stix_bad(why, "stix.property", need->property, names[need->kind]);
}

static enum kai_err check_required(const json_t *o, const struct kai_stix_need *need,
                                   const struct kai_stix_info *info, struct kai_why *why)
{
    const json_t *v = json_object_get(o, need->property);

    if (v == NULL)
        return kai_stix_bad(why, "stix.required", need->property, info->type);
    return check_kind(v, need, why);
}

static enum kai_err check_needs(const json_t *o, const struct kai_stix_rule *rule,
                                const struct kai_stix_info *info, struct kai_why *why)
{
    static const struct kai_stix_need created = {"created", KAI_KIND_TIME};
    static const struct kai_stix_need modified = {"modified", KAI_KIND_TIME};
    enum kai_err err = KAI_OK;

    if (info->class_of != KAI_STIX_SCO)
        err = check_required(o, &created, info, why);
    if (err == KAI_OK && (info->class_of == KAI_STIX_SDO || info->class_of == KAI_STIX_SRO))
        err = check_required(o, &modified, info, why);
    for (size_t i = 0; err == KAI_OK && rule != NULL && i < KAI_STIX_NEEDS_MAX; i++)
        if (rule->needs[i].property != NULL)
            err = check_required(o, &rule->needs[i], info, why);
    if (err != KAI_OK || rule == NULL || rule->one_of[0] == NULL)
        return err;
    for (size_t i = 0; i < 4 && rule->one_of[i] != NULL; i++)
        if (json_object_get(o, rule->one_of[i]) != NULL)
            return KAI_OK;
    return kai_stix_bad(why, "stix.required", rule->one_of[0], info->type);
}

static int64_t time_of(const json_t *o, const char *property)
{
    const json_t *v = json_object_get(o, property);
    int64_t ms = INT64_MIN;

    if (!json_is_string(v) || !kai_stix_time(kai_json_view(v), &ms))
        return INT64_MIN;
    return ms;
}

/* Fractions of milliseconds are cut, so that times that differ by less pass as equal; where they
 * must differ they are then compared by their text. */
static bool is_ordered(const json_t *o, const struct kai_stix_order *rule)
{
    int64_t earlier = time_of(o, rule->earlier);
    int64_t later = time_of(o, rule->later);

    if (earlier == INT64_MIN || later == INT64_MIN || later > earlier)
        return true;
    if (later < earlier)
        return false;
    return rule->may_equal || strcmp(json_string_value(json_object_get(o, rule->earlier)),
                                     json_string_value(json_object_get(o, rule->later))) != 0;
}

static enum kai_err check_orders(const json_t *o, struct kai_why *why)
{
    for (size_t i = 0; i < KAI_STIX_ORDERS; i++)
        if (!is_ordered(o, &KAI_STIX_ORDER[i]))
            return kai_stix_bad(why, "stix.order", KAI_STIX_ORDER[i].later,
                                KAI_STIX_ORDER[i].earlier);
    return KAI_OK;
}

static enum kai_err check_common(const json_t *o, const struct kai_stix_info *info,
                                 struct kai_why *why)
{
    const json_t *confidence = json_object_get(o, "confidence");

    for (const struct kai_stix_need *need = KAI_STIX_COMMON; need->property != NULL; need++) {
        const json_t *v = json_object_get(o, need->property);
        /* A cyber-observable may have a property of its own by one of these names. */
        bool is_own = info->class_of == KAI_STIX_SCO && need->kind != KAI_KIND_REFS &&
                      strcmp(need->property, "granular_markings") != 0 &&
                      strcmp(need->property, "extensions") != 0;
        enum kai_err err = v == NULL || is_own ? KAI_OK : check_kind(v, need, why);

        if (err != KAI_OK)
            return err;
    }
    if (json_is_integer(confidence) &&
        (json_integer_value(confidence) < 0 || json_integer_value(confidence) > 100))
        return kai_stix_bad(why, "stix.property", "confidence", "0-100");
    return KAI_OK;
}

static enum kai_err check_pattern(const json_t *o, struct kai_why *why)
{
    const json_t *type = json_object_get(o, "pattern_type");
    const json_t *pattern = json_object_get(o, "pattern");
    struct kai_why inner = {.code = NULL};

    if (!json_is_string(type) || !json_is_string(pattern) ||
        strcmp(json_string_value(type), "stix") != 0)
        return KAI_OK;
    enum kai_err err = kai_pattern_check(kai_json_view(pattern), &inner);
    if (err == KAI_OK || err == KAI_ENOMEM)
        return err;
    kai_why_at(why, why != NULL ? why->line : 0, "pattern");
    return kai_why_set(why, err, "stix.pattern", inner.code, inner.arg[0], inner.arg[1]);
}

/* Unix milliseconds for an index: what lies before 1970 is put at its first one. */
static uint64_t clamped(int64_t ms)
{
    return ms == INT64_MIN ? 0 : ms < 1 ? 1 : (uint64_t)ms;
}

static void fill(const json_t *o, struct kai_stix_info *info)
{
    info->created_ms = clamped(time_of(o, "created"));
    info->modified_ms = clamped(time_of(o, "modified"));
    info->valid_from_ms = clamped(time_of(o, "valid_from"));
    info->valid_until_ms = clamped(time_of(o, "valid_until"));
    info->revoked = json_is_true(json_object_get(o, "revoked"));
    copy(info->name, sizeof info->name, json_object_get(o, "name"));
    copy(info->created_by, sizeof info->created_by, json_object_get(o, "created_by_ref"));
    if (info->class_of == KAI_STIX_SCO)
        info->created_ms = info->modified_ms = info->valid_from_ms = info->valid_until_ms = 0;
    if (strcmp(info->type, "marking-definition") == 0)
        info->modified_ms = 0;
}

enum kai_err kai_stix_check_json(const json_t *o, struct kai_stix_info *info, struct kai_why *why)
{
    enum kai_err err;

    *info = (struct kai_stix_info){.unmarked = true};
    if (!json_is_object(o))
        return kai_why_set(why, KAI_EMALFORMED, "stix.type", "", NULL, NULL);
    err = check_identity(o, info, why);
    if (err != KAI_OK)
        return err;

    const struct kai_stix_rule *rule = kai_stix_rule(info->type);
    if (rule != NULL)
        info->class_of = rule->class_of;
    else
        info->class_of = json_object_get(o, "created") != NULL ? KAI_STIX_SDO : KAI_STIX_SCO;
    err = check_version(o, info, why);
    if (err == KAI_OK)
        err = check_needs(o, rule, info, why);
    if (err == KAI_OK)
        err = check_common(o, info, why);
    if (err == KAI_OK)
        err = check_orders(o, why);
    if (err == KAI_OK && strcmp(info->type, "indicator") == 0)
        err = check_pattern(o, why);
    if (err == KAI_OK)
        err = kai_stix_markings(o, info, why);
    if (err == KAI_OK)
        fill(o, info);
    return err;
}

enum kai_err kai_stix_keep(struct kai_stix_kept **out, struct kai_view object,
                           struct kai_stix_info *info, struct kai_why *why)
{
    struct kai_stix_kept *k = calloc(1, sizeof *k);
    enum kai_err err = k == NULL ? KAI_ENOMEM : kai_json_load(object, &k->o, why);

    *out = NULL;
    if (err != KAI_OK)
        *info = (struct kai_stix_info){.unmarked = true};
    else
        err = kai_stix_check_json(k->o, info, why);
    if (err != KAI_OK) {
        kai_stix_free(k);
        return err;
    }
    *out = k;
    return KAI_OK;
}

void kai_stix_free(struct kai_stix_kept *k)
{
    if (k == NULL)
        return;
    json_decref(k->o);
    free(k);
}

enum kai_err kai_stix_check(struct kai_view object, struct kai_stix_info *info, struct kai_why *why)
{
    struct kai_stix_kept *k;
    enum kai_err err = kai_stix_keep(&k, object, info, why);

    kai_stix_free(k);
    return err;
}

enum kai_err kai_stix_compact(struct kai_view object, struct kai_buf *out)
{
    uint8_t *at = kai_buf_room(out, object.n);
    size_t n = 0;
    bool is_string = false;

    if (at == NULL)
        return object.n == 0 && out->err == KAI_OK ? KAI_EMALFORMED : out->err;
    for (size_t i = 0; i < object.n; i++) {
        uint8_t c = object.p[i];

        if (is_string && c == '\\' && i + 1 < object.n) {
            at[n++] = c;
            at[n++] = object.p[++i];
            continue;
        }
        if (c == '"')
            is_string = !is_string;
        if (is_string || (c != ' ' && c != '\n' && c != '\r' && c != '\t'))
            at[n++] = c;
    }
    out->len -= object.n - n;
    return is_string ? KAI_EMALFORMED : KAI_OK;
}

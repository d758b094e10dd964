/* misp_read: loose scalars, tags and distributions of MISP. */
#include <stdlib.h>
#include <string.h>

#include "item/ascii.h"
#include "item/misp.h"
#include "item/said.h"

#define SECONDS_MAX 253402300799u /* The end of the year 9999. */

const char *kai_misp_text(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : "";
}

bool kai_misp_number(const json_t *o, const char *key, uint64_t *v)
{
    const json_t *got = json_object_get(o, key);
    const char *text = json_string_value(got);
    uint64_t n = 0;

    if (json_is_integer(got) && json_integer_value(got) >= 0) {
        *v = (uint64_t)json_integer_value(got);
        return true;
    }
    if (text == NULL || text[0] == '\0' || strlen(text) > 18)
        return false;
    for (; *text != '\0'; text++) {
        if (!kai_ascii_digit((uint8_t)*text))
            return false;
        n = n * 10 + (uint64_t)(*text - '0');
    }
    *v = n;
    return true;
}

bool kai_misp_true(const json_t *o, const char *key)
{
    const json_t *got = json_object_get(o, key);
    uint64_t n;

    return json_is_true(got) || (kai_misp_number(o, key, &n) && n != 0) ||
           (json_is_string(got) && kai_ascii_is(kai_json_view(got), "true"));
}

uint64_t kai_misp_ms(const json_t *o, const char *key)
{
    uint64_t s;

    return kai_misp_number(o, key, &s) && s <= SECONDS_MAX ? s * 1000 : 0;
}

uint64_t kai_misp_time_ms(const json_t *o, const char *key)
{
    int64_t ms;

    return kai_made_time(kai_misp_text(o, key), &ms) && ms > 0 ? (uint64_t)ms : 0;
}

static bool is_label(struct kai_view tag)
{
    return kai_ascii_begins(tag, "tlp:") || kai_ascii_begins(tag, "pap:");
}

static enum kai_err take_tag(const json_t *tag, struct kai_label *label, json_t *labels,
                             struct kai_why *why)
{
    const json_t *name = json_object_get(tag, "name");

    if (!json_is_string(name) || json_string_length(name) == 0)
        return KAI_OK;
    if (!kai_said_tag(kai_json_view(name), label))
        return kai_why_set(why, KAI_EMALFORMED, "misp.tag", json_string_value(name), NULL, NULL);
    if (is_label(kai_json_view(name)) || kai_misp_true(tag, "local"))
        return KAI_OK;
    return json_array_append_new(labels, json_string(json_string_value(name))) == 0 ? KAI_OK
                                                                                    : KAI_ENOMEM;
}

enum kai_err kai_misp_tags(const json_t *o, struct kai_label *label, json_t *labels,
                           struct kai_why *why)
{
    enum kai_err err = KAI_OK;
    const json_t *tag;
    size_t i;

    json_array_foreach(json_object_get(o, "Tag"), i, tag)
    {
        if (err == KAI_OK)
            err = take_tag(tag, label, labels, why);
    }
    return err;
}

enum kai_err kai_misp_distribution(const json_t *o, struct kai_why *why)
{
    uint64_t n;

    if (!kai_misp_number(o, "distribution", &n))
        return KAI_OK;
    if (n == 0)
        return kai_why_set(why, KAI_EMALFORMED, "misp.own-only", NULL, NULL, NULL);
    if (n == 4)
        return kai_why_set(why, KAI_EMALFORMED, "misp.sharing-group", NULL, NULL, NULL);
    return KAI_OK;
}

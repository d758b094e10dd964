/* call_args: the arguments of a request, as the table of verbs lists them. */
#include <string.h>

#include "node/call_table.h"
#include "text/time.h"

/* NULL: not given, or not one of this verb's. */
static const json_t *value_of(const struct kai_call *c, const char *key)
{
    return kai_call_takes(c->row, key) ? json_object_get(c->args, key) : NULL;
}

static enum kai_err wrong(struct kai_call *c, const char *key, enum kai_err *err)
{
    *err = kai_why_set(&c->why, KAI_EMALFORMED, "usage.argument", key, NULL, NULL);
    return *err;
}

const char *kai_arg_text(struct kai_call *c, const char *key, enum kai_err *err)
{
    const json_t *v = value_of(c, key);

    if (v == NULL || json_is_null(v))
        return NULL;
    if (!json_is_string(v))
        (void)wrong(c, key, err);
    return json_string_value(v);
}

const char *kai_arg_need(struct kai_call *c, const char *key, enum kai_err *err)
{
    const char *text = kai_arg_text(c, key, err);

    if (text == NULL && *err == KAI_OK)
        *err = kai_why_set(&c->why, KAI_EMALFORMED, "usage.missing", key, NULL, NULL);
    return text != NULL ? text : "";
}

uint64_t kai_arg_uint(struct kai_call *c, const char *key, uint64_t otherwise, enum kai_err *err)
{
    const json_t *v = value_of(c, key);

    if (v == NULL || json_is_null(v))
        return otherwise;
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        (void)wrong(c, key, err);
    return (uint64_t)json_integer_value(v);
}

bool kai_arg_bool(struct kai_call *c, const char *key, enum kai_err *err)
{
    const json_t *v = value_of(c, key);

    if (v != NULL && !json_is_boolean(v) && !json_is_null(v))
        (void)wrong(c, key, err);
    return json_is_true(v);
}

const char *kai_arg_item(struct kai_call *c, const char *key, size_t i, enum kai_err *err)
{
    const json_t *list = value_of(c, key);
    const json_t *v = json_array_get(list, i);

    if (list != NULL && !json_is_array(list) && !json_is_null(list))
        (void)wrong(c, key, err);
    if (v != NULL && !json_is_string(v))
        (void)wrong(c, key, err);
    return json_string_value(v);
}

void kai_arg_until(struct kai_call *c, const char *key, uint64_t *out, enum kai_err *err)
{
    const char *text = kai_arg_text(c, key, err);
    uint64_t ms;

    if (text == NULL)
        return;
    if (kai_duration_parse(text, &ms) && ms < KAI_TIME_MAX)
        *out = kai_wall_ms() + ms;
    else if (!kai_time_parse_loose(kai_view_of(text, strlen(text)), out) || *out == 0)
        *err = kai_why_set(&c->why, KAI_EMALFORMED, "usage.time", text, NULL, NULL);
}

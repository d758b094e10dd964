/* list: reading content kind 2. */
#include "item/list.h"

#include <stdio.h>
#include <string.h>

#include "crypto/hash.h"
#include "item/ascii.h"
#include "item/json.h"
#include "wire/cur.h"

static int compare(struct kai_view a, struct kai_view b)
{
    int d = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    return d != 0 ? d : (a.n > b.n) - (a.n < b.n);
}

bool kai_list_next(const struct kai_list *list, size_t *at, struct kai_view *value)
{
    if (*at >= list->values.n)
        return false;
    struct kai_view rest = kai_view_from(list->values, *at);
    *value = kai_view_of(rest.p, kai_view_find(rest, '\n'));
    *at += value->n + 1;
    return true;
}

static enum kai_err bad_value(struct kai_why *why, const char *code, struct kai_view v)
{
    char shown[KAI_WHY_ARG_BYTES];
    size_t n = v.n < sizeof shown - 1 ? v.n : sizeof shown - 1;

    memcpy(shown, v.p, n);
    shown[n] = '\0';
    if (!kai_utf8_ok(v.p, n)) /* Also when the cut fell into a letter: it is a hint. */
        shown[0] = '\0';
    return kai_why_set(why, KAI_EMALFORMED, code, shown, NULL, NULL);
}

/* Separators, sizes, order; with whole the normal forms. Counts. */
static enum kai_err check_values(struct kai_list *list, bool whole, struct kai_why *why)
{
    char norm[KAI_VALUE_BYTES_MAX];
    struct kai_view last = {.n = 0};
    struct kai_view v;
    size_t at = 0;
    size_t n;

    if (list->values.n == 0 || list->values.p[list->values.n - 1] == '\n')
        return kai_why_set(why, KAI_EMALFORMED, "list.shape", NULL, NULL, NULL);
    for (list->n = 0; kai_list_next(list, &at, &v); list->n++, last = v) {
        if (list->n == KAI_LIST_VALUES_MAX)
            return kai_why_set(why, KAI_ELIMIT, "list.count", NULL, NULL, NULL);
        if (v.n == 0 || v.n > KAI_VALUE_BYTES_MAX)
            return bad_value(why, "list.value", v);
        if (list->n > 0 && compare(last, v) >= 0)
            return bad_value(why, "list.order", v);
        if (!whole)
            continue;
        if (kai_value_norm(list->type, v, norm, sizeof norm, &n, NULL) != KAI_OK ||
            !kai_view_eq(v, kai_view_of(norm, n)))
            return bad_value(why, "list.value", v);
    }
    return KAI_OK;
}

enum kai_err kai_list_template_check(struct kai_view template_json, struct kai_why *why)
{
    /* What kai_list_stix() writes itself. */
    static const char *const ours[] = {
        "type",
        "spec_version",
        "id",
        "created",
        "modified",
        "pattern",
        "pattern_type",
        "valid_from",
        "created_by_ref",
        "revoked",
        "object_marking_refs",
        "granular_markings",
        "pattern_version",
    };
    json_t *o;
    enum kai_err err;

    if (template_json.n > KAI_LIST_TEMPLATE_BYTES_MAX)
        return kai_why_set(why, KAI_ELIMIT, "list.template", "size", NULL, NULL);
    err = kai_json_load(template_json, &o, why);
    if (err != KAI_OK)
        return err;
    if (!json_is_object(o) || template_json.p[0] != '{' ||
        template_json.p[template_json.n - 1] != '}')
        err = kai_why_set(why, KAI_EMALFORMED, "list.template", "object", NULL, NULL);
    for (size_t i = 0; err == KAI_OK && i < sizeof ours / sizeof ours[0]; i++)
        if (json_object_get(o, ours[i]) != NULL)
            err = kai_why_set(why, KAI_EMALFORMED, "list.template", ours[i], NULL, NULL);
    json_decref(o);
    return err;
}

enum kai_err kai_list_read(struct kai_list *list, struct kai_view content, bool whole,
                           struct kai_why *why)
{
    struct kai_cur c;
    char found[24];
    char limit[24];

    *list = (struct kai_list){.type = KAI_V_NONE};
    if (content.n > KAI_LIST_BYTES_MAX) {
        (void)snprintf(found, sizeof found, "%zu", content.n);
        (void)snprintf(limit, sizeof limit, "%u", KAI_LIST_BYTES_MAX);
        return kai_why_set(why, KAI_ELIMIT, "list.size", found, limit, NULL);
    }
    kai_cur_init(&c, content.p, content.n);
    kai_cur_tuple(&c, 3);
    list->template_json = kai_cur_bin(&c, KAI_LIST_TEMPLATE_BYTES_MAX);
    uint64_t type = kai_cur_uint(&c, INT64_MAX);
    list->values = kai_cur_bin(&c, KAI_LIST_BYTES_MAX);
    enum kai_err err = kai_cur_end(&c);
    if (err != KAI_OK)
        return kai_why_set(why, err, "list.shape", NULL, NULL, NULL);
    list->type = kai_vtype_of(type);
    if (list->type == KAI_V_NONE) {
        (void)snprintf(found, sizeof found, "%llu", (unsigned long long)type);
        return kai_why_set(why, KAI_EMALFORMED, "list.type", found, NULL, NULL);
    }
    err = check_values(list, whole, why);
    if (err == KAI_OK && whole)
        err = kai_list_template_check(list->template_json, why);
    return err;
}

void kai_list_mark(const struct kai_list *list, struct kai_list_marks *marks)
{
    struct kai_view v;
    size_t at = 0;

    for (uint32_t i = 0; i < list->n; i++) {
        if (i % KAI_LIST_STEP == 0)
            marks->at[i / KAI_LIST_STEP] = (uint32_t)at;
        if (!kai_list_next(list, &at, &v))
            return;
    }
}

bool kai_list_at(const struct kai_list *list, const struct kai_list_marks *marks, uint32_t index,
                 struct kai_view *value)
{
    uint32_t i = marks == NULL ? 0 : index - index % KAI_LIST_STEP;
    size_t at = 0;

    if (index >= list->n)
        return false;
    if (marks != NULL)
        at = marks->at[i / KAI_LIST_STEP];
    while (kai_list_next(list, &at, value))
        if (i++ == index)
            return true;
    return false;
}

bool kai_list_find(const struct kai_list *list, struct kai_view norm, uint32_t *index)
{
    const uint8_t *p = list->values.p;
    size_t lo = 0; /* Beginnings of lines: the value is in [lo, hi). */
    size_t hi = list->values.n;

    while (lo < hi) {
        size_t begin = lo + (hi - lo) / 2;
        size_t end = begin;

        while (begin > lo && p[begin - 1] != '\n')
            begin--;
        while (end < list->values.n && p[end] != '\n')
            end++;
        int d = compare(norm, kai_view_of(p + begin, end - begin));
        if (d == 0) {
            if (index != NULL) {
                *index = 0;
                for (size_t i = 0; i < begin; i++)
                    *index += p[i] == '\n';
            }
            return true;
        }
        if (d < 0)
            hi = begin;
        else
            lo = end + 1;
    }
    return false;
}

void kai_value_id(uint8_t out[static KAI_ID_BYTES], const uint8_t item_id[static KAI_ID_BYTES],
                  struct kai_view norm)
{
    struct kai_hasher h;
    uint8_t digest[KAI_ID_BYTES];

    kai_hash_begin(&h, KAI_D_VALUE);
    kai_hash_add(&h, item_id, KAI_ID_BYTES);
    kai_hash_add(&h, norm.p, norm.n);
    kai_hash_end(&h, digest);
    memcpy(out, item_id, 16);
    memcpy(out + 16, digest, 16);
}

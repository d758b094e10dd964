/* csv_groups: gathering values into lists. */
#include "item/csv_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 500000u
#define ARENA_MAX  (24u << 20)
#define GROUPS_MAX 50000u
#define KEY_CAP    (KAI_LIST_TEMPLATE_BYTES_MAX + 8)

enum kai_err kai_groups_init(struct kai_groups *g, struct importer *im)
{
    *g = (struct kai_groups){.im = im, .names = json_object()};
    kai_buf_init(&g->arena, ARENA_MAX + KAI_VALUE_BYTES_MAX);
    return g->names != NULL ? KAI_OK : KAI_ENOMEM;
}

void kai_groups_free(struct kai_groups *g)
{
    json_decref(g->names);
    free(g->values);
    kai_buf_free(&g->arena);
    *g = (struct kai_groups){.n = 0};
}

struct giving {
    struct importer *im;
    struct kai_label label;
};

static enum kai_err give(void *ctx, enum kai_vtype type, struct kai_view content, uint32_t n_values)
{
    const struct giving *g = ctx;
    struct kai_candidate c = {
        .kind = KAI_CONTENT_LIST,
        .content = content,
        .label = g->label,
        .path = "",
        .type = type,
        .n = n_values,
    };

    return kai_importer_give(g->im, &c);
}

static int compare(const void *a, const void *b)
{
    const struct kai_group_value *x = a;
    const struct kai_group_value *y = b;

    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static enum kai_err give_group(struct kai_groups *g, struct kai_bag *bag, size_t *at,
                               uint32_t group, const char *key)
{
    struct giving to = {.im = g->im};
    enum kai_err err = KAI_OK;

    to.label.tlp = (uint8_t)(key[0] - '0');
    to.label.pap = (uint8_t)(key[1] - '0');
    to.label.exercise = key[2] == '1';
    for (; err == KAI_OK && *at < g->n && g->values[*at].group == group; (*at)++) {
        struct kai_view v = kai_view_of(g->arena.p + g->values[*at].at, g->values[*at].n);

        err = kai_bag_add(bag, (enum kai_vtype)g->values[*at].type, v, v);
    }
    return err == KAI_OK ? kai_bag_drain(bag, kai_view_of(key + 3, strlen(key + 3)), give, &to,
                                         &g->im->sum.doubles)
                         : err;
}

enum kai_err kai_groups_drain(struct kai_groups *g)
{
    struct kai_bag bag;
    enum kai_err err = KAI_OK;
    uint32_t group = 0;
    const char *key;
    json_t *v;
    size_t at = 0;

    if (g->n == 0)
        return KAI_OK;
    qsort(g->values, g->n, sizeof *g->values, compare);
    kai_bag_init(&bag, kai_buf_view(&g->arena));
    json_object_foreach(g->names, key, v)
    {
        if (err == KAI_OK)
            err = give_group(g, &bag, &at, group++, key);
    }
    kai_bag_free(&bag);
    g->n = 0;
    kai_buf_clear(&g->arena);
    (void)json_object_clear(g->names);
    return err;
}

static bool make_room(struct kai_groups *g)
{
    size_t cap = g->cap == 0 ? 1024 : g->cap * 2;
    struct kai_group_value *more;

    if (g->n < g->cap)
        return true;
    more = realloc(g->values, cap * sizeof *more);
    if (more == NULL)
        return false;
    g->values = more;
    g->cap = cap;
    return true;
}

enum kai_err kai_groups_add(struct kai_groups *g, struct kai_label label, const char *template_json,
                            enum kai_vtype type, struct kai_view norm)
{
    char key[KEY_CAP];
    const json_t *number;
    size_t group = json_object_size(g->names);

    if (!make_room(g))
        return KAI_ENOMEM;
    (void)snprintf(key, sizeof key, "%u%u%u%s", label.tlp, label.pap, label.exercise,
                   template_json);
    number = json_object_get(g->names, key);
    if (number != NULL)
        group = (size_t)json_integer_value(number);
    else if (json_object_set_new(g->names, key, json_integer((json_int_t)group)) != 0)
        return KAI_ENOMEM;
    g->values[g->n++] = (struct kai_group_value){.group = (uint32_t)group,
                                                 .at = (uint32_t)g->arena.len,
                                                 .n = (uint16_t)norm.n,
                                                 .type = (uint8_t)type};
    kai_buf_add(&g->arena, norm.p, norm.n);
    if (g->arena.err != KAI_OK)
        return g->arena.err;
    if (g->n >= VALUES_MAX || g->arena.len >= ARENA_MAX || json_object_size(g->names) >= GROUPS_MAX)
        return kai_groups_drain(g);
    return KAI_OK;
}

/* netfile_value: what may stand after a key of a network file: numbers with units, ranges, names.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "topology/sim/netfile_int.h"

enum kai_err netfile_refuse(const struct netfile_parser *p, enum kai_err err, const char *format,
                            ...)
{
    va_list ap;

    if (p->e == NULL)
        return err;
    p->e->line = p->line;
    va_start(ap, format);
    (void)vsnprintf(p->e->text, sizeof p->e->text, format, ap);
    va_end(ap);
    return err;
}

/* "12.5min" into 12500 for 3 places, and what follows the number. False: no number, too many
 * digits. */
static bool decimal(const char *text, unsigned places, uint64_t *v, const char **rest)
{
    unsigned digits = 0;
    unsigned after = 0;
    bool point = false;

    for (*v = 0; (*text >= '0' && *text <= '9') || (*text == '.' && !point); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        *v = 10 * *v + (uint64_t)(*text - '0');
        after += point ? 1 : 0;
        if (++digits > 10)
            return false;
    }
    *rest = text;
    if (digits == 0 || after > places || (point && after == 0))
        return false;
    for (; after < places; after++)
        *v *= 10;
    return true;
}

static bool scaled(const char *text, enum netfile_type type, uint64_t *v)
{
    static const struct {
        enum netfile_type type;
        unsigned places;
        const char *unit;
        uint64_t times;
    } units[] = {
        {NUMBER, 0, "", 1},      {PERCENT, 2, "%", 1},    {MS, 0, "ms", 1},
        {KBIT, 0, "kbit", 1},    {KBIT, 0, "mbit", 1000}, {SECONDS, 0, "s", 1},
        {SECONDS, 0, "min", 60}, {SECONDS, 0, "h", 3600}, {RATE, 3, "/day", 1},
        {RATE, 3, "/hour", 24},
    };

    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const char *rest;

        if (units[i].type == type && decimal(text, units[i].places, v, &rest) &&
            strcmp(rest, units[i].unit) == 0) {
            *v *= units[i].times; /* At most 10 digits and 3 places: no overflow. */
            return true;
        }
    }
    return false;
}

bool netfile_number(const char *text, uint64_t *v)
{
    return scaled(text, NUMBER, v);
}

static bool range(const struct netfile_key *k, const char *text, uint64_t v[2])
{
    const char *rest;

    if (!decimal(text, 0, &v[0], &rest))
        return false;
    v[1] = v[0];
    if (*rest == '-' && !decimal(rest + 1, 0, &v[1], &rest))
        return false;
    return *rest == '\0' && v[0] >= k->min && v[0] <= v[1] && v[1] <= k->max;
}

static bool kind_of(const char *text, uint64_t *kind)
{
    static const char *const names[] = {
        [KAI_AUD_PUBLIC] = "public",       [KAI_AUD_COMMUNITY] = "community",
        [KAI_AUD_GROUP] = "group",         [KAI_AUD_CLIENTS] = "clients",
        [KAI_AUD_PROVIDERS] = "providers", [KAI_AUD_PERSONS] = "persons",
    };

    for (*kind = KAI_AUD_PUBLIC; *kind <= KAI_AUD_PERSONS; ++*kind)
        if (strcmp(text, names[*kind]) == 0)
            return true;
    return false;
}

bool netfile_group(const struct kai_netfile *f, const char *text, uint64_t *g)
{
    for (*g = 0; *g < f->n_groups; ++*g)
        if (strcmp(text, f->group[*g].name) == 0)
            return true;
    return false;
}

bool netfile_class(const struct kai_netfile *f, const char *text, uint64_t *c)
{
    for (*c = 0; *c < f->n_classes; ++*c)
        if (strcmp(text, f->class[*c].name) == 0)
            return true;
    return false;
}

/* Cut text at its first comma; what follows it, or NULL. */
static char *next_of(char *text)
{
    char *comma = strchr(text, ',');

    if (comma == NULL)
        return NULL;
    *comma = '\0';
    return comma + 1;
}

static enum kai_err groups_of(const struct netfile_parser *p, char *text, uint64_t *set)
{
    uint64_t g;

    *set = 0;
    if (strcmp(text, "all") == 0) {
        *set = (UINT64_C(1) << p->f->n_groups) - 1;
        return KAI_OK;
    }
    for (char *next; text != NULL; text = next) {
        next = next_of(text);
        if (!netfile_group(p->f, text, &g))
            return netfile_refuse(p, KAI_EMALFORMED,
                                  "members: no group \"%.40s\": name one of an orgs line above",
                                  text);
        if (*set & UINT64_C(1) << g)
            return netfile_refuse(p, KAI_EMALFORMED,
                                  "members: \"%.40s\" stands twice: leave one out", text);
        *set |= UINT64_C(1) << g;
    }
    return KAI_OK;
}

static bool weights_of(const struct netfile_key *k, char *text, struct kai_netfile_group *g)
{
    for (char *next; text != NULL; text = next) {
        uint64_t v;

        next = next_of(text);
        if (!scaled(text, NUMBER, &v) || v > k->max || g->n_by == KAI_NETFILE_WEIGHTS)
            return false;
        g->by[g->n_by++] = (uint32_t)v;
    }
    return true;
}

enum kai_err netfile_value(const struct netfile_parser *p, const struct netfile_key *k, char *text,
                           void *into)
{
    uint64_t v[2] = {1, 0};
    size_t n = 1;
    bool ok = true;

    switch (k->type) {
    case NUMBER:
    case PERCENT:
    case MS:
    case KBIT:
    case SECONDS:
    case RATE:
        ok = scaled(text, k->type, v) && v[0] >= k->min && v[0] <= k->max;
        break;
    case RANGE:
        n = 2;
        ok = range(k, text, v);
        break;
    case FLAG:
        break;
    case KIND:
        ok = kind_of(text, v);
        break;
    case CLASS:
        if (!netfile_class(p->f, text, v))
            return netfile_refuse(p, KAI_EMALFORMED,
                                  "%s: no class \"%.40s\": name one of a latency line above",
                                  k->name, text);
        break;
    case GROUP:
        if (!netfile_group(p->f, text, v))
            return netfile_refuse(p, KAI_EMALFORMED,
                                  "%s: no group \"%.40s\": name one of an orgs line above", k->name,
                                  text);
        break;
    case GROUPS:
        if (groups_of(p, text, v) != KAI_OK)
            return KAI_EMALFORMED;
        break;
    case WEIGHTS:
        n = 0;
        ok = weights_of(k, text, into); /* Only groups have weights. */
        break;
    }
    if (!ok)
        return netfile_refuse(p, KAI_EMALFORMED, "%s \"%.60s\" is not of its form: write %s",
                              k->name, text, k->form);
    memcpy((uint8_t *)into + k->at, v, n * sizeof *v);
    return KAI_OK;
}

/* unmatched: patterns without a value. */
#include "item/unmatched.h"

#include <stdio.h>
#include <string.h>

#include "item/import_lines.h"
#include "item/pattern.h"

static bool on_atom(void *ctx, enum kai_vtype type, struct kai_view norm, enum kai_atom strength)
{
    bool *any = ctx;

    (void)type;
    (void)norm;
    (void)strength;
    *any = true;
    return false;
}

static bool is(const json_t *o, const char *key, const char *text)
{
    const json_t *v = json_object_get(o, key);

    return json_is_string(v) && strcmp(json_string_value(v), text) == 0;
}

enum kai_err kai_unmatched_look(struct kai_unmatched *u, const json_t *o, uint64_t line,
                                const char *path)
{
    const json_t *pattern = json_object_get(o, "pattern");
    bool any = false;

    if (!is(o, "type", "indicator") || !json_is_string(pattern) ||
        (json_object_get(o, "pattern_type") != NULL && !is(o, "pattern_type", "stix")))
        return KAI_OK;
    enum kai_err err = kai_pattern_atoms(kai_json_view(pattern), on_atom, &any);
    if (err != KAI_OK || any)
        return err == KAI_ENOMEM ? err : KAI_OK; /* What is wrong with it is told by the check. */
    if (u->n++ == 0) {
        u->line = line;
        (void)snprintf(u->path, sizeof u->path, "%s", path);
        (void)kai_lines_text(u->pattern, kai_json_view(pattern));
    }
    return KAI_OK;
}

void kai_unmatched_tell(const struct kai_unmatched *u, struct importer *im)
{
    struct kai_why why = {.line = u->line};
    char n[24];

    if (u->n == 0)
        return;
    (void)snprintf(n, sizeof n, "%llu", (unsigned long long)u->n);
    (void)kai_why_set(&why, KAI_OK, "stix.unmatched", u->pattern, n, NULL);
    kai_importer_note(im, &why, u->path);
}

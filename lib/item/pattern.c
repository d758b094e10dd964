/* pattern: checking patterns, and the values in one. */
#include "item/pattern.h"

#include "item/pattern_parse.h"

enum kai_err kai_pattern_check(struct kai_view pattern, struct kai_why *why)
{
    struct parser p;
    enum kai_err err = kai_pattern_parse(&p, pattern, why);

    kai_buf_free(&p.atoms);
    return err;
}

static bool is_hash(enum kai_vtype type)
{
    return type >= KAI_V_MD5 && type <= KAI_V_SHA512;
}

static enum kai_atom strength(const struct atom *a, enum kai_vtype type)
{
    if ((a->flags & (ATOM_SIDE | ATOM_JOINED)) != 0)
        return KAI_ATOM_PARTIAL;
    return (a->flags & ATOM_NARROWED) != 0 && !is_hash(type) ? KAI_ATOM_PARTIAL : KAI_ATOM_STRONG;
}

enum kai_err kai_pattern_atoms(struct kai_view pattern, kai_atom_fn *f, void *ctx)
{
    struct parser p;
    char text[KAI_VALUE_BYTES_MAX];
    char norm[KAI_VALUE_BYTES_MAX];
    enum kai_err err = kai_pattern_parse(&p, pattern, NULL);

    for (size_t i = 0; err == KAI_OK && i < p.n_atoms; i++) {
        const struct atom *a = kai_pattern_atom(&p, i);
        enum kai_vtype type = kai_vtype_of(a->type);
        struct kai_view v = kai_view_of(pattern.p + a->at, a->n);
        size_t n;

        if ((a->flags & ATOM_STRING) != 0) {
            if (v.n > 2 * sizeof text || v.n > sizeof text)
                continue;
            v = kai_view_of(text, kai_pattern_unescape(text, v));
        }
        if (kai_value_settle(&type, v, norm, sizeof norm, &n) &&
            !f(ctx, type, kai_view_of(norm, n), strength(a, type)))
            break;
    }
    kai_buf_free(&p.atoms);
    return err;
}

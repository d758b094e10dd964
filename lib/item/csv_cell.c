/* csv_cell: the values in one cell. */
#include "item/csv_cell.h"

#include "item/ascii.h"

enum kai_err kai_csv_norm(struct kai_csv_type want, struct kai_view text, enum kai_vtype *type,
                          char norm[static KAI_VALUE_BYTES_MAX], size_t *n, struct kai_why *why)
{
    struct kai_buf plain;
    enum kai_err err;

    if (want.kind != KAI_CSV_TYPED) {
        err = kai_value_guess(text, type, norm, KAI_VALUE_BYTES_MAX, n, why);
        bool is_address = *type == KAI_V_IPV4 || *type == KAI_V_IPV6;
        bool is_hash = *type >= KAI_V_MD5 && *type <= KAI_V_SHA512;

        if (err == KAI_OK && ((want.kind == KAI_CSV_ADDRESS && !is_address) ||
                              (want.kind == KAI_CSV_HASHES && !is_hash)))
            err = KAI_ENOTFOUND;
        return err;
    }
    *type = want.vtype;
    kai_buf_init(&plain, 2 * KAI_VALUE_BYTES_MAX);
    err = text.n > KAI_VALUE_BYTES_MAX ? KAI_ELIMIT : kai_refang(text, &plain);
    if (err == KAI_OK)
        err = kai_value_norm(*type, kai_buf_view(&plain), norm, KAI_VALUE_BYTES_MAX, n, why);
    kai_buf_free(&plain);
    return err;
}

static bool is_separator(uint8_t c)
{
    return c == ',' || c == ';' || c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '|';
}

struct kai_view kai_csv_next(struct kai_view *rest)
{
    struct kai_view part;

    while (rest->n > 0 && is_separator(rest->p[0]))
        *rest = kai_view_from(*rest, 1);
    part = kai_view_of(rest->p, 0);
    while (part.n < rest->n && !is_separator(rest->p[part.n]))
        part.n++;
    *rest = kai_view_from(*rest, part.n);
    return part;
}

bool kai_csv_all_hashes(struct kai_view text)
{
    char norm[KAI_VALUE_BYTES_MAX];
    enum kai_vtype type;
    struct kai_view part;
    size_t n;

    while ((part = kai_csv_next(&text)).n > 0)
        if (kai_csv_norm((struct kai_csv_type){.kind = KAI_CSV_HASHES}, part, &type, norm, &n,
                         NULL) != KAI_OK)
            return false;
    return true;
}

struct kai_view kai_csv_part_of(struct kai_view text, enum kai_csv_part part)
{
    size_t bar = kai_view_find(text, '|');

    if (part == KAI_CSV_FIRST)
        return kai_view_of(text.p, bar);
    if (part == KAI_CSV_SECOND)
        return kai_view_from(text, bar < text.n ? bar + 1 : bar);
    return text;
}

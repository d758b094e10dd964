/* csv_shape: which line is the header. */
#include "item/csv_shape.h"

#include <stdlib.h>

#include <csv.h>

#include "item/ascii.h"
#include "item/csv_columns.h"

#define LINE_BYTES_MAX 65536u

struct place {
    struct kai_view text; /* Of the line, without its end; empty: there is none. */
    size_t at;
    uint64_t line;
};

/* The first line that is no remark, and the last remark before it, from its first letter on. */
static void find(struct kai_view file, struct place *row, struct place *remark)
{
    size_t at = kai_ascii_begins(file, "\xef\xbb\xbf") ? 3 : 0;

    *row = *remark = (struct place){.line = 0};
    for (uint64_t line = 1; at < file.n; line++) {
        struct kai_view v = kai_view_from(file, at);
        size_t next;

        v.n = kai_view_find(v, '\n');
        next = at + v.n + 1;
        if (v.n > 0 && v.p[v.n - 1] == '\r')
            v.n--;
        if (v.n > 0 && v.p[0] != '#' && !kai_ascii_begins(v, "sep=")) {
            *row = (struct place){.text = v, .at = at, .line = line};
            return;
        }
        while (v.n > 0 && (v.p[0] == '#' || v.p[0] == ' '))
            v = kai_view_from(v, 1);
        if (v.n > 0)
            *remark = (struct place){.text = v, .at = (size_t)(v.p - file.p), .line = line};
        at = next;
    }
}

struct cells {
    struct kai_view v[KAI_CSV_COLUMNS_MAX];
    struct kai_csv_column columns[KAI_CSV_COLUMNS_MAX];
    uint8_t bytes[LINE_BYTES_MAX];
    size_t used;
    size_t n; /* Also those beyond; 0: it could not be split. */
    bool ended;
};

static void on_cell(void *text, size_t n, void *ctx)
{
    struct cells *c = ctx;

    if (c->ended) /* A carriage return ended the row. */
        return;
    if (c->n < KAI_CSV_COLUMNS_MAX && n <= sizeof c->bytes - c->used) {
        c->v[c->n] = kai_view_of(c->bytes + c->used, n);
        for (size_t i = 0; i < n; i++)
            c->bytes[c->used++] = ((const uint8_t *)text)[i];
    }
    c->n++;
}

static void on_row(int end, void *ctx)
{
    struct cells *c = ctx;

    (void)end;
    c->ended = true;
}

/* Errors: KAI_ENOMEM. */
static enum kai_err split(struct kai_view line, uint8_t delim, struct cells *c)
{
    struct csv_parser csv;
    bool ok;

    c->used = c->n = 0;
    c->ended = false;
    if (line.n == 0 || line.n > LINE_BYTES_MAX || kai_view_find(line, delim) == line.n)
        return KAI_OK;
    if (csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return KAI_ENOMEM;
    csv_set_delim(&csv, delim);
    ok = csv_parse(&csv, line.p, line.n, on_cell, on_row, c) == line.n &&
         csv_fini(&csv, on_cell, on_row, c) == 0;
    enum kai_err err = !ok && csv_error(&csv) == CSV_ENOMEM ? KAI_ENOMEM : KAI_OK;
    csv_free(&csv);
    if (!ok || c->n > KAI_CSV_COLUMNS_MAX)
        c->n = 0;
    return err;
}

/* The blanks around names do not count. */
static bool names_columns(struct cells *c)
{
    for (size_t i = 0; i < c->n; i++)
        while (c->v[i].n > 0 && c->v[i].p[c->v[i].n - 1] == ' ')
            c->v[i].n--;
    return c->n > 0 && kai_csv_columns(c->v, c->n, c->columns);
}

/* Whether a line is the header, with these signs between its cells; width: of the row behind it, 0
 * where that does not matter. */
static enum kai_err try(struct place p, uint8_t delim, size_t width, struct cells *c,
                        struct kai_csv_shape *shape)
{
    enum kai_err err = split(p.text, delim, c);

    if (err == KAI_OK && names_columns(c) && (width == 0 || c->n == width))
        *shape = (struct kai_csv_shape){.at = p.at, .line = p.line, .delim = delim};
    return err;
}

enum kai_err kai_csv_look(struct kai_view file, struct kai_csv_shape *shape)
{
    static const uint8_t delims[] = {',', ';', '\t'};
    struct place row;
    struct place remark;
    struct cells *c = malloc(sizeof *c);
    enum kai_err err = KAI_OK;

    *shape = (struct kai_csv_shape){.delim = 0};
    if (c == NULL)
        return KAI_ENOMEM;
    find(file, &row, &remark);
    for (size_t i = 0; err == KAI_OK && shape->delim == 0 && i < sizeof delims; i++) {
        err = try(row, delims[i], 0, c, shape);
        if (err != KAI_OK || shape->delim != 0)
            break;
        err = split(row.text, delims[i], c);
        size_t width = c->n;
        if (err == KAI_OK && width > 1)
            err = try(remark, delims[i], width, c, shape);
    }
    free(c);
    return err;
}

/* table: rows of text in aligned columns. */
#include "text/table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/clean.h"

#define GAP       2u /* Blanks between columns. */
#define NARROWEST 4u /* Columns are not cut below this: three characters and the ellipsis. */
#define ELLIPSIS  "\xe2\x80\xa6"

struct cell {
    size_t at; /* In text. */
    size_t len;
    size_t width;
};

struct kai_table {
    enum kai_align align[KAI_TABLE_COLUMNS_MAX];
    size_t columns;
    size_t cells_n;       /* With the headings, which are the first row. */
    struct kai_buf cells; /* struct cell, row by row. */
    struct kai_buf text;
};

struct kai_table *kai_table_new(void)
{
    struct kai_table *t = calloc(1, sizeof *t);

    if (t == NULL)
        return NULL;
    kai_buf_init(&t->cells, KAI_TABLE_BYTES_MAX);
    kai_buf_init(&t->text, KAI_TABLE_BYTES_MAX);
    return t;
}

void kai_table_free(struct kai_table *t)
{
    if (t == NULL)
        return;
    kai_buf_free(&t->cells);
    kai_buf_free(&t->text);
    free(t);
}

static const struct cell *cell_at(const struct kai_table *t, size_t i)
{
    return (const struct cell *)(const void *)t->cells.p + i;
}

static void add(struct kai_table *t, struct kai_view text)
{
    struct cell c = {.at = t->text.len};

    kai_clean(&t->text, text);
    if (t->text.err != KAI_OK)
        return;
    c.len = t->text.len - c.at;
    c.width = c.len == 0 ? 0 : kai_width(kai_view_of(t->text.p + c.at, c.len));
    kai_buf_add(&t->cells, &c, sizeof c);
    if (t->cells.err == KAI_OK)
        t->cells_n++;
}

void kai_table_column(struct kai_table *t, const char *heading, enum kai_align align)
{
    assert(t->columns < KAI_TABLE_COLUMNS_MAX);
    assert(t->cells_n == t->columns || t->cells.err != KAI_OK || t->text.err != KAI_OK);
    t->align[t->columns++] = align;
    add(t, kai_view_of(heading, strlen(heading)));
}

void kai_table_cell_view(struct kai_table *t, struct kai_view text)
{
    assert(t->columns > 0);
    add(t, text);
}

void kai_table_cell(struct kai_table *t, const char *text)
{
    const char *shown = text != NULL ? text : "-";

    kai_table_cell_view(t, kai_view_of(shown, strlen(shown)));
}

void kai_table_cell_uint(struct kai_table *t, uint64_t v)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, v);
    kai_table_cell(t, text);
}

size_t kai_table_rows(const struct kai_table *t)
{
    return t->columns == 0 || t->cells_n == 0 ? 0 : t->cells_n / t->columns - 1;
}

/* How wide each column is to be; columns are cut from the widest on until a line fits. */
static void layout(const struct kai_table *t, size_t width, size_t wide[KAI_TABLE_COLUMNS_MAX])
{
    size_t total = GAP * (t->columns - 1);

    for (size_t i = 0; i < t->cells_n; i++) {
        size_t w = cell_at(t, i)->width;
        size_t *column = &wide[i % t->columns];

        w = width > 0 && w > width ? width : w;
        *column = w > *column ? w : *column;
    }
    for (size_t i = 0; i < t->columns; i++)
        total += wide[i];
    for (; width > 0 && total > width; total--) {
        size_t widest = 0;

        for (size_t i = 1; i < t->columns; i++)
            if (wide[i] > wide[widest])
                widest = i;
        if (wide[widest] <= NARROWEST)
            break;
        wide[widest]--;
    }
}

static void blanks(struct kai_buf *out, size_t n)
{
    for (size_t i = 0; i < n && out->err == KAI_OK; i++)
        kai_buf_u8(out, ' ');
}

static void print_cell(const struct kai_table *t, size_t i, size_t wide, struct kai_buf *out)
{
    const struct cell *c = cell_at(t, i);
    size_t column = i % t->columns;
    struct kai_view text = {.p = t->text.p + c->at, .n = c->len};
    size_t width = c->width;
    bool cut = width > wide;

    if (cut) {
        text.n = kai_width_cut(text, wide - 1);
        width = (text.n == 0 ? 0 : kai_width(text)) + 1;
    }
    size_t pad = wide - width;
    if (t->align[column] == KAI_ALIGN_RIGHT)
        blanks(out, pad);
    kai_buf_add(out, text.p, text.n);
    if (cut)
        kai_buf_text(out, ELLIPSIS);
    if (column + 1 == t->columns) {
        kai_buf_u8(out, '\n'); /* After no blanks. */
        return;
    }
    blanks(out, GAP + (t->align[column] == KAI_ALIGN_LEFT ? pad : 0));
}

enum kai_err kai_table_print(const struct kai_table *t, size_t width, struct kai_buf *out)
{
    size_t wide[KAI_TABLE_COLUMNS_MAX] = {0};

    if (t->text.err != KAI_OK)
        return t->text.err;
    if (t->cells.err != KAI_OK)
        return t->cells.err;
    assert(t->columns > 0 && t->cells_n % t->columns == 0);
    layout(t, width, wide);
    for (size_t i = 0; i < t->cells_n && out->err == KAI_OK; i++)
        print_cell(t, i, wide[i % t->columns], out);
    return out->err;
}

/* import_csv: comma-separated values (RFC 4180) with a header line; libcsv splits them. csv_shape.c
 * says where the header stands and what separates cells. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "item/ascii.h"
#include "item/csv_cell.h"
#include "item/csv_groups.h"
#include "item/csv_shape.h"

#define ROW_BYTES_MAX  (1u << 20) /* A quote that nobody closes must not take the whole file. */
#define TEXT_BYTES_MAX 1500u      /* Of a description: escaped it still fits a template. */

struct reader {
    struct importer *im;
    struct csv_parser csv;
    struct kai_groups groups;
    struct kai_csv_column columns[KAI_CSV_COLUMNS_MAX];
    size_t columns_n;   /* 0: the header was not read yet. */
    struct kai_buf row; /* The cells of the row at hand. */
    size_t ends[KAI_CSV_COLUMNS_MAX];
    size_t cells;  /* Also those beyond. */
    uint64_t line; /* That is being read. */
    uint64_t row_line;
    bool in_row;
    struct kai_label floor; /* What the file's remarks say. */
    uint64_t context;       /* Rows that are nothing to detect by. */
    uint64_t context_line;  /* The first of them. */
    enum kai_err err;
};

/* Also the blank that does not break lines, which spreadsheets leave behind values. */
static size_t blank_at_end(struct kai_view v)
{
    if (v.n > 0 && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
        return 1;
    return v.n > 1 && v.p[v.n - 2] == 0xc2 && v.p[v.n - 1] == 0xa0 ? 2 : 0;
}

static struct kai_view cell(const struct reader *r, size_t i)
{
    size_t from = i == 0 ? 0 : r->ends[i - 1];
    struct kai_view v = kai_view_of(r->row.p + from, r->ends[i] - from);

    for (size_t n; (n = blank_at_end(v)) > 0;)
        v.n -= n;
    while (v.n > 0 && (v.p[0] == ' ' || v.p[0] == '\t'))
        v = kai_view_from(v, 1);
    return v;
}

/* A refusal over one cell, or the whole row where column is columns_n. */
static enum kai_err refuse(struct reader *r, struct kai_why *why, size_t column)
{
    char path[96] = "";

    why->line = r->row_line;
    why->where[0] = '\0';
    if (column < r->columns_n)
        (void)snprintf(path, sizeof path, "column %zu (%s)", column + 1, r->columns[column].name);
    return kai_importer_refuse(r->im, why, path, "");
}

static enum kai_err refuse_code(struct reader *r, const char *code, struct kai_view text,
                                size_t column)
{
    struct kai_why why = {.code = NULL};
    char shown[KAI_WHY_ARG_BYTES];
    size_t n = text.n < sizeof shown - 1 ? text.n : sizeof shown - 1;

    while (n > 0 && n < text.n && (text.p[n] & 0xc0) == 0x80)
        n--;
    if (n > 0)
        memcpy(shown, text.p, n);
    shown[n] = '\0';
    (void)kai_why_set(&why, KAI_EMALFORMED, code, shown, NULL, NULL);
    return refuse(r, &why, column);
}

/* ---- What a row says about its values. */
static bool is_label(const struct reader *r, size_t i)
{
    return r->columns[i].use == KAI_CSV_LABEL ||
           (r->columns[i].use == KAI_CSV_MARK && kai_ascii_begins(cell(r, i), "tlp:"));
}

static uint8_t label_cell(struct reader *r, bool *ok)
{
    uint8_t tlp = 0;

    for (size_t i = 0; *ok && i < r->columns_n; i++) {
        struct kai_view v = cell(r, i);
        uint8_t one;

        if (!is_label(r, i) || v.n == 0)
            continue;
        *ok = kai_tlp_parse(v, &one);
        if (!*ok)
            r->err = refuse_code(r, "csv.label", v, i);
        else if (one > tlp)
            tlp = one;
    }
    return tlp;
}

/* The labels that its remarks and the cells beside its values name. */
static struct kai_label said_by_row(const struct reader *r)
{
    struct kai_label label = r->floor;

    for (size_t i = 0; i < r->columns_n; i++) {
        if (r->columns[i].use == KAI_CSV_VALUE || is_label(r, i))
            continue;
        struct kai_said said = kai_said(cell(r, i));

        label = kai_label_stricter(label, (struct kai_label){.tlp = said.tlp, .pap = said.pap});
    }
    return label;
}

static struct kai_label label_of(struct reader *r, bool *ok)
{
    struct kai_stix_info info = {.unmarked = true};
    struct kai_label own = {.tlp = label_cell(r, ok)};
    struct kai_label label = own;
    bool is_labelled = own.tlp != KAI_TLP_NONE || r->im->opts->label.tlp != KAI_TLP_NONE;
    struct kai_why why = {.code = NULL};

    if (is_labelled) /* What is said elsewhere raises it; alone it may be about anything. */
        own = kai_label_stricter(own, said_by_row(r));
    (void)snprintf(info.id, sizeof info.id, "line %llu", (unsigned long long)r->row_line);
    if (*ok && kai_importer_label(r->im, &info, own, &label, &why) != KAI_OK) {
        *ok = false;
        r->err = refuse(r, &why, r->columns_n);
    }
    return label;
}

/* One more text of the description, on one line. */
static void describe(struct kai_buf *out, const char *name, struct kai_view v)
{
    if (v.n == 0 || out->len >= TEXT_BYTES_MAX)
        return;
    if (out->len > 0)
        kai_buf_text(out, "; ");
    if (name[0] != '\0') {
        kai_buf_text(out, name);
        kai_buf_text(out, ": ");
    }
    for (size_t i = 0; i < v.n && out->len < TEXT_BYTES_MAX; i++)
        kai_buf_u8(out, v.p[i] < 0x20 || v.p[i] == 0x7f ? ' ' : v.p[i]);
    while (out->len >= TEXT_BYTES_MAX && !kai_utf8_ok(out->p, out->len))
        out->len--;
}

static bool is_context(const struct reader *r, size_t i)
{
    return r->columns[i].use == KAI_CSV_CONTEXT ||
           (r->columns[i].use == KAI_CSV_MARK && !is_label(r, i));
}

/* {"description": ...} of the columns that are about the values. *out is NULL when it was refused.
 */
static enum kai_err template_of(struct reader *r, char **out)
{
    struct kai_buf text;
    enum kai_err err;

    *out = NULL;
    for (size_t i = 0; i < r->columns_n; i++)
        if (!kai_utf8_ok(cell(r, i).p, cell(r, i).n))
            return refuse_code(r, "csv.encoding", kai_view_of(NULL, 0), i);
    kai_buf_init(&text, 2 * TEXT_BYTES_MAX);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < r->columns_n; i++)
            if (pass == 0 ? r->columns[i].use == KAI_CSV_TEXT : is_context(r, i))
                describe(&text, pass == 0 ? "" : r->columns[i].name, cell(r, i));
    json_t *o = text.len == 0 ? json_object()
                              : json_pack("{s:s%}", "description", (const char *)text.p, text.len);
    err = text.err;
    kai_buf_clear(&text);
    if (err == KAI_OK && o == NULL)
        err = KAI_ENOMEM;
    kai_buf_free(&text);
    kai_buf_init(&text, KAI_LIST_TEMPLATE_BYTES_MAX + 1);
    if (err == KAI_OK)
        err = kai_json_dump(&text, o);
    kai_buf_u8(&text, 0);
    if (err == KAI_OK)
        err = text.err;
    json_decref(o);
    if (err == KAI_OK)
        *out = (char *)text.p; /* The caller's now. */
    else
        kai_buf_free(&text);
    return err;
}

/* ---- Values. */
static enum kai_err add_one(struct reader *r, struct kai_csv_type want, struct kai_view text,
                            size_t column, struct kai_label label, const char *template_json)
{
    char norm[KAI_VALUE_BYTES_MAX];
    enum kai_vtype type = KAI_V_NONE;
    struct kai_why why = {.code = NULL};
    size_t n = 0;
    enum kai_err err = kai_csv_norm(want, text, &type, norm, &n, &why);

    if (err == KAI_OK)
        return kai_groups_add(&r->groups, label, template_json, type, kai_view_of(norm, n));
    if (err == KAI_ENOMEM)
        return err;
    if (why.code == NULL || strcmp(why.code, "value.unknown") == 0)
        return refuse_code(r, "csv.value", text, column);
    return refuse(r, &why, column);
}

static enum kai_err add_cell(struct reader *r, struct kai_csv_type want, size_t column,
                             struct kai_label label, const char *template_json)
{
    struct kai_view text = kai_csv_part_of(cell(r, column), want.part);
    struct kai_view part;
    enum kai_err err = KAI_OK;

    if (want.kind == KAI_CSV_FILE) {
        want.kind = kai_csv_all_hashes(text) ? KAI_CSV_HASHES : KAI_CSV_TYPED;
        want.vtype = KAI_V_FILE_NAME;
    }
    if (want.kind != KAI_CSV_HASHES)
        return add_one(r, want, text, column, label, template_json);
    while (err == KAI_OK && (part = kai_csv_next(&text)).n > 0)
        err = add_one(r, want, part, column, label, template_json);
    return err;
}

/* The type that a row says of its value. */
static bool type_of(struct reader *r, struct kai_csv_type *type)
{
    for (size_t i = 0; i < r->columns_n; i++) {
        if (r->columns[i].use != KAI_CSV_TYPE)
            continue;
        if (!kai_csv_type(cell(r, i), type)) {
            r->err = refuse_code(r, "csv.type", cell(r, i), i);
            return false;
        }
    }
    return true;
}

static bool is_no(struct kai_view v)
{
    return kai_ascii_is(v, "0") || kai_ascii_is(v, "false") || kai_ascii_is(v, "no");
}

/* Whether to leave it out: spreadsheets keep rows of empty cells, perhaps numbered, and MISP has
 * rows that are context. */
static bool is_nothing(struct reader *r)
{
    bool any = false;

    for (size_t i = 0; i < r->columns_n; i++) {
        if (r->columns[i].use == KAI_CSV_DETECT && is_no(cell(r, i))) {
            r->context_line = r->context++ == 0 ? r->row_line : r->context_line;
            return true;
        }
        any = any || (r->columns[i].use != KAI_CSV_NOTHING && cell(r, i).n > 0);
    }
    return !any;
}

static enum kai_err refuse_width(struct reader *r)
{
    struct kai_why why = {.code = NULL};
    char found[24];
    char wanted[24];

    (void)snprintf(found, sizeof found, "%zu", r->cells);
    (void)snprintf(wanted, sizeof wanted, "%zu", r->columns_n);
    (void)kai_why_set(&why, KAI_EMALFORMED, "csv.columns", found, wanted, NULL);
    return refuse(r, &why, r->columns_n);
}

static void take_row(struct reader *r)
{
    struct kai_csv_type said = {.kind = KAI_CSV_ANY};
    char *template_json = NULL;
    bool ok = true;
    bool any = false;

    if (r->cells != r->columns_n) {
        r->err = refuse_width(r);
        return;
    }
    if (is_nothing(r))
        return;
    r->err = template_of(r, &template_json);
    ok = r->err == KAI_OK && template_json != NULL;
    struct kai_label label = {.tlp = 0};
    if (ok)
        label = label_of(r, &ok);
    ok = ok && type_of(r, &said);
    for (size_t i = 0; ok && r->err == KAI_OK && i < r->columns_n; i++) {
        if (r->columns[i].use != KAI_CSV_VALUE || cell(r, i).n == 0)
            continue;
        any = true;
        r->err = add_cell(r, r->columns[i].type.kind == KAI_CSV_ANY ? said : r->columns[i].type, i,
                          label, template_json);
    }
    if (ok && r->err == KAI_OK && !any)
        r->err = refuse_code(r, "csv.value", kai_view_of(NULL, 0), r->columns_n);
    free(template_json);
}

/* ---- Splitting. */
static void on_cell(void *text, size_t n, void *ctx)
{
    struct reader *r = ctx;

    if (r->cells < KAI_CSV_COLUMNS_MAX) {
        kai_buf_add(&r->row, text, n);
        r->ends[r->cells] = r->row.len;
    }
    r->cells++;
}

static void take_header(struct reader *r)
{
    struct kai_view names[KAI_CSV_COLUMNS_MAX];

    if (r->cells > KAI_CSV_COLUMNS_MAX)
        return;
    for (size_t i = 0; i < r->cells; i++)
        names[i] = cell(r, i);
    (void)kai_csv_columns(names, r->cells, r->columns);
    r->columns_n = r->cells;
}

static void on_row(int end, void *ctx)
{
    struct reader *r = ctx;

    (void)end;
    if (r->err == KAI_OK && r->row.err != KAI_OK)
        r->err = r->row.err;
    if (r->err == KAI_OK && r->columns_n == 0)
        take_header(r);
    else if (r->err == KAI_OK)
        take_row(r);
    kai_buf_clear(&r->row);
    r->cells = 0;
    r->in_row = false;
}

/* A piece of the file, at most one line, to libcsv. False: it is no CSV here. */
static bool feed(struct reader *r, struct kai_view text)
{
    bool blank = text.n == 0 || text.p[0] == '\n' || text.p[0] == '\r';

    if (!r->in_row && !blank) {
        r->in_row = true;
        r->row_line = r->line;
    }
    return csv_parse(&r->csv, text.p, text.n, on_cell, on_row, r) == text.n;
}

static enum kai_err broken(struct reader *r)
{
    if (csv_error(&r->csv) == CSV_ENOMEM)
        return KAI_ENOMEM;
    if (r->err != KAI_OK)
        return r->err;
    return refuse_code(r, "csv.syntax", kai_view_of(NULL, 0), r->columns_n);
}

static enum kai_err read_all(struct reader *r, struct kai_view text)
{
    size_t at = 0;
    size_t row_at = 0;

    while (r->err == KAI_OK && at < text.n) {
        struct kai_view rest = kai_view_from(text, at);
        size_t n = kai_view_find(rest, '\n');

        n = n < rest.n ? n + 1 : n;
        if (!r->in_row)
            row_at = at;
        bool is_remark = !r->in_row && rest.p[0] == '#';
        if (!is_remark && (at + n - row_at > ROW_BYTES_MAX || !feed(r, kai_view_of(rest.p, n))))
            return broken(r);
        at += n;
        r->line++;
    }
    if (r->err == KAI_OK && csv_fini(&r->csv, on_cell, on_row, r) != 0)
        return broken(r);
    return r->err;
}

static enum kai_err reader_init(struct reader *r, struct importer *im)
{
    *r = (struct reader){.im = im, .line = 1};
    kai_buf_init(&r->row, ROW_BYTES_MAX + 1);
    enum kai_err err = kai_groups_init(&r->groups, im);
    if (csv_init(&r->csv, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return KAI_ENOMEM;
    return err;
}

static void reader_free(struct reader *r)
{
    csv_free(&r->csv);
    kai_buf_free(&r->row);
    kai_groups_free(&r->groups);
}

static void tell_context(struct reader *r)
{
    struct kai_why why = {.line = r->context_line};
    char n[24];

    if (r->context == 0)
        return;
    (void)snprintf(n, sizeof n, "%llu", (unsigned long long)r->context);
    (void)kai_why_set(&why, KAI_OK, "csv.context", n, NULL, NULL);
    kai_importer_note(r->im, &why, "");
}

enum kai_err kai_import_csv(struct importer *im, const struct kai_csv_shape *shape)
{
    struct reader *r = malloc(sizeof *r);
    enum kai_err err = r == NULL ? KAI_ENOMEM : reader_init(r, im);
    struct kai_said said = kai_importer_remarks(im, 0, KAI_SAID_NOT);

    if (r == NULL)
        return err;
    csv_set_delim(&r->csv, shape->delim);
    r->line = shape->line;
    r->floor = (struct kai_label){.tlp = said.tlp, .pap = said.pap};
    if (err == KAI_OK)
        err = read_all(r, kai_view_from(im->file, shape->at));
    if (err == KAI_OK)
        err = kai_groups_drain(&r->groups);
    if (err == KAI_OK)
        tell_context(r);
    reader_free(r);
    free(r);
    if (err == KAI_OK && im->sum.values == 0 && im->sum.refused == 0)
        err = kai_importer_refuse_file(im, "file.empty", NULL, NULL);
    return err;
}

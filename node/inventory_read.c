/* inventory_read: from a file to what the organisation has, and back. */
#include <stdlib.h>
#include <string.h>

#include <csv.h>
#include <jansson.h>

#include "item/cpe.h"
#include "item/search.h"
#include "node/inventory.h"

enum field { VENDOR, PRODUCT, VERSION, CPE, IP, DOMAIN, VALUE, FIELDS };

/* Names of properties and of columns, in any case. */
static const struct {
    const char *name;
    enum field field;
} names[] = {{"vendor", VENDOR},   {"product", PRODUCT}, {"version", VERSION}, {"cpe", CPE},
             {"cpe23", CPE},       {"ip", IP},           {"address", IP},      {"prefix", IP},
             {"network", IP},      {"cidr", IP},         {"domain", DOMAIN},   {"host", DOMAIN},
             {"hostname", DOMAIN}, {"value", VALUE}};

static enum field field_of(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].field;
    }
    return FIELDS;
}

struct reading {
    struct kai_inventory *inv;
    const char *file;
    struct kai_why *why;
    uint64_t line;
    enum kai_err err; /* The first failure. */
};

static void fail(struct reading *r, enum kai_err err, const char *code, const char *arg)
{
    if (r->err != KAI_OK)
        return;
    kai_why_at(r->why, r->line, "%s", r->file);
    r->err = kai_why_set(r->why, err, code, arg, NULL, NULL);
}

/* ---- One thing. */
static struct kai_own *room(struct reading *r)
{
    struct kai_inventory *inv = r->inv;

    if (inv->n == KAI_INVENTORY_MAX) {
        fail(r, KAI_ELIMIT, "inventory.limit", "20000");
        return NULL;
    }
    if (inv->n == inv->cap) {
        size_t cap = inv->cap == 0 ? 64 : 2 * inv->cap;
        struct kai_own *own = realloc(inv->own, cap * sizeof *own);

        if (own == NULL) {
            r->err = KAI_ENOMEM;
            return NULL;
        }
        inv->own = own;
        inv->cap = cap;
    }
    inv->own[inv->n] = (struct kai_own){.type = KAI_V_NONE};
    return &inv->own[inv->n++];
}

/* A copy; NULL only without memory. */
static char *copy(struct reading *r, const void *p, size_t n)
{
    char *text = malloc(n + 1);

    if (text == NULL) {
        r->err = KAI_ENOMEM;
        return NULL;
    }
    memcpy(text, p, n);
    text[n] = '\0';
    return text;
}

static char *folded(struct reading *r, const char *text)
{
    struct kai_buf b;
    char *out = NULL;

    kai_buf_init(&b, 1u << 20);
    if (kai_search_fold(kai_view_of(text, strlen(text)), &b) == KAI_OK && b.len > 0)
        out = copy(r, b.p, b.len);
    kai_buf_free(&b);
    return out;
}

static void add_value(struct reading *r, enum field field, const char *text)
{
    static const enum kai_vtype types[] = {KAI_V_IPV4, KAI_V_IPV6, KAI_V_DOMAIN};
    struct kai_view v = kai_view_of(text, strlen(text));
    char norm[KAI_VALUE_BYTES_MAX];
    enum kai_vtype type = KAI_V_NONE;
    size_t n = 0;
    enum kai_err err = KAI_EMALFORMED;

    if (field == VALUE)
        err = kai_value_guess(v, &type, norm, sizeof norm, &n, NULL);
    for (size_t i = field == DOMAIN ? 2 : 0; field != VALUE && err != KAI_OK && i < 3; i++) {
        if (field == IP && i == 2)
            break;
        type = types[i];
        err = kai_value_norm(type, v, norm, sizeof norm, &n, NULL);
    }
    if (err != KAI_OK) {
        fail(r, KAI_EMALFORMED, "inventory.value", text);
        return;
    }
    struct kai_own *own = room(r);
    if (own == NULL)
        return;
    own->type = type;
    own->text = copy(r, norm, n);
    if (kai_value_key(type, kai_view_of(norm, n), own->key, &own->key_n) != KAI_OK)
        fail(r, KAI_EMALFORMED, "inventory.value", text);
}

/* What people call what a CPE field names: without backslashes, blanks for underscores. */
static char *spoken(struct reading *r, struct kai_view field)
{
    char text[KAI_CPE_FIELD_MAX + 1];
    size_t n = 0;

    for (size_t i = 0; i < field.n && n < KAI_CPE_FIELD_MAX; i++) {
        if (field.p[i] == '\\' && i + 1 < field.n)
            i++;
        text[n++] = field.p[i] == '_' ? ' ' : (char)field.p[i];
    }
    text[n] = '\0';
    return strcmp(text, "*") == 0 || strcmp(text, "-") == 0 ? NULL : folded(r, text);
}

static void put_cpe_field(struct kai_buf *b, const char *text)
{
    kai_buf_u8(b, ':');
    if (text == NULL || text[0] == '\0')
        kai_buf_u8(b, '*');
    for (; text != NULL && *text != '\0'; text++) {
        bool word = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.",
                           *text) != NULL;

        if (!word && *text != ' ')
            kai_buf_u8(b, '\\');
        kai_buf_u8(b, *text == ' ' ? '_' : (uint8_t)*text);
    }
}

/* Vendor, product and version as a CPE name, for objects that name products so. */
static void made_cpe(struct kai_buf *b, char *const field[static FIELDS])
{
    kai_buf_text(b, "cpe:2.3:*");
    put_cpe_field(b, field[VENDOR]);
    put_cpe_field(b, field[PRODUCT]);
    put_cpe_field(b, field[VERSION]);
    kai_buf_text(b, ":*:*:*:*:*:*:*");
}

static void add_product(struct reading *r, char *const field[static FIELDS])
{
    struct kai_view part[KAI_CPE_FIELDS];
    char norm[KAI_VALUE_BYTES_MAX];
    struct kai_buf made;
    size_t n = 0;
    bool given = field[CPE] != NULL;

    kai_buf_init(&made, KAI_VALUE_BYTES_MAX);
    if (!given)
        made_cpe(&made, field);
    struct kai_view v = given ? kai_view_of(field[CPE], strlen(field[CPE])) : kai_buf_view(&made);
    bool named = kai_value_norm(KAI_V_CPE, v, norm, sizeof norm, &n, NULL) == KAI_OK &&
                 kai_cpe_fields(kai_view_of(norm, n), part);
    kai_buf_free(&made);
    if (given && !named) {
        fail(r, KAI_EMALFORMED, "inventory.value", field[CPE]);
        return;
    }
    struct kai_own *own = room(r);
    if (own == NULL)
        return;
    if (named) /* Names in other scripts are looked for in texts alone. */
        own->cpe = copy(r, norm, n);
    own->vendor = field[VENDOR] != NULL ? folded(r, field[VENDOR])
                  : named               ? spoken(r, part[KAI_CPE_VENDOR])
                                        : NULL;
    own->product = field[PRODUCT] != NULL ? folded(r, field[PRODUCT])
                   : named                ? spoken(r, part[KAI_CPE_PRODUCT])
                                          : NULL;
    if (field[VERSION] != NULL)
        own->version = copy(r, field[VERSION], strlen(field[VERSION]));
    if (given) {
        own->text = copy(r, norm, n);
        return;
    }
    struct kai_buf text;
    kai_buf_init(&text, 1u << 20);
    kai_buf_printf(&text, "%s %s%s%s", field[VENDOR], field[PRODUCT],
                   field[VERSION] != NULL ? " " : "", field[VERSION] != NULL ? field[VERSION] : "");
    own->text = copy(r, text.p, text.len);
    kai_buf_free(&text);
}

/* One row; its fields are let go. */
static void add_row(struct reading *r, char *field[static FIELDS])
{
    bool any = false;

    for (size_t i = 0; i < FIELDS; i++) {
        if (field[i] != NULL && field[i][0] == '\0') {
            free(field[i]);
            field[i] = NULL;
        }
        any = any || field[i] != NULL;
    }
    bool product = field[CPE] != NULL || (field[VENDOR] != NULL && field[PRODUCT] != NULL);
    if (product && r->err == KAI_OK)
        add_product(r, field);
    for (size_t i = IP; i <= VALUE && r->err == KAI_OK; i++) {
        if (field[i] != NULL)
            add_value(r, (enum field)i, field[i]);
        product = product || field[i] != NULL;
    }
    if (any && !product)
        fail(r, KAI_EMALFORMED, "inventory.form", "vendor, product");
    for (size_t i = 0; i < FIELDS; i++) {
        free(field[i]);
        field[i] = NULL;
    }
}

static void add_word(struct reading *r, const char *p, size_t n)
{
    char *field[FIELDS] = {NULL};
    bool cpe = n > 8 && strncasecmp(p, "cpe:2.3:", 8) == 0;

    field[cpe ? CPE : VALUE] = copy(r, p, n);
    add_row(r, field);
}

/* ---- The formats. */
static void read_json(struct reading *r, struct kai_view file)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)file.p, file.n, JSON_REJECT_DUPLICATES, &error);
    size_t i;
    json_t *one;

    if (root == NULL || !json_is_array(root)) {
        r->line = root == NULL && error.line > 0 ? (uint64_t)error.line : 1;
        fail(r, KAI_EMALFORMED, "inventory.form", root == NULL ? error.text : "[...]");
    }
    json_array_foreach(root, i, one)
    {
        char *field[FIELDS] = {NULL};
        const char *key;
        json_t *v;

        if (r->err != KAI_OK)
            break;
        r->line = i + 1; /* The n-th thing: jansson keeps no lines. */
        if (json_is_string(one)) {
            add_word(r, json_string_value(one), json_string_length(one));
            continue;
        }
        if (!json_is_object(one))
            fail(r, KAI_EMALFORMED, "inventory.form", "{...}");
        json_object_foreach(one, key, v)
        {
            enum field f = field_of(key);

            if (f < FIELDS && json_is_string(v) && field[f] == NULL)
                field[f] = copy(r, json_string_value(v), json_string_length(v));
        }
        add_row(r, field);
    }
    json_decref(root);
}

#define COLUMNS_MAX 64u

struct table {
    struct reading *r;
    enum field column[COLUMNS_MAX];
    size_t n_columns;
    size_t at;
    bool header; /* Is behind us. */
    char *field[FIELDS];
};

static void on_cell(void *p, size_t n, void *ctx)
{
    struct table *t = ctx;
    char *text = t->r->err == KAI_OK ? copy(t->r, p, n) : NULL;
    size_t at = t->at++;

    if (text != NULL && !t->header && at < COLUMNS_MAX) {
        t->column[at] = field_of(text);
        t->n_columns = at + 1;
    } else if (text != NULL && t->header && at < t->n_columns && t->column[at] < FIELDS &&
               t->field[t->column[at]] == NULL) {
        t->field[t->column[at]] = text;
        return;
    }
    free(text);
}

static void on_end(int c, void *ctx)
{
    struct table *t = ctx;

    (void)c;
    if (t->header && t->at != t->n_columns && t->at > 0) /* Shifted columns say other things. */
        fail(t->r, KAI_EMALFORMED, "inventory.form", "CSV");
    if (t->header)
        add_row(t->r, t->field);
    t->header = true;
    t->at = 0;
    t->r->line++;
}

static void read_csv(struct reading *r, struct kai_view file)
{
    struct table t = {.r = r};
    struct csv_parser p;

    if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        r->err = KAI_ENOMEM;
        return;
    }
    r->line = 1;
    if (csv_parse(&p, file.p, file.n, on_cell, on_end, &t) != file.n ||
        csv_fini(&p, on_cell, on_end, &t) != 0)
        fail(r, csv_error(&p) == CSV_ENOMEM ? KAI_ENOMEM : KAI_EMALFORMED, "inventory.form",
             csv_strerror(csv_error(&p)));
    csv_free(&p);
    for (size_t i = 0; i < FIELDS; i++)
        free(t.field[i]);
}

static void read_plain(struct reading *r, struct kai_view file)
{
    size_t from = 0;

    for (size_t at = 0; at <= file.n && r->err == KAI_OK; at++) {
        size_t to = at;

        if (at < file.n && file.p[at] != '\n')
            continue;
        r->line++;
        while (to > from && (file.p[to - 1] == '\r' || file.p[to - 1] == ' '))
            to--;
        while (from < to && file.p[from] == ' ')
            from++;
        if (from < to && file.p[from] != '#')
            add_word(r, (const char *)file.p + from, to - from);
        from = at + 1;
    }
}

/* A table's first line names one column at least that we know. */
static bool is_csv(struct kai_view file)
{
    char word[32];
    size_t n = 0;

    for (size_t i = 0; i <= file.n; i++) {
        uint8_t c = i < file.n ? file.p[i] : '\n';

        if (c != ',' && c != '\n' && c != '\r') {
            if (c != '"' && n + 1 < sizeof word)
                word[n++] = (char)c;
            continue;
        }
        word[n] = '\0';
        if (field_of(word) < FIELDS)
            return true;
        n = 0;
        if (c != ',')
            return false;
    }
    return false;
}

static int by_key(const void *a, const void *b)
{
    const struct kai_own *x = a;
    const struct kai_own *y = b;
    size_t n = x->key_n < y->key_n ? x->key_n : y->key_n;
    int c;

    if ((x->type == KAI_V_NONE) != (y->type == KAI_V_NONE))
        return x->type == KAI_V_NONE ? 1 : -1;
    c = n > 0 ? memcmp(x->key, y->key, n) : strcmp(x->text, y->text);
    return c != 0 ? c : (x->key_n > y->key_n) - (x->key_n < y->key_n);
}

enum kai_err kai_inventory_read(struct kai_inventory *inv, struct kai_view file, const char *name,
                                struct kai_why *why)
{
    static const uint8_t bom[] = {0xef, 0xbb, 0xbf};
    struct reading r = {.inv = inv, .file = name, .why = why};
    size_t at = 0;

    if (file.n >= 3 && memcmp(file.p, bom, 3) == 0)
        file = kai_view_of(file.p + 3, file.n - 3);
    while (at < file.n && strchr(" \t\r\n", file.p[at]) != NULL && file.p[at] != '\0')
        at++;
    if (!kai_utf8_ok(file.p, file.n))
        fail(&r, KAI_EMALFORMED, "inventory.form", "UTF-8");
    else if (file.n > 0 && memchr(file.p, '\0', file.n) != NULL)
        fail(&r, KAI_EMALFORMED, "inventory.form", "U+0000");
    else if (at < file.n && (file.p[at] == '[' || file.p[at] == '{'))
        read_json(&r, file);
    else if (is_csv(file))
        read_csv(&r, file);
    else
        read_plain(&r, file);
    if (r.err != KAI_OK)
        return r.err;
    if (inv->n > 0)
        qsort(inv->own, inv->n, sizeof inv->own[0], by_key);
    while (inv->n_values < inv->n && inv->own[inv->n_values].type != KAI_V_NONE)
        inv->n_values++;
    return KAI_OK;
}

/* ---- What the home has. */
enum kai_err kai_inventory_load(struct kai_inventory *inv, const struct kai_home *home,
                                struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    char *text = malloc(KAI_INVENTORY_BYTES_MAX + 1);
    struct kai_inventory_file file = kai_inventory_file(home); /* Before: else a newer one's. */
    size_t n = 0;
    enum kai_err err = KAI_ENOMEM;

    if (text != NULL)
        err = kai_file_read(kai_home_path(home, path, "inventory"), text,
                            KAI_INVENTORY_BYTES_MAX + 1, &n);
    if (err == KAI_OK)
        err = kai_inventory_read(inv, kai_view_of(text, n), path, why);
    if (err == KAI_OK)
        inv->file = file;
    free(text);
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}

enum kai_err kai_inventory_save(const struct kai_inventory *inv, const struct kai_home *home,
                                struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    json_t *all = json_array();
    char *text;
    enum kai_err err = KAI_ENOMEM;

    for (size_t i = 0; i < inv->n; i++) {
        const struct kai_own *own = &inv->own[i];
        json_t *o = own->type != KAI_V_NONE
                        ? json_pack("{s:s}", "value", own->text)
                        : json_pack("{s:s*, s:s*, s:s*, s:s*}", "cpe", own->cpe, "vendor",
                                    own->vendor, "product", own->product, "version", own->version);
        (void)json_array_append_new(all, o);
    }
    text = json_dumps(all, JSON_INDENT(1) | JSON_SORT_KEYS);
    json_decref(all);
    if (text == NULL)
        return err;
    if (strlen(text) > KAI_INVENTORY_BYTES_MAX)
        err = kai_why_set(why, KAI_ELIMIT, "inventory.limit", "20000", NULL, NULL);
    else
        err = kai_file_write(kai_home_path(home, path, "inventory"), text, strlen(text), 0600, why);
    free(text);
    return err;
}

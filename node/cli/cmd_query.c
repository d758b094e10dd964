/* cmd_query: ask for what is known; watch what comes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/export.h"
#include "node/call.h"
#include "node/cli/args.h"
#include "node/cli/cli.h"
#include "node/cli/files.h"
#include "node/cli/hook.h"
#include "policy/policy.h"
#include "text/clean.h"
#include "text/time.h"

struct rows {
    struct kai_cli *cli;
    const char *format;
    uint64_t n;
    uint64_t objects; /* Rows that have one. */
    json_t *page;     /* Rows of the table so far. */
    bool paged;       /* The last line says where the next page begins. */
    bool begun;       /* What stands before the first row is printed: an error has no answer. */
};

static const struct kai_column row_columns[] = {
    {"query.value", "value", KAI_ALIGN_LEFT},
    {"query.type", "type", KAI_ALIGN_LEFT},
    {"query.label", "label", KAI_ALIGN_LEFT},
    {"query.origin", "origin_name", KAI_ALIGN_LEFT},
    {"query.audience", "audience", KAI_ALIGN_LEFT},
    {"query.first-seen", "first_seen", KAI_ALIGN_LEFT},
    {"query.id", "id", KAI_ALIGN_LEFT},
};
#define ROW_COLUMNS (sizeof row_columns / sizeof row_columns[0])

static void csv_row(const json_t *o)
{
    struct kai_buf b;

    kai_buf_init(&b, 1u << 20);
    for (size_t k = 0; k < ROW_COLUMNS; k++) {
        const char *v = json_string_value(json_object_get(o, row_columns[k].key));

        if (k > 0)
            kai_buf_u8(&b, ',');
        if (v != NULL)
            kai_csv_cell(&b, kai_view_of(v, strlen(v)));
    }
    kai_buf_text(&b, "\r\n");
    (void)fwrite(b.p, 1, b.len, stdout);
    kai_buf_free(&b);
}

/* Where the next page begins: for a person beside the answer, for a program its last line. */
static bool is_after(const struct rows *r, const char *line, size_t n)
{
    json_t *o = json_loadb(line, n, JSON_ALLOW_NUL, NULL);
    const json_t *after = json_object_get(o, "after");
    bool is = after != NULL && json_object_size(o) == 1;

    if (is && strcmp(r->format, "json") == 0)
        (void)kai_cli_print_line(NULL, line, n);
    else if (is && json_is_string(after))
        kai_cli_note(r->cli, "query.next", json_string_value(after), NULL, NULL);
    json_decref(o);
    return is;
}

static void bundle_id(char out[static 48])
{
    uint8_t u[16];
    char hex[33];

    randombytes_buf(u, sizeof u);
    u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
    u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
    (void)kai_hex(hex, u, sizeof u);
    (void)snprintf(out, 48, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                   hex + 20);
}

/* What stands before the rows. */
static void print_begin(struct rows *r)
{
    char id[48];

    if (r->begun)
        return;
    r->begun = true;
    bundle_id(id);
    if (strcmp(r->format, "stix") == 0)
        (void)printf("{\"type\":\"bundle\",\"id\":\"bundle--%s\",\"objects\":[\n", id);
    if (strcmp(r->format, "csv") == 0)
        (void)fputs("value,type,label,origin,audience,first_seen,id\r\n", stdout);
}

static bool on_row(void *ctx, const char *line, size_t n)
{
    struct rows *r = ctx;
    json_t *o;

    if (r->paged && is_after(r, line, n))
        return true;
    r->n++;
    print_begin(r);
    if (strcmp(r->format, "json") == 0)
        return kai_cli_print_line(NULL, line, n);
    o = json_loadb(line, n, JSON_ALLOW_NUL, NULL);
    if (strcmp(r->format, "stix") == 0) {
        const json_t *stix = json_object_get(o, "stix");

        if (json_is_object(stix)) {
            if (r->objects++ > 0)
                (void)fputs(",\n", stdout);
            (void)json_dumpf(stix, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
        }
    } else if (strcmp(r->format, "csv") == 0) {
        csv_row(o);
    } else {
        json_t *few = json_object();

        for (size_t k = 0; k < ROW_COLUMNS; k++)
            (void)json_object_set(few, row_columns[k].key, json_object_get(o, row_columns[k].key));
        (void)json_array_append_new(r->page, few);
    }
    json_decref(o);
    return true;
}

static int ask(struct kai_cli *cli, const char *verb)
{
    const char *format = kai_cli_opt(cli, "--format");
    const char *limit = kai_cli_opt(cli, "--limit");
    const char *after = kai_cli_opt(cli, "--after");
    struct rows r = {.cli = cli,
                     .format = cli->json        ? "json"
                               : format != NULL ? format
                                                : "table",
                     .paged = after != NULL};
    uint64_t n = 0;

    if (format != NULL && strcmp(format, "table") != 0 && strcmp(format, "json") != 0 &&
        strcmp(format, "stix") != 0 && strcmp(format, "csv") != 0)
        return kai_cli_usage(cli, "usage.format", format);
    if (limit != NULL && (!kai_cli_number(limit, &n) || n == 0))
        return kai_cli_usage(cli, "usage.number", "--limit");
    int status;
    char *expr = kai_cli_expression(cli, &status);
    if (expr == NULL)
        return status;
    r.page = json_array();
    json_t *args = json_pack("{s:s}", "expr", expr);
    if (n > 0)
        (void)json_object_set_new(args, "limit", json_integer((json_int_t)n));
    if (r.paged)
        (void)json_object_set_new(args, "after",
                                  json_string(strcmp(after, "start") == 0 ? "" : after));
    if (r.paged && cli->n_args == 0 && strcmp(after, "start") != 0)
        (void)json_object_del(args, "expr"); /* The cursor has it. */
    free(expr);
    status = kai_cli_call(cli, verb, args, NULL, false, on_row, &r);
    if (status == KAI_EXIT_DONE)
        print_begin(&r);
    if (r.begun && strcmp(r.format, "stix") == 0)
        (void)fputs("\n]}\n", stdout);
    if (status == KAI_EXIT_DONE && strcmp(r.format, "table") == 0 && r.n > 0)
        status = kai_cli_table(cli, row_columns, ROW_COLUMNS, r.page);
    json_decref(r.page);
    if (status == KAI_EXIT_DONE && r.n == 0) {
        if (strcmp(r.format, "table") == 0)
            kai_cli_note(cli, "query.none", NULL, NULL, NULL);
        return KAI_EXIT_NOTHING;
    }
    return status;
}

int kai_cmd_query(struct kai_cli *cli)
{
    return ask(cli, "query");
}

int kai_cmd_relevant(struct kai_cli *cli)
{
    return ask(cli, "relevant");
}

/* What others wrote is shown, never obeyed. */
static void print_clean(const char *text)
{
    struct kai_buf b;

    kai_buf_init(&b, 1u << 20);
    kai_clean_text(&b, text);
    (void)printf("%.*s", (int)b.len, b.p != NULL ? (const char *)b.p : "");
    kai_buf_free(&b);
}

static const char *text_at(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : "";
}

/* One line of each thing that is known beside the item, and how many there are besides. */
static void print_beside(const struct kai_cli *cli, const json_t *item, const char *name,
                         const char *heading, const char *first, const char *second)
{
    const json_t *list = json_object_get(item, name);
    const json_t *one;
    char key[48];
    size_t i;

    if (json_array_size(list) == 0)
        return;
    (void)printf("  %s:\n", kai_text(cli->lang, heading));
    json_array_foreach(list, i, one)
    {
        json_int_t count = json_integer_value(json_object_get(one, "count"));

        (void)printf("    %.16s  %s  ", text_at(one, "id"), text_at(one, "label"));
        print_clean(text_at(one, "origin_name"));
        if (count > 0)
            (void)printf("  %lld", (long long)count);
        (void)printf("  ");
        print_clean(text_at(one, first));
        (void)printf("  ");
        print_clean(text_at(one, second));
        (void)putchar('\n');
    }
    (void)snprintf(key, sizeof key, "%s_more", name);
    json_int_t more = json_integer_value(json_object_get(item, key));
    if (more > 0) {
        char n[24];

        (void)snprintf(n, sizeof n, "%lld", (long long)more);
        (void)printf("    ");
        kai_cli_say(cli, "query.and-more", n, NULL, NULL);
    }
}

/* One answer in full: its properties, then the object. */
static bool on_item(void *ctx, const char *line, size_t n)
{
    static const char *const keys[] = {"type",        "value",      "label",      "pap",
                                       "origin_name", "audience",   "first_seen", "created",
                                       "valid_from",  "valid_until"};
    static const char *const headings[] = {"query.type",       "query.value",   "query.label",
                                           "query.pap",        "query.origin",  "query.audience",
                                           "query.first-seen", "query.created", "query.valid-from",
                                           "query.valid-until"};
    struct rows *r = ctx;
    json_t *o = json_loadb(line, n, JSON_ALLOW_NUL, NULL);

    if (r->n++ > 0)
        (void)putchar('\n');
    (void)printf("%s\n", json_string_value(json_object_get(o, "id")));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *v = json_string_value(json_object_get(o, keys[i]));

        if (v == NULL)
            continue;
        (void)printf("  %s: ", kai_text(r->cli->lang, headings[i]));
        print_clean(v);
        (void)putchar('\n');
    }
    if (json_is_true(json_object_get(o, "exercise")))
        (void)printf("  %s\n", kai_text(r->cli->lang, "query.exercise"));
    if (json_is_true(json_object_get(o, "disputed")))
        (void)printf("  %s\n", kai_text(r->cli->lang, "query.disputed"));
    if (json_is_true(json_object_get(o, "withdrawn")))
        (void)printf("  %s\n", kai_text(r->cli->lang, "query.withdrawn"));
    const char *rules = json_string_value(json_object_get(json_object_get(o, "rules"), "text"));
    if (rules != NULL)
        (void)printf("  %s\n", rules);
    print_beside(r->cli, o, "same_value", "query.same-value", "value", "type");
    print_beside(r->cli, o, "notes", "query.notes", "first_seen", "text");
    print_beside(r->cli, o, "sightings", "query.sightings", "last", "where");
    print_beside(r->cli, o, "countermeasures", "query.countermeasures", "relation", "name");
    const json_t *stix = json_object_get(o, "stix");
    if (json_is_object(stix)) {
        (void)json_dumpf(stix, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        (void)putchar('\n');
    }
    json_decref(o);
    return true;
}

int kai_cmd_get(struct kai_cli *cli)
{
    const char *format = kai_cli_opt(cli, "--format");
    bool stix = format != NULL && strcmp(format, "stix") == 0;
    struct rows r = {.cli = cli};

    if (format != NULL && !stix && strcmp(format, "json") != 0)
        return kai_cli_usage(cli, "usage.format", format);
    bool json = cli->json || format != NULL;
    json_t *args = json_pack("{s:s, s:s}", "id", cli->args[0], "format", stix ? "stix" : "json");
    return kai_cli_call(cli, "get", args, NULL, stix, json ? kai_cli_print_line : on_item, &r);
}

/* Arrivals are printed as they come: no table can wait for its last row. */
static bool on_watch(void *ctx, const char *line, size_t n)
{
    struct kai_cli *cli = ctx;
    json_t *o = json_loadb(line, n, JSON_ALLOW_NUL, NULL);

    (void)cli;
    for (size_t k = 0; k < ROW_COLUMNS; k++) {
        const char *v = json_string_value(json_object_get(o, row_columns[k].key));

        if (k > 0)
            (void)putchar('\t');
        if (v != NULL && strcmp(row_columns[k].key, "id") == 0)
            (void)printf("%.16s", v);
        else
            print_clean(v != NULL ? v : "-");
    }
    (void)putchar('\n');
    json_decref(o);
    return fflush(stdout) == 0;
}

/* Lines go to a program or an address, and none to standard output. */
static bool on_hooked(void *ctx, const char *line, size_t n)
{
    return kai_hook_give(ctx, line, n);
}

static int watch_hooked(struct kai_cli *cli, const struct kai_hook_what *what, json_t *args)
{
    struct kai_hook *h;

    if (what->url != NULL && !kai_hook_url_ok(what->url)) {
        json_decref(args);
        return kai_cli_usage(cli, "usage.loopback", what->url);
    }
    h = kai_hook_begin(cli, what);
    if (h == NULL) {
        json_decref(args);
        return kai_cli_fail(cli, KAI_ENOMEM, &(struct kai_why){0});
    }
    int status = kai_cli_call(cli, "watch", args, NULL, false, on_hooked, h);
    uint64_t failed = kai_hook_end(h);
    return status == KAI_EXIT_DONE && failed > 0 ? KAI_EXIT_FAILED : status;
}

int kai_cmd_watch(struct kai_cli *cli)
{
    struct kai_hook_what what = {.program = cli->program, .url = kai_cli_opt(cli, "--post")};
    int status;
    char *expr = kai_cli_expression(cli, &status);

    if (expr == NULL)
        return status;
    json_t *args =
        json_pack("{s:s, s:b}", "expr", expr, "relevant", kai_cli_flag(cli, "--relevant") ? 1 : 0);
    free(expr);
    if (what.program != NULL || what.url != NULL)
        return watch_hooked(cli, &what, args);
    return kai_cli_call(cli, "watch", args, NULL, false, cli->json ? kai_cli_print_line : on_watch,
                        cli);
}

int kai_cmd_reindex(struct kai_cli *cli)
{
    char path[KAI_PATH_BYTES_MAX];
    enum kai_err err = kai_index_erase(kai_home_path(&cli->home, path, "index"));
    struct kai_why why = {0};
    int status;

    if (err != KAI_OK) {
        kai_ignore(kai_why_set(&why, err, err == KAI_EBUSY ? "reindex.running" : "io.error", path,
                               kai_err_text(err), NULL));
        return kai_cli_fail(cli, err, &why);
    }
    if (cli->json)
        return kai_cli_call(cli, "reindex", json_object(), NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(cli, "reindex", json_object(), &status);
    if (rows != NULL) {
        char n[24];

        (void)snprintf(n, sizeof n, "%llu",
                       (unsigned long long)json_integer_value(
                           json_object_get(json_array_get(rows, 0), "items")));
        kai_cli_say(cli, "reindex.done", n, NULL, NULL);
    }
    json_decref(rows);
    return status;
}

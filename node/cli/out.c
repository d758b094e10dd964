/* out: what the command line prints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "node/call.h"
#include "node/cli/args.h"

static void print_text(FILE *to, const struct kai_cli *cli, const char *id, const char *a1,
                       const char *a2, const char *a3)
{
    struct kai_buf b;

    kai_buf_init(&b, 65536);
    kai_text_fill(cli->lang, id, a1, a2, a3, &b);
    kai_buf_u8(&b, '\n');
    (void)fwrite(b.p, 1, b.len, to);
    kai_buf_free(&b);
}

void kai_cli_say(const struct kai_cli *cli, const char *id, const char *a1, const char *a2,
                 const char *a3)
{
    print_text(stdout, cli, id, a1, a2, a3);
}

void kai_cli_note(const struct kai_cli *cli, const char *id, const char *a1, const char *a2,
                  const char *a3)
{
    print_text(stderr, cli, id, a1, a2, a3);
}

int kai_cli_fail_json(const struct kai_cli *cli, const json_t *error)
{
    const char *what = json_string_value(json_object_get(error, "what"));
    const char *where = json_string_value(json_object_get(error, "where"));
    const char *todo = json_string_value(json_object_get(error, "do"));
    const char *rule = json_string_value(json_object_get(error, "rule"));
    json_int_t status = json_integer_value(json_object_get(error, "exit"));

    if (cli->json) {
        (void)json_dumpf(error, stderr, JSON_COMPACT);
        (void)fputc('\n', stderr);
    } else {
        (void)fprintf(stderr, "kairan: %s\n", what != NULL ? what : "?");
        if (where != NULL && where[0] != '\0')
            kai_cli_note(cli, "error.where", where, NULL, NULL);
        if (todo != NULL && todo[0] != '\0')
            kai_cli_note(cli, "error.do", todo, NULL, NULL);
        if (rule != NULL)
            kai_cli_note(cli, "error.rule", rule, NULL, NULL);
    }
    return status >= 1 && status <= 4 ? (int)status : KAI_EXIT_FAILED;
}

/* as: the exit status; 0: that of the error. */
static int fail_as(const struct kai_cli *cli, enum kai_err err, const struct kai_why *why, int as)
{
    struct kai_call call = {.lang = cli->lang, .why = *why};
    struct kai_buf line;
    int status = KAI_EXIT_FAILED;

    kai_buf_init(&line, 65536);
    kai_call_error(&call, err, &line);
    json_t *error = json_loadb((const char *)line.p, line.len, 0, NULL);
    if (as != 0)
        (void)json_object_set_new(error, "exit", json_integer(as));
    if (error != NULL)
        status = kai_cli_fail_json(cli, error);
    json_decref(error);
    kai_buf_free(&line);
    return status;
}

int kai_cli_fail(const struct kai_cli *cli, enum kai_err err, const struct kai_why *why)
{
    return fail_as(cli, err, why, 0);
}

int kai_cli_usage(const struct kai_cli *cli, const char *code, const char *arg)
{
    struct kai_why why = {0};

    kai_ignore(kai_why_set(&why, KAI_EMALFORMED, code, arg, NULL, NULL));
    (void)fail_as(cli, KAI_EMALFORMED, &why, KAI_EXIT_USAGE);
    if (cli->verb != NULL && !cli->json)
        (void)fprintf(stderr, "  kairan %s %s\n", cli->verb->name, cli->verb->synopsis);
    return KAI_EXIT_USAGE;
}

static size_t terminal_width(void)
{
    struct winsize w;

    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0)
        return 0;
    return w.ws_col;
}

/* Words that stand for states are shown in the reader's language. */
static const char *word_of(const struct kai_cli *cli, const char *key, const char *text)
{
    static const char *const states[] = {"active", "revoked", "expired", "pending"};
    char id[64];

    if (strcmp(key, "status") == 0)
        for (size_t i = 0; i < 4; i++)
            if (strcmp(text, states[i]) == 0) {
                (void)snprintf(id, sizeof id, "org.status.%s", text);
                return kai_text(cli->lang, id);
            }
    if (strcmp(key, "direction") == 0)
        return kai_text(cli->lang,
                        strcmp(text, "in") == 0 ? "peers.direction.in" : "peers.direction.out");
    return text;
}

#define ID_DIGITS_SHOWN 16

void kai_cli_cell(const struct kai_cli *cli, struct kai_table *t, const json_t *v, const char *key)
{
    char text[512] = "";
    size_t i;
    json_t *item;

    if (json_is_string(v)) {
        const char *s = word_of(cli, key, json_string_value(v));
        bool id =
            (strcmp(key, "id") == 0 || strcmp(key, "node") == 0) && strlen(s) == 2 * KAI_ID_BYTES;

        kai_table_cell_view(t, kai_view_of(s, id ? ID_DIGITS_SHOWN : strlen(s)));
        return;
    }
    if (json_is_array(v)) {
        json_array_foreach(v, i, item)
        {
            if (i > 0)
                (void)strncat(text, ", ", sizeof text - strlen(text) - 1);
            if (json_is_string(item))
                (void)strncat(text, json_string_value(item), sizeof text - strlen(text) - 1);
        }
    } else if (json_is_integer(v)) {
        (void)snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    } else if (json_is_real(v)) {
        (void)snprintf(text, sizeof text, "%.1f", json_real_value(v));
    } else if (json_is_boolean(v)) {
        kai_copy_text(text, sizeof text,
                      kai_text(cli->lang, json_is_true(v) ? "yes-no.yes" : "yes-no.no"));
    }
    kai_table_cell(t, text);
}

int kai_cli_table(const struct kai_cli *cli, const struct kai_column *cols, size_t n,
                  const json_t *rows)
{
    struct kai_table *t = kai_table_new();
    struct kai_why why = {0};
    struct kai_buf out;
    size_t i;
    json_t *row;

    if (t == NULL)
        return kai_cli_fail(cli, KAI_ENOMEM, &why);
    for (size_t k = 0; k < n; k++)
        kai_table_column(t, kai_text(cli->lang, cols[k].heading), cols[k].align);
    json_array_foreach(rows, i, row) for (size_t k = 0; k < n; k++)
        kai_cli_cell(cli, t, json_object_get(row, cols[k].key), cols[k].key);
    kai_buf_init(&out, KAI_TABLE_BYTES_MAX);
    enum kai_err err = kai_table_print(t, terminal_width(), &out);
    if (err == KAI_OK)
        (void)fwrite(out.p, 1, out.len, stdout);
    kai_buf_free(&out);
    kai_table_free(t);
    if (err == KAI_OK)
        return KAI_EXIT_DONE;
    if (err == KAI_ELIMIT)
        kai_ignore(kai_why_set(&why, err, "output.table", NULL, NULL, NULL));
    return kai_cli_fail(cli, err, &why);
}

static void help_json(const struct kai_cli *cli, const struct kai_verb *v)
{
    kai_cli_print_json(json_pack("{s:s, s:s, s:s}", "command", v->name, "takes", v->synopsis,
                                 "does", kai_text(cli->lang, v->help)));
}

static int help_all(const struct kai_cli *cli)
{
    size_t widest = 0;

    for (size_t i = 0; cli->json && i < kai_verbs_n; i++)
        help_json(cli, &kai_verbs[i]);
    if (cli->json)
        return KAI_EXIT_DONE;
    kai_cli_say(cli, "help.usage", NULL, NULL, NULL);
    (void)putchar('\n');
    kai_cli_say(cli, "help.verbs", NULL, NULL, NULL);
    for (size_t i = 0; i < kai_verbs_n; i++)
        if (strlen(kai_verbs[i].name) > widest)
            widest = strlen(kai_verbs[i].name);
    for (size_t i = 0; i < kai_verbs_n; i++)
        (void)printf("  %-*s  %s\n", (int)widest, kai_verbs[i].name,
                     kai_text(cli->lang, kai_verbs[i].help));
    (void)putchar('\n');
    kai_cli_say(cli, "help.options", NULL, NULL, NULL);
    static const char *const common[] = {"help.option.home", "help.option.json",
                                         "help.option.lang"};
    for (size_t i = 0; i < 3; i++)
        (void)printf("  %s\n", kai_text(cli->lang, common[i]));
    (void)putchar('\n');
    kai_cli_say(cli, "help.exit", NULL, NULL, NULL);
    kai_cli_say(cli, "help.more", NULL, NULL, NULL);
    return KAI_EXIT_DONE;
}

/* What an option means: to this verb ("help.reshare.label"), else wherever it stands
 * ("help.option.label"). NULL: the usage line says it all. */
static const char *option_text(const struct kai_cli *cli, const struct kai_verb *v,
                               const char *name, size_t n)
{
    char own[96];
    char id[96];

    (void)snprintf(own, sizeof own, "%s.%.*s", v->help, (int)n, name);
    (void)snprintf(id, sizeof id, "help.option.%.*s", (int)n, name);
    const char *text = kai_text(cli->lang, own);
    if (strcmp(text, own) != 0)
        return text;
    text = kai_text(cli->lang, id);
    return strcmp(text, id) != 0 ? text : NULL;
}

static void help_options(const struct kai_cli *cli, const struct kai_verb *v)
{
    const char *p = v->options;

    while (*p != '\0') {
        size_t n = strcspn(p, "= ");
        const char *text = option_text(cli, v, p + 2, n > 2 ? n - 2 : 0);

        if (text != NULL)
            (void)printf("  %s\n", text);
        p += strcspn(p, " ");
        p += strspn(p, " ");
    }
}

int kai_cmd_help(struct kai_cli *cli)
{
    char name[64] = "";

    if (cli->n_args == 0)
        return help_all(cli);
    (void)snprintf(name, sizeof name, cli->n_args > 1 ? "%s %s" : "%s", cli->args[0],
                   cli->n_args > 1 ? cli->args[1] : "");
    bool found = false;
    for (size_t i = 0; i < kai_verbs_n; i++) {
        const struct kai_verb *v = &kai_verbs[i];
        size_t n = strlen(name);

        if (strncmp(v->name, name, n) != 0 || (v->name[n] != '\0' && v->name[n] != ' '))
            continue;
        found = true;
        if (cli->json) {
            help_json(cli, v);
            continue;
        }
        (void)printf("kairan %s %s\n  %s\n", v->name, v->synopsis, kai_text(cli->lang, v->help));
        help_options(cli, v);
    }
    return found ? KAI_EXIT_DONE : kai_cli_usage(cli, "usage.verb", name);
}

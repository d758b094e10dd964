/* cmd_reader: who may read here, and who read what: user, token, audit. */
#include <stdio.h>
#include <string.h>

#include "node/cli/args.h"
#include "node/cli/cli.h"
#include "text/clean.h"

#define N(a) (sizeof(a) / sizeof(a)[0])

static const struct kai_column user_columns[] = {
    {"reader.user", "user", KAI_ALIGN_LEFT},
    {"reader.clearance", "clearance", KAI_ALIGN_LEFT},
    {"reader.role", "role", KAI_ALIGN_LEFT},
};

static const struct kai_column token_columns[] = {
    {"reader.token", "name", KAI_ALIGN_LEFT},   {"reader.clearance", "clearance", KAI_ALIGN_LEFT},
    {"reader.role", "role", KAI_ALIGN_LEFT},    {"reader.added", "added", KAI_ALIGN_LEFT},
    {"org.expires", "expires", KAI_ALIGN_LEFT}, {"reader.expired", "expired", KAI_ALIGN_LEFT},
};

/* NAME --clearance L --role R: both are asked for, so that nobody gets more than was meant. */
static json_t *place_args(struct kai_cli *cli, const char *key, int *status)
{
    static const char *const needed[] = {"--clearance", "--role"};
    json_t *args = json_pack("{s:s}", key, cli->args[0]);

    *status = KAI_EXIT_DONE;
    for (size_t i = 0; i < N(needed); i++) {
        if (kai_cli_opt(cli, needed[i]) == NULL) {
            *status = kai_cli_usage(cli, "usage.missing", needed[i]);
            json_decref(args);
            return NULL;
        }
        kai_cli_put_text(cli, args, needed[i], needed[i] + 2);
    }
    kai_cli_put_text(cli, args, "--expires", "expires");
    return args;
}

int kai_cmd_user_set(struct kai_cli *cli)
{
    int status;
    json_t *args = place_args(cli, "user", &status);

    return args == NULL ? status
                        : kai_cli_show(cli, "user-set", args, user_columns, N(user_columns));
}

int kai_cmd_user_list(struct kai_cli *cli)
{
    return kai_cli_show(cli, "user-list", json_object(), user_columns, N(user_columns));
}

/* A verb that takes a name away, and says so. */
static int take_away(struct kai_cli *cli, const char *verb, const char *key, const char *said)
{
    json_t *args = json_pack("{s:s}", key, cli->args[0]);
    int status;

    if (cli->json)
        return kai_cli_call(cli, verb, args, NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(cli, verb, args, &status);
    if (rows != NULL)
        kai_cli_say(cli, said, cli->args[0], NULL, NULL);
    json_decref(rows);
    return status;
}

int kai_cmd_user_remove(struct kai_cli *cli)
{
    return take_away(cli, "user-remove", "user", "reader.removed");
}

int kai_cmd_token_add(struct kai_cli *cli)
{
    int status;
    json_t *args = place_args(cli, "name", &status);

    if (args == NULL)
        return status;
    if (cli->json)
        return kai_cli_call(cli, "token-add", args, NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(cli, "token-add", args, &status);
    const char *token = json_string_value(json_object_get(json_array_get(rows, 0), "token"));
    if (token != NULL) {
        kai_cli_note(cli, "reader.token-once", NULL, NULL, NULL);
        (void)printf("%s\n", token); /* Alone on standard output: for a file. */
    }
    json_decref(rows);
    return status;
}

int kai_cmd_token_list(struct kai_cli *cli)
{
    return kai_cli_show(cli, "token-list", json_object(), token_columns, N(token_columns));
}

int kai_cmd_token_revoke(struct kai_cli *cli)
{
    return take_away(cli, "token-revoke", "name", "reader.revoked");
}

/* A line for people; whoever altered the log shall not command their terminal. */
static bool print_read(void *ctx, const char *line, size_t n)
{
    static const char *const keys[] = {"time", "who", "verb", "label", "item"};
    const struct kai_cli *cli = ctx;
    json_t *o = json_loadb(line, n, 0, NULL);
    const json_t *no = json_object_get(o, "n");
    struct kai_buf text;

    kai_buf_init(&text, 1u << 16);
    if (json_is_integer(no)) {
        kai_buf_printf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(no));
        for (size_t i = 0; i < N(keys); i++) {
            const char *v = json_string_value(json_object_get(o, keys[i]));

            kai_buf_text(&text, "  ");
            if (v != NULL)
                kai_clean(&text, kai_view_of(v, strlen(v)));
        }
        kai_buf_u8(&text, '\n');
        (void)fwrite(text.p, 1, text.len, stdout);
    } else {
        char place[24];

        (void)snprintf(place, sizeof place, "%" JSON_INTEGER_FORMAT,
                       json_integer_value(json_object_get(o, "damaged_line")));
        kai_cli_say(cli, "audit.damaged", place, NULL, NULL);
    }
    kai_buf_free(&text);
    json_decref(o);
    return true;
}

int kai_cmd_audit_show(struct kai_cli *cli)
{
    json_t *args = json_object();

    kai_cli_put_text(cli, args, "--since", "since");
    return kai_cli_call(cli, "audit-show", args, NULL, false,
                        cli->json ? kai_cli_print_line : print_read, cli);
}

int kai_cmd_audit_verify(struct kai_cli *cli)
{
    int status;
    char lines[24];

    if (cli->json)
        return kai_cli_call(cli, "audit-verify", json_object(), NULL, false, kai_cli_print_line,
                            NULL);
    json_t *rows = kai_cli_ask(cli, "audit-verify", json_object(), &status);
    if (rows == NULL)
        return status;
    (void)snprintf(lines, sizeof lines, "%" JSON_INTEGER_FORMAT,
                   json_integer_value(json_object_get(json_array_get(rows, 0), "lines")));
    kai_cli_say(cli, "audit.good", lines, NULL, NULL);
    json_decref(rows);
    return KAI_EXIT_DONE;
}

/* cmd_audience: who an item can be addressed to. */
#include <stdio.h>

#include "node/cli/args.h"
#include "node/cli/files.h"

static const struct kai_column audience_columns[] = {
    {"audience.name", "name", KAI_ALIGN_LEFT},
    {"audience.kind", "kind", KAI_ALIGN_LEFT},
    {"audience.ceiling", "ceiling", KAI_ALIGN_LEFT},
    {"audience.owner", "owner", KAI_ALIGN_LEFT},
    {"audience.stewards", "stewards", KAI_ALIGN_LEFT},
    {"audience.members", "members", KAI_ALIGN_RIGHT},
    {"audience.epoch", "epoch", KAI_ALIGN_RIGHT},
    {"audience.id", "id", KAI_ALIGN_LEFT},
};
#define N(a) (sizeof(a) / sizeof(a)[0])

static void put_parties(const struct kai_cli *cli, json_t *args)
{
    kai_cli_put_list(cli, args, "--member", "members");
    kai_cli_put_list(cli, args, "--steward", "stewards");
    kai_cli_put_list(cli, args, "--relay", "relays");
}

static void say_names(const struct kai_cli *cli, const char *heading, const json_t *names)
{
    size_t i;
    const json_t *name;

    if (json_array_size(names) == 0)
        return;
    kai_cli_say(cli, heading, NULL, NULL, NULL);
    json_array_foreach(names, i, name)(void) printf("  %s\n", json_string_value(name));
}

static void say_persons(const struct kai_cli *cli, const json_t *persons)
{
    size_t i;
    const json_t *p;

    if (json_array_size(persons) == 0)
        return;
    kai_cli_say(cli, "audience.are-persons", NULL, NULL, NULL);
    json_array_foreach(persons, i, p)
    {
        const char *name = json_string_value(json_object_get(p, "name"));

        (void)printf("  ");
        (void)fputs("  ", stdout);
        kai_cli_say(cli, "audience.a-person",
                    name != NULL ? name : json_string_value(json_object_get(p, "id")),
                    json_string_value(json_object_get(p, "org")),
                    json_string_value(json_object_get(p, "status")));
    }
}

int kai_cmd_audience_create(struct kai_cli *cli)
{
    json_t *args = json_pack("{s:s}", "name", cli->args[0]);

    if (!kai_cli_name_ok(cli, cli->args[0])) {
        json_decref(args);
        return KAI_EXIT_USAGE;
    }
    if (kai_cli_opt(cli, "--kind") == NULL) {
        json_decref(args);
        return kai_cli_usage(cli, "usage.missing", "--kind");
    }
    kai_cli_put_text(cli, args, "--kind", "kind");
    kai_cli_put_text(cli, args, "--label", "label");
    kai_cli_put_text(cli, args, "--history", "history");
    put_parties(cli, args);
    kai_cli_put_list(cli, args, "--rule", "rule");
    return kai_cli_show(cli, "audience-create", args, audience_columns, N(audience_columns));
}

static int change(struct kai_cli *cli, const char *verb)
{
    json_t *args = json_pack("{s:s}", "audience", cli->args[0]);

    put_parties(cli, args);
    if (json_object_size(args) == 1) {
        json_decref(args);
        return kai_cli_usage(cli, "usage.missing", "--member");
    }
    return kai_cli_show(cli, verb, args, audience_columns, N(audience_columns));
}

int kai_cmd_audience_add(struct kai_cli *cli)
{
    return change(cli, "audience-add");
}

int kai_cmd_audience_remove(struct kai_cli *cli)
{
    return change(cli, "audience-remove");
}

int kai_cmd_audience_list(struct kai_cli *cli)
{
    return kai_cli_show(cli, "audience-list", json_pack("{s:b}", "all", kai_cli_flag(cli, "--all")),
                        audience_columns, N(audience_columns));
}

int kai_cmd_audience_show(struct kai_cli *cli)
{
    json_t *args = json_pack("{s:s}", "audience", cli->args[0]);
    int status;

    if (cli->json)
        return kai_cli_call(cli, "audience-show", args, NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(cli, "audience-show", args, &status);
    if (rows == NULL)
        return status;
    const json_t *a = json_array_get(rows, 0);
    status = kai_cli_table(cli, audience_columns, N(audience_columns), rows);
    say_names(cli, "audience.are-members", json_object_get(a, "member_names"));
    say_persons(cli, json_object_get(a, "persons"));
    say_names(cli, "audience.are-relays", json_object_get(a, "relays"));
    kai_cli_say(cli, "audience.history", json_string_value(json_object_get(a, "history")), NULL,
                NULL);
    if (json_is_true(json_object_get(a, "one_steward")))
        kai_cli_note(cli, "audience.one-steward", json_string_value(json_object_get(a, "name")),
                     NULL, NULL);
    json_decref(rows);
    return status;
}

/* cmd_act_release: asking a source, answering who asks, and what was contributed. */
#include <stdio.h>
#include <string.h>

#include "node/cli/args.h"
#include "node/cli/cli.h"

#define N(a) (sizeof(a) / sizeof(a)[0])

static const struct kai_column release_columns[] = {
    {"share.request", "request", KAI_ALIGN_LEFT}, {"share.direction", "direction", KAI_ALIGN_LEFT},
    {"share.state", "state", KAI_ALIGN_LEFT},     {"share.org", "org_name", KAI_ALIGN_LEFT},
    {"share.items", "items", KAI_ALIGN_LEFT},     {"share.target", "target_name", KAI_ALIGN_LEFT},
    {"share.reason", "reason", KAI_ALIGN_LEFT},   {"share.answer", "answer", KAI_ALIGN_LEFT},
};

static const struct kai_column contribution_columns[] = {
    {"query.id", "id", KAI_ALIGN_LEFT},          {"query.label", "label", KAI_ALIGN_LEFT},
    {"share.from", "from_name", KAI_ALIGN_LEFT}, {"share.wish", "wish", KAI_ALIGN_LEFT},
    {"share.published", "as", KAI_ALIGN_LEFT},
};

/* Ask, and say what came of it: the text id with up to two members of the answer. */
static int tell(struct kai_cli *cli, const char *verb, json_t *args, const char *said,
                const char *key1, const char *key2)
{
    const char *keys[] = {key1, key2};
    const char *texts[2] = {NULL, NULL};
    int status;

    if (cli->json)
        return kai_cli_call(cli, verb, args, NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(cli, verb, args, &status);
    const json_t *o = json_array_get(rows, 0);
    for (size_t i = 0; i < N(keys); i++) {
        if (keys[i] != NULL)
            texts[i] = json_string_value(json_object_get(o, keys[i]));
    }
    if (o != NULL)
        kai_cli_say(cli, said, texts[0], texts[1], NULL);
    json_decref(rows);
    return status;
}

static int missing(struct kai_cli *cli, json_t *args, const char *option)
{
    json_decref(args);
    return kai_cli_usage(cli, "usage.missing", option);
}

int kai_cmd_release_request(struct kai_cli *cli)
{
    json_t *args = json_pack("{s:s}", "id", cli->args[0]);

    if (kai_cli_opt(cli, "--to") == NULL)
        return missing(cli, args, "--to");
    kai_cli_put_text(cli, args, "--to", "to");
    kai_cli_put_text(cli, args, "--reason", "reason");
    return tell(cli, "release-request", args, "share.asked", "source_name", "target");
}

int kai_cmd_release_list(struct kai_cli *cli)
{
    json_t *args = json_object();

    if (kai_cli_flag(cli, "--open"))
        (void)json_object_set_new(args, "open", json_true());
    return kai_cli_show(cli, "release-list", args, release_columns, N(release_columns));
}

int kai_cmd_release_grant(struct kai_cli *cli)
{
    json_t *args;

    if (kai_cli_flag(cli, "--any") && kai_cli_opt(cli, "--label") == NULL)
        return kai_cli_usage(cli, "release.any", NULL);
    args = json_pack("{s:s}", "id", cli->args[0]);
    kai_cli_put_text(cli, args, "--to", "to");
    kai_cli_put_text(cli, args, "--label", "label");
    if (kai_cli_flag(cli, "--any"))
        (void)json_object_set_new(args, "any", json_true());
    return tell(cli, "release-grant", args, "share.granted", "target", "label");
}

int kai_cmd_release_refuse(struct kai_cli *cli)
{
    json_t *args = json_pack("{s:s}", "request", cli->args[0]);

    if (kai_cli_opt(cli, "--reason") == NULL)
        return missing(cli, args, "--reason");
    kai_cli_put_text(cli, args, "--reason", "reason");
    return tell(cli, "release-refuse", args, "share.refused", "org_name", NULL);
}

int kai_cmd_contribution_list(struct kai_cli *cli)
{
    return kai_cli_show(cli, "contribution-list", json_object(), contribution_columns,
                        N(contribution_columns));
}

int kai_cmd_contribution_publish(struct kai_cli *cli)
{
    json_t *args = json_pack("{s:s}", "id", cli->args[0]);

    if (kai_cli_opt(cli, "--to") == NULL)
        return missing(cli, args, "--to");
    kai_cli_put_text(cli, args, "--to", "to");
    kai_cli_put_text(cli, args, "--label", "label");
    kai_cli_put_list(cli, args, "--keep", "keep");
    return tell(cli, "contribution-publish", args, "share.contributed", "id", "audience");
}

/* cmd_revoke: taking somebody out, and the words that tell what to do next. */
#include <stdio.h>

#include "node/cli/args.h"

static void say_lines(const json_t *lines, const char *mark)
{
    size_t i;
    const json_t *line;

    json_array_foreach(lines, i, line)(void) printf("%s%s\n", mark, json_string_value(line));
}

void kai_cli_say_next(const struct kai_cli *cli, const json_t *answer)
{
    say_lines(json_object_get(answer, "now"), "  ");
    kai_cli_say(cli, "removal.next", NULL, NULL, NULL);
    say_lines(json_object_get(answer, "next"), "- ");
}

static int revoke(struct kai_cli *cli, const char *verb, const char *key)
{
    json_t *args = json_pack("{s:s}", key, cli->args[0]);
    const json_t *kept;
    size_t i;
    int status;

    kai_cli_put_text(cli, args, "--reason", "reason");
    kai_cli_put_list(cli, args, "--keep", "keep");
    if (cli->json)
        return kai_cli_call(cli, verb, args, NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(cli, verb, args, &status);
    const json_t *answer = json_array_get(rows, 0);
    if (answer != NULL) {
        kai_cli_say(cli, "revoke.done", json_string_value(json_object_get(answer, "revoked")), NULL,
                    NULL);
        json_array_foreach(json_object_get(answer, "kept"), i, kept)
            kai_cli_say(cli, "removal.kept", json_string_value(kept), NULL, NULL);
        kai_cli_say_next(cli, answer);
    }
    json_decref(rows);
    return status;
}

int kai_cmd_org_revoke(struct kai_cli *cli)
{
    return revoke(cli, "org-revoke", "org");
}

int kai_cmd_node_revoke(struct kai_cli *cli)
{
    return revoke(cli, "node-revoke", "node");
}

int kai_cmd_person_revoke(struct kai_cli *cli)
{
    return revoke(cli, "person-revoke", "person");
}

/* cmd_note: what is said about an item to who has it: notes and sightings. */
#include <string.h>

#include "node/cli/args.h"
#include "node/cli/cli.h"
#include "node/cli/files.h"

static int say(struct kai_cli *cli, const char *verb, json_t *args, const char *done)
{
    int status;

    if (cli->json)
        return kai_cli_call(cli, verb, args, NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(cli, verb, args, &status);
    const json_t *o = json_array_get(rows, 0);
    if (o != NULL)
        kai_cli_say(cli, done, json_string_value(json_object_get(o, "audience")),
                    json_string_value(json_object_get(o, "label")),
                    json_string_value(json_object_get(o, "id")));
    json_decref(rows);
    return status;
}

int kai_cmd_note(struct kai_cli *cli)
{
    const char *text = kai_cli_opt(cli, "--text");

    if (text == NULL)
        return kai_cli_usage(cli, "usage.missing", "--text");
    return say(cli, "note", json_pack("{s:s, s:s}", "id", cli->args[0], "text", text), "note.done");
}

int kai_cmd_sighting(struct kai_cli *cli)
{
    const char *count = kai_cli_opt(cli, "--count");
    uint64_t n = 1;

    if (count != NULL && (!kai_cli_number(count, &n) || n == 0 || n > INT64_MAX))
        return kai_cli_usage(cli, "usage.number", "--count");
    json_t *args = json_pack("{s:s, s:I}", "id", cli->args[0], "count", (json_int_t)n);
    kai_cli_put_text(cli, args, "--at", "at");
    kai_cli_put_text(cli, args, "--where", "where");
    return say(cli, "sighting", args, "note.sighted");
}

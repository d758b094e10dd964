/* cmd_explain: what one may and must not do with an item, in words. */
#include <stdio.h>

#include "node/cli/cli.h"

static void say_list(const struct kai_cli *cli, const json_t *list, const char *heading)
{
    size_t i;
    const json_t *line;

    if (json_array_size(list) == 0)
        return;
    if (heading != NULL)
        (void)printf("\n%s\n", kai_text(cli->lang, heading));
    json_array_foreach(list, i, line)
    {
        const char *text = json_string_value(json_object_get(line, "text"));

        (void)printf("%s%s\n", heading != NULL ? "  - " : "  ", text != NULL ? text : "");
    }
}

int kai_cmd_explain(struct kai_cli *cli)
{
    static const struct {
        const char *key;
        const char *heading;
    } facts[] = {{"label", "query.label"},
                 {"pap", "query.pap"},
                 {"origin_name", "query.origin"},
                 {"audience", "query.audience"}};
    json_t *args = json_pack("{s:s}", "id", cli->args[0]);
    int status;
    size_t n;
    const json_t *o;

    if (cli->json)
        return kai_cli_call(cli, "explain", args, NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(cli, "explain", args, &status);
    json_array_foreach(rows, n, o)
    {
        (void)printf("%s%s\n", n > 0 ? "\n" : "", json_string_value(json_object_get(o, "id")));
        for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
            const char *v = json_string_value(json_object_get(o, facts[i].key));

            if (v != NULL)
                (void)printf("  %s: %s\n", kai_text(cli->lang, facts[i].heading), v);
        }
        say_list(cli, json_object_get(o, "notes"), NULL);
        say_list(cli, json_object_get(o, "may"), "explain.may");
        say_list(cli, json_object_get(o, "must_not"), "explain.must-not");
    }
    /* The same for all: once. */
    const char *charter = json_string_value(json_object_get(json_array_get(rows, 0), "charter"));
    if (charter != NULL)
        (void)printf("\n%s\n%s", kai_text(cli->lang, "explain.charter"), charter);
    json_decref(rows);
    return status;
}

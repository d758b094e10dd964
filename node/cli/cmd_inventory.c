/* cmd_inventory: what the organisation has itself, and what touches it. */
#include <stdio.h>

#include "node/cli/args.h"

#define N(a) (sizeof(a) / sizeof(a)[0])

static const struct kai_column columns[] = {
    {"inventory.kind", "kind", KAI_ALIGN_LEFT},
    {"inventory.text", "text", KAI_ALIGN_LEFT},
};

static bool on_counts(void *ctx, const char *line, size_t n)
{
    const struct kai_cli *cli = ctx;
    json_t *o = json_loadb(line, n, 0, NULL);
    char values[24];
    char products[24];

    (void)snprintf(values, sizeof values, "%lld",
                   (long long)json_integer_value(json_object_get(o, "values")));
    (void)snprintf(products, sizeof products, "%lld",
                   (long long)json_integer_value(json_object_get(o, "products")));
    kai_cli_say(cli, "inventory.done", values, products, NULL);
    json_decref(o);
    return true;
}

int kai_cmd_inventory_import(struct kai_cli *cli)
{
    return kai_cli_call(cli, "inventory-import",
                        json_pack("{s:o}", "name", kai_cli_path(cli->args[0])), cli->args[0], false,
                        cli->json ? kai_cli_print_line : on_counts, cli);
}

int kai_cmd_inventory_list(struct kai_cli *cli)
{
    return kai_cli_show(cli, "inventory-list", json_object(), columns, N(columns));
}

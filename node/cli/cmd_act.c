/* cmd_act: what is done with items after they went out: reshare, withdraw, recall, receipts. */
#include <stdio.h>
#include <string.h>

#include "node/cli/args.h"
#include "node/cli/cli.h"

#define N(a) (sizeof(a) / sizeof(a)[0])

static const struct kai_column receipt_columns[] = {
    {"share.holder", "holder_name", KAI_ALIGN_LEFT},
    {"share.contents", "contents", KAI_ALIGN_RIGHT},
    {"share.held", "held", KAI_ALIGN_RIGHT},
    {"share.read", "read", KAI_ALIGN_RIGHT},
    {"share.acted", "acted", KAI_ALIGN_RIGHT},
    {"share.last", "last", KAI_ALIGN_LEFT},
};

/* An option that must be there. */
static bool needs(struct kai_cli *cli, const char *option, int *status)
{
    if (kai_cli_opt(cli, option) != NULL)
        return true;
    *status = kai_cli_usage(cli, "usage.missing", option);
    return false;
}

/* The one object that the verb answers with; NULL: printed already, or an error: *status. */
static json_t *ask_one(struct kai_cli *cli, const char *verb, json_t *args, int *status)
{
    if (cli->json) {
        *status = kai_cli_call(cli, verb, args, NULL, false, kai_cli_print_line, NULL);
        return NULL;
    }
    json_t *rows = kai_cli_ask(cli, verb, args, status);
    json_t *one = json_incref(json_array_get(rows, 0));
    json_decref(rows);
    return one;
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : "";
}

int kai_cmd_reshare(struct kai_cli *cli)
{
    json_t *args = json_pack("{s:s}", "id", cli->args[0]);
    int status = KAI_EXIT_DONE;

    if (!needs(cli, "--to", &status)) {
        json_decref(args);
        return status;
    }
    kai_cli_put_text(cli, args, "--to", "to");
    json_t *o = ask_one(cli, "reshare", args, &status);
    if (o != NULL && json_is_true(json_object_get(o, "held")))
        kai_cli_say(cli, "share.held-already", text_of(o, "audience"), NULL, NULL);
    else if (o != NULL)
        kai_cli_say(cli,
                    json_is_true(json_object_get(o, "released")) ? "share.done-released"
                                                                 : "share.done",
                    text_of(o, "audience"), text_of(o, "origin_name"), NULL);
    json_decref(o);
    return status;
}

/* How many audiences an act went into. */
static void say_places(const struct kai_cli *cli, const char *id, const json_t *o)
{
    char n[24];

    (void)snprintf(n, sizeof n, "%lld",
                   (long long)json_integer_value(json_object_get(o, "audiences")));
    kai_cli_say(cli, id, n, NULL, NULL);
}

int kai_cmd_withdraw(struct kai_cli *cli)
{
    json_t *args = json_pack("{s:s}", "id", cli->args[0]);
    int status;

    kai_cli_put_text(cli, args, "--reason", "reason");
    json_t *o = ask_one(cli, "withdraw", args, &status);
    if (o != NULL)
        say_places(cli, "share.withdrawn", o);
    json_decref(o);
    return status;
}

int kai_cmd_recall(struct kai_cli *cli)
{
    json_t *args = json_pack("{s:s}", "id", cli->args[0]);
    int status = KAI_EXIT_DONE;

    if (!needs(cli, "--reason", &status)) {
        json_decref(args);
        return status;
    }
    kai_cli_put_text(cli, args, "--reason", "reason");
    json_t *o = ask_one(cli, "recall", args, &status);
    if (o != NULL)
        say_places(cli, "share.recalled", o);
    json_decref(o);
    return status;
}

int kai_cmd_receipts(struct kai_cli *cli)
{
    json_t *args = json_pack("{s:s}", "id", cli->args[0]);
    int status;

    if (!kai_cli_flag(cli, "--acted"))
        return kai_cli_show(cli, "receipts", args, receipt_columns, N(receipt_columns));
    (void)json_object_set_new(args, "acted", json_true());
    json_t *o = ask_one(cli, "receipts", args, &status);
    if (o != NULL)
        kai_cli_say(cli, "share.acted-noted", NULL, NULL, NULL);
    json_decref(o);
    return status;
}

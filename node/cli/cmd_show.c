/* cmd_show: what is so, and changes of who is in: one request each, shown as a table. */
#include <stdio.h>
#include <string.h>

#include "node/cli/args.h"
#include "node/cli/files.h"
#include "text/time.h"

static const struct kai_column org_columns[] = {
    {"org.name", "name", KAI_ALIGN_LEFT},
    {"org.kind", "kind", KAI_ALIGN_LEFT},
    {"org.parent", "parent", KAI_ALIGN_LEFT},
    {"org.answered-by", "answered_by", KAI_ALIGN_LEFT},
    {"org.status", "status", KAI_ALIGN_LEFT},
    {"org.followed-by", "followed_by", KAI_ALIGN_LEFT},
    {"org.label-max", "label_max", KAI_ALIGN_LEFT},
    {"org.may-admit", "may_admit", KAI_ALIGN_RIGHT},
    {"org.id", "id", KAI_ALIGN_LEFT},
};

static const struct kai_column node_columns[] = {
    {"name.node", "name", KAI_ALIGN_LEFT},    {"org.name", "org", KAI_ALIGN_LEFT},
    {"org.status", "status", KAI_ALIGN_LEFT}, {"org.expires", "expires", KAI_ALIGN_LEFT},
    {"org.id", "id", KAI_ALIGN_LEFT},
};

static const struct kai_column peer_columns[] = {
    {"peers.org", "org", KAI_ALIGN_LEFT},
    {"peers.node", "node", KAI_ALIGN_LEFT},
    {"peers.endpoint", "endpoint", KAI_ALIGN_LEFT},
    {"peers.direction", "direction", KAI_ALIGN_LEFT},
    {"peers.state", "state", KAI_ALIGN_LEFT},
    {"peers.rtt", "rtt_ms", KAI_ALIGN_RIGHT},
    {"peers.in", "in_bytes", KAI_ALIGN_RIGHT},
    {"peers.out", "out_bytes", KAI_ALIGN_RIGHT},
    {"peers.audiences", "audiences", KAI_ALIGN_LEFT},
};

#define N(a) (sizeof(a) / sizeof(a)[0])

static void say_alarms(const struct kai_cli *cli, const json_t *alarms)
{
    size_t i;
    json_t *a;

    if (json_array_size(alarms) == 0) {
        kai_cli_say(cli, "alarm.none", NULL, NULL, NULL);
        return;
    }
    json_array_foreach(alarms, i, a)(void)
        printf("! %s\n  %s\n", json_string_value(json_object_get(a, "what")),
               json_string_value(json_object_get(a, "do")));
}

int kai_cmd_status(struct kai_cli *cli)
{
    static const struct kai_column rows_of[] = {
        {"status.network", "network_name", KAI_ALIGN_LEFT},
        {"status.org", "org", KAI_ALIGN_LEFT},
        {"status.node", "node", KAI_ALIGN_LEFT},
        {"status.address", "address", KAI_ALIGN_LEFT},
        {"status.label-max", "label_max", KAI_ALIGN_LEFT},
        {"status.peers", "peers", KAI_ALIGN_LEFT},
        {"status.logs", "logs", KAI_ALIGN_LEFT},
        {"status.entries", "entries", KAI_ALIGN_LEFT},
        {"status.items", "items", KAI_ALIGN_LEFT},
        {"status.index-lag", "index_lag_ms", KAI_ALIGN_LEFT},
        {"status.unsent", "unsent", KAI_ALIGN_LEFT},
    };
    int status;

    if (cli->json)
        return kai_cli_call(cli, "status", json_object(), NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(cli, "status", json_object(), &status);
    const json_t *s = json_array_get(rows, 0);
    struct kai_table *t = s != NULL ? kai_table_new() : NULL;
    struct kai_buf out;

    if (t == NULL) {
        json_decref(rows);
        return status;
    }
    kai_table_column(t, "", KAI_ALIGN_LEFT);
    kai_table_column(t, "", KAI_ALIGN_LEFT);
    for (size_t i = 0; i < N(rows_of); i++) {
        kai_table_cell(t, kai_text(cli->lang, rows_of[i].heading));
        kai_cli_cell(cli, t, json_object_get(s, rows_of[i].key), rows_of[i].key);
    }
    kai_buf_init(&out, 1u << 20);
    if (kai_table_print(t, 0, &out) == KAI_OK) {
        const uint8_t *body = memchr(out.p, '\n', out.len); /* Without the empty heading. */

        if (body != NULL)
            (void)fwrite(body + 1, 1, out.len - (size_t)(body + 1 - out.p), stdout);
    }
    say_alarms(cli, json_object_get(s, "alarms"));
    kai_buf_free(&out);
    kai_table_free(t);
    json_decref(rows);
    return KAI_EXIT_DONE;
}

int kai_cmd_peers(struct kai_cli *cli)
{
    return kai_cli_show(cli, "peers", json_object(), peer_columns, N(peer_columns));
}

/* ---- The tree: below each organisation those that it admitted, a step further in. */
#define TREE_DEPTH_MAX 32u

static bool is_listed(const json_t *rows, const char *id)
{
    size_t i;
    const json_t *o;

    json_array_foreach(rows, i, o) if (strcmp(json_string_value(json_object_get(o, "id")), id) ==
                                       0) return true;
    return false;
}

/* of: whose, NULL: those at the top, whose sponsor is not known here either. */
static void put_branch(json_t *tree, const json_t *rows, const char *of, unsigned int depth)
{
    char name[512];
    size_t i;
    json_t *o;

    json_array_foreach(rows, i, o)
    {
        const char *parent = json_string_value(json_object_get(o, "parent_id"));

        if (of != NULL ? parent == NULL || strcmp(parent, of) != 0
                       : parent != NULL && is_listed(rows, parent))
            continue;
        (void)snprintf(name, sizeof name, "%*s%s", (int)(2 * depth), "",
                       json_string_value(json_object_get(o, "name")));
        json_t *shown = json_copy(o);
        (void)json_object_set_new(shown, "name", json_string(name));
        (void)json_array_append_new(tree, shown);
        if (depth < TREE_DEPTH_MAX)
            put_branch(tree, rows, json_string_value(json_object_get(o, "id")), depth + 1);
    }
}

int kai_cmd_org_list(struct kai_cli *cli)
{
    int status;

    if (cli->json)
        return kai_cli_call(cli, "org-list", json_object(), NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(cli, "org-list", json_object(), &status);
    if (rows == NULL)
        return status;
    json_t *tree = json_array();
    put_branch(tree, rows, NULL, 0);
    status = kai_cli_table(cli, org_columns, N(org_columns), tree);
    json_decref(tree);
    json_decref(rows);
    return status;
}

int kai_cmd_org_show(struct kai_cli *cli)
{
    json_t *args = json_pack("{s:s}", "org", cli->args[0]);
    int status;

    if (cli->json)
        return kai_cli_call(cli, "org-show", args, NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(cli, "org-show", args, &status);
    if (rows == NULL)
        return status;
    json_t *org = json_array(); /* The first line is the organisation, the others its nodes. */
    (void)json_array_append(org, json_array_get(rows, 0));
    (void)json_array_remove(rows, 0);
    status = kai_cli_table(cli, org_columns, N(org_columns), org);
    if (status == KAI_EXIT_DONE && json_array_size(rows) > 0) {
        (void)putchar('\n');
        status = kai_cli_table(cli, node_columns, N(node_columns), rows);
    }
    json_decref(org);
    json_decref(rows);
    return status;
}

int kai_cmd_node_list(struct kai_cli *cli)
{
    return kai_cli_show(cli, "node-list", json_pack("{s:b}", "all", kai_cli_flag(cli, "--all")),
                        node_columns, N(node_columns));
}

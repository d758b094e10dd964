/* args: from options of the command line to the arguments of a verb. */
#include "node/cli/args.h"

#include <stdio.h>
#include <stdlib.h>

#include "node/cli/files.h"
#include "query/expr.h"
#include "text/json.h"

void kai_cli_put_text(const struct kai_cli *cli, json_t *args, const char *option, const char *key)
{
    const char *text = kai_cli_opt(cli, option);

    if (text != NULL)
        (void)json_object_set_new(args, key, json_string(text));
}

void kai_cli_put_list(const struct kai_cli *cli, json_t *args, const char *option, const char *key)
{
    const char *v;

    for (size_t i = 0; (v = kai_cli_opt_at(cli, option, i)) != NULL; i++) {
        if (i == 0)
            (void)json_object_set_new(args, key, json_array());
        (void)json_array_append_new(json_object_get(args, key), json_string(v));
    }
}

int kai_cli_put_number(const struct kai_cli *cli, json_t *args, const char *option, const char *key)
{
    const char *text = kai_cli_opt(cli, option);
    uint64_t v;

    if (text == NULL)
        return KAI_EXIT_DONE;
    if (!kai_cli_number(text, &v))
        return kai_cli_usage(cli, "usage.number", option);
    return json_object_set_new(args, key, json_integer((json_int_t)v)) == 0 ? KAI_EXIT_DONE
                                                                            : KAI_EXIT_FAILED;
}

void kai_cli_put_hex(json_t *args, const char *key, struct kai_view bytes)
{
    char *hex = malloc(2 * bytes.n + 1);

    if (hex != NULL)
        (void)json_object_set_new(args, key, json_string(kai_hex(hex, bytes.p, bytes.n)));
    free(hex);
}

void kai_cli_print_json(json_t *o)
{
    (void)json_dumpf(o, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    json_decref(o);
}

json_t *kai_cli_path(const char *path)
{
    struct kai_jput j;
    struct kai_buf b;

    kai_buf_init(&b, 8 * KAI_PATH_BYTES_MAX);
    kai_jput_init(&j, &b);
    kai_jput_text(&j, NULL, path);
    json_t *text = json_loadb((const char *)b.p, b.len, JSON_DECODE_ANY, NULL);
    kai_buf_free(&b);
    return text != NULL ? text : json_string("");
}

char *kai_cli_expression(const struct kai_cli *cli, int *status)
{
    struct kai_buf b;
    char most[24];

    kai_buf_init(&b, KAI_QUERY_BYTES_MAX + 1);
    for (size_t i = 0; i < cli->n_args; i++) {
        if (i > 0)
            kai_buf_u8(&b, ' ');
        kai_buf_text(&b, cli->args[i]);
    }
    kai_buf_u8(&b, '\0');
    if (b.err == KAI_OK)
        return (char *)b.p; /* Taken over by the caller. */
    /* What is left of it would ask for something else, as for everything. */
    struct kai_why why = {0};
    (void)snprintf(most, sizeof most, "%u", (unsigned int)KAI_QUERY_BYTES_MAX);
    if (b.err == KAI_ELIMIT)
        kai_ignore(kai_why_set(&why, b.err, "query.too-long", "bytes", most, NULL));
    *status = kai_cli_fail(cli, b.err, &why);
    kai_buf_free(&b);
    return NULL;
}

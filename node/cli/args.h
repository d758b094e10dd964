/* args: from options of the command line to the arguments of a verb. */
#ifndef KAI_NODE_CLI_ARGS_H
#define KAI_NODE_CLI_ARGS_H

#include "node/cli/cli.h"

/* Each leaves args as it is where the option is not given. */
void kai_cli_put_text(const struct kai_cli *cli, json_t *args, const char *option, const char *key);
/* All values of a repeated option. */
void kai_cli_put_list(const struct kai_cli *cli, json_t *args, const char *option, const char *key);
/* Returns the exit status: KAI_EXIT_USAGE where it is no number, which was told. */
int kai_cli_put_number(const struct kai_cli *cli, json_t *args, const char *option,
                       const char *key);
/* What follows the verb, as one text; to be freed. NULL: no memory, or too long; told, *status. */
char *kai_cli_expression(const struct kai_cli *cli, int *status);
/* Whether all words but paths are UTF-8, before anything is done with them: a text that is none
 * could only be left out. Returns the exit status: KAI_EXIT_USAGE where not, which was told
 * (words.c). */
int kai_cli_words_ok(const struct kai_cli *cli);
/* A path as a JSON text, U+FFFD where it is no UTF-8. */
json_t *kai_cli_path(const char *path);
/* Bytes in hex. */
void kai_cli_put_hex(json_t *args, const char *key, struct kai_view bytes);
/* "now" and "next" of an answer: what happens, and what to do (cmd_revoke.c). */
void kai_cli_say_next(const struct kai_cli *cli, const json_t *answer);
/* One JSON line on standard output; o is consumed. */
void kai_cli_print_json(json_t *o);

#endif

/* cli: the command line: one row a verb in verbs.c, one function each in cmd_*.c. */
#ifndef KAI_NODE_CLI_H
#define KAI_NODE_CLI_H

#include <jansson.h>

#include "node/home.h"
#include "text/catalogue.h"
#include "text/table.h"

enum kai_exit {
    KAI_EXIT_DONE = 0,
    KAI_EXIT_FAILED = 1,
    KAI_EXIT_USAGE = 2,
    KAI_EXIT_FORBIDDEN = 3,
    KAI_EXIT_NOTHING = 4
};

#define KAI_CLI_OPTS_MAX 64u

struct kai_cli {
    const struct kai_verb *verb;
    enum kai_lang lang;
    bool json;
    struct kai_home home;
    bool hold;             /* A stopped node's home stays open from call to call, */
    struct kai_core *core; /* until kai_cli_release(); NULL: it is not open. */
    size_t n_args;         /* What follows the verb and is no option. */
    char **args;
    char **program; /* What follows --exec, to the end of the line; NULL: none. */
    size_t n_opts;
    struct {
        const char *name;  /* "--to" */
        const char *value; /* NULL for a flag. */
    } opts[KAI_CLI_OPTS_MAX];
};

struct kai_verb {
    const char *name;     /* "org admit" */
    const char *synopsis; /* What follows the name. */
    const char *options;  /* "--to= --also=+ --skip-bad": '=' takes a value, "=+" several. */
    size_t args_min;
    size_t args_max;
    int (*run)(struct kai_cli *cli);
    const char *help; /* Id of its one line in the catalogue. */
};
extern const struct kai_verb kai_verbs[];
extern const size_t kai_verbs_n;

/* The value of an option, NULL where it is not given; the i-th of a repeated one. */
const char *kai_cli_opt(const struct kai_cli *cli, const char *name);
const char *kai_cli_opt_at(const struct kai_cli *cli, const char *name, size_t i);
bool kai_cli_flag(const struct kai_cli *cli, const char *name);

/* ---- Saying things (out.c). */
/* Print a refusal to standard error, as the language or --json asks; returns its exit status. */
int kai_cli_fail(const struct kai_cli *cli, enum kai_err err, const struct kai_why *why);
/* The same for an error object that a node sent. */
int kai_cli_fail_json(const struct kai_cli *cli, const json_t *error);
int kai_cli_usage(const struct kai_cli *cli, const char *code, const char *arg);
/* A text of the catalogue to standard output or error, with a line feed. */
void kai_cli_say(const struct kai_cli *cli, const char *id, const char *a1, const char *a2,
                 const char *a3);
void kai_cli_note(const struct kai_cli *cli, const char *id, const char *a1, const char *a2,
                  const char *a3);
/* Columns of an answer: heading's text id, key of the line, alignment. */
struct kai_column {
    const char *heading;
    const char *key;
    enum kai_align align;
};
/* One JSON value as a cell: texts, numbers, lists joined; "" for null. */
void kai_cli_cell(const struct kai_cli *cli, struct kai_table *t, const json_t *v, const char *key);
int kai_cli_table(const struct kai_cli *cli, const struct kai_column *cols, size_t n,
                  const json_t *rows);

/* ---- Asking a node (client.c). */
/* Run a verb on the home's node, or on the home itself where no node runs. Each line of the answer
 * goes to line, which returns false to stop; raw bytes go to standard output where raw is set.
 * file: a path whose bytes are the body, "-" = standard input, NULL = none. Errors are printed.
 * Returns the exit status. args is consumed. */
typedef bool kai_line_fn(void *ctx, const char *line, size_t n);
int kai_cli_call(struct kai_cli *cli, const char *verb, json_t *args, const char *file, bool raw,
                 kai_line_fn *line, void *ctx);
/* The same, the lines as an array of objects; NULL after an error, which was printed: *status. */
json_t *kai_cli_ask(struct kai_cli *cli, const char *verb, json_t *args, int *status);
/* Open the home itself. Another process that holds it is waited for a little: a verb is soon done.
 * *there: it is a node, which listens. Errors: as kai_core_open(). */
enum kai_err kai_cli_open(struct kai_cli *cli, struct kai_core **core, bool *there,
                          struct kai_why *why);
/* After calls with cli->hold. */
void kai_cli_release(struct kai_cli *cli);
/* Ask the running node for an answer without an end, until stop() says so (asked once a
 * second); a home without a node is not opened. *lost: the node was not there or went away, which
 * is not told: ask again. */
int kai_cli_follow(struct kai_cli *cli, const char *verb, const json_t *args, kai_line_fn *line,
                   void *ctx, bool (*stop)(void *ctx), bool *lost);
/* Print each line as it is. */
bool kai_cli_print_line(void *ctx, const char *line, size_t n);
/* Ask, and print the answer: lines with --json, else a table. */
int kai_cli_show(struct kai_cli *cli, const char *verb, json_t *args, const struct kai_column *cols,
                 size_t n);

/* ---- Passphrases (passphrase.c). Of --passphrase-file, $KAIRAN_PASSPHRASE, or asked for on the
 * terminal (what: whose key it opens), twice where it is new. In guarded memory: free with
 * sodium_free(). NULL: told, *status is set. */
char *kai_cli_passphrase(const struct kai_cli *cli, const char *what, bool is_new, int *status);

int kai_cmd_help(struct kai_cli *cli);
int kai_cmd_version(struct kai_cli *cli);
int kai_cmd_network_create(struct kai_cli *cli);
int kai_cmd_network_show(struct kai_cli *cli);
int kai_cmd_network_amend(struct kai_cli *cli);
int kai_cmd_network_sign(struct kai_cli *cli);
int kai_cmd_network_apply(struct kai_cli *cli);
int kai_cmd_org_request(struct kai_cli *cli);
int kai_cmd_org_admit(struct kai_cli *cli);
int kai_cmd_org_join(struct kai_cli *cli);
int kai_cmd_org_recover(struct kai_cli *cli);
int kai_cmd_export(struct kai_cli *cli);
int kai_cmd_stream(struct kai_cli *cli);
int kai_cmd_org_list(struct kai_cli *cli);
int kai_cmd_org_show(struct kai_cli *cli);
int kai_cmd_org_revoke(struct kai_cli *cli);
int kai_cmd_org_replace(struct kai_cli *cli);
int kai_cmd_org_succeed(struct kai_cli *cli);
int kai_cmd_node_request(struct kai_cli *cli);
int kai_cmd_node_admit(struct kai_cli *cli);
int kai_cmd_node_join(struct kai_cli *cli);
int kai_cmd_node_list(struct kai_cli *cli);
int kai_cmd_node_revoke(struct kai_cli *cli);
int kai_cmd_person_key(struct kai_cli *cli);
int kai_cmd_person_add(struct kai_cli *cli);
int kai_cmd_person_list(struct kai_cli *cli);
int kai_cmd_person_revoke(struct kai_cli *cli);
int kai_cmd_run(struct kai_cli *cli);
int kai_cmd_status(struct kai_cli *cli);
int kai_cmd_peers(struct kai_cli *cli);
int kai_cmd_audience_create(struct kai_cli *cli);
int kai_cmd_audience_add(struct kai_cli *cli);
int kai_cmd_audience_remove(struct kai_cli *cli);
int kai_cmd_audience_list(struct kai_cli *cli);
int kai_cmd_audience_show(struct kai_cli *cli);
int kai_cmd_issuing_replace(struct kai_cli *cli);
int kai_cmd_keydeath_make(struct kai_cli *cli);
int kai_cmd_keydeath_use(struct kai_cli *cli);
int kai_cmd_open(struct kai_cli *cli);
int kai_cmd_publish(struct kai_cli *cli);
int kai_cmd_inventory_import(struct kai_cli *cli);
int kai_cmd_inventory_list(struct kai_cli *cli);
int kai_cmd_relevant(struct kai_cli *cli);
int kai_cmd_note(struct kai_cli *cli);
int kai_cmd_sighting(struct kai_cli *cli);
int kai_cmd_query(struct kai_cli *cli);
int kai_cmd_get(struct kai_cli *cli);
int kai_cmd_explain(struct kai_cli *cli);
int kai_cmd_watch(struct kai_cli *cli);
int kai_cmd_hunt(struct kai_cli *cli);
int kai_cmd_reshare(struct kai_cli *cli);
int kai_cmd_release_request(struct kai_cli *cli);
int kai_cmd_release_list(struct kai_cli *cli);
int kai_cmd_release_grant(struct kai_cli *cli);
int kai_cmd_release_refuse(struct kai_cli *cli);
int kai_cmd_withdraw(struct kai_cli *cli);
int kai_cmd_recall(struct kai_cli *cli);
int kai_cmd_receipts(struct kai_cli *cli);
int kai_cmd_contribution_list(struct kai_cli *cli);
int kai_cmd_contribution_publish(struct kai_cli *cli);
int kai_cmd_carry_pack(struct kai_cli *cli);
int kai_cmd_carry_unpack(struct kai_cli *cli);
int kai_cmd_backup(struct kai_cli *cli);
int kai_cmd_restore(struct kai_cli *cli);
int kai_cmd_reindex(struct kai_cli *cli);
int kai_cmd_user_set(struct kai_cli *cli);
int kai_cmd_user_list(struct kai_cli *cli);
int kai_cmd_user_remove(struct kai_cli *cli);
int kai_cmd_token_add(struct kai_cli *cli);
int kai_cmd_token_list(struct kai_cli *cli);
int kai_cmd_token_revoke(struct kai_cli *cli);
int kai_cmd_audit_show(struct kai_cli *cli);
int kai_cmd_audit_verify(struct kai_cli *cli);
int kai_cmd_demo(struct kai_cli *cli);

#endif

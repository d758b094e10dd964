/* publish: what the ways of publishing share. */
#ifndef KAI_NODE_CLI_PUBLISH_H
#define KAI_NODE_CLI_PUBLISH_H

#include "node/cli/cli.h"

struct kai_tally { /* What became of all files. */
    struct kai_cli *cli;
    uint64_t accepted;
    uint64_t skipped;
    uint64_t refused;
    uint64_t entries;
    uint64_t durable_ms;
    uint64_t held_by;
    bool held_any;
    json_t *ids; /* Of sealed batches: what `open` takes. NULL: none. */
};
/* A line of the answer: a refusal is told, a sum is added. For kai_cli_call(). */
bool kai_tally_line(void *tally, const char *line, size_t n);
void kai_tally_say(const struct kai_cli *cli, const struct kai_tally *t);
void kai_tally_free(struct kai_tally *t);
/* Options into arguments of a request. Returns the exit status. */
int kai_publish_args(struct kai_cli *cli, json_t *args);

/* Whether what is to be published has to be sealed here, before any node sees it: it is labelled
 * RED by --label, or goes to persons. *status: something was wrong, and told. */
bool kai_red_wanted(struct kai_cli *cli, int *status);
int kai_cmd_publish_red(struct kai_cli *cli);

#endif

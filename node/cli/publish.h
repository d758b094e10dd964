/* publish: what the ways of publishing share. */
#ifndef KAI_NODE_CLI_PUBLISH_H
#define KAI_NODE_CLI_PUBLISH_H

#include "node/cli/cli.h"

struct kai_tally { /* What became of all files. */
    struct kai_cli *cli;
    uint64_t accepted;
    uint64_t skipped;
    uint64_t refused;
    uint64_t warned; /* Values on a warninglist. */
    uint64_t entries;
    uint64_t durable_ms;
    uint64_t held_by;
    uint64_t unsent; /* Entries that wait for a key. */
    bool held_any;
    json_t *ids; /* Of sealed batches: what `open` takes. NULL: none. */
};
/* A line of the answer: a refusal is told, a sum is added. For kai_cli_call(). */
bool kai_tally_line(void *tally, const char *line, size_t n);
/* One refusal that was decided here, told like a node's. What it adds to the sum is for the caller.
 */
void kai_tally_refusal(struct kai_tally *t, const struct kai_why *why, const char *id);
/* The same of a value on a warninglist. */
void kai_tally_warning(struct kai_tally *t, const struct kai_why *why, const char *id);
void kai_tally_say(const struct kai_cli *cli, const struct kai_tally *t);
void kai_tally_free(struct kai_tally *t);
/* Options into arguments of a request. Returns the exit status. */
int kai_publish_args(struct kai_cli *cli, json_t *args);

/* Whether what is to be published has to be sealed here, before any node sees it: it is labelled
 * RED by --label, or goes to persons. *status: something was wrong, and told. */
bool kai_red_wanted(struct kai_cli *cli, int *status);
int kai_cmd_publish_red(struct kai_cli *cli);

/* A copy of a file in memory, never on a disk, which can be read twice: what goes to a node, and
 * out, are the bytes that were judged, whoever writes to the file meanwhile. */
struct kai_held {
    int fd;
    char path[32]; /* What to open; good until kai_held_close(). */
};
/* Errors: KAI_EIO (file.read), KAI_ELIMIT (file.size: over 512 MiB of what has no size before, over
 * 2 GiB of what has). */
KAI_MUST_USE enum kai_err kai_held_open(struct kai_held *h, const char *file, struct kai_why *why);
void kai_held_close(struct kai_held *h);

/* Whether the file holds something RED, by its markings or by --label, and so must not go to a node
 * as it is: *stays, and it was told. What cannot be read counts by its bytes.
 * Errors: those of kai_whole_open() and kai_import_scan(); KAI_ELIMIT (file.size): too large to be
 * read, which a node would find, too. */
KAI_MUST_USE enum kai_err kai_red_guard(struct kai_cli *cli, const char *file,
                                        const struct kai_held *h, struct kai_tally *t, bool *stays,
                                        struct kai_why *why);

#endif

/* bar: how far something is, on a terminal, where it takes over a second. */
#ifndef KAI_NODE_CLI_BAR_H
#define KAI_NODE_CLI_BAR_H

#include "node/cli/cli.h"

struct kai_bar {
    const struct kai_cli *cli;
    const char *id; /* Of the text that says what goes on. */
    bool on;        /* Standard error is a terminal. */
    uint64_t began_ms;
    uint64_t shown_ms;
};

struct kai_bar kai_bar_begin(const struct kai_cli *cli, const char *id);
/* bar: a struct kai_bar. Not known how much there is: total = 0, nothing is shown. */
void kai_bar_show(void *bar, uint64_t done, uint64_t total);
void kai_bar_end(const struct kai_bar *b);

#endif

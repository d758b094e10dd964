/* hook: hands lines to a program or to an address on loopback, one at a time, in their order.
 *
 * Lines wait in a queue with a bound; when it is full, kai_hook_give() waits, so that none is lost
 * while the node keeps up the connection. What fails is counted and told on standard error. */
#ifndef KAI_NODE_CLI_HOOK_H
#define KAI_NODE_CLI_HOOK_H

#include "node/cli/cli.h"

struct kai_hook;

/* What is called for each line, NULL for neither; both may be given. */
struct kai_hook_what {
    char **program;  /* And its arguments, NULL behind them: executed as it is, by no shell. */
    const char *url; /* http://127.0.0.1... or http://[::1]... */
};

/* Whether a URL is one that a hook may post to: plain HTTP on this machine's loopback, no user. */
bool kai_hook_url_ok(const char *url);

/* Start its thread. cli and what stay the caller's until kai_hook_end(). NULL: no memory. */
struct kai_hook *kai_hook_begin(const struct kai_cli *cli, const struct kai_hook_what *what);
/* Take a copy of a line. False: no memory. */
bool kai_hook_give(struct kai_hook *h, const char *line, size_t n);
/* Hand over what waits, stop, and say how many failed. NULL does nothing. Returns that number. */
uint64_t kai_hook_end(struct kai_hook *h);

#endif

/* hunt_known: what the node knows, for a hunt: its filter, and the items behind a value, each asked
 * for once.
 *
 * Only what the node shows to whoever runs the command is in either (docs/api.md, hunt-filter). */
#ifndef KAI_NODE_CLI_HUNT_KNOWN_H
#define KAI_NODE_CLI_HUNT_KNOWN_H

#include "hunt/filter.h"
#include "node/cli/cli.h"

struct hunt_known;

struct hunt_item {
    const char *id;
    const char *value_type;
    const char *label;
    const char *origin_name; /* NULL: not known. */
};

/* Ask for the filter. wish: arguments of the request (types, since); taken over. *out is NULL, and
 * what is wrong was told, unless the exit status is KAI_EXIT_DONE. */
int hunt_known_open(struct hunt_known **out, struct kai_cli *cli, json_t *wish);
void hunt_known_close(struct hunt_known *k); /* NULL does nothing. */
const struct kai_hunt_filter *hunt_known_filter(const struct hunt_known *k);

/* Before values are looked up: forget what was known where it has become too much; then true, and
 * numbers begin again. */
bool hunt_known_begin(struct hunt_known *k);
/* The number of a value, good until the next hunt_known_begin(). It is asked for with others.
 * False: a failure, told; see hunt_known_status(). */
bool hunt_known_want(struct hunt_known *k, enum kai_hunt_class cls, struct kai_view value,
                     uint32_t *number);
/* Ask for all that were wanted. False as above. */
bool hunt_known_ask(struct hunt_known *k);
int hunt_known_status(const struct hunt_known *k);
/* The i-th item behind a value that was asked for; false past the last. */
bool hunt_known_item(const struct hunt_known *k, uint32_t number, size_t i, struct hunt_item *out);

#endif

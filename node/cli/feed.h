/* feed: a folder of MISP events with a manifest.json, as the files in it. */
#ifndef KAI_NODE_CLI_FEED_H
#define KAI_NODE_CLI_FEED_H

#include "node/cli/cli.h"

struct kai_feed {
    char **files; /* What to publish, one after the other. */
    size_t n;
};

/* What the arguments name, each folder replaced by FOLDER/UUID.json of its manifest, in its order.
 * Where the manifest gives a SHA-256, the file must have it. Files beside the manifest do not
 * count. Tells what is wrong and returns the exit status; nothing is to be published then. */
int kai_feed_open(struct kai_feed *f, const struct kai_cli *cli);
void kai_feed_close(struct kai_feed *f);

#endif

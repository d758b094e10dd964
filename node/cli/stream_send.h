/* stream_send: the thread that brings messages into the cluster, in their order, each once.
 *
 * A batch goes out at a time; when all of it is acknowledged, its place is written down, and the
 * next one goes out. So what a crash leaves in doubt is one batch at most. Where the stream holds
 * more than what was written down, or may, each message is asked for before it is sent, until all
 * that was there at the start has gone out. */
#ifndef KAI_NODE_CLI_STREAM_SEND_H
#define KAI_NODE_CLI_STREAM_SEND_H

#include "node/cli/cli.h"
#include "node/cli/stream_cluster.h"
#include "node/cli/stream_place.h"

struct kai_stream;

struct kai_stream_opts { /* The caller's, until kai_stream_end(). */
    const struct kai_cli *cli;
    struct kai_cluster *cluster;
    const struct kai_cluster_opts *to;
    const char *path;              /* Of the place. */
    struct kai_stream_place place; /* As it was read. */
    bool (*stop)(void);
};

struct kai_stream_sum {
    uint64_t sent; /* By this process. */
    uint64_t held; /* Were there already. */
    uint64_t cut;  /* Of those sent: without their content, which was too large. */
};

/* Start it. NULL: no memory. */
struct kai_stream *kai_stream_begin(const struct kai_stream_opts *o);

/* Where the node is to go on from: "" from the start, as far as it is current; "begin": from the
 * start, whatever became of it. Waits until the cluster was seen. False: it ends. */
bool kai_stream_from(struct kai_stream *s, char at[static KAI_STREAM_AT_CAP]);
/* The node begins elsewhere than it was asked to: what it says may have gone out before. */
void kai_stream_again(struct kai_stream *s);

/* No more of this answer is wanted. For a thread that waits for the node's next line. */
bool kai_stream_leaves(struct kai_stream *s);

/* Take a copy of a message; waits while there are too many. False: no more is wanted: it ends, or
 * the stream is another one now and kai_stream_from() says from where. ask: this one may have gone
 * out before. */
bool kai_stream_give(struct kai_stream *s, const char *at, const char *state, const char *id,
                     bool ask, const char *text, size_t n);
/* All that was there has been given. */
bool kai_stream_current(struct kai_stream *s, const char *at);

/* Whether all that was there when the node said so is in the stream. */
bool kai_stream_done(struct kai_stream *s);
/* Stop after the batch under way. Returns the exit status: where it failed, that was told. */
int kai_stream_end(struct kai_stream *s, struct kai_stream_sum *sum);

#endif

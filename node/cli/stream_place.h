/* stream_place: how far a stream has come, in a file: what was acknowledged, and in which stream.
 * It is written whole or not at all, and durable before it counts. */
#ifndef KAI_NODE_CLI_STREAM_PLACE_H
#define KAI_NODE_CLI_STREAM_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/why.h"
#include "node/cli/stream_cluster.h"

#define KAI_STREAM_AT_CAP 96u /* A node's word for a place in its index. */

struct kai_stream_place {
    char at[KAI_STREAM_AT_CAP];             /* "": nothing has gone out. */
    int64_t created_ns;                     /* The stream it went to; 0: none yet. */
    uint64_t seq;                           /* The last message of ours there, */
    char last[KAI_CLUSTER_MSG_SUBJECT_CAP]; /* and its subject; "": not known. */
    bool asks;                              /* What comes may have gone out before: ask for each. */
    char what[65]; /* Hash of what is streamed: another question is another stream. */
};

/* Lock the file for this process until it ends, and read it. Nothing there: all zeros.
 * Errors: KAI_EBUSY (stream.busy), KAI_EIO (file.read, file.write), KAI_EMALFORMED
 * (stream.place). */
KAI_MUST_USE enum kai_err kai_stream_place_open(struct kai_stream_place *p, const char *path,
                                                struct kai_why *why);
/* Errors: those of kai_file_write(). */
KAI_MUST_USE enum kai_err kai_stream_place_write(const struct kai_stream_place *p, const char *path,
                                                 struct kai_why *why);

#endif

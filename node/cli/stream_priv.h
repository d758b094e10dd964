/* stream_priv: what the thread that sends and those who give to it share. */
#ifndef KAI_NODE_CLI_STREAM_PRIV_H
#define KAI_NODE_CLI_STREAM_PRIV_H

#include <pthread.h>

#include "node/cli/stream_send.h"

#define KAI_STREAM_RETRY_MS 100u

struct kai_stream_entry {
    char at[KAI_STREAM_AT_CAP];
    char state[12]; /* "": all that was there has been given. */
    char id[2 * KAI_ID_BYTES + 1];
    bool ask;
    char *text;
    size_t n;
};

struct kai_stream {
    const struct kai_stream_opts *o;
    pthread_t thread;
    /* The thread's own. */
    struct kai_cluster_state now;
    bool checked;  /* Since the last failure. */
    bool shrank;   /* It numbers anew what it had numbered before. */
    size_t unsure; /* Messages that come next and that a process before may have sent. */
    uint64_t looked_ms;
    uint64_t good_ms;
    uint64_t told_ms; /* That it is away; 0: not. */
    uint64_t shorter_ms;
    struct kai_cluster_msg msgs[KAI_STREAM_BATCH_MAX];
    struct kai_stream_entry batch[KAI_STREAM_BATCH_MAX];
    size_t n_batch;
    pthread_mutex_t mu; /* Guards what follows. */
    pthread_cond_t changed;
    struct kai_stream_entry queue[KAI_STREAM_QUEUE_MAX];
    size_t first;
    size_t n;
    size_t bytes;
    struct kai_stream_place place;
    struct kai_stream_sum sum;
    bool seen;    /* The stream was looked at. */
    bool restart; /* The node has to begin again at the place. */
    bool ends;
    bool idle;  /* Nothing is in a batch. */
    int status; /* Exit status, once it failed. */
};

void kai_stream_entry_free(struct kai_stream_entry *e);
/* mu is held in these. Empty the queue; wait until something changed, ms at most. */
void kai_stream_clear(struct kai_stream *s);
void kai_stream_wait_ms(struct kai_stream *s, uint64_t ms);

/* stream_work.c: the thread. ctx: the stream. */
void *kai_stream_work(void *ctx);

#endif

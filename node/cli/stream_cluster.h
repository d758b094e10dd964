/* stream_cluster: one stream of a NATS JetStream cluster, and what may be asked of it. The only
 * file that knows libnats.
 *
 * For one thread. Nothing here waits longer than a few seconds: KAI_EAGAIN says that the cluster
 * did not answer, or not with yes, and the reason says why; ask again. */
#ifndef KAI_NODE_CLI_STREAM_CLUSTER_H
#define KAI_NODE_CLI_STREAM_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/why.h"

#define KAI_CLUSTER_REASON_CAP      160u
#define KAI_CLUSTER_NAME_MAX        64u /* Of a stream, */
#define KAI_CLUSTER_SUBJECT_MAX     96u /* and of the subject that its messages stand under. */
#define KAI_CLUSTER_MSG_SUBJECT_CAP (KAI_CLUSTER_SUBJECT_MAX + 80u)

struct kai_cluster_opts { /* All the caller's, until kai_cluster_free(). NULL: not given. */
    const char *urls[KAI_STREAM_SERVERS_MAX]; /* Each was found good by kai_cluster_url_ok(). */
    size_t n_urls;
    const char *ca; /* Files: CAs in PEM, */
    const char *cert, *key;
    const char *creds; /* and NATS credentials. */
    const char *user, *password;
    const char *stream;
    const char *subject;
    uint64_t replicas; /* At least so many, */
    bool create;       /* and the stream is made with them where there is none. */
};

/* What the stream is now. */
struct kai_cluster_state {
    int64_t created_ns; /* Another one: another stream. */
    uint64_t last_seq;  /* Of its last message; 0: it never had one. */
    size_t bytes_max;   /* Of a message. */
    bool forgets;       /* It has limits past which it drops what it was given. */
};

struct kai_cluster_msg {
    char subject[KAI_CLUSTER_MSG_SUBJECT_CAP]; /* Its id as well: a stream may hold several. */
    const char *text;                          /* The caller's. */
    size_t n;
    bool guard;   /* Refuse it where the subject has one already. */
    bool told;    /* Out: it is in the stream. */
    bool fresh;   /* Out: it was not until now, as the stream says itself. */
    uint64_t seq; /* Its number there. */
};

/* stream_names.c: tls://HOST:PORT, or nats:// to loopback; no user in it. */
bool kai_cluster_url_ok(const char *url);
/* A name of letters, digits, - and _; a subject of such names and dots. */
bool kai_cluster_name_ok(const char *name, bool dots);

struct kai_cluster;
/* Reads the files; connects to nobody yet. Errors: KAI_EIO (stream.file (what libnats says, file)),
 * KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_cluster_new(struct kai_cluster **out,
                                          const struct kai_cluster_opts *o, struct kai_why *why);
void kai_cluster_free(struct kai_cluster *c); /* NULL does nothing. */
/* Why the last call was KAI_EAGAIN. */
const char *kai_cluster_reason(const struct kai_cluster *c);

/* Connect where that is needed, and look at the stream. known: it was there before, so that where
 * it is not it must not be made again: a cluster that starts may not know it yet. Errors:
 * KAI_EAGAIN; KAI_EMALFORMED, which stays so until somebody changes the stream: stream.missing,
 * stream.retention, stream.storage (name), stream.size (name, it takes, it must take),
 * stream.replicas (name, it has, it must have), stream.subjects (name, subject). */
KAI_MUST_USE enum kai_err kai_cluster_look(struct kai_cluster *c, bool known,
                                           struct kai_cluster_state *out, struct kai_why *why);
/* Whether the connection is still the one over which it was looked at: libnats makes another one by
 * itself, and the servers behind that may have lost what was acknowledged. */
bool kai_cluster_same(const struct kai_cluster *c);
/* Whether message seq of the stream is the one that went out under the subject; one that somebody
 * deleted counts as that. Errors: KAI_EAGAIN. */
KAI_MUST_USE enum kai_err kai_cluster_stands(struct kai_cluster *c, uint64_t seq,
                                             const char *subject, bool *stands);
/* Whether the stream has a message under the subject: sets m->told and m->seq. Errors: KAI_EAGAIN.
 */
KAI_MUST_USE enum kai_err kai_cluster_ask(struct kai_cluster *c, struct kai_cluster_msg *m);
/* Publish those of n (KAI_STREAM_BATCH_MAX at most) that are not told, all at once, and wait until
 * each is acknowledged or not. Errors: KAI_EAGAIN (not all of them are told). */
KAI_MUST_USE enum kai_err kai_cluster_publish(struct kai_cluster *c, struct kai_cluster_msg *m,
                                              size_t n);

#endif

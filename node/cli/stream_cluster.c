/* stream_cluster: one stream of a NATS JetStream cluster. */
#include "node/cli/stream_cluster.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <nats/nats.h>

#define ANSWER_MS      2000 /* A cluster that is well answers in milliseconds. */
#define RECONNECT_MS   100
#define PING_MS        2000                  /* Two that are not answered: the server hangs. */
#define WINDOW_NS      INT64_C(120000000000) /* In which the cluster knows an id again by itself. */
#define HEAD_BYTES_MAX 512u                  /* Of a message: ids and names. */

struct kai_cluster {
    const struct kai_cluster_opts *o;
    natsOptions *opts;
    natsConnection *nc;
    jsCtx *js;
    natsStatistics *stats;
    uint64_t looked; /* Reconnects by themselves, when the stream was looked at. */
    char reason[KAI_CLUSTER_REASON_CAP];
    pthread_mutex_t mu; /* Guards what follows: acknowledgements come on a thread of libnats. */
    pthread_cond_t changed;
    struct kai_cluster_msg *msgs;
    natsMsg *sent[KAI_STREAM_BATCH_MAX]; /* What is not acknowledged yet; NULL: nothing. */
    size_t n;
    size_t pending;
    char refused[KAI_CLUSTER_REASON_CAP]; /* Why one was not taken. */
};

const char *kai_cluster_reason(const struct kai_cluster *c)
{
    return c->reason;
}

/* ---- Acknowledgements. */
static void settle(struct kai_cluster *c, size_t i, const jsPubAck *ack, const jsPubAckErr *error)
{
    if (ack != NULL) {
        c->msgs[i].told = true; /* Also where it was there already: Duplicate. */
        c->msgs[i].fresh = !ack->Duplicate;
        c->msgs[i].seq = ack->Sequence;
    } else if (error != NULL) {
        (void)snprintf(c->refused, sizeof c->refused, "%s",
                       error->ErrText != NULL ? error->ErrText : natsStatus_GetText(error->Err));
    }
    c->sent[i] = NULL;
    if (--c->pending == 0)
        (void)pthread_cond_signal(&c->changed);
}

/* msg is ours to destroy. One that nobody waits for any more came too late. */
static void on_ack(jsCtx *js, natsMsg *msg, jsPubAck *ack, jsPubAckErr *error, void *ctx)
{
    struct kai_cluster *c = ctx;

    (void)js;
    (void)pthread_mutex_lock(&c->mu);
    for (size_t i = 0; i < c->n; i++)
        if (c->sent[i] == msg) {
            settle(c, i, ack, error);
            break;
        }
    (void)pthread_mutex_unlock(&c->mu);
    natsMsg_Destroy(msg);
}

/* Acknowledgements of a connection that is lost will not come. */
static void on_lost(natsConnection *nc, void *ctx)
{
    struct kai_cluster *c = ctx;

    (void)nc;
    (void)pthread_mutex_lock(&c->mu);
    c->n = 0;
    c->pending = 0;
    (void)snprintf(c->refused, sizeof c->refused, "%s",
                   natsStatus_GetText(NATS_CONNECTION_DISCONNECTED));
    (void)pthread_cond_signal(&c->changed);
    (void)pthread_mutex_unlock(&c->mu);
}

/* ---- Connecting. */
static natsStatus set_tls(const struct kai_cluster_opts *o, natsOptions *opts, const char **file)
{
    natsStatus s = NATS_OK;
    bool tls = o->ca != NULL || o->cert != NULL;

    for (size_t i = 0; i < o->n_urls; i++)
        tls = tls || strncmp(o->urls[i], "tls://", 6) == 0;
    if (!tls)
        return NATS_OK;
    s = natsOptions_SetSecure(opts, true);
    *file = o->ca;
    if (s == NATS_OK && o->ca != NULL)
        s = natsOptions_LoadCATrustedCertificates(opts, o->ca);
    if (s == NATS_OK && o->cert != NULL) {
        *file = o->cert;
        s = natsOptions_LoadCertificatesChain(opts, o->cert, o->key);
    }
    return s;
}

static natsStatus set_options(struct kai_cluster *c, const char **file)
{
    natsStatus s = natsOptions_Create(&c->opts);
    natsOptions *opts = c->opts;
    const char *urls[KAI_STREAM_SERVERS_MAX];

    for (size_t i = 0; i < c->o->n_urls; i++)
        urls[i] = c->o->urls[i];
    if (s == NATS_OK)
        s = natsOptions_SetServers(opts, urls, (int)c->o->n_urls);
    if (s == NATS_OK)
        s = set_tls(c->o, opts, file);
    if (s == NATS_OK) /* Others might be reached without TLS. */
        s = natsOptions_SetIgnoreDiscoveredServers(opts, true);
    if (s == NATS_OK && c->o->creds != NULL) {
        *file = c->o->creds;
        s = natsOptions_SetUserCredentialsFromFiles(opts, c->o->creds, NULL);
    }
    if (s == NATS_OK && c->o->user != NULL)
        s = natsOptions_SetUserInfo(opts, c->o->user, c->o->password);
    if (s == NATS_OK)
        s = natsOptions_SetName(opts, "kairan");
    if (s == NATS_OK)
        s = natsOptions_SetTimeout(opts, ANSWER_MS);
    if (s == NATS_OK)
        s = natsOptions_SetPingInterval(opts, PING_MS);
    if (s == NATS_OK)
        s = natsOptions_SetMaxReconnect(opts, -1);
    if (s == NATS_OK)
        s = natsOptions_SetReconnectWait(opts, RECONNECT_MS);
    return s == NATS_OK ? natsOptions_SetDisconnectedCB(opts, on_lost, c) : s;
}

static enum kai_err not_now(struct kai_cluster *c, natsStatus s)
{
    const char *more = NULL;

    if (s != NATS_OK)
        more = nats_GetLastError(NULL);
    if (more == NULL || more[0] == '\0')
        (void)snprintf(c->reason, sizeof c->reason, "%s", natsStatus_GetText(s));
    else
        (void)snprintf(c->reason, sizeof c->reason, "%s: %s", natsStatus_GetText(s), more);
    return KAI_EAGAIN;
}

enum kai_err kai_cluster_new(struct kai_cluster **out, const struct kai_cluster_opts *o,
                             struct kai_why *why)
{
    struct kai_cluster *c = calloc(1, sizeof *c);
    pthread_condattr_t attr;
    const char *file = NULL;

    *out = NULL;
    if (c == NULL)
        return KAI_ENOMEM;
    c->o = o;
    if (o->creds != NULL && access(o->creds, R_OK) != 0) { /* Read only when it is needed. */
        free(c);
        return kai_why_set(why, KAI_EIO, "stream.file", strerror(errno), o->creds, NULL);
    }
    (void)pthread_mutex_init(&c->mu, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&c->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    natsStatus s = natsStatistics_Create(&c->stats);
    if (s == NATS_OK)
        s = set_options(c, &file);
    if (s != NATS_OK) {
        (void)not_now(c, s);
        enum kai_err err = s == NATS_NO_MEMORY ? KAI_ENOMEM
                                               : kai_why_set(why, KAI_EIO, "stream.file", c->reason,
                                                             file != NULL ? file : "", NULL);
        kai_cluster_free(c);
        return err;
    }
    *out = c;
    return KAI_OK;
}

static void disconnect(struct kai_cluster *c)
{
    if (c->nc != NULL)
        natsConnection_Close(c->nc);
    jsCtx_Destroy(c->js);
    natsConnection_Destroy(c->nc);
    c->js = NULL;
    c->nc = NULL;
    c->looked = UINT64_MAX;
}

void kai_cluster_free(struct kai_cluster *c)
{
    if (c == NULL)
        return;
    disconnect(c);
    natsOptions_Destroy(c->opts);
    natsStatistics_Destroy(c->stats);
    nats_CloseAndWait(0); /* No thread of it asks for c any more. */
    (void)pthread_cond_destroy(&c->changed);
    (void)pthread_mutex_destroy(&c->mu);
    free(c);
}

static enum kai_err connect_now(struct kai_cluster *c)
{
    jsOptions js;
    natsStatus s = jsOptions_Init(&js);

    if (c->nc != NULL) {
        natsConnStatus now = natsConnection_Status(c->nc);

        if (now == NATS_CONN_STATUS_CONNECTED)
            return KAI_OK;
        if (now != NATS_CONN_STATUS_CLOSED) /* It looks for a server by itself. */
            return not_now(c, NATS_CONNECTION_DISCONNECTED);
        disconnect(c); /* For instance refused by all of them: credentials may change. */
    }
    js.Wait = ANSWER_MS;
    js.PublishAsync.AckHandler = on_ack;
    js.PublishAsync.AckHandlerClosure = c;
    if (s == NATS_OK)
        s = natsConnection_Connect(&c->nc, c->opts);
    if (s == NATS_OK)
        s = natsConnection_JetStream(&c->js, c->nc, &js);
    if (s == NATS_OK)
        return KAI_OK;
    enum kai_err err = not_now(c, s);
    disconnect(c);
    return err;
}

/* UINT64_MAX: not connected. */
static uint64_t count_reconnects(const struct kai_cluster *c)
{
    uint64_t n = UINT64_MAX;

    if (c->nc == NULL || natsConnection_Status(c->nc) != NATS_CONN_STATUS_CONNECTED ||
        natsConnection_GetStats(c->nc, c->stats) != NATS_OK ||
        natsStatistics_GetCounts(c->stats, NULL, NULL, NULL, NULL, &n) != NATS_OK)
        return UINT64_MAX;
    return n;
}

bool kai_cluster_same(const struct kai_cluster *c)
{
    return c->looked != UINT64_MAX && count_reconnects(c) == c->looked;
}

/* ---- The stream. */
static enum kai_err deny(struct kai_cluster *c, struct kai_why *why, const char *code,
                         const char *arg2, uint64_t arg3)
{
    char n[24];

    (void)snprintf(n, sizeof n, "%llu", (unsigned long long)arg3);
    return kai_why_set(why, KAI_EMALFORMED, code, c->o->stream, arg2, arg3 > 0 ? n : NULL);
}

static bool covers(const char *pattern, const char *subject)
{
    size_t n = strlen(pattern);

    if (n == 0 || pattern[n - 1] != '>')
        return false;
    return n == 1 || (strncmp(subject, pattern, n - 2) == 0 &&
                      (subject[n - 2] == '.' || subject[n - 2] == '\0'));
}

/* Of a message with its header. */
static size_t size_max(const struct kai_cluster *c, const jsStreamConfig *cfg)
{
    int64_t most = natsConnection_GetMaxPayload(c->nc);

    if (cfg->MaxMsgSize > 0 && cfg->MaxMsgSize < most)
        most = cfg->MaxMsgSize;
    return most > 0 ? (size_t)most : 0;
}

/* Exactly once is kept by what the stream holds, so it must keep what it was given. */
static enum kai_err judge(struct kai_cluster *c, const jsStreamConfig *cfg, size_t most,
                          struct kai_why *why)
{
    char n[24];
    bool covered = false;

    for (int i = 0; i < cfg->SubjectsLen; i++)
        covered = covered || covers(cfg->Subjects[i], c->o->subject);
    if (!covered)
        return deny(c, why, "stream.subjects", c->o->subject, 0);
    if (cfg->Retention != js_LimitsPolicy)
        return deny(c, why, "stream.retention", NULL, 0);
    if (cfg->Storage != js_FileStorage)
        return deny(c, why, "stream.storage", NULL, 0);
    (void)snprintf(n, sizeof n, "%zu", most);
    if (most < KAI_STREAM_MSG_BYTES_MIN)
        return deny(c, why, "stream.size", n, KAI_STREAM_MSG_BYTES_MIN);
    (void)snprintf(n, sizeof n, "%lld", (long long)cfg->Replicas);
    if (cfg->Replicas < (int64_t)c->o->replicas)
        return deny(c, why, "stream.replicas", n, c->o->replicas);
    return KAI_OK;
}

static natsStatus make(struct kai_cluster *c, jsStreamInfo **info, jsErrCode *code)
{
    char subject[KAI_CLUSTER_SUBJECT_MAX + 4];
    const char *subjects[] = {subject};
    jsStreamConfig cfg;
    natsStatus s = jsStreamConfig_Init(&cfg);

    (void)snprintf(subject, sizeof subject, "%s.>", c->o->subject);
    cfg.Name = c->o->stream;
    cfg.Subjects = subjects;
    cfg.SubjectsLen = 1;
    cfg.Storage = js_FileStorage;
    cfg.Replicas = (int64_t)c->o->replicas;
    cfg.Duplicates = WINDOW_NS;
    return s == NATS_OK ? js_AddStream(info, c->js, &cfg, NULL, code) : s;
}

enum kai_err kai_cluster_look(struct kai_cluster *c, bool known, struct kai_cluster_state *out,
                              struct kai_why *why)
{
    jsStreamInfo *info = NULL;
    jsErrCode code = 0;
    enum kai_err err = connect_now(c);

    if (err != KAI_OK)
        return err;
    c->looked = count_reconnects(c); /* Before: what is lost from here on is lost behind it. */
    natsStatus s = js_GetStreamInfo(&info, c->js, c->o->stream, NULL, &code);
    bool missing = s == NATS_NOT_FOUND && code == JSStreamNotFoundErr;
    if (missing && !known && !c->o->create)
        return deny(c, why, "stream.missing", NULL, 0);
    if (missing && !known)
        s = make(c, &info, &code);
    if (s != NATS_OK)
        return not_now(c, s);
    size_t most = size_max(c, info->Config);
    err = judge(c, info->Config, most, why);
    *out = (struct kai_cluster_state){.created_ns = info->Created, .last_seq = info->State.LastSeq};
    out->forgets =
        info->Config->MaxAge > 0 || info->Config->MaxMsgs > 0 || info->Config->MaxBytes > 0;
    out->bytes_max = most > HEAD_BYTES_MAX ? most - HEAD_BYTES_MAX : 0;
    jsStreamInfo_Destroy(info);
    return err;
}

enum kai_err kai_cluster_ask(struct kai_cluster *c, struct kai_cluster_msg *m)
{
    natsMsg *msg = NULL;
    jsErrCode code = 0;
    enum kai_err err = connect_now(c);

    if (err != KAI_OK)
        return err;
    natsStatus s = js_GetLastMsg(&msg, c->js, c->o->stream, m->subject, NULL, &code);
    if (s == NATS_NOT_FOUND && code == JSNoMessageFoundErr)
        return KAI_OK;
    if (s != NATS_OK)
        return not_now(c, s);
    m->told = true;
    m->seq = natsMsg_GetSequence(msg);
    natsMsg_Destroy(msg);
    return KAI_OK;
}

enum kai_err kai_cluster_stands(struct kai_cluster *c, uint64_t seq, const char *subject,
                                bool *stands)
{
    natsMsg *msg = NULL;
    jsErrCode code = 0;
    enum kai_err err = connect_now(c);

    if (err != KAI_OK)
        return err;
    natsStatus s = js_GetMsg(&msg, c->js, c->o->stream, seq, NULL, &code);
    *stands = s == NATS_NOT_FOUND && code == JSNoMessageFoundErr;
    if (*stands)
        return KAI_OK;
    if (s != NATS_OK)
        return not_now(c, s);
    *stands = strcmp(natsMsg_GetSubject(msg), subject) == 0;
    natsMsg_Destroy(msg);
    return KAI_OK;
}

static natsStatus send_one(struct kai_cluster *c, size_t i)
{
    struct kai_cluster_msg *m = &c->msgs[i];
    jsPubOptions o;
    natsMsg *msg = NULL;
    natsStatus s = jsPubOptions_Init(&o);

    o.MaxWait = ANSWER_MS;
    o.MsgId = m->subject;
    o.ExpectStream = c->o->stream;
    o.ExpectNoMessage = m->guard;
    if (s == NATS_OK)
        s = natsMsg_Create(&msg, m->subject, NULL, m->text, (int)m->n);
    if (s != NATS_OK)
        return s;
    (void)pthread_mutex_lock(&c->mu);
    bool lost = c->n == 0;
    if (!lost) {
        c->sent[i] = msg; /* Before it can be acknowledged. */
        c->pending++;
    }
    (void)pthread_mutex_unlock(&c->mu);
    s = lost ? NATS_CONNECTION_DISCONNECTED : js_PublishMsgAsync(c->js, &msg, &o);
    if (s == NATS_OK)
        return s;
    (void)pthread_mutex_lock(&c->mu);
    if (c->n > 0 && c->sent[i] == msg) {
        c->sent[i] = NULL;
        c->pending--;
    }
    (void)pthread_mutex_unlock(&c->mu);
    natsMsg_Destroy(msg);
    return s;
}

/* Each is acknowledged, refused, or timed out by libnats; the deadline is for its bugs. */
static void wait_for_all(struct kai_cluster *c)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 2 * ANSWER_MS / 1000;
    (void)pthread_mutex_lock(&c->mu);
    while (c->pending > 0 && pthread_cond_timedwait(&c->changed, &c->mu, &until) == 0)
        ;
    c->n = 0; /* What comes now is too late: it is asked for again. */
    c->pending = 0;
    (void)pthread_mutex_unlock(&c->mu);
}

enum kai_err kai_cluster_publish(struct kai_cluster *c, struct kai_cluster_msg *m, size_t n)
{
    enum kai_err err = connect_now(c);
    natsStatus s = NATS_OK;

    if (err != KAI_OK)
        return err;
    (void)pthread_mutex_lock(&c->mu);
    c->msgs = m;
    c->n = n;
    c->pending = 0;
    c->refused[0] = '\0';
    memset(c->sent, 0, sizeof c->sent);
    (void)pthread_mutex_unlock(&c->mu);
    for (size_t i = 0; s == NATS_OK && i < n; i++)
        if (!m[i].told)
            s = send_one(c, i);
    wait_for_all(c);
    if (s != NATS_OK)
        return not_now(c, s);
    for (size_t i = 0; i < n; i++)
        if (!m[i].told) {
            (void)snprintf(c->reason, sizeof c->reason, "%s", c->refused);
            return KAI_EAGAIN;
        }
    return KAI_OK;
}

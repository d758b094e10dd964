/* stream_work: the thread that brings messages into the cluster, in their order, each once. */
#include "node/cli/stream_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/args.h"
#include "node/core.h"

#define RETRY_MAX   10u   /* Times that at most. */
#define SHORTER_MS  5000u /* A leader that was just elected may not know yet what it has. */
#define AWAY_MS     3000u /* Then it is told, */
#define AWAY_AGAIN  60000u
#define LOOK_MS     30000u /* So often also while nothing goes out, */
#define IDLE_MS     1000u  /* and so soon after the connection was lost. */
#define BATCH_BYTES (4u << 20)

/* ---- Telling. */
/* reason, waiting: of what is away; else NULL and 0. */
static void say(const struct kai_stream *s, const char *event, const char *reason, size_t waiting)
{
    const char *stream = s->o->to->stream;
    char id[40];
    char n[24];

    if (s->o->cli->json) {
        json_t *o = json_pack("{s:s, s:s}", "event", event, "stream", stream);

        if (reason != NULL) {
            (void)json_object_set_new(o, "reason", json_string(reason));
            (void)json_object_set_new(o, "waiting", json_integer((json_int_t)waiting));
        }
        kai_cli_print_json(o);
        (void)fflush(stdout);
        return;
    }
    (void)snprintf(id, sizeof id, "stream.%s", event);
    (void)snprintf(n, sizeof n, "%zu", waiting);
    kai_cli_note(s->o->cli, id, stream, reason, n);
}

static void fail(struct kai_stream *s, enum kai_err err, const struct kai_why *why)
{
    int status = kai_cli_fail(s->o->cli, err, why);

    (void)pthread_mutex_lock(&s->mu);
    s->status = status;
    s->ends = true;
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->mu);
}

static void say_well(struct kai_stream *s)
{
    s->good_ms = kai_now_ms();
    if (s->told_ms != 0)
        say(s, "back", NULL, 0);
    s->told_ms = 0;
}

static void say_away(struct kai_stream *s)
{
    uint64_t now = kai_now_ms();

    if (now - s->good_ms < AWAY_MS || (s->told_ms != 0 && now - s->told_ms < AWAY_AGAIN))
        return;
    (void)pthread_mutex_lock(&s->mu);
    size_t n = s->n + s->n_batch;
    (void)pthread_mutex_unlock(&s->mu);
    say(s, "away", kai_cluster_reason(s->o->cluster), n);
    s->told_ms = now;
}

/* Before it is tried again. False: it ends. */
static bool pause(struct kai_stream *s, unsigned round)
{
    uint64_t until =
        kai_now_ms() + KAI_STREAM_RETRY_MS * (round < RETRY_MAX ? round + 1 : RETRY_MAX);
    uint64_t now;

    s->checked = false;
    say_away(s);
    (void)pthread_mutex_lock(&s->mu);
    while (!s->ends && (now = kai_now_ms()) < until)
        kai_stream_wait_ms(s, until - now);
    bool goes_on = !s->ends;
    (void)pthread_mutex_unlock(&s->mu);
    return goes_on;
}

/* ---- The stream, as it was left and as it is. */
/* mu is held. True: what is in the queue is not what has to go out. */
static bool begin_again(struct kai_stream *s, const char *at, bool asks)
{
    struct kai_stream_place *p = &s->place;

    kai_copy_text(p->at, sizeof p->at, at);
    p->created_ns = s->now.created_ns;
    p->seq = s->now.last_seq;
    p->last[0] = '\0';
    p->asks = asks;
    s->shrank = false;
    s->shorter_ms = 0;
    kai_stream_clear(s);
    s->restart = true;
    return true;
}

/* mu is held. ours: the last that was written down is there. *event: what is to be told. False: it
 * may be that the cluster does not know yet. */
static bool compare(struct kai_stream *s, bool ours, const char **event)
{
    struct kai_stream_place *p = &s->place;

    if (p->created_ns != s->now.created_ns) { /* Another stream, or the first: all of it. */
        *event = p->created_ns != 0 ? "another" : NULL;
        return begin_again(s, s->now.last_seq > 0 ? "begin" : "", s->now.last_seq > 0);
    }
    if (s->now.last_seq >= p->seq && ours && !s->shrank) {
        /* What stands behind the last that was written down may be ours. While it runs, the batch
         * at hand is asked for anyway. */
        p->asks = p->asks || (!s->seen && s->now.last_seq > p->seq);
        s->shorter_ms = 0;
        return true;
    }
    if (s->shorter_ms == 0)
        s->shorter_ms = kai_now_ms();
    if (ours && !s->shrank && kai_now_ms() - s->shorter_ms < SHORTER_MS)
        return false;
    *event = "shorter"; /* It lost what it had acknowledged. */
    return begin_again(s, "begin", true);
}

/* Whether the last message that was written down is there: where the stream lost it, and others
 * were added, it is as long as before. */
static enum kai_err find_last(struct kai_stream *s, bool *ours)
{
    const struct kai_stream_place *p = &s->place;

    *ours = true;
    if (p->last[0] == '\0' || p->created_ns != s->now.created_ns || p->seq > s->now.last_seq)
        return KAI_OK;
    return kai_cluster_stands(s->o->cluster, p->seq, p->last, ours);
}

static enum kai_err look_once(struct kai_stream *s, const char **event, struct kai_why *why)
{
    bool ours;
    enum kai_err err = kai_cluster_look(s->o->cluster, s->place.created_ns != 0, &s->now, why);

    if (err == KAI_OK)
        err = find_last(s, &ours);
    if (err != KAI_OK)
        return err;
    (void)pthread_mutex_lock(&s->mu);
    s->checked = compare(s, ours, event);
    s->seen = s->seen || s->checked;
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->mu);
    s->looked_ms = kai_now_ms();
    if (!s->checked && s->told_ms == 0)
        s->good_ms = s->looked_ms; /* It is not away: it answers. */
    return KAI_OK;
}

/* Until it is there. False: it ends, or failed. */
static bool look(struct kai_stream *s)
{
    s->checked =
        s->checked && kai_cluster_same(s->o->cluster) && kai_now_ms() - s->looked_ms < LOOK_MS;
    for (unsigned round = 0; !s->checked; round++) {
        struct kai_why why = {0};
        const char *event = NULL;
        enum kai_err err = look_once(s, &event, &why);

        if (err != KAI_OK && err != KAI_EAGAIN) {
            fail(s, err, &why);
            return false;
        }
        if (event != NULL)
            say(s, event, NULL, 0);
        if (!s->checked && !pause(s, round))
            return false;
    }
    return true;
}

/* ---- A batch. */
/* Whether the item is in the batch already, from another row. */
static bool in_batch(const struct kai_stream *s, const struct kai_stream_entry *e)
{
    size_t i = 0;

    while (i < s->n_batch && strcmp(s->batch[i].id, e->id) != 0)
        i++;
    return i < s->n_batch;
}

/* A withdrawal stays behind what it withdraws: it waits until that is acknowledged. So does what
 * may have gone out just before: it is asked for. */
static void take_batch(struct kai_stream *s)
{
    size_t bytes = 0;

    while (s->n > 0 && s->n_batch < KAI_STREAM_BATCH_MAX && bytes < BATCH_BYTES) {
        struct kai_stream_entry *e = &s->queue[s->first];

        if (s->n_batch > 0 && strcmp(e->state, s->batch[0].state) != 0 && e->state[0] != '\0')
            break;
        if (e->ask && in_batch(s, e))
            break;
        bytes += e->n;
        s->batch[s->n_batch++] = *e;
        *e = (struct kai_stream_entry){.n = 0};
        s->first = (s->first + 1) % KAI_STREAM_QUEUE_MAX;
        s->n--;
    }
    s->bytes -= bytes;
    s->idle = s->n_batch == 0;
    (void)pthread_cond_broadcast(&s->changed);
}

static void drop_batch(struct kai_stream *s)
{
    for (size_t i = 0; i < s->n_batch; i++)
        kai_stream_entry_free(&s->batch[i]);
    (void)pthread_mutex_lock(&s->mu);
    s->n_batch = 0;
    s->idle = true;
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->mu);
}

/* What the cluster does not take for its size goes out without its content: `get` has that. */
static void cut(struct kai_stream *s, struct kai_stream_entry *e)
{
    static const char *const large[] = {"stix", "values", "template"};
    json_t *o;
    char *text;

    if (e->n <= s->now.bytes_max)
        return;
    o = json_loadb(e->text, e->n, JSON_ALLOW_NUL, NULL);
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++)
        (void)json_object_del(o, large[i]);
    (void)json_object_set_new(o, "cut", json_true());
    text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    if (text == NULL)
        return;
    free(e->text);
    e->text = text;
    e->n = strlen(text);
    s->sum.cut++;
}

/* Returns how many messages there are. */
static size_t make_messages(struct kai_stream *s)
{
    (void)pthread_mutex_lock(&s->mu);
    bool asks = s->place.asks || s->unsure > 0;
    (void)pthread_mutex_unlock(&s->mu);

    size_t n = 0;

    for (size_t i = 0; i < s->n_batch; i++) {
        struct kai_stream_entry *e = &s->batch[i];
        struct kai_cluster_msg *m = &s->msgs[n];

        if (e->state[0] == '\0')
            continue;
        cut(s, e);
        *m = (struct kai_cluster_msg){.text = e->text, .n = e->n, .guard = e->ask || asks};
        (void)snprintf(m->subject, sizeof m->subject, "%s.%s.%s", s->o->to->subject, e->state,
                       e->id);
        n++;
    }
    return n;
}

/* Whether it has to go out, by what the stream holds: sets m->told where it does not. What was
 * withdrawn before it could be told is not told at all; but where the stream forgets, it says
 * nothing of what a reader of it knows. */
static enum kai_err ask(struct kai_stream *s, struct kai_cluster_msg *m)
{
    struct kai_cluster_msg item = {.n = 0};
    const char *id = strrchr(m->subject, '.') + 1;
    enum kai_err err = kai_cluster_ask(s->o->cluster, m);

    if (err != KAI_OK || m->told || s->now.forgets)
        return err;
    (void)snprintf(item.subject, sizeof item.subject, "%s.item.%s", s->o->to->subject, id);
    if (strcmp(item.subject, m->subject) == 0)
        return KAI_OK;
    err = kai_cluster_ask(s->o->cluster, &item);
    m->told = err == KAI_OK && !item.told;
    return err;
}

/* One attempt. What an earlier one brought in may have been lost since: it is asked for, too. */
static enum kai_err attempt(struct kai_stream *s, size_t n)
{
    enum kai_err err = KAI_OK;
    bool any = false;

    for (size_t i = 0; err == KAI_OK && i < n; i++) {
        struct kai_cluster_msg *m = &s->msgs[i];

        m->told = false;
        if (m->guard)
            err = ask(s, m);
        any = any || !m->told;
    }
    if (err != KAI_OK || !any)
        return err;
    err = kai_cluster_publish(s->o->cluster, s->msgs, n);
    for (size_t i = 0; i < n; i++)
        s->msgs[i].guard = true; /* Whatever happened to it. */
    return err;
}

/* Whether one that was not there before has a number that was given already. */
static bool numbers_anew(const struct kai_stream *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s->msgs[i].fresh && s->msgs[i].seq <= s->place.seq)
            return true;
    return false;
}

/* mu is held. */
static void count(struct kai_stream *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        s->sum.sent += s->msgs[i].fresh;
        s->sum.held += !s->msgs[i].fresh && s->msgs[i].seq != 0;
    }
}

static void write_down(struct kai_stream *s, size_t n)
{
    struct kai_stream_place p;
    struct kai_why why = {0};

    (void)pthread_mutex_lock(&s->mu);
    p = s->place;
    for (size_t i = 0; i < n; i++)
        if (s->msgs[i].seq > p.seq) {
            p.seq = s->msgs[i].seq;
            kai_copy_text(p.last, sizeof p.last, s->msgs[i].subject);
        }
    for (size_t i = 0; i < s->n_batch; i++)
        p.asks = p.asks && s->batch[i].state[0] != '\0';
    kai_copy_text(p.at, sizeof p.at, s->batch[s->n_batch - 1].at);
    (void)pthread_mutex_unlock(&s->mu);
    enum kai_err err = kai_stream_place_write(&p, s->o->path, &why);
    if (err != KAI_OK) {
        fail(s, err, &why);
        return;
    }
    (void)pthread_mutex_lock(&s->mu);
    s->place = p;
    count(s, n);
    s->unsure -= n < s->unsure ? n : s->unsure;
    (void)pthread_mutex_unlock(&s->mu);
}

/* Until all of it is in the stream. */
static void deliver(struct kai_stream *s)
{
    size_t n = make_messages(s);
    bool done = n == 0;

    for (unsigned round = 0; !done; round++) {
        if (!look(s) || s->restart)
            return;
        if (attempt(s, n) == KAI_OK) {
            say_well(s);
            s->shrank = numbers_anew(s, n);
            s->checked = !s->shrank;
            done = s->checked && kai_cluster_same(s->o->cluster);
        } else if (!pause(s, round)) {
            return;
        }
    }
    write_down(s, n);
}

/* Nothing is to go out: the stream may lose what it has, or be another one. */
static void rest(struct kai_stream *s)
{
    if (look(s))
        say_well(s);
}

void *kai_stream_work(void *ctx)
{
    struct kai_stream *s = ctx;
    bool ends = !look(s);

    if (!ends)
        say_well(s);
    while (!ends) {
        (void)pthread_mutex_lock(&s->mu);
        if (s->n == 0 && !s->ends)
            kai_stream_wait_ms(s, IDLE_MS);
        ends = s->ends;
        if (!ends)
            take_batch(s);
        (void)pthread_mutex_unlock(&s->mu);
        if (s->told_ms == 0)
            s->good_ms = kai_now_ms(); /* From here on it is waited for. */
        if (!ends && s->n_batch > 0)
            deliver(s);
        else if (!ends)
            rest(s);
        drop_batch(s);
    }
    return NULL;
}

/* stream_send: what is given to the thread that brings messages into the cluster. */
#include "node/cli/stream_priv.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/core.h"

void kai_stream_wait_ms(struct kai_stream *s, uint64_t ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_cond_timedwait(&s->changed, &s->mu, &until);
}

void kai_stream_entry_free(struct kai_stream_entry *e)
{
    free(e->text);
    *e = (struct kai_stream_entry){.n = 0};
}

void kai_stream_clear(struct kai_stream *s)
{
    for (size_t i = 0; i < s->n; i++)
        kai_stream_entry_free(&s->queue[(s->first + i) % KAI_STREAM_QUEUE_MAX]);
    s->n = 0;
    s->bytes = 0;
}

struct kai_stream *kai_stream_begin(const struct kai_stream_opts *o)
{
    struct kai_stream *s = calloc(1, sizeof *s);
    pthread_condattr_t attr;

    if (s == NULL)
        return NULL;
    s->o = o;
    s->place = o->place;
    s->idle = true;
    s->restart = true;
    s->unsure = KAI_STREAM_BATCH_MAX;
    s->good_ms = kai_now_ms();
    (void)pthread_mutex_init(&s->mu, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    if (pthread_create(&s->thread, NULL, kai_stream_work, s) != 0) {
        free(s);
        return NULL;
    }
    return s;
}

/* mu is held. Whoever waits here looks now and then whether it is to stop. */
static bool wait_here(struct kai_stream *s)
{
    kai_stream_wait_ms(s, KAI_STREAM_RETRY_MS);
    return !s->ends && !s->o->stop();
}

bool kai_stream_from(struct kai_stream *s, char at[static KAI_STREAM_AT_CAP])
{
    bool goes_on = true;

    (void)pthread_mutex_lock(&s->mu);
    while (goes_on && (!s->seen || !s->idle))
        goes_on = wait_here(s);
    goes_on = goes_on && !s->ends;
    kai_stream_clear(s); /* Of the answer before: what is not written down comes again. */
    s->restart = false;
    memcpy(at, s->place.at, KAI_STREAM_AT_CAP);
    (void)pthread_mutex_unlock(&s->mu);
    return goes_on;
}

void kai_stream_again(struct kai_stream *s)
{
    (void)pthread_mutex_lock(&s->mu);
    s->place.asks = true;
    (void)pthread_mutex_unlock(&s->mu);
}

bool kai_stream_leaves(struct kai_stream *s)
{
    (void)pthread_mutex_lock(&s->mu);
    bool leaves = s->restart || s->ends;
    (void)pthread_mutex_unlock(&s->mu);
    return leaves;
}

static bool put(struct kai_stream *s, struct kai_stream_entry *e)
{
    bool goes_on = true;

    (void)pthread_mutex_lock(&s->mu);
    while (goes_on && !s->restart &&
           (s->n == KAI_STREAM_QUEUE_MAX || s->bytes >= KAI_STREAM_QUEUE_BYTES))
        goes_on = wait_here(s);
    goes_on = goes_on && !s->restart && !s->ends;
    if (goes_on) {
        s->queue[(s->first + s->n++) % KAI_STREAM_QUEUE_MAX] = *e;
        s->bytes += e->n;
        (void)pthread_cond_broadcast(&s->changed);
    }
    (void)pthread_mutex_unlock(&s->mu);
    if (!goes_on)
        kai_stream_entry_free(e);
    return goes_on;
}

bool kai_stream_give(struct kai_stream *s, const char *at, const char *state, const char *id,
                     bool ask, const char *text, size_t n)
{
    struct kai_stream_entry e = {.ask = ask, .text = malloc(n), .n = n};

    if (e.text == NULL)
        return false;
    memcpy(e.text, text, n);
    kai_copy_text(e.at, sizeof e.at, at);
    kai_copy_text(e.state, sizeof e.state, state);
    kai_copy_text(e.id, sizeof e.id, id);
    return put(s, &e);
}

bool kai_stream_current(struct kai_stream *s, const char *at)
{
    struct kai_stream_entry e = {.n = 0};

    kai_copy_text(e.at, sizeof e.at, at);
    return put(s, &e);
}

bool kai_stream_done(struct kai_stream *s)
{
    bool goes_on = true;

    (void)pthread_mutex_lock(&s->mu);
    while (goes_on && !s->restart && (s->n > 0 || !s->idle))
        goes_on = wait_here(s);
    goes_on = goes_on && !s->restart && !s->ends;
    (void)pthread_mutex_unlock(&s->mu);
    return goes_on;
}

int kai_stream_end(struct kai_stream *s, struct kai_stream_sum *sum)
{
    (void)pthread_mutex_lock(&s->mu);
    s->ends = true;
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->mu);
    (void)pthread_join(s->thread, NULL);
    kai_stream_clear(s);
    int status = s->status;
    *sum = s->sum;
    (void)pthread_cond_destroy(&s->changed);
    (void)pthread_mutex_destroy(&s->mu);
    free(s);
    return status;
}

/* verify: header signatures, checked in parallel, handed back in order. */
#include "node/verify.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 8u

struct work {
    struct kai_verified v; /* First: freed through a pointer to it. */
    struct work *next;     /* In order of arrival. */
    bool done;
    uint8_t bytes[];
};

struct kai_verify {
    pthread_mutex_t mu;
    pthread_cond_t more;
    struct work *first; /* Oldest not yet taken. */
    struct work *last;
    struct work *todo; /* Oldest that no thread has begun. */
    bool stop;
    int wake_fd;
    unsigned n_threads;
    pthread_t threads[THREADS_MAX];
    uint8_t nid[KAI_ID_BYTES];
};

static void wake(const struct kai_verify *v)
{
    uint64_t one = 1;

    (void)!write(v->wake_fd, &one, sizeof one); /* Full: then it is awake. */
}

static void *worker(void *arg)
{
    struct kai_verify *v = arg;

    (void)pthread_mutex_lock(&v->mu);
    for (;;) {
        while (v->todo == NULL && !v->stop)
            (void)pthread_cond_wait(&v->more, &v->mu);
        if (v->stop)
            break;
        struct work *w = v->todo;
        v->todo = w->next;
        (void)pthread_mutex_unlock(&v->mu);

        enum kai_err err = kai_entry_verify(&w->v.e, v->nid);

        (void)pthread_mutex_lock(&v->mu);
        w->v.err = err;
        w->done = true;
        if (w == v->first)
            wake(v);
    }
    (void)pthread_mutex_unlock(&v->mu);
    return NULL;
}

enum kai_err kai_verify_new(struct kai_verify **out, const uint8_t nid[static KAI_ID_BYTES],
                            int wake_fd, unsigned threads)
{
    struct kai_verify *v = calloc(1, sizeof *v);

    *out = NULL;
    if (v == NULL)
        return KAI_ENOMEM;
    v->wake_fd = wake_fd;
    memcpy(v->nid, nid, KAI_ID_BYTES);
    (void)pthread_mutex_init(&v->mu, NULL);
    (void)pthread_cond_init(&v->more, NULL);
    while (v->n_threads < threads && v->n_threads < THREADS_MAX) {
        if (pthread_create(&v->threads[v->n_threads], NULL, worker, v) != 0)
            break;
        v->n_threads++;
    }
    if (v->n_threads == 0) {
        kai_verify_free(v);
        return KAI_ENOMEM;
    }
    *out = v;
    return KAI_OK;
}

void kai_verify_free(struct kai_verify *v)
{
    if (v == NULL)
        return;
    (void)pthread_mutex_lock(&v->mu);
    v->stop = true;
    (void)pthread_cond_broadcast(&v->more);
    (void)pthread_mutex_unlock(&v->mu);
    for (unsigned i = 0; i < v->n_threads; i++)
        (void)pthread_join(v->threads[i], NULL);
    for (struct work *w = v->first; w != NULL;) {
        struct work *next = w->next;

        free(w);
        w = next;
    }
    (void)pthread_mutex_destroy(&v->mu);
    (void)pthread_cond_destroy(&v->more);
    free(v);
}

static struct work *work_new(uint64_t link, const struct kai_net_log *log,
                             const struct kai_entry *e)
{
    struct work *w = malloc(sizeof *w + e->hdr.n + e->sig.n + e->payload.n);

    if (w == NULL)
        return NULL;
    uint8_t *p = w->bytes;
    w->v = (struct kai_verified){.link = link, .log = *log, .e = *e};
    w->next = NULL;
    w->done = false;
    memcpy(p, e->hdr.p, e->hdr.n);
    w->v.e.hdr.p = p;
    memcpy(p += e->hdr.n, e->sig.p, e->sig.n);
    w->v.e.sig.p = p;
    p += e->sig.n;
    if (e->payload.n > 0)
        memcpy(p, e->payload.p, e->payload.n);
    w->v.e.payload.p = e->payload.p == NULL ? NULL : p;
    return w;
}

struct kai_verified *kai_verify_here(const uint8_t nid[static KAI_ID_BYTES], uint64_t link,
                                     const struct kai_net_log *log, const struct kai_entry *e)
{
    struct work *w = work_new(link, log, e);

    if (w == NULL)
        return NULL;
    w->v.err = kai_entry_verify(&w->v.e, nid);
    return &w->v;
}

enum kai_err kai_verify_put(struct kai_verify *v, uint64_t link, const struct kai_net_log *log,
                            const struct kai_entry *e)
{
    struct work *w = work_new(link, log, e);

    if (w == NULL)
        return KAI_ENOMEM;
    (void)pthread_mutex_lock(&v->mu);
    if (v->last != NULL)
        v->last->next = w;
    else
        v->first = w;
    v->last = w;
    if (v->todo == NULL)
        v->todo = w;
    (void)pthread_cond_signal(&v->more);
    (void)pthread_mutex_unlock(&v->mu);
    return KAI_OK;
}

struct kai_verified *kai_verify_take(struct kai_verify *v)
{
    (void)pthread_mutex_lock(&v->mu);
    struct work *w = v->first;
    if (w != NULL && w->done) {
        v->first = w->next;
        if (v->first == NULL)
            v->last = NULL;
    } else {
        w = NULL;
    }
    (void)pthread_mutex_unlock(&v->mu);
    return w == NULL ? NULL : &w->v;
}

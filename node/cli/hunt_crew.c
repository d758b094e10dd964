/* hunt_crew: threads that scan pieces of logs. */
#include "node/cli/hunt_crew.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 8u
#define FOUND_MAX   20000u /* In a piece before it comes back: what one holds in memory. */

enum state { STATE_FREE, STATE_READY, STATE_BUSY, STATE_DONE };

struct hunt_crew {
    pthread_mutex_t mu;
    pthread_cond_t ready;
    pthread_cond_t done;
    bool ending;
    size_t oldest; /* In the ring; counted on without end, as next. */
    size_t next;
    size_t n_threads;
    struct member {
        struct hunt_crew *crew;
        struct kai_hunt_scanner *scanner;
        struct hunt_piece *piece; /* Being scanned. */
        pthread_t thread;
    } member[THREADS_MAX];
    struct hunt_piece *ring[HUNT_RING];
};

static bool same_as_last(const struct hunt_piece *p, const struct kai_hunt_token *t)
{
    const struct hunt_found *last = p->n_found == 0 ? NULL : &p->found[p->n_found - 1];

    return last != NULL && last->line == p->lines && last->cls == t->cls &&
           last->value_n == t->value.n &&
           memcmp(p->bytes.p + last->value, t->value.p, t->value.n) == 0;
}

static void on_token(void *ctx, const struct kai_hunt_token *t)
{
    struct member *m = ctx;
    struct hunt_piece *p = m->piece;

    if (same_as_last(p, t))
        return;
    if (p->n_found == p->cap_found) {
        size_t cap = p->cap_found == 0 ? 256 : 2 * p->cap_found;
        struct hunt_found *found = realloc(p->found, cap * sizeof *found);

        if (found == NULL) {
            p->err = KAI_ENOMEM;
            return;
        }
        p->found = found;
        p->cap_found = cap;
    }
    struct hunt_found *f = &p->found[p->n_found];
    *f = (struct hunt_found){.line = p->lines,
                             .cls = t->cls,
                             .value = (uint32_t)p->bytes.len,
                             .value_n = (uint32_t)t->value.n,
                             .text_n = (uint32_t)t->text.n};
    kai_buf_add(&p->bytes, t->value.p, t->value.n);
    f->text = (uint32_t)p->bytes.len;
    kai_buf_add(&p->bytes, t->text.p, t->text.n);
    if (p->bytes.err != KAI_OK)
        p->err = p->bytes.err;
    else
        p->n_found++;
}

static void scan(struct member *m)
{
    struct hunt_piece *p = m->piece;

    while (p->from < p->n && p->n_found < FOUND_MAX && p->err == KAI_OK) {
        const uint8_t *line = p->text + p->from;
        const uint8_t *end = memchr(line, '\n', p->n - p->from);
        size_t n = end != NULL ? (size_t)(end - line) : p->n - p->from;
        enum kai_err err = kai_hunt_line(m->scanner, kai_view_of(line, n),
                                         p->cut_left && p->from == 0, p->cut_right && end == NULL);

        if (p->err == KAI_OK)
            p->err = err;
        p->from += n + (end != NULL ? 1 : 0);
        p->lines += end != NULL ? 1 : 0;
    }
}

/* The first that waits to be scanned. */
static struct hunt_piece *take(struct hunt_crew *c)
{
    for (size_t i = c->oldest; i != c->next; i++) {
        struct hunt_piece *p = c->ring[i % HUNT_RING];

        if (p->state == STATE_READY) {
            p->state = STATE_BUSY;
            return p;
        }
    }
    return NULL;
}

static void *work(void *ctx)
{
    struct member *m = ctx;
    struct hunt_crew *c = m->crew;

    (void)pthread_mutex_lock(&c->mu);
    while (!c->ending) {
        m->piece = take(c);
        if (m->piece == NULL) {
            (void)pthread_cond_wait(&c->ready, &c->mu);
            continue;
        }
        (void)pthread_mutex_unlock(&c->mu);
        scan(m);
        (void)pthread_mutex_lock(&c->mu);
        m->piece->state = STATE_DONE;
        (void)pthread_cond_signal(&c->done);
    }
    (void)pthread_mutex_unlock(&c->mu);
    return NULL;
}

enum kai_err hunt_crew_new(struct hunt_crew **out, const struct kai_hunt_filter *f)
{
    struct hunt_crew *c = calloc(1, sizeof *c);
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    size_t want = cpus < 1 ? 1 : cpus > (long)THREADS_MAX ? THREADS_MAX : (size_t)cpus;
    enum kai_err err = KAI_OK;

    *out = c;
    if (c == NULL)
        return KAI_ENOMEM;
    (void)pthread_mutex_init(&c->mu, NULL);
    (void)pthread_cond_init(&c->ready, NULL);
    (void)pthread_cond_init(&c->done, NULL);
    for (size_t i = 0; i < HUNT_RING && err == KAI_OK; i++) {
        c->ring[i] = calloc(1, sizeof *c->ring[i]);
        if (c->ring[i] == NULL)
            err = KAI_ENOMEM;
        else
            kai_buf_init(&c->ring[i]->bytes, UINT32_MAX);
    }
    while (err == KAI_OK && c->n_threads < want) {
        struct member *m = &c->member[c->n_threads];

        m->crew = c;
        err = kai_hunt_scanner_new(&m->scanner, f, on_token, m);
        if (err == KAI_OK && pthread_create(&m->thread, NULL, work, m) != 0) {
            kai_hunt_scanner_free(m->scanner);
            err = KAI_EIO;
        }
        if (err == KAI_OK)
            c->n_threads++;
    }
    if (err == KAI_EIO && c->n_threads > 0)
        err = KAI_OK; /* Fewer do as well. */
    if (err != KAI_OK) {
        hunt_crew_free(c);
        *out = NULL;
    }
    return err;
}

void hunt_crew_free(struct hunt_crew *c)
{
    if (c == NULL)
        return;
    (void)pthread_mutex_lock(&c->mu);
    c->ending = true;
    (void)pthread_cond_broadcast(&c->ready);
    (void)pthread_mutex_unlock(&c->mu);
    for (size_t i = 0; i < c->n_threads; i++) {
        (void)pthread_join(c->member[i].thread, NULL);
        kai_hunt_scanner_free(c->member[i].scanner);
    }
    for (size_t i = 0; i < HUNT_RING && c->ring[i] != NULL; i++) {
        free(c->ring[i]->found);
        kai_buf_free(&c->ring[i]->bytes);
        free(c->ring[i]);
    }
    (void)pthread_cond_destroy(&c->done);
    (void)pthread_cond_destroy(&c->ready);
    (void)pthread_mutex_destroy(&c->mu);
    free(c);
}

struct hunt_piece *hunt_crew_next(struct hunt_crew *c)
{
    return c->next - c->oldest == HUNT_RING ? NULL : c->ring[c->next % HUNT_RING];
}

static void restart(struct hunt_piece *p)
{
    p->n_found = 0;
    kai_buf_clear(&p->bytes);
    p->state = STATE_READY;
}

void hunt_crew_push(struct hunt_crew *c)
{
    struct hunt_piece *p = c->ring[c->next % HUNT_RING];

    (void)pthread_mutex_lock(&c->mu);
    p->from = 0;
    p->lines = 0;
    p->err = KAI_OK;
    restart(p);
    c->next++;
    (void)pthread_cond_signal(&c->ready);
    (void)pthread_mutex_unlock(&c->mu);
}

size_t hunt_crew_wait(struct hunt_crew *c, size_t n)
{
    size_t done = 0;

    (void)pthread_mutex_lock(&c->mu);
    while (done < c->next - c->oldest) {
        if (hunt_crew_at(c, done)->state == STATE_DONE)
            done++;
        else if (done < n)
            (void)pthread_cond_wait(&c->done, &c->mu);
        else
            break;
    }
    (void)pthread_mutex_unlock(&c->mu);
    return done;
}

struct hunt_piece *hunt_crew_at(struct hunt_crew *c, size_t i)
{
    return c->ring[(c->oldest + i) % HUNT_RING];
}

void hunt_crew_used(struct hunt_crew *c)
{
    struct hunt_piece *p = c->ring[c->oldest % HUNT_RING];

    (void)pthread_mutex_lock(&c->mu);
    if (p->from < p->n && p->err == KAI_OK) {
        restart(p);
        (void)pthread_cond_signal(&c->ready);
    } else {
        p->state = STATE_FREE;
        c->oldest++;
    }
    (void)pthread_mutex_unlock(&c->mu);
}

/* crew: threads that run nodes within a window, together with the one that calls. */
#include "topology/sim/sim_int.h"

#include <stdatomic.h>
#include <stdlib.h>

#define LOOKS 4096u /* Before one sleeps: windows are short, and follow at once. */

struct sim_crew {
    struct kai_sim *s;
    size_t n;
    pthread_t thread[SIM_WORKERS];
    pthread_mutex_t lock;
    pthread_cond_t begun, done;
    atomic_size_t round;   /* Windows so far; SIZE_MAX: the end. */
    atomic_size_t next;    /* Of those that are due. */
    atomic_size_t at_work; /* Threads of the crew in this window. */
    atomic_size_t named;
};

/* Whoever is free takes the next one. */
static void work(struct sim_crew *c, struct sim_worker *w)
{
    struct kai_sim *s = c->s;
    size_t i;

    while ((i = atomic_fetch_add(&c->next, 1)) < s->n_due)
        sim_node_run(&s->node[s->due[i]], w);
}

static size_t wait_round(struct sim_crew *c, size_t last)
{
    for (unsigned i = 0; i < LOOKS; i++)
        if (atomic_load(&c->round) != last)
            return atomic_load(&c->round);
    (void)pthread_mutex_lock(&c->lock);
    while (atomic_load(&c->round) == last)
        (void)pthread_cond_wait(&c->begun, &c->lock);
    (void)pthread_mutex_unlock(&c->lock);
    return atomic_load(&c->round);
}

static void *live(void *crew)
{
    struct sim_crew *c = crew;
    struct sim_worker *w = &c->s->worker[1 + atomic_fetch_add(&c->named, 1)];
    size_t round = 0;

    while ((round = wait_round(c, round)) != SIZE_MAX) {
        work(c, w);
        if (atomic_fetch_sub(&c->at_work, 1) == 1) {
            (void)pthread_mutex_lock(&c->lock);
            (void)pthread_cond_signal(&c->done);
            (void)pthread_mutex_unlock(&c->lock);
        }
    }
    return NULL;
}

struct sim_crew *sim_crew_new(struct kai_sim *s, size_t n)
{
    struct sim_crew *c = calloc(1, sizeof *c);

    SIM_MUST(c && n < SIM_WORKERS);
    c->s = s;
    c->n = n;
    SIM_MUST(pthread_mutex_init(&c->lock, NULL) == 0 && pthread_cond_init(&c->begun, NULL) == 0 &&
             pthread_cond_init(&c->done, NULL) == 0);
    for (size_t i = 0; i < n; i++)
        SIM_MUST(pthread_create(&c->thread[i], NULL, live, c) == 0);
    return c;
}

static void tell(struct sim_crew *c, size_t round)
{
    (void)pthread_mutex_lock(&c->lock);
    atomic_store(&c->round, round);
    (void)pthread_cond_broadcast(&c->begun);
    (void)pthread_mutex_unlock(&c->lock);
}

void sim_crew_run(struct sim_crew *c)
{
    atomic_store(&c->next, 0);
    atomic_store(&c->at_work, c->n);
    tell(c, atomic_load(&c->round) + 1);
    work(c, &c->s->worker[0]);
    for (unsigned i = 0; i < LOOKS; i++)
        if (atomic_load(&c->at_work) == 0)
            return;
    (void)pthread_mutex_lock(&c->lock);
    while (atomic_load(&c->at_work) > 0)
        (void)pthread_cond_wait(&c->done, &c->lock);
    (void)pthread_mutex_unlock(&c->lock);
}

void sim_crew_free(struct sim_crew *c)
{
    if (!c)
        return;
    tell(c, SIZE_MAX);
    for (size_t i = 0; i < c->n; i++)
        (void)pthread_join(c->thread[i], NULL);
    (void)pthread_cond_destroy(&c->begun);
    (void)pthread_cond_destroy(&c->done);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

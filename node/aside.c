/* aside: a thread for each part. */
#include "node/aside.h"

#include <pthread.h>
#include <stdlib.h>

struct begun {
    pthread_t thread;
    void (*f)(void *arg);
    void *arg;
};

static void *run(void *arg)
{
    const struct begun *b = arg;

    b->f(b->arg);
    return NULL;
}

static void *begin(void (*f)(void *arg), void *arg)
{
    struct begun *b = malloc(sizeof *b);

    if (b == NULL)
        return NULL;
    *b = (struct begun){.f = f, .arg = arg};
    if (pthread_create(&b->thread, NULL, run, b) == 0)
        return b;
    free(b);
    return NULL;
}

static void end(void *begun)
{
    struct begun *b = begun;

    (void)pthread_join(b->thread, NULL);
    free(b);
}

const struct kai_aside kai_aside_threads = {.begin = begin, .end = end};

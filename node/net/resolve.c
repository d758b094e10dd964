/* resolve: looks a name up without making anybody wait: a thread for each, which shares nothing
 * but its own job. */
#include "net/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>

struct kai_resolve {
    atomic_int refs; /* The asker and the thread: the last one frees. */
    atomic_bool done;
    char host[KAI_HOST_CAP];
    char address[KAI_HOST_CAP];
    bool ipv6;
    int failed; /* Of getaddrinfo(). */
};

static atomic_int running;

static void release(struct kai_resolve *r)
{
    if (atomic_fetch_sub(&r->refs, 1) == 1)
        free(r);
}

static void *look_up(void *arg)
{
    struct kai_resolve *r = arg;
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;

    r->failed = getaddrinfo(r->host, NULL, &hints, &found);
    if (r->failed == 0) {
        r->ipv6 = found->ai_family == AF_INET6;
        r->failed = getnameinfo(found->ai_addr, found->ai_addrlen, r->address, sizeof r->address,
                                NULL, 0, NI_NUMERICHOST);
        freeaddrinfo(found);
    }
    atomic_store(&r->done, true);
    release(r);
    (void)atomic_fetch_sub(&running, 1);
    return NULL;
}

/* Signals are for the loop's thread. */
static bool thread_start(struct kai_resolve *r)
{
    pthread_t thread;
    sigset_t all, old;
    bool ok;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    ok = pthread_create(&thread, NULL, look_up, r) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (ok)
        (void)pthread_detach(thread);
    return ok;
}

struct kai_resolve *kai_resolve_start(const struct kai_endpoint *e)
{
    struct kai_resolve *r;

    if (atomic_fetch_add(&running, 1) >= KAI_RESOLVES_MAX) {
        (void)atomic_fetch_sub(&running, 1);
        return NULL;
    }
    r = calloc(1, sizeof *r);
    if (r != NULL) {
        atomic_init(&r->refs, 2);
        atomic_init(&r->done, false);
        memcpy(r->host, e->host, sizeof r->host);
        if (thread_start(r))
            return r;
        free(r);
    }
    (void)atomic_fetch_sub(&running, 1);
    return NULL;
}

bool kai_resolve_done(struct kai_resolve *r, struct kai_endpoint *e, const char **error)
{
    if (!atomic_load(&r->done))
        return false;
    *error = r->failed == 0 ? NULL : gai_strerror(r->failed);
    if (r->failed == 0) {
        memcpy(e->host, r->address, sizeof e->host);
        e->ipv6 = r->ipv6;
        e->numeric = true;
    }
    return true;
}

void kai_resolve_free(struct kai_resolve *r)
{
    if (r != NULL)
        release(r);
}

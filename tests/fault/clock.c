/* clock: a library to preload: the clock on the wall is off by as many seconds as stand in the file
 * that KAIRAN_TEST_CLOCK names (8 bytes, little endian), which may change at any time; and the
 * steady clock by as many as stand behind them, where there are 8 bytes more, which only grow. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset; /* Of the wall, and steady: zeros follow a shorter file. */

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("KAIRAN_TEST_CLOCK");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    void *p = fd == -1 ? MAP_FAILED : mmap(NULL, 2 * sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);

    if (p != MAP_FAILED)
        offset = p;
    if (fd != -1)
        (void)close(fd);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    int rc = (int)syscall(SYS_clock_gettime, id, t);

    if (rc == 0 && offset != NULL && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        t->tv_sec += offset[0];
    if (rc == 0 && offset != NULL && id == CLOCK_MONOTONIC)
        t->tv_sec += offset[1];
    return rc;
}

/* The kernel waits by its own clock. */
int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mu, clockid_t id,
                           const struct timespec *until)
{
    static int (*wait)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
    struct timespec t = *until;

    if (wait == NULL)
        *(void **)&wait = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
    if (offset != NULL && id == CLOCK_MONOTONIC)
        t.tv_sec -= offset[1];
    return wait(cond, mu, id, &t);
}

int gettimeofday(struct timeval *t, void *zone)
{
    struct timespec now;

    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

/* demo_relay: a wire that can be listened to. */
#include "node/cli/demo_relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS_MAX   64u
#define CHUNK_BYTES 65536u
#define PAIR_TRIES  64u
#define LOOK_MS     200 /* How soon a word of the parent is heard. */

/* What both processes see. */
struct shared {
    atomic_uint target[DEMO_RELAY_PORTS];
    atomic_ullong bytes[DEMO_RELAY_PORTS];
    atomic_bool keep;
    atomic_bool kept; /* The relay's answer to keep. */
};

struct demo_relay {
    struct shared *s;
    pid_t pid;
    int listen_fd[DEMO_RELAY_PORTS];
    uint16_t port[DEMO_RELAY_PORTS];
    char dir[256];
};

/* One direction of a call: what waits to be written, read only when there is nothing. */
struct pipe_way {
    size_t at;
    size_t n;
    bool ended; /* The reading side is at its end. */
    bool told;  /* And the writing side knows. */
    int record;
    uint8_t buf[CHUNK_BYTES];
};

struct call {
    bool used;
    size_t port;
    int fd[2];              /* Caller, called. */
    struct pipe_way way[2]; /* way[0]: from the caller to the called. */
};

struct relay {
    struct demo_relay *r;
    struct call *calls;
    unsigned n_calls; /* Ever: names the records. */
};

static int tcp_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static bool listen_on(struct demo_relay *r, size_t i, uint16_t port)
{
    struct sockaddr_in a = loopback(port);
    socklen_t n = sizeof a;
    int fd = tcp_socket();

    if (r->listen_fd[i] != -1)
        (void)close(r->listen_fd[i]);
    r->listen_fd[i] = fd;
    if (fd == -1 || bind(fd, (const struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        return false;
    r->port[i] = ntohs(a.sin_port);
    return true;
}

static bool listen_all(struct demo_relay *r)
{
    bool pair = false;

    for (unsigned tries = 0; tries < PAIR_TRIES && !pair; tries++)
        pair = listen_on(r, 0, 0) && r->port[0] < UINT16_MAX &&
               listen_on(r, DEMO_RELAY_INTRO, (uint16_t)(r->port[0] + 1u));
    for (size_t i = 1; i < DEMO_RELAY_INTRO && pair; i++)
        if (!listen_on(r, i, 0))
            return false;
    return pair;
}

/* ---- In the relay's own process. */
static void call_end(struct call *c)
{
    for (int k = 0; k < 2; k++) {
        (void)close(c->fd[k]);
        if (c->way[k].record != -1)
            (void)close(c->way[k].record);
    }
    c->used = false;
}

static int record_open(const struct relay *w, size_t port, const char *way)
{
    char path[512];

    if (atomic_load(&w->r->s->keep))
        return -1;
    (void)snprintf(path, sizeof path, "%s/wire-%zu-%u.%s", w->r->dir, port, w->n_calls, way);
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static void call_begin(struct relay *w, size_t port, int caller)
{
    uint16_t target = (uint16_t)atomic_load(&w->r->s->target[port]);
    struct sockaddr_in a = loopback(target);
    struct call *c = NULL;
    int called = target == 0 ? -1 : tcp_socket();

    for (size_t i = 0; i < CALLS_MAX && c == NULL; i++)
        if (!w->calls[i].used)
            c = &w->calls[i];
    if (c == NULL || called == -1 ||
        (connect(called, (const struct sockaddr *)&a, sizeof a) != 0 && errno != EINPROGRESS)) {
        (void)close(caller);
        if (called != -1)
            (void)close(called);
        return;
    }
    w->n_calls++;
    c->used = true;
    c->port = port;
    c->fd[0] = caller;
    c->fd[1] = called;
    for (int k = 0; k < 2; k++) {
        c->way[k].at = c->way[k].n = 0;
        c->way[k].ended = c->way[k].told = false;
        c->way[k].record = record_open(w, port, k == 0 ? "up" : "down");
    }
}

/* Write down first, pass on second: nothing arrives that is not in the record. */
static bool take(struct relay *w, struct call *c, int k)
{
    struct pipe_way *way = &c->way[k];
    ssize_t n = recv(c->fd[k], way->buf, sizeof way->buf, 0);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
    if (n == 0) {
        way->ended = true;
        return true;
    }
    if (way->record != -1 && write(way->record, way->buf, (size_t)n) != n)
        return false;
    atomic_fetch_add(&w->r->s->bytes[c->port], (unsigned long long)n);
    way->at = 0;
    way->n = (size_t)n;
    return true;
}

static bool give(struct call *c, int k)
{
    struct pipe_way *way = &c->way[k];
    ssize_t n = send(c->fd[1 - k], way->buf + way->at, way->n - way->at, MSG_NOSIGNAL);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR || errno == ENOTCONN || errno == EINPROGRESS;
    way->at += (size_t)n;
    return true;
}

static bool holds(const struct pipe_way *way)
{
    return way->at < way->n;
}

static short wants(const struct call *c, int k)
{
    const struct pipe_way *in = &c->way[k];
    const struct pipe_way *out = &c->way[1 - k];

    return (short)((!holds(in) && !in->ended ? POLLIN : 0) | (holds(out) ? POLLOUT : 0));
}

static void serve(struct relay *w, struct call *c, const short got[2])
{
    bool ok = true;

    for (int k = 0; k < 2 && ok; k++) {
        if ((got[k] & (POLLIN | POLLHUP | POLLERR)) != 0 && !holds(&c->way[k]) && !c->way[k].ended)
            ok = take(w, c, k);
        if (ok && holds(&c->way[k]) && (got[1 - k] & POLLOUT) != 0)
            ok = give(c, k);
        if (ok && c->way[k].ended && !holds(&c->way[k]) && !c->way[k].told) {
            (void)shutdown(c->fd[1 - k], SHUT_WR);
            c->way[k].told = true;
        }
        if ((got[k] & (POLLERR | POLLNVAL)) != 0 || ((got[k] & POLLHUP) != 0 && c->way[k].told))
            ok = false;
    }
    if (!ok || (c->way[0].told && c->way[1].told))
        call_end(c);
}

static void round_of(struct relay *w)
{
    struct pollfd fds[DEMO_RELAY_PORTS + 2 * CALLS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < DEMO_RELAY_PORTS; i++)
        fds[n++] = (struct pollfd){.fd = w->r->listen_fd[i], .events = POLLIN};
    for (size_t i = 0; i < CALLS_MAX; i++)
        for (int k = 0; k < 2; k++)
            fds[n++] = (struct pollfd){.fd = w->calls[i].used ? w->calls[i].fd[k] : -1,
                                       .events = w->calls[i].used ? wants(&w->calls[i], k) : 0};
    if (poll(fds, n, LOOK_MS) <= 0)
        return;
    for (size_t i = 0; i < CALLS_MAX; i++) {
        const struct pollfd *f = &fds[DEMO_RELAY_PORTS + 2 * i];

        if (w->calls[i].used)
            serve(w, &w->calls[i], (const short[2]){f[0].revents, f[1].revents});
    }
    for (size_t i = 0; i < DEMO_RELAY_PORTS; i++) {
        if ((fds[i].revents & POLLIN) == 0)
            continue;
        int caller = accept4(w->r->listen_fd[i], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (caller != -1)
            call_begin(w, i, caller);
    }
}

static _Noreturn void relay_main(struct demo_relay *r)
{
    struct relay w = {.r = r, .calls = calloc(CALLS_MAX, sizeof *w.calls)};

    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = 0; fd < 3 && null != -1; fd++)
        (void)dup2(null, fd);      /* Whoever reads the demo's output is not to wait for us. */
    (void)signal(SIGINT, SIG_IGN); /* The terminal's Ctrl-C is for the demo, which ends us. */
    (void)signal(SIGTERM, SIG_DFL);
    if (w.calls == NULL)
        _exit(1);
    for (;;) {
        round_of(&w);
        if (atomic_load(&r->s->keep) && !atomic_load(&r->s->kept)) {
            (void)prctl(PR_SET_PDEATHSIG, 0);
            for (size_t i = 0; i < CALLS_MAX; i++)
                for (int k = 0; k < 2; k++)
                    if (w.calls[i].used && w.calls[i].way[k].record != -1) {
                        (void)close(w.calls[i].way[k].record);
                        w.calls[i].way[k].record = -1;
                    }
            atomic_store(&r->s->kept, true);
        }
    }
}

/* ---- In the demo's. */
struct demo_relay *demo_relay_open(const char *dir)
{
    struct demo_relay *r = calloc(1, sizeof *r);
    bool ok = r != NULL && strlen(dir) < sizeof r->dir;
    pid_t parent = getpid();

    if (r == NULL)
        return NULL;
    for (size_t i = 0; i < DEMO_RELAY_PORTS; i++)
        r->listen_fd[i] = -1;
    r->s = mmap(NULL, sizeof *r->s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r->s == MAP_FAILED)
        r->s = NULL;
    ok = ok && r->s != NULL;
    ok = ok && listen_all(r);
    if (ok) {
        (void)snprintf(r->dir, sizeof r->dir, "%s", dir);
        r->pid = fork();
        if (r->pid == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent)
                _exit(1);
            relay_main(r);
        }
        ok = r->pid > 0;
    }
    for (size_t i = 0; i < DEMO_RELAY_PORTS; i++)
        if (r->listen_fd[i] != -1)
            (void)close(r->listen_fd[i]);
    if (ok)
        return r;
    r->pid = 0;
    demo_relay_close(r);
    return NULL;
}

void demo_relay_close(struct demo_relay *r)
{
    if (r == NULL)
        return;
    if (r->pid > 0 && (r->s == NULL || !atomic_load(&r->s->keep))) {
        (void)kill(r->pid, SIGKILL);
        (void)waitpid(r->pid, NULL, 0);
    }
    if (r->s != NULL)
        (void)munmap(r->s, sizeof *r->s);
    free(r);
}

pid_t demo_relay_keep(struct demo_relay *r)
{
    atomic_store(&r->s->keep, true);
    for (int i = 0; i < 100 && !atomic_load(&r->s->kept); i++)
        (void)poll(NULL, 0, LOOK_MS / 10);
    return r->pid;
}

uint16_t demo_relay_port(const struct demo_relay *r, size_t i)
{
    return r->port[i];
}

void demo_relay_target(struct demo_relay *r, size_t i, uint16_t port)
{
    atomic_store(&r->s->target[i], port);
}

uint64_t demo_relay_port_bytes(const struct demo_relay *r, size_t i)
{
    return atomic_load(&r->s->bytes[i]);
}

uint64_t demo_relay_bytes(const struct demo_relay *r)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < DEMO_RELAY_PORTS; i++)
        sum += demo_relay_port_bytes(r, i);
    return sum;
}

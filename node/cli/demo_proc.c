/* demo_proc: processes of this program. */
#include "node/cli/demo_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUT_BYTES_MAX (64u << 20)
#define PROCS_MAX     64u
#define TURN_MS       5 /* How long to wait for the end of a process without asking again. */

extern char **environ;

static volatile sig_atomic_t stopping;

static void on_signal(int sig)
{
    (void)sig;
    stopping = 1;
}

void demo_catch_signals(void)
{
    struct sigaction sa = {.sa_handler = on_signal};

    (void)sigemptyset(&sa.sa_mask);
    (void)sigaction(SIGINT, &sa, NULL);
    (void)sigaction(SIGTERM, &sa, NULL);
    (void)sigaction(SIGHUP, &sa, NULL);
}

bool demo_stopping(void)
{
    return stopping != 0;
}

void demo_turn(void)
{
    (void)poll(NULL, 0, TURN_MS);
}

double demo_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Ours without what a variable of the same name in add replaces. */
static char **environment(const char *const add[])
{
    size_t n = 0;
    size_t k = 0;
    size_t m = 0;

    while (environ[n] != NULL)
        n++;
    while (add[m] != NULL)
        m++;
    char **env = calloc(n + m + 1, sizeof *env);
    for (size_t i = 0; env != NULL && i < n; i++) {
        bool replaced = false;

        for (size_t j = 0; j < m; j++)
            replaced = replaced || strncmp(environ[i], add[j], strcspn(add[j], "=") + 1) == 0;
        if (!replaced)
            env[k++] = environ[i];
    }
    for (size_t j = 0; env != NULL && j < m; j++)
        (void)memcpy(&env[k++], &add[j], sizeof env[0]); /* posix_spawn() writes to none of them. */
    return env;
}

/* Children start with no signal blocked or ignored, and in a group of their own: Ctrl-C is for the
 * demo, which ends them. */
static bool set_attributes(posix_spawnattr_t *attr)
{
    sigset_t none;
    sigset_t all;

    (void)sigemptyset(&none);
    (void)sigemptyset(&all);
    (void)sigaddset(&all, SIGINT);
    (void)sigaddset(&all, SIGTERM);
    (void)sigaddset(&all, SIGHUP);
    (void)sigaddset(&all, SIGPIPE);
    return posix_spawnattr_setsigmask(attr, &none) == 0 &&
           posix_spawnattr_setsigdefault(attr, &all) == 0 &&
           posix_spawnattr_setpgroup(attr, 0) == 0 &&
           posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP) == 0;
}

static bool set_files(posix_spawn_file_actions_t *files, int out, int err, const char *log)
{
    bool ok = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0;

    if (log == NULL)
        return ok && posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO) == 0 &&
               posix_spawn_file_actions_adddup2(files, err, STDERR_FILENO) == 0;
    return ok &&
           posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
           posix_spawn_file_actions_addopen(files, STDERR_FILENO, log,
                                            O_WRONLY | O_CREAT | O_APPEND, 0600) == 0;
}

static bool spawn(struct demo_proc *p, const char *const argv[], char **env, int out, int err,
                  const char *log)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    char *args[64];
    size_t n = 0;
    bool ok;

    while (argv[n] != NULL && n + 1 < sizeof args / sizeof args[0]) {
        (void)memcpy(&args[n], &argv[n], sizeof args[0]);
        n++;
    }
    args[n] = NULL;
    if (argv[n] != NULL || posix_spawn_file_actions_init(&files) != 0)
        return false;
    if (posix_spawnattr_init(&attr) != 0) {
        (void)posix_spawn_file_actions_destroy(&files);
        return false;
    }
    ok = set_files(&files, out, err, log) && set_attributes(&attr);
    p->began_ms = demo_now();
    ok = ok && posix_spawn(&p->pid, args[0], &files, &attr, args, env) == 0;
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&files);
    if (!ok)
        p->pid = 0;
    return ok;
}

static void close_pair(int fd[2])
{
    for (int k = 0; k < 2; k++)
        if (fd[k] != -1)
            (void)close(fd[k]);
}

bool demo_proc_start(struct demo_proc *p, const char *const argv[], const char *const env[],
                     const char *log)
{
    int out[2] = {-1, -1};
    int err[2] = {-1, -1};
    char **whole = environment(env);

    *p = (struct demo_proc){.out_fd = -1, .err_fd = -1, .status = -1};
    kai_buf_init(&p->out, OUT_BYTES_MAX);
    kai_buf_init(&p->err, OUT_BYTES_MAX);
    bool ok = whole != NULL &&
              (log != NULL || (pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0));
    ok = ok && spawn(p, argv, whole, out[1], err[1], log);
    free(whole);
    if (ok && log == NULL) {
        p->out_fd = out[0];
        p->err_fd = err[0];
        out[0] = err[0] = -1;
    }
    close_pair(out);
    close_pair(err);
    return ok;
}

/* One read(); true while there may be more. */
static bool take(struct demo_proc *p, int *fd, struct kai_buf *to)
{
    uint8_t buf[32768];
    ssize_t n = read(*fd, buf, sizeof buf);

    if (n < 0)
        return errno == EINTR;
    if (n == 0) {
        (void)close(*fd);
        *fd = -1;
        p->ended_ms = demo_now();
        return false;
    }
    kai_buf_add(to, buf, (size_t)n);
    for (ssize_t i = 0; to == &p->out && i < n; i++) {
        if (buf[i] != '\n')
            continue;
        p->lines++;
        p->last_line_ms = demo_now();
    }
    return true;
}

bool demo_proc_read(struct demo_proc *procs[], size_t n, int ms)
{
    struct pollfd fds[2 * PROCS_MAX];
    bool open = false;

    for (size_t i = 0; i < n && i < PROCS_MAX; i++) {
        fds[2 * i] = (struct pollfd){.fd = procs[i]->out_fd, .events = POLLIN};
        fds[2 * i + 1] = (struct pollfd){.fd = procs[i]->err_fd, .events = POLLIN};
        open = open || procs[i]->out_fd != -1 || procs[i]->err_fd != -1;
    }
    if (!open || poll(fds, 2 * n, ms) <= 0)
        return open;
    for (size_t i = 0; i < n; i++) {
        if (fds[2 * i].revents != 0)
            (void)take(procs[i], &procs[i]->out_fd, &procs[i]->out);
        if (fds[2 * i + 1].revents != 0)
            (void)take(procs[i], &procs[i]->err_fd, &procs[i]->err);
    }
    return true;
}

static int status_of(int raw)
{
    return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

/* Where it has ended: its status. */
static bool reap(struct demo_proc *p, bool block)
{
    int raw = 0;

    if (p->pid == 0)
        return true;
    pid_t got = waitpid(p->pid, &raw, block ? 0 : WNOHANG);
    if (got == 0 || (got == -1 && errno == EINTR))
        return false;
    p->status = got == p->pid ? status_of(raw) : -1;
    p->pid = 0;
    return true;
}

bool demo_proc_wait(struct demo_proc *procs[], size_t n, double deadline_ms)
{
    bool open = true;
    bool in_time = true;

    while (open && in_time) {
        open = demo_proc_read(procs, n, 100);
        in_time = demo_now() < deadline_ms && !demo_stopping();
    }
    for (size_t i = 0; i < n; i++) {
        if (!in_time && procs[i]->pid != 0)
            (void)kill(procs[i]->pid, SIGKILL);
        while (!reap(procs[i], true)) /* Its output is at its end, so it is about to go. */
            continue;
    }
    return in_time;
}

void demo_proc_free(struct demo_proc *p)
{
    if (p->pid != 0) {
        (void)kill(p->pid, SIGKILL);
        while (!reap(p, true))
            continue;
    }
    if (p->out_fd > 0)
        (void)close(p->out_fd);
    if (p->err_fd > 0)
        (void)close(p->err_fd);
    p->out_fd = p->err_fd = -1;
    kai_buf_free(&p->out);
    kai_buf_free(&p->err);
}

int demo_end(pid_t pid, double wait_ms)
{
    double deadline = demo_now() + wait_ms;
    struct demo_proc p = {.pid = pid, .status = -1};

    (void)kill(pid, SIGTERM);
    while (!reap(&p, false)) {
        if (demo_now() >= deadline) {
            (void)kill(pid, SIGKILL);
            while (!reap(&p, true))
                continue;
            return -1;
        }
        demo_turn();
    }
    return p.status;
}

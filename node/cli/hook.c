/* hook: hands lines to a program or to an address on loopback. */
#include "node/cli/hook.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>

#define QUEUE_MAX    1024u /* Lines that wait. */
#define RUN_MS_MAX   60000 /* What takes longer hangs, and would hold up all that follow. */
#define POST_S_MAX   10L
#define POST_TRIES   4u /* The first after 0, then 250, 500 and 1000 ms. */
#define POST_WAIT_MS 250u

extern char **environ;

struct line {
    char *text;
    size_t n;
};

struct kai_hook {
    const struct kai_cli *cli;
    const struct kai_hook_what *what;
    pthread_t thread;
    pthread_mutex_t mu; /* Guards what follows. */
    pthread_cond_t changed;
    struct line queue[QUEUE_MAX];
    size_t first;
    size_t n;
    bool ends;
    uint64_t failed; /* The thread's own, until it has ended. */
};

bool kai_hook_url_ok(const char *url)
{
    CURLU *u = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    char *user = NULL;
    bool ok = u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_NO_USER &&
              strcmp(scheme, "http") == 0 &&
              (strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0);

    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(u);
    return ok;
}

static void count_failure(struct kai_hook *h, const char *what, const char *why)
{
    char n[24];

    (void)snprintf(n, sizeof n, "%llu", (unsigned long long)++h->failed);
    kai_cli_note(h->cli, "watch.hook-failed", what, why, n);
}

/* The line as a file to read: nobody has to wait for a program that does not. */
static int as_file(const struct line *l)
{
    int fd = memfd_create("kairan-line", MFD_CLOEXEC);
    size_t done = 0;

    while (fd >= 0 && done < l->n) {
        ssize_t n = write(fd, l->text + done, l->n - done);

        if (n > 0)
            done += (size_t)n;
        else if (errno != EINTR)
            break;
    }
    if (fd >= 0 && (done < l->n || lseek(fd, 0, SEEK_SET) != 0)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int spawn(char **program, int fd, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    int rc = posix_spawn_file_actions_init(&files);

    if (rc != 0)
        return rc;
    rc = posix_spawn_file_actions_adddup2(&files, fd, STDIN_FILENO);
    if (rc == 0) /* Nothing of ours is handed on: no socket to the node. */
        rc = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    if (rc == 0)
        rc = posix_spawnp(pid, program[0], &files, NULL, program, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    return rc;
}

/* Its wait status, when it has ended or was ended. */
static int wait_for(pid_t pid, bool *hung)
{
    int status = -1;
    int fd = pidfd_open(pid, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int rc = 1;

    while (fd >= 0 && (rc = poll(&p, 1, RUN_MS_MAX)) < 0 && errno == EINTR)
        ;
    *hung = rc == 0;
    if (*hung)
        (void)kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (fd >= 0)
        (void)close(fd);
    return status;
}

static void run_program(struct kai_hook *h, const struct line *l)
{
    char **program = h->what->program;
    int fd = as_file(l);
    char why[64];
    bool hung = false;
    pid_t pid;
    int rc = fd < 0 ? errno : spawn(program, fd, &pid);

    if (fd >= 0)
        (void)close(fd);
    if (rc != 0) {
        count_failure(h, program[0], strerror(rc));
        return;
    }
    int status = wait_for(pid, &hung);
    if (!hung && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    if (hung)
        (void)snprintf(why, sizeof why, "%d s", RUN_MS_MAX / 1000);
    else if (WIFEXITED(status))
        (void)snprintf(why, sizeof why, "exit %d", WEXITSTATUS(status));
    else
        (void)snprintf(why, sizeof why, "signal %d", WTERMSIG(status));
    count_failure(h, program[0], why);
}

static size_t drop(char *p, size_t size, size_t n, void *ctx)
{
    (void)p;
    (void)ctx;
    return size * n;
}

/* One attempt: NULL where it was taken, else why not. *again: it may be taken later. */
static const char *post_once(CURL *curl, char why[static 64], bool *again)
{
    long http = 0;
    CURLcode rc = curl_easy_perform(curl);

    *again = true;
    if (rc != CURLE_OK)
        return curl_easy_strerror(rc);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http);
    if (http >= 200 && http < 300)
        return NULL;
    *again = http >= 500 || http == 429;
    (void)snprintf(why, 64, "HTTP %ld", http);
    return why;
}

static void post(struct kai_hook *h, CURL *curl, const struct line *l)
{
    char text[64];
    const char *why = NULL;
    bool again = true;

    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, l->text);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)l->n);
    for (unsigned i = 0; i < POST_TRIES && again; i++) {
        if (i > 0)
            (void)poll(NULL, 0, (int)(POST_WAIT_MS << (i - 1)));
        why = post_once(curl, text, &again);
        if (why == NULL)
            return;
    }
    count_failure(h, h->what->url, why);
}

static CURL *poster(const struct kai_hook *h, struct curl_slist *headers)
{
    CURL *curl = h->what->url != NULL ? curl_easy_init() : NULL;

    if (curl == NULL)
        return NULL;
    (void)curl_easy_setopt(curl, CURLOPT_URL, h->what->url);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* Whatever the environment says. */
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, POST_S_MAX);
    return curl;
}

/* The next line, the caller's to free; false at the end. */
static bool next(struct kai_hook *h, struct line *l)
{
    (void)pthread_mutex_lock(&h->mu);
    while (h->n == 0 && !h->ends)
        (void)pthread_cond_wait(&h->changed, &h->mu);
    bool any = h->n > 0;
    if (any) {
        *l = h->queue[h->first];
        h->first = (h->first + 1) % QUEUE_MAX;
        h->n--;
        (void)pthread_cond_broadcast(&h->changed);
    }
    (void)pthread_mutex_unlock(&h->mu);
    return any;
}

static void *work(void *ctx)
{
    struct kai_hook *h = ctx;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    CURL *curl = poster(h, headers);
    struct line l;

    while (next(h, &l)) {
        if (h->what->program != NULL)
            run_program(h, &l);
        if (curl != NULL)
            post(h, curl, &l);
        else if (h->what->url != NULL)
            count_failure(h, h->what->url, strerror(ENOMEM));
        free(l.text);
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return NULL;
}

struct kai_hook *kai_hook_begin(const struct kai_cli *cli, const struct kai_hook_what *what)
{
    struct kai_hook *h = calloc(1, sizeof *h);

    if (h == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(h);
        return NULL; /* Here, since two threads must not do it at once. */
    }
    h->cli = cli;
    h->what = what;
    (void)pthread_mutex_init(&h->mu, NULL);
    (void)pthread_cond_init(&h->changed, NULL);
    if (pthread_create(&h->thread, NULL, work, h) != 0) {
        free(h);
        return NULL;
    }
    return h;
}

bool kai_hook_give(struct kai_hook *h, const char *line, size_t n)
{
    struct line l = {.text = malloc(n + 1), .n = n + 1};

    if (l.text == NULL)
        return false;
    memcpy(l.text, line, n);
    l.text[n] = '\n';
    (void)pthread_mutex_lock(&h->mu);
    while (h->n == QUEUE_MAX)
        (void)pthread_cond_wait(&h->changed, &h->mu);
    h->queue[(h->first + h->n++) % QUEUE_MAX] = l;
    (void)pthread_cond_broadcast(&h->changed);
    (void)pthread_mutex_unlock(&h->mu);
    return true;
}

uint64_t kai_hook_end(struct kai_hook *h)
{
    uint64_t failed;

    if (h == NULL)
        return 0;
    (void)pthread_mutex_lock(&h->mu);
    h->ends = true;
    (void)pthread_cond_broadcast(&h->changed);
    (void)pthread_mutex_unlock(&h->mu);
    (void)pthread_join(h->thread, NULL);
    failed = h->failed;
    (void)pthread_mutex_destroy(&h->mu);
    (void)pthread_cond_destroy(&h->changed);
    free(h);
    return failed;
}

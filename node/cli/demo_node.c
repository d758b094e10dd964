/* demo_node: one organisation's node, and questions to it. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/cli/demo.h"

#define START_MS    15000.0
#define STOP_MS     10000.0
#define ASK_MS      30000.0
#define ARGS_MAX    48u
#define START_TRIES 5u

static void environment(const struct demo *d, char pass[static 96], const char *env[static 3])
{
    (void)snprintf(pass, 96, "KAIRAN_PASSPHRASE=%s", d->passphrase);
    env[0] = pass;
    env[1] = "NO_COLOR=1";
    env[2] = NULL;
}

static bool begin(const struct demo *d, const struct demo_node *n, struct demo_proc *p,
                  const char *const argv[], const char *log)
{
    const char *all[ARGS_MAX];
    const char *env[3];
    char pass[96];
    size_t k = 0;

    all[k++] = d->exe;
    for (size_t i = 0; argv[i] != NULL && k < ARGS_MAX - 5; i++)
        all[k++] = argv[i];
    all[k++] = "--home";
    all[k++] = n->home;
    all[k++] = "--lang";
    all[k++] = d->lang;
    all[k] = NULL;
    environment(d, pass, env);
    return demo_proc_start(p, all, env, log);
}

bool demo_begin(const struct demo *d, const struct demo_node *n, struct demo_proc *p,
                const char *const argv[])
{
    return begin(d, n, p, argv, NULL);
}

bool demo_ask(const struct demo *d, const struct demo_node *n, struct demo_proc *p,
              const char *const argv[])
{
    struct demo_proc *one[1] = {p};

    return begin(d, n, p, argv, NULL) && demo_proc_wait(one, 1, demo_now() + ASK_MS) &&
           p->status == 0;
}

json_t *demo_line(const struct demo_proc *p, size_t i)
{
    const char *at = (const char *)p->out.p;
    const char *end = p->out.p == NULL ? NULL : at + p->out.len;

    while (at != NULL && at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        const char *stop = lf != NULL ? lf : end;

        if (i-- == 0)
            return json_loadb(at, (size_t)(stop - at), 0, NULL);
        at = stop + 1;
    }
    return NULL;
}

json_t *demo_last(const struct demo_proc *p)
{
    return p->lines == 0 ? NULL : demo_line(p, p->lines - 1);
}

/* Whether its local socket answers. */
static bool listens(const struct demo_node *n)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int len = snprintf(a.sun_path, sizeof a.sun_path, "%s/api.sock", n->home);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool up = fd != -1 && len > 0 && (size_t)len < sizeof a.sun_path &&
              connect(fd, (const struct sockaddr *)&a, sizeof a) == 0;

    if (fd != -1)
        (void)close(fd);
    return up;
}

static bool died(struct demo_node *n)
{
    if (waitpid(n->pid, NULL, WNOHANG) != n->pid)
        return false;
    n->pid = 0;
    return true;
}

/* A port that is free now. The introduction socket's must be known from outside, which no answer of
 * a node tells. */
static uint16_t free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd != -1 && bind(fd, (const struct sockaddr *)&a, sizeof a) == 0 &&
              getsockname(fd, (struct sockaddr *)&a, &len) == 0;

    if (fd != -1)
        (void)close(fd);
    return ok ? ntohs(a.sin_port) : 0;
}

/* Its own address is told to the relay, the relay's is what others use. */
static bool learn_address(struct demo *d, struct demo_node *n, uint16_t intro)
{
    json_t *s = demo_status(n);
    const char *address = json_string_value(json_object_get(s, "address"));
    const char *colon = address == NULL ? NULL : strrchr(address, ':');
    const char *slash = colon == NULL ? NULL : strchr(colon, '/');
    bool ok = slash != NULL;

    if (ok) {
        demo_relay_target(d->relay, n->who, (uint16_t)strtoul(colon + 1, NULL, 10));
        if (n->who == DEMO_BODY)
            demo_relay_target(d->relay, DEMO_RELAY_INTRO, intro);
        (void)snprintf(n->address, sizeof n->address, "tcp://127.0.0.1:%u%s",
                       demo_relay_port(d->relay, n->who), slash);
    }
    json_decref(s);
    return ok;
}

static bool start_once(struct demo *d, struct demo_node *n, const char *dial)
{
    char advertise[64];
    char intro_text[64];
    const char *argv[ARGS_MAX];
    struct demo_proc p;
    uint16_t intro = n->listens ? free_port() : 0;
    double deadline = demo_now() + START_MS;
    size_t k = 0;

    argv[k++] = "run";
    if (n->listens) {
        (void)snprintf(advertise, sizeof advertise, "tcp://127.0.0.1:%u",
                       demo_relay_port(d->relay, n->who));
        (void)snprintf(intro_text, sizeof intro_text, "tcp://127.0.0.1:%u", intro);
        argv[k++] = "--listen";
        argv[k++] = "tcp://127.0.0.1:0";
        argv[k++] = "--listen-intro";
        argv[k++] = intro_text;
        argv[k++] = "--advertise";
        argv[k++] = advertise;
    }
    if (n->who ==
        DEMO_STRANGER) { /* Has an address of its own, so that its status tells its key. */
        argv[k++] = "--listen";
        argv[k++] = "tcp://127.0.0.1:0";
    }
    if (dial != NULL) {
        argv[k++] = "--dial";
        argv[k++] = dial;
    }
    argv[k] = NULL;
    (void)snprintf(n->log, sizeof n->log, "%s/%s-%u.log", d->dir, n->tag, ++n->starts);
    if (!begin(d, n, &p, argv, n->log))
        return false;
    n->pid = p.pid;
    while (!listens(n)) {
        if (demo_now() > deadline || demo_stopping() || died(n))
            return false;
        demo_turn();
    }
    return !n->listens || learn_address(d, n, intro);
}

bool demo_node_start(struct demo *d, struct demo_node *n, const char *dial)
{
    for (unsigned i = 0; i < START_TRIES && !demo_stopping(); i++) {
        if (start_once(d, n, dial))
            return true;
        demo_node_kill(d, n); /* Its port may have gone to somebody else in between. */
    }
    return false;
}

double demo_node_stop(struct demo *d, struct demo_node *n)
{
    double began = demo_now();

    if (n->pid == 0)
        return -1;
    int status = demo_end(n->pid, STOP_MS);
    n->pid = 0;
    if (n->listens)
        demo_relay_target(d->relay, n->who, 0);
    return status == 0 ? demo_now() - began : -1;
}

void demo_node_kill(struct demo *d, struct demo_node *n)
{
    if (n->pid == 0)
        return;
    (void)kill(n->pid, SIGKILL);
    while (waitpid(n->pid, NULL, 0) == -1 && errno == EINTR)
        continue;
    n->pid = 0;
    if (n->listens)
        demo_relay_target(d->relay, n->who, 0);
}

bool demo_log_line(const struct demo_node *n, const char *needle, char *out, size_t cap)
{
    char line[4096];
    FILE *f = fopen(n->log, "re");
    bool found = false;

    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL) {
        found = strstr(line, needle) != NULL;
        line[strcspn(line, "\n")] = '\0';
    }
    if (f != NULL)
        (void)fclose(f);
    if (found)
        kai_copy_text(out, cap, line);
    return found;
}

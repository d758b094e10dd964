/* cmd_run: the node, in the foreground, until SIGTERM or SIGINT. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/address.h"
#include "node/api.h"
#include "node/cli/cli.h"
#include "node/loop.h"
#include "node/say.h"
#include "node/sure.h"

static struct kai_loop *running; /* For the signal handler. */

static void on_signal(int sig)
{
    (void)sig;
    if (running != NULL)
        kai_loop_stop(running);
}

/* systemd's READY=1: one datagram to the socket that it names. */
static void notify(const char *text)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t n = name == NULL ? 0 : strlen(name);

    if (n == 0 || n >= sizeof a.sun_path || (name[0] != '/' && name[0] != '@'))
        return;
    memcpy(a.sun_path, name, n);
    if (name[0] == '@')
        a.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return;
    (void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&a,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    (void)close(fd);
}

static void watch_signals(void)
{
    struct sigaction sa = {.sa_handler = on_signal};

    (void)sigemptyset(&sa.sa_mask);
    (void)sigaction(SIGTERM, &sa, NULL);
    (void)sigaction(SIGINT, &sa, NULL);
}

static enum kai_err read_config(struct kai_cli *cli, struct kai_config *cfg, struct kai_why *why)
{
    static const struct {
        const char *option;
        const char *key;
    } set[] = {
        {"--listen", "listen"}, {"--listen-intro", "listen-intro"}, {"--advertise", "advertise"}};
    enum kai_err err = kai_config_load(cfg, &cli->home, why);
    const char *v;

    for (size_t i = 0; err == KAI_OK && i < sizeof set / sizeof set[0]; i++)
        if ((v = kai_cli_opt(cli, set[i].option)) != NULL)
            err = kai_config_set(cfg, set[i].key, v, why);
    for (size_t i = 0; err == KAI_OK && (v = kai_cli_opt_at(cli, "--dial", i)) != NULL; i++)
        err = kai_config_set(cfg, "dial", v, why);
    for (size_t i = 0; err == KAI_OK && (v = kai_cli_opt_at(cli, "--api", i)) != NULL; i++)
        err = kai_config_set(cfg, "api", v, why);
    return err;
}

static void say_ready(const struct kai_core *c)
{
    char key[KAI_BASE32_KEY_CAP];
    char address[KAI_ENDPOINT_BYTES_MAX + KAI_BASE32_KEY_CAP + 1];

    kai_base32_key(key, c->node->curve_pk);
    (void)snprintf(address, sizeof address, "%s%s%s", c->endpoint,
                   c->endpoint[0] != '\0' ? "/" : "", c->endpoint[0] != '\0' ? key : "");
    kai_say(address[0] != '\0' ? "run.ready" : "run.ready-dial", c->org_name, address, c->home.dir);
    notify("READY=1\n");
}

int kai_cmd_run(struct kai_cli *cli)
{
    struct kai_config cfg;
    struct kai_core *core = NULL;
    struct kai_loop *loop = NULL;
    struct kai_api *api = NULL;
    struct kai_why why = {0};
    enum kai_err err = read_config(cli, &cfg, &why);
    bool there;

    if (err == KAI_OK)
        err = kai_cli_open(cli, &core, &there, &why);
    if (err == KAI_OK && kai_cli_flag(cli, "--sure"))
        err = kai_sure_confirm(core);
    if (err == KAI_OK)
        err = kai_sure_alone(core, &why);
    if (err == KAI_OK)
        err = kai_loop_new(&loop, core, &cfg, &why);
    if (err == KAI_OK)
        err = kai_address_announce(core, &cfg, &why);
    if (err == KAI_OK)
        err = kai_api_start(&api, core, &cfg, &why);
    if (err == KAI_OK) {
        running = loop;
        watch_signals();
        say_ready(core);
        err = kai_loop_serve(loop);
        kai_say("run.stopping", NULL, NULL, NULL);
        notify("STOPPING=1\n");
    }
    if (api != NULL)
        kai_loop_drain(loop, api); /* Requests under way still need the loop. */
    running = NULL;
    kai_loop_free(loop);
    if (err == KAI_OK)
        err = kai_sure_alone(core, &why); /* Why it stopped, if that was why. */
    kai_core_close(core);
    if (err != KAI_OK)
        return kai_cli_fail(cli, err, &why);
    kai_say("run.stopped", NULL, NULL, NULL);
    return KAI_EXIT_DONE;
}

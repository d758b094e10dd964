/* demo: five organisations on one machine, from nothing to kill -9. */
#include "node/cli/demo.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#define STOP_MS 2000.0 /* What interface and service manager rely on. */

static void name_nodes(struct demo *d)
{
    static const char *const tags[DEMO_NODES] = {"body", "prefecture", "isac",
                                                 "town", "contractor", "stranger"};

    for (size_t i = 0; i < DEMO_NODES; i++) {
        struct demo_node *n = &d->nodes[i];
        char id[64];

        (void)snprintf(id, sizeof id, "demo.org.%s", tags[i]);
        n->who = (enum demo_who)i;
        n->tag = tags[i];
        n->name = demo_text(d, id);
        n->listens = i != DEMO_TOWN && i != DEMO_STRANGER;
        (void)snprintf(n->home, sizeof n->home, "%s/%s", d->dir, n->tag);
    }
}

static bool prepare(struct demo *d)
{
    const char *tmp = getenv("TMPDIR");
    uint8_t secret[sizeof d->passphrase / 2];
    ssize_t n = readlink("/proc/self/exe", d->exe, sizeof d->exe - 1);

    if (n <= 0)
        return false;
    d->exe[n] = '\0';
    if (tmp == NULL || tmp[0] != '/' ||
        strlen(tmp) > 48) /* A path to a socket in there must fit in 108 bytes. */
        tmp = "/tmp";
    (void)snprintf(d->dir, sizeof d->dir, "%s/kairan-demo-XXXXXX", tmp);
    if (mkdtemp(d->dir) == NULL) {
        d->dir[0] = '\0';
        return false;
    }
    randombytes_buf(secret, sizeof secret);
    (void)kai_hex(d->passphrase, secret, sizeof secret);
    sodium_memzero(secret, sizeof secret);
    name_nodes(d);
    d->relay = demo_relay_open(d->dir);
    return d->relay != NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

/* All have ended by now or end here. */
static void tidy_up(struct demo *d)
{
    for (size_t i = 0; i < DEMO_NODES; i++)
        demo_node_kill(d, &d->nodes[i]);
    demo_relay_close(d->relay);
    if (d->dir[0] != '\0')
        (void)nftw(d->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void stop_all(struct demo *d)
{
    double longest = 0;
    bool ok = true;

    demo_step(d, "demo.step.stop");
    for (size_t i = 0; i < DEMO_ORGS; i++) {
        double ms = demo_node_stop(d, &d->nodes[i]);

        ok = ok && ms >= 0 && ms <= STOP_MS;
        longest = ms > longest ? ms : longest;
    }
    (void)demo_claim(d, &(struct demo_claim){.name = "stopped", .ok = ok, .ms = longest});
}

static bool act(struct demo *d)
{
    bool ok = demo_found(d) && demo_share(d);

    for (size_t i = 0; i < d->cli->n_args && ok; i++)
        ok = demo_share_file(d, d->cli->args[i]);
    return ok && demo_group(d) && demo_stranger(d) && demo_crash(d) && demo_rules(d) &&
           demo_red(d) && demo_removal(d) && demo_wire(d);
}

int kai_cmd_demo(struct kai_cli *cli)
{
    struct demo *d = calloc(1, sizeof *d);
    int status = KAI_EXIT_FAILED;

    if (d == NULL)
        return status;
    d->cli = cli;
    d->keep = kai_cli_flag(cli, "--keep");
    d->lang = cli->lang == KAI_LANG_JA ? "ja" : "en";
    d->began_ms = demo_now();
    demo_catch_signals();
    if (!prepare(d)) {
        (void)fprintf(stderr, "kairan: %s: %s\n", d->dir[0] != '\0' ? d->dir : "demo",
                      strerror(errno));
    } else {
        bool through = act(d);

        if (!through && d->n_failed == 0)
            d->n_failed++; /* Broken off: nothing more is known. */
        if (!d->keep && through)
            stop_all(d);
        status = demo_tell_end(d);
    }
    if (d->keep && !demo_stopping() && d->n_claims > 0) {
        demo_tell_keep(d, demo_relay_keep(d->relay));
        demo_relay_close(d->relay);
    } else {
        tidy_up(d);
    }
    for (size_t i = 0; i < DEMO_NODES; i++)
        demo_api_end(&d->nodes[i]);
    sodium_memzero(d->passphrase, sizeof d->passphrase);
    free(d);
    return status;
}

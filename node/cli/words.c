/* words: the words of the command line are UTF-8, or are refused. A path is what the system says.
 */
#include <string.h>

#include "node/cli/args.h"

/* Verbs whose words are paths, and options whose values are. */
static const char *const verbs[] = {
    "network sign", "network apply",    "org admit",  "org join", "node admit",
    "node join",    "keydeath use",     "person add", "publish",  "hunt",
    "carry unpack", "inventory import", "backup",     "restore",  "demo",
};
static const char *const options[] = {
    "--home",     "--out",     "--charter", "--passphrase-file", "--request",
    "--key",      "--receipt", "--api",     "--state",           "--tls-ca",
    "--tls-cert", "--tls-key", "--creds",   "--password-file",
};

static bool among(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

static bool is_text(const char *word)
{
    return kai_utf8_ok((const uint8_t *)word, strlen(word));
}

int kai_cli_words_ok(const struct kai_cli *cli)
{
    bool paths = among(verbs, sizeof verbs / sizeof verbs[0], cli->verb->name);

    for (size_t i = 0; i < cli->n_opts; i++)
        if (!among(options, sizeof options / sizeof options[0], cli->opts[i].name) &&
            !is_text(cli->opts[i].value))
            return kai_cli_usage(cli, "usage.bytes", cli->opts[i].name);
    for (size_t i = 0; i < cli->n_args && !paths; i++)
        if (!is_text(cli->args[i]))
            return kai_cli_usage(cli, "usage.bytes", cli->args[i]);
    return KAI_EXIT_DONE;
}

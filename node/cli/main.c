/* main: finds the verb, reads the options, runs it. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crypto/start.h"

#include "node/cli/args.h"
#include "node/say.h"

#ifndef KAIRAN_VERSION
#error "KAIRAN_VERSION comes from the build"
#endif

const char *kai_cli_opt_at(const struct kai_cli *cli, const char *name, size_t i)
{
    for (size_t k = 0; k < cli->n_opts; k++)
        if (strcmp(cli->opts[k].name, name) == 0 && i-- == 0)
            return cli->opts[k].value;
    return NULL;
}

const char *kai_cli_opt(const struct kai_cli *cli, const char *name)
{
    return kai_cli_opt_at(cli, name, 0);
}

bool kai_cli_flag(const struct kai_cli *cli, const char *name)
{
    for (size_t k = 0; k < cli->n_opts; k++)
        if (strcmp(cli->opts[k].name, name) == 0)
            return true;
    return false;
}

/* Which verb the first words name: two words go before one. *used = how many. */
static const struct kai_verb *find_verb(int argc, char **argv, int *used)
{
    char two[64];

    if (argc >= 2 && snprintf(two, sizeof two, "%s %s", argv[0], argv[1]) < (int)sizeof two) {
        for (size_t i = 0; i < kai_verbs_n; i++) {
            if (strcmp(kai_verbs[i].name, two) == 0) {
                *used = 2;
                return &kai_verbs[i];
            }
        }
    }
    for (size_t i = 0; argc >= 1 && i < kai_verbs_n; i++) {
        if (strcmp(kai_verbs[i].name, argv[0]) == 0) {
            *used = 1;
            return &kai_verbs[i];
        }
    }
    return NULL;
}

enum option { OPTION_UNKNOWN, OPTION_FLAG, OPTION_VALUE, OPTION_VALUES };

/* The options every verb has, then its own. Of those that all have the first value counts. */
static enum option option_kind(const struct kai_verb *verb, const char *name)
{
    static const char common[] = "--home=+ --json --lang=+ --help";
    const char *lists[2] = {common, verb->options};
    size_t n = strlen(name);

    for (int l = 0; l < 2; l++) {
        for (const char *p = lists[l]; (p = strstr(p, name)) != NULL; p += n) {
            if (p != lists[l] && p[-1] != ' ')
                continue;
            if (p[n] == '=')
                return p[n + 1] == '+' ? OPTION_VALUES : OPTION_VALUE;
            if (p[n] == ' ' || p[n] == '\0')
                return OPTION_FLAG;
        }
    }
    return OPTION_UNKNOWN;
}

static int add_option(struct kai_cli *cli, const char *name, const char *value)
{
    if (cli->n_opts == KAI_CLI_OPTS_MAX)
        return kai_cli_usage(cli, "usage.too-many", name);
    cli->opts[cli->n_opts].name = name;
    cli->opts[cli->n_opts++].value = value;
    return KAI_EXIT_DONE;
}

/* One option at argv[*i]; "--name=value" is taken apart in place. */
static int read_option(struct kai_cli *cli, int argc, char **argv, int *i)
{
    char *name = argv[*i];
    char *eq = strchr(name, '=');

    if (eq != NULL)
        *eq = '\0';
    enum option kind = option_kind(cli->verb, name);
    if (kind == OPTION_UNKNOWN)
        return kai_cli_usage(cli, "usage.option", name);
    /* Whichever of two labels or audiences was taken, the other was meant as well. */
    if (kind == OPTION_VALUE && kai_cli_opt(cli, name) != NULL)
        return kai_cli_usage(cli, "usage.twice", name);
    if (kind == OPTION_FLAG)
        return eq != NULL ? kai_cli_usage(cli, "usage.option", name) : add_option(cli, name, "");
    if (eq != NULL)
        return add_option(cli, name, eq + 1);
    /* What is an option itself is no value: something was left out before it. */
    if (*i + 1 >= argc || (strncmp(argv[*i + 1], "--", 2) == 0 &&
                           option_kind(cli->verb, argv[*i + 1]) != OPTION_UNKNOWN))
        return kai_cli_usage(cli, "usage.value", name);
    return add_option(cli, name, argv[++*i]);
}

/* What a verb needs besides options; its whole line is shown below that. */
static int missing(const struct kai_cli *cli)
{
    const char *line = cli->verb->synopsis;
    char text[64];
    size_t n = strlen(line);

    for (const char *at = line; (at = strchr(at, ' ')) != NULL; at++)
        if (at[1] == '[' || at[1] == '-') {
            n = (size_t)(at - line);
            break;
        }
    (void)snprintf(text, sizeof text, "%.*s", (int)n, line);
    return kai_cli_usage(cli, "usage.missing", text);
}

#define EXEC "--exec"

/* What argv[i] ended, "PROGRAM" or "--exec=PROGRAM", and all that follows it. */
static char **program_at(char **argv, int i)
{
    if (strcmp(argv[i], EXEC) == 0) /* read_option() has cut it behind the name. */
        argv[i] += sizeof EXEC;
    return &argv[i];
}

static int read_all(struct kai_cli *cli, int argc, char **argv)
{
    bool only_args = false;

    for (int i = 0; i < argc; i++) {
        int status = KAI_EXIT_DONE;

        if (!only_args && strcmp(argv[i], "--") == 0)
            only_args = true;
        else if (!only_args && argv[i][0] == '-' && argv[i][1] != '\0')
            status = read_option(cli, argc, argv, &i);
        else
            cli->args[cli->n_args++] = argv[i];
        if (status != KAI_EXIT_DONE)
            return status;
        if (kai_cli_opt(cli, EXEC) != NULL) { /* The rest of the line is not ours to read. */
            cli->program = program_at(argv, i);
            break;
        }
    }
    if (cli->n_args < cli->verb->args_min)
        return missing(cli);
    if (cli->n_args > cli->verb->args_max)
        return kai_cli_usage(cli, "usage.extra", cli->args[cli->verb->args_max]);
    return KAI_EXIT_DONE;
}

/* --lang and --json hold from the first word on, wherever they stand. */
static void read_common(struct kai_cli *cli, int argc, char **argv)
{
    const char *locale = getenv("LC_ALL");

    if (locale == NULL || locale[0] == '\0')
        locale = getenv("LC_MESSAGES");
    if (locale == NULL || locale[0] == '\0')
        locale = getenv("LANG");
    cli->lang = kai_lang_of_locale(locale);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0 || strcmp(argv[i], "--exec") == 0 ||
            strncmp(argv[i], "--exec=", 7) == 0)
            break;
        if (strcmp(argv[i], "--json") == 0)
            cli->json = true;
        if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
            (void)kai_lang_parse(argv[i + 1], &cli->lang);
        if (strncmp(argv[i], "--lang=", 7) == 0)
            (void)kai_lang_parse(argv[i] + 7, &cli->lang);
    }
}

int kai_cmd_version(struct kai_cli *cli)
{
    (void)puts(cli->json ? "{\"version\":\"" KAIRAN_VERSION "\"}" : "kairan " KAIRAN_VERSION);
    return KAI_EXIT_DONE;
}

/* Behind the options that all verbs have. */
static int skip_options(int argc, char **argv, int i)
{
    while (i < argc && argv[i][0] == '-' && argv[i][1] != '\0') {
        bool takes = strcmp(argv[i], "--home") == 0 || strcmp(argv[i], "--lang") == 0;

        i += takes ? 2 : 1;
    }
    return i;
}

/* "org": the first of two words. */
static bool is_half(const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i < kai_verbs_n; i++)
        if (strncmp(kai_verbs[i].name, word, n) == 0 && kai_verbs[i].name[n] == ' ')
            return true;
    return false;
}

/* Options may stand before the verb, and between its words: put the verb first. */
static void verb_first(int argc, char **argv)
{
    int i = skip_options(argc, argv, 1);

    for (int words = 0; words < 2; words++, i++) {
        if (words == 1 && is_half(argv[1]))
            i = skip_options(argc, argv, i);
        if (i >= argc || argv[i][0] == '-')
            break;
        char *word = argv[i];

        memmove(&argv[words + 2], &argv[words + 1], (size_t)(i - words - 1) * sizeof argv[0]);
        argv[words + 1] = word;
    }
}

/* Verbs go first (verb_first()): where an option that all have stands there, no verb was given. */
static bool only_options(const char *first)
{
    return strncmp(first, "--home", 6) == 0 || strncmp(first, "--lang", 6) == 0 ||
           strcmp(first, "--json") == 0;
}

static int run(struct kai_cli *cli, int argc, char **argv)
{
    int used = 0;
    struct kai_why why = {0};

    if (argc < 1 || only_options(argv[0]))
        return kai_cmd_help(cli) == KAI_EXIT_DONE ? KAI_EXIT_USAGE : KAI_EXIT_FAILED;
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)
        return kai_cmd_help(cli);
    if (strcmp(argv[0], "--version") == 0)
        return kai_cmd_version(cli);
    cli->verb = find_verb(argc, argv, &used);
    if (cli->verb == NULL)
        return kai_cli_usage(cli, "usage.verb", argv[0]);
    int status = read_all(cli, argc - used, argv + used);
    if (kai_cli_flag(cli, "--help")) {
        char *name[] = {argv[0], argv[1]};

        cli->args = name;
        cli->n_args = (size_t)used;
        return kai_cmd_help(cli);
    }
    if (status != KAI_EXIT_DONE)
        return status;
    status = kai_cli_words_ok(cli);
    if (status != KAI_EXIT_DONE)
        return status;
    const char *lang = kai_cli_opt(cli, "--lang");
    if (lang != NULL && !kai_lang_parse(lang, &cli->lang))
        return kai_cli_usage(cli, "usage.lang", lang);
    const char *home = kai_cli_opt(cli, "--home");
    if (home != NULL &&
        home[0] == '\0') /* A variable that is not set must not mean another home. */
        return kai_cli_usage(cli, "usage.value", "--home");
    enum kai_err err = kai_home_find(&cli->home, home, &why);
    return err == KAI_OK ? cli->verb->run(cli) : kai_cli_fail(cli, err, &why);
}

/* No secret of ours may end in a core file: keys of a node, and those of a ceremony. */
static void keep_secrets(void)
{
    static const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* A stream that the caller closed: else the next file that is opened, a store's, takes its number,
 * and what is said goes into that. Neither read nor written, as a closed one. False: it cannot be.
 */
static bool hold_streams(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", modes[fd]) != fd)
            return false;
    return true;
}

/* An answer of which something is missing is none. Whoever stops reading knows it. */
static int end_output(const struct kai_cli *cli, int status)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    struct kai_why why = {0};

    if ((fflush(stdout) == 0 && ferror(stdout) == 0) || status != KAI_EXIT_DONE)
        return status;
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0)
        return KAI_EXIT_FAILED;
    kai_ignore(kai_why_set(&why, KAI_EIO, "output.cut", NULL, NULL, NULL));
    (void)kai_cli_fail(cli, KAI_EIO, &why);
    return KAI_EXIT_FAILED;
}

int main(int argc, char **argv)
{
    struct kai_cli cli = {0};

    if (!hold_streams())
        return KAI_EXIT_FAILED;
    keep_secrets();
    (void)signal(SIGPIPE, SIG_IGN);
    read_common(&cli, argc, argv);
    kai_say_lang(cli.lang);
    if (kai_crypto_start() != KAI_OK) {
        (void)fputs("kairan: no source of random numbers\n", stderr);
        return KAI_EXIT_FAILED;
    }
    cli.args = calloc((size_t)argc + 1, sizeof *cli.args);
    if (cli.args == NULL)
        return KAI_EXIT_FAILED;
    char **args = cli.args;
    verb_first(argc, argv);
    int status = run(&cli, argc - 1, argv + 1);
    free(args);
    return end_output(&cli, status);
}

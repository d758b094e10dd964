/* passphrase: asked for on the terminal, or taken from where a script says. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

#include "node/cli/cli.h"

#define PASSPHRASE_BYTES_MAX 1024u

static char *take(const char *text, size_t n)
{
    char *p = sodium_malloc(PASSPHRASE_BYTES_MAX + 1);

    if (p == NULL)
        return NULL;
    if (n > PASSPHRASE_BYTES_MAX)
        n = PASSPHRASE_BYTES_MAX;
    memcpy(p, text, n);
    p[n] = '\0';
    p[strcspn(p, "\r\n")] = '\0';
    return p;
}

static char *from_file(const struct kai_cli *cli, const char *path, int *status)
{
    char buf[PASSPHRASE_BYTES_MAX + 2];
    size_t n;
    struct kai_why why = {0};
    enum kai_err err = kai_file_read(path, buf, sizeof buf, &n);

    if (err != KAI_OK) {
        kai_ignore(kai_why_set(&why, err, "file.read", path, kai_err_text(err), NULL));
        *status = kai_cli_fail(cli, err, &why);
        return NULL;
    }
    char *p = take(buf, n);
    sodium_memzero(buf, sizeof buf);
    return p;
}

/* One line from the terminal, without showing it. */
static char *ask(const struct kai_cli *cli, FILE *tty, const char *id)
{
    char buf[PASSPHRASE_BYTES_MAX + 2] = "";
    struct termios before;
    struct termios silent;
    int fd = fileno(tty);

    (void)setvbuf(tty, NULL, _IONBF, 0); /* No copy of it in a buffer that nobody wipes. */
    (void)fprintf(tty, "%s ", kai_text(cli->lang, id));
    (void)fflush(tty);
    if (tcgetattr(fd, &before) != 0)
        return NULL;
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(fd, TCSAFLUSH, &silent);
    const char *got = fgets(buf, sizeof buf, tty);
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    (void)fputc('\n', tty);
    char *p = got == NULL ? NULL : take(buf, strlen(buf));
    sodium_memzero(buf, sizeof buf);
    return p;
}

static char *from_terminal(const struct kai_cli *cli, FILE *tty, bool is_new, int *status)
{
    struct kai_why why = {0};
    char *p = ask(cli, tty, is_new ? "passphrase.new" : "passphrase.ask");

    if (p == NULL || !is_new)
        return p;
    char *again = ask(cli, tty, "passphrase.repeat");
    bool same = again != NULL && strcmp(p, again) == 0;
    sodium_free(again);
    if (same)
        return p;
    sodium_free(p);
    kai_ignore(kai_why_set(&why, KAI_EMALFORMED, "passphrase.differs", NULL, NULL, NULL));
    *status = kai_cli_fail(cli, KAI_EMALFORMED, &why);
    return NULL;
}

char *kai_cli_passphrase(const struct kai_cli *cli, bool is_new, int *status)
{
    const char *file = kai_cli_opt(cli, "--passphrase-file");
    const char *env = getenv("KAIRAN_PASSPHRASE");
    char *p = NULL;

    *status = KAI_EXIT_DONE;
    if (file != NULL) {
        p = from_file(cli, file, status);
    } else if (env != NULL && env[0] != '\0') {
        p = take(env, strlen(env));
    } else {
        FILE *tty = fopen("/dev/tty", "r+");

        if (tty == NULL) {
            *status = kai_cli_usage(cli, "passphrase.none", NULL);
            return NULL;
        }
        p = from_terminal(cli, tty, is_new, status);
        (void)fclose(tty);
    }
    if (p != NULL && p[0] == '\0') {
        sodium_free(p);
        *status = kai_cli_usage(cli, "passphrase.empty", NULL);
        return NULL;
    }
    if (p == NULL && *status == KAI_EXIT_DONE)
        *status = KAI_EXIT_FAILED;
    return p;
}

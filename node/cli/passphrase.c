/* passphrase: asked for on the terminal, or taken from where a script says. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

#include "node/cli/cli.h"

#define PASSPHRASE_BYTES_MAX 1024u
#define FILE_BYTES_MAX       16384u /* Its first line counts. */

static char *refuse(const struct kai_cli *cli, const char *code, int *status)
{
    *status = kai_cli_usage(cli, code, NULL);
    return NULL;
}

/* The first line of text, whole or not at all: one that is cut would lock the key for ever. */
static char *take(const struct kai_cli *cli, const char *text, int *status)
{
    size_t n = strcspn(text, "\r\n");

    if (n > PASSPHRASE_BYTES_MAX)
        return refuse(cli, "passphrase.long", status);
    if (n == 0)
        return refuse(cli, "passphrase.empty", status);
    char *p = sodium_malloc(n + 1);
    if (p == NULL) {
        *status = KAI_EXIT_FAILED;
        return NULL;
    }
    memcpy(p, text, n);
    p[n] = '\0';
    return p;
}

static char *from_file(const struct kai_cli *cli, const char *path, int *status)
{
    char *buf = sodium_malloc(FILE_BYTES_MAX);
    char *p = NULL;
    size_t n;
    struct kai_why why = {0};

    if (buf == NULL) {
        *status = KAI_EXIT_FAILED;
        return NULL;
    }
    enum kai_err err = kai_file_read(path, buf, FILE_BYTES_MAX, &n);
    if (err == KAI_OK || (err == KAI_ELIMIT && memchr(buf, '\n', n) != NULL)) {
        p = take(cli, buf, status);
    } else if (err == KAI_ELIMIT) {
        p = refuse(cli, "passphrase.long", status);
    } else {
        kai_ignore(kai_why_set(&why, err, "file.read", path, kai_err_text(err), NULL));
        *status = kai_cli_fail(cli, err, &why);
    }
    sodium_free(buf); /* Wipes. */
    return p;
}

/* ---- The terminal. What ends or stops the program while echo is off first turns it on again. */
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define ENDING_N (sizeof ending / sizeof ending[0])

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    caught = number;
}

struct quiet {
    int fd;
    struct termios before;
    struct sigaction actions[ENDING_N];
    sigset_t mask; /* Before: what holds while we wait. */
};

static bool quiet_begin(struct quiet *q, int fd)
{
    struct sigaction sa = {.sa_handler = on_signal};
    struct termios silent;
    sigset_t block;

    q->fd = fd;
    caught = 0;
    if (tcgetattr(fd, &q->before) != 0)
        return false;
    (void)sigemptyset(&sa.sa_mask);
    (void)sigemptyset(&block);
    for (size_t i = 0; i < ENDING_N; i++)
        (void)sigaddset(&block, ending[i]);
    (void)sigprocmask(SIG_BLOCK, &block, &q->mask);
    for (size_t i = 0; i < ENDING_N; i++)
        (void)sigaction(ending[i], &sa, &q->actions[i]);
    silent = q->before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(fd, TCSAFLUSH, &silent);
    return true;
}

/* Echo is on again; then the signal that came does what it would have done. */
static void quiet_end(const struct quiet *q)
{
    (void)tcsetattr(q->fd, TCSAFLUSH, &q->before);
    for (size_t i = 0; i < ENDING_N; i++)
        (void)sigaction(ending[i], &q->actions[i], NULL);
    if (caught != 0)
        (void)raise(caught);
    (void)sigprocmask(SIG_SETMASK, &q->mask, NULL);
}

/* One line, as the terminal hands it over. Returns its length; 0: end of input, or a signal. */
static size_t read_line(const struct quiet *q, char *buf, size_t cap)
{
    struct pollfd p = {.fd = q->fd, .events = POLLIN};
    size_t len = 0;

    while (caught == 0) {
        if (ppoll(&p, 1, NULL, &q->mask) < 0)
            continue; /* A signal: one that ends is in caught. */
        ssize_t n = read(q->fd, buf + len, cap - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
        if (len == cap - 1 || memchr(buf, '\n', len) != NULL)
            break;
    }
    buf[len] = '\0';
    return caught == 0 ? len : 0;
}

/* One line from the terminal, without showing it. NULL: told, or ended by the user. */
static char *ask(const struct kai_cli *cli, int tty, const char *id, const char *what, int *status)
{
    char *buf = sodium_malloc(PASSPHRASE_BYTES_MAX + 8);
    struct kai_buf prompt;
    struct quiet q;
    size_t n;
    char *p = NULL;

    *status = KAI_EXIT_FAILED;
    if (buf == NULL)
        return NULL;
    kai_buf_init(&prompt, 4096);
    kai_text_fill(cli->lang, id, what, NULL, NULL, &prompt);
    kai_buf_u8(&prompt, ' ');
    do { /* Again after a stop. */
        if (write(tty, prompt.p, prompt.len) < 0 || !quiet_begin(&q, tty))
            goto out;
        n = read_line(&q, buf, PASSPHRASE_BYTES_MAX + 8);
        (void)!write(tty, "\n", 1);
        quiet_end(&q);
    } while (caught == SIGTSTP);
    if (n > 0) {
        *status = KAI_EXIT_DONE;
        p = take(cli, buf, status);
    }
out:
    kai_buf_free(&prompt);
    sodium_free(buf); /* Wipes. */
    return p;
}

static char *from_terminal(const struct kai_cli *cli, int tty, const char *what, bool is_new,
                           int *status)
{
    struct kai_why why = {0};
    char *p = ask(cli, tty, is_new ? "passphrase.new" : "passphrase.ask", what, status);

    if (p == NULL || !is_new)
        return p;
    char *again = ask(cli, tty, "passphrase.repeat", NULL, status);
    bool same = again != NULL && strcmp(p, again) == 0;
    if (again != NULL && !same) {
        kai_ignore(kai_why_set(&why, KAI_EMALFORMED, "passphrase.differs", NULL, NULL, NULL));
        *status = kai_cli_fail(cli, KAI_EMALFORMED, &why);
    }
    sodium_free(again);
    if (same)
        return p;
    sodium_free(p);
    return NULL;
}

char *kai_cli_passphrase(const struct kai_cli *cli, const char *what, bool is_new, int *status)
{
    const char *file = kai_cli_opt(cli, "--passphrase-file");
    const char *env = getenv("KAIRAN_PASSPHRASE");

    *status = KAI_EXIT_DONE;
    if (file != NULL)
        return from_file(cli, file, status);
    if (env != NULL && env[0] != '\0')
        return take(cli, env, status);
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty == -1)
        return refuse(cli, "passphrase.none", status);
    char *p = from_terminal(cli, tty, what, is_new, status);
    (void)close(tty);
    return p;
}

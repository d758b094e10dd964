/* cmd_carry: the network in a file: carry pack, carry unpack. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/cli/args.h"
#include "node/cli/cli.h"

/* Volumes on their way to files: each has its name only when it is whole and on the disk. */
struct volumes {
    struct kai_cli *cli;
    const char *out;
    bool numbered; /* OUT.1, OUT.2 ... */
    int fd;        /* -1: none is open. */
    char path[KAI_PATH_BYTES_MAX];
    char tmp[KAI_PATH_BYTES_MAX];
    json_t *files; /* Names of those that are whole. */
    json_t *last;  /* What the node said at the end. */
    enum kai_err err;
    struct kai_why why;
};

static bool failed(struct volumes *v)
{
    v->err = kai_why_set(&v->why, KAI_EIO, "file.write", v->path, strerror(errno), NULL);
    return false;
}

static bool begin(struct volumes *v, json_int_t number)
{
    int n = v->numbered ? snprintf(v->path, sizeof v->path, "%s.%lld", v->out, (long long)number)
                        : snprintf(v->path, sizeof v->path, "%s", v->out);
    int m = snprintf(v->tmp, sizeof v->tmp, "%s.tmp.%ld", v->out, (long)getpid());

    errno = ENAMETOOLONG;
    if (n < 0 || (size_t)n >= sizeof v->path || m < 0 || (size_t)m >= sizeof v->tmp)
        return failed(v);
    v->fd = open(v->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return v->fd != -1 || failed(v);
}

static bool add(struct volumes *v, const char *hex)
{
    size_t n = strlen(hex) / 2, at = 0;
    uint8_t *bytes = malloc(n + 1);
    bool ok = bytes != NULL && kai_unhex(bytes, n, hex, strlen(hex));

    errno = EIO;
    while (ok && at < n) {
        ssize_t w = write(v->fd, bytes + at, n - at);

        ok = w > 0 || (w < 0 && errno == EINTR);
        at += w > 0 ? (size_t)w : 0;
    }
    ok = ok || failed(v);
    free(bytes);
    return ok;
}

/* The name itself is durable once its folder is. */
static bool sync_folder(const char *path)
{
    char folder[KAI_PATH_BYTES_MAX];
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path);

    memcpy(folder, path, n);
    folder[n] = '\0';
    int fd = open(n > 0 ? folder : slash == NULL ? "." : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd != -1 && fsync(fd) == 0;
    if (fd != -1)
        (void)close(fd);
    return ok;
}

static bool finish(struct volumes *v)
{
    bool ok = fsync(v->fd) == 0;

    ok = close(v->fd) == 0 && ok;
    v->fd = -1;
    if (!ok || rename(v->tmp, v->path) != 0 || !sync_folder(v->path)) {
        (void)failed(v);
        (void)unlink(v->tmp);
        return false;
    }
    return json_array_append_new(v->files, kai_cli_path(v->path)) == 0;
}

static bool on_line(void *ctx, const char *line, size_t n)
{
    struct volumes *v = ctx;
    json_t *o = json_loadb(line, n, 0, NULL);
    const char *hex = json_string_value(json_object_get(o, "data"));
    bool ok = o != NULL;

    if (ok && hex == NULL) {
        json_decref(v->last);
        v->last = json_incref(o);
    } else if (ok) {
        ok = v->fd != -1 || begin(v, json_integer_value(json_object_get(o, "volume")));
        ok = ok && add(v, hex);
        if (ok && json_is_true(json_object_get(o, "whole")))
            ok = finish(v);
    }
    json_decref(o);
    return ok;
}

/* Ask, and keep what comes; *status also where a file could not be written. */
static void ask(struct volumes *v, const char *verb, json_t *args, const char *file, int *status)
{
    v->fd = -1;
    v->files = json_array();
    *status = kai_cli_call(v->cli, verb, args, file, false, on_line, v);
    if (v->fd != -1) { /* Not whole: as if it had never been. */
        (void)close(v->fd);
        (void)unlink(v->tmp);
    }
    if (v->err != KAI_OK)
        *status = kai_cli_fail(v->cli, v->err, &v->why);
}

static void release(struct volumes *v)
{
    json_decref(v->files);
    json_decref(v->last);
    v->files = v->last = NULL;
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : "";
}

static const char *number_of(char out[static 24], const json_t *o, const char *key)
{
    (void)snprintf(out, 24, "%lld", (long long)json_integer_value(json_object_get(o, key)));
    return out;
}

int kai_cmd_carry_pack(struct kai_cli *cli)
{
    const char *receipt = kai_cli_opt(cli, "--receipt");
    struct volumes v = {.cli = cli,
                        .out = kai_cli_opt(cli, "--out"),
                        .numbered = kai_cli_opt(cli, "--max-bytes") != NULL};
    json_t *args = json_object();
    char n[24], bytes[24];
    int status = KAI_EXIT_DONE;

    if (v.out == NULL || kai_cli_opt(cli, "--for") == NULL)
        status = kai_cli_usage(cli, "usage.missing", v.out == NULL ? "--out" : "--for");
    if (status == KAI_EXIT_DONE)
        status = kai_cli_put_number(cli, args, "--max-bytes", "max_bytes");
    if (status != KAI_EXIT_DONE) {
        json_decref(args);
        return status;
    }
    kai_cli_put_text(cli, args, "--for", "for");
    if (receipt != NULL)
        (void)json_object_set_new(args, "name", kai_cli_path(receipt));
    ask(&v, "carry-pack", args, receipt != NULL ? receipt : "/dev/null", &status);
    if (status == KAI_EXIT_DONE && cli->json) {
        (void)json_object_set(v.last, "files", v.files);
        kai_cli_print_json(json_incref(v.last));
    } else if (status == KAI_EXIT_DONE) {
        for (size_t i = 0; i < json_array_size(v.files); i++)
            kai_cli_say(cli, "carry.written", json_string_value(json_array_get(v.files, i)), NULL,
                        NULL);
        kai_cli_say(cli, "carry.packed", text_of(v.last, "node_name"),
                    number_of(n, v.last, "entries"), number_of(bytes, v.last, "bytes"));
    }
    release(&v);
    return status;
}

static void say_unpacked(const struct kai_cli *cli, const char *file, json_t *o)
{
    char a[24], b[24], c[24];

    if (cli->json) {
        (void)json_object_set_new(o, "file", kai_cli_path(file));
        kai_cli_print_json(json_incref(o));
        return;
    }
    kai_cli_say(cli, "carry.unpacked", text_of(o, "node_name"), number_of(a, o, "taken"),
                number_of(b, o, "held"));
    if (json_integer_value(json_object_get(o, "waiting")) > 0)
        kai_cli_note(cli, "carry.waiting", number_of(a, o, "waiting"), NULL, NULL);
    if (json_integer_value(json_object_get(o, "refused")) > 0)
        kai_cli_note(cli, "carry.refused", number_of(c, o, "refused"), NULL, NULL);
    if (json_integer_value(json_object_get(o, "over")) > 0)
        kai_cli_note(cli, "carry.over", number_of(c, o, "over"), NULL, NULL);
    if (json_is_true(json_object_get(o, "more")))
        kai_cli_note(cli, "carry.more", NULL, NULL, NULL);
}

int kai_cmd_carry_unpack(struct kai_cli *cli)
{
    const char *out = kai_cli_opt(cli, "--receipt");
    int status = KAI_EXIT_DONE;

    for (size_t i = 0; i < cli->n_args && status == KAI_EXIT_DONE; i++) {
        struct volumes v = {.cli = cli, .out = out};
        bool receipt = out != NULL && i + 1 == cli->n_args; /* What is held after all of them. */
        json_t *args =
            json_pack("{s:o, s:b}", "name", kai_cli_path(cli->args[i]), "receipt", receipt);

        ask(&v, "carry-unpack", args, cli->args[i], &status);
        if (status == KAI_EXIT_DONE) {
            if (receipt)
                (void)json_object_set_new(v.last, "receipt", kai_cli_path(out));
            say_unpacked(cli, cli->args[i], v.last);
            if (receipt && !cli->json)
                kai_cli_say(cli, "carry.receipt", out, NULL, NULL);
        }
        release(&v);
    }
    return status;
}

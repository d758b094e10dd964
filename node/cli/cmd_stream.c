/* cmd_stream: what is known and what comes, into a stream of a NATS JetStream cluster. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "node/cli/args.h"
#include "node/cli/files.h"
#include "node/cli/stream_send.h"

#define RETRY_MS           200
#define SUBJECT            "kairan"
#define REPLICAS           3u
#define PASSWORD_BYTES_MAX 1024u

struct run {
    struct kai_cli *cli;
    struct kai_stream *stream;
    bool once;
    bool ended;   /* With --once: all that was there is in the stream. */
    bool left;    /* No more of this answer was wanted. */
    json_t *head; /* The line before a message. */
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static bool is_stopped(void)
{
    return stopped != 0;
}

static void catch_signals(void)
{
    struct sigaction a = {.sa_handler = on_signal};

    (void)sigemptyset(&a.sa_mask);
    (void)sigaction(SIGTERM, &a, NULL);
    (void)sigaction(SIGINT, &a, NULL);
}

/* ---- Lines of a node. */
static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : "";
}

static bool take_head(struct run *r, json_t *o)
{
    bool goes_on = true;

    if (json_is_true(json_object_get(o, "again"))) {
        kai_stream_again(r->stream);
    } else if (json_is_true(json_object_get(o, "current"))) {
        goes_on = kai_stream_current(r->stream, text_of(o, "at"));
        if (goes_on && r->once) {
            r->ended = kai_stream_done(r->stream);
            goes_on = false;
        }
    } else if (json_is_string(json_object_get(o, "id"))) {
        r->head = json_incref(o);
    }
    return goes_on;
}

static bool take(struct run *r, const char *line, size_t n)
{
    bool goes_on;

    if (stopped)
        return false;
    if (r->head == NULL) {
        json_t *o = json_loadb(line, n, 0, NULL);

        goes_on = take_head(r, o);
        json_decref(o);
        return goes_on;
    }
    goes_on = kai_stream_give(r->stream, text_of(r->head, "at"), text_of(r->head, "state"),
                              text_of(r->head, "id"), json_is_true(json_object_get(r->head, "ask")),
                              line, n);
    json_decref(r->head);
    r->head = NULL;
    return goes_on;
}

static bool on_line(void *ctx, const char *line, size_t n)
{
    struct run *r = ctx;

    r->left = !take(r, line, n);
    return !r->left;
}

/* Also while the node has nothing to say. */
static bool leaves(void *ctx)
{
    const struct run *r = ctx;

    return stopped != 0 || kai_stream_leaves(r->stream);
}

/* Until a signal ends it, it failed, or with --once nothing is left. A node that is away comes
 * back, and goes on where the stream is. */
static int follow(struct run *r, json_t *args)
{
    char at[KAI_STREAM_AT_CAP];
    bool told = false;

    while (!stopped && !r->ended && kai_stream_from(r->stream, at)) {
        bool lost = false;

        r->left = false;
        if (at[0] != '\0')
            (void)json_object_set_new(args, "from", json_string(at));
        else
            (void)json_object_del(args, "from");
        int status = kai_cli_follow(r->cli, "stream", args, on_line, r, leaves, &lost);
        json_decref(r->head);
        r->head = NULL;
        if (r->left || leaves(r))
            continue;
        if (!lost)
            return status; /* It was refused, which was told. */
        if (!told)
            kai_cli_note(r->cli, "stream.lost", NULL, NULL, NULL);
        told = true;
        (void)poll(NULL, 0, RETRY_MS);
    }
    return KAI_EXIT_DONE;
}

/* ---- Options. */
static int read_password(struct kai_cli *cli, char *out)
{
    const char *file = kai_cli_opt(cli, "--password-file");
    struct kai_why why = {0};
    size_t n;

    enum kai_err err = kai_file_read(file, out, PASSWORD_BYTES_MAX, &n);
    if (err != KAI_OK)
        return kai_cli_fail(cli, kai_why_set(&why, err, "file.read", file, kai_err_text(err), NULL),
                            &why);
    out[strcspn(out, "\r\n")] = '\0';
    return KAI_EXIT_DONE;
}

static int read_servers(struct kai_cli *cli, struct kai_cluster_opts *o)
{
    const char *url;

    for (o->n_urls = 0; (url = kai_cli_opt_at(cli, "--to", o->n_urls)) != NULL; o->n_urls++) {
        if (o->n_urls == KAI_STREAM_SERVERS_MAX || !kai_cluster_url_ok(url))
            return kai_cli_usage(cli, "stream.url", url);
        o->urls[o->n_urls] = url;
    }
    return o->n_urls > 0 ? KAI_EXIT_DONE : kai_cli_usage(cli, "usage.missing", "--to");
}

static int read_options(struct kai_cli *cli, struct kai_cluster_opts *o, char *password)
{
    const char *subject = kai_cli_opt(cli, "--subject");
    const char *replicas = kai_cli_opt(cli, "--replicas");
    int status;

    *o = (struct kai_cluster_opts){.ca = kai_cli_opt(cli, "--tls-ca"),
                                   .cert = kai_cli_opt(cli, "--tls-cert"),
                                   .key = kai_cli_opt(cli, "--tls-key"),
                                   .creds = kai_cli_opt(cli, "--creds"),
                                   .user = kai_cli_opt(cli, "--user"),
                                   .stream = kai_cli_opt(cli, "--stream"),
                                   .subject = subject != NULL ? subject : SUBJECT,
                                   .replicas = REPLICAS,
                                   .create = kai_cli_flag(cli, "--create")};
    if (o->stream == NULL || kai_cli_opt(cli, "--clearance") == NULL)
        return kai_cli_usage(cli, "usage.missing", o->stream == NULL ? "--stream" : "--clearance");
    if (!kai_cluster_name_ok(o->stream, false))
        return kai_cli_usage(cli, "stream.name", o->stream);
    if (!kai_cluster_name_ok(o->subject, true))
        return kai_cli_usage(cli, "stream.name", o->subject);
    if (replicas != NULL && (!kai_cli_number(replicas, &o->replicas) || o->replicas < 1 ||
                             o->replicas > 5)) /* More than 5 no server takes. */
        return kai_cli_usage(cli, "usage.number", "--replicas");
    if ((o->cert == NULL) != (o->key == NULL))
        return kai_cli_usage(cli, "usage.missing", o->cert == NULL ? "--tls-cert" : "--tls-key");
    if ((o->user == NULL) != (kai_cli_opt(cli, "--password-file") == NULL))
        return kai_cli_usage(cli, "usage.missing", o->user == NULL ? "--user" : "--password-file");
    status = read_servers(cli, o);
    if (status == KAI_EXIT_DONE && o->user != NULL) {
        status = read_password(cli, password);
        o->password = password;
    }
    return status;
}

/* What is asked for, and where it goes: of another question the place says nothing. */
static void hash_question(const struct kai_cluster_opts *o, const json_t *args, char out[static 65])
{
    crypto_generichash_state h;
    uint8_t hash[32];
    const char *parts[] = {text_of(args, "expr"), text_of(args, "clearance"), o->stream,
                           o->subject};

    (void)crypto_generichash_init(&h, NULL, 0, sizeof hash);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        (void)crypto_generichash_update(&h, (const uint8_t *)parts[i], strlen(parts[i]) + 1);
    (void)crypto_generichash_final(&h, hash, sizeof hash);
    (void)kai_hex(out, hash, sizeof hash);
}

static enum kai_err open_place(const struct kai_cluster_opts *o, const json_t *args,
                               struct kai_stream_opts *s, struct kai_why *why)
{
    const char *home = s->cli->home.dir;
    char what[65];

    if (access(home, F_OK) != 0)
        return kai_why_set(why, KAI_ENOTFOUND, "home.missing", home, NULL, NULL);
    enum kai_err err = kai_stream_place_open(&s->place, s->path, why);

    hash_question(o, args, what);
    if (err == KAI_OK && s->place.what[0] != '\0' && strcmp(what, s->place.what) != 0) {
        kai_copy_text(s->place.at, sizeof s->place.at, "begin");
        s->place.asks = true;
    }
    memcpy(s->place.what, what, sizeof what);
    return err;
}

static void say_end(struct kai_cli *cli, const struct kai_stream_sum *sum)
{
    char sent[24], held[24], cut[24];

    if (cli->json) {
        kai_cli_print_json(json_pack("{s:s, s:I, s:I, s:I}", "event", "end", "sent",
                                     (json_int_t)sum->sent, "held", (json_int_t)sum->held, "cut",
                                     (json_int_t)sum->cut));
        return;
    }
    (void)snprintf(sent, sizeof sent, "%llu", (unsigned long long)sum->sent);
    (void)snprintf(held, sizeof held, "%llu", (unsigned long long)sum->held);
    (void)snprintf(cut, sizeof cut, "%llu", (unsigned long long)sum->cut);
    kai_cli_say(cli, "stream.end", sent, sum->held > 0 ? held : NULL, sum->cut > 0 ? cut : NULL);
}

static int run(struct run *r, struct kai_stream_opts *s, json_t *args)
{
    struct kai_stream_sum sum;

    catch_signals();
    r->stream = kai_stream_begin(s);
    if (r->stream == NULL)
        return KAI_EXIT_FAILED;
    int status = follow(r, args);
    int failed = kai_stream_end(r->stream, &sum);
    if (failed == KAI_EXIT_DONE)
        say_end(r->cli, &sum);
    return failed != KAI_EXIT_DONE ? failed : status;
}

int kai_cmd_stream(struct kai_cli *cli)
{
    struct kai_cluster_opts to;
    struct kai_stream_opts s = {
        .cli = cli, .to = &to, .path = kai_cli_opt(cli, "--state"), .stop = is_stopped};
    struct run r = {.cli = cli, .once = kai_cli_flag(cli, "--once")};
    char password[PASSWORD_BYTES_MAX];
    char path[KAI_PATH_BYTES_MAX];
    struct kai_why why = {0};
    int status = read_options(cli, &to, password);

    if (status != KAI_EXIT_DONE)
        return status;
    char *expr = kai_cli_expression(cli, &status);
    if (expr == NULL) {
        sodium_memzero(password, sizeof password);
        return status;
    }
    json_t *args = json_pack("{s:s, s:s, s:b}", "expr", expr, "clearance",
                             kai_cli_opt(cli, "--clearance"), "settle", (int)r.once);
    free(expr);
    if (s.path == NULL)
        s.path = kai_home_path(&cli->home, path, "stream-%s.state", to.stream);
    enum kai_err err = open_place(&to, args, &s, &why);
    if (err == KAI_OK)
        err = kai_cluster_new(&s.cluster, &to, &why);
    status = err == KAI_OK ? run(&r, &s, args) : kai_cli_fail(cli, err, &why);
    kai_cluster_free(s.cluster);
    sodium_memzero(password, sizeof password);
    json_decref(args);
    return status;
}

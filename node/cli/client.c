/* client: asks the home's node over its socket, or opens the home where no node runs: the verbs are
 * the same. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <curl/curl.h>

#include "node/call.h"
#include "node/cli/cli.h"

#define LINE_BYTES_MAX (16u << 20)
/* How long a home is waited for that another process holds, and how often it is tried. */
#define HOME_WAIT_MS 5000u
#define HOME_STEP_MS 20u

struct ask {
    struct kai_cli *cli;
    bool raw;
    kai_line_fn *line;
    void *ctx;
    struct kai_buf partial; /* A line that has not ended yet. */
    bool stopped;
    bool watching; /* Say when the answer begins: from then on nothing is missed. */
    long http;
    int exit_status;
    struct kai_buf error; /* Body of an error answer. */
    FILE *upload;
    /* kai_cli_follow() */
    bool (*stop)(void *ctx); /* NULL: it does not end before the answer does. */
    bool lost;
};

static void take_lines(struct ask *a, const char *p, size_t n)
{
    static const char error[] = "{\"error\":";

    while (n > 0 && !a->stopped) {
        const char *end = memchr(p, '\n', n);
        size_t part = end == NULL ? n : (size_t)(end - p);

        if (end == NULL || a->partial.len > 0)
            kai_buf_add(&a->partial, p, part);
        if (end == NULL)
            return;
        const char *text = a->partial.len > 0 ? (const char *)a->partial.p : p;
        size_t len = a->partial.len > 0 ? a->partial.len : part;
        if (len >= sizeof error - 1 && memcmp(text, error, sizeof error - 1) == 0) {
            kai_buf_add(&a->error, text, len); /* It failed on its way: this is no answer. */
            a->stopped = true;
        } else if (len > 0) { /* Empty lines only say that the node is there. */
            a->stopped = !a->line(a->ctx, text, len);
        }
        kai_buf_clear(&a->partial);
        p += part + 1;
        n -= part + 1;
    }
}

static void take(struct ask *a, const char *p, size_t n)
{
    if (a->watching && a->http == 200) {
        kai_cli_note(a->cli, "watch.ready", NULL, NULL, NULL);
        a->watching = false;
    }
    if (a->http != 200)
        kai_buf_add(&a->error, p, n);
    else if (a->raw)
        (void)fwrite(p, 1, n, stdout);
    else
        take_lines(a, p, n);
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct ask *a = ctx;

    take(a, p, size * n);
    return a->stopped ? 0 : size * n; /* 0 ends the transfer. */
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
    static const char name[] = "Kairan-Exit:";
    struct ask *a = ctx;
    char text[32];

    if (size * n > 9 && strncmp(p, "HTTP/", 5) == 0 && size * n < sizeof text) {
        memcpy(text, p, size * n);
        text[size * n] = '\0';
        a->http = strtol(text + 9, NULL, 10);
    } else if (size * n > 9 && strncmp(p, "HTTP/", 5) == 0) {
        a->http =
            strtol(p + 9, NULL, 10); /* libcurl ends lines with CR LF: a number stops there. */
    }
    if (size * n > sizeof name && strncmp(p, name, sizeof name - 1) == 0)
        a->exit_status = (int)strtol(p + sizeof name - 1, NULL, 10);
    return size * n;
}

static size_t on_upload(char *buf, size_t size, size_t n, void *ctx)
{
    struct ask *a = ctx;

    return fread(buf, size, n, a->upload);
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct ask *ask = ctx;

    (void)a, (void)b, (void)c, (void)d;
    return ask->stop(ask->ctx); /* Asked at least once a second. */
}

/* Where the node listens, as its configuration says. */
static enum kai_err socket_path(const struct kai_cli *cli, char out[static 108],
                                struct kai_why *why)
{
    struct kai_config cfg;
    enum kai_err err = kai_config_load(&cfg, &cli->home, why);

    if (err == KAI_OK && cfg.api[0] != '\0') {
        memcpy(out, cfg.api, sizeof cfg.api);
        return KAI_OK;
    }
    return err == KAI_OK ? kai_home_socket(&cli->home, out, why) : err;
}

static bool node_listens(const char *path, bool *forbidden)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(a.sun_path, path, strlen(path) + 1);
    bool there = fd != -1 && connect(fd, (const struct sockaddr *)&a, sizeof a) == 0;
    *forbidden = !there && errno == EACCES;
    if (fd != -1)
        (void)close(fd);
    return there;
}

static int error_of(struct ask *a)
{
    json_t *error = json_loadb((const char *)a->error.p, a->error.len, 0, NULL);
    struct kai_why why = {0};
    int status;

    if (json_is_object(error)) {
        status = kai_cli_fail_json(a->cli, error);
    } else {
        kai_ignore(kai_why_set(&why, KAI_EIO, "api.answer", NULL, NULL, NULL));
        status = kai_cli_fail(a->cli, KAI_EIO, &why);
    }
    json_decref(error);
    return status;
}

static void set_body(CURL *curl, struct ask *a, const char *file, const char *args, curl_off_t size)
{
    (void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
    if (file == NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, args);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(args));
        return;
    }
    (void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_upload);
    (void)curl_easy_setopt(curl, CURLOPT_READDATA, a);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, size);
}

static char *make_url(CURL *curl, const char *verb, const char *file, const char *args)
{
    char *url = NULL;
    char *escaped = file != NULL ? curl_easy_escape(curl, args, (int)strlen(args)) : NULL;

    if (asprintf(&url,
                 escaped != NULL ? "http://localhost/v1/%s?args=%s" : "http://localhost/v1/%s",
                 verb, escaped != NULL ? escaped : "") < 0)
        url = NULL;
    curl_free(escaped);
    return url;
}

static int ask_node(struct ask *a, const char *path, const char *verb, const char *args,
                    const char *file, curl_off_t size)
{
    CURL *curl = curl_easy_init();
    char *url = curl == NULL ? NULL : make_url(curl, verb, file, args);
    struct curl_slist *headers = curl_slist_append(
        NULL, a->cli->lang == KAI_LANG_JA ? "Accept-Language: ja" : "Accept-Language: en");
    struct kai_why why = {0};
    int status = KAI_EXIT_FAILED;

    headers = curl_slist_append(headers, file == NULL ? "Content-Type: application/json"
                                                      : "Content-Type: application/octet-stream");
    headers = curl_slist_append(headers, "Expect:");
    if (url != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_URL, url);
        (void)curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, path);
        (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
        (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
        (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, a);
        (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        set_body(curl, a, file, args, size);
        if (a->stop != NULL) {
            (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
            (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
            (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, a);
        }
        CURLcode rc = curl_easy_perform(curl);
        if (a->http >= 400 || a->error.len > 0) {
            status = error_of(a);
        } else if (a->stop != NULL) {
            a->lost = !a->stopped; /* However it ended: this answer has no end. */
        } else if (rc != CURLE_OK && !a->stopped) {
            kai_ignore(kai_why_set(&why, KAI_EIO, "api.lost", curl_easy_strerror(rc), NULL, NULL));
            status = kai_cli_fail(a->cli, KAI_EIO, &why);
        } else {
            status = a->exit_status;
        }
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    free(url);
    return status;
}

static int run_stream(struct ask *a, struct kai_call *call)
{
    struct kai_buf out;
    enum kai_err err = KAI_OK;

    kai_buf_init(&out, KAI_CALL_OUT_BYTES_MAX);
    for (bool end = false; err == KAI_OK && !end && !a->stopped; kai_buf_clear(&out)) {
        err = kai_call_next(call, &out, &end);
        if (err == KAI_OK)
            take_lines(a, (const char *)out.p, out.len);
    }
    kai_buf_free(&out);
    return err == KAI_OK ? call->status : kai_cli_fail(a->cli, err, &call->why);
}

/* Nobody runs the node: open the home for this one verb. */
static int ask_home(struct ask *a, const char *verb, const json_t *args, struct kai_view body)
{
    struct kai_config cfg;
    struct kai_who who;
    struct kai_call call = {
        .lang = a->cli->lang, .cfg = &cfg, .who = &who, .body = body, .args = json_deep_copy(args)};
    enum kai_err err = kai_config_load(&cfg, &a->cli->home, &call.why);
    int status;

    kai_who_home(&who); /* Whoever can open it: the permissions of its files decide. */
    call.core = a->cli->core;
    if (err != KAI_OK) {
        status = kai_cli_fail(a->cli, err, &call.why);
        json_decref(call.args);
        return status;
    }
    a->http = kai_call_run(&call, verb);
    if (a->http != 200) {
        kai_buf_add(&a->error, call.out.p, call.out.len);
        status = error_of(a);
    } else {
        take(a, (const char *)call.out.p, call.out.len);
        status = call.stream.next != NULL ? run_stream(a, &call) : call.status;
    }
    kai_call_free(&call);
    if (!a->cli->hold)
        kai_cli_release(a->cli);
    return status;
}

void kai_cli_release(struct kai_cli *cli)
{
    if (cli->core != NULL)
        kai_core_close(cli->core);
    cli->core = NULL;
}

/* The body: a file as it is, standard input by way of a nameless file, so that its size is known.
 */
static FILE *open_body(const struct kai_cli *cli, const char *file, int *status)
{
    FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "rb");
    struct kai_why why = {0};
    struct stat st;
    FILE *tmp;
    char buf[16384];
    size_t n;

    if (in == NULL || (in != stdin && (fstat(fileno(in), &st) != 0 || !S_ISREG(st.st_mode)))) {
        const char *reason = in == NULL ? strerror(errno) : "";

        if (in != NULL && fstat(fileno(in), &st) == 0 && !S_ISDIR(st.st_mode))
            goto copy; /* A pipe or device. */
        kai_ignore(kai_why_set(&why, KAI_EIO, "file.read", file,
                               in == NULL ? reason : strerror(EISDIR), NULL));
        *status = kai_cli_fail(cli, KAI_EIO, &why);
        if (in != NULL)
            (void)fclose(in);
        return NULL;
    }
    if (in != stdin)
        return in;
copy:
    tmp = tmpfile();
    while (tmp != NULL && (n = fread(buf, 1, sizeof buf, in)) > 0) {
        if (fwrite(buf, 1, n, tmp) != n) {
            (void)fclose(tmp);
            tmp = NULL;
        }
    }
    bool whole = tmp != NULL && ferror(in) == 0 && fflush(tmp) == 0;
    if (!whole) {
        kai_ignore(kai_why_set(&why, KAI_EIO, "file.read", file, strerror(errno), NULL));
        *status = kai_cli_fail(cli, KAI_EIO, &why);
    }
    if (in != stdin)
        (void)fclose(in);
    if (!whole) {
        if (tmp != NULL)
            (void)fclose(tmp);
        return NULL;
    }
    rewind(tmp);
    return tmp;
}

enum kai_err kai_cli_open(struct kai_cli *cli, struct kai_core **core, bool *there,
                          struct kai_why *why)
{
    char path[108];
    bool forbidden;
    enum kai_err err = socket_path(cli, path, why);

    *there = false;
    for (unsigned int ms = 0; err == KAI_OK; ms += HOME_STEP_MS) {
        err = kai_core_open(core, &cli->home, why);
        *there = err == KAI_EBUSY && node_listens(path, &forbidden);
        if (err != KAI_EBUSY || *there || ms >= HOME_WAIT_MS)
            break;
        (void)poll(NULL, 0, HOME_STEP_MS);
        *why = (struct kai_why){0};
        err = KAI_OK;
    }
    return err;
}

static int ask_running(struct ask *a, const char *path, const char *verb, const json_t *args,
                       const char *file, curl_off_t size)
{
    char *text = json_dumps(args, JSON_COMPACT);
    int status = text == NULL ? KAI_EXIT_FAILED : ask_node(a, path, verb, text, file, size);

    free(text);
    return status;
}

static int dispatch(struct ask *a, const char *verb, const json_t *args, const char *file)
{
    struct kai_why why = {0};
    char path[108];
    struct stat st = {0};
    void *map = NULL;
    int status;
    bool forbidden = false;
    enum kai_err err = socket_path(a->cli, path, &why);

    if (err != KAI_OK)
        return kai_cli_fail(a->cli, err, &why);
    if (a->upload != NULL && fstat(fileno(a->upload), &st) != 0)
        return KAI_EXIT_FAILED;
    bool there = a->cli->core == NULL && node_listens(path, &forbidden);
    if (forbidden)
        err = kai_why_set(&why, KAI_EDENIED, "api.forbidden", path, NULL, NULL);
    if (err != KAI_OK)
        return kai_cli_fail(a->cli, err, &why);
    if (there)
        return ask_running(a, path, verb, args, file, st.st_size);
    if (a->stop != NULL) {
        a->lost = true;
        return KAI_EXIT_FAILED;
    }
    if (a->cli->core == NULL)
        err = kai_cli_open(a->cli, &a->cli->core, &there, &why);
    if (there) /* It has just begun to. */
        return ask_running(a, path, verb, args, file, st.st_size);
    if (err != KAI_OK)
        return kai_cli_fail(a->cli, err, &why);
    if (st.st_size > 0) {
        map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fileno(a->upload), 0);
        if (map == MAP_FAILED)
            return KAI_EXIT_FAILED;
    }
    status = ask_home(a, verb, args, kai_view_of(map, (size_t)st.st_size));
    if (map != NULL)
        (void)munmap(map, (size_t)st.st_size);
    return status;
}

int kai_cli_call(struct kai_cli *cli, const char *verb, json_t *args, const char *file, bool raw,
                 kai_line_fn *line, void *ctx)
{
    struct ask a = {
        .cli = cli, .raw = raw, .line = line, .ctx = ctx, .watching = strcmp(verb, "watch") == 0};
    int status = KAI_EXIT_DONE;

    kai_buf_init(&a.partial, LINE_BYTES_MAX);
    kai_buf_init(&a.error, LINE_BYTES_MAX);
    if (file != NULL)
        a.upload = open_body(cli, file, &status);
    if (file == NULL || a.upload != NULL)
        status = dispatch(&a, verb, args, file);
    if (a.upload != NULL)
        (void)fclose(a.upload);
    kai_buf_free(&a.partial);
    kai_buf_free(&a.error);
    json_decref(args);
    return status;
}

int kai_cli_follow(struct kai_cli *cli, const char *verb, const json_t *args, kai_line_fn *line,
                   void *ctx, bool (*stop)(void *ctx), bool *lost)
{
    struct ask a = {.cli = cli, .line = line, .ctx = ctx, .stop = stop};

    kai_buf_init(&a.partial, LINE_BYTES_MAX);
    kai_buf_init(&a.error, LINE_BYTES_MAX);
    int status = dispatch(&a, verb, args, NULL);
    *lost = a.lost;
    kai_buf_free(&a.partial);
    kai_buf_free(&a.error);
    return status;
}

bool kai_cli_print_line(void *ctx, const char *line, size_t n)
{
    (void)ctx;
    if (fwrite(line, 1, n, stdout) != n || fputc('\n', stdout) == EOF)
        return false;
    return fflush(stdout) == 0; /* For whoever reads along. */
}

static bool collect(void *ctx, const char *line, size_t n)
{
    json_t *list = ctx;
    json_t *v = json_loadb(line, n, JSON_ALLOW_NUL, NULL);

    return v != NULL && json_array_append_new(list, v) == 0;
}

json_t *kai_cli_ask(struct kai_cli *cli, const char *verb, json_t *args, int *status)
{
    json_t *list = json_array();

    *status = kai_cli_call(cli, verb, args, NULL, false, collect, list);
    if (*status == KAI_EXIT_DONE)
        return list;
    json_decref(list);
    return NULL;
}

int kai_cli_show(struct kai_cli *cli, const char *verb, json_t *args, const struct kai_column *cols,
                 size_t n)
{
    int status;

    if (cli->json)
        return kai_cli_call(cli, verb, args, NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(cli, verb, args, &status);
    if (rows == NULL)
        return status;
    if (json_array_size(rows) > 0)
        status = kai_cli_table(cli, cols, n, rows);
    else
        kai_cli_note(cli, "none", NULL, NULL, NULL);
    json_decref(rows);
    return status;
}

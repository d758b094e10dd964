/* api: the local HTTP/JSON interface. One thread a connection; each request is a kai_call. */
#include "node/api.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/call.h"

#define CONNECTIONS_MAX    64u
#define TIMEOUT_S          120u
#define STREAM_BLOCK_BYTES 65536u

struct kai_api {
    struct kai_core *c;
    const struct kai_config *cfg;
    struct MHD_Daemon *daemon;
    atomic_bool stop;
    char path[108];
};

struct request {
    struct kai_api *api;
    struct kai_call call;
    struct kai_who who;
    struct kai_buf body; /* Arguments. */
    int spool;           /* publish: the file so far; -1 none. */
    uint64_t spooled;
    enum kai_err err; /* Of receiving. */
    bool publish;
    void *map;
    struct kai_buf chunk; /* Of a stream. */
    size_t sent;
    bool end;
};

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static struct request *request_new(struct kai_api *a, struct MHD_Connection *conn, const char *url)
{
    struct request *r = calloc(1, sizeof *r);
    const char *lang;

    if (r == NULL)
        return NULL;
    r->api = a;
    r->spool = -1;
    r->publish = strcmp(url, "/v1/publish") == 0;
    kai_buf_init(&r->body, KAI_CALL_ARGS_BYTES_MAX);
    kai_buf_init(&r->chunk, KAI_CALL_OUT_BYTES_MAX);
    r->call.core = a->c;
    r->call.cfg = a->cfg;
    kai_who_home(&r->who);
    r->call.who = &r->who;
    lang = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_LANGUAGE);
    r->call.lang = lang != NULL && begins(lang, "ja") ? KAI_LANG_JA : KAI_LANG_EN;
    return r;
}

static void request_free(void *cls, struct MHD_Connection *conn, void **state,
                         enum MHD_RequestTerminationCode how)
{
    struct request *r = *state;

    (void)cls;
    (void)conn;
    (void)how;
    if (r == NULL)
        return;
    kai_call_free(&r->call);
    if (r->map != NULL)
        (void)munmap(r->map, r->spooled);
    if (r->spool != -1)
        (void)close(r->spool);
    kai_buf_free(&r->body);
    kai_buf_free(&r->chunk);
    free(r);
    *state = NULL;
}

/* A nameless file in the spool folder: gone by itself when we are. */
static enum kai_err spool_open(struct request *r)
{
    char path[KAI_PATH_BYTES_MAX];

    r->spool =
        open(kai_home_path(&r->api->c->home, path, "spool"), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (r->spool == -1)
        return kai_why_set(&r->call.why, errno == ENOSPC ? KAI_EFULL : KAI_EIO,
                           errno == ENOSPC ? "disk.full" : "io.error", path, strerror(errno), NULL);
    return KAI_OK;
}

static enum kai_err spool_add(struct request *r, const char *data, size_t n)
{
    if (r->spooled + n > r->api->cfg->spool_max)
        return kai_why_set(&r->call.why, KAI_ELIMIT, "file.too-large", NULL, NULL, NULL);
    while (n > 0) {
        ssize_t w = write(r->spool, data, n);

        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return kai_why_set(&r->call.why, errno == ENOSPC ? KAI_EFULL : KAI_EIO,
                               errno == ENOSPC ? "disk.full" : "io.error", r->api->c->home.dir,
                               strerror(errno), NULL);
        r->spooled += (uint64_t)w;
        data += w;
        n -= (size_t)w;
    }
    return KAI_OK;
}

static void take_body(struct request *r, const char *data, size_t n)
{
    if (r->err != KAI_OK)
        return; /* Read on, so that the answer can be sent. */
    if (!r->publish) {
        kai_buf_add(&r->body, data, n);
        r->err = r->body.err;
        return;
    }
    if (r->spool == -1)
        r->err = spool_open(r);
    if (r->err == KAI_OK)
        r->err = spool_add(r, data, n);
}

static enum kai_err parse_args(struct request *r, struct MHD_Connection *conn)
{
    const char *text = (const char *)r->body.p;
    size_t n = r->body.len;

    if (r->publish) {
        text = MHD_lookup_connection_value(conn, MHD_GET_ARGUMENT_KIND, "args");
        n = text == NULL ? 0 : strlen(text);
    }
    r->call.args = n == 0 ? json_object() : json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(r->call.args))
        return kai_why_set(&r->call.why, KAI_EMALFORMED, "usage.arguments", NULL, NULL, NULL);
    if (r->publish && r->spooled > 0) {
        void *map = mmap(NULL, r->spooled, PROT_READ, MAP_PRIVATE, r->spool, 0);

        if (map == MAP_FAILED)
            return KAI_ENOMEM;
        r->map = map;
        r->call.body = kai_view_of(map, r->spooled);
    }
    return KAI_OK;
}

static ssize_t stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
    struct request *r = cls;

    (void)pos;
    while (r->sent == r->chunk.len) {
        enum kai_err err;

        if (r->end || atomic_load(&r->api->stop))
            return MHD_CONTENT_READER_END_OF_STREAM;
        kai_buf_clear(&r->chunk);
        r->sent = 0;
        err = r->call.stream.next(r->call.stream.ctx, &r->chunk, &r->end, &r->call.why);
        if (err == KAI_OK)
            err = r->chunk.err;
        if (err != KAI_OK) {
            kai_buf_clear(&r->chunk);
            kai_call_error(&r->call, err, &r->chunk);
            r->end = true;
        }
    }
    size_t n = r->chunk.len - r->sent < max ? r->chunk.len - r->sent : max;
    memcpy(buf, r->chunk.p + r->sent, n);
    r->sent += n;
    return (ssize_t)n;
}

static struct MHD_Response *make_response(struct request *r)
{
    char status[12];
    struct MHD_Response *resp;

    if (r->call.stream.next == NULL) {
        resp =
            MHD_create_response_from_buffer(r->call.out.len, r->call.out.p, MHD_RESPMEM_MUST_COPY);
    } else {
        kai_buf_add(&r->chunk, r->call.out.p, r->call.out.len);
        resp = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, stream_read,
                                                 r, NULL);
    }
    if (resp == NULL)
        return NULL;
    (void)snprintf(status, sizeof status, "%d", r->call.status);
    (void)MHD_add_response_header(resp, MHD_HTTP_HEADER_CONTENT_TYPE,
                                  r->call.raw ? "application/octet-stream"
                                              : "application/x-ndjson");
    (void)MHD_add_response_header(resp, "Kairan-Exit", status);
    (void)MHD_add_response_header(resp, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return resp;
}

/* A file that was not taken is named, as the caller named it. */
static void say_which(struct request *r, struct MHD_Connection *conn)
{
    const char *text = MHD_lookup_connection_value(conn, MHD_GET_ARGUMENT_KIND, "args");
    json_t *args = text == NULL ? NULL : json_loads(text, 0, NULL);
    const char *name = json_string_value(json_object_get(args, "name"));

    if (name != NULL)
        kai_why_at(&r->call.why, 0, "%s", name);
    json_decref(args);
}

static enum MHD_Result answer(struct request *r, struct MHD_Connection *conn, const char *url)
{
    int http = 0;
    enum kai_err err = r->err;

    if (err == KAI_ELIMIT && r->publish)
        say_which(r, conn);
    if (err == KAI_OK)
        err = parse_args(r, conn);
    if (err == KAI_OK) {
        http = kai_call_run(&r->call, url + strlen("/v1/"));
    } else {
        kai_buf_init(&r->call.out, KAI_CALL_OUT_BYTES_MAX);
        kai_call_error(&r->call, err, &r->call.out);
        http = err == KAI_ELIMIT ? 413 : err == KAI_EFULL ? 507 : 400;
    }
    struct MHD_Response *resp = make_response(r);
    if (resp == NULL)
        return MHD_NO;
    enum MHD_Result ok = MHD_queue_response(conn, (unsigned)http, resp);
    MHD_destroy_response(resp);
    return ok;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *conn, const char *url,
                              const char *method, const char *version, const char *data, size_t *n,
                              void **state)
{
    struct kai_api *a = cls;
    struct request *r = *state;

    (void)version;
    if (r == NULL) {
        if (strcmp(method, MHD_HTTP_METHOD_POST) != 0 || !begins(url, "/v1/")) {
            struct MHD_Response *no =
                MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
            enum MHD_Result ok = MHD_queue_response(conn, 404, no);

            MHD_destroy_response(no);
            return ok;
        }
        r = request_new(a, conn, url);
        *state = r;
        return r == NULL ? MHD_NO : MHD_YES;
    }
    if (*n > 0) {
        take_body(r, data, *n);
        *n = 0;
        return MHD_YES;
    }
    return answer(r, conn, url);
}

/* The group `kairan`, where the machine has one, may use the node; nobody else but its own user and
 * root. */
static void share_with_group(const char *path)
{
    char buf[4096];
    struct group g;
    struct group *found = NULL;

    if (getgrnam_r("kairan", &g, buf, sizeof buf, &found) != 0 || found == NULL)
        return;
    if (chown(path, (uid_t)-1, found->gr_gid) ==
        0) /* Else not a member of it: the socket stays ours alone. */
        (void)chmod(path, 0660);
}

static int listen_on(const char *path, struct kai_why *why)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t before;
    int rc;

    if (fd == -1)
        goto failed;
    memcpy(a.sun_path, path, strlen(path) + 1);
    (void)unlink(path);   /* The store's lock says that no other node is there. */
    before = umask(0177); /* Not even the group that we happen to have. */
    rc = bind(fd, (const struct sockaddr *)&a, sizeof a);
    (void)umask(before);
    if (rc != 0 || listen(fd, 64) != 0)
        goto failed;
    share_with_group(path);
    return fd;
failed:
    (void)kai_why_set(why, KAI_EIO, "api.socket", path, strerror(errno), NULL);
    if (fd != -1)
        (void)close(fd);
    return -1;
}

enum kai_err kai_api_start(struct kai_api **out, struct kai_core *c, const struct kai_config *cfg,
                           struct kai_why *why)
{
    struct kai_api *a = calloc(1, sizeof *a);
    enum kai_err err = KAI_OK;

    *out = NULL;
    if (a == NULL)
        return KAI_ENOMEM;
    a->c = c;
    a->cfg = cfg;
    if (cfg->api[0] != '\0')
        memcpy(a->path, cfg->api, sizeof a->path);
    else
        err = kai_home_socket(&c->home, a->path, why);
    int fd = err == KAI_OK ? listen_on(a->path, why) : -1;
    if (fd == -1) {
        free(a);
        return err != KAI_OK ? err : KAI_EIO;
    }
    a->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL,
        NULL, handle, a, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S, MHD_OPTION_NOTIFY_COMPLETED, request_free, NULL,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)(2u << 20), /* jansson recurses. */
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(256u << 10), MHD_OPTION_END);
    if (a->daemon == NULL) {
        (void)close(fd);
        (void)unlink(a->path);
        free(a);
        return kai_why_set(why, KAI_EIO, "api.socket", cfg->api, "MHD_start_daemon", NULL);
    }
    *out = a;
    return KAI_OK;
}

void kai_api_stop(struct kai_api *a)
{
    if (a == NULL)
        return;
    atomic_store(&a->stop, true);
    MHD_stop_daemon(a->daemon);
    (void)unlink(a->path);
    free(a);
}

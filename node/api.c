/* api: the local HTTP/JSON interface. One thread a connection; each request is a kai_call. */
#include "node/api.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/api_listen.h"
#include "node/api_taxii.h"
#include "node/call_table.h"
#include "node/crowd.h"
#include "node/openapi.h"

#define CONNECTIONS_MAX    64u
#define TIMEOUT_S          120u
#define STREAM_BLOCK_BYTES 65536u
#define STILL_MS           1000u /* How long a place that was taken away may still be used. */

/* Where requests come in. Each has its own connections: strangers at the port cannot take those of
 * the socket. */
struct door {
    struct kai_api *api;
    struct MHD_Daemon *daemon; /* NULL: this one is not there. */
    bool tcp; /* Whoever comes shows a token; else its credentials say who it is. */
};

struct kai_api {
    struct kai_core *c;
    const struct kai_config *cfg;
    struct door doors[2];
    struct kai_crowd crowd; /* At the socket. */
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
    bool publish;     /* The body is a file. */
    bool taxii;
    bool description; /* It asks for that of the API. */
    void *map;
    struct kai_buf chunk; /* Of a stream. */
    size_t sent;
    bool end;
    uint64_t still_ms; /* When its place was last looked up. */
};

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The token of "Authorization: Bearer TOKEN"; NULL: none. TAXII clients send it as a password, or
 * as "Token TOKEN". */
static const char *bearer(struct MHD_Connection *conn, bool taxii)
{
    static const char *const schemes[] = {"Bearer ", "Token "};
    const char *v =
        MHD_lookup_connection_value(conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);

    for (size_t i = 0; v != NULL && i < (taxii ? 2u : 1u); i++)
        if (strncasecmp(v, schemes[i], strlen(schemes[i])) == 0)
            return v + strlen(schemes[i]);
    return NULL;
}

/* Who asks, and whether they may ask that: known before anything of the body is kept. */
static enum kai_err admit(struct request *r, const struct door *d, struct MHD_Connection *conn,
                          const char *verb)
{
    const union MHD_ConnectionInfo *info;
    struct kai_core *c = d->api->c;
    enum kai_err err;

    if (d->tcp) {
        const char *host = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);

        if (!kai_api_host_ok(host) && !(r->taxii && kai_api_taxii_host(host, d->api->cfg)))
            return kai_why_set(&r->call.why, KAI_EDENIED, "api.host", host, NULL, NULL);
        const char *token = bearer(conn, r->taxii);

        if (r->taxii && token == NULL)
            err = kai_api_taxii_who(&r->who, c, conn, &r->call.why);
        else
            err = kai_who_of_token(&r->who, c, token, &r->call.why);
    } else {
        info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
        err =
            info == NULL ? KAI_EIO : kai_who_of_socket(&r->who, c, info->connect_fd, &r->call.why);
    }
    r->still_ms = kai_now_ms();
    return err == KAI_OK ? kai_call_may(&r->call, verb) : err;
}

/* The verb of an address of ours. */
static const char *verb_of(const struct request *r, const char *url, const char *method)
{
    return r->taxii         ? kai_taxii_verb(method)
           : r->description ? KAI_OPENAPI_VERB
                            : url + strlen("/v1/");
}

/* Whether the body is a file. */
static bool takes_file(const struct request *r, const char *url, const char *method)
{
    const struct kai_call_verb *v;

    if (r->taxii)
        return strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    v = kai_call_verb(verb_of(r, url, method));
    return v != NULL && (v->how & KAI_CALL_FILE) != 0;
}

static struct request *request_new(const struct door *d, struct MHD_Connection *conn,
                                   const char *url, const char *method)
{
    struct request *r = calloc(1, sizeof *r);
    struct kai_api *a = d->api;
    const char *lang;

    if (r == NULL)
        return NULL;
    r->api = a;
    r->spool = -1;
    r->taxii = kai_api_taxii_is(url);
    r->description = strcmp(url, KAI_OPENAPI_PATH) == 0;
    r->publish = takes_file(r, url, method);
    kai_buf_init(&r->body, KAI_CALL_ARGS_BYTES_MAX);
    kai_buf_init(&r->chunk, KAI_CALL_OUT_BYTES_MAX);
    r->call.core = a->c;
    r->call.cfg = a->cfg;
    r->call.who = &r->who;
    lang = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_LANGUAGE);
    r->call.lang = lang != NULL && begins(lang, "ja") ? KAI_LANG_JA : KAI_LANG_EN;
    r->err = admit(r, d, conn, verb_of(r, url, method));
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
    if (r->taxii && r->spooled + n > KAI_TAXII_BODY_BYTES_MAX)
        return kai_why_set(&r->call.why, KAI_ELIMIT, "taxii.body-size", NULL, NULL, NULL);
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
        if (r->err == KAI_ELIMIT)
            kai_ignore(kai_why_set(&r->call.why, r->err, "usage.arguments-size", NULL, NULL, NULL));
        return;
    }
    if (r->spool == -1)
        r->err = spool_open(r);
    if (r->err == KAI_OK)
        r->err = spool_add(r, data, n);
}

static enum kai_err map_body(struct request *r)
{
    if (!r->publish || r->spooled == 0)
        return KAI_OK;
    void *map = mmap(NULL, r->spooled, PROT_READ, MAP_PRIVATE, r->spool, 0);
    if (map == MAP_FAILED)
        return KAI_ENOMEM;
    r->map = map;
    r->call.body = kai_view_of(map, r->spooled);
    return KAI_OK;
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
    return map_body(r);
}

/* The next part of a stream, while whoever asked still may. */
static enum kai_err stream_next(struct request *r)
{
    uint64_t now = kai_now_ms();

    if (now - r->still_ms >= STILL_MS) {
        enum kai_err err = kai_who_still(&r->who, r->api->c, &r->call.why);

        if (err != KAI_OK)
            return err;
        r->still_ms = now;
    }
    return kai_call_next(&r->call, &r->chunk, &r->end);
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
        err = stream_next(r);
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
                                  r->description && r->err == KAI_OK ? "application/json"
                                  : r->call.raw                      ? "application/octet-stream"
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
    if (err == KAI_OK && r->description) {
        kai_buf_init(&r->call.out, KAI_CALL_OUT_BYTES_MAX);
        r->err = err = kai_openapi(&r->call.out);
        http = 200;
    } else if (err == KAI_OK) {
        http = kai_call_run(&r->call, url + strlen("/v1/"));
    }
    if (err != KAI_OK) {
        kai_buf_free(&r->call.out);
        kai_buf_init(&r->call.out, KAI_CALL_OUT_BYTES_MAX);
        kai_call_error(&r->call, err, &r->call.out);
        http = kai_call_http(&r->call, err);
    }
    struct MHD_Response *resp = make_response(r);
    if (resp == NULL)
        return MHD_NO;
    if (http == MHD_HTTP_UNAUTHORIZED)
        (void)MHD_add_response_header(resp, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    enum MHD_Result ok = MHD_queue_response(conn, (unsigned)http, resp);
    MHD_destroy_response(resp);
    return ok;
}

/* Whether there is anything at an address. */
static bool is_ours(const char *url, const char *method)
{
    if (kai_api_taxii_is(url))
        return true;
    return strcmp(method, MHD_HTTP_METHOD_POST) == 0
               ? begins(url, "/v1/")
               : strcmp(method, MHD_HTTP_METHOD_GET) == 0 && strcmp(url, KAI_OPENAPI_PATH) == 0;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *conn, const char *url,
                              const char *method, const char *version, const char *data, size_t *n,
                              void **state)
{
    const struct door *d = cls;
    struct request *r = *state;

    (void)version;
    if (r == NULL) {
        if (!is_ours(url, method)) {
            struct MHD_Response *no =
                MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
            enum MHD_Result ok = MHD_queue_response(conn, 404, no);

            MHD_destroy_response(no);
            return ok;
        }
        r = request_new(d, conn, url, method);
        *state = r;
        return r == NULL ? MHD_NO : MHD_YES;
    }
    if (*n > 0) {
        take_body(r, data, *n);
        *n = 0;
        return MHD_YES;
    }
    if (!r->taxii)
        return answer(r, conn, url);
    if (r->err == KAI_OK)
        r->err = map_body(r);
    return kai_api_taxii(&r->call, r->err, conn, url, method);
}

/* A connection of the socket began or ended. One too many is hung up. */
static void on_connection(void *cls, struct MHD_Connection *conn, void **place,
                          enum MHD_ConnectionNotificationCode what)
{
    struct door *d = cls;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (what == MHD_CONNECTION_NOTIFY_CLOSED)
        kai_crowd_leave(&d->api->crowd, *place);
    else if (info != NULL && !kai_crowd_enter(&d->api->crowd, info->connect_fd, place))
        (void)shutdown(info->connect_fd, SHUT_RDWR);
}

/* Serve what is asked at fd, which is the daemon's from then on. */
static enum kai_err open_door(struct door *d, struct kai_api *a, int fd, bool tcp,
                              struct kai_why *why)
{
    d->api = a;
    d->tcp = tcp;
    d->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL,
        NULL, handle, d, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S, MHD_OPTION_NOTIFY_COMPLETED, request_free, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, tcp ? NULL : on_connection, d, MHD_OPTION_THREAD_STACK_SIZE,
        (size_t)(2u << 20), /* jansson recurses. */
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(256u << 10), MHD_OPTION_END);
    if (d->daemon != NULL)
        return KAI_OK;
    (void)close(fd);
    return kai_why_set(why, KAI_EIO, "api.socket", tcp ? a->cfg->api_tcp : a->path,
                       "MHD_start_daemon", NULL);
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
    kai_crowd_init(&a->crowd);
    if (cfg->api[0] != '\0')
        memcpy(a->path, cfg->api, sizeof a->path);
    else
        err = kai_home_socket(&c->home, a->path, why);
    int tcp = -1;
    if (err == KAI_OK && cfg->api_tcp[0] != '\0') /* First: who asks where it is finds it. */
        err = (tcp = kai_api_listen_tcp(cfg->api_tcp, c->api, why)) != -1 ? KAI_OK : KAI_EIO;
    int fd = err == KAI_OK ? kai_api_listen_unix(a->path, why) : -1;
    if (fd == -1) {
        if (tcp != -1)
            (void)close(tcp);
        kai_crowd_free(&a->crowd);
        free(a);
        return err != KAI_OK ? err : KAI_EIO;
    }
    err = open_door(&a->doors[0], a, fd, false, why);
    if (err == KAI_OK && tcp != -1)
        err = open_door(&a->doors[1], a, tcp, true, why);
    else if (tcp != -1)
        (void)close(tcp);
    if (err != KAI_OK) {
        kai_api_stop(a);
        return err;
    }
    *out = a;
    return KAI_OK;
}

void kai_api_stop(struct kai_api *a)
{
    if (a == NULL)
        return;
    atomic_store(&a->stop, true);
    for (size_t i = 0; i < sizeof a->doors / sizeof a->doors[0]; i++)
        if (a->doors[i].daemon != NULL)
            MHD_stop_daemon(a->doors[i].daemon);
    a->c->api[0] = '\0';
    (void)unlink(a->path);
    kai_crowd_free(&a->crowd);
    free(a);
}

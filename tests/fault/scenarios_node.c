/* scenarios_node: a whole home at work: opening it, publishing, the audit log, who may read, the
 * spool of the local API. */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "crypto/hash.h"
#include "node/api.h"
#include "node/audiences.h"
#include "node/found.h"
#include "node/indexer.h"
#include "sweep.h"

static struct kai_who admin;

static void find(struct stage *x)
{
    char dir[80];

    (void)snprintf(dir, sizeof dir, "%s/home", x->dir);
    GOOD(kai_home_find(&x->rig.home, dir, &x->why));
    kai_who_home(&admin);
}

static enum kai_err open_it(struct stage *x)
{
    return kai_core_open(&x->rig.core, &x->rig.home, &x->why);
}

static void begin(struct stage *x)
{
    find(x);
    GOOD(open_it(x));
}

static void end(struct stage *x)
{
    kai_core_close(x->rig.core);
}

/* One verb, as the API calls it. */
static enum kai_err ask(struct stage *x, const char *verb, json_t *args, struct kai_view body)
{
    static struct kai_config cfg;
    struct kai_call call = {
        .core = x->rig.core, .cfg = &cfg, .who = &admin, .args = args, .body = body};
    int http = kai_call_run(&call, verb);
    struct kai_buf out;
    bool stop = call.stream.next == NULL;
    enum kai_err err = http == 200 ? KAI_OK : KAI_EIO;

    kai_buf_init(&out, 1u << 20);
    while (err == KAI_OK && !stop)
        err = kai_call_next(&call, &out, &stop);
    x->why = call.why;
    kai_buf_free(&out);
    kai_call_free(&call);
    return err;
}

static struct kai_view text(const char *s)
{
    return kai_view_of(s, strlen(s));
}

static void base(struct stage *x)
{
    struct kai_found f = {
        .network = "net", .org = "org", .node = "node", .passphrase = "long enough to be one"};
    struct kai_aud_spec s = {.name = "trusted", .kind = KAI_AUD_GROUP, .label_max = KAI_TLP_AMBER};
    uint8_t aud[KAI_ID_BYTES];

    find(x);
    GOOD(kai_found_network(&x->rig.home, &f, &x->why));
    GOOD(open_it(x));
    GOOD(kai_audiences_begin(x->rig.core, &x->why));
    GOOD(kai_audience_create(x->rig.core, &s, aud, &x->why));
    GOOD(ask(x, "publish", json_pack("{s:s,s:s}", "to", "trusted", "label", "amber"),
             text("192.0.2.1\n")));
    end(x);
}

/* Killed: no mark of a clean stop. */
static void base_killed(struct stage *x)
{
    char path[KAI_PATH_BYTES_MAX];

    base(x);
    CHECK(unlink(kai_home_path(&x->rig.home, path, "store/clean")) == 0);
}

/* Lines of an answer. */
static uint64_t answer_lines(struct stage *x, const char *verb)
{
    static struct kai_config cfg;
    struct kai_call call = {.core = x->rig.core, .cfg = &cfg, .who = &admin, .args = json_object()};
    uint64_t n = 0;

    CHECK(kai_call_run(&call, verb) == 200);
    for (size_t i = 0; i < call.out.len; i++)
        n += call.out.p[i] == '\n';
    kai_call_free(&call);
    return n;
}

/* What users would miss: what is found, who may read, audiences, lines of the audit log, which must
 * be whole. */
static void look(struct stage *x, uint8_t out[static KAI_ID_BYTES])
{
    struct kai_ixsnap *ix;
    uint64_t n[5] = {0};

    begin(x);
    GOOD(kai_indexer_settle(x->rig.core->indexer));
    GOOD(kai_ixsnap_begin(x->rig.core->index, KAI_TLP_RED, &ix));
    n[0] = kai_ixsnap_rows(ix);
    n[1] = kai_ixsnap_values(ix);
    kai_ixsnap_end(ix);
    n[2] = answer_lines(x, "user-list") + 1000 * answer_lines(x, "token-list");
    n[3] = answer_lines(x, "audience-list");
    GOOD(kai_audit_verify(x->rig.core, &n[4], &x->why));
    kai_hash(out, "test", n, sizeof n);
    /* And it publishes again. */
    GOOD(ask(x, "publish", json_pack("{s:s,s:s}", "to", "trusted", "label", "amber"),
             text("198.51.100.99\n")));
    end(x);
}

static enum kai_err act_close(struct stage *x)
{
    kai_core_close(x->rig.core);
    x->rig.core = NULL;
    return KAI_OK;
}

static enum kai_err act_publish(struct stage *x)
{
    return ask(x, "publish", json_pack("{s:s,s:s}", "to", "trusted", "label", "amber"),
               text("192.0.2.7\n192.0.2.8\nevil.example\n"));
}

static enum kai_err act_publish_public(struct stage *x)
{
    return ask(x, "publish", json_pack("{s:s,s:s}", "to", "all", "label", "green"),
               text("192.0.2.9\n"));
}

static enum kai_err act_query(struct stage *x)
{
    return ask(x, "query", json_object(), (struct kai_view){0});
}

static enum kai_err act_user(struct stage *x)
{
    return ask(x, "user-set",
               json_pack("{s:s,s:s,s:s}", "user", "nobody", "role", "reader", "clearance", "green"),
               (struct kai_view){0});
}

static enum kai_err act_token(struct stage *x)
{
    return ask(x, "token-add",
               json_pack("{s:s,s:s,s:s}", "name", "sensor", "role", "reader", "clearance", "green"),
               (struct kai_view){0});
}

static enum kai_err act_audience(struct stage *x)
{
    return ask(x, "audience-create", json_pack("{s:s,s:s}", "kind", "group", "name", "others"),
               (struct kai_view){0});
}

static enum kai_err act_reindex(struct stage *x)
{
    return ask(x, "reindex", json_object(), (struct kai_view){0});
}

static enum kai_err act_audit(struct stage *x)
{
    static const uint8_t item[KAI_ID_BYTES] = {5};
    struct kai_audit_batch b = {0};

    for (size_t i = 0; i < 5; i++)
        kai_audit_read(&b, item, KAI_TLP_AMBER);
    enum kai_err err = kai_audit_commit(x->rig.core, &admin, "get", &b, &x->why);
    kai_audit_batch_free(&b);
    return err;
}

/* ---- The spool: a file that comes over the socket of the local API. */
static struct kai_config api_cfg;

static void begin_api(struct stage *x)
{
    struct kai_api *api;

    begin(x);
    GOOD(kai_config_load(&api_cfg, &x->rig.home, &x->why));
    GOOD(kai_api_start(&api, x->rig.core, &api_cfg, &x->why));
    x->more = api;
}

static void end_api(struct stage *x)
{
    kai_api_stop(x->more);
    end(x);
}

/* One request by hand; 200 is the answer of one that went well. */
static enum kai_err act_spool(struct stage *x)
{
    static char body[200000];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char head[256];
    char answer[4096] = "";
    size_t n = 0;
    size_t got = 0;
    ssize_t part;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    for (unsigned int i = 0; i < 9000; i++)
        n += (size_t)snprintf(body + n, sizeof body - n, "10.%u.%u.1\n", i / 200, i % 200);
    GOOD(kai_home_socket(&x->rig.home, at.sun_path, &x->why));
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    int h =
        snprintf(head, sizeof head,
                 "POST /v1/publish?args=%%7B%%22to%%22:%%22all%%22,%%22label%%22:%%22green%%22%%7D "
                 "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
                 n);
    CHECK(send(fd, head, (size_t)h, MSG_NOSIGNAL) == h);
    for (size_t sent = 0; sent < n; sent += (size_t)part)
        if ((part = send(fd, body + sent, n - sent, MSG_NOSIGNAL)) <= 0)
            break;
    while (got < sizeof answer - 1 &&
           (part = recv(fd, answer + got, sizeof answer - 1 - got, 0)) > 0)
        got += (size_t)part;
    close(fd);
    return strncmp(answer, "HTTP/1.1 200", 12) == 0 && strstr(answer, "\"error\"") == NULL
               ? KAI_OK
               : KAI_EIO;
}

const struct scenario node_scenarios[] = {
    {"node: open", base, find, open_it, end, look},
    {"node: open after a kill", base_killed, find, open_it, end, look},
    {"node: close", base, begin, act_close, NULL, look},
    {"node: publish", base, begin, act_publish, end, look},
    {"node: publish, another log", base, begin, act_publish_public, end, look},
    {"node: publish over the spool", base, begin_api, act_spool, end_api, look},
    {"node: query, which is audited", base, begin, act_query, end, look},
    {"node: user set", base, begin, act_user, end, look},
    {"node: token add", base, begin, act_token, end, look},
    {"node: audience create", base, begin, act_audience, end, look},
    {"node: reindex", base, begin, act_reindex, end, look},
    {"audit: lines", base, begin, act_audit, end, look},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

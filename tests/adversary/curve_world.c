/* curve_world: a network of real programs, and the homes that the attacker has. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adversary/curve.h"
#include "crypto/hash.h"

#define PATIENCE_MS 60000u
#define ARGS_MAX    32u

/* ---- Processes. */
static void environment(char *env[static 8], char store[static 8][128], const char *guard)
{
    static const char *const keep[] = {"PATH", "HOME", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS"};
    size_t n = 0;

    for (size_t i = 0; i < sizeof keep / sizeof keep[0]; i++) {
        const char *v = getenv(keep[i]);

        if (v != NULL && strlen(v) < 100) {
            (void)snprintf(store[n], 128, "%s=%s", keep[i], v);
            env[n] = store[n];
            n++;
        }
    }
    (void)snprintf(store[n], 128, "KAIRAN_PASSPHRASE=long enough to be one");
    env[n] = store[n];
    n++;
    if (guard != NULL) {
        (void)snprintf(store[n], 128, "KAIRAN_CHECK_OFF=%s", guard);
        env[n] = store[n];
        n++;
    }
    env[n] = NULL;
}

static pid_t spawn(const struct curve *w, size_t home, const char *const args[], bool json, int out,
                   int err, const char *guard)
{
    union {
        const char *c[ARGS_MAX];
        char *v[ARGS_MAX]; /* What posix_spawn() takes, and does not change. */
    } argv = {{w->program, "--lang", "en", "--home", w->home[home].dir}};
    char *env[8];
    char store[8][128];
    posix_spawn_file_actions_t fa;
    size_t n = 5;
    pid_t pid;

    for (size_t i = 0; args[i] != NULL; i++)
        argv.c[n++] = args[i];
    if (json)
        argv.c[n++] = "--json";
    EVIL_MUST(n < ARGS_MAX);
    environment(env, store, guard);
    EVIL_MUST(posix_spawn_file_actions_init(&fa) == 0);
    EVIL_MUST(posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0) == 0);
    EVIL_MUST(posix_spawn_file_actions_adddup2(&fa, out, 1) == 0);
    EVIL_MUST(posix_spawn_file_actions_adddup2(&fa, err, 2) == 0);
    EVIL_MUST(posix_spawn(&pid, w->program, &fa, NULL, argv.v, env) == 0);
    (void)posix_spawn_file_actions_destroy(&fa);
    return pid;
}

static json_t *lines_of(const char *p, size_t n)
{
    json_t *rows = json_array();
    const char *end = p + n;

    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t len = nl == NULL ? (size_t)(end - p) : (size_t)(nl - p);

        if (len > 0)
            (void)json_array_append_new(rows, json_loadb(p, len, 0, NULL));
        p += len + 1;
    }
    return rows;
}

int curve_call(struct curve *w, size_t home, json_t **rows, const char *const args[])
{
    struct kai_buf text;
    int fds[2];
    int status;
    char part[4096];
    ssize_t got;

    EVIL_MUST(pipe2(fds, O_CLOEXEC) == 0);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    pid_t pid = spawn(w, home, args, true, fds[1], null, NULL);
    (void)close(fds[1]);
    (void)close(null);
    kai_buf_init(&text, 16u << 20);
    while ((got = read(fds[0], part, sizeof part)) > 0)
        kai_buf_add(&text, part, (size_t)got);
    (void)close(fds[0]);
    EVIL_MUST(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && text.err == KAI_OK);
    if (rows != NULL)
        *rows = lines_of((const char *)text.p, text.len);
    kai_buf_free(&text);
    return WEXITSTATUS(status);
}

const char *curve_text(const json_t *rows, const char *key)
{
    size_t n = json_array_size(rows);

    return n == 0 ? NULL : json_string_value(json_object_get(json_array_get(rows, n - 1), key));
}

/* What its ready line says; text is what it has said so far. */
static bool is_ready(struct curve_home *h, const char *text)
{
    const char *at = strstr(text, ": Ready: ");

    at = at == NULL ? NULL : strstr(at, "tcp://");
    if (at == NULL || strchr(at + 6, '/') == NULL)
        return false;
    size_t len = strcspn(at + 6, "/") + 6;
    EVIL_MUST(len < sizeof h->endpoint);
    memcpy(h->endpoint, at, len);
    h->endpoint[len] = '\0';
    return true;
}

/* What it says later than that is not read, and lost when the pipe is full. */
void curve_run(struct curve *w, size_t home, const char *guard)
{
    struct curve_home *h = &w->home[home];
    const char *args[] = {"run", "--listen", h->endpoint, NULL};
    uint64_t deadline = kai_now_ms() + PATIENCE_MS;
    char text[8192] = "";
    size_t n = 0;
    int fds[2];

    EVIL_MUST(pipe2(fds, O_CLOEXEC) == 0 && fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0);
    h->pid = spawn(w, home, args, false, fds[1], fds[1], guard);
    (void)close(fds[1]);
    while (!is_ready(h, text)) {
        struct pollfd p = {.fd = fds[0], .events = POLLIN};

        EVIL_MUST(kai_now_ms() < deadline && poll(&p, 1, 1000) >= 0);
        if (p.revents == 0)
            continue;
        ssize_t got = read(fds[0], text + n, sizeof text - 1 - n);
        if (got <= 0)
            (void)fprintf(stderr, "%s has ended:\n%s", h->name, text);
        EVIL_MUST(got > 0);
        n += (size_t)got;
        text[n] = '\0';
    }
    h->says = fds[0];
}

void curve_stop(struct curve *w, size_t home)
{
    struct curve_home *h = &w->home[home];
    int status;

    if (h->pid == 0)
        return;
    (void)kill(h->pid, SIGTERM);
    EVIL_MUST(waitpid(h->pid, &status, 0) == h->pid);
    (void)close(h->says);
    h->pid = 0;
}

/* ---- What the command line says. */
void curve_file(struct curve *w, const char *text, char path[static 128])
{
    (void)snprintf(path, 128, "%s/%u.txt", w->dir, w->serial++);
    FILE *f = fopen(path, "wxe");

    EVIL_MUST(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

uint64_t curve_status(struct curve *w, const char *key)
{
    const char *const args[] = {"status", NULL};
    json_t *o;

    EVIL_MUST(curve_call(w, BODY, &o, args) == 0);
    json_int_t v = json_integer_value(json_object_get(json_array_get(o, 0), key));
    json_decref(o);
    return (uint64_t)v;
}

bool curve_finds(struct curve *w, const char *value)
{
    char expr[160];

    (void)snprintf(expr, sizeof expr, "value:%s", value);
    const char *const args[] = {"query", expr, NULL};
    int status = curve_call(w, BODY, NULL, args);
    EVIL_MUST(status == 0 || status == 4);
    return status == 0;
}

void curve_org(struct curve *w, const char *name, const char *key, char out[static 32])
{
    const char *const args[] = {"org", "list", NULL};
    json_t *rows;
    const json_t *o;
    size_t i;

    out[0] = '\0';
    EVIL_MUST(curve_call(w, BODY, &rows, args) == 0);
    json_array_foreach(rows, i, o)
    {
        const char *n = json_string_value(json_object_get(o, "name"));
        const char *v = json_string_value(json_object_get(o, key));

        if (n != NULL && v != NULL && strcmp(n, name) == 0)
            (void)snprintf(out, 32, "%s", v);
    }
    json_decref(rows);
}

bool curve_served(struct curve *w)
{
    char text[96];
    char path[128];

    if (!HELD(waitpid(w->home[BODY].pid, NULL, WNOHANG) == 0))
        return false;
    (void)snprintf(text, sizeof text, "served-%u.example\n", w->serial);
    curve_file(w, text, path);
    const char *const args[] = {"publish", path, "--to",      "all", "--label", "GREEN",
                                "--wait",  "1",  "--timeout", "20s", NULL};
    return HELD(curve_call(w, BODY, NULL, args) == 0);
}

/* ---- Building it. */
static void must(struct curve *w, size_t home, const char *const args[])
{
    int status = curve_call(w, home, NULL, args);

    if (status != 0) {
        (void)fprintf(stderr, "%s: %s %s: %d\n", w->home[home].name, args[0], args[1], status);
        abort();
    }
}

static void words_of(struct curve *w, size_t home, const char *const args[], char out[static 256])
{
    json_t *o = NULL;

    EVIL_MUST(curve_call(w, home, &o, args) == 0);
    const char *words = curve_text(o, "words");
    EVIL_MUST(words != NULL && strlen(words) < 256);
    (void)snprintf(out, 256, "%s", words);
    json_decref(o);
}

static void join(struct curve *w, size_t home)
{
    const char *name = w->home[home].name;
    char request[160];
    char grant[160];
    char words[256];
    char back[256];

    (void)snprintf(request, sizeof request, "%s/%s.request", w->dir, name);
    (void)snprintf(grant, sizeof grant, "%s/%s.grant", w->dir, name);
    const char *const ask[] = {"org", "request", "--name", name, "--out", request, NULL};
    words_of(w, home, ask, words);
    const char *admit[ARGS_MAX] = {"org",           "admit", request,       "--out", grant,
                                   "--fingerprint", words,   "--clearance", "AMBER"};
    size_t n = 9;
    if (home == CAROL) {
        admit[n++] = "--may-admit";
        admit[n++] = "1";
        admit[n++] = "--max-children";
        admit[n++] = "2";
    }
    admit[n] = NULL;
    words_of(w, BODY, admit, back);
    const char *const done[] = {"org", "join", grant, "--fingerprint", back, NULL};
    must(w, home, done);
    curve_run(w, home, NULL);
}

/* Whether the home has the key of an audience. */
static bool has_key(struct curve *w, size_t home, const char *name)
{
    const char *const args[] = {"audience", "show", name, NULL};
    json_t *o = NULL;
    bool has = curve_call(w, home, &o, args) == 0 &&
               json_is_integer(json_object_get(json_array_get(o, 0), "epoch"));

    json_decref(o);
    return has;
}

/* A list large enough that asking for it again and again is worth it. */
static void publish_much(struct curve *w)
{
    char path[128];
    struct kai_buf text;

    kai_buf_init(&text, 16u << 20);
    for (unsigned i = 0; i < 20000; i++)
        kai_buf_printf(&text, "host-%08x.example\n", i * 2654435761u);
    kai_buf_u8(&text, 0);
    curve_file(w, (const char *)text.p, path);
    kai_buf_free(&text);
    const char *const all[] = {"publish", path, "--to", "all", "--label", "GREEN", NULL};
    must(w, BODY, all);
    curve_file(w, "for-ops.example\n", path);
    const char *const ops[] = {"publish", path, "--to", "ops", "--label", "AMBER", NULL};
    must(w, BODY, ops);
}

static void wait_for_all(struct curve *w)
{
    uint64_t deadline = kai_now_ms() + PATIENCE_MS;
    const char *const args[] = {"query", "value:for-ops.example", NULL};

    for (size_t i = HONEST; i < HOMES; i++) {
        while (!has_key(w, i, "all") || (i != CAROL && !has_key(w, i, "ops")) ||
               (i != CAROL && curve_call(w, i, NULL, args) != 0)) {
            EVIL_MUST(kai_now_ms() < deadline);
        }
    }
}

struct looking {
    struct curve *w;
    const struct kai_node *body;
};

static bool look(void *ctx, const struct kai_log *log)
{
    struct looking *k = ctx;
    struct curve *w = k->w;

    if (log->kind != KAI_LOG_DATA || memcmp(log->author_node, k->body->id, KAI_ID_BYTES) != 0)
        return true;
    if (memcmp(log->aud_id, w->aud[OPS], KAI_ID_BYTES) == 0)
        memcpy(w->ops_log, log->log_pk, KAI_KEY_BYTES);
    if (memcmp(log->aud_id, w->aud[ALL], KAI_ID_BYTES) == 0)
        memcpy(w->all_log, log->log_pk, KAI_KEY_BYTES);
    return true;
}

static struct kai_keys *key_of(const struct curve_home *h, const char *name, uint8_t role)
{
    struct kai_keys *k = NULL;
    char path[160];

    (void)snprintf(path, sizeof path, "%s/keys/%s", h->dir, name);
    EVIL_MUST(kai_keyfile_load(&kai_keyport_posix, path, role, NULL, &k, NULL, NULL) == KAI_OK);
    return k;
}

/* The homes that the attacker has: their nodes stop for good, and he reads their keys. */
static void take_over(struct curve *w, size_t home)
{
    struct curve_home *h = &w->home[home];
    const struct kai_roster *r;
    uint8_t id[KAI_ID_BYTES];

    curve_stop(w, home);
    h->node = key_of(h, "node.key", KAI_KEY_NODE);
    h->issuing = key_of(h, "issuing.key", KAI_KEY_ISSUING);
    if (home == ALICE) {
        struct kai_home at;
        struct kai_why why = {0};

        EVIL_MUST(kai_home_find(&at, h->dir, &why) == KAI_OK);
        EVIL_MUST(kai_core_open(&w->core, &at, &why) == KAI_OK);
    }
    r = kai_net_roster(w->core->net);
    kai_hash(id, KAI_D_NODE, h->node->sign_pk, KAI_KEY_BYTES);
    const struct kai_node *n = kai_roster_node(r, id);
    EVIL_MUST(n != NULL);
    memcpy(h->cert, n->cert, KAI_ID_BYTES);
    memcpy(h->org_id, n->org->id, KAI_ID_BYTES);
}

static void know(struct curve *w)
{
    struct kai_core *c = w->core;
    const struct kai_node *nodes;
    struct kai_snap *s;
    size_t n = kai_roster_nodes(kai_net_roster(c->net), &nodes);
    struct looking k = {.w = w};

    EVIL_MUST(kai_keyring_find(c->ring, "all", w->aud[ALL]) == KAI_OK);
    EVIL_MUST(kai_keyring_find(c->ring, "ops", w->aud[OPS]) == KAI_OK);
    for (size_t i = 0; i < n; i++)
        if (strcmp(nodes[i].org->name, "Body") == 0)
            k.body = &nodes[i];
    EVIL_MUST(k.body != NULL && kai_snap_begin(c->store, &s) == KAI_OK);
    EVIL_MUST(kai_snap_logs(s, look, &k) == KAI_OK);
    memcpy(w->body_curve, k.body->curve_pk, KAI_KEY_BYTES);
    kai_snap_end(s);
    w->hand = (struct evil_hand){.nid = c->charter.nid, .random = kai_random};
    EVIL_MUST(kai_packer_new(&w->hand.packer) == KAI_OK);
}

void curve_build(struct curve *w, const char *program)
{
    static const char *const names[HOMES] = {"Body", "Honest", "Alice", "Carol"};
    const char *const create[] = {"network", "create", "--name", "Net", "--org", "Body", NULL};
    const char *const ops[] = {"audience", "create",   "ops",    "--kind",   "group", "--label",
                               "AMBER",    "--member", "Honest", "--member", "Alice", NULL};

    *w = (struct curve){.program = program};
    (void)snprintf(w->dir, sizeof w->dir, "/tmp/kairan-evil-XXXXXX");
    EVIL_MUST(mkdtemp(w->dir) != NULL);
    for (size_t i = 0; i < 8; i++)
        kai_buf_init(&w->bytes[i], KAI_FRAME_BYTES_MAX);
    for (size_t i = 0; i < HOMES; i++) {
        w->home[i].name = names[i];
        (void)snprintf(w->home[i].dir, sizeof w->home[i].dir, "%s/%s", w->dir, names[i]);
        (void)snprintf(w->home[i].endpoint, sizeof w->home[i].endpoint, "tcp://127.0.0.1:%u",
                       curve_port_keep(w->home[i].port));
    }
    must(w, BODY, create);
    curve_run(w, BODY, NULL);
    for (size_t i = HONEST; i < HOMES; i++)
        join(w, i);
    must(w, BODY, ops);
    publish_much(w);
    wait_for_all(w);
    take_over(w, ALICE);
    take_over(w, CAROL);
    know(w);
    w->zmq = zmq_ctx_new();
    EVIL_MUST(w->zmq != NULL);
}

void curve_clear(struct curve *w)
{
    char command[128];

    (void)zmq_ctx_term(w->zmq);
    for (size_t i = 0; i < HOMES; i++) {
        curve_stop(w, i);
        kai_keys_free(w->home[i].node);
        kai_keys_free(w->home[i].issuing);
        (void)close(w->home[i].port[0]);
        (void)close(w->home[i].port[1]);
    }
    kai_core_close(w->core);
    kai_packer_free(w->hand.packer);
    for (size_t i = 0; i < 8; i++)
        kai_buf_free(&w->bytes[i]);
    (void)snprintf(command, sizeof command, "rm -r %s", w->dir);
    EVIL_MUST(system(command) == 0);
}

/* cmd_export: what is known, in a file for a sensor or a tool; once, or kept current. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "item/label.h"
#include "item/scoid.h"
#include "node/cli/args.h"
#include "node/cli/cli.h"
#include "node/cli/replace.h"
#include "node/core.h"
#include "text/time.h"

#define RETRY_MS       200
#define GROUP          256u
#define MANIFEST_BYTES (64u << 20)

struct run {
    struct kai_cli *cli;
    enum kai_export_format format;
    const char *path;
    bool follow;
    struct kai_replace *files; /* Of the pass under way; NULL: none has begun. */
    struct kai_export *writer;
    crypto_generichash_state hash; /* Of the lines of this pass. */
    uint8_t before[32];            /* And of the one that is in the file. */
    bool written;
    bool ended; /* A pass came to its end. */
    int status;
    enum kai_err err;
    struct kai_why why;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static bool is_stopped(void *ctx)
{
    (void)ctx;
    return stopped != 0;
}

static enum kai_err begin(struct run *r)
{
    struct kai_export_opts opts = {.now_ms = kai_wall_ms()};
    enum kai_err err =
        kai_replace_new(&r->files, r->path, kai_export_is_folder(r->format), &r->why);

    if (err != KAI_OK)
        return err;
    if (r->format == KAI_EXPORT_RPZ) {
        char head[KAI_EXPORT_HEAD_BYTES];
        size_t n = kai_replace_read_old(r->files, "", head, sizeof head);

        opts.serial = kai_export_serial(kai_view_of(head, n), opts.now_ms);
    }
    randombytes_buf(opts.seed, sizeof opts.seed);
    struct kai_export_sink sink = kai_replace_sink(r->files);
    (void)crypto_generichash_init(&r->hash, NULL, 0, sizeof r->before);
    err = kai_export_new(&r->writer, r->format, &sink, &opts);
    if (err != KAI_OK)
        r->why = *kai_replace_why(r->files);
    return err;
}

static void drop(struct run *r)
{
    kai_export_free(r->writer);
    kai_replace_free(r->files);
    r->writer = NULL;
    r->files = NULL;
}

/* ---- Lines of a node. */
static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : "";
}

static uint64_t time_of(const json_t *o, const char *key)
{
    const char *text = text_of(o, key);
    uint64_t ms = 0;

    (void)kai_time_parse(kai_view_of(text, strlen(text)), &ms);
    return ms;
}

static struct kai_view view_of(const json_t *v)
{
    return json_is_string(v) ? kai_view_of(json_string_value(v), json_string_length(v))
                             : kai_view_of("", 0);
}

static enum kai_err add_item(struct run *r, const json_t *o)
{
    const char *label = text_of(o, "label");
    const char *pap = text_of(o, "pap");
    const char *type = text_of(o, "value_type");
    const json_t *values = json_object_get(o, "values");
    const json_t *object = json_object_get(o, "object");
    struct kai_export_record rec = {
        .id = text_of(o, "id"),
        .name = text_of(o, "name"),
        .origin = text_of(o, "origin"),
        .origin_name = text_of(o, "origin_name"),
        .exercise = json_is_true(json_object_get(o, "exercise")),
        .detect = json_is_true(json_object_get(o, "detect")),
        .first_seen_ms = time_of(o, "first_seen"),
        .valid_until_ms = time_of(o, "valid_until"),
        .type = kai_vtype_parse(kai_view_of(type, strlen(type))),
    };
    struct kai_view group[GROUP];
    enum kai_err err = KAI_OK;
    size_t n;

    (void)kai_tlp_parse(kai_view_of(label, strlen(label)), &rec.tlp);
    (void)kai_pap_parse(kai_view_of(pap, strlen(pap)), &rec.pap);
    if (json_is_string(object)) {
        rec.object = view_of(object);
        return kai_export_add(r->writer, &rec, NULL);
    }
    for (size_t i = 0; err == KAI_OK && i < json_array_size(values); i += n) {
        for (n = 0; n < GROUP && i + n < json_array_size(values); n++)
            group[n] = view_of(json_array_get(values, i + n));
        err = kai_export_add_many(r->writer, &rec, group, n);
    }
    return err;
}

/* ---- The end of a pass. */
static void say_left(const struct run *r, const char *id, uint64_t n)
{
    char text[24];

    if (n == 0 || r->cli->json)
        return;
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)n);
    kai_cli_note(r->cli, "export.left", text, kai_text(r->cli->lang, id), NULL);
}

static uint64_t number_of(const json_t *o, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(o, key));
}

/* Why something is not in the file: by the node, then by the form. */
static json_t *left_out(const struct run *r, const json_t *sum)
{
    static const char *const forms[KAI_EXPORT_LEFT_N] = {NULL, "twice", "type", "long", "shape"};
    json_t *all = json_object();
    const char *key;
    json_t *v;

    (void)json_object_update(all, json_object_get(sum, "forbidden"));
    (void)json_object_update(all, json_object_get(sum, "unfit"));
    (void)json_object_set(all, "partial", json_object_get(sum, "partial"));
    (void)json_object_set(all, "other", json_object_get(sum, "other"));
    for (unsigned i = 1; i < KAI_EXPORT_LEFT_N; i++)
        (void)json_object_set_new(
            all, forms[i],
            json_integer((json_int_t)kai_export_count(r->writer, (enum kai_export_left)i)));
    json_object_foreach(json_object_get(sum, "forbidden"), key, v)
        say_left(r, key, (uint64_t)json_integer_value(v));
    json_object_foreach(all, key, v)
    {
        char id[64];

        (void)snprintf(id, sizeof id, "export.left.%s", key);
        if (strchr(key, '.') == NULL && strcmp(key, "twice") != 0)
            say_left(r, id, (uint64_t)json_integer_value(v));
    }
    return all;
}

/* 3: a rule keeps out all that was asked for; 4: there was nothing, or nothing of this form. */
static int judge(struct run *r, const json_t *sum, uint64_t values)
{
    const json_t *forbidden = json_object_get(sum, "forbidden");
    uint64_t n = 0;
    const char *key, *first = NULL;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)forbidden, key, v)
    {
        first = first == NULL ? key : first;
        n += (uint64_t)json_integer_value(v);
    }
    if (values > 0 || r->follow) /* A sensor's file is kept, whether it holds anything or not. */
        return KAI_EXIT_DONE;
    if (n > 0 && n == number_of(sum, "matched")) {
        struct kai_why why = {0};

        return kai_cli_fail(r->cli, kai_why_set(&why, KAI_EDENIED, first, NULL, NULL, NULL), &why);
    }
    kai_cli_note(r->cli, "export.none", r->path, NULL, NULL);
    return KAI_EXIT_NOTHING;
}

static void tell(struct run *r, const json_t *sum)
{
    uint64_t values = kai_export_count(r->writer, KAI_EXPORT_TAKEN);
    json_t *left = left_out(r, sum);
    char n[24];

    (void)snprintf(n, sizeof n, "%llu", (unsigned long long)values);
    if (r->cli->json)
        kai_cli_print_json(json_pack("{s:o, s:s, s:I, s:I, s:O}", "file", kai_cli_path(r->path),
                                     "format", kai_cli_opt(r->cli, "--format"), "matched",
                                     (json_int_t)number_of(sum, "matched"), "values",
                                     (json_int_t)values, "left_out", left));
    else
        kai_cli_say(r->cli, "export.written", n, r->path, NULL);
    (void)fflush(stdout);
    r->status = judge(r, sum, values);
    json_decref(left);
}

/* Events of the feed that was there, and that the new one does not have. */
static void drop_old_events(struct run *r, const json_t *old)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)old, key, v)
    {
        uint8_t uuid[16];
        char name[KAI_UUID_CAP + 8];

        if (!kai_uuid_parse(uuid, kai_view_of(key, strlen(key))))
            continue; /* No name of a file of ours, whatever it is. */
        (void)snprintf(name, sizeof name, "%s.json", key);
        kai_replace_remove_old(r->files, name);
    }
}

static json_t *old_manifest(const struct run *r)
{
    char *text = r->format == KAI_EXPORT_MISP ? malloc(MANIFEST_BYTES) : NULL;
    size_t n =
        text == NULL ? 0 : kai_replace_read_old(r->files, "manifest.json", text, MANIFEST_BYTES);
    json_t *o = n == 0 ? NULL : json_loadb(text, n, 0, NULL);

    free(text);
    return o;
}

static enum kai_err finish(struct run *r, json_t *sum)
{
    uint8_t hash[sizeof r->before];
    enum kai_err err = kai_export_end(r->writer);

    (void)crypto_generichash_final(&r->hash, hash, sizeof hash);
    if (err == KAI_OK && r->written && memcmp(hash, r->before, sizeof hash) == 0)
        return KAI_OK; /* The file has it: sensors need not read it again. */
    json_t *old = err == KAI_OK ? old_manifest(r) : NULL;
    if (err == KAI_OK)
        err = kai_replace_commit(r->files);
    if (err == KAI_OK) {
        drop_old_events(r, old);
        memcpy(r->before, hash, sizeof hash);
        r->written = true;
        tell(r, sum);
    }
    json_decref(old);
    return err;
}

static bool on_line(void *ctx, const char *line, size_t n)
{
    struct run *r = ctx;
    json_t *o;

    if (stopped)
        return false;
    if (r->writer == NULL)
        r->err = begin(r);
    if (r->err != KAI_OK)
        return false;
    o = json_loadb(line, n, JSON_ALLOW_NUL, NULL);
    if (json_is_true(json_object_get(o, "end"))) {
        r->err = finish(r, o);
        r->ended = true;
    } else {
        (void)crypto_generichash_update(&r->hash, (const uint8_t *)line, n);
        r->err = o == NULL ? KAI_EIO : add_item(r, o);
    }
    if (r->err != KAI_OK && r->why.code == NULL)
        r->why = *kai_replace_why(r->files);
    if (r->err != KAI_OK || r->ended)
        drop(r);
    r->ended = r->ended && !r->follow;
    json_decref(o);
    return r->err == KAI_OK;
}

/* ---- Following. */
static void catch_signals(void)
{
    struct sigaction a = {.sa_handler = on_signal};

    (void)sigemptyset(&a.sa_mask);
    (void)sigaction(SIGTERM, &a, NULL);
    (void)sigaction(SIGINT, &a, NULL);
}

/* Until a signal ends it, or the node says no. A node that is away comes back: what it sends then
 * is all there is, so nothing is missed. */
static int follow(struct run *r, json_t *args)
{
    bool told = false;

    catch_signals();
    while (!stopped) {
        bool lost = false;
        int status = kai_cli_follow(r->cli, "export", args, on_line, r, is_stopped, &lost);

        drop(r);
        if (r->err != KAI_OK)
            return kai_cli_fail(r->cli, r->err, &r->why);
        if (stopped)
            break;
        if (!lost)
            return status;
        if (!told)
            kai_cli_note(r->cli, "export.lost", NULL, NULL, NULL);
        told = true;
        (void)poll(NULL, 0, RETRY_MS);
    }
    return KAI_EXIT_DONE;
}

int kai_cmd_export(struct kai_cli *cli)
{
    const char *format = kai_cli_opt(cli, "--format");
    struct run r = {
        .cli = cli, .path = kai_cli_opt(cli, "--out"), .follow = kai_cli_flag(cli, "--follow")};
    json_t *args;
    int status;

    if (format == NULL || r.path == NULL)
        return kai_cli_usage(cli, "usage.missing", format == NULL ? "--format" : "--out");
    r.format = kai_export_parse(format);
    if (r.format == KAI_EXPORT_NONE)
        return kai_cli_usage(cli, "usage.format", format);
    char *expr = kai_cli_expression(cli, &status);
    if (expr == NULL)
        return status;
    args = json_pack("{s:s, s:s}", "expr", expr, "format", format);
    free(expr);
    if (r.follow) {
        (void)json_object_set_new(args, "follow", json_true());
        status = follow(&r, args);
        json_decref(args);
        return status;
    }
    status = kai_cli_call(cli, "export", args, NULL, false, on_line, &r);
    drop(&r);
    if (r.err != KAI_OK)
        return kai_cli_fail(cli, r.err, &r.why);
    if (status == KAI_EXIT_DONE && !r.ended) {
        kai_ignore(kai_why_set(&r.why, KAI_EIO, "api.answer", NULL, NULL, NULL));
        return kai_cli_fail(cli, KAI_EIO, &r.why);
    }
    return status == KAI_EXIT_DONE ? r.status : status;
}

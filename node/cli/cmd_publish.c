/* cmd_publish: a file goes out. */
#include <stdio.h>
#include <string.h>

#include "node/call.h"
#include "node/cli/args.h"
#include "node/cli/feed.h"
#include "node/cli/files.h"
#include "node/cli/publish.h"
#include "policy/policy.h"
#include "text/time.h"

static uint64_t number(const json_t *o, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(o, key));

    return v < 0 ? 0 : (uint64_t)v;
}

/* A refusal; or a warning or note. */
static void say_refusal(const struct kai_cli *cli, const json_t *r, bool warning)
{
    const char *file = json_string_value(json_object_get(r, "file"));
    const char *path = json_string_value(json_object_get(r, "path"));
    uint64_t line = number(r, "line");

    (void)fprintf(stderr, "%s", file != NULL ? file : "");
    if (line > 0)
        (void)fprintf(stderr, ":%llu", (unsigned long long)line);
    if (path != NULL && path[0] != '\0')
        (void)fprintf(stderr, ": %s", path);
    (void)fprintf(stderr, ": %s\n", json_string_value(json_object_get(r, "reason")));
    if (warning)
        return;
    if (kai_policy_is_code(json_string_value(json_object_get(r, "code"))))
        kai_cli_note(cli, "error.rule", json_string_value(json_object_get(r, "code")), NULL, NULL);
    kai_cli_note(cli, "error.do", json_string_value(json_object_get(r, "do")), NULL, NULL);
}

bool kai_tally_line(void *ctx, const char *line, size_t n)
{
    struct kai_tally *t = ctx;
    json_t *o = json_loadb(line, n, 0, NULL);
    const json_t *refused = json_object_get(o, "refused");
    const json_t *warned = json_object_get(o, "warned");
    const json_t *found = json_object_get(o, "found");

    warned = json_object_get(o, "noted") != NULL ? json_object_get(o, "noted") : warned;

    if (json_is_object(found) && !t->cli->json) {
        (void)printf("%-12s %s\n", json_string_value(json_object_get(found, "type")),
                     json_string_value(json_object_get(found, "value")));
    } else if (json_is_object(found)) {
        (void)kai_cli_print_line(NULL, line, n);
    } else if (json_is_object(refused) || json_is_object(warned)) {
        if (t->cli->json)
            (void)kai_cli_print_line(NULL, line, n);
        else if (json_is_object(refused))
            say_refusal(t->cli, refused, false);
        else
            say_refusal(t->cli, warned, true);
    } else {
        t->accepted += number(o, "accepted");
        t->skipped += number(o, "skipped");
        t->refused += number(o, "refused");
        t->warned += number(o, "warned");
        t->entries += number(o, "entries");
        t->durable_ms += number(o, "durable_ms");
        t->unsent += number(o, "unsent");
        if (!t->held_any || number(o, "held_by") < t->held_by)
            t->held_by = number(o, "held_by");
        t->held_any = true;
        if (json_is_array(json_object_get(o, "ids"))) {
            t->ids = t->ids == NULL ? json_array() : t->ids;
            (void)json_array_extend(t->ids, json_object_get(o, "ids"));
        }
    }
    json_decref(o);
    return true;
}

static void tell_line(struct kai_tally *t,
                      void (*put)(void *call, const struct kai_why *why, const char *id),
                      const struct kai_why *why, const char *id)
{
    struct kai_call call = {.lang = t->cli->lang};

    kai_buf_init(&call.out, 1u << 20);
    put(&call, why, id);
    if (call.out.len > 0)
        (void)kai_tally_line(t, (const char *)call.out.p, call.out.len - 1);
    kai_buf_free(&call.out);
}

void kai_tally_refusal(struct kai_tally *t, const struct kai_why *why, const char *id)
{
    tell_line(t, kai_call_refusal, why, id);
}

void kai_tally_warning(struct kai_tally *t, const struct kai_why *why, const char *id)
{
    tell_line(t, kai_call_warning, why, id);
}

int kai_publish_args(struct kai_cli *cli, json_t *args)
{
    static const struct {
        const char *option;
        const char *key;
    } texts[] = {{"--to", "to"}, {"--label", "label"}, {"--pap", "pap"}};
    static const struct {
        const char *option;
        const char *key;
    } flags[] = {{"--exercise", "exercise"},
                 {"--skip-bad", "skip_bad"},
                 {"--dry-run", "dry_run"},
                 {"--extract", "extract"}};
    json_t *also = json_array();
    const char *v;
    uint64_t ms;

    kai_cli_put_text(cli, args, "--through", "through");
    kai_cli_put_text(cli, args, "--wish", "wish");

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if ((v = kai_cli_opt(cli, texts[i].option)) != NULL)
            (void)json_object_set_new(args, texts[i].key, json_string(v));
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (kai_cli_flag(cli, flags[i].option))
            (void)json_object_set_new(args, flags[i].key, json_true());
    }
    for (size_t i = 0; (v = kai_cli_opt_at(cli, "--also", i)) != NULL; i++)
        (void)json_array_append_new(also, json_string(v));
    (void)json_object_set_new(args, "also", also);
    if ((v = kai_cli_opt(cli, "--wait")) != NULL) {
        uint64_t n;

        if (!kai_cli_number(v, &n))
            return kai_cli_usage(cli, "usage.number", "--wait");
        (void)json_object_set_new(args, "wait", json_integer((json_int_t)n));
    }
    if ((v = kai_cli_opt(cli, "--timeout")) != NULL) {
        if (!kai_duration_parse(v, &ms) || ms > INT64_MAX)
            return kai_cli_usage(cli, "usage.duration", "--timeout");
        (void)json_object_set_new(args, "timeout_ms", json_integer((json_int_t)ms));
    }
    return KAI_EXIT_DONE;
}

static void say_json(const struct kai_tally *t)
{
    json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "accepted",
                          (json_int_t)t->accepted, "skipped", (json_int_t)t->skipped, "refused",
                          (json_int_t)t->refused, "warned", (json_int_t)t->warned, "entries",
                          (json_int_t)t->entries, "durable_ms", (json_int_t)t->durable_ms,
                          "held_by", (json_int_t)t->held_by, "unsent", (json_int_t)t->unsent);

    if (t->ids != NULL)
        (void)json_object_set(o, "ids", t->ids);
    kai_cli_print_json(o);
}

void kai_tally_free(struct kai_tally *t)
{
    json_decref(t->ids);
    t->ids = NULL;
}

void kai_tally_say(const struct kai_cli *cli, const struct kai_tally *t)
{
    char a[24];
    char b[24];
    char d[KAI_DURATION_CAP];
    const json_t *id;
    size_t i;

    if (cli->json) {
        say_json(t);
        return;
    }
    kai_duration_print(t->durable_ms, d);
    (void)snprintf(a, sizeof a, "%llu", (unsigned long long)t->accepted);
    kai_cli_say(cli, kai_cli_flag(cli, "--dry-run") ? "publish.dry-run" : "publish.accepted", a, d,
                NULL);
    (void)snprintf(a, sizeof a, "%llu", (unsigned long long)t->skipped);
    if (t->skipped > 0)
        kai_cli_say(cli, "publish.skipped", a, NULL, NULL);
    (void)snprintf(a, sizeof a, "%llu", (unsigned long long)t->warned);
    if (t->warned > 0)
        kai_cli_note(cli, "publish.warned", a, NULL, NULL);
    if (t->unsent > 0)
        kai_cli_note(cli, "publish.unsent", NULL, NULL, NULL);
    (void)snprintf(a, sizeof a, "%llu", (unsigned long long)t->refused);
    (void)snprintf(b, sizeof b, "%llu",
                   (unsigned long long)(t->refused > 100 ? t->refused - 100 : 0));
    if (t->refused > 0)
        kai_cli_note(cli, "publish.refused", a, NULL, NULL);
    if (t->refused > 100)
        kai_cli_note(cli, "publish.refused-more", b, NULL, NULL);
    (void)snprintf(a, sizeof a, "%llu", (unsigned long long)t->held_by);
    if (kai_cli_opt(cli, "--wait") != NULL)
        kai_cli_say(cli, "publish.held-by", a, NULL, NULL);
    json_array_foreach(t->ids, i, id) kai_cli_say(cli, "red.id", json_string_value(id), NULL, NULL);
}

#define WAIT_MS 30000u

/* However many files there are, all of them are waited for as long as was said. */
static void put_wait(json_t *args, uint64_t since_ms)
{
    const json_t *said = json_object_get(args, "timeout_ms");
    uint64_t most = said != NULL ? (uint64_t)json_integer_value(said) : WAIT_MS;
    uint64_t gone = kai_now_ms() - since_ms;

    (void)json_object_set_new(args, "timeout_ms",
                              json_integer((json_int_t)(gone < most ? most - gone : 0)));
}

/* Nothing that is RED goes to the node, and nothing that is too large to be read. */
static int publish_file(struct kai_cli *cli, const char *file, const json_t *args,
                        uint64_t since_ms, struct kai_tally *t)
{
    struct kai_why why = {0};
    struct kai_held h;
    bool stays = false;
    int status = KAI_EXIT_FORBIDDEN;
    enum kai_err err = kai_held_open(&h, file, &why);

    if (err != KAI_OK)
        return kai_cli_fail(cli, err, &why);
    err = kai_red_guard(cli, file, &h, t, &stays, &why);
    if (err != KAI_OK) {
        status = kai_cli_fail(cli, err, &why);
    } else if (!stays) {
        json_t *one = json_deep_copy(args);

        (void)json_object_set_new(one, "name", kai_cli_path(file));
        put_wait(one, since_ms);
        status = kai_cli_call(cli, "publish", one, h.path, false, kai_tally_line, t);
    }
    kai_held_close(&h);
    return status;
}

static int publish_files(struct kai_cli *cli)
{
    struct kai_tally t = {.cli = cli};
    json_t *args = json_object();
    uint64_t since_ms = kai_now_ms();
    int worst = kai_publish_args(cli, args);

    if (worst == KAI_EXIT_DONE && kai_cli_opt(cli, "--to") == NULL &&
        kai_cli_opt(cli, "--through") == NULL)
        worst = kai_cli_usage(cli, "usage.missing", "--to");
    bool begun = worst == KAI_EXIT_DONE;
    if (begun && kai_red_wanted(cli, &worst)) {
        json_decref(args);
        return worst == KAI_EXIT_DONE ? kai_cmd_publish_red(cli) : worst;
    }
    begun = worst == KAI_EXIT_DONE;
    for (size_t i = 0; begun && i < cli->n_args; i++) {
        int status = publish_file(cli, cli->args[i], args, since_ms, &t);

        if (status != KAI_EXIT_DONE && worst != KAI_EXIT_FAILED)
            worst = status; /* A failure says more than a rule, and either more than success. */
    }
    json_decref(args);
    if (begun && t.held_any)
        kai_tally_say(cli, &t);
    return worst;
}

int kai_cmd_publish(struct kai_cli *cli)
{
    struct kai_cli whole = *cli;
    struct kai_feed f;
    int status = kai_feed_open(&f, cli);

    if (status != KAI_EXIT_DONE)
        return status;
    whole.args = f.files;
    whole.n_args = f.n;
    status = publish_files(&whole);
    kai_feed_close(&f);
    return status;
}

/* cmd_succeed: one organisation takes another's places; run by either side at its own node. Where a
 * root key has to speak it is opened here, once it was said what it is about to sign. */
#include <assert.h>
#include <string.h>

#include "keys/record.h"
#include "node/cli/args.h"
#include "node/cli/root_sign.h"

struct succeed {
    struct kai_cli *cli;
    const json_t *terms; /* What the node answered. */
    struct kai_buf entry;
};

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static json_t *names(const struct kai_cli *cli)
{
    return json_pack("{s:s, s:s}", "old", cli->args[0], "new", cli->args[1]);
}

static int sign(struct succeed *s)
{
    struct kai_why why = {0};
    struct kai_successor rec = {.cut =
                                    (uint64_t)json_integer_value(json_object_get(s->terms, "cut"))};
    struct kai_keys *root = NULL;
    struct kai_buf body;
    struct kai_hdr next;
    uint8_t nid[KAI_ID_BYTES];
    enum kai_err err = kai_cli_root_place(s->terms, nid, &next, &why);

    if (err == KAI_OK && (!kai_cli_unhex(s->terms, "old_id", rec.old_org, KAI_ID_BYTES) ||
                          !kai_cli_unhex(s->terms, "new_id", rec.new_org, KAI_ID_BYTES)))
        err = kai_why_set(&why, KAI_EIO, "api.answer", NULL, NULL, NULL);
    if (err != KAI_OK)
        return kai_cli_fail(s->cli, err, &why);
    kai_cli_note(s->cli, "succeed.old", text_of(s->terms, "old"), text_of(s->terms, "old_id"),
                 NULL);
    kai_cli_note(s->cli, "succeed.new", text_of(s->terms, "new"), text_of(s->terms, "new_id"),
                 NULL);
    int status = kai_cli_root_open(s->cli, next.log_pk, &root);
    if (status != KAI_EXIT_DONE)
        return status;
    assert(root != NULL); /* As it said. */
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_successor_write(&body, &rec);
    err = kai_cli_root_sign(root, nid, &next, KAI_REC_SUCCESSOR, &body, &s->entry);
    kai_buf_free(&body);
    kai_keys_free(root);
    return err == KAI_OK ? KAI_EXIT_DONE : kai_cli_fail(s->cli, err, &why);
}

static void say(const struct succeed *s, const json_t *answer)
{
    const char *old = text_of(answer, "old");
    const char *heir = text_of(answer, "new");
    const char *waits = text_of(answer, "waits_for");

    if (json_is_true(json_object_get(answer, "stands")))
        kai_cli_say(s->cli, "succeed.stands", old, heir, NULL);
    else if (waits != NULL && strcmp(waits, "new") == 0)
        kai_cli_say(s->cli, "succeed.waits-new", old, heir, NULL);
    else if (waits != NULL)
        kai_cli_say(s->cli, "succeed.waits-old", old, heir, NULL);
    else
        kai_cli_say(s->cli, "succeed.waits", old, heir, NULL);
}

static int hand_over(struct succeed *s)
{
    json_t *args = names(s->cli);
    int status;

    if (s->entry.len > 0)
        kai_cli_put_hex(args, "entry", kai_buf_view(&s->entry));
    if (s->cli->json)
        return kai_cli_call(s->cli, "org-succeed", args, NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(s->cli, "org-succeed", args, &status);
    if (json_array_get(rows, 0) != NULL)
        say(s, json_array_get(rows, 0));
    json_decref(rows);
    return status;
}

int kai_cmd_org_succeed(struct kai_cli *cli)
{
    struct succeed s = {.cli = cli};
    int status;
    json_t *rows = kai_cli_ask(cli, "org-succeed-begin", names(cli), &status);

    s.terms = json_array_get(rows, 0);
    kai_buf_init(&s.entry, 4 * KAI_CERT_BYTES_MAX);
    if (s.terms != NULL && json_is_true(json_object_get(s.terms, "root")))
        status = sign(&s);
    if (s.terms != NULL && status == KAI_EXIT_DONE)
        status = hand_over(&s);
    kai_buf_free(&s.entry);
    json_decref(rows);
    return status;
}

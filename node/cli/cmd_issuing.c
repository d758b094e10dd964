/* cmd_issuing: replaces an issuing key that was stolen. The root key is opened here, signs twice,
 * and is gone again: no node ever has it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "keys/keyfile.h"
#include "keys/record.h"
#include "log/entry.h"
#include "node/cli/args.h"
#include "node/cli/root_sign.h"
#include "node/core.h"
#include "node/issuing.h"

struct replace {
    struct kai_cli *cli;
    const json_t *terms; /* What the node answered. */
    struct kai_keys *root;
    struct kai_keys *fresh;
    uint8_t nid[KAI_ID_BYTES];
    struct kai_hdr next; /* Of the root's log. */
    struct kai_buf admit;
    struct kai_buf revoke;
    struct kai_why why;
};

static uint64_t number(const json_t *o, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(o, key));
}

/* One that waits from an attempt that was cut off, else a fresh one. */
static enum kai_err make_key(struct replace *r)
{
    char path[KAI_PATH_BYTES_MAX];

    (void)kai_home_path(&r->cli->home, path, "keys/" KAI_ISSUING_NEXT);
    if (access(path, F_OK) == 0)
        return kai_keyfile_load(&kai_keyport_posix, path, KAI_KEY_ISSUING, NULL, &r->fresh, NULL,
                                &r->why);
    enum kai_err err = kai_keys_new(&r->fresh, KAI_KEY_ISSUING);
    return err == KAI_OK ? kai_keyfile_save(&kai_keyport_posix, path, r->fresh, NULL, &r->why)
                         : err;
}

/* The same terms as the old key had. */
static enum kai_err sign_admit(struct replace *r)
{
    const char *hex = json_string_value(json_object_get(r->terms, "old_admit"));
    uint8_t payload[KAI_CERT_BYTES_MAX];
    size_t n = hex == NULL ? 0 : strlen(hex) / 2;
    struct kai_admit a;
    struct kai_view old;
    uint64_t type;
    struct kai_buf body;

    if (n == 0 || n > sizeof payload || !kai_unhex(payload, n, hex, strlen(hex)) ||
        kai_rec_parse(&type, &old, kai_view_of(payload, n)) != KAI_OK || type != KAI_REC_ADMIT ||
        kai_admit_parse(&a, old) != KAI_OK || a.kind != KAI_ADMIT_ISSUING)
        return kai_why_set(&r->why, KAI_EIO, "api.answer", NULL, NULL, NULL);
    memcpy(a.sign_pk, r->fresh->sign_pk, KAI_KEY_BYTES);
    a.serial = (((uint64_t)randombytes_random() << 32) | randombytes_random()) >> 1;
    a.not_before = kai_wall_ms();
    a.has_replaces = false;
    kai_admit_prove(&a, r->fresh->sign_sk);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_admit_write(&body, &a);
    enum kai_err err =
        kai_cli_root_sign(r->root, r->nid, &r->next, KAI_REC_ADMIT, &body, &r->admit);
    kai_buf_free(&body);
    return err;
}

static enum kai_err sign_revoke(struct replace *r)
{
    struct kai_revoke rec = {.reason = KAI_REVOKE_COMPROMISE, .n_cuts = 1, .of = 1};
    struct kai_buf body;

    rec.cuts[0].seq = number(r->terms, "cut_seq");
    if (!kai_cli_unhex(r->terms, "old_cert", rec.target, KAI_ID_BYTES) ||
        !kai_cli_unhex(r->terms, "old_pk", rec.cuts[0].log_pk, KAI_KEY_BYTES) ||
        !kai_cli_unhex(r->terms, "cut_head", rec.cuts[0].head, KAI_ID_BYTES))
        return kai_why_set(&r->why, KAI_EIO, "api.answer", NULL, NULL, NULL);
    kai_buf_init(&body, KAI_CERT_BYTES_MAX);
    kai_revoke_write(&body, &rec);
    enum kai_err err =
        kai_cli_root_sign(r->root, r->nid, &r->next, KAI_REC_REVOKE, &body, &r->revoke);
    kai_buf_free(&body);
    return err;
}

static void say_entry(const struct replace *r, const char *id, const json_t *entry)
{
    char seq[24];

    (void)snprintf(seq, sizeof seq, "%llu", (unsigned long long)number(entry, "seq"));
    kai_cli_note(r->cli, id, seq, json_string_value(json_object_get(entry, "name")),
                 json_string_value(json_object_get(entry, "time")));
}

/* What the root key is about to confirm, before anybody types its passphrase: the node whose key
 * was stolen names it, and whoever holds the root key knows better what they signed. */
static void say_cut(const struct replace *r)
{
    json_t *last = json_array_get(json_object_get(r->terms, "last"), 0);
    json_t *dropped = json_object_get(r->terms, "dropped");
    json_t *d;
    size_t i;

    if (r->cli->json) {
        kai_cli_print_json(json_pack("{s:I, s:O?, s:O?}", "trusted",
                                     json_integer_value(json_object_get(r->terms, "cut_seq")),
                                     "last", last, "dropped", dropped));
        (void)fflush(stdout);
        return;
    }
    if (last != NULL)
        say_entry(r, "issuing.stands", last);
    else
        kai_cli_note(r->cli, "issuing.stands-none", NULL, NULL, NULL);
    json_array_foreach(dropped, i, d) say_entry(r, "issuing.dropped", d);
}

static int hand_over(struct replace *r)
{
    json_t *args = json_object();
    int status;

    kai_cli_put_hex(args, "admit", kai_buf_view(&r->admit));
    kai_cli_put_hex(args, "revoke", kai_buf_view(&r->revoke));
    if (r->cli->json)
        return kai_cli_call(r->cli, "issuing-replace", args, NULL, false, kai_cli_print_line, NULL);
    json_t *rows = kai_cli_ask(r->cli, "issuing-replace", args, &status);
    const json_t *answer = json_array_get(rows, 0);
    if (answer != NULL) {
        kai_cli_say(r->cli, "issuing.replaced",
                    json_string_value(json_object_get(answer, "replaced")), NULL, NULL);
        kai_cli_say_next(r->cli, answer);
    }
    json_decref(rows);
    return status;
}

int kai_cmd_issuing_replace(struct kai_cli *cli)
{
    struct replace *r = calloc(1, sizeof *r);
    json_t *args = json_object();
    int status = KAI_EXIT_FAILED;

    if (r == NULL) {
        json_decref(args);
        return status;
    }
    r->cli = cli;
    kai_buf_init(&r->admit, 4 * KAI_CERT_BYTES_MAX);
    kai_buf_init(&r->revoke, 4 * KAI_CERT_BYTES_MAX);
    status = kai_cli_put_number(cli, args, "--trusted", "trusted");
    json_t *rows = NULL;
    if (status == KAI_EXIT_DONE)
        rows = kai_cli_ask(cli, "issuing-begin", args, &status);
    else
        json_decref(args);
    r->terms = json_array_get(rows, 0);
    if (r->terms != NULL) {
        enum kai_err err = kai_cli_root_place(r->terms, r->nid, &r->next, &r->why);

        if (err == KAI_OK)
            say_cut(r);
        status = err == KAI_OK ? kai_cli_root_open(cli, r->next.log_pk, &r->root)
                               : kai_cli_fail(cli, err, &r->why);
        if (status == KAI_EXIT_DONE) {
            err = make_key(r);
            if (err == KAI_OK)
                err = sign_admit(r);
            if (err == KAI_OK)
                err = sign_revoke(r);
            status = err == KAI_OK ? hand_over(r) : kai_cli_fail(cli, err, &r->why);
        }
    }
    json_decref(rows);
    kai_keys_free(r->root);
    kai_keys_free(r->fresh);
    kai_buf_free(&r->admit);
    kai_buf_free(&r->revoke);
    free(r);
    return status;
}

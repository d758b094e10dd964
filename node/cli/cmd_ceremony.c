/* cmd_ceremony: founding a network, and joining one: key files, mailable text, words for the
 * telephone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/audiences.h"
#include "node/charter_text.h"
#include "node/cli/args.h"
#include "node/cli/files.h"
#include "node/cli/spoken.h"
#include "node/found.h"
#include "text/armor.h"

static int charter_texts(struct kai_cli *cli, struct kai_charter_text *texts, char **files,
                         size_t *n)
{
    const char *path;

    *n = 0;
    for (size_t i = 0;
         (path = kai_cli_opt_at(cli, "--charter", i)) != NULL && *n < KAI_CHARTER_TEXTS_MAX; i++) {
        size_t len = 0;
        int status = kai_cli_read_file(cli, path, KAI_CHARTER_TEXT_BYTES_MAX, &files[*n], &len);

        if (status != KAI_EXIT_DONE)
            return status;
        texts[*n].lang =
            i == 0 ? "ja" : "en"; /* Japanese first; a second file is the English text. */
        texts[*n].text = kai_view_of(files[*n], len);
        ++*n;
    }
    if (*n == 0)
        *n = kai_charter_default(texts);
    return KAI_EXIT_DONE;
}

static int begin_audiences(struct kai_cli *cli, struct kai_charter *charter)
{
    struct kai_core *core;
    struct kai_why why = {0};
    enum kai_err err = kai_core_open(&core, &cli->home, &why);

    if (err != KAI_OK)
        return kai_cli_fail(cli, err, &why);
    err = kai_audiences_begin(core, &why);
    *charter = core->charter;
    kai_core_close(core);
    return err == KAI_OK ? KAI_EXIT_DONE : kai_cli_fail(cli, err, &why);
}

static void say_network(const struct kai_cli *cli, const struct kai_charter *c, const char *org)
{
    char id[KAI_HEX_CAP(KAI_ID_BYTES)];
    char words[KAI_SPOKEN_CAP];

    (void)kai_hex(id, c->nid, KAI_ID_BYTES);
    kai_cli_words(cli, c->nid, words);
    if (cli->json) {
        kai_cli_print_json(json_pack("{s:s, s:s, s:s, s:s}", "network", c->name, "id", id,
                                     "fingerprint", words, "org", org));
        return;
    }
    kai_cli_say(cli, "network.created", c->name, org, NULL);
    kai_cli_say(cli, "network.id", id, NULL, NULL);
    kai_cli_say(cli, "network.fingerprint", words, NULL, NULL);
}

int kai_cmd_network_create(struct kai_cli *cli)
{
    struct kai_charter_text texts[KAI_CHARTER_TEXTS_MAX];
    char *files[KAI_CHARTER_TEXTS_MAX] = {0};
    struct kai_found f = {
        .network = kai_cli_opt(cli, "--name"), .org = kai_cli_opt(cli, "--org"), .texts = texts};
    struct kai_charter charter;
    struct kai_why why = {0};
    int status;

    if (f.network == NULL || f.org == NULL)
        return kai_cli_usage(cli, "usage.missing", f.network == NULL ? "--name" : "--org");
    f.node = kai_cli_opt(cli, "--node") != NULL ? kai_cli_opt(cli, "--node") : f.org;
    status = kai_cli_name_ok(cli, f.network) && kai_cli_name_ok(cli, f.org) &&
                     kai_cli_name_ok(cli, f.node)
                 ? KAI_EXIT_DONE
                 : KAI_EXIT_USAGE;
    if (status == KAI_EXIT_DONE)
        status = charter_texts(cli, texts, files, &f.n_texts);
    char *pass = status == KAI_EXIT_DONE ? kai_cli_passphrase(cli, f.org, true, &status) : NULL;
    if (pass != NULL) {
        f.passphrase = pass;
        enum kai_err err = kai_found_network(&cli->home, &f, &why);
        status = err == KAI_OK ? begin_audiences(cli, &charter) : kai_cli_fail(cli, err, &why);
    }
    sodium_free(pass);
    for (size_t i = 0; i < KAI_CHARTER_TEXTS_MAX; i++)
        free(files[i]);
    if (status == KAI_EXIT_DONE)
        say_network(cli, &charter, f.org);
    return status;
}

int kai_cmd_network_show(struct kai_cli *cli)
{
    int status;

    if (cli->json)
        return kai_cli_call(cli, "network-show", json_object(), NULL, false, kai_cli_print_line,
                            NULL);
    json_t *rows = kai_cli_ask(cli, "network-show", json_object(), &status);
    const json_t *net = json_array_get(rows, 0);
    const char *id = json_string_value(json_object_get(net, "id"));
    const json_t *texts = json_object_get(net, "texts");
    uint8_t nid[KAI_ID_BYTES];
    char words[KAI_SPOKEN_CAP];
    size_t i;
    json_t *text;

    if (net == NULL || id == NULL || !kai_unhex(nid, KAI_ID_BYTES, id, strlen(id))) {
        json_decref(rows);
        return status == KAI_EXIT_DONE ? KAI_EXIT_FAILED : status;
    }
    kai_cli_words(cli, nid, words);
    (void)printf("%s\n", json_string_value(json_object_get(net, "name")));
    kai_cli_say(cli, "network.id", id, NULL, NULL);
    kai_cli_say(cli, "network.fingerprint", words, NULL, NULL);
    json_array_foreach(texts, i, text)(void)
        printf("\n[%s]\n%s\n", json_string_value(json_object_get(text, "lang")),
               json_string_value(json_object_get(text, "text")));
    json_decref(rows);
    return KAI_EXIT_DONE;
}

/* ---- Requests. */
static int request(struct kai_cli *cli, uint64_t kind)
{
    const char *name = kai_cli_opt(cli, "--name");
    const char *out = kai_cli_opt(cli, "--out");
    struct kai_buf bytes;
    struct kai_why why = {0};
    uint8_t hash[KAI_ID_BYTES];
    uint8_t org_id[KAI_ID_BYTES];
    const char *org = kai_cli_opt(cli, "--org");
    char *pass = NULL;
    int status = KAI_EXIT_DONE;

    if (name == NULL || out == NULL)
        return kai_cli_usage(cli, "usage.missing", name == NULL ? "--name" : "--out");
    if (kind == KAI_ADMIT_NODE && org == NULL)
        return kai_cli_usage(cli, "usage.missing", "--org");
    if (!kai_cli_name_ok(cli, name))
        return KAI_EXIT_USAGE;
    if (org != NULL && !kai_unhex(org_id, sizeof org_id, org, strlen(org)))
        return kai_cli_usage(cli, "usage.org-id", org);
    if (kind == KAI_ADMIT_ORG) {
        pass = kai_cli_passphrase(cli, name, true, &status);
        if (pass == NULL)
            return status;
    }
    kai_buf_init(&bytes, KAI_REQUEST_BYTES_MAX);
    enum kai_err err =
        kai_found_request(&cli->home, kind, name, org != NULL ? org_id : NULL, pass, &bytes, &why);
    sodium_free(pass);
    if (err == KAI_OK)
        err = kai_cli_write_armor(cli, out, KAI_ARMOR_REQUEST, "armor.organisation", name,
                                  kai_buf_view(&bytes), &why);
    if (err == KAI_OK) {
        kai_ceremony_hash(hash, kai_buf_view(&bytes));
        kai_cli_say_written(cli, "request.sent", name, out, hash);
    } else {
        status = kai_cli_fail(cli, err, &why);
    }
    kai_buf_free(&bytes);
    return status;
}

int kai_cmd_org_request(struct kai_cli *cli)
{
    return request(cli, KAI_ADMIT_ORG);
}

int kai_cmd_node_request(struct kai_cli *cli)
{
    return request(cli, KAI_ADMIT_NODE);
}

/* ---- Admissions. */
/* Write the admission that a node answered with, and say the words for the way back. */
static int write_admission(struct kai_cli *cli, const json_t *answer, const char *out)
{
    const char *hex = json_string_value(json_object_get(answer, "admission"));
    const char *hash_hex = json_string_value(json_object_get(answer, "hash"));
    const char *name = json_string_value(json_object_get(answer, "name"));
    size_t n = hex == NULL ? 0 : strlen(hex) / 2;
    struct kai_buf bytes;
    struct kai_why why = {0};
    uint8_t hash[KAI_ID_BYTES];
    int status = KAI_EXIT_DONE;

    kai_buf_init(&bytes, KAI_ADMISSION_BYTES_MAX);
    uint8_t *at = kai_buf_room(&bytes, n);
    enum kai_err err = KAI_EIO;
    if (at != NULL && hash_hex != NULL && name != NULL && kai_unhex(at, n, hex, strlen(hex)) &&
        kai_unhex(hash, sizeof hash, hash_hex, strlen(hash_hex)))
        err = kai_cli_write_armor(cli, out, KAI_ARMOR_ADMISSION, "armor.organisation", name,
                                  kai_buf_view(&bytes), &why);
    if (err == KAI_OK) {
        kai_cli_say_written(cli, "admit.done", name, out, hash);
        if (!cli->json && !json_is_true(json_object_get(answer, "reachable")))
            kai_cli_note(cli, "admit.unreachable", NULL, NULL, NULL);
    } else {
        status = kai_cli_fail(cli, err, &why);
    }
    kai_buf_free(&bytes);
    return status;
}

static int admit(struct kai_cli *cli, const char *verb)
{
    const char *out = kai_cli_opt(cli, "--out");
    struct kai_buf bytes;
    json_t *args = json_object();
    int status;

    if (out == NULL) {
        json_decref(args);
        return kai_cli_usage(cli, "usage.missing", "--out");
    }
    kai_buf_init(&bytes, KAI_REQUEST_BYTES_MAX);
    status = kai_cli_read_request(cli, cli->args[0], &bytes);
    if (status == KAI_EXIT_DONE)
        status = kai_cli_put_number(cli, args, "--may-admit", "may_admit");
    if (status == KAI_EXIT_DONE)
        status = kai_cli_put_number(cli, args, "--max-children", "max_children");
    if (status == KAI_EXIT_DONE) {
        kai_cli_put_hex(args, "request", kai_buf_view(&bytes));
        kai_cli_put_text(cli, args, "--clearance", "clearance");
        kai_cli_put_text(cli, args, "--expires", "expires");
        kai_cli_put_list(cli, args, "--attr", "attrs");
        (void)json_object_set_new(args, "provider", json_boolean(kai_cli_flag(cli, "--provider")));
        json_t *rows = kai_cli_ask(cli, verb, args, &status);
        args = NULL;
        if (rows != NULL)
            status = write_admission(cli, json_array_get(rows, 0), out);
        json_decref(rows);
    }
    json_decref(args);
    kai_buf_free(&bytes);
    return status;
}

int kai_cmd_org_admit(struct kai_cli *cli)
{
    return admit(cli, "org-admit");
}

static void say_replaced(const struct kai_cli *cli, const json_t *o)
{
    const char *expires = json_string_value(json_object_get(o, "expires"));

    kai_cli_say(cli, json_is_true(json_object_get(o, "changed")) ? "replace.done" : "replace.same",
                json_string_value(json_object_get(o, "name")),
                json_string_value(json_object_get(o, "label_max")), expires);
}

int kai_cmd_org_replace(struct kai_cli *cli)
{
    json_t *args = json_pack("{s:s}", "org", cli->args[0]);
    const char *file = kai_cli_opt(cli, "--request");
    struct kai_buf bytes;
    int status = kai_cli_put_number(cli, args, "--may-admit", "may_admit");

    kai_buf_init(&bytes, KAI_REQUEST_BYTES_MAX);
    if (status == KAI_EXIT_DONE)
        status = kai_cli_put_number(cli, args, "--max-children", "max_children");
    if (status == KAI_EXIT_DONE && file != NULL)
        status = kai_cli_read_armor(cli, file, KAI_ARMOR_REQUEST, KAI_REQUEST_BYTES_MAX, &bytes);
    if (status == KAI_EXIT_DONE) {
        if (file != NULL)
            kai_cli_put_hex(args, "request", kai_buf_view(&bytes));
        kai_cli_put_text(cli, args, "--clearance", "clearance");
        kai_cli_put_text(cli, args, "--expires", "expires");
        if (kai_cli_opt(cli, "--attr") != NULL)
            kai_cli_put_list(cli, args, "--attr", "attrs");
        json_t *rows = kai_cli_ask(cli, "org-replace", args, &status);
        args = NULL;
        json_t *o = json_array_get(rows, 0);
        if (o != NULL && cli->json)
            kai_cli_print_json(json_incref(o));
        else if (o != NULL)
            say_replaced(cli, o);
        json_decref(rows);
    }
    json_decref(args);
    kai_buf_free(&bytes);
    return status;
}

int kai_cmd_node_admit(struct kai_cli *cli)
{
    return admit(cli, "node-admit");
}

/* ---- Joining. */
static int join(struct kai_cli *cli, uint64_t kind)
{
    struct kai_buf bytes;
    uint8_t hash[KAI_ID_BYTES];
    struct kai_charter charter;
    struct kai_why why = {0};
    char *pass = NULL;
    int status;

    kai_buf_init(&bytes, KAI_ADMISSION_BYTES_MAX);
    status =
        kai_cli_read_armor(cli, cli->args[0], KAI_ARMOR_ADMISSION, KAI_ADMISSION_BYTES_MAX, &bytes);
    if (status == KAI_EXIT_DONE) {
        kai_ceremony_hash(hash, kai_buf_view(&bytes));
        status = kai_cli_check_words(cli, hash);
    }
    if (status == KAI_EXIT_DONE && kind == KAI_ADMIT_ORG)
        pass = kai_cli_passphrase(cli, kai_text(cli->lang, "passphrase.root"), false, &status);
    if (status == KAI_EXIT_DONE) {
        enum kai_err err =
            kai_found_join(&cli->home, kind, kai_buf_view(&bytes), pass, &charter, &why);

        if (err != KAI_OK) {
            status = kai_cli_fail(cli, err, &why);
        } else if (cli->json) {
            char id[KAI_HEX_CAP(KAI_ID_BYTES)];

            kai_cli_print_json(json_pack("{s:s, s:s}", "network", charter.name, "id",
                                         kai_hex(id, charter.nid, KAI_ID_BYTES)));
        } else {
            kai_cli_say(cli, "join.done", charter.name, NULL, NULL);
        }
    }
    sodium_free(pass);
    kai_buf_free(&bytes);
    return status;
}

int kai_cmd_org_join(struct kai_cli *cli)
{
    return join(cli, KAI_ADMIT_ORG);
}

int kai_cmd_node_join(struct kai_cli *cli)
{
    return join(cli, KAI_ADMIT_NODE);
}

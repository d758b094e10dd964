/* cmd_ceremony: founding a network, and joining one: key files, mailable text, words for the
 * telephone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/audiences.h"
#include "node/charter_text.h"
#include "node/cli/cli.h"
#include "node/cli/files.h"
#include "node/found.h"
#include "text/armor.h"
#include "text/words.h"

/* Print one JSON line of text pairs. */
static void print_json(json_t *o)
{
    (void)json_dumpf(o, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    json_decref(o);
}

static void words_of(const struct kai_cli *cli, const uint8_t hash[static KAI_ID_BYTES], char *out,
                     size_t cap)
{
    struct kai_buf b;

    kai_buf_init(&b, 1024);
    kai_words(cli->lang, hash, &b);
    kai_buf_u8(&b, '\0');
    kai_copy_text(out, cap, b.err == KAI_OK ? (const char *)b.p : "");
    kai_buf_free(&b);
}

/* What stands above the armored bytes, for people. */
static void armor_header(const struct kai_cli *cli, const char *name, char *out, size_t cap)
{
    struct kai_buf b;

    kai_buf_init(&b, 4096);
    kai_text_fill(cli->lang, "armor.organisation", name, NULL, NULL, &b);
    kai_buf_u8(&b, '\0');
    kai_copy_text(out, cap, b.err == KAI_OK ? (const char *)b.p : "");
    kai_buf_free(&b);
}

/* The words that the other side read out: given, or asked for on a terminal; without either nothing
 * is compared. */
static int check_words(const struct kai_cli *cli, const uint8_t hash[static KAI_ID_BYTES])
{
    const char *given = kai_cli_opt(cli, "--fingerprint");
    char typed[512] = "";
    struct kai_why why = {0};

    if (given == NULL) {
        if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
            return KAI_EXIT_DONE;
        (void)fprintf(stderr, "%s ", kai_text(cli->lang, "words.ask"));
        if (fgets(typed, sizeof typed, stdin) == NULL || strcspn(typed, "\r\n") == 0)
            return KAI_EXIT_DONE;
        given = typed;
    }
    enum kai_err err = kai_words_check(given, hash, &why);
    return err == KAI_OK ? KAI_EXIT_DONE : kai_cli_fail(cli, err, &why);
}

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
    char words[512];

    (void)kai_hex(id, c->nid, KAI_ID_BYTES);
    words_of(cli, c->nid, words, sizeof words);
    if (cli->json) {
        print_json(json_pack("{s:s, s:s, s:s, s:s}", "network", c->name, "id", id, "fingerprint",
                             words, "org", org));
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
    char *pass = status == KAI_EXIT_DONE ? kai_cli_passphrase(cli, true, &status) : NULL;
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
    char words[512];
    size_t i;
    json_t *text;

    if (net == NULL || id == NULL || !kai_unhex(nid, KAI_ID_BYTES, id, strlen(id))) {
        json_decref(rows);
        return status == KAI_EXIT_DONE ? KAI_EXIT_FAILED : status;
    }
    words_of(cli, nid, words, sizeof words);
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
    struct kai_buf text;
    struct kai_why why = {0};
    uint8_t hash[KAI_ID_BYTES];
    char words[512];
    char header[KAI_TEXT_BYTES_MAX + 64];
    const char *headers[1] = {header};
    char *pass = NULL;
    int status = KAI_EXIT_DONE;

    if (name == NULL || out == NULL)
        return kai_cli_usage(cli, "usage.missing", name == NULL ? "--name" : "--out");
    if (!kai_cli_name_ok(cli, name))
        return KAI_EXIT_USAGE;
    if (kind == KAI_ADMIT_ORG) {
        pass = kai_cli_passphrase(cli, true, &status);
        if (pass == NULL)
            return status;
    }
    kai_buf_init(&bytes, KAI_REQUEST_BYTES_MAX);
    kai_buf_init(&text, 16384);
    enum kai_err err = kai_found_request(&cli->home, kind, name, pass, &bytes, &why);
    sodium_free(pass);
    if (err == KAI_OK) {
        armor_header(cli, name, header, sizeof header);
        kai_armor(KAI_ARMOR_REQUEST, headers, 1, kai_buf_view(&bytes), &text);
        err = text.err == KAI_OK ? kai_file_write(out, text.p, text.len, 0644, &why) : text.err;
    }
    if (err == KAI_OK) {
        kai_ceremony_hash(hash, kai_buf_view(&bytes));
        words_of(cli, hash, words, sizeof words);
        if (cli->json) {
            print_json(json_pack("{s:s, s:s, s:s}", "name", name, "file", out, "words", words));
        } else {
            kai_cli_say(cli, "request.sent", out, NULL, NULL);
            kai_cli_say(cli, "words.back", words, NULL, NULL);
        }
    } else {
        status = kai_cli_fail(cli, err, &why);
    }
    kai_buf_free(&bytes);
    kai_buf_free(&text);
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
static json_t *list_of(const struct kai_cli *cli, const char *option)
{
    json_t *list = json_array();
    const char *v;

    for (size_t i = 0; (v = kai_cli_opt_at(cli, option, i)) != NULL; i++)
        (void)json_array_append_new(list, json_string(v));
    return list;
}

static int put_number(const struct kai_cli *cli, json_t *args, const char *option, const char *key)
{
    const char *text = kai_cli_opt(cli, option);
    uint64_t v;

    if (text == NULL)
        return KAI_EXIT_DONE;
    if (!kai_cli_number(text, &v))
        return kai_cli_usage(cli, "usage.number", option);
    return json_object_set_new(args, key, json_integer((json_int_t)v)) == 0 ? KAI_EXIT_DONE
                                                                            : KAI_EXIT_FAILED;
}

static void put_text(const struct kai_cli *cli, json_t *args, const char *option, const char *key)
{
    const char *text = kai_cli_opt(cli, option);

    if (text != NULL)
        (void)json_object_set_new(args, key, json_string(text));
}

/* Write the admission that a node answered with, and say the words for the way back. */
static int write_admission(struct kai_cli *cli, const json_t *answer, const char *out)
{
    const char *hex = json_string_value(json_object_get(answer, "admission"));
    const char *hash_hex = json_string_value(json_object_get(answer, "hash"));
    const char *name = json_string_value(json_object_get(answer, "name"));
    size_t n = hex == NULL ? 0 : strlen(hex) / 2;
    struct kai_buf bytes;
    struct kai_buf text;
    struct kai_why why = {0};
    uint8_t hash[KAI_ID_BYTES];
    char words[512];
    char header[KAI_TEXT_BYTES_MAX + 64];
    const char *headers[1] = {header};
    int status = KAI_EXIT_DONE;

    kai_buf_init(&bytes, KAI_ADMISSION_BYTES_MAX);
    kai_buf_init(&text, 2 * KAI_ADMISSION_BYTES_MAX);
    uint8_t *at = kai_buf_room(&bytes, n);
    enum kai_err err = KAI_EIO;
    if (at != NULL && hash_hex != NULL && name != NULL && kai_unhex(at, n, hex, strlen(hex)) &&
        kai_unhex(hash, sizeof hash, hash_hex, strlen(hash_hex))) {
        armor_header(cli, name, header, sizeof header);
        kai_armor(KAI_ARMOR_ADMISSION, headers, 1, kai_buf_view(&bytes), &text);
        err = text.err == KAI_OK ? kai_file_write(out, text.p, text.len, 0644, &why) : text.err;
    }
    if (err == KAI_OK) {
        words_of(cli, hash, words, sizeof words);
        if (cli->json) {
            print_json(json_pack("{s:s, s:s, s:s}", "name", name, "file", out, "words", words));
        } else {
            kai_cli_say(cli, "admit.done", name, out, NULL);
            kai_cli_say(cli, "words.back", words, NULL, NULL);
            if (!json_is_true(json_object_get(answer, "reachable")))
                kai_cli_note(cli, "admit.unreachable", NULL, NULL, NULL);
        }
    } else {
        status = kai_cli_fail(cli, err, &why);
    }
    kai_buf_free(&bytes);
    kai_buf_free(&text);
    return status;
}

static int admit(struct kai_cli *cli, const char *verb)
{
    const char *out = kai_cli_opt(cli, "--out");
    struct kai_buf bytes;
    struct kai_buf hex;
    uint8_t hash[KAI_ID_BYTES];
    json_t *args = json_object();
    int status;

    if (out == NULL) {
        json_decref(args);
        return kai_cli_usage(cli, "usage.missing", "--out");
    }
    kai_buf_init(&bytes, KAI_REQUEST_BYTES_MAX);
    kai_buf_init(&hex, 2 * KAI_REQUEST_BYTES_MAX + 1);
    status =
        kai_cli_read_armor(cli, cli->args[0], KAI_ARMOR_REQUEST, KAI_REQUEST_BYTES_MAX, &bytes);
    if (status == KAI_EXIT_DONE) {
        kai_ceremony_hash(hash, kai_buf_view(&bytes));
        status = check_words(cli, hash);
    }
    if (status == KAI_EXIT_DONE)
        status = put_number(cli, args, "--may-admit", "may_admit");
    if (status == KAI_EXIT_DONE)
        status = put_number(cli, args, "--max-children", "max_children");
    if (status == KAI_EXIT_DONE) {
        uint8_t *at = kai_buf_room(&hex, KAI_HEX_CAP(bytes.len));

        if (at != NULL)
            (void)json_object_set_new(args, "request",
                                      json_string(kai_hex((char *)at, bytes.p, bytes.len)));
        put_text(cli, args, "--clearance", "clearance");
        put_text(cli, args, "--expires", "expires");
        (void)json_object_set_new(args, "attrs", list_of(cli, "--attr"));
        json_t *rows = kai_cli_ask(cli, verb, args, &status);
        args = NULL;
        if (rows != NULL)
            status = write_admission(cli, json_array_get(rows, 0), out);
        json_decref(rows);
    }
    json_decref(args);
    kai_buf_free(&bytes);
    kai_buf_free(&hex);
    return status;
}

int kai_cmd_org_admit(struct kai_cli *cli)
{
    return admit(cli, "org-admit");
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
        status = check_words(cli, hash);
    }
    if (status == KAI_EXIT_DONE && kind == KAI_ADMIT_ORG)
        pass = kai_cli_passphrase(cli, false, &status);
    if (status == KAI_EXIT_DONE) {
        enum kai_err err =
            kai_found_join(&cli->home, kind, kai_buf_view(&bytes), pass, &charter, &why);

        if (err != KAI_OK) {
            status = kai_cli_fail(cli, err, &why);
        } else if (cli->json) {
            char id[KAI_HEX_CAP(KAI_ID_BYTES)];

            print_json(json_pack("{s:s, s:s}", "network", charter.name, "id",
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

/* cmd_amend: a new version of the charter: drafted at one founder's, signed by enough of them with
 * their root keys, each at home, and applied anywhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "keys/amend.h"
#include "keys/keyfile.h"
#include "node/cli/args.h"
#include "node/cli/files.h"
#include "node/cli/spoken.h"
#include "text/armor.h"

struct amend {
    struct kai_cli *cli;
    json_t *rows; /* What the node said of it: one object. */
    const json_t *says;
    struct kai_buf record;
    struct kai_buf file; /* The one that came; texts point into it. */
    struct kai_amendment came;
    size_t n_texts;
    struct kai_charter_text texts[KAI_CHARTER_TEXTS_MAX];
    char *loaded[KAI_CHARTER_TEXTS_MAX];
};

static struct amend *amend_new(struct kai_cli *cli)
{
    struct amend *a = calloc(1, sizeof *a);

    if (a != NULL) {
        a->cli = cli;
        kai_buf_init(&a->record, KAI_CHARTER_BYTES_MAX);
        kai_buf_init(&a->file, KAI_AMENDMENT_BYTES_MAX);
    }
    return a;
}

static int amend_end(struct amend *a, int status)
{
    if (a == NULL)
        return KAI_EXIT_FAILED;
    json_decref(a->rows);
    kai_buf_free(&a->record);
    kai_buf_free(&a->file);
    for (size_t i = 0; i < KAI_CHARTER_TEXTS_MAX; i++)
        free(a->loaded[i]);
    free(a);
    return status;
}

static bool unhex_buf(const json_t *o, const char *key, struct kai_buf *out)
{
    const char *hex = json_string_value(json_object_get(o, key));
    size_t n = hex == NULL ? 0 : strlen(hex) / 2;
    uint8_t *at;

    kai_buf_clear(out);
    at = n == 0 ? NULL : kai_buf_room(out, n);
    return at != NULL && kai_unhex(at, n, hex, strlen(hex));
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : "";
}

/* Ask the node, and keep its answer. */
static int ask(struct amend *a, const char *verb, json_t *args)
{
    int status;

    json_decref(a->rows);
    a->rows = kai_cli_ask(a->cli, verb, args, &status);
    a->says = json_array_get(a->rows, 0);
    return a->says == NULL && status == KAI_EXIT_DONE ? KAI_EXIT_FAILED : status;
}

static void say_founders(const struct amend *a, const char *list)
{
    const json_t *rows = json_object_get(a->says, list);
    bool dropped = strcmp(list, "dropped") == 0;
    const json_t *o;
    size_t i;

    json_array_foreach(rows, i, o)
    {
        const char *id = dropped                                     ? "charter.founder-dropped"
                         : json_is_true(json_object_get(o, "added")) ? "charter.founder-added"
                                                                     : "charter.founder";
        kai_cli_say(a->cli, id, text_of(o, "name"),
                    json_is_true(json_object_get(o, "signed"))
                        ? kai_text(a->cli->lang, "charter.signed")
                        : "",
                    NULL);
    }
}

static void say_count(const struct amend *a, const char *id, const char *have, const char *need)
{
    char n1[24], n2[24];

    (void)snprintf(n1, sizeof n1, "%lld",
                   (long long)json_integer_value(json_object_get(a->says, have)));
    (void)snprintf(n2, sizeof n2, "%lld",
                   (long long)json_integer_value(json_object_get(a->says, need)));
    kai_cli_say(a->cli, id, n1, n2, NULL);
}

/* What it says and who has signed: everybody reads this before they sign. */
static void say(const struct amend *a)
{
    char ver[24];
    const json_t *lang;
    size_t i;

    (void)snprintf(ver, sizeof ver, "%lld",
                   (long long)json_integer_value(json_object_get(a->says, "version")));
    kai_cli_say(a->cli, "charter.version", text_of(a->says, "name"), ver, NULL);
    say_founders(a, "founders");
    say_founders(a, "dropped");
    json_array_foreach(json_object_get(a->says, "new_texts"), i, lang)
        kai_cli_say(a->cli, "charter.text", json_string_value(lang), NULL, NULL);
    for (size_t k = 0; k < a->n_texts; k++)
        (void)printf("\n[%s]\n%.*s\n", a->texts[k].lang, (int)a->texts[k].text.n,
                     (const char *)a->texts[k].text.p);
    say_count(a, "charter.before-count", "signed_before", "needed_before");
    say_count(a, "charter.count", "signed", "needed");
}

/* The words are of what it says, so that they stay the same with every signature. */
static bool hash_of(const struct amend *a, uint8_t hash[static KAI_ID_BYTES])
{
    const char *hex = text_of(a->says, "hash");

    return kai_unhex(hash, KAI_ID_BYTES, hex, strlen(hex));
}

/* Add the signature of this home's root key. */
static int sign(struct amend *a)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_charter *prev = calloc(1, sizeof *prev);
    struct kai_keys *root = NULL;
    struct kai_buf before, more;
    struct kai_view body;
    struct kai_cur sigs;
    struct kai_why why = {0};
    const char *nid = text_of(a->says, "nid");
    int status = KAI_EXIT_DONE;
    char *pass =
        kai_cli_passphrase(a->cli, kai_text(a->cli->lang, "passphrase.root"), false, &status);

    kai_buf_init(&before, KAI_CHARTER_BYTES_MAX);
    kai_buf_init(&more, KAI_CHARTER_BYTES_MAX);
    if (pass != NULL && prev != NULL) {
        (void)kai_home_path(&a->cli->home, path, "keys/org-root.key");
        enum kai_err err =
            kai_keyfile_load(&kai_keyport_posix, path, KAI_KEY_ORG_ROOT, pass, &root, NULL, &why);
        if (err == KAI_OK && (!unhex_buf(a->says, "before", &before) ||
                              kai_charter_read(prev, kai_buf_view(&before), &body, &sigs) ||
                              !kai_unhex(prev->nid, KAI_ID_BYTES, nid, strlen(nid))))
            err = kai_why_set(&why, KAI_EIO, "api.answer", NULL, NULL, NULL);
        if (err == KAI_OK)
            err =
                kai_amend_sign(&more, kai_buf_view(&a->record), prev, root->sign_pk, root->sign_sk);
        if (err == KAI_EDENIED)
            err = kai_why_set(&why, err, "charter.not-founder", path, NULL, NULL);
        if (err == KAI_EEXIST)
            err = kai_why_set(&why, err, "charter.signed-already", path, NULL, NULL);
        if (err == KAI_OK) {
            kai_buf_clear(&a->record);
            kai_buf_add(&a->record, more.p, more.len);
        } else {
            status = kai_cli_fail(a->cli, err, &why);
        }
    }
    sodium_free(pass);
    kai_keys_free(root);
    kai_buf_free(&before);
    kai_buf_free(&more);
    free(prev);
    return status;
}

static int write_out(struct amend *a, const char *out)
{
    struct kai_buf bytes;
    struct kai_why why = {0};
    uint8_t hash[KAI_ID_BYTES];

    kai_buf_init(&bytes, KAI_AMENDMENT_BYTES_MAX);
    kai_amendment_write(&bytes, kai_buf_view(&a->record), a->texts, a->n_texts);
    enum kai_err err = bytes.err;
    if (err == KAI_OK)
        err = kai_cli_write_armor(a->cli, out, KAI_ARMOR_CHARTER, "armor.network",
                                  text_of(a->says, "name"), kai_buf_view(&bytes), &why);
    if (err == KAI_OK && hash_of(a, hash))
        kai_cli_say_written(a->cli, "charter.written", text_of(a->says, "name"), out, hash);
    kai_buf_free(&bytes);
    return err == KAI_OK ? KAI_EXIT_DONE : kai_cli_fail(a->cli, err, &why);
}

static int load_texts(struct amend *a, json_t *args)
{
    json_t *langs = json_array();
    json_t *texts = json_array();
    const char *path;
    int status = KAI_EXIT_DONE;

    while ((path = kai_cli_opt_at(a->cli, "--charter", a->n_texts)) != NULL &&
           a->n_texts < KAI_CHARTER_TEXTS_MAX && status == KAI_EXIT_DONE) {
        size_t i = a->n_texts, n = 0;

        status = kai_cli_read_file(a->cli, path, KAI_CHARTER_TEXT_BYTES_MAX, &a->loaded[i], &n);
        if (status != KAI_EXIT_DONE)
            break;
        a->texts[i].lang = i == 0 ? "ja" : "en"; /* As in `network create`. */
        a->texts[i].text = kai_view_of(a->loaded[i], n);
        a->n_texts++;
        (void)json_array_append_new(langs, json_string(a->texts[i].lang));
        json_t *text = json_stringn(a->loaded[i], n);
        if (text == NULL || json_array_append_new(texts, text) != 0)
            status = kai_cli_usage(a->cli, "usage.utf8", path);
    }
    (void)json_object_set_new(args, "langs", langs);
    (void)json_object_set_new(args, "texts", texts);
    return status;
}

int kai_cmd_network_amend(struct kai_cli *cli)
{
    const char *out = kai_cli_opt(cli, "--out");
    struct amend *a = amend_new(cli);
    json_t *args = json_object();
    int status;

    if (a == NULL || out == NULL) {
        json_decref(args);
        return amend_end(a, a == NULL ? KAI_EXIT_FAILED
                                      : kai_cli_usage(cli, "usage.missing", "--out"));
    }
    kai_cli_put_text(cli, args, "--name", "name");
    kai_cli_put_list(cli, args, "--add", "add");
    kai_cli_put_list(cli, args, "--drop", "drop");
    status = kai_cli_put_number(cli, args, "--threshold", "threshold");
    if (status == KAI_EXIT_DONE)
        status = load_texts(a, args);
    if (status == KAI_EXIT_DONE)
        status = ask(a, "network-amend", args);
    else
        json_decref(args);
    if (status == KAI_EXIT_DONE && !unhex_buf(a->says, "record", &a->record))
        status = KAI_EXIT_FAILED;
    if (status == KAI_EXIT_DONE && !cli->json)
        say(a);
    if (status == KAI_EXIT_DONE)
        status = sign(a);
    if (status == KAI_EXIT_DONE)
        status = write_out(a, out);
    return amend_end(a, status);
}

/* Read one that came by mail, and ask the node about it. */
static int read_one(struct amend *a, const char *verb)
{
    struct kai_why why = {0};
    json_t *args;
    int status = kai_cli_read_armor(a->cli, a->cli->args[0], KAI_ARMOR_CHARTER,
                                    KAI_AMENDMENT_BYTES_MAX, &a->file);

    if (status != KAI_EXIT_DONE)
        return status;
    enum kai_err err = kai_amendment_parse(&a->came, kai_buf_view(&a->file));
    if (err != KAI_OK) {
        (void)kai_why_set(&why, err, "charter.refused", kai_err_text(err), NULL, NULL);
        return kai_cli_fail(a->cli, err, &why);
    }
    a->n_texts = a->came.n_texts;
    memcpy(a->texts, a->came.texts, sizeof a->texts);
    kai_buf_add(&a->record, a->came.record.p, a->came.record.n);
    args = json_object();
    kai_cli_put_hex(args, "record", a->came.record);
    json_t *texts = json_array();
    for (size_t i = 0; i < a->n_texts; i++) {
        json_t *text = json_stringn((const char *)a->texts[i].text.p, a->texts[i].text.n);

        if (text == NULL || json_array_append_new(texts, text) != 0)
            status = kai_cli_usage(a->cli, "usage.utf8", a->cli->args[0]);
    }
    (void)json_object_set_new(args, "texts", texts);
    if (status == KAI_EXIT_DONE)
        return ask(a, verb, args);
    json_decref(args);
    return status;
}

int kai_cmd_network_sign(struct kai_cli *cli)
{
    const char *out = kai_cli_opt(cli, "--out");
    struct amend *a = amend_new(cli);
    uint8_t hash[KAI_ID_BYTES];
    int status;

    if (a == NULL || out == NULL)
        return amend_end(a, a == NULL ? KAI_EXIT_FAILED
                                      : kai_cli_usage(cli, "usage.missing", "--out"));
    status = read_one(a, "network-review");
    if (status == KAI_EXIT_DONE && !cli->json)
        say(a);
    if (status == KAI_EXIT_DONE)
        status = hash_of(a, hash) ? kai_cli_check_words(cli, hash) : KAI_EXIT_FAILED;
    if (status == KAI_EXIT_DONE)
        status = sign(a);
    if (status == KAI_EXIT_DONE)
        status = write_out(a, out);
    return amend_end(a, status);
}

int kai_cmd_network_apply(struct kai_cli *cli)
{
    struct amend *a = amend_new(cli);
    int status = a == NULL ? KAI_EXIT_FAILED : read_one(a, "network-apply");

    if (status == KAI_EXIT_DONE && cli->json) {
        kai_cli_print_json(json_pack("{s:s, s:O}", "name", text_of(a->says, "name"), "version",
                                     json_object_get(a->says, "version")));
    } else if (status == KAI_EXIT_DONE) {
        say(a);
        kai_cli_say(cli, "charter.applied", text_of(a->says, "name"), NULL, NULL);
    }
    return amend_end(a, status);
}

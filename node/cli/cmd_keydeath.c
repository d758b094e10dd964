/* cmd_keydeath: makes a KEYDEATH of a key of this home, to be kept apart until the key is lost or
 * stolen; and uses one, at any node of the network. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "crypto/hash.h"
#include "keys/keydeath.h"
#include "keys/keyfile.h"
#include "node/cli/args.h"
#include "node/cli/files.h"
#include "node/cli/spoken.h"
#include "text/armor.h"

static const struct {
    const char *name;
    const char *file;
    enum kai_key_role role;
} keys[] = {
    {"node", "keys/node.key", KAI_KEY_NODE},
    {"issuing", "keys/issuing.key", KAI_KEY_ISSUING},
    {"root", "keys/org-root.key", KAI_KEY_ORG_ROOT},
};

static int load(struct kai_cli *cli, const char *name, struct kai_keys **out)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_why why = {0};
    size_t i = 0;
    int status = KAI_EXIT_DONE;
    char *pass = NULL;

    while (i < sizeof keys / sizeof keys[0] && strcmp(keys[i].name, name) != 0)
        i++;
    if (i == sizeof keys / sizeof keys[0])
        return kai_cli_usage(cli, "usage.key", name);
    if (keys[i].role == KAI_KEY_ORG_ROOT &&
        (pass = kai_cli_passphrase(cli, kai_text(cli->lang, "passphrase.root"), false, &status)) ==
            NULL)
        return status;
    (void)kai_home_path(&cli->home, path, "%s", keys[i].file);
    enum kai_err err =
        kai_keyfile_load(&kai_keyport_posix, path, keys[i].role, pass, out, NULL, &why);
    sodium_free(pass);
    return err == KAI_OK ? KAI_EXIT_DONE : kai_cli_fail(cli, err, &why);
}

/* The network's id and what the organisation is called, as the node says. */
static int ask_network(struct kai_cli *cli, uint8_t nid[static KAI_ID_BYTES],
                       char name[static KAI_TEXT_BYTES_MAX + 1])
{
    int status;
    json_t *rows = kai_cli_ask(cli, "status", json_object(), &status);
    const json_t *o = json_array_get(rows, 0);
    const char *id = json_string_value(json_object_get(o, "network"));
    const char *org = json_string_value(json_object_get(o, "org"));
    bool ok = id != NULL && org != NULL && kai_unhex(nid, KAI_ID_BYTES, id, strlen(id));

    if (ok)
        kai_copy_text(name, KAI_TEXT_BYTES_MAX + 1, org);
    json_decref(rows);
    return ok || status != KAI_EXIT_DONE ? status : KAI_EXIT_FAILED;
}

int kai_cmd_keydeath_make(struct kai_cli *cli)
{
    const char *key = kai_cli_opt(cli, "--of");
    const char *out = kai_cli_opt(cli, "--out");
    char name[KAI_TEXT_BYTES_MAX + 1];
    uint8_t nid[KAI_ID_BYTES];
    struct kai_keys *k = NULL;
    struct kai_keydeath d = {0};
    struct kai_buf note;
    struct kai_why why = {0};

    if (key == NULL || out == NULL)
        return kai_cli_usage(cli, "usage.missing", key == NULL ? "--of" : "--out");
    int status = load(cli, key, &k);
    if (status == KAI_EXIT_DONE)
        status = ask_network(cli, nid, name);
    kai_buf_init(&note, KAI_KEYDEATH_BYTES_MAX);
    if (status == KAI_EXIT_DONE) {
        assert(k != NULL); /* As load() said. */
        memcpy(d.key, k->sign_pk, KAI_KEY_BYTES);
        memcpy(d.signer, k->sign_pk, KAI_KEY_BYTES);
        kai_keydeath_write(&note, &d, k->sign_sk, nid);
        enum kai_err err = note.err;
        if (err == KAI_OK)
            err = kai_cli_write_armor(cli, out, KAI_ARMOR_KEYDEATH, "armor.organisation", name,
                                      kai_buf_view(&note), &why);
        if (err != KAI_OK)
            status = kai_cli_fail(cli, err, &why);
        else if (cli->json)
            kai_cli_print_json(json_pack("{s:s, s:o}", "name", name, "file", kai_cli_path(out)));
        else
            kai_cli_say(cli, "keydeath.made", out, NULL, NULL);
    }
    kai_keys_free(k);
    kai_buf_free(&note);
    return status;
}

int kai_cmd_keydeath_use(struct kai_cli *cli)
{
    struct kai_buf note;
    json_t *args;
    int status;

    kai_buf_init(&note, KAI_KEYDEATH_BYTES_MAX);
    status =
        kai_cli_read_armor(cli, cli->args[0], KAI_ARMOR_KEYDEATH, KAI_KEYDEATH_BYTES_MAX, &note);
    if (status == KAI_EXIT_DONE) {
        args = json_object();
        kai_cli_put_hex(args, "note", kai_buf_view(&note));
        json_t *rows = kai_cli_ask(cli, "keydeath-use", args, &status);
        const json_t *o = json_array_get(rows, 0);
        if (o != NULL && cli->json)
            kai_cli_print_json(json_incref(json_array_get(rows, 0)));
        else if (o != NULL)
            kai_cli_say(cli, "keydeath.used", json_string_value(json_object_get(o, "name")), NULL,
                        NULL);
        json_decref(rows);
    }
    kai_buf_free(&note);
    return status;
}

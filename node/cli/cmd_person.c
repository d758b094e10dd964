/* cmd_person: persons: their own keys, and the places that an organisation gives them. */
#include <string.h>

#include <sodium.h>

#include "keys/ceremony.h"
#include "node/cli/args.h"
#include "node/cli/files.h"
#include "node/cli/spoken.h"
#include "node/person_key.h"
#include "text/armor.h"

static const struct kai_column columns[] = {
    {"person.name", "name", KAI_ALIGN_LEFT},       {"org.name", "org", KAI_ALIGN_LEFT},
    {"org.status", "status", KAI_ALIGN_LEFT},      {"org.label-max", "label_max", KAI_ALIGN_LEFT},
    {"person.expires", "expires", KAI_ALIGN_LEFT}, {"org.id", "id", KAI_ALIGN_LEFT},
};
#define COLUMNS_N (sizeof columns / sizeof columns[0])

int kai_cmd_person_key(struct kai_cli *cli)
{
    const char *name = kai_cli_opt(cli, "--name");
    const char *out = kai_cli_opt(cli, "--out");
    char path[KAI_PATH_BYTES_MAX];
    struct kai_buf bytes;
    struct kai_why why = {0};
    uint8_t hash[KAI_ID_BYTES];
    int status;

    if (name == NULL || out == NULL)
        return kai_cli_usage(cli, "usage.missing", name == NULL ? "--name" : "--out");
    if (!kai_cli_name_ok(cli, name))
        return KAI_EXIT_USAGE;
    enum kai_err err = kai_person_key_path(&cli->home, name, path, &why);
    if (err != KAI_OK)
        return kai_cli_fail(cli, err, &why);
    char *pass = kai_cli_passphrase(cli, name, true, &status);
    if (pass == NULL)
        return status;
    kai_buf_init(&bytes, KAI_REQUEST_BYTES_MAX);
    err = kai_person_key_request(&cli->home, name, pass, &bytes, &why);
    sodium_free(pass);
    if (err == KAI_OK)
        err = kai_cli_write_armor(cli, out, KAI_ARMOR_REQUEST, "armor.person", name,
                                  kai_buf_view(&bytes), &why);
    if (err == KAI_OK) {
        kai_ceremony_hash(hash, kai_buf_view(&bytes));
        kai_cli_say_written(cli, "person.request-sent", name, out, hash);
    } else {
        status = kai_cli_fail(cli, err, &why);
    }
    kai_buf_free(&bytes);
    return status;
}

int kai_cmd_person_add(struct kai_cli *cli)
{
    struct kai_buf bytes;
    int status;

    kai_buf_init(&bytes, KAI_REQUEST_BYTES_MAX);
    status = kai_cli_read_request(cli, cli->args[0], &bytes);
    if (status == KAI_EXIT_DONE) {
        json_t *args = json_pack("{s:b}", "open_name", kai_cli_flag(cli, "--open-name"));

        kai_cli_put_hex(args, "request", kai_buf_view(&bytes));
        kai_cli_put_text(cli, args, "--clearance", "clearance");
        kai_cli_put_text(cli, args, "--expires", "expires");
        status = kai_cli_show(cli, "person-add", args, columns, COLUMNS_N);
    }
    kai_buf_free(&bytes);
    return status;
}

int kai_cmd_person_list(struct kai_cli *cli)
{
    return kai_cli_show(cli, "person-list", json_pack("{s:b}", "all", kai_cli_flag(cli, "--all")),
                        columns, COLUMNS_N);
}

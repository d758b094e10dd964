/* root_sign: what the organisation's root key signs in the command line. */
#include "node/cli/root_sign.h"

#include <string.h>

#include <sodium.h>

#include "keys/record.h"

bool kai_cli_unhex(const json_t *o, const char *key, uint8_t *out, size_t n)
{
    const char *hex = json_string_value(json_object_get(o, key));

    return hex != NULL && kai_unhex(out, n, hex, strlen(hex));
}

enum kai_err kai_cli_root_place(const json_t *answer, uint8_t nid[static KAI_ID_BYTES],
                                struct kai_hdr *next, struct kai_why *why)
{
    *next = (struct kai_hdr){
        .seq = (uint64_t)json_integer_value(json_object_get(answer, "seq")),
        .ts = (uint64_t)json_integer_value(json_object_get(answer, "ts")),
        .ptype = KAI_PTYPE_CONTROL,
    };
    if (kai_cli_unhex(answer, "nid", nid, KAI_ID_BYTES) &&
        kai_cli_unhex(answer, "root_pk", next->log_pk, KAI_KEY_BYTES) &&
        kai_cli_unhex(answer, "prev", next->prev, KAI_ID_BYTES))
        return KAI_OK;
    return kai_why_set(why, KAI_EIO, "api.answer", NULL, NULL, NULL);
}

int kai_cli_root_open(struct kai_cli *cli, const uint8_t root_pk[static KAI_KEY_BYTES],
                      struct kai_keys **out)
{
    char path[KAI_PATH_BYTES_MAX];
    struct kai_why why = {0};
    int status;
    char *pass = kai_cli_passphrase(cli, kai_text(cli->lang, "passphrase.root"), false, &status);

    *out = NULL;
    if (pass == NULL)
        return status;
    enum kai_err err =
        kai_keyfile_load(&kai_keyport_posix, kai_home_path(&cli->home, path, "keys/org-root.key"),
                         KAI_KEY_ORG_ROOT, pass, out, NULL, &why);
    sodium_free(pass);
    if (err == KAI_OK && memcmp((*out)->sign_pk, root_pk, KAI_KEY_BYTES) != 0)
        err = kai_why_set(&why, KAI_EMALFORMED, "issuing.other-key", path, NULL, NULL);
    return err == KAI_OK ? KAI_EXIT_DONE : kai_cli_fail(cli, err, &why);
}

enum kai_err kai_cli_root_sign(const struct kai_keys *root, const uint8_t nid[static KAI_ID_BYTES],
                               struct kai_hdr *next, uint64_t type, const struct kai_buf *body,
                               struct kai_buf *out)
{
    struct kai_buf payload;
    struct kai_buf bytes;
    struct kai_entry e;

    kai_buf_init(&payload, KAI_CERT_BYTES_MAX);
    kai_buf_init(&bytes, 4 * KAI_CERT_BYTES_MAX);
    kai_rec_write(&payload, type, kai_buf_view(body));
    enum kai_err err = body->err != KAI_OK ? body->err : payload.err;
    if (err == KAI_OK)
        err = kai_entry_make(&e, &bytes, next, root->sign_sk, nid, kai_buf_view(&payload));
    if (err == KAI_OK) {
        kai_entry_write(out, &e, true);
        err = out->err;
        next->seq++;
        memcpy(next->prev, e.hash, KAI_ID_BYTES);
    }
    kai_buf_free(&payload);
    kai_buf_free(&bytes);
    return err;
}

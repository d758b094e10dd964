/* cmd_open: a person opens what was sealed to them, with their own key, here and nowhere else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "item/list.h"
#include "keys/keyfile.h"
#include "log/red.h"
#include "node/cli/args.h"
#include "node/cli/files.h"
#include "node/person_key.h"

struct open {
    struct kai_cli *cli;
    json_t *rows;
    const json_t *got; /* What the node has of it. */
    struct kai_keys *keys;
    uint8_t nid[KAI_ID_BYTES];
    uint8_t origin[KAI_ID_BYTES];
    struct kai_buf bytes; /* OBJ, then the sealed contents, one after the other. */
    struct kai_view obj;
    size_t n;
    struct kai_view sealed[KAI_BATCH_ITEMS_MAX];
    struct kai_red_content contents[KAI_BATCH_ITEMS_MAX];
    struct kai_buf clear; /* Wiped at the end. */
    struct kai_buf out;   /* Likewise. */
    struct kai_why why;
};

static enum kai_err answer_wrong(struct open *o)
{
    return kai_why_set(&o->why, KAI_EIO, "api.answer", NULL, NULL, NULL);
}

static bool add_hex(struct open *o, const char *hex, size_t *n)
{
    *n = hex == NULL ? 0 : strlen(hex) / 2;
    uint8_t *at = *n == 0 ? NULL : kai_buf_room(&o->bytes, *n);

    return at != NULL && kai_unhex(at, *n, hex, 2 * *n);
}

static enum kai_err read_answer(struct open *o)
{
    const json_t *sealed = json_object_get(o->got, "sealed");
    const char *nid = json_string_value(json_object_get(o->got, "nid"));
    const char *origin = json_string_value(json_object_get(o->got, "origin"));
    size_t sizes[KAI_BATCH_ITEMS_MAX];
    size_t obj_n;
    size_t at;

    o->n = json_array_size(sealed);
    if (nid == NULL || origin == NULL || o->n > KAI_BATCH_ITEMS_MAX ||
        !kai_unhex(o->nid, KAI_ID_BYTES, nid, strlen(nid)) ||
        !kai_unhex(o->origin, KAI_ID_BYTES, origin, strlen(origin)) ||
        !add_hex(o, json_string_value(json_object_get(o->got, "obj")), &obj_n))
        return answer_wrong(o);
    for (size_t i = 0; i < o->n; i++)
        if (!add_hex(o, json_string_value(json_array_get(sealed, i)), &sizes[i]))
            return answer_wrong(o);
    o->obj = kai_view_of(o->bytes.p, obj_n);
    at = obj_n;
    for (size_t i = 0; i < o->n; i++) {
        o->sealed[i] = kai_view_of(o->bytes.p + at, sizes[i]);
        at += sizes[i];
    }
    return KAI_OK;
}

/* The person's key: asked for last, when there is something to open. */
static int load_key(struct open *o)
{
    const char *name = kai_cli_opt(o->cli, "--name");
    const char *file = kai_cli_opt(o->cli, "--key");
    char only[KAI_TEXT_BYTES_MAX + 1];
    char path[KAI_PATH_BYTES_MAX];
    int status = KAI_EXIT_DONE;
    enum kai_err err = KAI_OK;

    if (file == NULL && name == NULL) {
        err = kai_person_key_only(&o->cli->home, only, &o->why);
        name = only;
    }
    if (err == KAI_OK && file == NULL)
        err = kai_person_key_path(&o->cli->home, name, path, &o->why);
    if (err != KAI_OK)
        return kai_cli_fail(o->cli, err, &o->why);
    char *pass = kai_cli_passphrase(o->cli, file != NULL ? file : name, false, &status);
    if (pass == NULL)
        return status;
    err = kai_keyfile_load(&kai_keyport_posix, file != NULL ? file : path, KAI_KEY_PERSON, pass,
                           &o->keys, NULL, &o->why);
    sodium_free(pass);
    return err == KAI_OK ? KAI_EXIT_DONE : kai_cli_fail(o->cli, err, &o->why);
}

static void put_list(struct open *o, struct kai_view content, const struct kai_obj *obj)
{
    struct kai_label label = {.tlp = KAI_TLP_RED, .pap = obj->pap, .exercise = obj->exercise};
    struct kai_list list;

    if (kai_list_read(&list, content, true, NULL) != KAI_OK) {
        o->out.err = KAI_EMALFORMED;
        return;
    }
    for (uint32_t i = 0; i < list.n && o->out.err == KAI_OK; i++) {
        if (i > 0)
            kai_buf_u8(&o->out, '\n');
        kai_ignore(kai_list_stix(&list, i, obj->created, label, o->origin, &o->out));
    }
}

/* One object after the other, each as its source wrote it. */
static enum kai_err unseal(struct open *o)
{
    struct kai_red_reader who = {.nid = o->nid, .kx_pk = o->keys->kx_pk, .kx_sk = o->keys->kx_sk};
    struct kai_obj obj;
    enum kai_err err = kai_obj_parse(&obj, o->obj);

    if (err == KAI_OK)
        err = kai_red_open(&o->clear, o->contents, &who, o->obj, o->sealed, o->n);
    if (err == KAI_ENOTFOUND)
        return kai_why_set(&o->why, KAI_EDENIED, "red.no-slot", o->cli->args[0], NULL, NULL);
    if (err != KAI_OK && err != KAI_ENOMEM)
        return kai_why_set(&o->why, KAI_EAUTH, "red.damaged", o->cli->args[0], NULL, NULL);
    for (size_t i = 0; err == KAI_OK && i < o->n; i++) {
        const struct kai_red_content *c = &o->contents[i];

        if (i > 0)
            kai_buf_u8(&o->out, '\n');
        if (c->kind == KAI_CONTENT_LIST)
            put_list(o, c->content, &obj);
        else
            kai_buf_add(&o->out, c->content.p, c->content.n);
        err = o->out.err;
    }
    return err;
}

static enum kai_err hand_over(struct open *o)
{
    const char *file = kai_cli_opt(o->cli, "--out");

    if (file != NULL)
        return kai_file_write(file, o->out.p, o->out.len, 0600, &o->why);
    (void)setvbuf(stdout, NULL, _IONBF, 0); /* No copy in a buffer that nobody wipes. */
    if (fwrite(o->out.p, 1, o->out.len, stdout) != o->out.len)
        return kai_why_set(&o->why, KAI_EIO, "io.error", "stdout", "", NULL);
    if (isatty(STDOUT_FILENO))
        (void)putchar('\n');
    return KAI_OK;
}

static void wipe(struct kai_buf *b)
{
    if (b->p != NULL && b->len > 0)
        sodium_memzero(b->p, b->len);
    kai_buf_free(b);
}

int kai_cmd_open(struct kai_cli *cli)
{
    struct open *o = calloc(1, sizeof *o);
    int status = KAI_EXIT_FAILED;

    if (o == NULL)
        return status;
    o->cli = cli;
    kai_buf_init(&o->bytes, KAI_BODY_BYTES_MAX);
    kai_buf_init(&o->clear, KAI_BODY_BYTES_MAX);
    kai_buf_init(&o->out, 64 * KAI_BODY_BYTES_MAX);
    o->rows = kai_cli_ask(cli, "red-get", json_pack("{s:s}", "id", cli->args[0]), &status);
    o->got = json_array_get(o->rows, 0);
    if (o->rows != NULL) {
        enum kai_err err = read_answer(o);

        status = err == KAI_OK ? load_key(o) : kai_cli_fail(cli, err, &o->why);
    }
    if (o->rows != NULL && status == KAI_EXIT_DONE) {
        enum kai_err err = unseal(o);

        if (err == KAI_OK && json_is_true(json_object_get(o->got, "recalled")))
            kai_cli_note(cli, "red.recalled", NULL, NULL, NULL);
        if (err == KAI_OK)
            err = hand_over(o);
        status = err == KAI_OK ? KAI_EXIT_DONE : kai_cli_fail(cli, err, &o->why);
    }
    kai_keys_free(o->keys);
    wipe(&o->clear);
    wipe(&o->out);
    kai_buf_free(&o->bytes);
    json_decref(o->rows);
    free(o);
    return status;
}

/* feed: folders of MISP events. */
#include "node/cli/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "item/scoid.h"
#include "node/cli/files.h"
#include "node/cli/whole.h"

#define MANIFEST_BYTES_MAX (64u << 20)
#define FILES_MAX          1000000u

static bool add(struct kai_feed *f, char *path)
{
    char **more =
        path == NULL || f->n == FILES_MAX ? NULL : realloc(f->files, (f->n + 1) * sizeof *more);

    if (more == NULL) {
        free(path);
        return false;
    }
    f->files = more;
    f->files[f->n++] = path;
    return true;
}

static int refuse(const struct kai_cli *cli, const char *code, const char *path, const char *what)
{
    struct kai_why why = {0};

    kai_why_at(&why, 0, "%s", path);
    kai_ignore(kai_why_set(&why, KAI_EMALFORMED, code, what, NULL, NULL));
    return kai_cli_fail(cli, KAI_EMALFORMED, &why);
}

/* The manifest may say what the event's bytes hash to. */
static int check_hash(const struct kai_cli *cli, const char *path, const char *want)
{
    struct kai_why why = {0};
    struct kai_view text;
    struct kai_whole w;
    uint8_t hash[crypto_hash_sha256_BYTES];
    uint8_t wanted[crypto_hash_sha256_BYTES];
    enum kai_err err = kai_whole_open(&w, path, &text, &why);

    if (err != KAI_OK)
        return kai_cli_fail(cli, err, &why);
    (void)crypto_hash_sha256(hash, text.p, text.n);
    kai_whole_close(&w);
    if (!kai_unhex(wanted, sizeof wanted, want, strlen(want)) ||
        memcmp(hash, wanted, sizeof hash) != 0)
        return refuse(cli, "misp.integrity", path, path);
    return KAI_EXIT_DONE;
}

static int take_event(struct kai_feed *f, const struct kai_cli *cli, const char *folder,
                      const char *uuid, const json_t *row)
{
    const char *hash = json_string_value(json_object_get(row, "integrity:sha256"));
    uint8_t id[16];
    char *path = NULL;
    size_t n = strlen(folder) + strlen(uuid) + sizeof "/.json";

    if (!kai_uuid_parse(id, kai_view_of(uuid, strlen(uuid)))) /* It becomes a file's name. */
        return refuse(cli, "misp.manifest", folder, uuid);
    path = malloc(n);
    if (path != NULL)
        (void)snprintf(path, n, "%s/%s.json", folder, uuid);
    if (!add(f, path))
        return KAI_EXIT_FAILED;
    return hash != NULL ? check_hash(cli, path, hash) : KAI_EXIT_DONE;
}

static int take_folder(struct kai_feed *f, const struct kai_cli *cli, const char *folder)
{
    size_t n = strlen(folder) + sizeof "/manifest.json";
    char *path = malloc(n);
    char *text = NULL;
    size_t text_n;
    int status = KAI_EXIT_FAILED;
    const char *uuid;
    json_t *row;

    if (path == NULL)
        return status;
    (void)snprintf(path, n, "%s/manifest.json", folder);
    status = kai_cli_read_file(cli, path, MANIFEST_BYTES_MAX, &text, &text_n);
    json_t *o = text == NULL ? NULL : json_loadb(text, text_n, JSON_REJECT_DUPLICATES, NULL);
    if (status == KAI_EXIT_DONE && !json_is_object(o))
        status = refuse(cli, "misp.manifest", path, "manifest.json");
    json_object_foreach(o, uuid, row)
    {
        if (status == KAI_EXIT_DONE)
            status = take_event(f, cli, folder, uuid, row);
    }
    json_decref(o);
    free(text);
    free(path);
    return status;
}

int kai_feed_open(struct kai_feed *f, const struct kai_cli *cli)
{
    int status = KAI_EXIT_DONE;

    *f = (struct kai_feed){.n = 0};
    for (size_t i = 0; status == KAI_EXIT_DONE && i < cli->n_args; i++) {
        struct stat st;

        if (stat(cli->args[i], &st) == 0 && S_ISDIR(st.st_mode))
            status = take_folder(f, cli, cli->args[i]);
        else if (!add(f, strdup(cli->args[i])))
            status = KAI_EXIT_FAILED;
    }
    if (status != KAI_EXIT_DONE)
        kai_feed_close(f);
    return status;
}

void kai_feed_close(struct kai_feed *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->files[i]);
    free(f->files);
    *f = (struct kai_feed){.n = 0};
}

/* files: small inputs of the command line. */
#include "node/cli/files.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "text/armor.h"

#define ARMOR_TEXT_BYTES_MAX (8u << 20) /* Mail around it included. */

int kai_cli_read_file(const struct kai_cli *cli, const char *path, size_t max, char **out,
                      size_t *n)
{
    struct kai_why why = {0};
    char *buf = malloc(max + 2);

    *out = NULL;
    if (buf == NULL)
        return KAI_EXIT_FAILED;
    enum kai_err err = kai_file_read(path, buf, max + 2, n);
    if (err == KAI_OK) {
        *out = buf;
        return KAI_EXIT_DONE;
    }
    free(buf);
    kai_ignore(kai_why_set(&why, err, err == KAI_ELIMIT ? "file.too-large" : "file.read", path,
                           kai_err_text(err), NULL));
    return kai_cli_fail(cli, err == KAI_ENOTFOUND ? KAI_EIO : err, &why);
}

int kai_cli_read_armor(const struct kai_cli *cli, const char *path, const char *kind, size_t max,
                       struct kai_buf *out)
{
    struct kai_why why = {0};
    char *text;
    size_t n;
    int status = kai_cli_read_file(cli, path, ARMOR_TEXT_BYTES_MAX, &text, &n);

    if (status != KAI_EXIT_DONE)
        return status;
    kai_why_at(&why, 0, "%s", path);
    enum kai_err err = kai_unarmor(kai_view_of(text, n), kind, max, out, &why);
    free(text);
    return err == KAI_OK ? KAI_EXIT_DONE : kai_cli_fail(cli, err, &why);
}

bool kai_cli_name_ok(const struct kai_cli *cli, const char *name)
{
    size_t n = strlen(name);
    bool ok = n > 0 && n <= KAI_TEXT_BYTES_MAX && kai_utf8_ok((const uint8_t *)name, n);

    for (size_t i = 0; ok && i < n; i++)
        ok = (uint8_t)name[i] >= 0x20 && name[i] != 0x7f;
    if (!ok)
        (void)kai_cli_usage(cli, "usage.name", name);
    return ok;
}

bool kai_cli_number(const char *text, uint64_t *v)
{
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    *v = strtoull(text, &end, 10);
    return *end == '\0' && *v <= INT64_MAX;
}

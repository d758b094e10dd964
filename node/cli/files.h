/* files: small inputs of the command line. Each tells what is wrong and returns the exit status. */
#ifndef KAI_NODE_CLI_FILES_H
#define KAI_NODE_CLI_FILES_H

#include "base/buf.h"
#include "node/cli/cli.h"

/* A whole file of at most max bytes; *out is the caller's to free(). */
int kai_cli_read_file(const struct kai_cli *cli, const char *path, size_t max, char **out,
                      size_t *n);
/* The bytes of the one armored block of this kind in a file. */
int kai_cli_read_armor(const struct kai_cli *cli, const char *path, const char *kind, size_t max,
                       struct kai_buf *out);
/* Whether a name may stand in a certificate: UTF-8, 1 to KAI_TEXT_BYTES_MAX bytes, no control
 * characters. Tells when not. */
bool kai_cli_name_ok(const struct kai_cli *cli, const char *name);
bool kai_cli_number(const char *text, uint64_t *v);

#endif

/* spoken: what goes between people in a ceremony: mailable text, and words for the telephone. */
#ifndef KAI_NODE_CLI_SPOKEN_H
#define KAI_NODE_CLI_SPOKEN_H

#include "base/buf.h"
#include "base/limits.h"
#include "node/cli/cli.h"

#define KAI_SPOKEN_CAP 512u

/* The words of a hash, in the language of the call. */
void kai_cli_words(const struct kai_cli *cli, const uint8_t hash[static KAI_ID_BYTES],
                   char out[static KAI_SPOKEN_CAP]);
/* The words that the other side read out: given, or asked for on a terminal; without either nothing
 * is compared. Returns the exit status; what does not fit was told. */
int kai_cli_check_words(const struct kai_cli *cli, const uint8_t hash[static KAI_ID_BYTES]);

/* Read an armored request, and compare its words. Returns the exit status. */
int kai_cli_read_request(const struct kai_cli *cli, const char *path, struct kai_buf *out);
/* Write bytes as armored text of this kind, with the name of whom it is about above them. */
KAI_MUST_USE enum kai_err kai_cli_write_armor(const struct kai_cli *cli, const char *path,
                                              const char *kind, const char *header,
                                              const char *name, struct kai_view bytes,
                                              struct kai_why *why);
/* Say that a request or an admission was written: the text done with name and path, and the words
 * of hash; with --json one line {name, file, words}. */
void kai_cli_say_written(const struct kai_cli *cli, const char *done, const char *name,
                         const char *path, const uint8_t hash[static KAI_ID_BYTES]);

#endif

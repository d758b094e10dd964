/* root_sign: what the organisation's root key signs in the command line: no node ever has it. */
#ifndef KAI_NODE_CLI_ROOT_SIGN_H
#define KAI_NODE_CLI_ROOT_SIGN_H

#include "keys/keyfile.h"
#include "log/entry.h"
#include "node/cli/cli.h"

/* Where the next entry of the root's log stands: nid, root_pk, seq, prev and ts of a node's answer.
 * Errors: KAI_EIO (api.answer). */
KAI_MUST_USE enum kai_err kai_cli_root_place(const json_t *answer, uint8_t nid[static KAI_ID_BYTES],
                                             struct kai_hdr *next, struct kai_why *why);
/* Bytes of an answer, in hex there. */
bool kai_cli_unhex(const json_t *o, const char *key, uint8_t *out, size_t n);
/* The root key of this home, opened with its passphrase; free with kai_keys_free(). It has to be
 * root_pk. Returns the exit status; what failed was told. */
int kai_cli_root_open(struct kai_cli *cli, const uint8_t root_pk[static KAI_KEY_BYTES],
                      struct kai_keys **out);
/* Append the next entry of its log to out, and move next on. Errors: KAI_ENOMEM, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_cli_root_sign(const struct kai_keys *root,
                                            const uint8_t nid[static KAI_ID_BYTES],
                                            struct kai_hdr *next, uint64_t type,
                                            const struct kai_buf *body, struct kai_buf *out);

#endif

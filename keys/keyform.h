/* keyform: the bytes of a key file; see keyfile.h for what may be done with them.
 *
 * magic8 | version | role | sealed | 0 | body | H("kairan1.file", all before). body = the secrets,
 * or where sealed salt16 | n24 | XChaCha20-Poly1305 of the secrets, AD = all before the box. The
 * sum tells a damaged file from a wrong passphrase; it protects nothing. */
#ifndef KAI_KEYS_KEYFORM_H
#define KAI_KEYS_KEYFORM_H

#include "base/bytes.h"
#include "keys/keyfile.h"

#define KAI_KEYFORM_BYTES_MAX 256u

/* Writes at most KAI_KEYFORM_BYTES_MAX bytes; *n is set. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_keyform_write(uint8_t *out, size_t *n, const struct kai_keys *k,
                                            const char *passphrase);
/* The reason codes are those of kai_keyfile_load(). */
KAI_MUST_USE enum kai_err kai_keyform_read(struct kai_keys *k, struct kai_view file,
                                           enum kai_key_role role, const char *passphrase,
                                           bool *sealed, const char **code);

#endif

/* stretch: a key from a passphrase, for what a person keeps in a file: keys, persons' keys,
 * backups. */
#ifndef KAI_CRYPTO_STRETCH_H
#define KAI_CRYPTO_STRETCH_H

#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

#define KAI_SALT_BYTES 16u

/* K(Argon2id(passphrase, salt), domain, salt); passphrase ends with 0 (docs/protocol.md 2).
 * Errors: KAI_ENOMEM. */
enum kai_err kai_stretch(uint8_t key[static KAI_KEY_BYTES], const char *domain,
                         const char *passphrase, const uint8_t salt[static KAI_SALT_BYTES]);

#endif

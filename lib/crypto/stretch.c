/* stretch: a key from a passphrase. */
#include "crypto/stretch.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "crypto/hash.h"

static_assert(KAI_SALT_BYTES == crypto_pwhash_SALTBYTES, "the layouts of the files say 16");

enum kai_err kai_stretch(uint8_t key[static KAI_KEY_BYTES], const char *domain,
                         const char *passphrase, const uint8_t salt[static KAI_SALT_BYTES])
{
    uint8_t raw[KAI_KEY_BYTES];
    /* Not more than interactive: the machine may be an old office PC with 1 GB. */
    int rc = crypto_pwhash(raw, sizeof raw, passphrase, strlen(passphrase), salt,
                           crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                           crypto_pwhash_ALG_ARGON2ID13);

    if (rc == 0)
        kai_kdf(key, KAI_KEY_BYTES, domain, raw, salt, KAI_SALT_BYTES);
    sodium_memzero(raw, sizeof raw);
    return rc == 0 ? KAI_OK : KAI_ENOMEM;
}

/* keyfile: secret keys on disk (docs/protocol.md 2): created whole or not at all, fsynced, mode
 * 0600.
 *
 * A file holds a magic, its role, its secrets and a checksum; with a passphrase the secrets are
 * sealed under Argon2id (interactive limits: an old PC has little memory). Files that group or
 * others may read are refused. Reasons, {1} is the path: key.missing key.mode (group or others may
 * read it, or it is no plain file) key.owner key.corrupt key.passphrase key.passphrase-needed
 * key.exists key.newer disk.full io.error ({2} what the system says). The port lets tests fail each
 * step; kai_keyport_posix is the real one. */
#ifndef KAI_KEYS_KEYFILE_H
#define KAI_KEYS_KEYFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/why.h"

enum kai_key_role {
    KAI_KEY_ORG_ROOT = 1, /* sign */
    KAI_KEY_ISSUING = 2,  /* sign */
    KAI_KEY_NODE = 3,     /* sign, kx, curve */
    KAI_KEY_LOG = 4,      /* sign */
    KAI_KEY_PERSON = 5,   /* sign, kx */
};

/* Guarded memory from kai_keys_new() to kai_keys_free(), which wipes. */
struct kai_keys {
    uint64_t role;
    uint8_t sign_pk[KAI_KEY_BYTES];
    uint8_t sign_sk[64];
    uint8_t kx_pk[KAI_KEY_BYTES]; /* Zeros where the role has none. */
    uint8_t kx_sk[KAI_KEY_BYTES];
    uint8_t curve_pk[KAI_KEY_BYTES];
    uint8_t curve_sk[KAI_KEY_BYTES];
};
KAI_MUST_USE enum kai_err kai_keys_new(struct kai_keys **out,
                                       enum kai_key_role role); /* Fresh keys. */
void kai_keys_free(struct kai_keys *k);

struct kai_keyport; /* open, write, fsync, rename, fsync of the folder, read, stat, unlink. */
extern const struct kai_keyport kai_keyport_posix;

/* passphrase NULL: not sealed. path must not exist. Errors: KAI_EEXIST, KAI_EFULL, KAI_EPERM,
 * KAI_EIO, KAI_ENOMEM; no file is left then. *why says which. */
KAI_MUST_USE enum kai_err kai_keyfile_save(const struct kai_keyport *port, const char *path,
                                           const struct kai_keys *k, const char *passphrase,
                                           struct kai_why *why);
/* Errors: KAI_ENOTFOUND, KAI_EPERM (mode), KAI_EMALFORMED (not a key file, or cut short), KAI_EAUTH
 * (passphrase wrong or missing, or the file was changed), KAI_EVERSION, KAI_EIO, KAI_ENOMEM.
 * *sealed (may be NULL): whether it needs a passphrase. */
KAI_MUST_USE enum kai_err kai_keyfile_load(const struct kai_keyport *port, const char *path,
                                           enum kai_key_role role, const char *passphrase,
                                           struct kai_keys **out, bool *sealed,
                                           struct kai_why *why);

#endif

/* recover: an organisation whose node with the issuing key is gone, in the home that its backup was
 * restored to: the root key admits a new issuing key and revokes the old one, with a cut at what
 * the backup knows of it, and the new one admits a new node. The one that is gone is revoked later,
 * by hand: until then what it wrote after the backup can be fetched (docs/operations.md). */
#ifndef KAI_NODE_RECOVER_H
#define KAI_NODE_RECOVER_H

#include "node/backup.h"

struct kai_recovered {
    struct kai_backup_info was;
    uint64_t revoked; /* Issuing keys. */
};
/* Whether there is something to recover here: before anybody is asked for a passphrase. Errors:
 * KAI_ENOTFOUND (recover.not-restored), those of files. */
KAI_MUST_USE enum kai_err kai_recover_check(const struct kai_home *home, struct kai_why *why);
/* name: of the new node; NULL: as the old one. All or nothing; cut off, it can be done again.
 * Errors: KAI_ENOTFOUND (recover.not-restored, key.missing), KAI_EAUTH (key.passphrase),
 * KAI_EMALFORMED (recover.other-root), those of stores and files. */
KAI_MUST_USE enum kai_err kai_recover(const struct kai_home *home, const char *name,
                                      const char *passphrase, struct kai_recovered *out,
                                      struct kai_why *why);
/* When all that follows is done too: it is no restored home any more. */
KAI_MUST_USE enum kai_err kai_recover_done(const struct kai_home *home, struct kai_why *why);

#endif

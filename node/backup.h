/* backup: what a home holds, in one sealed file, and back into an empty home (docs/protocol.md 8).
 *
 * In it: the log environment (entries, control plane, notes, proofs of forks, named values), the
 * epoch keys that this node could open (they are sealed to its key, which is lost with it),
 * kairan.conf, the audit log, and root and person keys as they are, sealed by their own
 * passphrases. Never in it: node.key, issuing.key, keys of logs, key files that are not sealed, the
 * index. So whoever has file and passphrase reads what the node read, and signs nothing. */
#ifndef KAI_NODE_BACKUP_H
#define KAI_NODE_BACKUP_H

#include "base/limits.h"
#include "node/home.h"

struct kai_backup_info {
    uint64_t made_ms;
    uint8_t nid[KAI_ID_BYTES];
    char network[KAI_TEXT_BYTES_MAX + 1];
    uint8_t org_id[KAI_ID_BYTES];
    char org[KAI_TEXT_BYTES_MAX + 1];
    uint8_t node_id[KAI_ID_BYTES];
    char node[KAI_TEXT_BYTES_MAX + 1];
    bool issuing; /* The node that made it had the issuing key. */
    bool root;    /* The root key is in it. */
    uint64_t entries;
    uint64_t control;
    uint64_t logs;
    uint64_t persons;  /* Key files of persons. */
    uint64_t unsealed; /* Key files that were left out, since no passphrase seals them. */
};
typedef void kai_backup_fn(void *ctx, uint64_t done, uint64_t total);

/* Write home's backup to path, which must not exist; the node may run. Errors: those of homes,
 * stores and files; backup.write. */
KAI_MUST_USE enum kai_err kai_backup_make(const struct kai_home *home, const char *path,
                                          const char *passphrase, kai_backup_fn *progress,
                                          void *ctx, struct kai_backup_info *info,
                                          struct kai_why *why);
/* Whether it may be a backup, and the home be made: before anybody is asked for a passphrase.
 * Errors: KAI_EEXIST (home.exists), those of kai_bakr_open(). */
KAI_MUST_USE enum kai_err kai_backup_check(const struct kai_home *home, const char *path,
                                           struct kai_why *why);
/* Read the whole file and check it, then make the home, which must be empty or missing. What is
 * there then belongs to no node yet: a node key is made by `node request` or `org recover`. On a
 * failure nothing is left. Errors: KAI_EEXIST (home.exists), those of kai_bakr_open() and
 * kai_bakr_unseal(), KAI_EMALFORMED (backup.record {1} path {2} which), those of stores and files.
 */
KAI_MUST_USE enum kai_err kai_backup_restore(const struct kai_home *home, const char *path,
                                             const char *passphrase, kai_backup_fn *progress,
                                             void *ctx, struct kai_backup_info *info,
                                             struct kai_why *why);

/* Of a home that was restored and has no node yet: what its backup said of itself, all but the
 * counts. KAI_ENOTFOUND: it was not restored, or has joined since. */
KAI_MUST_USE enum kai_err kai_restored_info(const struct kai_home *home,
                                            struct kai_backup_info *info);

#endif

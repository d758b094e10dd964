/* backup_file: the file of a backup: records, sealed under a passphrase (docs/protocol.md 8).
 *
 * magic8 "KAIBAK\r\n" | version | 0 0 0 | salt16 | header24 | H("kairan1.backup", all before) |
 * chunk... A chunk is a libsodium secretstream message (XChaCha20-Poly1305, 17 B over its text)
 * with all before the first one as associated data; the first says nothing, and tells a wrong
 * passphrase from damage; the others hold 65,536 B, the last less, with the tag FINAL: what was
 * cut, joined or changed anywhere does not open. Inside: u32 size, record, one after the other.
 *
 * Reasons, {1} is the path: backup.magic backup.newer backup.corrupt backup.passphrase
 * backup.exists file.read disk.full io.error io.permission. */
#ifndef KAI_NODE_BACKUP_FILE_H
#define KAI_NODE_BACKUP_FILE_H

#include "base/buf.h"
#include "base/why.h"

struct kai_bakw;
/* A new file, 0600, which gets its name when it is whole. Errors: KAI_EEXIST (backup.exists),
 * KAI_EPERM, KAI_EFULL, KAI_EIO, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_bakw_open(struct kai_bakw **out, const char *path,
                                        const char *passphrase, struct kai_why *why);
/* Failures stick; they are told by the end. */
void kai_bakw_put(struct kai_bakw *w, struct kai_view record);
enum kai_err kai_bakw_err(const struct kai_bakw *w);
/* Durable and named on KAI_OK. */
KAI_MUST_USE enum kai_err kai_bakw_finish(struct kai_bakw *w, struct kai_why *why);
void kai_bakw_free(struct kai_bakw *w); /* Removes what was not finished. NULL does nothing. */

struct kai_bakr;
/* What can be said of a file without its passphrase. Errors: KAI_ENOTFOUND, KAI_EIO (file.read),
 * KAI_EMALFORMED (backup.magic, backup.corrupt), KAI_EVERSION (backup.newer), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_bakr_open(struct kai_bakr **out, const char *path,
                                        struct kai_why *why);
/* Before the first record. Errors: KAI_EAUTH (backup.passphrase), KAI_EMALFORMED, KAI_EIO. */
KAI_MUST_USE enum kai_err kai_bakr_unseal(struct kai_bakr *r, const char *passphrase,
                                          struct kai_why *why);
/* The next record, valid until the next call. KAI_ENOTFOUND: that was the last one, and the file is
 * whole. Errors: KAI_EMALFORMED (backup.corrupt), KAI_EIO. */
KAI_MUST_USE enum kai_err kai_bakr_next(struct kai_bakr *r, struct kai_view *record,
                                        struct kai_why *why);
KAI_MUST_USE enum kai_err kai_bakr_rewind(struct kai_bakr *r, struct kai_why *why);
uint64_t kai_bakr_done(const struct kai_bakr *r);  /* Bytes of the file read so far. */
uint64_t kai_bakr_total(const struct kai_bakr *r); /* And there are. */
void kai_bakr_free(struct kai_bakr *r);

#endif

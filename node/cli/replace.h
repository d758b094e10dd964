/* replace: files that take the place of others whole or not at all: whoever has the old one open
 * keeps it, whoever opens the name finds the old or the new one, also after a crash. */
#ifndef KAI_NODE_CLI_REPLACE_H
#define KAI_NODE_CLI_REPLACE_H

#include "base/err.h"
#include "base/why.h"
#include "export/export.h"

struct kai_replace;

/* One file at path, or (folder) several in the folder path, which is made where there is none. What
 * path leads to by symbolic links is what is replaced. Errors: KAI_EIO, KAI_EFULL, KAI_EPERM
 * (file.write). */
KAI_MUST_USE enum kai_err kai_replace_new(struct kai_replace **out, const char *path, bool folder,
                                          struct kai_why *why);
/* Writes into files that have no name yet; ctx is the kai_replace. What failed: kai_replace_why().
 */
struct kai_export_sink kai_replace_sink(struct kai_replace *r);
/* Every file that was closed takes its name, in that order, with mode and owner of the one that it
 * replaces; else 0640 as far as the umask lets it. Durable afterwards. Errors: KAI_EIO, ... */
KAI_MUST_USE enum kai_err kai_replace_commit(struct kai_replace *r);
/* The reason for the last failure of the sink or of the commit. */
const struct kai_why *kai_replace_why(const struct kai_replace *r);
/* A file of that name in the folder ("" for the one file), as it is now: read up to cap bytes of
 * it. Returns how many; 0 where there is none. */
size_t kai_replace_read_old(const struct kai_replace *r, const char *name, void *buf, size_t cap);
/* Remove a file of the folder that this one does not write. */
void kai_replace_remove_old(struct kai_replace *r, const char *name);
void kai_replace_free(struct kai_replace *r); /* What was not committed is gone. NULL is nothing. */

#endif

/* hunt_source: the bytes of a log: a file or standard input, as it is, gzip or Zstandard. UTF-16
 * with a byte order mark, as Windows writes it, comes as UTF-8. */
#ifndef KAI_NODE_CLI_HUNT_SOURCE_H
#define KAI_NODE_CLI_HUNT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/why.h"

struct hunt_source;

/* path: a file or device, "-" = standard input. What it is shows in its first bytes. Errors:
 * KAI_EIO (file.read), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err hunt_source_open(struct hunt_source **out, const char *path,
                                           struct kai_why *why);
void hunt_source_close(struct hunt_source *s); /* NULL does nothing. */

/* Up to cap (4 or more) bytes, at least one; *n = 0: the end. Errors: KAI_EIO (file.read, hunt.cut:
 * the compressed data ends early, hunt.compressed: it is bad, or needs too large a window). */
KAI_MUST_USE enum kai_err hunt_source_read(struct hunt_source *s, void *out, size_t cap, size_t *n,
                                           struct kai_why *why);
/* Whether a read would have to wait for somebody to write. */
bool hunt_source_waits(const struct hunt_source *s);
/* How far it is read; *total = 0: nobody knows. */
uint64_t hunt_source_at(const struct hunt_source *s, uint64_t *total);

#endif

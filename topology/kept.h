/* kept: bytes of a note that is kept: they never change, so that whoever keeps the same ones can
 * hold them together (docs/protocol.md 3, ADDR and CHECKPOINT). */
#ifndef KAI_TOPOLOGY_KEPT_H
#define KAI_TOPOLOGY_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

struct kai_kept;

/* A copy of them; NULL: no memory. Whoever made it gives it back with kai_kept_free(). */
struct kai_kept *kai_kept_new(struct kai_view bytes);
void kai_kept_free(struct kai_kept *k);
/* Of NULL none. Valid until it is given back. */
struct kai_view kai_kept_view(const struct kai_kept *k);

/* From now on (until told off, when all are given back) equal bytes stand once: for the simulator
 * alone, whose thousands of nodes keep the same notes. Several threads may keep and give back then.
 */
void kai_kept_memo(bool on);
/* Bytes of memory of all that stand so. */
size_t kai_kept_shared(void);

#endif

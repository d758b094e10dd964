/* wrote: who asks right behind what they wrote here finds it, though the index follows the log a
 * little later. What others wrote, or what arrived, keeps nobody waiting: how long an answer takes
 * would tell a reader that something came which is hidden from them. */
#ifndef KAI_NODE_WROTE_H
#define KAI_NODE_WROTE_H

#include "node/core.h"
#include "node/who.h"

/* What who asked for is durable. */
void kai_wrote(struct kai_core *c, const struct kai_who *who);
/* Wait until the index holds what who wrote, at most KAI_WROTE_WAIT_MS; on a stopped node until it
 * holds all. Errors, of a stopped node alone: KAI_EIO, KAI_EFULL. */
KAI_MUST_USE enum kai_err kai_wrote_wait(struct kai_core *c, const struct kai_who *who);

#endif

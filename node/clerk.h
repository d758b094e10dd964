/* clerk: the thread that writes what nobody asks for by hand: receipts to sources, recalls and
 * withdrawals carried on to where this node re-shared, requests for what was contributed passed on
 * to who contributed it, and reports of violations to the origin.
 *
 * What it does follows from what the index holds, so that a crash makes it late and never wrong. */
#ifndef KAI_NODE_CLERK_H
#define KAI_NODE_CLERK_H

#include "node/core.h"
#include "project/project.h"

struct kai_clerk;

/* With the loop alone: a stopped node writes no letters. Errors: KAI_ENOMEM, KAI_EIO. */
KAI_MUST_USE enum kai_err kai_clerk_start(struct kai_clerk **out, struct kai_core *c);
void kai_clerk_stop(struct kai_clerk *k); /* After what is under way. NULL does nothing. */

/* The indexer found and committed something beside the rows. Never waits. NULL does nothing. */
void kai_clerk_found(struct kai_clerk *k, const struct kai_project_found *f);

#endif

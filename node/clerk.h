/* clerk: the thread that writes what nobody asks for by hand: receipts to sources, recalls and
 * withdrawals carried on to where this node re-shared, requests for what was contributed passed on
 * to who contributed it, reports of violations to the origin, and what waited for a key.
 *
 * What it does follows from what the index holds, so that a crash makes it late and never wrong. */
#ifndef KAI_NODE_CLERK_H
#define KAI_NODE_CLERK_H

#include "node/core.h"
#include "node/receipts.h"
#include "project/project.h"

struct kai_clerk;

/* Before the indexer starts. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_clerk_new(struct kai_clerk **out, struct kai_core *c);
/* Begin to work: with a loop alone, a stopped node writes no letters. Errors: KAI_EIO. */
KAI_MUST_USE enum kai_err kai_clerk_start(struct kai_clerk *k);
/* End the work under way, which still needs the loop. NULL, and one not started: nothing. */
void kai_clerk_stop(struct kai_clerk *k);
/* What is only in mind is kept in the store. After the indexer stopped. NULL does nothing. */
void kai_clerk_free(struct kai_clerk *k);

/* The indexer found and committed something beside the rows. Never waits. NULL does nothing. */
void kai_clerk_found(struct kai_clerk *k, const struct kai_project_found *f);

/* Somebody was shown the content of this row, or acted on it: its source is to hear of it. Any
 * thread; never waits. NULL does nothing. */
void kai_clerk_note(struct kai_clerk *k, const struct kai_row *row, enum kai_receipt_what what);

#endif

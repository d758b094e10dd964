/* newcomer: who was just admitted is told the names of its audiences behind its first link, some
 * tenths of a second after it. */
#ifndef KAI_NODE_NEWCOMER_H
#define KAI_NODE_NEWCOMER_H

#include "node/core.h"

/* A name was unknown in *o. True: it may be known soon, a moment was waited, and *o is the outlook
 * of now. False: it will not be for that, of a node that runs for KAI_NEWCOMER_MS or knows the
 * names of the communities. For any thread but the owning one. */
bool kai_newcomer_wait(struct kai_core *c, struct kai_outlook **o);

#define KAI_NEWCOMER_MS 30000u

#endif

/* charter_text: the texts that a network gets where its founder brings none: purpose, handling,
 * what happens after a leak. */
#ifndef KAI_NODE_CHARTER_TEXT_H
#define KAI_NODE_CHARTER_TEXT_H

#include "keys/charter.h"

/* Fills texts (static storage) and returns how many. */
size_t kai_charter_default(struct kai_charter_text texts[static 2]);

#endif

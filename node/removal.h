/* removal: what happens when somebody is taken out, and what whoever did it has to do next. */
#ifndef KAI_NODE_REMOVAL_H
#define KAI_NODE_REMOVAL_H

#include "node/call.h"

/* Put "now" and "next" into the open object: lists of sentences. kind: enum kai_admit_kind; reason:
 * enum kai_revoke_reason; who: its name. */
void kai_removal_put(const struct kai_call *call, struct kai_jput *j, uint64_t kind,
                     uint64_t reason, const char *who);

#endif

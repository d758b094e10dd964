/* held: which organisations have said that they hold an own log durably, and up to where. What
 * `publish --wait` waits for; forgotten at the end of the process. */
#ifndef KAI_NODE_HELD_H
#define KAI_NODE_HELD_H

#include "node/core.h"

#define KAI_HELD_MAX 65536u /* (log, organisation) pairs: 64 audiences x 1,000 neighbours. */

void kai_held_note(struct kai_core *c, const uint8_t log_pk[static KAI_KEY_BYTES],
                   const uint8_t org[static KAI_ID_BYTES], uint64_t seq);
/* How many other organisations hold the log up to seq. */
size_t kai_held_count(struct kai_core *c, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq);
/* Wait until n do, or until the steady clock reads deadline_ms. Returns how many do. */
size_t kai_held_wait(struct kai_core *c, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq,
                     size_t n, uint64_t deadline_ms);
void kai_held_free(struct kai_core *c);

#endif

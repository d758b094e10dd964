/* stale: which authorities have not been heard of for too long (docs/protocol.md 4). An authority
 * of an organisation is each that stands above it, up to a founder: what it revoked may be held
 * back from us by whoever stands between. */
#ifndef KAI_KEYS_STALE_H
#define KAI_KEYS_STALE_H

#include "keys/roster.h"

/* By when, in ms since 1970, a node is known to have been there: the counter of its newest
 * CHECKPOINT, or when that came here, whichever is less; 0: never. */
typedef uint64_t kai_heard_fn(void *ctx, const uint8_t node[static KAI_ID_BYTES]);

/* Where every ACTIVE path of org has a silent one: the ACTIVE organisations above org from none of
 * whose ACTIVE nodes a word is younger than KAI_STALE_MS: how many, and the first max of them by
 * id. One path without any is enough for 0: no REVOKE on it is held back. since_ms: when this node
 * began to listen, which counts as a word of all. org NULL: 0. */
size_t kai_stale(const struct kai_roster *r, const struct kai_org *org, kai_heard_fn *heard,
                 void *ctx, uint64_t since_ms, uint64_t now_ms, const struct kai_org **out,
                 size_t max);

#endif

/* kept: the newest note of each node, ADDR or CHECKPOINT (docs/protocol.md 3): its bytes, which
 * never change, so that whoever keeps the same ones can hold them together, and what tables of them
 * have in common. */
#ifndef KAI_TOPOLOGY_KEPT_H
#define KAI_TOPOLOGY_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/limits.h"

struct kai_kept;

/* A copy of them; NULL: no memory. Whoever made it gives it back with kai_kept_free(). */
struct kai_kept *kai_kept_new(struct kai_view bytes);
void kai_kept_free(struct kai_kept *k);
/* Of NULL none. Valid until it is given back. */
struct kai_view kai_kept_view(const struct kai_kept *k);

/* Where the row of node is, or would be, in a table that is sorted by the ids with which its rows
 * of so many bytes begin. */
size_t kai_kept_place(const void *rows, size_t n, size_t row_bytes,
                      const uint8_t node[static KAI_ID_BYTES]);
/* What a note adds to the sum of a table, by which two that are equal are known. Hashed, so that
 * nobody chooses counters that make the sums of different ones equal. */
uint64_t kai_kept_share(const uint8_t node[static KAI_ID_BYTES], uint64_t counter);
/* Whether a node's new note may go on to disks and peers now: burst at once, then one in every_ms.
 * *paid_ms: how far the node has used that up; it is charged where it may. */
bool kai_kept_pay(uint64_t *paid_ms, uint64_t now_ms, uint64_t every_ms, unsigned burst);

/* From now on (until told off, when all are given back) equal bytes stand once: for the simulator
 * alone, whose thousands of nodes keep the same notes. Several threads may keep and give back then.
 */
void kai_kept_memo(bool on);
/* Bytes of memory of all that stand so. */
size_t kai_kept_shared(void);

#endif

/* receipts: what this node tells each source about its contents: how many are held here, read by
 * somebody, acted on (docs/protocol.md 5, NOTICE 1). One receipt for each source: the first when
 * what arrived has settled, further ones at most each KAI_RECEIPT_MS. */
#ifndef KAI_NODE_RECEIPTS_H
#define KAI_NODE_RECEIPTS_H

#include "node/core.h"

#define KAI_RECEIPT_MS 600000u

enum kai_receipt_what { KAI_RECEIPT_READ = 1, KAI_RECEIPT_ACTED = 2 };

struct kai_receipts;
KAI_MUST_USE enum kai_err kai_receipts_new(struct kai_receipts **out, struct kai_core *c);
void kai_receipts_free(struct kai_receipts *r); /* NULL does nothing. */

/* Somebody was shown the content of this row, or acted on it. Any thread; never waits, and forgets
 * rather than to grow. NULL does nothing. */
void kai_receipts_note(struct kai_receipts *r, const struct kai_row *row,
                       enum kai_receipt_what what);
/* Look for what is new, and send what is due. The clerk's thread. *next_ms: when to look again, of
 * the steady clock. */
KAI_MUST_USE enum kai_err kai_receipts_tick(struct kai_receipts *r, uint64_t now_ms,
                                            uint64_t *next_ms);

#endif

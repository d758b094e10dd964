/* receipts: what this node tells each source about its contents: how many are held here, read by
 * somebody, acted on (docs/protocol.md 5, NOTICE 1). One receipt for each source: the first when
 * what arrived has settled, further ones at most each KAI_RECEIPT_MS. For the clerk alone. */
#ifndef KAI_NODE_RECEIPTS_H
#define KAI_NODE_RECEIPTS_H

#include "node/core.h"

#define KAI_RECEIPT_MS 600000u

enum kai_receipt_what { KAI_RECEIPT_READ = 0, KAI_RECEIPT_ACTED = 1 };

struct kai_receipts;
KAI_MUST_USE enum kai_err kai_receipts_new(struct kai_receipts **out, struct kai_core *c);
/* Keeps in the store what was noted and not told. NULL does nothing. */
void kai_receipts_free(struct kai_receipts *r);

/* Somebody was shown the content of this row, or acted on it. Any thread; never waits, and forgets
 * rather than to grow. */
void kai_receipts_note(struct kai_receipts *r, const struct kai_row *row,
                       enum kai_receipt_what what);
/* A row that is new to the clerk. False: no room, show it again later. */
bool kai_receipts_saw(struct kai_receipts *r, const struct kai_row *row, uint64_t now_ms);
/* Send what is due. Errors: ours alone. */
KAI_MUST_USE enum kai_err kai_receipts_tick(struct kai_receipts *r, uint64_t now_ms);
/* Whether every row that it saw has been told of. */
bool kai_receipts_idle(const struct kai_receipts *r);

#endif

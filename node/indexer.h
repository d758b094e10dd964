/* indexer: the thread that opens what has arrived, checks it, and writes the index, behind the log.
 */
#ifndef KAI_NODE_INDEXER_H
#define KAI_NODE_INDEXER_H

#include "item/reading.h"
#include "node/core.h"
#include "query/acts.h"

struct kai_indexer;

KAI_MUST_USE enum kai_err kai_indexer_start(struct kai_indexer **out, struct kai_core *c);
void kai_indexer_stop(struct kai_indexer *p); /* After the batch under way. NULL does nothing. */
void kai_indexer_wake(struct kai_indexer *p); /* Something became visible. NULL does nothing. */

/* Take over the rules that were found: they are kept with the next commit. Whether there were any.
 * Owning thread. NULL does nothing. */
bool kai_indexer_rules(struct kai_indexer *p);

/* Wait until everything that is visible now is in the index. Errors: KAI_EIO (it stopped),
 * KAI_EFULL. */
KAI_MUST_USE enum kai_err kai_indexer_settle(struct kai_indexer *p);
/* These reports were made, or never can be: they are due no more when it returns. One thread, not
 * the owning one of a running loop. Errors: KAI_EIO (it stopped), KAI_EFULL. */
KAI_MUST_USE enum kai_err kai_indexer_told(struct kai_indexer *p,
                                           const struct kai_ix_report *reports, size_t n);
/* Wait until rows beyond this arrival position are there, at most ms. Returns the position. */
uint64_t kai_indexer_wait(struct kai_indexer *p, uint64_t beyond, uint64_t ms);

/* What the contents of a publication say, which may still be added to: those that it puts into the
 * index are not parsed again. Taken over; freed some time after kai_indexer_readings_end(). False:
 * those of another are held, and r stays the caller's. */
KAI_MUST_USE bool kai_indexer_readings(struct kai_indexer *p, struct kai_readings *r);
/* The publication whose readings were taken is visible, or never will be, and adds no more. */
void kai_indexer_readings_end(struct kai_indexer *p);

/* One more entry of a publication that is not visible yet, and the time at which it is staged: in
 * order, from the first. of: whose; another's are not taken meanwhile. NULL does nothing. */
void kai_indexer_ahead(struct kai_indexer *p, const void *of, const struct kai_entry *e,
                       uint64_t seen_ms);
/* It is visible, or never will be. NULL does nothing. */
void kai_indexer_ahead_end(struct kai_indexer *p, const void *of);

struct kai_indexer_state {
    uint64_t position;   /* Last arrival that is in the index. */
    uint64_t ahead;      /* Entries that were projected before they were visible, */
    uint64_t ahead_kept; /* and were the next to become so. */
    uint64_t lag_ms;     /* Age of the oldest arrival that is not; 0 = none. */
    uint64_t items;      /* Rows. */
    uint64_t quarantined;
};
void kai_indexer_state(struct kai_indexer *p, struct kai_indexer_state *s);

#endif

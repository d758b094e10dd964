/* touched: whether something that is held touches the inventory and was not looked at yet: the
 * alarm inventory.touched. It never leaves the node.
 *
 * Looked at is what `relevant` without an expression gave to its end, of each label for itself: who
 * is cleared for less has not looked at the rest. That is kept in HOME/inventory-looked, and
 * forgotten when another inventory is imported. What touches is found as it is asked for, from
 * where it was asked last; of each label the KAI_TOUCHED_MAX newest are known. */
#ifndef KAI_NODE_TOUCHED_H
#define KAI_NODE_TOUCHED_H

#include "node/core.h"
#include "node/who.h"
#include "query/index.h"

struct kai_touched;
struct kai_inventory;
struct kai_reader;
struct kai_touch;

KAI_MUST_USE enum kai_err kai_touched_new(struct kai_touched **out);
void kai_touched_free(struct kai_touched *t); /* NULL does nothing. */

/* Since when there is something current that this reader may see and nobody looked at, Unix ms; 0:
 * there is nothing, or it is not for their role. Any thread. Errors: as kai_inventory_load(). */
KAI_MUST_USE enum kai_err kai_touched_since(struct kai_core *c, const struct kai_who *who,
                                            uint64_t *since_ms, struct kai_why *why);

/* Up to where the index was looked at. */
struct kai_touched_mark {
    uint64_t index; /* Its name: under another one the row says nothing. */
    uint64_t row;
    uint64_t seen_ms; /* When that row came. */
};
/* The newest row now, of any label: never to be shown. Not while the thread reads a snapshot. */
KAI_MUST_USE enum kai_err kai_touched_newest(struct kai_core *c, struct kai_touched_mark *out);
/* What of all up to there touches inv was given to somebody with this clearance; says nothing where
 * the home has another inventory by now. Errors: KAI_EIO, KAI_EFULL. */
KAI_MUST_USE enum kai_err kai_touched_looked(struct kai_core *c, uint8_t clearance,
                                             const struct kai_touched_mark *mark,
                                             const struct kai_inventory *inv);
/* inv takes the place of the home's inventory: nothing of it was looked at. Errors: as
 * kai_inventory_save(). */
KAI_MUST_USE enum kai_err kai_touched_replace(struct kai_core *c, const struct kai_inventory *inv,
                                              struct kai_why *why);

/* Whether an object that has no value of ours speaks of a product of ours; r has begun. */
bool kai_touched_product(const struct kai_inventory *inv, struct kai_reader *r,
                         const struct kai_row *row, struct kai_touch *touch);

#endif

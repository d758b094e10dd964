/* carry: carry files on a node: read and made a part at a time, so that the loop has its turns
 * between (docs/protocol.md 7, carried in a file). */
#ifndef KAI_NODE_CARRY_H
#define KAI_NODE_CARRY_H

#include "node/core.h"
#include "topology/carry.h"

/* What reading a file came to. */
struct kai_unpacked {
    struct kai_carry_info info;
    uint64_t passes;            /* How often it was read: keys came behind what they open. */
    struct kai_carry_row *rows; /* Of a receipt; freed by the caller. */
    size_t n_rows;
};

/* Take in a whole file of this kind; all that it brought is durable when this returns, also where
 * it fails. Not the owning thread of a running loop. Errors: those of kai_carry_open() and
 * kai_carry_feed(); KAI_EMALFORMED (carry.cut: it ends too early; carry.kind); KAI_EFULL
 * (store.full). */
KAI_MUST_USE enum kai_err kai_unpacking_run(struct kai_core *c, struct kai_view file, uint64_t kind,
                                            struct kai_unpacked *r, struct kai_why *why);

struct kai_packing;

/* Begin a file for a node. rows: what its receipt named; copied. Errors: those of kai_carry_pack().
 */
KAI_MUST_USE enum kai_err kai_packing_new(struct kai_packing **out, struct kai_core *c,
                                          const struct kai_carry_pack *p, struct kai_why *why);
/* Append the next bytes. *volume: a volume is whole with them; *end: it was the last. */
KAI_MUST_USE enum kai_err kai_packing_next(struct kai_packing *p, struct kai_buf *out, bool *volume,
                                           bool *end, struct kai_why *why);
void kai_packing_info(const struct kai_packing *p, struct kai_carry_info *out);
void kai_packing_free(struct kai_packing *p); /* NULL does nothing. */

#endif

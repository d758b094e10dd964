/* acts_priv: the frame [type, body bin, SIG] of RELEASE, RECALL and RESHARE, and what their bodies
 * and those of notices share. */
#ifndef KAI_LOG_ACTS_PRIV_H
#define KAI_LOG_ACTS_PRIV_H

#include "log/acts.h"

void kai_act_write(struct kai_buf *out, enum kai_item_type type, const struct kai_buf *body,
                   const uint8_t node_sk[static 64], const uint8_t nid[static KAI_ID_BYTES]);
/* The body of an item of this type. */
KAI_MUST_USE enum kai_err kai_act_body(struct kai_view *body, enum kai_item_type type,
                                       struct kai_view item);
/* [index...] or nil. */
void kai_indexes_put(struct kai_buf *out, const struct kai_indexes *x);
void kai_indexes_read(struct kai_cur *c, struct kai_indexes *x);
/* One id after the other, in an array. */
void kai_ids_put(struct kai_buf *out, const uint8_t (*ids)[KAI_ID_BYTES], size_t n);
size_t kai_ids_read(struct kai_cur *c, uint8_t (*ids)[KAI_ID_BYTES], uint32_t max);

#endif

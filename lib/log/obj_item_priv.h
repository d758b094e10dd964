/* obj_item_priv: the pieces of an OBJ item, for a writer that keeps its contents encoded. */
#ifndef KAI_LOG_OBJ_ITEM_PRIV_H
#define KAI_LOG_OBJ_ITEM_PRIV_H

#include "log/body.h"

/* The item up to its contents, of which n follow by kai_content_write(). */
void kai_obj_item_begin(struct kai_buf *out, struct kai_view obj,
                        const uint8_t sig[static KAI_SIG_BYTES], uint32_t n);
void kai_content_write(struct kai_buf *out, const struct kai_content *c);
/* The leaf that a content with its salt is. */
void kai_content_leaf(uint8_t leaf[static KAI_ID_BYTES], const struct kai_content *c);

#endif

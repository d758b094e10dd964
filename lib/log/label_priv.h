/* label_priv: the label [tlp, pap or nil, flags] that OBJ and RELEASE carry. */
#ifndef KAI_LOG_LABEL_PRIV_H
#define KAI_LOG_LABEL_PRIV_H

#include "base/buf.h"
#include "wire/cur.h"

void kai_log_label_put(struct kai_buf *out, uint8_t tlp, uint8_t pap, bool exercise);
/* A label of a later version is taken for the strictest one. */
void kai_log_label_read(struct kai_cur *c, uint8_t *tlp, uint8_t *pap, bool *exercise);

#endif

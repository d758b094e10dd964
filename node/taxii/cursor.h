/* cursor: the text of `next`: where a page ended, with all that was asked for. Pure.
 *
 * The node keeps nothing of it, so that it is good after a restart and for ever. It gives no right:
 * whoever comes with one is shown what they may see. A sum guards against what is cut or mistyped.
 */
#ifndef KAI_NODE_TAXII_CURSOR_H
#define KAI_NODE_TAXII_CURSOR_H

#include "base/buf.h"
#include "node/taxii/filter.h"
#include "node/taxii/path.h"

/* Append it. after_us: of the last object that was given. Failures stick in out. */
void kai_taxii_next_put(struct kai_buf *out, const struct kai_taxii_path *p,
                        const struct kai_taxii_filter *f, uint64_t after_us);
/* Put what it says into f: where to go on, and all filters; the limit too, unless f was given one.
 * Errors: KAI_EMALFORMED (it is none, or of another address). */
KAI_MUST_USE enum kai_err kai_taxii_next_get(const char *text, const struct kai_taxii_path *p,
                                             struct kai_taxii_filter *f);

#endif

/* cursor: the text of `next`: where a page ended, with all that was asked for.
 *
 * The node keeps nothing of it, so that it is good after a restart and for ever. It is sealed
 * (sealed_place.h): where a page ended may be at what its reader is not shown. It gives no right:
 * whoever comes with one is shown what they may see. */
#ifndef KAI_NODE_TAXII_CURSOR_H
#define KAI_NODE_TAXII_CURSOR_H

#include "node/sealed_place.h"
#include "node/taxii/filter.h"
#include "node/taxii/path.h"

#define KAI_TAXII_NEXT_BYTES_MAX (KAI_TAXII_MATCH_BYTES_MAX + 64u)
#define KAI_TAXII_NEXT_TEXT_CAP  KAI_PLACE_TEXT_CAP(KAI_TAXII_NEXT_BYTES_MAX) /* With its NUL. */

/* Append it. after_us: of the last object that was looked at. Errors: KAI_ENOMEM, what out->err
 * says. */
KAI_MUST_USE enum kai_err kai_taxii_next_write(struct kai_buf *out, const struct kai_core *c,
                                               const struct kai_taxii_path *p,
                                               const struct kai_taxii_filter *f, uint64_t after_us);
/* Put what it says into f: where to go on, and all filters; the limit too, unless f was given one.
 * Errors: KAI_EMALFORMED (nobody here made it); KAI_ENOTFOUND (it is of another address, and f is
 * as it was); KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_taxii_next_read(const char *text, const struct kai_core *c,
                                              const struct kai_taxii_path *p,
                                              struct kai_taxii_filter *f);

/* What is sealed. Failures stick in out. */
void kai_taxii_next_put(struct kai_buf *out, const struct kai_taxii_path *p,
                        const struct kai_taxii_filter *f, uint64_t after_us);
/* Errors: KAI_EMALFORMED, KAI_ENOTFOUND. */
KAI_MUST_USE enum kai_err kai_taxii_next_parse(struct kai_view bytes,
                                               const struct kai_taxii_path *p,
                                               struct kai_taxii_filter *f);

#endif

/* csv_shape: where the header of a CSV file stands, and what separates its cells. Private to
 * lib/item. */
#ifndef KAI_ITEM_CSV_SHAPE_H
#define KAI_ITEM_CSV_SHAPE_H

#include "item/importer.h"

struct kai_csv_shape {
    size_t at;     /* Of the header's first byte. */
    uint64_t line; /* That it stands in, from 1. */
    uint8_t delim; /* ',', ';' or a tab; 0: it is no CSV with columns that are known. */
};

/* The header is the first line that is no remark, or the remark before it where that names the
 * columns of the row (abuse.ch). A line "sep=;" before it is a spreadsheet's. Errors: KAI_ENOMEM.
 */
KAI_MUST_USE enum kai_err kai_csv_look(struct kai_view file, struct kai_csv_shape *shape);

KAI_MUST_USE enum kai_err kai_import_csv(struct importer *im, const struct kai_csv_shape *shape);

#endif

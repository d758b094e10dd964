/* csv_cell: the values in one cell of a CSV file. Private to lib/item. */
#ifndef KAI_ITEM_CSV_CELL_H
#define KAI_ITEM_CSV_CELL_H

#include "item/csv_columns.h"

/* The normal form of a value that must be of a type, refanged. Errors: KAI_EMALFORMED,
 * KAI_ENOTFOUND, KAI_ELIMIT (*why, where it has a code), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_csv_norm(struct kai_csv_type want, struct kai_view text,
                                       enum kai_vtype *type, char norm[static KAI_VALUE_BYTES_MAX],
                                       size_t *n, struct kai_why *why);

/* The next of several in a cell, and past it; empty at the end. */
struct kai_view kai_csv_next(struct kai_view *rest);

bool kai_csv_all_hashes(struct kai_view text);

/* The part of a composite value; empty where there is none. */
struct kai_view kai_csv_part_of(struct kai_view text, enum kai_csv_part part);

#endif

/* table: rows of text in columns, aligned by the width that a terminal gives them.
 *
 * Cells are cleaned (text/clean.h) and copied. The first failure sticks and is told by
 * kai_table_print(). */
#ifndef KAI_TEXT_TABLE_H
#define KAI_TEXT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define KAI_TABLE_COLUMNS_MAX 16u
#define KAI_TABLE_BYTES_MAX   (64u << 20) /* Of all cells of one table. */

enum kai_align { KAI_ALIGN_LEFT, KAI_ALIGN_RIGHT };

struct kai_table; /* Opaque: from kai_table_new() to kai_table_free(). */

/* An empty table; NULL when there is no memory. */
struct kai_table *kai_table_new(void);
void kai_table_free(struct kai_table *t); /* NULL does nothing. */

/* Add a column, before the first cell. At most KAI_TABLE_COLUMNS_MAX. */
void kai_table_column(struct kai_table *t, const char *heading, enum kai_align align);
/* Add the next cell: a row is full when every column has one. NULL shows as "-". */
void kai_table_cell(struct kai_table *t, const char *text);
void kai_table_cell_view(struct kai_table *t, struct kai_view text);
void kai_table_cell_uint(struct kai_table *t, uint64_t v);
size_t kai_table_rows(const struct kai_table *t);

/* Append the heading line and one line a row to out. width: columns of the terminal, 0 for no
 * limit; where a line would be longer, the widest columns are cut, with an ellipsis.
 * Errors: KAI_ENOMEM, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_table_print(const struct kai_table *t, size_t width,
                                          struct kai_buf *out);

#endif

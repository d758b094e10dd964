/* recode: reads one value with lib/wire and writes it again: for canonical input, the same bytes.
 */
#ifndef KAI_TESTS_UNIT_RECODE_H
#define KAI_TESTS_UNIT_RECODE_H

#include "base/buf.h"
#include "wire/cur.h"

/* Errors: those of the cursor, and what out->err says. */
KAI_MUST_USE enum kai_err recode(struct kai_view in, struct kai_buf *out);

#endif

/* search: whether a text, or a string of a JSON object, holds another text; and patterns with *.
 *
 * Case does not count. What is looked for is folded once (kai_search_fold), what it is looked for
 * in only where it is not ASCII. */
#ifndef KAI_ITEM_SEARCH_H
#define KAI_ITEM_SEARCH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

/* Append what is to be looked for, case folded and in NFC. Errors: KAI_EMALFORMED (not UTF-8),
 * KAI_ENOMEM, what out->err says. */
KAI_MUST_USE enum kai_err kai_search_fold(struct kai_view text, struct kai_buf *out);

/* Whether text (UTF-8) holds it. *has is set on KAI_OK. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_search_text(struct kai_view text, struct kai_view folded, bool *has);

/* The same of the strings in a JSON text, names of properties left out, \u and the like read. What
 * is no JSON has nothing. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_search_json(struct kai_view json, struct kai_view folded, bool *has);

/* Whether all of text is as the pattern says: * stands for any run of bytes, letters of ASCII
 * match in either case. */
bool kai_search_glob(struct kai_view text, struct kai_view folded);

#endif

/* pattern: STIX 2.1 patterns: whether one is well-formed, and which values it stands for.
 *
 * Reason codes (args): pattern.size (bytes, limit); pattern.utf8; pattern.depth (limit);
 * pattern.syntax (what was found, what was expected, column from 1); pattern.literal (text);
 * pattern.qualifier (which, given twice); pattern.hash (name, text). */
#ifndef KAI_ITEM_PATTERN_H
#define KAI_ITEM_PATTERN_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/why.h"
#include "item/value.h"

#define KAI_PATTERN_BYTES_MAX 1048576u
#define KAI_PATTERN_DEPTH_MAX 64u

/* Errors: KAI_EMALFORMED, KAI_ELIMIT (size, depth). */
KAI_MUST_USE enum kai_err kai_pattern_check(struct kai_view pattern, struct kai_why *why);

enum kai_atom {
    KAI_ATOM_STRONG = 1,  /* The value alone makes the whole pattern plausible: may be exported. */
    KAI_ATOM_PARTIAL = 2, /* Worth finding, never to be blocked by itself. */
};

/* norm is a normal form, valid during the call. False stops. */
typedef bool kai_atom_fn(void *ctx, enum kai_vtype type, struct kai_view norm,
                         enum kai_atom strength);

/* Call f for each value of a pattern, in the order of the text; one value may come twice. What is
 * negated, compared by order, LIKE or MATCHES is no value; a value that has no normal form is left
 * out. Nothing is called for a pattern that kai_pattern_check() refuses.
 * Errors: as kai_pattern_check(), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_pattern_atoms(struct kai_view pattern, kai_atom_fn *f, void *ctx);

#endif

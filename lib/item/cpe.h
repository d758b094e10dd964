/* cpe: matching of product names, CPE 2.3 (NISTIR 7695, 7696), and of versions.
 *
 * A name is in the normal form of KAI_V_CPE: 11 fields in lower case. */
#ifndef KAI_ITEM_CPE_H
#define KAI_ITEM_CPE_H

#include <stdbool.h>

#include "base/bytes.h"

#define KAI_CPE_FIELDS    11u
#define KAI_CPE_FIELD_MAX 255u /* Bytes; a longer field matches nothing. */
enum { KAI_CPE_VENDOR = 1, KAI_CPE_PRODUCT = 2, KAI_CPE_VERSION = 3 };

/* The fields behind "cpe:2.3:", inside name. False: there are not 11. */
bool kai_cpe_fields(struct kai_view name, struct kai_view field[static KAI_CPE_FIELDS]);

/* Versions beside a name; n = 0: not given. */
struct kai_cpe_range {
    struct kai_view from;       /* versionStartIncluding */
    struct kai_view from_after; /* versionStartExcluding */
    struct kai_view to;         /* versionEndIncluding */
    struct kai_view to_before;  /* versionEndExcluding */
};

/* Whether a product is among those that pattern means: each field is equal, or "*" in the pattern,
 * or fits its * and ? (at the ends: any run; up to one character each). A field that the product
 * leaves open ("*") may be anything, so it fits; "-" (there is none) fits "-" and "*". With a range
 * that gives something the product's version must be in it. */
bool kai_cpe_match(struct kai_view pattern, const struct kai_cpe_range *range,
                   struct kai_view product);

/* -1, 0, 1. Numbers count as numbers ("1.10" is after "1.9", "1.0" is "1.0.0"), letters behind a
 * number are later ("1.0.2k"), alpha, beta, pre, rc, dev are earlier ("2.0-rc1"). */
int kai_version_compare(struct kai_view a, struct kai_view b);

#endif

/* filter: what a request for objects asks for, from the parameters of its address. Pure.
 *
 * Reason codes (args): taxii.param (parameter, value): what is wrong with one. */
#ifndef KAI_NODE_TAXII_FILTER_H
#define KAI_NODE_TAXII_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/why.h"

enum kai_taxii_field {
    KAI_TAXII_ID,
    KAI_TAXII_TYPE,
    KAI_TAXII_VERSION,
    KAI_TAXII_SPEC,
    KAI_TAXII_FIELDS,
};

struct kai_taxii_filter {
    uint64_t after_us; /* added_after; 0: from the start. */
    uint64_t limit;    /* 1 to KAI_TAXII_PAGE_MAX. */
    unsigned given;    /* Which parameters were there: a bit each. */
    /* match[...]: words with commas between them; "" where it was not given. */
    char match[KAI_TAXII_FIELDS][KAI_TAXII_MATCH_BYTES_MAX + 1];
};

void kai_taxii_filter_init(struct kai_taxii_filter *f);
/* Take a parameter. Those that are none of a filter are left alone, but for a match[...] of which
 * nothing is known: to leave that out would give more than was asked for. value may be NULL.
 * Errors: KAI_EMALFORMED. */
KAI_MUST_USE enum kai_err kai_taxii_filter_take(struct kai_taxii_filter *f, const char *key,
                                                const char *value, struct kai_why *why);
/* Take all match[...] from a place where they stood before, in the order of the fields. False: they
 * would not have been taken from an address. */
bool kai_taxii_filter_restore(struct kai_taxii_filter *f, const struct kai_view *match);

/* The next word of a match, from *at, which begins as 0. False at the end. */
bool kai_taxii_word(const char *match, size_t *at, struct kai_view *word);
/* Whether a field was not given, or one of its words is this one. */
bool kai_taxii_fits(const struct kai_taxii_filter *f, enum kai_taxii_field field,
                    struct kai_view value);

#endif

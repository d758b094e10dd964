/* stix_rules: what each STIX type must have. Private to lib/item. */
#ifndef KAI_ITEM_STIX_RULES_H
#define KAI_ITEM_STIX_RULES_H

#include "item/stix.h"

/* How a property must look. */
enum kai_stix_kind {
    KAI_KIND_TEXT, /* A string that is not empty. */
    KAI_KIND_TIME,
    KAI_KIND_INTEGER,
    KAI_KIND_BOOL,
    KAI_KIND_REF,  /* type--UUID */
    KAI_KIND_REFS, /* A list of them, not empty. */
    KAI_KIND_LIST, /* Not empty. */
    KAI_KIND_OBJECT,
};

struct kai_stix_need {
    const char *property; /* NULL ends a run. */
    enum kai_stix_kind kind;
};

#define KAI_STIX_NEEDS_MAX 6

struct kai_stix_rule {
    const char *type;
    enum kai_stix_class class_of;
    struct kai_stix_need needs[KAI_STIX_NEEDS_MAX];
    const char *one_of[4]; /* At least one of these, where there are any. */
};

/* NULL for a type that STIX 2.1 does not know. */
const struct kai_stix_rule *kai_stix_rule(const char *type);

/* What any object may have, and must then have in this shape. Ends with NULL. */
extern const struct kai_stix_need KAI_STIX_COMMON[];

/* Pairs of times, the earlier one first. */
struct kai_stix_order {
    const char *earlier;
    const char *later;
    bool may_equal;
};
#define KAI_STIX_ORDERS 5
extern const struct kai_stix_order KAI_STIX_ORDER[KAI_STIX_ORDERS];

#endif

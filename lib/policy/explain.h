/* explain: what the reader of an item may and must not do with it, as statements in a fixed order.
 * Pure; what is said about acts is what lib/policy answers for them.
 *
 * A statement is an id whose sentences stand in lib/text (phrases_explain.c); {1} is the item's
 * label, {2} the name of its audience, {3} that of its source. */
#ifndef KAI_POLICY_EXPLAIN_H
#define KAI_POLICY_EXPLAIN_H

#include "policy/policy.h"

struct kai_explain {
    uint8_t tlp;
    uint8_t pap;
    uint8_t role;      /* Of the reader: enum kai_policy_role. */
    uint8_t clearance; /* Of the reader. */
    bool exercise;
    bool withdrawn;
    bool expired;
    bool recalled;
    bool passed_on; /* Another organisation than the source brought it here. */
    bool ours;      /* The reader's organisation is its source. */
};

enum kai_explain_sort {
    KAI_EXPLAIN_NOTE,
    KAI_EXPLAIN_MAY,
    KAI_EXPLAIN_MUST_NOT,
    KAI_EXPLAIN_SHORT, /* The whole in a few words: one for the label, one for each exception. */
};
struct kai_explain_line {
    enum kai_explain_sort sort;
    const char *id; /* Static storage. */
};
#define KAI_EXPLAIN_LINES_MAX 24u

/* Fills lines, sorted by sort, and returns how many. Who may not read the item gets one note. */
size_t kai_explain(const struct kai_explain *f, struct kai_explain_line lines[static 24]);

#endif

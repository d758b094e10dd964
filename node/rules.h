/* rules: what the reader of a row may and must not do with it, in words (lib/policy/explain). */
#ifndef KAI_NODE_RULES_H
#define KAI_NODE_RULES_H

#include "node/reader.h"
#include "node/who.h"
#include "text/catalogue.h"

/* The code of the rule that keeps the row out of a file for this (enum kai_policy_purpose); NULL:
 * it may go there. */
const char *kai_rules_export(const struct kai_row *row, uint64_t purpose, uint8_t clearance,
                             uint64_t now_ms);
/* Whether the row may go to a sensor of one's own: an alert, the least of the exports. */
bool kai_rules_exportable(const struct kai_row *row, uint8_t clearance, uint64_t now_ms);

/* Members of the object that is open in j. With full: "may", "must_not", "notes" (lists of {id,
 * text}); else "rules": {"may": [id...], "must_not": [id...], "text": the whole in one line}. */
void kai_rules_put(struct kai_jput *j, const struct kai_reader *r, const struct kai_row *row,
                   const struct kai_who *who, enum kai_lang lang, bool full);

/* Member "charter": the network's own words on handling, in lang where it has them, else in the
 * first language; null where the texts have not come yet. r has begun. */
void kai_rules_put_charter(struct kai_jput *j, const struct kai_reader *r, enum kai_lang lang);

#endif

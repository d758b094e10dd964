/* stix_json: STIX objects that are parsed already. Private to lib/item. */
#ifndef KAI_ITEM_STIX_JSON_H
#define KAI_ITEM_STIX_JSON_H

#include "item/json.h"
#include "item/stix.h"

/* What kai_stix_keep() hands out: who includes stix.h alone sees nothing of jansson. */
struct kai_stix_kept {
    json_t *o;
};

/* As kai_stix_check(), of a parsed object. */
KAI_MUST_USE enum kai_err kai_stix_check_json(const json_t *o, struct kai_stix_info *info,
                                              struct kai_why *why);

/* Fill info's label and what belongs to it; the shape of the markings is checked. */
KAI_MUST_USE enum kai_err kai_stix_markings(const json_t *o, struct kai_stix_info *info,
                                            struct kai_why *why);

/* A refusal over one property. */
enum kai_err kai_stix_bad(struct kai_why *why, const char *code, const char *property,
                          const char *arg2);

/* Whether a marking definition calls itself TLP: by its type, its extension, its name or what it
 * states. */
bool kai_stix_claims_tlp(const json_t *o);

/* Whether v is "type--UUID"; the last two may be NULL. */
bool kai_stix_ref(const json_t *v, struct kai_view *type, uint8_t *uuid);

#endif

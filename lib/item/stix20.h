/* stix20: objects of STIX 2.0, made into those of 2.1. Private to lib/item. */
#ifndef KAI_ITEM_STIX20_H
#define KAI_ITEM_STIX20_H

#include "item/made.h"

/* Whether an object that says no spec_version is one of 2.0 and not an observable of 2.1: it has
 * `created`, as all have in 2.0. */
bool kai_stix20_is(const json_t *o);

/* Change it and hand it out, with the observables of an observed-data before it: spec_version;
 * labels where 2.1 has a name of its own for them (indicator_types, ...); pattern_type; is_family;
 * objects. o is changed; the caller's. Errors: KAI_ENOMEM, what the sink returned. */
KAI_MUST_USE enum kai_err kai_stix20_give(struct kai_made *m, json_t *o, struct kai_label own,
                                          const char *path, uint64_t line);

#endif

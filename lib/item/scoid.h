/* scoid: the deterministic ids of STIX cyber-observable objects, and UUID version 5 under any
 * namespace. SHA-1 is what RFC 4122 prescribes here; nothing rests on its strength. */
#ifndef KAI_ITEM_SCOID_H
#define KAI_ITEM_SCOID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "item/stix.h"

#define KAI_UUID_CAP 37u

void kai_uuid5(uint8_t out[static 16], const uint8_t ns[static 16], const void *name, size_t n);
/* "28bb3599-77cd-5a82-a950-b5bc3caf07c4" and a NUL. Returns out. */
char *kai_uuid_text(char out[static KAI_UUID_CAP], const uint8_t uuid[static 16]);
/* Exactly 36 characters, either case. */
bool kai_uuid_parse(uint8_t out[static 16], struct kai_view text);

/* The id that an SCO should have by its contributing properties (STIX 2.1, 2.9). The object needs
 * no id yet. Errors: KAI_ENOTFOUND (its type has no deterministic id, or none of the contributing
 * properties is there), KAI_EMALFORMED, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_sco_id(struct kai_view object, char out[static KAI_STIX_ID_CAP]);

#endif

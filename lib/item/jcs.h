/* jcs: RFC 8785, the canonical text of a JSON value. Private to lib/item. */
#ifndef KAI_ITEM_JCS_H
#define KAI_ITEM_JCS_H

#include <jansson.h>

#include "base/buf.h"

/* Append v's canonical text. Errors: KAI_ELIMIT (deeper than KAI_STIX_DEPTH_MAX), what out->err
 * says. */
KAI_MUST_USE enum kai_err kai_jcs(const json_t *v, struct kai_buf *out);

#endif

/* shown: what of the node's own facts a reader is shown.
 *
 * Organisations, nodes and audiences are known to every member of the network, and so to every
 * reader here; but an audience for RED says by its name alone what it is about: it exists for those
 * cleared for RED. */
#ifndef KAI_NODE_SHOWN_H
#define KAI_NODE_SHOWN_H

#include "node/core.h"

/* Whether an audience exists for a reader of this clearance. */
bool kai_shown_aud(const struct kai_outlook *o, const uint8_t aud_id[static KAI_ID_BYTES],
                   uint8_t clearance);
/* kai_outlook_find_aud() among those that do. Errors: KAI_ENOTFOUND (name.unknown), KAI_EAMBIGUOUS
 * (name.ambiguous). */
KAI_MUST_USE enum kai_err kai_shown_find_aud(const struct kai_outlook *o, const char *name,
                                             uint8_t clearance, const struct kai_aud_name **out,
                                             struct kai_why *why);

/* The same by its id alone: no name, which its owner chooses, is taken for it. */
KAI_MUST_USE enum kai_err kai_shown_aud_by_id(const struct kai_outlook *o,
                                              const uint8_t aud_id[static KAI_ID_BYTES],
                                              uint8_t clearance, const struct kai_aud_name **out,
                                              struct kai_why *why);

#endif

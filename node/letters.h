/* letters: items for one organisation alone, written into its mailbox (docs/protocol.md 6). */
#ifndef KAI_NODE_LETTERS_H
#define KAI_NODE_LETTERS_H

#include "node/core.h"

/* Write items (NOTICE, OBJ, RELEASE, RECALL: bytes as lib/log made them, together at most one
 * payload) into the organisation's mailbox, durably. Its epoch is minted where there is none yet.
 * Not on the owning thread of a running loop. Errors: KAI_ENOTFOUND (letter.nobody: no active
 * organisation, or it has no active node), KAI_EEXIST (letter.own: it is ours), and as
 * kai_post_items(). */
KAI_MUST_USE enum kai_err kai_letter_post(struct kai_core *c,
                                          const uint8_t org_id[static KAI_ID_BYTES],
                                          const struct kai_view *items, size_t n,
                                          struct kai_why *why);

/* Tell the origin, and nobody else, of a violation (query/acts.h, kai_ix_report). item: the RESHARE
 * as it came; p == NULL: it is not at hand, or too large. */
KAI_MUST_USE enum kai_err
kai_letter_violation(struct kai_core *c, const uint8_t org_id[static KAI_ID_BYTES],
                     const char *code, const uint8_t obj_hash[static KAI_ID_BYTES],
                     struct kai_view item, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq,
                     struct kai_why *why);

#endif

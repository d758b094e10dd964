/* proof: that a node was a member of an audience, for those who are not (docs/protocol.md 6).
 *
 * [signed bin, minter cert, SIG 0x26 over signed, leaf salt16, index, n, [hash...], X]: signed is
 * what the minter of an EPOCH signed ([key log pk, aud_id, gen, [predecessor...], commit,
 * members_root, [removal...]]); the node's leaf stands at index of n under members_root. It tells
 * nothing of the other members but how many there were. A RESHARE carries it. */
#ifndef KAI_KEYS_PROOF_H
#define KAI_KEYS_PROOF_H

#include "keys/keyring.h"

#define KAI_MEMBER_PROOF_BYTES_MAX 3072u

/* That we are a member, by the newest epoch of a steward that lists us, appended to out. Of the
 * public audience and of mailboxes there are none.
 * Errors: KAI_ENOTFOUND (no such epoch here), KAI_ENOMEM, what out->err says. */
KAI_MUST_USE enum kai_err kai_member_proof_make(const struct kai_keyring *k,
                                                const uint8_t aud_id[static KAI_ID_BYTES],
                                                struct kai_buf *out);

/* Whether proof shows that this node was a member of the audience: the minter was one of its
 * stewards (kai_roster_was_steward()), the signature is its, the leaf is under the root.
 * Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_EAGAIN (the minter's certificate is not held),
 * KAI_EDENIED (the minter was never a steward of this audience), KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_member_proof_check(const struct kai_roster *r,
                                                 const uint8_t aud_id[static KAI_ID_BYTES],
                                                 const uint8_t node_id[static KAI_ID_BYTES],
                                                 struct kai_view proof);

#endif

/* epoch: an EPOCH payload, between bytes and a struct (docs/protocol.md 6).
 *
 * [aud_id, gen, [pred...], commit, members_root, eph_pk, slots bin, relay slots bin, list bin,
 * part, of, X]; the list opens to [minter cert or nil, SIG or nil, member ids bin, [removal...],
 * X], X 2 = ids of the relays that got a slot, X 4 = nothing: it adds to an epoch that is there. */
#ifndef KAI_KEYS_EPOCH_H
#define KAI_KEYS_EPOCH_H

#include "keys/keyring.h"

struct kai_epoch_part {
    uint8_t aud_id[KAI_ID_BYTES];
    uint64_t gen;
    size_t n_preds;
    uint8_t preds[KAI_EPOCH_PREDS_MAX][KAI_ID_BYTES];
    uint8_t commit[KAI_ID_BYTES];
    uint8_t members_root[KAI_ID_BYTES];
    uint8_t eph_pk[KAI_KEY_BYTES];
    struct kai_view slots; /* Points into the payload, as do the next two. */
    struct kai_view relay_slots;
    struct kai_view list;
    uint64_t part; /* From 0. */
    uint64_t of;
};
KAI_MUST_USE enum kai_err kai_epoch_parse(struct kai_epoch_part *p, struct kai_view payload);
void kai_epoch_write(struct kai_buf *out, const struct kai_epoch_part *p);

struct kai_epoch_list {
    bool has_minter; /* Else BIND names the writer: a mailbox. */
    uint8_t minter_cert[KAI_ID_BYTES];
    uint8_t sig[KAI_SIG_BYTES];
    const uint8_t *members; /* n_members ids, ascending; points into the opened list. */
    size_t n_members;
    size_t n_removals;
    uint8_t removals[KAI_REMOVALS_MAX][KAI_ID_BYTES];
    size_t n_relays;
    uint8_t relays[8][KAI_ID_BYTES];
    bool adds; /* Members or an answer, to an epoch that somebody made before. */
};
/* Open and read; members point into scratch, which is overwritten. Errors: KAI_EMALFORMED,
 * KAI_ELIMIT, KAI_EAUTH, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_epoch_list_open(struct kai_epoch_list *l, struct kai_buf *scratch,
                                              const struct kai_epoch_part *p, const uint8_t *route,
                                              const uint8_t *nid, const uint8_t *key_log,
                                              uint64_t seq);
/* Seal l as the list of p, appended to out. */
KAI_MUST_USE enum kai_err kai_epoch_list_seal(struct kai_buf *out, const struct kai_epoch_list *l,
                                              const struct kai_epoch_part *p, const uint8_t *route,
                                              const uint8_t *nid, const uint8_t *key_log,
                                              uint64_t seq,
                                              const uint8_t nonce[static KAI_NONCE_BYTES]);

/* What the minter signs, 0x26: [key log pk, aud_id, gen, [pred...], commit, members_root,
 * [removal...]]. */
void kai_epoch_signed(struct kai_buf *out, const struct kai_epoch_part *p,
                      const struct kai_epoch_list *l, const uint8_t *key_log);

/* Fills key's epoch: commit, routing secret and tag from aud_id, gen and key. */
void kai_epoch_derive(struct kai_epoch *e);
/* The tag from aud_id and routing secret. */
void kai_epoch_tag(struct kai_epoch *e);
/* Leaf of a member in members_root, and the salt that shows it to others. */
void kai_epoch_leaf(uint8_t leaf[static KAI_ID_BYTES], const uint8_t *route,
                    const uint8_t *node_id);
#define KAI_EPOCH_SALT_BYTES 16u
void kai_epoch_salt(uint8_t salt[static KAI_EPOCH_SALT_BYTES], const uint8_t *route,
                    const uint8_t *node_id);
void kai_epoch_salted_leaf(uint8_t leaf[static KAI_ID_BYTES],
                           const uint8_t salt[static KAI_EPOCH_SALT_BYTES], const uint8_t *node_id);
/* Slots that n members are padded to. */
size_t kai_epoch_padded(size_t n);

#endif

/* keyring: the audiences this node takes part in: names, members, epochs and their keys
 * (docs/protocol.md 6). State machine without input/output: entries come in, questions are
 * answered. One thread writes; a snapshot for other threads is taken with kai_keyring_keys(). */
#ifndef KAI_KEYS_KEYRING_H
#define KAI_KEYS_KEYRING_H

#include "keys/roster.h"
#include "log/batch.h"
#include "log/body.h"

struct kai_keyring;

/* What the node holds for itself; keys are copied into guarded memory. */
struct kai_self {
    uint8_t node_id[KAI_ID_BYTES];
    uint8_t node_cert[KAI_ID_BYTES];
    uint8_t org_id[KAI_ID_BYTES];
    uint8_t sign_pk[KAI_KEY_BYTES];
    uint8_t sign_sk[64];
    uint8_t kx_pk[KAI_KEY_BYTES];
    uint8_t kx_sk[KAI_KEY_BYTES];
    bool further; /* A further node of its organisation: what that owns gets its first epoch from
                     the node with the issuing key. */
};

struct kai_epoch { /* One epoch of one audience, as known here. */
    uint8_t aud_id[KAI_ID_BYTES];
    uint64_t gen;
    uint8_t commit[KAI_ID_BYTES]; /* kid = its first 16 bytes. */
    uint8_t key[KAI_KEY_BYTES];
    uint8_t route[KAI_KEY_BYTES]; /* Routing secret. */
    uint8_t tag[KAI_TAG_BYTES];   /* Of entries under it. */
    bool complete;                /* All parts held, predecessors held: may be written under. */
};

KAI_MUST_USE enum kai_err kai_keyring_new(struct kai_keyring **out, const struct kai_self *self);
void kai_keyring_free(struct kai_keyring *k);

/* Take over a new roster (referenced). Public audiences get their epoch here. */
KAI_MUST_USE enum kai_err kai_keyring_roster(struct kai_keyring *k, struct kai_roster *r);

/* Feed an EPOCH entry (ptype 2) with its payload. *aud_id says for which audience it is.
 * KAI_OK: an epoch, part or slot was learned or it is held already. KAI_ENOTFOUND: no slot for us,
 * kept in mind only as seen. KAI_EAGAIN: the AUDIENCE or the minter's certificate is not known yet:
 * offer it again. KAI_EDENIED: its minter is no active steward: read under, never written under.
 * Else KAI_EMALFORMED, KAI_EAUTH, KAI_ELIMIT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_keyring_epoch(struct kai_keyring *k, const struct kai_entry *e,
                                            uint8_t aud_id[static KAI_ID_BYTES]);
/* The audience id of an EPOCH payload, and nothing more. */
KAI_MUST_USE enum kai_err kai_epoch_audience(uint8_t aud_id[static KAI_ID_BYTES],
                                             struct kai_view payload);

/* Feed a RULE item found in an entry of the audience. KAI_EAGAIN: parts or the AUDIENCE it belongs
 * to are not there yet (kept). Errors: KAI_EMALFORMED, KAI_EAUTH, KAI_EDENIED, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_keyring_rule(struct kai_keyring *k, struct kai_view rule_item);

/* The audience's name, "" when unknown; static until the next change. */
const char *kai_keyring_name(const struct kai_keyring *k,
                             const uint8_t aud_id[static KAI_ID_BYTES]);
/* By name or unique id prefix (hex). Errors: KAI_ENOTFOUND, KAI_EAMBIGUOUS. */
KAI_MUST_USE enum kai_err kai_keyring_find(const struct kai_keyring *k, const char *name,
                                           uint8_t aud_id[static KAI_ID_BYTES]);

/* The question that routing asks: is this node eligible for the audience, from our own roster and
 * rule? Organisation a member, node active, ceiling not above the organisation's label_max. Unknown
 * audience: false. A group whose RULE is not here is nobody, but for those whom a steward's EPOCH
 * lists in answer to the AUDIENCE that counts (its hash is among the removals): the RULE travels
 * inside the audience. The owner and stewards are members only where rule or list say so. */
bool kai_keyring_eligible(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                          const struct kai_node *n);
bool kai_keyring_org_member(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                            const struct kai_org *o);
/* Audiences that we are eligible for and know of (id order): at most KAI_AUDIENCES_MAX. */
size_t kai_keyring_audiences(const struct kai_keyring *k, const uint8_t (**ids)[KAI_ID_BYTES]);
/* Known epochs of an audience, newest (gen, commit) first. Pointers good until the next change. */
size_t kai_keyring_epochs(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                          const struct kai_epoch **first);
const struct kai_epoch *kai_keyring_kid(const struct kai_keyring *k,
                                        const uint8_t aud_id[static KAI_ID_BYTES],
                                        const uint8_t kid[static KAI_TAG_BYTES]);
/* The audience whose known epoch has this tag and kid; NULL when none. */
const struct kai_epoch *kai_keyring_tag(const struct kai_keyring *k,
                                        const uint8_t tag[static KAI_TAG_BYTES],
                                        const uint8_t kid[static KAI_TAG_BYTES]);
/* The epoch to write under: max (gen, commit) among complete ones that list no removed node.
 * KAI_ENOTFOUND: no key yet (waiting for a steward); KAI_EAGAIN: waiting for a clean one. */
KAI_MUST_USE enum kai_err kai_keyring_write_epoch(const struct kai_keyring *k,
                                                  const uint8_t aud_id[static KAI_ID_BYTES],
                                                  struct kai_epoch *out);
/* Whether an epoch chosen earlier may still be written under: a removal may have come since. */
bool kai_keyring_may_write(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                           const uint8_t kid[static KAI_TAG_BYTES]);
/* A copy of all known epochs, for another thread, in guarded memory: free with sodium_free(). *n of
 * them. */
KAI_MUST_USE enum kai_err kai_keyring_keys(const struct kai_keyring *k, struct kai_epoch **out,
                                           size_t *n);
/* Counts every change of audiences, members, epochs: compare to know whether to MATCH again. */
uint64_t kai_keyring_version(const struct kai_keyring *k);

/* Minting. Writes the EPOCH payloads (one per part) for a new epoch or, with key of an existing
 * one, for members added (same commit, new slots); emit is called for each payload in order.
 * key_log_pk and first_seq: the key log they will stand in, and the seq of the first part, since
 * both are sealed in. Errors: KAI_EDENIED (we are no steward), KAI_ENOMEM, KAI_ELIMIT. */
struct kai_mint {
    uint8_t aud_id[KAI_ID_BYTES];
    uint8_t key_log_pk[KAI_KEY_BYTES];
    uint64_t first_seq;
    const struct kai_epoch
        *add_to; /* NULL: a new epoch with predecessors = all current heads of the epoch graph. */
    const struct kai_node *const *members;
    size_t n_members;
};
typedef enum kai_err kai_mint_fn(void *ctx, struct kai_view epoch_payload,
                                 const uint8_t kid[static KAI_TAG_BYTES],
                                 const uint8_t tag[static KAI_TAG_BYTES]);
KAI_MUST_USE enum kai_err kai_epoch_mint(const struct kai_keyring *k, const struct kai_mint *m,
                                         kai_random_fn *random, void *random_ctx, kai_mint_fn *emit,
                                         void *emit_ctx);

/* What this node, as a steward, owes its audiences at now_ms: the first duty found. KAI_ENOTFOUND:
 * nothing now; *next_ms = when to ask again. */
struct kai_duty {
    uint8_t aud_id[KAI_ID_BYTES];
    bool new_epoch; /* Else: slots for members added to the current epoch. */
    size_t n_members;
    const struct kai_node **members; /* Whom to list; freed with free() by the caller. */
};
KAI_MUST_USE enum kai_err kai_keyring_duty(struct kai_keyring *k, uint64_t now_ms,
                                           struct kai_duty *d, uint64_t *next_ms);

#endif

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
    uint8_t key[KAI_KEY_BYTES];   /* Zeros where route_only. */
    uint8_t route[KAI_KEY_BYTES]; /* Routing secret. */
    uint8_t tag[KAI_TAG_BYTES];   /* Of entries under it. */
    bool complete;                /* All parts held, predecessors held: may be written under. */
    bool listed; /* Complete, and a steward's list of all that it was made for, not additions alone.
                  */
    bool route_only;              /* We relay: nothing under it opens. */
    bool has_writer;              /* Only logs of one node may use it: its author minted it. */
    uint8_t writer[KAI_ID_BYTES]; /* Node id. Zeros: whom BIND names (letters of others to us). */
};

KAI_MUST_USE enum kai_err kai_keyring_new(struct kai_keyring **out, const struct kai_self *self);
void kai_keyring_free(struct kai_keyring *k);

/* A key that a slot gave to an earlier node key of this home (a restored backup): it opens what
 * commits to it, and nothing else. Errors: KAI_ENOMEM, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_keyring_spare(struct kai_keyring *k,
                                            const uint8_t commit[static KAI_ID_BYTES],
                                            const uint8_t key[static KAI_KEY_BYTES]);

/* Take over a new roster (referenced). Public audiences get their epoch here. */
KAI_MUST_USE enum kai_err kai_keyring_roster(struct kai_keyring *k, struct kai_roster *r);

/* Feed an EPOCH entry (ptype 2) with its payload. *aud_id says for which audience it is.
 * Verifies the key of the log and the signature of the header itself: nothing is learned from an
 * entry that its log's key did not sign. KAI_OK: an epoch, part or slot was learned or it is held
 * already; also where its minter is a member that minted for its own logs, or was a steward once:
 * read under, never written under by others. KAI_ENOTFOUND: no slot for us, kept in mind as seen
 * (kai_keyring_kid_held()). KAI_EAGAIN: the AUDIENCE or the minter's certificate is not known yet:
 * offer it again. KAI_EDENIED: its minter is neither a member nor was it ever a steward.
 * KAI_ELIMIT: no room; of one below the last KAI_EPOCHS_PER_AUDIENCE_MAX of stewards the key is
 * held all the same, for reading. Else KAI_EMALFORMED, KAI_EAUTH, KAI_ENOMEM. */
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
 * audience: false. Of a group, of providers or of persons whose RULE is not here nobody is a
 * member, but for those whom a steward's EPOCH lists in answer to the AUDIENCE that counts (its
 * hash is among the removals): the RULE travels inside the audience, and a relay never sees it. Of
 * clients, providers and persons the owner is a member itself; elsewhere owner and stewards are
 * members only where rule or list say so. Of a mailbox the readers: the nodes of its owner. */
bool kai_keyring_eligible(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                          const struct kai_node *n);
/* The question that the overlay asks: eligible, or, as long as the RULE that counts is not here, in
 * the newest EPOCH that we know: they were members a moment ago, and one of them will have heard of
 * it. Nothing is sent because of it. */
bool kai_keyring_likely(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                        const struct kai_node *n);
bool kai_keyring_org_member(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                            const struct kai_org *o);
/* Whether the AUDIENCE names the organisation as a steward, or one in whose place it stands. */
bool kai_keyring_keeps(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                       const struct kai_org *o);
/* Whether the node may author a log of the audience: a member, or the owner or a steward, whose
 * RULE tells who the members are; of a mailbox any active node of another organisation. All need
 * caps publish. */
bool kai_keyring_author(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                        const struct kai_node *n);
/* The member organisations, in order of id: *n of them, free with free(). An unknown audience has
 * none. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_keyring_org_members(const struct kai_keyring *k,
                                                  const uint8_t aud_id[static KAI_ID_BYTES],
                                                  const struct kai_org ***orgs, size_t *n);
/* Whether the rule of the audience is known here, so that its members are: always where the roster
 * alone says who they are. */
bool kai_keyring_members_known(const struct kai_keyring *k,
                               const uint8_t aud_id[static KAI_ID_BYTES]);
/* Whether every member organisation of inner is one of outer, as known here. A rule that is not
 * here: unknown. Everybody (public) is inside nothing but the public audience. */
enum kai_inside { KAI_INSIDE_NO, KAI_INSIDE_YES, KAI_INSIDE_UNKNOWN };
enum kai_inside kai_keyring_inside(const struct kai_keyring *k,
                                   const uint8_t inner[static KAI_ID_BYTES],
                                   const uint8_t outer[static KAI_ID_BYTES]);
/* The ACTIVE places that the rule of a persons audience names and whose label_max reaches its
 * ceiling, in roster order: *n of them, free with free(). Their not_after is the
 * caller's to heed, by its clock. Errors: KAI_ENOTFOUND (none of that kind, or no rule),
 * KAI_ENOMEM.
 */
KAI_MUST_USE enum kai_err kai_keyring_persons(const struct kai_keyring *k,
                                              const uint8_t aud_id[static KAI_ID_BYTES],
                                              const struct kai_person ***persons, size_t *n);
/* The highest label that may be written to it: the AUDIENCE's; of a mailbox AMBER+STRICT, or what
 * its owner may have. 0: unknown audience. */
uint64_t kai_keyring_ceiling(const struct kai_keyring *k,
                             const uint8_t aud_id[static KAI_ID_BYTES]);

#define KAI_MAILBOX_LABEL_MAX 4u /* AMBER+STRICT. */
/* Mailboxes: implicit, one for every active organisation (docs/protocol.md 6). Routing secret and
 * tag can be worked out by every member of the network. */
void kai_mailbox_id(uint8_t aud_id[static KAI_ID_BYTES], const uint8_t org_id[static KAI_ID_BYTES]);
void kai_mailbox_route(uint8_t route[static KAI_KEY_BYTES], uint8_t tag[static KAI_TAG_BYTES],
                       const uint8_t nid[static KAI_ID_BYTES],
                       const uint8_t aud_id[static KAI_ID_BYTES]);
/* Whose mailbox this is; NULL: it is none. */
const struct kai_org *kai_keyring_mailbox_owner(const struct kai_keyring *k,
                                                const uint8_t aud_id[static KAI_ID_BYTES]);

/* Whether an epoch that is open here has a slot for this node, as a statement that counts says: it
 * can hold the routing secret. Of a relay only the newest epoch counts. */
bool kai_keyring_slotted(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                         const struct kai_node *n);

/* Relays: whether the AUDIENCE lists this node, it is active and has caps relay. */
bool kai_keyring_relay(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                       const struct kai_node *n);
/* Audiences that we are a relay of and no member (id order): at most KAI_AUDIENCES_MAX. */
size_t kai_keyring_relayed(const struct kai_keyring *k, const uint8_t (**ids)[KAI_ID_BYTES]);
/* Parts of EPOCHs that could not be opened had to go, and a key has come since: all EPOCHs of this
 * audience (NULL: of any) are to be fed once more. True once. */
bool kai_keyring_again(struct kai_keyring *k, const uint8_t *aud_id);
/* Whether an EPOCH with this kid is held, with a key or not: entries under one without are taken
 * unread. */
bool kai_keyring_kid_held(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                          const uint8_t kid[static KAI_TAG_BYTES]);

/* Audiences that we are eligible for and know of (id order), without mailboxes: at most
 * KAI_AUDIENCES_MAX. */
size_t kai_keyring_audiences(const struct kai_keyring *k, const uint8_t (**ids)[KAI_ID_BYTES]);
/* Known epochs of an audience, those of stewards first, then newest (gen, commit) first; route_only
 * ones too. Pointers good until the next change. */
size_t kai_keyring_epochs(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                          const struct kai_epoch **first);
const struct kai_epoch *kai_keyring_kid(const struct kai_keyring *k,
                                        const uint8_t aud_id[static KAI_ID_BYTES],
                                        const uint8_t kid[static KAI_TAG_BYTES]);
/* Whether logs of this node may stand under a known epoch: any author's under one of a steward, its
 * minter's alone under another (and of a mailbox those of nodes of other organisations). */
bool kai_keyring_may_use(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                         const uint8_t kid[static KAI_TAG_BYTES], const struct kai_node *n);
/* The audience whose known epoch has this tag and kid; NULL when none. */
const struct kai_epoch *kai_keyring_tag(const struct kai_keyring *k,
                                        const uint8_t tag[static KAI_TAG_BYTES],
                                        const uint8_t kid[static KAI_TAG_BYTES]);
/* The epoch to write under: max (gen, commit) among complete ones of stewards that list no removed
 * node; where there is none, the newest clean one that we minted for ourselves. KAI_ENOTFOUND: no
 * key yet (waiting for a steward; of a mailbox: mint one); KAI_EAGAIN: waiting for a clean one. Ask
 * kai_keyring_want() then. */
KAI_MUST_USE enum kai_err kai_keyring_write_epoch(const struct kai_keyring *k,
                                                  const uint8_t aud_id[static KAI_ID_BYTES],
                                                  struct kai_epoch *out);
/* Whether an epoch chosen earlier may still be written under: a removal may have come since. */
bool kai_keyring_may_write(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                           const uint8_t kid[static KAI_TAG_BYTES]);
/* The same for what is labelled CLEAR, which anyone may read: where none is clean, the newest of a
 * steward although it lists a removed node. */
KAI_MUST_USE enum kai_err kai_keyring_clear_epoch(const struct kai_keyring *k,
                                                  const uint8_t aud_id[static KAI_ID_BYTES],
                                                  struct kai_epoch *out);
bool kai_keyring_may_clear(const struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                           const uint8_t kid[static KAI_TAG_BYTES]);
/* Open the slot that was made for our kx key: the secret key stays in here. Errors: as of
 * kai_slot_open(). */
struct kai_slot_ctx;
KAI_MUST_USE enum kai_err kai_keyring_open_slot(const struct kai_keyring *k,
                                                uint8_t secret[static KAI_KEY_BYTES],
                                                const struct kai_slot_ctx *ctx,
                                                const uint8_t *slots, size_t n);
/* A copy of all known epochs, for another thread, in guarded memory: free with sodium_free(). *n of
 * them. */
KAI_MUST_USE enum kai_err kai_keyring_keys(const struct kai_keyring *k, struct kai_epoch **out,
                                           size_t *n);
/* Counts every change of audiences, members, epochs: compare to know whether to MATCH again. */
uint64_t kai_keyring_version(const struct kai_keyring *k);

/* Minting. Writes the EPOCH payloads (one per part) for a new epoch or, with key of an existing
 * one, for members added (same commit, new slots); emit is called for each payload in order.
 * key_log_pk and first_seq: the key log they will stand in, and the seq of the first part, since
 * both are sealed in. Errors: KAI_EDENIED (we are no steward, and own is not set; or own is, and we
 * may not author logs there), KAI_ENOMEM, KAI_ELIMIT. */
struct kai_mint {
    uint8_t aud_id[KAI_ID_BYTES];
    uint8_t key_log_pk[KAI_KEY_BYTES];
    uint64_t first_seq;
    const struct kai_epoch
        *add_to; /* NULL: a new epoch with predecessors = all current heads of the epoch graph. */
    bool own;    /* For our own logs alone: we are no steward, or it is a mailbox. */
    const struct kai_node *const *members; /* Of a mailbox: the nodes of its owner. */
    size_t n_members;
};
typedef enum kai_err kai_mint_fn(void *ctx, struct kai_view epoch_payload,
                                 const uint8_t kid[static KAI_TAG_BYTES],
                                 const uint8_t tag[static KAI_TAG_BYTES]);
KAI_MUST_USE enum kai_err kai_epoch_mint(const struct kai_keyring *k, const struct kai_mint *m,
                                         kai_random_fn *random, void *random_ctx, kai_mint_fn *emit,
                                         void *emit_ctx);

/* What is to be minted: copied into a struct kai_mint as it is. */
struct kai_duty {
    uint8_t aud_id[KAI_ID_BYTES];
    bool new_epoch;                 /* Else: slots for members added to add_to. */
    bool own;                       /* For our own logs alone. */
    const struct kai_epoch *add_to; /* NULL for a new epoch. Good until the next change. */
    size_t n_members;
    const struct kai_node **members; /* Whom to list; freed with free() by the caller. */
};
/* What this node, as a steward, owes its audiences at now_ms (ms since 1970: by it the age of an
 * epoch is told), and what it wanted to write and owes itself: the first duty found. KAI_ENOTFOUND:
 * nothing now; *next_ms = when to ask again. */
KAI_MUST_USE enum kai_err kai_keyring_duty(struct kai_keyring *k, uint64_t now_ms,
                                           struct kai_duty *d, uint64_t *next_ms);
/* What was minted for this audience at now_ms changed nothing that is known here, so that the same
 * would be owed again at once, for ever: what is minted stands in the log and in those of all
 * members. For 15 minutes nothing is owed to it: 96 a day at most that nobody can use. 0: no
 * longer. */
void kai_keyring_pause(struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                       uint64_t now_ms);
/* What waits to be written has waited since then, also before a restart: no steward's epoch is
 * taken to have been clean since. Where one is clean now, and for later times than are known:
 * nothing. */
void kai_keyring_lacks_since(struct kai_keyring *k, const uint8_t aud_id[static KAI_ID_BYTES],
                             uint64_t since_ms);
/* Somebody wants to write, and there is no epoch to write under. KAI_OK: *d is to be minted now,
 * and the epoch is there (a mailbox; or no steward gave a clean one for KAI_SELF_EPOCH_MS).
 * KAI_EAGAIN: hold it; where nobody acts, kai_keyring_duty() will say so in time. KAI_ENOTFOUND:
 * nothing to do here: no such audience, no author of it, or there is an epoch. KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_keyring_want(struct kai_keyring *k,
                                           const uint8_t aud_id[static KAI_ID_BYTES],
                                           uint64_t now_ms, struct kai_duty *d);

#endif

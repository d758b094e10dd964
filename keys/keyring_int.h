/* keyring_int: what a keyring holds. */
#ifndef KAI_KEYS_KEYRING_INT_H
#define KAI_KEYS_KEYRING_INT_H

#include "keys/epoch.h"

#define KAI_RULE_SETS_MAX                                                                          \
    128u /* RULEs of all audiences together, old ones and ones not named yet. */
#define KAI_RULE_PARTS        8u  /* 1,024 ids each: twice the members of an audience. */
#define KAI_PENDING_PARTS_MAX 64u /* Parts of epochs without a key, of one audience. */

#define KAI_RELAYS_MAX                                                                             \
    (sizeof((struct kai_aud_rec *)0)->relays / sizeof((struct kai_aud_rec *)0)->relays[0])

/* One minter's word about an epoch: whom it made slots for, in which parts. */
struct kai_statement {
    uint8_t key_log[KAI_KEY_BYTES];
    uint8_t members_root[KAI_ID_BYTES];
    uint8_t minter_cert[KAI_ID_BYTES];
    uint8_t sig[KAI_SIG_BYTES];
    uint64_t of;
    uint64_t minted_ms; /* The minter's clock: when to rotate, nothing else. */
    size_t n_held;
    uint8_t *parts[KAI_EPOCH_PARTS_MAX]; /* Node ids. */
    size_t part_n[KAI_EPOCH_PARTS_MAX];
    size_t n_preds;
    uint8_t (*preds)[KAI_ID_BYTES];
    size_t n_removals;
    uint8_t (*removals)[KAI_ID_BYTES];
    size_t n_relays;
    uint8_t relays[KAI_RELAYS_MAX][KAI_ID_BYTES]; /* Who got the routing secret. */
    bool whole;                                   /* All parts held, and members_root fits. */
    bool trusted;                                 /* Its minter is an active steward now. */
    bool stranger;                                /* It never was one, when this came. */
    uint64_t behind_ms; /* Since when we have not heard what it answers; 0: we have. */
    bool counts;        /* Trusted, or our own. */
    bool adds;          /* To an epoch that somebody made before. */
    bool gave; /* Whom it lists has the key: it counts, or its minter was a steward then. */
};

struct kai_pending {            /* A part that cannot be opened yet. */
    struct kai_epoch_part part; /* list points to list_bytes; slots are gone. */
    uint8_t key_log[KAI_KEY_BYTES];
    uint64_t seq;
    uint64_t ts;
    uint8_t *list_bytes;
};

struct kai_known { /* A node of the epoch graph. */
    uint8_t commit[KAI_ID_BYTES];
    uint64_t gen;   /* Proven by commit where has_key. */
    uint64_t heard; /* In which place, of all of its audience. */
    bool open;      /* It stands in the table, with its key or its routing secret alone. */
    bool has_key;
    struct kai_statement *said;
    size_t n_said;
    bool trusted;  /* By one statement at least. */
    bool complete; /* As in struct kai_epoch. */
    bool made;     /* A steward of now says that it made it: the others only added to it. */
    bool clean;    /* Complete, we have its key, and nobody it lists has ceased to be eligible. */
    bool answers;  /* The current AUDIENCE is among what its stewards answered. */
    bool private;  /* No steward, of now or before, spoke of it: for its minters' logs alone. */
    bool mine;     /* Minted by us, and whole: good for our own logs at least. */
    uint64_t minted_ms; /* By the first of the statements that count; UINT64_MAX: none. */
};

struct kai_aud {
    uint8_t id[KAI_ID_BYTES];
    const struct kai_audience *rec; /* NULL: no AUDIENCE counts now. */
    bool box;                       /* A mailbox: no steward speaks of it. */
    char name[KAI_TEXT_BYTES_MAX + 1];
    bool rule_known;
    const uint8_t *rule_ids; /* Organisations or places; points into a rule set. */
    size_t n_rule_ids;
    uint8_t *place_ids; /* Of persons: the organisations of the places listed, ascending. */
    size_t n_place_ids;
    struct kai_known **known; /* By gen. */
    size_t n_known;
    uint64_t n_heard; /* Of epochs, also of those that are not kept. */
    size_t n_keys;
    struct kai_pending *pending;
    size_t n_pending;
    struct kai_known *best;   /* Of the stewards', to write under; NULL. */
    struct kai_known *newest; /* Of the stewards', clean or not; NULL. */
    struct kai_known *own;    /* Of our own, to write under; NULL. */
    bool has_public;
    uint32_t need; /* Of duty: what is owed, and since when. */
    uint64_t need_since_ms;
    bool lost;             /* A part that could not be opened went to make room, */
    bool again;            /* and a key has come since. */
    uint64_t history_seen; /* Version at which no old epoch lacked a newcomer. */
    uint64_t lacking_ms;   /* Since when no steward's epoch is clean; 0: one is. */
    bool wanted;           /* Somebody wanted to write meanwhile. */
    uint64_t paused_ms;    /* Since when nothing is owed: kai_keyring_pause(). 0: it is. */
};

/* Nodes of its owner that a mailbox epoch lists: one part, and room for the writer's own slot. */
#define KAI_MAILBOX_READERS_MAX (KAI_SLOTS_PER_PART_MAX - 1)

struct kai_rule_set {
    uint8_t aud_id[KAI_ID_BYTES];
    uint8_t signer_cert[KAI_ID_BYTES];
    uint64_t ver;
    uint64_t of;
    struct kai_view items[KAI_RULE_PARTS]; /* Copies that this set owns. */
    const uint8_t *ids;                    /* All parts together, once held. */
    uint8_t *ids_own;
    size_t n_ids;
    uint64_t id_kind;
    char name[KAI_TEXT_BYTES_MAX + 1];
    bool whole;
    uint8_t hash[KAI_ID_BYTES]; /* Where whole. */
};

struct kai_keyring {
    struct kai_self *self; /* Guarded. */
    struct kai_roster *roster;
    struct kai_aud *auds; /* By id. */
    size_t n_auds;
    struct kai_epoch *table; /* Guarded; by audience, then newest first. */
    size_t n_table;
    size_t table_cap;
    struct kai_spare { /* Keys that no slot of ours gives. */
        uint8_t commit[KAI_ID_BYTES];
        uint8_t key[KAI_KEY_BYTES];
    } * spare; /* Guarded. */
    size_t n_spare, spare_cap;
    struct kai_rule_set *rules;
    size_t n_rules;
    uint8_t mine[KAI_AUDIENCES_MAX][KAI_ID_BYTES];
    size_t n_mine;
    uint8_t relayed[KAI_AUDIENCES_MAX][KAI_ID_BYTES];
    size_t n_relayed;
    uint64_t version;
    uint8_t digest[KAI_ID_BYTES]; /* Of what the version counts. */
};

struct kai_aud *kai_ring_aud(const struct kai_keyring *k, const uint8_t *id); /* NULL. */
/* The row of an audience, made where there is none; NULL: no memory. Others move. */
struct kai_aud *kai_ring_aud_make(struct kai_keyring *k, const uint8_t *id);
/* Room for one more epoch without a key: another one gives way, for anybody can make those up. The
 * one heard first, whatever they say of themselves, and none that is followed. */
bool kai_ring_closed_space(struct kai_aud *a);
/* Room for one more of a steward, of this generation: the lowest gives way, and its key stays where
 * it is. False where this one is the lowest: it is for reading alone. */
bool kai_ring_open_space(struct kai_keyring *k, struct kai_aud *a, uint64_t gen);
/* Of keys for reading alone the lowest go where there are too many. */
void kai_ring_table_trim(struct kai_keyring *k, const struct kai_aud *a);
/* Whether a steward's epoch that is open here names it as a predecessor. */
bool kai_ring_followed(const struct kai_aud *a, const struct kai_known *e);
/* Whether what a minter that is no steward says finds no room, of a fresh epoch or of one that is
 * held: bounded for each minter, and for all of them together. */
bool kai_ring_too_strange(const struct kai_keyring *k, const struct kai_aud *a,
                          const struct kai_node *minter, bool fresh);
struct kai_known *kai_ring_known(const struct kai_aud *a, const uint8_t *commit);
struct kai_epoch *kai_ring_epoch(const struct kai_keyring *k, const uint8_t *aud_id,
                                 const uint8_t *commit);
void kai_ring_known_free(struct kai_known *e);
void kai_ring_table_erase(struct kai_keyring *k, struct kai_epoch *row);
/* Put a row where it belongs in the table; one with the same commit is overwritten. */
KAI_MUST_USE enum kai_err kai_ring_table_add(struct kai_keyring *k, const struct kai_epoch *e);
void kai_ring_table_sort(struct kai_keyring *k); /* After complete has changed in rows. */
/* Work out anew what follows from roster, rules and epochs. */
void kai_ring_refresh(struct kai_keyring *k, struct kai_aud *a);
void kai_ring_changed(struct kai_keyring *k); /* After any of it: own audiences, version. */
/* Parts that wait for a key or a minter that is known now. */
void kai_ring_adopt_all(struct kai_keyring *k, struct kai_aud *a);
void kai_ring_rule(struct kai_keyring *k, struct kai_aud *a);
void kai_ring_rules_free(struct kai_keyring *k);
void kai_ring_aud_free(struct kai_aud *a);
/* Whether a node is an active steward of the audience. */
bool kai_ring_steward(const struct kai_keyring *k, const struct kai_aud *a,
                      const struct kai_node *n);
/* Whether it stands in a statement that counts. */
bool kai_ring_listed(const struct kai_known *e, const uint8_t *node_id);
/* Whether an id stands in an ascending list. */
bool kai_ring_has_id(const uint8_t *ids, size_t n, const uint8_t *id);
/* Whether a person is one of an audience of persons: its very place is listed, active, and may see
 * what is in there; or its place in the organisation in whose places this one's stands. Another
 * place of the same key is nothing to it: whoever saw the person's request could have given that.
 */
bool kai_ring_place(const struct kai_keyring *k, const struct kai_aud *a,
                    const struct kai_person *p);
/* Whether the members of this kind of audience are said by a RULE that travels inside it. */
bool kai_ring_by_rule(uint64_t kind);
/* The relays of an audience as they are now; room for KAI_RELAYS_MAX. */
size_t kai_ring_relays(const struct kai_keyring *k, const struct kai_aud *a,
                       const struct kai_node **relays);
/* Whom to make slots for: of an audience those eligible (that e does not list, unless it is NULL),
 * of a mailbox the nodes of its owner. out NULL: only count. */
size_t kai_ring_readers(const struct kai_keyring *k, const uint8_t *aud_id,
                        const struct kai_known *e, const struct kai_node **out);

/* keyring_box.c: mailboxes. */
KAI_MUST_USE enum kai_err kai_ring_box_epoch(struct kai_keyring *k, const struct kai_entry *e,
                                             const struct kai_epoch_part *p);
/* The newest of our own that lists just those who read it now; NULL. */
const struct kai_epoch *kai_ring_box_own(const struct kai_keyring *k, const uint8_t *aud_id);
/* Our slot in this part: the key; the commit is checked. Errors: KAI_ENOTFOUND, KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_ring_slot(const struct kai_keyring *k, struct kai_epoch *key,
                                        const struct kai_epoch_part *p);

#endif

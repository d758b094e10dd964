/* roster: who is a member of the network, computed from the set of control entries alone
 * (docs/protocol.md 4). Any order, any duplication of the same set gives the same roster.
 *
 * A roster never changes once built. It is counted: kai_roster_ref() for each holder, from any
 * thread; pointers into it live as long as a reference does. */
#ifndef KAI_KEYS_ROSTER_H
#define KAI_KEYS_ROSTER_H

#include "keys/ctl.h"
#include "keys/record.h"

struct kai_roster;

struct kai_org {
    uint8_t id[KAI_ID_BYTES];
    uint8_t cert[KAI_ID_BYTES]; /* Of the path shown; zeros for a founder. */
    uint8_t root_pk[KAI_KEY_BYTES];
    char name[KAI_TEXT_BYTES_MAX + 1];
    bool has_parent;
    uint8_t parent[KAI_ID_BYTES];
    bool attested;
    bool active;
    bool revoked;
    uint64_t caps; /* Narrowed along the path. */
    uint64_t label_max;
    uint64_t depth_left;
    uint64_t max_children;
    uint64_t not_after;            /* Local rule: 0 = founder, never. */
    uint8_t mailbox[KAI_ID_BYTES]; /* Its id, also of one that is not active and has none. */
    size_t n_attrs;
    struct kai_attr attrs[KAI_ATTRS_MAX];
};

struct kai_issuing {
    uint8_t cert[KAI_ID_BYTES];
    uint8_t pk[KAI_KEY_BYTES];
    const struct kai_org *org;
    bool attested;
    bool active;
};

struct kai_node {
    uint8_t id[KAI_ID_BYTES];   /* H("kairan1.node", sign_pk) */
    uint8_t cert[KAI_ID_BYTES]; /* The active certificate with the highest (not_after, hash), else
                                   any. */
    uint8_t sign_pk[KAI_KEY_BYTES];
    uint8_t kx_pk[KAI_KEY_BYTES];
    uint8_t curve_pk[KAI_KEY_BYTES];
    char name[KAI_TEXT_BYTES_MAX + 1];
    const struct kai_org *org;
    bool attested;
    bool active;
    bool revoked;
    uint64_t caps;
    uint64_t quota;
    uint64_t not_after;
};

/* One place of a person: one row for each (person, organisation). The same key may hold places in
 * several organisations: an expert lent until a day. */
struct kai_person {
    uint8_t id[KAI_ID_BYTES];    /* H("kairan1.person", sign_pk) */
    uint8_t place[KAI_ID_BYTES]; /* Its id, as kai_place_id() has it. */
    uint8_t cert[KAI_ID_BYTES];  /* The active certificate with the highest (not_after, hash), else
                                    any. */
    uint8_t sign_pk[KAI_KEY_BYTES];
    uint8_t kx_pk[KAI_KEY_BYTES]; /* RED contents are sealed to it. */
    bool name_hashed;             /* name is "", and name_hash says what it hashes to. */
    char name[KAI_TEXT_BYTES_MAX + 1];
    uint8_t name_hash[KAI_ID_BYTES];
    const struct kai_org *org;
    bool attested;
    bool active;
    bool revoked;       /* The place or its organisation. */
    uint64_t label_max; /* Narrowed along the path. */
    uint64_t not_after; /* Local rule. Not after that of its organisation. */
};

struct kai_audience {
    uint8_t id[KAI_ID_BYTES];
    const struct kai_org *owner;
    struct kai_aud_rec rec;      /* The one that counts. */
    uint8_t entry[KAI_ID_BYTES]; /* Hash of the AUDIENCE entry. */
};

/* The mailbox of an active organisation (docs/protocol.md 6). */
struct kai_mailbox {
    uint8_t id[KAI_ID_BYTES];
    const struct kai_org *org;
    uint8_t route[KAI_KEY_BYTES];
    uint8_t tag[KAI_TAG_BYTES];
};

/* H("kairan1.place", person id, organisation id): what the RULE of an audience of persons names. A
 * person's request is public, so any organisation may give the same key a place; it is another one.
 */
void kai_place_id(uint8_t place[static KAI_ID_BYTES], const uint8_t person[static KAI_ID_BYTES],
                  const uint8_t org[static KAI_ID_BYTES]);

/* Build from what is held now. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_roster_build(struct kai_roster **out, const struct kai_ctl *ctl);
struct kai_roster *kai_roster_ref(struct kai_roster *r);
void kai_roster_unref(struct kai_roster *r); /* NULL does nothing. */

const uint8_t *kai_roster_nid(const struct kai_roster *r);
/* H over every ACTIVE and ATTESTED subject and audience: equal rosters have equal hashes. */
const uint8_t *kai_roster_hash(const struct kai_roster *r);

/* Look-ups: NULL when there is none. By id binary search; orgs, nodes, audiences are sorted by id.
 */
const struct kai_org *kai_roster_org(const struct kai_roster *r,
                                     const uint8_t id[static KAI_ID_BYTES]);
const struct kai_node *kai_roster_node(const struct kai_roster *r,
                                       const uint8_t id[static KAI_ID_BYTES]);
/* By any certificate of the node, active or not. */
const struct kai_node *kai_roster_node_by_cert(const struct kai_roster *r,
                                               const uint8_t cert[static KAI_ID_BYTES]);
const struct kai_node *kai_roster_node_by_curve(const struct kai_roster *r,
                                                const uint8_t curve[static KAI_KEY_BYTES]);
const struct kai_org *kai_roster_org_by_cert(const struct kai_roster *r,
                                             const uint8_t cert[static KAI_ID_BYTES]);
/* By issuing certificate or by issuing key. */
const struct kai_issuing *kai_roster_issuing(const struct kai_roster *r,
                                             const uint8_t cert_or_pk[static 32]);
const struct kai_audience *kai_roster_audience(const struct kai_roster *r,
                                               const uint8_t id[static KAI_ID_BYTES]);
size_t kai_roster_orgs(const struct kai_roster *r, const struct kai_org **first);
size_t kai_roster_nodes(const struct kai_roster *r, const struct kai_node **first);
size_t kai_roster_audiences(const struct kai_roster *r, const struct kai_audience **first);
/* Sorted by id. */
size_t kai_roster_mailboxes(const struct kai_roster *r, const struct kai_mailbox **first);
const struct kai_mailbox *kai_roster_mailbox(const struct kai_roster *r,
                                             const uint8_t id[static KAI_ID_BYTES]);
/* Sorted by (id, organisation id). */
size_t kai_roster_persons(const struct kai_roster *r, const struct kai_person **first);
/* The places of one person: how many stand one after the other from *first. */
size_t kai_roster_person(const struct kai_roster *r, const uint8_t id[static KAI_ID_BYTES],
                         const struct kai_person **first);
/* By any certificate of a place, active or not. */
const struct kai_person *kai_roster_person_by_cert(const struct kai_roster *r,
                                                   const uint8_t cert[static KAI_ID_BYTES]);

/* Whether an ACTIVE certificate of org was issued by owner without the provider mark: a client. An
 * organisation that is a provider as shown is nobody's client. */
bool kai_roster_client(const struct kai_roster *r, const struct kai_org *org,
                       const struct kai_org *owner);
/* Organisations with the provider mark from owner (not counted) down to org along an ACTIVE path
 * that has the mark, the fewest there are: 1 a contractor, 2 its contractor; 0: no provider below
 * owner, or more than KAI_PROVIDER_TIERS_MAX. */
unsigned kai_roster_provider_tiers(const struct kai_roster *r, const struct kai_org *org,
                                   const struct kai_org *owner);
/* Whether above stands over org on one of its ACTIVE paths: it admitted org, or one that did, up to
 * a founder. No organisation stands over itself. NULL: over and under nobody. */
bool kai_roster_above(const struct kai_roster *r, const struct kai_org *org,
                      const struct kai_org *above);
/* Whether an ACTIVE path of org leads up to its founder past none of those marked in without, which
 * has a place for each row of kai_roster_orgs(). */
bool kai_roster_path_without(const struct kai_roster *r, const struct kai_org *org,
                             const bool *without);
/* One organisation in whose places another stands (docs/protocol.md 4, SUCCESSOR). */
struct kai_forerunner {
    const struct kai_org *heir;
    const struct kai_org *org; /* Whose places they are. */
    uint64_t label_max;        /* The lowest of all on the way, the heir's own not counted. */
    unsigned steps;            /* From 1 to KAI_SUCCESSOR_STEPS_MAX. */
};
/* Who stands in the places of an organisation; NULL: nobody but itself. */
const struct kai_org *kai_roster_heir(const struct kai_roster *r, const struct kai_org *org);
/* All in whose places this one stands, at most KAI_FORERUNNERS_MAX, the nearest first. */
size_t kai_roster_forerunners(const struct kai_roster *r, const struct kai_org *org,
                              const struct kai_forerunner **first);
/* Whether a place under this ceiling came along to the heir. */
bool kai_forerunner_reaches(const struct kai_forerunner *f, uint64_t label_max);
/* Whether the organisation has this id, or stands in the places of the one that has, under this
 * ceiling. That it may be a member with its own terms is for the caller to ask. */
bool kai_roster_stands_for(const struct kai_roster *r, const struct kai_org *org,
                           const uint8_t id[static KAI_ID_BYTES], uint64_t label_max);

/* Whether the node is ATTESTED with caps steward, and its organisation, or one in whose place it
 * stands, was named a steward by any AUDIENCE that counts or counted: whose word about epochs of
 * then is still good. */
bool kai_roster_was_steward(const struct kai_roster *r, const uint8_t aud_id[static KAI_ID_BYTES],
                            const struct kai_node *n);
/* The same of any node, whatever became of it: who may have given others a key. NULL: false. */
bool kai_roster_was_named(const struct kai_roster *r, const uint8_t aud_id[static KAI_ID_BYTES],
                          const struct kai_node *n);
/* Hashes of the effective REVOKE entries that hit this node or its organisation. */
size_t kai_roster_removals(const struct kai_roster *r, const struct kai_node *n,
                           const uint8_t (**hashes)[KAI_ID_BYTES]);
/* The heads, in order and each once, that those of them mark which may mark for this node: where
 * its log with this blind ends (roster_mark.c). Past the most the others count for nothing. */
#define KAI_MARKED_HEADS_MAX 8u
size_t kai_roster_marks(const struct kai_roster *r, const struct kai_node *n,
                        const uint8_t blind[static 16],
                        uint8_t heads[static KAI_MARKED_HEADS_MAX][16]);
bool kai_roster_marks_any(const struct kai_roster *r, const struct kai_node *n);
/* Whether such an entry says that keys were stolen (KAI_REVOKE_COMPROMISE). */
bool kai_roster_compromise(const struct kai_roster *r, const uint8_t hash[static KAI_ID_BYTES]);
/* Whether an AUDIENCE or REVOKE of this hash is held, whether it counts or not. */
bool kai_roster_heard(const struct kai_roster *r, const uint8_t hash[static KAI_ID_BYTES]);

/* Whether an organisation fits an open rule (all keys, any of each key's values). */
bool kai_rule_fits(const struct kai_org *org, const struct kai_aud_rec *rec);

/* From now on (until told off) equal sets of control entries share one roster: for the simulator
 * alone, whose hundreds of nodes build the same ones. Several threads may build while it is on. */
void kai_roster_memo(bool on);

#endif

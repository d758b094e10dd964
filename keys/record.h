/* record: the records of the control plane, between bytes and structs (docs/protocol.md 3).
 *
 * A control entry's payload is [type, body bin]; an unknown type is carried, not read. Texts are
 * NUL-terminated copies; ids and keys are copies; nothing points into the input unless it says so.
 */
#ifndef KAI_KEYS_RECORD_H
#define KAI_KEYS_RECORD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "wire/cur.h"

enum kai_rec_type {
    KAI_REC_CHARTER = 1,
    KAI_REC_ADMIT = 2,
    KAI_REC_REVOKE = 3,
    KAI_REC_KEYDEATH = 4,   /* A note: keydeath.h. */
    KAI_REC_CHECKPOINT = 5, /* A note: checkpoint.h. */
    KAI_REC_AUDIENCE = 6,
    KAI_REC_SUCCESSOR = 7,
    KAI_REC_ADDR = 8,
    KAI_REC_FORKPROOF = 9, /* Reserved. */
    KAI_REC_ADVISORY = 10, /* Reserved. */
};

/* Split a control payload. Errors: KAI_EMALFORMED, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_rec_parse(uint64_t *type, struct kai_view *body,
                                        struct kai_view payload);
void kai_rec_write(struct kai_buf *out, uint64_t type, struct kai_view body);

enum kai_admit_kind {
    KAI_ADMIT_ORG = 1,
    KAI_ADMIT_ISSUING = 2,
    KAI_ADMIT_NODE = 3,
    KAI_ADMIT_PERSON = 4
};

#define KAI_CAP_PUBLISH  1u
#define KAI_CAP_ADMIT    2u /* Organisations; nodes and persons of its own need no capability. */
#define KAI_CAP_STEWARD  4u
#define KAI_CAP_RELAY    8u
#define KAI_CAP_OWNER    16u /* Of audiences. */
#define KAI_CAP_PROVIDER 32u

struct kai_attr {
    char key[64];
    char value[128];
};

/* [suite, kind, sign_pk, kx_pk or nil, curve_pk or nil, of_org or nil, name or salted hash, caps,
 *  depth_left, max_children, label_max, attrs, quota, not_before, not_after, serial, replaces or
 * nil, pop, X]
 */
struct kai_admit {
    uint64_t kind; /* enum kai_admit_kind. */
    uint8_t sign_pk[KAI_KEY_BYTES];
    bool has_kx;
    uint8_t kx_pk[KAI_KEY_BYTES];
    bool has_curve;
    uint8_t curve_pk[KAI_KEY_BYTES];
    bool has_of_org;              /* Kinds 2 and 3, and only they: */
    uint8_t of_org[KAI_ID_BYTES]; /* whose key it is, by its own word. */
    bool name_hashed;
    char name[KAI_TEXT_BYTES_MAX + 1];
    uint8_t name_hash[KAI_ID_BYTES];
    uint64_t caps;
    uint64_t depth_left; /* Organisations that may still come below this one. */
    uint64_t max_children;
    uint64_t label_max; /* TLP 1..5. */
    size_t n_attrs;
    struct kai_attr attrs[KAI_ATTRS_MAX];
    uint64_t quota;      /* Bytes a day. */
    uint64_t not_before; /* ms since 1970. */
    uint64_t not_after;
    uint64_t serial;
    bool has_replaces;
    uint8_t replaces[KAI_ID_BYTES];
    uint8_t pop[KAI_SIG_BYTES];
};
void kai_admit_write(struct kai_buf *out, const struct kai_admit *a);
/* Also checks every key with kai_key_check() (sign_pk) and the proof of possession.
 * Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_admit_parse(struct kai_admit *a, struct kai_view body);
/* The proof of possession, by sign_pk's secret key over [suite, kind, sign_pk, kx_pk, curve_pk,
 * of_org]. */
void kai_admit_prove(struct kai_admit *a, const uint8_t sign_sk[static 64]);
/* Say whose key it is: before the proof is made. NULL: it does not say. */
void kai_admit_set_org(struct kai_admit *a, const uint8_t *org_id);
/* Whether an issuing key or node, by its own word, is of the organisation with this root key. Other
 * kinds do not say, and are of everybody who admits them. */
bool kai_admit_is_of(uint64_t kind, const uint8_t of_org[static KAI_ID_BYTES],
                     const uint8_t root_pk[static KAI_KEY_BYTES]);

struct kai_cut {
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t seq;               /* 0: nothing of it counts. */
    uint8_t head[KAI_ID_BYTES]; /* Entry hash at seq; zeros at 0. */
};
struct kai_mark {
    uint8_t blind[16];
    uint8_t blindhead[16];
};
enum kai_revoke_reason {
    KAI_REVOKE_LEFT = 1,
    KAI_REVOKE_COMPROMISE = 2,
    KAI_REVOKE_LOST = 3,
    KAI_REVOKE_RULES = 4
};

/* [target cert, reason, cuts, marks, X]; X 1 (critical) = [part i from 0, of n] of one revocation
 * that does not fit a certificate: it counts as a whole once all parts are held. The parts stand
 * one directly after the other in the signer's log, with the same target and reason; until the last
 * is held the target is revoked and the logs named are cut, but logs not named are not. */
struct kai_revoke {
    uint8_t target[KAI_ID_BYTES];
    uint64_t reason;
    size_t n_cuts;
    struct kai_cut cuts[KAI_CUTS_PER_REVOKE_MAX];
    size_t n_marks;
    struct kai_mark marks[KAI_CUTS_PER_REVOKE_MAX];
    uint64_t part;
    uint64_t of; /* 1 where there is no X 1. */
};
void kai_revoke_write(struct kai_buf *out, const struct kai_revoke *r);
KAI_MUST_USE enum kai_err kai_revoke_parse(struct kai_revoke *r, struct kai_view body);

/* [old org, new org, cut, X]: the new organisation stands in the old one's places. It counts once
 * an entry with this very body is held of either side (roster_heir.c). */
struct kai_successor {
    uint8_t old_org[KAI_ID_BYTES];
    uint8_t new_org[KAI_ID_BYTES];
    uint64_t cut; /* Entries of the old one's root log that stand before its word. */
};
void kai_successor_write(struct kai_buf *out, const struct kai_successor *s);
/* Errors: KAI_EMALFORMED (also: an organisation after itself), KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_successor_parse(struct kai_successor *s, struct kai_view body);

enum kai_aud_kind {
    KAI_AUD_PUBLIC = 1,
    KAI_AUD_COMMUNITY = 2,
    KAI_AUD_GROUP = 3,
    KAI_AUD_CLIENTS = 4,
    KAI_AUD_PROVIDERS = 5,
    KAI_AUD_PERSONS = 6,
    KAI_AUD_MAILBOX = 7,
};
#define KAI_HISTORY_ALL 36500u /* Days. */

/* [nonce16, ver, kind, open rule [[key, value]...] or rule hash bin32, [steward org...], [relay
 * node...], label_max, history, X] */
struct kai_aud_rec {
    uint8_t nonce[16];
    uint64_t ver;
    uint64_t kind; /* enum kai_aud_kind, or unknown. */
    bool rule_open;
    size_t n_rule; /* Open rule: values of one key are alternatives, keys must all fit; none =
                      everybody. */
    struct kai_attr rule[KAI_ATTRS_MAX];
    uint8_t rule_hash[KAI_ID_BYTES];
    size_t n_stewards;
    uint8_t stewards[KAI_STEWARDS_MAX][KAI_ID_BYTES];
    size_t n_relays;
    uint8_t relays[8][KAI_ID_BYTES];
    uint64_t label_max;
    uint64_t history; /* Days of old items that a newcomer may read: 0 none .. KAI_HISTORY_ALL. */
};
void kai_aud_rec_write(struct kai_buf *out, const struct kai_aud_rec *a);
KAI_MUST_USE enum kai_err kai_aud_rec_parse(struct kai_aud_rec *a, struct kai_view body);
/* H("kairan1.aud", owner org id || nonce16). */
void kai_aud_id(uint8_t id[static KAI_ID_BYTES], const uint8_t owner[static KAI_ID_BYTES],
                const uint8_t nonce[static 16]);

/* ADDR, a note: [8, body bin, node cert, SIG 0x08 over body]; body = [counter, [[endpoint,
 * introduction endpoint or nil]...], curve_pk, reach (1 listens, 2 dials out only), not_after, X].
 */
#define KAI_ADDR_ENDPOINTS_MAX 4u
#define KAI_ENDPOINT_BYTES_MAX 128u
#define KAI_ADDR_BYTES_MAX     2048u
/* A counter with all of these bits is of a home that found itself on two machines and has stopped
 * (docs/protocol.md 5). */
#define KAI_ADDR_LAST_WORD 0xffu
struct kai_addr {
    uint8_t node_cert[KAI_ID_BYTES];
    uint64_t counter; /* Newest wins; see KAI_ADDR_LAST_WORD. */
    size_t n;
    struct {
        char endpoint[KAI_ENDPOINT_BYTES_MAX]; /* tcp://host:port */
        char intro[KAI_ENDPOINT_BYTES_MAX];    /* "" = none. */
    } at[KAI_ADDR_ENDPOINTS_MAX];
    uint8_t curve_pk[KAI_KEY_BYTES];
    bool listens;
    uint64_t not_after; /* ms since 1970. */
};
void kai_addr_write(struct kai_buf *out, const struct kai_addr *a, const uint8_t node_sk[static 64],
                    const uint8_t nid[static KAI_ID_BYTES]);
KAI_MUST_USE enum kai_err kai_addr_parse(struct kai_addr *a, struct kai_view note);
KAI_MUST_USE enum kai_err kai_addr_verify(struct kai_view note,
                                          const uint8_t node_pk[static KAI_KEY_BYTES],
                                          const uint8_t nid[static KAI_ID_BYTES]);

#endif

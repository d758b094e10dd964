/* roster_int: what a roster is while it is built, and after.
 *
 * A path is one line of certificates from a founder down to one certificate. The tree of paths is
 * laid out breadth first from the ADMITs alone; only then do REVOKEs take away. So no REVOKE can
 * make room for a path that was not there before. Adding one never activates anything, but for a
 * root's on its issuing key: what that one revoked of its forerunners' past the cut is back. */
#ifndef KAI_KEYS_ROSTER_INT_H
#define KAI_KEYS_ROSTER_INT_H

#include <stdatomic.h>

#include "keys/ctl_int.h"
#include "keys/roster.h"

#define KAI_NONE UINT32_MAX

/* An ADMIT held. */
struct kai_cert {
    const struct kai_ctl_entry *e;
    uint32_t subject; /* Index of its key's log. */
    uint64_t rank;    /* From 1, among the ADMITs of its log that count; a replacement has its
                         forerunner's. */
    bool replaced;
    bool renewed; /* Replaced by another of the same subject. */
    uint64_t caps;
    uint64_t label_max;
    uint64_t quota;
    uint64_t depth_left;
    uint64_t max_children;
    uint64_t not_after;
    uint8_t of_org[KAI_ID_BYTES];
    uint32_t first_path;
    uint32_t last_path;
    uint32_t n_paths;
};

enum kai_cut_state { KAI_CUT_NOTHING, KAI_CUT_AT, KAI_CUT_ALL };

struct kai_limit { /* What of a key's log is void: nothing, what is not under at, all. */
    enum kai_cut_state cut;
    const struct kai_ctl_entry *at;
};

struct kai_path {
    uint32_t cert;   /* KAI_NONE for a founder. */
    uint32_t parent; /* Path; KAI_NONE for a founder. */
    uint32_t org;    /* Path of its organisation; itself for an organisation. */
    uint32_t key;    /* Index of its key's log. */
    uint32_t next_same_cert;
    uint32_t hit; /* First of its hits. */
    uint64_t kind;
    bool former;   /* A founder of an earlier version of the charter alone. */
    uint32_t orgs; /* Organisations from the founder down to it. */
    uint64_t caps;
    uint64_t label_max;
    uint64_t quota;
    uint64_t depth_left;
    uint64_t max_children;
    uint64_t not_after; /* Narrowed by organisations and by its own certificate. */
    uint32_t tiers;     /* Organisations with the provider mark, from the founder down to it. */
    bool dead;          /* By KEYDEATH of its key. */
    bool attested;
    bool active;
    struct kai_limit limit;
};

/* One REVOKE entry. */
struct kai_rev {
    const struct kai_ctl_entry *e;
    uint32_t signer; /* Index of its log. */
    uint32_t target; /* Certificate. */
    uint64_t reason;
    size_t cuts; /* Its own cuts. */
    size_t n_cuts;
    size_t n_marks;
    uint64_t part;
    uint64_t of;
    uint32_t before; /* The part before it; KAI_NONE. */
    bool complete;   /* It is the last part, and all before it are held. */
    bool everywhere; /* By charter threshold. */
};

struct kai_hit {
    uint32_t rev;
    uint32_t next;
};

/* An issuing key that its organisation has on a path. */
struct kai_later {
    uint32_t root;          /* Index of the root's log. */
    uint32_t key;           /* Of its own. */
    uint32_t parent;        /* Path. */
    uint64_t seq;           /* In the root's log, of its last ADMIT there. */
    struct kai_limit limit; /* By cuts that the root put on the key, on any of its certificates. */
};

struct kai_build {
    const struct kai_ctl *ctl;
    struct kai_cert *certs; /* By log, then (seq, hash). */
    size_t n_certs;
    uint32_t *log_first; /* First certificate of each log, and one past the last. */
    uint32_t *by_hash;   /* Certificates by hash. */
    struct kai_path *paths;
    size_t n_paths;
    size_t paths_cap;
    struct kai_rev *revs;
    size_t n_revs;
    struct kai_cut *cuts;
    size_t n_cuts;
    struct kai_hit *hits;
    size_t n_hits;
    size_t hits_cap;
    struct kai_later *later; /* By root, key, parent. */
    size_t n_later;
};

/* Certificate by entry hash; KAI_NONE. */
uint32_t kai_build_cert(const struct kai_build *b, const uint8_t *hash);
KAI_MUST_USE enum kai_err kai_build_certs(struct kai_build *b);
KAI_MUST_USE enum kai_err kai_build_paths(struct kai_build *b);
KAI_MUST_USE enum kai_err kai_build_revokes(struct kai_build *b);
/* Cuts, then ATTESTED and ACTIVE, from the top down. */
void kai_build_states(struct kai_build *b);
/* roster_later.c: which issuing keys came after which, once the REVOKEs are collected. */
KAI_MUST_USE enum kai_err kai_build_later(struct kai_build *b);
/* Whether the REVOKE is by one that came after the issuing key of a path, from within the cuts that
 * the root of both put on its signer. */
bool kai_later_speaks(const struct kai_build *b, const struct kai_rev *r, uint32_t path);
/* roster_cut.c: every cut must let an entry pass, so several cuts on different branches leave what
 * stands under all of them. head: the last entry that counts; NULL: nothing does. */
void kai_limit_narrow(struct kai_limit *l, const struct kai_ctl_entry *head);
/* The head that a cut on a log names; NULL where it is 0 or not held: better nothing than the wrong
 * branch. */
const struct kai_ctl_entry *kai_limit_head(const struct kai_build *b, const struct kai_ctl_log *l,
                                           const struct kai_cut *c);
/* Narrow it by what a REVOKE says of a log, with the parts before it. */
void kai_limit_by(const struct kai_build *b, struct kai_limit *limit, uint32_t log,
                  const struct kai_rev *r);
bool kai_limit_allows(const struct kai_limit *l, const struct kai_ctl_entry *e);
/* Whether an entry of a path's key stands within its cut. */
bool kai_build_within(const struct kai_path *p, const struct kai_ctl_entry *e);

/* Whether one standing is to be shown before another: less than 0, 0, more. */
int kai_build_standing_cmp(const struct kai_path *p, const struct kai_path *q);
/* The organisation of a path, as the roster has it. */
const struct kai_org *kai_build_org(const struct kai_roster *r, const struct kai_build *b,
                                    const struct kai_path *p);
/* Whether a REVOKE hits it or its organisation. */
bool kai_build_hit(const struct kai_build *b, const struct kai_path *p);

/* What the roster keeps of a certificate: for look-ups and for the hash. */
struct kai_roster_cert {
    uint8_t hash[KAI_ID_BYTES];
    uint64_t kind;
    size_t at; /* In orgs, issuing, nodes or persons, by kind. */
    bool attested;
    bool active;
    bool revoked;  /* On every path. */
    bool replaced; /* By another of the same key. */
};

/* What an organisation is to one above it, on its ACTIVE paths. */
struct kai_tie {
    size_t org;
    size_t above;
    bool client;    /* Admitted by it without the provider mark. */
    unsigned tiers; /* As kai_roster_provider_tiers(). */
};

/* A path of an organisation. */
struct kai_line {
    size_t org;
    size_t above; /* The line of the one above it; SIZE_MAX for a founder. */
    bool active;
};

/* An organisation that an AUDIENCE, old or new, named as steward. */
struct kai_was_steward {
    uint8_t aud[KAI_ID_BYTES];
    uint8_t org[KAI_ID_BYTES];
};

/* A mark of a REVOKE that may mark for some node. */
struct kai_roster_mark {
    struct kai_mark is;
    uint8_t revoke[KAI_ID_BYTES];
};

struct kai_roster {
    atomic_size_t refs;
    uint8_t nid[KAI_ID_BYTES];
    uint8_t hash[KAI_ID_BYTES];
    struct kai_org *orgs;
    size_t n_orgs;
    struct kai_node *nodes;
    size_t n_nodes;
    struct kai_person *persons; /* By id, then organisation. */
    size_t n_persons;
    struct kai_tie *ties; /* By org, above, tiers. */
    size_t n_ties;
    struct kai_line *lines; /* One of each path, those above first. */
    size_t n_lines;
    size_t *heirs;               /* Of each organisation: another's place in orgs; SIZE_MAX. */
    struct kai_forerunner *fore; /* By heir, then steps. */
    size_t n_fore;
    struct kai_was_steward *stewards; /* By audience, then organisation. */
    size_t n_stewards;
    uint8_t (*stolen)[KAI_ID_BYTES]; /* REVOKEs for compromise, by hash. */
    size_t n_stolen;
    uint8_t (*heard)[KAI_ID_BYTES]; /* AUDIENCEs and REVOKEs that are held, by hash. */
    size_t n_heard;
    struct kai_issuing *issuing; /* By cert. */
    size_t n_issuing;
    struct kai_mailbox *boxes; /* By id. */
    size_t n_boxes;
    struct kai_audience *audiences;
    size_t n_audiences;
    struct kai_roster_cert *certs; /* By hash; persons too. */
    size_t n_certs;
    size_t *issuing_by_pk; /* One of each key. */
    size_t n_issuing_keys;
    size_t *nodes_by_curve; /* One of each key. */
    size_t n_curves;
    uint8_t (*removals)[KAI_ID_BYTES];
    bool *removal_marks;           /* Of each of these, whether its marks count for that node. */
    struct kai_roster_mark *marks; /* By blind, head, REVOKE. */
    size_t n_marks;
    size_t *node_removals; /* Where each node's begin; n_nodes + 1 of them. */
};

KAI_MUST_USE enum kai_err kai_roster_view(struct kai_roster *r, const struct kai_build *b);
KAI_MUST_USE enum kai_err kai_roster_view_boxes(struct kai_roster *r);
KAI_MUST_USE enum kai_err kai_roster_view_audiences(struct kai_roster *r,
                                                    const struct kai_build *b);
KAI_MUST_USE enum kai_err kai_roster_view_heard(struct kai_roster *r, const struct kai_build *b);
KAI_MUST_USE enum kai_err kai_roster_view_removals(struct kai_roster *r, const struct kai_build *b);
/* roster_mark.c */
struct kai_marker {
    const struct kai_build *b;
    uint32_t *first;  /* Path of each key; KAI_NONE. */
    uint32_t *next;   /* Of the same key, by path. */
    uint32_t *issues; /* By log: log of the root for which it issues; KAI_NONE. */
    bool *counts;     /* By REVOKE: it may mark for some node. */
    uint32_t last_org, last_by;
    bool last;
};
KAI_MUST_USE bool kai_marker_init(struct kai_marker *m, const struct kai_build *b);
void kai_marker_free(struct kai_marker *m);
/* Whether a REVOKE that hits a node may mark where its logs end: for theft or loss, by its own
 * organisation (org: log of its root), one above that on every path, or the charter's threshold. */
bool kai_marker_may(struct kai_marker *m, uint32_t rev, uint32_t org);
KAI_MUST_USE enum kai_err kai_roster_view_marks(struct kai_roster *r, const struct kai_marker *m);
KAI_MUST_USE enum kai_err kai_roster_view_persons(struct kai_roster *r, const struct kai_build *b);
KAI_MUST_USE enum kai_err kai_roster_view_ties(struct kai_roster *r, const struct kai_build *b);
KAI_MUST_USE enum kai_err kai_roster_view_lines(struct kai_roster *r, const struct kai_build *b);
KAI_MUST_USE enum kai_err kai_roster_view_heirs(struct kai_roster *r, const struct kai_build *b);
/* The place of a person in an organisation; NULL. */
const struct kai_person *kai_roster_place(const struct kai_roster *r, const uint8_t *id,
                                          const uint8_t *org);
KAI_MUST_USE enum kai_err kai_roster_index(struct kai_roster *r);
void kai_roster_seal(struct kai_roster *r); /* Computes the hash. */

#endif

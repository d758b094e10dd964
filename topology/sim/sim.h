/* sim: a network of engines under a virtual clock, with faults; every run follows from its seed. */
#ifndef KAI_TOPOLOGY_SIM_H
#define KAI_TOPOLOGY_SIM_H

#include <stdio.h>

#include "topology/frame.h"
#include "topology/net.h"

#define KAI_SIM_ORGS     4096u
#define KAI_SIM_NODES    4096u
#define KAI_SIM_AUDS     1024u
#define KAI_SIM_STEWARDS 4u
#define KAI_SIM_RELAYS   4u

/* ---- What a network is made of. Organisations, nodes and audiences go by their numbers: node i is
 * the first node of organisation i; further ones, which are relays, come after these. */
struct kai_sim_org {
    size_t parent;         /* Who admits it. Organisation 0 is the founder. */
    uint64_t caps;         /* KAI_CAP_*; 0: all but provider. */
    uint64_t label_max;    /* 0: RED. */
    uint64_t max_children; /* 0: 1,000. */
    bool water;            /* Carries the attribute that the rule of some communities asks for. */
    bool late;             /* Not admitted before kai_sim_admit_late(). */
};

struct kai_orgs { /* A set of organisations. */
    uint64_t bits[KAI_SIM_ORGS / 64];
};
void kai_orgs_add(struct kai_orgs *o, size_t org);
void kai_orgs_remove(struct kai_orgs *o, size_t org);
bool kai_orgs_has(const struct kai_orgs *o, size_t org);

struct kai_sim_aud {
    uint64_t kind; /* enum kai_aud_kind. A mailbox has an owner and nothing else. */
    size_t owner;
    bool water;              /* Community: only organisations of that attribute. */
    struct kai_orgs members; /* Group, providers, persons (their organisations). */
    size_t n_stewards;       /* 0: the owner. */
    size_t stewards[KAI_SIM_STEWARDS];
    size_t n_relays;
    size_t relays[KAI_SIM_RELAYS]; /* Nodes. */
    uint64_t label_max;            /* 0: GREEN. */
    uint64_t history;              /* Days. */
};

struct kai_sim_plan {
    size_t n_orgs;
    struct kai_sim_org org[KAI_SIM_ORGS];
    size_t n_further;
    size_t further[KAI_SIM_NODES]; /* Organisation of each further node. */
    bool dial_out[KAI_SIM_NODES];  /* It can be dialled by nobody. */
    bool relay[KAI_SIM_NODES];     /* Its certificate says so; further nodes are relays anyway. */
    size_t n_auds;
    struct kai_sim_aud aud[KAI_SIM_AUDS];
};

struct kai_sim_options {
    uint64_t seed;
    size_t n_nodes;
    size_t late; /* The last ones are not admitted before kai_sim_admit_late(). */
    const struct kai_sim_plan *plan; /* NULL: n_nodes organisations of one node each and the
                                        audiences below; else n_nodes and late count for nothing. */
    bool introduced; /* Every node begins with the control plane and the addresses of all, and dials
                        whom its engine chooses, instead of a ring. */
    unsigned loss, dup, reorder, stuck;                 /* Of 1,000 frames. */
    uint64_t latency_ms;                                /* Most; least is 1. */
    uint64_t (*path_ms)(void *ctx, size_t a, size_t b); /* NULL: by lot. */
    void *path_ctx;
    bool primed; /* Epochs and RULEs stand with all members already, as after a long life. */
    bool track;  /* When entries arrive, for kai_sim_track_at(). */
    bool
        shared; /* Nodes that hold the same control entries share the set (kai_ctl_memo() is on). */
    bool quick; /* Signatures and frames are not looked at by the oracle: for the largest ones. */
    bool trace; /* Print it. */
    bool no_dials;  /* The test connects. */
    size_t threads; /* That run nodes at the same time, at most 8; 0: 1. What happens does not
                       depend on it. Used where quick is set. */
};

struct kai_sim_counters {
    uint64_t lost, repeated, reordered, stuck, cuts, restarts, partitions_hit, frames, intros, held,
        drops[102];
    uint64_t parked, entries, opened, revokes, changes, admits, mergers, minted, refused_writes;
    uint64_t bytes[128]; /* Sent, by enum kai_msg. */
};

struct kai_sim;
struct kai_sim *kai_sim_new(const struct kai_sim_options *o); /* Aborts without memory. */
void kai_sim_free(struct kai_sim *s);

/* ---- The script. Without a plan audience 0 is public, 1 a community of everybody, 2 a community
 * of the organisations of odd nodes. */
void kai_sim_publish(struct kai_sim *s, size_t node, size_t aud,
                     size_t bytes); /* One entry; not before it has a key. */
/* What is published from now on expires; 0: it does not. */
void kai_sim_expire(struct kai_sim *s, uint64_t seconds);
/* A node forgets payloads of an audience's data logs: those that are over, or (early) all that no
 * BIND is in. How many. */
size_t kai_sim_forget(struct kai_sim *s, size_t node, size_t aud, bool early);
void kai_sim_publish_item(struct kai_sim *s, size_t node, size_t aud, struct kai_view item);
bool kai_sim_may_publish(struct kai_sim *s, size_t node, size_t aud);
/* The organisation of this node, by its parent, at the parent's node. */
void kai_sim_revoke(struct kai_sim *s, size_t node);
void kai_sim_revoke_node(struct kai_sim *s, size_t node); /* A lost node, by its organisation. */
void kai_sim_admit_late(struct kai_sim *s, size_t node);
/* An organisation takes the places of another, once and for good, by the word of both: each at its
 * first node. */
void kai_sim_merge(struct kai_sim *s, size_t old, size_t heir);
/* The owner says who is in a group (providers, persons) from now on. */
void kai_sim_change(struct kai_sim *s, size_t aud, const struct kai_orgs *members);
/* A version of the charter, applied at this node. */
void kai_sim_charter(struct kai_sim *s, size_t node, struct kai_view record);
void kai_sim_death(struct kai_sim *s, size_t node,
                   struct kai_view note); /* KEYDEATH, used there. */
void kai_sim_stop(struct kai_sim *s, size_t node);
void kai_sim_start(struct kai_sim *s, size_t node);
bool kai_sim_up(const struct kai_sim *s, size_t node);
void kai_sim_restart(struct kai_sim *s, size_t node); /* With what was durable. */
void kai_sim_partition(struct kai_sim *s,
                       uint32_t side); /* Bit i: node i is on the other side; 0: none. */
/* The clock on every wall goes on so far, and nothing else happens: days in which nobody does
 * anything. */
void kai_sim_sleep(struct kai_sim *s, uint64_t ms);
void kai_sim_partition_some(struct kai_sim *s,
                            unsigned of_1000); /* So many of the nodes, by lot. */
void kai_sim_cut_all(struct kai_sim *s);
void kai_sim_calm(struct kai_sim *s); /* No more faults. */
void kai_sim_run(struct kai_sim *s, uint64_t ms);
bool kai_sim_connect(struct kai_sim *s, size_t from, size_t to); /* Whether it stands. */

/* ---- A stranger in place of an engine: frames from it go to the node as if they came over a link.
 */
uint64_t kai_sim_raw_link(struct kai_sim *s, size_t to, size_t as_node, bool dialled_by_node);
void kai_sim_raw_frame(struct kai_sim *s, size_t to, uint64_t link, struct kai_view frame);
/* The last frames that the node sent on it; *n of them, newest last. NULL once the node dropped it.
 */
const struct kai_buf *kai_sim_raw_sent(const struct kai_sim *s, uint64_t link, size_t *n);
void kai_sim_raw_block(struct kai_sim *s, uint64_t link); /* It reads nothing from now on. */
bool kai_sim_raw_dropped(const struct kai_sim *s, uint64_t link, enum kai_bye *why);
void kai_sim_hello_as(struct kai_sim *s, size_t as_node,
                      struct kai_hello *h); /* All but the nonce is filled in. */

/* Send a true MATCH for an audience; the handle of either side is then 0 where the stranger
 * dialled. False: no key. */
bool kai_sim_raw_match(struct kai_sim *s, size_t to, uint64_t link, size_t aud,
                       const uint8_t my_nonce[static 32], bool dialled_by_node);
/* The same with the routing secret that another node holds: it has leaked. */
bool kai_sim_raw_leak(struct kai_sim *s, size_t to, uint64_t link, size_t aud, size_t holder,
                      const uint8_t my_nonce[static 32], bool dialled_by_node);
bool kai_sim_entry(const struct kai_sim *s, size_t node, size_t aud, size_t log, uint64_t seq,
                   struct kai_entry *out);
bool kai_sim_fork(const struct kai_sim *s, size_t node, size_t aud, const struct kai_entry *e,
                  struct kai_buf *out, struct kai_entry *fork);
uint64_t kai_sim_alarms(const struct kai_sim *s, const char *code);

/* Show f every frame that this node sends or is sent. */
typedef void kai_sim_tap_fn(void *ctx, struct kai_view frame);
void kai_sim_tap(struct kai_sim *s, size_t node, kai_sim_tap_fn *f, void *ctx);

/* ---- What is so. */
uint64_t kai_sim_now(const struct kai_sim *s);
struct kai_net *kai_sim_net(const struct kai_sim *s, size_t node);
/* Whether all members of each audience that are up hold the same entries; *entries (may be NULL)
 * how many in all. */
bool kai_sim_converged(const struct kai_sim *s, size_t *entries);
void kai_sim_explain(const struct kai_sim *s, FILE *out); /* Who lacks what. */
size_t kai_sim_entries(const struct kai_sim *s, size_t node, size_t aud);
bool kai_sim_is_member(const struct kai_sim *s, size_t node, size_t aud);
/* Frames that carried an entry to somebody who may not have it, by the script. Must be 0. */
uint64_t kai_sim_violations(const struct kai_sim *s);
/* Entries of an author who knew of a removal that open with what the removed node holds. Must be 0;
 * *tried (may be NULL) how many were tried. */
uint64_t kai_sim_leaks(struct kai_sim *s, uint64_t *tried);
/* How many entries members are entitled to and have not read, of audiences that somebody can write
 * to; *read, *no_key (may be NULL): how many were read, how many audiences have no clean epoch. */
uint64_t kai_sim_unread(struct kai_sim *s, uint64_t *read, size_t *no_key);
/* Whether all members of one audience that are up have read what they are entitled to. */
bool kai_sim_aud_read(struct kai_sim *s, size_t aud, FILE *why);
/* Whether a node is of an organisation that keeps an audience's keys. */
bool kai_sim_keeps(const struct kai_sim *s, size_t node, size_t aud);
/* Whether a member of it is up. */
bool kai_sim_aud_inhabited(const struct kai_sim *s, size_t aud);
/* Whether some member has an epoch that it may write under. */
bool kai_sim_aud_writable(const struct kai_sim *s, size_t aud);
size_t kai_sim_auds(const struct kai_sim *s);
size_t kai_sim_nodes(const struct kai_sim *s);
uint64_t kai_sim_hash(const struct kai_sim *s);
/* Links that stand and are no guests, with what an engine counts of them and of itself. */
size_t kai_sim_links(const struct kai_sim *s, size_t node, size_t *to, size_t max);

/* An entry that was published: where it is durable, and since when. */
struct kai_sim_track {
    size_t aud, author;
    uint64_t at;        /* On the virtual clock. */
    const uint32_t *ms; /* Of each node: after at; UINT32_MAX: not there. */
};
size_t kai_sim_tracks(const struct kai_sim *s);
struct kai_sim_track kai_sim_track_at(const struct kai_sim *s, size_t i);
void kai_sim_forget_tracks(struct kai_sim *s);
struct kai_sim_counters kai_sim_counts(const struct kai_sim *s);
size_t kai_sim_memory_most(const struct kai_sim *s);
const char *kai_sim_state(const struct kai_sim *s, size_t from,
                          size_t to); /* Of the link, or "none". */

#endif

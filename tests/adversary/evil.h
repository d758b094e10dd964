/* evil: what an attacker has at hand: a small network of honest nodes, keys of some of them, and a
 * link on which anything can be said. */
#ifndef KAI_TESTS_EVIL_H
#define KAI_TESTS_EVIL_H

#include <stdio.h>

#include "adversary/evil_frame.h"
#include "topology/sim/sim_int.h"

/* One attack. rule: the sentence of what stops it. guards: names of checks.def, each of which,
 * taken out, must let the attack through. */
struct evil_script {
    const char *name;
    const char *rule;
    const char *guards[4];
    bool (*run)(void); /* Whether the honest side held. */
};

/* Each ends with an empty row. */
extern const struct evil_script evil_entries[];
extern const struct evil_script evil_links[];
extern const struct evil_script evil_members[];
extern const struct evil_script evil_plane[];
extern const struct evil_script evil_keys[];
extern const struct evil_script evil_relays[];
extern const struct evil_script evil_policy[];
extern const struct evil_script evil_trouble[];

/* ---- The stage. Organisations (each with the node of its number): 0 founds; 1, 2, 3 are members
 * of the group, 1 and 2 waterworks; 4 is an outsider; 5, 7, 8 are contractors, each below the one
 * before; 6 is admitted by 1; 9 is a school that may have GREEN at most. Node 10 is a relay of
 * organisation 4, node 11 one of 6. */
enum {
    FOUNDER,
    ALICE,
    BOB,
    CAROL,
    OUTSIDER,
    CONTRACTOR,
    CLIENT,
    SECOND,
    THIRD,
    SCHOOL,
    RELAY,
    RELAY2,
    STAGE_NODES
};
enum { PUBLIC, ALL, WATER, GROUP, CLIENTS, PROVIDERS, PERSONS, MAILBOX, SCHOOLED, STAGE_AUDS };

struct stage {
    struct kai_sim *s;
    uint64_t link;
    size_t victim, as; /* Ends of the link. */
    uint8_t nonce[32];
    size_t n_tokens;
    struct kai_buf bytes[8]; /* Of entries made, one after the other. */
    size_t n_bytes;
};

void stage_open(struct stage *st);
void stage_close(struct stage *st);
/* No more links but the attacker's. */
void stage_part(struct stage *st);
void stage_run(struct stage *st, uint64_t ms);
/* Everybody who may writes to every audience, and it spreads. */
void stage_talk(struct stage *st);

/* ---- A link in the place of node `as`, with its CURVE key; HELLO is said. */
void evil_link(struct stage *st, size_t victim, size_t as);
void evil_hello(struct stage *st, const struct kai_hello *h);
/* Say a frame as it stands; time passes. */
void evil_say(struct stage *st, const struct kai_buf *frame);
bool evil_dropped(const struct stage *st, enum kai_bye *why);
/* Show the token of a routing secret; the handle of what it names. */
uint64_t evil_token(struct stage *st, const uint8_t *route);
/* As of the newest epoch of an audience that some node holds: its own, or leaked. */
uint64_t evil_match(struct stage *st, size_t aud, size_t holder);
/* The stage, and a link to Bob on which `as`, who has turned, showed the token of aud: its handle.
 */
uint64_t evil_begin(struct stage *st, size_t as, size_t aud);
/* Closes the stage; hands on whether the honest side held. */
bool evil_end(struct stage *st, bool held);
void evil_push(struct stage *st, uint64_t handle, const struct kai_entry *e);
void evil_control(struct stage *st, const struct kai_entry *e);
/* Ask for all of a log. */
void evil_want(struct stage *st, uint64_t handle, const uint8_t *log_pk);
/* Ask what there is: one range that is empty here. */
void evil_ask(struct stage *st, uint64_t handle);
/* Frames of this type that the victim sent on the link; *last is the last of them. */
size_t evil_heard(const struct stage *st, uint64_t type, struct kai_frame *last);
/* Whether any entry or row of this log was among what it sent. */
bool evil_heard_log(const struct stage *st, const uint8_t *log_pk);

/* ---- Logs of the attacker's own. */
struct evil_hand evil_hand_of(struct stage *st);
void evil_log_new(struct stage *st, struct evil_log *l, size_t author);
const struct kai_epoch *evil_epoch(struct stage *st, size_t aud, size_t holder);
/* The next entry; the log moves on. evil_body() frees body. */
struct kai_entry evil_bind(struct stage *st, struct evil_log *l, size_t aud,
                           const struct kai_epoch *epoch);
struct kai_entry evil_item(struct stage *st, struct evil_log *l, const struct kai_epoch *epoch);
struct kai_entry evil_body(struct stage *st, struct evil_log *l, const struct kai_epoch *epoch,
                           struct kai_buf *body);
/* Another header over a payload, signed by the log's key; the log does not move. */
struct kai_entry evil_header(struct stage *st, const struct evil_log *l, const struct kai_hdr *h,
                             struct kai_view payload);
/* How many entries of a log a node holds on its disk; how many it reads. */
size_t evil_held(const struct stage *st, size_t node, const uint8_t *log_pk);
size_t evil_read(const struct stage *st, size_t node, const uint8_t *log_pk);
/* The first data log of an author for an audience, as the author has it; NULL: none. */
const struct sim_log *evil_log_of(const struct stage *st, size_t author, size_t aud);

#endif

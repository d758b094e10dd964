/* orgs: a network of several organisations made up for a test, each with an issuing key and a node;
 * and the keyrings of their nodes, which hear EPOCHs and RULEs. */
#ifndef KAI_TESTS_KEYS_ORGS_H
#define KAI_TESTS_KEYS_ORGS_H

#include "keys/world.h"

#define ORGS_MAX  96u
#define HEARD_MAX 256u
#define DAY_MS    86400000ull

struct torg {
    struct tsub org, issuing, node;
};

struct orgs {
    struct world w;
    struct torg o[ORGS_MAX]; /* [0] is the founder. */
    size_t n;
    struct kai_roster *r;
    struct tentry heard[HEARD_MAX]; /* EPOCH entries, in the order in which they were minted. */
    size_t n_heard;
    uint64_t ts;  /* Of the next EPOCH. */
    bool one_log; /* All EPOCHs come in one key log, as a node writes those of an audience. */
    struct tlog key_log;
};

void orgs_start(struct orgs *t, uint64_t seed);
void orgs_stop(struct orgs *t);
/* A further organisation under by, with its issuing key and a node: its index. */
size_t orgs_add(struct orgs *t, size_t by, const struct kai_admit *terms);
/* An issuing key and a node for an organisation that holds an admission. */
void orgs_settle(struct orgs *t, size_t at);
/* The roster of all that was said so far. */
void orgs_refresh(struct orgs *t);
const struct kai_org *orgs_org(const struct orgs *t, size_t at);
const struct kai_node *orgs_node(const struct orgs *t, size_t at);

/* An audience that the owner says of itself; stewards: the owner alone. */
struct kai_aud_rec orgs_rec(const struct orgs *t, size_t owner, uint64_t kind, uint64_t label_max);
/* Says it, and refreshes. */
void orgs_audience(struct orgs *t, size_t owner, const struct kai_aud_rec *rec,
                   uint8_t aud[static KAI_ID_BYTES]);
/* The founder's community with n members more, that may relay: its audience, and the founder's
 * keyring. Starts the network. */
struct kai_keyring *orgs_community(struct orgs *t, uint64_t seed, size_t n, struct kai_aud_rec *rec,
                                   uint8_t *aud);
/* Refresh, and tell these. */
void orgs_news(struct orgs *t, struct kai_keyring *const *rings, size_t n);
/* A RULE item of the owner over these ids, and its hash for the AUDIENCE. */
void orgs_rule(struct orgs *t, struct kai_buf *item, uint8_t hash[static KAI_ID_BYTES],
               size_t owner, const uint8_t *aud, uint64_t id_kind,
               const uint8_t (*ids)[KAI_ID_BYTES], size_t n);

/* A keyring of this node of this organisation, that knows the roster and nothing else. */
struct kai_keyring *orgs_ring(const struct orgs *t, size_t at);
struct kai_keyring *orgs_ring_of(const struct orgs *t, const struct tsub *node, size_t at);
/* Mint what is owed, under a key log of its own if nothing else is said: so any may come first.
 * Heard by nobody yet. */
enum kai_err orgs_mint(struct orgs *t, struct kai_keyring *k, const struct kai_duty *d);
/* Do all that is due at now_ms and take it in oneself: how many duties. */
size_t orgs_duties(struct orgs *t, struct kai_keyring *k, uint64_t now_ms);
/* Hear the EPOCHs from this one on; the last answer that was no success, else KAI_OK. */
enum kai_err orgs_hear(const struct orgs *t, struct kai_keyring *k, size_t from);

/* A SUCCESSOR entry in this log. */
void orgs_say_heir(struct orgs *t, struct tlog *by, size_t old, size_t heir, uint64_t cut);
/* Refreshes; who stands in its places, SIZE_MAX: nobody. */
size_t orgs_heir(struct orgs *t, size_t old);

#endif

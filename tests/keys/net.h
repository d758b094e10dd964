/* net: an audience made up for a test: its owner, its stewards, its EPOCHs. */
#ifndef KAI_TESTS_KEYS_NET_H
#define KAI_TESTS_KEYS_NET_H

#include "keys/world.h"

#define NODES_MAX 2100u
#define PARTS_MAX 1024u

struct net {
    struct world w;
    struct tsub f, fi;
    struct tsub *nodes; /* [0] and [1] are the founder's, stewards. */
    size_t n;
    struct kai_roster *r;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_aud_rec rec;
    struct tlog key_log;
    struct tentry parts[PARTS_MAX]; /* EPOCH entries, in order. */
    size_t n_parts;
};

/* The roster of all that was said so far. */
void net_refresh(struct net *t);
/* A founder with n nodes, all stewards, and one audience of this kind. */
void net_start(struct net *t, size_t n, uint64_t kind);
void net_stop(struct net *t);
/* A keyring that knows the roster and nothing else. */
struct kai_keyring *net_ring(const struct net *t, const struct tsub *s);
/* An EPOCH entry in the net's key log. */
void net_entry(struct net *t, struct tentry *p, struct kai_view payload, const uint8_t *kid,
               const uint8_t *tag);
enum kai_err net_mint(struct net *t, struct kai_keyring *k, const struct kai_epoch *to,
                      const struct kai_node *const *members, size_t n);
/* Do what is due, and take it in oneself. False: nothing is. */
bool net_duty(struct net *t, struct kai_keyring *k, uint64_t now_ms, size_t *n_members);
/* KAI_OK when the node has a key to write under after hearing all. */
enum kai_err net_hears(const struct net *t, const struct tsub *s, struct kai_epoch *e,
                       bool backwards);

#endif

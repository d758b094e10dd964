/* netfile: networks described in small text files, and what they expand to.
 *
 * A file has one statement a line; `#` begins a comment. topology/networks/README.md is the
 * reference of the format, the files beside it are examples. kai_netfile_parse() reads one;
 * kai_network_new() makes flat arrays of it, at the size asked for. Everything follows from file,
 * seed and size, by whole numbers alone: the same on every machine.
 *
 * Counts are whole numbers, shares are in 1/10,000 (`_10k`), groups, classes, organisations and
 * nodes go by their numbers, from 0. */
#ifndef KAI_TOPOLOGY_NETFILE_H
#define KAI_TOPOLOGY_NETFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define KAI_NETFILE_BYTES_MAX   65536u    /* Of a file: the largest of ours has 3 KiB. */
#define KAI_NETFILE_LINE_MAX    1024u     /* Bytes: 47 weights take 150. */
#define KAI_NETFILE_NAME_MAX    31u       /* Bytes of the name of a group, class or audience. */
#define KAI_NETFILE_CLASSES     16u       /* Of lines. */
#define KAI_NETFILE_GROUPS      32u       /* Of organisations; a set of them is a uint64_t. */
#define KAI_NETFILE_AUDS        32u       /* Statements, each of which makes many audiences. */
#define KAI_NETFILE_SECTORS_MAX 64u       /* A set of them is a uint64_t. */
#define KAI_NETFILE_WEIGHTS     256u      /* Of one group: one for each parent. */
#define KAI_NETWORK_ORGS_MAX    131072u   /* Ten times 18,000, the size of projections, has room. */
#define KAI_NETWORK_NODES_MAX   262144u   /* Likewise, with further nodes. */
#define KAI_NETWORK_AUDS_MAX    65536u    /* 363 for 1,800 nodes: 26,000 for the most. */
#define KAI_NETWORK_MEMBERS_MAX 33554432u /* Over all audiences: 128 MiB. */
#define KAI_NETWORK_STEWARDS    4u        /* Of one audience. */
#define KAI_NETWORK_RELAYS      4u
#define KAI_NETWORK_SCALE_MAX   1000u /* Numerator and denominator. */
#define KAI_NETWORK_NONE        UINT32_MAX

/* ---- A file. Field by field what its statements say. */
struct kai_netfile_class { /* latency NAME ... */
    char name[KAI_NETFILE_NAME_MAX + 1];
    uint64_t median_ms;  /* One way, of a link between two nodes of this class. */
    uint64_t spread_10k; /* 5,000: one link in six takes more than 1.5 times the median, one in six
                            less than 1/1.5 of it. */
    uint64_t loss_10k;   /* Of frames. */
    uint64_t kbit;       /* Kilobits a second. */
};

struct kai_netfile_group { /* orgs NAME ... */
    char name[KAI_NETFILE_NAME_MAX + 1];
    uint64_t count;  /* Organisations. */
    uint64_t fixed;  /* 1: not scaled. */
    uint64_t parent; /* Group whose organisations admit these, in equal shares or as by[] says; of
                        group 0, the founder, 0. */
    size_t n_by;
    uint32_t by[KAI_NETFILE_WEIGHTS]; /* Weight of the first, second ... organisation of parent. */
    uint64_t class;                   /* Of lines. */
    uint64_t dial_out_10k;            /* Of its nodes, relays aside: so many cannot be dialled. */
    uint64_t nodes[2];                /* Least and most nodes of an organisation: dealt in turn. */
    uint64_t relays;       /* Beside these, of each: nodes that can be dialled and only relay. */
    uint64_t sectors[2];   /* Least and most sectors an organisation is in: dealt in turn. */
    uint64_t publish_mday; /* Entries that an organisation publishes, in 1/1,000 a day. */
    uint64_t churn_10k;    /* Of its nodes: so many stop, once, in any hour ... */
    uint64_t down_s;       /* ... and are away for so many seconds in the mean. */
};

enum kai_netfile_select {
    KAI_NETFILE_ALL,     /* One audience of all member groups. */
    KAI_NETFILE_EACH,    /* One for each organisation of a group: it and whom it admitted. */
    KAI_NETFILE_SECTORS, /* One for each sector. */
    KAI_NETFILE_RANDOM,  /* So many, of members by lot. */
};

struct kai_netfile_aud { /* audience NAME ... */
    char name[KAI_NETFILE_NAME_MAX + 1];
    uint64_t kind;   /* enum kai_aud_kind of keys/record.h; never a mailbox, which everybody has. */
    uint64_t select; /* enum kai_netfile_select. */
    uint64_t groups; /* Set: who can be a member. */
    uint64_t each;   /* KAI_NETFILE_EACH: the group. */
    uint64_t count;  /* KAI_NETFILE_RANDOM: how many audiences, and ... */
    uint64_t size[2];  /* ... least and most members of each. */
    uint64_t owner;    /* Group; KAI_NETFILE_GROUPS: a member. */
    uint64_t stewards; /* With the owner. */
    uint64_t relays;
    uint64_t from; /* Group whose nodes relay. */
    uint64_t few;  /* 1: only where fewer than two members have a node that can be dialled. */
    uint64_t fixed;
};

struct kai_netfile {
    uint64_t n_sectors;
    size_t n_classes, n_groups, n_auds;
    struct kai_netfile_class class[KAI_NETFILE_CLASSES];
    struct kai_netfile_group group[KAI_NETFILE_GROUPS];
    struct kai_netfile_aud aud[KAI_NETFILE_AUDS];
};

struct kai_netfile_error {
    size_t line;    /* From 1. */
    char text[256]; /* What is wrong there and what to write instead; no full stop, ASCII. */
};

/* Read a file's text into *f, which is of use only after KAI_OK. *e is filled in on every error; it
 * may be NULL. Errors: KAI_EMALFORMED; KAI_ELIMIT (too long, too many). */
KAI_MUST_USE enum kai_err kai_netfile_parse(struct kai_netfile *f, struct kai_view text,
                                            struct kai_netfile_error *e);

/* ---- A network. */
struct kai_network_org {
    uint32_t group;
    uint32_t parent; /* Organisation, with a smaller number; of the founder, 0: itself. */
    uint32_t further,
        n_further;    /* Its nodes beside the first, which has the organisation's number. */
    uint64_t sectors; /* Set. */
};

struct kai_network_node {
    uint32_t org;
    uint32_t class;
    bool dial_out; /* Nobody can dial it. */
    bool relay;    /* It does nothing but relay. */
};

struct kai_network_aud {
    uint32_t from;  /* Statement of the file. */
    uint32_t which; /* Of those of that statement. */
    uint64_t kind;  /* enum kai_aud_kind. */
    uint32_t owner; /* Organisation; it is a member. */
    uint32_t n_members;
    size_t members; /* They are net->member[members], ... in ascending order. */
    uint32_t n_stewards, n_relays;
    uint32_t stewards[KAI_NETWORK_STEWARDS]; /* Members; the owner is the first. */
    uint32_t relays[KAI_NETWORK_RELAYS];     /* Nodes. */
};

struct kai_network {
    struct kai_netfile file; /* A copy: rates, names, classes. */
    uint64_t seed;
    size_t n_orgs, n_nodes, n_auds, n_members;
    struct kai_network_org *org;
    struct kai_network_node *node;
    struct kai_network_aud *aud;
    uint32_t *member; /* Organisations, of all audiences. */
};

/* Expand a file that was parsed, at num/den of its size (1/1: as written). Groups and random
 * audiences that are not fixed are scaled, none below one; the largest such group takes what
 * rounding leaves, so that the nodes are num/den of those written where it has one node an
 * organisation. The caller owns *out, which is NULL on failure. Errors: KAI_EMALFORMED (num or den
 * is 0 or over KAI_NETWORK_SCALE_MAX); KAI_ELIMIT (too large); KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_netfile_expand(struct kai_network **out, const struct kai_netfile *f,
                                             uint64_t seed, uint64_t num, uint64_t den);
void kai_network_free(struct kai_network *net); /* NULL does nothing. */

/* Whether some node of it can be dialled. */
bool kai_network_org_dialable(const struct kai_network *net, size_t org);

struct kai_network_path {
    uint64_t latency_ms; /* One way, the same both ways; 1 or more. */
    uint64_t loss_10k;
    uint64_t kbit;
};
/* The line between two nodes: median, spread and loss in the middle between those of their classes,
 * the smaller bandwidth; the latency by lot of the seed and the two. */
struct kai_network_path kai_network_path_of(const struct kai_network *net, size_t a, size_t b);

/* How many of an audience's members have a node that can be dialled. */
size_t kai_network_aud_dialable(const struct kai_network *net, size_t aud);

#endif

/* netfile_int: the parts that read a network file, between themselves. */
#ifndef KAI_TOPOLOGY_NETFILE_INT_H
#define KAI_TOPOLOGY_NETFILE_INT_H

#include "keys/record.h"
#include "topology/sim/netfile.h"

#define NETFILE_TOKENS 40u /* Of a line: each key once, with its value. */

enum netfile_type { /* Of what stands after a key. */
                    NUMBER,
                    PERCENT,
                    MS,
                    KBIT,
                    SECONDS,
                    RATE,
                    RANGE, /* Two numbers. */
                    FLAG,  /* Nothing. */
                    KIND,
                    CLASS,
                    GROUP,
                    GROUPS,
                    WEIGHTS,
};

struct netfile_key {
    const char *name;
    enum netfile_type type;
    size_t at; /* Of a uint64_t, or of two. */
    uint64_t min, max;
    const char *form; /* Of its value, for people; NULL: the name of a group or class. */
};

struct netfile_parser {
    struct kai_netfile *f;
    struct kai_netfile_error *e;
    size_t line;
    bool begun; /* The first statement was read. */
    size_t n;   /* Of the line at hand. */
    char *token[NETFILE_TOKENS];
    uint64_t seen; /* Keys of the line at hand. */
};

/* Fill in the error, as printf does, and return err. */
enum kai_err netfile_refuse(const struct netfile_parser *p, enum kai_err err, const char *format,
                            ...) __attribute__((format(printf, 3, 4)));
/* A whole number with nothing after it. */
bool netfile_number(const char *text, uint64_t *v);
/* The numbers of a group and of a class by name; false: none, and *g is their count. */
bool netfile_group(const struct kai_netfile *f, const char *text, uint64_t *g);
bool netfile_class(const struct kai_netfile *f, const char *text, uint64_t *c);
/* Read what stands after a key into the struct that it is of. May cut text. */
KAI_MUST_USE enum kai_err netfile_value(const struct netfile_parser *p, const struct netfile_key *k,
                                        char *text, void *into);

/* ---- A network while it is expanded. */
struct netfile_draft {
    struct kai_network *net;
    uint64_t random;
    uint64_t num, den;
    uint64_t count[KAI_NETFILE_GROUPS]; /* Organisations, at this size. */
    uint32_t first[KAI_NETFILE_GROUPS]; /* The first of them. */
    size_t room;                        /* Of net->member. */
    uint32_t *above; /* By organisation, for the statement at hand: whose audience it is in. */
    uint32_t *lot;   /* Room for as many as there are nodes. */
};
uint64_t netfile_draw(uint64_t *state, uint64_t n); /* 0 to n - 1; n > 0. */
/* Organisations and audiences at this size, at least 1. */
uint64_t netfile_scale(const struct netfile_draft *d, uint64_t count);
/* Errors: KAI_ELIMIT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err netfile_auds(struct netfile_draft *d);

#endif

/* ctl_int: how the control entries are held; read by the roster and by ceremonies. */
#ifndef KAI_KEYS_CTL_INT_H
#define KAI_KEYS_CTL_INT_H

#include <stdatomic.h>

#include "keys/ctl.h"
#include "keys/keydeath.h"
#include "keys/record.h"

#define KAI_FORK_BRANCHES 2u /* Kept at a fork: enough to prove it. */

struct kai_ctl_log;

struct kai_ctl_entry {
    struct kai_entry e; /* Its views point to bytes. */
    struct kai_ctl_log *log;
    struct kai_ctl_entry *parent;                   /* NULL at seq 1. */
    struct kai_ctl_entry *child[KAI_FORK_BRANCHES]; /* By hash; NULL at the end. */
    bool dead;                                      /* About to be dropped. */
    uint64_t type;                                  /* enum kai_rec_type, or unknown. */
    uint64_t kind;                                  /* ADMIT: enum kai_admit_kind, or unknown. */
    uint8_t subject[KAI_KEY_BYTES];                 /* ADMIT: its sign_pk. */
    struct kai_view body;                           /* Of the record. */
    uint8_t bytes[];
};

struct kai_ctl_log {
    uint8_t pk[KAI_KEY_BYTES];
    bool founder;   /* In some version of the charter: what it says is held. */
    bool reached;   /* Scratch of drop. */
    bool near;      /* As kai_ctl_near() said last. */
    uint32_t level; /* Scratch of that: organisations from a founder down to this root or issuing
                       key; 0: none found. */
    struct kai_ctl_entry *first[KAI_FORK_BRANCHES]; /* At seq 1, by hash. */
    struct kai_ctl_entry **rows;                    /* By (seq, hash). */
    size_t n;
    size_t cap;
};

struct kai_ctl_heads {
    bool fresh;
    bool fp_fresh;
    uint8_t fp[KAI_ID_BYTES];
    struct kai_head *rows;
    size_t n;
    size_t cap;
};

struct kai_ctl_charter { /* A version after the first. */
    uint8_t hash[KAI_ID_BYTES];
    size_t n;
    uint8_t *bytes; /* The record. */
};

struct kai_ctl_death {
    struct kai_keydeath d;
    size_t cuts; /* How often a lower one took its place. */
    size_t n;
    uint8_t *bytes; /* The note. */
};

struct kai_ctl {
    atomic_size_t refs;
    struct kai_charter first;      /* Version 1. */
    struct kai_charter charter;    /* The one that counts. */
    struct kai_ctl_charter *later; /* Each follows the one before it. */
    size_t n_later;
    uint8_t rival[KAI_CHARTER_RIVALS_MAX][KAI_ID_BYTES];
    size_t n_rivals;
    struct kai_ctl_death *deaths; /* By (key, signer). */
    size_t n_deaths;
    struct kai_ctl_log **logs; /* By pk. */
    size_t n_logs;
    size_t logs_cap;
    struct kai_ctl_entry **by_hash;
    size_t n;
    size_t cap;
    size_t leaves;
    struct kai_ctl_heads *heads; /* Filled when asked for. */
    size_t most;                 /* KAI_CTL_ENTRIES_MAX. */
    bool has_own;
    uint8_t own_pk[KAI_KEY_BYTES];
    bool near_fresh;
};

/* A founder's log, in whatever version. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_ctl_founder(struct kai_ctl *c,
                                          const uint8_t root_pk[static KAI_KEY_BYTES]);
void kai_ctl_charters_free(struct kai_ctl *c);
void kai_ctl_deaths_free(struct kai_ctl *c);

/* ctl_near.c: whether what stands in this log is taken however much is held. */
bool kai_ctl_near(struct kai_ctl *c, const struct kai_ctl_log *l);

/* The first row whose key is not less. Logs are sorted by pk, entries by hash. */
size_t kai_ctl_log_at(const struct kai_ctl *c, const uint8_t *pk);
size_t kai_ctl_hash_at(const struct kai_ctl *c, const uint8_t *hash);
struct kai_ctl_log *kai_ctl_log(const struct kai_ctl *c, const uint8_t *pk);
struct kai_ctl_entry *kai_ctl_entry(const struct kai_ctl *c, const uint8_t *hash);
/* The first row of a log that is not before (seq, hash). */
size_t kai_ctl_row_at(const struct kai_ctl_log *l, uint64_t seq, const uint8_t *hash);

#endif

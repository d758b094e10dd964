/* carry_int: what reading and making of a carry file share. */
#ifndef KAI_TOPOLOGY_CARRY_INT_H
#define KAI_TOPOLOGY_CARRY_INT_H

#include "topology/carry.h"
#include "topology/state.h"

struct kai_carry_job { /* A log, or a text of the charter, to be packed. */
    struct kai_share *s;
    struct kai_want w;
    uint64_t order; /* Which come first: control, keys, letters, the rest. */
    uint64_t ts;    /* Of the first entry: what names a key is older than what it signed. */
};

struct kai_carry {
    struct kai_net *n;
    uint64_t link;
    struct kai_carry_key key;
    bool gone; /* The link is over. */
    enum kai_bye why;
    struct kai_carry_info info;
    uint8_t sender_pk[KAI_KEY_BYTES];
    struct kai_buf plain;
    /* Reading: */
    bool again; /* What it brought once is held now. */
    struct kai_carry_row *rows;
    size_t n_rows, cap_rows;
    /* Making: */
    bool packs;
    bool in_volume;
    size_t named; /* Audiences that the volume has named. */
    size_t told;  /* Audiences whose heads stand in the receipt. */
    bool all;     /* Nothing is left for another volume. */
    const uint8_t *sign_sk;
    uint64_t volume_bytes, volume_at; /* Most; so far. */
    struct kai_buf *out;              /* During kai_carry_more(). */
    enum kai_err err;
    size_t n_jobs, next_job;
    struct kai_carry_job *jobs;
};

KAI_MUST_USE enum kai_err kai_carry_begin(struct kai_carry **out, struct kai_net *n, bool packs,
                                          struct kai_why *why);
struct kai_link *kai_carry_link(const struct kai_carry *f); /* NULL: gone. */
/* A token of an audience for this file, made of one of its routing secrets. */
void kai_carry_token(const struct kai_carry *f, const uint8_t *route, uint8_t token[static 16]);

/* What a carry file does where a connection would: for the parts of the engine. */
bool kai_carry_put(struct kai_net *n, struct kai_link *l); /* Takes n->frame. */
struct kai_share *kai_carry_handle(const struct kai_link *l, uint64_t handle);
void kai_carry_refresh(struct kai_net *n, struct kai_link *l); /* Keys or members changed. */
void kai_carry_renew(struct kai_net *n, struct kai_link *l);   /* A new roster. */
void kai_carry_gap(struct kai_link *l);                        /* Also of a link that is none. */
void kai_carry_gone(struct kai_link *l, enum kai_bye why);
void kai_carry_judged(struct kai_link *l, enum kai_verdict v,
                      const struct kai_entry *e); /* An entry that it brought. */

#endif

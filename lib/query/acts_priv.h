/* acts_priv: what the parts of acts.h share. One table holds them all: a key begins with a letter
 * that says what it is. */
#ifndef KAI_QUERY_ACTS_PRIV_H
#define KAI_QUERY_ACTS_PRIV_H

#include "query/acts.h"
#include "query/index_priv.h"

enum act_letter {
    ACT_RELEASE = 'r',  /* obj hash, origin, number (2) -> place, seen, ..., item */
    ACT_RECALL = 'c',   /* The same. */
    ACT_RECEIPT = 'h',  /* obj hash, node -> receipt */
    ACT_LETTER = 'l',   /* no -> letter, body */
    ACT_PLACE = 'p',    /* place of a letter -> nothing */
    ACT_SENT = 's',     /* sender, no -> nothing */
    ACT_BAD = 'q',      /* log, seq, item, content -> what was quarantined */
    ACT_REPORT = 'v',   /* log pk, seq, obj hash -> violation to be reported */
    ACT_REPORTED = 'w', /* The same key -> nothing: it was. */
    ACT_DAY = 'd',      /* sharer, origin -> day, how many violations were to be reported on it */
    ACT_RULE = 'u',     /* no -> RULE that is not kept elsewhere yet */
    ACT_GONE = 'g',     /* log, seq -> nothing: its payload was deleted */
    ACT_FORK = 'f',     /* log -> first seq that is disputed */
    ACT_END = 'e',      /* log -> first seq that its author's REVOKE leaves out */
    ACT_WAITING = 'z',  /* log, first seq -> last seq, kid */
    ACT_COUNT = 'n',    /* letter, ... -> how many there are */
};

#define ACT_KEY_MAX 80u
#define ACT_FIX_MAX 512u

/* Bytes being put together, or taken apart: lengths are fixed, so that nothing can run over. */
struct pack {
    uint8_t bytes[ACT_FIX_MAX];
    size_t n;
};
struct unpack {
    struct kai_view rest;
    bool bad; /* Less was there than was asked for. */
};
void kai_pack_u64(struct pack *p, uint64_t v);
void kai_pack_bytes(struct pack *p, const void *bytes, size_t n);
void kai_pack_place(struct pack *p, const struct kai_ix_place *at);
struct pack kai_pack_key(enum act_letter letter);
uint64_t kai_unpack_u64(struct unpack *u);
void kai_unpack_bytes(struct unpack *u, void *bytes, size_t n);
void kai_unpack_place(struct unpack *u, struct kai_ix_place *at);

/* Puts head ‖ tail under key. A failure sticks. */
enum kai_err kai_acts_put(struct kai_ix *t, const struct pack *key, const struct pack *head,
                          struct kai_view tail);
/* Errors: KAI_ENOTFOUND (does not stick). */
enum kai_err kai_acts_get(const struct kai_ixsnap *r, const struct pack *key, struct unpack *val);
enum kai_err kai_acts_del(struct kai_ix *t, const struct pack *key); /* No error if it is not. */

/* What stands under keys that begin with prefix, from the key `from` on (NULL: all). key: what is
 * behind the prefix. */
typedef bool kai_acts_fn(void *ctx, struct unpack key, struct unpack val);
enum kai_err kai_acts_walk(const struct kai_ixsnap *r, const struct pack *prefix,
                           const struct pack *from, kai_acts_fn *f, void *ctx);
/* Whether there is anything under this letter: also where it cannot be told. */
bool kai_acts_any(const struct kai_ixsnap *r, enum act_letter letter);

/* A counter. Errors of add: KAI_ELIMIT (it would be more than limit; does not stick). */
uint64_t kai_acts_count(const struct kai_ixsnap *r, const struct pack *what);
enum kai_err kai_acts_count_add(struct kai_ix *t, const struct pack *what, uint64_t limit);
enum kai_err kai_acts_count_sub(struct kai_ix *t, const struct pack *what);

/* Whether the reader may know of this OBJ: a row of it is theirs to see. */
bool kai_acts_sees_obj(struct kai_ixsnap *r, const uint8_t *obj_hash);

#endif

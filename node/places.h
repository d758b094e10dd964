/* places: what the users of this machine and the holders of tokens may see and do, as the node
 * keeps it.
 *
 * One named value of the store holds all of them. They are read anew for each request, so that what
 * is taken away is gone at once. Of a token only a hash is kept. */
#ifndef KAI_NODE_PLACES_H
#define KAI_NODE_PLACES_H

#include "base/limits.h"
#include "node/who.h"
#include "store/store.h"

struct kai_user_place {
    char name[KAI_WHO_NAME_CAP]; /* "alice", "@analysts" (a group), "uid:1001". */
    uint8_t clearance;
    uint8_t role;
};

struct kai_token {
    char name[KAI_WHO_NAME_CAP];
    uint8_t hash[KAI_ID_BYTES];
    uint8_t clearance;
    uint8_t role;
    uint64_t added_ms;
    uint64_t not_after_ms; /* 0: none. */
};

struct kai_places {
    size_t n_users;
    struct kai_user_place users[KAI_USERS_MAX]; /* By name. */
    size_t n_tokens;
    struct kai_token tokens[KAI_TOKENS_MAX]; /* By name. */
};

/* As bytes, and back. Errors: KAI_EMALFORMED. */
void kai_places_write(struct kai_buf *out, const struct kai_places *p);
KAI_MUST_USE enum kai_err kai_places_read(struct kai_places *p, struct kai_view bytes);
/* What the store has; nobody where it has nothing. Errors: KAI_EIO, KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err kai_places_load(struct kai_places *p, struct kai_store *s);

/* Sorted insertion, or change of what is there. Errors: KAI_ELIMIT (it is full), for a token also
 * KAI_EEXIST (one of that name is there). */
KAI_MUST_USE enum kai_err kai_places_set_user(struct kai_places *p, const struct kai_user_place *u);
KAI_MUST_USE enum kai_err kai_places_add_token(struct kai_places *p, const struct kai_token *t);
/* Errors: KAI_ENOTFOUND. */
KAI_MUST_USE enum kai_err kai_places_remove_user(struct kai_places *p, const char *name);
KAI_MUST_USE enum kai_err kai_places_remove_token(struct kai_places *p, const char *name);

/* Change what is kept: f gets what is there; what it leaves is durable when the call returns. Its
 * error, or the store's. Any thread but the owning one of a running loop. */
typedef enum kai_err kai_places_fn(struct kai_places *p, void *ctx);
KAI_MUST_USE enum kai_err kai_places_change(struct kai_core *c, kai_places_fn *f, void *ctx);

/* H(kairan1.token, the 32 bytes that the token is base32 of). False: text is no token. */
bool kai_token_hash(uint8_t hash[static KAI_ID_BYTES], const char *text);
/* The token with this hash that has not expired; NULL. The time it takes tells nothing of any. */
const struct kai_token *kai_places_token(const struct kai_places *p,
                                         const uint8_t hash[static KAI_ID_BYTES], uint64_t now_ms);

#endif

/* who: on whose behalf a request is made: a user of this machine, the holder of a token, or
 * whoever opened the home of a stopped node.
 *
 * A place is a clearance (the strictest label that is shown) and a role (what may be done).
 * Whoever has none is refused before anything is read: reader.unknown. */
#ifndef KAI_NODE_WHO_H
#define KAI_NODE_WHO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/why.h"
#include "item/label.h"

struct kai_core;

enum kai_who_kind {
    KAI_WHO_HOME = 0, /* The command line on the home itself: file permissions decided. */
    KAI_WHO_USER = 1, /* A Unix user, by the credentials of its socket. */
    KAI_WHO_TOKEN = 2,
};

/* Each may do what those before it may. */
enum kai_role {
    KAI_ROLE_NONE = 0,
    KAI_ROLE_READER = 1,  /* Reads. */
    KAI_ROLE_ANALYST = 2, /* And publishes, answers, asks in the organisation's name. */
    KAI_ROLE_ADMIN = 3,   /* And decides who is in. */
};

#define KAI_WHO_NAME_CAP 65u /* A user's, group's or token's name, and its NUL. */

#define KAI_WHO_TEXT_CAP (KAI_WHO_NAME_CAP + 6u)

struct kai_who {
    uint8_t kind;                /* enum kai_who_kind. */
    uint8_t role;                /* enum kai_role. */
    uint8_t clearance;           /* enum kai_tlp; KAI_TLP_NONE: nothing at all. */
    uid_t uid;                   /* Of a user and of who opened the home; (uid_t)-1 else. */
    char name[KAI_WHO_NAME_CAP]; /* The user's, "uid:1001" where it has none, or the token's. */
    uint8_t token[KAI_ID_BYTES]; /* Its hash. */
};

/* "reader", "analyst", "admin"; "" for another number. Static storage. */
const char *kai_role_name(uint8_t role);
bool kai_role_parse(const char *text, uint8_t *role);

/* "user:alice", "token:sensor", "home:root". */
void kai_who_text(const struct kai_who *w, char out[static KAI_WHO_TEXT_CAP]);

/* Whoever opened the home itself: an admin who is shown everything. */
void kai_who_home(struct kai_who *out);
/* The user at the other end of a Unix socket. Root and the user that runs the node are admins; the
 * others have what `user set` gave to them or, whichever is more, to a group of theirs.
 * Errors: KAI_EDENIED (reader.unknown {1 user}), KAI_EIO. */
KAI_MUST_USE enum kai_err kai_who_of_socket(struct kai_who *out, struct kai_core *c, int fd,
                                            struct kai_why *why);
/* The holder of a token, as it stands after "Bearer ". NULL: none was presented. A right one is
 * always let in: wrong ones, however many, lock out nobody else.
 * Errors: KAI_EDENIED (token.missing, token.wrong: also when it is revoked or expired),
 * KAI_EAGAIN (token.too-many: wrong ones came too fast), KAI_EIO. */
KAI_MUST_USE enum kai_err kai_who_of_token(struct kai_who *out, struct kai_core *c,
                                           const char *token, struct kai_why *why);
/* Whether w may still all that it might when its request began: asked while an answer goes on.
 * Errors: KAI_EDENIED (reader.changed), KAI_EIO. */
KAI_MUST_USE enum kai_err kai_who_still(const struct kai_who *w, struct kai_core *c,
                                        struct kai_why *why);

#endif

/* red: what a node does about TLP:RED, whose contents it never sees: it says whom to seal to, and
 * signs, writes and hands out what persons sealed (docs/protocol.md 5, RED). */
#ifndef KAI_NODE_RED_H
#define KAI_NODE_RED_H

#include "node/core.h"

#define KAI_RED_FRESH_MS (10ull * 60 * 1000) /* Between being sealed and being published. */

/* Somebody to seal to, at this time. */
struct kai_red_person {
    uint8_t id[KAI_ID_BYTES];
    uint8_t kx_pk[KAI_KEY_BYTES];
    char org[KAI_TEXT_BYTES_MAX + 1];
    uint64_t not_after; /* ms since 1970. */
};

/* The persons of an audience whose places have not ended, each once: at most KAI_RED_PERSONS_MAX.
 * Owning thread (inside a job). Errors: KAI_EDENIED (label.red: the audience is none of persons;
 * red.nobody), KAI_ELIMIT (red.persons), KAI_EAGAIN (audience.no-rule). */
KAI_MUST_USE enum kai_err kai_red_persons(struct kai_core *c,
                                          const uint8_t aud_id[static KAI_ID_BYTES],
                                          struct kai_red_person *out, size_t *n,
                                          struct kai_why *why);

struct kai_red_post {
    const struct kai_aud_name *aud;
    struct kai_view sealed; /* [[OBJ bin, [sealed content bin...]]...] */
    size_t n_persons;       /* Whom it was sealed to, as the sealer says. */
    uint8_t (*persons)[KAI_ID_BYTES];
};
struct kai_red_posted {
    uint64_t contents;
    uint64_t last; /* Seq of the last entry. */
    uint8_t log_pk[KAI_KEY_BYTES];
    size_t n;                        /* Batches, and what each is called: */
    uint8_t (*hashes)[KAI_ID_BYTES]; /* free with free(). */
};
/* Check what can be checked without a key, sign, write, make durable. Not on the owning thread of a
 * running loop. Errors: KAI_EDENIED (a rule of lib/policy, red.changed, red.stale), KAI_EMALFORMED
 * (red.malformed), and as kai_post_begin(). */
KAI_MUST_USE enum kai_err kai_red_publish(struct kai_core *c, const struct kai_outlook *o,
                                          const struct kai_red_post *p, struct kai_red_posted *out,
                                          struct kai_why *why);

#endif

/* world: a network made up for a test: keys from a counter, entries as their owners would write
 * them. */
#ifndef KAI_TESTS_KEYS_WORLD_H
#define KAI_TESTS_KEYS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keys/keyring.h"

#define MUST(x)                                                                                    \
    do {                                                                                           \
        enum kai_err must_err = (x);                                                               \
        if (must_err != KAI_OK)                                                                    \
            fail_msg("%s: %s", #x, kai_err_text(must_err));                                        \
    } while (0)

struct tlog { /* A key and the log it writes. */
    uint8_t pk[KAI_KEY_BYTES];
    uint8_t sk[64];
    uint64_t seq;
    uint8_t head[KAI_ID_BYTES];
    uint8_t org[KAI_ID_BYTES]; /* Of an issuing key: its organisation. */
};

struct tsub { /* A subject: an organisation, issuing key or node. */
    struct tlog log;
    uint8_t kx_pk[KAI_KEY_BYTES];
    uint8_t kx_sk[KAI_KEY_BYTES];
    uint8_t curve_pk[KAI_KEY_BYTES];
    uint8_t cert[KAI_ID_BYTES]; /* The last one it got. */
    uint8_t id[KAI_ID_BYTES];   /* As organisation or node. */
};

struct tentry {
    struct kai_buf bytes;
    struct kai_buf payload;
    struct kai_entry e;
};

struct world {
    struct kai_buf charter_record;
    struct kai_charter charter;
    struct tentry **entries;
    size_t n;
    uint64_t keys; /* How many were made. */
    uint64_t seed;
    uint64_t rnd;
};

void world_init(struct world *w, uint64_t seed, struct tsub *founders, size_t n,
                uint64_t threshold);
void world_free(struct world *w);
uint64_t world_random(struct world *w, uint64_t below);
void world_fill(void *w, void *out, size_t n); /* A kai_random_fn. */
void world_key(struct world *w, struct tsub *s);
/* Append a record to a log; the entry's hash. */
const uint8_t *world_append(struct world *w, struct tlog *l, uint64_t type,
                            const struct kai_buf *body);
/* Template of an ADMIT with everything allowed. */
struct kai_admit world_terms(uint64_t kind);
/* Admit s, whose cert is set. terms may be NULL. */
void world_admit(struct world *w, struct tlog *by, struct tsub *s, uint64_t kind,
                 const struct kai_admit *terms);
const uint8_t *world_revoke(struct world *w, struct tlog *by, const struct kai_revoke *r);
/* Revoke a certificate; each log in keep keeps what it has now. */
const uint8_t *world_remove(struct world *w, struct tlog *by, const uint8_t *target,
                            uint64_t reason, const struct tlog *const *keep, size_t n_keep);
const uint8_t *world_audience(struct world *w, struct tlog *by, const struct kai_aud_rec *rec);

/* All entries, in the order of creation, into a new ctl. */
struct kai_ctl *world_ctl(const struct world *w);
struct kai_roster *world_roster(const struct world *w);
bool world_cert_active(const struct kai_roster *r, const uint8_t *cert);
bool world_cert_attested(const struct kai_roster *r, const uint8_t *cert);

#endif

/* kit: temporary stores and entries made from a seed, for the tests of lib/store. */
#ifndef TESTS_STORE_KIT_H
#define TESTS_STORE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/hash.h"
#include "store/store.h"

/* A log that entries are made for: the store never sees it. */
struct kit_log {
    uint8_t pk[KAI_KEY_BYTES];
    uint64_t seq;
    uint8_t head[KAI_ID_BYTES];
};

struct kit_entry {
    struct kai_entry e;
    struct kai_buf b; /* What e's views point into. */
};

struct kit_rand {
    uint64_t s;
};
uint64_t kit_rand(struct kit_rand *r);

void kit_dir(char dir[static 64]); /* A new folder under TMPDIR or /tmp. */
void kit_dir_rm(const char *dir);  /* With the files in it. */
struct kai_store *kit_open(const char *dir);
enum kai_err kit_try(struct kai_store **s, const char *dir, struct kai_why *why);

struct kit_log kit_log(uint64_t seed);
/* The entry after l's last; its bytes follow from log, seq and n. Does not move l. */
void kit_next(struct kit_entry *k, const struct kit_log *l, size_t payload_n);
void kit_typed(struct kit_entry *k, const struct kit_log *l, size_t payload_n, uint64_t ptype);
void kit_moved(struct kit_log *l, const struct kit_entry *k); /* k is l's last now. */
void kit_free(struct kit_entry *k);
bool kit_same(const struct kai_entry *a, const struct kai_entry *b);

/* In a transaction of its own: */
void kit_add_log(struct kai_store *s, const struct kit_log *l, uint64_t flags);
void kit_append(struct kai_store *s, struct kit_log *l, size_t n, size_t payload_n);
void kit_stage(struct kai_store *s, struct kit_log *l, size_t n, size_t payload_n);
/* want: what the store must answer. */
void kit_advance(struct kai_store *s, const struct kit_log *l, uint64_t to, enum kai_err want);
/* That entry seq of l is the one that kit_next() made, for payloads of n bytes. */
void kit_expect(struct kai_snap *r, const struct kit_log *l, uint64_t seq, size_t payload_n);

/* A hash of all that a reader can see: logs, entries, control entries, notes, and the values of
 * these names, up to a NULL. Errors: those of reading. */
enum kai_err kit_digest(struct kai_store *s, const char *const *keys,
                        uint8_t out[static KAI_ID_BYTES]);

#endif

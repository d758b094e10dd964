/* evil_frame: what an attacker says: frames with anything in them, and logs of its own. Made here
 * for both: the attacker in the simulator (evil.h) and the one on a real socket (curve.h). */
#ifndef KAI_TESTS_EVIL_FRAME_H
#define KAI_TESTS_EVIL_FRAME_H

#include <stdio.h>
#include <stdlib.h>

#include "keys/keyring.h"
#include "topology/frame.h"
#include "wire/put.h"

#define EVIL_MUST(x)                                                                               \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Says where the honest side gave way. */
#define HELD(x) ((x) ? true : (printf("    not so: %s (line %d)\n", #x, __LINE__), false))

/* What every log of a network is made with. */
struct evil_hand {
    const uint8_t *nid; /* 32 bytes. */
    struct kai_packer *packer;
    kai_random_fn *random;
    void *ctx;
};

struct evil_key { /* An Ed25519 key and where its log stands. */
    uint8_t pk[KAI_KEY_BYTES];
    uint8_t sk[64];
    uint64_t seq;
    uint8_t prev[KAI_ID_BYTES];
};

struct evil_log {
    struct evil_key key;
    uint8_t salt[32];
    size_t author; /* For the caller. */
    uint64_t ts;
};

/* ---- Logs. Each entry's bytes stand in out, which is cleared first; the log moves on. */
void evil_make_log(const struct evil_hand *h, struct evil_log *l, size_t author, uint64_t ts);
struct kai_entry evil_make_body(const struct evil_hand *h, struct evil_log *l,
                                const struct kai_epoch *epoch, struct kai_view body,
                                struct kai_buf *out);
/* One item as the whole body; an item of a type that nobody reads. */
struct kai_entry evil_make_one(const struct evil_hand *h, struct evil_log *l,
                               const struct kai_epoch *epoch, struct kai_view item,
                               struct kai_buf *out);
struct kai_entry evil_make_item(const struct evil_hand *h, struct evil_log *l,
                                const struct kai_epoch *epoch, struct kai_buf *out);
/* b as it is, signed by node_sk. */
struct kai_entry evil_make_bind(const struct evil_hand *h, struct evil_log *l,
                                const struct kai_epoch *epoch, const struct kai_bind *b,
                                const uint8_t *node_sk, struct kai_buf *out);
/* Another header over a payload, signed by the log's key; the log does not move. */
struct kai_entry evil_make_header(const struct evil_hand *h, const struct evil_log *l,
                                  const struct kai_hdr *hdr, struct kai_view payload,
                                  struct kai_buf *out);

/* ---- Frames, each written to an empty b. */
void evil_put_push(struct kai_buf *b, uint64_t handle, const struct kai_entry *e);
/* Ask for a range of a log, n times in one frame. */
void evil_put_want(struct kai_buf *b, uint64_t handle, const uint8_t *log_pk, uint64_t to,
                   uint32_t n);
/* Ask what there is: one range that is empty here. */
void evil_put_ask(struct kai_buf *b, uint64_t handle);
/* n tokens in a MATCH, the first with this index: the one given, or random ones (NULL). */
void evil_put_tokens(struct kai_buf *b, const struct evil_hand *h, uint64_t first,
                     const uint8_t *token, uint32_t n);
/* As many logs as one frame has room for, which nobody ever saw. */
void evil_put_ihave(struct kai_buf *b, const struct evil_hand *h, uint64_t handle);
/* A note in a PEERS. */
void evil_put_note(struct kai_buf *b, struct kai_view note);
/* The dialler's token of a routing secret. */
void evil_token_of(uint8_t token[static 16], const uint8_t *route, const uint8_t *my_nonce,
                   const uint8_t *its_nonce, const uint8_t *my_curve, const uint8_t *its_curve);

/* Whether any entry or row of this log stands in a frame that was heard. */
bool evil_frame_names(struct kai_frame *f, const uint8_t *log_pk);
/* How many of its entries, with their payloads, stand in an ENTRIES. */
size_t evil_frame_entries(struct kai_frame *f, const uint8_t *log_pk);

#endif

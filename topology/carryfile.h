/* carryfile: the bytes of a carry file: a head that one node can open, then sealed chunks
 * (docs/protocol.md 7, carried in a file). What a chunk holds is a frame of a link or a record of
 * these:
 * - FROM [64, body bin, SIG 29], the first; body = [kind, sender's cert, sender's sign_pk,
 *   addressee's node id, eph_pk, commit, volume, made ms, X];
 * - SHARE [65, handle, aud_id, [token16...] at most 3]: what the handle means in frames to come;
 * - END [66, more], the last; more: another volume follows. */
#ifndef KAI_TOPOLOGY_CARRYFILE_H
#define KAI_TOPOLOGY_CARRYFILE_H

#include "crypto/seal.h"
#include "keys/keyring.h"

#define KAI_CARRY_MAGIC         "KAICRY1\n"
#define KAI_CARRY_MAGIC_BYTES   8u
#define KAI_CARRY_SUM_BYTES     16u
#define KAI_CARRY_HEAD_BYTES    (KAI_CARRY_MAGIC_BYTES + 64u + KAI_SLOT_BYTES + KAI_CARRY_SUM_BYTES)
#define KAI_CARRY_BOX_BYTES_MAX (KAI_FRAME_BYTES_MAX + KAI_BOX_OVERHEAD_BYTES)
#define KAI_CARRY_TOKENS_MAX    3u
#define KAI_CARRY_SHARES_MAX    255u

enum kai_carry_kind { KAI_CARRY_PACK = 1, KAI_CARRY_RECEIPT = 2 };
enum kai_carry_type { KAI_CARRY_FROM = 0x40, KAI_CARRY_SHARE = 0x41, KAI_CARRY_END = 0x42 };

struct kai_carry_key { /* Wiped by whoever holds it. */
    uint8_t key[KAI_KEY_BYTES];
    uint8_t eph_pk[KAI_KEY_BYTES];
    uint8_t commit[KAI_ID_BYTES];
    uint64_t next; /* The chunk that comes next. */
    bool ended;    /* The last one was read or written. */
};

struct kai_carry_record {
    uint64_t type;             /* enum kai_carry_type, or of a frame: then nothing else is read. */
    struct kai_view body, sig; /* FROM: */
    uint64_t kind;
    uint8_t sender_cert[KAI_ID_BYTES];
    uint8_t sender_pk[KAI_KEY_BYTES];
    uint8_t to[KAI_ID_BYTES];
    uint8_t eph_pk[KAI_KEY_BYTES];
    uint8_t commit[KAI_ID_BYTES];
    uint64_t volume;
    uint64_t made_ms;
    uint64_t handle; /* SHARE: */
    uint8_t aud_id[KAI_ID_BYTES];
    uint32_t n_tokens;
    uint8_t tokens[KAI_CARRY_TOKENS_MAX][16];
    bool more; /* END. */
};

/* Append a head for the holder of kx_pk; *k is what seals the chunks. Errors: KAI_EAUTH (kx_pk is a
 * point of small order), what out->err says. */
KAI_MUST_USE enum kai_err kai_carry_head_make(struct kai_buf *out, struct kai_carry_key *k,
                                              const uint8_t nid[static KAI_ID_BYTES],
                                              const uint8_t kx_pk[static KAI_KEY_BYTES],
                                              kai_random_fn *random, void *random_ctx);
/* Open a head that was made for us. Errors: KAI_EMALFORMED (no carry file, or a damaged one),
 * KAI_ENOTFOUND (for another node, or of another network). */
KAI_MUST_USE enum kai_err kai_carry_head_open(struct kai_carry_key *k,
                                              const struct kai_keyring *ring,
                                              const uint8_t nid[static KAI_ID_BYTES],
                                              struct kai_view head);

/* Append the next chunk; last: no other follows. nonce is fresh. Errors: what out->err says. */
KAI_MUST_USE enum kai_err kai_chunk_seal(struct kai_buf *out, struct kai_carry_key *k,
                                         struct kai_view plain, bool last,
                                         const uint8_t nonce[static KAI_NONCE_BYTES]);
/* Cut the next chunk off *rest. Errors: KAI_EAGAIN (the file ends within it), KAI_EMALFORMED. */
KAI_MUST_USE enum kai_err kai_chunk_cut(struct kai_view *rest, struct kai_view *box);
/* Open the chunk whose turn it is; what is in it replaces what out holds. Errors: KAI_EAUTH
 * (damaged, or not the one whose turn it is), KAI_EMALFORMED, what out->err says. */
KAI_MUST_USE enum kai_err kai_chunk_open(struct kai_buf *out, struct kai_carry_key *k,
                                         struct kai_view box);

/* Errors: KAI_EMALFORMED, KAI_ELIMIT. Verifies nothing. */
KAI_MUST_USE enum kai_err kai_carry_record(struct kai_carry_record *r, struct kai_view plain);
/* body and sig are made here. */
void kai_carry_put_from(struct kai_buf *b, const struct kai_carry_record *r,
                        const uint8_t nid[static KAI_ID_BYTES],
                        const uint8_t sign_sk[static crypto_sign_SECRETKEYBYTES]);
void kai_carry_put_share(struct kai_buf *b, const struct kai_carry_record *r);
void kai_carry_put_end(struct kai_buf *b, bool more);

#endif

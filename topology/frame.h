/* frame: the messages of a link, between bytes and structs (docs/protocol.md 7).
 *
 * A frame is [type, ...]. Details beyond the table of section 7:
 * - HELLO [1, min, max, NID, node cert, nonce32, boot id 16, clock ms, charter version, control
 * fingerprint 32, [credit bytes, frame bytes], X]; an introduction adds [charter record,
 * [entry...]]. The dialler speaks first.
 * X of HELLO: 2 = sum of the addresses that the sender knows, so that equal ones need not be sent.
 * - MATCH [2, first, [token...]]: index of the first token; indexes run on from frame to frame.
 * - PING [3, clock, flow bytes sent], PONG [4, clock echoed, flow bytes received], CREDIT [5, flow
 * bytes allowed]: all three count ENTRIES, PUSH, IHAVE, RB, PEERS, MATCH, OFFER and PROOF since the
 * link began.
 * - OFFER [7, first, [[eph_pk, slot56]...]]: offer i of the dialler has handle 32768 + 2i, of the
 * listener one more.
 * - RB [16, handle, round, more, lower, [[upper, mode, data]...]]: a range holds the logs from the
 * upper of the one before (the first: lower) up to and without its own upper; bounds are the
 * shortest prefixes that tell neighbours apart, an empty upper is the end. data of skip (both hold
 * the same): nil, or fp16 where it answers a single range; of fp: fp16; of list (which asks for)
 * and reply list: [[log 12 or 32, seq, mark 8]...]: the first 12 bytes of a log's key where the
 * receiver is asked or has named it, all 32 where it may not have it; the mark tells heads apart on
 * this link alone.
 * - WANT [17, handle, [[log, from, to, payload]...]], payload 0 or 1; a text of the charter is
 * [hash, 0, 0, 1] on handle 65535, answered by the entry [hash, empty, text].
 * - GRAFT [34, handle, [[log, seq]...]]: new entries of these logs come as a whole from now on; seq
 * is one that is wanted now, or 0. PRUNE [35, handle, minutes, [log...]]: no longer as a whole;
 * where minutes are not 0, GRAFT with seq 0 is not wanted for so long.
 * - PROOF [49, handle, hdr, sig]: the sender's own entry at a place where the receiver's is
 * another.
 * - NOTES [50, handle, [note...]]: FORKPROOFs of logs of the handle's audience. */
#ifndef KAI_TOPOLOGY_FRAME_H
#define KAI_TOPOLOGY_FRAME_H

#include "log/entry.h"

enum kai_msg {
    KAI_MSG_HELLO = 0x01,
    KAI_MSG_MATCH = 0x02,
    KAI_MSG_PING = 0x03,
    KAI_MSG_PONG = 0x04,
    KAI_MSG_CREDIT = 0x05,
    KAI_MSG_DEF = 0x06,
    KAI_MSG_OFFER = 0x07,
    KAI_MSG_RB = 0x10,
    KAI_MSG_WANT = 0x11,
    KAI_MSG_ENTRIES = 0x12,
    KAI_MSG_PUSH = 0x20,
    KAI_MSG_IHAVE = 0x21,
    KAI_MSG_GRAFT = 0x22,
    KAI_MSG_PRUNE = 0x23,
    KAI_MSG_PEERS = 0x30,
    KAI_MSG_PROOF = 0x31,
    KAI_MSG_NOTES = 0x32,
    KAI_MSG_ERR = 0x7e,
    KAI_MSG_BYE = 0x7f,
};

#define KAI_WIRE_VERSION     1u
#define KAI_MATCH_TOKENS_MAX 256u /* In one frame. */
#define KAI_OFFERS_MAX       64u
#define KAI_HANDLE_OFFER     32768u
#define KAI_HANDLE_CONTROL   65535u
#define KAI_ERR_SPARE        65536u /* Reference of ERR 7: the sender can do without the link. */
#define KAI_RB_RANGES_MAX    4096u  /* In one frame. */
#define KAI_RB_ROWS_MAX      2048u  /* In one range. */
#define KAI_RB_LOG_BYTES     12u    /* Of a log's key: who makes two alike harms these two. */
#define KAI_RB_MARK_BYTES    8u
#define KAI_ENTRIES_MAX      512u /* In one frame. */
#define KAI_HELLO_BYTES_MAX  16384u
#define KAI_HELLO_X_BOOK     2u /* u64 big-endian, as what follows. */
#define KAI_HELLO_X_HEARD    4u

/* Whether frames of this type are counted against credit. */
bool kai_msg_flows(uint64_t type);

struct kai_hello {
    uint64_t min;
    uint64_t max;
    uint8_t nid[KAI_ID_BYTES];
    uint8_t cert[KAI_ID_BYTES];
    uint8_t nonce[32];
    uint8_t boot[16];
    uint64_t clock_ms;
    uint64_t charter_ver;
    uint8_t fingerprint[KAI_ID_BYTES];
    uint64_t credit_bytes;
    uint64_t frame_bytes;
    uint64_t book;  /* the sum of the book: equal, no addresses need be sent. 0: not said. */
    uint64_t heard; /* Likewise of the CHECKPOINTs. */
    bool intro;     /* Carries the rest: */
    struct kai_view charter;
};

enum kai_rb_mode { KAI_RB_SKIP = 0, KAI_RB_FP = 1, KAI_RB_LIST = 2, KAI_RB_REPLY = 3 };

struct kai_rb_row {
    uint8_t log_pk[KAI_KEY_BYTES]; /* Zeros after log_n. */
    size_t log_n;                  /* KAI_RB_LOG_BYTES or KAI_KEY_BYTES. */
    uint64_t seq;
    uint8_t mark[KAI_RB_MARK_BYTES];
};
struct kai_rb_range {
    struct kai_view upper;
    uint64_t mode; /* enum kai_rb_mode. */
    struct kai_view fp;
    struct kai_cur rows;
    uint32_t n_rows;
};
struct kai_want {
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t from;
    uint64_t to;
    bool payload;
};

struct kai_frame {
    uint64_t type; /* enum kai_msg. */
    size_t bytes;
    uint64_t handle;
    uint64_t a; /* MATCH, OFFER: first; PING, PONG: clock; CREDIT: allowed; RB: round; PRUNE:
                   minutes; ERR, BYE: code. */
    uint64_t b; /* PING, PONG: bytes; ERR: reference. */
    bool more;
    struct kai_view lower; /* RB. */
    struct kai_view hdr;   /* PUSH, PROOF; payload.p is NULL for nil. */
    struct kai_view sig;
    struct kai_view payload;
    struct kai_cur items; /* What repeats, read with the functions below, n times. */
    uint32_t n;
    struct kai_hello hello;
};

/* Parse a whole frame; every element's shape is checked, so that reading the items cannot fail but
 * by an entry's content. Errors: KAI_EMALFORMED, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_frame_parse(struct kai_frame *f, struct kai_view bytes);

const uint8_t *kai_frame_token(struct kai_frame *f); /* MATCH: 16 bytes. */
void kai_frame_offer(struct kai_frame *f, const uint8_t **eph_pk, const uint8_t **slot);
void kai_frame_range(struct kai_frame *f, struct kai_rb_range *r); /* RB. */
void kai_range_row(struct kai_rb_range *r, struct kai_rb_row *row);
void kai_frame_want(struct kai_frame *f, struct kai_want *w);
void kai_frame_id(struct kai_frame *f, const uint8_t **log_pk, uint64_t *seq); /* IHAVE, GRAFT. */
const uint8_t *kai_frame_log(struct kai_frame *f);                             /* PRUNE. */
struct kai_view kai_frame_note(struct kai_frame *f);                           /* PEERS, NOTES. */
/* ENTRIES and HELLO: the parts of the next one. */
void kai_frame_parts(struct kai_frame *f, struct kai_view *hdr, struct kai_view *sig,
                     struct kai_view *payload);

/* Writers. Where n items follow, the caller appends them with the put functions or those below. */
void kai_put_frame(struct kai_buf *b, enum kai_msg type,
                   uint32_t arity); /* arity without the type. */
void kai_put_hello(struct kai_buf *b,
                   const struct kai_hello *h); /* With intro: charter; entries follow. */
void kai_put_numbers(struct kai_buf *b, enum kai_msg type, uint64_t v1,
                     uint64_t v2);                                     /* PING PONG ERR: two. */
void kai_put_number(struct kai_buf *b, enum kai_msg type, uint64_t v); /* CREDIT, BYE: one. */
void kai_put_row(struct kai_buf *b, const struct kai_rb_row *row);
void kai_put_want(struct kai_buf *b, const struct kai_want *w);

#endif

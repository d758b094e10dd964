/* entry: one signed step of an append-only log (docs/protocol.md 5).
 *
 * hdr = [1, log_pk, seq, prev, floor, ts, ttl_s, ptype, tag16, kid16, psize, phash, X]
 * sig = SIG(log_sk, 0x20, hdr). An entry's hash is of its header, so that no signature bytes can
 * fork a log. Bytes are hashed, verified and passed on as received, never written anew. */
#ifndef KAI_LOG_ENTRY_H
#define KAI_LOG_ENTRY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "wire/cur.h"

enum kai_ptype {
    KAI_PTYPE_CONTROL = 0, /* Plaintext record of a control log. */
    KAI_PTYPE_SEALED = 1,
    KAI_PTYPE_EPOCH = 2,
    KAI_PTYPE_CLOSE = 3, /* Empty payload; nothing follows. */
};
#define KAI_PTYPE_MAX 255u /* An unknown ptype is carried, not read. */

struct kai_hdr {
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t seq;                /* From 1. */
    uint8_t prev[KAI_ID_BYTES];  /* Entry hash of seq - 1; zeros at seq 1. */
    uint64_t floor;              /* Entries below it may be pruned. */
    uint64_t ts;                 /* Author's clock, ms since 1970; never decreases in a log. */
    uint64_t ttl_s;              /* Payload may be dropped after it; 0 = never. */
    uint64_t ptype;              /* enum kai_ptype, or unknown. */
    uint8_t tag[KAI_TAG_BYTES];  /* Names the audience to those who hold its routing secret. */
    uint8_t kid[KAI_TAG_BYTES];  /* Names the epoch. */
    uint64_t psize;              /* Bytes of the payload. */
    uint8_t phash[KAI_ID_BYTES]; /* H("kairan1.pay", payload). */
};

/* An entry as received: three views of bytes that the caller keeps, and what the header says. */
struct kai_entry {
    struct kai_view hdr;
    struct kai_view sig;     /* KAI_SIG_BYTES. */
    struct kai_view payload; /* p == NULL: not carried along. An empty payload has p != NULL. */
    struct kai_hdr h;
    uint8_t hash[KAI_ID_BYTES];
};

/* Parse a header; canonical or refused. Errors: KAI_EMALFORMED, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_hdr_parse(struct kai_hdr *h, struct kai_view hdr);
void kai_hdr_write(struct kai_buf *out, const struct kai_hdr *h);
void kai_hdr_hash(uint8_t hash[static KAI_ID_BYTES], struct kai_view hdr);

/* Fill *e from its parts: header shape, sizes, hash of the payload where it is carried. Does not
 * verify the signature. Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_EAUTH (payload is another one). */
KAI_MUST_USE enum kai_err kai_entry_init(struct kai_entry *e, struct kai_view hdr,
                                         struct kai_view sig, struct kai_view payload);

/* Read the element [hdr, sig, payload or nil] that ENTRIES and files use. Errors: as above, and
 * what c->err says. While c is not failed it stands behind the element, also where the entry is
 * refused. */
KAI_MUST_USE enum kai_err kai_entry_read(struct kai_entry *e, struct kai_cur *c);
/* Write that element. */
void kai_entry_write(struct kai_buf *out, const struct kai_entry *e, bool with_payload);

/* Verify the signature under e->h.log_pk, which has passed kai_key_check(). Errors: KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_entry_verify(const struct kai_entry *e,
                                           const uint8_t nid[static KAI_ID_BYTES]);

/* Make an entry: fills psize and phash of *h from the payload, writes and signs the header.
 * hdr and sig are set to bytes inside out, valid until out changes; payload may stand in out only
 * where out has the room already. Errors: what out->err says. */
KAI_MUST_USE enum kai_err kai_entry_make(struct kai_entry *e, struct kai_buf *out,
                                         struct kai_hdr *h, const uint8_t log_sk[static 64],
                                         const uint8_t nid[static KAI_ID_BYTES],
                                         struct kai_view payload);

#endif

/* batch: cuts a run of contents into OBJ items and entries (docs/protocol.md 5).
 *
 * The publisher adds contents; whenever the next one would not fit a payload, or the batch holds
 * KAI_BATCH_ITEMS_MAX, the batch is closed: Merkle root, OBJ signed, compressed, padded, sealed,
 * signed as the next entry of the log, and handed out. A STIX object too big for one payload
 * becomes parts of one OBJ over several entries. */
#ifndef KAI_LOG_BATCH_H
#define KAI_LOG_BATCH_H

#include "log/body.h"
#include "log/entry.h"
#include "log/payload.h"

/* The own log that is written to, and where it stands. The batch moves seq, prev and ts on. */
struct kai_log_writer {
    const uint8_t *nid;    /* 32 bytes each, kept by the caller for the writer's life: */
    const uint8_t *log_sk; /* 64 bytes. */
    const uint8_t *epoch_key;
    uint8_t log_pk[KAI_KEY_BYTES];
    uint8_t tag[KAI_TAG_BYTES];
    uint8_t kid[KAI_TAG_BYTES];
    uint64_t seq;               /* Of the last entry; 0 = none yet. */
    uint8_t prev[KAI_ID_BYTES]; /* Its hash. */
    uint64_t ts;                /* Its ts: the next is max(now, ts). */
};

typedef void kai_random_fn(void *ctx, void *out, size_t n);

/* Append one sealed entry with this body; the entry's bytes stand in *out (cleared first). The
 * random source is called for fresh bytes. Errors: KAI_ELIMIT (does not fit a payload; nothing
 * changed), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_log_append(struct kai_log_writer *w, struct kai_packer *p,
                                         struct kai_buf *out, struct kai_entry *e,
                                         struct kai_view body, uint64_t ttl_s, uint64_t now_ms,
                                         kai_random_fn *random, void *random_ctx);
/* Append an entry of another ptype with a plain payload (EPOCH, CLOSE, control record). The payload
 * is copied to *out. tag and kid are the writer's, zeros for a control record; CLOSE has no bytes.
 * Errors: KAI_ELIMIT (over KAI_PAYLOAD_BYTES_MAX), KAI_ENOMEM; nothing changed then. */
KAI_MUST_USE enum kai_err kai_log_append_plain(struct kai_log_writer *w, struct kai_buf *out,
                                               struct kai_entry *e, uint64_t ptype,
                                               struct kai_view payload, uint64_t now_ms);

/* Called for each finished entry, in order; its bytes are valid during the call. n_items: how many
 * contents of the caller it completes (0 for a part that is not the last). The writer already
 * stands behind the entry: an error returned here ends the batch, and the caller decides what
 * becomes of the log. */
typedef enum kai_err kai_batch_fn(void *ctx, const struct kai_entry *e, size_t n_items);

struct kai_batch_options {
    struct kai_obj obj;     /* Label, audiences, origin cert, valid_until, seal (bytes kept by the
                               caller); created, root and n are filled in. */
    const uint8_t *node_sk; /* 64 bytes: signs OBJ. */
    uint64_t now_ms;
    uint64_t ttl_s;   /* Of every entry; 0: its payload never expires. */
    size_t items_max; /* 1..KAI_BATCH_ITEMS_MAX. */
    kai_random_fn *random;
    void *random_ctx;
    kai_batch_fn *emit;
    void *emit_ctx;
    /* Called with each OBJ that was signed, after its last entry. NULL: nobody asks. */
    void (*signed_obj)(void *ctx, struct kai_view obj); /* ctx is emit_ctx. */
};

struct kai_batch;
/* w and opt->node_sk are kept by the caller until kai_batch_free(). Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_batch_new(struct kai_batch **out, struct kai_log_writer *w,
                                        const struct kai_batch_options *opt);
/* content is copied. Errors: KAI_ELIMIT (over KAI_STIX_BYTES_MAX, or of a kind that has no parts
 * and too big for one payload): it is not taken, and the batch goes on. KAI_ENOMEM, what emit
 * returns, and KAI_ELIMIT where not even a part fits beside the seal: the batch is dead, and every
 * later call returns the same. */
KAI_MUST_USE enum kai_err kai_batch_add(struct kai_batch *b, uint64_t kind,
                                        struct kai_view content);
/* The same of a content whose kai_item_id() the caller has. */
KAI_MUST_USE enum kai_err kai_batch_add_as(struct kai_batch *b, uint64_t kind,
                                           struct kai_view content,
                                           const uint8_t id[static KAI_ID_BYTES]);
/* Close what is open. Errors: as of kai_batch_add(), where the batch is dead. */
KAI_MUST_USE enum kai_err kai_batch_flush(struct kai_batch *b);
void kai_batch_free(struct kai_batch *b);

#endif

/* acts: what is done with a batch after it went out: release, recall, re-share, and notices
 * (docs/protocol.md 5).
 *
 * RELEASE, RECALL and RESHARE are signed by a node of whoever acts and may be carried on by others,
 * byte for byte; a NOTICE is its log's author's word and goes no further than its log. Parsers say
 * nothing about signatures, nor about whether the act is allowed: lib/policy decides that. */
#ifndef KAI_LOG_ACTS_H
#define KAI_LOG_ACTS_H

#include "log/body.h"

/* Indexes of contents in one OBJ, ascending, none twice; n == 0: all of it. */
struct kai_indexes {
    size_t n;
    uint16_t at[KAI_BATCH_ITEMS_MAX];
};
bool kai_indexes_have(const struct kai_indexes *x, uint64_t index);

/* RELEASE item [3, body bin, SIG 0x23]; body = [obj hash, indexes or nil, label or nil, [aud_id...]
 * or nil, origin node cert, created, X]: the origin lets contents go further, for ever. */
struct kai_release {
    uint8_t obj_hash[KAI_ID_BYTES];
    struct kai_indexes indexes;
    bool has_label; /* Else the label stays as it is. */
    uint8_t tlp;    /* As in kai_obj. */
    uint8_t pap;
    bool exercise;
    bool any;      /* Every audience that the label allows; else these alone: */
    size_t n_auds; /* 0 only together with a label. */
    uint8_t aud[KAI_AUDIENCES_PER_OBJ_MAX][KAI_ID_BYTES];
    uint8_t origin_cert[KAI_ID_BYTES]; /* Of the node that signs. */
    uint64_t created;                  /* ms since 1970. */
};
/* A failure stands in out->err, here and in every write below. */
void kai_release_write(struct kai_buf *out, const struct kai_release *r,
                       const uint8_t node_sk[static 64], const uint8_t nid[static KAI_ID_BYTES]);
/* Errors: KAI_EMALFORMED, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_release_parse(struct kai_release *r, struct kai_view item);
/* Whether its list names this audience for content `index` of the OBJ. Without a list it names
 * none: what it lets through is the affair of its label alone. */
bool kai_release_lists(const struct kai_release *r, uint64_t index,
                       const uint8_t aud_id[static KAI_ID_BYTES]);

/* RECALL item [4, body bin, SIG 0x24]; body = [obj hash, indexes or nil, reason, text, origin node
 * cert, created, X]: the origin asks whoever holds the contents to delete them. */
enum kai_recall_reason {
    KAI_RECALL_OTHER = 0,
    KAI_RECALL_WRONG = 1, /* False, or a false alarm. */
    KAI_RECALL_MISLABELED = 2,
    KAI_RECALL_SENSITIVE = 3, /* Holds what should not have been shared. */
    KAI_RECALL_WITHDRAWN = 4, /* Withdrawn by its source: of RED, which has no new version. */
};
struct kai_recall {
    uint8_t obj_hash[KAI_ID_BYTES];
    struct kai_indexes indexes;
    uint64_t reason; /* enum kai_recall_reason, or unknown. */
    char text[KAI_TEXT_BYTES_MAX + 1];
    uint8_t origin_cert[KAI_ID_BYTES];
    uint64_t created;
};
void kai_recall_write(struct kai_buf *out, const struct kai_recall *r,
                      const uint8_t node_sk[static 64], const uint8_t nid[static KAI_ID_BYTES]);
KAI_MUST_USE enum kai_err kai_recall_parse(struct kai_recall *r, struct kai_view item);

/* RESHARE item [7, body bin, SIG 0x25]; body = [OBJ bin, SIG, [content, each with its path...],
 * [RELEASE item bin...], from aud_id, proof bin or nil, sharer node cert, X]: contents of somebody
 * else's OBJ, brought into another audience. */
struct kai_reshare {
    struct kai_view obj; /* These point into the item. */
    struct kai_view sig; /* Of the OBJ, KAI_SIG_BYTES. */
    struct kai_cur contents;
    uint32_t n_contents;
    size_t n_releases;
    struct kai_view release[KAI_RESHARE_RELEASES_MAX]; /* Whole RELEASE items. */
    uint8_t from_aud[KAI_ID_BYTES]; /* Where the sharer has it from: in the OBJ's list. */
    struct kai_view proof;          /* keys/proof.h; p == NULL: nil. */
    uint8_t sharer_cert[KAI_ID_BYTES];
};
/* Writes n contents instead of r->contents, every one with its path. */
void kai_reshare_write(struct kai_buf *out, const struct kai_reshare *r,
                       const struct kai_content *c, uint32_t n, const uint8_t node_sk[static 64],
                       const uint8_t nid[static KAI_ID_BYTES]);
/* Reads all of it, so that contents may be read with kai_content_read() without surprise. */
KAI_MUST_USE enum kai_err kai_reshare_parse(struct kai_reshare *r, struct kai_view item);
/* Check that every content is a leaf of the OBJ. Errors: KAI_EMALFORMED, KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_reshare_check(const struct kai_reshare *r, const struct kai_obj *o);

/* Verify the signature of a RELEASE, RECALL or RESHARE item under the sign_pk of the node
 * certificate that it names. Errors: KAI_EMALFORMED (also another type of item), KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_act_verify(struct kai_view item,
                                         const uint8_t node_pk[static KAI_KEY_BYTES],
                                         const uint8_t nid[static KAI_ID_BYTES]);

/* Content `index` of an OBJ item, with its path: where it came without, the path is computed from
 * all the others. Errors: KAI_ENOTFOUND (not in this item), KAI_EMALFORMED, KAI_ELIMIT, KAI_ENOMEM.
 */
KAI_MUST_USE enum kai_err kai_obj_item_content(struct kai_content *out, struct kai_view item,
                                               uint64_t index);

/* NOTICE item [8, kind, body bin]: from the log's author to whoever reads the log: a mailbox's
 * owner. An unknown kind is kept, not read. */
enum kai_notice_kind {
    KAI_NOTICE_RECEIPT = 1,
    KAI_NOTICE_REQUEST = 2,
    KAI_NOTICE_REFUSAL = 3,
    KAI_NOTICE_VIOLATION = 4,
    KAI_NOTICE_SIGHTING = 5,
    KAI_NOTICE_CONTRIBUTION = 6,
};
KAI_MUST_USE enum kai_err kai_notice_parse(uint64_t *kind, struct kai_view *body,
                                           struct kai_view item);

/* [from, to, [[obj hash, held, read, acted]...], X]: of the batches of one source, how many of the
 * contents this node holds, how many of them somebody has read, how many were acted on (exported to
 * a sensor). The counts are totals, not changes; the newest receipt of a node counts. */
struct kai_receipt_row {
    uint8_t obj_hash[KAI_ID_BYTES];
    uint64_t held; /* At most KAI_BATCH_ITEMS_MAX each. */
    uint64_t read;
    uint64_t acted;
};
struct kai_receipt {
    uint64_t from; /* ms since 1970: the period it speaks of. */
    uint64_t to;
    uint32_t n;
    struct kai_cur rows; /* Each read with kai_receipt_row(). */
};
void kai_receipt_write(struct kai_buf *out, uint64_t from, uint64_t to,
                       const struct kai_receipt_row *rows, uint32_t n);
KAI_MUST_USE enum kai_err kai_receipt_parse(struct kai_receipt *r, struct kai_view body);
KAI_MUST_USE enum kai_err kai_receipt_row(struct kai_receipt_row *row, struct kai_cur *c);

/* [obj hash, indexes or nil, target aud id, target kind, target name, reason, created, X]: asks the
 * source to release contents for the target. */
struct kai_request {
    uint8_t obj_hash[KAI_ID_BYTES];
    struct kai_indexes indexes;
    uint8_t target[KAI_ID_BYTES];
    uint64_t target_kind; /* enum kai_aud_kind, as the one who asks says. */
    char target_name[KAI_TEXT_BYTES_MAX + 1];
    char reason[KAI_TEXT_BYTES_MAX + 1];
    uint64_t created;
};
void kai_request_write(struct kai_buf *out, const struct kai_request *r);
KAI_MUST_USE enum kai_err kai_request_parse(struct kai_request *r, struct kai_view body);

/* [obj hash, target aud id, reason, created, X]: the answer no to a request. */
struct kai_refusal {
    uint8_t obj_hash[KAI_ID_BYTES];
    uint8_t target[KAI_ID_BYTES];
    char reason[KAI_TEXT_BYTES_MAX + 1];
    uint64_t created;
};
void kai_refusal_write(struct kai_buf *out, const struct kai_refusal *r);
KAI_MUST_USE enum kai_err kai_refusal_parse(struct kai_refusal *r, struct kai_view body);

/* [code, obj hash, RESHARE item bin or nil, log_pk, seq, X]: somebody's entry broke a rule with
 * contents of the one this goes to; what proves it travels along where it fits. */
struct kai_violation {
    char code[KAI_CODE_BYTES_MAX + 1]; /* As lib/policy names it. */
    uint8_t obj_hash[KAI_ID_BYTES];
    struct kai_view reshare; /* p == NULL: nil. Points into the body. */
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t seq;
};
void kai_violation_write(struct kai_buf *out, const struct kai_violation *v);
KAI_MUST_USE enum kai_err kai_violation_parse(struct kai_violation *v, struct kai_view body);

/* [obj hash, index, count, first, last, X]: how often a value of this content was met with. */
struct kai_sighting {
    uint8_t obj_hash[KAI_ID_BYTES];
    uint64_t index;
    uint64_t count;
    uint64_t first; /* ms since 1970. */
    uint64_t last;
};
void kai_sighting_write(struct kai_buf *out, const struct kai_sighting *s);
KAI_MUST_USE enum kai_err kai_sighting_parse(struct kai_sighting *s, struct kai_view body);

/* [obj hash, wish, X]: the OBJ, in the same mailbox, is given to be published under the owner's own
 * name. */
struct kai_contribution {
    uint8_t obj_hash[KAI_ID_BYTES];
    char wish[KAI_TEXT_BYTES_MAX + 1];
};
void kai_contribution_write(struct kai_buf *out, const struct kai_contribution *c);
KAI_MUST_USE enum kai_err kai_contribution_parse(struct kai_contribution *c, struct kai_view body);

#endif

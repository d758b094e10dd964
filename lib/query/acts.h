/* acts: what origins, holders and letter writers said about batches, found in entries and kept
 * beside the rows (docs/protocol.md 5): releases, recalls, receipts, letters, what was quarantined,
 * what must be reported, and what waits for a key. All of it is made again by a rebuild.
 *
 * Whoever reads goes through a snapshot, and so through its clearance: what has a label above it
 * does not exist. Writing calls stick to the first failure, as in index.h, unless they say that
 * they do not. Everything is bounded: past the bound KAI_ELIMIT comes back, which does not stick.
 */
#ifndef KAI_QUERY_ACTS_H
#define KAI_QUERY_ACTS_H

#include "query/index.h"

struct kai_ix_place { /* Where an item stands. */
    uint64_t log_no;
    uint64_t seq;
    uint64_t item_ordinal;
};

/* ---- Releases and recalls, by (obj hash, origin): the same words of another origin are others. */
struct kai_ix_act {
    uint8_t obj_hash[KAI_ID_BYTES];
    uint8_t origin[KAI_ID_BYTES]; /* Organisation of the node that signed: whether it is that of
                                     the OBJ is lib/policy's question. */
    struct kai_ix_place at;       /* Where it was first seen. */
    uint64_t seen_ms;
};
#define KAI_IX_ACT_BYTES_MAX 4352u /* An item with all its indexes and audiences is smaller. */
/* item: RELEASE, byte for byte. The same again is KAI_EEXIST (does not stick). At most
 * KAI_RELEASES_PER_OBJ_MAX of one OBJ and origin: past it KAI_ELIMIT. */
enum kai_err kai_ix_release(struct kai_ix *t, const struct kai_ix_act *a, struct kai_view item);
/* item: RECALL, of n contents of the OBJ by their indexes, or of all (n = 0). Their rows from this
 * origin become KAI_ROW_RECALLED (withdrawn: KAI_ROW_WITHDRAWN) wherever they are, and so do those
 * that come later. The same again is KAI_EEXIST (does not stick). At most KAI_RELEASES_PER_OBJ_MAX:
 * past it KAI_ELIMIT. */
enum kai_err kai_ix_recall(struct kai_ix *t, const struct kai_ix_act *a, struct kai_view item,
                           const uint16_t *indexes, size_t n, bool withdrawn);

typedef bool kai_ix_act_fn(void *ctx, const struct kai_ix_act *a, struct kai_view item);
/* origin NULL: of whoever signed one. False stops. item is valid as long as the snapshot. None is
 * no error. Errors: KAI_EIO, KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err kai_ixsnap_releases(struct kai_ixsnap *r,
                                              const uint8_t obj_hash[static KAI_ID_BYTES],
                                              const uint8_t *origin, kai_ix_act_fn *f, void *ctx);
KAI_MUST_USE enum kai_err kai_ixsnap_recalls(struct kai_ixsnap *r,
                                             const uint8_t obj_hash[static KAI_ID_BYTES],
                                             const uint8_t *origin, kai_ix_act_fn *f, void *ctx);

/* ---- Receipts: what holders of our own batches told us, one for each (obj hash, node). */
struct kai_ix_receipt {
    uint8_t obj_hash[KAI_ID_BYTES];
    uint8_t holder[KAI_ID_BYTES]; /* Organisation, */
    uint8_t node[KAI_ID_BYTES];   /* and its node. */
    uint64_t held;                /* Contents of the OBJ; as the node says. */
    uint64_t read;
    uint64_t acted;
    uint64_t to_ms;    /* The node's clock: the newest counts. */
    uint64_t first_ms; /* When the first arrived here; set by the index. */
    uint64_t last_ms;  /* When this one did. */
};
/* An older one than what is held changes nothing. */
enum kai_err kai_ix_receipt(struct kai_ix *t, const struct kai_ix_receipt *receipt);
typedef bool kai_ix_receipt_fn(void *ctx, const struct kai_ix_receipt *receipt);
KAI_MUST_USE enum kai_err kai_ixsnap_receipts(struct kai_ixsnap *r,
                                              const uint8_t obj_hash[static KAI_ID_BYTES],
                                              kai_ix_receipt_fn *f, void *ctx);

/* ---- Letters: NOTICE items of our own mailbox, and those that we wrote to the mailboxes of
 * others. Their label is TLP:AMBER+STRICT: a reader cleared for less sees none. */
struct kai_ix_letter {
    uint64_t no;                       /* From 1, in order of arrival. */
    bool ours;                         /* We wrote it; else it came to us. */
    uint64_t kind;                     /* enum kai_notice_kind, or unknown. */
    uint8_t sender[KAI_ID_BYTES];      /* Organisation of the log's author, */
    uint8_t sender_node[KAI_ID_BYTES]; /* and the node. */
    uint8_t aud_id[KAI_ID_BYTES];      /* The mailbox. */
    uint8_t obj_hash[KAI_ID_BYTES];    /* What it is about; zeros: no batch. */
    struct kai_ix_place at;
    uint64_t seen_ms;
};
/* Sets l->no. body: as it came. The same place again is KAI_EEXIST (does not stick). Of more than
 * KAI_LETTERS_PER_ORG_MAX of one sender its oldest is forgotten. */
enum kai_err kai_ix_letter(struct kai_ix *t, struct kai_ix_letter *l, struct kai_view body);
typedef bool kai_ix_letter_fn(void *ctx, const struct kai_ix_letter *l, struct kai_view body);
/* From number `from` (at least 1) upwards. */
KAI_MUST_USE enum kai_err kai_ixsnap_letters(struct kai_ixsnap *r, uint64_t from,
                                             kai_ix_letter_fn *f, void *ctx);
/* One by its number. Errors: KAI_ENOTFOUND. body is valid as long as the snapshot. */
KAI_MUST_USE enum kai_err kai_ixsnap_letter(struct kai_ixsnap *r, uint64_t no,
                                            struct kai_ix_letter *l, struct kai_view *body);

/* ---- Quarantine: what failed a rule. Not shown, not found, not passed on; counted. */
#define KAI_IX_CODE_CAP (KAI_CODE_BYTES_MAX + 1u)
struct kai_ix_bad {
    struct kai_ix_place at;
    uint64_t content_ordinal;
    char code[KAI_IX_CODE_CAP];     /* Of the rule: project.h, or lib/policy. */
    uint8_t aud_id[KAI_ID_BYTES];   /* Where it came in. */
    uint8_t obj_hash[KAI_ID_BYTES]; /* Zeros where it could not be read. */
    uint8_t origin[KAI_ID_BYTES];   /* Organisations; zeros: not known. */
    uint8_t sharer[KAI_ID_BYTES];   /* Who wrote it there. */
    uint8_t tlp;                    /* Of the batch; RED where it could not be read. */
    bool again;                     /* May pass when something comes that is missing: judge anew. */
    uint64_t first_seen_ms;
};
/* At most KAI_QUARANTINE_PER_LOG_MAX of one log: past it KAI_ELIMIT. Replaces what stood for this
 * place, but for first_seen_ms. */
enum kai_err kai_ix_bad(struct kai_ix *t, const struct kai_ix_bad *bad);
/* Forget those of one entry: it is about to be judged anew. */
enum kai_err kai_ix_bad_forget(struct kai_ix *t, uint64_t log_no, uint64_t seq);
typedef bool kai_ix_bad_fn(void *ctx, const struct kai_ix_bad *bad);
KAI_MUST_USE enum kai_err kai_ixsnap_bad(struct kai_ixsnap *r, kai_ix_bad_fn *f, void *ctx);
uint64_t kai_ixsnap_bad_count(struct kai_ixsnap *r); /* Those that this reader may see. */

/* ---- Reports: violations to tell the origin of, once for each (entry, OBJ). */
struct kai_ix_report {
    uint8_t log_pk[KAI_KEY_BYTES]; /* The entry that holds the RESHARE, */
    uint64_t seq;
    uint8_t obj_hash[KAI_ID_BYTES]; /* and of what. */
    uint8_t origin[KAI_ID_BYTES];   /* Organisation to tell, and nobody else. */
    uint8_t sharer[KAI_ID_BYTES];   /* Organisation that did it. */
    uint8_t aud_id[KAI_ID_BYTES];   /* Where to. */
    char code[KAI_IX_CODE_CAP];     /* The rule that it broke. */
    struct kai_ix_place at;         /* Of the RESHARE. */
    uint64_t seen_ms;               /* When it arrived here; not set where it is read. */
};
/* KAI_EEXIST where it is known already; KAI_ELIMIT past KAI_REPORTS_MAX, or KAI_REPORTS_PER_DAY of
 * one (sharer, origin) on the latest day of which anything was seen: neither sticks. */
enum kai_err kai_ix_report(struct kai_ix *t, const struct kai_ix_report *report);
/* It was reported, perhaps before the violation itself was seen, or never can be. */
enum kai_err kai_ix_reported(struct kai_ix *t, const uint8_t log_pk[static KAI_KEY_BYTES],
                             uint64_t seq, const uint8_t obj_hash[static KAI_ID_BYTES]);
/* Forget what is due about an entry: it is about to be judged anew. */
enum kai_err kai_ix_report_forget(struct kai_ix *t, const uint8_t log_pk[static KAI_KEY_BYTES],
                                  uint64_t seq);
typedef bool kai_ix_report_fn(void *ctx, const struct kai_ix_report *report);
/* Those of which no report was seen yet. */
KAI_MUST_USE enum kai_err kai_ixsnap_reports_due(struct kai_ixsnap *r, kai_ix_report_fn *f,
                                                 void *ctx);

/* ---- RULEs that were read and that the caller is to keep elsewhere, until it has: whoever is
 * killed in between finds them here. By numbers that the caller gives, ascending. */
enum kai_err kai_ix_rule(struct kai_ix *t, uint64_t no, struct kai_view item);
/* Those up to number last are kept. */
enum kai_err kai_ix_rules_forget(struct kai_ix *t, uint64_t last);
/* For a reader cleared for everything, ascending; others see none. item is valid as long as the
 * snapshot. false stops. Errors: KAI_EIO, KAI_ECORRUPT. */
typedef bool kai_ix_rule_fn(void *ctx, uint64_t no, struct kai_view item);
KAI_MUST_USE enum kai_err kai_ixsnap_rules(struct kai_ixsnap *r, kai_ix_rule_fn *f, void *ctx);

/* ---- Gone: entries whose payload expired. Their rows become KAI_ROW_GONE: no query finds them,
 * and they stand for nothing that is published again. Errors: a failure sticks. */
enum kai_err kai_ix_gone(struct kai_ix *t, uint64_t log_no, uint64_t seq);

/* ---- Disputed: logs that forked. Their rows from that place on are shown as KAI_ROW_DISPUTED. */
enum kai_err kai_ix_disputed(struct kai_ix *t, uint64_t log_no, uint64_t from_seq);

/* ---- Ended: logs of lost or stolen nodes. Their rows from that place on are KAI_ROW_GONE;
 * UINT64_MAX: none is. */
enum kai_err kai_ix_ended(struct kai_ix *t, uint64_t log_no, uint64_t from_seq);
/* A number that is another when other logs are ended so, or elsewhere. */
uint64_t kai_ixsnap_ends(struct kai_ixsnap *r);

/* ---- Waiting: runs of entries of one log that nobody here could open yet. */
struct kai_ix_waiting {
    uint64_t log_no;
    uint64_t first_seq;
    uint64_t last_seq;
    uint8_t kid[KAI_TAG_BYTES]; /* Zeros: more than one. */
};
enum kai_err kai_ix_wait(struct kai_ix *t, uint64_t log_no, uint64_t seq,
                         const uint8_t kid[static KAI_TAG_BYTES]);
/* The entries up to and with seq were projected. */
enum kai_err kai_ix_waited(struct kai_ix *t, const struct kai_ix_waiting *run, uint64_t seq);
typedef bool kai_ix_waiting_fn(void *ctx, const struct kai_ix_waiting *run);
KAI_MUST_USE enum kai_err kai_ixsnap_waiting(struct kai_ixsnap *r, kai_ix_waiting_fn *f, void *ctx);

#endif

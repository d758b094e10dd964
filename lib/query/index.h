/* index: what can be asked for, made from the entries: the second LMDB environment, apart from
 * the log. It can always be made again, so it is written unsynced, and thrown away when the
 * machine, not just the process, went down before it was closed.
 *
 * One thread writes; any read snapshots. */
#ifndef KAI_QUERY_INDEX_H
#define KAI_QUERY_INDEX_H

#include "base/err.h"
#include "base/why.h"
#include "item/key.h"
#include "item/label.h"
#include "item/value.h"

struct kai_index;

/* Errors: KAI_EBUSY, KAI_ECORRUPT, KAI_EIO, KAI_ENOMEM, KAI_EFULL. *rebuild: the index is new or was thrown away, project from the
 * first arrival on. */
KAI_MUST_USE enum kai_err kai_index_open(struct kai_index **out, const char *dir, uint64_t map_bytes,
                                         const char *boot_id, bool *rebuild,
                                         struct kai_why *why);
void kai_index_close(struct kai_index *x); /* Syncs and marks it clean. */

#define KAI_ROW_WITHDRAWN 1u  /* A version with revoked: true came from the same origin. */
#define KAI_ROW_SUPERSEDED 2u /* A newer version of (origin, STIX id) is held. */
#define KAI_ROW_EXERCISE 4u

/* One object that can be found: a STIX object, or a whole list. */
struct kai_row {
    uint64_t no;                    /* Row number, from 1, in order of arrival. */
    uint8_t item_id[KAI_ID_BYTES];
    uint64_t kind;                  /* enum kai_content_kind. */
    char type[64];                  /* STIX object type; "indicator" for a list. */
    uint8_t stix_uuid[16];          /* Zeros for a list. */
    uint8_t origin[KAI_ID_BYTES];   /* Organisation. */
    uint8_t aud_id[KAI_ID_BYTES];
    uint8_t obj_hash[KAI_ID_BYTES];
    uint64_t log_no;                /* Where it stands: entry, */
    uint64_t seq;
    uint64_t item_ordinal;          /* which item of the body, which content of the item, */
    uint64_t content_ordinal;
    uint64_t parts;                 /* and over how many entries it goes on (1 = only this). */
    uint8_t tlp;
    uint8_t pap;
    uint64_t flags;
    uint64_t first_seen_ms;         /* Never decreases from row to row. */
    uint64_t created_ms;            /* Of the object, else of its OBJ. */
    uint64_t modified_ms;
    uint64_t valid_from_ms;
    uint64_t valid_until_ms;        /* 0 = none. */
    uint64_t n_values;              /* 1 per value of a list. */
};

/* ---- Writing. */
struct kai_ix;
KAI_MUST_USE enum kai_err kai_ix_begin(struct kai_index *x, struct kai_ix **out);
/* Add a row (no is set). The same item from the same origin in the same audience again: KAI_EEXIST, nothing is changed.
 * Versions of one (origin, STIX id): the latest modified stays current, others become SUPERSEDED, a `revoked` one withdraws. */
enum kai_err kai_ix_row(struct kai_ix *t, struct kai_row *row, bool revoked);
/* Values by which the row is found. index: of the value in a list, else 0. */
enum kai_err kai_ix_value(struct kai_ix *t, uint64_t row_no, enum kai_vtype type, struct kai_view norm, uint64_t index);
/* Everything up to and with this arrival position is in. Commit. Frees t. */
KAI_MUST_USE enum kai_err kai_ix_commit(struct kai_ix *t, uint64_t position);
void kai_ix_abort(struct kai_ix *t);

/* ---- Reading. */
struct kai_ixsnap;
KAI_MUST_USE enum kai_err kai_ixsnap_begin(struct kai_index *x, struct kai_ixsnap **out);
void kai_ixsnap_end(struct kai_ixsnap *r);
uint64_t kai_ixsnap_position(struct kai_ixsnap *r); /* The last arrival that is in. */
uint64_t kai_ixsnap_rows(struct kai_ixsnap *r);
uint64_t kai_ixsnap_values(struct kai_ixsnap *r);
KAI_MUST_USE enum kai_err kai_ixsnap_row(struct kai_ixsnap *r, uint64_t no, struct kai_row *out);
/* Rows of one item id (an item can be in several audiences), by unique prefix of n hex digits... of the id's bytes:
 * KAI_ENOTFOUND, KAI_EAMBIGUOUS (two different item ids fit). f gets each row number. */
typedef bool kai_rowno_fn(void *ctx, uint64_t row_no, uint64_t value_index);
KAI_MUST_USE enum kai_err kai_ixsnap_item(struct kai_ixsnap *r, const char *hex_prefix, size_t digits, kai_rowno_fn *f, void *ctx);
KAI_MUST_USE enum kai_err kai_ixsnap_stix(struct kai_ixsnap *r, const uint8_t uuid[static 16], kai_rowno_fn *f, void *ctx);
/* Whether (item id, origin, audience) is held. */
bool kai_ixsnap_has(struct kai_ixsnap *r, const uint8_t item_id[static KAI_ID_BYTES], const uint8_t origin[static KAI_ID_BYTES],
                    const uint8_t aud_id[static KAI_ID_BYTES]);
/* Rows whose value keys k have lo <= k <= hi, from `after` (exclusive; n = 0: from the start) on. key gets each key. */
typedef bool kai_ixkey_fn(void *ctx, struct kai_view key, uint64_t row_no, uint64_t value_index);
KAI_MUST_USE enum kai_err kai_ixsnap_range(struct kai_ixsnap *r, struct kai_view lo, struct kai_view hi, kai_ixkey_fn *f, void *ctx);

#endif

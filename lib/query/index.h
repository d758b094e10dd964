/* index: what can be asked for, made from the entries: the second LMDB environment, apart from
 * the log. It can always be made again, so it is written unsynced, and thrown away when the
 * machine, not just the process, went down before it was closed.
 *
 * One thread writes; any read snapshots.
 *
 * Reason codes (args): index.busy (folder); index.io (folder, what failed); index.full (folder). */
#ifndef KAI_QUERY_INDEX_H
#define KAI_QUERY_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/why.h"
#include "item/key.h"
#include "item/stix.h"
#include "item/value.h"

struct kai_index; /* From kai_index_open() to kai_index_close(). */

/* Open or make the index in folder dir (made 0700). map_bytes: most it may ever grow to, sparse;
 * 0 = 64 GiB or a quarter of the disk, whichever is less. boot_id names this run of the machine.
 * *rebuild: the index is new or was thrown away (another format, not closed before the machine went
 * down, changed since by somebody else, or damaged): project from the first arrival on. Forks, to
 * walk the file in a child: call it before there are threads. Errors: KAI_EBUSY, KAI_EIO,
 * KAI_EPERM, KAI_ENOMEM, KAI_EFULL; *why says more. */
KAI_MUST_USE enum kai_err kai_index_open(struct kai_index **out, const char *dir,
                                         uint64_t map_bytes, const char *boot_id, bool *rebuild,
                                         struct kai_why *why);
void kai_index_close(struct kai_index *x); /* Syncs and marks it clean. NULL does nothing. */
/* The id of this index: fresh, where it has none yet, and another when it was made again. Numbers
 * of rows and changes mean the same as long as it stays. Before the writing thread begins. Errors:
 * KAI_ENOMEM, KAI_EIO, KAI_EFULL, KAI_ECORRUPT. */
#define KAI_HALF_ID_BYTES 16u /* 128 bits do not meet by chance, and take half the room. */
KAI_MUST_USE enum kai_err kai_index_id(struct kai_index *x,
                                       const uint8_t fresh[static KAI_HALF_ID_BYTES],
                                       uint8_t out[static KAI_HALF_ID_BYTES]);
/* The key of this index, kept and gone with its id: places in it are sealed with it for those who
 * come back with them. Errors: as kai_index_id(). */
KAI_MUST_USE enum kai_err kai_index_key(struct kai_index *x,
                                        const uint8_t fresh[static KAI_KEY_BYTES],
                                        uint8_t out[static KAI_KEY_BYTES]);
/* Throw away the index in dir: the next open makes it anew. Errors: KAI_EBUSY, KAI_EIO. */
KAI_MUST_USE enum kai_err kai_index_erase(const char *dir);
void kai_index_tidy(struct kai_index *x); /* Clear readers that died. */

#define KAI_ROW_WITHDRAWN  1u /* A version with revoked: true came from the same origin. */
#define KAI_ROW_SUPERSEDED 2u /* A newer version of (origin, STIX id) is held. */
#define KAI_ROW_EXERCISE   4u
/* A STIX object that failed our checks: found by type and id only. */
#define KAI_ROW_UNCHECKED 8u
#define KAI_ROW_RECALLED  16u /* Its origin asked holders to delete it. */
#define KAI_ROW_DISPUTED  32u /* It stands at or past a fork of its log: others may see another. */
#define KAI_ROW_GONE      64u /* Its payload expired, and was deleted. */

#define KAI_ROW_TYPE_CAP 64u
#define KAI_ROW_SEALED   0u         /* kind of a RED batch: a label, and nothing else to see. */
#define KAI_INDEX_WHOLE  UINT64_MAX /* Not one value of a list, but the list. */

/* One object that can be found: a STIX object, a whole list, or a sealed batch. */
struct kai_row {
    uint64_t no;                   /* Row number, from 1, in order of arrival. */
    uint8_t item_id[KAI_ID_BYTES]; /* Of a sealed batch: its obj hash. */
    uint64_t kind;                 /* enum kai_content_kind, or KAI_ROW_SEALED. */
    char type[KAI_ROW_TYPE_CAP];   /* STIX type; "indicator" for a list; "" sealed. */
    uint8_t stix_uuid[16];         /* Zeros for a list. */
    uint8_t origin[KAI_ID_BYTES];  /* Organisation: the source, whoever passed it on. */
    uint8_t via[KAI_ID_BYTES];     /* Organisation that re-shared it here; zeros: none. */
    uint8_t aud_id[KAI_ID_BYTES];
    uint8_t obj_hash[KAI_ID_BYTES];
    uint64_t log_no; /* Where it stands: entry, */
    uint64_t seq;
    uint64_t item_ordinal; /* which item of the body, which content of the item, */
    uint64_t content_ordinal;
    uint64_t obj_index; /* Of the content, in its OBJ. */
    uint64_t parts;     /* and over how many entries it goes on (1 = only this). */
    uint8_t tlp;
    uint8_t pap;
    uint64_t flags;         /* As this reader sees them. */
    uint64_t first_seen_ms; /* Never decreases from row to row. */
    uint64_t created_ms;    /* Of the object, else of its OBJ. */
    uint64_t modified_ms;   /* 0 where there are no versions. */
    uint64_t valid_from_ms;
    uint64_t valid_until_ms; /* 0 = none. */
    uint64_t n_values;       /* Of a list; else 0. */
};

struct kai_ixsnap;

/* ---- Writing. The first failure sticks: later calls return it. */
struct kai_ix;
KAI_MUST_USE enum kai_err kai_ix_begin(struct kai_index *x, struct kai_ix **out);
/* Add a row: no is set, and flags are added to. first_seen_ms is raised to that of the row before.
 * Versions of one (origin, STIX id), where modified_ms is not 0: the latest modified stays current
 * (of equals the first), rows of other contents become SUPERSEDED; a revoked one withdraws, and no
 * later version revives. The same item id in another audience is the same version. Each clearance
 * has its own chain: a version that a reader must not see supersedes nothing of what they see.
 * Errors: KAI_EEXIST (the same item from the same origin in the same audience, under no stricter
 * label, and not recalled or of the same batch; nothing is changed, and it does not stick). */
enum kai_err kai_ix_row(struct kai_ix *t, struct kai_row *row, bool revoked);
/* Values by which the row is found, before the next row. index: of the value in a list, ascending,
 * else 0. Errors: KAI_EMALFORMED (no normal form, or index out of order; nothing is changed, and it
 * does not stick). */
enum kai_err kai_ix_value(struct kai_ix *t, uint64_t row_no, enum kai_vtype type,
                          struct kai_view norm, uint64_t index);
/* That the row that was put last names this object. */
enum kai_err kai_ix_ref(struct kai_ix *t, uint64_t row_no, enum kai_stix_role role,
                        const uint8_t uuid[static 16]);
/* Put values that were only gathered, where they are at least so many: for who has time before the
 * commit. A failure sticks. */
void kai_ix_rest(struct kai_ix *t, size_t n_least);
/* Whether the transaction has grown so far that it should be committed soon. Puts what was gathered
 * where that tells. A failure sticks. */
bool kai_ix_full(struct kai_ix *t);
/* What is in it so far, for a reader cleared for everything. Good until the next writing call; not
 * to be ended. NULL after a failure. */
struct kai_ixsnap *kai_ix_reads(struct kai_ix *t);
/* The time at which the rows of this transaction are added (kai_ixsnap_added()), by the clock on
 * the wall; where later ones were given before, theirs are later still. Not called: as early as can
 * be. */
void kai_ix_added_at(struct kai_ix *t, uint64_t now_us);
/* Everything up to and with this arrival position is in. Frees t. */
KAI_MUST_USE enum kai_err kai_ix_commit(struct kai_ix *t, uint64_t position);
void kai_ix_abort(struct kai_ix *t); /* NULL does nothing. */

/* Parts of STIX objects that are not complete yet, by (log, obj hash, index). One log can make us
 * hold 2 x KAI_STIX_BYTES_MAX; past that what it left incomplete before is forgotten. */
struct kai_ix_part {
    uint64_t log_no;
    uint8_t obj_hash[KAI_ID_BYTES];
    uint64_t index;
    uint64_t seq;
    uint64_t item_ordinal;
    uint64_t content_ordinal;
};
/* Errors: KAI_ELIMIT, KAI_EEXIST (do not stick). */
enum kai_err kai_ix_part_add(struct kai_ix *t, const struct kai_ix_part *p, struct kai_view bytes);
/* Each part of one OBJ, by index; bytes are valid during the call. */
typedef bool kai_ix_part_fn(void *ctx, const struct kai_ix_part *p, struct kai_view bytes);
enum kai_err kai_ix_parts(struct kai_ix *t, uint64_t log_no,
                          const uint8_t obj_hash[static KAI_ID_BYTES], kai_ix_part_fn *f,
                          void *ctx);
enum kai_err kai_ix_parts_forget(struct kai_ix *t, uint64_t log_no,
                                 const uint8_t obj_hash[static KAI_ID_BYTES]);

/* ---- Reading: a snapshot, to be ended soon (an open one keeps old pages alive).
 *
 * It is taken for a reader: rows whose label is above the clearance (enum kai_tlp, 1 CLEAR to 5
 * RED; 0: cleared for nothing) do not exist in it: no hit, no count, no version, no correlation. */
KAI_MUST_USE enum kai_err kai_ixsnap_begin(struct kai_index *x, uint8_t clearance,
                                           struct kai_ixsnap **out);
void kai_ixsnap_end(struct kai_ixsnap *r);          /* NULL does nothing. */
uint64_t kai_ixsnap_position(struct kai_ixsnap *r); /* The last arrival that is in; 0 = none. */
/* The first 8 bytes of kai_index_id(); 0: none was given. Rows keep their numbers under it. */
uint64_t kai_ixsnap_name(struct kai_ixsnap *r);
/* The highest row number, of rows of any label: a place to go on from, never to be shown. */
uint64_t kai_ixsnap_last(struct kai_ixsnap *r);
/* How often a row that was there was withdrawn or recalled, for whatever reader: changes are
 * numbered from 1, like rows. A row may come more than once: what it is now, its flags say. */
uint64_t kai_ixsnap_changes(struct kai_ixsnap *r);
/* The row of one. Errors: KAI_ENOTFOUND, KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err kai_ixsnap_change(struct kai_ixsnap *r, uint64_t no, uint64_t *row_no);
uint64_t kai_ixsnap_rows(struct kai_ixsnap *r);   /* How many rows this reader may see. */
uint64_t kai_ixsnap_values(struct kai_ixsnap *r); /* And how many values they have. */
/* Errors: KAI_ENOTFOUND, KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err kai_ixsnap_row(struct kai_ixsnap *r, uint64_t no, struct kai_row *out);
/* The same for who goes on behind a row that is damaged: it is as if it were not there
 * (KAI_ENOTFOUND), and kai_ixsnap_damaged() tells. */
KAI_MUST_USE enum kai_err kai_ixsnap_sound_row(struct kai_ixsnap *r, uint64_t no,
                                               struct kai_row *out);
/* Whether a row that was to be read by this snapshot is damaged. */
bool kai_ixsnap_damaged(const struct kai_ixsnap *r);
/* Rows downwards, from the newest whose number is at most from; but those that are damaged. false
 * stops. */
typedef bool kai_row_fn(void *ctx, const struct kai_row *row);
KAI_MUST_USE enum kai_err kai_ixsnap_down(struct kai_ixsnap *r, uint64_t from, kai_row_fn *f,
                                          void *ctx);
/* Rows of one item, named by the first digits of its id, or of the id of one value of a list
 * (kai_value_id). f gets each row number, and KAI_INDEX_WHOLE or the index of the value; those of
 * one item upwards. false stops. Errors: KAI_ENOTFOUND, KAI_EAMBIGUOUS (two different items fit; f
 * was not called), KAI_EMALFORMED (not 1 to 64 hex digits). */
typedef bool kai_rowno_fn(void *ctx, uint64_t row_no, uint64_t value_index);
KAI_MUST_USE enum kai_err kai_ixsnap_item(struct kai_ixsnap *r, const char *hex_prefix,
                                          size_t digits, kai_rowno_fn *f, void *ctx);
/* Rows of every origin and version of a STIX id. Errors: KAI_ENOTFOUND. */
KAI_MUST_USE enum kai_err kai_ixsnap_stix(struct kai_ixsnap *r, const uint8_t uuid[static 16],
                                          kai_rowno_fn *f, void *ctx);
/* The same, the newest row first. None is no error. */
KAI_MUST_USE enum kai_err kai_ixsnap_stix_down(struct kai_ixsnap *r, const uint8_t uuid[static 16],
                                               kai_rowno_fn *f, void *ctx);
/* Rows that name a STIX id in this role, the newest first. None is no error. */
KAI_MUST_USE enum kai_err kai_ixsnap_refs(struct kai_ixsnap *r, const uint8_t uuid[static 16],
                                          enum kai_stix_role role, kai_rowno_fn *f, void *ctx);
/* Rows of one OBJ, whatever origin they name. None is no error. */
KAI_MUST_USE enum kai_err kai_ixsnap_obj(struct kai_ixsnap *r,
                                         const uint8_t obj_hash[static KAI_ID_BYTES], kai_row_fn *f,
                                         void *ctx);
/* Whether (item id, origin, audience) is held under a label that is no stricter, and not recalled.
 */
bool kai_ixsnap_has(struct kai_ixsnap *r, const uint8_t item_id[static KAI_ID_BYTES],
                    const uint8_t origin[static KAI_ID_BYTES],
                    const uint8_t aud_id[static KAI_ID_BYTES], uint8_t tlp);

/* Rows of an audience by when they were added to this index: microseconds since 1970, none twice. A
 * list takes us and the n_values - 1 behind it, one for each value by its index. Begins with the
 * last row that was added at or before after_us, which may be a list that goes on behind it. What
 * is added later, also after a restart or to an index that was made anew, is behind all that
 * anybody was shown before; one that was made anew has other times for what it held. Sealed batches
 * have none, and one that is damaged is left out. lists: those alone. false stops. Errors: KAI_EIO,
 * KAI_ECORRUPT. */
typedef bool kai_added_fn(void *ctx, const struct kai_row *row, uint64_t us);
KAI_MUST_USE enum kai_err kai_ixsnap_added(struct kai_ixsnap *r,
                                           const uint8_t aud_id[static KAI_ID_BYTES], bool lists,
                                           uint64_t after_us, kai_added_fn *f, void *ctx);
/* When one was added. Errors: KAI_ENOTFOUND, KAI_EIO, KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err kai_ixsnap_added_us(struct kai_ixsnap *r, uint64_t row_no, uint64_t *us);

/* Values whose keys k have lo <= k <= hi: by key, row and index; backwards with down. after: a
 * place that was reached (kai_ix_place); n = 0: all. false stops. */
typedef bool kai_ixkey_fn(void *ctx, struct kai_view key, uint64_t row_no, uint64_t value_index);
KAI_MUST_USE enum kai_err kai_ixsnap_range(struct kai_ixsnap *r, struct kai_view lo,
                                           struct kai_view hi, struct kai_view after, bool down,
                                           kai_ixkey_fn *f, void *ctx);
/* The keys of blocks that contain this one (of an address or a block, itself included), the
 * smallest first; what is hidden from the reader is among them: kai_ixsnap_range() of each tells.
 * false stops. Errors: KAI_EMALFORMED (key is of neither), KAI_EIO. */
KAI_MUST_USE enum kai_err kai_ixsnap_around(struct kai_ixsnap *r, struct kai_view key,
                                            kai_key_fn *f, void *ctx);
#define KAI_IX_PLACE_MAX (KAI_VALUE_KEY_MAX + 12u)
size_t kai_ix_place(uint8_t out[static KAI_IX_PLACE_MAX], struct kai_view key, uint64_t row_no,
                    uint64_t value_index);

/* The values of one row, in the order in which they were added. */
struct kai_rowkeys {
    struct kai_view rest; /* Inside the snapshot. */
    uint8_t key[KAI_VALUE_KEY_MAX];
    size_t key_n;
    struct kai_view norm; /* Where the key does not tell the value; else n = 0. */
    uint64_t index;       /* In a list; 0 for a STIX object. */
    bool list;
    bool begun;
};
/* A row without values has none, which is no error. Errors: KAI_EIO, KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err kai_ixsnap_keys(struct kai_ixsnap *r, const struct kai_row *row,
                                          struct kai_rowkeys *out);
bool kai_rowkeys_next(struct kai_rowkeys *k); /* False at the end. */
/* The value that stands there: out has room for KAI_VALUE_BYTES_MAX. */
bool kai_rowkeys_value(const struct kai_rowkeys *k, enum kai_vtype *type, char *out, size_t *n);

struct kai_index_usage {
    uint64_t map_bytes;
    uint64_t used_bytes;
};
void kai_index_usage(struct kai_index *x, struct kai_index_usage *u);

#endif

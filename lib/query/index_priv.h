/* index_priv: what the parts of the index share. LMDB is seen by no one else. */
#ifndef KAI_QUERY_INDEX_PRIV_H
#define KAI_QUERY_INDEX_PRIV_H

#include <lmdb.h>

#include "query/index.h"
#include "query/sorter.h"
#include "store/lmdb_err.h"

#define KAI_LABELS 6u /* enum kai_tlp, 0 (none, which nobody is cleared for) included. */

/* Which clearances see a row as superseded, and as withdrawn: bit n - 1 for clearance n. */
struct marks {
    uint8_t superseded;
    uint8_t withdrawn;
};

enum table {
    TABLE_META,   /* name -> value */
    TABLE_ROWS,   /* row -> record, see record.c */
    TABLE_KEYS,   /* row -> keys of its values, see rowkeys.c */
    TABLE_VALUES, /* key, row, index (4 bytes) -> label of the row */
    TABLE_ITEMS,  /* first half of item id, row -> nothing */
    TABLE_STIX,   /* STIX uuid, row -> nothing */
    TABLE_CHAINS, /* STIX uuid, half of origin -> for each clearance the current version, chain.c */
    TABLE_PARTS,  /* log, obj hash, index -> seq, item, content, bytes */
    TABLE_OBJS,   /* half of obj hash, row -> how many rows from there on are of it */
    TABLE_REFS,   /* STIX uuid, role, row that names it -> label of the row */
    TABLE_ACTS,   /* letter, ... -> what acts.h says, see acts_priv.h */
    TABLE_ADDED,  /* audience, time -> row and label; row -> time: see ixadded.c */
    TABLE_CHANGES, /* number, from 1 -> row that was withdrawn or recalled after it had come */
    TABLES
};

extern const char *const kai_ix_table_names[TABLES];

#define KAI_IX_BOOT_CAP 65u

struct kai_index {
    MDB_env *env;
    MDB_dbi dbi[TABLES];
    int lock_fd;
    int dir_fd;
    int state_fd;
    char boot[KAI_IX_BOOT_CAP];
    struct sorter sorter; /* The writer's. */
    struct kai_buf keys;  /* Of the row being written. */
    struct kai_buf added; /* Rows of the transaction: see ixadded.c. */
    uint64_t added_until;
};

#define KAI_LENS_BYTES 21u /* Bits for 33 lengths of IPv4 and 129 of IPv6. */

struct kai_ixsnap {
    struct kai_index *x;
    MDB_txn *txn;
    uint8_t clearance;
    bool sees[KAI_LABELS];        /* By label. */
    bool disputes;                /* Some log forked. */
    bool ends;                    /* Some log was ended. */
    bool gone;                    /* Some payload was deleted. */
    uint64_t damaged;             /* How often a row could not be read. */
    uint8_t lens[KAI_LENS_BYTES]; /* Lengths of blocks that are in use: see ixaround.c. */
};

struct kai_ix {
    struct kai_index *x;
    MDB_txn *txn;
    struct kai_ixsnap self; /* The same transaction, to be read. */
    enum kai_err err;
    uint64_t last_row;
    uint64_t last_seen_ms;
    uint64_t leaf_pages; /* Of the values, when the transaction began. */
    uint64_t row_pages;  /* Leaves of the tables of items, STIX ids and chains. */
    uint64_t put_pages;  /* That values which are put already made dirty, about. */
    uint64_t new_rows;
    uint64_t new_refs;
    uint64_t append_bytes; /* Put at the end of tables by number. */
    uint64_t added_us;     /* The clock, at the commit. */
    bool lens_new;
    uint64_t count[2][KAI_LABELS]; /* Rows and values, by label. */
    uint8_t obj[KAI_ID_BYTES];     /* Rows obj_first.. of one OBJ, not noted yet. */
    uint64_t obj_first;            /* 0 = none. */
    uint64_t obj_n;
    uint8_t unrecalled[KAI_ID_BYTES]; /* The last OBJ of which no recall was held. */
    bool has_unrecalled;
    uint64_t keys_row; /* Row whose keys are being gathered; 0 = none. */
    uint8_t keys_tlp;
    bool keys_list;
    uint64_t next_index;
    uint8_t prev_key[KAI_VALUE_KEY_MAX];
    size_t prev_n;
};

static inline enum kai_err kai_ix_err(int rc)
{
    return kai_lmdb_err(rc);
}

static inline MDB_val ix_val(const void *p, size_t n)
{
    /* LMDB takes keys and data without const, and does not write to them. */
    union {
        const void *in;
        void *out;
    } u = {.in = p};

    return (MDB_val){.mv_size = n, .mv_data = u.out};
}

/* FNV-1a: each step maps states one to one, so that one changed byte always changes the sum. It
 * guards against rot, not against an attacker. */
#define KAI_IX_SUM_BEGIN UINT64_C(0xcbf29ce484222325)
uint64_t kai_ix_sum(uint64_t h, const uint8_t *p, size_t n);

/* ixstate.c: what says whether the file may be believed. */
KAI_MUST_USE enum kai_err kai_ixstate_open(struct kai_index *x, const char *dir,
                                           const char *boot_id);
void kai_ixstate_close(struct kai_index *x);
/* Whether data.mdb is as we left it: closed, or by this run of the machine; then it is walked in a
 * child besides, for whoever wrote it may have died of it. Forks. */
bool kai_ixstate_believed(struct kai_index *x, const char *dir);
/* Not closed any more, on the disk too: before anything is written. Errors: KAI_EFULL, KAI_EIO. */
KAI_MUST_USE enum kai_err kai_ixstate_open_now(struct kai_index *x);
void kai_ixstate_writing(struct kai_index *x); /* A transaction begins, */
void kai_ixstate_written(struct kai_index *x); /* and has ended. */
void kai_ixstate_closed(struct kai_index *x);  /* After the last sync. */

/* record.c */
#define KAI_RECORD_MAX 512u
size_t kai_record_write(uint8_t out[static KAI_RECORD_MAX], const struct kai_row *row,
                        struct marks marks);
/* flags is without what the marks say. */
KAI_MUST_USE enum kai_err kai_record_read(struct kai_row *row, struct marks *marks, uint64_t no,
                                          const void *p, size_t n);

/* ixadded.c: a row of the transaction is noted, and all of them get their times before it commits.
 * kai_ix_added_until(): what DIR/added says; 0: nothing that can be believed. */
void kai_ix_added_row(struct kai_ix *t, const struct kai_row *row);
void kai_ix_added_end(struct kai_ix *t);
uint64_t kai_ix_added_until(int dir_fd);

/* rowkeys.c */
void kai_rowkeys_add(struct kai_buf *b, struct kai_view prev, struct kai_view key,
                     struct kai_view norm);

/* chain.c */
#define KAI_ITEM_KEY_BYTES (KAI_HALF_ID_BYTES + 8u)
enum kai_err kai_ix_chain(struct kai_ix *t, const struct kai_row *row, bool revoked,
                          struct marks *marks);

/* ixwrite.c */
enum kai_err kai_ix_keys_end(struct kai_ix *t);
enum kai_err kai_ix_sorted_out(struct kai_ix *t);
enum kai_err kai_ix_put(struct kai_ix *t, enum table table, MDB_val key, MDB_val val,
                        unsigned flags);
/* Add flags and marks to a row, if it is of this origin. */
enum kai_err kai_ix_mark_row(struct kai_ix *t, uint64_t no,
                             const uint8_t origin[static KAI_ID_BYTES], uint8_t flags,
                             struct marks add);

/* ixobj.c: which rows are of which OBJ. */
void kai_ix_obj_add(struct kai_ix *t, const struct kai_row *row);
enum kai_err kai_ix_obj_end(struct kai_ix *t); /* Note what was gathered. */

/* acts_origin.c: flags that recalls give to a row. A failure sticks. */
uint8_t kai_ix_recalled(struct kai_ix *t, const struct kai_row *row);

/* acts_fork.c */
bool kai_ix_any_fork(const struct kai_ixsnap *r);
bool kai_ix_past_fork(const struct kai_ixsnap *r, uint64_t log_no, uint64_t seq);
bool kai_ix_any_end(const struct kai_ixsnap *r);
bool kai_ix_past_end(const struct kai_ixsnap *r, uint64_t log_no, uint64_t seq);

/* acts_gone.c */
bool kai_ix_any_gone(const struct kai_ixsnap *r);
bool kai_ix_is_gone(const struct kai_ixsnap *r, uint64_t log_no, uint64_t seq);

/* ixaround.c */
void kai_ix_lens_add(struct kai_ix *t, struct kai_view key); /* A key that is put. */
void kai_ix_lens_put(struct kai_ix *t);
KAI_MUST_USE enum kai_err kai_ix_lens_get(struct kai_ixsnap *r);

/* ixread.c */
#define KAI_COUNTS_BYTES (2u * KAI_LABELS * 8u)
/* Rows and values by label, as they were committed. */
KAI_MUST_USE enum kai_err kai_ix_counts(struct kai_ixsnap *r, uint64_t out[2][KAI_LABELS]);
/* Whether a row with this label exists for the reader. */
static inline bool kai_ix_sees(const struct kai_ixsnap *r, uint8_t tlp)
{
    return tlp < KAI_LABELS && r->sees[tlp];
}
/* When a row of any label was first seen: rows are in this order, and a search may step on it. */
KAI_MUST_USE enum kai_err kai_ix_row_seen(struct kai_ixsnap *r, uint64_t no, uint64_t *ms);
/* Whether a row is held that stands for this one too: the same item, origin and audience, under a
 * label that is no stricter; where that was recalled, in the same batch. */
bool kai_ix_held(struct kai_ixsnap *r, const struct kai_row *want);
void kai_ixsnap_for(struct kai_ixsnap *r, uint8_t clearance); /* Sets what is seen. */

#endif

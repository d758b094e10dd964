/* index_priv: what the parts of the index share. LMDB is seen by no one else. */
#ifndef KAI_QUERY_INDEX_PRIV_H
#define KAI_QUERY_INDEX_PRIV_H

#include <lmdb.h>

#include "query/index.h"
#include "query/sorter.h"

enum table {
    TABLE_META,   /* name -> value */
    TABLE_ROWS,   /* row -> record, see record.c */
    TABLE_KEYS,   /* row -> keys of its values, see rowkeys.c */
    TABLE_VALUES, /* key, row, index (4 bytes) -> nothing */
    TABLE_ITEMS,  /* first half of item id, row -> nothing */
    TABLE_STIX,   /* STIX uuid, row -> nothing */
    TABLE_CHAINS, /* STIX uuid, half of origin -> modified, revoked, half of the current item's id
                   */
    TABLE_PARTS,  /* log, obj hash, index -> seq, item, content, bytes */
    TABLES
};

struct kai_index {
    MDB_env *env;
    MDB_dbi dbi[TABLES];
    int lock_fd;
    struct sorter sorter; /* The writer's. */
    struct kai_buf keys;  /* Of the row being written. */
};

struct kai_ix {
    struct kai_index *x;
    MDB_txn *txn;
    enum kai_err err;
    uint64_t last_row;
    uint64_t last_seen_ms;
    uint64_t leaf_pages; /* Of the values, when the transaction began. */
    uint64_t row_pages;  /* Leaves of the tables of items, STIX ids and chains. */
    uint64_t new_rows;
    uint64_t keys_row; /* Row whose keys are being gathered; 0 = none. */
    bool keys_list;
    uint64_t next_index;
    uint8_t prev_key[KAI_VALUE_KEY_MAX];
    size_t prev_n;
};

struct kai_ixsnap {
    struct kai_index *x;
    MDB_txn *txn;
    uint8_t clearance;
};

enum kai_err kai_ix_err(int rc);

static inline MDB_val ix_val(const void *p, size_t n)
{
    /* LMDB takes keys and data without const, and does not write to them. */
    union {
        const void *in;
        void *out;
    } u = {.in = p};

    return (MDB_val){.mv_size = n, .mv_data = u.out};
}

/* record.c */
#define KAI_RECORD_MAX 512u
size_t kai_record_write(uint8_t out[static KAI_RECORD_MAX], const struct kai_row *row);
KAI_MUST_USE enum kai_err kai_record_read(struct kai_row *row, uint64_t no, const void *p,
                                          size_t n);
#define KAI_RECORD_FLAGS_AT 2u /* Byte that holds flags. */

/* rowkeys.c */
void kai_rowkeys_add(struct kai_buf *b, struct kai_view prev, struct kai_view key,
                     struct kai_view norm);

/* chain.c */
#define KAI_HALF_ID_BYTES  16u /* 128 bits do not meet by chance, and take half the room. */
#define KAI_ITEM_KEY_BYTES (KAI_HALF_ID_BYTES + 8u)
enum kai_err kai_ix_chain(struct kai_ix *t, struct kai_row *row, bool revoked);
enum kai_err kai_ix_keys_end(struct kai_ix *t);
enum kai_err kai_ix_sorted_out(struct kai_ix *t);

#endif

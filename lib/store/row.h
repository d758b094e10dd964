/* row: how the store's rows are written on disk. Private to lib/store.
 *
 * Every integer is 64-bit big-endian. Every row carries a sum over its key and what it says, so
 * that a byte that changed on the disk is an error and never data. Format 2; of format 1 log rows
 * lack from_node, and are read. */
#ifndef KAI_STORE_ROW_H
#define KAI_STORE_ROW_H

#include "store/store.h"

#define STORE_FORMAT 2u

/* The tables. Names are single words so that mdb_dump can show them. */
enum table {
    T_META,    /* "format", "map", "counters". */
    T_CTL,     /* log_pk || seq || hash16 -> sum, [hdr, sig, payload]. */
    T_NOTES,   /* type || who -> sum, bytes. */
    T_LOGS,    /* log_pk -> log row. */
    T_LOGNO,   /* no -> sum, log_pk. */
    T_POS,     /* no || seq -> sum, position, entry hash. */
    T_ENTRIES, /* position -> entry row, staged entry row or run row. */
    T_FORKS,   /* log_pk || seq || hash16 -> sum, [hdr, sig, nil]. */
    T_KV,      /* key -> sum, bytes. */
    T_COUNT
};
extern const char *const table_names[T_COUNT];

#define SUM_BYTES        8u
#define POS_KEY_BYTES    16u
#define POS_ROW_BYTES    (SUM_BYTES + 8u + KAI_ID_BYTES)
#define HASHED_KEY_BYTES (KAI_KEY_BYTES + 8u + 16u)
#define COUNTERS_BYTES   (SUM_BYTES + 7u * 8u)
#define NUMBER_BYTES     (SUM_BYTES + 8u)
#define LOG_ROW_BYTES    (SUM_BYTES + 1u + 7u * KAI_ID_BYTES + 13u * 8u)

/* FNV-1a: each step maps states one to one, so that one changed byte always changes the sum. It
 * guards against rot, not against an attacker; entries carry their hashes besides. */
uint64_t row_sum(enum table table, struct kai_view key, struct kai_view body);
uint64_t row_sum_more(uint64_t sum, struct kai_view body);

/* A row that is a sum and bytes: check it and give the bytes. Errors: KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err row_open(enum table table, struct kai_view key, struct kai_view row,
                                   struct kai_view *body);

struct counters {
    uint64_t next_no; /* Of the log to come; from 1. */
    uint64_t logs;
    uint64_t entries;      /* Visible ones. */
    uint64_t next_pos;     /* From 1. */
    uint64_t last_visible; /* The last position that a reader may be given; 0 = none. */
    uint64_t staged;       /* Entries behind a head. */
    uint64_t txnid;        /* Of the transaction that wrote this: every one does. */
};
void counters_write(uint8_t out[static COUNTERS_BYTES], const struct counters *c);
KAI_MUST_USE enum kai_err counters_read(struct counters *c, struct kai_view row);

/* One number under a name in T_META. */
void number_write(uint8_t out[static NUMBER_BYTES], const char *name, uint64_t v);
KAI_MUST_USE enum kai_err number_read(uint64_t *v, const char *name, struct kai_view row);

/* A log, and what is staged behind its head: seq, hash and ts of the last staged entry (equal to
 * the head's when there is none) and the bytes of the staged ones. */
struct log_row {
    struct kai_log log;
    uint64_t staged_seq;
    uint8_t staged_hash[KAI_ID_BYTES];
    uint64_t staged_ts;
    uint64_t staged_bytes;
    uint64_t staged_close; /* 1: the last staged entry is CLOSE. */
};
void log_row_write(uint8_t out[static LOG_ROW_BYTES], const struct log_row *r);
KAI_MUST_USE enum kai_err log_row_read(struct log_row *r, struct kai_view key, struct kai_view row);

struct pos_row {
    uint64_t position;
    uint8_t hash[KAI_ID_BYTES];
};
void pos_key(uint8_t out[static POS_KEY_BYTES], uint64_t no, uint64_t seq);
void pos_row_write(uint8_t out[static POS_ROW_BYTES], const uint8_t key[static POS_KEY_BYTES],
                   const struct pos_row *r);
KAI_MUST_USE enum kai_err pos_row_read(struct pos_row *r, struct kai_view key, struct kai_view row);

/* log_pk || seq || the first half of the hash: a control entry or a proof of a fork. */
void hashed_key(uint8_t out[static HASHED_KEY_BYTES], const struct kai_entry *e);

/* T_ENTRIES. An entry that was appended is visible at its own position. One that was staged is
 * never visible there: advancing writes a run, which takes n positions and stands for the entries
 * first_seq.. of log no. */
enum entry_kind { ROW_ENTRY = 1, ROW_STAGED = 2, ROW_RUN = 3 };
/* kind, seen_ms, no, sum of these, sum of these and of what no hash covers; then the element. */
#define ENTRY_HEAD_BYTES  (1u + 8u + 8u + 2u * SUM_BYTES)
#define RUN_BYTES         (ENTRY_HEAD_BYTES + 16u)
#define ELEMENT_BYTES_MAX (KAI_PAYLOAD_BYTES_MAX + KAI_HDR_BYTES_MAX + KAI_SIG_BYTES + 16u)

struct entry_row {
    enum entry_kind kind;
    uint64_t seen_ms;
    uint64_t no;
    struct kai_entry e; /* Not of a run. */
    uint64_t first_seq; /* Of a run. */
    uint64_t n;
};
/* Append head and element to out. */
void entry_row_write(struct kai_buf *out, uint64_t position, const struct entry_row *r);
void run_row_write(uint8_t out[static RUN_BYTES], uint64_t position, const struct entry_row *r);
/* Check the head alone, without touching the rest. Errors: KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err entry_row_kind(enum entry_kind *kind, struct kai_view key,
                                         struct kai_view row);
/* Hashes header and payload; the caller compares the hash with that of T_POS.
 * Errors: KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err entry_row_read(struct entry_row *r, struct kai_view key,
                                         struct kai_view row);

#endif

/* store_priv: the open store and the transactions on it. Private to lib/store. */
#ifndef KAI_STORE_PRIV_H
#define KAI_STORE_PRIV_H

#include <pthread.h>

#include "store/pages.h"
#include "store/row.h"
#include "store/txn.h"

#define SNAP_IDLE_MAX 16u /* Read transactions kept for the next snapshot. */
#define READERS_MAX   126u

struct kai_tx {
    struct kai_store *s;
    struct txn t;
    bool open;
    bool wrote;
    struct counters c;
    bool c_dirty;
    struct log_row log; /* The last log that was touched. */
    bool log_held;
    bool log_dirty;
    uint64_t used_bytes; /* Of the map, when the transaction began, and what was added since. */
};

struct kai_snap {
    struct kai_store *s;
    MDB_txn *mdb;
    struct kai_snap *next; /* In the list of idle ones. */
};

struct kai_store {
    MDB_env *env;
    MDB_dbi dbi[T_COUNT];
    uint64_t map_bytes;
    char *dir;
    int dir_fd;
    int lock_fd; /* -1: not locked. */
    int acked_fd;
    bool guard; /* This store holds the process's one place. */
    bool was_clean;
    bool was_continuous;
    bool failed; /* A commit met an I/O error: what is on the disk is not known until the next open.
                  */
    struct kai_tx tx;
    struct kai_buf row;
    pthread_mutex_t mutex; /* Of idle and idle_n. */
    bool mutex_made;
    struct kai_snap *idle;
    unsigned int idle_n;
};

/* Bytes of the map that tables and free list take, from LMDB's own counts. */
KAI_MUST_USE enum kai_err store_used(struct kai_store *s, MDB_txn *mdb, uint64_t *used);

/* write.c: the log of this key, held in the transaction. Errors: KAI_ENOTFOUND and failures. */
enum kai_err tx_log_load(struct kai_tx *t, const uint8_t log_pk[static KAI_KEY_BYTES]);
/* Write back what the transaction holds. */
void tx_flush(struct kai_tx *t);
enum kai_err tx_put(struct kai_tx *t, enum table table, struct kai_view key, struct kai_view val,
                    unsigned int flags);
/* Put a row at c.next_pos, and its row in T_POS. */
enum kai_err tx_put_entry(struct kai_tx *t, const struct kai_entry *e, enum entry_kind kind,
                          uint64_t now_ms);
/* Count n more bytes; whether that is within so much of the map. Errors: KAI_EFULL, which sticks.
 */
enum kai_err tx_room(struct kai_tx *t, size_t n, unsigned int percent);

/* stage.c: drop what is staged behind the head of the log that the transaction holds. */
enum kai_err tx_drop_staged(struct kai_tx *t);

/* lock.c: one process. Errors: KAI_EBUSY, KAI_EIO, KAI_EPERM; *why says more. */
KAI_MUST_USE enum kai_err lock_take(struct kai_store *s, struct kai_why *why);
void lock_drop(struct kai_store *s);
/* Other processes may open it; in this one it stays the only one. */
void lock_release(struct kai_store *s);
/* Errors: KAI_EIO with io.network-fs. */
KAI_MUST_USE enum kai_err lock_refuse_network(const char *dir, struct kai_why *why);

/* mark.c: the mark of a clean stop names the state it stands for, so that a file which changed
 * since is not taken for the one that was closed; and where and when it was closed, so that a copy
 * is not taken for it either: nobody can set the ctime of a file, and a machine that was set back
 * has been started since. */
#define MARK_BOOT_BYTES 40u
struct mark {
    uint64_t bytes; /* Of data.mdb. */
    uint64_t mtime_s;
    uint64_t mtime_ns;
    uint64_t txnid;
    uint64_t ino;
    uint64_t ctime_s;
    uint64_t ctime_ns;
    char boot[MARK_BOOT_BYTES]; /* The kernel's boot id; zeros: not known. */
};
bool mark_read(struct mark *m, int dir_fd);
bool mark_of_file(struct mark *m, int dir_fd);                    /* All but the txnid. */
bool mark_same(const struct mark *a, const struct mark *b);       /* The file's contents. */
bool mark_continuous(const struct mark *a, const struct mark *b); /* And no copy of it. */
KAI_MUST_USE enum kai_err mark_write(const struct mark *m, int dir_fd);
enum kai_err mark_remove(int dir_fd);

/* A state that is older than what was acknowledged is one that LMDB fell back to. 0: not known. */
uint64_t acked_read(int dir_fd);
int acked_open(int dir_fd); /* -1: errno. */
void acked_write(int fd, uint64_t txnid);

/* check.c: what the start-up check says. */
enum verdict_code {
    VERDICT_NONE = 0, /* The child died before it could say. */
    VERDICT_NEW,      /* Nothing was ever committed. */
    VERDICT_OK,
    VERDICT_TRUNCATED,
    VERDICT_CORRUPT,
    VERDICT_NEWER,
    VERDICT_NOMEM,
    VERDICT_IO,
};
struct verdict {
    uint64_t code; /* enum verdict_code. */
    uint64_t map_bytes;
    uint64_t format;
    uint64_t clean;      /* The mark stands for this state. */
    uint64_t continuous; /* And was made for this very file since the machine was started. */
    char at[64];         /* Which table, for the message. */
};
/* Check dir in a child. Forks, so it runs before the process has threads. Errors: KAI_ECORRUPT,
 * KAI_EVERSION, KAI_ENOMEM, KAI_EIO; *why says more. */
KAI_MUST_USE enum kai_err check_run(struct verdict *v, const char *dir, int dir_fd,
                                    struct kai_why *why);

/* walk.c: what the child reads. */
struct walk {
    MDB_env *env;
    MDB_txn *mdb;
    MDB_dbi dbi[T_COUNT];
    struct counters c;
    uint64_t rows[ROW_RUN + 1]; /* Rows of T_ENTRIES by kind. */
    uint64_t run_entries;       /* Entries that the runs stand for. */
    uint64_t heads;             /* Sums over the logs: entries up to the head, and behind it. */
    uint64_t staged;
    uint64_t logs;
    uint64_t pos_no; /* The row of T_POS before this one. */
    uint64_t pos_seq;
    struct kai_pages *pages; /* NULL: only the small tables and the heads. */
    struct verdict *v;
    int report_fd;
};
/* Errors: KAI_ECORRUPT, KAI_ENOMEM, KAI_EIO. */
KAI_MUST_USE enum kai_err walk_all(struct walk *w);
/* check.c: say where the walk is, so that its death has a name. */
void walk_at(struct walk *w, const char *table);

#endif

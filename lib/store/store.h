/* store: entries, logs and notes on disk: the durable one of the two LMDB environments
 * (docs/protocol.md 8). What it acknowledged is there after a crash or a power cut.
 *
 * One process (a lock file of our own), one thread that writes, any that read snapshots. A call
 * does all it says or changes nothing. Every entry is hashed again when it is read. */
#ifndef KAI_STORE_STORE_H
#define KAI_STORE_STORE_H

/* Codes in struct kai_why, which names the folder or file in where:
 *   store.locked {1 pid or ""}     another process, or this one, has the store open
 *   store.truncated                the data file is shorter than what it says; restore a copy
 *   store.corrupt {1 table}        a row, a hash or the file's structure is wrong; restore a copy
 *   store.newer {1 found} {2 known} the format is that of a newer version
 *   store.missing                  there is no store, and must_exist was given
 *   store.perm                     the folder is another user's, or others may write to it
 *   store.io {1 the system's words}
 *   io.network-fs {1 name}         NFS, SMB, FUSE and the like: locks and maps are not safe there
 */
#include "base/err.h"
#include "base/why.h"
#include "log/entry.h"

struct kai_store; /* From kai_store_open() to kai_store_close(). */

struct kai_store_options {
    uint64_t map_bytes; /* Most the file may ever grow to, sparse; fixed when the store is made. 0 =
                         * 64 GiB, or what a quarter of the disk allows, whichever is less. */
    bool must_exist;
};

/* Open or make the store in folder dir (made 0700). Runs the start-up check in a child process
 * first, so that a file that was cut or overwritten is a verdict and not a crash. Errors: KAI_EBUSY
 * (another process has it), KAI_ECORRUPT (store.truncated, store.corrupt), KAI_EVERSION, KAI_EPERM,
 * KAI_EFULL, KAI_EIO (also: a network file system), KAI_ENOMEM; *why says more. */
KAI_MUST_USE enum kai_err kai_store_open(struct kai_store **out, const char *dir,
                                         const struct kai_store_options *opt, struct kai_why *why);
void kai_store_close(struct kai_store *s);
/* To read alone, also while another process has the store open (a backup of a running node); where
 * nobody has, the start-up check runs first. Snapshots work, transactions do not. Errors: as above,
 * KAI_ENOTFOUND (store.missing). */
KAI_MUST_USE enum kai_err kai_store_view(struct kai_store **out, const char *dir,
                                         struct kai_why *why);

enum kai_log_kind { KAI_LOG_DATA = 1, KAI_LOG_KEY = 2 };
#define KAI_LOG_CLOSED  1u /* CLOSE was appended. */
#define KAI_LOG_FORKED  2u /* A second branch was seen: nothing past it is taken. */
#define KAI_LOG_OWN     4u /* Its key was made here. */
#define KAI_LOG_RETIRED 8u /* Own, never to be appended to again (protocol 5, incarnations). */

struct kai_log {
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t no;   /* Small number of this log in this store, from 1. */
    uint64_t kind; /* enum kai_log_kind. */
    uint8_t aud_id[KAI_ID_BYTES];
    uint8_t from_node[KAI_ID_BYTES];   /* Who brought its first entry; zeros: own or not known. */
    uint8_t author_node[KAI_ID_BYTES]; /* Zeros where it is not known: a log that is not read. */
    uint8_t author_cert[KAI_ID_BYTES];
    uint64_t incarnation;
    uint8_t salt[32];
    uint64_t head_seq; /* 0 = no entry yet. */
    uint8_t head[KAI_ID_BYTES];
    uint64_t head_ts;
    uint64_t floor;
    uint64_t flags;
    uint64_t first_seen_ms;
    uint64_t bytes; /* Of all its entries. */
};

/* ---- Writing: one transaction at a time, by one thread. */
struct kai_tx;
KAI_MUST_USE enum kai_err kai_tx_begin(struct kai_store *s, struct kai_tx **out);
/* Commit and sync: on KAI_OK everything is durable. Frees the transaction either way. With nothing
 * written it does nothing. What append, stage and advance answer about one entry (KAI_EEXIST,
 * KAI_EAGAIN, KAI_EMALFORMED, KAI_ENOTFOUND) changes nothing and does not stick. After KAI_EIO
 * the store takes no more transactions until it is opened again.
 * Errors: the first that any call below met; KAI_EFULL, KAI_EIO, KAI_ENOMEM, KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err kai_tx_commit(struct kai_tx *t);
void kai_tx_abort(struct kai_tx *t); /* NULL does nothing. */

/* Add a log (no, head and bytes are set here) or overwrite the flags, author, salt, incarnation and
 * floor of one. */
enum kai_err kai_tx_log(struct kai_tx *t, struct kai_log *log);
/* Append the entry that follows the log's head: checks seq and prev against what is stored.
 * A CLOSE sets KAI_LOG_CLOSED. Errors: KAI_EEXIST, KAI_EAGAIN (not the next one, or something is
 * staged), KAI_EMALFORMED (prev is another, or the log is closed), KAI_ENOTFOUND (no such log),
 * KAI_EFULL (over 85 % of the map: of this entry alone; over 95 % where the log is KAI_LOG_OWN:
 * sticks). */
enum kai_err kai_tx_append(struct kai_tx *t, const struct kai_entry *e, uint64_t now_ms);
/* Entries of one publish request become visible together: stage each (durable, but behind the head
 * and unseen by every reader), then advance the head over them. What was staged and never advanced
 * is removed by kai_store_open(). */
enum kai_err kai_tx_stage(struct kai_tx *t, const struct kai_entry *e, uint64_t now_ms);
enum kai_err kai_tx_advance(struct kai_tx *t, const uint8_t log_pk[static KAI_KEY_BYTES],
                            uint64_t to_seq);
enum kai_err kai_tx_unstage(struct kai_tx *t,
                            const uint8_t log_pk[static KAI_KEY_BYTES]); /* Give a request up. */

/* Forget the payload of a visible entry; its header stays. One that is gone already is no error.
 * Errors: KAI_ENOTFOUND (no such log, or beyond its head). */
enum kai_err kai_tx_forget(struct kai_tx *t, const uint8_t log_pk[static KAI_KEY_BYTES],
                           uint64_t seq);

enum kai_err kai_tx_ctl(struct kai_tx *t,
                        const struct kai_entry *e); /* A control entry, by (log_pk, seq, hash). */
enum kai_err kai_tx_ctl_del(struct kai_tx *t, const struct kai_entry *e);
enum kai_err kai_tx_note(struct kai_tx *t, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                         struct kai_view note);
enum kai_err kai_tx_fork(struct kai_tx *t, struct kai_view hdr,
                         struct kai_view sig); /* Proof of a second branch. */
/* Small named values of the node itself: charter, network id, texts, counters, dials. Key <= 64
 * bytes, value <= 64 KiB; value.p == NULL deletes. */
enum kai_err kai_tx_kv(struct kai_tx *t, const char *key, struct kai_view value);

/* ---- Reading: a snapshot, to be ended soon (an open one keeps old pages alive). Any thread. */
struct kai_snap;
KAI_MUST_USE enum kai_err kai_snap_begin(struct kai_store *s, struct kai_snap **out);
void kai_snap_end(struct kai_snap *r); /* NULL does nothing. */

KAI_MUST_USE enum kai_err
kai_snap_log(struct kai_snap *r, const uint8_t log_pk[static KAI_KEY_BYTES], struct kai_log *out);
KAI_MUST_USE enum kai_err kai_snap_log_no(struct kai_snap *r, uint64_t no, struct kai_log *out);
typedef bool kai_log_fn(void *ctx, const struct kai_log *log); /* false stops. */
KAI_MUST_USE enum kai_err kai_snap_logs(struct kai_snap *r, kai_log_fn *f,
                                        void *ctx); /* By log_pk. */
/* One entry, hashed again: header and payload. Views are valid until the snapshot ends.
 * The payload may be gone (kai_tx_forget()). Errors: KAI_ENOTFOUND (also: beyond the head),
 * KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err kai_snap_entry(struct kai_snap *r,
                                         const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq,
                                         struct kai_entry *out);
KAI_MUST_USE enum kai_err kai_snap_entry_no(struct kai_snap *r, uint64_t log_no, uint64_t seq,
                                            struct kai_entry *out);
/* Data and key entries in the order in which this store made them visible: a strictly increasing
 * position. f gets each from position from on. */
typedef bool kai_arrival_fn(void *ctx, uint64_t position, uint64_t log_no,
                            const struct kai_entry *e, uint64_t seen_ms);
KAI_MUST_USE enum kai_err kai_snap_arrivals(struct kai_snap *r, uint64_t from, kai_arrival_fn *f,
                                            void *ctx);
uint64_t kai_snap_last_position(struct kai_snap *r);
/* Visible data entries whose payload is here, in the order in which they came to lie here, from a
 * place on; no payload is read. prev_kid: of the entry before it in its log; NULL: it is the first.
 * place 0: all. Headers are those of the log's chain, but are not hashed again. */
struct kai_payload_at {
    uint64_t place;
    uint64_t log_no;
    uint64_t seen_ms;
    const struct kai_hdr *h;
    const uint8_t *prev_kid;
};
typedef bool kai_payload_fn(void *ctx, const struct kai_payload_at *at); /* false stops. */
KAI_MUST_USE enum kai_err kai_snap_payloads(struct kai_snap *r, uint64_t from, kai_payload_fn *f,
                                            void *ctx);

typedef bool kai_entry_fn(void *ctx, const struct kai_entry *e);
KAI_MUST_USE enum kai_err kai_snap_ctl(struct kai_snap *r, kai_entry_fn *f,
                                       void *ctx); /* By (log_pk, seq, hash). */
KAI_MUST_USE enum kai_err kai_snap_forks(struct kai_snap *r, kai_entry_fn *f,
                                         void *ctx); /* Proofs; no payload. */
typedef bool kai_note_fn(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                         struct kai_view note);
KAI_MUST_USE enum kai_err kai_snap_notes(struct kai_snap *r, kai_note_fn *f, void *ctx);
/* KAI_ENOTFOUND. The view is valid until the snapshot ends. */
KAI_MUST_USE enum kai_err kai_snap_kv(struct kai_snap *r, const char *key, struct kai_view *value);

/* Every named value, by key. */
typedef bool kai_kv_fn(void *ctx, const char *key, struct kai_view value);
KAI_MUST_USE enum kai_err kai_snap_kvs(struct kai_snap *r, kai_kv_fn *f, void *ctx);

struct kai_store_usage {
    uint64_t map_bytes;
    uint64_t used_bytes;
    uint64_t disk_free_bytes;
    uint64_t entries; /* Data and key entries. */
    uint64_t logs;
    bool refuse_foreign; /* Over 85 % of the map, or under 256 MiB of free disk: take no entries of
                            others. */
};
KAI_MUST_USE enum kai_err kai_store_usage(struct kai_store *s, struct kai_store_usage *u);
/* Clear readers that died. Call at start and each minute. */
void kai_store_tidy(struct kai_store *s);

/* The mark of a clean stop (docs/protocol.md 5): a file beside the store, gone while it is open.
 * True from open when the last stop was clean. */
bool kai_store_was_clean(const struct kai_store *s);
/* Besides: nothing can have been put back since. It is the same file (inode and ctime, which no
 * copy keeps), and the machine has not been started since (a virtual one that was set back has).
 * What this cannot see: a block device, or a machine's memory with it, set back while it ran. */
bool kai_store_was_continuous(const struct kai_store *s);
/* Make this close a clean one: call just before kai_store_close(), when nothing more will be
 * appended. */
KAI_MUST_USE enum kai_err kai_store_mark_clean(struct kai_store *s);

#endif

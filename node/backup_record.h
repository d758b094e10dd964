/* backup_record: the records inside a backup, between bytes and structs. */
#ifndef KAI_NODE_BACKUP_RECORD_H
#define KAI_NODE_BACKUP_RECORD_H

#include "log/entry.h"
#include "node/backup.h"
#include "store/store.h"

#define KAI_BAK_AUDIT                                                                              \
    "audit"                                                                                        \
    ".log" /* No reason's code. */

/* The first is HEAD, the last END; a log stands before its entries, which come in the order in
 * which the node made them visible. */
enum kai_bak_type {
    KAI_BAK_HEAD = 0,    /* [0, made ms, nid, network, org id, org, node id, node, issuing] */
    KAI_BAK_CONTROL = 1, /* [1, [hdr, sig, payload]] */
    KAI_BAK_NOTE = 2,    /* [2, type, who, note] */
    KAI_BAK_FORK = 3,    /* [3, hdr, sig] */
    KAI_BAK_LOG = 4,     /* [4, log_pk, kind, aud_id, author node, author cert, incarnation, salt,
                            forked, first seen ms] */
    KAI_BAK_ENTRY = 5,   /* [5, seen ms, [hdr, sig, payload or nil]] */
    KAI_BAK_KV = 6,      /* [6, key, value] */
    KAI_BAK_FILE = 7,    /* [7, name, size of the file, offset, bytes] */
    KAI_BAK_END = 8,     /* [8, how many records before, H("kairan1.backup", all of these)] */
};

struct kai_bak_record {
    enum kai_bak_type type;
    struct kai_backup_info head;
    struct kai_entry e; /* Of CONTROL, ENTRY and FORK: hashed, not verified. */
    uint64_t seen_ms;
    uint64_t note_type;
    const uint8_t *who;
    struct kai_log log;
    char name[KAI_STORE_KEY_BYTES_MAX + KAI_TEXT_BYTES_MAX]; /* Of a value or a file. */
    struct kai_view bytes;                                   /* Note, value, part of a file. */
    uint64_t size;
    uint64_t offset;
    uint64_t n;
    const uint8_t *sum;
};
/* Views point into bytes. Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_EAUTH. */
KAI_MUST_USE enum kai_err kai_bak_parse(struct kai_bak_record *r, struct kai_view bytes);
void kai_bak_write(struct kai_buf *out, const struct kai_bak_record *r);

/* Whether a file of this name may be in a backup: kairan.conf, audit.log, keys/org-root.key,
 * keys/persons/NAME.key. */
bool kai_bak_file_ok(const char *name);
bool kai_bak_file_is_key(const char *name);
/* Whether a named value means something in another home: not what belongs to the node key or the
 * logs of the home that was backed up. */
bool kai_bak_kv_ok(const char *key);

#endif

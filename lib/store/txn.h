/* txn: an LMDB transaction that remembers its first failure. Private to lib/store.
 *
 * After a failure every call is a no-op that returns the same error, so a run of puts needs one
 * check, at the commit. End every transaction with txn_end(), on every path. */
#ifndef KAI_STORE_TXN_H
#define KAI_STORE_TXN_H

#include <lmdb.h>

#include "base/bytes.h"
#include "base/err.h"

struct txn {
    MDB_txn *mdb; /* NULL before begin, after commit and after end. */
    enum kai_err err;
};

/* What an LMDB return code means to us. */
KAI_MUST_USE enum kai_err txn_err(int rc);

/* flags: 0 to write, MDB_RDONLY to read. */
enum kai_err txn_begin(struct txn *t, MDB_env *env, unsigned int flags);
enum kai_err txn_fail(struct txn *t, enum kai_err err); /* Remember a failure of our own. */
enum kai_err txn_put(struct txn *t, MDB_dbi dbi, struct kai_view key, struct kai_view val,
                     unsigned int flags);
/* *val points into the map: good until the transaction ends, and never to be written. */
enum kai_err txn_get(struct txn *t, MDB_dbi dbi, struct kai_view key, struct kai_view *val);
/* KAI_ENOTFOUND: there is none. Does not stick. */
enum kai_err txn_del(struct txn *t, MDB_dbi dbi, struct kai_view key);
KAI_MUST_USE enum kai_err txn_commit(struct txn *t);
/* Abort unless committed. Safe to call twice: belongs after every out: label. */
void txn_end(struct txn *t);

/* Views to and from what LMDB takes, which it never writes to. */
MDB_val txn_val(struct kai_view v);
struct kai_view txn_view(MDB_val v);

#endif

/* txn: LMDB's return codes and sticky transactions. */
#include "store/txn.h"

#include <stddef.h>

#include "store/lmdb_err.h"

enum kai_err txn_err(int rc)
{
    return kai_lmdb_err(rc);
}

MDB_val txn_val(struct kai_view v)
{
    return (MDB_val){.mv_size = v.n, .mv_data = (void *)(uintptr_t)v.p};
}

struct kai_view txn_view(MDB_val v)
{
    return kai_view_of(v.mv_data, v.mv_size);
}

enum kai_err txn_begin(struct txn *t, MDB_env *env, unsigned int flags)
{
    t->mdb = NULL;
    t->err = txn_err(mdb_txn_begin(env, NULL, flags, &t->mdb));
    return t->err;
}

enum kai_err txn_fail(struct txn *t, enum kai_err err)
{
    if (t->err == KAI_OK)
        t->err = err;
    return t->err;
}

enum kai_err txn_put(struct txn *t, MDB_dbi dbi, struct kai_view key, struct kai_view val,
                     unsigned int flags)
{
    MDB_val k = txn_val(key);
    MDB_val v = txn_val(val);

    if (t->err == KAI_OK)
        t->err = txn_err(mdb_put(t->mdb, dbi, &k, &v, flags));
    return t->err;
}

enum kai_err txn_get(struct txn *t, MDB_dbi dbi, struct kai_view key, struct kai_view *val)
{
    MDB_val k = txn_val(key);
    MDB_val v = {0};

    *val = (struct kai_view){0};
    if (t->err != KAI_OK)
        return t->err;

    enum kai_err err = txn_err(mdb_get(t->mdb, dbi, &k, &v));
    if (err == KAI_OK)
        *val = txn_view(v);
    else if (err != KAI_ENOTFOUND) /* An answer: the transaction is still good. */
        t->err = err;
    return err;
}

enum kai_err txn_del(struct txn *t, MDB_dbi dbi, struct kai_view key)
{
    MDB_val k = txn_val(key);

    if (t->err != KAI_OK)
        return t->err;

    enum kai_err err = txn_err(mdb_del(t->mdb, dbi, &k, NULL));
    if (err != KAI_ENOTFOUND)
        t->err = err;
    return err;
}

enum kai_err txn_commit(struct txn *t)
{
    if (t->err == KAI_OK) {
        MDB_txn *mdb = t->mdb;

        t->mdb = NULL; /* mdb_txn_commit() frees the handle even when it fails. */
        t->err = txn_err(mdb_txn_commit(mdb));
    }
    return t->err;
}

void txn_end(struct txn *t)
{
    if (t->mdb != NULL)
        mdb_txn_abort(t->mdb);
    t->mdb = NULL;
}

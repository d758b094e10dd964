/* lmdb_err: what LMDB and the system under it say, as ours. For those who see LMDB: lib/store and
 * lib/query. */
#ifndef KAI_STORE_LMDB_ERR_H
#define KAI_STORE_LMDB_ERR_H

#include <errno.h>
#include <lmdb.h>

#include "base/err.h"

static inline enum kai_err kai_lmdb_err(int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return KAI_OK;
    case MDB_NOTFOUND:
        return KAI_ENOTFOUND;
    case MDB_KEYEXIST:
        return KAI_EEXIST;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
        return KAI_EFULL;
    case MDB_READERS_FULL:
    case EAGAIN:
        return KAI_EBUSY;
    case EACCES:
    case EPERM:
        return KAI_EPERM;
    case ENOMEM:
        return KAI_ENOMEM;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
    case MDB_BAD_VALSIZE:
        return KAI_ECORRUPT;
    default: /* MDB_PANIC too: an earlier commit could not write its last page. */
        return KAI_EIO;
    }
}

#endif

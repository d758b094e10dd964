/* pages: whether LMDB may go on with a file that nobody vouches for: that no page has two uses, as
 * far as rows and the free list tell (LMDB writes where its free list says: a page of ours in it
 * would be lost with the next commit), and that what is written at the head of each is what LMDB
 * believes when it copies the page to change it.
 *
 * For those who see LMDB: lib/store and lib/query. A pointer that leads out of the file kills who
 * follows it: all of this runs in a child process. Of each table in turn: begin, each row, end;
 * then the free list, then the branches. Errors: KAI_ECORRUPT, KAI_ENOMEM, KAI_EIO. */
#ifndef KAI_STORE_PAGES_H
#define KAI_STORE_PAGES_H

#include <lmdb.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct kai_pages {
    uint64_t page_bytes;
    uint64_t n;          /* That the file's state counts, */
    uint64_t written;    /* and that the file is long enough for: the last may never have been. */
    uint64_t counted;    /* Used and free ones so far. */
    const uint8_t *base; /* Of the map, found from the first page seen. */
    uint8_t *used;       /* A bit for each page. */
    const uint8_t *leaf; /* The leaf of the row before. */
    uint64_t leaves;     /* Of the table under way. */
    uint64_t overflow;
};

/* Of a file of so many bytes, whose state counts n pages. Its memory goes with the process. */
KAI_MUST_USE enum kai_err kai_pages_init(struct kai_pages *p, uint64_t page_bytes, uint64_t n,
                                         uint64_t file_bytes);
void kai_pages_table_begin(struct kai_pages *p);
KAI_MUST_USE enum kai_err kai_pages_row(struct kai_pages *p, MDB_val key, MDB_val row);
KAI_MUST_USE enum kai_err kai_pages_table_end(struct kai_pages *p, const MDB_stat *st);
KAI_MUST_USE enum kai_err kai_pages_free_list(struct kai_pages *p, MDB_txn *mdb);
/* Those that lead to the others, when all others are known. */
KAI_MUST_USE enum kai_err kai_pages_branches(const struct kai_pages *p);

#endif

/* pages: whether LMDB may go on with a file. */
#include "store/pages.h"

#include <stdlib.h>
#include <string.h>

#include "store/lmdb_err.h"

#define PAGE_HEAD_BYTES 16u /* LMDB 0.9: page number, flags, bounds; */
#define PAGE_COUNT_AT   12u /* of an overflow page, in their place how many there are in a row. */
#define PAGE_FLAGS_AT   10u
#define PAGE_BRANCH     1u
#define PAGE_LEAF       2u
#define PAGE_OVERFLOW   4u
#define PAGE_LOWER_AT   12u /* Where the places of nodes end, */
#define PAGE_UPPER_AT   14u /* and where nodes begin. */
#define NODE_HEAD_BYTES 8u  /* Bytes of data as two halves, flags, bytes of the key. */
#define NODE_FLAGS_AT   4u
#define NODE_KEY_AT     6u
#define NODE_ELSEWHERE  1u /* In a leaf: the data is the number of an overflow page. */

enum kai_err kai_pages_init(struct kai_pages *p, uint64_t page_bytes, uint64_t n,
                            uint64_t file_bytes)
{
    *p = (struct kai_pages){.page_bytes = page_bytes, .n = n, .written = file_bytes / page_bytes};
    p->used = calloc(1, (size_t)(n / 8 + 1));
    return p->used != NULL ? KAI_OK : KAI_ENOMEM;
}

static enum kai_err use_page(struct kai_pages *p, uint64_t no)
{
    if (no < 2 || no >= p->n || (p->used[no / 8] >> (no % 8) & 1u) != 0)
        return KAI_ECORRUPT;
    p->used[no / 8] |= (uint8_t)(1u << (no % 8));
    return KAI_OK;
}

/* The number of the page at this address, which begins with it. */
static enum kai_err page_no(struct kai_pages *p, const uint8_t *page, uint64_t *no)
{
    memcpy(no, page, sizeof *no);
    if (*no >= p->n)
        return KAI_ECORRUPT;
    if (p->base == NULL)
        p->base = page - *no * p->page_bytes;
    return page == p->base + *no * p->page_bytes ? KAI_OK : KAI_ECORRUPT;
}

static uint16_t half(const uint8_t *at)
{
    uint16_t v;

    memcpy(&v, at, sizeof v);
    return v;
}

/* Bytes that a node takes up; of a branch the data is part of its head. */
static size_t node_bytes(const uint8_t *node, unsigned kind)
{
    size_t n = NODE_HEAD_BYTES + half(node + NODE_KEY_AT);

    if (kind == PAGE_LEAF)
        n += (half(node + NODE_FLAGS_AT) & NODE_ELSEWHERE) != 0
                 ? sizeof(uint64_t)
                 : half(node) | (size_t)half(node + 2) << 16;
    return n + (n & 1u);
}

/* Reading looks at nodes alone. The first change copies what lies between the bounds, and takes a
 * page whose flags say so for one in memory: with others than LMDB wrote it would kill us then. */
static enum kai_err page_sound(const struct kai_pages *p, const uint8_t *page, unsigned kind)
{
    size_t lower = half(page + PAGE_LOWER_AT), upper = half(page + PAGE_UPPER_AT), sum = 0;

    if (half(page + PAGE_FLAGS_AT) != kind || lower < PAGE_HEAD_BYTES || lower % 2 != 0 ||
        lower > upper || upper > p->page_bytes)
        return KAI_ECORRUPT;
    for (size_t at = PAGE_HEAD_BYTES; at < lower; at += 2) {
        size_t node = half(page + at);

        if (node < upper || node + NODE_HEAD_BYTES > p->page_bytes)
            return KAI_ECORRUPT;
        sum += node_bytes(page + node, kind);
    }
    return sum == p->page_bytes - upper ? KAI_OK : KAI_ECORRUPT; /* None overlap. */
}

enum kai_err kai_pages_branches(const struct kai_pages *p)
{
    uint64_t end = p->written < p->n ? p->written : p->n;

    for (uint64_t no = 2; p->base != NULL && no < end; no++) {
        const uint8_t *page = p->base + no * p->page_bytes;

        if ((p->used[no / 8] >> (no % 8) & 1u) == 0 &&
            (half(page + PAGE_FLAGS_AT) & PAGE_BRANCH) != 0 &&
            (memcmp(page, &no, sizeof no) != 0 || page_sound(p, page, PAGE_BRANCH) != KAI_OK))
            return KAI_ECORRUPT;
    }
    return KAI_OK;
}

void kai_pages_table_begin(struct kai_pages *p)
{
    p->leaf = NULL;
    p->leaves = 0;
    p->overflow = 0;
}

enum kai_err kai_pages_row(struct kai_pages *p, MDB_val key, MDB_val row)
{
    const uint8_t *at = row.mv_data;
    const uint8_t *leaf = (const uint8_t *)key.mv_data - (uintptr_t)key.mv_data % p->page_bytes;
    uint64_t no;
    enum kai_err err = KAI_OK;

    if (leaf != p->leaf) {
        err = page_no(p, leaf, &no);
        if (err == KAI_OK)
            err = use_page(p, no);
        if (err == KAI_OK)
            err = page_sound(p, leaf, PAGE_LEAF);
        if (err != KAI_OK)
            return err;
        p->leaf = leaf;
        p->leaves++;
    }
    if (at >= leaf && at <= leaf + p->page_bytes)
        return row.mv_size <= (size_t)(leaf + p->page_bytes - at) ? KAI_OK : KAI_ECORRUPT;

    uint64_t least = (PAGE_HEAD_BYTES - 1 + row.mv_size) / p->page_bytes + 1;
    uint32_t n = 0;
    if ((uintptr_t)at % p->page_bytes != PAGE_HEAD_BYTES)
        return KAI_ECORRUPT;
    err = page_no(p, at - PAGE_HEAD_BYTES, &no);
    /* More than it needs, where a shorter value was put over a longer one of the same transaction.
     */
    if (err == KAI_OK)
        memcpy(&n, at - PAGE_HEAD_BYTES + PAGE_COUNT_AT, sizeof n);
    if (err == KAI_OK &&
        (n < least || n > p->n || half(at - PAGE_HEAD_BYTES + PAGE_FLAGS_AT) != PAGE_OVERFLOW))
        err = KAI_ECORRUPT;
    for (uint64_t i = 0; i < n && err == KAI_OK; i++)
        err = use_page(p, no + i);
    p->overflow += n;
    return err;
}

enum kai_err kai_pages_table_end(struct kai_pages *p, const MDB_stat *st)
{
    if (p->leaves != st->ms_leaf_pages || p->overflow != st->ms_overflow_pages ||
        st->ms_branch_pages > p->n)
        return KAI_ECORRUPT;
    p->counted += p->leaves + p->overflow + st->ms_branch_pages;
    return p->counted + 2 <= p->n ? KAI_OK : KAI_ECORRUPT;
}

/* One row of the free list: a count, and as many page numbers. */
static enum kai_err free_row(struct kai_pages *p, struct kai_view row)
{
    uint64_t n;
    uint64_t no;

    if (row.n < sizeof n)
        return KAI_ECORRUPT;
    memcpy(&n, row.p, sizeof n);
    if (n > p->n || row.n < (n + 1) * sizeof n)
        return KAI_ECORRUPT;
    for (uint64_t i = 1; i <= n; i++) {
        memcpy(&no, row.p + i * sizeof no, sizeof no);
        if (use_page(p, no) != KAI_OK)
            return KAI_ECORRUPT;
    }
    p->counted += n;
    return p->counted + 2 <= p->n ? KAI_OK : KAI_ECORRUPT;
}

enum kai_err kai_pages_free_list(struct kai_pages *p, MDB_txn *mdb)
{
    MDB_cursor *cur = NULL;
    MDB_stat st;
    MDB_val k;
    MDB_val v;
    uint64_t rows = 0;
    enum kai_err err = kai_lmdb_err(mdb_stat(mdb, 0, &st));

    if (err == KAI_OK)
        err = kai_lmdb_err(mdb_cursor_open(mdb, 0, &cur));
    if (err != KAI_OK)
        return err;
    kai_pages_table_begin(p);
    int rc = mdb_cursor_get(cur, &k, &v, MDB_FIRST);
    for (; rc == MDB_SUCCESS && err == KAI_OK && rows <= st.ms_entries; rows++) {
        err = kai_pages_row(p, k, v);
        if (err == KAI_OK)
            err = free_row(p, kai_view_of(v.mv_data, v.mv_size));
        if (err == KAI_OK)
            rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
    }
    mdb_cursor_close(cur);
    if (err == KAI_OK && rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
        err = kai_lmdb_err(rc);
    if (err == KAI_OK && (rc == MDB_SUCCESS || rows != st.ms_entries))
        err = KAI_ECORRUPT;
    return err == KAI_OK ? kai_pages_table_end(p, &st) : err;
}

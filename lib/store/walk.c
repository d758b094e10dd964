/* walk: reads the tables of a store that is not trusted yet, in the child of the start-up check. */
#include <string.h>

#include "store/store_priv.h"

#define CHAIN_ENTRIES 64u /* Behind each head, when only the heads are walked. */

static enum kai_err get(struct walk *w, enum table table, struct kai_view key, struct kai_view *val)
{
    MDB_val k = txn_val(key);
    MDB_val v = {0};
    enum kai_err err = txn_err(mdb_get(w->mdb, w->dbi[table], &k, &v));

    *val = txn_view(v);
    return err == KAI_ENOTFOUND ? KAI_ECORRUPT : err; /* What is looked for must be there. */
}

static enum kai_err get_pos(struct walk *w, uint64_t no, uint64_t seq, struct pos_row *pr)
{
    uint8_t key[POS_KEY_BYTES];
    struct kai_view row;

    pos_key(key, no, seq);
    enum kai_err err = get(w, T_POS, kai_view_of(key, sizeof key), &row);
    return err == KAI_OK ? pos_row_read(pr, kai_view_of(key, sizeof key), row) : err;
}

/* That an entry stands where T_POS says and follows the one before it. */
static enum kai_err check_entry(struct walk *w, uint64_t position, const struct entry_row *er)
{
    static const uint8_t zeros[KAI_ID_BYTES];
    struct pos_row pr;
    enum kai_err err = get_pos(w, er->no, er->e.h.seq, &pr);

    if (err == KAI_OK &&
        (pr.position != position || memcmp(pr.hash, er->e.hash, KAI_ID_BYTES) != 0))
        err = KAI_ECORRUPT;
    if (err != KAI_OK)
        return err;
    memcpy(pr.hash, zeros, sizeof zeros);
    if (er->e.h.seq > 1)
        err = get_pos(w, er->no, er->e.h.seq - 1, &pr);
    if (err == KAI_OK && memcmp(pr.hash, er->e.h.prev, KAI_ID_BYTES) != 0)
        err = KAI_ECORRUPT;
    return err;
}

/* The last entries up to seq, backwards. */
static enum kai_err check_chain(struct walk *w, const struct kai_log *log, uint64_t seq)
{
    uint64_t least = seq > CHAIN_ENTRIES ? seq - CHAIN_ENTRIES : 0;
    uint8_t key[8];
    struct kai_view row;
    struct entry_row er;
    struct pos_row pr;
    enum kai_err err = KAI_OK;

    for (; seq > least && err == KAI_OK; seq--) {
        err = get_pos(w, log->no, seq, &pr);
        if (err != KAI_OK)
            return err;
        kai_put_u64(key, pr.position);
        err = get(w, T_ENTRIES, kai_view_of(key, sizeof key), &row);
        if (err == KAI_OK)
            err = entry_row_read(&er, kai_view_of(key, sizeof key), row);
        if (err == KAI_OK && (er.kind == ROW_RUN || er.no != log->no || er.e.h.seq != seq ||
                              memcmp(er.e.h.log_pk, log->log_pk, KAI_KEY_BYTES) != 0))
            err = KAI_ECORRUPT;
        if (err == KAI_OK)
            err = check_entry(w, pr.position, &er);
    }
    return err;
}

static enum kai_err check_head(struct walk *w, uint64_t no, uint64_t seq, const uint8_t *hash)
{
    struct pos_row pr;

    if (seq == 0)
        return KAI_OK;
    enum kai_err err = get_pos(w, no, seq, &pr);
    if (err == KAI_OK && memcmp(pr.hash, hash, KAI_ID_BYTES) != 0)
        err = KAI_ECORRUPT;
    return err;
}

static enum kai_err row_log(struct walk *w, struct kai_view key, struct kai_view row)
{
    uint8_t no[8];
    struct kai_view nk = {no, sizeof no};
    struct kai_view pk;
    struct log_row r;
    uint64_t last;

    if (log_row_read(&r, key, row) != KAI_OK || r.log.no == 0 || r.log.no >= w->c.next_no)
        return KAI_ECORRUPT;
    kai_put_u64(no, r.log.no);
    enum kai_err err = get(w, T_LOGNO, nk, &pk);
    if (err == KAI_OK && (row_open(T_LOGNO, nk, pk, &pk) != KAI_OK || !kai_view_eq(pk, key)))
        err = KAI_ECORRUPT;
    if (err == KAI_OK)
        err = check_head(w, r.log.no, r.log.head_seq, r.log.head);
    last = r.log.head_seq;
    if (err == KAI_OK && r.staged_seq > last) {
        last = r.staged_seq;
        err = check_head(w, r.log.no, last, r.staged_hash);
    }
    w->logs++;
    w->heads += r.log.head_seq;
    w->staged += last - r.log.head_seq;
    return err == KAI_OK ? check_chain(w, &r.log, last) : err;
}

static enum kai_err row_pos(struct walk *w, struct kai_view key, struct kai_view row)
{
    struct pos_row pr;

    if (key.n != POS_KEY_BYTES || pos_row_read(&pr, key, row) != KAI_OK)
        return KAI_ECORRUPT;
    uint64_t no = kai_get_u64(key.p);
    uint64_t want = no == w->pos_no ? w->pos_seq + 1 : 1;
    w->pos_no = no;
    w->pos_seq = kai_get_u64(key.p + 8);
    return w->pos_seq == want ? KAI_OK : KAI_ECORRUPT;
}

static enum kai_err row_entry(struct walk *w, struct kai_view key, struct kai_view row)
{
    struct entry_row er;

    if (entry_row_read(&er, key, row) != KAI_OK || kai_get_u64(key.p) >= w->c.next_pos)
        return KAI_ECORRUPT;
    w->rows[er.kind]++;
    if (er.kind == ROW_RUN) {
        w->run_entries += er.n;
        return KAI_OK;
    }
    return check_entry(w, kai_get_u64(key.p), &er);
}

static enum kai_err row_element(enum table table, struct kai_view key, struct kai_view row)
{
    uint8_t want[HASHED_KEY_BYTES];
    struct kai_view body;
    struct kai_entry e;
    struct kai_cur c;

    if (row_open(table, key, row, &body) != KAI_OK)
        return KAI_ECORRUPT;
    kai_cur_init(&c, body.p, body.n);
    if (kai_entry_read(&e, &c) != KAI_OK || kai_cur_end(&c) != KAI_OK)
        return KAI_ECORRUPT;
    hashed_key(want, &e);
    return kai_view_eq(key, kai_view_of(want, sizeof want)) ? KAI_OK : KAI_ECORRUPT;
}

static enum kai_err walk_row(struct walk *w, enum table table, struct kai_view key,
                             struct kai_view row)
{
    struct kai_view body;

    switch (table) {
    case T_CTL:
    case T_FORKS:
        return row_element(table, key, row);
    case T_LOGS:
        return row_log(w, key, row);
    case T_POS:
        return row_pos(w, key, row);
    case T_ENTRIES:
        return row_entry(w, key, row);
    case T_META:
    case T_NOTES:
    case T_LOGNO:
    case T_KV:
        return row_open(table, key, row, &body);
    case T_COUNT:
        break;
    }
    return KAI_ECORRUPT;
}

static int key_order(struct kai_view a, struct kai_view b)
{
    int d = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    return d != 0 ? d : (a.n > b.n) - (a.n < b.n);
}

/* Every row once and in order, and as many as the table says. table T_COUNT: the list of tables,
 * whose rows are LMDB's own. */
static enum kai_err walk_table(struct walk *w, enum table table)
{
    MDB_dbi dbi = table == T_COUNT ? 1 : w->dbi[table];
    MDB_cursor *cur = NULL;
    struct kai_view last = {0};
    uint64_t rows = 0;
    MDB_stat st;
    MDB_val k;
    MDB_val v;
    enum kai_err err = txn_err(mdb_stat(w->mdb, dbi, &st));

    walk_at(w, table == T_COUNT ? "tables" : table_names[table]);
    if (err == KAI_OK)
        err = txn_err(mdb_cursor_open(w->mdb, dbi, &cur));
    if (err != KAI_OK)
        return err;
    if (w->pages != NULL)
        kai_pages_table_begin(w->pages);
    int rc = mdb_cursor_get(cur, &k, &v, MDB_FIRST);
    for (; rc == MDB_SUCCESS && err == KAI_OK && rows <= st.ms_entries; rows++) {
        struct kai_view key = txn_view(k);

        if (last.p != NULL && key_order(last, key) >= 0)
            err = KAI_ECORRUPT;
        last = key;
        if (err == KAI_OK && w->pages != NULL)
            err = kai_pages_row(w->pages, k, v);
        if (err == KAI_OK && table != T_COUNT)
            err = walk_row(w, table, key, txn_view(v));
        if (err == KAI_OK)
            rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
    }
    mdb_cursor_close(cur);
    if (err == KAI_OK && rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
        err = txn_err(rc);
    if (err == KAI_OK && (rc == MDB_SUCCESS || rows != st.ms_entries))
        err = KAI_ECORRUPT;
    if (err == KAI_OK && w->pages != NULL)
        err = kai_pages_table_end(w->pages, &st);
    return err;
}

static enum kai_err rows_of(struct walk *w, enum table table, uint64_t *n)
{
    MDB_stat st;
    enum kai_err err = txn_err(mdb_stat(w->mdb, w->dbi[table], &st));

    *n = st.ms_entries;
    return err;
}

enum kai_err walk_all(struct walk *w)
{
    static const enum table small[] = {T_META, T_CTL, T_NOTES, T_LOGNO, T_LOGS, T_FORKS, T_KV};
    uint64_t logno_n = 0;
    uint64_t pos_n = 0;
    enum kai_err err = walk_table(w, T_COUNT);

    for (size_t i = 0; i < sizeof small / sizeof small[0] && err == KAI_OK; i++)
        err = walk_table(w, small[i]);
    if (err == KAI_OK)
        err = rows_of(w, T_LOGNO, &logno_n);
    if (err == KAI_OK)
        err = rows_of(w, T_POS, &pos_n);
    if (err == KAI_OK && (w->logs != w->c.logs || logno_n != w->logs || w->heads != w->c.entries ||
                          w->staged != w->c.staged || pos_n != w->heads + w->staged))
        err = KAI_ECORRUPT;
    if (err != KAI_OK || w->pages == NULL)
        return err;

    err = walk_table(w, T_POS);
    if (err == KAI_OK)
        err = walk_table(w, T_ENTRIES);
    if (err == KAI_OK && (w->rows[ROW_ENTRY] + w->run_entries != w->heads ||
                          w->rows[ROW_STAGED] != w->run_entries + w->staged))
        err = KAI_ECORRUPT;
    walk_at(w, "free list");
    if (err == KAI_OK)
        err = kai_pages_free_list(w->pages, w->mdb);
    return err == KAI_OK ? kai_pages_branches(w->pages) : err;
}

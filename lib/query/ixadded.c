/* ixadded: when each row came into the index, for programs that ask again for what is new.
 *
 * TABLE_ADDED: 'a', half of the audience, us -> row, label; the same under 'l' for lists alone;
 * 'r', row -> us. us are microseconds since 1970, each given once. They are given at the commit, so
 * that whoever has read up to one of them finds everything that comes later behind it. A list takes
 * one for each of its values.
 *
 * Within a transaction the rows of the lowest label come first: what a reader does not see makes no
 * gap between those that they do see.
 *
 * DIR/added: 8 us, 8 sum. None at or beyond it has ever been given: an index that is made anew
 * begins there, even when the clock went back meanwhile. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "query/index_priv.h"

#define BY_AUDIENCE 'a'
#define BY_LIST     'l'
#define BY_ROW      'r'

#define AUD_KEY_BYTES (1u + KAI_HALF_ID_BYTES + 8u)
#define ROW_KEY_BYTES 9u
#define NEW_BYTES     (KAI_HALF_ID_BYTES + 1u + 8u + 8u) /* Of a row until the commit. */
#define NEW_ROWS_MAX  (64u << 20)                        /* Bytes of them: 2 million. */
#define STEP_US       1000u /* A transaction begins at a multiple: how many came before is hidden. */
#define AHEAD_US      (UINT64_C(60) * 1000000u) /* Set aside on the disk at a time. */

/* ---- What has been set aside. */
static uint64_t until_sum(const uint8_t us[static 8])
{
    return kai_ix_sum(KAI_IX_SUM_BEGIN, us, 8);
}

uint64_t kai_ix_added_until(int dir_fd)
{
    uint8_t b[16];
    int fd = openat(dir_fd, "added", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool whole = fd >= 0 && read(fd, b, sizeof b) == (ssize_t)sizeof b;

    if (fd >= 0)
        (void)close(fd);
    return whole && kai_get_u64(b + 8) == until_sum(b) ? kai_get_u64(b) : 0;
}

static enum kai_err set_aside(struct kai_index *x, uint64_t until)
{
    uint8_t b[16];
    int fd = openat(x->dir_fd, "added", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return errno == ENOSPC ? KAI_EFULL : KAI_EIO;
    kai_put_u64(b, until);
    kai_put_u64(b + 8, until_sum(b));
    bool done = pwrite(fd, b, sizeof b, 0) == (ssize_t)sizeof b && fdatasync(fd) == 0;
    int failed = errno;
    (void)close(fd);
    if (!done)
        return failed == ENOSPC ? KAI_EFULL : KAI_EIO;
    x->added_until = until;
    return KAI_OK;
}

/* ---- Writing. */
void kai_ix_added_row(struct kai_ix *t, const struct kai_row *row)
{
    struct kai_buf *b = &t->x->added;
    uint8_t e[NEW_BYTES];

    if (row->kind == KAI_ROW_SEALED || t->err != KAI_OK)
        return;
    if (b->max == 0)
        kai_buf_init(b, NEW_ROWS_MAX);
    memcpy(e, row->aud_id, KAI_HALF_ID_BYTES);
    e[KAI_HALF_ID_BYTES] = row->tlp;
    kai_put_u64(e + KAI_HALF_ID_BYTES + 1, row->no);
    kai_put_u64(e + KAI_HALF_ID_BYTES + 9, row->n_values);
    kai_buf_add(b, e, sizeof e);
    t->err = b->err;
}

void kai_ix_added_at(struct kai_ix *t, uint64_t now_us)
{
    t->added_us = now_us;
}

/* Returns how many it takes. */
static uint64_t put_one(struct kai_ix *t, const uint8_t e[static NEW_BYTES], uint64_t us)
{
    uint8_t aud[AUD_KEY_BYTES] = {BY_AUDIENCE};
    uint8_t row[ROW_KEY_BYTES] = {BY_ROW};
    uint64_t n = kai_get_u64(e + KAI_HALF_ID_BYTES + 9);
    uint8_t to[9];
    uint8_t at[8];

    memcpy(aud + 1, e, KAI_HALF_ID_BYTES);
    kai_put_u64(aud + 1 + KAI_HALF_ID_BYTES, us);
    memcpy(to, e + KAI_HALF_ID_BYTES + 1, 8);
    to[8] = e[KAI_HALF_ID_BYTES];
    memcpy(row + 1, to, 8);
    kai_put_u64(at, us);
    (void)kai_ix_put(t, TABLE_ADDED, ix_val(aud, sizeof aud), ix_val(to, sizeof to), 0);
    (void)kai_ix_put(t, TABLE_ADDED, ix_val(row, sizeof row), ix_val(at, sizeof at), 0);
    if (n == 0)
        return 1;
    aud[0] = BY_LIST;
    (void)kai_ix_put(t, TABLE_ADDED, ix_val(aud, sizeof aud), ix_val(to, sizeof to), 0);
    return n;
}

/* Where the next may begin: behind all that were given. */
static uint64_t given(struct kai_ix *t)
{
    MDB_val key = ix_val("added", 5);
    MDB_val val;

    if (mdb_get(t->txn, t->x->dbi[TABLE_META], &key, &val) == 0 && val.mv_size == 8)
        return kai_get_u64(val.mv_data);
    return t->x->added_until; /* An index without rows. */
}

void kai_ix_added_end(struct kai_ix *t)
{
    const struct kai_buf *b = &t->x->added;
    uint8_t end[8];

    if (t->err != KAI_OK || b->len == 0)
        return;
    uint64_t us = (given(t) + STEP_US - 1) / STEP_US * STEP_US;
    if (t->added_us > us)
        us = t->added_us;
    for (uint8_t tlp = 1; tlp < KAI_LABELS; tlp++) {
        for (size_t at = 0; at < b->len; at += NEW_BYTES) {
            const uint8_t *e = b->p + at;

            if (e[KAI_HALF_ID_BYTES] == tlp)
                us += put_one(t, e, us);
        }
    }
    kai_put_u64(end, us);
    (void)kai_ix_put(t, TABLE_META, ix_val("added", 5), ix_val(end, sizeof end), 0);
    if (t->err == KAI_OK && us > t->x->added_until)
        t->err = set_aside(t->x, us + AHEAD_US);
}

/* ---- Reading. */
enum kai_err kai_ixsnap_added_us(struct kai_ixsnap *r, uint64_t no, uint64_t *us)
{
    uint8_t row[ROW_KEY_BYTES] = {BY_ROW};
    MDB_val key = ix_val(row, sizeof row);
    MDB_val val;

    kai_put_u64(row + 1, no);
    enum kai_err err = kai_ix_err(mdb_get(r->txn, r->x->dbi[TABLE_ADDED], &key, &val));
    if (err == KAI_OK && val.mv_size != 8)
        err = KAI_ECORRUPT;
    if (err == KAI_OK)
        *us = kai_get_u64(val.mv_data);
    return err;
}

static bool of_audience(MDB_val key, const uint8_t from[static AUD_KEY_BYTES])
{
    return key.mv_size == AUD_KEY_BYTES && memcmp(key.mv_data, from, 1 + KAI_HALF_ID_BYTES) == 0;
}

/* At the last row of the audience that begins at or before the place; else at the first behind. */
static int seek(MDB_cursor *c, MDB_val *key, MDB_val *val, const uint8_t from[static AUD_KEY_BYTES])
{
    *key = ix_val(from, AUD_KEY_BYTES);
    int rc = mdb_cursor_get(c, key, val, MDB_SET_RANGE);
    if (rc == 0 && key->mv_size == AUD_KEY_BYTES && memcmp(key->mv_data, from, AUD_KEY_BYTES) == 0)
        return 0;
    if (rc != 0 && rc != MDB_NOTFOUND)
        return rc;
    rc = mdb_cursor_get(c, key, val, rc == 0 ? MDB_PREV : MDB_LAST);
    if (rc == 0 && of_audience(*key, from))
        return 0;
    *key = ix_val(from, AUD_KEY_BYTES);
    return mdb_cursor_get(c, key, val, MDB_SET_RANGE);
}

enum kai_err kai_ixsnap_added(struct kai_ixsnap *r, const uint8_t aud_id[static KAI_ID_BYTES],
                              bool lists, uint64_t after_us, kai_added_fn *f, void *ctx)
{
    uint8_t from[AUD_KEY_BYTES] = {lists ? BY_LIST : BY_AUDIENCE};
    MDB_cursor *c = NULL;
    MDB_val key;
    MDB_val val;
    int rc = mdb_cursor_open(r->txn, r->x->dbi[TABLE_ADDED], &c);
    enum kai_err err = KAI_OK;

    if (rc != 0)
        return kai_ix_err(rc);
    memcpy(from + 1, aud_id, KAI_HALF_ID_BYTES);
    kai_put_u64(from + 1 + KAI_HALF_ID_BYTES, after_us);
    for (rc = seek(c, &key, &val, from); rc == 0 && of_audience(key, from);
         rc = mdb_cursor_get(c, &key, &val, MDB_NEXT)) {
        const uint8_t *to = val.mv_data;
        uint64_t us = kai_get_u64((const uint8_t *)key.mv_data + 1 + KAI_HALF_ID_BYTES);
        struct kai_row row;

        if (val.mv_size != 9)
            err = KAI_ECORRUPT;
        else if (!kai_ix_sees(r, to[8]))
            continue;
        else
            err = kai_ixsnap_sound_row(r, kai_get_u64(to), &row);
        if (err == KAI_ENOTFOUND) { /* Its record knows better than the key; or it is damaged. */
            err = KAI_OK;
            continue;
        }
        if (err != KAI_OK || !f(ctx, &row, us))
            break;
    }
    mdb_cursor_close(c);
    return rc == 0 || rc == MDB_NOTFOUND ? err : kai_ix_err(rc);
}

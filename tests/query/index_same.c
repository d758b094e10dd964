/* index_same: two LMDB environments, a cursor in each. */
#include "query/index_same.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <lmdb.h>

#define TABLES_MAX 16u
#define NAME_CAP   32u

struct side {
    MDB_env *env;
    MDB_txn *txn;
    MDB_cursor *cur;
    MDB_val k;
    MDB_val v;
    int rc;
    bool is_acts; /* Of the table. */
};

static void open_side(struct side *s, const char *dir)
{
    assert_int_equal(mdb_env_create(&s->env), 0);
    assert_int_equal(mdb_env_set_maxdbs(s->env, TABLES_MAX), 0);
    assert_int_equal(mdb_env_open(s->env, dir, MDB_RDONLY | MDB_NOLOCK, 0600), 0);
    assert_int_equal(mdb_txn_begin(s->env, NULL, MDB_RDONLY, &s->txn), 0);
}

static bool is(MDB_val k, const char *text)
{
    return k.mv_size == strlen(text) && memcmp(k.mv_data, text, k.mv_size) == 0;
}

/* RULEs that wait to be kept elsewhere, and are forgotten then: lib/query/acts_priv.h. */
static bool waits(const struct side *s)
{
    return s->is_acts && s->rc == 0 && *(const char *)s->k.mv_data == 'u';
}

static void step(struct side *s, MDB_cursor_op op)
{
    s->rc = mdb_cursor_get(s->cur, &s->k, &s->v, op);
    while (waits(s))
        s->rc = mdb_cursor_get(s->cur, &s->k, &s->v, MDB_NEXT);
}

static void open_table(struct side *s, const char *name)
{
    MDB_dbi dbi;

    s->is_acts = strcmp(name, "acts") == 0;

    assert_int_equal(mdb_dbi_open(s->txn, name, 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(s->txn, dbi, &s->cur), 0);
    step(s, MDB_FIRST);
}

static bool equal(MDB_val a, MDB_val b)
{
    return a.mv_size == b.mv_size && memcmp(a.mv_data, b.mv_data, a.mv_size) == 0;
}

static void same_table(struct side *a, struct side *b, const char *name)
{
    open_table(a, name);
    open_table(b, name);
    for (size_t i = 0; a->rc == 0 && b->rc == 0; i++) {
        bool own =
            strcmp(name, "meta") == 0 && (is(a->k, "id") || is(a->k, "key") || is(a->k, "added"));

        if (!equal(a->k, b->k) || (!own && !equal(a->v, b->v)))
            fail_msg("%s differs at row %zu", name, i);
        step(a, MDB_NEXT);
        step(b, MDB_NEXT);
    }
    if (a->rc != MDB_NOTFOUND || b->rc != MDB_NOTFOUND)
        fail_msg("%s has more rows in one of them", name);
    mdb_cursor_close(a->cur);
    mdb_cursor_close(b->cur);
}

void index_same(const char *dir_a, const char *dir_b)
{
    struct side a;
    struct side b;
    struct side names;
    MDB_dbi dbi;

    open_side(&a, dir_a);
    open_side(&b, dir_b);
    names = a;
    assert_int_equal(mdb_dbi_open(names.txn, NULL, 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(names.txn, dbi, &names.cur), 0);
    for (int rc = mdb_cursor_get(names.cur, &names.k, &names.v, MDB_FIRST); rc == 0;
         rc = mdb_cursor_get(names.cur, &names.k, &names.v, MDB_NEXT)) {
        char name[NAME_CAP] = "";

        assert_in_range(names.k.mv_size, 1, sizeof name - 1);
        memcpy(name, names.k.mv_data, names.k.mv_size);
        if (strcmp(name, "added") != 0)
            same_table(&a, &b, name);
    }
    mdb_cursor_close(names.cur);
    mdb_txn_abort(a.txn);
    mdb_txn_abort(b.txn);
    mdb_env_close(a.env);
    mdb_env_close(b.env);
}

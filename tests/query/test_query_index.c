/* The index itself: versions, duplicates, prefixes of ids, parts, and when it is believed. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "item/list.h"
#include "log/body.h"
#include "query/acts.h"
#include "query/index_priv.h"
#include "query/query_util.h"

static uint64_t flags_of(struct kai_index *x, uint64_t no)
{
    struct kai_ixsnap *r = look(x, 5);
    struct kai_row row;

    assert_int_equal(kai_ixsnap_row(r, no, &row), KAI_OK);
    kai_ixsnap_end(r);
    return row.flags;
}

static uint64_t put(struct kai_index *x, struct kai_row row, bool revoked)
{
    struct kai_ix *t = begin(x);

    assert_int_equal(kai_ix_row(t, &row, revoked), KAI_OK);
    assert_int_equal(kai_ix_commit(t, row.no), KAI_OK);
    return row.no;
}

static void test_versions(void **state)
{
    struct indexed *f = *state;
    uint64_t a = put(f->x, stix_row(1, 1, 1, 9, 100), false);
    uint64_t older = put(f->x, stix_row(2, 1, 1, 9, 50), false);
    uint64_t equal = put(f->x, stix_row(3, 1, 1, 9, 100), false);
    uint64_t other_aud = put(f->x, stix_row(1, 1, 2, 9, 100), false);
    uint64_t other_origin = put(f->x, stix_row(1, 2, 1, 9, 10), false);

    assert_int_equal(flags_of(f->x, a), 0);
    assert_int_equal(flags_of(f->x, older), KAI_ROW_SUPERSEDED);
    assert_int_equal(flags_of(f->x, equal), KAI_ROW_SUPERSEDED);
    assert_int_equal(flags_of(f->x, other_aud), 0);
    uint64_t newer = put(f->x, stix_row(4, 1, 1, 9, 200), false);
    assert_int_equal(flags_of(f->x, a), KAI_ROW_SUPERSEDED);
    assert_int_equal(flags_of(f->x, other_aud), KAI_ROW_SUPERSEDED);
    assert_int_equal(flags_of(f->x, newer), 0);
    uint64_t revoked = put(f->x, stix_row(5, 1, 1, 9, 300), true);
    assert_int_equal(flags_of(f->x, revoked), KAI_ROW_WITHDRAWN);
    assert_int_equal(flags_of(f->x, newer), KAI_ROW_WITHDRAWN | KAI_ROW_SUPERSEDED);
    uint64_t revived = put(f->x, stix_row(6, 1, 1, 9, 400), false);
    assert_int_equal(flags_of(f->x, revived), KAI_ROW_WITHDRAWN);
    assert_int_equal(flags_of(f->x, other_origin), 0); /* Another's word does not touch it. */
}

static uint64_t change(struct kai_index *x, uint64_t no)
{
    struct kai_ixsnap *r = look(x, 5);
    uint64_t row = 0;

    if (kai_ixsnap_change(r, no, &row) == KAI_OK)
        assert_true(no <= kai_ixsnap_changes(r));
    else
        assert_int_equal(no, kai_ixsnap_changes(r) + 1);
    kai_ixsnap_end(r);
    return row;
}

/* What is withdrawn or recalled after it came is numbered; what supersedes, or comes so, is not. */
static void test_changes(void **state)
{
    struct indexed *f = *state;
    uint64_t a = put(f->x, stix_row(1, 1, 1, 9, 100), false);
    uint64_t b = put(f->x, stix_row(2, 1, 1, 9, 200), false);
    struct kai_row c = stix_row(3, 2, 1, 10, 100);
    struct kai_ix_act act = {.seen_ms = 1};

    memset(c.obj_hash, 7, sizeof c.obj_hash);
    c.no = put(f->x, c, false);
    assert_int_equal(flags_of(f->x, a), KAI_ROW_SUPERSEDED);
    assert_int_equal(change(f->x, 1), 0);
    (void)put(f->x, stix_row(4, 1, 1, 9, 300), true);
    assert_int_equal(change(f->x, 1), b);
    (void)put(f->x, stix_row(5, 1, 1, 9, 400), true); /* Withdrawn already, and comes so. */
    assert_int_equal(change(f->x, 2), 0);
    memcpy(act.obj_hash, c.obj_hash, sizeof act.obj_hash);
    memcpy(act.origin, c.origin, sizeof act.origin);
    for (unsigned i = 0; i < 2; i++) { /* The second says what is known. */
        struct kai_ix *t = begin(f->x);

        assert_int_equal(kai_ix_recall(t, &act, kai_view_of(i == 0 ? "x" : "y", 1), NULL, 0, false),
                         KAI_OK);
        assert_int_equal(kai_ix_commit(t, 9 + i), KAI_OK);
        assert_int_equal(change(f->x, 2), c.no);
        assert_int_equal(change(f->x, 3), 0);
    }
}

/* What is kept with the index: the first is, until the index is made again. */
typedef enum kai_err kept_fn(struct kai_index *x, const uint8_t *fresh, uint8_t *out);

static void keeps(struct indexed *f, kept_fn *get, size_t n)
{
    uint8_t first[KAI_KEY_BYTES] = {1};
    uint8_t fresh[KAI_KEY_BYTES] = {2};
    uint8_t out[KAI_KEY_BYTES];

    assert_true(n <= sizeof out);
    assert_int_equal(get(f->x, first, out), KAI_OK);
    assert_memory_equal(out, first, n);
    (void)put(f->x, stix_row(1, 1, 1, 9, 100), false);
    kai_index_close(f->x);
    f->x = tmp_open(&f->tmp, "boot-2", false);
    assert_int_equal(get(f->x, fresh, out), KAI_OK);
    assert_memory_equal(out, first, n);
    kai_index_close(f->x);
    assert_int_equal(kai_index_erase(f->tmp.index), KAI_OK);
    f->x = tmp_open(&f->tmp, "boot-2", true);
    assert_int_equal(get(f->x, fresh, out), KAI_OK);
    assert_memory_equal(out, fresh, n);
}

static void test_id(void **state)
{
    keeps(*state, kai_index_id, KAI_HALF_ID_BYTES);
}

/* So no place of the one before opens. */
static void test_key(void **state)
{
    keeps(*state, kai_index_key, KAI_KEY_BYTES);
}

static void test_revoked_out_of_order(void **state)
{
    struct indexed *f = *state;
    uint64_t current = put(f->x, stix_row(1, 1, 1, 9, 300), false);

    (void)put(f->x, stix_row(2, 1, 1, 9, 200), true);
    assert_int_equal(flags_of(f->x, current), KAI_ROW_WITHDRAWN);
}

static void test_duplicates(void **state)
{
    struct indexed *f = *state;
    struct kai_row row = stix_row(1, 1, 1, 9, 100);
    struct kai_ix *t = begin(f->x);
    struct kai_ixsnap *r;

    assert_int_equal(kai_ix_row(t, &row, false), KAI_OK);
    row = stix_row(1, 1, 1, 9, 100);
    assert_int_equal(kai_ix_row(t, &row, false), KAI_EEXIST); /* In the same transaction. */
    assert_int_equal(kai_ix_commit(t, 7), KAI_OK);
    t = begin(f->x);
    assert_int_equal(kai_ix_row(t, &row, false), KAI_EEXIST);
    row = stix_row(1, 1, 2, 9, 100);
    assert_int_equal(kai_ix_row(t, &row, false), KAI_OK);
    kai_ix_abort(t);
    r = look(f->x, 5);
    assert_int_equal(kai_ixsnap_rows(r), 1);
    assert_int_equal(kai_ixsnap_position(r), 7);
    row = stix_row(1, 1, 1, 9, 100);
    assert_true(kai_ixsnap_has(r, row.item_id, row.origin, row.aud_id, 5));
    row.aud_id[31] ^= 1; /* Alike in the first bytes only. */
    assert_false(kai_ixsnap_has(r, row.item_id, row.origin, row.aud_id, 5));
    kai_ixsnap_end(r);
}

static bool count_hit(void *ctx, const struct kai_query_hit *hit)
{
    (void)hit;
    ++*(size_t *)ctx;
    return true;
}

static size_t hits(struct kai_ixsnap *r, const char *expr)
{
    struct kai_query *q = query_of(expr, 0);
    struct kai_row row;
    size_t n = 0;

    for (uint64_t no = 1; kai_ixsnap_row(r, no, &row) == KAI_OK; no++)
        assert_int_equal(kai_query_match_row(q, r, &row, 0, count_hit, &n), KAI_OK);
    kai_query_free(q);
    return n;
}

/* Of an entry whose payload is gone no row is found, in this transaction and later; nothing else is
 * touched, and what is said again is new. */
static void test_gone(void **state)
{
    struct indexed *f = *state;
    struct kai_row row[3];
    struct kai_ixsnap *r;
    struct kai_ix *t = begin(f->x);

    for (uint8_t i = 0; i < 3; i++) {
        row[i] = stix_row((uint8_t)(1 + i), 1, 1, (uint8_t)(9 + i), 100);
        row[i].log_no = i < 2 ? 7 : 8;
        row[i].seq = i == 1 ? 3 : 2;
        assert_int_equal(kai_ix_row(t, &row[i], false), KAI_OK);
    }
    assert_int_equal(kai_ix_gone(t, 7, 2), KAI_OK);
    assert_int_equal(kai_ix_gone(t, 7, 2), KAI_OK);
    struct kai_row same = stix_row(2, 1, 1, 10, 100);
    assert_int_equal(kai_ix_row(t, &same, false), KAI_EEXIST);
    assert_int_equal(kai_ix_commit(t, 1), KAI_OK);
    assert_int_equal(flags_of(f->x, row[0].no), KAI_ROW_GONE);
    assert_int_equal(flags_of(f->x, row[1].no), 0);
    assert_int_equal(flags_of(f->x, row[2].no), 0);
    r = look(f->x, 5);
    assert_false(kai_ixsnap_has(r, row[0].item_id, row[0].origin, row[0].aud_id, 5));
    assert_true(kai_ixsnap_has(r, row[1].item_id, row[1].origin, row[1].aud_id, 5));
    kai_ixsnap_end(r);

    t = begin(f->x);
    same = stix_row(1, 1, 1, 9, 100);
    same.log_no = 7;
    same.seq = 9;
    assert_int_equal(kai_ix_row(t, &same, false), KAI_OK);
    assert_int_equal(kai_ix_commit(t, 2), KAI_OK);
    assert_int_equal(flags_of(f->x, same.no), 0);
    r = look(f->x, 5);
    assert_int_equal(hits(r, "withdrawn:any superseded:any"), 3);
    kai_ixsnap_end(r);
}

static void test_value_order(void **state)
{
    struct indexed *f = *state;
    struct kai_row row = stix_row(1, 1, 1, 0, 0);
    struct kai_view v = kai_view_of("192.0.2.1", 9);
    struct kai_ix *t = begin(f->x);

    row.n_values = 3;
    assert_int_equal(kai_ix_row(t, &row, false), KAI_OK);
    assert_int_equal(kai_ix_value(t, row.no + 1, KAI_V_IPV4, v, 0), KAI_EMALFORMED);
    assert_int_equal(kai_ix_value(t, row.no, KAI_V_IPV4, kai_view_of("x", 1), 0), KAI_EMALFORMED);
    assert_int_equal(kai_ix_value(t, row.no, KAI_V_IPV4, v, 2), KAI_OK);
    assert_int_equal(kai_ix_value(t, row.no, KAI_V_IPV4, v, 2), KAI_EMALFORMED);
    assert_int_equal(kai_ix_commit(t, 1), KAI_OK); /* None of them spoiled it. */
}

struct rows {
    uint64_t no[16];
    uint64_t index[16];
    size_t n;
};

static bool gather(void *ctx, uint64_t row_no, uint64_t value_index)
{
    struct rows *g = ctx;

    g->no[g->n] = row_no;
    g->index[g->n++] = value_index;
    return g->n < 16;
}

static void test_item_prefix(void **state)
{
    struct indexed *f = *state;
    struct kai_row a = stix_row(0xab, 1, 1, 1, 1);
    struct kai_row b = stix_row(0xab, 1, 1, 2, 1);
    struct kai_row list = stix_row(0xcd, 1, 1, 0, 0);
    char long_url[500] = "http://example.com/";
    uint8_t id[KAI_ID_BYTES];
    char hex[KAI_HEX_CAP(KAI_ID_BYTES)];
    struct rows g = {.n = 0};
    struct kai_ixsnap *r;
    struct kai_ix *t;

    memset(long_url + 19, 'x', sizeof long_url - 19);
    b.item_id[1] = 0xac; /* Differs in the fourth digit. */
    a.item_id[0] = b.item_id[0];
    (void)put(f->x, a, false);
    (void)put(f->x, b, false);
    a.aud_id[0] = 9;
    (void)put(f->x, a, false); /* The same item elsewhere is no ambiguity. */
    t = begin(f->x);
    list.kind = 2;
    list.n_values = 2;
    assert_int_equal(kai_ix_row(t, &list, false), KAI_OK);
    assert_int_equal(kai_ix_value(t, list.no, KAI_V_URL, kai_view_of(long_url, 500), 0), KAI_OK);
    assert_int_equal(kai_ix_value(t, list.no, KAI_V_URL, kai_view_of("http://example.org/", 19), 1),
                     KAI_OK);
    assert_int_equal(kai_ix_commit(t, 1), KAI_OK);
    r = look(f->x, 5);
    assert_int_equal(kai_ixsnap_item(r, "aba", 3, gather, &g), KAI_EAMBIGUOUS);
    assert_int_equal(g.n, 0);
    assert_int_equal(kai_ixsnap_item(r, "abab", 4, gather, &g), KAI_OK);
    assert_int_equal(g.n, 2);
    assert_true(g.no[0] == 1 && g.no[1] == 3 && g.index[0] == KAI_INDEX_WHOLE);
    assert_int_equal(kai_ixsnap_item(r, "ef", 2, gather, &g), KAI_ENOTFOUND);
    assert_int_equal(kai_ixsnap_item(r, "xy", 2, gather, &g), KAI_EMALFORMED);
    assert_int_equal(kai_ixsnap_item(r, "", 0, gather, &g), KAI_EMALFORMED);
    for (uint64_t i = 0; i < 2; i++) {
        kai_value_id(id, list.item_id,
                     i == 0 ? kai_view_of(long_url, 500) : kai_view_of("http://example.org/", 19));
        (void)kai_hex(hex, id, sizeof id);
        g.n = 0;
        assert_int_equal(kai_ixsnap_item(r, hex, i == 0 ? 64 : 36, gather, &g), KAI_OK);
        assert_true(g.n == 1 && g.no[0] == 4 && g.index[0] == i);
    }
    g.n = 0;
    assert_int_equal(kai_ixsnap_item(r, hex, 32, gather, &g), KAI_OK);
    assert_true(g.n == 1 && g.index[0] == KAI_INDEX_WHOLE);
    memset(id, 1, 16);
    g.n = 0;
    assert_int_equal(kai_ixsnap_stix(r, id, gather, &g), KAI_OK);
    assert_int_equal(g.n, 2);
    kai_ixsnap_end(r);
}

static bool gather_hit(void *ctx, const struct kai_query_hit *hit)
{
    return gather(ctx, hit->row->no, hit->index);
}

/* Exact lookups must not be led astray by texts that go on behind the key. */
static void test_longer_texts(void **state)
{
    struct indexed *f = *state;
    static const char *const urls[] = {"http://example.com/a", "http://example.com/a!",
                                       "http://example.com/a/b", "http://example.com/"};
    struct kai_query *q = query_of("url:http://example.com/a", 0);
    struct kai_ixsnap *r;
    struct kai_query_at at = {0};
    struct rows g = {.n = 0};
    bool done;

    for (uint8_t i = 0; i < 8; i++) {
        struct kai_row row = stix_row((uint8_t)(i + 1), 1, 1, (uint8_t)(i + 1), 1);
        struct kai_ix *t = begin(f->x);

        assert_int_equal(kai_ix_row(t, &row, false), KAI_OK);
        assert_int_equal(
            kai_ix_value(t, row.no, KAI_V_URL, kai_view_of(urls[i % 4], strlen(urls[i % 4])), 0),
            KAI_OK);
        assert_int_equal(kai_ix_commit(t, i), KAI_OK);
    }
    r = look(f->x, 5);
    assert_int_equal(kai_query_run(q, r, 0, 10, &at, &done, gather_hit, &g), KAI_OK);
    assert_true(done && g.n == 2 && g.no[0] == 5 && g.no[1] == 1); /* The newest first. */
    kai_query_free(q);
    kai_ixsnap_end(r);
}

static bool count_parts(void *ctx, const struct kai_ix_part *p, struct kai_view bytes)
{
    uint64_t *n = ctx;

    assert_int_equal(p->index, *n);
    assert_int_equal(p->seq, 100 + *n);
    assert_int_equal(bytes.n, 400000);
    ++*n;
    return true;
}

static void test_parts_are_bounded(void **state)
{
    struct indexed *f = *state;
    static uint8_t bytes[400000];
    struct kai_ix *t = begin(f->x);
    struct kai_ix_part p = {.log_no = 3};
    uint64_t n = 0;

    for (uint8_t obj = 1; obj <= 40; obj++) {
        memset(p.obj_hash, obj, sizeof p.obj_hash);
        for (p.index = 0; p.index < 2; p.index++) {
            p.seq = 100 + p.index;
            assert_int_equal(kai_ix_part_add(t, &p, kai_view_of(bytes, sizeof bytes)), KAI_OK);
        }
        assert_int_equal(kai_ix_part_add(t, &p, kai_view_of(bytes, sizeof bytes)), KAI_ELIMIT);
        p.index = 0;
        assert_int_equal(kai_ix_part_add(t, &p, kai_view_of(bytes, 1)), KAI_EEXIST);
    }
    assert_int_equal(kai_ix_parts(t, 3, p.obj_hash, count_parts, &n), KAI_OK);
    assert_int_equal(n, 2);
    n = 0;
    memset(p.obj_hash, 1, sizeof p.obj_hash); /* Forgotten for the later ones. */
    assert_int_equal(kai_ix_parts(t, 3, p.obj_hash, count_parts, &n), KAI_OK);
    assert_int_equal(n, 0);
    memset(p.obj_hash, 40, sizeof p.obj_hash);
    assert_int_equal(kai_ix_parts_forget(t, 3, p.obj_hash), KAI_OK);
    assert_int_equal(kai_ix_parts(t, 3, p.obj_hash, count_parts, &n), KAI_OK);
    assert_int_equal(n, 0);
    assert_int_equal(kai_ix_commit(t, 1), KAI_OK);
}

static bool gather_no(void *ctx, uint64_t row_no, uint64_t index)
{
    uint64_t *all = ctx; /* Digits: which, and in which order. */

    assert_true(index == KAI_INDEX_WHOLE);
    *all = *all * 10 + row_no;
    return row_no != 2;
}

/* The newest first, one role and one object alone, and nothing above the clearance. */
static void test_refs(void **state)
{
    static const struct {
        uint8_t uuid, role, clearance;
        uint64_t want;
    } rows[] = {{7, 1, 5, 5431}, {7, 1, 2, 41}, {7, 2, 5, 5}, {8, 1, 5, 6},
                {6, 1, 5, 0},    {7, 4, 5, 0},  {9, 4, 5, 62}};
    struct indexed *f = *state;
    struct kai_ix *t = begin(f->x);
    struct kai_ixsnap *r;
    uint8_t uuid[16];

    for (uint8_t i = 1; i <= 6; i++) {
        struct kai_row row = stix_row(i, 1, 1, i, 1);

        row.tlp = i == 3 || i == 5 ? 3 : 2;
        assert_int_equal(kai_ix_row(t, &row, false), KAI_OK);
        memset(uuid, i == 6 ? 8 : 7, 16);
        if (i != 2)
            assert_int_equal(kai_ix_ref(t, row.no, KAI_STIX_IS_NOTED, uuid), KAI_OK);
        if (i == 5)
            assert_int_equal(kai_ix_ref(t, row.no, KAI_STIX_IS_SIGHTED, uuid), KAI_OK);
        memset(uuid, 9, 16);
        if (i % 2 == 0 && i != 4)
            assert_int_equal(kai_ix_ref(t, row.no, KAI_STIX_IS_TARGET, uuid), KAI_OK);
        memset(uuid, 9, 16);
        if (i == 1) /* Behind the one that stops. */
            assert_int_equal(kai_ix_ref(t, row.no, KAI_STIX_IS_TARGET, uuid), KAI_OK);
    }
    assert_int_equal(kai_ix_commit(t, 1), KAI_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t got = 0;

        memset(uuid, rows[i].uuid, 16);
        r = look(f->x, rows[i].clearance);
        assert_int_equal(
            kai_ixsnap_refs(r, uuid, (enum kai_stix_role)rows[i].role, gather_no, &got), KAI_OK);
        kai_ixsnap_end(r);
        assert_int_equal(got, rows[i].want);
    }
}

/* ---- When is it believed. */
static void crash(const struct tmp *tmp, bool in_commit)
{
    int up[2];
    char c;
    int status;
    pid_t child;

    assert_int_equal(pipe(up), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct kai_index *x = NULL;
        bool rebuild;

        if (kai_index_open(&x, tmp->index, UINT64_C(1) << 30, "boot-1", &rebuild, NULL) != KAI_OK)
            _exit(1);
        for (uint64_t i = 1;; i++) {
            struct kai_ix *t = NULL;
            struct kai_row row =
                stix_row((uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16), (uint8_t)i, i);

            if (kai_ix_begin(x, &t) != KAI_OK || kai_ix_row(t, &row, false) != KAI_OK ||
                kai_ix_value(t, row.no, KAI_V_IPV4, kai_view_of("192.0.2.1", 9), 0) != KAI_OK ||
                kai_ix_commit(t, i) != KAI_OK)
                _exit(1);
            if (write(up[1], "x", 1) != 1)
                _exit(1);
            if (!in_commit && i == 3)
                (void)pause();
        }
    }
    for (int i = 0; i < (in_commit ? 300 : 3); i++)
        assert_int_equal(read(up[0], &c, 1), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    (void)close(up[0]);
    (void)close(up[1]);
}

static void test_killed(void **state)
{
    (void)state;
    for (int round = 0; round < 6; round++) {
        struct tmp tmp;
        struct kai_index *x;
        struct kai_ixsnap *r;
        uint64_t rows;

        tmp_make(&tmp);
        crash(&tmp, round > 0);
        x = tmp_open(&tmp, "boot-1", false); /* The same run of the machine: nothing was lost. */
        r = look(x, 5);
        rows = kai_ixsnap_rows(r);
        assert_true(rows >= (round > 0 ? 300u : 3u));
        assert_int_equal(kai_ixsnap_position(r), rows);
        assert_int_equal(kai_ixsnap_values(r), rows);
        for (uint64_t i = 1; i <= rows; i++) {
            struct kai_row row;

            assert_int_equal(kai_ixsnap_row(r, i, &row), KAI_OK);
        }
        kai_ixsnap_end(r);
        kai_index_close(x);
        tmp_remove(&tmp);
        tmp_make(&tmp);
        crash(&tmp, round > 0);
        x = tmp_open(&tmp, "boot-2", true); /* The machine went down: who knows. */
        r = look(x, 5);
        assert_int_equal(kai_ixsnap_rows(r), 0);
        kai_ixsnap_end(r);
        kai_index_close(x);
        tmp_remove(&tmp);
    }
}

static void test_believed(void **state)
{
    struct tmp tmp;
    struct kai_index *x;
    struct kai_why why = {0};
    char path[128];
    bool rebuild;
    int fd;

    (void)state;
    tmp_make(&tmp);
    x = tmp_open(&tmp, "boot-1", true);
    for (uint8_t i = 1; i <= 100; i++)
        (void)put(x, stix_row(i, 1, 1, i, 1), false);
    kai_index_close(x);
    x = tmp_open(&tmp, "boot-2", false); /* Closed: another boot does not matter. */
    kai_index_close(x);
    (void)snprintf(path, sizeof path, "%s/data.mdb", tmp.index);
    assert_int_equal(truncate(path, 16384), 0); /* Cut: to read on would be a SIGBUS. */
    x = tmp_open(&tmp, "boot-2", true);
    kai_index_close(x);
    fd = open(path, O_WRONLY);
    assert_int_equal(write(fd, "not an index at all, but bytes all the same", 43), 43);
    assert_int_equal(pwrite(fd, "and more where the second head is", 33, 4096), 33);
    (void)close(fd);
    x = tmp_open(&tmp, "boot-2", true);
    kai_index_close(x);
    assert_int_equal(kai_index_erase(tmp.index), KAI_OK);
    x = tmp_open(&tmp, "boot-2", true);
    kai_index_close(x);
    assert_int_equal(kai_index_open(&x, "/nonexistent/index", 0, "boot", &rebuild, &why), KAI_EIO);
    assert_null(x);
    assert_string_equal(why.code, "index.io");
    tmp_remove(&tmp);
}

static void test_second_process(void **state)
{
    struct indexed *f = *state;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct kai_index *x = NULL;
        bool rebuild;
        struct kai_why why = {0};
        enum kai_err err =
            kai_index_open(&x, f->tmp.index, UINT64_C(1) << 30, "boot-1", &rebuild, &why);

        _exit(err == KAI_EBUSY && strcmp(why.code, "index.busy") == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        INDEXED(test_versions),
        INDEXED(test_changes),
        INDEXED(test_id),
        INDEXED(test_key),
        INDEXED(test_revoked_out_of_order),
        INDEXED(test_duplicates),
        INDEXED(test_gone),
        INDEXED(test_value_order),
        INDEXED(test_item_prefix),
        INDEXED(test_longer_texts),
        INDEXED(test_parts_are_bounded),
        INDEXED(test_refs),
        INDEXED(test_second_process),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Putting into the index: how full a transaction is, a full map, and the order of what is put. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "log/body.h"
#include "query/index_priv.h"
#include "query/query_util.h"

/* A full map fails the transaction, and what was there stays. */
static void test_full(void **state)
{
    struct tmp tmp;
    struct kai_index *x = NULL;
    struct kai_ixsnap *r;
    enum kai_err err = KAI_OK;
    uint64_t rows = 0;
    bool rebuild;

    (void)state;
    tmp_make(&tmp);
    assert_int_equal(kai_index_open(&x, tmp.index, UINT64_C(1) << 20, "b", &rebuild, NULL), KAI_OK);
    while (err == KAI_OK) {
        struct kai_ix *t = NULL;

        err = kai_ix_begin(x, &t);
        for (unsigned i = 0; i < 50 && err == KAI_OK; i++) {
            struct kai_row row = stix_row((uint8_t)rows, (uint8_t)(rows >> 8), 1, 1, 0);

            row.aud_id[0] = (uint8_t)i;
            err = kai_ix_row(t, &row, false);
        }
        if (err == KAI_OK)
            err = kai_ix_commit(t, rows + 1);
        else
            kai_ix_abort(t);
        rows += err == KAI_OK;
    }
    assert_int_equal(err, KAI_EFULL);
    r = look(x, 5);
    assert_true(rows > 2);
    assert_int_equal(kai_ixsnap_rows(r), rows * 50);
    kai_ixsnap_end(r);
    kai_index_close(x);
    tmp_remove(&tmp);
}

static uint64_t used_bytes(struct kai_index *x)
{
    MDB_envinfo info;

    assert_int_equal(mdb_env_info(x->env, &info), 0);
    return (uint64_t)(info.me_last_pgno + 1) * 4096;
}

/* What a transaction keeps in memory is bounded in bytes, however long the values are. */
static void fills_up(size_t value_bytes)
{
    struct tmp tmp;
    struct kai_index *x = NULL;
    char url[400];
    bool rebuild;
    uint64_t no = 0;

    tmp_make(&tmp);
    assert_int_equal(kai_index_open(&x, tmp.index, UINT64_C(1) << 28, "b", &rebuild, NULL), KAI_OK);
    uint64_t before = used_bytes(x);
    struct kai_ix *t = begin(x);
    while (!kai_ix_full(t)) {
        struct kai_row row = stix_row((uint8_t)no, (uint8_t)(no >> 8), 1, 0, 0);

        row.kind = KAI_CONTENT_LIST;
        row.n_values = 500;
        assert_int_equal(kai_ix_row(t, &row, false), KAI_OK);
        for (uint64_t i = 0; i < row.n_values; i++, no++) {
            int n = snprintf(url, sizeof url, "http://a%08x.example/",
                             (unsigned)(no * UINT64_C(2654435761)));

            memset(url + n, 'a', value_bytes - (size_t)n);
            assert_int_equal(kai_ix_value(t, row.no, KAI_V_URL,
                                          kai_view_of((const uint8_t *)url, value_bytes), i),
                             KAI_OK);
        }
        kai_ix_rest(t, 1u << 15);
    }
    assert_int_equal(kai_ix_commit(t, 1), KAI_OK);
    print_message("%zu bytes: %llu values, %llu KiB\n", value_bytes, (unsigned long long)no,
                  (unsigned long long)(used_bytes(x) - before) / 1024);
    assert_in_range(used_bytes(x) - before, 8u << 20, 56u << 20);
    kai_index_close(x);
    tmp_remove(&tmp);
}

static void test_fills_up(void **state)
{
    (void)state;
    fills_up(32);
    fills_up(200);
    fills_up(390);
}

/* n values of a list, from one on, in the order of their keys where step is 1. */
static void put_hashes(struct kai_ix *t, struct kai_row *row, uint64_t from, uint64_t n,
                       uint64_t step)
{
    char text[65];

    row->kind = KAI_CONTENT_LIST;
    row->n_values = n;
    assert_int_equal(kai_ix_row(t, row, false), KAI_OK);
    for (uint64_t i = 0; i < n; i++) {
        int len = snprintf(text, sizeof text, "%08x%056x", (unsigned)((from + i) * step), 7u);

        assert_int_equal(kai_ix_value(t, row->no, KAI_V_SHA256, kai_view_of(text, (size_t)len), i),
                         KAI_OK);
    }
}

/* Values of sorted lists are near each other, and fill no transaction as random ones do. */
static void test_fills_up_sorted(void **state)
{
    struct tmp tmp;
    struct kai_index *x = NULL;
    bool rebuild;
    uint64_t n = 0;
    uint8_t item = 0;

    (void)state;
    tmp_make(&tmp);
    assert_int_equal(kai_index_open(&x, tmp.index, UINT64_C(1) << 28, "b", &rebuild, NULL), KAI_OK);
    for (uint64_t at = 0; at < 300000; at += 5000) {
        struct kai_ix *t = begin(x);
        struct kai_row row = stix_row(++item, 1, 1, 0, 0);

        put_hashes(t, &row, at, 5000, UINT64_C(2654435761));
        assert_int_equal(kai_ix_commit(t, item), KAI_OK);
    }
    uint64_t before = used_bytes(x);
    struct kai_ix *t = begin(x);
    while (!kai_ix_full(t)) {
        struct kai_row row = stix_row(++item, 1, 1, 0, 0);

        put_hashes(t, &row, n, 2000, 1);
        n += 2000;
    }
    assert_int_equal(kai_ix_commit(t, item), KAI_OK);
    print_message("%llu values, %llu KiB\n", (unsigned long long)n,
                  (unsigned long long)(used_bytes(x) - before) / 1024);
    assert_in_range(n, 100000, 400000);
    assert_in_range(used_bytes(x) - before, 8u << 20, 60u << 20);
    kai_index_close(x);
    tmp_remove(&tmp);
}

/* Keys in runs of every length come out in order, each once. */
static void test_sorter(void **state)
{
    (void)state;
    for (uint32_t run = 1; run < 40; run += run < 6 ? 1 : 11) {
        for (uint32_t n = 0; n < 700; n += n < 9 ? 1 : 113) {
            struct sorter s = {0};
            uint64_t sum = 0;

            for (uint32_t i = 0; i < n; i++) {
                char key[24];
                int len = snprintf(key, sizeof key, "commonly%06u.%03u",
                                   i / run * 7919 % 1000 * 100 + i % run, i % 3);

                assert_int_equal(kai_sorter_add(&s, key, (size_t)len), KAI_OK);
                sum += i;
            }
            kai_sorter_sort(&s);
            assert_int_equal(s.n, n);
            for (uint32_t i = 0; i < n; i++) {
                struct kai_view v = kai_sorter_at(&s, i);

                assert_true(i == 0 || memcmp(kai_sorter_at(&s, i - 1).p, v.p, v.n) <= 0);
                sum -= s.ref[i].at / v.n;
            }
            assert_int_equal(sum, 0);
            kai_sorter_free(&s);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_sorter),
        cmocka_unit_test(test_fills_up),
        cmocka_unit_test(test_fills_up_sorted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

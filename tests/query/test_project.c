/* From entries to rows, whole or in parts, and back to the published bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/sign.h"
#include "query/project_util.h"

static void test_objects(void **state)
{
    struct fixture *f = *state;
    static char text[100][2048];
    const char *contents[100];
    struct kai_fetch_source s = source_of(f);
    struct kai_fetch *fetch = NULL;
    struct kai_ixsnap *r = NULL;

    for (size_t i = 0; i < 100; i++) {
        (void)stix_make(&f->wd.rng, text[i], sizeof text[i]);
        contents[i] = text[i];
    }
    publish(f, world_options(&f->wd, emit, f), KAI_CONTENT_STIX, contents, 100);
    project(f, 0);
    assert_int_equal(f->n_codes, 0);
    assert_int_equal(f->n_rows, 100);
    assert_int_equal(kai_projector_sum(f->p).values, 200);
    project(f, 0); /* Once more. */
    assert_int_equal(rows_of(f, NULL), 100);
    assert_int_equal(kai_projector_sum(f->p).held, 100);
    assert_int_equal(kai_fetch_new(&fetch), KAI_OK);
    assert_int_equal(kai_ixsnap_begin(f->x, 5, &r), KAI_OK);
    for (uint64_t i = 100; i-- > 0;) {
        struct kai_view content;
        struct kai_row row;

        assert_int_equal(kai_ixsnap_row(r, i + 1, &row), KAI_OK);
        assert_string_equal(row.type, "indicator");
        assert_int_equal(row.tlp, 3);
        assert_true(row.created_ms > 1767225600000u - 1 && row.modified_ms == row.created_ms);
        assert_int_equal(kai_fetch_object(fetch, &s, &row, &content), KAI_OK);
        assert_int_equal(content.n, strlen(contents[i]));
        assert_memory_equal(content.p, contents[i], content.n);
        row.item_id[3] ^= 1;
        assert_int_equal(kai_fetch_object(fetch, &s, &row, &content), KAI_ECORRUPT);
        row.item_id[3] ^= 1;
        row.seq += 40;
        assert_int_equal(kai_fetch_object(fetch, &s, &row, &content), KAI_ENOTFOUND);
    }
    kai_ixsnap_end(r);
    kai_fetch_free(fetch);
}

static enum kai_err keep_list(void *ctx, struct kai_view content, uint32_t n_values)
{
    struct kai_buf *b = ctx;

    assert_int_equal(n_values, 500);
    kai_buf_add(b, content.p, content.n);
    return b->err;
}

static bool count_hit(void *ctx, const struct kai_query_hit *hit)
{
    assert_int_equal(hit->index, 77);
    assert_int_equal(hit->row->n_values, 500);
    ++*(size_t *)ctx;
    return true;
}

static void test_list(void **state)
{
    struct fixture *f = *state;
    struct kai_batch_options opt = world_options(&f->wd, emit, f);
    struct kai_list_writer w;
    struct kai_batch *b = NULL;
    struct kai_buf content;
    struct kai_fetch *fetch = NULL;
    struct kai_fetch_source s = source_of(f);
    struct kai_query_at at = {0};
    struct kai_query *q = query_of("hxxp://example[.]com/p0077", 1);
    struct kai_ixsnap *r = NULL;
    struct kai_row row;
    struct kai_view value;
    size_t hits = 0;
    bool done;

    kai_buf_init(&content, KAI_LIST_BYTES_MAX);
    kai_list_writer_init(&w, KAI_V_URL, kai_view_of("{}", 2), keep_list, &content);
    for (unsigned i = 0; i < 500; i++) {
        char text[64];
        int n = snprintf(text, sizeof text, "http://example.com/p%04u", i);

        kai_list_writer_add(&w, kai_view_of(text, (size_t)n));
    }
    assert_int_equal(kai_list_writer_end(&w), KAI_OK);
    assert_int_equal(kai_batch_new(&b, &f->wd.w, &opt), KAI_OK);
    assert_int_equal(kai_batch_add(b, KAI_CONTENT_LIST, kai_buf_view(&content)), KAI_OK);
    assert_int_equal(kai_batch_add(b, KAI_CONTENT_LIST, kai_view_of("\x90", 1)), KAI_OK);
    assert_int_equal(kai_batch_add(b, 63, kai_view_of("later", 5)), KAI_OK);
    assert_int_equal(kai_batch_flush(b), KAI_OK);
    kai_batch_free(b);
    project(f, 0);
    expect_code(f, "project.list");
    assert_int_equal(kai_projector_sum(f->p).skipped, 1);
    assert_int_equal(rows_of(f, &row), 1);
    assert_int_equal(row.n_values, 500);
    assert_int_equal(kai_fetch_new(&fetch), KAI_OK);
    for (uint64_t i = 0; i < 500; i += 83) {
        char text[64];

        (void)snprintf(text, sizeof text, "http://example.com/p%04u", (unsigned)i);
        assert_int_equal(kai_fetch_value(fetch, &s, &row, i, NULL, &value), KAI_OK);
        assert_int_equal(value.n, strlen(text));
        assert_memory_equal(value.p, text, value.n);
    }
    assert_int_equal(kai_fetch_value(fetch, &s, &row, 500, NULL, &value), KAI_ENOTFOUND);
    assert_int_equal(kai_ixsnap_begin(f->x, 5, &r), KAI_OK);
    assert_int_equal(kai_query_run(q, r, 1, 10, &at, &done, count_hit, &hits), KAI_OK);
    assert_true(done && hits == 1);
    kai_ixsnap_end(r);
    kai_query_free(q);
    kai_fetch_free(fetch);
    kai_buf_free(&content);
}

static void test_unchecked(void **state)
{
    struct fixture *f = *state;
    static const char *const contents[] = {
        "{\"type\":\"indicator\",\"id\":\"indicator--11111111-1111-4111-8111-111111111111\"}",
        "{\"type\":", "[]"};
    struct kai_row row;

    publish(f, world_options(&f->wd, emit, f), KAI_CONTENT_STIX, contents, 3);
    project(f, 0);
    assert_int_equal(f->n_codes, 3);
    assert_string_equal(f->code[0], "project.stix");
    assert_int_equal(rows_of(f, &row), 3);
    assert_int_equal(row.flags, KAI_ROW_UNCHECKED);
    assert_int_equal(f->n_rows, 3);
}

/* ---- Parts, in any split and any order. */
static char *big_object(size_t n, bool dense)
{
    uint64_t seed = n;
    char *text = malloc(n + 1);
    int head = snprintf(text, n,
                        "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":"
                        "\"indicator--22222222-2222-4222-8222-222222222222\","
                        "\"created\":\"2026-01-01T00:00:00Z\",\"modified\":"
                        "\"2026-01-01T00:00:00Z\",\"pattern\":\"[ipv4-addr:value = "
                        "'192.0.2.99']\",\"pattern_type\":\"stix\",\"valid_from\":"
                        "\"2026-01-01T00:00:00Z\",\"description\":\"");

    for (size_t i = (size_t)head; i < n; i++)
        text[i] = dense ? (char)('a' + rnd_below(&seed, 26)) : 'd';
    memcpy(text + n - 2, "\"}", 3);
    return text;
}

static void check_big(struct fixture *f, const char *text, size_t n)
{
    struct kai_fetch_source s = source_of(f);
    struct kai_fetch *fetch = NULL;
    struct kai_view content;
    struct kai_row row;

    if (f->n_codes > 0)
        print_error("%s\n", f->code[0]);
    assert_int_equal(f->n_codes, 0);
    assert_int_equal(rows_of(f, &row), 1);
    assert_string_equal(row.type, "indicator");
    assert_int_equal(row.kind, KAI_CONTENT_STIX);
    assert_int_equal(kai_fetch_new(&fetch), KAI_OK);
    assert_int_equal(kai_fetch_object(fetch, &s, &row, &content), KAI_OK);
    assert_int_equal(content.n, n);
    assert_memory_equal(content.p, text, n);
    kai_fetch_free(fetch);
}

static void test_parts_of_a_batch(void **state)
{
    struct fixture *f = *state;
    size_t n = 300000;
    char *text = big_object(n, true);
    const char *contents[] = {text};

    publish(f, world_options(&f->wd, emit, f), KAI_CONTENT_STIX, contents, 1);
    assert_true(f->n > 1);
    for (size_t i = 0; i < f->n; i++) { /* Each in a transaction of its own, over restarts. */
        size_t all = f->n;

        f->n = i + 1;
        assert_int_equal(rows_of(f, NULL), 0);
        project(f, i);
        f->n = all;
        kai_index_close(f->x);
        f->x = tmp_open(&f->tmp, "boot", false);
    }
    check_big(f, text, n);
    free(text);
}

/* The author gives each entry another time to live, and the payload of one part expires: the object
 * is gone, which is no damage. What stands there in its place is. */
static void test_a_part_that_is_gone(void **state)
{
    struct fixture *f = *state;
    char *text = big_object(300000, true);
    const char *contents[] = {text};
    struct kai_fetch_source s = source_of(f);
    struct kai_fetch *fetch = NULL;
    struct kai_view content;
    struct kai_row row;

    publish(f, world_options(&f->wd, emit, f), KAI_CONTENT_STIX, contents, 1);
    project(f, 0);
    assert_int_equal(rows_of(f, &row), 1);
    assert_true(row.parts == f->n && f->n > 2);
    assert_int_equal(kai_fetch_new(&fetch), KAI_OK);
    for (size_t i = 0; i < f->n; i++) {
        f->gone_seq = row.seq + i;
        assert_int_equal(kai_fetch_object(fetch, &s, &row, &content), KAI_ENOTFOUND);
    }
    f->gone_seq = 0;
    assert_int_equal(kai_fetch_object(fetch, &s, &row, &content), KAI_OK);
    row.item_id[0] ^= 1;
    assert_int_equal(kai_fetch_object(fetch, &s, &row, &content), KAI_ECORRUPT);
    kai_fetch_free(fetch);
    free(text);
}

static void test_parts_in_any_split(void **state)
{
    static const size_t sizes[] = {1000, KAI_PART_BYTES, KAI_PART_BYTES + 1, 5 * KAI_PART_BYTES};
    uint64_t seed = 9;

    (void)state;
    for (unsigned round = 0; round < 24; round++) {
        size_t n = sizes[round % 4];
        char *text = big_object(n, false);
        static struct hand h;
        struct kai_buf part[32];
        struct fixture *f;
        uint32_t order[32];
        void *st = NULL;

        (void)set_up(&st);
        f = st;
        h.n = (uint32_t)((n + KAI_PART_BYTES - 1) / KAI_PART_BYTES);
        for (uint32_t i = 0; i < h.n; i++) {
            size_t at = i * KAI_PART_BYTES;
            struct kai_part p = {.total = n, .offset = at};

            p.bytes = kai_view_of(text + at, n - at < KAI_PART_BYTES ? n - at : KAI_PART_BYTES);
            kai_buf_init(&part[i], 1u << 20);
            kai_part_write(&part[i], &p);
            h.c[i] =
                (struct kai_content){.kind = KAI_CONTENT_PART, .content = kai_buf_view(&part[i])};
            order[i] = i;
        }
        hand_sign(f, &h, 3);
        for (uint32_t i = h.n; round >= 8 && i > 1; i--) {
            uint32_t j = (uint32_t)rnd_below(&seed, i);
            uint32_t x = order[i - 1];

            order[i - 1] = order[j];
            order[j] = x;
        }
        for (uint32_t i = 0; i < h.n;) { /* In order also several to an entry. */
            uint32_t m = round < 8 ? 1 + (uint32_t)rnd_below(&seed, h.n - i) : 1;

            hand_send(f, &h, &h.c[order[i]], m);
            if (i == 0)
                project(f, 0); /* Twice. */
            i += m;
        }
        check_big(f, text, n);
        for (uint32_t i = 0; i < h.n; i++)
            kai_buf_free(&part[i]);
        kai_buf_free(&h.obj);
        (void)tear_down(&st);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH(test_objects),
                                       WITH(test_list),
                                       WITH(test_unchecked),
                                       WITH(test_parts_of_a_batch),
                                       WITH(test_a_part_that_is_gone),
                                       cmocka_unit_test(test_parts_in_any_split)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

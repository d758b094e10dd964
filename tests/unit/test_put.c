/* test_put: the writer writes what msgpack-c's own packer writes, and what the reader reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <msgpack.h>

#include "wire/cur.h"
#include "wire/put.h"

static msgpack_sbuffer theirs;
static msgpack_packer packer;
static struct kai_buf ours;

static int set_up(void **state)
{
    (void)state;
    msgpack_sbuffer_init(&theirs);
    msgpack_packer_init(&packer, &theirs, msgpack_sbuffer_write);
    kai_buf_init(&ours, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    msgpack_sbuffer_destroy(&theirs);
    kai_buf_free(&ours);
    return 0;
}

static void assert_same(void)
{
    assert_int_equal(ours.err, KAI_OK);
    assert_int_equal(ours.len, theirs.size);
    assert_memory_equal(ours.p, theirs.data, ours.len);
}

static void clear(void)
{
    msgpack_sbuffer_clear(&theirs);
    kai_buf_clear(&ours);
}

static struct kai_cur reader(void)
{
    struct kai_cur c;

    kai_cur_init(&c, ours.p, ours.len);
    return c;
}

static void check_uint(uint64_t v)
{
    clear();
    kai_put_uint(&ours, v);
    (void)msgpack_pack_uint64(&packer, v);
    assert_same();
    struct kai_cur c = reader();
    assert_true(kai_cur_uint(&c, (uint64_t)INT64_MAX) == v);
    assert_int_equal(kai_cur_end(&c), KAI_OK);
}

static void check_int(int64_t v)
{
    clear();
    kai_put_int(&ours, v);
    (void)msgpack_pack_int64(&packer, v);
    assert_same();
    struct kai_cur c = reader();
    assert_true(kai_cur_int(&c) == v);
    assert_int_equal(kai_cur_end(&c), KAI_OK);
}

static void test_numbers(void **state)
{
    (void)state;
    for (int bits = 0; bits < 63; bits++) { /* Around each power of two, on both sides of zero. */
        for (int64_t d = -3; d <= 3; d++) {
            int64_t v = (int64_t)((uint64_t)1 << bits) + d;

            if (v >= 0)
                check_uint((uint64_t)v);
            check_int(v);
            check_int(-v);
        }
    }
    check_uint((uint64_t)INT64_MAX);
    check_int(INT64_MAX);
    check_int(INT64_MIN);
    for (int64_t v = -70000; v < 70000; v++) {
        check_int(v);
        if (v >= 0)
            check_uint((uint64_t)v);
    }
}

static void test_lengths(void **state)
{
    static const size_t sizes[] = {0,   1,   15,  16,  31,    32,    33,   127,
                                   128, 255, 256, 257, 65535, 65536, 70000};
    static char text[70001];

    (void)state;
    memset(text, 'a', sizeof text - 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t n = sizes[i];

        clear();
        kai_put_bin(&ours, text, n);
        (void)msgpack_pack_bin(&packer, n);
        (void)msgpack_pack_bin_body(&packer, text, n);
        assert_same();
        struct kai_cur c = reader();
        assert_true(kai_view_eq(kai_cur_bin(&c, n), kai_view_of(text, n)));
        assert_int_equal(kai_cur_end(&c), KAI_OK);

        clear();
        kai_put_array(&ours, (uint32_t)n);
        (void)msgpack_pack_array(&packer, n);
        kai_put_map(&ours, (uint32_t)n);
        (void)msgpack_pack_map(&packer, n);
        assert_same();
        if (n > KAI_TEXT_BYTES_MAX)
            continue;
        char *name = strndup(text, n);
        clear();
        kai_put_str(&ours, name);
        (void)msgpack_pack_str(&packer, n);
        (void)msgpack_pack_str_body(&packer, name, n);
        assert_same();
        c = reader();
        assert_true(kai_view_eq(kai_cur_str(&c, n), kai_view_of(name, n)));
        assert_int_equal(kai_cur_end(&c), KAI_OK);
        free(name);
    }
}

static void test_others(void **state)
{
    (void)state;
    clear();
    kai_put_nil(&ours);
    (void)msgpack_pack_nil(&packer);
    kai_put_bool(&ours, true);
    (void)msgpack_pack_true(&packer);
    kai_put_bool(&ours, false);
    (void)msgpack_pack_false(&packer);
    kai_put_no_ext(&ours);
    (void)msgpack_pack_map(&packer, 0);
    kai_put_view(&ours, kai_view_of("xy", 2));
    (void)msgpack_pack_bin(&packer, 2);
    (void)msgpack_pack_bin_body(&packer, "xy", 2);
    assert_same();
}

static void test_limit(void **state)
{
    (void)state;
    for (size_t max = 0; max < 12; max++) {
        struct kai_buf b;

        kai_buf_init(&b, max);
        kai_put_array(&b, 2);
        kai_put_uint(&b, 65536);
        kai_put_str(&b, "abcde");
        assert_int_equal(b.err, KAI_ELIMIT); /* 12 bytes. */
        assert_true(b.len <= max);
        kai_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_limit),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

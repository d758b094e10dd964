/* test_cur: one encoding of each value is read, every other one refused, and nothing allocated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/oom.h"
#include "unit/recode.h"
#include "unit/vectors.h"
#include "wire/cur.h"
#include "wire/put.h"

/* A copy of just that size, so that the sanitizer sees a read past the end. */
static uint8_t *exact(const uint8_t *p, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);

    assert_non_null(copy);
    memcpy(copy, p, n);
    return copy;
}

/* Read as one value, in both ways; they must agree, and the second must write the same bytes. */
static enum kai_err read_any(const uint8_t *p, size_t n)
{
    struct kai_cur c;
    struct kai_buf out;
    uint8_t *copy = exact(p, n);

    oom_arm(SIZE_MAX);
    kai_cur_init(&c, copy, n);
    struct kai_view v = kai_cur_any(&c);
    enum kai_err err = kai_cur_end(&c);
    (void)oom_disarm();
    assert_int_equal(oom_count(), 0);
    assert_true(v.p >= copy && v.n <= n && v.p + v.n <= copy + n);

    kai_buf_init(&out, 2 * n + 64);
    enum kai_err again = recode(kai_view_of(copy, n), &out);
    assert_int_equal(err == KAI_OK, again == KAI_OK);
    if (err == KAI_OK) {
        assert_int_equal(v.n, n);
        assert_true(kai_view_eq(kai_buf_view(&out), kai_view_of(copy, n)));
    }
    kai_buf_free(&out);
    free(copy);
    return err;
}

static enum kai_err want_of(const char *text)
{
    if (strcmp(text, "ok") == 0)
        return KAI_OK;
    assert_true(strcmp(text, "malformed") == 0 || strcmp(text, "limit") == 0);
    return *text == 'm' ? KAI_EMALFORMED : KAI_ELIMIT;
}

static void test_vectors(void **state)
{
    static struct vector v;
    uint8_t b[4096];
    FILE *f = vectors_open("wire.txt");
    size_t rows = 0;

    (void)state;
    for (; vectors_next(f, &v); rows++) {
        size_t n = vector_bytes(&v, "bytes", b, sizeof b);

        if (read_any(b, n) != want_of(vector_text(&v, "result")))
            fail_msg("%s", vector_text(&v, "name"));
    }
    (void)fclose(f);
    assert_true(rows > 120);
}

/* No prefix of a value is a value; with any bit turned over it is refused or another value, never
 * the same; and whatever is accepted is written as it was read. */
static void test_sweeps(void **state)
{
    static struct vector v;
    uint8_t b[4096];
    FILE *f = vectors_open("wire.txt");

    (void)state;
    while (vectors_next(f, &v)) {
        size_t n = vector_bytes(&v, "bytes", b, sizeof b);

        if (want_of(vector_text(&v, "result")) != KAI_OK)
            continue;
        for (size_t cut = 0; cut < n; cut++)
            if (read_any(b, cut) != KAI_EMALFORMED)
                fail_msg("%s: its first %zu bytes", vector_text(&v, "name"), cut);
        for (size_t bit = 0; bit < 8 * n; bit++) {
            b[bit / 8] ^= (uint8_t)(1u << bit % 8);
            (void)read_any(b, n);
            b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    (void)fclose(f);
}

/* A record of the shape that protocols have, with every typed call. */
struct sample {
    uint64_t n;
    int64_t i;
    bool flag;
    uint8_t id[32];
    struct kai_view bin;
    struct kai_view str;
    bool absent;
    uint32_t list_n;
    uint64_t list[4];
    uint64_t key2;
};

static bool sample_ext(void *ctx, uint64_t key, struct kai_view value)
{
    struct sample *s = ctx;

    if (key != 3 || value.n != 1)
        return false;
    s->key2 = value.p[0];
    return true;
}

static enum kai_err sample_read(struct sample *s, const uint8_t *p, size_t n)
{
    struct kai_cur c;

    memset(s, 0, sizeof *s);
    kai_cur_init(&c, p, n);
    kai_cur_tuple(&c, 9);
    s->n = kai_cur_uint(&c, 1000);
    s->i = kai_cur_int(&c);
    s->flag = kai_cur_bool(&c);
    kai_cur_copy(&c, s->id, sizeof s->id);
    s->bin = kai_cur_bin(&c, 300);
    s->str = kai_cur_str(&c, 20);
    s->absent = kai_cur_nil(&c);
    s->list_n = kai_cur_array(&c, 4);
    for (uint32_t i = 0; i < s->list_n; i++)
        s->list[i] = kai_cur_uint(&c, UINT32_MAX);
    kai_cur_ext(&c, sample_ext, s);
    return kai_cur_end(&c);
}

static void sample_write(struct kai_buf *b)
{
    uint8_t id[32];

    memset(id, 7, sizeof id);
    kai_buf_init(b, 1000);
    kai_put_array(b, 9);
    kai_put_uint(b, 300);
    kai_put_int(b, -5);
    kai_put_bool(b, true);
    kai_put_bin(b, id, sizeof id);
    kai_put_bin(b, "abc", 3);
    kai_put_str(b, "回覧");
    kai_put_nil(b);
    kai_put_array(b, 2);
    kai_put_uint(b, 1);
    kai_put_uint(b, 65536);
    kai_put_map(b, 2);
    kai_put_uint(b, 2); /* Not known, and not critical. */
    kai_put_bin(b, "", 0);
    kai_put_uint(b, 3);
    kai_put_bin(b, "\x09", 1);
    assert_int_equal(b->err, KAI_OK);
}

static void test_sample(void **state)
{
    struct sample s;
    struct kai_buf b;

    (void)state;
    sample_write(&b);
    assert_int_equal(sample_read(&s, b.p, b.len), KAI_OK);
    assert_int_equal(s.n, 300);
    assert_int_equal(s.i, -5);
    assert_true(s.flag && s.absent);
    assert_int_equal(s.id[31], 7);
    assert_memory_equal(s.bin.p, "abc", 3);
    assert_int_equal(s.bin.n, 3);
    assert_int_equal(s.str.n, 6);
    assert_int_equal(s.list_n, 2);
    assert_int_equal(s.list[1], 65536);
    assert_int_equal(s.key2, 9);
    for (size_t n = 0; n < b.len; n++) {
        uint8_t *copy = exact(b.p, n);

        assert_int_equal(sample_read(&s, copy, n), KAI_EMALFORMED);
        free(copy);
    }
    for (size_t bit = 0; bit < 8 * b.len; bit++) {
        uint8_t *copy = exact(b.p, b.len);

        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)sample_read(&s, copy, b.len);
        assert_true(s.n <= 1000 && s.list_n <= 4 && s.bin.n <= 300 && s.str.n <= 20);
        free(copy);
    }
    kai_buf_free(&b);
}

static enum kai_err one(const char *hex, void (*read)(struct kai_cur *c))
{
    uint8_t b[64];
    struct kai_cur c;
    size_t n = strlen(hex) / 2;

    assert_true(kai_unhex(b, n, hex, strlen(hex)));
    kai_cur_init(&c, b, n);
    read(&c);
    return kai_cur_end(&c);
}

static void read_uint(struct kai_cur *c)
{
    (void)kai_cur_uint(c, 100);
}
static void read_tuple(struct kai_cur *c)
{
    kai_cur_tuple(c, 1);
    (void)kai_cur_nil(c);
}
static void read_tuple_none(struct kai_cur *c)
{
    kai_cur_tuple(c, 0);
}
static void read_array(struct kai_cur *c)
{
    for (uint32_t i = kai_cur_array(c, 2); i > 0; i--)
        (void)kai_cur_nil(c);
}
static void read_bin(struct kai_cur *c)
{
    (void)kai_cur_bin(c, 2);
}
static void read_bin_n(struct kai_cur *c)
{
    (void)kai_cur_bin_n(c, 2);
}
static void read_str(struct kai_cur *c)
{
    (void)kai_cur_str(c, 2);
}
static void read_bool(struct kai_cur *c)
{
    (void)kai_cur_bool(c);
}
static void read_int(struct kai_cur *c)
{
    (void)kai_cur_int(c);
}
static void read_ext(struct kai_cur *c)
{
    kai_cur_ext(c, NULL, NULL);
}

static void test_typed(void **state)
{
    static const struct {
        void (*read)(struct kai_cur *c);
        const char *hex;
        enum kai_err want;
    } rows[] = {
        {read_uint, "64", KAI_OK},
        {read_uint, "65", KAI_ELIMIT},
        {read_uint, "ff", KAI_EMALFORMED},
        {read_uint, "c0", KAI_EMALFORMED},
        {read_uint, "a0", KAI_EMALFORMED},
        {read_uint, "0000", KAI_EMALFORMED},
        {read_tuple, "91c0", KAI_OK},
        {read_tuple, "90", KAI_EMALFORMED},
        {read_tuple, "92c0c0", KAI_EMALFORMED},
        {read_tuple, "80", KAI_EMALFORMED},
        {read_tuple_none, "90", KAI_OK},
        {read_tuple_none, "91c0", KAI_EMALFORMED},
        {read_tuple_none, "c0", KAI_EMALFORMED},
        {read_array, "90", KAI_OK},
        {read_array, "92c0c0", KAI_OK},
        {read_array, "93c0c0c0", KAI_ELIMIT},
        {read_array, "92c0", KAI_EMALFORMED},
        {read_array, "ddffffffff", KAI_EMALFORMED},
        {read_array, "9201c0", KAI_EMALFORMED},
        {read_bin, "c400", KAI_OK},
        {read_bin, "c4020000", KAI_OK},
        {read_bin, "c403000000", KAI_ELIMIT},
        {read_bin, "a20000", KAI_EMALFORMED},
        {read_bin_n, "c4020000", KAI_OK},
        {read_bin_n, "c40100", KAI_EMALFORMED},
        {read_bin_n, "c403000000", KAI_EMALFORMED},
        {read_bin_n, "c0", KAI_EMALFORMED},
        {read_str, "a26162", KAI_OK},
        {read_str, "a3616263", KAI_ELIMIT},
        {read_str, "c4026162", KAI_EMALFORMED},
        {read_str, "a2c080", KAI_EMALFORMED},
        {read_bool, "c2", KAI_OK},
        {read_bool, "c3", KAI_OK},
        {read_bool, "00", KAI_EMALFORMED},
        {read_bool, "c0", KAI_EMALFORMED},
        {read_int, "00", KAI_OK},
        {read_int, "e0", KAI_OK},
        {read_int, "c2", KAI_EMALFORMED},
        {read_int, "cf8000000000000000", KAI_EMALFORMED},
        {read_ext, "80", KAI_OK},
        {read_ext, "8102c400", KAI_OK},
        {read_ext, "8103c400", KAI_EMALFORMED},
        {read_ext, "90", KAI_EMALFORMED},
        {read_ext, "c0", KAI_EMALFORMED},
        {read_ext, "dfffffffff", KAI_EMALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (one(rows[i].hex, rows[i].read) != rows[i].want)
            fail_msg("row %zu: %s", i, rows[i].hex);
}

static size_t calls;

static bool count_call(void *ctx, uint64_t key, struct kai_view value)
{
    (void)ctx;
    (void)key;
    (void)value;
    calls++;
    return true;
}

/* A key is told to the reader once, and only in order. */
static void test_ext_order(void **state)
{
    struct kai_cur c;

    (void)state;
    calls = 0;
    kai_cur_init(&c, "\x83\x03\xc4\x00\x03\xc4\x00\x05\xc4\x00", 10);
    kai_cur_ext(&c, count_call, NULL);
    assert_int_equal(kai_cur_end(&c), KAI_EMALFORMED);
    assert_int_equal(calls, 1);
}

/* The first failure stays, and everything after it is empty. */
static void test_sticky(void **state)
{
    struct kai_cur c;
    uint8_t id[4] = {1, 2, 3, 4};
    static const uint8_t zeros[4];

    (void)state;
    kai_cur_init(&c, "\x05\x06\xc0\xc3\xc4\x01x", 7);
    assert_int_equal(kai_cur_uint(&c, 3), 0);
    assert_false(kai_cur_ok(&c));
    assert_int_equal(kai_cur_uint(&c, 100), 0);
    assert_int_equal(kai_cur_int(&c), 0);
    assert_int_equal(kai_cur_array(&c, 9), 0);
    assert_false(kai_cur_nil(&c));
    assert_false(kai_cur_bool(&c));
    assert_int_equal(kai_cur_bin(&c, 9).n, 0);
    assert_int_equal(kai_cur_str(&c, 9).n, 0);
    assert_int_equal(kai_cur_any(&c).n, 0);
    assert_null(kai_cur_bin_n(&c, 1));
    kai_cur_copy(&c, id, sizeof id);
    assert_memory_equal(id, zeros, sizeof id);
    kai_cur_ext(&c, count_call, NULL);
    kai_cur_fail(&c, KAI_EMALFORMED);
    assert_int_equal(kai_cur_end(&c), KAI_ELIMIT); /* The first one. */

    kai_cur_init(&c, NULL, 0);
    assert_false(kai_cur_nil(&c));
    assert_int_equal(kai_cur_end(&c), KAI_OK);
    kai_cur_init(&c, "\x05", 1);
    kai_cur_fail(&c, KAI_EMALFORMED);
    assert_int_equal(kai_cur_end(&c), KAI_EMALFORMED);
}

/* Bytes at random, of every size: what is accepted is written as it was read (see read_any()). */
static void test_random(void **state)
{
    uint32_t seed = 3;
    size_t accepted = 0;

    (void)state;
    for (int round = 0; round < 300000; round++) {
        /* Heads are more telling than contents: most bytes are among these. */
        static const uint8_t heads[] = {0x90, 0x91, 0x92, 0x93, 0x80, 0x81, 0xc0, 0xc4,
                                        0xc3, 0x00, 0x01, 0xa1, 0xdc, 0xcc, 0xd0, 0xff,
                                        0xe0, 0xd9, 0xc5, 0xde, 0xcd, 0x7f};
        uint8_t b[16];
        size_t n = (size_t)(round % 17);

        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            b[i] =
                (seed >> 16 & 7) == 0 ? (uint8_t)(seed >> 24) : heads[(seed >> 20) % sizeof heads];
        }
        accepted += read_any(b, n) == KAI_OK ? 1 : 0;
    }
    assert_true(accepted > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),   cmocka_unit_test(test_sweeps),
        cmocka_unit_test(test_sample),    cmocka_unit_test(test_typed),
        cmocka_unit_test(test_ext_order), cmocka_unit_test(test_sticky),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

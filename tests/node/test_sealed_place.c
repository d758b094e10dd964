/* test_sealed_place: a place opens here alone, for what it was sealed for, and nobody makes one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "node/sealed_place.h"

#define N 16u

static struct kai_core *core_new(void)
{
    struct kai_core *c = calloc(1, sizeof *c);

    assert_non_null(c);
    memset(c->index_id, 7, sizeof c->index_id);
    memset(c->index_key, 9, sizeof c->index_key);
    return c;
}

static char *seal(const struct kai_core *c, uint8_t fill, size_t n)
{
    uint8_t place[4 * N];
    struct kai_buf b;

    memset(place, fill, sizeof place);
    kai_buf_init(&b, KAI_PLACE_TEXT_CAP(n));
    assert_int_equal(kai_place_seal(c, KAI_PLACE_STREAM, kai_view_of(place, n), &b), KAI_OK);
    kai_buf_u8(&b, '\0');
    assert_int_equal(b.err, KAI_OK); /* KAI_PLACE_TEXT_CAP is enough. */
    return (char *)b.p;
}

/* What it opens to is all of this byte. */
static enum kai_err opens(const struct kai_core *c, enum kai_place_kind kind, const char *text,
                          uint8_t fill)
{
    struct kai_buf b;

    kai_buf_init(&b, N);
    enum kai_err err = kai_place_open(c, kind, text, N, &b);
    assert_true(b.len == (err == KAI_OK ? N : 0));
    for (size_t i = 0; i < b.len; i++)
        assert_int_equal(b.p[i], fill);
    kai_buf_free(&b);
    return err;
}

static void test_comes_back(void **state)
{
    struct kai_core *c = core_new();
    char *one = seal(c, 1, N);
    char *same = seal(c, 1, N);
    char *other = seal(c, 0xff, N);

    (void)state;
    assert_int_equal(opens(c, KAI_PLACE_STREAM, one, 1), KAI_OK);
    assert_int_equal(opens(c, KAI_PLACE_STREAM, other, 0xff), KAI_OK);
    assert_int_equal(opens(c, KAI_PLACE_QUERY, one, 1), KAI_EMALFORMED);
    assert_string_not_equal(one, same);
    assert_int_equal(strlen(one), strlen(other));
    free(one);
    free(same);
    free(other);
    for (size_t n = 1; n <= 4u * N; n++)
        free(seal(c, 3, n));
    free(c);
}

static void test_nobody_makes_one(void **state)
{
    struct kai_core *c = core_new();
    char *text = seal(c, 1, N);
    char *longer = seal(c, 1, N + 1);

    (void)state;
    assert_int_equal(opens(c, KAI_PLACE_STREAM, "", 0), KAI_EMALFORMED);
    assert_int_equal(opens(c, KAI_PLACE_STREAM, "begin", 0), KAI_EMALFORMED);
    assert_int_equal(opens(c, KAI_PLACE_STREAM, longer, 1), KAI_EMALFORMED);
    for (size_t i = 0; text[i] != '\0'; i++) {
        char was = text[i];

        text[i] = was == 'A' ? 'g' : 'A';
        if (opens(c, KAI_PLACE_STREAM, text, 1) == KAI_OK)
            fail_msg("character %zu changed", i);
        text[i] = '\0';
        assert_int_not_equal(opens(c, KAI_PLACE_STREAM, text, 1), KAI_OK);
        text[i] = was;
    }
    free(text);
    free(longer);
    free(c);
}

static void test_of_another_index(void **state)
{
    struct kai_core *c = core_new();
    char *text = seal(c, 1, N);

    (void)state;
    c->index_key[31] ^= 1; /* Who knows the name has not its key. */
    assert_int_equal(opens(c, KAI_PLACE_STREAM, text, 1), KAI_EMALFORMED);
    c->index_key[31] ^= 1;
    c->index_id[KAI_HALF_ID_BYTES - 1] ^= 1;
    assert_int_equal(opens(c, KAI_PLACE_STREAM, text, 1), KAI_EMALFORMED);
    c->index_id[0] ^= 1;
    assert_int_equal(opens(c, KAI_PLACE_STREAM, text, 1), KAI_ENOTFOUND);
    free(text);
    free(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_nobody_makes_one),
        cmocka_unit_test(test_of_another_index),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

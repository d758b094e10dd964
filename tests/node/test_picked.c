/* What was picked out of a file comes to who follows as it was, or the file is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>

#include <cmocka.h>

#include "base/limits.h"
#include "node/picked.h"

static const uint8_t an_id[KAI_ID_BYTES] = {7};

struct got {
    uint32_t n;
    char text[64];
    uint8_t last_tlp;
};

static enum kai_err on_item(void *ctx, const struct kai_candidate *c)
{
    struct got *g = ctx;
    size_t at = strlen(g->text);

    assert_memory_equal(c->id, an_id, KAI_ID_BYTES);
    memcpy(g->text + at, c->content.p, c->content.n);
    g->text[at + c->content.n] = '\0';
    g->n += c->n;
    g->last_tlp = c->label.tlp;
    return c->kind == KAI_CONTENT_LIST ? KAI_EAGAIN : KAI_OK;
}

static void test_again(void **state)
{
    char file[] = "one two";
    struct kai_candidate c = {.kind = KAI_CONTENT_STIX,
                              .content = kai_view_of(file, 4),
                              .label = {.tlp = KAI_TLP_GREEN},
                              .id = an_id,
                              .n = 1};
    struct kai_picked k;
    struct got g = {.n = 0};

    (void)state;
    kai_picked_init(&k);
    kai_picked_add(&k, &c);
    c.content = kai_view_of(file + 4, 3);
    c.kind = KAI_CONTENT_LIST;
    c.n = 7;
    c.label.tlp = KAI_TLP_AMBER;
    kai_picked_add(&k, &c);
    kai_picked_add(&k, &c);
    kai_picked_close(&k, true);
    memset(file, 'x', sizeof file - 1);                             /* Somebody writes to it. */
    assert_int_equal(kai_picked_each(&k, on_item, &g), KAI_EAGAIN); /* It stops there. */
    assert_string_equal(g.text, "one two");
    assert_int_equal(g.n, 8);
    assert_int_equal(g.last_tlp, KAI_TLP_AMBER);
    kai_picked_free(&k);
}

static void test_too_much(void **state)
{
    struct kai_candidate c = {.kind = KAI_CONTENT_STIX, .id = an_id, .n = 1};
    size_t n = KAI_PICKED_BYTES_MAX / 3;
    uint8_t *big = calloc(1, n);
    struct kai_picked k;

    (void)state;
    assert_non_null(big);
    c.content = kai_view_of(big, n);
    kai_picked_init(&k);
    for (unsigned i = 0; i < 2; i++) {
        kai_picked_add(&k, &c);
        assert_false(k.over);
    }
    for (unsigned i = 0; i < 2; i++) { /* Also what would fit again does not follow. */
        kai_picked_add(&k, &c);
        assert_true(k.over);
        assert_int_equal(k.bytes.len, 0);
    }
    free(big);
    kai_picked_free(&k);
}

#define MANY 20000u

struct follow {
    struct kai_picked k;
    uint8_t highest;
    bool begun;
    uint32_t n;
    bool ordered;
    enum kai_err err;
};

static enum kai_err on_number(void *ctx, const struct kai_candidate *c)
{
    struct follow *f = ctx;
    uint32_t number;

    memcpy(&number, c->content.p, sizeof number);
    f->ordered = f->ordered && number == f->n && c->content.n == 100;
    f->n++;
    return KAI_OK;
}

static void *follow(void *arg)
{
    struct follow *f = arg;

    f->ordered = true;
    f->begun = kai_picked_begun(&f->k, false, &f->highest);
    f->err = f->begun ? kai_picked_each(&f->k, on_number, f) : KAI_OK;
    return NULL;
}

/* Each number as the content of an item, CLEAR up to the one that is not. */
static void pick_numbers(struct follow *f, uint32_t from, uint32_t to, uint8_t tlp)
{
    uint8_t bytes[100] = {0};
    struct kai_candidate c = {.kind = KAI_CONTENT_STIX,
                              .id = an_id,
                              .n = 1,
                              .label = {.tlp = tlp},
                              .content = kai_view_of(bytes, sizeof bytes)};

    for (uint32_t i = from; i < to; i++) {
        memcpy(bytes, &i, sizeof i);
        kai_picked_add(&f->k, &c);
    }
}

static void test_followed(void **state)
{
    struct follow f = {.n = 0};
    pthread_t thread;

    (void)state;
    kai_picked_init(&f.k);
    assert_int_equal(pthread_create(&thread, NULL, follow, &f), 0);
    pick_numbers(&f, 0, 10, KAI_TLP_CLEAR);
    pick_numbers(&f, 10, 11, KAI_TLP_AMBER); /* From here on it may begin. */
    pick_numbers(&f, 11, MANY, KAI_TLP_GREEN);
    kai_picked_close(&f.k, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(f.err, KAI_OK);
    assert_true(f.begun && f.ordered);
    assert_int_equal(f.highest, KAI_TLP_AMBER);
    assert_int_equal(f.n, MANY);
    assert_true(kai_picked_end(&f.k));
    kai_picked_free(&f.k);
}

/* What is all CLEAR begins at its end, where that is known; and not at all, where it is no good. */
static void test_clear(void **state)
{
    (void)state;
    for (unsigned good = 0; good < 2; good++) {
        struct follow f = {.n = 0};
        pthread_t thread;

        kai_picked_init(&f.k);
        assert_int_equal(pthread_create(&thread, NULL, follow, &f), 0);
        pick_numbers(&f, 0, MANY, KAI_TLP_CLEAR);
        assert_int_equal(f.n, 0);
        kai_picked_close(&f.k, good == 1);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(f.begun, good);
        assert_int_equal(f.n, good * MANY);
        assert_int_equal(f.highest, KAI_TLP_CLEAR);
        assert_int_equal(kai_picked_end(&f.k), good);
        kai_picked_free(&f.k);
    }
}

/* It becomes too much while somebody follows. */
static void test_over_meanwhile(void **state)
{
    struct follow f = {.n = 0};
    pthread_t thread;

    (void)state;
    kai_picked_init(&f.k);
    assert_int_equal(pthread_create(&thread, NULL, follow, &f), 0);
    pick_numbers(&f, 0, KAI_PICKED_BYTES_MAX / 100, KAI_TLP_GREEN);
    kai_picked_close(&f.k, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(f.err, KAI_EAGAIN);
    assert_true(f.ordered);
    assert_true(kai_picked_is_over(&f.k));
    kai_picked_free(&f.k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_again),          cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_followed),       cmocka_unit_test(test_clear),
        cmocka_unit_test(test_over_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

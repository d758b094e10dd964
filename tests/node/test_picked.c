/* What one pass over a file picked out comes again as it was, or the file is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_too_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

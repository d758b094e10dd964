/* When rows were added: in order, each time once, nothing told of what is hidden, and never back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "query/query_util.h"

#define NOW UINT64_C(1800000000000000)

/* One transaction: a row a letter, C, G or A by its label, in audience 1; '2' in audience 2; 'L' a
 * list of four, GREEN. */
static void add(struct kai_index *x, const char *what, uint64_t now_us)
{
    static uint8_t item = 1;
    struct kai_ix *t = begin(x);

    for (; *what != '\0'; what++, item++) {
        struct kai_row row = stix_row(item, 1, *what == '2' ? 2 : 1, item, 100);

        row.tlp = *what == 'C' ? 1 : *what == 'A' ? 3 : 2;
        row.n_values = *what == 'L' ? 4 : 0;
        assert_int_equal(kai_ix_row(t, &row, false), KAI_OK);
    }
    kai_ix_added_at(t, now_us);
    assert_int_equal(kai_ix_commit(t, 1), KAI_OK);
}

struct seen {
    size_t n;
    uint64_t us[32];
    uint64_t no[32];
};

static bool gather(void *ctx, const struct kai_row *row, uint64_t us)
{
    struct seen *s = ctx;

    s->us[s->n] = us;
    s->no[s->n++] = row->no;
    return s->n < 32;
}

static struct seen see(struct kai_index *x, uint8_t clearance, uint8_t aud, uint64_t after)
{
    uint8_t id[KAI_ID_BYTES];
    struct kai_ixsnap *r = look(x, clearance);
    struct seen s = {.n = 0};

    memset(id, aud, sizeof id);
    assert_int_equal(kai_ixsnap_added(r, id, false, after, gather, &s), KAI_OK);
    for (size_t i = 0; i < s.n; i++) {
        uint64_t us = 0;

        assert_true(i == 0 || s.us[i] > s.us[i - 1]);
        assert_int_equal(kai_ixsnap_added_us(r, s.no[i], &us), KAI_OK);
        assert_int_equal(us, s.us[i]);
    }
    kai_ixsnap_end(r);
    return s;
}

static void test_what_is_hidden_leaves_no_gap(void **state)
{
    struct indexed *f = *state;

    add(f->x, "AGACAGA", NOW);
    for (uint8_t clearance = 1; clearance <= 3; clearance++) {
        static const size_t n[] = {0, 1, 3, 7};
        struct seen s = see(f->x, clearance, 1, 0);

        assert_int_equal(s.n, n[clearance]);
        for (size_t i = 0; i < s.n; i++)
            assert_int_equal(s.us[i], NOW + i);
    }
    assert_int_equal(see(f->x, 0, 1, 0).n, 0);
    /* Nor does the time of the next transaction tell how many there were, clock or none. */
    add(f->x, "G", NOW);
    assert_int_equal(see(f->x, 2, 1, NOW + 2).us[1], NOW + 1000);
}

static void test_begins_with_what_may_go_on(void **state)
{
    struct indexed *f = *state;

    add(f->x, "GLG2", NOW);
    struct seen s = see(f->x, 2, 1, 0);
    assert_true(s.n == 3 && s.us[0] == NOW && s.us[1] == NOW + 1 && s.us[2] == NOW + 5);
    for (uint64_t after = NOW + 1; after < NOW + 5; after++) {
        s = see(f->x, 2, 1, after);
        assert_true(s.n == 2 && s.us[0] == NOW + 1);
    }
    s = see(f->x, 2, 1, UINT64_MAX);
    assert_true(s.n == 1 && s.us[0] == NOW + 5);
    s = see(f->x, 2, 2, 5);
    assert_true(s.n == 1 && s.us[0] == NOW + 6);
    assert_int_equal(see(f->x, 2, 3, 0).n, 0);
    struct kai_ixsnap *r = look(f->x, 2);
    uint8_t id[KAI_ID_BYTES];
    memset(id, 1, sizeof id);
    s.n = 0;
    assert_int_equal(kai_ixsnap_added(r, id, true, 0, gather, &s), KAI_OK);
    assert_true(s.n == 1 && s.us[0] == NOW + 1);
    kai_ixsnap_end(r);
}

static void test_the_clock_goes_back(void **state)
{
    struct indexed *f = *state;

    add(f->x, "GG", NOW);
    add(f->x, "G", NOW - 5000000);
    assert_int_equal(see(f->x, 2, 1, NOW + 1).us[1], NOW + 1000);
    kai_index_close(f->x);
    f->x = tmp_open(&f->tmp, "boot-2", false);
    add(f->x, "G", NOW - 5000000);
    assert_int_equal(see(f->x, 2, 1, NOW + 1000).us[1], NOW + 2000);
}

/* Made anew, even by a clock that stands before: whoever asks for what came after the last that
 * they saw gets it all. */
static void test_an_index_made_anew(void **state)
{
    struct indexed *f = *state;

    for (unsigned round = 0; round < 3; round++) {
        add(f->x, "GLG", NOW);
        struct seen s = see(f->x, 2, 1, 0);
        uint64_t last = s.us[s.n - 1];

        kai_index_close(f->x);
        assert_int_equal(kai_index_erase(f->tmp.index), KAI_OK);
        f->x = tmp_open(&f->tmp, "boot-1", true);
        add(f->x, "GLG", NOW - 5000000);
        s = see(f->x, 2, 1, last);
        assert_true(s.n == 3 && s.us[0] > last);
    }
}

static bool gather_no(void *ctx, uint64_t no, uint64_t index)
{
    struct seen *s = ctx;

    (void)index;
    s->no[s->n++] = no;
    return s->n < 2;
}

static void test_versions_downwards(void **state)
{
    struct indexed *f = *state;
    struct seen s = {.n = 0};
    struct kai_ix *t = begin(f->x);
    struct kai_ixsnap *r;
    uint8_t uuid[16];

    for (uint8_t i = 0; i < 4; i++) {
        struct kai_row row = stix_row((uint8_t)(100 + i), 1, 1, 9, 100 + i);

        row.tlp = i == 3 ? 3 : 2;
        assert_int_equal(kai_ix_row(t, &row, false), KAI_OK);
    }
    assert_int_equal(kai_ix_commit(t, 1), KAI_OK);
    memset(uuid, 9, sizeof uuid);
    r = look(f->x, 2);
    assert_int_equal(kai_ixsnap_stix_down(r, uuid, gather_no, &s), KAI_OK);
    assert_true(s.n == 2 && s.no[0] == 3 && s.no[1] == 2); /* The fourth is not for this reader. */
    uuid[15] = 8;
    assert_int_equal(kai_ixsnap_stix_down(r, uuid, gather_no, &s), KAI_OK);
    assert_int_equal(s.n, 2);
    kai_ixsnap_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        INDEXED(test_what_is_hidden_leaves_no_gap), INDEXED(test_begins_with_what_may_go_on),
        INDEXED(test_the_clock_goes_back),          INDEXED(test_an_index_made_anew),
        INDEXED(test_versions_downwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

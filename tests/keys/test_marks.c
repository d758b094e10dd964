/* test_marks: whose REVOKEs may mark where the logs of a node end. */
#include "keys/world.h"

#include <string.h>

/* Founders F and G, who speak for the charter together; S below F admits V, whose node is n; A
 * below G admits whom it likes. */
struct stage {
    struct world w;
    struct tsub f[2], fi[2], s, si, a, ai, v, vi, n;
};

static void set(struct stage *t)
{
    struct world *w = &t->w;

    world_init(w, 77, t->f, 2, 2);
    struct tsub *const keys[] = {&t->fi[0], &t->fi[1], &t->s,  &t->si, &t->a,
                                 &t->ai,    &t->v,     &t->vi, &t->n};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        world_key(w, keys[i]);
    for (size_t i = 0; i < 2; i++)
        world_admit(w, &t->f[i].log, &t->fi[i], KAI_ADMIT_ISSUING, NULL);
    world_admit(w, &t->fi[0].log, &t->s, KAI_ADMIT_ORG, NULL);
    world_admit(w, &t->s.log, &t->si, KAI_ADMIT_ISSUING, NULL);
    world_admit(w, &t->fi[1].log, &t->a, KAI_ADMIT_ORG, NULL);
    world_admit(w, &t->a.log, &t->ai, KAI_ADMIT_ISSUING, NULL);
    world_admit(w, &t->si.log, &t->v, KAI_ADMIT_ORG, NULL);
    world_admit(w, &t->v.log, &t->vi, KAI_ADMIT_ISSUING, NULL);
    world_admit(w, &t->vi.log, &t->n, KAI_ADMIT_NODE, NULL);
}

static const uint8_t blind[16] = {5};

static void mark(struct stage *t, struct tsub *by, const uint8_t *cert, uint64_t reason,
                 uint8_t head)
{
    struct kai_revoke r = {.reason = reason, .of = 1, .n_marks = 1};

    memcpy(r.target, cert, KAI_ID_BYTES);
    memcpy(r.marks[0].blind, blind, sizeof blind);
    memset(r.marks[0].blindhead, head, 16);
    world_revoke(&t->w, &by->log, &r);
}

/* How many heads count; *first: of the first. */
static size_t heads(const struct stage *t, uint8_t *first)
{
    uint8_t out[KAI_MARKED_HEADS_MAX][16] = {{0}};
    struct kai_roster *r = world_roster(&t->w);
    const struct kai_node *n = kai_roster_node(r, t->n.id);

    assert_non_null(n);
    size_t k = kai_roster_marks(r, n, blind, out);
    assert_int_equal(kai_roster_marks_any(r, n), k > 0);
    *first = out[0][0];
    kai_roster_unref(r);
    return k;
}

static void own(void **state)
{
    struct stage t;
    uint8_t first;

    (void)state;
    set(&t);
    mark(&t, &t.vi, t.n.cert, KAI_REVOKE_LEFT, 1);
    mark(&t, &t.vi, t.n.cert, KAI_REVOKE_RULES, 1);
    assert_int_equal(heads(&t, &first), 0);
    mark(&t, &t.vi, t.n.cert, KAI_REVOKE_LOST, 9);
    mark(&t, &t.vi, t.n.cert, KAI_REVOKE_COMPROMISE, 9);
    assert_int_equal(heads(&t, &first), 1); /* Once. */
    assert_int_equal(first, 9);
    for (uint8_t i = 20; i < 30; i++)
        mark(&t, &t.vi, t.n.cert, KAI_REVOKE_LOST, i);
    assert_int_equal(heads(&t, &first), KAI_MARKED_HEADS_MAX);
    assert_int_equal(first, 9);
    world_free(&t.w);
}

static void sponsors(void **state)
{
    struct stage t;
    uint8_t first;

    (void)state;
    set(&t);
    uint8_t by_s[KAI_ID_BYTES];
    memcpy(by_s, t.v.cert, sizeof by_s);
    mark(&t, &t.si, by_s, KAI_REVOKE_LOST, 4);
    assert_int_equal(heads(&t, &first), 1);
    mark(&t, &t.fi[0], by_s, KAI_REVOKE_LOST, 3); /* Two up. */
    assert_int_equal(heads(&t, &first), 2);
    /* A second one, unasked: it marks nothing, and those of one path alone no more either. */
    world_admit(&t.w, &t.ai.log, &t.v, KAI_ADMIT_ORG, NULL);
    mark(&t, &t.ai, t.v.cert, KAI_REVOKE_LOST, 2);
    assert_int_equal(heads(&t, &first), 0);
    mark(&t, &t.vi, t.n.cert, KAI_REVOKE_LOST, 7);
    assert_int_equal(heads(&t, &first), 1);
    assert_int_equal(first, 7);
    /* Enough founders are above everybody. */
    mark(&t, &t.fi[1], by_s, KAI_REVOKE_LOST, 1);
    assert_int_equal(heads(&t, &first), 3);
    assert_int_equal(first, 1);
    world_free(&t.w);
}

/* Who is above on both paths marks. */
static void above_both(void **state)
{
    struct stage t;
    struct tsub b, bi;
    uint8_t first;

    (void)state;
    set(&t);
    world_key(&t.w, &b);
    world_key(&t.w, &bi);
    world_admit(&t.w, &t.fi[0].log, &b, KAI_ADMIT_ORG, NULL);
    world_admit(&t.w, &b.log, &bi, KAI_ADMIT_ISSUING, NULL);
    world_admit(&t.w, &bi.log, &t.v, KAI_ADMIT_ORG, NULL);
    mark(&t, &bi, t.v.cert, KAI_REVOKE_LOST, 2);
    assert_int_equal(heads(&t, &first), 0);
    mark(&t, &t.fi[0], t.v.cert, KAI_REVOKE_LOST, 6);
    assert_int_equal(heads(&t, &first), 1);
    assert_int_equal(first, 6);
    world_free(&t.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own),
        cmocka_unit_test(sponsors),
        cmocka_unit_test(above_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

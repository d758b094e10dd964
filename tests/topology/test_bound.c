/* test_bound: the shortest-path bound: small graphs by hand, large ones against another algorithm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "topology/sim/bound.h"
#include "unit/oom.h"

static void test_by_hand(void **state)
{
    /* 0 -10- 1 -10- 2, and 0 -25- 2 directly; 3 hangs on 2; 4 is alone; 5 twice on 0. */
    static const struct kai_bound_link links[] = {{0, 1, 10}, {1, 2, 10}, {0, 2, 25}, {2, 3, 1},
                                                  {0, 5, 9},  {5, 0, 4},  {1, 1, 0}};
    uint64_t at[6];
    struct kai_bound *b = NULL;
    struct kai_bound_reach r;

    (void)state;
    assert_int_equal(kai_bound_new(&b, 6, links, 7), KAI_OK);
    r = kai_bound_flood(b, 0, 0, at);
    assert_int_equal(r.n, 5);
    assert_int_equal(r.last_ms, 21);
    assert_int_equal(at[0], 0);
    assert_int_equal(at[1], 10);
    assert_int_equal(at[2], 20);
    assert_int_equal(at[3], 21);
    assert_true(at[4] == KAI_BOUND_NEVER);
    assert_int_equal(at[5], 4);
    /* Commits of 7 ms: the direct way is the shorter now. */
    r = kai_bound_flood(b, 0, 7, at);
    assert_int_equal(at[1], 17);
    assert_int_equal(at[2], 32);
    assert_int_equal(at[3], 40);
    assert_int_equal(r.last_ms, 40);
    r = kai_bound_flood(b, 4, 7, at);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.last_ms, 0);
    kai_bound_free(b);
    kai_bound_free(NULL);
}

static void test_refused(void **state)
{
    static const struct kai_bound_link links[] = {{0, 1, 10}, {1, 2, 10}};
    struct kai_bound *b = NULL;
    uint64_t at[1];

    (void)state;
    assert_int_equal(kai_bound_new(&b, 2, links, 2), KAI_EMALFORMED);
    assert_null(b);
    assert_int_equal(kai_bound_new(&b, 1, NULL, 0), KAI_OK);
    assert_int_equal(kai_bound_flood(b, 0, 5, at).n, 1);
    kai_bound_free(b);
}

#define N     300u
#define LINKS 900u

static uint64_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Bellman and Ford: relax every link until nothing changes. */
static void slowly(const struct kai_bound_link *links, size_t source, uint64_t hop, uint64_t at[N])
{
    for (size_t i = 0; i < N; i++)
        at[i] = KAI_BOUND_NEVER;
    at[source] = 0;
    for (int changed = 1; changed;) {
        changed = 0;
        for (size_t i = 0; i < 2 * LINKS; i++) {
            const struct kai_bound_link *l = &links[i / 2];
            uint32_t from = i % 2 ? l->a : l->b;
            uint32_t to = i % 2 ? l->b : l->a;

            if (at[from] == KAI_BOUND_NEVER || at[from] + l->latency_ms + hop >= at[to])
                continue;
            at[to] = at[from] + l->latency_ms + hop;
            changed = 1;
        }
    }
}

static void test_random_graphs(void **state)
{
    uint64_t random = 1;
    size_t apart = 0;

    (void)state;
    for (int round = 0; round < 20; round++) {
        static struct kai_bound_link links[LINKS];
        uint64_t want[N];
        uint64_t got[N];
        uint64_t last = 0;
        size_t n = 0;
        struct kai_bound *b = NULL;

        for (size_t i = 0; i < LINKS; i++)
            links[i] = (struct kai_bound_link){(uint32_t)(draw(&random) % N),
                                               (uint32_t)(draw(&random) % N),
                                               (uint32_t)(draw(&random) % 40)};
        assert_int_equal(kai_bound_new(&b, N, links, LINKS), KAI_OK);
        for (size_t source = 0; source < N; source += 37) {
            struct kai_bound_reach r = kai_bound_flood(b, source, source % 5, got);

            slowly(links, source, source % 5, want);
            assert_memory_equal(got, want, sizeof got);
            for (size_t i = last = n = 0; i < N; i++) {
                n += want[i] != KAI_BOUND_NEVER ? 1 : 0;
                last = want[i] != KAI_BOUND_NEVER && want[i] > last ? want[i] : last;
            }
            assert_int_equal(r.n, n);
            assert_int_equal(r.last_ms, last);
            apart += N - n;
        }
        kai_bound_free(b);
    }
    assert_true(apart > 0); /* Some of these graphs fall apart: that was tried as well. */
}

static void test_memory(void **state)
{
    static const struct kai_bound_link links[] = {{0, 1, 10}, {1, 2, 10}};
    size_t failed = 0;

    (void)state;
    for (size_t n = 0;; n++) {
        struct kai_bound *b = NULL;
        enum kai_err err;

        oom_arm(n);
        err = kai_bound_new(&b, 3, links, 2);
        if (!oom_disarm()) {
            assert_int_equal(err, KAI_OK);
            kai_bound_free(b);
            break;
        }
        assert_int_equal(err, KAI_ENOMEM);
        assert_null(b);
        failed++;
    }
    assert_int_equal(failed, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_random_graphs),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

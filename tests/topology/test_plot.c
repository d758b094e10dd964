/* test_plot: pictures of a run: quantiles, what is marked, what never came, hostile titles. With a
 * file name, writes an example there instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology/sim/plot.h"
#include "unit/oom.h"

static char *svg(const struct kai_plot *p)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_PLOT_BYTES_MAX);
    assert_int_equal(kai_plot_svg(&b, p), KAI_OK);
    kai_buf_u8(&b, '\0');
    assert_int_equal(b.err, KAI_OK);
    return (char *)b.p;
}

static void test_quantiles(void **state)
{
    uint64_t ms[200];
    struct kai_plot_times t = {.ms = ms, .n = 200, .due = 200};

    (void)state;
    for (size_t i = 0; i < 200; i++)
        ms[i] = i + 1;
    assert_int_equal(kai_plot_quantile(&t, 500), 100);
    assert_int_equal(kai_plot_quantile(&t, 990), 198);
    assert_int_equal(kai_plot_quantile(&t, 1000), 200);
    assert_int_equal(kai_plot_quantile(&t, 1), 1);
    t.due = 400; /* Half of them never came. */
    assert_int_equal(kai_plot_quantile(&t, 500), 200);
    assert_true(kai_plot_quantile(&t, 501) == UINT64_MAX);
    t.n = t.due = 0;
    assert_true(kai_plot_quantile(&t, 500) == UINT64_MAX);
}

static size_t count(const char *in, const char *what)
{
    size_t n = 0;

    for (in = strstr(in, what); in != NULL; in = strstr(in + 1, what))
        n++;
    return n;
}

static void test_panels(void **state)
{
    static const uint64_t ms[] = {70, 10, 30, 20, 40, 50, 60, 1234, 80, 90}; /* In no order. */
    static const uint64_t best[] = {9, 18, 27};
    static const uint32_t degree[] = {3, 3, 4, 12};
    struct kai_plot p = {
        .title = "a <b> & c\x01\xff", .note = "seed 7", .measured = {.ms = ms, .n = 10, .due = 10}};
    char *s = svg(&p);

    (void)state;
    assert_int_equal(count(s, "<svg "), 1);
    assert_int_equal(count(s, "</svg>\n"), 1);
    assert_int_equal(count(s, "a &lt;b&gt; &amp; c??"), 2);
    assert_int_equal(count(s, "<path "), 1);
    assert_non_null(strstr(s, "p50 50 ms"));
    assert_non_null(strstr(s, "p99 1,234 ms"));
    assert_non_null(strstr(s, "last 1,234 ms"));
    assert_non_null(strstr(s, "10 of 10 deliveries<"));
    assert_null(strstr(s, "bound"));
    assert_null(strstr(s, "Links"));
    free(s);
    p.measured.due = 20;
    p.bound = (struct kai_plot_times){.ms = best, .n = 3, .due = 3};
    p.degree = degree;
    p.n_degree = 4;
    s = svg(&p);
    assert_int_equal(count(s, "<path "), 2);
    assert_non_null(strstr(s, "p50 1,234 ms"));
    assert_int_equal(count(s, "p99"), 1); /* Of the bound. */
    assert_non_null(strstr(s, "10 of 20 deliveries; the others never came"));
    assert_non_null(strstr(s, "last 27 ms"));
    assert_int_equal(count(s, "class=\"bar\""), 3);
    assert_non_null(strstr(s, "Links of 4 nodes: mean 5.5, most 12"));
    free(s);
}

static void test_edges(void **state)
{
    static const uint64_t zero[] = {0, 0};
    static const uint64_t far[] = {1, UINT64_C(1) << 40};
    static const uint32_t none[] = {0, 0};
    static const uint32_t many[] = {1, UINT32_MAX};
    struct kai_plot p = {0};
    struct kai_buf b;
    char *s = svg(&p); /* Nothing at all. */

    (void)state;
    assert_non_null(strstr(s, "0 of 0 deliveries"));
    free(s);
    p.measured = (struct kai_plot_times){.ms = zero, .n = 2, .due = 2};
    p.degree = none;
    p.n_degree = 2;
    free(svg(&p));
    p.measured.ms = far;
    p.degree = many;
    s = svg(&p);
    assert_null(strstr(s, "nan"));
    assert_null(strstr(s, "inf"));
    free(s);
    p.measured.due = 1;
    kai_buf_init(&b, KAI_PLOT_BYTES_MAX);
    assert_int_equal(kai_plot_svg(&b, &p), KAI_EMALFORMED);
    p.measured.due = 2;
    kai_buf_free(&b);
    kai_buf_init(&b, 1000);
    assert_int_equal(kai_plot_svg(&b, &p), KAI_ELIMIT);
    kai_buf_free(&b);
}

#define MANY 400000u

/* A run as a simulation may give it: many deliveries, some of them late. */
static struct kai_plot example(bool late)
{
    static uint64_t ms[MANY];
    static uint64_t best[MANY];
    static uint32_t degree[1800];
    uint64_t random = 5;

    for (size_t i = 0; i < MANY; i++) {
        uint64_t sum = 0;

        for (int k = 0; k < 5; k++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            sum += (random >> 40) % 21;
        }
        best[i] = 8 + sum;
        ms[i] = 8 + sum * 13 / 10 + (late && i % 1000 == 0 ? 200 + (random >> 50) : 0);
        degree[i % 1800] = (uint32_t)(3 + sum / 7 + (i % 977 == 0 ? 14 : 0));
    }
    return (struct kai_plot){
        .title = "National network, live entries",
        .note = "1,800 nodes, 40 % dial out only, 363 audiences; seed 17; example of made-up times",
        .measured = {.ms = ms, .n = MANY, .due = MANY},
        .bound = {.ms = best, .n = MANY, .due = MANY},
        .degree = degree,
        .n_degree = 1800,
    };
}

static void test_many(void **state)
{
    struct kai_plot p = example(true);
    char *s = svg(&p); /* Within KAI_PLOT_BYTES_MAX, however many there are. */

    (void)state;
    assert_true(strlen(s) < 65536);
    free(s);
}

static void test_memory(void **state)
{
    static const uint64_t ms[] = {4, 5, 6};
    static const uint32_t degree[] = {3, 4};
    const struct kai_plot p = {.measured = {.ms = ms, .n = 3, .due = 3},
                               .bound = {.ms = ms, .n = 3, .due = 3},
                               .degree = degree,
                               .n_degree = 2};
    size_t failed = 0;

    (void)state;
    for (size_t n = 0;; n++) {
        struct kai_buf b;
        enum kai_err err;
        bool fired;

        kai_buf_init(&b, KAI_PLOT_BYTES_MAX);
        oom_arm(n);
        err = kai_plot_svg(&b, &p);
        fired = oom_disarm();
        kai_buf_free(&b);
        assert_int_equal(err, fired ? KAI_ENOMEM : KAI_OK);
        if (!fired)
            break;
        failed++;
    }
    assert_true(failed > 2);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles), cmocka_unit_test(test_panels),
        cmocka_unit_test(test_edges),     cmocka_unit_test(test_many),
        cmocka_unit_test(test_memory),
    };

    if (argc > 1) {
        struct kai_plot p = example(argc > 2);
        char *s = svg(&p);
        FILE *f = fopen(argv[1], "w");
        int bad = f == NULL || fputs(s, f) < 0;

        free(s);
        return f == NULL || fclose(f) != 0 || bad ? 1 : 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

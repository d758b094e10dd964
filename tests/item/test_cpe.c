/* test_cpe: which products a CPE name means, and which version is later. */
#include "item/cm.h"
#include "item/cpe.h"
#include "item/data.h"

#define A    "cpe:2.3:a:"
#define REST ":*:*:*:*:*:*:*"

static void test_match(void **state)
{
    static const struct {
        const char *pattern, *own;
        bool fits;
    } rows[] = {
        {A "apache:http_server:2.4.1" REST, A "apache:http_server:2.4.1" REST, true},
        {A "apache:http_server:2.4.1" REST, A "apache:http_server:2.4.2" REST, false},
        {A "apache:http_server:2.4.1" REST, A "apache:tomcat:2.4.1" REST, false},
        {A "apache:http_server:*" REST, A "apache:http_server:2.4.2" REST, true},
        {A "apache:http_server:2.4.1" REST, A "apache:http_server:*" REST, true},
        {"cpe:2.3:o:apache:http_server:*" REST, A "apache:http_server:*" REST, false},
        {A "apache:http_server:2.4*" REST, A "apache:http_server:2.4.57" REST, true},
        {A "apache:http_server:2.4*" REST, A "apache:http_server:2.2.57" REST, false},
        {A "apache:http_server:*4.57" REST, A "apache:http_server:2.4.57" REST, true},
        {A "apache:http_server:*.4.*" REST, A "apache:http_server:2.4.57" REST, true},
        {A "apache:http_server:2.4.?" REST, A "apache:http_server:2.4.5" REST, true},
        {A "apache:http_server:2.4.?" REST, A "apache:http_server:2.4." REST, true},
        {A "apache:http_server:2.4.?" REST, A "apache:http_server:2.4.57" REST, false},
        {A "apache:http_server:2.4.??" REST, A "apache:http_server:2.4.57" REST, true},
        {A "a:b:2\\.4" REST, A "a:b:2.4" REST, true},
        {A "a:b\\:c:1" REST, A "a:b\\:c:1" REST, true},
        {A "a:b\\*:1" REST, A "a:bx:1" REST, false},
        {A "a:b\\*:1" REST, A "a:b\\*:1" REST, true},
        {A "a:b:1:-:*:*:*:*:*:*", A "a:b:1:-:*:*:*:*:*:*", true},
        {A "a:b:1:*:*:*:*:*:*:*", A "a:b:1:-:*:*:*:*:*:*", true},
        {A "a:b:1:sp1:*:*:*:*:*:*", A "a:b:1:-:*:*:*:*:*:*", false},
        {A "a:b:1:-:*:*:*:*:*:*", A "a:b:1:sp1:*:*:*:*:*:*", false},
        {A "a:b:1:*:*:*:*:linux:*:*", A "a:b:1:*:*:*:*:windows:*:*", false},
        {A "a:b:1", A "a:b:1" REST, false},
        {A "a:b:1" REST ":*", A "a:b:1" REST, false},
        {"", A "a:b:1" REST, false},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (kai_cpe_match(V(rows[i].pattern), NULL, V(rows[i].own)) != rows[i].fits)
            fail_msg("%s of %s", rows[i].own, rows[i].pattern);
    }
}

static void test_ranges(void **state)
{
    static const struct {
        const char *from, *after, *to, *before, *own;
        bool in;
    } rows[] = {
        {"2.4.0", "", "2.4.49", "", "2.4.49", true},  {"2.4.0", "", "2.4.49", "", "2.4.50", false},
        {"2.4.0", "", "", "2.4.49", "2.4.49", false}, {"2.4.0", "", "", "2.4.49", "2.4.48", true},
        {"", "2.4.0", "", "", "2.4.0", false},        {"", "2.4.0", "", "", "2.4.0.1", true},
        {"", "", "", "2.10", "2.9.9", true},          {"", "", "", "2.10", "*", true},
        {"", "", "", "2\\.10", "2\\.9", true},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kai_cpe_range r = {V(rows[i].from), V(rows[i].after), V(rows[i].to),
                                  V(rows[i].before)};
        char own[128];

        (void)snprintf(own, sizeof own, A "a:b:%s" REST, rows[i].own);
        if (kai_cpe_match(V(A "a:b:*" REST), &r, V(own)) != rows[i].in)
            fail_msg("%s", own);
        assert_false(kai_cpe_match(V(A "a:c:*" REST), &r, V(own)));
    }
}

static void test_versions(void **state)
{
    /* Each before the next. */
    static const char *const order[] = {"0.9",
                                        "1.0-alpha",
                                        "1.0-beta2",
                                        "1.0-rc1",
                                        "1.0",
                                        "1.0a",
                                        "1.0.1",
                                        "1.0.2",
                                        "1.0.2k",
                                        "1.0.2m",
                                        "1.2",
                                        "1.9",
                                        "1.10",
                                        "1.10.1",
                                        "2.0-rc1",
                                        "2",
                                        "10",
                                        "20240101",
                                        "99999999999999999999999"};
    static const char *const same[][2] = {{"1.0", "1.0.0"}, {"1.0", "1"},   {"1.01", "1.1"},
                                          {"v1", "V1"},     {"1_0", "1.0"}, {"", ""}};
    size_t n = sizeof order / sizeof order[0];

    (void)state;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            int want = (i > k) - (i < k);

            if (kai_version_compare(V(order[i]), V(order[k])) != want)
                fail_msg("%s and %s", order[i], order[k]);
        }
    }
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_int_equal(kai_version_compare(V(same[i][0]), V(same[i][1])), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_match), cmocka_unit_test(test_ranges),
                                       cmocka_unit_test(test_versions)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

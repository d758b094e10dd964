/* test_rows: who may publish what to whom, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/policy.h"

enum { PUBLIC = 1, COMMUNITY, GROUP, CLIENTS, PROVIDERS, PERSONS, MAILBOX };
enum { CLEAR = 1, GREEN, AMBER, STRICT, RED };

static void test_rows(void **state)
{
    static const struct {
        const char *name;
        struct kai_policy_publish f;
        const char *want;
    } rows[] = {
        {"clear to public", {CLEAR, PUBLIC, CLEAR, true, true, true}, NULL},
        {"green to public", {GREEN, PUBLIC, CLEAR, true, true, true}, "label.ceiling"},
        {"green to a community", {GREEN, COMMUNITY, GREEN, true, true, true}, NULL},
        {"amber to a community", {AMBER, COMMUNITY, GREEN, true, true, true}, "label.ceiling"},
        {"strict to a group", {STRICT, GROUP, STRICT, true, true, true}, NULL},
        {"strict to a group of amber", {STRICT, GROUP, AMBER, true, true, true}, "label.ceiling"},
        {"red to a group", {RED, GROUP, RED, true, true, true}, "label.red"},
        {"red to persons", {RED, PERSONS, RED, true, true, true}, NULL},
        {"no label", {0, COMMUNITY, RED, true, true, true}, "label.missing"},
        {"an unknown label counts as red", {9, GROUP, RED, true, true, true}, "label.red"},
        {"no member", {CLEAR, GROUP, STRICT, false, true, true}, "publish.not-member"},
        {"anybody writes to a mailbox", {AMBER, MAILBOX, STRICT, false, true, true}, NULL},
        {"no right to publish", {CLEAR, PUBLIC, CLEAR, true, false, true}, "publish.capability"},
        {"no such kind", {CLEAR, 0, CLEAR, true, true, true}, "audience.kind"},
        {"a kind of later", {CLEAR, 8, RED, true, true, true}, "audience.kind"},
    };
    int failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = kai_policy_publish(&rows[i].f);

        if (got != rows[i].want &&
            (got == NULL || rows[i].want == NULL || strcmp(got, rows[i].want) != 0)) {
            print_error("%s: %s\n", rows[i].name, got == NULL ? "allowed" : got);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

/* A stricter label is never allowed where a weaker one is not, but for RED and its persons. */
static void test_monotone(void **state)
{
    (void)state;
    for (uint64_t kind = PUBLIC; kind <= GROUP; kind++)
        for (uint64_t ceiling = CLEAR; ceiling <= RED; ceiling++)
            for (uint8_t tlp = CLEAR; tlp < STRICT; tlp++) {
                struct kai_policy_publish weak = {tlp, kind, ceiling, true, true, true};
                struct kai_policy_publish strict = {
                    (uint8_t)(tlp + 1), kind, ceiling, true, true, true};

                if (kai_policy_publish(&strict) == NULL)
                    assert_null(kai_policy_publish(&weak));
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_monotone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

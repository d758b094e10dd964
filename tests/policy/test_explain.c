/* test_explain: what a reader is told agrees with what lib/policy answers, over every item. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/explain.h"
#include "text/catalogue.h"

static struct kai_explain_line lines[KAI_EXPLAIN_LINES_MAX];
static size_t n_lines;

static bool says(const char *id)
{
    for (size_t i = 0; i < n_lines; i++)
        if (strcmp(lines[i].id, id) == 0)
            return true;
    return false;
}

static bool begins(const char *with)
{
    for (size_t i = 0; i < n_lines; i++)
        if (strncmp(lines[i].id, with, strlen(with)) == 0)
            return true;
    return false;
}

static bool exports(const struct kai_explain *f, uint64_t purpose)
{
    struct kai_policy_export e = {
        .purpose = purpose,
        .tlp = f->tlp,
        .pap = f->pap,
        .clearance = f->clearance,
        .exercise = f->exercise,
        .withdrawn = f->withdrawn,
        .expired = f->expired,
        .recalled = f->recalled,
    };

    return kai_policy_export(&e) == NULL;
}

/* Could this item go from a community into the audience described? */
static bool passes(const struct kai_explain *f, uint64_t kind, bool own, bool inside)
{
    struct kai_policy_reshare r = {
        .tlp = f->tlp,
        .from_kind = f->tlp == KAI_POLICY_RED ? KAI_POLICY_PERSONS : KAI_POLICY_GROUP,
        .from_listed = true,
        .from_proven = true,
        .target_kind = kind,
        .target_ceiling = KAI_POLICY_STRICT,
        .target_of_sharer = own,
        .target_inside = inside,
        .sharer_member = true,
        .sharer_publishes = true,
        .recalled = f->recalled,
    };

    return kai_policy_reshare(&r) == NULL;
}

static void check(const struct kai_explain *f)
{
    n_lines = kai_explain(f, lines);
    assert_true(n_lines > 0 && n_lines <= KAI_EXPLAIN_LINES_MAX);
    for (size_t i = 0; i < n_lines; i++) {
        assert_true(i == 0 || lines[i - 1].sort <= lines[i].sort);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(lines[i].id, lines[k].id);
        /* Every statement has its sentence: an unknown id would come back as it is. */
        assert_string_not_equal(kai_text(KAI_LANG_EN, lines[i].id), lines[i].id);
        assert_string_not_equal(kai_text(KAI_LANG_JA, lines[i].id), lines[i].id);
    }
    struct kai_policy_read read = {.role = f->role, .clearance = f->clearance, .tlp = f->tlp};
    if (kai_policy_read(&read) != NULL) {
        assert_int_equal(n_lines, 1);
        assert_true(says("explain.note.not-yours"));
        return;
    }
    assert_int_equal(says("explain.may.detect"), exports(f, KAI_POLICY_DETECT));
    assert_int_equal(says("explain.may.block"), exports(f, KAI_POLICY_BLOCK));
    assert_int_equal(says("explain.may.pass-clear"), passes(f, KAI_POLICY_COMMUNITY, false, false));
    assert_int_equal(says("explain.may.pass-amber"),
                     passes(f, KAI_POLICY_CLIENTS, true, false) &&
                         !passes(f, KAI_POLICY_COMMUNITY, false, false));
    assert_int_equal(says("explain.may.pass-green"),
                     passes(f, KAI_POLICY_COMMUNITY, false, true) &&
                         !passes(f, KAI_POLICY_COMMUNITY, false, false));
    assert_int_equal(begins("explain.not.pass-"), kai_policy_label(f->tlp) != KAI_POLICY_CLEAR);
    assert_int_equal(says("explain.not.role"),
                     f->role < KAI_POLICY_ANALYST && kai_policy_label(f->tlp) != KAI_POLICY_RED);
    assert_int_equal(says("explain.note.exercise"), f->exercise);
    assert_int_equal(says("explain.note.recalled"), f->recalled);
    assert_int_equal(says("explain.not.recalled"), f->recalled);
    assert_true(begins("explain.short."));
    /* What a sensor does not get, says why. */
    if (!exports(f, KAI_POLICY_DETECT))
        assert_true(begins("explain.not.sensor-") || says("explain.not.export-red") ||
                    says("explain.not.pap-red") || f->recalled);
    else if (!exports(f, KAI_POLICY_BLOCK))
        assert_true(says("explain.not.pap-amber"));
}

static void test_all(void **state)
{
    (void)state;
    for (unsigned tlp = 0; tlp <= 6; tlp++)
        for (unsigned pap = 0; pap <= 5; pap++)
            for (unsigned role = 0; role <= 4; role++)
                for (unsigned clearance = 0; clearance <= 6; clearance++)
                    for (unsigned bits = 0; bits < 64; bits++) {
                        struct kai_explain f = {
                            .tlp = (uint8_t)tlp,
                            .pap = (uint8_t)pap,
                            .role = (uint8_t)role,
                            .clearance = (uint8_t)clearance,
                            .exercise = (bits & 1) != 0,
                            .withdrawn = (bits & 2) != 0,
                            .expired = (bits & 4) != 0,
                            .recalled = (bits & 8) != 0,
                            .passed_on = (bits & 16) != 0,
                            .ours = (bits & 32) != 0,
                        };

                        check(&f);
                    }
}

static void test_words(void **state)
{
    struct kai_explain f = {
        .tlp = KAI_POLICY_AMBER, .pap = 3, .role = KAI_POLICY_ANALYST, .clearance = KAI_POLICY_RED};
    static const char *const want[] = {
        "explain.may.read-amber", "explain.may.pass-amber", "explain.may.ask",
        "explain.may.detect",     "explain.may.passive",    "explain.not.pass-amber",
        "explain.not.pap-amber",  "explain.short.amber",    "explain.short.pap-amber",
    };

    (void)state;
    n_lines = kai_explain(&f, lines);
    assert_int_equal(n_lines, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < n_lines; i++)
        assert_string_equal(lines[i].id, want[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

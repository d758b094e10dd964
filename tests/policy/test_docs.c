/* test_docs: docs/access-rules.md says what the code does: every rule of the page is a line of the
 * oracle, and its table of codes is that of lib/policy with the sentences of lib/text. `--table`
 * prints that table, to be put into the page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/oracle.h"
#include "policy/policy.h"
#include "text/catalogue.h"

static char *page;

static void load(void)
{
    FILE *f = fopen(KAI_DOCS "/access-rules.md", "rb");

    assert_non_null(f);
    page = calloc(1, 1u << 18);
    assert_non_null(page);
    size_t n = fread(page, 1, (1u << 18) - 1, f);
    assert_true(n > 0);
    assert_int_equal(fclose(f), 0);
}

static const struct kai_text_reason *sentences(const char *code)
{
    const struct kai_text_reason *r;

    for (size_t i = 0; (r = kai_text_reason_at(i)) != NULL; i++)
        if (strcmp(r->code, code) == 0)
            return r;
    return NULL;
}

static char *table_of_codes(void)
{
    const char *const *codes;
    size_t n = kai_policy_codes(&codes), len;
    char *text = NULL;
    FILE *f = open_memstream(&text, &len);

    assert_non_null(f);
    (void)fputs("| code | English | 日本語 |\n|---|---|---|\n", f);
    for (size_t i = 0; i < n; i++) {
        const struct kai_text_reason *r = sentences(codes[i]);

        if (r == NULL)
            print_error("%s has no sentences in lib/text\n", codes[i]);
        assert_non_null(r);
        (void)fprintf(f, "| `%s` | %s %s | %s%s |\n", codes[i], r->what_en, r->do_en, r->what_ja,
                      r->do_ja);
    }
    assert_int_equal(fclose(f), 0);
    return text;
}

static void test_codes(void **state)
{
    char *want = table_of_codes();
    char *from = strstr(page, "<!-- codes");
    char *at = from;

    (void)state;
    assert_non_null(from);
    from = strchr(from, '\n') + 1;
    at = strstr(from, "<!-- end -->");
    assert_non_null(at);
    if ((size_t)(at - from) != strlen(want) || memcmp(from, want, strlen(want)) != 0) {
        print_error("docs/access-rules.md: its table of codes is not this one (--table):\n%s",
                    want);
        fail();
    }
    free(want);
}

static void test_sorted(void **state)
{
    const char *const *codes;
    size_t n = kai_policy_codes(&codes);

    (void)state;
    for (size_t i = 1; i < n; i++)
        assert_true(strcmp(codes[i - 1], codes[i]) < 0);
    for (size_t i = 0; i < n; i++)
        assert_true(kai_policy_is_code(codes[i]));
    assert_false(kai_policy_is_code("file.empty"));
    assert_false(kai_policy_is_code(NULL));
}

/* Rules numbered 0 say only that an act is allowed unless another line forbids it. */
static void test_rules(void **state)
{
    const char *rule;
    size_t n = 0;

    (void)state;
    for (unsigned i = 0; (rule = oracle_rule(i)) != NULL; i++) {
        char bold[16];

        (void)snprintf(bold, sizeof bold, "**%s**", rule);
        if (rule[1] != '0' && strstr(page, bold) == NULL) {
            print_error("%s is no rule of the page\n", rule);
            fail();
        }
    }
    for (char *p = page; (p = strstr(p, "**")) != NULL; p += 2) {
        bool found = false;
        char id[8] = {0};

        if (strspn(p + 2, "TPAFSOXL") != 1 || strspn(p + 3, "0123456789") == 0)
            continue;
        memcpy(id, p + 2, 1 + strspn(p + 3, "0123456789"));
        for (unsigned i = 0; !found && (rule = oracle_rule(i)) != NULL; i++)
            found = strcmp(rule, id) == 0;
        if (!found)
            print_error("%s is no line of the oracle\n", id);
        assert_true(found);
        n++;
    }
    assert_true(n > 40);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_sorted),
        cmocka_unit_test(test_rules),
    };

    if (argc == 2 && strcmp(argv[1], "--table") == 0) {
        char *text = table_of_codes();

        (void)fputs(text, stdout);
        free(text);
        return 0;
    }
    load();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(page);
    return failed;
}

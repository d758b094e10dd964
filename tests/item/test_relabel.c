/* What the signed label adds to an object's own words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "item/relabel.h"

#define CLEAR  "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
#define AMBER  "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
#define STATED "marking-definition--fa42a846-8d90-4e51-bc29-71d5b4802168"
#define HEAD                                                                                       \
    "{ \"type\":\"malware\",\"spec_version\":\"2.1\","                                             \
    "\"id\":\"malware--123e4567-e89b-42d3-a456-426614174000\",\"is_family\":false,"                \
    "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\""
#define SCO                                                                                        \
    "{\"type\":\"domain-name\",\"value\":\"a.example\",\"id\":\"domain-name--123e4567-e89b-42d3-"  \
    "a456-426614174000\""

static struct kai_buf b;

static const char *relabel(const char *text, uint8_t tlp, uint8_t pap, bool exercise)
{
    struct kai_label label = {.tlp = tlp, .pap = pap, .exercise = exercise};

    kai_buf_free(&b);
    kai_buf_init(&b, 65536);
    assert_int_equal(kai_stix_relabel(&b, kai_view_of(text, strlen(text)), label), KAI_OK);
    kai_buf_u8(&b, '\0');
    return (const char *)b.p;
}

static void test_nothing_to_add(void **state)
{
    static const char *const texts[] = {HEAD ",\"object_marking_refs\":[\"" AMBER "\"]}",
                                        HEAD ",\"granular_markings\":[{\"marking_ref\":\"" AMBER
                                             "\",\"selectors\":[\"type\"]}]}"};

    (void)state;
    for (size_t i = 0; i < 2; i++) /* Byte for byte, blanks as well. */
        for (uint8_t tlp = KAI_TLP_CLEAR; tlp <= KAI_TLP_AMBER; tlp++)
            assert_string_equal(relabel(texts[i], tlp, KAI_PAP_NONE, false), texts[i]);
}

static void test_a_stricter_label(void **state)
{
    (void)state;
    assert_non_null(strstr(relabel(HEAD "}", KAI_TLP_AMBER, 0, false),
                           "\"object_marking_refs\":[\"" AMBER "\"]"));
    assert_non_null(strstr(relabel(HEAD ",\"object_marking_refs\":[\"" CLEAR "\",\"" STATED "\"]}",
                                   KAI_TLP_AMBER, 0, false),
                           "[\"" CLEAR "\",\"" STATED "\",\"" AMBER "\"]"));
    /* A key is what it means, not how it is written. */
    assert_non_null(strstr(
        relabel(HEAD ",\"object_marking\\u005frefs\":[\"" CLEAR "\"]}", KAI_TLP_AMBER, 0, false),
        "[\"" CLEAR "\",\"" AMBER "\"]"));
    assert_non_null(strstr(relabel(SCO "}", KAI_TLP_AMBER, 0, false), AMBER));
}

static void test_what_markings_cannot_say(void **state)
{
    (void)state;
    assert_non_null(strstr(relabel(HEAD "}", KAI_TLP_AMBER, KAI_PAP_AMBER, true),
                           "\"labels\":[\"PAP:AMBER\",\"kairan:exercise\"]"));
    assert_non_null(
        strstr(relabel(HEAD ",\"labels\":[\"PAP:RED\"]}", KAI_TLP_AMBER, KAI_PAP_RED, true),
               "\"labels\":[\"PAP:RED\",\"kairan:exercise\"]"));
    assert_null(strstr(relabel(SCO "}", KAI_TLP_AMBER, KAI_PAP_AMBER, true), "labels"));
    kai_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_to_add),
                                       cmocka_unit_test(test_a_stricter_label),
                                       cmocka_unit_test(test_what_markings_cannot_say)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

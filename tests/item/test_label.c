/* test_label: TLP and PAP. */
#include "item/cm.h"
#include "item/data.h"
#include "item/label.h"

static void test_names(void **state)
{
    static const struct {
        const char *text;
        uint8_t tlp;
    } good[] = {
        {"TLP:CLEAR", 1},    {"tlp:clear", 1}, {"clear", 1}, {"TLP:WHITE", 1},
        {"white", 1},        {"Tlp:Green", 2}, {"amber", 3}, {"TLP:AMBER+STRICT", 4},
        {"amber+strict", 4}, {"TLP:RED", 5},   {"RED", 5},
    };
    static const char *const bad[] = {"",       "TLP:",    "TLP",      "TLP:AMBE",   "TLP:AMBER ",
                                      "AMBER+", "PAP:RED", "TLP: RED", "TLP:EX:CHR", "5"};
    (void)state;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint8_t tlp = 99;

        assert_true(kai_tlp_parse(V(good[i].text), &tlp));
        assert_int_equal(tlp, good[i].tlp);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t tlp = 99;

        assert_false(kai_tlp_parse(V(bad[i]), &tlp));
        assert_int_equal(tlp, 99);
    }
    for (uint8_t i = 1; i <= 5; i++) {
        uint8_t tlp;

        assert_true(kai_tlp_parse(V(kai_tlp_name(i)), &tlp));
        assert_int_equal(tlp, i);
        assert_int_equal(kai_tlp_of_marking(kai_tlp_marking(i)), i);
    }
    assert_string_equal(kai_tlp_name(4), "TLP:AMBER+STRICT");
    assert_string_equal(kai_tlp_name(0), "");
    assert_string_equal(kai_tlp_name(6), "TLP:?");
    assert_null(kai_tlp_marking(0));
    assert_null(kai_tlp_marking(6));
}

static void test_pap(void **state)
{
    uint8_t pap = 0;
    (void)state;

    for (uint8_t i = 1; i <= 4; i++) {
        assert_true(kai_pap_parse(V(kai_pap_name(i)), &pap));
        assert_int_equal(pap, i);
    }
    assert_true(kai_pap_parse(V("amber"), &pap));
    assert_int_equal(pap, KAI_PAP_AMBER);
    assert_false(kai_pap_parse(V("TLP:AMBER"), &pap));
    assert_false(kai_pap_parse(V("amber+strict"), &pap));
    assert_string_equal(kai_pap_name(0), "");
    assert_string_equal(kai_pap_name(5), "PAP:?");
}

static void test_markings(void **state)
{
    (void)state;

    assert_int_equal(kai_tlp_of_marking("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"),
                     1);
    assert_int_equal(kai_tlp_of_marking("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"),
                     2);
    assert_int_equal(kai_tlp_of_marking("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"),
                     3);
    assert_int_equal(kai_tlp_of_marking("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"),
                     5);
    assert_int_equal(kai_tlp_of_marking("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"),
                     4);
    assert_int_equal(kai_tlp_of_marking("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b004"),
                     0);
    assert_int_equal(kai_tlp_of_marking(""), 0);
}

static void test_stricter(void **state)
{
    (void)state;

    for (uint8_t a = 0; a <= 5; a++)
        for (uint8_t b = 0; b <= 5; b++) {
            struct kai_label x = {a, b % 5, false};
            struct kai_label y = {b, a % 5, true};
            struct kai_label got = kai_label_stricter(x, y);

            assert_int_equal(got.tlp, a > b ? a : b);
            assert_int_equal(got.pap, b % 5 > a % 5 ? b % 5 : a % 5);
            assert_true(got.exercise);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_pap),
        cmocka_unit_test(test_markings),
        cmocka_unit_test(test_stricter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_said: labels in free text, in every form in which they are written. */
#include "item/cm.h"

#include <stdlib.h>
#include <string.h>

#include "item/data.h"
#include "item/said.h"

static const struct {
    const char *text;
    uint8_t tlp;
    uint8_t pap;
} ROWS[] = {
    {"", 0, 0},
    {"tlp", 0, 0},
    {"TLP:", 0, 0},
    {"TLP:CLEAR", 1, 0},
    {"tlp white", 1, 0},
    {"TLP-GREEN", 2, 0},
    {"x tlp_amber y", 3, 0},
    {"TLP:AMBER+", 3, 0},
    {"TLP:AMBER only", 3, 0},
    /* Of AMBER+STRICT every form. */
    {"TLP:AMBER+STRICT", 4, 0},
    {"TLP:AMBER-STRICT", 4, 0},
    {"TLP:AMBER_STRICT", 4, 0},
    {"TLP: AMBER + STRICT", 4, 0},
    {"TLP AMBER STRICT", 4, 0},
    {"TLP:AMBER\n+STRICT", 4, 0},
    {"tlp:amberstrict", 4, 0},
    {"TLP:AMBER (STRICT)", 4, 0},
    /* Full width, other blanks, Japanese. */
    {"TLP：RED", 5, 0},
    {"ＴＬＰ：ＲＥＤ", 5, 0},
    {"ｔｌｐ　ａｍｂｅｒ＋ｓｔｒｉｃｔ", 4, 0},
    {"TLP:\xc2\xa0RED", 5, 0},
    {"TLP:\xe2\x80\x8bRED", 5, 0},
    {"TL\xc2\xadP:RE\xc2\xad"
     "D",
     5, 0},
    {"共有範囲はTLP：REDです", 5, 0},
    {"TLPはREDです", 5, 0},
    /* Signs. */
    {"**TLP:** RED", 5, 0},
    {"TLP = RED", 5, 0},
    {"TLP/RED", 5, 0},
    {"TLP(RED)", 5, 0},
    {"TLP\tRED", 5, 0},
    {"TLP                                        RED", 5, 0},
    {"TLP:\nRED", 5, 0},
    {"TLP:\r\n  RED", 5, 0},
    {"TLP:R\nED", 5, 0},
    {"T L P : R E D", 5, 0},
    {"TLP 2.0: RED", 5, 0},
    {"TLPv2:RED", 5, 0},
    {"\"tlp_2_0\": \"red\"", 5, 0},
    {"tlpred", 5, 0},
    {"TLP:RED_LIST", 5, 0},
    {"\"tlp\":\"\\u0052ED\"", 5, 0},
    {"TLP:\\nRED", 5, 0},
    {"tlp\\red", 5, 0},
    {"TLP\\uff1aRED", 5, 0},
    {"TLP\xff"
     "RED",
     5, 0},
    {"Traffic Light Protocol: AMBER", 3, 0},
    {"traffic-light-protocol=\"RED\"", 5, 0},
    {"marking-definition--E828B379-4e03-4974-9ac4-e53a884c97c1", 5, 0},
    {"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", 5, 0},
    /* HTML. */
    {"<b>TLP:</b> RED", 5, 0},
    {"TLP:&nbsp;RED", 5, 0},
    {"TLP <RED>", 5, 0},
    {"<td>TLP</td>\n<td class=\"x\"><span style='color:#f00'>RED</span></td>", 5, 0},
    {"TLP <b red", 0, 0},
    {"TLP & others; red", 0, 0},
    /* The strictest, of each. */
    {"TLP:GREEN PAP:RED TLP:AMBER", 3, 4},
    {"ＰＡＰ：ＲＥＤ", 0, 4},
    {"pap = amber", 0, 3},
    {"PAP WHITE", 0, 1},
    /* None. */
    {"tlpx:red", 0, 0},
    {"tlp:redder TLP redefines", 0, 0},
    {"paper red", 0, 0},
    {"TLP level is explained here; red", 0, 0},
    {"TLP - - - - - - - - - - - - - - - red", 0, 0},
    {"red", 0, 0},
    {"tlp:re", 0, 0},
    {"5e57c739-391a-4eb3-b6be-7d15ca92d5e", 0, 0},
};

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct kai_said said = kai_said(V(ROWS[i].text));

        if (said.tlp != ROWS[i].tlp || said.pap != ROWS[i].pap)
            fail_msg("%s: %u %u", ROWS[i].text, said.tlp, said.pap);
    }
}

static void test_lines(void **state)
{
    struct kai_said said = kai_said(V("a\nTLP:GREEN\nTLP:\nRED\npap:red\nTLP:RED\n"));

    (void)state;
    assert_int_equal(said.tlp, 5);
    assert_int_equal(said.tlp_line, 3);
    assert_int_equal(said.pap_line, 5);
}

/* Zeros between the bytes, either way around. */
static void test_utf16(void **state)
{
    static const char text[] = "TLP: RED";
    char wide[2 * sizeof text] = {0};

    (void)state;
    for (size_t i = 0; i + 1 < sizeof text; i++)
        wide[2 * i + 1] = text[i];
    assert_int_equal(kai_said(kai_view_of(wide, sizeof wide)).tlp, 5);
    assert_int_equal(kai_said(kai_view_of(wide + 1, sizeof wide - 1)).tlp, 5);
}

/* Exactly its bytes are read: a sanitizer sees any other. */
static void test_any_bytes(void **state)
{
    static const char *const parts[] = {"t",  "tlp",   "tlp ",     "p a ",
                                        "e8", "\\u00", "\xef\xbc", "\xf0\x9f"};

    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (size_t n = 0; n < 64; n++) {
            char *text = malloc(n + 1);

            assert_non_null(text);
            for (size_t k = 0; k < n; k++)
                text[k] = parts[i][k % strlen(parts[i])];
            assert_int_equal(kai_said(kai_view_of(text, n)).tlp, 0);
            free(text);
        }
}

/* Blanks in a row are passed by the few that begin before them: else this takes hours. */
static void test_linear(void **state)
{
    static const char *const parts[] = {"tlptlp", "t", "tlp ", "tlp amber ", "e828b379"};
    size_t n = 4u << 20;
    char *text = malloc(n);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        memset(text, ' ', n);
        for (size_t k = 0; k < n / 2; k++)
            text[k] = parts[i][k % strlen(parts[i])];
        (void)kai_said(kai_view_of(text, n));
    }
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),  cmocka_unit_test(test_lines),
        cmocka_unit_test(test_utf16),  cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_linear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

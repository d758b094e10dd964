/* test_time: times, durations and sizes in both directions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "text/time.h"

static struct kai_view v(const char *text)
{
    return kai_view_of(text, strlen(text));
}

static void test_print(void **state)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {951782399999, "2000-02-28T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {951868800000, "2000-03-01T00:00:00.000Z"},
        {1767225599999, "2025-12-31T23:59:59.999Z"},
        {4107542400000, "2100-03-01T00:00:00.000Z"}, /* 2100 has no 29 February. */
        {KAI_TIME_MAX, "9999-12-31T23:59:59.999Z"},
    };
    char out[KAI_TIME_CAP];
    uint64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kai_time_print(rows[i].ms, out);
        assert_string_equal(out, rows[i].text);
        assert_true(kai_time_parse(v(rows[i].text), &ms));
        assert_int_equal(ms, rows[i].ms);
    }
    kai_time_print(UINT64_MAX, out);
    assert_string_equal(out, "9999-12-31T23:59:59.999Z");
}

/* Each day of 8,000 years, against the C library. */
static void test_days(void **state)
{
    (void)state;
    for (uint64_t day = 0; day * 86400000u <= KAI_TIME_MAX; day++) {
        time_t t = (time_t)(day * 86400 + day % 86400);
        struct tm tm;
        char want[96];
        char out[KAI_TIME_CAP];
        uint64_t ms;
        uint64_t in = (uint64_t)t * 1000 + day % 1000;

        assert_non_null(gmtime_r(&t, &tm));
        (void)snprintf(want, sizeof want, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", tm.tm_year + 1900,
                       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                       (unsigned int)(day % 1000));
        kai_time_print(in, out);
        assert_string_equal(out, want);
        assert_true(kai_time_parse(v(out), &ms));
        assert_int_equal(ms, in);
    }
}

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms; /* UINT64_MAX: refused. */
    } rows[] = {
        {"1970-01-01T00:00:01Z", 1000},
        {"1970-01-01T00:00:01.5Z", 1500},
        {"1970-01-01T00:00:01.05Z", 1050},
        {"1970-01-01T00:00:01.123456789123456789Z", 1123},
        {"1970-01-01T00:00:01.9999Z", 1999}, /* Cut, not rounded. */
        {"", UINT64_MAX},
        {"1970-01-01", UINT64_MAX},
        {"1970-01-01T00:00:01", UINT64_MAX},
        {"1970-01-01T00:00:01.Z", UINT64_MAX},
        {"1970-01-01T00:00:01.1", UINT64_MAX},
        {"1970-01-01T00:00:01.1x", UINT64_MAX},
        {"1970-01-01T00:00:01.1ZZ", UINT64_MAX},
        {"1970-01-01T00:00:01z", UINT64_MAX},
        {"1970-01-01t00:00:01Z", UINT64_MAX},
        {"1970-01-01 00:00:01Z", UINT64_MAX},
        {"1970-01-01T00:00:01+00:00", UINT64_MAX},
        {"1970-01-01T00:00:01Z ", UINT64_MAX},
        {" 1970-01-01T00:00:01Z", UINT64_MAX},
        {"1969-12-31T23:59:59Z", UINT64_MAX},
        {"1970-00-01T00:00:01Z", UINT64_MAX},
        {"1970-13-01T00:00:01Z", UINT64_MAX},
        {"1970-01-00T00:00:01Z", UINT64_MAX},
        {"1970-01-32T00:00:01Z", UINT64_MAX},
        {"2025-02-29T00:00:01Z", UINT64_MAX},
        {"2100-02-29T00:00:01Z", UINT64_MAX},
        {"1970-01-01T24:00:00Z", UINT64_MAX},
        {"1970-01-01T00:60:00Z", UINT64_MAX},
        {"1970-01-01T00:00:60Z", UINT64_MAX},
        {"1970-1-01T00:00:01Z", UINT64_MAX},
        {"+970-01-01T00:00:01Z", UINT64_MAX},
        {"10000-01-01T00:00:01Z", UINT64_MAX},
    };
    uint64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool ok = kai_time_parse(v(rows[i].text), &ms);

        if (ok != (rows[i].ms != UINT64_MAX) || (ok && ms != rows[i].ms))
            fail_msg("'%s'", rows[i].text);
    }
    const char *whole = "2026-01-31T23:59:59.999Z";
    for (size_t n = 0; n < strlen(whole); n++) /* No prefix is a time. */
        assert_false(kai_time_parse(kai_view_of(whole, n), &ms));
    assert_true(kai_time_parse_loose(v("1970-01-02"), &ms));
    assert_int_equal(ms, 86400000);
    assert_true(kai_time_parse_loose(v("1970-01-02T00:00:00.001Z"), &ms));
    assert_int_equal(ms, 86400001);
    assert_false(kai_time_parse_loose(v("1970-02-30"), &ms));
    assert_true(kai_time_parse_loose(v("1970-01-02T09:00:00.001+09:00"), &ms));
    assert_int_equal(ms, 86400001);
    assert_true(kai_time_parse_loose(v("1970-01-01T19:30:00-04:30"), &ms));
    assert_int_equal(ms, 86400000);
    assert_false(kai_time_parse_loose(v("1970-01-01T08:59:59+09:00"), &ms)); /* Before 1970. */
    assert_false(kai_time_parse_loose(v("9999-12-31T23:59:59-00:01"), &ms));
    assert_false(kai_time_parse_loose(v("1970-01-02T09:00:00+0900"), &ms));
    assert_false(kai_time_parse_loose(v("1970-01-02T09:00:00Z+09:00"), &ms));
    assert_false(kai_time_parse_loose(v("1970-01-02T09:00:00+15:00"), &ms));
    assert_false(kai_time_parse_loose(v("1970-01-02T09:00:00.000000000000000000000+09:00"), &ms));
    assert_false(kai_time_parse_loose(v("1970/01/02"), &ms));
}

static void test_duration(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } good[] = {
        {"0s", 0},          {"500ms", 500},  {"30s", 30000},
        {"5m", 300000},     {"2h", 7200000}, {"90d", 7776000000},
        {"2w", 1209600000}, {"007s", 7000},  {"18446744073709551615ms", UINT64_MAX},
    };
    static const char *const bad[] = {"",
                                      "s",
                                      "5",
                                      "5 s",
                                      "-5s",
                                      "5S",
                                      "5s ",
                                      "5min",
                                      "1.5h",
                                      "18446744073709551616ms",
                                      "18446744073709551s5",
                                      "30500568904944w1",
                                      "99999999999999999d"};
    static const struct {
        uint64_t ms;
        const char *text;
    } prints[] = {
        {0, "0ms"},
        {120, "120ms"},
        {3120, "3s"},
        {59999, "59s"},
        {60000, "1m"},
        {200000, "3m20s"},
        {7200000, "2h"},
        {7260000, "2h1m"},
        {86400000, "1d"},
        {7790400000, "90d4h"},
        {UINT64_MAX, "213503982334d14h"},
    };
    uint64_t ms;
    char out[KAI_DURATION_CAP];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(kai_duration_parse(good[i].text, &ms));
        assert_true(ms == good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(kai_duration_parse(bad[i], &ms));
    for (size_t i = 0; i < sizeof prints / sizeof prints[0]; i++) {
        kai_duration_print(prints[i].ms, out);
        assert_string_equal(out, prints[i].text);
    }
}

static void test_size(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"0", 0},
        {"4096", 4096},
        {"17B", 17},
        {"64KiB", 65536},
        {"512MiB", 536870912},
        {"2GiB", 2147483648u},
        {"1TiB", 1099511627776u},
        {"3KB", 3000},
        {"1MB", 1000000},
        {"1GB", 1000000000},
        {"1TB", 1000000000000u},
    };
    static const char *const bad[] = {
        "", "B", "-1", "1 MiB", "1mib", "1M", "1.5GiB", "16777216TiB", "18446744073709551616"};
    static const struct {
        uint64_t bytes;
        const char *text;
    } prints[] = {
        {0, "0B"},
        {17, "17B"},
        {1023, "1023B"},
        {1024, "1KiB"},
        {1536, "1.5KiB"},
        {536870912, "512MiB"},
        {1610612736, "1.5GiB"},
        {UINT64_MAX, "16777215.9TiB"},
    };
    uint64_t bytes;
    char out[KAI_SIZE_CAP];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(kai_size_parse(good[i].text, &bytes));
        assert_true(bytes == good[i].bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(kai_size_parse(bad[i], &bytes));
    for (size_t i = 0; i < sizeof prints / sizeof prints[0]; i++) {
        kai_size_print(prints[i].bytes, out);
        assert_string_equal(out, prints[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print),    cmocka_unit_test(test_days), cmocka_unit_test(test_parse),
        cmocka_unit_test(test_duration), cmocka_unit_test(test_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

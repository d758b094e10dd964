/* stix_time: STIX timestamps. */
#include "item/stix.h"

#include <stdio.h>

#include "item/ascii.h"

static bool digits(struct kai_view t, size_t at, size_t n, int64_t *out)
{
    int64_t v = 0;

    for (size_t i = at; i < at + n; i++) {
        if (!kai_ascii_digit(t.p[i]))
            return false;
        v = v * 10 + (t.p[i] - '0');
    }
    *out = v;
    return true;
}

static int64_t month_days(int64_t year, int64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01. Years begin in March here, so that a leap day is a year's last. */
static int64_t day_number(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3;

    return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* ".s+": the first three digits count, the rest is cut. */
static bool fraction(struct kai_view t, size_t at, size_t end, int64_t *ms)
{
    int64_t unit = 100;

    *ms = 0;
    if (at == end)
        return true;
    if (t.p[at] != '.' || at + 1 == end)
        return false;
    for (at++; at < end; at++, unit /= 10) {
        if (!kai_ascii_digit(t.p[at]))
            return false;
        *ms += (t.p[at] - '0') * unit;
    }
    return true;
}

bool kai_stix_time(struct kai_view text, int64_t *ms)
{
    static const char shape[] = "0000-00-00T00:00:00";
    struct kai_view t = text;
    int64_t year, month, day, hour, minute, second, ms_part;

    if (t.n < sizeof shape || t.p[t.n - 1] != 'Z')
        return false;
    for (size_t i = 0; shape[i] != '\0'; i++)
        if (shape[i] != '0' && t.p[i] != (uint8_t)shape[i])
            return false;
    if (!digits(t, 0, 4, &year) || !digits(t, 5, 2, &month) || !digits(t, 8, 2, &day) ||
        !digits(t, 11, 2, &hour) || !digits(t, 14, 2, &minute) || !digits(t, 17, 2, &second) ||
        !fraction(t, sizeof shape - 1, t.n - 1, &ms_part))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days(year, month) ||
        hour > 23 || minute > 59 || second > 60)
        return false;
    *ms = ((day_number(year, month, day) * 24 + hour) * 60 + minute) * 60000 + second * 1000 +
          ms_part;
    return true;
}

char *kai_stix_time_text(char out[static KAI_STIX_TIME_CAP], uint64_t ms)
{
    uint64_t last = 253402300799999u; /* 9999-12-31T23:59:59.999Z */
    uint64_t t = ms < last ? ms : last;
    unsigned ms_of_day = (unsigned)(t % 86400000u);
    int64_t day = (int64_t)(t / 86400000u);
    int64_t year = 1970 + day / 366;
    int64_t month = 1;

    while (day_number(year + 1, 1, 1) <= day)
        year++;
    day -= day_number(year, 1, 1);
    while (day >= month_days(year, month))
        day -= month_days(year, month++);
    (void)snprintf(out, KAI_STIX_TIME_CAP, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
                   (unsigned)year % 10000u, (unsigned)month % 100u, (unsigned)(day + 1) % 100u,
                   ms_of_day / 3600000u, ms_of_day / 60000u % 60u, ms_of_day / 1000u % 60u,
                   ms_of_day % 1000u);
    return out;
}

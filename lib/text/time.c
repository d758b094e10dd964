/* time: instants, durations and sizes as text. */
#include "text/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000u

static bool leap(unsigned int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Leap days of all years before this one. */
static uint64_t leaps_before(unsigned int year)
{
    unsigned int y = year - 1;

    return y / 4 - y / 100 + y / 400;
}

/* Days from 1970 to the first of January of a year. */
static uint64_t days_to_year(unsigned int year)
{
    return (uint64_t)(year - 1970) * 365 + leaps_before(year) - leaps_before(1970);
}

static unsigned int month_days(unsigned int year, unsigned int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && leap(year) ? 1u : 0u);
}

/* The last n digits of v, and what follows them; returns the end. (Lists of items are mostly times
 * and numbers: printf takes a tenth of the processor there.) */
static char *put_digits(char *out, unsigned int v, size_t n, char after)
{
    for (size_t i = n; i-- > 0; v /= 10)
        out[i] = (char)('0' + v % 10);
    out[n] = after;
    return out + n + 1;
}

void kai_time_print(uint64_t ms, char out[static KAI_TIME_CAP])
{
    uint64_t t = ms <= KAI_TIME_MAX ? ms : KAI_TIME_MAX;
    uint64_t days = t / DAY_MS;
    unsigned int in_day = (unsigned int)(t % DAY_MS);
    unsigned int year = 1970 + (unsigned int)(days / 366); /* Never too late; a few steps short. */
    unsigned int month = 1;

    while (days_to_year(year + 1) <= days)
        year++;
    unsigned int day = (unsigned int)(days - days_to_year(year));
    while (day >= month_days(year, month))
        day -= month_days(year, month++);
    char *p = put_digits(out, year, 4, '-');
    p = put_digits(p, month, 2, '-');
    p = put_digits(p, day + 1, 2, 'T');
    p = put_digits(p, in_day / 3600000, 2, ':');
    p = put_digits(p, in_day / 60000 % 60, 2, ':');
    p = put_digits(p, in_day / 1000 % 60, 2, '.');
    *put_digits(p, in_day % 1000, 3, 'Z') = '\0';
}

/* Read n digits and what must follow them; NUL stands for nothing. */
static bool digits(struct kai_view *v, size_t n, char after, unsigned int *out)
{
    *out = 0;
    if (v->n < n + (after != '\0' ? 1u : 0u))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (v->p[i] < '0' || v->p[i] > '9')
            return false;
        *out = *out * 10 + (unsigned int)(v->p[i] - '0');
    }
    v->p += n;
    v->n -= n;
    if (after == '\0')
        return true;
    if (*v->p != (uint8_t)after)
        return false;
    v->p++;
    v->n--;
    return true;
}

/* "YYYY-MM-DD" and what must follow it, to milliseconds. */
static bool date(struct kai_view *v, char after, uint64_t *ms)
{
    unsigned int year;
    unsigned int month;
    unsigned int day;

    if (!digits(v, 4, '-', &year) || !digits(v, 2, '-', &month) || !digits(v, 2, after, &day))
        return false;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return false;
    uint64_t days = days_to_year(year) + day - 1;
    for (unsigned int m = 1; m < month; m++)
        days += month_days(year, m);
    *ms = days * DAY_MS;
    return true;
}

/* The fraction's digits, up to and with the Z, to milliseconds. */
static bool fraction(struct kai_view v, unsigned int *ms)
{
    unsigned int scale = 100;

    *ms = 0;
    if (v.n < 2)
        return false;
    for (; v.n > 1; v.p++, v.n--, scale /= 10) {
        if (*v.p < '0' || *v.p > '9')
            return false;
        *ms += (unsigned int)(*v.p - '0') * scale;
    }
    return *v.p == 'Z';
}

bool kai_time_parse(struct kai_view text, uint64_t *ms)
{
    struct kai_view v = text;
    unsigned int hour;
    unsigned int minute;
    unsigned int second;
    unsigned int frac = 0;
    uint64_t at;

    *ms = 0;
    if (!date(&v, 'T', &at) || !digits(&v, 2, ':', &hour) || !digits(&v, 2, ':', &minute) ||
        !digits(&v, 2, '\0', &second) || v.n == 0)
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    if (*v.p == '.') {
        if (!fraction(kai_view_of(v.p + 1, v.n - 1), &frac))
            return false;
    } else if (v.n != 1 || *v.p != 'Z') {
        return false;
    }
    *ms = at + ((uint64_t)hour * 3600 + minute * 60 + second) * 1000 + frac;
    return true;
}

#define DISTANCE_BYTES 6u  /* "+09:00" */
#define TEXT_BYTES_MAX 40u /* More digits than a clock has. */

/* Of a time with a distance to UTC at its end: *text with Z in its place, in buf, and *minutes. */
static bool cut_distance(struct kai_view *text, char buf[static TEXT_BYTES_MAX], int *minutes)
{
    unsigned int hour;
    unsigned int minute;
    size_t n = text->n;

    if (n <= DISTANCE_BYTES || n > TEXT_BYTES_MAX)
        return false;
    struct kai_view v = kai_view_of(text->p + n - DISTANCE_BYTES, DISTANCE_BYTES);
    bool west = *v.p == '-';
    if (!west && *v.p != '+')
        return false;
    v = kai_view_of(v.p + 1, v.n - 1);
    if (!digits(&v, 2, ':', &hour) || !digits(&v, 2, '\0', &minute) || v.n != 0 || hour > 14 ||
        minute > 59)
        return false;
    memcpy(buf, text->p, n - DISTANCE_BYTES);
    buf[n - DISTANCE_BYTES] = 'Z';
    *text = kai_view_of(buf, n - DISTANCE_BYTES + 1);
    *minutes = (int)(hour * 60 + minute) * (west ? -1 : 1);
    return true;
}

bool kai_time_parse_loose(struct kai_view text, uint64_t *ms)
{
    struct kai_view v = text;
    char buf[TEXT_BYTES_MAX];
    int minutes = 0;

    if (text.n == 10)
        return date(&v, '\0', ms);
    (void)cut_distance(&v, buf, &minutes);
    if (!kai_time_parse(v, ms))
        return false;
    int64_t at = (int64_t)*ms - (int64_t)minutes * 60000;
    if (at < 0 || (uint64_t)at > KAI_TIME_MAX)
        return false;
    *ms = (uint64_t)at;
    return true;
}

struct unit {
    const char *name;
    uint64_t factor;
};

/* A whole number and one of n units; the first may be left out where its name is "". */
static bool parse_unit(const char *text, const struct unit *units, size_t n, uint64_t *out)
{
    uint64_t v = 0;
    const char *p = text;

    *out = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t d = (uint64_t)(*p - '0');

        if (v > (UINT64_MAX - d) / 10)
            return false;
        v = v * 10 + d;
    }
    if (p == text)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(p, units[i].name) != 0)
            continue;
        if (v > UINT64_MAX / units[i].factor)
            return false;
        *out = v * units[i].factor;
        return true;
    }
    return false;
}

static const struct unit durations[] = {
    {"w", (uint64_t)7 * DAY_MS},
    {"d", DAY_MS},
    {"h", 3600000},
    {"m", 60000},
    {"s", 1000},
    {"ms", 1},
};

bool kai_duration_parse(const char *text, uint64_t *ms)
{
    return parse_unit(text, durations, sizeof durations / sizeof durations[0], ms);
}

void kai_duration_print(uint64_t ms, char out[static KAI_DURATION_CAP])
{
    size_t last = sizeof durations / sizeof durations[0] - 1;
    size_t i = 1; /* Days, not weeks. */

    while (i < last && ms < durations[i].factor)
        i++;
    uint64_t rest = ms % durations[i].factor;
    uint64_t second = i < last ? rest / durations[i + 1].factor : 0;
    if (second == 0 || i + 1 == last) /* "3s", not "3s120ms". */
        (void)snprintf(out, KAI_DURATION_CAP, "%" PRIu64 "%s", ms / durations[i].factor,
                       durations[i].name);
    else
        (void)snprintf(out, KAI_DURATION_CAP, "%" PRIu64 "%s%u%s", ms / durations[i].factor,
                       durations[i].name, (unsigned int)(second % 100), durations[i + 1].name);
}

static const struct unit sizes[] = {
    {"", 1},
    {"B", 1},
    {"KB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"TB", 1000000000000},
    {"KiB", (uint64_t)1 << 10},
    {"MiB", (uint64_t)1 << 20},
    {"GiB", (uint64_t)1 << 30},
    {"TiB", (uint64_t)1 << 40},
};

bool kai_size_parse(const char *text, uint64_t *bytes)
{
    return parse_unit(text, sizes, sizeof sizes / sizeof sizes[0], bytes);
}

void kai_size_print(uint64_t bytes, char out[static KAI_SIZE_CAP])
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;
    uint64_t unit = 1;

    while (i + 1 < sizeof names / sizeof names[0] && bytes / unit >= 1024) {
        unit <<= 10;
        i++;
    }
    unsigned int tenths = (unsigned int)(bytes % unit * 10 / unit);
    if (tenths == 0)
        (void)snprintf(out, KAI_SIZE_CAP, "%" PRIu64 "%s", bytes / unit, names[i]);
    else
        (void)snprintf(out, KAI_SIZE_CAP, "%" PRIu64 ".%u%s", bytes / unit, tenths % 10, names[i]);
}

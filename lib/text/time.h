/* time: instants, durations and sizes as people and JSON write them. No locale, no time zone. */
#ifndef KAI_TEXT_TIME_H
#define KAI_TEXT_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define KAI_TIME_CAP 25               /* "2026-01-31T23:59:59.999Z" and a NUL. */
#define KAI_TIME_MAX 253402300799999u /* The last millisecond of year 9999. */

/* RFC 3339 in UTC with milliseconds, of milliseconds since 1970. Past KAI_TIME_MAX: that. */
void kai_time_print(uint64_t ms, char out[static KAI_TIME_CAP]);
/* Exactly "YYYY-MM-DDThh:mm:ss[.f...]Z", upper case, 1970 to 9999, no leap second; digits past
 * the third of the fraction are cut off. */
bool kai_time_parse(struct kai_view text, uint64_t *ms);
/* The same, also with the distance to UTC of a place, "+09:00", in the place of Z; or a date alone,
 * which is its first millisecond in UTC. As people write them. */
bool kai_time_parse_loose(struct kai_view text, uint64_t *ms);

/* A whole number and a unit, nothing else: "500ms" "30s" "5m" "2h" "90d" "2w". */
bool kai_duration_parse(const char *text, uint64_t *ms);
#define KAI_DURATION_CAP 24
/* Its two largest units: "3m20s", "2h", "90d4h", "120ms". */
void kai_duration_print(uint64_t ms, char out[static KAI_DURATION_CAP]);

/* A whole number and a unit: "4096" "4096B" "64KiB" "512MiB" "2GiB" "1TiB", also KB MB GB TB
 * (powers of 1000). */
bool kai_size_parse(const char *text, uint64_t *bytes);
#define KAI_SIZE_CAP 24
/* With one decimal where that says more: "512MiB", "1.5GiB", "17B". */
void kai_size_print(uint64_t bytes, char out[static KAI_SIZE_CAP]);

#endif

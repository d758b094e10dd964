/* expr: the language in which people and programs ask (docs: query expressions).
 *
 * Terms side by side must all hold; OR, NOT, AND and parentheses; "..." keeps spaces, \" and \\
 * inside. A term is prefix:text, or a bare word, which is refanged and looked up as a value.
 *   ip:       an address or block: itself, what contains it, what it contains
 *   domain:   that name; *.example.com: example.com and every name under it
 *   text:     some string of the object, or the value, holds it in upper or lower case
 *   url: email: cve:   that value; hash: any kind of hash that has this text
 *   value:    what a bare word finds, and every kind of text (file names, mutexes, ...) besides
 * In all of these but text: an unquoted * stands for any run of characters, and all values are gone
 * through, the newest first. A bare word that has the shape of no value is looked for as text:.
 *   type:     STIX type of the object, or a type of value
 *   label: pap:   a name; <= or >= before it: that or a weaker, that or a stricter one
 *   by: audience: origin, audience: name or first digits of the id
 *   since: until: first seen here at or after, before: RFC 3339, a date, or a duration ago
 *   seen:     first seen here on that day, or within that duration
 *   exercise: withdrawn: recalled: expired: superseded:   yes, no or any
 * Without one of the last four only what is not so is found.
 *
 * Each value of a list counts as an object of its own: it has the list's label, origin and times,
 * and one value.
 *
 * Reason codes (args; where is the column, from 1): query.syntax (what was found, what was
 * expected); query.term (term); query.depth (limit); query.value (term, text); query.text (text):
 * nobody can read texts here; query.too-long (what, limit). */
#ifndef KAI_QUERY_EXPR_H
#define KAI_QUERY_EXPR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/why.h"
#include "query/index.h"

#define KAI_QUERY_BYTES_MAX 4096u /* A query is typed, or made by a small program. */
#define KAI_QUERY_DEPTH_MAX 32u
#define KAI_QUERY_TERMS_MAX 64u

/* The JSON text that text: is looked for in: of a row, the object or the template of a list. Valid
 * until the next call. Errors: KAI_ENOTFOUND, KAI_EDENIED (it has none to show); others end the
 * query. */
typedef enum kai_err kai_query_text_fn(void *ctx, const struct kai_row *row, struct kai_view *json);

struct kai_query; /* From kai_query_parse() to kai_query_free(). Not changed by use: any thread. */

/* The id that a name stands for, or first digits of an id. Errors: KAI_ENOTFOUND, KAI_EAMBIGUOUS;
 * *why may say more. */
typedef enum kai_err kai_query_name_fn(void *ctx, const char *text, uint8_t id[static KAI_ID_BYTES],
                                       struct kai_why *why);

struct kai_query_names {
    kai_query_name_fn *org;
    kai_query_name_fn *audience;
    kai_query_text_fn *text; /* Called when the query runs, with ctx. NULL: text: is refused. */
    void *ctx;
};

/* An empty text finds everything that is current. now_ms is what durations count from.
 * Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_ENOTFOUND, KAI_EAMBIGUOUS, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_query_parse(struct kai_query **out, struct kai_view text,
                                          const struct kai_query_names *names, uint64_t now_ms,
                                          struct kai_why *why);
void kai_query_free(struct kai_query *q); /* NULL does nothing. */

#endif

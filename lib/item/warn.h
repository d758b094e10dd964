/* warn: warninglists: values that everybody meets (resolvers, top sites, hashes of empty files), so
 * that an indicator over one is nearly always a mistake.
 *
 * Lists are in the format of MISP warninglists: an object with name, type and list. Types: "string"
 * (the whole value), "substring", "hostname" (a name, all below it, and URLs there), "cidr";
 * entries of "regex" are counted and not used. Letters' case does not count.
 *
 * Reason codes (args): warn.list (what is wrong); file.size (bytes, limit) and those of json.*. */
#ifndef KAI_ITEM_WARN_H
#define KAI_ITEM_WARN_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/why.h"
#include "item/value.h"

#define KAI_WARN_FILE_BYTES_MAX (64u << 20) /* One list: a million names take 20 MB. */
#define KAI_WARN_BYTES_MAX                                                                         \
    (128u << 20) /* What all lists keep in memory, beside 16 bytes an                              \
                  * entry. */
#define KAI_WARN_LISTS_MAX      1024u
#define KAI_WARN_SUBSTRINGS_MAX 4096u /* Each is looked for in each value. */

struct kai_warn;

struct kai_warn_sum {
    uint64_t lists;
    uint64_t entries; /* In use. */
    uint64_t skipped; /* Of regex lists, and entries that are none of their list's type. */
};

/* Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_warn_new(struct kai_warn **out);
void kai_warn_free(struct kai_warn *w); /* NULL does nothing. */

/* Take in one list's JSON text. After a failure only kai_warn_free() may be called.
 * Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_warn_add(struct kai_warn *w, struct kai_view json,
                                       struct kai_why *why);

/* The name of a list that a value (type and normal form) is on; NULL where there is none. Of a
 * block also: a list has an address in it. Any number of threads may ask at once. The text lives as
 * long as w. w may be NULL: no lists. */
const char *kai_warn_find(const struct kai_warn *w, enum kai_vtype type, struct kai_view norm);

struct kai_warn_sum kai_warn_count(const struct kai_warn *w);

#endif

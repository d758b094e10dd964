/* stix: one STIX 2.1 object, kept as its source's bytes: is it one, and what does it say.
 *
 * Reason codes (args; where is the JSON path inside the object): json.syntax (what, line, column);
 * json.depth (limit); json.bom; json.duplicate-key (key); json.number (text); stix.version (found
 * or "2.0"); stix.type (type); stix.id (id); stix.required (property, type); stix.property
 * (property, what it must be); stix.time (property, text); stix.order (later property, earlier
 * one); stix.pattern (the code below pattern., and its args); stix.size (bytes, limit). */
#ifndef KAI_ITEM_STIX_H
#define KAI_ITEM_STIX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/why.h"
#include "item/label.h"
#include "item/pattern.h"
#include "item/value.h"

#define KAI_STIX_TYPE_CAP 251u /* 3 to 250 characters and a NUL. */
#define KAI_STIX_ID_CAP   289u /* type--UUID and a NUL. */
#define KAI_STIX_NAME_CAP 257u

enum kai_stix_class {
    KAI_STIX_SDO = 1, /* Also custom types that carry created and modified. */
    KAI_STIX_SRO = 2,
    KAI_STIX_SCO = 3,  /* Also custom types without created: no versions. */
    KAI_STIX_META = 4, /* marking-definition, language-content, extension-definition */
};

struct kai_stix_info {
    enum kai_stix_class class_of;
    char type[KAI_STIX_TYPE_CAP];
    char id[KAI_STIX_ID_CAP];
    uint8_t uuid[16];
    uint64_t created_ms;    /* Unix milliseconds; 0 where there is none. */
    uint64_t modified_ms;   /* The version; 0 for what has no versions. */
    uint64_t valid_from_ms; /* Indicators. */
    uint64_t valid_until_ms;
    bool revoked;
    char name[KAI_STIX_NAME_CAP]; /* Cut at a UTF-8 boundary; "" where there is none. */
    char created_by[KAI_STIX_ID_CAP];
    struct kai_label label; /* Strictest of object and granular markings, by their fixed ids. */
    bool unmarked;          /* No marking that is a TLP by its id: label.tlp is 0. */
    bool tlp_definition;    /* Is itself one of the nine fixed marking definitions. */
    bool false_tlp; /* A marking-definition that calls itself TLP under an id that is none. */
};

/* Check one object's text, which has nothing before or behind it but white space.
 * Errors: KAI_EMALFORMED, KAI_ELIMIT (size, depth), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_stix_check(struct kai_view object, struct kai_stix_info *info,
                                         struct kai_why *why);

/* Call f for each value of an object: properties of SCOs, patterns of indicators, CVE numbers of
 * vulnerabilities. Values without a normal form are left out. The object has passed
 * kai_stix_check(). Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_stix_values(struct kai_view object, kai_atom_fn *f, void *ctx);

/* The two together for one parse: kai_stix_check(), what was parsed kept for
 * kai_stix_kept_values(), until kai_stix_free(). *out is NULL on failure. Errors: as
 * kai_stix_check(). */
struct kai_stix_kept;
KAI_MUST_USE enum kai_err kai_stix_keep(struct kai_stix_kept **out, struct kai_view object,
                                        struct kai_stix_info *info, struct kai_why *why);
KAI_MUST_USE enum kai_err kai_stix_kept_values(const struct kai_stix_kept *k, kai_atom_fn *f,
                                               void *ctx);
/* What a STIX object is to another that names it. The numbers stand in the index. */
enum kai_stix_role {
    KAI_STIX_IS_NOTED = 1,   /* Of a note or an opinion: the first KAI_STIX_REFS_MAX. */
    KAI_STIX_IS_SIGHTED = 2, /* Of a sighting. */
    KAI_STIX_IS_SOURCE = 3,  /* Of a relationship. */
    KAI_STIX_IS_TARGET = 4,
};
/* False stops. */
typedef bool kai_stix_ref_fn(void *ctx, enum kai_stix_role role, const uint8_t uuid[static 16]);
/* The objects that it names in such a role. */
void kai_stix_kept_refs(const struct kai_stix_kept *k, kai_stix_ref_fn *f, void *ctx);
void kai_stix_free(struct kai_stix_kept *k); /* NULL does nothing. */

/* Append the object without the white space outside its strings; nothing else is changed.
 * Errors: KAI_EMALFORMED (a string has no end), what out->err says. */
KAI_MUST_USE enum kai_err kai_stix_compact(struct kai_view object, struct kai_buf *out);

/* "2021-07-18T00:00:00.000Z" with any number of digits of a second; Z only. Years 0001 to 9999;
 * before 1970 is negative. False: no such time. */
bool kai_stix_time(struct kai_view text, int64_t *ms);
#define KAI_STIX_TIME_CAP 25u
/* "2021-07-18T00:00:00.000Z"; ms up to the year 9999. Returns out. */
char *kai_stix_time_text(char out[static KAI_STIX_TIME_CAP], uint64_t ms);

#endif

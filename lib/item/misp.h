/* misp: what the files that read MISP events share: loose scalars, labels, types, patterns. Private
 * to lib/item.
 *
 * MISP writes numbers and booleans natively or as strings, in any mix. */
#ifndef KAI_ITEM_MISP_H
#define KAI_ITEM_MISP_H

#include "item/made.h"

/* ---- Loose scalars. */
const char *kai_misp_text(const json_t *o, const char *key); /* "" where there is none. */
bool kai_misp_number(const json_t *o, const char *key, uint64_t *v);
bool kai_misp_true(const json_t *o, const char *key);
/* Seconds since 1970 as milliseconds; 0 where there are none, or they are none. */
uint64_t kai_misp_ms(const json_t *o, const char *key);
/* first_seen and the like; 0 as above. */
uint64_t kai_misp_time_ms(const json_t *o, const char *key);

/* ---- Labels. Raise *label by the tags of an event or attribute that are a TLP or PAP or name one,
 * and add the names of those that are none, but local ones, to labels (an array). Errors:
 * KAI_EMALFORMED (misp.tag). */
KAI_MUST_USE enum kai_err kai_misp_tags(const json_t *o, struct kai_label *label, json_t *labels,
                                        struct kai_why *why);
/* Errors: KAI_EMALFORMED (misp.own-only, misp.sharing-group): it says that it must not go further.
 */
KAI_MUST_USE enum kai_err kai_misp_distribution(const json_t *o, struct kai_why *why);

/* ---- Types of attributes. */
enum kai_misp_use {
    KAI_MISP_UNKNOWN,
    KAI_MISP_CONTEXT, /* Known, and no pattern can say it. */
    KAI_MISP_VALUE,
    KAI_MISP_RULE, /* A rule of another language: its own pattern_type. */
    KAI_MISP_VULNERABILITY,
};

/* How a part of a value is written. */
enum kai_misp_form {
    KAI_MISP_FORM_TEXT,
    KAI_MISP_FORM_ADDRESS, /* path is that of IPv4; an IPv6 address stands at its own. */
    KAI_MISP_FORM_NUMBER,
};

struct kai_misp_part {
    const char *path;     /* NULL: no such part. */
    enum kai_vtype check; /* What it must be; KAI_V_NONE: any text. */
    enum kai_misp_form form;
};

struct kai_misp_type {
    const char *name;
    enum kai_misp_use use;
    struct kai_misp_part parts[2]; /* Two: the value is split at the first bar. */
    const char *pattern_type;      /* Rules. */
};

/* Static storage; NULL for a type that MISP does not know (KAI_MISP_UNKNOWN). */
const struct kai_misp_type *kai_misp_type(const char *name);

/* ---- Patterns. Terms are an object: path -> array of literals, in the order they came. */
/* Add what an attribute's value says. Errors: KAI_EMALFORMED (value.*, misp.value), KAI_ELIMIT,
 * KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_misp_terms_add(json_t *terms, const struct kai_misp_type *type,
                                             struct kai_view value, bool of_domain,
                                             struct kai_why *why);
/* Append the pattern: literals of one path are alternatives, paths of one kind of object stand in
 * one pair of brackets. Errors: what out->err says. */
KAI_MUST_USE enum kai_err kai_misp_pattern(json_t *terms, struct kai_buf *out);

/* ---- One event: what {"Event": ...} holds. path is where it stands. Errors: KAI_ENOMEM, what the
 * sink returned. */
KAI_MUST_USE enum kai_err kai_misp_event(struct kai_made *m, const json_t *event, const char *path);

#endif

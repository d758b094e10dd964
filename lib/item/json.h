/* json: how text becomes jansson's values: bounded first, then strict, with a reason when it
 * fails. Private to lib/item. */
#ifndef KAI_ITEM_JSON_H
#define KAI_ITEM_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/why.h"

/* What a look at the brackets of a value tells, before anything is parsed. */
struct kai_json_span {
    size_t n;       /* Bytes of the value from its first. */
    unsigned depth; /* Of its nesting: 0 for a scalar. */
    uint64_t lines; /* Line feeds in it. */
};

/* Find where the value that begins at text.p[0] ends, by brackets and quotes alone: whether it is
 * JSON is for the parser to say. False: it has no end; span says how far it went. */
bool kai_json_skip(struct kai_view text, struct kai_json_span *span);

/* Whether brackets close what they opened, in a text of at most KAI_STIX_DEPTH_MAX levels. */
bool kai_json_matched(struct kai_view text);

/* Bytes of white space at the beginning; line feeds among them are added to *lines. */
size_t kai_json_blank(struct kai_view text, uint64_t *lines);

/* Parse a whole text: one value, no key twice, nothing after. The text's nesting must have been
 * bounded (kai_json_skip()), since jansson recurses. why->line is the line inside the text.
 * Errors: KAI_EMALFORMED, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_json_parse(struct kai_view text, json_t **out, struct kai_why *why);

/* Bound size and nesting by KAI_STIX_BYTES_MAX and KAI_STIX_DEPTH_MAX, then parse. The text may
 * have white space around it. Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_json_load(struct kai_view text, json_t **out, struct kai_why *why);
/* The same with another bound; code names the refusal of more (bytes, limit). */
KAI_MUST_USE enum kai_err kai_json_load_max(struct kai_view text, size_t bytes_max,
                                            const char *code, json_t **out, struct kai_why *why);

/* Whether the beginning of an object is no JSON for another reason than that it was cut off; then
 * why says which. Its nesting must have been bounded. */
bool kai_json_broken(struct kai_view text, struct kai_why *why);

/* Append a value as text, without white space outside its strings. Errors: KAI_ENOMEM, what
 * out->err says. */
KAI_MUST_USE enum kai_err kai_json_dump(struct kai_buf *out, const json_t *v);

static inline struct kai_view kai_json_view(const json_t *string)
{
    return kai_view_of(json_string_value(string), json_string_length(string));
}

#endif

/* list: many values of one type that share everything else (content kind 2, docs/protocol.md 5).
 *
 * content = [template bin, vtype uint, values bin]. values: normal forms in ascending byte order,
 * no two the same, joined by line feeds. template: text of a JSON object, the properties that each
 * value's indicator has beside those that Kairan gives; {} at least. It holds no times, so that the
 * same list always makes the same bytes.
 *
 * Reason codes (args): list.shape; list.size (bytes, limit); list.count (values, limit); list.type
 * (number); list.order (value); list.value (value); list.template (what is wrong). */
#ifndef KAI_ITEM_LIST_H
#define KAI_ITEM_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/why.h"
#include "item/label.h"
#include "item/value.h"

struct kai_list {
    enum kai_vtype type;
    struct kai_view template_json; /* Both point into the content. */
    struct kai_view values;
    uint32_t n; /* Values: at least 1. */
};

/* Read a content. Shape, sizes, order and the separators are always checked; with `whole` also the
 * normal form of each value and the template's JSON, which a node asks once, for what comes from
 * others. Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_ENOMEM (with whole). */
KAI_MUST_USE enum kai_err kai_list_read(struct kai_list *list, struct kai_view content, bool whole,
                                        struct kai_why *why);

/* Iterate: *at begins as 0. False at the end. */
bool kai_list_next(const struct kai_list *list, size_t *at, struct kai_view *value);
/* Where every KAI_LIST_STEP-th value begins, so that whoever asks for many values by their index
 * does not walk the list for each. */
#define KAI_LIST_STEP 32u
struct kai_list_marks {
    uint32_t at[KAI_LIST_VALUES_MAX / KAI_LIST_STEP];
};
void kai_list_mark(const struct kai_list *list, struct kai_list_marks *marks);
/* The value at an index, from 0; false past the end. Walks the list, from a mark of it where there
 * are marks (may be NULL). */
bool kai_list_at(const struct kai_list *list, const struct kai_list_marks *marks, uint32_t index,
                 struct kai_view *value);
/* Binary search. *index may be NULL; counting up to it walks the list. */
bool kai_list_find(const struct kai_list *list, struct kai_view norm, uint32_t *index);

/* Makes contents from a run of values. Where it cuts depends on the values alone (a hash of the
 * value at the cut), so that a list with a few changed values makes mostly the same contents.
 * Each content fits the payload of one entry, sealed (KAI_PAYLOAD_BYTES_MAX), whatever its text. */
typedef enum kai_err kai_list_out_fn(void *ctx, struct kai_view content, uint32_t n_values);

struct kai_list_writer {
    enum kai_vtype type;
    struct kai_view template_json; /* The caller's, until the end. */
    kai_list_out_fn *out;
    void *ctx;
    struct kai_buf values;
    struct kai_buf content;
    size_t last_at; /* Where the last value begins. */
    uint32_t n;
    uint64_t weight;
    enum kai_err err;
};

void kai_list_writer_init(struct kai_list_writer *w, enum kai_vtype type,
                          struct kai_view template_json, kai_list_out_fn *out, void *ctx);
/* Values come in ascending order, none twice, in normal form. The first failure sticks; what out
 * returns is one. */
void kai_list_writer_add(struct kai_list_writer *w, struct kai_view norm);
/* Hand out the rest and free the memory. Errors: KAI_EMALFORMED (order, or a value over
 * KAI_VALUE_BYTES_MAX), KAI_ENOMEM, what out returned. */
KAI_MUST_USE enum kai_err kai_list_writer_end(struct kai_list_writer *w);

/* Append a content made of its parts as they are. */
void kai_list_put(struct kai_buf *out, struct kai_view template_json, enum kai_vtype type,
                  struct kai_view values);

/* Whether a text may be a template: a JSON object of at most KAI_LIST_TEMPLATE_BYTES_MAX bytes
 * without properties that Kairan gives. Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_list_template_check(struct kai_view template_json,
                                                  struct kai_why *why);

/* Append the STIX 2.1 indicator of one value. Its id is a UUID version 5 over the origin
 * organisation, the type and the value: the same at every node and in every edition of the list.
 * label.tlp must be a label. Errors: KAI_ENOTFOUND (no such index), what out->err says. */
KAI_MUST_USE enum kai_err kai_list_stix(const struct kai_list *list, uint32_t index,
                                        uint64_t created_ms, struct kai_label label,
                                        const uint8_t origin_org_id[static KAI_ID_BYTES],
                                        struct kai_buf *out);
/* The same for a value that is at hand. */
KAI_MUST_USE enum kai_err kai_list_stix_of(const struct kai_list *list, struct kai_view norm,
                                           uint64_t created_ms, struct kai_label label,
                                           const uint8_t origin_org_id[static KAI_ID_BYTES],
                                           struct kai_buf *out);

/* The UUID of that indicator's id. norm: at most KAI_VALUE_BYTES_MAX bytes. */
void kai_list_uuid(uint8_t out[static 16], enum kai_vtype vtype, struct kai_view norm,
                   const uint8_t origin[static KAI_ID_BYTES]);

/* The id of one value of a list, for lookups: 16 bytes of the list's item id, then 16 of
 * H("kairan1.value", item id || value). */
void kai_value_id(uint8_t out[static KAI_ID_BYTES], const uint8_t item_id[static KAI_ID_BYTES],
                  struct kai_view norm);

#endif

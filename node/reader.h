/* reader: from rows of the index to what a person or program sees: one JSON object each. */
#ifndef KAI_NODE_READER_H
#define KAI_NODE_READER_H

#include "node/audit.h"
#include "node/core.h"
#include "node/who.h"
#include "project/fetch.h"
#include "query/run.h"
#include "text/catalogue.h"
#include "text/json.h"

struct kai_touch;

struct kai_reader {
    struct kai_core *c;
    struct kai_outlook *o;
    struct kai_snap *snap; /* Between kai_reader_begin() and kai_reader_end(). */
    struct kai_ixsnap *rows;
    struct kai_fetch *fetch;
    struct kai_fetch_source source;
    uint8_t clearance;
    struct kai_audit_batch *audit; /* Collects what is shown. */
    const struct kai_touch *touch; /* Set: what of our own the next answer touches. */
    const struct kai_who *rules;   /* Set: each answer says what this reader may do with it, */
    enum kai_lang lang;            /* in this language. */
};

/* clearance: of who reads, enum kai_tlp. What is labelled above it does not exist for them. audit:
 * of the call, for which each item that is put is a read. */
KAI_MUST_USE enum kai_err kai_reader_init(struct kai_reader *r, struct kai_core *c,
                                          uint8_t clearance, struct kai_audit_batch *audit);
void kai_reader_free(struct kai_reader *r);
/* Take snapshots of both stores and the outlook, to be given back soon. */
KAI_MUST_USE enum kai_err kai_reader_begin(struct kai_reader *r);
void kai_reader_end(struct kai_reader *r);

/* Append the line of one answer. */
KAI_MUST_USE enum kai_err kai_reader_put(struct kai_reader *r, const struct kai_query_hit *hit,
                                         struct kai_buf *out);
/* Append the line of a whole list with the values whose bit is set (values: n_values bits, from the
 * lowest of the first byte on); NULL: all of them. */
KAI_MUST_USE enum kai_err kai_reader_put_list(struct kai_reader *r, const struct kai_row *row,
                                              const uint8_t *values, struct kai_buf *out);
/* Append a line without its content: what became of it. */
KAI_MUST_USE enum kai_err kai_reader_put_state(struct kai_reader *r, const struct kai_row *row,
                                               const char *state, struct kai_buf *out);
/* Append what the reader may and must not do with it, whole, in place of the object. */
KAI_MUST_USE enum kai_err kai_reader_explain(struct kai_reader *r, const struct kai_query_hit *hit,
                                             struct kai_buf *out);
/* Append the STIX object: the exact bytes of one, the indicator made of a value of a list. */
KAI_MUST_USE enum kai_err kai_reader_stix(struct kai_reader *r, const struct kai_row *row,
                                          uint64_t index, struct kai_buf *out);
/* What a row says of its items. */
struct kai_label kai_row_label(const struct kai_row *row);
/* The text of an object of this row, for a tool: under its signed label (kai_stix_relabel()).
 * scratch is overwritten. */
KAI_MUST_USE enum kai_err kai_row_relabel(const struct kai_row *row, struct kai_buf *text,
                                          struct kai_buf *scratch);

/* Whether reading goes on behind an item that gave err: it is gone, or not ours to read. One that
 * is damaged must not hide all that stands behind it: it is left out, and `status` has an alarm. */
bool kai_reader_goes_on(struct kai_reader *r, enum kai_err err);

/* Names and texts for kai_query_parse(). ctx is the reader, begun. */
enum kai_err kai_reader_org(void *ctx, const char *text, uint8_t id[static KAI_ID_BYTES],
                            struct kai_why *why);
enum kai_err kai_reader_aud(void *ctx, const char *text, uint8_t id[static KAI_ID_BYTES],
                            struct kai_why *why);
enum kai_err kai_reader_text(void *ctx, const struct kai_row *row, struct kai_view *json);

#endif

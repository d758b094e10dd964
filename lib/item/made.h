/* made: STIX objects that an importer writes itself, from what other formats say. Private to
 * lib/item.
 *
 * Each gets an id that its source decides (UUID version 5) and times that its source gives, so that
 * the same file makes the same bytes again, on any node. */
#ifndef KAI_ITEM_MADE_H
#define KAI_ITEM_MADE_H

#include "item/importer.h"
#include "item/stix.h"

/* A file of another format that is JSON is parsed whole, at about five times its size in memory. */
#define KAI_MADE_JSON_BYTES_MAX (64u << 20)

struct kai_made {
    struct importer *im;
    struct kai_buf text; /* Of the object at hand. */
    struct {
        uint64_t version; /* Hash of id and modified; 0: free. */
        uint64_t text;
    } * slots;
    size_t n;
    size_t cap; /* A power of two. */
};

void kai_made_init(struct kai_made *m, struct importer *im);
void kai_made_free(struct kai_made *m);

/* Check an object, leave it out when this file has made it already, label it and hand it out. own:
 * what its source says beside the object's markings. o is consumed; NULL is KAI_ENOMEM. *ok: it was
 * no refusal. id may be NULL; else the object's id is copied there.
 * Errors: KAI_ENOMEM, what the sink returned. */
KAI_MUST_USE enum kai_err kai_made_give(struct kai_made *m, json_t *o, struct kai_label own,
                                        const char *path, uint64_t line, bool *ok);

/* "type--UUID" of what a source calls `name`; source tells apart what could have the same names
 * ("misp", "kev"). Returns out. */
char *kai_made_id(char out[static KAI_STIX_ID_CAP], const char *type, const char *source,
                  const char *name);

/* {type, spec_version, id, created, modified}; NULL without memory. */
json_t *kai_made_object(const char *type, const char *id, uint64_t created_ms,
                        uint64_t modified_ms);
/* The marking of a label into object_marking_refs; nothing for no label. False without memory. */
bool kai_made_mark(json_t *o, uint8_t tlp);

/* An RFC 3339 time with any offset, as Unix milliseconds. */
bool kai_made_time(const char *text, int64_t *ms);

/* Parse the whole file as JSON within KAI_MADE_JSON_BYTES_MAX. *out is NULL where it was refused.
 * Errors: KAI_ENOMEM, what the sink returned. */
KAI_MUST_USE enum kai_err kai_made_parse(struct importer *im, json_t **out);

/* Append 'text' with what a pattern's string needs escaped. */
void kai_pattern_literal(struct kai_buf *out, struct kai_view text);

#endif

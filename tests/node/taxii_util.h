/* taxii_util: requests of TAXII to a rig, and rows in its index that others made. */
#ifndef KAI_TESTS_NODE_TAXII_UTIL_H
#define KAI_TESTS_NODE_TAXII_UTIL_H

#include "query/index.h"
#include "rig.h"

#define CLEAR  "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
#define GREEN  "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
#define ID(x)  "malware--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3" x
#define FIRST  "2026-01-01T00:00:00.000Z"
#define SECOND "2026-02-01T00:00:00.000Z"
#define OBJECT(id, modified, marking, name)                                                        \
    "{\"type\":\"malware\",\"spec_version\":\"2.1\",\"id\":\"" id "\",\"is_family\":false,"        \
    "\"created\":\"" FIRST "\",\"modified\":\"" modified "\",\"name\":\"" name                     \
    "\",\"object_marking_refs\":[\"" marking "\"]}"
#define ENVELOPE(objects) "{\"objects\":[" objects "]}"

extern struct kai_who taxii_who; /* Who asks. */

/* rig_start(), and whoever opened the home asks. */
int taxii_start(void **state);
/* A copy of what stands in out, with an end; the caller frees it. */
char *taxii_text(struct kai_buf *out);
/* What comes; the caller frees it. params: "key", "value", ..., NULL; or NULL. */
char *taxii_ask(struct rig *r, const char *method, const char *path, const char *const *params,
                const char *body, int *status);
/* The path of something in the collection `all`, until the next call. */
const char *taxii_in_all(struct rig *r, const char *rest);
/* A good answer from there; the caller frees it. key and value: of a parameter, or NULL. */
char *taxii_get(struct rig *r, const char *rest, const char *key, const char *value);
/* Whether the answer has a text. */
bool taxii_has(struct rig *r, const char *rest, const char *what);
/* POST to `all`: so many failures, and this text in the status. */
void taxii_post(struct rig *r, const char *body, json_int_t failures, const char *what);
/* All that a verb answers; the caller frees it. args is consumed. */
char *taxii_verb(struct rig *r, const char *name, json_t *args);
/* One object, indexed. label.tlp 0: its own. */
void taxii_publish(struct rig *r, const char *text, const char *to, struct kai_label label);
struct kai_row taxii_row_of(struct rig *r, const char *id); /* The first with this STIX id. */
/* The same, as if another organisation had said it. */
struct kai_row taxii_others(struct rig *r, const char *id);
/* Put n such rows into the index; all but the first have other item ids. */
void taxii_claim(struct rig *r, const struct kai_row *like, unsigned n);

#endif

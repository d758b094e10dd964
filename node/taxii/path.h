/* path: what an address below /taxii2 names. Pure.
 *
 * /taxii2/, /taxii2/kairan/ (the one API root), and below it status/UUID/, collections/,
 * collections/UUID/ and of a collection objects/, objects/ID/, objects/ID/versions/, manifest/. The
 * last slash may be missing. */
#ifndef KAI_NODE_TAXII_PATH_H
#define KAI_NODE_TAXII_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "item/stix.h"

#define KAI_TAXII_BASE "/taxii2/"
#define KAI_TAXII_ROOT "kairan/"

enum kai_taxii_what {
    KAI_TAXII_NOTHING, /* There is no such address. */
    KAI_TAXII_DISCOVERY,
    KAI_TAXII_API_ROOT,
    KAI_TAXII_STATUS,
    KAI_TAXII_COLLECTIONS,
    KAI_TAXII_COLLECTION,
    KAI_TAXII_OBJECTS,
    KAI_TAXII_OBJECT,
    KAI_TAXII_VERSIONS,
    KAI_TAXII_MANIFEST,
};

struct kai_taxii_path {
    enum kai_taxii_what what;
    uint8_t uuid[16];             /* Of a status or collection. */
    char object[KAI_STIX_ID_CAP]; /* OBJECT, VERSIONS: "" where it cannot be one's id. */
};

/* Whether the address belongs to TAXII at all: then *out says what it names. */
bool kai_taxii_path(struct kai_taxii_path *out, const char *url);
/* "indicator--UUID": the type's length, and the UUID's bytes. False: it is no id. */
bool kai_taxii_object_id(struct kai_view id, size_t *type_n, uint8_t uuid[static 16]);

#endif

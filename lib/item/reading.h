/* reading: what a content says that is worth finding, kept where it was judged for the one who
 * indexes it, who need not parse it again.
 *
 * A reading is found by the content's id, the hash of its bytes, and is made of these bytes alone:
 * who has verified the bytes of an entry, and finds a reading of theirs, would read the same. One
 * that is not there is no error: it is read again. */
#ifndef KAI_ITEM_READING_H
#define KAI_ITEM_READING_H

#include <pthread.h>

#include "base/buf.h"
#include "base/limits.h"
#include "item/stix.h"

struct kai_candidate; /* item/import.h */

struct kai_readings { /* One thread may add while others look. */
    pthread_mutex_t mu;
    struct kai_buf bytes;
    struct kai_buf one; /* Who adds makes it here: only to put it in the lock is needed. */
    uint32_t *slots;    /* Where a reading stands in bytes, and 1. */
    size_t n;
    size_t cap; /* A power of two. */
};

void kai_readings_init(struct kai_readings *r);
void kai_readings_free(struct kai_readings *r);

/* Keep what a candidate says: of STIX that has its parsed object with it, and of lists, which an
 * importer writes in their normal form. Past KAI_READINGS_BYTES_MAX, without memory, and where
 * somebody who looks does not go on, it is left out: this never waits. */
void kai_readings_add(struct kai_readings *r, const uint8_t id[static KAI_ID_BYTES],
                      const struct kai_candidate *c);

struct kai_reading {
    uint8_t kind;              /* KAI_CONTENT_LIST: its values are in their normal form, no more. */
    struct kai_stix_info info; /* Of STIX, but for name and created_by; it passed the check. */
    struct kai_view said;      /* Values, and objects that it names. */
    uint32_t n_values;
    uint32_t n_refs;
};

/* What it says stands in *said then. Without memory none is found. */
bool kai_readings_find(struct kai_readings *r, const uint8_t id[static KAI_ID_BYTES],
                       struct kai_buf *said, struct kai_reading *out);
/* As kai_stix_kept_values() and kai_stix_kept_refs(). */
void kai_reading_values(const struct kai_reading *g, kai_atom_fn *f, void *ctx);
void kai_reading_refs(const struct kai_reading *g, kai_stix_ref_fn *f, void *ctx);

#endif

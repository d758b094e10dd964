/* data: files of the repository and of the shared data folder, whole in memory. */
#ifndef KAI_TESTS_ITEM_DATA_H
#define KAI_TESTS_ITEM_DATA_H

#include <stdbool.h>

#include "base/bytes.h"

/* A file of tests/gen/samples; the test fails where there is none. The caller frees p. */
struct kai_view data_sample(const char *name);
/* A file of the data folder: $KAIRAN_DATA, else the one beside the sources. An empty view, and a
 * line that says "skipped", where there is none. */
struct kai_view data_real(const char *name);
void data_free(struct kai_view v);

static inline struct kai_view V(const char *text) {
    return kai_view_of(text, __builtin_strlen(text));
}

#endif

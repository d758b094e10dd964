/* demo_data: the information that the demo exchanges, as files in memory. */
#ifndef KAI_NODE_CLI_DEMO_DATA_H
#define KAI_NODE_CLI_DEMO_DATA_H

#include "base/bytes.h"

struct demo_file {
    const char *name;
    const unsigned char *p;
    size_t n;
};
extern const struct demo_file demo_files[];
extern const size_t demo_files_n;

/* One that is built in, by its name. */
struct kai_view demo_data(const char *name);

/* The objects of a STIX bundle, or the file itself where it is one object: their exact bytes, found
 * without the importer that is put to the test. */
struct demo_object {
    struct kai_view bytes;
    char id[128]; /* "" where it has none. */
};
/* At most max of them into out; *all: how many there are. 0 where it is no JSON of that shape. */
size_t demo_objects(struct kai_view file, struct demo_object *out, size_t max, size_t *all);

#endif

/* judged: what an importer hands out of a file, kept with what it says (item/reading.h): in a file
 * of its own, for lib/item and lib/log each have names for the kinds of contents. */
#ifndef KAI_TESTS_JUDGED_H
#define KAI_TESTS_JUDGED_H

#include "item/reading.h"

struct judged {
    struct kai_readings readings;
    struct kai_buf contents; /* Each behind a struct judged_item. */
    size_t n;
    size_t parsed; /* Of them, those of which a reading is kept. */
};

struct judged_item {
    uint64_t kind;
    uint64_t n; /* Bytes of the content. */
    uint8_t id[KAI_ID_BYTES];
};

void judged_init(struct judged *j);
void judged_free(struct judged *j);
/* Nothing of the file is refused. Lists become AMBER+STRICT. */
void judged_file(struct judged *j, struct kai_view file);
/* The next content; *at is 0 before the first. */
bool judged_next(const struct judged *j, size_t *at, struct judged_item *item,
                 struct kai_view *content);
/* Of a list. */
void judged_add_id(struct kai_readings *r, const uint8_t id[static KAI_ID_BYTES]);

#endif

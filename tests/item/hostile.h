/* hostile: what every import withstands: half files, damaged ones, and no memory. */
#ifndef KAI_TESTS_ITEM_HOSTILE_H
#define KAI_TESTS_ITEM_HOSTILE_H

#include "item/import.h"

/* What a file is that ends too early. */
enum hostile_part {
    HOSTILE_SHORTER, /* A shorter one. */
    HOSTILE_BROKEN,  /* Told as broken: what was whole may have come out before. */
    HOSTILE_NOTHING, /* Told as broken, and nothing comes out of it. */
};

/* Import every beginning of a good file, and the file with every single bit flipped: it is done to
 * its end, and of a damaged one something comes out or is refused. Afterwards the good file gives
 * what it gave before. Returns the sum of the good file, of which nothing is refused. */
struct kai_import_sum hostile_bytes(struct kai_view file, const struct kai_import_opts *opts,
                                    enum hostile_part part);
/* Import with every allocation failing once: told as KAI_ENOMEM. Returns how many there are. */
size_t hostile_memory(struct kai_view file, const struct kai_import_opts *opts);

#endif

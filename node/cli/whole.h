/* whole: a file in memory, without a copy on any disk. */
#ifndef KAI_NODE_CLI_WHOLE_H
#define KAI_NODE_CLI_WHOLE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/why.h"

struct kai_whole {
    void *map;
    size_t map_n;
    struct kai_buf read; /* Of standard input or a pipe; wiped at the end. */
};

/* Map a file, or read standard input ("-") or a pipe into memory. *text is good until
 * kai_whole_close(). Errors: KAI_EIO (file.read), KAI_ELIMIT (file.size), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_whole_open(struct kai_whole *w, const char *path,
                                         struct kai_view *text, struct kai_why *why);
void kai_whole_close(struct kai_whole *w);

#endif

/* brought: what an import of another format hands out, as lines of text. */
#ifndef KAI_TESTS_ITEM_BROUGHT_H
#define KAI_TESTS_ITEM_BROUGHT_H

#include "item/import.h"

#define BROUGHT_CAP 65536u

struct brought {
    char text[BROUGHT_CAP];
    struct kai_import_sum sum;
    bool quiet;         /* Keeps no lines. */
    bool blind;         /* Looks at nothing, and so allocates nothing. */
    uint8_t digest[32]; /* Of all contents, in order. */
};

/* Quotes of a text: ' becomes ", and ` becomes '. The caller frees it. */
char *brought_quoted(const char *text);

/* Import; every object is checked again, as a node that receives it would. Lines:
 * "+type TLP:X [PAP:X] name | pattern", of lists "+value-type TLP:X template v1 v2 ...",
 * "-code line where", "~code arg1 arg2". Returns what kai_import_scan() did. */
enum kai_err brought_scan(struct brought *b, struct kai_view file,
                          const struct kai_import_opts *opts);

#endif

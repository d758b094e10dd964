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
/* The same, which does all it can: these lines and no others. */
void brought_expect(struct brought *b, const char *file, const struct kai_import_opts *opts,
                    const char *want);

/* Files in quotes of brought_quoted(), imported under this label without those that are bad. */
struct brought_case {
    const char *file;
    uint8_t tlp;
    const char *want;
};
void brought_table(const struct brought_case *cases, size_t n);

/* Files of the data folder, of which nothing is refused. The test counts as skipped when one of
 * them is not there and the others are as they must be. */
struct brought_real {
    const char *name;
    struct kai_import_opts opts;
    struct kai_import_sum want;
};
void brought_real(const struct brought_real *files, size_t n);

#endif
